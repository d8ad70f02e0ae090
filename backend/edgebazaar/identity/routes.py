"""REST: members of the consortium."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.pagination import AfterQuery, LimitQuery, Page
from edgebazaar.api.permissions import permission
from edgebazaar.api.prepared import OwnTransaction, PreparedAction, prepare
from edgebazaar.chain.typed_data import typed_data_for_voucher
from edgebazaar.identity.roles import names_of
from edgebazaar.identity.service import MemberService, is_active_row
from edgebazaar.schemas import (
    EXAMPLE_HASH,
    AddressText,
    HashText,
    Moment,
    Origin,
    UnixTime,
    account_text,
)
from edgebazaar.values import to_hex

router = APIRouter(prefix="/members", tags=["members"], responses=PROBLEM_RESPONSES)
routers = [router]

RoleNames = Annotated[
    list[str],
    Field(description="Names of roles.", examples=[["producer"]], min_length=1, max_length=8),
]


class MemberView(BaseModel):
    """A member's present record."""

    account: AddressText
    roles: list[str] = Field(examples=[["producer", "consumer"]])
    active: bool = Field(description="Admitted, not revoked and not expired at the indexed block.")
    admitted_at: Moment
    expires_at: Moment = Field(description="First moment at which the membership no longer holds.")
    revoked_at: Moment | None
    certificate_hash: HashText = Field(description="sha256 of the member's X.509 certificate.")
    administrator: AddressText = Field(description="Who admitted or revoked last.")
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any], now: int) -> Self:
        """From a row, judged at a unix time."""
        return cls(
            account=account_text(row["account"]),
            roles=names_of(row["roles"]),
            active=is_active_row(row, now),
            admitted_at=Moment.of(row["admitted_at"]),
            expires_at=Moment.of(row["expires_at"]),
            revoked_at=Moment.of_optional(row["revoked_at"]),
            certificate_hash=row["certificate_hash"],
            administrator=account_text(row["administrator"]),
            origin=Origin.of(row),
        )


class AdmissionRequest(BaseModel):
    """Whom to admit and as what."""

    account: AddressText
    roles: RoleNames
    expires_at: UnixTime
    certificate_hash: str = Field(
        default="0x" + "00" * 32,
        description="sha256 of the member's certificate in DER form.",
        examples=[EXAMPLE_HASH],
    )


class VoucherRequest(AdmissionRequest):
    """What a voucher is to permit."""

    deadline: UnixTime
    serial: str | None = Field(
        default=None,
        description="Unique number, 0x-hex; a random one if left out.",
        examples=[EXAMPLE_HASH],
    )


class VoucherView(BaseModel):
    """A voucher that waits for the administrator's signature."""

    serial: HashText
    typed_data: dict[str, Any] = Field(description="Sign with eth_signTypedData_v4.")


class VoucherAdmission(AdmissionRequest):
    """A signed voucher."""

    serial: HashText
    deadline: UnixTime
    signature: str = Field(description="EIP-712 signature, 0x-hex.", examples=["0x" + "1b" * 65])


def _service(context: Context) -> MemberService:
    return MemberService(context.engine)


@router.get("", **permission("public"))
def list_members(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    role: Annotated[
        str | None, Query(description="Only members with this role.", examples=["producer"])
    ] = None,
    active: Annotated[bool | None, Query(description="Only (in)active members.")] = None,
) -> Page[MemberView]:
    """Members, by account."""
    service = _service(context)
    page = service.members(role=role, active=active, limit=limit, after=after)
    now = service.time()
    return Page(items=[MemberView.of(row, now) for row in page.rows], next=page.next)


@router.get("/{account}", **permission("public"))
def get_member(account: str, context: ContextDependency) -> MemberView:
    """One member."""
    service = _service(context)
    return MemberView.of(service.member(account), service.time())


@router.post("/admissions/prepare", **permission("administrator"))
def prepare_admission(
    body: AdmissionRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the admission of an account, or a change of its roles, expiry and certificate."""
    call = _service(context).admit(body.account, body.roles, body.expires_at, body.certificate_hash)
    return prepare(context, account, call, own_transaction)


@router.post("/{member}/revocation/prepare", **permission("administrator"))
def prepare_revocation(
    member: str,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the end of a membership, effective in the block that contains it."""
    return prepare(context, account, _service(context).revoke(member), own_transaction)


@router.post("/vouchers", **permission("administrator"))
def draft_voucher(body: VoucherRequest, context: ContextDependency) -> VoucherView:
    """Drafts a voucher; once signed by the administrator, anybody may present it."""
    terms = _service(context).voucher_terms(
        body.account,
        body.roles,
        body.expires_at,
        body.certificate_hash,
        body.deadline,
        body.serial,
    )
    return VoucherView(
        serial=to_hex(terms["serial"]),
        typed_data=typed_data_for_voucher(context.contracts, terms),
    )


@router.post("/vouchers/prepare", **permission("session"))
def prepare_voucher_admission(
    body: VoucherAdmission,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares an admission under a signed voucher."""
    service = _service(context)
    terms = service.voucher_terms(
        body.account,
        body.roles,
        body.expires_at,
        body.certificate_hash,
        body.deadline,
        body.serial,
    )
    call = service.admit_by_voucher(terms, body.signature)
    return prepare(context, account, call, own_transaction)
