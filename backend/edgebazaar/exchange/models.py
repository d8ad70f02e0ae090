"""JSON forms of locks, sales and credits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from edgebazaar.exchange.tables import ASSET_KINDS, AssetKind
from edgebazaar.schemas import (
    EXAMPLE_OTHER_ACCOUNT,
    EXAMPLE_OTHER_HASH,
    AddressText,
    HashText,
    Moment,
    Origin,
    UnixTime,
    WeiText,
    account_text,
    optional_account_text,
    optional_wei_text,
)
from edgebazaar.values import ZERO_HASH, content_key


class AssetFields(BaseModel):
    """What is locked."""

    kind: str = Field(
        description="native, token, foreign_non_fungible or content.", examples=["native"]
    )
    amount_or_id: str = Field(
        description="Amount in the smallest unit or token id, decimal; for content also its hash.",
        examples=["20000000000000000"],
    )
    token: str | None = Field(
        default=None,
        description="Contract of a foreign token; left out otherwise.",
        examples=[None],
    )


class AssetView(BaseModel):
    """What a lock holds."""

    kind: AssetKind
    token: AddressText
    amount_or_id: str = Field(examples=["20000000000000000"])
    content_hash: HashText | None = Field(description="For content.")


class LockView(BaseModel):
    """A hashed-timelock lock."""

    lock_id: HashText
    state: Literal["open", "claimed", "refunded"]
    sender: AddressText
    receiver: AddressText
    asset: AssetView
    hashlock: HashText
    timelock: Moment = Field(description="First second of refund, end of claim.")
    expected: HashText | None = Field(description="Hash of the asset an answer must hold.")
    first_lock: HashText | None = Field(description="The lock that this one answers.")
    guarded_content: HashText | None
    preimage: HashText | None
    closed_by: AddressText | None
    closed_at: Moment | None
    closed_transaction_hash: HashText | None
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any], **more: Any) -> Self:
        """From a row; `more` for what a subclass adds."""
        kind = ASSET_KINDS[row["asset_kind"]]
        amount = row["asset_amount_or_id"]
        guarded = row["guarded_content"]
        return cls(
            lock_id=row["lock_id"],
            state=row["state"],
            sender=account_text(row["sender"]),
            receiver=account_text(row["receiver"]),
            asset=AssetView(
                kind=kind,
                token=account_text(row["asset_token"]),
                amount_or_id=str(amount),
                content_hash=content_key(amount) if kind == "content" else None,
            ),
            hashlock=row["hashlock"],
            timelock=Moment.of(row["timelock"]),
            expected=_unless_zero(row["expected"]),
            first_lock=_unless_zero(row["first_lock"]),
            guarded_content=content_key(guarded) if guarded else None,
            preimage=row["preimage"],
            closed_by=optional_account_text(row["closed_by"]),
            closed_at=Moment.of_optional(row["closed_at"]),
            closed_transaction_hash=row["closed_transaction_hash"],
            origin=Origin.of(row),
            **more,
        )


class LockDetail(LockView):
    """A lock with the locks that answer it."""

    answers: list[str]


class LockRequest(BaseModel):
    """Terms of a first or single lock."""

    receiver: AddressText = Field(examples=[EXAMPLE_OTHER_ACCOUNT])
    asset: AssetFields
    hashlock: HashText = Field(description="sha256 of a fresh 32-byte preimage.")
    timelock: UnixTime
    expected_asset: AssetFields | None = Field(
        default=None, description="What an answering lock must hold; left out for a single lock."
    )


class AnswerRequest(BaseModel):
    """What the answering lock holds, and until when."""

    asset: AssetFields
    timelock: UnixTime


class PreimageRequest(BaseModel):
    """The secret that opens a hashlock."""

    preimage: HashText = Field(description="The 32 bytes whose sha256 is the hashlock.")


class SaleView(BaseModel):
    """A sale."""

    sale_id: HashText
    state: Literal["open", "settled", "refunded"]
    buyer: AddressText
    seller: AddressText
    content_hash: HashText
    price: WeiText
    hashlock: HashText
    timelock: Moment = Field(description="First second of refund, end of settlement.")
    preimage: HashText | None
    royalty_receiver: AddressText | None
    royalty: WeiText | None
    paid_to_seller: WeiText | None
    closed_at: Moment | None
    closed_transaction_hash: HashText | None
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row."""
        return cls(
            sale_id=row["sale_id"],
            state=row["state"],
            buyer=account_text(row["buyer"]),
            seller=account_text(row["seller"]),
            content_hash=row["content_hash"],
            price=str(row["price"]),
            hashlock=row["hashlock"],
            timelock=Moment.of(row["timelock"]),
            preimage=row["preimage"],
            royalty_receiver=optional_account_text(row["royalty_receiver"]),
            royalty=optional_wei_text(row["royalty"]),
            paid_to_seller=optional_wei_text(row["paid_to_seller"]),
            closed_at=Moment.of_optional(row["closed_at"]),
            closed_transaction_hash=row["closed_transaction_hash"],
            origin=Origin.of(row),
        )


class SaleRequest(BaseModel):
    """Terms of a purchase; the seller is the present owner."""

    content_hash: HashText = Field(examples=[EXAMPLE_OTHER_HASH])
    price: WeiText = Field(description="Wei, royalty included.")
    hashlock: HashText = Field(description="sha256 of the key that the seller will reveal.")
    timelock: UnixTime


class CreditView(BaseModel):
    """What waits for an account in Payouts."""

    account: AddressText
    amount: WeiText


def _unless_zero(value: str) -> str | None:
    return None if value == ZERO_HASH else value
