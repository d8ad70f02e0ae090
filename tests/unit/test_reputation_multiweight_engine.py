"""Multi-weight subjective logic: golden numbers, properties, and the public demo's defects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.reputation.engine.multiweight import (
    EvidenceWeights,
    Recommendation,
    evidence_uncertainty,
    final_opinion,
    interaction_frequency,
    local_opinion,
    recommended_opinion,
    weighted_evidence,
)
from edgebazaar.reputation.engine.opinion import Opinion, vacuous
from edgebazaar.reputation.engine.windows import InteractionCounts

OWN = InteractionCounts(6, 1, 4, 1)
FIRST_RECOMMENDER = InteractionCounts(3, 0, 2, 1)
SECOND_RECOMMENDER = InteractionCounts(1, 2, 5, 2)

counts = st.builds(InteractionCounts, *(st.integers(0, 200) for _ in range(4)))


def masses(opinion: Opinion) -> tuple[float, float, float]:
    return opinion.belief, opinion.disbelief, opinion.uncertainty


def golden_recommendations() -> list[Recommendation]:
    first, second = weighted_evidence(FIRST_RECOMMENDER), weighted_evidence(SECOND_RECOMMENDER)
    return [
        Recommendation(
            local_opinion(FIRST_RECOMMENDER, 0.4), interaction_frequency(first.total, 4.0, 3)
        ),
        Recommendation(
            local_opinion(SECOND_RECOMMENDER, 0.6), interaction_frequency(second.total, 4.0, 1)
        ),
    ]


def test_worked_example_matches_the_golden_numbers():
    evidence = weighted_evidence(OWN)
    assert (evidence.positive, evidence.negative) == pytest.approx((2.08, 0.60))
    local = local_opinion(OWN, 0.5)
    assert masses(local) == pytest.approx((0.388060, 0.111940, 0.5), abs=5e-7)

    first, second = golden_recommendations()
    assert masses(first.opinion) == pytest.approx((0.4875, 0.1125, 0.4), abs=1e-12)
    assert masses(second.opinion) == pytest.approx((0.185714, 0.214286, 0.6), abs=5e-7)
    assert (first.weight, second.weight) == pytest.approx((0.96, 0.56))

    recommended = recommended_opinion([first, second])
    assert recommended is not None
    assert masses(recommended) == pytest.approx((0.376316, 0.15, 0.473684), abs=5e-7)
    final = final_opinion(local, recommended)
    assert masses(final) == pytest.approx((0.504824, 0.173747, 0.321429), abs=5e-7)
    assert final.expectation == pytest.approx(0.665538, abs=5e-7)


def test_cold_start():
    assert local_opinion(InteractionCounts()) == vacuous()
    local = local_opinion(OWN)
    assert final_opinion(local, recommended_opinion([])) == local
    assert final_opinion(vacuous(), None).expectation == 0.5
    assert recommended_opinion([Recommendation(local, 0.0)]) is None


@given(counts)
def test_opinion_masses_sum_to_one(pair):
    opinion = local_opinion(pair)
    assert min(masses(opinion)) >= 0
    assert sum(masses(opinion)) == pytest.approx(1, abs=1e-12)


def with_one_more(pair: InteractionCounts, field: str) -> InteractionCounts:
    values = {
        name: getattr(pair, name)
        for name in ("recent_positive", "recent_negative", "older_positive", "older_negative")
    }
    values[field] += 1
    return InteractionCounts(**values)


@given(counts, st.sampled_from([None, 0.0, 0.3, 0.9]))
def test_a_good_event_never_lowers_and_a_bad_one_never_raises_expectation(pair, uncertainty):
    before = local_opinion(pair, uncertainty).expectation
    for window in ("recent", "older"):
        better = local_opinion(with_one_more(pair, f"{window}_positive"), uncertainty)
        worse = local_opinion(with_one_more(pair, f"{window}_negative"), uncertainty)
        assert better.expectation >= before - 1e-12
        assert worse.expectation <= before + 1e-12


@given(counts, counts, st.floats(0.05, 0.95))
def test_good_and_bad_events_move_the_fused_expectation_the_right_way(own, other, uncertainty):
    recommended = recommended_opinion([Recommendation(local_opinion(other), 1.0)])

    def fused(pair: InteractionCounts) -> float:
        return final_opinion(local_opinion(pair, uncertainty), recommended).expectation

    if own.total:
        assert fused(with_one_more(own, "recent_positive")) >= fused(own) - 1e-12
        assert fused(with_one_more(own, "recent_negative")) <= fused(own) + 1e-12


@given(counts)
def test_a_recent_bad_event_hurts_at_least_as_much_as_an_older_one(pair):
    recent = local_opinion(with_one_more(pair, "recent_negative")).expectation
    older = local_opinion(with_one_more(pair, "older_negative")).expectation
    assert recent <= older + 1e-12


@given(st.floats(1e-6, 1e6))
def test_scaling_every_recommendation_weight_changes_nothing(scale):
    plain = golden_recommendations()
    scaled = [Recommendation(entry.opinion, entry.weight * scale) for entry in plain]
    first, second = recommended_opinion(plain), recommended_opinion(scaled)
    assert first is not None
    assert second is not None
    assert masses(first) == pytest.approx(masses(second), abs=1e-12)


def test_uncertainty_falls_with_the_plain_number_of_interactions():
    assert [evidence_uncertainty(n) for n in (0, 2, 18)] == pytest.approx([1, 0.5, 0.1])
    assert local_opinion(OWN).uncertainty == pytest.approx(2 / 14)


class TestDefectsOfThePublicDemo:
    """Spec 01 section 6 lists what a public demonstration gets wrong; none may come back."""

    def test_overall_opinion_is_still_an_opinion(self):
        recommended = recommended_opinion(golden_recommendations())
        assert recommended is not None
        assert sum(masses(recommended)) == pytest.approx(1, abs=1e-12)
        total_weight = sum(entry.weight for entry in golden_recommendations())
        assert total_weight / (1 + total_weight) < 0.7  # what dividing by 1 + sum would leave

    def test_distrust_with_uncertainty_does_not_raise_the_score(self):
        unknown, distrusted = Opinion(0.2, 0.2, 0.6), Opinion(0.2, 0.5, 0.3)
        assert distrusted.expectation < unknown.expectation
        defective = [o.belief + o.uncertainty * o.disbelief for o in (unknown, distrusted)]
        assert defective[1] > defective[0]

    def test_older_evidence_weighs_less(self):
        recent = weighted_evidence(InteractionCounts(recent_positive=5))
        older = weighted_evidence(InteractionCounts(older_positive=5))
        assert older.positive < recent.positive

    def test_opinions_are_numbers_not_program_text(self):
        with pytest.raises(TypeError):
            Opinion("__import__('os')", 0, 0)  # type: ignore[arg-type]

    def test_final_disbelief_uses_the_recommended_uncertainty(self):
        local, recommended = Opinion(0.2, 0.3, 0.5), Opinion(0.5, 0.25, 0.25)
        normaliser = 0.5 + 0.25 - 0.125
        final = final_opinion(local, recommended)
        assert final.disbelief == pytest.approx((0.3 * 0.25 + 0.25 * 0.5) / normaliser)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"recent": 0.7}, "recent \\+ older"),
        ({"positive": 0.5}, "positive \\+ negative"),
        ({"recent": 0.4, "older": 0.6}, "recent .* below older"),
        ({"positive": 0.6, "negative": 0.4}, "positive .* above negative"),
        ({"recent": 1.5, "older": -0.5}, "recent is 1.5"),
    ],
)
def test_unfit_weights_are_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        EvidenceWeights(**arguments)


def test_invalid_input_is_refused_by_name():
    with pytest.raises(ValueError, match="older_negative"):
        InteractionCounts(0, 0, 0, -1)
    for uncertainty in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="uncertainty"):
            local_opinion(OWN, uncertainty)
    with pytest.raises(ValueError, match="interactions"):
        evidence_uncertainty(-1)
    with pytest.raises(ValueError, match="pair_evidence"):
        interaction_frequency(2.0, 1.0, 1)
    with pytest.raises(ValueError, match="weight"):
        Recommendation(vacuous(), float("nan"))
