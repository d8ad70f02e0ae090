"""256-bit perceptual fingerprints by scheme; near copies have fingerprints few bits apart.

A scheme is a number of 32 bits, ``kind << 16 | version``.  Fingerprints compare only within a
scheme; a new algorithm is a new version, so that what is on chain keeps its meaning.

* ``IMAGE_PDQ_V1``: PDQ of ThreatExchange, through :mod:`pdqhash`.
* ``TEXT_SIMHASH_V1``: SimHash (Charikar 2002) over word shingles hashed with sha256.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pdqhash

from edgebazaar.content.engine.canonical import (
    ContentFormatError,
    Pixels,
    pixels_from_canonical,
)

FINGERPRINT_BYTES = 32
IMAGE_KIND = 1
TEXT_KIND = 2

IMAGE_PDQ_V1 = IMAGE_KIND << 16 | 1
TEXT_SIMHASH_V1 = TEXT_KIND << 16 | 1

MINIMUM_IMAGE_QUALITY = 50
"""PDQ's authors advise to discard image fingerprints of lower quality: too little detail."""

SHINGLE_WORDS = 2
"""Words of a text shingle: of one to four, two parted edited from unrelated texts best."""

_WORD = re.compile(r"\w+")
_PDQ_MINIMUM_SIDE = 5


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A fingerprint, its scheme, and its quality from 0 (says nothing) to 100."""

    scheme: int
    value: bytes
    quality: int

    @property
    def hexadecimal(self) -> str:
        """The value as 0x and 64 digits, as contracts and REST write it."""
        return "0x" + self.value.hex()


def scheme_number(kind: int, version: int) -> int:
    """Pack kind and version, 16 bits each, into a scheme number.

    Raises:
        ValueError: either is outside 1 to 65535.
    """
    for name, value in (("kind", kind), ("version", version)):
        if not 1 <= value < 1 << 16:
            raise ValueError(f"{name} is {value}; give 1 to 65535")
    return kind << 16 | version


def image_fingerprint(pixels: Pixels) -> Fingerprint:
    """PDQ fingerprint of RGB pixels, shape (height, width, 3) of uint8.

    Raises:
        ContentFormatError: the image is too small for the algorithm.
    """
    _refuse_small(pixels)
    bits, quality = pdqhash.compute(np.ascontiguousarray(pixels))
    return Fingerprint(IMAGE_PDQ_V1, np.packbits(bits).tobytes(), int(quality))


def dihedral_fingerprints(pixels: Pixels) -> tuple[Fingerprint, ...]:
    """Fingerprints of the eight turns and mirrorings of an image, its own first.

    A search with all eight finds mirrored and turned copies, which PDQ alone does not.

    Raises:
        ContentFormatError: the image is too small for the algorithm.
    """
    _refuse_small(pixels)
    all_bits, quality = pdqhash.compute_dihedral(np.ascontiguousarray(pixels))
    return tuple(
        Fingerprint(IMAGE_PDQ_V1, np.packbits(bits).tobytes(), int(quality)) for bits in all_bits
    )


def _refuse_small(pixels: Pixels) -> None:
    height, width = pixels.shape[:2]
    if min(height, width) < _PDQ_MINIMUM_SIDE:
        raise ContentFormatError(
            f"image is {width} x {height}; a fingerprint needs at least "
            f"{_PDQ_MINIMUM_SIDE} x {_PDQ_MINIMUM_SIDE} pixels"
        )


def text_shingles(text: str, words: int = SHINGLE_WORDS) -> list[str]:
    """Overlapping runs of ``words`` words, compatibility-normalised, without case or punctuation.

    A text of fewer words is one shingle.
    """
    found = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    if len(found) <= words:
        return [" ".join(found)] if found else []
    return [" ".join(found[start : start + words]) for start in range(len(found) - words + 1)]


def text_fingerprint(text: str) -> Fingerprint:
    """SimHash of a text: each bit is the majority of that bit over its shingles' sha256.

    Quality is the number of distinct shingles, at most 100: short texts collide easily.

    Raises:
        ContentFormatError: the text has no word.
    """
    shingles = text_shingles(text)
    if not shingles:
        raise ContentFormatError("text has no word; a fingerprint needs at least one")
    digests = b"".join(hashlib.sha256(s.encode("utf-8")).digest() for s in shingles)
    table = np.frombuffer(digests, dtype=np.uint8).reshape(len(shingles), FINGERPRINT_BYTES)
    ones = np.unpackbits(table, axis=1).sum(axis=0, dtype=np.int64)
    value = np.packbits(2 * ones > len(shingles)).tobytes()
    return Fingerprint(TEXT_SIMHASH_V1, value, min(100, len(set(shingles))))


def _image_from_canonical(canonical: bytes) -> Fingerprint:
    return image_fingerprint(pixels_from_canonical(canonical))


def _text_from_canonical(canonical: bytes) -> Fingerprint:
    try:
        text = canonical.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise ContentFormatError(
            f"text is not UTF-8 at byte {problem.start}; give the bytes as they were hashed"
        ) from problem
    return text_fingerprint(text)


SCHEMES: dict[int, Callable[[bytes], Fingerprint]] = {
    IMAGE_PDQ_V1: _image_from_canonical,
    TEXT_SIMHASH_V1: _text_from_canonical,
}
"""Every scheme and how it reads canonical bytes."""


def fingerprint(scheme: int, canonical: bytes) -> Fingerprint:
    """Fingerprint of canonical bytes under a registered scheme.

    Raises:
        ContentFormatError: the scheme is unknown, or the content does not suit it.
    """
    try:
        compute = SCHEMES[scheme]
    except KeyError:
        known = ", ".join(str(number) for number in sorted(SCHEMES))
        raise ContentFormatError(
            f"fingerprint scheme {scheme} is unknown; use one of {known}"
        ) from None
    return compute(canonical)
