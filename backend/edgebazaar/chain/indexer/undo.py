"""Before-images of rows: how they are written down and put back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table, and_, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.schema import sort_tables
from sqlalchemy.sql import ColumnElement

from edgebazaar.chain.indexer.tables import projection_undo

Row = dict[str, Any]
Key = tuple[Any, ...]


def key_columns(table: Table) -> list[str]:
    """Names of a table's primary key columns, in order."""
    return [column.name for column in table.primary_key.columns]


def key_of(table: Table, row: Mapping[str, Any]) -> Key:
    """The primary key of a row."""
    return tuple(row[name] for name in key_columns(table))


def encode_value(value: Any) -> Any:
    """A column value as JSON, so that `decode_value` gives back the same value of the same type."""
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return {"integer": str(value)}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, UUID):
        return {"uuid": str(value)}
    if isinstance(value, list | dict):
        return {"json": value}
    raise TypeError(f"a projection cannot hold a {type(value).__name__}")


def decode_value(value: Any) -> Any:
    """The inverse of `encode_value`."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "integer":
            return int(content)
        case "bytes":
            return bytes.fromhex(content)
        case "instant":
            return datetime.fromisoformat(content)
        case "uuid":
            return UUID(content)
        case _:
            return content


def encode_row(row: Mapping[str, Any]) -> Row:
    """A row as JSON."""
    # Column names of a result are a kind of str that the JSON encoder refuses as a key.
    return {str(name): encode_value(value) for name, value in row.items()}


def decode_row(row: Mapping[str, Any] | None) -> Row | None:
    """The inverse of `encode_row`; None stays None."""
    return None if row is None else {name: decode_value(value) for name, value in row.items()}


def key_condition(table: Table) -> ColumnElement[bool]:
    """`WHERE` for one primary key, with parameters key_<column>."""
    return and_(*(table.c[name] == bindparam(f"key_{name}") for name in key_columns(table)))


@lru_cache(maxsize=256)
def _read_statement(table: Table) -> Select[Any]:
    return select(table).where(key_condition(table))


def read_row(session: Session, table: Table, key: Key) -> Row | None:
    """A row by its primary key."""
    found = session.connection().execute(_read_statement(table), _key_parameters(table, key))
    row = found.mappings().one_or_none()
    # SQLAlchemy names columns by a subclass of str, which JSON encoders refuse as a key.
    return None if row is None else {str(name): value for name, value in row.items()}


def roll_back_rows(session: Session, fork_block: int, tables: Mapping[str, Table]) -> None:
    """Put every row back to what it was at the end of block `fork_block`."""
    undo = projection_undo.c
    statement = (
        select(undo.table_name, undo.row_key, undo.before)
        .where(undo.block_number > fork_block)
        .order_by(undo.block_number, undo.ordinal)
    )
    targets: dict[Table, dict[Key, Row | None]] = {}
    for table_name, row_key, before in session.execute(statement):
        key = tuple(decode_value(part) for part in row_key)
        # The earliest image wins: it is the row as it was at the fork.
        targets.setdefault(tables[table_name], {}).setdefault(key, decode_row(before))
    replace_rows(
        session,
        {
            table: ({key: read_row(session, table, key) for key in rows}, rows)
            for table, rows in targets.items()
        },
    )
    session.execute(delete(projection_undo).where(undo.block_number > fork_block))


def replace_rows(
    session: Session,
    changes: Mapping[Table, tuple[Mapping[Key, Row | None], Mapping[Key, Row | None]]],
) -> None:
    """Bring some rows of several tables from one content (None: not there) to another.

    Rows that others refer to come first and go last, as foreign keys want it.
    """
    tables = sort_tables(list(changes))
    deletes: dict[Table, list[Key]] = {}
    for table in tables:
        before, after = changes[table]
        changed = {key: row for key, row in after.items() if row != before[key]}
        deletes[table] = [key for key, row in changed.items() if row is None]
        _insert(
            session,
            table,
            [row for key, row in changed.items() if row is not None and before[key] is None],
        )
        _update(
            session,
            table,
            [row for key, row in changed.items() if row is not None and before[key] is not None],
        )
    for table in reversed(tables):
        _delete(session, table, deletes[table])


def _insert(session: Session, table: Table, rows: list[Row]) -> None:
    if rows:
        session.connection().execute(insert(table), rows)


def _update(session: Session, table: Table, rows: list[Row]) -> None:
    names = key_columns(table)
    others = [column.name for column in table.columns if column.name not in names]
    if rows and others:
        statement = (
            update(table)
            .where(key_condition(table))
            .values({name: bindparam(f"new_{name}") for name in others})
        )
        parameters = [
            _key_parameters(table, key_of(table, row))
            | {f"new_{name}": row[name] for name in others}
            for row in rows
        ]
        session.connection().execute(statement, parameters)


def _delete(session: Session, table: Table, keys: list[Key]) -> None:
    if keys:
        statement = delete(table).where(key_condition(table))
        session.connection().execute(statement, [_key_parameters(table, key) for key in keys])


def _key_parameters(table: Table, key: Key) -> dict[str, Any]:
    return {f"key_{name}": part for name, part in zip(key_columns(table), key, strict=True)}
