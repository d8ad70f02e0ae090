"""JSON forms of challenges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field

from edgebazaar.schemas import (
    EXAMPLE_OTHER_HASH,
    AddressText,
    HashText,
    Moment,
    Origin,
    WeiText,
    account_text,
    optional_account_text,
    optional_wei_text,
)
from edgebazaar.values import printable_text

ChallengeState = Literal[
    "open", "contested", "decided", "appealed", "conceded", "upheld", "rejected", "closed"
]
EvidenceUri = Annotated[
    str, Field(description="Where it lies, at most 256 bytes.", examples=["ipfs://bafy..."])
]


class ChallengeView(BaseModel):
    """A challenge with its times and amounts."""

    challenge_id: HashText
    state: ChallengeState
    challenger: AddressText
    accused: AddressText
    original: HashText
    duplicate: HashText
    attempt: int = Field(
        description="Number of this challenger's challenges against the duplicate.", examples=[1]
    )
    deposit: WeiText
    bond: WeiText | None = Field(description="Of the accused, once it contested.")
    answer_by: Moment = Field(description="From then on the accused cannot answer any more.")
    verdict: Literal["upheld", "rejected"] | None = Field(description="Provisional verdict.")
    distance: int | None = Field(description="Differing bits of 256.", examples=[14])
    maximum_distance: int | None = Field(
        description="Upheld up to this; 0 where the fingerprints do not compare.", examples=[31]
    )
    original_stands: bool | None = Field(
        description="Whether the original is the earlier one and not removed itself."
    )
    final_at: Moment | None = Field(description="From then on the verdict cannot be appealed.")
    appellant: AddressText | None
    appeal_cost: WeiText | None
    rule_by: Moment | None = Field(description="Without a ruling by then the verdict stands.")
    ruling: Literal["upheld", "rejected"] | None = Field(description="Of the arbitrator.")
    paid_to_challenger: WeiText | None
    paid_to_accused: WeiText | None
    paid_to_treasury: WeiText | None
    ended_at: Moment | None
    ended_transaction_hash: HashText | None
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any], **more: Any) -> Self:
        """From a row; `more` for what a subclass adds."""
        return cls(
            challenge_id=row["challenge_id"],
            state=row["state"],
            challenger=account_text(row["challenger"]),
            accused=account_text(row["accused"]),
            original=row["original"],
            duplicate=row["duplicate"],
            attempt=row["attempt"],
            deposit=str(row["deposit"]),
            bond=optional_wei_text(row["bond"]),
            answer_by=Moment.of(row["answer_by"]),
            verdict=_verdict(row["verdict"]),
            distance=row["distance"],
            maximum_distance=row["maximum_distance"],
            original_stands=row["original_stands"],
            final_at=Moment.of_optional(row["final_at"]),
            appellant=optional_account_text(row["appellant"]),
            appeal_cost=optional_wei_text(row["appeal_cost"]),
            rule_by=Moment.of_optional(row["rule_by"]),
            ruling=_verdict(row["ruling"]),
            paid_to_challenger=optional_wei_text(row["paid_to_challenger"]),
            paid_to_accused=optional_wei_text(row["paid_to_accused"]),
            paid_to_treasury=optional_wei_text(row["paid_to_treasury"]),
            ended_at=Moment.of_optional(row["ended_at"]),
            ended_transaction_hash=row["ended_transaction_hash"],
            origin=Origin.of(row),
            **more,
        )


class EvidenceView(BaseModel):
    """A statement of a party."""

    party: AddressText
    evidence_hash: HashText
    evidence_uri: EvidenceUri
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row."""
        return cls(
            party=account_text(row["party"]),
            evidence_hash=row["evidence_hash"],
            evidence_uri=printable_text(row["evidence_uri"]),
            origin=Origin.of(row),
        )


class ChallengeDetail(ChallengeView):
    """A challenge with the statements of both parties, oldest first."""

    evidence: list[EvidenceView]

    @classmethod
    def with_evidence(cls, row: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]) -> Self:
        """From a row and those of its evidence."""
        return cls.of(row, evidence=[EvidenceView.of(entry) for entry in evidence])


class VoteView(BaseModel):
    """An auditor's vote on an appeal."""

    auditor: AddressText
    ruling: Literal["upheld", "rejected"]
    is_paid: bool = Field(description="Whether it collected its share.")
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row."""
        return cls(
            auditor=account_text(row["auditor"]),
            ruling=row["ruling"],
            is_paid=row["is_paid"],
            origin=Origin.of(row),
        )


class AppealView(BaseModel):
    """An appeal before the panel of auditors, with the votes, oldest first."""

    challenge_id: HashText
    appellant: AddressText
    respondent: AddressText
    price: WeiText
    vote_by: Moment = Field(description="From then on the votes are counted.")
    rule_by: Moment = Field(description="Without a ruling by then the verdict stands.")
    ruling: Literal["none", "upheld", "rejected"] | None = Field(
        description="Once counted; none without a quorum and a majority, or too late."
    )
    share: WeiText | None = Field(description="What each voter earned.")
    returned: WeiText | None = Field(description="What the appellant got back.")
    votes: list[VoteView]
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any], votes: Sequence[Mapping[str, Any]]) -> Self:
        """From a row and those of the votes."""
        return cls(
            challenge_id=row["dispute_id"],
            appellant=account_text(row["appellant"]),
            respondent=account_text(row["respondent"]),
            price=str(row["price"]),
            vote_by=Moment.of(row["vote_by"]),
            rule_by=Moment.of(row["rule_by"]),
            ruling=row["ruling"],
            share=optional_wei_text(row["share"]),
            returned=optional_wei_text(row["returned"]),
            votes=[VoteView.of(vote) for vote in votes],
            origin=Origin.of(row),
        )


class VoteRequest(BaseModel):
    """How an auditor votes."""

    ruling: str = Field(description="upheld or rejected.", examples=["upheld"])


class ChallengeRequest(BaseModel):
    """Which content is presumed a copy of which."""

    original: HashText
    duplicate: HashText = Field(examples=[EXAMPLE_OTHER_HASH])


class EvidenceRequest(BaseModel):
    """A statement: its hash goes on the chain, it itself lies elsewhere."""

    evidence_hash: HashText
    evidence_uri: EvidenceUri = ""


class ChallengeTermsView(BaseModel):
    """What a challenge takes: amounts and times of this deployment."""

    deposit: WeiText = Field(
        description="Of the challenger's next challenge; of a first one where no pair is named."
    )
    answer_window: int = Field(description="Seconds to concede or contest.", examples=[86_400])
    finality_period: int = Field(description="Seconds to appeal.", examples=[172_800])
    ruling_period: int = Field(description="Seconds of the arbitrator.", examples=[259_200])


def _verdict(upheld: bool | None) -> Literal["upheld", "rejected"] | None:
    if upheld is None:
        return None
    return "upheld" if upheld else "rejected"
