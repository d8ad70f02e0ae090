"""From a market to scores: feasibility, match quality and offline surplus of each vehicle.

Paper 001 eqs. (1) to (7), as resolved in spec 02 section 3.  Axes: I vehicles, N tasks, K
performance simulators; column 0 of K+1 is the brand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgebazaar.auctions.engine.market import (
    MEGABITS_PER_MEGABYTE,
    SMALLEST_SIMULATION_MEGABYTES,
    Floats,
    Market,
)
from edgebazaar.auctions.engine.offline import price_factor


def match_quality(
    preference: ArrayLike, requests: ArrayLike, accuracy: ArrayLike, threshold: float
) -> Floats:
    """Quality of a generated simulation for a vehicle, eq. (1).

    ``log2(1 + accuracy * requests) * preference / threshold``.

    Args:
        preference: h, of the vehicle for the simulator.
        requests: Q, generations that fit into the remaining time.
        accuracy: G, of generation.
        threshold: theta > 0, share of the preference to be met.

    Raises:
        ValueError: the threshold is not positive.
    """
    if not threshold > 0:
        raise ValueError(f"threshold is {threshold!r}; give a number above 0")
    quality: Floats = (
        np.log2(1 + np.asarray(accuracy, dtype=np.float64) * np.asarray(requests))
        * np.asarray(preference)
        / threshold
    )
    return quality


def remaining_time(market: Market) -> Floats:
    """Seconds left for simulation after each digital-twin task, (I, N); 0 where infeasible.

    ``deadline - transmission - execution``.  A task that does not fit its deadline is rejected:
    it earns nothing, and nothing is simulated for it.
    """
    # No link at all makes the transmission endless, which is infeasible like any other.
    with np.errstate(divide="ignore", invalid="ignore"):
        transmission = (
            market.task_megabytes * MEGABITS_PER_MEGABYTE / market.uplink_megabits[:, None]
        )
    execution = market.task_megabytes * market.task_gigacycles / market.vehicle_processor_gigahertz
    left = market.deadlines - transmission - execution
    result: Floats = np.where(np.isfinite(left) & (left > 0), left, 0.0)
    return result


def simulation_time(market: Market) -> Floats:
    """Seconds that one simulation takes to render and send, (I, K+1).

    Simulations count with at least :data:`SMALLEST_SIMULATION_MEGABYTES`: nothing would fit into
    the remaining time endlessly often.
    """
    size = np.maximum(market.simulation_megabytes, SMALLEST_SIMULATION_MEGABYTES)
    with np.errstate(divide="ignore"):
        sending = size * MEGABITS_PER_MEGABYTE / market.downlink_megabits[:, None]
    rendering = size * market.simulation_gigacycles / market.simulation_processor_gigahertz
    result: Floats = sending + rendering
    return result


@dataclass(frozen=True, slots=True)
class Assessment:
    """What serving each vehicle is worth offline, per unit of its value.

    Attributes:
        durations: (I, N) seconds of simulation sold with each task; 0 where infeasible.
        qualities: (I, N, K+1) match quality, column 0 the brand.
        price_factors: (I,) alpha at each vehicle.
        performance_wins: (I, N) whether the modified second bid gives the slot to a
            performance simulator.
        traffic_surplus: (I,) per unit of value, from slots that performance simulators win.
        driving_surplus: (I,) per unit of value, from slots of the brand, before ``gamma``.
        first_best: (I,) per unit of value, giving every slot to the better side.
        brand_weight: gamma.
    """

    durations: Floats
    qualities: Floats
    price_factors: Floats
    performance_wins: NDArray[np.bool_]
    traffic_surplus: Floats
    driving_surplus: Floats
    first_best: Floats
    brand_weight: float

    @property
    def proportional(self) -> Floats:
        """psi: offline surplus of serving each vehicle per unit of its value, (I,)."""
        result: Floats = self.traffic_surplus + self.brand_weight * self.driving_surplus
        return result

    @property
    def infeasible_tasks(self) -> int:
        """Tasks rejected because they do not fit their deadline."""
        return int((self.durations == 0).sum())


def assess(
    market: Market,
    *,
    generative: bool = True,
    tasks: int | None = None,
    brand_weight: float = 1.0,
    alpha: float | None = None,
) -> Assessment:
    """Assess every vehicle's offline surplus.

    Args:
        market: the draw.
        generative: quality by eq. (1); otherwise the bare preference.
        tasks: how many of each vehicle's tasks to count, from the first; all by default.
        brand_weight: gamma, value of a brand impression relative to a performance one.
        alpha: price factor of the modified second bid, at least 1; by default that of
            :func:`~edgebazaar.auctions.engine.offline.price_factor` over the vehicle's tasks.

    Raises:
        ValueError: ``tasks``, ``alpha`` or ``brand_weight`` is out of range.
    """
    available = market.deadlines.shape[1]
    if tasks is not None and not 1 <= tasks <= available:
        raise ValueError(f"tasks is {tasks}; give 1 to {available}")
    if alpha is not None and not (np.isfinite(alpha) and alpha >= 1):
        raise ValueError(f"alpha is {alpha!r}; give a finite number of at least 1")
    if not (np.isfinite(brand_weight) and brand_weight >= 0):
        raise ValueError(f"brand_weight is {brand_weight!r}; give a finite number of 0 or more")
    durations = remaining_time(market)[:, :tasks]
    if generative:
        requests = durations[:, :, None] / simulation_time(market)[:, None, :]
        qualities = match_quality(
            market.preferences[:, None, :],
            requests,
            market.accuracies[:, None, :],
            market.preference_threshold,
        )
    else:
        qualities = np.repeat(market.preferences[:, None, :], durations.shape[1], axis=1)

    brand = qualities[:, :, 0]
    best, second = _best_two(qualities[:, :, 1:])
    if alpha is None:
        factors = np.array(
            [price_factor(brand[i], second[i], brand_weight) for i in range(len(brand))]
        )
    else:
        factors = np.full(len(brand), alpha)
    performance_wins = best > factors[:, None] * second
    return Assessment(
        durations=durations,
        qualities=qualities,
        price_factors=factors,
        performance_wins=performance_wins,
        traffic_surplus=(durations * np.where(performance_wins, best, 0.0)).sum(axis=1),
        driving_surplus=(durations * np.where(performance_wins, 0.0, brand)).sum(axis=1),
        first_best=(durations * np.maximum(best, brand_weight * brand)).sum(axis=1),
        brand_weight=brand_weight,
    )


def _best_two(qualities: Floats) -> tuple[Floats, Floats]:
    """Highest and second highest over the last axis; 0 where there is none."""
    none = np.zeros(qualities.shape[:-1])
    count = qualities.shape[-1]
    if count == 0:
        return none, none
    if count == 1:
        return qualities[..., 0], none
    top = np.partition(qualities, count - 2, axis=-1)
    return top[..., -1], top[..., -2]


def marginal_scores(bid: float, task_surpluses: ArrayLike) -> Floats:
    """Marginal scores of serving a vehicle's tasks one after the other, eq. (7).

    The first carries the bid, later ones only their surplus.  Sorted descending by surplus, so
    that they do not increase as long as the bid makes up for nothing (Assumption 1).
    """
    surpluses = np.sort(np.asarray(task_surpluses, dtype=np.float64))[::-1].copy()
    if surpluses.size:
        surpluses[0] += bid
    return surpluses
