"""Finds out what became of transactions: mined where, with what success, and why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from edgebazaar.chain.contracts import DecodedError
from edgebazaar.chain.outbox.check import error_document
from edgebazaar.chain.outbox.context import OutboxContext
from edgebazaar.chain.outbox.states import Transaction, TransactionKind, TransactionState
from edgebazaar.chain.outbox.store import Move
from edgebazaar.chain.rpc import RpcError, from_data, from_quantity, to_data, to_quantity

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


def revert_reason(context: OutboxContext, row: Transaction, block_number: int) -> dict[str, Any]:
    """Why a mined transaction reverted: from its trace, else by replaying it on the state before
    its block.
    """
    data = _traced_output(context, row)
    if data is None:
        data = _replayed_output(context, row, block_number)
    if data is None:
        return error_document(DecodedError("Unknown", {}))
    return error_document(context.contracts.decode_error(data))


def _traced_output(context: OutboxContext, row: Transaction) -> bytes | None:
    try:
        trace = context.rpc.call("debug_traceTransaction", [row.hash, {"tracer": "callTracer"}])
    except RpcError:
        return None
    if not isinstance(trace, dict) or "error" not in trace:
        return None
    if row.kind is TransactionKind.RELAYED:
        # The forwarder reverts with FailedCall whatever its target said.
        for call in trace.get("calls", []):
            if call.get("error") and str(call.get("to", "")).lower() == row.to:
                trace = call
    return from_data(trace.get("output") or "0x")


def _replayed_output(context: OutboxContext, row: Transaction, block_number: int) -> bytes | None:
    if row.kind is TransactionKind.RELAYED:
        sender = context.contracts.address("TrustedForwarder")
        data = row.data + bytes.fromhex(row.sender[2:])
    else:
        sender, data = str(row.signer), row.data
    call = {
        "from": sender,
        "to": row.to,
        "data": to_data(data),
        "value": to_quantity(row.value),
        "gas": to_quantity(row.gas or 0),
    }
    try:
        context.rpc.call("eth_call", [call, to_quantity(block_number - 1)])
    except RpcError as error:
        return error.revert_data
    return None
