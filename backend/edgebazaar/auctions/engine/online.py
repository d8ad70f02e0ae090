"""Online submarket: which vehicle the roadside unit serves, and the critical payment.

Score of vehicle i: its bid and the offline surplus expected from serving it (paper 001, eq. 8,
corrected in spec 02 sections 2 and 3).  The winner pays the least bid with which it would still
win.  Bids, surpluses and payments share one unit of money.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
ScoreRule = Callable[[int, float], float]
"""Score of vehicle ``i`` with a bid ``b``; strictly increasing in ``b``."""

_BISECTION_STEPS = 200


@dataclass(frozen=True, slots=True)
class OnlineOutcome:
    """Who is served and for what.

    ``winner`` is ``None`` without bidders.  ``rival`` is the highest score of the others, 0
    without any.
    """

    winner: int | None
    payment: float
    scores: tuple[float, ...]
    rival: float


def checked_amounts(name: str, values: ArrayLike) -> Floats:
    """Values as an array of finite numbers of 0 or more.

    Raises:
        ValueError: another shape than one axis, a negative or non-finite number.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} axes; give a flat list of numbers")
    bad = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
    if bad.size:
        raise ValueError(
            f"{name}[{bad[0]}] is {array[bad[0]]!r}; give a finite number of 0 or more"
        )
    return array


def _same_length(name: str, values: Floats, bids: Floats) -> None:
    if len(values) != len(bids):
        raise ValueError(f"{name} has {len(values)} entries for {len(bids)} bids; give one each")


def _ranked(scores: Floats) -> tuple[int | None, float]:
    """Lowest index of the highest score, and the highest score of the others."""
    if scores.size == 0:
        return None, 0.0
    winner = int(scores.argmax())
    rest = np.delete(scores, winner)
    return winner, float(rest.max()) if rest.size else 0.0


def additive_outcome(bids: ArrayLike, additive: ArrayLike) -> OnlineOutcome:
    """Rule (a): ``score_i = b_i + phi_i`` with phi independent of the bid.

    Payment ``max(0, rival - phi_winner)``.

    Args:
        bids: one a vehicle.
        additive: phi, the expected offline surplus of serving each vehicle.

    Raises:
        ValueError: a number is negative or not finite, or the lengths differ.
    """
    return general_outcome(bids, np.zeros(len(np.asarray(bids))), additive)


def proportional_outcome(bids: ArrayLike, proportional: ArrayLike) -> OnlineOutcome:
    """Rule (b): ``score_i = b_i * (1 + psi_i)``, for offline values that scale with the bid.

    Payment ``rival / (1 + psi_winner)``.

    Args:
        bids: one a vehicle.
        proportional: psi, the expected offline surplus per unit of the bid.

    Raises:
        ValueError: a number is negative or not finite, or the lengths differ.
    """
    return general_outcome(bids, proportional, np.zeros(len(np.asarray(bids))))


def general_outcome(bids: ArrayLike, proportional: ArrayLike, additive: ArrayLike) -> OnlineOutcome:
    """Rules (a) and (b) together: ``score_i = b_i * (1 + psi_i) + phi_i``.

    Payment ``max(0, rival - phi_winner) / (1 + psi_winner)``; the form the chain settles.

    Raises:
        ValueError: a number is negative or not finite, or the lengths differ.
    """
    amounts = checked_amounts("bids", bids)
    psi = checked_amounts("proportional", proportional)
    phi = checked_amounts("additive", additive)
    _same_length("proportional", psi, amounts)
    _same_length("additive", phi, amounts)
    scores = amounts * (1 + psi) + phi
    winner, rival = _ranked(scores)
    payment = 0.0
    if winner is not None:
        payment = max(0.0, rival - float(phi[winner])) / (1 + float(psi[winner]))
    return OnlineOutcome(winner, payment, tuple(scores.tolist()), rival)


def critical_payment_by_bisection(rule: ScoreRule, winner: int, bid: float, rival: float) -> float:
    """``inf {b : score(b) >= rival}`` for any score that increases with the bid.

    The definition that the closed forms are checked against.

    Args:
        rule: score of a vehicle and a bid.
        winner: index of the winner.
        bid: its bid, whose score is at least ``rival``.
        rival: the highest score of the others.

    Raises:
        ValueError: the bid would not win.
    """
    if rule(winner, bid) < rival:
        raise ValueError(f"bid {bid!r} scores below the rival {rival!r}; only a winner pays")
    if rule(winner, 0.0) >= rival:
        return 0.0
    losing, winning = 0.0, bid
    for _ in range(_BISECTION_STEPS):
        middle = (losing + winning) / 2
        if rule(winner, middle) >= rival:
            winning = middle
        else:
            losing = middle
    return winning


def outcome_by_bisection(bids: ArrayLike, rule: ScoreRule) -> OnlineOutcome:
    """Winner and critical payment under any score rule.

    Raises:
        ValueError: a bid is negative or not finite.
    """
    amounts = checked_amounts("bids", bids)
    scores = np.array([rule(i, float(bid)) for i, bid in enumerate(amounts)])
    winner, rival = _ranked(scores)
    payment = 0.0
    if winner is not None:
        payment = critical_payment_by_bisection(rule, winner, float(amounts[winner]), rival)
    return OnlineOutcome(winner, payment, tuple(scores.tolist()), rival)
