"""Tables of the first release: auctions and audits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edgebazaar.db import types

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "auction_bid",
        sa.Column("round_id", types.Bytes32(), nullable=False),
        sa.Column(
            "position", sa.Integer(), nullable=False, comment="index in the chain of commitments"
        ),
        sa.Column("bidder", types.Address(), nullable=False),
        sa.Column("submarket", sa.Integer(), nullable=False, comment="index into SUBMARKETS"),
        sa.Column("commitment", types.Bytes32(), nullable=False),
        sa.Column("deposit", types.Uint256(), nullable=False),
        sa.Column(
            "own_amount", types.Uint256(), nullable=True, comment="as the bidder itself opened it"
        ),
        sa.Column("own_salt", types.Bytes32(), nullable=True),
        sa.Column("opened", sa.Boolean(), nullable=True, comment="null until the round is settled"),
        sa.Column("amount", types.Uint256(), nullable=True, comment="as settled"),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("round_id", "position", name=op.f("pk_auction_bid")),
        comment="Sealed bids in the order of commitment.",
    )
    with op.batch_alter_table("auction_bid", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_auction_bid_bidder"), ["bidder"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_auction_bid_block_number"), ["block_number"], unique=False
        )

    op.create_table(
        "auction_opening",
        sa.Column("round_id", types.Bytes32(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("bidder", types.Address(), nullable=False),
        sa.Column("amount", types.Uint256(), nullable=False),
        sa.Column("salt", types.Bytes32(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("round_id", "position", name=op.f("pk_auction_opening")),
        comment="Openings that bidders gave to the operator off chain; no projection, never rebuilt.",
    )
    op.create_table(
        "auction_round",
        sa.Column("round_id", types.Bytes32(), nullable=False),
        sa.Column("operator", types.Address(), nullable=False),
        sa.Column("beneficiary", types.Address(), nullable=False),
        sa.Column("brand", types.Address(), nullable=False),
        sa.Column("commit_until", sa.BigInteger(), nullable=False),
        sa.Column("score_until", sa.BigInteger(), nullable=False),
        sa.Column("declare_until", sa.BigInteger(), nullable=False),
        sa.Column("open_until", sa.BigInteger(), nullable=False),
        sa.Column("settle_until", sa.BigInteger(), nullable=False),
        sa.Column("online_deposit", types.Uint256(), nullable=False),
        sa.Column("offline_deposit", types.Uint256(), nullable=False),
        sa.Column("online_reserve", types.Uint256(), nullable=False),
        sa.Column("offline_reserve", types.Uint256(), nullable=False),
        sa.Column("brand_price", types.Uint256(), nullable=False),
        sa.Column("alpha", types.Uint256(), nullable=False, comment="1e18 fixed point"),
        sa.Column("maximum_seconds", sa.BigInteger(), nullable=False),
        sa.Column("penalty_bps", sa.Integer(), nullable=False),
        sa.Column("maximum_bids", sa.Integer(), nullable=False),
        sa.Column("salt", types.Bytes32(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column(
            "bids", sa.Integer(), nullable=False, comment="number of bids of both submarkets"
        ),
        sa.Column(
            "scores", types.CanonicalJson(), nullable=True, comment="in the order of online bids"
        ),
        sa.Column("inputs_hash", types.Bytes32(), nullable=True),
        sa.Column(
            "inputs", sa.LargeBinary(), nullable=True, comment="what the scores were computed from"
        ),
        sa.Column(
            "bitmap",
            types.CanonicalJson(),
            nullable=True,
            comment="declared openings, decimal words",
        ),
        sa.Column("result", types.CanonicalJson(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_transaction_hash", types.Bytes32(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_auction_round")),
        comment="Auction rounds with their whole terms, scores, declaration and result.",
    )
    with op.batch_alter_table("auction_round", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_auction_round_block_number"), ["block_number"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_auction_round_block_number_log_index"),
            ["block_number", "log_index"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_auction_round_operator"), ["operator"], unique=False)
        batch_op.create_index(batch_op.f("ix_auction_round_state"), ["state"], unique=False)

    op.create_table(
        "audit_report",
        sa.Column("audit_id", sa.String(length=36), nullable=False),
        sa.Column("auditor", types.Address(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=False, comment="Unix time"),
        sa.Column(
            "head", sa.BigInteger(), nullable=False, comment="last block that was considered"
        ),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("report", types.CanonicalJson(), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit_report")),
    )
    with op.batch_alter_table("audit_report", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_audit_report_finished_at"), ["finished_at"], unique=False
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("audit_report", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_report_finished_at"))

    op.drop_table("audit_report")
    with op.batch_alter_table("auction_round", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_auction_round_state"))
        batch_op.drop_index(batch_op.f("ix_auction_round_operator"))
        batch_op.drop_index(batch_op.f("ix_auction_round_block_number_log_index"))
        batch_op.drop_index(batch_op.f("ix_auction_round_block_number"))

    op.drop_table("auction_round")
    op.drop_table("auction_opening")
    with op.batch_alter_table("auction_bid", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_auction_bid_block_number"))
        batch_op.drop_index(batch_op.f("ix_auction_bid_bidder"))

    op.drop_table("auction_bid")
