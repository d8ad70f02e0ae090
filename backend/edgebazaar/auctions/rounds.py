"""What follows from a round's row alone: its phase, its structs, who may act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from edgebazaar.auctions.engine.fixed_point import RoundTerms
from edgebazaar.auctions.tables import SUBMARKETS
from edgebazaar.auctions.words import score_word
from edgebazaar.errors import Forbidden
from edgebazaar.values import ZERO_ADDRESS

Row = Mapping[str, Any]
Phase = Literal["commit", "score", "declare", "open", "settle", "refund", "ended"]


def phase_of(row: Row, now: int) -> Phase:
    """What may happen to a round at a unix time.

    `refund` means that the operator missed one of its times: anybody may have everybody refunded.
    """
    match row["state"]:
        case "open":
            if now < row["commit_until"]:
                return "commit"
            return "score" if now < row["score_until"] else "refund"
        case "scored":
            return "declare" if now < row["declare_until"] else "refund"
        case "declared":
            if now < row["open_until"]:
                return "open"
            return "settle" if now < row["settle_until"] else "refund"
    return "ended"


def terms_of(row: Row) -> dict[str, Any]:
    """The Terms of AuctionHouse for a row, exactly as they were emitted."""
    return {
        "operator": row["operator"],
        "beneficiary": row["beneficiary"],
        "brand": row["brand"],
        "commitUntil": row["commit_until"],
        "scoreUntil": row["score_until"],
        "declareUntil": row["declare_until"],
        "openUntil": row["open_until"],
        "settleUntil": row["settle_until"],
        "onlineDeposit": row["online_deposit"],
        "offlineDeposit": row["offline_deposit"],
        "onlineReserve": row["online_reserve"],
        "offlineReserve": row["offline_reserve"],
        "brandPrice": row["brand_price"],
        "alpha": row["alpha"],
        "maximumSeconds": row["maximum_seconds"],
        "penaltyBps": row["penalty_bps"],
        "maximumBids": row["maximum_bids"],
        "salt": row["salt"],
    }


def engine_terms(row: Row) -> RoundTerms:
    """The terms as far as they decide winners and money."""
    return RoundTerms(
        online_deposit=row["online_deposit"],
        offline_deposit=row["offline_deposit"],
        online_reserve=row["online_reserve"],
        offline_reserve=row["offline_reserve"],
        brand_price=row["brand_price"],
        alpha=row["alpha"],
        maximum_seconds=row["maximum_seconds"],
        penalty_bps=row["penalty_bps"],
        has_brand=row["brand"] != ZERO_ADDRESS,
    )


def score_words(row: Row) -> list[int]:
    """The scores of AuctionHouse, as they were published."""
    return [
        score_word(
            int(score["proportional"]), int(score["additive"]), int(score["simulation_seconds"])
        )
        for score in row["scores"] or ()
    ]


def deposit_of(row: Row, submarket: int) -> int:
    """Deposit in wei of a bid in a submarket, by its number."""
    amount: int = row[f"{SUBMARKETS[submarket]}_deposit"]
    return amount


def require_operator(row: Row, account: str) -> Row:
    """The row itself, for its operator.

    Raises:
        Forbidden: For anybody else.
    """
    if row["operator"] != account.lower():
        raise Forbidden(
            f"round {row['round_id']} is run by {row['operator']}", mend="Sign in as its operator."
        )
    return row
