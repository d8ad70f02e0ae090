"""Keyset pages of a query: stable under inserts, and nothing is cut without saying so."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, tuple_
from sqlalchemy.orm import Session

from edgebazaar.db.types import NormalisingType
from edgebazaar.errors import InvalidInput

MAXIMUM_LIMIT = 200


@dataclass(frozen=True, slots=True)
class RowPage:
    """Rows of a page and the cursor of the next one, None on the last page."""

    rows: list[Mapping[str, Any]]
    next: str | None


def encode_cursor(values: Sequence[Any]) -> str:
    """An opaque, URL-safe cursor for the key of the last item of a page."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def decode_cursor(cursor: str, key: Sequence[ColumnElement[Any]]) -> list[Any]:
    """The key inside a cursor, fit for comparison with the columns of `key`.

    Raises:
        InvalidInput: If the cursor is not one that this list gave out.
    """
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list):
            raise ValueError("no list")
        return [_fitting(column, value) for column, value in zip(key, values, strict=True)]
    except (ValueError, TypeError, binascii.Error):
        raise InvalidInput(
            "after", "not a cursor of this list", "Pass `next` of the page before, unchanged"
        ) from None


def _fitting(column: ColumnElement[Any], value: Any) -> Any:
    # A cursor comes from outside: what the database could not compare must not reach it.
    kind = column.type
    if isinstance(kind, NormalisingType):
        return kind.normalise(value)
    if type(value) is not kind.python_type:
        raise TypeError(f"{column} is no {type(value).__name__}")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(f"{value} does not fit 64 bits")
    return value


def fetch_page(
    connection: Connection | Session,
    statement: Select[Any],
    key: Sequence[ColumnElement[Any]],
    *,
    limit: int,
    after: str | None,
    descending: bool = True,
) -> tuple[list[RowMapping], str | None]:
    """One page of `statement`, ordered by a unique key whose columns it selects.

    Args:
        connection: Where to read.
        statement: Selects at least the key columns; carries the filters.
        key: Columns of a total order, most significant first; values must be str or int.
        limit: Most rows.
        after: Cursor of the page before, or None.
        descending: Newest first if the key grows with time.

    Returns:
        The rows and the next cursor, None on the last page.

    Raises:
        InvalidInput: If `limit` is out of range or `after` no cursor of this list.
    """
    if not 1 <= limit <= MAXIMUM_LIMIT:
        raise InvalidInput("limit", f"{limit} is out of range", f"Give 1 to {MAXIMUM_LIMIT}")
    if after is not None:
        values = decode_cursor(after, key)
        left = tuple_(*key)
        right = tuple_(*values)
        statement = statement.where(left < right if descending else left > right)
    order = [column.desc() if descending else column.asc() for column in key]
    rows = list(connection.execute(statement.order_by(*order).limit(limit + 1)).mappings())
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], encode_cursor([last[str(column.key)] for column in key])


def row_page(
    connection: Connection | Session,
    statement: Select[Any],
    key: Sequence[ColumnElement[Any]],
    *,
    limit: int,
    after: str | None,
    descending: bool = True,
) -> RowPage:
    """As :func:`fetch_page`, in one value."""
    rows, cursor = fetch_page(
        connection, statement, key, limit=limit, after=after, descending=descending
    )
    return RowPage([dict(row) for row in rows], cursor)
