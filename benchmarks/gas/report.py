"""The figures beside budgets, lower bounds and other contracts: on the terminal and in docs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.gas.budgets import Budget
from benchmarks.gas.gate import flat
from benchmarks.measure import console, print_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "gas.md"
Figures = Mapping[str, Mapping[str, int]]

_INTRODUCTION = (
    "# Gas\n\n"
    "Written by `make gas UPDATE=1` from `snapshots/gas.json`. `make gas` measures again and fails "
    "where an operation is more than 1 % dearer; so do the tests. Figures are of whole "
    "transactions (`receipt.gasUsed`) by EVM shanghai, each in a block of its own, on Anvil with "
    'the deployed contracts. "First" marks an operation that writes a new slot which later ones '
    "find.\n\n"
    "The budget is what was aimed at. The bound is the cheapest transaction that still has the "
    "required state and one event. Others' figures are quoted: measured once on Anvil 1.7.1 with "
    'each project\'s own compiler settings; "prototype" is the leanest version of a design, '
    "without membership, forwarder or record. A ratio below 1 is cheaper than what it is compared "
    "with.\n"
)


def print_report(figures: Figures, budgets: Mapping[str, Budget], before: Figures) -> None:
    """Print the tables, and the reasons of missed budgets below them."""
    old = flat(before)
    for room, operations in figures.items():
        rows: list[list[object]] = []
        for name, gas in operations.items():
            change = f"{gas - old[name]:+,}" if name in old and gas != old[name] else ""
            budget = budgets.get(name, Budget())
            rows.append([name, gas, change, budget.gas or "", budget.lower_bound or "", "", ""])
            for index, anchor in enumerate(budget.anchors):
                if index:
                    rows.append([""] * 7)
                rows[-1][5:] = [f"{anchor.name}: {anchor.gas:,}", f"{gas / anchor.gas:.2f}"]
        headers = ("operation", "gas", "change", "budget", "bound", "compared with", "ratio")
        print_table(room, headers, rows)
    for line in _missed(flat(figures), budgets):
        console.print(line)


def render_page(figures: Figures, budgets: Mapping[str, Budget]) -> str:
    """The page docs/gas.md."""
    parts = [_INTRODUCTION]
    for room, operations in figures.items():
        parts.append(f"## {room}\n")
        parts.append("| operation | gas | budget | bound | compared with (ratio) |")
        parts.append("|---|---:|---:|---:|---|")
        for name, gas in operations.items():
            budget = budgets.get(name, Budget())
            others = "; ".join(
                f"{anchor.name} {anchor.gas:,} ({gas / anchor.gas:.2f})"
                for anchor in budget.anchors
            )
            cells = (_number(budget.gas), _number(budget.lower_bound), others)
            parts.append(f"| {name} | {gas:,} | {' | '.join(cells)} |")
        parts.append("")
    parts += ["## Budgets\n", *_missed(flat(figures), budgets), ""]
    return "\n".join(parts)


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _missed(gas: Mapping[str, int], budgets: Mapping[str, Budget]) -> Iterator[str]:
    aims = {name: one.gas for name, one in budgets.items() if one.gas is not None}
    missed = {name: aim for name, aim in aims.items() if gas[name] > aim}
    yield f"{len(aims) - len(missed)} of {len(aims)} budgets are met.\n"
    for name, aim in missed.items():
        yield f"- {name}: {gas[name] - aim:,} above {aim:,}. {budgets[name].reason}".rstrip()
