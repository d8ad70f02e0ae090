"""Pages of the ledger itself: welcome, look-up, transactions, audits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select, tuple_

from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.transactions_routes import (
    CallView,
    EventView,
    FailureView,
    TransactionView,
    get_transaction,
    list_transactions,
)
from edgebazaar.auctions import routes as auctions
from edgebazaar.audit import routes as audits
from edgebazaar.chain.explorer import TransactionView as ChainTransaction
from edgebazaar.chain.explorer import explorer_address, view_transaction
from edgebazaar.chain.indexer import chain_block, chain_event, jsonable
from edgebazaar.chain.outbox import TransactionState
from edgebazaar.content import challenge_routes as challenges
from edgebazaar.content import routes as contents
from edgebazaar.db import read_scope
from edgebazaar.errors import InvalidInput, NotFound
from edgebazaar.exchange import routes as exchanges
from edgebazaar.tasks import routes as tasks
from edgebazaar.tasks.providers import ProviderService
from edgebazaar.web.formats import is_address, is_hash
from edgebazaar.web.rendering import following, given, render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NEWEST_WORKS = 8
_NEWEST_TRANSACTIONS = 6
_MANY = 200
_COUNTED = {
    ("ProofOfAIGC", "ContentRegistered"): "contents",
    ("TaskBoard", "TaskPosted"): "tasks",
    ("AuctionHouse", "RoundOpened"): "auctions",
    ("AtomicSale", "SaleSettled"): "sales",
    ("Challenges", "ChallengeOpened"): "challenges",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A transaction as its page shows it, whether it was handed in here or not.

    Attributes:
        title: Its hash, or its id where it has none yet.
        state: State of the outbox or of the chain.
        sender: Who acts.
        signer: Who pays the gas.
        to: What is called.
        value: wei, decimal.
        hash, block_number, block_time, gas_used, fee: None while not in a block or not known.
        call, events, error: Decoded.
        accepted_at: When it was handed in here, unix time.
        kind: relayed, raw, direct; None where it was not handed in here.
        explorer: Its page in the configured block explorer.
        creates: Contract of this deployment that it created.
    """

    title: str
    state: str
    sender: str
    signer: str | None
    to: str | None
    value: str
    hash: str | None
    block_number: int | None
    block_time: int | None
    gas_used: int | None
    fee: int | None
    call: CallView | None
    events: list[EventView]
    error: FailureView | None
    accepted_at: int | None
    kind: str | None
    explorer: str | None
    creates: str | None = None


@router.get("/")
def home(request: Request, context: ContextDependency) -> Response:
    """What this is, how much of it there is, and what is new."""
    eligible = ProviderService(context.engine, context.contracts).providers(
        eligible=True, limit=_MANY
    )
    return render(
        request,
        "home.html",
        counts=_counts(context),
        providers=len(eligible.rows),
        more_providers=eligible.next is not None,
        works=contents.list_contents(context, limit=_NEWEST_WORKS).items,
        transactions=list_transactions(context, limit=_NEWEST_TRANSACTIONS).items,
    )


@router.get("/find")
def find(request: Request, context: ContextDependency, q: str = "") -> Response:
    """Goes to whatever a hash, id or address names."""
    wanted = q.strip()
    if is_address(wanted):
        return RedirectResponse(f"/members/{wanted}", 303)
    if _UUID.fullmatch(wanted):
        return RedirectResponse(f"/transactions/{wanted}", 303)
    if not is_hash(wanted):
        raise NotFound(
            "entry named", repr(wanted[:80]), "Give an address, a hash or an id in full."
        )
    key = wanted.lower()
    places: tuple[tuple[str, Any], ...] = (
        ("/contents", contents.get_content),
        ("/tasks", tasks.get_task),
        ("/auctions", auctions.get_round),
        ("/exchanges/locks", exchanges.get_lock),
        ("/exchanges/sales", exchanges.get_sale),
        ("/challenges", challenges.get_challenge),
    )
    for folder, read in places:
        try:
            read(key, context)
        except NotFound:
            continue
        return RedirectResponse(f"{folder}/{quote(key)}", 303)
    return RedirectResponse(f"/transactions/{quote(key)}", 303)


