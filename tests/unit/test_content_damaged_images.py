"""Damaged and hostile image files: refused with a reason, whatever the decoder makes of them."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edgebazaar.content.engine.canonical import (
    IMAGE_FORMATS,
    ContentFormatError,
    canonical_image,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


@cache
def picture(form: str) -> bytes:
    """A small picture in a format, with orientation metadata where the format has any."""
    pixels = np.random.default_rng(4).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {"exif": exif} if form in {"PNG", "JPEG", "WEBP"} else {}
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, form, **options)
    return stream.getvalue()


def is_refused_or_read(data: bytes) -> None:
    try:
        canonical = canonical_image(data, maximum_pixels=1_000_000)
    except ContentFormatError as problem:
        assert "; " in str(problem), "the message names the problem and the mend"
    else:
        width, height = struct.unpack(">II", canonical[:8])
        assert len(canonical) == 8 + width * height * 3


@settings(max_examples=300, deadline=None)
@given(form=st.sampled_from(IMAGE_FORMATS), data=st.data())
def test_a_truncated_image_never_escapes(form: str, data: st.DataObject) -> None:
    whole = picture(form)
    is_refused_or_read(whole[: data.draw(st.integers(0, len(whole) - 1))])


@settings(max_examples=1000, deadline=None)
@given(form=st.sampled_from(IMAGE_FORMATS), data=st.data())
def test_an_image_with_changed_bytes_never_escapes(form: str, data: st.DataObject) -> None:
    image = bytearray(picture(form))
    reach = data.draw(st.sampled_from([64, 256, len(image)]))
    places = st.integers(0, min(reach, len(image)) - 1)
    for place, value in data.draw(
        st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=6)
    ):
        image[place] = value
    is_refused_or_read(bytes(image))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_escape(data: bytes) -> None:
    is_refused_or_read(data)


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(1001, 1000), (20_000, 20_000), (60_000, 60_000), (2**31 - 1, 1)])
def test_a_header_that_promises_too_many_pixels_is_refused_before_decoding(
    size: tuple[int, int],
) -> None:
    with pytest.raises(ContentFormatError, match="pixels"):
        canonical_image(png_header(*size), maximum_pixels=1_000_000)


def test_an_unknown_format_is_named_without_internals() -> None:
    with pytest.raises(ContentFormatError, match="its format is unknown") as refusal:
        canonical_image(b"MZ" + bytes(200))
    assert "object at" not in str(refusal.value)
