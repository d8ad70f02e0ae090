"""REST: hashed-timelock locks, sales, and payout credits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.pagination import AfterQuery, LimitQuery, Page
from edgebazaar.api.permissions import permission
from edgebazaar.api.prepared import OwnTransaction, PreparedAction, prepare
from edgebazaar.exchange.incentives import routes as incentives
from edgebazaar.exchange.models import (
    AnswerRequest,
    CreditView,
    LockDetail,
    LockRequest,
    LockView,
    PreimageRequest,
    SaleRequest,
    SaleView,
)
from edgebazaar.exchange.sales import PayoutService, SaleService
from edgebazaar.exchange.service import LockService
from edgebazaar.schemas import account_text

locks = APIRouter(prefix="/exchanges/locks", tags=["exchanges"], responses=PROBLEM_RESPONSES)
sales = APIRouter(prefix="/exchanges/sales", tags=["exchanges"], responses=PROBLEM_RESPONSES)
payouts = APIRouter(prefix="/payouts", tags=["payouts"], responses=PROBLEM_RESPONSES)
routers = [locks, sales, payouts, *incentives.routers]


def _locks(context: Context) -> LockService:
    return LockService(context.engine, context.contracts)


def _sales(context: Context) -> SaleService:
    return SaleService(context.engine, context.contracts)


@locks.get("", **permission("public"))
def list_locks(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    sender: str | None = None,
    receiver: str | None = None,
    state: Annotated[str | None, Query(description="open, claimed or refunded.")] = None,
    hashlock: str | None = None,
    first_lock: Annotated[str | None, Query(description="Locks that answer this one.")] = None,
) -> Page[LockView]:
    """Locks, newest first."""
    page = _locks(context).locks(
        sender=sender,
        receiver=receiver,
        state=state,
        hashlock=hashlock,
        first_lock=first_lock,
        limit=limit,
        after=after,
    )
    return Page(items=[LockView.of(row) for row in page.rows], next=page.next)


@locks.get("/{lock_id}", **permission("public"))
def get_lock(lock_id: str, context: ContextDependency) -> LockDetail:
    """One lock, and which locks answer it."""
    row = _locks(context).lock(lock_id)
    return LockDetail.of(row, answers=row["answers"])


@locks.post("/prepare", **permission("member"))
def prepare_lock(
    body: LockRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares a first or single lock; locking the native coin is a transaction of one's own."""
    call = _locks(context).open(
        account,
        receiver=body.receiver,
        asset=body.asset.model_dump(),
        hashlock=body.hashlock,
        timelock=body.timelock,
        expected_asset=body.expected_asset.model_dump() if body.expected_asset else None,
    )
    return prepare(context, account, call, own_transaction)


@locks.post("/{lock_id}/answer/prepare", **permission("member"))
def prepare_answer(
    lock_id: str,
    body: AnswerRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the lock that answers a first one; parties and hashlock follow from it."""
    call = _locks(context).answer(
        account,
        lock_id,
        asset=body.asset.model_dump(),
        timelock=body.timelock,
    )
    return prepare(context, account, call, own_transaction)


@locks.post("/{lock_id}/claim/prepare", **permission("session"))
def prepare_claim(
    lock_id: str,
    body: PreimageRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the payment of a lock's receiver; anybody may ask for it."""
    call = _locks(context).claim(lock_id, body.preimage)
    return prepare(context, account, call, own_transaction)


@locks.post("/{lock_id}/refund/prepare", **permission("session"))
def prepare_refund(
    lock_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the refund of a lock's sender; anybody may ask for it from the timelock on."""
    return prepare(context, account, _locks(context).refund(lock_id), own_transaction)


@sales.get("", **permission("public"))
def list_sales(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    buyer: str | None = None,
    seller: str | None = None,
    content: Annotated[str | None, Query(description="Hash of the content sold.")] = None,
    state: Annotated[str | None, Query(description="open, settled or refunded.")] = None,
) -> Page[SaleView]:
    """Sales, newest first."""
    page = _sales(context).sales(
        buyer=buyer, seller=seller, content_hash=content, state=state, limit=limit, after=after
    )
    return Page(items=[SaleView.of(row) for row in page.rows], next=page.next)


@sales.get("/{sale_id}", **permission("public"))
def get_sale(sale_id: str, context: ContextDependency) -> SaleView:
    """One sale."""
    return SaleView.of(_sales(context).sale(sale_id))


@sales.post("/prepare", **permission("member"))
def prepare_sale(
    body: SaleRequest, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares a purchase; the price goes with it, so it is a transaction of one's own."""
    call = _sales(context).open(
        account,
        body.content_hash,
        price=body.price,
        hashlock=body.hashlock,
        timelock=body.timelock,
    )
    return prepare(context, account, call)


@sales.post("/{sale_id}/settlement/prepare", **permission("session"))
def prepare_settlement(
    sale_id: str,
    body: PreimageRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the seller's handing over of content and key against the price."""
    call = _sales(context).settle(account, sale_id, body.preimage)
    return prepare(context, account, call, own_transaction)


@sales.post("/{sale_id}/refund/prepare", **permission("session"))
def prepare_sale_refund(
    sale_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the refund of a buyer; anybody may ask for it from the timelock on."""
    return prepare(context, account, _sales(context).refund(sale_id), own_transaction)


@payouts.get("/{account}", **permission("public"))
def get_credit(account: str, context: ContextDependency) -> CreditView:
    """What waits for an account."""
    amount = PayoutService(context.engine).credit(account)
    return CreditView(account=account_text(account), amount=str(amount))


@payouts.post("/{receiver}/withdrawal/prepare", **permission("session"))
def prepare_withdrawal(
    receiver: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the payment of an account's whole credit to that account; anybody may ask for it."""
    call = PayoutService(context.engine).withdraw(receiver)
    return prepare(context, account, call, own_transaction)
