"""The time of the read model: that of the last indexed block."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from edgebazaar.chain.indexer import chain_block


@dataclass(frozen=True, slots=True)
class IndexedHead:
    """The last indexed block.

    Attributes:
        number: Its number, -1 while nothing is indexed.
        timestamp: Its unix time, 0 while nothing is indexed.
    """

    number: int
    timestamp: int


def indexed_head(session: Session) -> IndexedHead:
    """The block up to which the read model is complete."""
    statement = (
        select(chain_block.c.number, chain_block.c.timestamp)
        .order_by(chain_block.c.number.desc())
        .limit(1)
    )
    row = session.execute(statement).one_or_none()
    return IndexedHead(row.number, row.timestamp) if row else IndexedHead(-1, 0)
