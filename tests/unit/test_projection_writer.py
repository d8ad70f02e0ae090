"""Projection writes are reversible: back at a block, the rows are what they were at its end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    select,
)
from sqlalchemy.orm import Session

from edgebazaar.chain.indexer import ProjectionError, ProjectionWriter, event_key, jsonable
from edgebazaar.chain.indexer.tables import projection_undo
from edgebazaar.chain.indexer.undo import roll_back_rows
from edgebazaar.db import Address, CanonicalJson, Uint256, create_database_engine, session_scope

own = MetaData()
owner = Table(
    "owner",
    own,
    Column("account", Address, primary_key=True),
    Column("balance", Uint256, nullable=False, default=0),
    Column("note", String(20)),
)
item = Table(
    "item",
    own,
    Column("owner", Address, ForeignKey("owner.account"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("payload", LargeBinary, nullable=False),
    Column("document", CanonicalJson),
)
TABLES = {"owner": owner, "item": item}
ACCOUNTS = ["0x" + f"{number:02x}" * 20 for number in range(3)]


def new_database() -> Engine:
    engine = create_database_engine("sqlite://")
    own.create_all(engine)
    projection_undo.create(engine)
    return engine


def snapshot(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
        for name, table in TABLES.items()
    }


operations = st.lists(
    st.tuples(
        st.sampled_from(
            ["put owner", "change owner", "put item", "drop item", "drop owner", "look"]
        ),
        st.sampled_from(ACCOUNTS),
        st.integers(0, 2),
        st.integers(0, 2**256 - 1),
    ),
    max_size=8,
)


def apply(writer: ProjectionWriter, operation: tuple[str, str, int, int]) -> None:
    kind, account, number, value = operation
    key = {"owner": account, "number": number}
    present = writer.get(owner, account)
    match kind:
        case "put owner":
            writer.upsert(owner, {"account": account.upper().replace("X", "x"), "balance": value})
        case "change owner" if present is not None:
            writer.update(owner, account, {"note": str(number)})
        case "put item" if present is not None:
            payload = value.to_bytes(32, "big")
            writer.upsert(item, key | {"payload": payload, "document": {"value": str(value)}})
        case "drop item" if writer.get(item, key) is not None:
            writer.delete(item, key)
        case "drop owner" if present is not None:
            for other in range(3):
                if writer.get(item, {"owner": account, "number": other}) is not None:
                    writer.delete(item, {"owner": account, "number": other})
            writer.delete(owner, account)
        case "look":
            writer.select(select(item).where(item.c.owner == account))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(operations, min_size=1, max_size=6),
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
    st.data(),
)
def test_rolling_back_restores_every_earlier_state(
    blocks: list[list[tuple[str, str, int, int]]], batches: list[int], data: st.DataObject
) -> None:
    engine = new_database()
    states = []
    with session_scope(engine) as session:
        states.append(snapshot(session))
    number, batch = 0, 0
    while number < len(blocks):  # blocks are taken in batches of different sizes
        size = batches[batch % len(batches)]
        batch += 1
        with session_scope(engine) as session:
            writer = ProjectionWriter(session, TABLES.values(), undo_from=1)
            for block in blocks[number : number + size]:
                number += 1
                writer.begin_block(number)
                for operation in block:
                    apply(writer, operation)
                writer.flush()
                states.append(snapshot(session))
    while number > 0:
        number = data.draw(st.integers(0, number - 1))
        with session_scope(engine) as session:
            roll_back_rows(session, number, TABLES)
            assert snapshot(session) == states[number]
            left = session.execute(select(projection_undo.c.block_number)).scalars()
            assert all(block <= number for block in left)
    engine.dispose()


@settings(max_examples=60, deadline=None)
@given(st.lists(operations, min_size=1, max_size=5))
def test_one_flush_at_the_end_writes_the_same_rows(
    blocks: list[list[tuple[str, str, int, int]]],
) -> None:
    results = []
    for flush_each in (True, False):
        engine = new_database()
        with session_scope(engine) as session:
            writer = ProjectionWriter(session, TABLES.values(), undo_from=1)
            for number, block in enumerate(blocks, start=1):
                writer.begin_block(number)
                for operation in block:
                    apply(writer, operation)
                if flush_each:
                    writer.flush()
            writer.flush()
            undo = [tuple(row) for row in session.execute(select(projection_undo))]
            results.append((snapshot(session), undo))
        engine.dispose()
    assert results[0] == results[1]


@pytest.fixture
def writer() -> Any:
    engine = new_database()
    with session_scope(engine) as session:
        made = ProjectionWriter(session, [owner], undo_from=5)
        made.begin_block(4)
        yield made
    engine.dispose()


def test_defaults_fill_in_and_copies_are_handed_out(writer: ProjectionWriter) -> None:
    writer.insert(owner, {"account": ACCOUNTS[1]})
    row = writer.get(owner, ACCOUNTS[1])
    assert row == {"account": ACCOUNTS[1], "balance": 0, "note": None}
    row["balance"] = 7
    assert writer.get(owner, {"account": bytes([1]) * 20}) == row | {"balance": 0}


def test_no_image_is_kept_below_the_reorganisation_depth(writer: ProjectionWriter) -> None:
    writer.insert(owner, {"account": ACCOUNTS[1]})
    assert writer.select(select(projection_undo)) == []
    writer.begin_block(5)
    writer.update(owner, ACCOUNTS[1], {"balance": 3})
    writer.update(owner, ACCOUNTS[1], {"balance": 4})
    (undo,) = writer.select(select(projection_undo))
    assert undo["before"]["balance"] == {"integer": "0"}


def test_contradictions_are_errors(writer: ProjectionWriter) -> None:
    writer.insert(owner, {"account": ACCOUNTS[0]})
    with pytest.raises(ProjectionError, match="already has a row"):
        writer.insert(owner, {"account": ACCOUNTS[0]})
    with pytest.raises(ProjectionError, match="has no row"):
        writer.update(owner, ACCOUNTS[1], {"note": "x"})
    with pytest.raises(ProjectionError, match="has no row"):
        writer.delete(owner, ACCOUNTS[1])
    with pytest.raises(ProjectionError, match="has no column"):
        writer.update(owner, ACCOUNTS[0], {"colour": "red"})
    with pytest.raises(ProjectionError, match="not among"):
        writer.get(item, {"owner": ACCOUNTS[0], "number": 1})
    with pytest.raises(ProjectionError, match="has the key"):
        writer.get(owner, {"number": 1})
    with pytest.raises(ValueError, match="outside"):
        writer.update(owner, ACCOUNTS[0], {"balance": -1})


def test_column_without_value_is_named(writer: ProjectionWriter) -> None:
    session = writer._session
    full = ProjectionWriter(session, TABLES.values(), undo_from=0)
    with pytest.raises(ProjectionError, match=r"item\.payload needs a value"):
        full.insert(item, {"owner": ACCOUNTS[0], "number": 1})


def test_keys_of_events_sort_by_place() -> None:
    places = [(0, 0), (0, 10), (2, 1), (10, 0), (10**11, 5)]
    keys = [event_key(*place) for place in places]
    assert keys == sorted(keys)


def test_arguments_become_json() -> None:
    arguments = {
        "terms": {"price": 10**30, "open": True, "hash": b"\x01\x02"},
        "accounts": ["0xAb", "0xCd"],
        "pair": (1, b""),
    }
    assert jsonable(arguments) == {
        "terms": {"price": str(10**30), "open": True, "hash": "0x0102"},
        "accounts": ["0xAb", "0xCd"],
        "pair": ["1", "0x"],
    }
