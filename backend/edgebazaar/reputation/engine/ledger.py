"""The whole reputation ledger as a value.

Replay its records, ask it what the contract would answer.

Twin of ``ReputationLedger.sol``: same counters, same fixed point, so that every answer can be
compared to the last digit.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgebazaar.reputation.engine.fixed_point import (
    DEFAULT_WEIGHTS,
    FixedOpinion,
    FixedWeights,
    expectation,
    final_opinion,
    local_opinion,
    recommendation,
    recommended_opinion,
)
from edgebazaar.reputation.engine.windows import (
    InteractionCounts,
    RaterTotals,
    WindowedCounts,
    record_interaction,
    window_of,
)


class InteractionBook:
    """Counters of all pairs and raters, built by replaying interaction records in chain order.

    Args:
        window_seconds: length of a window, as deployed.
        weights: evidence weights, as deployed.
    """

    def __init__(self, window_seconds: int, weights: FixedWeights = DEFAULT_WEIGHTS) -> None:
        self._window_seconds = window_seconds
        self._weights = weights
        self._pairs: dict[tuple[str, str], WindowedCounts] = {}
        self._raters: dict[str, RaterTotals] = {}

    def record(self, rater: str, subject: str, *, positive: bool, timestamp: int) -> None:
        """Add one record; ``timestamp`` is that of its block and never falls."""
        pair_key = (rater.lower(), subject.lower())
        pair, totals = record_interaction(
            self._pairs.get(pair_key, WindowedCounts()),
            self._raters.get(rater.lower(), RaterTotals()),
            positive=positive,
            window=window_of(timestamp, self._window_seconds),
        )
        self._pairs[pair_key] = pair
        self._raters[rater.lower()] = totals

    def pairs(self) -> list[tuple[str, str]]:
        """All (rater, subject) with a record, lower-case, sorted."""
        return sorted(self._pairs)

    def counts(self, rater: str, subject: str, timestamp: int) -> InteractionCounts:
        """Interactions of a pair as they weigh at a time."""
        window = window_of(timestamp, self._window_seconds)
        return self._pairs.get((rater.lower(), subject.lower()), WindowedCounts()).counts(window)

    def opinion(self, rater: str, subject: str, timestamp: int) -> FixedOpinion:
        """The rater's own opinion."""
        return local_opinion(self.counts(rater, subject, timestamp), self._weights)

    def reputation(
        self, rater: str, subject: str, recommenders: Sequence[str], timestamp: int
    ) -> tuple[FixedOpinion, int]:
        """Opinion fused with the recommenders', and its expectation in wad.

        Raises:
            ValueError: more than 16 recommenders, a repeated one, or the rater itself.
        """
        window = window_of(timestamp, self._window_seconds)
        recommendations = []
        for account in recommenders:
            totals = self._raters.get(account.lower(), RaterTotals())
            recommendations.append(
                recommendation(
                    account,
                    self.counts(account, subject, timestamp),
                    totals.totals.counts(window),
                    totals.distinct_subjects,
                    self._weights,
                )
            )
        opinion = final_opinion(
            self.opinion(rater, subject, timestamp), recommended_opinion(recommendations, rater)
        )
        return opinion, expectation(opinion)
