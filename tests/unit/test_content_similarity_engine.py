"""Fingerprints and search: near copies are found, different contents are not."""

from __future__ import annotations

import csv
import io
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter

from edgebazaar.content.engine.canonical import (
    ContentFormatError,
    canonical_from_pixels,
    canonical_text,
)
from edgebazaar.content.engine.fingerprint import (
    IMAGE_PDQ_V1,
    SCHEMES,
    TEXT_SIMHASH_V1,
    dihedral_fingerprints,
    fingerprint,
    image_fingerprint,
    scheme_number,
    text_fingerprint,
    text_shingles,
)
from edgebazaar.content.engine.generator import generate_image
from edgebazaar.content.engine.similarity import (
    MAXIMUM_DISTANCE,
    distances_to,
    fingerprint_table,
    hamming_distance,
    maximum_distance,
    pairwise_distances,
    search,
)

values = st.binary(min_size=32, max_size=32)


def test_scheme_numbers_pack_kind_and_version():
    assert scheme_number(1, 1) == IMAGE_PDQ_V1 == 0x00010001
    assert scheme_number(2, 1) == TEXT_SIMHASH_V1 == 0x00020001
    assert set(SCHEMES) == set(MAXIMUM_DISTANCE)
    for arguments, field in (((0, 1), "kind"), ((1, 65536), "version")):
        with pytest.raises(ValueError, match=field):
            scheme_number(*arguments)


def test_unknown_schemes_are_refused():
    with pytest.raises(ContentFormatError, match="scheme 7 is unknown; use one of 65537, 131073"):
        fingerprint(7, b"")
    with pytest.raises(ValueError, match="scheme 7 is unknown"):
        maximum_distance(7)


@given(values, values)
def test_hamming_distance_is_a_metric(first, second):
    distance = hamming_distance(first, second)
    expected = sum((a ^ b).bit_count() for a, b in zip(first, second, strict=True))
    assert distance == expected == hamming_distance(second, first)
    assert hamming_distance(first, first) == 0


@given(st.lists(values, min_size=1, max_size=20), st.lists(values, min_size=1, max_size=3))
def test_search_equals_comparing_one_by_one(rows, queries):
    table = fingerprint_table(rows)
    least = [min(hamming_distance(row, query) for query in queries) for row in rows]
    for radius in (0, 110, 128, 256):
        found = search(table, queries, radius)
        expected = sorted((d, row) for row, d in enumerate(least) if d <= radius)
        assert list(zip(found.distances, found.rows, strict=True)) == expected
    assert distances_to(table, queries[0]).tolist() == [
        hamming_distance(row, queries[0]) for row in rows
    ]


