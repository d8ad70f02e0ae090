"""Column types: every notation in, one notation out; order kept; the same on a round trip."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert, select

from edgebazaar.db import (
    Address,
    Bytes32,
    CanonicalJson,
    Uint256,
    UtcDateTime,
    create_database_engine,
)
from edgebazaar.errors import ConfigurationError

sample = Table(
    "sample",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("number", Uint256),
    Column("account", Address),
    Column("word", Bytes32),
    Column("instant", UtcDateTime),
    Column("document", CanonicalJson),
)
uint256 = st.integers(0, 2**256 - 1)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    engine = create_database_engine("sqlite://")
    sample.metadata.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def round_trip(connection: Connection, **values: object) -> dict[str, object]:
    connection.execute(sample.delete())
    connection.execute(insert(sample).values(**values))
    row = connection.execute(select(sample)).mappings().one()
    return {name: row[name] for name in values}


@given(
    number=uint256,
    account=st.binary(min_size=20, max_size=20),
    word=st.binary(min_size=32, max_size=32),
    instant=st.datetimes(timezones=st.just(timezone(timedelta(hours=5)))),
    document=json_values.filter(lambda value: value is not None),
)
def test_round_trip(
    connection: Connection,
    number: int,
    account: bytes,
    word: bytes,
    instant: datetime,
    document: object,
) -> None:
    back = round_trip(
        connection, number=number, account=account, word=word, instant=instant, document=document
    )
    assert back["number"] == number
    assert back["account"] == "0x" + account.hex()
    assert back["word"] == "0x" + word.hex()
    assert back["instant"] == instant
    assert back["document"] == document
    for name, given_value in (("account", account), ("word", word), ("document", document)):
        assert sample.c[name].type.normalise(given_value) == back[name]


def test_null_stays_null(connection: Connection) -> None:
    names = ["number", "account", "word", "instant", "document"]
    assert set(round_trip(connection, **dict.fromkeys(names)).values()) == {None}


@given(st.lists(uint256, min_size=2, max_size=6))
def test_numbers_sort_as_numbers(connection: Connection, numbers: list[int]) -> None:
    connection.execute(sample.delete())
    connection.execute(insert(sample), [{"number": number} for number in numbers])
    ordered = connection.execute(select(sample.c.number).order_by(sample.c.number)).scalars()
    assert list(ordered) == sorted(numbers)


def test_case_and_prefix_of_an_address_do_not_matter(connection: Connection) -> None:
    lower = "0x" + "ab" * 20
    for text in (lower, lower.upper().replace("X", "x"), lower[2:]):
        assert round_trip(connection, account=text)["account"] == lower
    connection.execute(insert(sample).values(account=lower))
    found = select(sample).where(sample.c.account == lower.upper().replace("X", "x"))
    assert connection.execute(found).first() is not None


@pytest.mark.parametrize(
    ("column", "value", "error"),
    [
        ("number", -1, ValueError),
        ("number", 2**256, ValueError),
        ("number", True, TypeError),
        ("number", "1", TypeError),
        ("account", "0x1234", ValueError),
        ("account", "0x" + "zz" * 20, ValueError),
        ("account", 5, TypeError),
        ("word", bytes(31), ValueError),
        ("instant", datetime(2026, 1, 1), ValueError),  # noqa: DTZ001 - that is the point
    ],
)
def test_wrong_values_are_refused(column: str, value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        sample.c[column].type.normalise(value)


def test_canonical_json_sorts_keys(connection: Connection) -> None:
    connection.execute(sample.delete())
    connection.execute(insert(sample).values(document={"b": 1, "a": (2, 3)}))
    stored = connection.exec_driver_sql("SELECT document FROM sample").scalar_one()
    assert stored == '{"a":[2,3],"b":1}'


def test_instants_come_back_in_utc(connection: Connection) -> None:
    instant = datetime(2026, 11, 21, 12, tzinfo=timezone(timedelta(hours=8)))
    back = round_trip(connection, instant=instant)["instant"]
    assert isinstance(back, datetime)
    assert back.tzinfo is UTC
    assert back.hour == 4


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/name"])
def test_unusable_urls_say_what_to_give(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        create_database_engine(url)
    assert caught.value.mend
    assert caught.value.field == "database_url"
