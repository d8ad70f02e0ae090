"""Premiums on exchanges, bounties on locks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edgebazaar.db import types

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "completion_bounty",
        sa.Column("lock_id", types.Bytes32(), nullable=False),
        sa.Column("depositor", types.Address(), nullable=False),
        sa.Column("ending", sa.Integer(), nullable=False, comment="2 claimed, 3 refunded"),
        sa.Column(
            "amount", types.Uint256(), nullable=False, comment="what waits; zero once it is paid"
        ),
        sa.Column(
            "earned_by", types.Address(), nullable=True, comment="who completed the lock last"
        ),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint(
            "lock_id", "depositor", "ending", name=op.f("pk_completion_bounty")
        ),
        comment="Bounties for completing locks, by lock, depositor and ending.",
    )
    with op.batch_alter_table("completion_bounty", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_completion_bounty_block_number"), ["block_number"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_completion_bounty_block_number_log_index"),
            ["block_number", "log_index"],
            unique=False,
        )

    op.create_table(
        "exchange_premium",
        sa.Column("premiums_id", types.Bytes32(), nullable=False),
        sa.Column("leader", types.Address(), nullable=False),
        sa.Column("follower", types.Address(), nullable=False),
        sa.Column("leader_premium", types.Uint256(), nullable=False),
        sa.Column("follower_premium", types.Uint256(), nullable=False),
        sa.Column("first_lock", types.Bytes32(), nullable=False),
        sa.Column("linked_lock", types.Bytes32(), nullable=False),
        sa.Column("join_until", sa.BigInteger(), nullable=False),
        sa.Column("answer_until", sa.BigInteger(), nullable=False),
        sa.Column(
            "state", sa.String(length=16), nullable=False, comment="one of PREMIUM_STATES but none"
        ),
        sa.Column("paid_to_leader", types.Uint256(), nullable=False),
        sa.Column("paid_to_follower", types.Uint256(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("premiums_id", name=op.f("pk_exchange_premium")),
        comment="Premiums of both parties of two-lock exchanges, with their whole terms.",
    )
    with op.batch_alter_table("exchange_premium", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_exchange_premium_block_number"), ["block_number"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_exchange_premium_block_number_log_index"),
            ["block_number", "log_index"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_exchange_premium_first_lock"), ["first_lock"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_exchange_premium_follower"), ["follower"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_exchange_premium_leader"), ["leader"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_exchange_premium_linked_lock"), ["linked_lock"], unique=False
        )

    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.alter_column(
            "commitment",
            existing_type=sa.VARCHAR(length=66),
            server_default=None,
            existing_nullable=False,
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.alter_column(
            "commitment",
            existing_type=sa.VARCHAR(length=66),
            server_default=sa.text(
                "'0x0000000000000000000000000000000000000000000000000000000000000000'"
            ),
            existing_nullable=False,
        )

    with op.batch_alter_table("exchange_premium", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exchange_premium_linked_lock"))
        batch_op.drop_index(batch_op.f("ix_exchange_premium_leader"))
        batch_op.drop_index(batch_op.f("ix_exchange_premium_follower"))
        batch_op.drop_index(batch_op.f("ix_exchange_premium_first_lock"))
        batch_op.drop_index(batch_op.f("ix_exchange_premium_block_number_log_index"))
        batch_op.drop_index(batch_op.f("ix_exchange_premium_block_number"))

    op.drop_table("exchange_premium")
    with op.batch_alter_table("completion_bounty", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_completion_bounty_block_number_log_index"))
        batch_op.drop_index(batch_op.f("ix_completion_bounty_block_number"))

    op.drop_table("completion_bounty")
