"""Tables of the API itself.

Sign-in challenges and sessions. They are no projection of the chain.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from edgebazaar.db import metadata

login_nonce = Table(
    "login_nonce",
    metadata,
    Column("nonce", String(64), primary_key=True),
    Column("expires_at", Integer, nullable=False, index=True),
    comment="Sign-in challenges given out and not used yet; a row is deleted by its use.",
)

login_session = Table(
    "login_session",
    metadata,
    Column("token_hash", String(64), primary_key=True, comment="sha256 of the bearer token"),
    Column("account", String(42), nullable=False, index=True),
    Column("created_at", Integer, nullable=False),
    Column("expires_at", Integer, nullable=False, index=True),
    comment="Signed-in accounts; signing out deletes the row.",
)
