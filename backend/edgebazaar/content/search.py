"""Search of registered contents by fingerprint, in memory and kept up to date."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Engine, Row, select, tuple_
from sqlalchemy.orm import Session

from edgebazaar.content.engine.fingerprint import FINGERPRINT_BYTES
from edgebazaar.content.engine.similarity import Table, distances_to
from edgebazaar.content.tables import content
from edgebazaar.db import read_scope


@dataclass(frozen=True, slots=True)
class Match:
    """A registered content near a query.

    Attributes:
        content_hash: Its key, 0x-hex.
        distance: Bits that differ from the first query, as a challenge measures.
        least_distance: The least over all queries, such as the turns of an image.
    """

    content_hash: str
    distance: int
    least_distance: int


@dataclass(slots=True)
class _Scheme:
    hashes: list[str] = field(default_factory=list)
    table: Table = field(default_factory=lambda: np.empty((0, FINGERPRINT_BYTES), dtype=np.uint8))


class SimilarityIndex:
    """Exact nearest fingerprints among all registered contents, removed ones included.

    New registrations are added before each search. A reorganisation of the chain removes rows from
    the end only, so the index is whole as long as the last row it took still stands in its block;
    else it is read anew. The engine comes with each call, so that the index never outlives it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._schemes: dict[int, _Scheme] = {}
        self._last: tuple[int, int] | None = None
        self._last_block_hash = ""

    def size(self, engine: Engine, scheme: int) -> int:
        """Number of contents with fingerprints of a scheme."""
        with self._lock:
            self._update(engine)
            return len(self._schemes.get(scheme, _Scheme()).hashes)

    def search(
        self, engine: Engine, scheme: int, queries: Sequence[bytes], limit: int
    ) -> list[Match]:
        """The contents nearest to a fingerprint, nearest first; earlier ones first among equals.

        Args:
            engine: Database engine.
            scheme: Fingerprint scheme; others are never compared.
            queries: The fingerprint itself, then any variants of it.
            limit: Most matches.

        Raises:
            ValueError: If there is no query or one is not 32 bytes long.
        """
        if not queries:
            raise ValueError("queries is empty; give at least one fingerprint")
        with self._lock:
            self._update(engine)
            found = self._schemes.get(scheme, _Scheme())
            hashes, table = found.hashes, found.table
        if not len(table):
            return []
        own = distances_to(table, queries[0])
        least = own.copy()
        for query in queries[1:]:
            np.minimum(least, distances_to(table, query), out=least)
        order = np.argsort(least, kind="stable")[:limit]
        return [Match(hashes[row], int(own[row]), int(least[row])) for row in order]

    def _update(self, engine: Engine) -> None:
        with read_scope(engine) as session:
            if self._last is not None and not self._last_row_stands(session):
                self._schemes, self._last = {}, None
            rows = self._rows_after(session)
        if not rows:
            return
        fresh: dict[int, list[Row[Any]]] = {}
        for row in rows:
            fresh.setdefault(row.fingerprint_scheme, []).append(row)
        for scheme, added in fresh.items():
            present = self._schemes.get(scheme, _Scheme())
            joined = b"".join(bytes.fromhex(row.fingerprint[2:]) for row in added)
            block = np.frombuffer(joined, dtype=np.uint8).reshape(-1, FINGERPRINT_BYTES)
            # A new object each time: a search that runs on the old one is not disturbed.
            self._schemes[scheme] = _Scheme(
                present.hashes + [row.content_hash for row in added],
                np.concatenate([present.table, block]),
            )
        self._last = (rows[-1].block_number, rows[-1].log_index)
        self._last_block_hash = rows[-1].block_hash

    def _last_row_stands(self, session: Session) -> bool:
        statement = select(content.c.block_hash).where(
            tuple_(content.c.block_number, content.c.log_index) == tuple_(*(self._last or ()))
        )
        return bool(session.execute(statement).scalar_one_or_none() == self._last_block_hash)

    def _rows_after(self, session: Session) -> list[Row[Any]]:
        key = tuple_(content.c.block_number, content.c.log_index)
        statement = select(
            content.c.content_hash,
            content.c.fingerprint,
            content.c.fingerprint_scheme,
            content.c.block_number,
            content.c.log_index,
            content.c.block_hash,
        ).order_by(content.c.block_number, content.c.log_index)
        if self._last is not None:
            statement = statement.where(key > tuple_(*self._last))
        return list(session.execute(statement))


_indexes: weakref.WeakKeyDictionary[Engine, SimilarityIndex] = weakref.WeakKeyDictionary()
_indexes_lock = threading.Lock()


def similarity_index(engine: Engine) -> SimilarityIndex:
    """The index of a database, one in a process."""
    with _indexes_lock:
        index = _indexes.get(engine)
        if index is None:
            index = _indexes[engine] = SimilarityIndex()
        return index
