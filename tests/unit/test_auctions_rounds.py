"""Phases of a round, and the commitment of a sealed bid."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.auctions.commitments import commitment_of
from edgebazaar.auctions.rounds import phase_of
from edgebazaar.auctions.words import (
    MAXIMUM_AMOUNT,
    bid_word,
    score_word,
    unpack_bid,
    unpack_score,
)
from edgebazaar.errors import InvalidInput

HOUSE = "0x" + "aa" * 20
BIDDER = "0x" + "bb" * 20
ROUND = "0x" + "cc" * 32


def row(state: str) -> dict[str, Any]:
    times = ("commit_until", "score_until", "declare_until", "open_until", "settle_until")
    return {"state": state, **{name: 10 * (place + 1) for place, name in enumerate(times)}}


@pytest.mark.parametrize(
    ("state", "now", "phase"),
    [
        ("open", 9, "commit"),
        ("open", 10, "score"),
        ("open", 19, "score"),
        ("open", 20, "refund"),
        ("scored", 20, "declare"),
        ("scored", 30, "refund"),
        ("declared", 39, "open"),
        ("declared", 40, "settle"),
        ("declared", 50, "refund"),
        ("settled", 9, "ended"),
        ("refunded", 99, "ended"),
    ],
)
def test_phase_follows_state_and_time(state: str, now: int, phase: str) -> None:
    assert phase_of(row(state), now) == phase


@given(
    st.integers(min_value=0, max_value=MAXIMUM_AMOUNT),
    st.binary(min_size=32, max_size=32),
    st.sampled_from(["online", "offline"]),
)
def test_commitment_binds_everything(amount: int, salt: bytes, submarket: str) -> None:
    def commit(**changes: Any) -> str:
        terms = {
            "round_id": ROUND,
            "bidder": BIDDER,
            "submarket": submarket,
            "amount": amount,
            "salt": "0x" + salt.hex(),
        }
        return commitment_of(**{**terms, **changes})

    number = ["online", "offline"].index(submarket)
    word = 1 << 255 | number << 254 | amount << 160 | int(BIDDER, 16)
    inner = keccak(bytes.fromhex("cc" * 32) + word.to_bytes(32, "big"))
    assert commit() == "0x" + keccak(inner + salt).hex()
    others = [
        commit(bidder=HOUSE),
        commit(round_id="0x" + "00" * 32),
        commit(amount=(amount + 1) % 2**94),
        commit(submarket=["offline", "online"][number]),
    ]
    assert commit() not in others and len(set(others)) == len(others)


def test_malformed_bids_are_refused() -> None:
    with pytest.raises(InvalidInput) as refusal:
        commitment_of(ROUND, BIDDER, "sideways", 1, "0x" + "00" * 32)
    assert refusal.value.field == "submarket"
    with pytest.raises(InvalidInput) as refusal:
        commitment_of(ROUND, BIDDER, "online", 2**94, "0x" + "00" * 32)
    assert refusal.value.field == "amount"
    with pytest.raises(ValueError, match="give 0 to"):
        bid_word(BIDDER, 0, 2**94)


@given(
    st.none() | st.integers(min_value=0, max_value=MAXIMUM_AMOUNT),
    st.integers(min_value=0, max_value=2**160 - 1),
    st.sampled_from([0, 1]),
)
def test_bids_survive_packing(amount: int | None, account: int, submarket: int) -> None:
    bidder = to_checksum_address(account.to_bytes(20, "big"))
    fields = unpack_bid(bid_word(bidder, submarket, amount))
    assert fields == (bidder, submarket, amount is not None, amount or 0)


@given(
    st.integers(min_value=0, max_value=2**128 - 1),
    st.integers(min_value=0, max_value=2**96 - 1),
    st.integers(min_value=0, max_value=2**32 - 1),
)
def test_scores_survive_packing(proportional: int, additive: int, seconds: int) -> None:
    word = score_word(proportional, additive, seconds)
    assert 0 <= word < 2**256
    assert unpack_score(word) == (proportional, additive, seconds)
