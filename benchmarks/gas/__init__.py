"""Gas of every state-changing function beside well-known contracts, and its gate.

`python -m benchmarks.gas` measures, prints the table and fails where an operation is more than 1 %
above `snapshots/gas.json`; `--update` rewrites that file. Each module of `benchmarks.gas.rooms` has
`BUDGETS`, what each operation is compared with, and `measure(world)`, which names and sends them.
"""

from __future__ import annotations


def main() -> None:
    """Print the table, as `make bench` does."""
    from benchmarks.gas.gate import measure_all, read_snapshot
    from benchmarks.gas.report import print_report

    measured = measure_all()
    print_report(measured.gas, measured.budgets, read_snapshot())
