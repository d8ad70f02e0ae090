"""JSON forms of auction rounds, bids and openings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from edgebazaar.auctions.collections import Kind, Owed
from edgebazaar.auctions.rounds import Phase
from edgebazaar.auctions.tables import SUBMARKETS, Submarket
from edgebazaar.schemas import (
    EXAMPLE_OTHER_ACCOUNT,
    AddressText,
    HashText,
    Moment,
    OptionalSalt,
    Origin,
    UnixTime,
    WadText,
    WeiText,
    account_text,
    optional_wei_text,
)
from edgebazaar.values import ZERO_ADDRESS, to_hex


class RoundTerms(BaseModel):
    """The terms of a round."""

    operator: AddressText
    beneficiary: AddressText = Field(description="Roadside unit that sells and is paid.")
    brand: AddressText | None
    commit_until: Moment
    score_until: Moment
    declare_until: Moment
    open_until: Moment
    settle_until: Moment
    online_deposit: WeiText
    offline_deposit: WeiText
    online_reserve: WeiText
    offline_reserve: WeiText
    brand_price: WeiText = Field(description="Wei per second of simulation.")
    alpha: WadText
    maximum_seconds: int = Field(examples=[10])
    penalty_bps: int = Field(examples=[1000])
    maximum_bids: int = Field(examples=[200])
    salt: HashText

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row."""
        brand = row["brand"]
        return cls(
            operator=account_text(row["operator"]),
            beneficiary=account_text(row["beneficiary"]),
            brand=None if brand == ZERO_ADDRESS else account_text(brand),
            commit_until=Moment.of(row["commit_until"]),
            score_until=Moment.of(row["score_until"]),
            declare_until=Moment.of(row["declare_until"]),
            open_until=Moment.of(row["open_until"]),
            settle_until=Moment.of(row["settle_until"]),
            online_deposit=str(row["online_deposit"]),
            offline_deposit=str(row["offline_deposit"]),
            online_reserve=str(row["online_reserve"]),
            offline_reserve=str(row["offline_reserve"]),
            brand_price=str(row["brand_price"]),
            alpha=str(row["alpha"]),
            maximum_seconds=row["maximum_seconds"],
            penalty_bps=row["penalty_bps"],
            maximum_bids=row["maximum_bids"],
            salt=row["salt"],
        )


class RoundResult(BaseModel):
    """Winners and prices as the chain found them."""

    online_index: int | None = Field(examples=[0])
    online_winner: AddressText
    online_price: WeiText
    offline_index: int | None = Field(examples=[3])
    offline_winner: AddressText
    offline_price: WeiText
    simulation_seconds: int = Field(examples=[8])
    penalties: WeiText


class RoundView(BaseModel):
    """An auction round."""

    round_id: HashText
    state: Literal["open", "scored", "declared", "settled", "refunded"]
    phase: Phase = Field(description="What may happen now.")
    terms: RoundTerms
    bids: int = Field(description="Number of bids of both submarkets.", examples=[60])
    inputs_hash: HashText | None
    result: RoundResult | None
    ended_at: Moment | None
    ended_transaction_hash: HashText | None
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any], **more: Any) -> Self:
        """From a row with its phase; `more` for what a subclass adds."""
        return cls(
            round_id=row["round_id"],
            state=row["state"],
            phase=row["phase"],
            terms=RoundTerms.of(row),
            bids=row["bids"],
            inputs_hash=row["inputs_hash"],
            result=RoundResult(**row["result"]) if row["result"] else None,
            ended_at=Moment.of_optional(row["ended_at"]),
            ended_transaction_hash=row["ended_transaction_hash"],
            origin=Origin.of(row),
            **more,
        )


class ScoreFields(BaseModel):
    """Score of an online bid."""

    proportional: WadText = Field(description="Surplus per unit of the bid, 1e18 fixed point.")
    additive: WeiText = Field(description="Surplus that does not depend on the bid.")
    simulation_seconds: int = Field(examples=[8])


class BidView(BaseModel):
    """A sealed bid and what became of it."""

    index: int = Field(description="Position in the chain of commitments.", examples=[0])
    bidder: AddressText
    submarket: Submarket
    commitment: HashText
    deposit: WeiText
    score: ScoreFields | None = Field(description="Of an online bid, once published.")
    opened: bool | None = Field(description="Null until the round is settled.")
    amount: WeiText | None = Field(description="Of an opened bid of a settled round.")
    origin: Origin

    @classmethod
    def list_of(cls, row: Mapping[str, Any], bids: Sequence[Mapping[str, Any]]) -> list[Self]:
        """All bids of a round; scores belong to the online ones in the order of commitment."""
        scores = iter(row["scores"] or ())
        return [
            cls(
                index=bid["position"],
                bidder=account_text(bid["bidder"]),
                submarket=SUBMARKETS[bid["submarket"]],
                commitment=bid["commitment"],
                deposit=str(bid["deposit"]),
                score=next(scores, None) if SUBMARKETS[bid["submarket"]] == "online" else None,
                opened=bid["opened"],
                amount=optional_wei_text(bid["amount"]),
                origin=Origin.of(bid),
            )
            for bid in bids
        ]


