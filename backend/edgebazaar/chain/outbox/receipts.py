"""Finds out what became of transactions: mined where, with what success, and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from edgebazaar.chain.contracts import DecodedError
from edgebazaar.chain.explorer import revert_reason
from edgebazaar.chain.outbox.check import error_document
from edgebazaar.chain.outbox.context import OutboxContext
from edgebazaar.chain.outbox.states import Transaction, TransactionState
from edgebazaar.chain.outbox.store import Move
from edgebazaar.chain.rpc import RpcError, from_quantity

Receipt = Mapping[str, Any]


def fetch_receipts(
    context: OutboxContext, rows: Sequence[RowMapping], retired: Mapping[int, Sequence[str]]
) -> dict[int, Receipt]:
    """Receipt by sequence, under a row's present hash or a retired one; rows without receipt are
    left out.
    """
    hashes = [
        (row["sequence"], candidate)
        for row in rows
        for candidate in [row["hash"], *retired.get(row["sequence"], ())]
    ]
    size = context.settings.batch_size
    receipts: dict[int, Receipt] = {}
    for start in range(0, len(hashes), size):
        part = hashes[start : start + size]
        answers = context.rpc.batch(
            [("eth_getTransactionReceipt", [candidate]) for _, candidate in part]
        )
        for (sequence, _), receipt in zip(part, answers, strict=True):
            # A receipt of a pending transaction has no block on some nodes.
            if receipt is not None and receipt.get("blockHash"):
                receipts[sequence] = receipt
    return receipts


def mined_move(row: RowMapping, receipt: Receipt) -> Move:
    """Row and receipt to a move into `mined`."""
    return (
        row["sequence"],
        TransactionState(row["state"]),
        {
            "state": TransactionState.MINED,
            "hash": receipt["transactionHash"],
            "block_number": from_quantity(receipt["blockNumber"]),
            "block_hash": receipt["blockHash"],
            "gas_used": from_quantity(receipt["gasUsed"]),
            "succeeded": from_quantity(receipt["status"]) == 1,
            "mined_at": datetime.now(UTC),
            "last_error": None,
        },
    )


def unmined_move(row: RowMapping) -> Move:
    """A row whose block is gone goes back to `broadcast`, to be sent again at once."""
    return (
        row["sequence"],
        TransactionState(row["state"]),
        {
            "state": TransactionState.BROADCAST,
            "block_number": None,
            "block_hash": None,
            "gas_used": None,
            "succeeded": None,
            "error": None,
            "mined_at": None,
            "settled_at": None,
            "last_sent_at": None,
            "last_error": "its block left the chain",
        },
    )


def settled_move(row: RowMapping) -> Move:
    """A mined row that is deep enough gets its outcome."""
    state = TransactionState.CONFIRMED if row["succeeded"] else TransactionState.REVERTED
    return (
        row["sequence"],
        TransactionState(row["state"]),
        {"state": state, "settled_at": datetime.now(UTC)},
    )


def revert_error(context: OutboxContext, row: Transaction) -> dict[str, Any]:
    """Why a mined transaction reverted, as far as the node can still tell."""
    reason = DecodedError("Unknown", {})
    try:
        transaction = context.rpc.call("eth_getTransactionByHash", [row.hash])
        if transaction is not None:
            reason = revert_reason(context.rpc, context.contracts, transaction)
    except RpcError as error:
        reason = DecodedError("Unknown", {"message": error.message})
    return error_document(reason)
