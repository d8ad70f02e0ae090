"""The built-in image generator: a painting from a prompt, a seed and a model, replayable exactly.

It stands where a diffusion model would in a larger deployment, and gives the marketplace what
it needs of one: different pictures for different prompts, and a generation that anybody can
repeat bit for bit to check a claim.  See :mod:`.pattern_network` for how.
"""

from __future__ import annotations

import hashlib
import unicodedata

import numpy as np
from numpy.typing import NDArray

from edgebazaar.content.engine.canonical import Pixels
from edgebazaar.content.engine.pattern_network import Field, PatternNetwork, SeededStream
from edgebazaar.content.engine.prompt_traits import PromptTraits, traits_of

IMAGE_SIDE = 512
MAXIMUM_SIDE = 4096
MODEL_NAME = "edgebazaar-pattern-network"
MODEL_VERSION = 1

_MODEL_ID_BYTES = 32
_PALETTE_STEPS = 6
_ROWS_PER_BLOCK = 16
_PROBE_SIDE = 48


def model_id(name: str = MODEL_NAME, version: int = MODEL_VERSION) -> bytes:
    """The 32 bytes that name a model on chain: sha256 of ``name/version``.

    Models of other names paint the same prompt and seed differently.

    Raises:
        ValueError: the name is empty or the version below 1.
    """
    if not name:
        raise ValueError("name is empty; give the model a name")
    if version < 1:
        raise ValueError(f"version is {version}; give 1 or more")
    return hashlib.sha256(f"{name}/{version}".encode()).digest()


def generate_image(
    prompt: str, seed: int, model: bytes | None = None, side: int = IMAGE_SIDE
) -> Pixels:
    """Paint a square picture.

    Args:
        prompt: what is asked for; its words steer palette, symmetry, detail and brightness.
        seed: 0 to 2**256 - 1; another seed is another picture of the same prompt.
        model: 32-byte :func:`model_id`; the built-in model where none is given.
        side: width and height in pixels.

    Returns:
        RGB pixels of shape (side, side, 3), the same bits on every platform.

    Raises:
        ValueError: a seed, model or side out of range, or a prompt of white space.
    """
    if not prompt.strip():
        raise ValueError("prompt is empty; describe the picture in a few words")
    if not 0 <= seed < 1 << 256:
        raise ValueError(f"seed is {seed}; give 0 to 2**256 - 1")
    if not 16 <= side <= MAXIMUM_SIDE:
        raise ValueError(f"side is {side}; give 16 to {MAXIMUM_SIDE} pixels")
    model = model_id() if model is None else model
    if len(model) != _MODEL_ID_BYTES:
        raise ValueError(f"model has {len(model)} bytes; give a 32-byte model id")

    text = unicodedata.normalize("NFC", prompt).encode("utf-8")
    key = hashlib.sha256(
        b"edgebazaar/generate/1" + model + hashlib.sha256(text).digest() + seed.to_bytes(32, "big")
    ).digest()
    stream = SeededStream(key)
    traits = traits_of(prompt)
    palette = _palette(stream, traits)
    network = PatternNetwork.drawn(stream, traits)

    ranges = _field_ranges(network)
    steps = _steps(side)
    picture = np.empty((side, side, 3), dtype=np.uint8)
    # Blocks of rows keep all fields of a block in the processor's cache.
    for top in range(0, side, _ROWS_PER_BLOCK):
        down = steps[top : top + _ROWS_PER_BLOCK]
        across_block, down_block = np.meshgrid(steps, down)
        fields = [
            _stretched(field, low, high)
            for field, (low, high) in zip(
                network.fields(across_block, down_block), ranges, strict=True
            )
        ]
        picture[top : top + _ROWS_PER_BLOCK] = _coloured(fields, palette)
    return picture


def _steps(side: int) -> Field:
    """Centres of pixels from -1 to 1."""
    result: Field = (2.0 * np.arange(side, dtype=np.float64) + 1.0 - side) / side
    return result


def _field_ranges(network: PatternNetwork) -> list[tuple[float, float]]:
    # Measured on a coarse grid, so that every picture uses its whole palette at any size.
    across, down = np.meshgrid(_steps(_PROBE_SIDE), _steps(_PROBE_SIDE))
    return [(float(field.min()), float(field.max())) for field in network.fields(across, down)]


def _stretched(field: Field, low: float, high: float) -> Field:
    result: Field = (field - low) * (2.0 / max(high - low, 1e-6)) - 1.0
    return np.minimum(np.maximum(result, -1.0), 1.0)


def _palette(stream: SeededStream, traits: PromptTraits) -> NDArray[np.float64]:
    """Colours from dark to light, the darker half of the base hue, the lighter of the accent.

    Shape (steps, 3), levels from 0 to 1.
    """
    way = traits.accent_hue - traits.base_hue
    way -= round(way)  # the shorter way round the circle
    colours = []
    for step in range(_PALETTE_STEPS):
        place = step / (_PALETTE_STEPS - 1)
        turned = min(1.0, max(0.0, (place - 0.35) / 0.3))
        hue = traits.base_hue + way * turned + stream.centred(0.04)
        saturation = 0.8 - 0.45 * place * place + stream.centred(0.1)
        value = 0.1 + 0.3 * traits.brightness + (0.6 + 0.1 * traits.brightness) * place
        colours.append(_rgb_of(hue, min(1.0, max(0.0, saturation)), min(1.0, value)))
    return np.array(colours)


def _rgb_of(hue: float, saturation: float, value: float) -> tuple[float, float, float]:
    # colorsys would do, but its formula is not fixed by its documentation.
    def channel(offset: float) -> float:
        place = (hue + offset) % 1.0 * 6.0
        strength = min(1.0, max(0.0, abs(place - 3.0) - 1.0))
        return value * (1.0 - saturation + saturation * strength)

    return channel(0.0), channel(2.0 / 3.0), channel(1.0 / 3.0)


def _coloured(fields: list[Field], palette: NDArray[np.float64]) -> Pixels:
    tone, light, glow, shade = fields
    position = (0.5 + 0.4 * tone + 0.15 * light) * (_PALETTE_STEPS - 1)
    position = np.minimum(np.maximum(position, 0.0), _PALETTE_STEPS - 1 - 1e-9)
    index = np.floor(position).astype(np.intp)
    fraction = position - index
    brightness = 0.86 + 0.14 * shade + 0.1 * light
    highlight = np.maximum(glow, 0.0)
    highlight = 0.28 * highlight * highlight

    channels = []
    for channel in range(3):
        column = palette[:, channel]
        colour = column[index] * (1.0 - fraction) + column[index + 1] * fraction
        colour = colour * brightness
        colour = colour + (1.0 - colour) * highlight
        level = np.floor(np.minimum(np.maximum(colour, 0.0), 1.0) * 255.0 + 0.5)
        channels.append(level.astype(np.uint8))
    return np.stack(channels, axis=-1)
