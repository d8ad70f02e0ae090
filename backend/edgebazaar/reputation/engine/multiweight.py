"""Multi-weight subjective logic (MWSL) reputation, in floating point.

Source: Kang et al., arXiv 1809.08387; spec 01 section 6.  Interactions are weighted by
timeliness (recent or older) and by effect (positive or negative); the rater's own opinion is
fused with those of recommenders, each weighted by how often it meets the subject.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgebazaar.reputation.engine.opinion import (
    EVIDENCE_PRIOR,
    Opinion,
    cumulative_fusion,
    vacuous,
)
from edgebazaar.reputation.engine.windows import InteractionCounts

_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class EvidenceWeights:
    """How much one interaction counts: ``timeliness * effect``.

    ``recent + older == 1`` with ``recent >= older``, and ``positive + negative == 1`` with
    ``positive <= negative`` (bad work weighs more).  Equality switches a distinction off.

    Raises:
        ValueError: a weight is outside [0, 1], a pair does not sum to 1 or is ordered wrongly.
    """

    recent: float = 0.6
    older: float = 0.4
    positive: float = 0.4
    negative: float = 0.6

    def __post_init__(self) -> None:
        for first, second in (("recent", "older"), ("positive", "negative")):
            a, b = getattr(self, first), getattr(self, second)
            for name, value in ((first, a), (second, b)):
                if not 0 <= value <= 1:
                    raise ValueError(f"{name} is {value!r}; give a weight from 0 to 1")
            if abs(a + b - 1) > _SUM_TOLERANCE:
                raise ValueError(f"{first} + {second} is {a + b!r}; the two must sum to 1")
        if self.recent < self.older:
            raise ValueError(
                f"recent ({self.recent}) is below older ({self.older}); swap the two weights"
            )
        if self.positive > self.negative:
            raise ValueError(
                f"positive ({self.positive}) is above negative ({self.negative}); swap the two"
            )


DEFAULT_WEIGHTS = EvidenceWeights()


@dataclass(frozen=True, slots=True)
class WeightedEvidence:
    """Weighted amounts of positive and negative evidence, in interactions, each 0 or more."""

    positive: float
    negative: float

    @property
    def total(self) -> float:
        """Amount of interaction of the pair, both outcomes together."""
        return self.positive + self.negative


def weighted_evidence(
    counts: InteractionCounts, weights: EvidenceWeights = DEFAULT_WEIGHTS
) -> WeightedEvidence:
    """Weigh plain counts by timeliness and effect (spec 01 section 6, A and B)."""
    return WeightedEvidence(
        weights.recent * weights.positive * counts.recent_positive
        + weights.older * weights.positive * counts.older_positive,
        weights.recent * weights.negative * counts.recent_negative
        + weights.older * weights.negative * counts.older_negative,
    )


def evidence_uncertainty(interactions: int, prior: float = EVIDENCE_PRIOR) -> float:
    """Uncertainty left after a plain number of interactions, ``prior / (interactions + prior)``.

    Raises:
        ValueError: the number is negative or the prior is not positive.
    """
    if interactions < 0:
        raise ValueError(f"interactions is {interactions}; give a count of 0 or more")
    if not prior > 0:
        raise ValueError(f"prior is {prior!r}; give a weight above 0")
    return prior / (interactions + prior)


def local_opinion(
    counts: InteractionCounts,
    uncertainty: float | None = None,
    weights: EvidenceWeights = DEFAULT_WEIGHTS,
    base_rate: float = 0.5,
) -> Opinion:
    """A rater's own opinion about a subject.

    Args:
        counts: the pair's interactions.
        uncertainty: in [0, 1]; ``None`` derives it from the number of interactions
            (:func:`evidence_uncertainty`).  Kang et al. use one minus the link's success rate.
        weights: timeliness and effect.
        base_rate: expectation without evidence.

    Returns:
        The vacuous opinion where there is no evidence.

    Raises:
        ValueError: the uncertainty is outside [0, 1].
    """
    if uncertainty is None:
        uncertainty = evidence_uncertainty(counts.total)
    if not 0 <= uncertainty <= 1:
        raise ValueError(f"uncertainty is {uncertainty!r}; give a number from 0 to 1")
    evidence = weighted_evidence(counts, weights)
    if evidence.total == 0:
        return vacuous(base_rate)
    return Opinion(
        (1 - uncertainty) * evidence.positive / evidence.total,
        (1 - uncertainty) * evidence.negative / evidence.total,
        uncertainty,
        base_rate,
    )


def interaction_frequency(pair_evidence: float, total_evidence: float, subjects: int) -> float:
    """How often a recommender meets the subject, relative to its mean over subjects.

    ``IF = N_pair / (N_total / subjects)``; 0 for a recommender without evidence.

    Args:
        pair_evidence: weighted evidence of (recommender, subject), in interactions.
        total_evidence: the same over all of the recommender's subjects.
        subjects: number of distinct subjects behind ``total_evidence``.

    Raises:
        ValueError: an amount is negative, or the pair exceeds the total.
    """
    if pair_evidence < 0 or total_evidence < 0 or subjects < 0:
        raise ValueError(
            "pair_evidence, total_evidence and subjects must be 0 or more; got "
            f"{pair_evidence!r}, {total_evidence!r}, {subjects!r}"
        )
    if pair_evidence > total_evidence * (1 + _SUM_TOLERANCE):
        raise ValueError(
            f"pair_evidence {pair_evidence!r} exceeds total_evidence {total_evidence!r}; "
            "the total must include the pair"
        )
    if total_evidence == 0:
        return 0.0
    return pair_evidence * subjects / total_evidence


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommender's opinion and its weight (``similarity * interaction frequency``, >= 0).

    Raises:
        ValueError: the weight is negative or not finite.
    """

    opinion: Opinion
    weight: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and self.weight >= 0):
            raise ValueError(f"weight is {self.weight!r}; give a finite number of 0 or more")


def recommended_opinion(recommendations: Sequence[Recommendation]) -> Opinion | None:
    """Weighted mean of the recommenders' opinions; ``None`` where nobody has any weight.

    The weights are divided by their own sum, so that scaling them all changes nothing.
    """
    total = math.fsum(r.weight for r in recommendations)
    if total == 0:
        return None
    shares = [r.weight / total for r in recommendations]
    opinions = [r.opinion for r in recommendations]
    belief = math.fsum(s * o.belief for s, o in zip(shares, opinions, strict=True))
    disbelief = math.fsum(s * o.disbelief for s, o in zip(shares, opinions, strict=True))
    return Opinion(
        belief,
        disbelief,
        math.fsum(s * o.uncertainty for s, o in zip(shares, opinions, strict=True)),
        math.fsum(s * o.base_rate for s, o in zip(shares, opinions, strict=True)),
    )


def final_opinion(local: Opinion, recommended: Opinion | None) -> Opinion:
    """Fuse the rater's own opinion with the recommended one; without any, keep its own."""
    return local if recommended is None else cumulative_fusion([local, recommended])
