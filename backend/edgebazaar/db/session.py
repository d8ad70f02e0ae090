"""Transactions: opened and closed at the edge of a use case, which itself never commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from edgebazaar.db.engine import SQLITE_BEGIN


@contextmanager
def session_scope(engine: Engine) -> Iterator[Session]:
    """One writing transaction: committed at the end, rolled back on an exception.

    On SQLite it begins IMMEDIATE, so writers queue up at its start; a transaction that first read
    and then wanted to write could be refused half-way.
    """
    with (
        Session(engine.execution_options(**{SQLITE_BEGIN: "IMMEDIATE"})) as session,
        session.begin(),
    ):
        yield session


@contextmanager
def read_scope(engine: Engine) -> Iterator[Session]:
    """One reading transaction, always rolled back. It never waits for writers."""
    with Session(engine) as session:
        yield session
