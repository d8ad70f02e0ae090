"""Multi-weight subjective logic in 1e18 fixed point: the exact twin of ``OpinionLibrary.sol``.

Every step here is a step there, in the same order with the same rounding (floor), so that both
give the same integer to the last digit.  Masses and weights are "wad": 1e18 stands for one.
Uncertainty is always what belief and disbelief leave, so that the masses sum to exactly one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgebazaar.reputation.engine.windows import InteractionCounts

WAD = 10**18
BASE_RATE = WAD // 2
EVIDENCE_PRIOR = 2
MAXIMUM_RECOMMENDERS = 16


def mul_div(multiplicand: int, multiplier: int, denominator: int) -> int:
    """``floor(multiplicand * multiplier / denominator)`` on non-negative integers."""
    return multiplicand * multiplier // denominator


@dataclass(frozen=True, slots=True)
class FixedWeights:
    """Timeliness and effect weights in wad; each pair sums to one.

    Raises:
        ValueError: a weight is negative or a pair does not sum to 1e18.
    """

    recent: int = 600_000_000_000_000_000
    older: int = 400_000_000_000_000_000
    positive: int = 400_000_000_000_000_000
    negative: int = 600_000_000_000_000_000

    def __post_init__(self) -> None:
        for first, second in (("recent", "older"), ("positive", "negative")):
            a, b = getattr(self, first), getattr(self, second)
            if a < 0 or b < 0 or a + b != WAD:
                raise ValueError(
                    f"{first} + {second} is {a + b}; give two weights of 0 or more that sum to 1e18"
                )


DEFAULT_WEIGHTS = FixedWeights()


@dataclass(frozen=True, slots=True)
class FixedOpinion:
    """Belief, disbelief and uncertainty in wad; they sum to exactly 1e18.

    Raises:
        ValueError: a mass is negative or the sum differs from 1e18.
    """

    belief: int
    disbelief: int
    uncertainty: int

    def __post_init__(self) -> None:
        for name in ("belief", "disbelief", "uncertainty"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; give 0 or more")
        total = self.belief + self.disbelief + self.uncertainty
        if total != WAD:
            raise ValueError(f"belief + disbelief + uncertainty is {total}; it must be 1e18")


VACUOUS = FixedOpinion(0, 0, WAD)


@dataclass(frozen=True, slots=True)
class FixedEvidence:
    """Weighted evidence in wad interactions."""

    positive: int
    negative: int

    @property
    def total(self) -> int:
        """Positive and negative evidence together."""
        return self.positive + self.negative


def weighted_evidence(
    counts: InteractionCounts, weights: FixedWeights = DEFAULT_WEIGHTS
) -> FixedEvidence:
    """Weigh plain counts by timeliness and effect (spec 01 section 6, A and B, in wad)."""
    return FixedEvidence(
        weights.recent * weights.positive // WAD * counts.recent_positive
        + weights.older * weights.positive // WAD * counts.older_positive,
        weights.recent * weights.negative // WAD * counts.recent_negative
        + weights.older * weights.negative // WAD * counts.older_negative,
    )


def evidence_uncertainty(interactions: int) -> int:
    """Uncertainty (wad) left after a plain number of interactions, ``2e18 // (n + 2)``.

    Raises:
        ValueError: the number is negative.
    """
    if interactions < 0:
        raise ValueError(f"interactions is {interactions}; give a count of 0 or more")
    return EVIDENCE_PRIOR * WAD // (interactions + EVIDENCE_PRIOR)


def opinion_from_weighted_evidence(evidence: FixedEvidence, uncertainty: int) -> FixedOpinion:
    """Split ``1 - uncertainty`` by weighted evidence; vacuous where there is none.

    Args:
        evidence: wad interactions.
        uncertainty: wad, 0 to 1e18.

    Raises:
        ValueError: the uncertainty is out of range.
    """
    if not 0 <= uncertainty <= WAD:
        raise ValueError(f"uncertainty is {uncertainty}; give 0 to 1e18")
    if evidence.total == 0:
        return VACUOUS
    belief = mul_div(WAD - uncertainty, evidence.positive, evidence.total)
    disbelief = mul_div(WAD - uncertainty, evidence.negative, evidence.total)
    return FixedOpinion(belief, disbelief, WAD - belief - disbelief)


def local_opinion(
    counts: InteractionCounts, weights: FixedWeights = DEFAULT_WEIGHTS
) -> FixedOpinion:
    """The ledger's view of a pair: uncertainty falls with the number of interactions."""
    return opinion_from_weighted_evidence(
        weighted_evidence(counts, weights), evidence_uncertainty(counts.total)
    )


