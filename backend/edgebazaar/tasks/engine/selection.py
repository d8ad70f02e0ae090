"""Selection of an edge service provider by expected trust, replayable by anyone.

The draw takes its randomness from a 32-byte seed on chain and works on integers only: softmax
weights come from :mod:`decimal`, whose ``exp`` is correctly rounded on every platform (the C
library's is not), scaled to 53 bits.  Same inputs, same winner, everywhere.
Source: spec 01 section 7.
"""

from __future__ import annotations

import decimal
import enum
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

WAD = 10**18
WEIGHT_SCALE = 2**53
"""Integer that stands for the largest weight; 53 bits of the seed's hash make the draw."""

_DOMAIN = b"edgebazaar/selection"
_SEED_BYTES = 32
_CONTEXT = decimal.Context(
    prec=50,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
# exp(-37) is below 2**-53, so that anything beyond has weight zero whatever its digits.
_NEGLIGIBLE_EXPONENT = decimal.Decimal(-37)


class SelectionPolicy(enum.IntEnum):
    """How a task's provider is chosen; the values are those of ``ITaskBoard.SelectionPolicy``."""

    SOFTMAX_REPUTATION = 0
    HIGHEST_REPUTATION = 1
    UNIFORM = 2
    DIRECT = 3


@dataclass(frozen=True, slots=True)
class Selection:
    """Outcome of a selection with all that is needed to check it.

    ``weights`` are integers proportional to the probabilities; ``point`` is where the draw fell
    in ``range(sum(weights))``, 0 for a policy without a draw.
    """

    index: int
    candidate: str
    weights: tuple[int, ...]
    point: int

    @property
    def probabilities(self) -> tuple[float, ...]:
        """Chance of each candidate before the draw."""
        total = sum(self.weights)
        return tuple(weight / total for weight in self.weights)


def uniform_integer(seed: bytes) -> int:
    """The 53-bit integer that a seed stands for: the top bits of ``sha256(seed + domain)``.

    Raises:
        ValueError: the seed is not 32 bytes long.
    """
    if len(seed) != _SEED_BYTES:
        raise ValueError(f"seed has {len(seed)} bytes; give the 32 bytes recorded on chain")
    return int.from_bytes(hashlib.sha256(seed + _DOMAIN).digest()[:7], "big") >> 3


def _softmax_weights(expectations: Sequence[int], temperature: int) -> tuple[int, ...]:
    highest = max(expectations)
    divisor = decimal.Decimal(temperature)
    weights = []
    for value in expectations:
        # Subtracting the maximum leaves the ratios as they are and keeps exp from overflowing.
        exponent = _CONTEXT.divide(decimal.Decimal(value - highest), divisor)
        if exponent < _NEGLIGIBLE_EXPONENT:
            weights.append(0)
            continue
        scaled = _CONTEXT.multiply(_CONTEXT.exp(exponent), decimal.Decimal(WEIGHT_SCALE))
        weights.append(int(scaled))
    return tuple(weights)


def selection_weights(
    policy: SelectionPolicy, expectations: Sequence[int], temperature: int = 0
) -> tuple[int, ...]:
    """Integer weights proportional to each candidate's probability.

    Args:
        policy: softmax gives ``floor(2**53 * exp((T - T_max) / temperature))``; highest puts all
            weight on the lowest index among the best; uniform weighs all alike.
        expectations: expected trust of each candidate in wad (1e18 is certainty).
        temperature: softmax temperature in wad, above zero; ignored by the other policies.

    Raises:
        ValueError: no candidates, an expectation out of range, a temperature of zero or below,
            or a policy without a rule (``DIRECT`` names its provider itself).
    """
    if not expectations:
        raise ValueError("candidates is empty; name at least one provider")
    for index, value in enumerate(expectations):
        if not 0 <= value <= WAD:
            raise ValueError(f"expectations[{index}] is {value}; give 0 to 1e18")
    if policy is SelectionPolicy.SOFTMAX_REPUTATION:
        if temperature <= 0:
            raise ValueError(f"temperature is {temperature}; give a wad number above 0")
        return _softmax_weights(expectations, temperature)
    if policy is SelectionPolicy.HIGHEST_REPUTATION:
        best = expectations.index(max(expectations))
        return tuple(WEIGHT_SCALE if i == best else 0 for i in range(len(expectations)))
    if policy is SelectionPolicy.UNIFORM:
        return (WEIGHT_SCALE,) * len(expectations)
    raise ValueError(f"policy {policy.name} selects nobody; the producer names the provider")


def select(
    policy: SelectionPolicy,
    candidates: Sequence[str],
    expectations: Sequence[int],
    seed: bytes,
    temperature: int = 0,
) -> Selection:
    """Draw one candidate.

    The point ``floor(u * sum(weights) / 2**53)`` falls into the candidate whose cumulated weight
    first exceeds it; ``u`` is :func:`uniform_integer` of the seed.

    Args:
        policy: how to weigh the candidates.
        candidates: provider accounts in the recorded order.
        expectations: expected trust in wad, one for each candidate.
        seed: 32 bytes from the chain.
        temperature: softmax temperature in wad.

    Raises:
        ValueError: as in :func:`selection_weights` and :func:`uniform_integer`, a repeated
            candidate, or lists of different length.
    """
    if len(candidates) != len(expectations):
        raise ValueError(
            f"expectations has {len(expectations)} entries for {len(candidates)} candidates; "
            "give one for each"
        )
    if len({candidate.lower() for candidate in candidates}) != len(candidates):
        raise ValueError("candidates repeats a provider; name each once")
    weights = selection_weights(policy, expectations, temperature)
    uniform = uniform_integer(seed)
    point = 0
    if policy is not SelectionPolicy.HIGHEST_REPUTATION:
        point = uniform * sum(weights) // WEIGHT_SCALE
        remaining = point
        for index, weight in enumerate(weights):
            if remaining < weight:
                return Selection(index, candidates[index], weights, point)
            remaining -= weight
    index = weights.index(max(weights))
    return Selection(index, candidates[index], weights, point)
