"""JSON forms of premiums, exits and bounties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from edgebazaar.exchange.incentives.tables import LOCK_STATES
from edgebazaar.exchange.models import AssetFields
from edgebazaar.schemas import (
    EXAMPLE_OTHER_ACCOUNT,
    AddressText,
    HashText,
    Moment,
    Origin,
    UnixTime,
    WeiText,
    account_text,
    optional_account_text,
)

SignatureText = Field(
    default="0x",
    description="EIP-712 signature over the exit, 0x-hex; empty for who submits it itself.",
    pattern=r"^0x([0-9a-fA-F]{2})*$",
    max_length=10_000,
    examples=["0x"],
)


class PremiumsView(BaseModel):
    """A pair of premiums on a two-lock exchange."""

    premiums_id: HashText
    state: Literal["deposited", "joined", "answered", "closed"]
    leader: AddressText
    follower: AddressText
    leader_premium: WeiText
    follower_premium: WeiText
    first_lock: HashText = Field(description="Id of the leader's lock, also before it is open.")
    linked_lock: HashText = Field(description="Id of the follower's answer.")
    join_until: Moment = Field(description="First second in which the leader cannot join.")
    answer_until: Moment = Field(description="First second in which no answer is a fault.")
    paid_to_leader: WeiText
    paid_to_follower: WeiText
    closed_at: Moment | None
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row."""
        amounts = ("leader_premium", "follower_premium", "paid_to_leader", "paid_to_follower")
        return cls(
            premiums_id=row["premiums_id"],
            state=row["state"],
            leader=account_text(row["leader"]),
            follower=account_text(row["follower"]),
            first_lock=row["first_lock"],
            linked_lock=row["linked_lock"],
            join_until=Moment.of(row["join_until"]),
            answer_until=Moment.of(row["answer_until"]),
            closed_at=Moment.of_optional(row["closed_at"]),
            origin=Origin.of(row),
            **{name: str(row[name]) for name in amounts},
        )


class PremiumsRequest(BaseModel):
    """An exchange as both parties agreed on it, and what they stake on it."""

    leader: AddressText = Field(examples=[EXAMPLE_OTHER_ACCOUNT])
    asset: AssetFields = Field(description="What the leader's lock will hold.")
    expected_asset: AssetFields = Field(description="What the follower's answer will hold.")
    hashlock: HashText = Field(description="Hashlock of both locks.")
    timelock: UnixTime = Field(description="Timelock of the leader's lock.")
    answer_timelock: UnixTime = Field(description="Timelock of the follower's answer.")
    leader_premium: WeiText
    follower_premium: WeiText
    join_until: UnixTime
    answer_until: UnixTime


class ExitRequest(BaseModel):
    """Consents to leave a lock early."""

    sender_signature: str = SignatureText
    receiver_signature: str = SignatureText


class ExitView(BaseModel):
    """What the parties of a lock sign to leave it early."""

    lock_id: HashText
    sender: AddressText
    receiver: AddressText
    typed_data: dict[str, Any] = Field(description="Sign with eth_signTypedData_v4.")


class BountyView(BaseModel):
    """A bounty for one ending of a lock."""

    lock_id: HashText
    depositor: AddressText
    ending: Literal["claimed", "refunded"]
    amount: WeiText = Field(description="What waits; zero once it is paid.")
    earned_by: AddressText | None = Field(description="Who completed the lock for it.")
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row."""
        return cls(
            lock_id=row["lock_id"],
            depositor=account_text(row["depositor"]),
            ending=LOCK_STATES[row["ending"]],  # type: ignore[arg-type]
            amount=str(row["amount"]),
            earned_by=optional_account_text(row["earned_by"]),
            origin=Origin.of(row),
        )


class BountyRequest(BaseModel):
    """A bounty to deposit."""

    ending: str = Field(description="claimed or refunded.", examples=["claimed"])
    amount: WeiText


class TakeBackRequest(BaseModel):
    """Whose bounty for which ending goes back."""

    depositor: AddressText
    ending: str = Field(description="claimed or refunded.", examples=["claimed"])
