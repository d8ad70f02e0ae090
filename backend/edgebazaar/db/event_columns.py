"""Columns that tie a projected row to the event that wrote it."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import BigInteger, Column, Integer

from edgebazaar.db import Bytes32


class PlacedEvent(Protocol):
    """Where an event stands in the chain."""

    @property
    def block_number(self) -> int:
        """Number of its block."""

    @property
    def block_hash(self) -> str:
        """Hash of its block."""

    @property
    def block_timestamp(self) -> int:
        """Unix time of its block."""

    @property
    def transaction_hash(self) -> str:
        """Hash of its transaction."""

    @property
    def log_index(self) -> int:
        """Position in its block."""


def event_columns(*, primary_key: bool = False) -> list[Column[Any]]:
    """Block, position, time and transaction of the event that made or last changed a row.

    Args:
        primary_key: Whether block and position identify the row, as in a log of events.
    """
    return [
        Column("block_number", BigInteger, primary_key=primary_key, nullable=False, index=True),
        Column("log_index", Integer, primary_key=primary_key, nullable=False),
        Column("block_timestamp", BigInteger, nullable=False),
        Column("transaction_hash", Bytes32, nullable=False),
    ]


def event_stamp(event: PlacedEvent) -> dict[str, Any]:
    """Values of :func:`event_columns` for an event."""
    return {
        "block_number": event.block_number,
        "log_index": event.log_index,
        "block_timestamp": event.block_timestamp,
        "transaction_hash": event.transaction_hash,
    }
