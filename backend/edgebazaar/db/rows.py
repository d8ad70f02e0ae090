"""Single rows of the read model."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, select
from sqlalchemy.orm import Session

from edgebazaar.errors import NotFound


def one_row(
    connection: Connection | Session, column: Column[Any], value: Any, what: str
) -> dict[str, Any]:
    """The row of the column's table that has this value in it, which is unique there.

    Raises:
        NotFound: If there is none; `what` names the kind of thing.
    """
    statement = select(column.table).where(column == value)
    row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        raise NotFound(what, value)
    return dict(row)
