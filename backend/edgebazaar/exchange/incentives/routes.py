"""REST: premiums on two-lock exchanges, exits from locks, bounties for completing them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.pagination import AfterQuery, LimitQuery, Page
from edgebazaar.api.permissions import permission
from edgebazaar.api.prepared import OwnTransaction, PreparedAction, prepare
from edgebazaar.exchange.incentives.bounties import BountyService
from edgebazaar.exchange.incentives.models import (
    BountyRequest,
    BountyView,
    ExitRequest,
    ExitView,
    PremiumsRequest,
    PremiumsView,
    TakeBackRequest,
)
from edgebazaar.exchange.incentives.premiums import PremiumService
from edgebazaar.exchange.models import PreimageRequest
from edgebazaar.exchange.service import LockService
from edgebazaar.schemas import account_text

premiums = APIRouter(prefix="/exchanges/premiums", tags=["exchanges"], responses=PROBLEM_RESPONSES)
bounties = APIRouter(prefix="/exchanges/bounties", tags=["exchanges"], responses=PROBLEM_RESPONSES)
locks = APIRouter(prefix="/exchanges/locks", tags=["exchanges"], responses=PROBLEM_RESPONSES)
routers = [premiums, bounties, locks]


def _premiums(context: Context) -> PremiumService:
    return PremiumService(context.engine, context.contracts)


def _bounties(context: Context) -> BountyService:
    return BountyService(context.engine, context.contracts)


@premiums.get("", **permission("public"))
def list_premiums(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    leader: str | None = None,
    follower: str | None = None,
    state: Annotated[str | None, Query(description="deposited, joined, answered, closed.")] = None,
    lock_id: Annotated[str | None, Query(description="Id of either lock.")] = None,
) -> Page[PremiumsView]:
    """Premiums on exchanges, newest first."""
    page = _premiums(context).premiums(
        leader=leader, follower=follower, state=state, lock_id=lock_id, limit=limit, after=after
    )
    return Page(items=[PremiumsView.of(row) for row in page.rows], next=page.next)


@premiums.get("/{premiums_id}", **permission("public"))
def get_premiums(premiums_id: str, context: ContextDependency) -> PremiumsView:
    """One pair of premiums."""
    return PremiumsView.of(_premiums(context).premium(premiums_id))


@premiums.post("/prepare", **permission("member"))
def prepare_premiums(
    body: PremiumsRequest, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares the follower's premium, which goes with it, so it is a transaction of one's own."""
    call = _premiums(context).deposit(
        account,
        leader=body.leader,
        asset=body.asset.model_dump(),
        expected_asset=body.expected_asset.model_dump(),
        hashlock=body.hashlock,
        timelock=body.timelock,
        answer_timelock=body.answer_timelock,
        leader_premium=body.leader_premium,
        follower_premium=body.follower_premium,
        join_until=body.join_until,
        answer_until=body.answer_until,
    )
    return prepare(context, account, call)


@premiums.post("/{premiums_id}/join/prepare", **permission("session"))
def prepare_join(
    premiums_id: str, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares the leader's premium, once its lock is open; a transaction of one's own."""
    return prepare(context, account, _premiums(context).join(account, premiums_id))


@premiums.post("/{premiums_id}/withdrawal/prepare", **permission("session"))
def prepare_premium_withdrawal(
    premiums_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the follower's repayment where the leader did not join; anybody may ask for it."""
    return prepare(context, account, _premiums(context).withdraw(premiums_id), own_transaction)


@premiums.post("/{premiums_id}/settlement/prepare", **permission("session"))
def prepare_premium_settlement(
    premiums_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the payment of what both locks' states make due; anybody may ask for it."""
    return prepare(context, account, _premiums(context).settle(premiums_id), own_transaction)


@bounties.get("", **permission("public"))
def list_bounties(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    lock_id: str | None = None,
    depositor: str | None = None,
    waiting: Annotated[bool | None, Query(description="Not paid yet, or paid.")] = None,
) -> Page[BountyView]:
    """Bounties for completing locks, newest first."""
    page = _bounties(context).bounties(
        lock_id=lock_id, depositor=depositor, waiting=waiting, limit=limit, after=after
    )
    return Page(items=[BountyView.of(row) for row in page.rows], next=page.next)


@locks.get("/{lock_id}/exit", **permission("public"))
def get_exit(lock_id: str, context: ContextDependency) -> ExitView:
    """What both parties sign to leave a lock before its timelock."""
    service = LockService(context.engine, context.contracts)
    row = service.lock(lock_id)
    return ExitView(
        lock_id=row["lock_id"],
        sender=account_text(row["sender"]),
        receiver=account_text(row["receiver"]),
        typed_data=service.exit_typed_data(lock_id),
    )


@locks.post("/{lock_id}/exit/prepare", **permission("session"))
def prepare_exit(
    lock_id: str,
    body: ExitRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the early refund that both parties agreed to; anybody with both consents may."""
    call = LockService(context.engine, context.contracts).exit(
        lock_id,
        sender_signature=body.sender_signature,
        receiver_signature=body.receiver_signature,
    )
    return prepare(context, account, call, own_transaction)


@locks.post("/{lock_id}/bounties/prepare", **permission("session"))
def prepare_bounty(
    lock_id: str, body: BountyRequest, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares a bounty, which goes with it, so it is a transaction of one's own."""
    call = _bounties(context).deposit(lock_id, body.ending, body.amount)
    return prepare(context, account, call)


@locks.post("/{lock_id}/bounties/claim/prepare", **permission("session"))
def prepare_bounty_claim(
    lock_id: str,
    body: PreimageRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the claim of a lock for its receiver that earns the caller the bounties for it."""
    call = _bounties(context).claim(lock_id, body.preimage)
    return prepare(context, account, call, own_transaction)


@locks.post("/{lock_id}/bounties/refund/prepare", **permission("session"))
def prepare_bounty_refund(
    lock_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the refund of a lock to its sender that earns the caller the bounties for it."""
    return prepare(context, account, _bounties(context).refund(lock_id), own_transaction)


@locks.post("/{lock_id}/bounties/return/prepare", **permission("session"))
def prepare_bounty_return(
    lock_id: str,
    body: TakeBackRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the return of a bounty that nobody earned; anybody may ask for it."""
    call = _bounties(context).take_back(lock_id, body.depositor, body.ending)
    return prepare(context, account, call, own_transaction)
