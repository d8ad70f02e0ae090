"""The integer twin of the on-chain library: golden numbers, agreement with floats, windows."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.reputation.engine import fixed_point as fixed
from edgebazaar.reputation.engine import multiweight
from edgebazaar.reputation.engine.fixed_point import WAD, FixedOpinion, FixedRecommendation
from edgebazaar.reputation.engine.opinion import Opinion, cumulative_fusion
from edgebazaar.reputation.engine.windows import (
    MAXIMUM_COUNT,
    InteractionCounts,
    OutcomeCounts,
    RaterTotals,
    WindowedCounts,
    record_interaction,
    window_of,
)

wad = st.integers(0, WAD)


@st.composite
def fixed_opinions(draw: st.DrawFn) -> FixedOpinion:
    cuts = sorted([draw(wad), draw(wad)])
    return FixedOpinion(cuts[0], cuts[1] - cuts[0], WAD - cuts[1])


counts = st.builds(InteractionCounts, *(st.integers(0, MAXIMUM_COUNT) for _ in range(4)))
small_counts = st.builds(InteractionCounts, *(st.integers(0, 300) for _ in range(4)))


def as_float(opinion: FixedOpinion) -> Opinion:
    return Opinion(opinion.belief / WAD, opinion.disbelief / WAD, opinion.uncertainty / WAD)


def total(opinion: FixedOpinion) -> int:
    return opinion.belief + opinion.disbelief + opinion.uncertainty


def test_worked_example_matches_the_golden_numbers():
    local = fixed.opinion_from_weighted_evidence(
        fixed.weighted_evidence(InteractionCounts(6, 1, 4, 1)), WAD // 2
    )
    assert (local.belief, local.disbelief) == (388059701492537313, 111940298507462686)

    first_counts, second_counts = InteractionCounts(3, 0, 2, 1), InteractionCounts(1, 2, 5, 2)
    first_evidence = fixed.weighted_evidence(first_counts)
    second_evidence = fixed.weighted_evidence(second_counts)
    assert (first_evidence.total, second_evidence.total) == (128 * 10**16, 224 * 10**16)
    first = FixedRecommendation(
        "0xA1",
        fixed.opinion_from_weighted_evidence(first_evidence, 4 * WAD // 10),
        fixed.recommendation_weight(first_evidence.total, 4 * WAD, 3),
    )
    second = FixedRecommendation(
        "0xA2",
        fixed.opinion_from_weighted_evidence(second_evidence, 6 * WAD // 10),
        fixed.recommendation_weight(second_evidence.total, 4 * WAD, 1),
    )
    assert (first.weight, second.weight) == (96 * 10**16, 56 * 10**16)
    recommended = fixed.recommended_opinion([first, second], "0xB0")
    assert recommended is not None
    final = fixed.final_opinion(local, recommended)
    assert final.belief / WAD == pytest.approx(0.504824, abs=5e-7)
    assert final.disbelief / WAD == pytest.approx(0.173747, abs=5e-7)
    assert fixed.expectation(final) / WAD == pytest.approx(0.665538, abs=5e-7)


@given(counts)
def test_local_opinion_sums_to_one_for_any_counters(pair):
    opinion = fixed.local_opinion(pair)
    assert total(opinion) == WAD
    assert opinion.uncertainty >= fixed.evidence_uncertainty(pair.total)


@given(small_counts)
def test_local_opinion_agrees_with_the_float_engine(pair):
    opinion, reference = fixed.local_opinion(pair), multiweight.local_opinion(pair)
    assert opinion.belief / WAD == pytest.approx(reference.belief, abs=1e-12)
    assert opinion.disbelief / WAD == pytest.approx(reference.disbelief, abs=1e-12)
    assert fixed.expectation(opinion) / WAD == pytest.approx(reference.expectation, abs=1e-12)


@given(fixed_opinions(), fixed_opinions())
def test_fusion_stays_an_opinion_and_commutes(first, second):
    fused = fixed.cumulative_fusion(first, second)
    assert fused.belief + fused.disbelief <= WAD
    assert total(fused) == WAD
    assert fused == fixed.cumulative_fusion(second, first)


@given(fixed_opinions(), fixed_opinions())
def test_fusion_agrees_with_exact_arithmetic(first, second):
    u1, u2 = Fraction(first.uncertainty, WAD), Fraction(second.uncertainty, WAD)
    if min(u1, u2) < Fraction(1, 10**6):
        return  # one wei of rounding in the normaliser is no longer small next to it
    normaliser = u1 + u2 - u1 * u2
    belief = (Fraction(first.belief, WAD) * u2 + Fraction(second.belief, WAD) * u1) / normaliser
    assert abs(fixed.cumulative_fusion(first, second).belief - belief * WAD) < 10**6
    reference = cumulative_fusion([as_float(first), as_float(second)])
    fused = as_float(fixed.cumulative_fusion(first, second))
    assert fused.belief == pytest.approx(reference.belief, abs=1e-9)


@given(st.integers(10**15, WAD), st.integers(10**15, WAD), wad, wad)
def test_fusion_is_within_1e_12_of_the_float_engine(u1, u2, share1, share2):
    first = FixedOpinion((WAD - u1) * share1 // WAD, WAD - u1 - (WAD - u1) * share1 // WAD, u1)
    second = FixedOpinion((WAD - u2) * share2 // WAD, WAD - u2 - (WAD - u2) * share2 // WAD, u2)
    fused = fixed.cumulative_fusion(first, second)
    reference = cumulative_fusion([as_float(first), as_float(second)])
    assert fused.belief / WAD == pytest.approx(reference.belief, abs=1e-12)
    assert fused.disbelief / WAD == pytest.approx(reference.disbelief, abs=1e-12)
    assert fused.uncertainty / WAD == pytest.approx(reference.uncertainty, abs=1e-12)


@given(fixed_opinions())
def test_vacuous_opinion_is_exactly_neutral(opinion):
    assert fixed.cumulative_fusion(opinion, fixed.VACUOUS) == opinion


def test_dogmatic_opinions():
    certain, doubt = FixedOpinion(WAD, 0, 0), FixedOpinion(0, WAD, 0)
    assert fixed.cumulative_fusion(certain, doubt) == FixedOpinion(WAD // 2, WAD // 2, 0)
    uneven = FixedOpinion(WAD - 1, 1, 0)
    assert total(fixed.cumulative_fusion(certain, uneven)) == WAD
    assert fixed.cumulative_fusion(certain, FixedOpinion(0, WAD - 1, 1)) == certain


@given(st.lists(st.tuples(fixed_opinions(), st.integers(0, 100 * WAD)), max_size=16))
def test_recommended_opinion_is_a_mean(entries):
    recommendations = [
        FixedRecommendation(f"0x{index:040x}", opinion, weight)
        for index, (opinion, weight) in enumerate(entries)
    ]
    mean = fixed.recommended_opinion(recommendations, "0xff")
    weighing = [opinion for opinion, weight in entries if weight]
    if not weighing:
        assert mean is None
        return
    assert mean is not None
    assert total(mean) == WAD
    assert min(o.belief for o in weighing) <= mean.belief <= max(o.belief for o in weighing)


def test_final_opinion_without_recommendation_is_the_local_one():
    local = fixed.local_opinion(InteractionCounts(3, 1, 0, 0))
    assert fixed.final_opinion(local, None) == local
    assert fixed.expectation(fixed.final_opinion(fixed.VACUOUS, None)) == WAD // 2


def test_unfit_recommenders_are_refused_by_name():
    entry = fixed.recommendation("0xAb", InteractionCounts(1), InteractionCounts(2), 1)
    with pytest.raises(ValueError, match=r"recommenders\[0\] is the rater"):
        fixed.recommended_opinion([entry], "0xaB")
    with pytest.raises(ValueError, match=r"recommenders\[1\] repeats"):
        fixed.recommended_opinion([entry, entry], "0x01")
    crowd = [FixedRecommendation(f"0x{index:040x}", fixed.VACUOUS, WAD) for index in range(17)]
    with pytest.raises(ValueError, match="at most 16"):
        fixed.recommended_opinion(crowd, "0xff")


def test_unfit_numbers_are_refused_by_name():
    with pytest.raises(ValueError, match="recent \\+ older"):
        fixed.FixedWeights(recent=WAD)
    with pytest.raises(ValueError, match="must be 1e18"):
        FixedOpinion(1, 1, 1)
    with pytest.raises(ValueError, match="belief"):
        FixedOpinion(-1, 1, WAD)
    with pytest.raises(ValueError, match="uncertainty"):
        fixed.opinion_from_weighted_evidence(fixed.FixedEvidence(1, 1), WAD + 1)
    with pytest.raises(ValueError, match="weight"):
        FixedRecommendation("0x01", fixed.VACUOUS, -1)


class TestWindows:
    def test_a_window_later_the_current_counts_become_previous(self):
        pair = WindowedCounts().recorded(True, 5).recorded(False, 5).advanced(6)
        assert pair == WindowedCounts(6, OutcomeCounts(), OutcomeCounts(1, 1), OutcomeCounts())
        assert pair.counts(6) == InteractionCounts(1, 1, 0, 0)

    def test_two_windows_later_everything_is_older(self):
        pair = WindowedCounts().recorded(True, 5).recorded(False, 6)
        assert pair.counts(7) == InteractionCounts(0, 1, 1, 0)
        assert pair.counts(8) == InteractionCounts(0, 0, 1, 1)

    @given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=30), st.integers(0, 4))
    def test_counters_equal_a_count_over_the_whole_history(self, steps, idle):
        window, pair = 0, WindowedCounts()
        history: list[tuple[int, bool]] = []
        for gap, positive in steps:
            window += gap
            pair = pair.recorded(positive, window)
            history.append((window, positive))
        window += idle
        expected = [
            sum(1 for at, good in history if (at >= window - 1) is recent and good is positive)
            for recent in (True, False)
            for positive in (True, False)
        ]
        assert pair.counts(window) == InteractionCounts(*expected)

    def test_rater_totals_count_each_subject_once(self):
        rater = RaterTotals()
        pairs = {"a": WindowedCounts(), "b": WindowedCounts()}
        for subject, window in (("a", 1), ("a", 1), ("b", 4), ("a", 9)):
            pairs[subject], rater = record_interaction(
                pairs[subject], rater, positive=True, window=window
            )
        assert rater.distinct_subjects == 2
        assert rater.totals.counts(9).total == 4

    def test_a_full_counter_refuses_the_next_step(self):
        full = WindowedCounts(3, OutcomeCounts(MAXIMUM_COUNT, 0))
        with pytest.raises(OverflowError, match="positive would be"):
            full.recorded(True, 3)
        with pytest.raises(OverflowError, match="positive"):
            WindowedCounts(
                3, OutcomeCounts(), OutcomeCounts(1, 0), OutcomeCounts(MAXIMUM_COUNT, 0)
            ).advanced(4)

    def test_reading_adds_up_beyond_a_stored_counter(self):
        full = OutcomeCounts(MAXIMUM_COUNT, 0)
        assert WindowedCounts(3, full, full, full).counts(5).older_positive == 3 * MAXIMUM_COUNT

    @given(st.lists(st.integers(0, 9), min_size=9, max_size=9), st.integers(0, 3))
    def test_reading_equals_moving_along(self, numbers, age):
        pair = WindowedCounts(4, *(OutcomeCounts(numbers[i], numbers[i + 3]) for i in range(3)))
        assert pair.counts(4 + age) == pair.advanced(4 + age).counts(4 + age)

    def test_a_rater_has_a_bounded_number_of_subjects(self):
        rater = RaterTotals(WindowedCounts(), 2**24 - 1)
        with pytest.raises(OverflowError, match="distinct_subjects"):
            record_interaction(WindowedCounts(), rater, positive=True, window=1)

    def test_time_does_not_run_backwards(self):
        with pytest.raises(ValueError, match="window 2 is before"):
            WindowedCounts().recorded(True, 3).advanced(2)
        with pytest.raises(ValueError, match="window 2 is before"):
            WindowedCounts().recorded(True, 3).counts(2)

    def test_window_of_a_timestamp(self):
        assert [window_of(t, 60) for t in (0, 59, 60)] == [0, 0, 1]
        with pytest.raises(ValueError, match="window_seconds"):
            window_of(0, 0)
        with pytest.raises(ValueError, match="timestamp"):
            window_of(-1, 60)
