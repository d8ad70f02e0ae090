"""Commitments of sealed bids, computed by bidders themselves and checked when a bid is opened."""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from edgebazaar.auctions.tables import SUBMARKETS
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


def commitment_of(
    chain_id: int,
    auction_house: str,
    round_id: str,
    bidder: str,
    submarket: str,
    amount: int | str,
    salt: str,
) -> str:
    """The commitment of AuctionHouse to a bid, 0x-hex.

    It binds chain, contract, round and bidder, so that nobody can reuse a commitment it copied.

    Args:
        chain_id: Id of the chain.
        auction_house: Address of the contract.
        round_id: The round, 0x-hex.
        bidder: Who bids.
        submarket: `online` or `offline`.
        amount: Wei; per second of simulation in the offline submarket.
        salt: 32 random bytes, 0x-hex; keep them until the bid is opened.

    Raises:
        InvalidInput: If an argument is malformed.
    """
    types = ["uint256", "address", "bytes32", "address", "uint8", "uint96", "bytes32"]
    values = [
        chain_id,
        auction_house,
        parse_bytes32(round_id, "round_id"),
        bidder,
        submarket_index(submarket),
        parse_uint(amount, "amount", bits=96),
        parse_bytes32(salt, "salt"),
    ]
    return to_hex(bytes(keccak(encode(types, values))))
