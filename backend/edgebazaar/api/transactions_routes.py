"""Hand in what was signed; see what became of it."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import select

from edgebazaar.addresses import checksum_address
from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES, Problem
from edgebazaar.api.pagination import AfterQuery, LimitQuery, Page, fetch_page
from edgebazaar.api.permissions import permission
from edgebazaar.api.prepared import ForwardRequest
from edgebazaar.chain.explorer import explorer_address
from edgebazaar.chain.indexer import chain_block, chain_event, jsonable
from edgebazaar.chain.outbox import (
    InvalidRequest,
    RawRequest,
    RelayedRequest,
    Transaction,
    TransactionState,
    chain_transaction,
    enqueue,
    find_by_hash,
    find_transaction,
)
from edgebazaar.db import read_scope, session_scope
from edgebazaar.errors import InvalidInput, NotFound

router = APIRouter(prefix="/transactions", tags=["transactions"], responses=PROBLEM_RESPONSES)
Hex = Annotated[str, StringConstraints(pattern=r"^0x([0-9a-fA-F]{2})+$", max_length=300_000)]
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_FIELDS = {
    "raw": "raw_transaction",
    **{name: f"request.{name}" for name in ("sender", "to", "gas", "nonce", "deadline")},
}
"""Fields of submissions by what the outbox calls them."""


class RelayedSubmission(BaseModel):
    """A signed forward request."""

    kind: Literal["relayed"]
    request: ForwardRequest
    signature: Hex = Field(examples=["0x" + "1b" * 65])


class RawSubmission(BaseModel):
    """A transaction that its sender signed."""

    kind: Literal["raw"]
    raw_transaction: Hex = Field(
        description="Signed legacy, EIP-2930 or EIP-1559 transaction.", examples=["0x02f87083"]
    )


Submission = Annotated[RelayedSubmission | RawSubmission, Field(discriminator="kind")]


class CallView(BaseModel):
    """A decoded call."""

    contract: str
    function: str
    arguments: dict[str, Any]


class EventView(BaseModel):
    """A decoded event."""

    contract: str
    event: str
    arguments: dict[str, Any]
    block_number: int
    log_index: int


class FailureView(BaseModel):
    """Why a transaction had no effect."""

    code: str
    message: str
    name: str | None = Field(default=None, description="Custom error of the contract.")
    arguments: dict[str, Any] | None = None


class TransactionView(BaseModel):
    """A transaction from its acceptance to its end."""

    id: str
    kind: Literal["relayed", "raw", "direct"]
    state: str = Field(
        description="accepted, reserved, broadcast, mined; then confirmed, reverted, refused, "
        "failed or replaced."
    )
    sender: str = Field(description="Who acts.")
    signer: str | None = Field(description="Who pays the gas.")
    to: str | None
    value: str = Field(description="wei")
    hash: str | None
    block_number: int | None
    gas_used: int | None
    call: CallView | None
    events: list[EventView]
    indexed: bool = Field(description="Whether the block is in the read model already.")
    error: FailureView | None
    explorer: str | None = Field(description="Address of the transaction in the block explorer.")
    accepted_at: datetime


@router.post("", status_code=202, **permission("session"))
def submit(
    body: Submission, account: CurrentAccount, context: ContextDependency, response: Response
) -> TransactionView:
    """Takes a signed request or transaction.

    It is durable when this answers. The same one again is the same resource.
    """
    request = (
        _relayed(body, account, context)
        if isinstance(body, RelayedSubmission)
        else RawRequest(context.deployment.chain_id, bytes.fromhex(body.raw_transaction[2:]))
    )
    try:
        with session_scope(context.engine) as session:
            transaction = enqueue(session, request)
            if checksum_address(transaction.sender, "sender") != account:
                raise Problem(
                    403,
                    "permission-denied",
                    f"{transaction.sender} signed this, {account} is signed in",
                    mend="Sign in with the account that signs.",
                )
    except InvalidRequest as error:
        error.field = _FIELDS.get(error.field or "", error.field)
        raise
    context.relayer.wake()
    response.headers["Location"] = f"/api/v1/transactions/{transaction.id}"
    return view(context, transaction)


@router.get("", **permission("public"))
def list_transactions(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    sender: str | None = None,
    state: TransactionState | None = None,
) -> Page[TransactionView]:
    """Transactions that were handed in here, newest first."""
    statement = select(chain_transaction.c.sequence, chain_transaction.c.id)
    if sender is not None:
        statement = statement.where(
            chain_transaction.c.sender == checksum_address(sender, "sender")
        )
    if state is not None:
        statement = statement.where(chain_transaction.c.state == state)
    with read_scope(context.engine) as session:
        rows, cursor = fetch_page(
            session.connection(),
            statement,
            [chain_transaction.c.sequence],
            limit=limit,
            after=after,
        )
        found = [find_transaction(session, row["id"]) for row in rows]
    return Page(items=[view(context, one) for one in found if one is not None], next=cursor)


@router.get("/{identifier}", **permission("public"))
def get_transaction(identifier: str, context: ContextDependency) -> TransactionView:
    """One transaction by its id or its hash."""
    with read_scope(context.engine) as session:
        if _HASH.fullmatch(identifier):
            found = find_by_hash(session, identifier)
        else:
            found = find_transaction(session, _uuid(identifier))
    if found is None:
        raise NotFound("transaction", identifier)
    return view(context, found)


def view(context: Context, transaction: Transaction) -> TransactionView:
    """The resource for an outbox row, with decoded call, events and reason."""
    call = (
        context.contracts.decode_call(transaction.to, transaction.data) if transaction.to else None
    )
    # Asked first: events that are read after their block is known to be indexed are complete.
    indexed = _is_indexed(context, transaction)
    return TransactionView(
        id=str(transaction.id),
        kind=transaction.kind.value,
        state=str(transaction.state),
        sender=checksum_address(transaction.sender, "sender"),
        signer=checksum_address(transaction.signer, "signer") if transaction.signer else None,
        to=checksum_address(transaction.to, "to") if transaction.to else None,
        value=str(transaction.value),
        hash=transaction.hash,
        block_number=transaction.block_number,
        gas_used=transaction.gas_used,
        call=CallView(
            contract=call.contract, function=call.function, arguments=jsonable(call.arguments)
        )
        if call
        else None,
        events=_events(context, transaction.hash),
        indexed=indexed,
        error=_failure(transaction),
        explorer=transaction_page(context, transaction.hash),
        accepted_at=transaction.accepted_at,
    )


def transaction_page(context: Context, transaction_hash: str | None) -> str | None:
    """Where a person looks at a transaction: the configured block explorer, else our own page."""
    if transaction_hash is None:
        return None
    own = f"{context.settings.public_url}/transactions/{transaction_hash}"
    return explorer_address(context.settings.explorer_url, transaction_hash) or own


def _relayed(body: RelayedSubmission, account: str, context: Context) -> RelayedRequest:
    request = body.request
    if checksum_address(request.sender, "request.sender") != account:
        raise Problem(
            403,
            "permission-denied",
            f"the request is by {request.sender}, {account} is signed in",
            field="request.sender",
            mend="Sign in with the account that acts.",
        )
    if request.value != "0":
        raise InvalidInput(
            "request.value", "a relayed request carries no value", "Send a transaction of your own"
        )
    if context.contracts.name_at(checksum_address(request.to, "request.to")) is None:
        raise InvalidInput(
            "request.to",
            f"{request.to} is no contract of this deployment",
            "Relay only calls to EdgeBazaar's contracts; see GET /api/v1/deployment",
        )
    return RelayedRequest(
        chain_id=context.deployment.chain_id,
        forwarder=context.contracts.address("TrustedForwarder"),
        sender=account,
        to=request.to,
        data=bytes.fromhex(request.data.removeprefix("0x")),
        gas=request.gas,
        nonce=request.nonce,
        deadline=request.deadline,
        signature=bytes.fromhex(body.signature[2:]),
    )


def _events(context: Context, transaction_hash: str | None) -> list[EventView]:
    if transaction_hash is None:
        return []
    statement = (
        select(chain_event)
        .where(chain_event.c.transaction_hash == transaction_hash)
        .order_by(chain_event.c.block_number, chain_event.c.log_index)
    )
    with read_scope(context.engine) as session:
        return [
            EventView(
                contract=row["contract"],
                event=row["event"],
                arguments=row["arguments"],
                block_number=row["block_number"],
                log_index=row["log_index"],
            )
            for row in session.execute(statement).mappings()
        ]


def _is_indexed(context: Context, transaction: Transaction) -> bool:
    if transaction.block_number is None:
        return False
    statement = select(chain_block.c.hash).where(chain_block.c.number == transaction.block_number)
    with read_scope(context.engine) as session:
        return session.execute(statement).scalar_one_or_none() == transaction.block_hash


def _failure(transaction: Transaction) -> FailureView | None:
    decoded = transaction.error
    reason = str(transaction.reason) if transaction.reason else str(transaction.state)
    if decoded:
        arguments = decoded.get("arguments") or {}
        given = ", ".join(f"{name}={value}" for name, value in arguments.items())
        return FailureView(
            code=reason,
            message=f"{decoded['name']}({given})",
            name=decoded["name"],
            arguments=arguments,
        )
    if transaction.state in {"reverted", "refused", "failed", "replaced"}:
        return FailureView(code=reason, message=transaction.last_error or reason)
    return None


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise InvalidInput(
            "identifier",
            f"{text!r} is neither an id nor a hash",
            "Give the transaction's UUID or 0x-hash",
        ) from error
