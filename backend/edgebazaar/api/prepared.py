"""Turns a contract call into something its author signs.

An EIP-712 forward request or a transaction.

The backend holds no user's key. A call without value becomes an ERC-2771 forward request that the
relayer submits and pays for; a call with value, or one whose author wishes it, becomes an unsigned
EIP-1559 transaction.
"""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy import Engine, func, select

from edgebazaar.api.context import Context
from edgebazaar.api.errors import Problem
from edgebazaar.chain.contracts import ContractCall, decode_error
from edgebazaar.chain.outbox import TERMINAL_STATES, chain_transaction, next_forward_nonce
from edgebazaar.chain.rpc import RpcError
from edgebazaar.chain.typed_data import forwarder_nonce, typed_data_for_forward_request
from edgebazaar.db import read_scope
from edgebazaar.schemas import EXAMPLE_ACCOUNT, EXAMPLE_HASH, EXAMPLE_OTHER_ACCOUNT

REQUEST_SECONDS = 3600
_GAS_NUMERATOR, _GAS_DENOMINATOR, _GAS_MARGIN = 13, 10, 40_000

OwnTransaction = Annotated[
    bool,
    Query(description="Prepare a transaction of one's own instead of a relayed request."),
]


class ForwardRequest(BaseModel):
    """The fields of an ERC-2771 forward request (OpenZeppelin's ERC2771Forwarder)."""

    sender: str = Field(description="Who acts and signs.", examples=[EXAMPLE_ACCOUNT])
    to: str = Field(description="The contract that is called.", examples=[EXAMPLE_OTHER_ACCOUNT])
    value: str = Field(default="0", description="Always 0: the relayer pays gas, never value.")
    gas: int = Field(gt=0, description="Gas for the inner call.", examples=[160_000])
    nonce: int = Field(ge=0, description="Sequential per sender.", examples=[0])
    deadline: int = Field(
        description="Unix time after which the request is void.", examples=[1_900_000_000]
    )
    data: str = Field(
        description="Encoded call, 0x-hex.",
        pattern=r"^0x([0-9a-fA-F]{2})*$",
        max_length=300_000,
        examples=["0xf14fcbc8" + EXAMPLE_HASH[2:]],
    )


class CallSummary(BaseModel):
    """What the signature will do, in words a wallet can show."""

    contract: str
    address: str
    function: str
    value: str = Field(description="wei")


class PreparedAction(BaseModel):
    """An action that waits for its author's signature."""

    kind: Literal["typed_data", "transaction"]
    call: CallSummary
    typed_data: dict[str, Any] | None = Field(
        default=None, description="Sign with eth_signTypedData_v4 (kind typed_data)."
    )
    request: ForwardRequest | None = Field(
        default=None, description="Hand in with the signature (kind typed_data)."
    )
    transaction: dict[str, Any] | None = Field(
        default=None, description="Sign as an EIP-1559 transaction (kind transaction)."
    )


def prepare(
    context: Context, account: str, call: ContractCall, own_transaction: bool = False
) -> PreparedAction:
    """Prepares a call for its author.

    Args:
        context: The running backend.
        account: Who will sign; checksummed.
        call: What is to happen.
        own_transaction: Ask for a transaction even where a relayed request would do.

    Raises:
        Problem: 409 `would-revert` with the decoded custom error if the contract refuses the call
            as things stand.
    """
    to = context.contracts.address(call.contract)
    data = context.contracts.encode(call)
    summary = CallSummary(
        contract=call.contract, address=to, function=call.function, value=str(call.value)
    )
    if call.value or own_transaction:
        gas = estimate_gas(context, {"from": account, "to": to, "value": hex(call.value)}, data)
        return PreparedAction(
            kind="transaction",
            call=summary,
            transaction=_transaction(context, account, to, data, call.value, gas),
        )
    forwarder = context.contracts.address("TrustedForwarder")
    appended = data + bytes.fromhex(account[2:])
    gas = estimate_gas(context, {"from": forwarder, "to": to}, appended)
    request = ForwardRequest(
        sender=account,
        to=to,
        gas=gas,
        nonce=_forward_nonce(context, account),
        deadline=int(time.time()) + REQUEST_SECONDS,
        data="0x" + data.hex(),
    )
    typed_data = typed_data_for_forward_request(
        context.contracts, account, call, request.nonce, request.deadline, request.gas
    )
    return PreparedAction(kind="typed_data", call=summary, typed_data=typed_data, request=request)


def estimate_gas(context: Context, transaction: dict[str, Any], data: bytes) -> int:
    """Gas with headroom for a call.

    A call that would revert is a problem with its decoded reason.
    """
    try:
        estimate = context.rpc.call("eth_estimateGas", [{**transaction, "data": "0x" + data.hex()}])
    except RpcError as error:
        raise _would_revert(error) from error
    return int(estimate, 16) * _GAS_NUMERATOR // _GAS_DENOMINATOR + _GAS_MARGIN


def _would_revert(error: RpcError) -> Problem:
    if error.revert_data is None:
        return Problem(
            409,
            "would-revert",
            f"the chain refuses this call: {error.message}",
            mend="Check the account's balance and the state of what the call refers to.",
        )
    return Problem(
        409,
        "would-revert",
        f"the contract refuses this call: {decode_error(error.revert_data).text}",
        mend="See docs/contracts.md for what this error means and how to mend the call.",
    )


def _forward_nonce(context: Context, account: str) -> int:
    on_chain = forwarder_nonce(context.rpc, context.contracts, account)
    with read_scope(context.engine) as session:
        return next_forward_nonce(session, context.deployment.chain_id, account, on_chain)


def _transaction(
    context: Context, account: str, to: str, data: bytes, value: int, gas: int
) -> dict[str, Any]:
    count, price = context.rpc.batch(
        [("eth_getTransactionCount", [account, "pending"]), ("eth_gasPrice", [])]
    )
    nonce = _own_nonce(context.engine, context.deployment.chain_id, account, int(count, 16))
    tip = min(int(price, 16), 10**9)
    return {
        "type": "0x2",
        "chainId": hex(context.deployment.chain_id),
        "nonce": hex(nonce),
        "to": to,
        "value": hex(value),
        "gas": hex(gas),
        "maxFeePerGas": hex(2 * int(price, 16) + tip),
        "maxPriorityFeePerGas": hex(tip),
        "data": "0x" + data.hex(),
    }


def _own_nonce(engine: Engine, chain_id: int, account: str, on_chain: int) -> int:
    # What the account has handed in and the node has not seen yet counts as well.
    statement = select(func.max(chain_transaction.c.nonce)).where(
        chain_transaction.c.chain_id == chain_id,
        chain_transaction.c.kind == "raw",
        chain_transaction.c.sender == account,
        chain_transaction.c.state.not_in([str(state) for state in TERMINAL_STATES]),
    )
    with read_scope(engine) as session:
        queued = session.execute(statement).scalar_one_or_none()
    return on_chain if queued is None else max(on_chain, queued + 1)
