"""The terms of a round from a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgebazaar.addresses import checksum_address
from edgebazaar.auctions.engine.fixed_point import WAD
from edgebazaar.errors import InvalidInput
from edgebazaar.values import ZERO_ADDRESS, parse_uint

MAXIMUM_BIDS = 1800
"""As many as one transaction can settle or call off (AuctionHouse.MAXIMUM_BIDS)."""
MAXIMUM_ALPHA = 2**128 - 1
BASIS_POINTS = 10_000
_TIMES = ("commit_until", "score_until", "declare_until", "open_until", "settle_until")


def parse_terms(fields: Mapping[str, Any], now: int) -> dict[str, Any]:
    """The Terms of AuctionHouse but for operator and salt.

    Args:
        fields: beneficiary, brand (None for none), the five times (unix, ascending), the deposits,
            reserves and brand_price (wei), alpha (1e18 fixed point), maximum_seconds, penalty_bps
            and maximum_bids.
        now: Unix time after which the first of the times lies.

    Raises:
        InvalidInput: For a malformed or impossible term.
    """
    times = _times(fields, now)
    brand = fields.get("brand")
    brand_price = parse_uint(fields["brand_price"], "brand_price", bits=96)
    brand_address = ZERO_ADDRESS if brand is None else checksum_address(brand, "brand")
    if brand_price and brand_address == ZERO_ADDRESS:
        raise InvalidInput(
            "brand", "is missing", "Name the brand simulator, or give a brand_price of 0"
        )
    alpha = parse_uint(fields["alpha"], "alpha", minimum=WAD, unit="1e18 fixed point")
    maximum_bids = parse_uint(
        fields["maximum_bids"], "maximum_bids", bits=16, minimum=1, unit="bids"
    )
    penalty = parse_uint(
        fields["penalty_bps"], "penalty_bps", bits=16, unit="hundredths of a percent"
    )
    for name, value, most in (
        ("alpha", alpha, MAXIMUM_ALPHA),
        ("maximum_bids", maximum_bids, MAXIMUM_BIDS),
        ("penalty_bps", penalty, BASIS_POINTS),
    ):
        if value > most:
            raise InvalidInput(name, f"{value} is too high", f"Give at most {most}")
    return {
        "beneficiary": checksum_address(fields["beneficiary"], "beneficiary"),
        "brand": brand_address,
        "commitUntil": times[0],
        "scoreUntil": times[1],
        "declareUntil": times[2],
        "openUntil": times[3],
        "settleUntil": times[4],
        "onlineDeposit": parse_uint(fields["online_deposit"], "online_deposit", bits=96, minimum=1),
        "offlineDeposit": parse_uint(
            fields["offline_deposit"], "offline_deposit", bits=96, minimum=1
        ),
        "onlineReserve": parse_uint(fields["online_reserve"], "online_reserve", bits=96),
        "offlineReserve": parse_uint(fields["offline_reserve"], "offline_reserve", bits=96),
        "brandPrice": brand_price,
        "alpha": alpha,
        "maximumSeconds": parse_uint(
            fields["maximum_seconds"], "maximum_seconds", bits=32, minimum=1, unit="seconds"
        ),
        "penaltyBps": penalty,
        "maximumBids": maximum_bids,
    }


def _times(fields: Mapping[str, Any], now: int) -> list[int]:
    times = [parse_uint(fields[name], name, bits=40, unit="seconds") for name in _TIMES]
    earlier, what = now, "now"
    for name, time in zip(_TIMES, times, strict=True):
        if time <= earlier:
            raise InvalidInput(
                name, f"{time} is not after {what}", f"Give a unix time after {earlier}"
            )
        earlier, what = time, name
    return times
