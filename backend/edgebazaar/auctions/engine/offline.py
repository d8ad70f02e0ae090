"""Offline submarket: which simulator is shown while the winning vehicle waits.

The modified second bid of Arnosti, Beck and Milgrom (2016): the highest performance bidder wins if
it exceeds alpha times the second highest, and pays that per unit of time; otherwise the brand
takes the slot at its contract price (paper 001, eqs. 10 and 11; spec 02 section 2).  Only
performance bidders set the price.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from edgebazaar.auctions.engine.online import checked_amounts


@dataclass(frozen=True, slots=True)
class OfflineOutcome:
    """Who gets the slot: ``winner`` is a performance bidder, or ``None`` for the brand."""

    winner: int | None
    payment: float
    price: float
    """Price per unit of time."""
    tied: bool
    """Whether the highest bid was shared by several bidders."""


def modified_second_bid(
    bids: ArrayLike, brand_price: float, duration: float, alpha: float, reserve: float = 0.0
) -> OfflineOutcome:
    """Sell one slot.

    Args:
        bids: of performance bidders, per unit of time.
        brand_price: posted contract price of the brand, per unit of time.
        duration: total simulation time sold, in units of time.
        alpha: price factor, at least 1.
        reserve: least second bid, per unit of time; acts as the second bid of a lone bidder.

    Raises:
        ValueError: alpha is below 1, or a number is negative or not finite.
    """
    amounts = checked_amounts("bids", bids)
    checked_amounts("brand_price, duration, reserve", [brand_price, duration, reserve])
    if not (np.isfinite(alpha) and alpha >= 1):
        raise ValueError(f"alpha is {alpha!r}; give a finite number of at least 1")
    if amounts.size:
        winner = int(amounts.argmax())
        highest = float(amounts[winner])
        rest = np.delete(amounts, winner)
        second = float(rest.max()) if rest.size else 0.0
        price = alpha * max(second, reserve)
        if highest > price:
            return OfflineOutcome(winner, duration * price, price, tied=False)
        tied = second == highest
    else:
        tied = False
    return OfflineOutcome(None, duration * brand_price, brand_price, tied)


def price_factor(
    brand_quality: ArrayLike, second_quality: ArrayLike, brand_weight: float = 1.0
) -> float:
    """``alpha = max(1, gamma E[m_0] / E[m_(2)])``: what keeps adverse selection out.

    Args:
        brand_quality: match qualities of the brand, any number of draws.
        second_quality: second highest match qualities among performance bidders.
        brand_weight: gamma, value of a brand impression relative to a performance one.

    Returns:
        1 where there is no second bidder to compare with.

    Raises:
        ValueError: a quality or the weight is negative or not finite.
    """
    brand = checked_amounts("brand_quality", np.ravel(brand_quality))
    second = checked_amounts("second_quality", np.ravel(second_quality))
    checked_amounts("brand_weight", [brand_weight])
    if brand.size == 0 or second.size == 0 or second.mean() == 0:
        return 1.0
    return max(1.0, brand_weight * float(brand.mean()) / float(second.mean()))
