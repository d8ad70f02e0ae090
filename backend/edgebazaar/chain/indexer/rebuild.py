"""Throws away what was derived from the chain, so that it can be derived again."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Table, delete
from sqlalchemy.orm import Session
from sqlalchemy.schema import sort_tables

from edgebazaar.chain.indexer.tables import projection_undo


def empty_projections(session: Session, tables: Iterable[Table]) -> None:
    """Delete every row of the projections' tables and the undo log."""
    session.execute(delete(projection_undo))
    for table in reversed(sort_tables(list(tables))):
        session.execute(delete(table))
