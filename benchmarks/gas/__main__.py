"""`python -m benchmarks.gas [--update]`: measure, print, compare with the snapshot."""

from __future__ import annotations

import argparse
import sys

from benchmarks.gas.gate import (
    flat,
    measure_all,
    problems,
    read_snapshot,
    unexplained,
    write_snapshot,
)
from benchmarks.gas.report import PAGE, print_report, render_page
from benchmarks.gas.world import MeasurementFailed


def main() -> int:
    """Exit code 0 when nothing worsened, 1 when something did or an operation fails."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gas", description=__doc__)
    parser.add_argument("--update", action="store_true", help="rewrite snapshots/gas.json")
    update = parser.parse_args().update
    try:
        measured = measure_all()
    except MeasurementFailed as error:
        print(error, file=sys.stderr)
        return 1
    before = read_snapshot()
    print_report(measured.gas, measured.budgets, before)
    if update:
        before = write_snapshot(measured)
        PAGE.write_text(render_page(before, measured.budgets), "utf-8")
    found = problems(measured, flat(before))
    for problem in [*found, *unexplained(flat(measured.gas), measured.budgets)]:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
