"""How the benchmarks take times and print tables."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

console = Console(highlight=False, width=110)


def seconds_of(work: Callable[[], object], repeats: int = 5) -> float:
    """The shortest of several runs: what the work takes when nothing disturbs it."""
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


def duration(seconds: float) -> str:
    """A time for people."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def print_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table under its title; all but the first column to the right where they are numbers."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for index, header in enumerate(headers):
        numeric = bool(rows) and str(rows[0][index])[:1].isdigit()
        table.add_column(header, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    console.print()
    console.print(table)


def print_machine() -> None:
    """What the figures were taken on."""
    console.print(
        f"\n{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
