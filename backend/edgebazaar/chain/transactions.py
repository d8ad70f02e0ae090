"""One account's own transactions, planned, signed and awaited one by one.

For deployment and administration. What the API submits goes through the outbox instead.
"""

from __future__ import annotations

import time
from typing import Any

from eth_account.datastructures import SignedTransaction
from eth_account.signers.local import LocalAccount

from edgebazaar.chain.contracts import ContractCall, ContractSet, decode_error
from edgebazaar.chain.rpc import RpcClient, RpcError, from_quantity, to_data
from edgebazaar.errors import EdgeBazaarError

_GAS_MARGIN_PERCENT = 25
_POLL_SECONDS = (0.02, 1.0)
_KNOWN_WORDS = ("already known", "already imported", "known transaction", "nonce too low")


class TransactionFailed(EdgeBazaarError):
    """A transaction reverts, is refused, or is not mined in time."""

    code = "transaction-failed"


def plan_transaction(
    rpc: RpcClient, signer: LocalAccount, to: str | None, data: bytes, value: int = 0
) -> dict[str, Any]:
    """Everything of a transaction that the chain decides, as JSON: nonce, gas, fees, chain id.

    Raises:
        TransactionFailed: If it would revert, or the account cannot pay for it.
    """
    request: dict[str, Any] = {"from": signer.address, "data": to_data(data)}
    if to is not None:
        request["to"] = to
    if value:
        request["value"] = hex(value)
    chain_id, nonce, block, gas, balance = rpc.batch(
        [
            ("eth_chainId", []),
            ("eth_getTransactionCount", [signer.address, "pending"]),
            ("eth_getBlockByNumber", ["latest", False]),
            ("eth_estimateGas", [request]),
            ("eth_getBalance", [signer.address, "latest"]),
        ],
        return_errors=True,
    )
    if isinstance(gas, RpcError):
        revert_data = gas.revert_data
        reason = gas.message if revert_data is None else decode_error(revert_data).text
        raise TransactionFailed(f"a transaction to {to or 'a new contract'} reverts: {reason}")
    for answer in (chain_id, nonce, block, balance):
        if isinstance(answer, RpcError):
            raise answer
    plan = {
        "chainId": from_quantity(chain_id),
        "nonce": from_quantity(nonce),
        "gas": from_quantity(gas) * (100 + _GAS_MARGIN_PERCENT) // 100,
        "value": value,
        **_fees(rpc, block),
    }
    cost = plan["gas"] * plan.get("maxFeePerGas", plan.get("gasPrice", 0)) + value
    if from_quantity(balance) < cost:
        raise TransactionFailed(
            f"{signer.address} has {from_quantity(balance)} wei and may need {cost}",
            mend="Send it the difference",
        )
    return plan


def rebuild_transaction(
    signer: LocalAccount, plan: dict[str, Any], to: str | None, data: bytes
) -> SignedTransaction:
    """The signed transaction of a plan; signing is deterministic, so always the same one."""
    transaction = {**plan, "data": data}
    if to is not None:
        transaction["to"] = to
    signed: SignedTransaction = signer.sign_transaction(transaction)
    return signed


def broadcast(rpc: RpcClient, signed: SignedTransaction) -> None:
    """Send a signed transaction; one that the chain knows already is no error.

    Raises:
        TransactionFailed: If the node refuses it.
    """
    try:
        rpc.call("eth_sendRawTransaction", [to_data(signed.raw_transaction)])
    except RpcError as error:
        if any(words in error.message.lower() for words in _KNOWN_WORDS):
            return
        # Nodes word it differently; whether it is known is what counts.
        if rpc.call("eth_getTransactionByHash", [to_data(signed.hash)]) is None:
            raise TransactionFailed(f"the node refuses the transaction: {error.message}") from error


def wait_for_receipt(
    rpc: RpcClient, transaction: str, timeout: float, what: str = "the transaction"
) -> dict[str, Any]:
    """Wait until a transaction is mined and return its receipt.

    Raises:
        TransactionFailed: If it is still pending after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    pause, longest = _POLL_SECONDS
    while True:
        receipt: dict[str, Any] | None = rpc.call("eth_getTransactionReceipt", [transaction])
        if receipt is not None and receipt.get("blockNumber") is not None:
            return receipt
        if time.monotonic() > deadline:
            raise TransactionFailed(
                f"{what} ({transaction}) is not mined after {timeout:g} s", mend="Run it again"
            )
        time.sleep(pause)
        pause = min(longest, pause * 1.5)


def transact(
    rpc: RpcClient,
    contracts: ContractSet,
    signer: LocalAccount,
    call: ContractCall,
    timeout: float = 120.0,
) -> dict[str, Any]:
    """Make a call as a transaction of `signer`, wait for it and return the receipt.

    Raises:
        TransactionFailed: With the decoded reason if it reverts.
    """
    to, data = contracts.address(call.contract), contracts.encode(call)
    plan = plan_transaction(rpc, signer, to, data, call.value)
    signed = rebuild_transaction(signer, plan, to, data)
    broadcast(rpc, signed)
    what = f"{call.contract}.{call.function}"
    receipt = wait_for_receipt(rpc, to_data(signed.hash), timeout, what)
    if from_quantity(receipt["status"]) == 0:
        raise TransactionFailed(f"{what} was reverted in block {receipt['blockNumber']}")
    return receipt


def _fees(rpc: RpcClient, block: dict[str, Any]) -> dict[str, int]:
    if block.get("baseFeePerGas") is None:
        return {"gasPrice": from_quantity(rpc.call("eth_gasPrice"))}
    base_fee = from_quantity(block["baseFeePerGas"])
    try:
        priority = from_quantity(rpc.call("eth_maxPriorityFeePerGas"))
    except RpcError:
        priority = 10**9
    return {"maxFeePerGas": 2 * base_fee + priority, "maxPriorityFeePerGas": priority, "type": 2}
