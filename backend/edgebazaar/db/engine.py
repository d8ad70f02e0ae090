"""Engines whose transactions mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from edgebazaar.errors import ConfigurationError

#: Execution option that names how a SQLite transaction begins; see `session_scope`.
SQLITE_BEGIN = "sqlite_begin"
BUSY_TIMEOUT_MILLISECONDS = 30_000


def create_database_engine(url: str, *, echo: bool = False) -> Engine:
    """An engine for `sqlite:///path`, `sqlite://` (in memory) or `postgresql://...`.

    SQLite runs in WAL mode with `synchronous=FULL`: a commit is on disk, which the outbox's promise
    rests on. The folder of a SQLite file is made.

    Raises:
        ConfigurationError: If the URL cannot be parsed or names another database.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            f"{url!r} is no database URL",
            mend="Give sqlite:///path/to/file.db or postgresql://user@host/name",
            field="database_url",
        ) from None
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite_engine(parsed, echo)
        case "postgresql":
            return create_engine(
                parsed.set(drivername="postgresql+psycopg"), echo=echo, pool_pre_ping=True
            )
        case other:
            raise ConfigurationError(
                f"{other} is not supported", mend="Use SQLite or PostgreSQL", field="database_url"
            )


def _sqlite_engine(url: URL, echo: bool) -> Engine:
    in_memory = url.database in (None, "", ":memory:")
    if in_memory:
        # One connection for all threads, or each would see a database of its own.
        engine = create_engine(
            url, echo=echo, poolclass=StaticPool, connect_args={"check_same_thread": False}
        )
    else:
        Path(str(url.database)).resolve().parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, echo=echo)

    @event.listens_for(engine, "connect")
    def prepare_connection(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN comes too late (before the first write), so it is switched off.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MILLISECONDS}")
        cursor.execute("PRAGMA foreign_keys = ON")
        if not in_memory:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        mode = connection.get_execution_options().get(SQLITE_BEGIN, "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine
