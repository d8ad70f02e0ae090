"""Keyset pages: `?limit=&after=` in, `{"items": [...], "next": cursor}` out.

Nothing is cut without saying so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from edgebazaar.db.paging import MAXIMUM_LIMIT, decode_cursor, encode_cursor, fetch_page

__all__ = [
    "MAXIMUM_LIMIT",
    "AfterQuery",
    "LimitQuery",
    "Page",
    "decode_cursor",
    "encode_cursor",
    "fetch_page",
    "page_of",
]
Item = TypeVar("Item")

LimitQuery = Annotated[
    int, Query(ge=1, le=MAXIMUM_LIMIT, description=f"Items in a page, at most {MAXIMUM_LIMIT}.")
]
AfterQuery = Annotated[
    str | None, Query(description="`next` of the page before; leave it out for the first page.")
]


class Page(BaseModel, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    next: str | None = Field(
        default=None, description="Pass as `after` for the next page; null on the last one."
    )


def page_of(
    rows: Sequence[RowMapping], cursor: str | None, build: Callable[[RowMapping], Item]
) -> Page[Item]:
    """A page model from rows."""
    return Page(items=[build(row) for row in rows], next=cursor)
