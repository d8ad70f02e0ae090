"""Audit reports that auditors had run through the backend. They are no projection of the chain."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, String, Table

from edgebazaar.db import Address, CanonicalJson, metadata

audit_report = Table(
    "audit_report",
    metadata,
    Column("audit_id", String(36), primary_key=True),
    Column("auditor", Address, nullable=False),
    Column("finished_at", BigInteger, nullable=False, index=True, comment="Unix time"),
    Column("head", BigInteger, nullable=False, comment="last block that was considered"),
    Column("holds", Boolean, nullable=False),
    Column("report", CanonicalJson, nullable=False),
)
