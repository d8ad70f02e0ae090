"""Tables of the outbox."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from edgebazaar.chain.outbox.states import TransactionKind, TransactionState
from edgebazaar.db import Address, Bytes32, CanonicalJson, Uint256, UtcDateTime, metadata

# SQLite counts up INTEGER primary keys only.
_Sequence = BigInteger().with_variant(Integer, "sqlite")


def _one_of(column: str, values: type[TransactionKind] | type[TransactionState]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


chain_transaction = Table(
    "chain_transaction",
    metadata,
    Column("sequence", _Sequence, primary_key=True, autoincrement=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("chain_id", BigInteger, nullable=False),
    Column("idempotency_key", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(32)),
    Column("sender", Address, nullable=False),
    Column("signer", Address),
    Column("to_address", Address),
    Column("data", LargeBinary, nullable=False),
    Column("value", Uint256, nullable=False),
    Column("gas", BigInteger),
    Column("forwarder", Address),
    Column("forward_nonce", Uint256),
    Column("forward_deadline", BigInteger),
    Column("forward_signature", LargeBinary),
    Column("nonce", BigInteger),
    Column("raw", LargeBinary),
    Column("hash", Bytes32, index=True),
    Column("block_number", BigInteger),
    Column("block_hash", Bytes32),
    Column("gas_used", BigInteger),
    Column("succeeded", Boolean),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Column("error", CanonicalJson),
    Column("label", String(200)),
    Column("accepted_at", UtcDateTime, nullable=False),
    Column("reserved_at", UtcDateTime),
    Column("broadcast_at", UtcDateTime),
    Column("last_sent_at", UtcDateTime),
    Column("mined_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    UniqueConstraint("chain_id", "idempotency_key"),
    CheckConstraint(_one_of("kind", TransactionKind), name="kind"),
    CheckConstraint(_one_of("state", TransactionState), name="state"),
    Index(None, "chain_id", "state", "sequence"),
    Index(None, "chain_id", "sender", "forward_nonce"),
    comment="Outbox: what is to reach the chain, and what became of it.",
)

# A user may sign two transactions with one nonce to replace the first; our own keys never do.
Index(
    "uq_chain_transaction_chain_id_signer_nonce",
    chain_transaction.c.chain_id,
    chain_transaction.c.signer,
    chain_transaction.c.nonce,
    unique=True,
    sqlite_where=text("kind <> 'raw'"),
    postgresql_where=text("kind <> 'raw'"),
)

chain_transaction_retired = Table(
    "chain_transaction_retired",
    metadata,
    Column("hash", Bytes32, primary_key=True),
    Column(
        "sequence",
        _Sequence,
        ForeignKey("chain_transaction.sequence"),
        nullable=False,
        index=True,
    ),
    Column("nonce", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("retired_at", UtcDateTime, nullable=False),
    Column("cause", Text, nullable=False),
    comment="Signed bytes that were given up for newer ones of the same outbox row.",
)
