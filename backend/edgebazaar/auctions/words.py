"""The packed words in which AuctionHouse takes bids, scores and terms (`AuctionWords.sol`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

OPENED = 1 << 255
OFFLINE = 1 << 254
AMOUNT_BITS = 94
MAXIMUM_AMOUNT = (1 << AMOUNT_BITS) - 1
"""The largest amount of a bid in wei: about 2e10 ether."""
_ADDRESS_MASK = (1 << 160) - 1
_TERMS = (
    ("operator", "address"),
    ("beneficiary", "address"),
    ("brand", "address"),
    ("commitUntil", "uint40"),
    ("scoreUntil", "uint40"),
    ("declareUntil", "uint40"),
    ("openUntil", "uint40"),
    ("settleUntil", "uint40"),
    ("onlineDeposit", "uint96"),
    ("offlineDeposit", "uint96"),
    ("onlineReserve", "uint96"),
    ("offlineReserve", "uint96"),
    ("brandPrice", "uint96"),
    ("alpha", "uint256"),
    ("maximumSeconds", "uint32"),
    ("penaltyBps", "uint16"),
    ("maximumBids", "uint16"),
    ("salt", "bytes32"),
)


class BidFields(NamedTuple):
    """A bid's word taken apart; `amount` is zero when it is not opened."""

    bidder: str
    submarket: int
    opened: bool
    amount: int


class ScoreFields(NamedTuple):
    """A score's word taken apart."""

    proportional: int
    additive: int
    simulation_seconds: int


def bid_word(bidder: str, submarket: int, amount: int | None) -> int:
    """A bid: 1 bit opened, 1 bit offline, 94 bits amount, 160 bits bidder.

    Args:
        bidder: Address.
        submarket: 0 online, 1 offline.
        amount: Wei, per second offline; None for a bid that is not opened.

    Raises:
        ValueError: If the amount does not fit.
    """
    word = int(bidder, 16) | (OFFLINE if submarket else 0)
    if amount is None:
        return word
    if not 0 <= amount <= MAXIMUM_AMOUNT:
        raise ValueError(f"amount is {amount}; give 0 to {MAXIMUM_AMOUNT}")
    return word | OPENED | amount << 160


def unpack_bid(word: int) -> BidFields:
    """The fields of a bid's word."""
    bidder = to_checksum_address((word & _ADDRESS_MASK).to_bytes(20, "big"))
    amount = word >> 160 & MAXIMUM_AMOUNT
    return BidFields(bidder, int(bool(word & OFFLINE)), bool(word & OPENED), amount)


def score_word(proportional: int, additive: int, simulation_seconds: int) -> int:
    """A score: 128 bits proportional, 96 bits additive, 32 bits seconds."""
    return proportional << 128 | additive << 32 | simulation_seconds


def unpack_score(word: int) -> ScoreFields:
    """The fields of a score's word."""
    return ScoreFields(word >> 128, word >> 32 & (1 << 96) - 1, word & (1 << 32) - 1)


def bidding_word(terms: Mapping[str, Any]) -> int:
    """What a bid needs of a round's terms: deposits, end of bidding, most bids."""
    return int(
        terms["onlineDeposit"]
        | terms["offlineDeposit"] << 96
        | terms["commitUntil"] << 192
        | terms["maximumBids"] << 232
    )


def terms_hash(terms: Mapping[str, Any]) -> bytes:
    """Hash of all terms of a round, in the order of the contract's struct."""
    values = [terms[name] for name, _ in _TERMS]
    if isinstance(values[-1], str):
        values[-1] = bytes.fromhex(values[-1].removeprefix("0x"))
    return bytes(keccak(encode([kind for _, kind in _TERMS], values)))


def sealed_commitment(round_id: bytes, word: int, salt: bytes) -> bytes:
    """Commitment to an opened bid; the round's id binds chain and contract."""
    return bytes(keccak(keccak(round_id + word.to_bytes(32, "big")) + salt))
