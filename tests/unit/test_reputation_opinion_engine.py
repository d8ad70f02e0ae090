"""Opinions and their fusion against golden numbers and algebraic properties."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.reputation.engine.opinion import (
    Opinion,
    averaging_fusion,
    cumulative_fusion,
    opinion_from_evidence,
    vacuous,
    weighted_fusion,
)

OPERATORS = [cumulative_fusion, averaging_fusion, weighted_fusion]
FIRST = Opinion(0.1, 0.3, 0.6)
SECOND = Opinion(0.4, 0.2, 0.4)
THIRD = Opinion(0.7, 0.1, 0.2)


@st.composite
def opinions(draw: st.DrawFn, least_uncertainty: float = 0.0) -> Opinion:
    uncertainty = draw(st.floats(least_uncertainty, 1))
    share = draw(st.floats(0, 1))
    belief = (1 - uncertainty) * share
    return Opinion(belief, max(0.0, 1 - uncertainty - belief), uncertainty, draw(st.floats(0, 1)))


def masses(opinion: Opinion) -> tuple[float, float, float]:
    return opinion.belief, opinion.disbelief, opinion.uncertainty


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (cumulative_fusion, (0.6512, 0.2093, 0.1395)),
        (averaging_fusion, (0.5091, 0.1636, 0.3273)),
        (weighted_fusion, (0.5622, 0.1459, 0.2919)),
    ],
)
def test_three_sources_match_the_golden_numbers(operator, expected):
    assert masses(operator([FIRST, SECOND, THIRD])) == pytest.approx(expected, abs=5e-5)


def test_two_opposite_sources_match_the_golden_numbers():
    fused = cumulative_fusion([Opinion(0.3, 0, 0.7), Opinion(0, 0.3, 0.7)])
    assert masses(fused) == pytest.approx((0.230769, 0.230769, 0.538462), abs=5e-7)


def test_three_sources_do_not_depend_on_their_order():
    sources = [Opinion(0.7, 0, 0.3), Opinion(0.3, 0, 0.7), Opinion(0, 0.3, 0.7)]
    for order in itertools.permutations(sources):
        assert masses(cumulative_fusion(order)) == pytest.approx(
            (0.659091, 0.102273, 0.238636), abs=5e-7
        )


def test_cumulative_fusion_adds_evidence():
    fused = cumulative_fusion([opinion_from_evidence(3, 1), opinion_from_evidence(5, 7)])
    assert masses(fused) == pytest.approx(masses(opinion_from_evidence(8, 8)), abs=1e-12)


def test_averaging_fusion_averages_evidence():
    fused = averaging_fusion([opinion_from_evidence(3, 1), opinion_from_evidence(5, 7)])
    assert masses(fused) == pytest.approx(masses(opinion_from_evidence(4, 4)), abs=1e-12)


@pytest.mark.parametrize("operator", OPERATORS)
def test_one_dogmatic_source_wins_and_several_are_averaged(operator):
    assert operator([FIRST, Opinion(0.8, 0.2, 0)]) == Opinion(0.8, 0.2, 0)
    both = operator([Opinion(1, 0, 0), FIRST, Opinion(0, 1, 0)])
    assert masses(both) == pytest.approx((0.5, 0.5, 0))


@pytest.mark.parametrize("operator", OPERATORS)
@given(sources=st.lists(opinions(), min_size=1, max_size=6))
def test_masses_stay_an_opinion(operator, sources):
    fused = operator(sources)
    assert min(masses(fused)) >= 0
    assert sum(masses(fused)) == pytest.approx(1, abs=1e-12)
    assert 0 <= fused.base_rate <= 1
    assert 0 <= fused.expectation <= 1


@given(opinions(1e-6), opinions(1e-6), opinions(1e-6))
def test_cumulative_fusion_is_commutative_and_associative(a, b, c):
    assert masses(cumulative_fusion([a, b])) == pytest.approx(
        masses(cumulative_fusion([b, a])), abs=1e-12
    )
    left = cumulative_fusion([cumulative_fusion([a, b]), c])
    right = cumulative_fusion([a, cumulative_fusion([b, c])])
    assert masses(left) == pytest.approx(masses(right), abs=1e-9)
    assert masses(left) == pytest.approx(masses(cumulative_fusion([a, b, c])), abs=1e-9)


@given(opinions(), st.floats(0, 1))
def test_vacuous_opinion_is_neutral_in_cumulative_fusion(opinion, base_rate):
    fused = cumulative_fusion([opinion, vacuous(base_rate)])
    assert masses(fused) == pytest.approx(masses(opinion), abs=1e-12)


@given(st.lists(opinions(), min_size=2, max_size=5))
def test_more_evidence_never_raises_uncertainty(sources):
    least = min(source.uncertainty for source in sources)
    assert cumulative_fusion(sources).uncertainty <= least + 1e-12


@given(opinions(), st.integers(1, 5))
def test_averaging_is_idempotent(opinion, copies):
    assert masses(averaging_fusion([opinion] * copies)) == pytest.approx(masses(opinion), abs=1e-12)


def test_two_source_base_rate_matches_the_published_formula():
    a, b = Opinion(0.1, 0.3, 0.6, 0.2), Opinion(0.4, 0.2, 0.4, 0.9)
    expected = (0.2 * 0.4 + 0.9 * 0.6 - 1.1 * 0.24) / (1.0 - 0.48)
    assert cumulative_fusion([a, b]).base_rate == pytest.approx(expected, abs=1e-12)
    assert cumulative_fusion([vacuous(0.2), vacuous(0.6)]).base_rate == pytest.approx(0.4)


def test_very_small_uncertainties_do_not_underflow():
    fused = cumulative_fusion([Opinion(1 - 1e-200, 0, 1e-200), Opinion(0, 1 - 1e-200, 1e-200)] * 5)
    assert masses(fused) == pytest.approx((0.5, 0.5, 0), abs=1e-12)


@pytest.mark.parametrize("operator", OPERATORS)
def test_fusing_nothing_is_refused(operator):
    with pytest.raises(ValueError, match="opinions is empty"):
        operator([])


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ((1.2, -0.2, 0.0), "belief"),
        ((0.5, 0.5, 0.5), "belief \\+ disbelief \\+ uncertainty"),
        ((0.5, 0.5, float("nan")), "uncertainty"),
        ((0.5, 0.5, 0.0, 1.5), "base_rate"),
    ],
)
def test_invalid_masses_are_refused_by_name(arguments, field):
    with pytest.raises(ValueError, match=field):
        Opinion(*arguments)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [((-1, 0), "positive"), ((0, float("inf")), "negative")],
)
def test_invalid_evidence_is_refused_by_name(arguments, field):
    with pytest.raises(ValueError, match=field):
        opinion_from_evidence(*arguments)
    with pytest.raises(ValueError, match="prior"):
        opinion_from_evidence(1, 1, prior=0)
