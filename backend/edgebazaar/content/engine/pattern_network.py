"""A compositional pattern-producing network with bit-reproducible arithmetic.

A network maps the coordinates of a pixel to a few smooth fields (Stanley 2007).  A generation
must be replayable bit for bit by anybody, so only operations that IEEE 754 rounds exactly are
used, one array operation at a time: + - * / sqrt, absolute value, floor, minimum, maximum.
Sines and exponentials differ between C libraries, matrix products between BLAS builds and
``sum`` between vector units; none of them occurs here.  Weights come from sha256 in counter mode.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgebazaar.content.engine.prompt_traits import PromptTraits

Field = NDArray[np.float64]

WAVES = 14
HIDDEN = 10
FIELDS = 4
_FAN_IN = 4


class SeededStream:
    """Uniform numbers from ``sha256(key || counter)``, 53 bits each, the same everywhere."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._counter = 0
        self._pending: list[int] = []

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """The next number of [low, high)."""
        if not self._pending:
            block = hashlib.sha256(self._key + self._counter.to_bytes(8, "big")).digest()
            self._counter += 1
            self._pending = [int.from_bytes(block[i : i + 8], "big") >> 11 for i in (0, 8, 16, 24)]
        return low + (high - low) * (self._pending.pop(0) / 9007199254740992.0)

    def centred(self, spread: float) -> float:
        """A bell-shaped number around zero, within ``1.5 * spread`` (sum of three uniforms)."""
        return spread * (self.uniform() + self.uniform() + self.uniform() - 1.5)

    def below(self, limit: int) -> int:
        """The next integer of range(limit)."""
        return int(self.uniform() * limit)


def wave(turns: Field) -> Field:
    """A sine-like wave of period 1 made of parabolas, from -1 to 1."""
    centred = turns - np.floor(turns + 0.5)
    result: Field = centred * (8.0 - 16.0 * np.abs(centred))
    return result


def softsign(values: Field) -> Field:
    """``z / (1 + |z|)``: the shape of tanh from exactly rounded operations."""
    result: Field = values / (1.0 + np.abs(values))
    return result


def bump(values: Field) -> Field:
    """``2 / (1 + z * z) - 1``: a bell from -1 to 1."""
    result: Field = 2.0 / (1.0 + values * values) - 1.0
    return result


_ACTIVATIONS = (wave, softsign, bump)


@dataclass(frozen=True, slots=True)
class _Wave:
    across: float
    down: float
    outward: float
    phase: float


@dataclass(frozen=True, slots=True)
class _Unit:
    sources: tuple[int, ...]
    weights: tuple[float, ...]
    bias: float
    activation: int


@dataclass(frozen=True, slots=True)
class PatternNetwork:
    """The drawn weights of one picture; :meth:`fields` evaluates them."""

    warps: tuple[_Wave, ...]
    waves: tuple[_Wave, ...]
    hidden: tuple[_Unit, ...]
    outputs: tuple[_Unit, ...]
    warp_strength: float
    symmetry: float

    @classmethod
    def drawn(cls, stream: SeededStream, traits: PromptTraits) -> PatternNetwork:
        """Draw the weights of a picture; dense prompts get finer and more waves of detail."""
        highest = 1.2 + 2.6 * traits.density

        def draw_wave(reach: float) -> _Wave:
            return _Wave(
                stream.uniform(-reach, reach),
                stream.uniform(-reach, reach),
                traits.roundness * stream.uniform(-reach, reach),
                stream.uniform(),
            )

        def draw_unit(available: int, spread: float) -> _Unit:
            return _Unit(
                tuple(stream.below(available) for _ in range(_FAN_IN)),
                tuple(stream.centred(spread) for _ in range(_FAN_IN)),
                stream.centred(0.6),
                stream.below(len(_ACTIVATIONS)),
            )

        return cls(
            warps=tuple(draw_wave(0.9) for _ in range(4)),
            # Reach grows with the index: broad shapes first, then detail on top of them.
            waves=tuple(draw_wave(0.5 + highest * (i + 1) / WAVES) for i in range(WAVES)),
            hidden=tuple(draw_unit(WAVES, 1.5) for _ in range(HIDDEN)),
            outputs=tuple(draw_unit(WAVES + HIDDEN, 1.3) for _ in range(FIELDS)),
            warp_strength=0.15 + 0.2 * traits.density,
            symmetry=0.6 * traits.symmetry,
        )

    def fields(self, across: Field, down: Field) -> tuple[Field, ...]:
        """Evaluate at coordinates from -1 to 1; arrays of one shape in, ``FIELDS`` of it out.

        Values are within [-1, 1] but for rounding.
        """
        # Mirroring is mixed in but never complete: an exactly symmetric picture has zeros in its
        # transform, and the bits of its perceptual fingerprint there would be noise.
        mirrored = 2.0 * np.abs(across) - 1.0
        across = across * (1.0 - self.symmetry) + mirrored * self.symmetry
        radius = np.sqrt(across * across + down * down)

        warped_across = across
        warped_down = down
        for index, shape in enumerate(self.warps):
            shift = self.warp_strength * wave(_phase(shape, across, down, radius))
            if index % 2:
                warped_across = warped_across + shift
            else:
                warped_down = warped_down + shift

        nodes = [wave(_phase(shape, warped_across, warped_down, radius)) for shape in self.waves]
        nodes += [_activated(unit, nodes) for unit in self.hidden]
        return tuple(_activated(unit, nodes) for unit in self.outputs)


def _phase(shape: _Wave, across: Field, down: Field, radius: Field) -> Field:
    result: Field = across * shape.across + down * shape.down + radius * shape.outward + shape.phase
    return result


def _activated(unit: _Unit, nodes: list[Field]) -> Field:
    total: Field = nodes[unit.sources[0]] * unit.weights[0] + unit.bias
    for source, weight in zip(unit.sources[1:], unit.weights[1:], strict=True):
        total = total + nodes[source] * weight
    return _ACTIVATIONS[unit.activation](total)
