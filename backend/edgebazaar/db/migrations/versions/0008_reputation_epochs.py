"""Reputation epochs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edgebazaar.db import types

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "epoch_demand",
        sa.Column("epoch_hash", types.Bytes32(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("demander", types.Address(), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column(
            "state", sa.String(length=10), nullable=False, comment="open, answered or reclaimed"
        ),
        sa.PrimaryKeyConstraint("epoch_hash", "leaf_index", name=op.f("pk_epoch_demand")),
        comment="Leaves that somebody paid to see.",
    )
    with op.batch_alter_table("epoch_demand", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_epoch_demand_block_number"), ["block_number"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_epoch_demand_window"), ["window"], unique=False)

    op.create_table(
        "reputation_epoch",
        sa.Column("window", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.Column("previous", types.Bytes32(), nullable=False),
        sa.Column("root", types.Bytes32(), nullable=False),
        sa.Column("leaves", sa.BigInteger(), nullable=False),
        sa.Column("publisher", types.Address(), nullable=False),
        sa.Column("bond", types.Uint256(), nullable=False),
        sa.Column("bond_withdrawn", sa.Boolean(), nullable=False),
        sa.Column(
            "fault", sa.String(length=16), nullable=True, comment="null while the epoch stands"
        ),
        sa.Column("prover", types.Address(), nullable=True),
        sa.PrimaryKeyConstraint("window", name=op.f("pk_reputation_epoch")),
        comment="The last publication of each window.",
    )
    with op.batch_alter_table("reputation_epoch", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_reputation_epoch_block_number"), ["block_number"], unique=False
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("reputation_epoch", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reputation_epoch_block_number"))

    op.drop_table("reputation_epoch")
    with op.batch_alter_table("epoch_demand", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_epoch_demand_window"))
        batch_op.drop_index(batch_op.f("ix_epoch_demand_block_number"))

    op.drop_table("epoch_demand")
