"""disputes about fingerprints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edgebazaar.db import types

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "content_dispute",
        sa.Column("dispute_id", types.Bytes32(), nullable=False),
        sa.Column("content_hash", types.Bytes32(), nullable=False),
        sa.Column("fingerprint", types.Bytes32(), nullable=False, comment="as declared"),
        sa.Column("provider", types.Address(), nullable=False, comment="who signed it"),
        sa.Column("asserter", types.Address(), nullable=False),
        sa.Column("attempt", types.Uint256(), nullable=False),
        sa.Column("bond", types.Uint256(), nullable=False),
        sa.Column("locator", sa.LargeBinary(), nullable=False, comment="of the content's bytes"),
        sa.Column(
            "state",
            sa.String(length=16),
            nullable=False,
            comment="open, drawn, false, true or lapsed",
        ),
        sa.Column(
            "sample", types.CanonicalJson(), nullable=False, comment="the drawn, in their order"
        ),
        sa.Column("commit_until", sa.BigInteger(), nullable=True),
        sa.Column("reveal_until", sa.BigInteger(), nullable=True),
        sa.Column(
            "agreeing", sa.Integer(), nullable=True, comment="size of the quorum, or of the most"
        ),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_transaction_hash", types.Bytes32(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("dispute_id", name=op.f("pk_content_dispute")),
        comment="Assertions that a declared fingerprint is false, and how they ended.",
    )
    with op.batch_alter_table("content_dispute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_content_dispute_asserter"), ["asserter"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_content_dispute_block_number"), ["block_number"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_content_dispute_content_hash"), ["content_hash"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_content_dispute_provider"), ["provider"], unique=False)

    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "disputed",
                sa.Boolean(),
                nullable=False,
                server_default=sa.false(),
                comment="its fingerprint is in dispute",
            )
        )

    # The defaults were for rows that stood there before.
    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.alter_column(
            "disputed", existing_type=sa.Boolean(), server_default=None, existing_nullable=False
        )
        batch_op.alter_column(
            "commitment",
            existing_type=types.Bytes32(),
            server_default=None,
            existing_nullable=False,
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.drop_column("disputed")

    with op.batch_alter_table("content_dispute", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_content_dispute_provider"))
        batch_op.drop_index(batch_op.f("ix_content_dispute_content_hash"))
        batch_op.drop_index(batch_op.f("ix_content_dispute_block_number"))
        batch_op.drop_index(batch_op.f("ix_content_dispute_asserter"))

    op.drop_table("content_dispute")
