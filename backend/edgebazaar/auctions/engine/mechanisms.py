"""The three mechanisms on one market: PViSA, EPViSA and MTEPViSA, and the omniscient optimum.

Paper 001; corrected payments of spec 02 section 2.  All bidders bid their true values here; that
doing so is best for them is what the payment rules are tested for.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from edgebazaar.auctions.engine.market import Floats, Market
from edgebazaar.auctions.engine.offline import modified_second_bid
from edgebazaar.auctions.engine.online import proportional_outcome
from edgebazaar.auctions.engine.scoring import Assessment, assess


class Mechanism(enum.Enum):
    """How the winner of the online submarket is scored, and how slots are sold offline."""

    PVISA = "pvisa"
    """Second price on bids alone; second price offline."""
    EPVISA = "epvisa"
    """Scores the first task by bare preferences; modified second bid offline."""
    MTEPVISA = "mtepvisa"
    """Scores all tasks by generated match quality; modified second bid offline."""


@dataclass(frozen=True, slots=True)
class TaskSale:
    """One offline slot: performance bidder (0 to K-1) or ``None`` for the brand, and its price."""

    winner: int | None
    payment: float
    duration: float


@dataclass(frozen=True, slots=True)
class Surplus:
    """Where surplus comes from: synchronising twins, traffic and driving simulation."""

    synchronisation: float
    traffic: float
    driving: float

    @property
    def total(self) -> float:
        """All three together."""
        return self.synchronisation + self.traffic + self.driving


@dataclass(frozen=True, slots=True)
class MechanismResult:
    """Outcome of one round.

    ``vehicle_utilities`` (I,) is value minus payment; ``simulator_utilities`` (K+1,) is value of
    the slots won minus payments, column 0 the brand.  ``price_factor`` is the alpha at the winner.
    """

    winner: int
    payment: float
    sales: tuple[TaskSale, ...]
    surplus: Surplus
    vehicle_utilities: Floats
    simulator_utilities: Floats
    price_factor: float
    infeasible_tasks: int
    ties: int

    @property
    def revenue(self) -> float:
        """What the roadside unit earns in both submarkets."""
        return self.payment + sum(sale.payment for sale in self.sales)


def run_mechanism(
    mechanism: Mechanism,
    market: Market,
    *,
    generative: bool = True,
    brand_weight: float = 1.0,
    brand_price: float = 0.0,
    alpha: float | None = None,
) -> MechanismResult:
    """Run one round with truthful bids.

    Args:
        mechanism: which of the three.
        market: the draw.
        generative: whether the market has generative simulators; what a slot is worth, whatever
            the mechanism knows of it when it scores.
        brand_weight: gamma, value of a brand impression relative to a performance one.
        brand_price: posted contract price of the brand, per second.
        alpha: price factor of the modified second bid; derived from the market by default.
            PViSA always uses 1.

    Raises:
        ValueError: a parameter is out of range.
    """
    actual = assess(
        market,
        generative=generative,
        brand_weight=brand_weight,
        alpha=1.0 if mechanism is Mechanism.PVISA else alpha,
    )
    online = proportional_outcome(market.values, _known_surplus(mechanism, market, actual, alpha))
    if online.winner is None:
        raise ValueError("market has no vehicle; draw at least one")
    winner = online.winner
    value = float(market.values[winner])
    factor = float(actual.price_factors[winner])

    vehicle_utilities = np.zeros(len(market.values))
    vehicle_utilities[winner] = value - online.payment
    simulator_utilities = np.zeros(market.preferences.shape[1])
    sales: list[TaskSale] = []
    ties = sum(score == online.scores[winner] for score in online.scores) - 1
    for task, duration in enumerate(actual.durations[winner].tolist()):
        if duration == 0:
            continue
        worth = value * actual.qualities[winner, task]
        sold = modified_second_bid(worth[1:], brand_price, duration, factor)
        sales.append(TaskSale(sold.winner, sold.payment, duration))
        ties += int(sold.tied)
        column = 0 if sold.winner is None else sold.winner + 1
        simulator_utilities[column] += duration * float(worth[column]) - sold.payment

    return MechanismResult(
        winner=winner,
        payment=online.payment,
        sales=tuple(sales),
        surplus=_surplus(market, actual, winner),
        vehicle_utilities=vehicle_utilities,
        simulator_utilities=simulator_utilities,
        price_factor=factor,
        infeasible_tasks=actual.infeasible_tasks,
        ties=ties,
    )


def _known_surplus(
    mechanism: Mechanism, market: Market, actual: Assessment, alpha: float | None
) -> Floats:
    if mechanism is Mechanism.PVISA:
        return np.zeros(len(market.values))
    if mechanism is Mechanism.EPVISA:
        return assess(
            market, generative=False, tasks=1, brand_weight=actual.brand_weight, alpha=alpha
        ).proportional
    return actual.proportional


def _surplus(market: Market, assessment: Assessment, winner: int) -> Surplus:
    value = float(market.values[winner])
    return Surplus(
        synchronisation=float(market.synchronisation_surplus[winner]) * value,
        traffic=float(assessment.traffic_surplus[winner]) * value,
        driving=assessment.brand_weight * float(assessment.driving_surplus[winner]) * value,
    )


def omniscient_surplus(
    market: Market, *, generative: bool = True, brand_weight: float = 1.0
) -> float:
    """The highest total surplus any allocation reaches: an upper bound for every mechanism.

    Raises:
        ValueError: ``brand_weight`` is out of range.
    """
    best = assess(market, generative=generative, brand_weight=brand_weight).first_best
    totals = market.values * (market.synchronisation_surplus + best)
    return float(totals.max())
