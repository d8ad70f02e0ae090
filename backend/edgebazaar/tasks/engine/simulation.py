"""Producers choosing providers over time: what a selection rule does to trust and load.

Reproduces the setting of spec 01 section 8: three producers, three edge service providers, a
warm-up of random selection, then reputation; one provider turns bad half-way.  All repetitions
advance together as arrays; randomness comes from the seed given.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgebazaar.reputation.engine.multiweight import DEFAULT_WEIGHTS, EvidenceWeights

Floats = NDArray[np.float64]


class SelectionRule(enum.Enum):
    """Rules compared by the simulation."""

    SOFTMAX = "softmax"
    FAMILIAR = "familiar"
    """Greedy: the provider with whom the producer has had most good outcomes."""


@dataclass(frozen=True, slots=True)
class SimulationParameters:
    """Setting of a simulation; times are in periods, rates are probabilities.

    ``success_rates`` belongs to the providers, one each.  From ``attack_at`` on (``None``: never)
    the first provider succeeds with ``attack_success_rate``.  Outcomes of the last
    ``window_periods`` periods count as recent.
    """

    success_rates: tuple[float, ...] = (0.95, 0.85, 0.80)
    producers: int = 3
    periods: int = 160
    warm_up: int = 30
    temperature: float = 0.1
    attack_at: int | None = None
    attack_success_rate: float = 0.0
    window_periods: int = 20
    weights: EvidenceWeights = DEFAULT_WEIGHTS

    def __post_init__(self) -> None:
        if not self.success_rates or not all(0 <= rate <= 1 for rate in self.success_rates):
            raise ValueError("success_rates must hold at least one probability from 0 to 1")
        for name in ("producers", "periods", "window_periods"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give at least 1")
        if not self.temperature > 0:
            raise ValueError(f"temperature is {self.temperature!r}; give a number above 0")


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """What happened, per repetition.

    ``expectations[r, t, p]``: mean over producers of the expected trust in provider p before
    period t.  ``selections[r, t, c]``: provider that producer c chose in period t.
    """

    expectations: Floats
    selections: NDArray[np.int64]

    def loads(self, since: int = 0) -> NDArray[np.int64]:
        """Tasks of each provider from period ``since`` on, shape (repetitions, providers)."""
        providers = self.expectations.shape[2]
        chosen = self.selections[:, since:, :].reshape(self.selections.shape[0], -1)
        loads: NDArray[np.int64] = (chosen[:, :, None] == np.arange(providers)).sum(axis=1)
        return loads

    def load_variation(self, since: int = 0) -> Floats:
        """Coefficient of variation of the loads of each repetition."""
        loads = self.loads(since)
        variation: Floats = loads.std(axis=1) / loads.mean(axis=1)
        return variation


def _expected_trust(recent: Floats, older: Floats, weights: EvidenceWeights) -> Floats:
    """Fused expectations of every (producer, provider) pair from outcome counts.

    Arrays are (repetitions, producers, providers, outcome); outcome 0 is positive.  Array form of
    :mod:`edgebazaar.reputation.engine.multiweight`, all other producers being recommenders.
    """
    positive = weights.positive * (weights.recent * recent[..., 0] + weights.older * older[..., 0])
    negative = weights.negative * (weights.recent * recent[..., 1] + weights.older * older[..., 1])
    evidence = positive + negative
    count = (recent + older).sum(axis=-1)
    uncertainty = 2.0 / (count + 2.0)
    safe = np.where(evidence > 0, evidence, 1.0)
    belief = (1 - uncertainty) * positive / safe

    met = (count > 0).sum(axis=2, keepdims=True)
    totals = evidence.sum(axis=2, keepdims=True)
    frequency = evidence * met / np.where(totals > 0, totals, 1.0)
    others = frequency.sum(axis=1, keepdims=True) - frequency
    has_others = others > 1e-12
    divisor = np.where(has_others, others, 1.0)
    weighted_belief = frequency * belief
    weighted_uncertainty = frequency * uncertainty
    rec_belief = (weighted_belief.sum(axis=1, keepdims=True) - weighted_belief) / divisor
    rec_uncertainty = np.where(
        has_others,
        (weighted_uncertainty.sum(axis=1, keepdims=True) - weighted_uncertainty) / divisor,
        1.0,
    )
    rec_belief = np.where(has_others, rec_belief, 0.0)

    normaliser = uncertainty + rec_uncertainty - uncertainty * rec_uncertainty
    fused_belief = (belief * rec_uncertainty + rec_belief * uncertainty) / normaliser
    fused: Floats = fused_belief + 0.5 * uncertainty * rec_uncertainty / normaliser
    return fused


def _softmax_draw(expected: Floats, temperature: float, uniform: Floats) -> NDArray[np.int64]:
    scores = np.exp((expected - expected.max(axis=-1, keepdims=True)) / temperature)
    cumulated = np.cumsum(scores / scores.sum(axis=-1, keepdims=True), axis=-1)
    chosen: NDArray[np.int64] = (uniform[..., None] >= cumulated[..., :-1]).sum(axis=-1)
    return chosen


def simulate_selection(
    rule: SelectionRule, parameters: SimulationParameters, repetitions: int, seed: int
) -> SimulationResult:
    """Run ``repetitions`` independent markets under one selection rule.

    Args:
        rule: how producers choose after the warm-up.
        parameters: the setting.
        repetitions: number of independent runs, at least 1.
        seed: non-negative seed of all draws; equal seeds give equal results.

    Raises:
        ValueError: ``repetitions`` is below 1.
    """
    if repetitions < 1:
        raise ValueError(f"repetitions is {repetitions}; give at least 1")
    rng = np.random.default_rng(seed)
    providers = len(parameters.success_rates)
    shape = (repetitions, parameters.producers, providers, 2)
    history = np.zeros((parameters.periods, *shape))
    recent, older = np.zeros(shape), np.zeros(shape)
    expectations = np.empty((repetitions, parameters.periods, providers))
    selections = np.empty((repetitions, parameters.periods, parameters.producers), dtype=np.int64)
    rows, columns = np.indices((repetitions, parameters.producers))

    for period in range(parameters.periods):
        if period > parameters.window_periods:
            leaving = history[period - 1 - parameters.window_periods]
            recent -= leaving
            older += leaving
        expected = _expected_trust(recent, older, parameters.weights)
        expectations[:, period] = expected.mean(axis=1)

        uniform = rng.random((repetitions, parameters.producers))
        if period < parameters.warm_up:
            chosen = (uniform * providers).astype(np.int64)
        elif rule is SelectionRule.SOFTMAX:
            chosen = _softmax_draw(expected, parameters.temperature, uniform)
        else:
            chosen = (recent + older)[..., 0].argmax(axis=-1)
        selections[:, period] = chosen

        rates = np.array(parameters.success_rates)
        if parameters.attack_at is not None and period >= parameters.attack_at:
            rates[0] = parameters.attack_success_rate
        failed = rng.random((repetitions, parameters.producers)) >= rates[chosen]
        history[period][rows, columns, chosen, failed.astype(np.int64)] = 1.0
        recent += history[period]
    return SimulationResult(expectations, selections)