@given(values, st.sets(st.integers(0, 255), max_size=40))
def test_a_changed_bit_counts_once(value, positions):
    changed = bytearray(value)
    for position in positions:
        changed[position // 8] ^= 1 << position % 8
    found = search(fingerprint_table([value]), [bytes(changed)], 31)
    assert len(found.rows) == (1 if len(positions) <= 31 else 0)


def test_search_in_an_empty_table_finds_nothing():
    assert len(search(fingerprint_table([]), [bytes(32)], 256).rows) == 0


def test_unfit_search_input_is_refused_by_name():
    table = fingerprint_table([bytes(32)])
    with pytest.raises(ValueError, match="radius is 257"):
        search(table, [bytes(32)], 257)
    with pytest.raises(ValueError, match="queries is empty"):
        search(table, [], 3)
    with pytest.raises(ValueError, match="fingerprint 0 has 31 bytes"):
        search(table, [bytes(31)], 3)
    with pytest.raises(ValueError, match="table has shape"):
        search(np.zeros((2, 31), np.uint8), [bytes(32)], 3)
    with pytest.raises(ValueError, match="second fingerprint has 5 bytes"):
        hamming_distance(bytes(32), bytes(5))


class TestImages:
    original = generate_image("copper city under a violet sky", 11)

    def distance_after(self, change) -> int:
        changed = np.asarray(change(Image.fromarray(self.original)).convert("RGB"))
        return hamming_distance(
            image_fingerprint(self.original).value, image_fingerprint(changed).value
        )

    @staticmethod
    def jpeg(image: Image.Image, quality: int) -> Image.Image:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality)
        return Image.open(stream)

    @pytest.mark.parametrize(
        "change",
        [
            lambda image: TestImages.jpeg(image, 25),
            lambda image: image.resize((200, 200)),
            lambda image: TestImages.jpeg(image.resize((300, 260)), 40),
            lambda image: image.filter(ImageFilter.GaussianBlur(2)),
            lambda image: ImageEnhance.Brightness(image).enhance(1.2),
            lambda image: image.convert("L"),
        ],
        ids=["jpeg", "small", "small-jpeg", "blurred", "brighter", "grey"],
    )
    def test_near_copies_stay_within_the_threshold(self, change):
        assert self.distance_after(change) <= maximum_distance(IMAGE_PDQ_V1)

    def test_a_mirrored_copy_is_found_through_the_dihedral_fingerprints(self):
        mirrored = np.ascontiguousarray(self.original[:, ::-1])
        table = fingerprint_table([image_fingerprint(self.original).value])
        plain = search(table, [image_fingerprint(mirrored).value], 31)
        turned = search(table, [entry.value for entry in dihedral_fingerprints(mirrored)], 31)
        assert (len(plain.rows), len(turned.rows)) == (0, 1)

    def test_the_first_dihedral_fingerprint_is_the_plain_one(self):
        prints = dihedral_fingerprints(self.original)
        assert len(prints) == 8
        assert prints[0] == image_fingerprint(self.original)

    def test_fingerprint_of_canonical_bytes(self):
        taken = fingerprint(IMAGE_PDQ_V1, canonical_from_pixels(self.original))
        assert taken == image_fingerprint(self.original)
        assert taken.hexadecimal == "0x" + taken.value.hex()

    def test_a_flat_image_has_no_quality(self):
        flat = np.full((64, 64, 3), 90, np.uint8)
        assert image_fingerprint(flat).quality == 0

    def test_a_tiny_image_is_refused(self):
        with pytest.raises(ContentFormatError, match="at least 5 x 5"):
            image_fingerprint(np.zeros((4, 90, 3), np.uint8))

    def test_photographs_of_the_reference_set(self, data_folder):
        folder = data_folder / "images" / "pdq_bridge_mods" / "bridge-mods"
        names = ["aaa-orig", "blur-a-little", "high-contrast", "shrink-a-little", "square-256x256"]
        prints = [
            image_fingerprint(np.asarray(Image.open(folder / f"{name}.jpg").convert("RGB"))).value
            for name in names
        ]
        assert all(hamming_distance(prints[0], other) <= 31 for other in prints[1:])

    def test_distinct_photographs_are_far_apart(self, data_folder):
        paths = sorted((data_folder / "images" / "bsds500").glob("*.jpg"))[:60]
        table = fingerprint_table(
            image_fingerprint(np.asarray(Image.open(path).convert("RGB"))).value for path in paths
        )
        distances = pairwise_distances(table)[np.triu_indices(len(paths), 1)]
        assert distances.min() > maximum_distance(IMAGE_PDQ_V1) + 20


def words(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    vocabulary = [f"word{number}" for number in range(400)]
    return [rng.choice(vocabulary) for _ in range(count)]


class TestTexts:
    def test_shingles(self):
        assert text_shingles("One two, THREE!", 2) == ["one two", "two three"]
        assert text_shingles("One", 2) == ["one"]
        assert text_shingles("...", 2) == []

    def test_case_punctuation_and_spacing_do_not_matter(self):
        assert (
            text_fingerprint("The car, the road.").value
            == text_fingerprint("the  CAR\nthe road").value
        )

    def test_a_text_without_words_is_refused(self):
        with pytest.raises(ContentFormatError, match="no word"):
            text_fingerprint("?!")

    def test_quality_counts_distinct_shingles(self):
        assert text_fingerprint("go go go go").quality == 1
        assert text_fingerprint(" ".join(words(500, 1))).quality == 100

    @pytest.mark.parametrize("seed", range(5))
    def test_an_edited_text_is_near_and_another_far(self, seed):
        original = words(150, seed)
        edited = list(original)
        for place in range(0, 150, 15):
            edited[place] = "changed"
        limit = maximum_distance(TEXT_SIMHASH_V1)
        mine = fingerprint(TEXT_SIMHASH_V1, canonical_text(" ".join(original))).value
        assert hamming_distance(mine, text_fingerprint(" ".join(edited)).value) <= limit
        other = text_fingerprint(" ".join(words(150, seed + 100))).value
        assert hamming_distance(mine, other) > limit

    def test_answers_of_different_people_are_not_copies(self, data_folder):
        folder = data_folder / "text" / "plagiarised_short_answers"
        with (folder / "file_information.csv").open(encoding="utf-8") as stream:
            own = [row["File"] for row in csv.DictReader(stream) if row["Category"] == "non"]
        table = fingerprint_table(
            text_fingerprint((folder / name).read_text("latin-1")).value for name in own
        )
        distances = pairwise_distances(table)[np.triu_indices(len(own), 1)]
        assert len(own) > 30
        assert distances.min() > maximum_distance(TEXT_SIMHASH_V1) + 10
