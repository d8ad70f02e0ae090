"""Sums an lcov file up: lines and branches of every file below `contracts/`, and what is missed.

`python scripts/coverage_report.py FILE`. Interfaces have nothing to run and do not appear.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Source:
    """What one source file's tests ran.

    Attributes:
        lines: Number of runs by line.
        branches: Whether a branch was taken, by (line, block, branch).
    """

    lines: dict[int, int] = field(default_factory=dict)
    branches: dict[tuple[str, str, str], bool] = field(default_factory=dict)


def read(path: Path) -> dict[str, Source]:
    """Sources below `contracts/` of an lcov file, by name."""
    found: dict[str, Source] = {}
    source = Source()
    for line in path.read_text("utf-8").splitlines():
        record, _, rest = line.partition(":")
        if record == "SF":
            source = found.setdefault(rest, Source()) if rest.startswith("contracts/") else Source()
        elif record == "DA":
            number, runs = map(int, rest.split(",")[:2])
            source.lines[number] = source.lines.get(number, 0) + runs
        elif record == "BRDA":
            number, block, branch, runs = rest.split(",")
            key = (number, block, branch)
            taken = runs not in {"-", "0"}
            source.branches[key] = source.branches.get(key, False) or taken
    return {name: one for name, one in sorted(found.items()) if one.lines}


def share(hit: int, total: int) -> str:
    """Counts and percentage."""
    return f"{hit:4}/{total:<4} {100 * hit / total if total else 100:5.1f} %"


def main(path: Path) -> None:
    """Print the table, and the lines that no test ran."""
    totals = [0, 0, 0, 0]
    missed: list[str] = []
    print(f"{'file':50} {'lines':>17} {'branches':>17}")
    for name, source in read(path).items():
        counts = [
            sum(runs > 0 for runs in source.lines.values()),
            len(source.lines),
            sum(source.branches.values()),
            len(source.branches),
        ]
        totals = [total + count for total, count in zip(totals, counts, strict=True)]
        print(f"{name:50} {share(*counts[:2]):>17} {share(*counts[2:]):>17}")
        if lines := [str(number) for number, runs in source.lines.items() if not runs]:
            missed.append(f"{name}: lines {', '.join(lines)}")
        if others := sorted(
            {key[0] for key, taken in source.branches.items() if not taken}, key=int
        ):
            missed.append(f"{name}: a branch at lines {', '.join(others)}")
    print(f"{'all':50} {share(*totals[:2]):>17} {share(*totals[2:]):>17}")
    print("\n".join(missed))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
