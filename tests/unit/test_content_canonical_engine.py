"""Canonical bytes: what changes the content hash and what does not, and what is refused."""

from __future__ import annotations

import hashlib
import io
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from edgebazaar.content.engine.canonical import (
    ContentFormatError,
    canonical_from_pixels,
    canonical_image,
    canonical_text,
    content_hash,
    pixels_from_canonical,
    png_from_canonical,
)

PIXELS = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)


def encoded(image: Image.Image, image_format: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format=image_format, **options)
    return stream.getvalue()


def test_layout_is_width_height_then_rgb_rows():
    canonical = canonical_from_pixels(PIXELS)
    assert canonical == bytes([0, 0, 0, 7, 0, 0, 0, 5]) + PIXELS.tobytes()
    assert content_hash(canonical) == hashlib.sha256(canonical).digest()


@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_pixels_survive_the_round_trip(pixels):
    canonical = canonical_from_pixels(pixels)
    assert np.array_equal(pixels_from_canonical(canonical), pixels)
    assert canonical_image(png_from_canonical(canonical)) == canonical


def test_lossless_formats_compression_and_metadata_do_not_matter():
    image = Image.fromarray(PIXELS)
    expected = canonical_from_pixels(PIXELS)
    files = [
        encoded(image),
        encoded(image, "PNG", compress_level=0),
        encoded(image, "BMP"),
        encoded(image, "WEBP", lossless=True),
        encoded(image, "TIFF"),
        encoded(image, "PPM"),
    ]
    assert len(set(files)) == len(files)
    assert [canonical_image(file) for file in files] == [expected] * len(files)


def test_one_changed_pixel_value_changes_the_hash():
    changed = PIXELS.copy()
    changed[2, 3, 1] ^= 1
    assert content_hash(canonical_from_pixels(changed)) != content_hash(
        canonical_from_pixels(PIXELS)
    )


def test_equal_bytes_of_another_shape_hash_differently():
    turned = np.ascontiguousarray(PIXELS.reshape(7, 5, 3))
    assert turned.tobytes() == PIXELS.tobytes()
    assert canonical_from_pixels(turned) != canonical_from_pixels(PIXELS)


def test_orientation_from_metadata_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned; viewers turn it by 90 degrees clockwise
    file = encoded(Image.fromarray(PIXELS), "PNG", exif=exif)
    assert np.array_equal(pixels_from_canonical(canonical_image(file)), np.rot90(PIXELS, -1))


def test_transparency_is_laid_over_white():
    image = Image.new("RGBA", (1, 1), (100, 0, 0, 0))
    assert pixels_from_canonical(canonical_image(encoded(image))).tolist() == [[[255, 255, 255]]]
    palette = Image.new("P", (1, 1), 0)
    palette.putpalette([10, 20, 30])
    file = encoded(palette, "PNG", transparency=0)
    assert pixels_from_canonical(canonical_image(file)).tolist() == [[[255, 255, 255]]]


def test_grey_becomes_rgb():
    grey = Image.new("L", (2, 1), 77)
    assert pixels_from_canonical(canonical_image(encoded(grey))).tolist() == [[[77] * 3] * 2]


def animated() -> bytes:
    frames = [Image.new("L", (4, 4), value) for value in (0, 200)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def deep() -> bytes:
    return encoded(Image.fromarray(np.full((3, 3), 40000, dtype=np.uint16)))


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (b"not an image", "cannot be read .* send one of PNG"),
        (b"", "cannot be read"),
        (animated(), "several frames; send a single frame"),
        (deep(), "convert it to 8 bits"),
        (encoded(Image.effect_noise((64, 64), 50))[:-600], "damaged .* complete file"),
    ],
)
def test_unfit_files_are_refused_with_a_mend(file, message):
    with pytest.raises(ContentFormatError, match=message):
        canonical_image(file)


def test_the_pixel_cap_holds_before_decoding():
    for side in (6_400, 14_000):  # beyond our cap, and beyond that of the library
        file = encoded(Image.new("1", (side, side)))
        with pytest.raises(ContentFormatError, match="scale it to at most 40000000"):
            canonical_image(file)
    with pytest.raises(ContentFormatError, match="at most 34"):
        canonical_image(encoded(Image.fromarray(PIXELS)), maximum_pixels=34)


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2, 3), np.float64)],
)
def test_unfit_pixels_are_refused(pixels):
    with pytest.raises(ContentFormatError, match="give \\(height, width, 3\\) of uint8"):
        canonical_from_pixels(pixels)


def test_no_pixels_are_refused():
    with pytest.raises(ContentFormatError, match="at least one pixel"):
        canonical_from_pixels(np.zeros((0, 2, 3), np.uint8))


@pytest.mark.parametrize("cut", [0, 8, 20])
def test_truncated_canonical_bytes_are_refused(cut):
    with pytest.raises(ContentFormatError, match="canonical image"):
        pixels_from_canonical(canonical_from_pixels(PIXELS)[:cut])


class TestText:
    def test_composed_and_decomposed_letters_are_one_text(self):
        composed, decomposed = "Café", unicodedata.normalize("NFD", "Café")
        assert composed != decomposed
        assert canonical_text(composed) == canonical_text(decomposed) == b"Caf\xc3\xa9"

    def test_byte_order_mark_is_dropped(self):
        assert canonical_text(b"\xef\xbb\xbfhello") == b"hello"

    @given(st.text(min_size=1).filter(lambda text: text.removeprefix("\ufeff").strip()))
    def test_canonical_form_is_stable(self, text):
        try:
            canonical = canonical_text(text)
        except ContentFormatError:
            assert any("\ud800" <= letter <= "\udfff" for letter in text) or not text.strip()
            return
        assert canonical_text(canonical) == canonical or canonical.startswith(b"\xef\xbb\xbf")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (b"\xff\xfe", "not UTF-8 at byte 0"),
            ("a\ud800", "surrogate pair at character 1"),
            ("  \n", "empty"),
            ("", "empty"),
        ],
    )
    def test_unfit_text_is_refused_with_a_mend(self, text, message):
        with pytest.raises(ContentFormatError, match=message):
            canonical_text(text)

    def test_the_size_cap_holds(self):
        with pytest.raises(ContentFormatError, match="shorten it to at most 3"):
            canonical_text("four", maximum_bytes=3)
