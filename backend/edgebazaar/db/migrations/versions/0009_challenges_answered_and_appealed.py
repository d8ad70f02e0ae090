"""Challenges are answered, decided, appealed and ended; auditors vote on appeals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edgebazaar.db import types

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | None = None
depends_on: str | None = None

_STATES = "one of open, contested, decided, appealed, conceded, upheld, rejected, closed"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "arbitration_dispute",
        sa.Column("arbitrable", types.Address(), nullable=False, comment="contract that asked"),
        sa.Column(
            "dispute_id",
            types.Bytes32(),
            nullable=False,
            comment="a challenge's id, if of Challenges",
        ),
        sa.Column("appellant", types.Address(), nullable=False),
        sa.Column("respondent", types.Address(), nullable=False),
        sa.Column("price", types.Uint256(), nullable=False),
        sa.Column("vote_by", sa.BigInteger(), nullable=False, comment="first second without votes"),
        sa.Column(
            "rule_by", sa.BigInteger(), nullable=False, comment="first second too late for a ruling"
        ),
        sa.Column("upheld_votes", sa.Integer(), nullable=False),
        sa.Column("rejected_votes", sa.Integer(), nullable=False),
        sa.Column(
            "ruling",
            sa.String(length=16),
            nullable=True,
            comment="once counted; none without a majority",
        ),
        sa.Column("share", types.Uint256(), nullable=True, comment="wei that each voter earned"),
        sa.Column("returned", types.Uint256(), nullable=True, comment="wei back to the appellant"),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("arbitrable", "dispute_id", name=op.f("pk_arbitration_dispute")),
        comment="Disputes that a contract brought before the panel.",
    )
    with op.batch_alter_table("arbitration_dispute", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_arbitration_dispute_block_number"), ["block_number"], unique=False
        )

    op.create_table(
        "arbitration_vote",
        sa.Column("arbitrable", types.Address(), nullable=False),
        sa.Column("dispute_id", types.Bytes32(), nullable=False),
        sa.Column("auditor", types.Address(), nullable=False),
        sa.Column("ruling", sa.String(length=16), nullable=False),
        sa.Column("is_paid", sa.Boolean(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint(
            "arbitrable", "dispute_id", "auditor", name=op.f("pk_arbitration_vote")
        ),
        comment="Votes of auditors.",
    )
    with op.batch_alter_table("arbitration_vote", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_arbitration_vote_block_number"), ["block_number"], unique=False
        )

    op.create_table(
        "content_challenge_evidence",
        sa.Column("challenge_id", types.Bytes32(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.Column("party", types.Address(), nullable=False),
        sa.Column("evidence_hash", types.Bytes32(), nullable=False),
        sa.Column(
            "evidence_uri", sa.LargeBinary(), nullable=False, comment="as emitted, UTF-8 if honest"
        ),
        sa.PrimaryKeyConstraint(
            "challenge_id", "block_number", "log_index", name=op.f("pk_content_challenge_evidence")
        ),
        comment="Statements of challenger and accused.",
    )
    with op.batch_alter_table("content_challenge_evidence", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_content_challenge_evidence_block_number"), ["block_number"], unique=False
        )

    # Rows of the contract before this one have no such times; projections are made anew.
    op.execute(sa.delete(sa.table("content_challenge")))
    with op.batch_alter_table("content_challenge", schema=None) as batch_op:
        for name, kind, nullable, comment in (
            ("attempt", types.Uint256(), False, "of this challenger against the duplicate"),
            ("state", sa.String(length=16), False, _STATES),
            ("maximum_distance", sa.Integer(), True, "0 where nothing compares"),
        ):
            batch_op.alter_column(
                name, existing_type=kind, existing_nullable=nullable, comment=comment
            )
        batch_op.create_table_comment(
            "Challenges with both records' hashes, their times and amounts, and how they ended."
        )
        batch_op.add_column(
            sa.Column(
                "bond", types.Uint256(), nullable=True, comment="of the accused, once contested"
            )
        )
        batch_op.add_column(
            sa.Column(
                "answer_by",
                sa.BigInteger(),
                nullable=False,
                comment="first second after the window",
            )
        )
        batch_op.add_column(
            sa.Column(
                "verdict", sa.Boolean(), nullable=True, comment="whether provisionally upheld"
            )
        )
        batch_op.add_column(
            sa.Column(
                "original_stands",
                sa.Boolean(),
                nullable=True,
                comment="earlier, and not removed itself",
            )
        )
        batch_op.add_column(
            sa.Column(
                "final_at", sa.BigInteger(), nullable=True, comment="from when the verdict is final"
            )
        )
        batch_op.add_column(sa.Column("appellant", types.Address(), nullable=True))
        batch_op.add_column(sa.Column("appeal_cost", types.Uint256(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "rule_by", sa.BigInteger(), nullable=True, comment="until when a ruling is accepted"
            )
        )
        batch_op.add_column(
            sa.Column(
                "ruling", sa.Boolean(), nullable=True, comment="whether the arbitrator upholds"
            )
        )
        batch_op.add_column(sa.Column("paid_to_challenger", types.Uint256(), nullable=True))
        batch_op.add_column(sa.Column("paid_to_accused", types.Uint256(), nullable=True))
        batch_op.add_column(sa.Column("paid_to_treasury", types.Uint256(), nullable=True))
        batch_op.add_column(sa.Column("ended_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("ended_transaction_hash", types.Bytes32(), nullable=True))
        batch_op.drop_column("deposit_returned")
        batch_op.drop_column("settled_transaction_hash")
        batch_op.drop_column("forfeited")
        batch_op.drop_column("compensation")
        batch_op.drop_column("settled_at")


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("content_challenge", schema=None) as batch_op:
        batch_op.create_table_comment("Challenges with both records' hashes and how they ended.")
        for name, kind, nullable, comment in (
            ("attempt", types.Uint256(), False, None),
            ("state", sa.String(length=16), False, "open, upheld or rejected"),
            ("maximum_distance", sa.Integer(), True, None),
        ):
            batch_op.alter_column(
                name, existing_type=kind, existing_nullable=nullable, comment=comment
            )
        batch_op.add_column(sa.Column("settled_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("compensation", types.Uint256(), nullable=True))
        batch_op.add_column(sa.Column("forfeited", types.Uint256(), nullable=True))
        batch_op.add_column(sa.Column("settled_transaction_hash", types.Bytes32(), nullable=True))
        batch_op.add_column(sa.Column("deposit_returned", types.Uint256(), nullable=True))
        batch_op.drop_column("ended_transaction_hash")
        batch_op.drop_column("ended_at")
        batch_op.drop_column("paid_to_treasury")
        batch_op.drop_column("paid_to_accused")
        batch_op.drop_column("paid_to_challenger")
        batch_op.drop_column("ruling")
        batch_op.drop_column("rule_by")
        batch_op.drop_column("appeal_cost")
        batch_op.drop_column("appellant")
        batch_op.drop_column("final_at")
        batch_op.drop_column("original_stands")
        batch_op.drop_column("verdict")
        batch_op.drop_column("answer_by")
        batch_op.drop_column("bond")

    with op.batch_alter_table("content_challenge_evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_content_challenge_evidence_block_number"))

    op.drop_table("content_challenge_evidence")
    with op.batch_alter_table("arbitration_vote", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_arbitration_vote_block_number"))

    op.drop_table("arbitration_vote")
    with op.batch_alter_table("arbitration_dispute", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_arbitration_dispute_block_number"))

    op.drop_table("arbitration_dispute")
