"""Pages of the market: providers, tasks, exchanges, members."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.transactions_routes import list_transactions
from edgebazaar.content import routes as contents
from edgebazaar.content.models import ContentView
from edgebazaar.errors import NotFound
from edgebazaar.exchange import routes as exchanges
from edgebazaar.exchange.sales import STATES as SALE_STATES
from edgebazaar.exchange.sales import PayoutService
from edgebazaar.exchange.service import STATES as LOCK_STATES
from edgebazaar.identity import routes as members
from edgebazaar.identity.roles import ROLE_NAMES
from edgebazaar.reputation import routes as reputations
from edgebazaar.schemas import account_text
from edgebazaar.tasks import routes as tasks
from edgebazaar.web.charts import Step, trust_chart
from edgebazaar.web.formats import WAD, date_text, is_address
from edgebazaar.web.rendering import following, given, render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

TASK_STATES = ("posted", "assigned", "delivered", "accepted", "settled", "closed")
TASK_TITLES = {
    "posted": "Posted with its fee",
    "assigned": "Assigned by its policy",
    "delivered": "Delivered, encrypted",
    "accepted": "Accepted: the ciphertext arrived",
    "settled": "Key revealed, fee paid",
    "closed": "Closed",
}
_PAGE = 30
_Found = TypeVar("_Found")


@router.get("/esps")
def providers(
    request: Request,
    context: ContextDependency,
    after: str | None = None,
    eligible: str | None = None,
) -> Response:
    """Edge service providers with stake, outcomes and trust."""
    wanted = {"yes": True, "no": False}.get(given(eligible) or "")
    page = tasks.list_providers(context, limit=_PAGE, after=after, eligible=wanted)
    return render(
        request,
        "esps.html",
        providers=page.items,
        next=following(request, page.next),
        after=after,
        eligible=given(eligible),
    )


@router.get("/esps/{account}")
def provider(account: str, request: Request, context: ContextDependency) -> Response:
    """One provider: its reputation over time, who trusts it how much, its tasks."""
    found = tasks.get_provider(account, context)
    series = reputations.get_series(found.account, context).points
    steps = [
        Step(
            point.mean_trust,
            {rater: int(value) / WAD for rater, value in point.expectations.items()},
            point.positive,
            f"{'went well' if point.positive else 'went badly'}, then {point.mean_trust:.3f}"
            f" ({date_text(point.origin.time.unix)})",
        )
        for point in series
    ]
    return render(
        request,
        "esp.html",
        provider=found,
        subject=reputations.get_subject(found.account, context),
        points=series,
        chart=trust_chart(steps),
        tasks=tasks.list_tasks(context, limit=12, provider=found.account),
    )


@router.get("/tasks")
def task_list(
    request: Request,
    context: ContextDependency,
    after: str | None = None,
    state: str | None = None,
    producer: str | None = None,
    provider: str | None = None,
) -> Response:
    """Tasks, newest first."""
    people = {"producer": given(producer), "provider": given(provider)}
    page = tasks.list_tasks(context, limit=_PAGE, after=after, state=given(state), **people)
    return render(
        request,
        "tasks.html",
        tasks=page.items,
        next=following(request, page.next),
        after=after,
        state=given(state),
        states=TASK_STATES,
        people=people,
    )


@router.get("/tasks/{task_id}")
def task(task_id: str, request: Request, context: ContextDependency) -> Response:
    """One task: its terms, how its provider was selected, what happened."""
    found = tasks.get_task(task_id, context)
    selection = None
    if found.selection is not None and found.selection.candidates:
        selection = tasks.get_selection(found.task_id, context)
    work = _work(context, found.delivery.content_hash) if found.delivery else None
    return render(
        request,
        "task.html",
        task=found,
        selection=selection,
        titles=TASK_TITLES,
        work=work,
    )


@router.get("/exchanges")
def exchange_list(
    request: Request,
    context: ContextDependency,
    locks_after: str | None = None,
    sales_after: str | None = None,
    lock_state: str | None = None,
    sale_state: str | None = None,
) -> Response:
    """Sales and hashed-timelock locks, newest first."""
    sales = exchanges.list_sales(context, limit=15, after=sales_after, state=given(sale_state))
    locks = exchanges.list_locks(context, limit=15, after=locks_after, state=given(lock_state))
    return render(
        request,
        "exchanges.html",
        sales=sales.items,
        locks=locks.items,
        next_sales=following(request, sales.next, "sales_after"),
        next_locks=following(request, locks.next, "locks_after"),
        lock_state=given(lock_state),
        sale_state=given(sale_state),
        lock_states=LOCK_STATES,
        sale_states=SALE_STATES,
    )


@router.get("/exchanges/sales/{sale_id}")
def sale(sale_id: str, request: Request, context: ContextDependency) -> Response:
    """One sale."""
    found = exchanges.get_sale(sale_id, context)
    return render(request, "sale.html", sale=found, work=_work(context, found.content_hash))


@router.get("/exchanges/locks/{lock_id}")
def lock(lock_id: str, request: Request, context: ContextDependency) -> Response:
    """One lock, and the locks it is linked with."""
    found = exchanges.get_lock(lock_id, context)
    content_hash = found.asset.content_hash or found.guarded_content
    linked = [found.first_lock] if found.first_lock else found.answers
    return render(
        request,
        "lock.html",
        lock=found,
        linked=[exchanges.get_lock(one, context) for one in linked],
        work=_work(context, content_hash) if content_hash else None,
    )


@router.get("/members")
def member_list(
    request: Request,
    context: ContextDependency,
    after: str | None = None,
    role: str | None = None,
    active: str | None = None,
) -> Response:
    """Members of the consortium."""
    wanted = {"yes": True, "no": False}.get(given(active) or "")
    page = members.list_members(context, limit=60, after=after, role=given(role), active=wanted)
    return render(
        request,
        "members.html",
        members=page.items,
        next=following(request, page.next),
        after=after,
        role=given(role),
        roles=list(ROLE_NAMES),
        active=given(active),
    )


@router.get("/members/{account}")
def member(account: str, request: Request, context: ContextDependency) -> Response:
    """One account: its membership, its works, what it did."""
    if not is_address(account):
        raise NotFound("account", account[:80], "Give an address: 0x and 40 hexadecimal digits.")
    address = account_text(account)
    return render(
        request,
        "member.html",
        account=address,
        member=_found(lambda: members.get_member(address, context)),
        provider=_found(lambda: tasks.get_provider(address, context)),
        contract=context.contracts.name_at(address),
        credit=PayoutService(context.engine).credit(address),
        created=contents.list_contents(context, limit=8, creator=address),
        owned=contents.list_contents(context, limit=8, owner=address),
        transactions=list_transactions(context, limit=10, sender=address).items,
    )


def _work(context: Context, content_hash: str) -> ContentView | None:
    return _found(lambda: contents.get_content(content_hash, context))


def _found(read: Callable[[], _Found]) -> _Found | None:
    try:
        return read()
    except NotFound:
        return None
