"""Subjective-logic opinions and their fusion, in floating point.

Sources: Josang, "Subjective Logic"; van der Heijden, Kopp, Kargl, arXiv 1805.01388 (multi-source
fusion and its limit cases); spec 01 section 5.  The ledger's exact integer version is
:mod:`edgebazaar.reputation.engine.fixed_point`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

EVIDENCE_PRIOR = 2.0
"""Weight of the non-informative prior: one imaginary success and one imaginary failure."""

_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a rater holds about a subject: three masses that sum to one, and a base rate.

    All four are dimensionless and lie in [0, 1].  ``belief + disbelief + uncertainty == 1``.

    Raises:
        ValueError: a mass is outside [0, 1] or not a number, or the three do not sum to one.
    """

    belief: float
    disbelief: float
    uncertainty: float
    base_rate: float = 0.5

    def __post_init__(self) -> None:
        for name in ("belief", "disbelief", "uncertainty", "base_rate"):
            value = getattr(self, name)
            if not -_SUM_TOLERANCE <= value <= 1 + _SUM_TOLERANCE:
                raise ValueError(f"{name} is {value!r}; give a number from 0 to 1")
        total = self.belief + self.disbelief + self.uncertainty
        if abs(total - 1) > _SUM_TOLERANCE:
            raise ValueError(
                f"belief + disbelief + uncertainty is {total!r}; scale the three to sum to 1"
            )

    @property
    def expectation(self) -> float:
        """Expected probability of a good outcome, ``belief + base_rate * uncertainty``."""
        return self.belief + self.base_rate * self.uncertainty

    @property
    def is_dogmatic(self) -> bool:
        """Whether no uncertainty is left, so that no further evidence could move the opinion."""
        return self.uncertainty <= 0

    @property
    def is_vacuous(self) -> bool:
        """Whether nothing is known: all mass lies on uncertainty."""
        return self.uncertainty >= 1


def vacuous(base_rate: float = 0.5) -> Opinion:
    """The opinion of somebody who has seen nothing."""
    return Opinion(0.0, 0.0, 1.0, base_rate)


def opinion_from_evidence(
    positive: float, negative: float, *, base_rate: float = 0.5, prior: float = EVIDENCE_PRIOR
) -> Opinion:
    """Map amounts of evidence to an opinion (spec 01 section 5).

    ``belief = r/(r+s+W)``, ``disbelief = s/(r+s+W)``, ``uncertainty = W/(r+s+W)``.

    Args:
        positive: amount of positive evidence r >= 0, in (possibly weighted) interactions.
        negative: amount of negative evidence s >= 0, in the same unit.
        base_rate: expectation where there is no evidence.
        prior: weight W > 0 of the non-informative prior.

    Raises:
        ValueError: an amount is negative or not finite, or the prior is not positive.
    """
    for name, value in (("positive", positive), ("negative", negative)):
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} evidence is {value!r}; give a finite amount of 0 or more")
    if not (math.isfinite(prior) and prior > 0):
        raise ValueError(f"prior is {prior!r}; give a finite weight above 0")
    total = positive + negative + prior
    return Opinion(positive / total, negative / total, prior / total, base_rate)


def _required(opinions: Sequence[Opinion]) -> None:
    if not opinions:
        raise ValueError("opinions is empty; give at least one opinion to fuse")


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _mean_opinion(opinions: Sequence[Opinion]) -> Opinion:
    belief = _mean([o.belief for o in opinions])
    disbelief = _mean([o.disbelief for o in opinions])
    return Opinion(
        belief,
        disbelief,
        _mean([o.uncertainty for o in opinions]),
        _mean([o.base_rate for o in opinions]),
    )


def _inverse_uncertainties(opinions: Sequence[Opinion]) -> tuple[float, list[float]]:
    # The textbook products of all other uncertainties underflow for many sources.  Dividing
    # numerator and denominator by them leaves 1/u; scaling by the smallest u keeps it finite.
    smallest = min(o.uncertainty for o in opinions)
    return smallest, [smallest / o.uncertainty for o in opinions]


def _confidence_weighted_base_rate(opinions: Sequence[Opinion], weights: Sequence[float]) -> float:
    total = math.fsum(weights)
    if total <= 0:
        return _mean([o.base_rate for o in opinions])
    return math.fsum(o.base_rate * w for o, w in zip(opinions, weights, strict=True)) / total


def cumulative_fusion(opinions: Sequence[Opinion]) -> Opinion:
    """Fuse opinions from independent evidence: the evidence adds up (aCBF, arXiv 1805.01388).

    Dogmatic sources outweigh all others; several dogmatic sources are averaged with equal weight.

    Raises:
        ValueError: no opinion is given.
    """
    _required(opinions)
    dogmatic = [o for o in opinions if o.is_dogmatic]
    if dogmatic:
        return _mean_opinion(dogmatic)
    smallest, inverse = _inverse_uncertainties(opinions)
    confidence = [(o.belief + o.disbelief) * w for o, w in zip(opinions, inverse, strict=True)]
    denominator = math.fsum(confidence) + smallest
    return Opinion(
        math.fsum(o.belief * w for o, w in zip(opinions, inverse, strict=True)) / denominator,
        math.fsum(o.disbelief * w for o, w in zip(opinions, inverse, strict=True)) / denominator,
        smallest / denominator,
        _confidence_weighted_base_rate(opinions, confidence),
    )


def averaging_fusion(opinions: Sequence[Opinion]) -> Opinion:
    """Fuse opinions from shared evidence: the evidence is averaged (ABF, arXiv 1805.01388).

    Idempotent: fusing an opinion with itself returns it.  Dogmatic sources as in
    :func:`cumulative_fusion`.

    Raises:
        ValueError: no opinion is given.
    """
    _required(opinions)
    dogmatic = [o for o in opinions if o.is_dogmatic]
    if dogmatic:
        return _mean_opinion(dogmatic)
    smallest, inverse = _inverse_uncertainties(opinions)
    denominator = math.fsum(inverse)
    return Opinion(
        math.fsum(o.belief * w for o, w in zip(opinions, inverse, strict=True)) / denominator,
        math.fsum(o.disbelief * w for o, w in zip(opinions, inverse, strict=True)) / denominator,
        len(opinions) * smallest / denominator,
        _mean([o.base_rate for o in opinions]),
    )


def weighted_fusion(opinions: Sequence[Opinion]) -> Opinion:
    """Fuse opinions weighted by their confidence ``1 - uncertainty`` (WBF, arXiv 1805.01388).

    A vacuous opinion has no influence; all vacuous gives vacuous.  Dogmatic sources as in
    :func:`cumulative_fusion`.

    Raises:
        ValueError: no opinion is given.
    """
    _required(opinions)
    dogmatic = [o for o in opinions if o.is_dogmatic]
    if dogmatic:
        return _mean_opinion(dogmatic)
    smallest, inverse = _inverse_uncertainties(opinions)
    confidences = [o.belief + o.disbelief for o in opinions]
    weights = [c * w for c, w in zip(confidences, inverse, strict=True)]
    denominator = math.fsum(weights)
    base_rate = _confidence_weighted_base_rate(opinions, confidences)
    if denominator <= 0:
        return vacuous(base_rate)
    return Opinion(
        math.fsum(o.belief * w for o, w in zip(opinions, weights, strict=True)) / denominator,
        math.fsum(o.disbelief * w for o, w in zip(opinions, weights, strict=True)) / denominator,
        math.fsum(confidences) * smallest / denominator,
        base_rate,
    )
