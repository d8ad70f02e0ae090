"""Keyset pages: every row once, in order, and foreign cursors refused."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import BigInteger, Column, Engine, Integer, MetaData, Table, insert, select

from edgebazaar.db import Address, create_database_engine, read_scope, session_scope
from edgebazaar.db.paging import encode_cursor, row_page
from edgebazaar.errors import InvalidInput

_rows = Table(
    "paged",
    MetaData(),
    Column("block_number", BigInteger, primary_key=True),
    Column("log_index", Integer, primary_key=True),
    Column("account", Address, nullable=False),
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_database_engine(f"sqlite:///{tmp_path / 'paged.db'}")
    with engine.begin() as connection:
        _rows.create(connection)
    with session_scope(engine) as session:
        values = [
            {"block_number": number // 3, "log_index": number % 3, "account": f"0x{number:040x}"}
            for number in range(10)
        ]
        session.execute(insert(_rows), values)
    yield engine
    engine.dispose()


def collect(engine: Engine, key: list[Any], *, descending: bool) -> list[Any]:
    after, found = None, []
    while True:
        with read_scope(engine) as session:
            page = row_page(
                session, select(_rows), key, limit=3, after=after, descending=descending
            )
        found += [row["account"] for row in page.rows]
        after = page.next
        if after is None:
            return found


@pytest.mark.parametrize("descending", [True, False])
def test_pages_have_every_row_once_in_order(engine: Engine, descending: bool) -> None:
    accounts = [f"0x{number:040x}" for number in range(10)]
    expected = accounts[::-1] if descending else accounts
    place = [_rows.c.block_number, _rows.c.log_index]
    assert collect(engine, place, descending=descending) == expected
    assert collect(engine, [_rows.c.account], descending=descending) == expected


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "%",
        "x",
        base64.urlsafe_b64encode(b"\x00").decode(),
        base64.urlsafe_b64encode(orjson.dumps({"a": 1})).decode(),
        encode_cursor([1]),
        encode_cursor([1, 2, 3]),
        encode_cursor(["1", 2]),
        encode_cursor([True, 2]),
        encode_cursor([1.5, 2]),
        encode_cursor([None, 2]),
        encode_cursor([2**63, 2]),
    ],
)
def test_foreign_cursors_are_refused(engine: Engine, cursor: str) -> None:
    with read_scope(engine) as session, pytest.raises(InvalidInput) as refusal:
        place = [_rows.c.block_number, _rows.c.log_index]
        row_page(session, select(_rows), place, limit=3, after=cursor)
    assert refusal.value.field == "after"


@pytest.mark.parametrize("value", ["", "0x00", "\x00", 7, None])
def test_cursors_of_accounts_must_be_accounts(engine: Engine, value: Any) -> None:
    with read_scope(engine) as session, pytest.raises(InvalidInput):
        row_page(session, select(_rows), [_rows.c.account], limit=3, after=encode_cursor([value]))


@pytest.mark.parametrize("limit", [0, 201])
def test_limit_is_bounded(engine: Engine, limit: int) -> None:
    with read_scope(engine) as session, pytest.raises(InvalidInput) as refusal:
        row_page(session, select(_rows), [_rows.c.account], limit=limit, after=None)
    assert refusal.value.field == "limit"
