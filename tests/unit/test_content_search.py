"""The similarity index: exact, incremental, and right again after a reorganisation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, insert

from edgebazaar.content.engine.similarity import hamming_distance
from edgebazaar.content.search import SimilarityIndex
from edgebazaar.content.tables import content
from edgebazaar.db import create_database_engine, metadata, session_scope

SCHEME = 65537
ACCOUNT = "0x" + "11" * 20


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = create_database_engine(f"sqlite:///{tmp_path / 'search.db'}")
    with engine.begin() as connection:
        metadata.create_all(connection, tables=[content])
    yield engine
    engine.dispose()


def add(
    engine: Engine,
    name: int,
    fingerprint: bytes,
    block: int,
    *,
    fork: int = 0,
    scheme: int = SCHEME,
    log_index: int = 0,
) -> str:
    key = "0x" + name.to_bytes(32, "big").hex()
    row = {
        "content_hash": key,
        "producer": ACCOUNT,
        "provider": ACCOUNT,
        "fingerprint": fingerprint,
        "fingerprint_scheme": scheme,
        "commitment": bytes(32),
        "prompt_commitment": bytes(32),
        "model_id": bytes(32),
        "creator": ACCOUNT,
        "royalty_bps": 0,
        "committed_block": 1,
        "registered_block": block,
        "uri": b"",
        "owner": ACCOUNT,
        "removed": False,
        "challenged": False,
        "disputed": False,
        "exchange": None,
        "block_hash": (block * 1000 + fork).to_bytes(32, "big"),
        "block_number": block,
        "log_index": log_index,
        "block_timestamp": block,
        "transaction_hash": bytes(32),
    }
    with session_scope(engine) as session:
        session.execute(insert(content).values(**row))
    return key


def found(index: SimilarityIndex, engine: Engine, query: bytes) -> list[tuple[str, int]]:
    matches = index.search(engine, SCHEME, [query], 10)
    return [(match.content_hash, match.distance) for match in matches]


def test_new_contents_are_found_without_reading_all_again(engine: Engine) -> None:
    index = SimilarityIndex()
    zero, one = bytes(32), bytes(31) + b"\x01"
    assert found(index, engine, zero) == []
    first = add(engine, 1, zero, 5)
    assert found(index, engine, zero) == [(first, 0)]
    second = add(engine, 2, one, 5, log_index=1)
    other = add(engine, 3, zero, 6, scheme=131073)
    assert found(index, engine, one) == [(second, 0), (first, 1)]
    assert index.size(engine, SCHEME) == 2 and index.size(engine, 131073) == 1
    assert other not in dict(found(index, engine, zero))


def test_reorganised_contents_are_forgotten(engine: Engine) -> None:
    index = SimilarityIndex()
    zero = bytes(32)
    stays = add(engine, 1, zero, 5)
    goes = add(engine, 2, zero, 7)
    assert len(found(index, engine, zero)) == 2
    with session_scope(engine) as session:
        session.execute(delete(content).where(content.c.content_hash == goes))
    # The new branch has something else at an earlier place, and at the very same place.
    earlier = add(engine, 3, zero, 6, fork=1)
    again = add(engine, 4, zero, 7, fork=1)
    assert [key for key, _ in found(index, engine, zero)] == [stays, earlier, again]


def test_variants_count_for_finding_but_not_for_the_distance(engine: Engine) -> None:
    index = SimilarityIndex()
    turned = b"\xff" * 32
    key = add(engine, 1, turned, 5)
    (match,) = index.search(engine, SCHEME, [bytes(32), turned], 1)
    assert (match.content_hash, match.distance, match.least_distance) == (key, 256, 0)
    with pytest.raises(ValueError, match="queries is empty"):
        index.search(engine, SCHEME, [], 1)


@settings(deadline=None, max_examples=20)
@given(
    st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=20),
    st.binary(min_size=32, max_size=32),
)
def test_search_equals_sorting_by_distance(
    tmp_path_factory: pytest.TempPathFactory, values: list[bytes], query: bytes
) -> None:
    path = tmp_path_factory.mktemp("search") / "search.db"
    engine = create_database_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        metadata.create_all(connection, tables=[content])
    keys = [add(engine, number, value, number + 1) for number, value in enumerate(values)]
    expected = sorted(
        ((hamming_distance(value, query), number) for number, value in enumerate(values))
    )[:10]
    assert found(SimilarityIndex(), engine, query) == [
        (keys[number], distance) for distance, number in expected
    ]
    engine.dispose()
