"""Engines: the generator, similarity search and the settlement twin, against plain Python.

Run it with `python -m benchmarks.engines`.
"""

from __future__ import annotations

import numpy as np

from benchmarks.measure import duration, print_machine, print_table, seconds_of
from edgebazaar.auctions.engine.fixed_point import (
    WAD,
    RoundBid,
    RoundTerms,
    Submarket,
    VehicleScore,
    settle_round,
)
from edgebazaar.auctions.engine.offline import modified_second_bid
from edgebazaar.auctions.engine.online import general_outcome
from edgebazaar.content.engine.canonical import canonical_from_pixels
from edgebazaar.content.engine.fingerprint import IMAGE_PDQ_V1, fingerprint
from edgebazaar.content.engine.generator import IMAGE_SIDE, generate_image
from edgebazaar.content.engine.pattern_network import PatternNetwork, SeededStream
from edgebazaar.content.engine.prompt_traits import traits_of
from edgebazaar.content.engine.similarity import fingerprint_table, search

PROMPT = "a neon market in the rain"
FINGERPRINTS = 200_000
BIDS = 350
SAMPLED_PIXELS = 400


def generator_row() -> list[str]:
    """Paint a picture; the network evaluated pixel by pixel is what array operations replace."""
    whole = seconds_of(lambda: generate_image(PROMPT, 7), 3)
    network = PatternNetwork.drawn(SeededStream(bytes(32)), traits_of(PROMPT))
    places = np.linspace(-1, 1, SAMPLED_PIXELS)

    def pixel_by_pixel() -> None:
        for place in places:
            network.fields(np.array([[place]]), np.array([[place]]))

    slow = seconds_of(pixel_by_pixel, 2) * IMAGE_SIDE * IMAGE_SIDE / SAMPLED_PIXELS
    what = f"generate an image of {IMAGE_SIDE} x {IMAGE_SIDE}"
    return [
        what,
        duration(whole),
        f"its network pixel by pixel, from {SAMPLED_PIXELS} pixels",
        duration(slow),
        f"{slow / whole:.0f}",
    ]


def fingerprint_row() -> list[str]:
    """Fingerprint a picture; generating it is what a replay adds."""
    pixels = generate_image(PROMPT, 7)
    canonical = canonical_from_pixels(pixels)
    own = seconds_of(lambda: fingerprint(IMAGE_PDQ_V1, canonical))
    paint = seconds_of(lambda: generate_image(PROMPT, 7), 2)
    return [
        "fingerprint that image (PDQ)",
        duration(own),
        "generating it again",
        duration(paint),
        f"{paint / own:.1f}",
    ]


def similarity_row() -> list[str]:
    """Exact search in a table of fingerprints, against integers and a loop."""
    random = np.random.default_rng(1)
    values = [row.tobytes() for row in random.integers(0, 256, (FINGERPRINTS, 32), dtype=np.uint8)]
    table = fingerprint_table(values)
    query = values[FINGERPRINTS // 2]
    integers = [int.from_bytes(value, "big") for value in values]
    wanted = int.from_bytes(query, "big")

    def brute() -> list[int]:
        return [i for i, value in enumerate(integers) if (value ^ wanted).bit_count() <= 31]

    found = search(table, [query], 31).rows.tolist()
    if found != brute():
        raise AssertionError("search and brute force differ")
    own = seconds_of(lambda: search(table, [query], 31))
    slow = seconds_of(brute, 3)
    return [
        f"search {FINGERPRINTS:,} fingerprints",
        duration(own),
        "Python integers, (a ^ b).bit_count()",
        duration(slow),
        f"{slow / own:.0f}",
    ]


def settlement_row() -> list[str]:
    """The exact twin on a full round, against the float engine on arrays."""
    random = np.random.default_rng(2)
    terms = RoundTerms(2 * WAD, 10 * WAD, 0, 0, WAD // 100, WAD, 10, 1000)
    amounts = [int(x) for x in random.integers(1, WAD, BIDS)]
    half = BIDS // 2
    bids = [RoundBid(Submarket.ONLINE, amount) for amount in amounts[:half]]
    bids += [RoundBid(Submarket.OFFLINE, amount) for amount in amounts[half:]]
    scores = [VehicleScore(int(x), 0, 5) for x in random.integers(0, WAD, half)]
    own = seconds_of(lambda: settle_round(terms, bids, scores), 20)
    online = np.array(amounts[:half]) / WAD
    psi = np.array([score.proportional for score in scores]) / WAD
    offline = np.array(amounts[half:]) / WAD

    def floats() -> None:
        general_outcome(online, psi, np.zeros(half))
        modified_second_bid(offline, 0.01, 5.0, 1.0)

    fast = seconds_of(floats, 20)
    return [
        f"settle {BIDS} bids in integers",
        f"{duration(own)} ({duration(own / BIDS)} a bid)",
        "the float engine on arrays, winners and prices only",
        duration(fast),
        f"{fast / own:.2f}",
    ]


def main() -> None:
    """Print the table."""
    print_machine()
    print_table(
        "Engines (shortest of several runs; ratio above 1: faster than what it is compared with)",
        ("work", "here", "compared with", "there", "ratio"),
        [generator_row(), fingerprint_row(), similarity_row(), settlement_row()],
    )


if __name__ == "__main__":
    main()
