"""REST: disputes about declared fingerprints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.pagination import AfterQuery, LimitQuery, Page
from edgebazaar.api.permissions import permission
from edgebazaar.api.prepared import OwnTransaction, PreparedAction, prepare
from edgebazaar.content.disputes import DisputeService
from edgebazaar.schemas import (
    EXAMPLE_HASH,
    AddressText,
    HashText,
    Moment,
    Origin,
    WeiText,
    account_text,
)
from edgebazaar.values import printable_text

router = APIRouter(
    prefix="/fingerprint-disputes", tags=["fingerprint disputes"], responses=PROBLEM_RESPONSES
)


class DisputeView(BaseModel):
    """An assertion that a declared fingerprint is false."""

    dispute_id: HashText
    state: Literal["open", "drawn", "false", "true", "lapsed"]
    content_hash: HashText
    fingerprint: HashText = Field(description="As the provider signed it.")
    provider: AddressText
    asserter: AddressText
    attempt: int = Field(examples=[1])
    bond: WeiText
    locator: str = Field(description="Of the content's bytes.", examples=["ipfs://bafy..."])
    sample: list[AddressText] = Field(description="The drawn, in their order.")
    commit_until: Moment | None
    reveal_until: Moment | None
    agreeing: int | None = Field(description="How many attested the same.", examples=[4])
    settled_at: Moment | None
    settled_transaction_hash: HashText | None
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row."""
        return cls(
            dispute_id=row["dispute_id"],
            state=row["state"],
            content_hash=row["content_hash"],
            fingerprint=row["fingerprint"],
            provider=account_text(row["provider"]),
            asserter=account_text(row["asserter"]),
            attempt=row["attempt"],
            bond=str(row["bond"]),
            locator=printable_text(row["locator"]),
            sample=row["sample"],
            commit_until=Moment.of_optional(row["commit_until"]),
            reveal_until=Moment.of_optional(row["reveal_until"]),
            agreeing=row["agreeing"],
            settled_at=Moment.of_optional(row["settled_at"]),
            settled_transaction_hash=row["settled_transaction_hash"],
            origin=Origin.of(row),
        )


class DisputeRequest(BaseModel):
    """Which content has a false fingerprint, and where its bytes are."""

    content_hash: HashText
    locator: str = Field(
        default="",
        description="At most 256 bytes; empty where the record's uri says it.",
        examples=["ipfs://bafy..."],
    )


class AttestationRequest(BaseModel):
    """What a drawn provider computed; the same values for commitment and reveal."""

    fingerprints: list[str] = Field(
        description="Eight: of the content itself, then of its turns and mirrorings.",
        examples=[[EXAMPLE_HASH] * 8],
    )
    salt: HashText


def _disputes(context: Context) -> DisputeService:
    return DisputeService(context.engine, context.contracts)


@router.get("", **permission("public"))
def list_disputes(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    state: Annotated[str | None, Query(description="open, drawn, false, true or lapsed.")] = None,
    content: Annotated[str | None, Query(description="Disputes about this content.")] = None,
) -> Page[DisputeView]:
    """Disputes about declared fingerprints, newest first."""
    page = _disputes(context).disputes(state=state, content_hash=content, limit=limit, after=after)
    return Page(items=[DisputeView.of(row) for row in page.rows], next=page.next)


@router.get("/{dispute_id}", **permission("public"))
def get_dispute(dispute_id: str, context: ContextDependency) -> DisputeView:
    """One dispute about a declared fingerprint."""
    return DisputeView.of(_disputes(context).dispute(dispute_id))


@router.post("/prepare", **permission("member"))
def prepare_dispute(
    body: DisputeRequest, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares an assertion; the bond goes with it, so it is a transaction of one's own."""
    call = _disputes(context).open(account, body.content_hash, body.locator)
    return prepare(context, account, call)


@router.post("/{dispute_id}/draw/prepare", **permission("session"))
def prepare_dispute_draw(
    dispute_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the draw of the providers that have to attest."""
    return prepare(context, account, _disputes(context).draw(dispute_id), own_transaction)


@router.post("/{dispute_id}/commitment/prepare", **permission("session"))
def prepare_attestation(
    dispute_id: str,
    body: AttestationRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares a drawn provider's commitment; only its hash goes on the chain."""
    call = _disputes(context).commit(account, dispute_id, body.fingerprints, body.salt)
    return prepare(context, account, call, own_transaction)


@router.post("/{dispute_id}/reveal/prepare", **permission("session"))
def prepare_attestation_reveal(
    dispute_id: str,
    body: AttestationRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the reveal of an attestation, from the values of its commitment."""
    call = _disputes(context).reveal(dispute_id, body.fingerprints, body.salt)
    return prepare(context, account, call, own_transaction)


@router.post("/{dispute_id}/settlement/prepare", **permission("session"))
def prepare_dispute_settlement(
    dispute_id: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the end of a dispute, which counts the attestations and pays everybody."""
    return prepare(context, account, _disputes(context).settle(dispute_id), own_transaction)
