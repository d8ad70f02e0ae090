"""The canonical bytes of a content, whose sha256 is the content hash on chain.

An image is its pixels, not its file: ``width`` and ``height`` as 4-byte big-endian integers,
then rows of 8-bit RGB.  Re-encoding without loss, metadata and file names change nothing; any
changed pixel does.  A text is its NFC-normalised UTF-8.  Source: spec 01 section 2.
"""

from __future__ import annotations

import hashlib
import io
import unicodedata
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

MAXIMUM_PIXELS = 40_000_000
MAXIMUM_TEXT_BYTES = 4_000_000
IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM")

_HEADER_BYTES = 8
_CHANNELS = 3
_EIGHT_BIT_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"})

Pixels = NDArray[np.uint8]


class ContentFormatError(ValueError):
    """A content that has no canonical form; the message names the field and the mend."""


def canonical_from_pixels(pixels: Pixels) -> bytes:
    """Canonical bytes of RGB pixels of shape (height, width, 3) and type uint8.

    Raises:
        ContentFormatError: wrong shape or type, or no pixels.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != _CHANNELS or pixels.shape[2] != _CHANNELS:
        raise ContentFormatError(
            f"image has shape {pixels.shape} of {pixels.dtype}; give (height, width, 3) of uint8"
        )
    height, width = pixels.shape[:2]
    _refuse_unfit_size(width, height, MAXIMUM_PIXELS)
    header = int(width).to_bytes(4, "big") + int(height).to_bytes(4, "big")
    return header + pixels.tobytes()


def canonical_image(encoded: bytes, *, maximum_pixels: int = MAXIMUM_PIXELS) -> bytes:
    """Canonical bytes of an encoded image (PNG, JPEG, WebP, BMP, TIFF, GIF or PPM).

    Orientation from metadata is applied; transparency is laid over white; embedded colour
    profiles are ignored, for what a profile does depends on the software that applies it.

    Args:
        encoded: the image file.
        maximum_pixels: refuse larger images before decoding them.

    Raises:
        ContentFormatError: not a readable image of these formats, too large, animated, or with
            more than 8 bits a channel.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(encoded), formats=IMAGE_FORMATS)
    except Image.DecompressionBombError as problem:
        raise ContentFormatError(
            f"image is too large ({problem}); scale it to at most {maximum_pixels} pixels"
        ) from problem
    except UnidentifiedImageError as problem:
        raise ContentFormatError(
            f"image cannot be read (its format is unknown); send one of {', '.join(IMAGE_FORMATS)}"
        ) from problem
    except Exception as problem:  # each decoder has its own kinds for a damaged header
        raise ContentFormatError(
            f"image cannot be read ({problem}); send one of {', '.join(IMAGE_FORMATS)}"
        ) from problem
    with image:
        _refuse_unfit_size(image.width, image.height, maximum_pixels)
        if image.mode not in _EIGHT_BIT_MODES:
            raise ContentFormatError(
                f"image has pixel mode {image.mode}; convert it to 8 bits a channel"
            )
        try:
            frames = getattr(image, "n_frames", 1)
            pixels = _rgb_pixels(image) if frames == 1 else None
        except Exception as problem:  # and for a damaged body or damaged metadata
            raise ContentFormatError(
                f"image is damaged ({problem}); send the complete file"
            ) from problem
    if pixels is None:
        raise ContentFormatError("image has several frames; send a single frame")
    return canonical_from_pixels(pixels)


def _refuse_unfit_size(width: int, height: int, maximum_pixels: int) -> None:
    if width < 1 or height < 1:
        raise ContentFormatError(f"image is {width} x {height}; send at least one pixel")
    if width * height > maximum_pixels:
        raise ContentFormatError(
            f"image is {width} x {height} = {width * height} pixels; "
            f"scale it to at most {maximum_pixels}"
        )


def _rgb_pixels(image: Image.Image) -> Pixels:
    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("LA", "PA", "RGBA") or "transparency" in upright.info:
        layered = upright.convert("RGBA")
        white = Image.new("RGBA", layered.size, (255, 255, 255, 255))
        upright = Image.alpha_composite(white, layered)
    return np.asarray(upright.convert("RGB"), dtype=np.uint8)


def pixels_from_canonical(canonical: bytes) -> Pixels:
    """Read-only RGB pixels, shape (height, width, 3), of an image's canonical bytes.

    Raises:
        ContentFormatError: the length does not fit the header.
    """
    if len(canonical) <= _HEADER_BYTES:
        raise ContentFormatError("canonical image is too short; give its header and its pixels")
    width = int.from_bytes(canonical[:4], "big")
    height = int.from_bytes(canonical[4:8], "big")
    expected = _HEADER_BYTES + width * height * _CHANNELS
    if len(canonical) != expected:
        raise ContentFormatError(
            f"canonical image has {len(canonical)} bytes, but its header of {width} x {height} "
            f"asks for {expected}; give the bytes as they were hashed"
        )
    pixels = np.frombuffer(canonical, dtype=np.uint8, offset=_HEADER_BYTES)
    return pixels.reshape(height, width, _CHANNELS)


def png_from_canonical(canonical: bytes) -> bytes:
    """A PNG file of a canonical image, for viewing; its canonical bytes are the same again.

    Raises:
        ContentFormatError: as in :func:`pixels_from_canonical`.
    """
    stream = io.BytesIO()
    Image.fromarray(pixels_from_canonical(canonical)).save(stream, format="PNG")
    return stream.getvalue()


def canonical_text(text: str | bytes, *, maximum_bytes: int = MAXIMUM_TEXT_BYTES) -> bytes:
    """NFC-normalised UTF-8 of a text; a leading byte order mark is dropped.

    Raises:
        ContentFormatError: not UTF-8, empty, or too long.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise ContentFormatError(
                f"text is not UTF-8 at byte {problem.start}; save it as UTF-8"
            ) from problem
    normalised = unicodedata.normalize("NFC", text.removeprefix("\ufeff"))
    try:
        encoded = normalised.encode("utf-8")
    except UnicodeEncodeError as problem:
        raise ContentFormatError(
            f"text has half a surrogate pair at character {problem.start}; remove it"
        ) from problem
    if not encoded.strip():
        raise ContentFormatError("text is empty; send at least one visible character")
    if len(encoded) > maximum_bytes:
        raise ContentFormatError(
            f"text has {len(encoded)} bytes; shorten it to at most {maximum_bytes}"
        )
    return encoded


def content_hash(canonical: bytes) -> bytes:
    """sha256 of canonical bytes: the content hash that the registry stores."""
    return hashlib.sha256(canonical).digest()
