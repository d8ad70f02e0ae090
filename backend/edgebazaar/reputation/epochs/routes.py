"""REST: reputation epochs, their proofs and their disputes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from edgebazaar.addresses import checksum_address
from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.pagination import AfterQuery, LimitQuery, Page
from edgebazaar.api.permissions import permission
from edgebazaar.api.prepared import OwnTransaction, PreparedAction, prepare
from edgebazaar.reputation.engine.epochs import EpochLeaf, EpochTree
from edgebazaar.reputation.epochs.service import EpochService
from edgebazaar.schemas import (
    EXAMPLE_ACCOUNT,
    EXAMPLE_HASH,
    EXAMPLE_OTHER_ACCOUNT,
    AddressText,
    HashText,
    Moment,
    Origin,
    WadText,
    WeiText,
    account_text,
    optional_account_text,
)
from edgebazaar.values import parse_bytes32, parse_uint, to_hex

router = APIRouter(prefix="/epochs", tags=["reputations"], responses=PROBLEM_RESPONSES)

Window = Annotated[int, Path(ge=0, lt=2**40, description="Index of the window.")]
LeafIndex = Annotated[int, Path(ge=0, lt=2**32, description="Place of the leaf.")]


class EpochView(BaseModel):
    """A published epoch."""

    window: int = Field(description="At whose beginning reputations stood so.", examples=[2813])
    state: Literal["pending", "final", "voided"]
    root: HashText
    leaves: int = Field(examples=[12])
    previous: HashText = Field(description="Hash of the epoch before it.")
    publisher: AddressText
    bond: WeiText
    bond_withdrawn: bool
    fault: Literal["wrong_leaf", "missing_leaf", "disorder", "unanswered"] | None
    prover: AddressText | None
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any], **more: Any) -> Self:
        """From a row with its state."""
        return cls(
            window=row["window"],
            state=row["state"],
            root=row["root"],
            leaves=row["leaves"],
            previous=row["previous"],
            publisher=account_text(row["publisher"]),
            bond=str(row["bond"]),
            bond_withdrawn=row["bond_withdrawn"],
            fault=row["fault"],
            prover=optional_account_text(row["prover"]),
            origin=Origin.of(row),
            **more,
        )


class DemandView(BaseModel):
    """A leaf that somebody paid to see."""

    index: int = Field(examples=[3])
    demander: AddressText
    answer_by: Moment
    state: Literal["open", "answered", "reclaimed"]
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row."""
        return cls(
            index=row["leaf_index"],
            demander=account_text(row["demander"]),
            answer_by=Moment.of(row["answer_by"]),
            state=row["state"],
            origin=Origin.of(row),
        )


class EpochDetail(EpochView):
    """A published epoch, compared with the records."""

    right_root: HashText = Field(description="The root that follows from the records.")
    is_right: bool = Field(description="Whether it is the published one.")
    demands: list[DemandView]


class LeafView(BaseModel):
    """A reputation in the tree that follows from the records, with its Merkle path."""

    window: int = Field(examples=[2813])
    root: HashText
    index: int = Field(examples=[3])
    rater: AddressText | None = Field(description="Null for those without experience.")
    subject: AddressText
    expectation: WadText
    belief: WadText
    disbelief: WadText
    uncertainty: WadText
    recommenders: list[str] = Field(examples=[[EXAMPLE_ACCOUNT]])
    path: list[str] = Field(
        description="Sibling hashes from the leaf up.", examples=[[EXAMPLE_HASH]]
    )

    @classmethod
    def of(cls, tree: EpochTree, place: int) -> Self:
        """The leaf at a place."""
        leaf = tree.leaves[place]
        belief, disbelief, uncertainty = leaf.opinion
        return cls(
            window=tree.window,
            root=to_hex(tree.root),
            index=place,
            rater=account_text(leaf.rater) if int(leaf.rater, 16) else None,
            subject=account_text(leaf.subject),
            expectation=str(leaf.expectation),
            belief=str(belief),
            disbelief=str(disbelief),
            uncertainty=str(uncertainty),
            recommenders=[account_text(one) for one in leaf.recommenders],
            path=[to_hex(sibling) for sibling in tree.merkle.path(place)],
        )


