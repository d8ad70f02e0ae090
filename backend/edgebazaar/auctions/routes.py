"""REST: auction rounds, sealed bids and their openings."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Query

from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.pagination import AfterQuery, LimitQuery, Page
from edgebazaar.api.permissions import permission
from edgebazaar.api.prepared import OwnTransaction, PreparedAction, prepare
from edgebazaar.auctions.collections import CollectionService
from edgebazaar.auctions.models import (
    BidRequest,
    CollectionRequest,
    EntitlementList,
    EntitlementView,
    OpeningList,
    OpeningReceipt,
    OpeningRequest,
    OpeningView,
    RoundDetail,
    RoundRequest,
    RoundView,
    ScoresRequest,
)
from edgebazaar.auctions.openings import OpeningService
from edgebazaar.auctions.rounds import require_operator
from edgebazaar.auctions.service import AuctionService

router = APIRouter(prefix="/auctions", tags=["auctions"], responses=PROBLEM_RESPONSES)
routers = [router]

_OPERATOR = "role:operator"


def _service(context: Context) -> AuctionService:
    return AuctionService(context.engine, context.contracts)


def _openings(context: Context) -> OpeningService:
    return OpeningService(context.engine)


def _collections(context: Context) -> CollectionService:
    return CollectionService(context.engine, context.contracts)


@router.get("", **permission("public"))
def list_rounds(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    state: Annotated[
        str | None, Query(description="open, scored, declared, settled or refunded.")
    ] = None,
    operator: str | None = None,
) -> Page[RoundView]:
    """Auction rounds, newest first."""
    page = _service(context).rounds(state=state, operator=operator, limit=limit, after=after)
    return Page(items=[RoundView.of(row) for row in page.rows], next=page.next)


@router.get("/{round_id}", **permission("public"))
def get_round(round_id: str, context: ContextDependency) -> RoundDetail:
    """One round with all of its bids, scores and its result."""
    service = _service(context)
    row = service.round(round_id)
    return RoundDetail.with_bids(row, service.bids(row["round_id"]))


@router.post("/prepare", **permission(_OPERATOR))
def prepare_round(
    body: RoundRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the opening of a round; the brand's price is advanced with it."""
    call = _service(context).open_round(account, body.model_dump())
    return prepare(context, account, call, own_transaction)


@router.post("/{round_id}/bids/prepare", **permission("member"))
def prepare_bid(
    round_id: str, body: BidRequest, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares a sealed bid; the deposit goes with it, so it is a transaction of one's own."""
    call = _service(context).commit_bid(account, round_id, body.submarket, body.commitment)
    return prepare(context, account, call)


@router.post("/{round_id}/scores/prepare", **permission(_OPERATOR))
def prepare_scores(
    round_id: str,
    body: ScoresRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the publication of all scores, before any bid is opened."""
    scores = [score.model_dump() for score in body.scores]
    call = _service(context).publish_scores(account, round_id, scores, body.inputs)
    return prepare(context, account, call, own_transaction)


@router.post("/{round_id}/openings", status_code=201, **permission("session"))
def hand_opening(
    round_id: str, body: OpeningRequest, account: CurrentAccount, context: ContextDependency
) -> OpeningReceipt:
    """Hands amount and salt of the caller's bid to the operator, once scores are published."""
    row = _service(context).round(round_id)
    opening = _openings(context).keep(
        row, account, body.index, body.amount, body.salt, int(time.time())
    )
    return OpeningReceipt(round_id=row["round_id"], index=opening.index)


@router.get("/{round_id}/openings", **permission("session"))
def list_openings(
    round_id: str, account: CurrentAccount, context: ContextDependency
) -> OpeningList:
    """The openings received so far, for the round's operator only."""
    row = require_operator(_service(context).round(round_id), account)
    received = _openings(context).received(row["round_id"])
    return OpeningList(items=[OpeningView.of(opening) for opening in received])


@router.post("/{round_id}/declaration/prepare", **permission(_OPERATOR))
def prepare_declaration(
    round_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the declaration of all bids whose openings were received."""
    call = _service(context).declare_openings(account, round_id)
    return prepare(context, account, call, own_transaction)


@router.post("/{round_id}/own-opening/prepare", **permission("session"))
def prepare_own_opening(
    round_id: str,
    body: OpeningRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the opening on chain of a bid that the operator left out."""
    call = _service(context).open_own_bid(account, round_id, body.index, body.amount, body.salt)
    return prepare(context, account, call, own_transaction)


@router.post("/{round_id}/settlement/prepare", **permission("session"))
def prepare_settlement(
    round_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the settlement, in which the chain itself finds winners and prices."""
    call = _service(context).settle(account, round_id)
    return prepare(context, account, call, own_transaction)


@router.post("/{round_id}/refund/prepare", **permission("session"))
def prepare_refund(
    round_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the refund of everybody when the operator missed one of its times."""
    call = _service(context).refund_all(round_id)
    return prepare(context, account, call, own_transaction)


@router.get("/{round_id}/entitlements", **permission("public"))
def list_entitlements(round_id: str, context: ContextDependency) -> EntitlementList:
    """What an ended round owes each account, with proofs, and what was paid already."""
    service = _service(context)
    row = service.round(round_id)
    owed = _collections(context).owed(row, service.bids(row["round_id"]))
    items = [EntitlementView.of(one) for one in owed]
    return EntitlementList(root=row["entitlement_root"], items=items)


@router.post("/{round_id}/collection/prepare", **permission("session"))
def prepare_collection(
    round_id: str,
    body: CollectionRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the payment of what an ended round owes, to one account or many at once."""
    service = _service(context)
    row = service.round(round_id)
    bids = service.bids(row["round_id"])
    call = _collections(context).collect(row, bids, body.indices)
    return prepare(context, account, call, own_transaction)
