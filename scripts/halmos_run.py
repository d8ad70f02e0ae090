"""Runs halmos 0.3.3 with its model of sha256 mended: `python scripts/halmos_run.py [arguments]`.

halmos counts the input of the sha256 precompile in bytes where its solver wants bits, so that every
proof over a hashlock ends in an error. The mended function is as uninterpreted as the original one:
nothing is assumed about sha256 but that equal inputs have equal images.
"""

import sys
from typing import Any

import halmos.sevm
from halmos.__main__ import main
from z3 import BitVecSort, Function

_PREFIX = "f_sha256_"


def function(name: str, *sorts: Any) -> Any:
    """An uninterpreted function; that of sha256 takes as many bits as its input has."""
    if name.startswith(_PREFIX):
        sorts = (BitVecSort(8 * int(name.removeprefix(_PREFIX))), *sorts[1:])
    return Function(name, *sorts)


halmos.sevm.Function = function

if __name__ == "__main__":
    sys.exit(main())
