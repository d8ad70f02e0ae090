"""Payment rules as printed in paper 001, kept to show why the corrected ones replace them.

None of them is strategy-proof (spec 02 section 3); nothing in the product pays by them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgebazaar.auctions.engine.online import OnlineOutcome, additive_outcome, checked_amounts


def second_score_bid_outcome(bids: ArrayLike, additive: ArrayLike) -> OnlineOutcome:
    """Eq. (9): the winner pays the bid of the vehicle with the second highest score.

    Raises:
        ValueError: as in :func:`~edgebazaar.auctions.engine.online.additive_outcome`.
    """
    outcome = additive_outcome(bids, additive)
    scores = np.array(outcome.scores)
    if outcome.winner is None or scores.size == 1:
        return outcome
    scores[outcome.winner] = -np.inf
    payment = float(checked_amounts("bids", bids)[int(scores.argmax())])
    return OnlineOutcome(outcome.winner, payment, outcome.scores, outcome.rival)


def added_surplus_outcome(bids: ArrayLike, additive: ArrayLike) -> OnlineOutcome:
    """Eqs. (13) and (15): the winner pays the rival's score plus its own surplus, sign as printed.

    Raises:
        ValueError: as in :func:`~edgebazaar.auctions.engine.online.additive_outcome`.
    """
    outcome = additive_outcome(bids, additive)
    if outcome.winner is None:
        return outcome
    surplus = float(checked_amounts("additive", additive)[outcome.winner])
    return OnlineOutcome(outcome.winner, outcome.rival + surplus, outcome.scores, outcome.rival)


def own_bid_surplus_outcome(bids: ArrayLike, proportional: ArrayLike) -> OnlineOutcome:
    """Surplus computed from the own bid, payment ``rival - surplus``: raising a bid lowers it.

    Raises:
        ValueError: as in :func:`~edgebazaar.auctions.engine.online.additive_outcome`.
    """
    amounts = checked_amounts("bids", bids)
    return additive_outcome(amounts, amounts * checked_amounts("proportional", proportional))
