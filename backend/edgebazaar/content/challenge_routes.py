"""REST: challenges of near-copies."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.pagination import AfterQuery, LimitQuery, Page
from edgebazaar.api.permissions import permission
from edgebazaar.api.prepared import OwnTransaction, PreparedAction, prepare
from edgebazaar.content.arbitration import ArbitrationService
from edgebazaar.content.challenge_models import (
    AppealView,
    ChallengeDetail,
    ChallengeRequest,
    ChallengeTermsView,
    ChallengeView,
    EvidenceRequest,
    VoteRequest,
)
from edgebazaar.content.challenges import ChallengeService

challenges = APIRouter(prefix="/challenges", tags=["challenges"], responses=PROBLEM_RESPONSES)


def _service(context: Context) -> ChallengeService:
    return ChallengeService(context.engine, context.contracts)


def _panel(context: Context) -> ArbitrationService:
    return ArbitrationService(context.engine, context.contracts)


@challenges.get("", **permission("public"))
def list_challenges(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    state: Annotated[
        str | None,
        Query(
            description="open, contested, decided, appealed, conceded, upheld, rejected or closed."
        ),
    ] = None,
    challenger: str | None = None,
    accused: str | None = None,
    content: Annotated[
        str | None, Query(description="Challenges with this content on either side.")
    ] = None,
) -> Page[ChallengeView]:
    """Challenges, newest first."""
    page = _service(context).challenges(
        state=state,
        challenger=challenger,
        accused=accused,
        content_hash=content,
        limit=limit,
        after=after,
    )
    return Page(items=[ChallengeView.of(row) for row in page.rows], next=page.next)


@challenges.get("/terms", **permission("public"))
def get_challenge_terms(
    context: ContextDependency,
    duplicate: Annotated[str | None, Query(description="Content that would be challenged.")] = None,
    challenger: Annotated[str | None, Query(description="Who would challenge it.")] = None,
) -> ChallengeTermsView:
    """What a challenge would take; the deposit doubles with each rejected one of this pair."""
    service = _service(context)
    deposit = service.deposit
    if duplicate is not None and challenger is not None:
        deposit = service.deposit_of(duplicate, challenger)
    return ChallengeTermsView(deposit=str(deposit), **service.periods)


@challenges.get("/{challenge_id}", **permission("public"))
def get_challenge(challenge_id: str, context: ContextDependency) -> ChallengeDetail:
    """One challenge with the statements of both parties."""
    service = _service(context)
    row = service.challenge(challenge_id)
    return ChallengeDetail.with_evidence(row, service.evidence(challenge_id))


@challenges.post("/prepare", **permission("member"))
def prepare_challenge(
    body: ChallengeRequest, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares a challenge; the deposit goes with it, so it is a transaction of one's own."""
    call = _service(context).open(account, body.original, body.duplicate)
    return prepare(context, account, call)


@challenges.post("/{challenge_id}/concession/prepare", **permission("session"))
def prepare_concession(
    challenge_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the accused's giving up: the copy is removed, nobody loses money."""
    call = _service(context).concede(account, challenge_id)
    return prepare(context, account, call, own_transaction)


@challenges.post("/{challenge_id}/contest/prepare", **permission("session"))
def prepare_contest(
    challenge_id: str, body: EvidenceRequest, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares the accused's denial; a bond goes with it, so it is a transaction of one's own."""
    call = _service(context).contest(account, challenge_id, body.evidence_hash, body.evidence_uri)
    return prepare(context, account, call)


@challenges.post("/{challenge_id}/evidence/prepare", **permission("session"))
def prepare_evidence(
    challenge_id: str,
    body: EvidenceRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares a further statement of either party."""
    call = _service(context).submit_evidence(
        account, challenge_id, body.evidence_hash, body.evidence_uri
    )
    return prepare(context, account, call, own_transaction)


@challenges.post("/{challenge_id}/decision/prepare", **permission("session"))
def prepare_decision(
    challenge_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the provisional verdict, for which the chain itself measures the similarity."""
    call = _service(context).decide(challenge_id)
    return prepare(context, account, call, own_transaction)


@challenges.post("/{challenge_id}/appeal/prepare", **permission("session"))
def prepare_appeal(
    challenge_id: str, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares a party's appeal; the arbitrator's price goes with it."""
    call = _service(context).appeal(account, challenge_id)
    return prepare(context, account, call)


@challenges.post("/{challenge_id}/finalisation/prepare", **permission("session"))
def prepare_finalisation(
    challenge_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the end of a challenge: a final verdict is carried out, the amounts are paid."""
    call = _service(context).finalise(challenge_id)
    return prepare(context, account, call, own_transaction)


@challenges.get("/{challenge_id}/appeal", **permission("public"))
def get_appeal(challenge_id: str, context: ContextDependency) -> AppealView:
    """The appeal in a challenge with the auditors' votes."""
    service = _panel(context)
    return AppealView.of(service.dispute(challenge_id), service.votes(challenge_id))


@challenges.post("/{challenge_id}/appeal/votes/prepare", **permission("role:auditor"))
def prepare_vote(
    challenge_id: str,
    body: VoteRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares an auditor's vote on an appeal."""
    call = _panel(context).vote(account, challenge_id, body.ruling)
    return prepare(context, account, call, own_transaction)


@challenges.post("/{challenge_id}/appeal/ruling/prepare", **permission("session"))
def prepare_ruling(
    challenge_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the counting of the votes, which gives the ruling."""
    call = _panel(context).conclude(challenge_id)
    return prepare(context, account, call, own_transaction)


@challenges.post("/{challenge_id}/appeal/share/prepare", **permission("session"))
def prepare_share(
    challenge_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the payment of an auditor's share of the price of an appeal."""
    call = _panel(context).collect(account, challenge_id)
    return prepare(context, account, call, own_transaction)