@router.get("/transactions")
def transactions(
    request: Request,
    context: ContextDependency,
    after: str | None = None,
    sender: str | None = None,
    state: str | None = None,
) -> Response:
    """What was handed in here, newest first."""
    page = list_transactions(
        context, limit=30, after=after, sender=given(sender), state=_state(given(state))
    )
    return render(
        request,
        "transactions.html",
        transactions=page.items,
        next=following(request, page.next),
        after=after,
        sender=given(sender),
        state=given(state),
        states=[str(one) for one in TransactionState],
    )


@router.get("/transactions/{identifier}")
def transaction(identifier: str, request: Request, context: ContextDependency) -> Response:
    """One transaction, decoded: our own explorer page."""
    try:
        shown = _of_outbox(context, get_transaction(identifier, context))
    except NotFound:
        if not is_hash(identifier):
            raise
        shown = _of_chain(context, view_transaction(context.rpc, context.contracts, identifier))
    return render(request, "transaction.html", transaction=shown)


@router.get("/audits")
def audit_list(request: Request, context: ContextDependency, after: str | None = None) -> Response:
    """Audits, newest first."""
    page = audits.list_audits(context, limit=20, after=after)
    return render(
        request,
        "audits.html",
        audits=page.items,
        next=following(request, page.next),
        after=after,
    )


@router.get("/audits/{audit_id}")
def audit(audit_id: str, request: Request, context: ContextDependency) -> Response:
    """One audit, check by check."""
    return render(request, "audit.html", audit=audits.read(audit_id, context))


def _counts(context: Context) -> dict[str, int]:
    event = tuple_(chain_event.c.contract, chain_event.c.event)
    statement = (
        select(chain_event.c.contract, chain_event.c.event, func.count())
        .where(event.in_(_COUNTED))
        .group_by(chain_event.c.contract, chain_event.c.event)
    )
    with read_scope(context.engine) as session:
        found = {
            _COUNTED[contract, name]: count for contract, name, count in session.execute(statement)
        }
    return {name: found.get(name, 0) for name in _COUNTED.values()}


def _state(text: str | None) -> TransactionState | None:
    try:
        return TransactionState(text) if text else None
    except ValueError as error:
        known = ", ".join(TransactionState)
        raise InvalidInput("state", f"no state is called {text!r}", f"Use {known}") from error


def _block_time(context: Context, number: int | None) -> int | None:
    if number is None:
        return None
    statement = select(chain_block.c.timestamp).where(chain_block.c.number == number)
    with read_scope(context.engine) as session:
        return session.execute(statement).scalar_one_or_none()


def _of_outbox(context: Context, found: TransactionView) -> Shown:
    return Shown(
        title=found.hash or found.id,
        state=found.state,
        sender=found.sender,
        signer=found.signer,
        to=found.to,
        value=found.value,
        hash=found.hash,
        block_number=found.block_number,
        block_time=_block_time(context, found.block_number),
        gas_used=found.gas_used,
        fee=None,
        call=found.call,
        events=found.events,
        error=found.error,
        accepted_at=int(found.accepted_at.timestamp()),
        kind=found.kind,
        explorer=_outside(context, found.hash),
    )


def _of_chain(context: Context, found: ChainTransaction) -> Shown:
    revert = found.revert
    error = (
        FailureView(
            code="reverted",
            message=revert.text,
            name=revert.name,
            arguments=jsonable(revert.arguments),
        )
        if revert
        else None
    )
    return Shown(
        title=found.hash,
        state=found.status,
        sender=found.actor,
        signer=found.sender,
        to=found.to,
        value=str(found.value),
        hash=found.hash,
        block_number=found.block_number,
        block_time=found.block_timestamp,
        gas_used=found.gas_used,
        fee=found.fee,
        call=CallView(
            contract=found.call.contract,
            function=found.call.function,
            arguments=jsonable(found.call.arguments),
        )
        if found.call
        else None,
        events=[
            EventView(
                contract=one.contract,
                event=one.event,
                arguments=jsonable(one.arguments),
                block_number=found.block_number or 0,
                log_index=place,
            )
            for place, one in enumerate(found.events)
        ],
        error=error,
        accepted_at=None,
        kind=None,
        explorer=_outside(context, found.hash),
        creates=next(
            (
                name
                for name, deployed in context.deployment.contracts.items()
                if str(deployed.transaction) == found.hash
            ),
            None,
        ),
    )


def _outside(context: Context, transaction_hash: str | None) -> str | None:
    if transaction_hash is None:
        return None
    return explorer_address(context.settings.explorer_url, transaction_hash)
