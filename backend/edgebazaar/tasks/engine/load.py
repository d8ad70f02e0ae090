"""How evenly work is spread over providers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike


def load_by_provider(selected: Iterable[str], providers: Sequence[str]) -> tuple[int, ...]:
    """Number of tasks of each provider, in the order of ``providers``.

    Raises:
        ValueError: a task went to somebody who is not among ``providers``.
    """
    counts = dict.fromkeys(providers, 0)
    for provider in selected:
        if provider not in counts:
            raise ValueError(f"selected names {provider}, who is not among providers")
        counts[provider] += 1
    return tuple(counts.values())


def coefficient_of_variation(loads: ArrayLike) -> float:
    """Standard deviation over mean of the loads (population form); 0 is a perfectly even spread.

    Raises:
        ValueError: no loads, a negative one, or all zero.
    """
    values = np.asarray(loads, dtype=np.float64)
    if values.size == 0 or not np.all(values >= 0):
        raise ValueError("loads must hold at least one number, each 0 or more")
    mean = float(values.mean())
    if mean == 0:
        raise ValueError("loads are all zero; nothing was selected")
    return float(values.std()) / mean
