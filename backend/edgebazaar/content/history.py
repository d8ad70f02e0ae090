"""What happened to a content, one entry after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, String, Table

from edgebazaar.chain.indexer import IndexedEvent, ProjectionWriter
from edgebazaar.db import Bytes32, CanonicalJson, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp

content_event = Table(
    "content_event",
    metadata,
    Column("content_hash", Bytes32, primary_key=True),
    *event_columns(primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("details", CanonicalJson, nullable=False),
    comment="What happened to a content, from registration on.",
)


def add_history(
    event: IndexedEvent,
    writer: ProjectionWriter,
    content_hash: str,
    kind: str,
    details: Mapping[str, Any],
) -> None:
    """Appends one entry to a content's history; `exchange` calls it for sales and locks."""
    writer.insert(
        content_event,
        {
            "content_hash": content_hash,
            **event_stamp(event),
            "kind": kind,
            "details": dict(details),
        },
    )
