"""Locks and sales have no salt any more: a fresh hashlock makes their terms distinct."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edgebazaar.db import types

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    for table in ("exchange_lock", "sale"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("salt")


def downgrade() -> None:
    """Take back; salts that were are on chain only."""
    for table in ("exchange_lock", "sale"):
        salt: sa.Column[str] = sa.Column(
            "salt", types.Bytes32(), nullable=False, server_default="0x" + "00" * 32
        )
        with op.batch_alter_table(table) as batch:
            batch.add_column(salt)
