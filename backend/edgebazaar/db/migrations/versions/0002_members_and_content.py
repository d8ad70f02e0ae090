"""Tables of the first release: members and content."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edgebazaar.db import types

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "content",
        sa.Column(
            "content_hash",
            types.Bytes32(),
            nullable=False,
            comment="sha256; the token id as a number",
        ),
        sa.Column("producer", types.Address(), nullable=False),
        sa.Column("provider", types.Address(), nullable=False),
        sa.Column("fingerprint", types.Bytes32(), nullable=False),
        sa.Column("fingerprint_scheme", sa.BigInteger(), nullable=False),
        sa.Column("prompt_commitment", types.Bytes32(), nullable=False),
        sa.Column("model_id", types.Bytes32(), nullable=False),
        sa.Column("creator", types.Address(), nullable=False),
        sa.Column("royalty_bps", sa.Integer(), nullable=False),
        sa.Column("committed_block", sa.BigInteger(), nullable=False),
        sa.Column("registered_block", sa.BigInteger(), nullable=False),
        sa.Column(
            "uri", sa.LargeBinary(), nullable=False, comment="bytes as emitted, UTF-8 if honest"
        ),
        sa.Column("owner", types.Address(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("challenged", sa.Boolean(), nullable=False),
        sa.Column(
            "exchange",
            types.Address(),
            nullable=True,
            comment="custodian while frozen for an exchange",
        ),
        sa.Column(
            "block_hash", types.Bytes32(), nullable=False, comment="of the registration's block"
        ),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_content")),
        comment="Every registered content with its record, whole, and its present owner and status.",
    )
    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_content_block_number"), ["block_number"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_content_block_number_log_index"),
            ["block_number", "log_index"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_content_creator"), ["creator"], unique=False)
        batch_op.create_index(batch_op.f("ix_content_owner"), ["owner"], unique=False)
        batch_op.create_index(batch_op.f("ix_content_provider"), ["provider"], unique=False)

    op.create_table(
        "content_challenge",
        sa.Column("challenge_id", types.Bytes32(), nullable=False),
        sa.Column("challenger", types.Address(), nullable=False),
        sa.Column("accused", types.Address(), nullable=False),
        sa.Column("original", types.Bytes32(), nullable=False),
        sa.Column("duplicate", types.Bytes32(), nullable=False),
        sa.Column("deposit", types.Uint256(), nullable=False),
        sa.Column("attempt", types.Uint256(), nullable=False),
        sa.Column(
            "state", sa.String(length=16), nullable=False, comment="open, upheld or rejected"
        ),
        sa.Column("distance", sa.Integer(), nullable=True, comment="bits of 256 that differ"),
        sa.Column("maximum_distance", sa.Integer(), nullable=True),
        sa.Column("deposit_returned", types.Uint256(), nullable=True),
        sa.Column("compensation", types.Uint256(), nullable=True),
        sa.Column("forfeited", types.Uint256(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_transaction_hash", types.Bytes32(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_id", name=op.f("pk_content_challenge")),
        comment="Challenges with both records' hashes and how they ended.",
    )
    with op.batch_alter_table("content_challenge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_content_challenge_accused"), ["accused"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_content_challenge_block_number"), ["block_number"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_content_challenge_challenger"), ["challenger"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_content_challenge_duplicate"), ["duplicate"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_content_challenge_original"), ["original"], unique=False
        )

    op.create_table(
        "content_commitment",
        sa.Column("commitment", types.Bytes32(), nullable=False),
        sa.Column("producer", types.Address(), nullable=False),
        sa.Column("committed_block", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("commitment", name=op.f("pk_content_commitment")),
        comment="Commitments to content; which one a registration used up is known to its sender only.",
    )
    with op.batch_alter_table("content_commitment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_content_commitment_block_number"), ["block_number"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_content_commitment_producer_committed_block"),
            ["producer", "committed_block"],
            unique=False,
        )

    op.create_table(
        "content_event",
        sa.Column("content_hash", types.Bytes32(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("details", types.CanonicalJson(), nullable=False),
        sa.PrimaryKeyConstraint(
            "content_hash", "block_number", "log_index", name=op.f("pk_content_event")
        ),
        comment="What happened to a content, from registration on.",
    )
    with op.batch_alter_table("content_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_content_event_block_number"), ["block_number"], unique=False
        )

    op.create_table(
        "content_preview",
        sa.Column("content_hash", types.Bytes32(), nullable=False),
        sa.Column("sha256", types.Bytes32(), nullable=False, comment="of the stored PNG"),
        sa.Column("uploaded_by", types.Address(), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_content_preview")),
        comment="Public images that owners uploaded; no projection, never rebuilt.",
    )
    op.create_table(
        "member",
        sa.Column("account", types.Address(), nullable=False),
        sa.Column("roles", sa.Integer(), nullable=False, comment="bitmap of identity.roles.Role"),
        sa.Column("admitted_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=False, comment="0 while not revoked"),
        sa.Column("certificate_hash", types.Bytes32(), nullable=False),
        sa.Column(
            "administrator", types.Address(), nullable=False, comment="who admitted or revoked last"
        ),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_member")),
        comment="The present record of every account that was ever admitted.",
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_block_number"), ["block_number"], unique=False)

    op.create_table(
        "voucher",
        sa.Column("serial", types.Bytes32(), nullable=False),
        sa.Column("account", types.Address(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_voucher")),
        comment="Admission vouchers that were used; a serial admits once.",
    )
    with op.batch_alter_table("voucher", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_voucher_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_voucher_block_number"), ["block_number"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("voucher", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_voucher_block_number"))
        batch_op.drop_index(batch_op.f("ix_voucher_account"))

    op.drop_table("voucher")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_block_number"))

    op.drop_table("member")
    op.drop_table("content_preview")
    with op.batch_alter_table("content_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_content_event_block_number"))

    op.drop_table("content_event")
    with op.batch_alter_table("content_commitment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_content_commitment_producer_committed_block"))
        batch_op.drop_index(batch_op.f("ix_content_commitment_block_number"))

    op.drop_table("content_commitment")
    with op.batch_alter_table("content_challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_content_challenge_original"))
        batch_op.drop_index(batch_op.f("ix_content_challenge_duplicate"))
        batch_op.drop_index(batch_op.f("ix_content_challenge_challenger"))
        batch_op.drop_index(batch_op.f("ix_content_challenge_block_number"))
        batch_op.drop_index(batch_op.f("ix_content_challenge_accused"))

    op.drop_table("content_challenge")
    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_content_provider"))
        batch_op.drop_index(batch_op.f("ix_content_owner"))
        batch_op.drop_index(batch_op.f("ix_content_creator"))
        batch_op.drop_index(batch_op.f("ix_content_block_number_log_index"))
        batch_op.drop_index(batch_op.f("ix_content_block_number"))

    op.drop_table("content")
