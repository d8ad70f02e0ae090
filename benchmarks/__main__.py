"""Run all benchmarks, or those named: `python -m benchmarks [engines] [signing] …`."""

from __future__ import annotations

import importlib
import sys
import time

NAMES = ("engines", "signing", "gas", "indexer", "outbox")


def main(names: list[str]) -> int:
    """Run the named benchmarks one after the other; all of them if none is named."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}; use {', '.join(NAMES)}", file=sys.stderr)
        return 2
    started = time.perf_counter()
    for name in names or NAMES:
        importlib.import_module(f"benchmarks.{name}").main()
    print(f"\n{time.perf_counter() - started:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
