"""The generator: replayable bit for bit, different for different prompts, quick."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebazaar.content.engine.fingerprint import MINIMUM_IMAGE_QUALITY, image_fingerprint
from edgebazaar.content.engine.generator import generate_image, model_id
from edgebazaar.content.engine.pattern_network import (
    FIELDS,
    PatternNetwork,
    SeededStream,
    bump,
    softsign,
    wave,
)
from edgebazaar.content.engine.prompt_traits import traits_of
from edgebazaar.content.engine.similarity import fingerprint_table, pairwise_distances

MOODS = ["calm", "neon", "golden", "dark", "bright", "mirror", "stormy", "tiny", "old", "electric"]
PLACES = ["city", "forest", "ocean", "desert", "highway", "mountain"]
PROMPTS = [f"{mood} {place}" for mood in MOODS for place in PLACES]

PINNED = "bf85d5e343a507d0b63976b7569967ed3c5cf70b7a093e59c464b5e4ebdcec85"


def digest(pixels: np.ndarray) -> str:
    return hashlib.sha256(pixels.tobytes()).hexdigest()


def test_a_generation_is_pinned_to_the_last_bit():
    assert digest(generate_image("sunset over the ocean", 7)) == PINNED


def test_processor_features_do_not_change_a_bit():
    """The same picture with NumPy's vector units switched off."""
    features = subprocess.run(
        [
            sys.executable,
            "-c",
            "from numpy._core import _multiarray_umath as m;"
            "print(*(n for n in m.__cpu_dispatch__ if m.__cpu_features__.get(n)))",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    if not features:
        pytest.skip("NumPy dispatches to no optional vector units on this processor")
    script = (
        "import hashlib;from edgebazaar.content.engine.generator import generate_image;"
        "print(hashlib.sha256(generate_image('sunset over the ocean', 7).tobytes()).hexdigest())"
    )
    plain = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"NPY_DISABLE_CPU_FEATURES": features},
    ).stdout.strip()
    assert plain == PINNED


def test_sixty_prompts_are_far_apart():
    prints = [image_fingerprint(generate_image(prompt, 1)) for prompt in PROMPTS]
    distances = pairwise_distances(fingerprint_table(p.value for p in prints))
    assert distances[np.triu_indices(len(PROMPTS), 1)].min() > 31 + 40
    assert min(p.quality for p in prints) >= MINIMUM_IMAGE_QUALITY


def test_seeds_and_models_paint_different_pictures():
    pictures = [generate_image("quiet lake", seed) for seed in range(6)]
    pictures += [generate_image("quiet lake", 0, model_id("other", 1))]
    pictures += [generate_image("quiet lake", 0, model_id(version=2))]
    table = fingerprint_table(image_fingerprint(picture).value for picture in pictures)
    assert pairwise_distances(table)[np.triu_indices(len(pictures), 1)].min() > 31 + 40


def test_pictures_have_contrast_and_colour():
    for prompt in PROMPTS[::7]:
        picture = generate_image(prompt, 3, side=128).astype(float)
        assert picture.mean(axis=2).std() > 12
        assert (picture.max(axis=2) - picture.min(axis=2)).mean() > 25


def test_words_steer_the_picture():
    assert traits_of("night").brightness < traits_of("day").brightness
    assert traits_of("calm lake").density < traits_of("busy city traffic").density
    assert traits_of("mirror mandala").symmetry > traits_of("road").symmetry
    blue = generate_image("ocean water", 1, side=64).mean(axis=(0, 1))
    red = generate_image("fire blood", 1, side=64).mean(axis=(0, 1))
    assert blue[2] > blue[0]
    assert red[0] > red[2]


def test_equal_text_in_another_unicode_form_is_the_same_prompt():
    assert np.array_equal(
        generate_image("Caf\u00e9", 1, side=32), generate_image("Cafe\u0301", 1, side=32)
    )


def test_a_picture_takes_less_than_300_milliseconds():
    generate_image("warm up", 0)
    durations = []
    for seed in range(5):
        begin = time.perf_counter()
        generate_image("neon city traffic", seed)
        durations.append(time.perf_counter() - begin)
    assert min(durations) < 0.3


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=40).filter(str.strip), st.integers(0, 2**256 - 1))
def test_any_prompt_and_seed_paint(prompt, seed):
    try:
        prompt.encode()
    except UnicodeEncodeError:
        return
    picture = generate_image(prompt, seed, side=16)
    assert picture.shape == (16, 16, 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, generate_image(prompt, seed, side=16))


@given(st.floats(-1e3, 1e3))
def test_activations_stay_within_one(value):
    inputs = np.array([value])
    for activation in (wave, softsign, bump):
        assert -1 <= activation(inputs)[0] <= 1


def test_wave_has_the_nodes_and_peaks_of_a_sine():
    assert wave(np.array([0.0, 0.25, 0.5, 0.75, 1.0])).tolist() == [0, 1, 0, -1, 0]


def test_fields_of_one_pixel_equal_those_of_the_whole_row():
    network = PatternNetwork.drawn(SeededStream(b"key"), traits_of("mirror city"))
    across = np.linspace(-1, 1, 37)
    down = np.full(37, 0.3)
    row = network.fields(across, down)
    assert len(row) == FIELDS
    for place in range(37):
        alone = network.fields(across[place : place + 1], down[:1])
        assert [field[0] for field in alone] == [field[place] for field in row]


def test_stream_numbers_are_uniform():
    stream = SeededStream(b"seed")
    drawn = np.array([stream.uniform() for _ in range(4000)])
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert drawn.mean() == pytest.approx(0.5, abs=0.02)
    assert {SeededStream(bytes([k])).below(3) for k in range(30)} == {0, 1, 2}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prompt": "  "}, "prompt"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**256}, "seed"),
        ({"side": 8}, "side"),
        ({"model": b"short"}, "model"),
    ],
)
def test_unfit_input_is_refused_by_name(change, field):
    with pytest.raises(ValueError, match=field):
        generate_image(**({"prompt": "road", "seed": 1} | change))


def test_unfit_model_names_are_refused():
    with pytest.raises(ValueError, match="name"):
        model_id("")
    with pytest.raises(ValueError, match="version"):
        model_id("x", 0)
