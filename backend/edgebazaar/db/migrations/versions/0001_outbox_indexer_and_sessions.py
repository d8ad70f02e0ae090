"""Tables of the first release: outbox indexer and sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edgebazaar.db import types

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "chain_block",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", types.Bytes32(), nullable=False),
        sa.Column("parent_hash", types.Bytes32(), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_chain_block")),
        comment="Blocks taken into the projections.",
    )
    op.create_table(
        "chain_event",
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=19), nullable=False, comment="sortable: block/position"),
        sa.Column("block_hash", types.Bytes32(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.Column("address", types.Address(), nullable=False),
        sa.Column("contract", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("arguments", types.CanonicalJson(), nullable=False),
        sa.PrimaryKeyConstraint("block_number", "log_index", name=op.f("pk_chain_event")),
        sa.UniqueConstraint("key", name=op.f("uq_chain_event_key")),
        comment="Events of our contracts, decoded.",
    )
    with op.batch_alter_table("chain_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_chain_event_transaction_hash"), ["transaction_hash"], unique=False
        )

    op.create_table(
        "chain_transaction",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("sender", types.Address(), nullable=False),
        sa.Column("signer", types.Address(), nullable=True),
        sa.Column("to_address", types.Address(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("value", types.Uint256(), nullable=False),
        sa.Column("gas", sa.BigInteger(), nullable=True),
        sa.Column("forwarder", types.Address(), nullable=True),
        sa.Column("forward_nonce", types.Uint256(), nullable=True),
        sa.Column("forward_deadline", sa.BigInteger(), nullable=True),
        sa.Column("forward_signature", sa.LargeBinary(), nullable=True),
        sa.Column("nonce", sa.BigInteger(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("hash", types.Bytes32(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", types.Bytes32(), nullable=True),
        sa.Column("gas_used", sa.BigInteger(), nullable=True),
        sa.Column("succeeded", sa.Boolean(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("error", types.CanonicalJson(), nullable=True),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("accepted_at", types.UtcDateTime(), nullable=False),
        sa.Column("reserved_at", types.UtcDateTime(), nullable=True),
        sa.Column("broadcast_at", types.UtcDateTime(), nullable=True),
        sa.Column("last_sent_at", types.UtcDateTime(), nullable=True),
        sa.Column("mined_at", types.UtcDateTime(), nullable=True),
        sa.Column("settled_at", types.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('relayed', 'raw', 'direct')", name=op.f("ck_chain_transaction_kind")
        ),
        sa.CheckConstraint(
            "state IN ('accepted', 'reserved', 'broadcast', 'mined', 'confirmed', 'reverted', 'refused', 'failed', 'replaced')",
            name=op.f("ck_chain_transaction_state"),
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_chain_transaction")),
        sa.UniqueConstraint(
            "chain_id",
            "idempotency_key",
            name=op.f("uq_chain_transaction_chain_id_idempotency_key"),
        ),
        sa.UniqueConstraint("id", name=op.f("uq_chain_transaction_id")),
        comment="Outbox: what is to reach the chain, and what became of it.",
    )
    with op.batch_alter_table("chain_transaction", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_chain_transaction_chain_id_sender_forward_nonce"),
            ["chain_id", "sender", "forward_nonce"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_chain_transaction_chain_id_state_sequence"),
            ["chain_id", "state", "sequence"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_chain_transaction_hash"), ["hash"], unique=False)
        batch_op.create_index(
            "uq_chain_transaction_chain_id_signer_nonce",
            ["chain_id", "signer", "nonce"],
            unique=True,
            sqlite_where=sa.text("kind <> 'raw'"),
            postgresql_where=sa.text("kind <> 'raw'"),
        )

    op.create_table(
        "indexer_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "deployment",
            types.Bytes32(),
            nullable=False,
            comment="names the contracts that are followed",
        ),
        sa.Column("start_block", sa.BigInteger(), nullable=False),
        sa.Column(
            "number",
            sa.BigInteger(),
            nullable=False,
            comment="last block taken; start - 1: none yet",
        ),
        sa.Column("hash", types.Bytes32(), nullable=True, comment="its hash; null: none yet"),
        sa.Column(
            "undo_floor", sa.BigInteger(), nullable=False, comment="blocks above can be taken back"
        ),
        sa.Column("reorganisations", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_indexer_cursor_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indexer_cursor")),
        comment="How far the indexer is; one row, moved in the transaction that writes its blocks.",
    )
    op.create_table(
        "login_nonce",
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("nonce", name=op.f("pk_login_nonce")),
        comment="Sign-in challenges given out and not used yet; a row is deleted by its use.",
    )
    with op.batch_alter_table("login_nonce", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_nonce_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "login_session",
        sa.Column(
            "token_hash", sa.String(length=64), nullable=False, comment="sha256 of the bearer token"
        ),
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("created_at", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_session")),
        comment="Signed-in accounts; signing out deletes the row.",
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_session_account"), ["account"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_login_session_expires_at"), ["expires_at"], unique=False
        )

    op.create_table(
        "projection_undo",
        sa.Column("block_number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("table_name", sa.String(length=64), nullable=False),
        sa.Column("row_key", types.CanonicalJson(), nullable=False),
        sa.Column(
            "before",
            types.CanonicalJson(),
            nullable=True,
            comment="the row before this block; null: it was not there",
        ),
        sa.PrimaryKeyConstraint("block_number", "ordinal", name=op.f("pk_projection_undo")),
        comment="What the newest blocks overwrote, so that a reorganisation can put it back.",
    )
    op.create_table(
        "chain_transaction_retired",
        sa.Column("hash", types.Bytes32(), nullable=False),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("retired_at", types.UtcDateTime(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sequence"],
            ["chain_transaction.sequence"],
            name=op.f("fk_chain_transaction_retired_sequence_chain_transaction"),
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_chain_transaction_retired")),
        comment="Signed bytes that were given up for newer ones of the same outbox row.",
    )
    with op.batch_alter_table("chain_transaction_retired", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_chain_transaction_retired_sequence"), ["sequence"], unique=False
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("chain_transaction_retired", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chain_transaction_retired_sequence"))

    op.drop_table("chain_transaction_retired")
    op.drop_table("projection_undo")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_session_expires_at"))
        batch_op.drop_index(batch_op.f("ix_login_session_account"))

    op.drop_table("login_session")
    with op.batch_alter_table("login_nonce", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_nonce_expires_at"))

    op.drop_table("login_nonce")
    op.drop_table("indexer_cursor")
    with op.batch_alter_table("chain_transaction", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_chain_transaction_chain_id_signer_nonce",
            sqlite_where=sa.text("kind <> 'raw'"),
            postgresql_where=sa.text("kind <> 'raw'"),
        )
        batch_op.drop_index(batch_op.f("ix_chain_transaction_hash"))
        batch_op.drop_index(batch_op.f("ix_chain_transaction_chain_id_state_sequence"))
        batch_op.drop_index(batch_op.f("ix_chain_transaction_chain_id_sender_forward_nonce"))

    op.drop_table("chain_transaction")
    with op.batch_alter_table("chain_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chain_event_transaction_hash"))

    op.drop_table("chain_event")
    op.drop_table("chain_block")
