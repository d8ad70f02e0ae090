"""The life of a transaction in the outbox: its states, why it can fail, and the value that shows
it.

    accepted -> reserved -> broadcast -> mined -> confirmed | reverted
    accepted -> refused | failed          reserved, broadcast -> failed | replaced

A state moves forwards only, but for one thing: where a reorganisation or a node with less history
takes a block away, `mined`, `confirmed` and `reverted` go back to `broadcast`, and the same signed
bytes are sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping


class TransactionKind(StrEnum):
    """Who signs and who pays."""

    #: A user's ERC-2771 request; the relayer's key wraps it and pays.
    RELAYED = "relayed"
    #: A transaction the user signed and pays.
    RAW = "raw"
    #: A call the operator's own key makes.
    DIRECT = "direct"


class TransactionState(StrEnum):
    """Where a transaction stands."""

    #: Stored; nothing signed by us, no nonce spent.
    ACCEPTED = "accepted"
    #: Nonce and signed bytes are stored; perhaps sent, perhaps not.
    RESERVED = "reserved"
    #: A node has taken it.
    BROADCAST = "broadcast"
    #: In a block that is not deep enough yet.
    MINED = "mined"
    #: Succeeded, as deep as the settings ask.
    CONFIRMED = "confirmed"
    #: In a block, as deep as the settings ask, but the call reverted.
    REVERTED = "reverted"
    #: Would revert; never sent, no nonce spent.
    REFUSED = "refused"
    #: Cannot reach the chain; `reason` says why.
    FAILED = "failed"
    #: Another transaction of the same account took its nonce.
    REPLACED = "replaced"


TERMINAL_STATES = frozenset(
    {
        TransactionState.CONFIRMED,
        TransactionState.REVERTED,
        TransactionState.REFUSED,
        TransactionState.FAILED,
        TransactionState.REPLACED,
    }
)
#: States whose signed bytes may still have to reach a block.
IN_FLIGHT_STATES = frozenset({TransactionState.RESERVED, TransactionState.BROADCAST})


class FailureReason(StrEnum):
    """Why a transaction failed for good."""

    #: The deadline in the forward request passed before its turn came.
    EXPIRED = "expired"
    #: The forwarder has already used the request's nonce.
    NONCE_CONSUMED = "nonce_consumed"
    #: The node refuses the bytes themselves; `last_error` carries its words.
    REJECTED = "rejected"
    #: Asks for more gas than a block or the relayer allows.
    GAS_LIMIT = "gas_limit"


@dataclass(frozen=True, slots=True)
class Transaction:
    """One row of the outbox. Wei and gas are integers, hashes and addresses lower-case 0x text."""

    sequence: int
    id: UUID
    chain_id: int
    kind: TransactionKind
    state: TransactionState
    reason: FailureReason | None
    #: Whose will it is: the user of a relayed request, else the signer.
    sender: str
    #: Account that signs the transaction and pays its gas; None until a relayer key takes it.
    signer: str | None
    #: Called contract (for a relayed request the target, not the forwarder); None creates one.
    to: str | None
    data: bytes
    value: int
    #: Gas limit: of the inner call for a relayed request, else of the transaction.
    gas: int | None
    forward_nonce: int | None
    forward_deadline: int | None
    forward_signature: bytes | None
    nonce: int | None
    #: Signed bytes, as sent.
    raw: bytes | None
    hash: str | None
    block_number: int | None
    block_hash: str | None
    gas_used: int | None
    #: Whether the call succeeded, once mined.
    succeeded: bool | None
    #: How often the bytes were sent.
    attempts: int
    last_error: str | None
    #: Decoded revert: {"name": ..., "arguments": {...}}, JSON-safe.
    error: dict[str, Any] | None
    label: str | None
    accepted_at: datetime
    reserved_at: datetime | None
    broadcast_at: datetime | None
    last_sent_at: datetime | None
    mined_at: datetime | None
    settled_at: datetime | None

    @property
    def terminal(self) -> bool:
        """Whether it has its outcome."""
        return self.state in TERMINAL_STATES


def transaction_from_row(row: RowMapping) -> Transaction:
    """The value of a row of `chain_transaction`."""
    values = {name: row[name] for name in _PLAIN_FIELDS}
    reason = row["reason"]
    return Transaction(
        kind=TransactionKind(row["kind"]),
        state=TransactionState(row["state"]),
        reason=None if reason is None else FailureReason(reason),
        to=row["to_address"],
        **values,
    )


_PLAIN_FIELDS = tuple(
    name
    for name in Transaction.__dataclass_fields__
    if name not in {"kind", "state", "reason", "to"}
)
