"""How values look on the pages."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.web.charts import Step, trust_chart
from edgebazaar.web.formats import (
    duration,
    ether,
    fingerprint_path,
    money,
    safe_link,
    short,
    words,
)

WEI = st.integers(min_value=0, max_value=2**256 - 1)


@given(WEI)
def test_ether_is_exact_or_says_that_it_is_not(wei: int) -> None:
    text = ether(wei)
    shown = Fraction(text.removeprefix("≈ ").replace(",", "")) * 10**18
    if text.startswith("≈"):
        assert shown != wei
        assert abs(shown - wei) <= max(Fraction(wei, 10**5), Fraction(10**12))
    else:
        assert shown == wei


@pytest.mark.parametrize(
    ("wei", "text"),
    [
        (0, "0 ETH"),
        (1, "1 wei"),
        (10**12 - 1, "999\u202f999\u202f999\u202f999 wei"),
        (10**16, "0.01 ETH"),
        (10**18 + 1, "≈ 1 ETH"),
        (1_234_567 * 10**18, "1,234,567 ETH"),
    ],
)
def test_money(wei: int, text: str) -> None:
    assert money(wei) == text


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/contents",
        "/api/v1/../../x y",
        "http://",
        "https://[broken",
        "urn:sha256:00",
        "",
    ],
)
def test_what_could_run_or_lead_astray_is_no_link(text: str) -> None:
    assert safe_link(text) is None


@pytest.mark.parametrize(
    "text", ["https://example.org/a?b=c", "http://example.org", "/api/v1/contents/blobs/0xab"]
)
def test_plain_addresses_are_links(text: str) -> None:
    assert safe_link(text) == text


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_fingerprint_shows_every_set_bit_once(first: bytes, second: bytes) -> None:
    path = fingerprint_path("0x" + first.hex())
    assert path.count("M") == int.from_bytes(first, "big").bit_count()
    difference = fingerprint_path("0x" + first.hex(), "0x" + second.hex())
    distance = (int.from_bytes(first, "big") ^ int.from_bytes(second, "big")).bit_count()
    assert difference.count("M") == distance


def test_fingerprint_begins_at_the_upper_left() -> None:
    assert fingerprint_path("0x80" + "00" * 31) == "M0 0h1v1h-1z"
    assert fingerprint_path("0x" + "00" * 31 + "01") == "M15 15h1v1h-1z"


@given(st.text(max_size=100))
def test_short_keeps_both_ends(text: str) -> None:
    shown = short(text)
    assert len(shown) <= 13
    assert shown == text or (shown[:6] == text[:6] and shown[-4:] == text[-4:])


def test_words() -> None:
    assert words("in_exchange") == "in exchange"
    assert words("committedBlock") == "committed block"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (61, "1 min 1 s"), (90061, "1 d 1 h"), (7200, "2 h")]
)
def test_duration(seconds: int, text: str) -> None:
    assert duration(seconds) == text


@given(st.lists(st.floats(min_value=0, max_value=1), min_size=1, max_size=50))
def test_chart_stays_in_its_frame_and_keeps_the_order(means: list[float]) -> None:
    chart = trust_chart([Step(mean, {"rater": mean}, True, "well") for mean in means])
    assert chart is not None
    points = [tuple(map(float, point.split(","))) for point in chart.mean.points.split()]
    assert len(points) == len(means)
    assert all(chart.left <= x <= chart.right and 0 <= y <= chart.bottom for x, y in points)
    for (_, higher), (_, lower), first, second in zip(
        points, points[1:], means, means[1:], strict=False
    ):
        # A higher trust is never drawn lower, beyond rounding to hundredths of a pixel.
        assert (first >= second) == (higher <= lower) or abs(higher - lower) <= 0.01


def test_no_chart_of_nothing() -> None:
    assert trust_chart([]) is None
