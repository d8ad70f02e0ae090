"""A transaction as a person wants to see it: decoded call, events and reason of failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from eth_utils.address import to_checksum_address

from edgebazaar.chain.contracts import (
    ContractSet,
    DecodedCall,
    DecodedError,
    DecodedEvent,
    decode_error,
    iterate_events,
)
from edgebazaar.chain.rpc import RpcClient, RpcError, from_data, from_quantity, to_data, to_quantity
from edgebazaar.errors import NotFound

Status = Literal["pending", "succeeded", "reverted"]

_FAILED_CALL = "FailedCall"  # what the forwarder says, whatever the called contract said


@dataclass(frozen=True, slots=True)
class TransactionView:
    """One transaction, decoded.

    Attributes:
        hash: Transaction hash.
        status: `pending`, `succeeded` or `reverted`.
        sender: Account that sent it; a relayer where `actor` differs.
        actor: Account on whose behalf the call was made.
        to: Address that was called, None for the creation of a contract.
        value: Wei sent along.
        call: The decoded call; for a relayed one, the call inside the forward request.
        block_number: Block, None while pending.
        block_hash: Its hash, None while pending.
        block_timestamp: Its time, seconds since the epoch, None while pending.
        gas_used: Gas used, None while pending.
        fee: Wei paid for gas, None while pending.
        events: Events of our contracts, in order.
        revert: Why it reverted, None if it did not.
        explorer_address: Page of the block explorer, None where no explorer is set.
    """

    hash: str
    status: Status
    sender: str
    actor: str
    to: str | None
    value: int
    call: DecodedCall | None
    block_number: int | None
    block_hash: str | None
    block_timestamp: int | None
    gas_used: int | None
    fee: int | None
    events: tuple[DecodedEvent, ...]
    revert: DecodedError | None
    explorer_address: str | None


def view_transaction(
    rpc: RpcClient, contracts: ContractSet, transaction: str, explorer_template: str = ""
) -> TransactionView:
    """Read a transaction from the chain and decode it.

    Args:
        rpc: The chain.
        contracts: The deployed contracts.
        transaction: Transaction hash, 0x-hex.
        explorer_template: Address of a block explorer's page with `{transaction}` in it, or empty.

    Raises:
        NotFound: If the chain does not know the transaction.
    """
    raw, receipt = rpc.batch(
        [
            ("eth_getTransactionByHash", [transaction]),
            ("eth_getTransactionReceipt", [transaction]),
        ]
    )
    if raw is None:
        raise NotFound("transaction", transaction, "It may have been dropped by the chain")
    block = None
    if receipt is not None:
        block = rpc.call("eth_getBlockByNumber", [receipt["blockNumber"], False])
    reverted = receipt is not None and from_quantity(receipt["status"]) == 0
    call = contracts.decode_call(raw["to"], from_data(raw["input"]))
    inner = _inner_request(contracts, call)
    if inner is not None:
        relayed = contracts.decode_call(inner["to"], inner["data"])
        call = relayed or call
    return TransactionView(
        hash=transaction,
        status=_status(receipt),
        sender=_checksum(raw["from"]),
        actor=inner["from"] if inner else _checksum(raw["from"]),
        to=_checksum(raw["to"]) if raw["to"] else None,
        value=from_quantity(raw["value"]),
        call=call,
        block_number=from_quantity(receipt["blockNumber"]) if receipt else None,
        block_hash=receipt["blockHash"] if receipt else None,
        block_timestamp=from_quantity(block["timestamp"]) if block else None,
        gas_used=from_quantity(receipt["gasUsed"]) if receipt else None,
        fee=_fee(receipt),
        events=tuple(iterate_events(contracts, receipt["logs"])) if receipt else (),
        revert=revert_reason(rpc, contracts, raw) if reverted else None,
        explorer_address=explorer_address(explorer_template, transaction),
    )


def explorer_address(template: str, transaction: str) -> str | None:
    """Address of a transaction's page in the block explorer, None where none is configured."""
    return template.replace("{transaction}", transaction) if template else None


def revert_reason(rpc: RpcClient, contracts: ContractSet, raw: Mapping[str, Any]) -> DecodedError:
    """Why a mined transaction reverted.

    The node's trace of the transaction says it exactly. A node without traces (Ganache) is asked
    to make the call again at its block, which may differ where others of that block interfered.

    Args:
        rpc: The chain.
        contracts: The deployed contracts.
        raw: The transaction as eth_getTransactionByHash gives it.
    """
    try:
        trace = rpc.call("debug_traceTransaction", [raw["hash"], {"tracer": "callTracer"}])
        if isinstance(trace, dict) and "error" in trace:
            return _traced_reason(trace)
    except RpcError:
        pass
    return simulate(
        rpc,
        contracts,
        sender=raw["from"],
        to=raw["to"],
        data=from_data(raw["input"]),
        value=from_quantity(raw["value"]),
        gas=from_quantity(raw["gas"]),
        block=raw["blockNumber"],
    ) or DecodedError("Unknown", {"data": b""})


def simulate(
    rpc: RpcClient,
    contracts: ContractSet,
    *,
    sender: str,
    to: str | None,
    data: bytes,
    value: int = 0,
    gas: int | None = None,
    block: str = "latest",
) -> DecodedError | None:
    """Make a call without sending it; the decoded reason if it reverts, None if it passes.

    A forward request that fails inside is made once more as the forwarder would make it, because
    the forwarder hides the reason.

    Raises:
        RpcError: If the node cannot make the call for another reason, such as lack of funds.
    """
    request = {"from": sender, "data": to_data(data), "value": to_quantity(value)}
    if to is not None:
        request["to"] = to
    if gas is not None:
        request["gas"] = to_quantity(gas)
    try:
        rpc.call("eth_call", [request, block])
        return None
    except RpcError as error:
        if error.revert_data is None:
            raise
        reason = decode_error(error.revert_data)
    inner = _inner_request(contracts, contracts.decode_call(to, data))
    if inner is None or reason.name != _FAILED_CALL:
        return reason
    return (
        simulate(
            rpc,
            contracts,
            sender=contracts.address("TrustedForwarder"),
            to=inner["to"],
            data=inner["data"] + bytes.fromhex(inner["from"][2:]),
            value=inner["value"],
            gas=inner["gas"],
            block=block,
        )
        or reason
    )


def _inner_request(contracts: ContractSet, call: DecodedCall | None) -> dict[str, Any] | None:
    if call is None or call.contract != "TrustedForwarder" or call.function != "execute":
        return None
    request: dict[str, Any] = call.arguments["request"]
    return request


def _traced_reason(frame: Mapping[str, Any]) -> DecodedError:
    reason = decode_error(from_data(frame.get("output") or "0x"))
    failed = [inner for inner in frame.get("calls", ()) if "error" in inner]
    if failed and reason.name in {_FAILED_CALL, "Revert"}:
        return _traced_reason(failed[-1])
    if reason.name == "Revert" and "revert" not in str(frame["error"]).lower():
        return DecodedError("Error", {"message": str(frame["error"])})
    return reason


def _status(receipt: Mapping[str, Any] | None) -> Status:
    if receipt is None:
        return "pending"
    return "succeeded" if from_quantity(receipt["status"]) else "reverted"


def _fee(receipt: Mapping[str, Any] | None) -> int | None:
    if receipt is None:
        return None
    return from_quantity(receipt["gasUsed"]) * from_quantity(receipt["effectiveGasPrice"])


def _checksum(address: str) -> str:
    return str(to_checksum_address(address))
