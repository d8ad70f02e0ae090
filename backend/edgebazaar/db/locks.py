"""Locks between processes, freed by the system or the server when their holder dies."""

from __future__ import annotations

import fcntl
import hashlib
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from edgebazaar.errors import Conflict

_memory_locks: weakref.WeakKeyDictionary[Engine, dict[str, threading.Lock]] = (
    weakref.WeakKeyDictionary()
)
_memory_locks_guard = threading.Lock()


class LockHeld(Conflict):
    """Another process (or another part of this one) holds the lock."""

    code = "lock-held"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the lock {name!r} is held by another process",
            mend="Only one may run on a database at a time; stop the other one first",
        )
        self.name = name


def transaction_lock(connection: Connection | Session, name: str) -> None:
    """Hold `name` exclusively until the current transaction ends; waits for whoever has it.

    On SQLite the writing transaction of `session_scope` is exclusive already, so nothing is to be
    done.
    """
    bind = connection.get_bind() if isinstance(connection, Session) else connection
    if bind.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _lock_key(name)})


@contextmanager
def process_lock(engine: Engine, name: str) -> Iterator[None]:
    """Be the only holder of `name` on this database for the length of the block.

    A file lock beside a SQLite database, a session advisory lock on PostgreSQL: both go with the
    process, also on SIGKILL.

    Raises:
        LockHeld: If somebody else holds it; this does not wait.
    """
    if engine.dialect.name == "postgresql":
        with _advisory_lock(engine, name):
            yield
    elif engine.url.database in (None, "", ":memory:"):
        with _memory_lock(engine, name):
            yield
    else:
        with _file_lock(Path(f"{engine.url.database}.{name}.lock"), name):
            yield


@contextmanager
def _file_lock(path: Path, name: str) -> Iterator[None]:
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(name) from None
        yield


@contextmanager
def _advisory_lock(engine: Engine, name: str) -> Iterator[None]:
    # AUTOCOMMIT: a session lock must not keep a transaction open for hours.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        key = {"key": _lock_key(name)}
        if not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), key).scalar_one():
            raise LockHeld(name)
        try:
            yield
        finally:
            # The pool keeps the connection, so it is closed for good: a broken one frees its lock
            # at the server too.
            connection.invalidate()


@contextmanager
def _memory_lock(engine: Engine, name: str) -> Iterator[None]:
    with _memory_locks_guard:
        lock = _memory_locks.setdefault(engine, {}).setdefault(name, threading.Lock())
    if not lock.acquire(blocking=False):
        raise LockHeld(name)
    try:
        yield
    finally:
        lock.release()


def _lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