class DisproofRequest(BaseModel):
    """A leaf of a published tree, as the event LeafOpened or its publisher showed it."""

    index: int = Field(ge=0, lt=2**32, examples=[3])
    rater: str | None = Field(default=None, examples=[EXAMPLE_ACCOUNT])
    subject: str = Field(examples=[EXAMPLE_OTHER_ACCOUNT])
    expectation: WadText
    belief: WadText
    disbelief: WadText
    uncertainty: WadText
    recommenders: list[str] = Field(max_length=1000, examples=[[EXAMPLE_ACCOUNT]])
    path: list[str] = Field(max_length=32, examples=[[EXAMPLE_HASH]])
    omitted: str | None = Field(
        default=None,
        description="Who belongs among the recommenders; found if left out.",
        examples=[EXAMPLE_OTHER_ACCOUNT],
    )

    def leaf(self) -> EpochLeaf:
        """The leaf.

        Raises:
            InvalidInput: For a malformed address or number.
        """
        masses = (
            parse_uint(self.belief, "belief", bits=256),
            parse_uint(self.disbelief, "disbelief", bits=256),
            parse_uint(self.uncertainty, "uncertainty", bits=256),
        )
        return EpochLeaf(
            checksum_address(self.rater, "rater").lower() if self.rater else "0x" + "0" * 40,
            checksum_address(self.subject, "subject").lower(),
            parse_uint(self.expectation, "expectation", bits=256),
            masses,
            tuple(
                checksum_address(one, f"recommenders[{place}]").lower()
                for place, one in enumerate(self.recommenders)
            ),
        )


def _service(context: Context) -> EpochService:
    return EpochService(context.engine, context.deployment)


@router.get("", **permission("public"))
def list_epochs(
    context: ContextDependency, limit: LimitQuery = 50, after: AfterQuery = None
) -> Page[EpochView]:
    """Published epochs, newest first."""
    page = _service(context).epochs(limit, after)
    return Page(items=[EpochView.of(row) for row in page.rows], next=page.next)


@router.get("/{window}", **permission("public"))
def get_epoch(window: Window, context: ContextDependency) -> EpochDetail:
    """One published epoch, compared with the records; with the demands for its leaves."""
    service = _service(context)
    found = service.epoch(window)
    return EpochDetail.of(
        {**found.row, "state": found.state},
        right_root=to_hex(found.right_root),
        is_right=found.is_right,
        demands=[DemandView.of(row) for row in service.demands(window)],
    )


@router.get("/{window}/leaves/{rater}/{subject}", **permission("public"))
def get_leaf(window: Window, rater: str, subject: str, context: ContextDependency) -> LeafView:
    """The right leaf of a pair at the beginning of a window; rater `nobody` for newcomers."""
    service = _service(context)
    tree = service.tree(window)
    return LeafView.of(tree, service.place(tree, rater, subject))


@router.post("/prepare", **permission("role:operator"))
def prepare_epoch(
    account: CurrentAccount, context: ContextDependency, own_transaction: OwnTransaction = False
) -> PreparedAction:
    """Prepares the publication of the present window's epoch; the bond goes with it once."""
    return prepare(context, account, _service(context).publish(account), own_transaction)


@router.post("/{window}/bond/prepare", **permission("session"))
def prepare_bond_withdrawal(
    window: Window,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the return of a final epoch's bond to its publisher."""
    return prepare(context, account, _service(context).withdraw_bond(window), own_transaction)


@router.post("/{window}/leaves/{index}/demand/prepare", **permission("member"))
def prepare_demand(
    window: Window, index: LeafIndex, account: CurrentAccount, context: ContextDependency
) -> PreparedAction:
    """Prepares the demand to see a leaf; the fee goes with it."""
    return prepare(context, account, _service(context).demand(window, index))


@router.post("/{window}/leaves/{index}/answer/prepare", **permission("session"))
def prepare_answer(
    window: Window,
    index: LeafIndex,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the answer to a demand, from the records."""
    return prepare(context, account, _service(context).answer(window, index), own_transaction)


@router.post("/{window}/leaves/{index}/unanswered/prepare", **permission("session"))
def prepare_unanswered(
    window: Window,
    index: LeafIndex,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the proof that a demand was not answered in time; anybody may ask for it."""
    call = _service(context).prove_unanswered(window, index)
    return prepare(context, account, call, own_transaction)


@router.post("/{window}/disproof/prepare", **permission("session"))
def prepare_disproof(
    window: Window,
    body: DisproofRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the proof that a leaf of the pending epoch is wrong."""
    path = [parse_bytes32(one, f"path[{place}]") for place, one in enumerate(body.path)]
    call = _service(context).prove_wrong(window, body.index, body.leaf(), path, body.omitted)
    return prepare(context, account, call, own_transaction)
