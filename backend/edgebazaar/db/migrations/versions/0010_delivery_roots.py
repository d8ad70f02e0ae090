"""Deliveries commit to a root and a size, and may be refuted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edgebazaar.db import types

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    with op.batch_alter_table("provider", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "refuted",
                sa.Integer(),
                nullable=False,
                server_default="0",
                comment="deliveries shown to be wrong",
            )
        )
    with op.batch_alter_table("provider", schema=None) as batch_op:
        # Rows from now on say so themselves.
        batch_op.alter_column("refuted", server_default=None)

    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ciphertext_root", types.Bytes32(), nullable=True))
        batch_op.add_column(
            sa.Column("content_size", sa.BigInteger(), nullable=True, comment="bytes")
        )
        batch_op.drop_column("ciphertext_hash")


def downgrade() -> None:
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ciphertext_hash", types.Bytes32(), nullable=True))
        batch_op.drop_column("content_size")
        batch_op.drop_column("ciphertext_root")

    with op.batch_alter_table("provider", schema=None) as batch_op:
        batch_op.drop_column("refuted")
