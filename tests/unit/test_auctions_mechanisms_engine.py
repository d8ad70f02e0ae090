"""Markets, scores and the three mechanisms on whole rounds."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from edgebazaar.auctions.engine.market import Market, MarketParameters, draw_market, shannon_rate
from edgebazaar.auctions.engine.mechanisms import (
    Mechanism,
    omniscient_surplus,
    run_mechanism,
)
from edgebazaar.auctions.engine.scoring import (
    assess,
    marginal_scores,
    match_quality,
    remaining_time,
    simulation_time,
)

SMALL = MarketParameters(vehicles=6, simulators=5, tasks=2)


def mean_surplus(parameters: MarketParameters, rounds: int, **options) -> dict[object, float]:
    rng = np.random.default_rng(0)
    totals: dict[object, list[float]] = {mechanism: [] for mechanism in Mechanism}
    totals["omniscient"] = []
    for _ in range(rounds):
        market = draw_market(parameters, rng)
        for mechanism in Mechanism:
            result = run_mechanism(mechanism, market, **options)
            totals[mechanism].append(result.surplus.total)
        totals["omniscient"].append(omniscient_surplus(market, **options))
    return {key: float(np.mean(values)) for key, values in totals.items()}


class TestScoring:
    def test_match_quality_is_the_golden_number(self):
        assert match_quality(4, 3, 0.5, 0.53) == pytest.approx(9.976816, abs=5e-7)
        with pytest.raises(ValueError, match="threshold"):
            match_quality(4, 3, 0.5, 0)

    def test_shannon_rate(self):
        assert shannon_rate(20.0, np.array([3.0]), np.array([1.0])) == pytest.approx([40.0])

    def test_remaining_time_by_hand(self):
        market = draw_market(MarketParameters(vehicles=1, simulators=0), 0)
        market = replace(
            market,
            deadlines=np.array([[1.2]]),
            task_megabytes=np.array([[0.5]]),
            task_gigacycles=np.array([[1.8]]),
            uplink_megabits=np.array([8.0]),
            downlink_megabits=np.array([16.0]),
            simulation_megabytes=np.array([2.0]),
            simulation_gigacycles=np.array([1.9]),
        )
        assert remaining_time(market)[0, 0] == pytest.approx(1.2 - 0.5 - 0.25)
        assert simulation_time(market)[0, 0] == pytest.approx(1.0 + 0.2)

    def test_infeasible_tasks_earn_nothing(self):
        market = draw_market(SMALL, 1)
        market = replace(market, deadlines=np.zeros_like(market.deadlines))
        assessment = assess(market)
        assert assessment.infeasible_tasks == 12
        assert not assessment.proportional.any()
        result = run_mechanism(Mechanism.MTEPVISA, market)
        assert result.sales == ()
        assert result.winner == int(market.values.argmax())
        assert result.surplus.traffic == result.surplus.driving == 0

    def test_no_link_means_infeasible(self):
        market = draw_market(SMALL, 1)
        dead = np.zeros_like(market.uplink_megabits)
        assert not remaining_time(replace(market, uplink_megabits=dead)).any()
        no_downlink = assess(replace(market, downlink_megabits=dead))
        assert not no_downlink.qualities.any()

    def test_a_simulation_of_no_size_stays_finite(self):
        market = draw_market(SMALL, 2)
        market = replace(market, simulation_megabytes=np.zeros(6))
        assert np.isfinite(assess(market).qualities).all()

    def test_a_later_deadline_never_lowers_the_surplus(self):
        for seed in range(40):
            market = draw_market(SMALL, seed)
            later = replace(market, deadlines=market.deadlines + 0.2)
            before = assess(market, alpha=1.0).proportional
            assert (assess(later, alpha=1.0).proportional >= before - 1e-12).all()

    def test_more_simulators_and_more_tasks_never_lower_the_first_best(self):
        market = draw_market(SMALL, 3)
        fewer = replace(
            market,
            preferences=market.preferences[:, :4],
            accuracies=market.accuracies[:, :4],
            simulation_megabytes=market.simulation_megabytes[:4],
            simulation_gigacycles=market.simulation_gigacycles[:4],
        )
        assert omniscient_surplus(fewer) <= omniscient_surplus(market)
        assert (assess(market, tasks=1).first_best <= assess(market).first_best).all()

    def test_surplus_parts_add_up_by_hand(self):
        market = draw_market(SMALL, 4)
        assessment = assess(market, alpha=1.7, brand_weight=0.8)
        for vehicle in range(6):
            expected = 0.0
            for task in range(2):
                quality = assessment.qualities[vehicle, task]
                ranked = sorted(quality[1:])
                won = ranked[-1] > 1.7 * ranked[-2]
                worth = ranked[-1] if won else 0.8 * quality[0]
                expected += assessment.durations[vehicle, task] * worth
            assert assessment.proportional[vehicle] == pytest.approx(expected)

    def test_marginal_scores_do_not_increase(self):
        assert marginal_scores(1.0, [0.5, 2.0, 1.5]).tolist() == [3.0, 1.5, 0.5]
        assert marginal_scores(1.0, []).size == 0

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"tasks": 0}, "tasks"),
            ({"tasks": 3}, "tasks"),
            ({"alpha": 0.5}, "alpha"),
            ({"alpha": float("nan")}, "alpha"),
            ({"brand_weight": -1.0}, "brand_weight"),
        ],
    )
    def test_unfit_options_are_refused_by_name(self, change, field):
        with pytest.raises(ValueError, match=field):
            assess(draw_market(SMALL, 0), **change)


class TestMarket:
    def test_equal_seeds_draw_equal_markets(self):
        first, second, other = (draw_market(SMALL, seed) for seed in (5, 5, 6))
        for field in fields(Market):
            assert np.array_equal(getattr(first, field.name), getattr(second, field.name))
        assert not np.array_equal(first.values, other.values)

    def test_draws_are_within_the_paper_ranges(self):
        market = draw_market(MarketParameters(vehicles=400, tasks=3), 0)
        assert ((market.deadlines >= 1) & (market.deadlines <= 1.5)).all()
        assert market.task_megabytes.max() <= 0.5
        assert ((market.accuracies >= 0.4) & (market.accuracies <= 0.6)).all()
        assert ((market.preferences >= 1) & (market.preferences <= 20 * (1 + 1e-6))).all()
        assert (np.round(market.preferences) == 1).mean() == pytest.approx(0.61, abs=0.02)
        assert len(np.unique(market.preferences)) == market.preferences.size

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"vehicles": 0}, "vehicles"),
            ({"tasks": 0}, "tasks"),
            ({"simulators": -1}, "simulators"),
            ({"uplink_megahertz": 0.0}, "uplink_megahertz"),
            ({"preference_exponent": 1.0}, "preference_exponent"),
            ({"earliest_deadline": 2.0}, "earliest_deadline"),
        ],
    )
    def test_unfit_parameters_are_refused_by_name(self, change, field):
        with pytest.raises(ValueError, match=field):
            MarketParameters(**change)

    def test_unfit_arrays_are_refused_by_name(self):
        market = draw_market(SMALL, 0)
        with pytest.raises(ValueError, match="values has shape"):
            replace(market, values=market.values[:2])
        with pytest.raises(ValueError, match="deadlines must hold finite"):
            replace(market, deadlines=market.deadlines * np.nan)


class TestMechanisms:
    def test_surplus_is_ordered_in_expectation(self):
        mean = mean_surplus(MarketParameters(tasks=3), 120)
        assert mean[Mechanism.PVISA] < mean[Mechanism.EPVISA] < mean[Mechanism.MTEPVISA]
        assert mean[Mechanism.MTEPVISA] <= mean["omniscient"]
        assert mean[Mechanism.MTEPVISA] > 0.96 * mean["omniscient"]
        assert mean[Mechanism.MTEPVISA] > 1.5 * mean[Mechanism.PVISA]

    def test_the_lead_over_epvisa_grows_with_the_number_of_tasks(self):
        leads = []
        for tasks in (1, 10):
            mean = mean_surplus(MarketParameters(tasks=tasks), 120)
            leads.append(mean[Mechanism.MTEPVISA] / mean[Mechanism.EPVISA])
        assert 1 <= leads[0] < leads[1]

    def test_generative_simulation_raises_the_surplus_by_150_percent(self):
        with_generation = mean_surplus(MarketParameters(), 100)
        without = mean_surplus(MarketParameters(), 100, generative=False)
        for mechanism in Mechanism:
            assert with_generation[mechanism] > 2.5 * without[mechanism]

    @pytest.mark.parametrize("size", ["vehicles", "simulators"])
    def test_surplus_grows_with_the_market(self, size):
        means = [
            mean_surplus(MarketParameters(**{size: count}), 120)[Mechanism.MTEPVISA]
            for count in (10, 50)
        ]
        assert means[1] > means[0]

    @pytest.mark.parametrize("mechanism", list(Mechanism))
    def test_money_and_utilities_fit_together(self, mechanism):
        for seed in range(60):
            market = draw_market(SMALL, seed)
            result = run_mechanism(mechanism, market, brand_price=0.01)
            value = market.values[result.winner]
            assert 0 <= result.payment <= value + 1e-12
            assert result.revenue >= 0
            assert (result.vehicle_utilities >= -1e-12).all()
            assert np.count_nonzero(result.vehicle_utilities) <= 1
            assert (result.simulator_utilities[1:] >= -1e-9).all()
            sold = result.simulator_utilities.sum() + sum(sale.payment for sale in result.sales)
            assert sold == pytest.approx(result.surplus.traffic + result.surplus.driving)
            assert result.surplus.total <= omniscient_surplus(market) * (1 + 1e-12)
            assert result.price_factor >= 1

    @pytest.mark.parametrize("mechanism", list(Mechanism))
    def test_no_vehicle_gains_from_another_value_report(self, mechanism):
        """Whole rounds: a vehicle's report changes its bid and thereby its offline surplus."""
        for seed in range(12):
            market = draw_market(SMALL, seed)
            truthful = run_mechanism(mechanism, market).vehicle_utilities
            for vehicle in range(6):
                for report in (0.0, 0.3, 0.6, 1.0, 2.0):
                    values = market.values.copy()
                    values[vehicle] = report
                    result = run_mechanism(mechanism, replace(market, values=values))
                    gain = 0.0
                    if result.winner == vehicle:
                        gain = market.values[vehicle] - result.payment
                    assert gain <= truthful[vehicle] + 1e-9

    def test_a_market_of_one_vehicle_and_no_simulator(self):
        market = draw_market(MarketParameters(vehicles=1, simulators=0), 3)
        result = run_mechanism(Mechanism.MTEPVISA, market, brand_price=0.2)
        assert result.payment == 0
        assert all(sale.winner is None for sale in result.sales)
        assert result.surplus.traffic == 0

    def test_one_simulator_wins_for_free(self):
        market = draw_market(MarketParameters(vehicles=4, simulators=1), 4)
        result = run_mechanism(Mechanism.EPVISA, market)
        assert [(sale.winner, sale.payment) for sale in result.sales] == [(0, 0.0)]

    def test_equal_vehicles_tie_to_the_lowest_index(self):
        market = draw_market(SMALL, 8)
        same = {
            name: np.repeat(getattr(market, name)[:1], 6, axis=0)
            for name in (
                "values",
                "deadlines",
                "task_megabytes",
                "task_gigacycles",
                "preferences",
                "accuracies",
                "uplink_megabits",
                "downlink_megabits",
                "synchronisation_surplus",
            )
        }
        result = run_mechanism(Mechanism.MTEPVISA, replace(market, **same))
        assert result.winner == 0
        assert result.ties == 5
        assert result.payment == pytest.approx(market.values[0])
