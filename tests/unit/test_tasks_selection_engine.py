"""Selection policies and their replayable draw; load metrics; the market simulation."""

from __future__ import annotations

import decimal
import hashlib
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.reputation.engine import multiweight
from edgebazaar.reputation.engine.windows import InteractionCounts
from edgebazaar.tasks.engine import (
    SelectionPolicy,
    SelectionRule,
    SimulationParameters,
    coefficient_of_variation,
    load_by_provider,
    select,
    selection_weights,
    simulate_selection,
    uniform_integer,
)
from edgebazaar.tasks.engine.simulation import _expected_trust

WAD = 10**18
SOFTMAX = SelectionPolicy.SOFTMAX_REPUTATION
trusts = st.lists(st.integers(0, WAD), min_size=1, max_size=12)


def seed_of(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big")).digest()


def names(count: int) -> list[str]:
    return [f"0x{index:040x}" for index in range(count)]


def exact_weight(exponent: Fraction) -> int:
    """``floor(2**53 * exp(exponent))`` from the exponential series in exact rationals."""
    term, total = Fraction(1), Fraction(1)
    for n in range(1, 60):
        term *= exponent / n
        total += term
    return math.floor(total * 2**53)


def test_softmax_weights_are_exact_to_the_last_digit():
    weights = selection_weights(SOFTMAX, [857 * 10**15, 750 * 10**15, 700 * 10**15], 100 * 10**15)
    assert weights == (
        2**53,
        exact_weight(Fraction(-107, 100)),
        exact_weight(Fraction(-157, 100)),
    )


@given(trusts, st.integers(10**15, 10 * WAD))
def test_softmax_probabilities_agree_with_floating_point(expectations, temperature):
    weights = selection_weights(SOFTMAX, expectations, temperature)
    values = np.array(expectations) / temperature
    expected = np.exp(values - values.max())
    expected /= expected.sum()
    assert np.array(weights) / sum(weights) == pytest.approx(expected, abs=1e-12)


@given(trusts, st.integers(1, 10 * WAD), st.integers(0, 2**32))
def test_a_draw_does_not_depend_on_the_ambient_decimal_context(expectations, temperature, number):
    accounts, seed = names(len(expectations)), seed_of(number)
    plain = select(SOFTMAX, accounts, expectations, seed, temperature)
    with decimal.localcontext(decimal.Context(prec=3, rounding=decimal.ROUND_UP)):
        assert select(SOFTMAX, accounts, expectations, seed, temperature) == plain


def test_extreme_temperatures():
    cold = selection_weights(SOFTMAX, [WAD // 2, WAD // 2 + 1, 0], 1)
    assert cold[0] > 0
    assert cold[2] == 0
    assert selection_weights(SOFTMAX, [0, WAD], 10**10) == (0, 2**53)
    hot = selection_weights(SOFTMAX, [0, WAD], 10**40)
    assert hot[0] >= 2**53 - 1


@given(trusts, st.integers(0, 2**32))
def test_highest_takes_the_lowest_index_among_the_best(expectations, number):
    chosen = select(
        SelectionPolicy.HIGHEST_REPUTATION,
        names(len(expectations)),
        expectations,
        seed_of(number),
    )
    assert chosen.index == expectations.index(max(expectations))


@pytest.mark.parametrize("policy", [SOFTMAX, SelectionPolicy.UNIFORM])
def test_frequencies_follow_the_probabilities(policy):
    expectations = [900 * 10**15, 850 * 10**15, 800 * 10**15]
    accounts, draws = names(3), 6000
    counts = np.zeros(3)
    for number in range(draws):
        chosen = select(policy, accounts, expectations, seed_of(number), 100 * 10**15)
        counts[chosen.index] += 1
    assert counts / draws == pytest.approx(chosen.probabilities, abs=0.025)


def test_different_seeds_draw_differently():
    """The public demo reseeds its generator before every draw and always picks the same."""
    accounts = names(3)
    drawn = {
        select(SelectionPolicy.UNIFORM, accounts, [0, 0, 0], seed_of(number)).index
        for number in range(30)
    }
    assert drawn == {0, 1, 2}


def test_the_draw_is_the_documented_one():
    seed = seed_of(7)
    digest = hashlib.sha256(seed + b"edgebazaar/selection").digest()
    assert uniform_integer(seed) == int.from_bytes(digest, "big") >> (256 - 53)
    accounts, expectations = names(4), [WAD // 5, WAD // 2, WAD // 3, WAD // 2]
    chosen = select(SOFTMAX, accounts, expectations, seed, WAD // 10)
    assert chosen.point == uniform_integer(seed) * sum(chosen.weights) // 2**53
    below = sum(chosen.weights[: chosen.index])
    assert below <= chosen.point < below + chosen.weights[chosen.index]
    assert chosen.candidate == accounts[chosen.index]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"candidates": [], "expectations": []}, "candidates is empty"),
        ({"candidates": ["0x1"]}, "give one for each"),
        ({"candidates": ["0xA", "0xa"]}, "repeats"),
        ({"expectations": [0, WAD + 1]}, r"expectations\[1\]"),
        ({"temperature": 0}, "temperature"),
        ({"seed": b"short"}, "seed has 5 bytes"),
        ({"policy": SelectionPolicy.DIRECT}, "DIRECT"),
    ],
)
def test_unfit_input_is_refused_by_name(change, message):
    arguments = {
        "policy": SOFTMAX,
        "candidates": ["0x1", "0x2"],
        "expectations": [0, WAD],
        "seed": bytes(32),
        "temperature": WAD,
    } | change
    with pytest.raises(ValueError, match=message):
        select(**arguments)


def test_load_metrics():
    accounts = names(3)
    loads = load_by_provider([accounts[0], accounts[2], accounts[0]], accounts)
    assert loads == (2, 0, 1)
    assert coefficient_of_variation(loads) == pytest.approx(math.sqrt(2 / 3))
    assert coefficient_of_variation([4, 4, 4]) == 0
    with pytest.raises(ValueError, match="not among providers"):
        load_by_provider(["0xother"], accounts)
    with pytest.raises(ValueError, match="all zero"):
        coefficient_of_variation([0, 0])
    with pytest.raises(ValueError, match="at least one"):
        coefficient_of_variation([])


class TestSimulation:
    """Spec 01 section 8: reputation spreads the load and reacts to a provider turning bad."""

    attacked = SimulationParameters(attack_at=80)

    @pytest.mark.parametrize("seed", [0, 1, 2])
    def test_softmax_halves_the_load_variation_of_familiarity(self, seed):
        softmax = simulate_selection(SelectionRule.SOFTMAX, self.attacked, 40, seed)
        familiar = simulate_selection(SelectionRule.FAMILIAR, self.attacked, 40, seed)
        assert softmax.load_variation().mean() < familiar.load_variation().mean() / 2

    def test_trust_falls_after_the_attack_and_the_others_rise(self):
        result = simulate_selection(SelectionRule.SOFTMAX, self.attacked, 60, 5)
        trust = result.expectations.mean(axis=0)
        before, soon, late = trust[79], trust[99], trust[159]
        assert before.argmax() == 0
        assert soon[0] < before[0] - 0.15
        assert late[0] < soon[0]
        assert late.argmin() == 0
        assert late[1] > before[1]
        assert late[2] > before[2]

    def test_selection_moves_away_from_the_attacker(self):
        result = simulate_selection(SelectionRule.SOFTMAX, self.attacked, 60, 6)
        share_before = (result.selections[:, 60:80] == 0).mean()
        share_late = (result.selections[:, 140:] == 0).mean()
        assert share_before > 0.5
        assert share_late < 0.2

    def test_outcomes_depend_on_the_provider_not_on_the_producer(self):
        """The public demo draws success by client; here equal providers end equally trusted."""
        equal = SimulationParameters(success_rates=(0.85, 0.85, 0.85))
        final = simulate_selection(SelectionRule.SOFTMAX, equal, 200, 2).expectations[:, -1]
        assert np.ptp(final.mean(axis=0)) < 0.03

    def test_equal_seeds_repeat_and_different_ones_do_not(self):
        runs = [simulate_selection(SelectionRule.SOFTMAX, self.attacked, 3, s) for s in (9, 9, 10)]
        assert np.array_equal(runs[0].selections, runs[1].selections)
        assert not np.array_equal(runs[0].selections, runs[2].selections)

    def test_array_form_equals_the_reputation_engine(self):
        rng = np.random.default_rng(3)
        recent = rng.integers(0, 9, (1, 3, 4, 2)).astype(float)
        older = rng.integers(0, 9, (1, 3, 4, 2)).astype(float)
        recent[0, 0, 1] = older[0, 0, 1] = 0
        pairs = [
            [
                InteractionCounts(
                    int(recent[0, c, p, 0]),
                    int(recent[0, c, p, 1]),
                    int(older[0, c, p, 0]),
                    int(older[0, c, p, 1]),
                )
                for p in range(4)
            ]
            for c in range(3)
        ]
        trust = _expected_trust(recent, older, multiweight.DEFAULT_WEIGHTS)
        for producer in range(3):
            for provider in range(4):
                recommendations = []
                for other in set(range(3)) - {producer}:
                    evidence = [multiweight.weighted_evidence(pair).total for pair in pairs[other]]
                    weight = multiweight.interaction_frequency(
                        evidence[provider], sum(evidence), sum(1 for e in evidence if e)
                    )
                    opinion = multiweight.local_opinion(pairs[other][provider])
                    recommendations.append(multiweight.Recommendation(opinion, weight))
                expected = multiweight.final_opinion(
                    multiweight.local_opinion(pairs[producer][provider]),
                    multiweight.recommended_opinion(recommendations),
                ).expectation
                assert trust[0, producer, provider] == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"success_rates": (1.5,)}, "success_rates"),
            ({"producers": 0}, "producers"),
            ({"temperature": 0.0}, "temperature"),
        ],
    )
    def test_unfit_parameters_are_refused_by_name(self, change, field):
        with pytest.raises(ValueError, match=field):
            SimulationParameters(**change)
        with pytest.raises(ValueError, match="repetitions"):
            simulate_selection(SelectionRule.SOFTMAX, SimulationParameters(), 0, 0)


@given(st.binary(min_size=32, max_size=32), st.integers(1, 50))
def test_a_uniform_draw_takes_the_place_that_the_contract_computes(seed: bytes, count: int) -> None:
    """TaskSelections.sol: ``(sha256(seed || domain) >> 203) * count >> 53``."""
    digest = hashlib.sha256(seed + b"edgebazaar/selection").digest()
    place = (int.from_bytes(digest, "big") >> 203) * count >> 53
    names = [f"0x{number:040x}" for number in range(count)]
    drawn = select(SelectionPolicy.UNIFORM, names, [WAD // 2] * count, seed)
    assert drawn.candidate == names[place]
