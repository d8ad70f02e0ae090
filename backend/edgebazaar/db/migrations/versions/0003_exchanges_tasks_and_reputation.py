"""Tables of the first release: exchanges tasks and reputation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from edgebazaar.db import types

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "exchange_lock",
        sa.Column("lock_id", types.Bytes32(), nullable=False),
        sa.Column("sender", types.Address(), nullable=False),
        sa.Column("receiver", types.Address(), nullable=False),
        sa.Column("asset_kind", sa.Integer(), nullable=False, comment="index into ASSET_KINDS"),
        sa.Column("asset_token", types.Address(), nullable=False),
        sa.Column("asset_amount_or_id", types.Uint256(), nullable=False),
        sa.Column("hashlock", types.Bytes32(), nullable=False),
        sa.Column("timelock", sa.BigInteger(), nullable=False),
        sa.Column("expected", types.Bytes32(), nullable=False),
        sa.Column("first_lock", types.Bytes32(), nullable=False),
        sa.Column("guarded_content", types.Uint256(), nullable=False),
        sa.Column("salt", types.Bytes32(), nullable=False),
        sa.Column(
            "state", sa.String(length=16), nullable=False, comment="open, claimed or refunded"
        ),
        sa.Column("preimage", types.Bytes32(), nullable=True, comment="public since the claim"),
        sa.Column("closed_by", types.Address(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_transaction_hash", types.Bytes32(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("lock_id", name=op.f("pk_exchange_lock")),
        comment="Locks with their whole terms, so that nobody needs to keep them to claim or refund.",
    )
    with op.batch_alter_table("exchange_lock", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_exchange_lock_block_number"), ["block_number"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_exchange_lock_block_number_log_index"),
            ["block_number", "log_index"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_exchange_lock_first_lock"), ["first_lock"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_exchange_lock_hashlock"), ["hashlock"], unique=False)
        batch_op.create_index(batch_op.f("ix_exchange_lock_receiver"), ["receiver"], unique=False)
        batch_op.create_index(batch_op.f("ix_exchange_lock_sender"), ["sender"], unique=False)

    op.create_table(
        "interaction",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.Column("rater", types.Address(), nullable=False),
        sa.Column("subject", types.Address(), nullable=False),
        sa.Column("positive", sa.Boolean(), nullable=False),
        sa.Column("reference", types.Bytes32(), nullable=False, comment="task or sale"),
        sa.Column("source", types.Address(), nullable=False, comment="contract that recorded it"),
        sa.Column("window", sa.BigInteger(), nullable=False, comment="block time // window length"),
        sa.PrimaryKeyConstraint("block_number", "log_index", name=op.f("pk_interaction")),
        comment="Every interaction record, in chain order.",
    )
    with op.batch_alter_table("interaction", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_interaction_block_number"), ["block_number"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_interaction_rater_subject"), ["rater", "subject"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_interaction_subject"), ["subject"], unique=False)

    op.create_table(
        "payout_credit",
        sa.Column("account", types.Address(), nullable=False),
        sa.Column("amount", types.Uint256(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_payout_credit")),
        comment="What waits in Payouts for accounts that did not call.",
    )
    with op.batch_alter_table("payout_credit", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_payout_credit_block_number"), ["block_number"], unique=False
        )

    op.create_table(
        "provider",
        sa.Column("account", types.Address(), nullable=False),
        sa.Column("stake", types.Uint256(), nullable=False),
        sa.Column("minimum_fee", types.Uint256(), nullable=False),
        sa.Column("minimum_duration", sa.BigInteger(), nullable=False, comment="seconds"),
        sa.Column("capacity", sa.Integer(), nullable=False, comment="most tasks at a time"),
        sa.Column("open_tasks", sa.Integer(), nullable=False),
        sa.Column("assigned", sa.Integer(), nullable=False, comment="tasks ever assigned"),
        sa.Column("on_time", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("not_accepted", sa.Integer(), nullable=False),
        sa.Column("earned", types.Uint256(), nullable=False, comment="fees of settled tasks, wei"),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_provider")),
        comment="Edge service providers: stake, offer, load and outcomes.",
    )
    with op.batch_alter_table("provider", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_provider_block_number"), ["block_number"], unique=False
        )

    op.create_table(
        "sale",
        sa.Column("sale_id", types.Bytes32(), nullable=False),
        sa.Column("buyer", types.Address(), nullable=False),
        sa.Column("seller", types.Address(), nullable=False),
        sa.Column("content_hash", types.Bytes32(), nullable=False),
        sa.Column("price", types.Uint256(), nullable=False),
        sa.Column("hashlock", types.Bytes32(), nullable=False),
        sa.Column("timelock", sa.BigInteger(), nullable=False),
        sa.Column("salt", types.Bytes32(), nullable=False),
        sa.Column(
            "state", sa.String(length=16), nullable=False, comment="open, settled or refunded"
        ),
        sa.Column(
            "preimage", types.Bytes32(), nullable=True, comment="public since the settlement"
        ),
        sa.Column("royalty_receiver", types.Address(), nullable=True),
        sa.Column("royalty", types.Uint256(), nullable=True),
        sa.Column("paid_to_seller", types.Uint256(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_transaction_hash", types.Bytes32(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("sale_id", name=op.f("pk_sale")),
        comment="Sales of content on this chain with their whole terms.",
    )
    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sale_block_number"), ["block_number"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_sale_block_number_log_index"),
            ["block_number", "log_index"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_sale_buyer"), ["buyer"], unique=False)
        batch_op.create_index(batch_op.f("ix_sale_content_hash"), ["content_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_sale_hashlock"), ["hashlock"], unique=False)
        batch_op.create_index(batch_op.f("ix_sale_seller"), ["seller"], unique=False)

    op.create_table(
        "task",
        sa.Column("task_id", types.Bytes32(), nullable=False),
        sa.Column("producer", types.Address(), nullable=False),
        sa.Column("prompt_commitment", types.Bytes32(), nullable=False),
        sa.Column("fee", types.Uint256(), nullable=False),
        sa.Column("deliver_by", sa.BigInteger(), nullable=False),
        sa.Column("close_at", sa.BigInteger(), nullable=False),
        sa.Column("accept_window", sa.BigInteger(), nullable=False),
        sa.Column("reveal_window", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.Integer(), nullable=False, comment="index into POLICIES"),
        sa.Column("temperature", types.Uint256(), nullable=False, comment="1e18 fixed point"),
        sa.Column("salt", types.Bytes32(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column(
            "state_since", sa.BigInteger(), nullable=False, comment="block time of the last step"
        ),
        sa.Column(
            "posted_block_hash", types.Bytes32(), nullable=False, comment="the seed follows from it"
        ),
        sa.Column("provider", types.Address(), nullable=True),
        sa.Column("seed", types.Bytes32(), nullable=True),
        sa.Column("selection", types.CanonicalJson(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("hashlock", types.Bytes32(), nullable=True),
        sa.Column("ciphertext_hash", types.Bytes32(), nullable=True),
        sa.Column("content_hash", types.Bytes32(), nullable=True),
        sa.Column(
            "locator", sa.LargeBinary(), nullable=True, comment="bytes as emitted, UTF-8 if honest"
        ),
        sa.Column(
            "preimage",
            types.Bytes32(),
            nullable=True,
            comment="the content key, public since settlement",
        ),
        sa.Column(
            "outcome", sa.String(length=16), nullable=True, comment="one of OUTCOMES once ended"
        ),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_task")),
        comment="Tasks with their whole terms, selection, delivery and outcome.",
    )
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_task_block_number"), ["block_number"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_task_block_number_log_index"),
            ["block_number", "log_index"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_task_content_hash"), ["content_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_producer"), ["producer"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_provider"), ["provider"], unique=False)
        batch_op.create_index(batch_op.f("ix_task_state"), ["state"], unique=False)

    op.create_table(
        "task_document",
        sa.Column("task_id", types.Bytes32(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="brief or receipt"),
        sa.Column("author", types.Address(), nullable=False),
        sa.Column("document", types.CanonicalJson(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False, comment="Unix time"),
        sa.PrimaryKeyConstraint("task_id", "kind", name=op.f("pk_task_document")),
    )
    op.create_table(
        "task_event",
        sa.Column("task_id", types.Bytes32(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_timestamp", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", types.Bytes32(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("details", types.CanonicalJson(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", "block_number", "log_index", name=op.f("pk_task_event")),
        comment="What happened to a task, step by step.",
    )
    with op.batch_alter_table("task_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_task_event_block_number"), ["block_number"], unique=False
        )


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("task_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_event_block_number"))

    op.drop_table("task_event")
    op.drop_table("task_document")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_task_state"))
        batch_op.drop_index(batch_op.f("ix_task_provider"))
        batch_op.drop_index(batch_op.f("ix_task_producer"))
        batch_op.drop_index(batch_op.f("ix_task_content_hash"))
        batch_op.drop_index(batch_op.f("ix_task_block_number_log_index"))
        batch_op.drop_index(batch_op.f("ix_task_block_number"))

    op.drop_table("task")
    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sale_seller"))
        batch_op.drop_index(batch_op.f("ix_sale_hashlock"))
        batch_op.drop_index(batch_op.f("ix_sale_content_hash"))
        batch_op.drop_index(batch_op.f("ix_sale_buyer"))
        batch_op.drop_index(batch_op.f("ix_sale_block_number_log_index"))
        batch_op.drop_index(batch_op.f("ix_sale_block_number"))

    op.drop_table("sale")
    with op.batch_alter_table("provider", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_provider_block_number"))

    op.drop_table("provider")
    with op.batch_alter_table("payout_credit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payout_credit_block_number"))

    op.drop_table("payout_credit")
    with op.batch_alter_table("interaction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_interaction_subject"))
        batch_op.drop_index(batch_op.f("ix_interaction_rater_subject"))
        batch_op.drop_index(batch_op.f("ix_interaction_block_number"))

    op.drop_table("interaction")
    with op.batch_alter_table("exchange_lock", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_exchange_lock_sender"))
        batch_op.drop_index(batch_op.f("ix_exchange_lock_receiver"))
        batch_op.drop_index(batch_op.f("ix_exchange_lock_hashlock"))
        batch_op.drop_index(batch_op.f("ix_exchange_lock_first_lock"))
        batch_op.drop_index(batch_op.f("ix_exchange_lock_block_number_log_index"))
        batch_op.drop_index(batch_op.f("ix_exchange_lock_block_number"))

    op.drop_table("exchange_lock")
