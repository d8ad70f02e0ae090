"""Looks at requests before a nonce is spent on them: what would revert is refused here, with the
reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from edgebazaar.chain.contracts import ContractCall, DecodedError
from edgebazaar.chain.explorer import simulate
from edgebazaar.chain.manifest import as_json_value
from edgebazaar.chain.outbox.context import Head, OutboxContext
from edgebazaar.chain.outbox.states import (
    FailureReason,
    Transaction,
    TransactionKind,
    TransactionState,
)
from edgebazaar.chain.outbox.store import Move
from edgebazaar.chain.rpc import RpcError, from_quantity, to_data, to_quantity
from edgebazaar.chain.typed_data import ForwardRequest

FORWARDER = "TrustedForwarder"
#: The forwarder's own work around the inner call: signature, nonce, event, its checks.
FORWARD_OVERHEAD_GAS = 110_000
_BASE_GAS = 21_000
_CALLDATA_BYTE_GAS = 16
_FORWARDER_HIDES_REASON = "FailedCall"


@dataclass(frozen=True, slots=True)
class CheckedCall:
    """A transaction that may be signed."""

    transaction: Transaction
    signer: str
    to: str
    data: bytes
    value: int
    gas: int


@dataclass(slots=True)
class Verdicts:
    """What came of a check: calls to sign, and rows to move. A row in neither waits."""

    calls: list[CheckedCall]
    moves: list[Move]


def error_document(error: DecodedError) -> dict[str, Any]:
    """A decoded revert as it is stored and shown."""
    return {
        "name": error.name,
        "arguments": as_json_value(error.arguments),
        "text": error.text,
    }


def call_of(context: OutboxContext, row: Transaction) -> CheckedCall:
    """The transaction that carries a relayed or direct row to the chain."""
    if row.kind is TransactionKind.DIRECT:
        return CheckedCall(row, str(row.signer), str(row.to), row.data, row.value, row.gas or 0)
    inner_gas = row.gas or 0
    request = ForwardRequest(
        sender=row.sender,
        to=str(row.to),
        value=row.value,
        gas=inner_gas,
        nonce=row.forward_nonce or 0,
        deadline=row.forward_deadline or 0,
        data=row.data,
    )
    data = context.contracts.encode(request.execution(row.forward_signature or b""))
    # 64/63: the EVM keeps a 64th part back from an inner call, and the forwarder wants it whole.
    gas = _BASE_GAS + _CALLDATA_BYTE_GAS * len(data) + FORWARD_OVERHEAD_GAS + inner_gas * 64 // 63
    forwarder = context.contracts.address(FORWARDER)
    return CheckedCall(row, row.signer or context.payer, forwarder, data, row.value, gas)


def check_relayed(context: OutboxContext, head: Head, rows: Sequence[Transaction]) -> Verdicts:
    """Check users' requests, at most one of each user, against the newest state.

    A request whose forward nonce is not yet due waits; it fails once its deadline has passed.
    """
    verdicts = Verdicts([], [])
    if not rows:
        return verdicts
    nonces = context.contracts.read_many(
        context.rpc, [ContractCall(FORWARDER, "nonces", (row.sender,)) for row in rows]
    )
    due = []
    for row, nonce in zip(rows, nonces, strict=True):
        if (failure := _failure(context, head, row, nonce)) is not None:
            verdicts.moves.append(failure)
        elif row.forward_nonce == nonce:
            due.append(call_of(context, row))
    answers = context.rpc.batch(
        [("eth_call", [_call_object(call), "pending"]) for call in due], return_errors=True
    )
    for call, answer in zip(due, answers, strict=True):
        if not isinstance(answer, RpcError):
            verdicts.calls.append(call)
        elif (data := answer.revert_data) is not None:
            error = context.contracts.decode_error(data)
            if error.name == _FORWARDER_HIDES_REASON:
                error = _inner_error(context, call) or error
            verdicts.moves.append(_refusal(call.transaction, error))
        else:
            verdicts.moves.append(_note(call.transaction, answer))
    return verdicts


def check_direct(context: OutboxContext, head: Head, rows: Sequence[Transaction]) -> Verdicts:
    """Estimate the operator's calls that came without a gas limit; refuse what would revert."""
    verdicts = Verdicts([], [])
    calls = [call_of(context, row) for row in rows]
    unknown = [call for call in calls if call.gas == 0]
    answers = context.rpc.batch(
        [("eth_estimateGas", [_call_object(call), "pending"]) for call in unknown],
        return_errors=True,
    )
    estimates = {
        call.transaction.sequence: answer for call, answer in zip(unknown, answers, strict=True)
    }
    for call in calls:
        row = call.transaction
        answer = estimates.get(row.sequence)
        gas = call.gas if answer is None else 0
        if isinstance(answer, str):
            gas = from_quantity(answer) * 5 // 4
        if isinstance(answer, RpcError):
            data = answer.revert_data
            verdicts.moves.append(
                _note(row, answer)
                if data is None
                else _refusal(row, context.contracts.decode_error(data))
            )
        elif gas > head.gas_limit:
            verdicts.moves.append(_gas_limit_failure(row, gas, head.gas_limit))
        else:
            verdicts.calls.append(replace(call, gas=gas))
    return verdicts


def _inner_error(context: OutboxContext, call: CheckedCall) -> DecodedError | None:
    """Why the target of a relayed request reverts; the forwarder itself does not say."""
    try:
        return simulate(
            context.rpc,
            context.contracts,
            sender=call.signer,
            to=call.to,
            data=call.data,
            value=call.value,
            gas=call.gas,
            block="pending",
        )
    except RpcError as error:
        return DecodedError("Error", {"message": error.message})


def _failure(context: OutboxContext, head: Head, row: Transaction, nonce: int) -> Move | None:
    if row.forward_nonce is not None and row.forward_nonce < nonce:
        return _fail(
            row,
            FailureReason.NONCE_CONSUMED,
            f"nonce {row.forward_nonce} is used, the next is {nonce}: sign the request again",
        )
    if row.forward_deadline is not None and row.forward_deadline < head.timestamp:
        return _fail(
            row,
            FailureReason.EXPIRED,
            f"deadline {row.forward_deadline} passed before its turn: sign the request again",
        )
    limit = min(context.settings.maximum_forward_gas, head.gas_limit - FORWARD_OVERHEAD_GAS)
    if (row.gas or 0) > limit:
        return _gas_limit_failure(row, row.gas or 0, limit)
    return None


def _gas_limit_failure(row: Transaction, gas: int, limit: int) -> Move:
    return _fail(row, FailureReason.GAS_LIMIT, f"asks for {gas} gas, at most {limit} is allowed")


def _fail(row: Transaction, reason: FailureReason, message: str) -> Move:
    return (
        row.sequence,
        row.state,
        {
            "state": TransactionState.FAILED,
            "reason": reason,
            "last_error": message,
            "settled_at": datetime.now(UTC),
        },
    )


def _refusal(row: Transaction, error: DecodedError) -> Move:
    return (
        row.sequence,
        row.state,
        {
            "state": TransactionState.REFUSED,
            "error": error_document(error),
            "last_error": f"would revert with {error.text}",
            "settled_at": datetime.now(UTC),
        },
    )


def _note(row: Transaction, error: RpcError) -> Move:
    return row.sequence, row.state, {"last_error": error.message}


def _call_object(call: CheckedCall) -> dict[str, str]:
    fields = {"from": call.signer, "to": call.to, "data": to_data(call.data)}
    if call.value:
        fields["value"] = to_quantity(call.value)
    if call.gas:
        fields["gas"] = to_quantity(call.gas)
    return fields
