"""Private documents of a task. They never reach the chain, which holds only commitments to them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from edgebazaar.db import Address, Bytes32, CanonicalJson, metadata

task_document = Table(
    "task_document",
    metadata,
    Column("task_id", Bytes32, primary_key=True),
    Column("kind", String(16), primary_key=True, comment="brief or receipt"),
    Column("author", Address, nullable=False),
    Column("document", CanonicalJson, nullable=False),
    Column("stored_at", BigInteger, nullable=False, comment="Unix time"),
)
