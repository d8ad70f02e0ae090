"""No operation of a contract becomes dearer unnoticed."""

import pytest
from benchmarks.gas.budgets import Budget
from benchmarks.gas.gate import (
    Measurements,
    all_budgets,
    flat,
    measure_all,
    problems,
    read_snapshot,
    unexplained,
)
from benchmarks.gas.report import PAGE, render_page


def test_no_operation_costs_more_than_the_snapshot_allows():
    assert problems(measure_all(), flat(read_snapshot())) == []


def test_the_page_shows_the_snapshot():
    assert PAGE.read_text("utf-8") == render_page(read_snapshot(), all_budgets())


def test_every_missed_budget_has_its_reason():
    assert unexplained(flat(read_snapshot()), all_budgets()) == []


@pytest.mark.parametrize(
    ("now", "unmeasured", "expected"),
    [
        ({"lock": 101_000}, (), []),
        ({"lock": 90_000}, (), []),
        ({"lock": 101_001}, (), ["lock worsened by 1.0%"]),
        ({"lock": 100_000, "claim": 5}, (), ["claim (5) is not in the snapshot"]),
        ({}, (), ["lock is in the snapshot and was not measured"]),
        ({"lock": 100_000}, ("Shop.buy()",), ["Shop.buy() changes state and no room measures it"]),
    ],
)
def test_the_gate_names_what_worsened_and_what_is_missing(now, unmeasured, expected):
    found = problems(Measurements({"room": now}, {}, unmeasured), {"lock": 100_000})
    assert len(found) == len(expected)
    assert all(problem.startswith(start) for problem, start in zip(found, expected, strict=True))


def test_what_chance_decides_has_its_spread():
    budgets = {"draw": Budget(spread=0.5)}
    for gas, count in ((150_000, 0), (152_000, 1)):
        found = problems(Measurements({"room": {"draw": gas}}, budgets, ()), {"draw": 100_000})
        assert len(found) == count


def test_a_missed_budget_needs_a_reason():
    budgets = {"lock": Budget(99), "claim": Budget(99, reason="its event"), "refund": Budget(100)}
    found = unexplained(dict.fromkeys(budgets, 100), budgets)
    assert [problem.split()[0] for problem in found] == ["lock"]
