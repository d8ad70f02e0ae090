"""What the words of a prompt ask of a picture: palette, symmetry, scale, mood.

A small lexicon covers common words; every other word steers through its hash, so that each
word changes the picture and the same word always pulls the same way.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"\w+")

# Hue in turns of the colour circle: 0 red, 1/6 yellow, 1/3 green, 1/2 cyan, 2/3 blue, 5/6 magenta.
_HUES: dict[str, float] = {
    "autumn": 0.07, "amber": 0.11, "beach": 0.13, "blood": 0.99, "blue": 0.61, "coral": 0.02,
    "dawn": 0.94, "desert": 0.10, "dusk": 0.80, "fire": 0.03, "flower": 0.90, "forest": 0.36,
    "gold": 0.12, "golden": 0.12, "grass": 0.30, "green": 0.34, "ice": 0.53, "jungle": 0.33,
    "lavender": 0.74, "leaf": 0.29, "moss": 0.25, "neon": 0.86, "night": 0.66, "ocean": 0.56,
    "orange": 0.08, "pink": 0.92, "purple": 0.77, "red": 0.00, "river": 0.54, "rose": 0.95,
    "sea": 0.55, "sky": 0.58, "spring": 0.27, "storm": 0.63, "sun": 0.14, "sunrise": 0.06,
    "sunset": 0.04, "turquoise": 0.49, "violet": 0.75, "water": 0.55, "winter": 0.57,
    "yellow": 0.16,
}  # fmt: skip
_DARK = frozenset({"night", "dark", "midnight", "space", "storm", "tunnel", "shadow", "noir"})
_LIGHT = frozenset({"day", "bright", "snow", "winter", "cloud", "fog", "mist", "morning", "ice"})
_CALM = frozenset({"calm", "quiet", "fog", "mist", "desert", "lake", "sky", "minimal", "smooth"})
_BUSY = frozenset({"city", "traffic", "jungle", "neon", "crowd", "market", "storm", "fractal"})
_MIRRORED = frozenset({"mirror", "symmetric", "mandala", "temple", "face", "butterfly", "portal"})
_ROUND = frozenset({"sun", "moon", "wheel", "eye", "flower", "planet", "mandala", "tunnel", "ring"})


@dataclass(frozen=True, slots=True)
class PromptTraits:
    """Steering of the painter; all but the hues are from 0 to 1.

    ``base_hue`` and ``accent_hue`` are in turns of the colour circle; ``brightness`` and
    ``density`` are low for dark and calm pictures; ``symmetry`` mixes in mirrored coordinates;
    ``roundness`` mixes in the distance from the centre.
    """

    base_hue: float
    accent_hue: float
    brightness: float
    density: float
    symmetry: float
    roundness: float


def prompt_words(prompt: str) -> tuple[str, ...]:
    """The words of a prompt, normalised, without case or punctuation."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", prompt).casefold()))


def _word_fractions(word: str) -> tuple[float, ...]:
    digest = hashlib.sha256(b"edgebazaar/word/" + word.encode("utf-8")).digest()
    return tuple(int.from_bytes(digest[4 * i : 4 * i + 4], "big") / 4294967296.0 for i in range(6))


def _named_hue(word: str) -> float | None:
    return _HUES.get(word, _HUES.get(word.removesuffix("s")))


def _share(words: tuple[str, ...], vocabulary: frozenset[str]) -> float:
    # Plurals count: "cities" does not, but "suns" and "tunnels" do.
    hits = sum(1 for word in words if word in vocabulary or word.removesuffix("s") in vocabulary)
    return min(1.0, hits / 2)


def traits_of(prompt: str) -> PromptTraits:
    """Read the traits off a prompt; a prompt without words gets those of the empty word."""
    words = prompt_words(prompt) or ("",)
    fractions = [_word_fractions(word) for word in words]
    named = [hue for word in words if (hue := _named_hue(word)) is not None]
    base = named[0] if named else fractions[0][0]
    accent = named[1] if len(named) > 1 else base + 0.2 + 0.45 * fractions[-1][1]
    count = len(words)
    mean = [sum(fraction[i] for fraction in fractions) / count for i in range(6)]
    return PromptTraits(
        base_hue=base,
        accent_hue=accent - int(accent),
        brightness=_clamped(
            0.5 + 0.2 * (mean[2] - 0.5) + 0.3 * (_share(words, _LIGHT) - _share(words, _DARK))
        ),
        density=_clamped(
            0.5 + 0.5 * (mean[3] - 0.5) + 0.5 * (_share(words, _BUSY) - _share(words, _CALM))
        ),
        symmetry=_clamped(0.5 * mean[4] + 0.7 * _share(words, _MIRRORED)),
        roundness=_clamped(0.5 * mean[5] + 0.6 * _share(words, _ROUND)),
    )


def _clamped(value: float) -> float:
    return min(1.0, max(0.0, value))
