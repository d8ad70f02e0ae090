"""Settlement of a round in integers: the exact twin of ``AuctionSettlementLibrary.sol``.

Every step here is a step there, with the same rounding (floor) and the same ties (lowest index).
Money is in wei, offline bids in wei per second of simulation; ``alpha`` and ``proportional`` are
"wad": 1e18 stands for one.  Source: spec 02 section 2, the corrected payment rules.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WAD = 10**18
BASIS_POINTS = 10_000


class Submarket(enum.IntEnum):
    """The two submarkets; the values are those of ``IAuctionHouse.Submarket``."""

    ONLINE = 0
    OFFLINE = 1


@dataclass(frozen=True, slots=True)
class RoundTerms:
    """Terms of a round as far as they decide winners and money.

    Deposits, ``online_reserve`` in wei; ``offline_reserve`` and ``brand_price`` in wei per second;
    ``alpha`` in wad, at least one; ``penalty_bps`` in hundredths of a percent of the deposit.
    Without a brand, an offline slot that nobody wins stays unsold.

    Raises:
        ValueError: a term is out of range.
    """

    online_deposit: int
    offline_deposit: int
    online_reserve: int
    offline_reserve: int
    brand_price: int
    alpha: int
    maximum_seconds: int
    penalty_bps: int
    has_brand: bool = True

    def __post_init__(self) -> None:
        for name in ("online_deposit", "offline_deposit", "maximum_seconds"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give at least 1")
        for name in ("online_reserve", "offline_reserve", "brand_price"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; give 0 or more")
        if self.alpha < WAD:
            raise ValueError(f"alpha is {self.alpha}; give at least 1e18")
        if not 0 <= self.penalty_bps <= BASIS_POINTS:
            raise ValueError(f"penalty_bps is {self.penalty_bps}; give 0 to {BASIS_POINTS}")
        if self.brand_price and not self.has_brand:
            raise ValueError("brand_price is set without a brand; name the brand or set 0")

    @property
    def advance(self) -> int:
        """The most the brand could have to pay, in wei; the operator puts it up."""
        return self.brand_price * self.maximum_seconds

    def deposit(self, submarket: Submarket) -> int:
        """Deposit of a bid in wei."""
        return self.online_deposit if submarket is Submarket.ONLINE else self.offline_deposit

    def penalty(self, submarket: Submarket) -> int:
        """What an unopened bid loses of its deposit, in wei."""
        return self.deposit(submarket) * self.penalty_bps // BASIS_POINTS

    def bid_limit(self, submarket: Submarket) -> int:
        """The highest bid that the deposit covers; bids above count as this much."""
        if submarket is Submarket.ONLINE:
            return self.online_deposit
        return self.offline_deposit // self.maximum_seconds


@dataclass(frozen=True, slots=True)
class RoundBid:
    """A committed bid; ``amount`` (wei, or wei per second offline) is ``None`` when unopened."""

    submarket: Submarket
    amount: int | None

    def __post_init__(self) -> None:
        if self.amount is not None and self.amount < 0:
            raise ValueError(f"amount is {self.amount}; give 0 or more")


@dataclass(frozen=True, slots=True)
class VehicleScore:
    """What serving a vehicle is worth offline, published before any bid is opened.

    ``proportional`` (wad) multiplies the bid, ``additive`` (wei) does not depend on it,
    ``simulation_seconds`` is the offline slot that would be sold with the vehicle.
    """

    proportional: int
    additive: int
    simulation_seconds: int

    def __post_init__(self) -> None:
        for name in ("proportional", "additive", "simulation_seconds"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; give 0 or more")


@dataclass(frozen=True, slots=True)
class Settlement:
    """Winners, prices and everybody's share of a round, in wei.

    Indices are positions among all bids; ``None`` is nobody.  ``refunds`` has one entry a bid,
    prices and penalties already taken off.  ``unused_advance`` returns to the operator.
    """

    online_index: int | None
    online_price: int
    offline_index: int | None
    offline_price: int
    brand_wins: bool
    simulation_seconds: int
    penalties: int
    refunds: tuple[int, ...]
    unused_advance: int

    @property
    def income(self) -> int:
        """What the roadside unit earns."""
        return self.online_price + self.offline_price


@dataclass(frozen=True, slots=True)
class _Leader:
    index: int | None
    value: int
    second: int


def _leading(values: Iterable[tuple[int, int]]) -> _Leader:
    """Best and second best of (index, value) pairs; the first of equals stays ahead."""
    index: int | None = None
    best = second = 0
    for candidate, value in values:
        if index is None or value > best:
            index, best, second = candidate, value, best
        elif value > second:
            second = value
    return _Leader(index, best, second)


def online_score(bid: int, score: VehicleScore) -> int:
    """Score of an online bid in wei: the bid and the offline surplus expected with it."""
    return bid + bid * score.proportional // WAD + score.additive


def critical_online_price(bid: int, score: VehicleScore, rival: int) -> int:
    """The bid with which the winner's score would equal ``rival`` (wei), floor rounded.

    ``(rival - additive) / (1 + proportional)``, zero where any bid gets there, never above the bid.
    """
    if rival <= score.additive:
        return 0
    return min(bid, (rival - score.additive) * WAD // (WAD + score.proportional))


def offline_threshold(terms: RoundTerms, second: int) -> int:
    """Price per second that an offline bid must exceed and then pays: alpha times the second."""
    return terms.alpha * max(second, terms.offline_reserve) // WAD


def settle_round(
    terms: RoundTerms, bids: Sequence[RoundBid], scores: Sequence[VehicleScore]
) -> Settlement:
    """Settle a round.

    Args:
        terms: the round's terms.
        bids: all bids of both submarkets in the order of commitment.
        scores: one for each online bid, opened or not, in the order of commitment.

    Raises:
        ValueError: not one score for each online bid, or a simulation time above the maximum.
    """
    online = [index for index, bid in enumerate(bids) if bid.submarket is Submarket.ONLINE]
    if len(scores) != len(online):
        raise ValueError(
            f"scores has {len(scores)} entries for {len(online)} online bids; give one for each"
        )
    for position, score in enumerate(scores):
        if score.simulation_seconds > terms.maximum_seconds:
            raise ValueError(
                f"scores[{position}].simulation_seconds is {score.simulation_seconds}; "
                f"the terms allow at most {terms.maximum_seconds}"
            )
    score_of = dict(zip(online, scores, strict=True))
    amounts = {
        index: min(bid.amount, terms.bid_limit(bid.submarket))
        for index, bid in enumerate(bids)
        if bid.amount is not None
    }
    refunds = [
        terms.deposit(bid.submarket) - (terms.penalty(bid.submarket) if bid.amount is None else 0)
        for bid in bids
    ]
    penalties = sum(terms.penalty(bid.submarket) for bid in bids if bid.amount is None)

    leader = _leading(
        (index, online_score(amounts[index], score_of[index]))
        for index in online
        if index in amounts
    )
    if leader.index is None or leader.value < terms.online_reserve:
        return Settlement(None, 0, None, 0, False, 0, penalties, tuple(refunds), terms.advance)
    winner = score_of[leader.index]
    online_price = critical_online_price(
        amounts[leader.index], winner, max(leader.second, terms.online_reserve)
    )
    refunds[leader.index] -= online_price

    offline_index, offline_price, brand_wins = _sell_simulation(
        terms, bids, amounts, winner.simulation_seconds
    )
    if offline_index is not None:
        refunds[offline_index] -= offline_price
    return Settlement(
        online_index=leader.index,
        online_price=online_price,
        offline_index=offline_index,
        offline_price=offline_price,
        brand_wins=brand_wins,
        simulation_seconds=winner.simulation_seconds,
        penalties=penalties,
        refunds=tuple(refunds),
        unused_advance=terms.advance - (offline_price if brand_wins else 0),
    )


def _sell_simulation(
    terms: RoundTerms, bids: Sequence[RoundBid], amounts: dict[int, int], seconds: int
) -> tuple[int | None, int, bool]:
    """Winning bid, price in wei and whether the brand got the slot."""
    if seconds == 0:
        return None, 0, False
    leader = _leading(
        (index, amount)
        for index, amount in amounts.items()
        if bids[index].submarket is Submarket.OFFLINE
    )
    threshold = offline_threshold(terms, leader.second)
    if leader.index is not None and leader.value > threshold:
        return leader.index, threshold * seconds, False
    if terms.has_brand:
        return None, terms.brand_price * seconds, True
    return None, 0, False
