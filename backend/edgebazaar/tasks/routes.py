"""REST: tasks and edge service providers (ESPs)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.pagination import AfterQuery, LimitQuery, Page
from edgebazaar.api.permissions import permission
from edgebazaar.api.prepared import OwnTransaction, PreparedAction, prepare
from edgebazaar.reputation.service import ReputationService
from edgebazaar.tasks.documents.routes import router as documents
from edgebazaar.tasks.models import (
    AmountRequest,
    AssignmentRequest,
    ComplaintRequest,
    DeliveryRequest,
    KeyRequest,
    OfferRequest,
    ProviderView,
    SelectionView,
    TaskDetail,
    TaskEvent,
    TaskRequest,
    TaskView,
)
from edgebazaar.tasks.providers import ProviderService
from edgebazaar.tasks.selections import SelectionService
from edgebazaar.tasks.service import TaskService

tasks = APIRouter(prefix="/tasks", tags=["tasks"], responses=PROBLEM_RESPONSES)
providers = APIRouter(prefix="/esps", tags=["esps"], responses=PROBLEM_RESPONSES)
routers = [tasks, documents, providers]

_PROVIDER = "role:edge_service_provider"


def _tasks(context: Context) -> TaskService:
    return TaskService(context.engine)


def _dispute_window(context: Context) -> int:
    return int(context.deployment.profile["dispute_window"])


def _providers(context: Context) -> ProviderService:
    return ProviderService(context.engine, context.contracts)


def _selections(context: Context) -> SelectionService:
    return SelectionService(context.engine, context.contracts, context.rpc)


def _reputations(context: Context) -> ReputationService:
    return ReputationService(context.engine, context.deployment)


@tasks.get("", **permission("public"))
def list_tasks(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    producer: str | None = None,
    provider: str | None = None,
    state: Annotated[
        str | None,
        Query(description="posted, assigned, delivered, accepted, settled, closed or refunded."),
    ] = None,
    content: Annotated[str | None, Query(description="Hash of the content delivered.")] = None,
) -> Page[TaskView]:
    """Tasks, newest first."""
    page = _tasks(context).tasks(
        producer=producer,
        provider=provider,
        state=state,
        content_hash=content,
        limit=limit,
        after=after,
    )
    return Page(
        items=[TaskView.of(row, _dispute_window(context)) for row in page.rows], next=page.next
    )


@tasks.get("/{task_id}", **permission("public"))
def get_task(task_id: str, context: ContextDependency) -> TaskDetail:
    """One task with its whole history."""
    service = _tasks(context)
    row = service.task(task_id)
    history = [TaskEvent.of(step) for step in service.history(row)]
    return TaskDetail.of(row, _dispute_window(context), history=history)


@tasks.get("/{task_id}/selection", **permission("public"))
def get_selection(task_id: str, context: ContextDependency) -> SelectionView:
    """The selection on record, recomputed; for a posted task what its policy selects now."""
    return SelectionView.of(_selections(context).selection(task_id))


@tasks.post("/prepare", **permission("role:producer"))
def prepare_task(
    body: TaskRequest, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares a task; the fee goes with it, so it is a transaction of one's own."""
    return prepare(context, account, _tasks(context).post(account, body.model_dump()))


@tasks.post("/{task_id}/assignment/prepare", **permission("role:producer"))
def prepare_assignment(
    task_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    body: AssignmentRequest | None = None,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the assignment of the provider that the task's policy selects."""
    provider = body.provider if body else None
    call = _selections(context).assign(account, task_id, provider)
    return prepare(context, account, call, own_transaction)


@tasks.post("/{task_id}/delivery/prepare", **permission(_PROVIDER))
def prepare_delivery(
    task_id: str,
    body: DeliveryRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares a delivery: the commitment to key, ciphertext and content."""
    call = _tasks(context).deliver(
        account,
        task_id,
        hashlock=body.hashlock,
        ciphertext_root=body.ciphertext_root,
        content_hash=body.content_hash,
        content_size=body.content_size,
        locator=body.locator,
    )
    return prepare(context, account, call, own_transaction)


@tasks.post("/{task_id}/acceptance/prepare", **permission("session"))
def prepare_acceptance(
    task_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the producer's confirmation that it holds the ciphertext."""
    return prepare(context, account, _tasks(context).accept(account, task_id), own_transaction)


@tasks.post("/{task_id}/settlement/prepare", **permission("session"))
def prepare_settlement(
    task_id: str,
    body: KeyRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the revelation of the content key, which pays the provider."""
    call = _tasks(context).settle(account, task_id, body.preimage)
    return prepare(context, account, call, own_transaction)


@tasks.post("/{task_id}/complaint/prepare", **permission("session"))
def prepare_complaint(
    task_id: str,
    body: ComplaintRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the proof that a paid delivery is wrong; fee and bond go to the task's producer."""
    call = _tasks(context).complain(task_id, body.evidence, _dispute_window(context))
    return prepare(context, account, call, own_transaction)


@tasks.post("/{task_id}/closure/prepare", **permission("session"))
def prepare_closure(
    task_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the end of a task that did not go on in time; anybody may ask for it."""
    return prepare(context, account, _tasks(context).close(task_id), own_transaction)


@providers.get("", **permission("public"))
def list_providers(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    eligible: Annotated[
        bool | None, Query(description="Only those that may (or may not) be assigned tasks.")
    ] = None,
) -> Page[ProviderView]:
    """Edge service providers, by account."""
    page = _providers(context).providers(eligible=eligible, limit=limit, after=after)
    means = _reputations(context).mean_expectations([row["account"] for row in page.rows])
    items = [ProviderView.of(row, means.get(row["account"])) for row in page.rows]
    return Page(items=items, next=page.next)


@providers.get("/{account}", **permission("public"))
def get_provider(account: str, context: ContextDependency) -> ProviderView:
    """One edge service provider; its reputation over time is at /reputations/{account}/series."""
    row = _providers(context).provider(account)
    means = _reputations(context).mean_expectations([row["account"]])
    return ProviderView.of(row, means.get(row["account"]))


@providers.post("/offer/prepare", **permission(_PROVIDER))
def prepare_offer(
    body: OfferRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the statement of what the caller takes on."""
    call = _providers(context).set_offer(body.minimum_fee, body.minimum_duration, body.capacity)
    return prepare(context, account, call, own_transaction)


@providers.post("/stake/prepare", **permission(_PROVIDER))
def prepare_stake(
    body: AmountRequest, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares an addition to the caller's stake; a transaction of one's own."""
    return prepare(context, account, _providers(context).stake(body.amount))


@providers.post("/unstake/prepare", **permission("session"))
def prepare_unstake(
    body: AmountRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the return of stake to the caller, whether it is still a member or not."""
    call = _providers(context).unstake(account, body.amount)
    return prepare(context, account, call, own_transaction)