def recommendation_weight(pair_evidence: int, rater_evidence: int, distinct_subjects: int) -> int:
    """Interaction frequency of a recommender with the subject (wad), floor rounded.

    ``pair * subjects / total``: the pair's evidence over the recommender's mean per subject.

    Args:
        pair_evidence: wad evidence of (recommender, subject).
        rater_evidence: wad evidence of the recommender over all subjects.
        distinct_subjects: how many subjects that is.
    """
    if rater_evidence == 0:
        return 0
    return mul_div(pair_evidence, WAD * distinct_subjects, rater_evidence)


@dataclass(frozen=True, slots=True)
class FixedRecommendation:
    """One recommender's account, opinion about the subject, and weight (wad)."""

    recommender: str
    opinion: FixedOpinion
    weight: int

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError(f"weight is {self.weight}; give 0 or more")


def recommendation(
    recommender: str,
    pair: InteractionCounts,
    totals: InteractionCounts,
    distinct_subjects: int,
    weights: FixedWeights = DEFAULT_WEIGHTS,
) -> FixedRecommendation:
    """What the ledger derives for one recommender from its counters."""
    return FixedRecommendation(
        recommender,
        local_opinion(pair, weights),
        recommendation_weight(
            weighted_evidence(pair, weights).total,
            weighted_evidence(totals, weights).total,
            distinct_subjects,
        ),
    )


def _refuse_unfit_recommenders(recommendations: Sequence[FixedRecommendation], rater: str) -> None:
    if len(recommendations) > MAXIMUM_RECOMMENDERS:
        raise ValueError(
            f"recommenders has {len(recommendations)} entries; name at most {MAXIMUM_RECOMMENDERS}"
        )
    seen: set[str] = set()
    for index, entry in enumerate(recommendations):
        account = entry.recommender.lower()
        if account == rater.lower():
            raise ValueError(
                f"recommenders[{index}] is the rater {entry.recommender}; leave it out, "
                "its own evidence already counts"
            )
        if account in seen:
            raise ValueError(
                f"recommenders[{index}] repeats {entry.recommender}; name each recommender once"
            )
        seen.add(account)


def recommended_opinion(
    recommendations: Sequence[FixedRecommendation], rater: str
) -> FixedOpinion | None:
    """Weighted mean of the recommenders' opinions; ``None`` where nobody has any weight.

    Raises:
        ValueError: more than 16 recommenders, a repeated one, or the rater itself.
    """
    _refuse_unfit_recommenders(recommendations, rater)
    total = sum(entry.weight for entry in recommendations)
    if total == 0:
        return None
    belief = sum(entry.weight * entry.opinion.belief for entry in recommendations) // total
    disbelief = sum(entry.weight * entry.opinion.disbelief for entry in recommendations) // total
    return FixedOpinion(belief, disbelief, WAD - belief - disbelief)


def cumulative_fusion(first: FixedOpinion, second: FixedOpinion) -> FixedOpinion:
    """Add up the evidence behind two opinions (spec 01 section 5); two dogmatic ones average."""
    normaliser = (
        first.uncertainty + second.uncertainty - first.uncertainty * second.uncertainty // WAD
    )
    if normaliser == 0:
        belief = (first.belief + second.belief) // 2
        disbelief = (first.disbelief + second.disbelief) // 2
    else:
        belief = (
            first.belief * second.uncertainty + second.belief * first.uncertainty
        ) // normaliser
        disbelief = (
            first.disbelief * second.uncertainty + second.disbelief * first.uncertainty
        ) // normaliser
    return FixedOpinion(belief, disbelief, WAD - belief - disbelief)


def final_opinion(local: FixedOpinion, recommended: FixedOpinion | None) -> FixedOpinion:
    """Fuse the rater's own opinion with the recommended one; without any, keep its own."""
    return local if recommended is None else cumulative_fusion(local, recommended)


def expectation(opinion: FixedOpinion, base_rate: int = BASE_RATE) -> int:
    """Expected probability of a good outcome in wad, ``belief + base_rate * uncertainty``."""
    return opinion.belief + mul_div(base_rate, opinion.uncertainty, WAD)
