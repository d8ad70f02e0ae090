"""The outbox: requests stored before they are answered for, carried to the chain exactly once."""

from edgebazaar.chain.outbox.context import RelayerSettings
from edgebazaar.chain.outbox.enqueue import enqueue, next_forward_nonce
from edgebazaar.chain.outbox.queries import (
    find_by_hash,
    find_transaction,
    wait_for_transaction,
    wait_for_transactions,
)
from edgebazaar.chain.outbox.relayer import Relayer, RelayerStatus
from edgebazaar.chain.outbox.requests import (
    DirectRequest,
    InvalidRequest,
    RawRequest,
    RelayedRequest,
    Request,
)
from edgebazaar.chain.outbox.states import (
    TERMINAL_STATES,
    FailureReason,
    Transaction,
    TransactionKind,
    TransactionState,
)
from edgebazaar.chain.outbox.tables import chain_transaction

__all__ = [
    "TERMINAL_STATES",
    "DirectRequest",
    "FailureReason",
    "InvalidRequest",
    "RawRequest",
    "RelayedRequest",
    "Relayer",
    "RelayerSettings",
    "RelayerStatus",
    "Request",
    "Transaction",
    "TransactionKind",
    "TransactionState",
    "chain_transaction",
    "enqueue",
    "find_by_hash",
    "find_transaction",
    "next_forward_nonce",
    "wait_for_transaction",
    "wait_for_transactions",
]
