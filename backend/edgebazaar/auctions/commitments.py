"""Commitments of sealed bids, computed by bidders themselves and checked when a bid is opened."""

from __future__ import annotations

from edgebazaar.addresses import checksum_address
from edgebazaar.auctions.tables import SUBMARKETS
from edgebazaar.auctions.words import AMOUNT_BITS, bid_word, sealed_commitment
from edgebazaar.errors import InvalidInput
from edgebazaar.values import parse_bytes32, parse_uint, to_hex


def submarket_index(name: str) -> int:
    """Number of a submarket in AuctionHouse.

    Raises:
        InvalidInput: If there is none of that name.
    """
    if name not in SUBMARKETS:
        raise InvalidInput(
            "submarket", f"no submarket is called {name!r}", f"Use {' or '.join(SUBMARKETS)}"
        )
    return SUBMARKETS.index(name)


def commitment_of(round_id: str, bidder: str, submarket: str, amount: int | str, salt: str) -> str:
    """The commitment of AuctionHouse to a bid, 0x-hex.

    It binds the round, and with its id chain and contract, and the bidder, so that nobody can reuse
    a commitment it copied.

    Args:
        round_id: The round, 0x-hex.
        bidder: Who bids.
        submarket: `online` or `offline`.
        amount: Wei; per second of simulation in the offline submarket; below 2^94.
        salt: 32 random bytes, 0x-hex; keep them until the bid is opened.

    Raises:
        InvalidInput: If an argument is malformed.
    """
    word = bid_word(
        checksum_address(bidder, "bidder"),
        submarket_index(submarket),
        parse_uint(amount, "amount", bits=AMOUNT_BITS),
    )
    identifier, secret = parse_bytes32(round_id, "round_id"), parse_bytes32(salt, "salt")
    return to_hex(sealed_commitment(identifier, word, secret))