class RoundDetail(RoundView):
    """A round with all of its bids, scores and declaration."""

    bid_list: list[BidView]
    scores: list[ScoreFields] | None
    inputs: str | None = Field(description="What the scores were computed from, 0x-hex.")
    bitmap: list[str] | None = Field(description="Declared openings, 256 bids a decimal word.")

    @classmethod
    def with_bids(cls, row: Mapping[str, Any], bids: Sequence[Mapping[str, Any]]) -> Self:
        """From a row and its bids."""
        return cls.of(
            row,
            bid_list=BidView.list_of(row, bids),
            scores=row["scores"],
            inputs=None if row["inputs"] is None else to_hex(row["inputs"]),
            bitmap=row["bitmap"],
        )


class RoundRequest(BaseModel):
    """Terms of a round to open; the caller is its operator."""

    beneficiary: AddressText
    brand: str | None = Field(
        default=None,
        description="Brand simulator; needed unless brand_price is 0.",
        examples=[EXAMPLE_OTHER_ACCOUNT],
    )
    commit_until: UnixTime = Field(examples=[1_900_000_060])
    score_until: UnixTime = Field(examples=[1_900_000_120])
    declare_until: UnixTime = Field(examples=[1_900_000_180])
    open_until: UnixTime = Field(examples=[1_900_000_240])
    settle_until: UnixTime = Field(examples=[1_900_000_600])
    online_deposit: WeiText
    offline_deposit: WeiText
    online_reserve: WeiText
    offline_reserve: WeiText
    brand_price: WeiText = Field(default="0", description="Wei per second of simulation.")
    alpha: WadText = Field(default="1200000000000000000")
    maximum_seconds: int = Field(examples=[10])
    penalty_bps: int = Field(
        default=1000, description="Hundredths of a percent of the deposit.", examples=[1000]
    )
    maximum_bids: int = Field(default=200, description="At most 1800.", examples=[200])
    salt: OptionalSalt = None


class BidRequest(BaseModel):
    """A sealed bid; amount and salt stay with the bidder."""

    submarket: str = Field(description="online or offline.", examples=["online"])
    commitment: HashText = Field(
        description="keccak256(keccak256(round id, bid), salt); bid is one word: 1 bit set, 1 bit "
        "offline, 94 bits amount, 160 bits bidder."
    )


class ScoresRequest(BaseModel):
    """Scores of all online bids and what they were computed from."""

    scores: list[ScoreFields]
    inputs: str = Field(description="0x-hex.", examples=["0x7b7d"])


class OpeningRequest(BaseModel):
    """What a bid's commitment hides."""

    index: int = Field(description="Position of the bid.", examples=[0])
    amount: WeiText
    salt: HashText


class OpeningView(BaseModel):
    """An opening that the operator received."""

    index: int = Field(examples=[0])
    bidder: AddressText
    amount: WeiText
    salt: HashText
    received_at: Moment

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row."""
        return cls(
            index=row["position"],
            bidder=account_text(row["bidder"]),
            amount=str(row["amount"]),
            salt=row["salt"],
            received_at=Moment.of(row["received_at"]),
        )


class OpeningList(BaseModel):
    """All openings of a round."""

    items: list[OpeningView]


class OpeningReceipt(BaseModel):
    """Confirmation that an opening is kept."""

    round_id: HashText
    index: int


class EntitlementView(BaseModel):
    """What an ended round owes an account."""

    index: int = Field(description="That of the bid; after the bids the others.", examples=[0])
    kind: Kind = Field(description="Of a bid, or income, penalties or unused advance.")
    account: AddressText
    amount: WeiText
    proof: list[HashText] = Field(description="Siblings up to the root, pairs sorted.")
    collected: Origin | None = Field(description="The payment; null while it waits.")

    @classmethod
    def of(cls, owed: Owed) -> Self:
        """From an entitlement."""
        return cls(
            index=owed.entitlement.index,
            kind=owed.kind,
            account=account_text(owed.entitlement.account),
            amount=str(owed.entitlement.amount),
            proof=[to_hex(node) for node in owed.proof],
            collected=None if owed.collected is None else Origin.of(owed.collected),
        )


class EntitlementList(BaseModel):
    """Everything that an ended round owed or owes."""

    root: HashText | None = Field(description="As the contract keeps it; null before the end.")
    items: list[EntitlementView]


class CollectionRequest(BaseModel):
    """What to collect; whoever collects, the accounts that are owed are paid."""

    indices: list[int] | None = Field(
        default=None, description="At most 100; null for the next 100 that wait.", examples=[[0, 1]]
    )
