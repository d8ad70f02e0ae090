"""Auction rounds and sealed bids, projected from AuctionHouse.

Besides them the openings that bidders hand to the operator, which the chain does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table

from edgebazaar.auctions.words import bid_word, sealed_commitment, unpack_bid, unpack_score
from edgebazaar.chain.indexer import IndexedEvent, ProjectionRegistry, ProjectionWriter
from edgebazaar.db import Address, Bytes32, CanonicalJson, Uint256, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp
from edgebazaar.values import to_hex

Submarket = Literal["online", "offline"]
SUBMARKETS: tuple[Submarket, ...] = ("online", "offline")
NO_INDEX = 2**256 - 1

auction_round = Table(
    "auction_round",
    metadata,
    Column("round_id", Bytes32, primary_key=True),
    Column("operator", Address, nullable=False, index=True),
    Column("beneficiary", Address, nullable=False),
    Column("brand", Address, nullable=False),
    Column("commit_until", BigInteger, nullable=False),
    Column("score_until", BigInteger, nullable=False),
    Column("declare_until", BigInteger, nullable=False),
    Column("open_until", BigInteger, nullable=False),
    Column("settle_until", BigInteger, nullable=False),
    Column("online_deposit", Uint256, nullable=False),
    Column("offline_deposit", Uint256, nullable=False),
    Column("online_reserve", Uint256, nullable=False),
    Column("offline_reserve", Uint256, nullable=False),
    Column("brand_price", Uint256, nullable=False),
    Column("alpha", Uint256, nullable=False, comment="1e18 fixed point"),
    Column("maximum_seconds", BigInteger, nullable=False),
    Column("penalty_bps", Integer, nullable=False),
    Column("maximum_bids", Integer, nullable=False),
    Column("salt", Bytes32, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("bids", Integer, nullable=False, comment="number of bids of both submarkets"),
    Column("scores", CanonicalJson, nullable=True, comment="in the order of online bids"),
    Column("inputs_hash", Bytes32, nullable=True),
    Column("inputs", LargeBinary, nullable=True, comment="what the scores were computed from"),
    Column("bitmap", CanonicalJson, nullable=True, comment="declared openings, decimal words"),
    Column("result", CanonicalJson, nullable=True),
    Column("entitlement_root", Bytes32, nullable=True, comment="of an ended round"),
    Column("ended_at", BigInteger, nullable=True),
    Column("ended_transaction_hash", Bytes32, nullable=True),
    *event_columns(),
    Index(None, "block_number", "log_index"),
    comment="Auction rounds with their whole terms, scores, declaration and result.",
)

auction_bid = Table(
    "auction_bid",
    metadata,
    Column("round_id", Bytes32, primary_key=True),
    Column("position", Integer, primary_key=True, comment="index in the chain of commitments"),
    Column("bidder", Address, nullable=False, index=True),
    Column("submarket", Integer, nullable=False, comment="index into SUBMARKETS"),
    Column("commitment", Bytes32, nullable=False),
    Column("deposit", Uint256, nullable=False),
    Column("own_amount", Uint256, nullable=True, comment="as the bidder itself opened it"),
    Column("own_salt", Bytes32, nullable=True),
    Column("opened", Boolean, nullable=True, comment="null until the round is settled"),
    Column("amount", Uint256, nullable=True, comment="as settled"),
    *event_columns(),
    comment="Sealed bids in the order of commitment.",
)

auction_collection = Table(
    "auction_collection",
    metadata,
    Column("round_id", Bytes32, primary_key=True),
    Column("position", Integer, primary_key=True, comment="index of the entitlement"),
    Column("account", Address, nullable=False, index=True),
    Column("amount", Uint256, nullable=False),
    *event_columns(),
    comment="Entitlements of ended rounds that were paid.",
)

auction_opening = Table(
    "auction_opening",
    metadata,
    Column("round_id", Bytes32, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("bidder", Address, nullable=False),
    Column("amount", Uint256, nullable=False),
    Column("salt", Bytes32, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    comment="Openings that bidders gave to the operator off chain; no projection, never rebuilt.",
)


def _terms_columns(terms: dict[str, Any]) -> dict[str, Any]:
    return {
        "operator": terms["operator"],
        "beneficiary": terms["beneficiary"],
        "brand": terms["brand"],
        "commit_until": terms["commitUntil"],
        "score_until": terms["scoreUntil"],
        "declare_until": terms["declareUntil"],
        "open_until": terms["openUntil"],
        "settle_until": terms["settleUntil"],
        "online_deposit": terms["onlineDeposit"],
        "offline_deposit": terms["offlineDeposit"],
        "online_reserve": terms["onlineReserve"],
        "offline_reserve": terms["offlineReserve"],
        "brand_price": terms["brandPrice"],
        "alpha": terms["alpha"],
        "maximum_seconds": terms["maximumSeconds"],
        "penalty_bps": terms["penaltyBps"],
        "maximum_bids": terms["maximumBids"],
        "salt": terms["salt"],
    }


def _index(value: int) -> int | None:
    return None if value == NO_INDEX else value


def _result(result: dict[str, Any]) -> dict[str, Any]:
    return {
        "online_index": _index(result["onlineIndex"]),
        "online_winner": result["onlineWinner"],
        "online_price": str(result["onlinePrice"]),
        "offline_index": _index(result["offlineIndex"]),
        "offline_winner": result["offlineWinner"],
        "offline_price": str(result["offlinePrice"]),
        "simulation_seconds": result["simulationSeconds"],
        "penalties": str(result["penalties"]),
    }


def project(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of AuctionHouse."""
    arguments = event.arguments
    if "roundId" not in arguments:
        return
    identifier = to_hex(arguments["roundId"])
    match event.event:
        case "RoundOpened":
            writer.insert(
                auction_round,
                {
                    "round_id": identifier,
                    **_terms_columns(arguments["terms"]),
                    "state": "open",
                    "bids": 0,
                    **event_stamp(event),
                },
            )
        case "BidCommitted":
            submarket = arguments["submarket"]
            writer.insert(
                auction_bid,
                {
                    "round_id": identifier,
                    "position": arguments["index"],
                    "bidder": arguments["bidder"],
                    "submarket": submarket,
                    "commitment": arguments["commitment"],
                    "deposit": _round(writer, identifier)[f"{SUBMARKETS[submarket]}_deposit"],
                    **event_stamp(event),
                },
            )
            writer.update(auction_round, identifier, {"bids": arguments["index"] + 1})
        case "ScoresPublished":
            scores = [
                {
                    "proportional": str(score.proportional),
                    "additive": str(score.additive),
                    "simulation_seconds": score.simulation_seconds,
                }
                for score in map(unpack_score, arguments["scores"])
            ]
            changes = {
                "state": "scored",
                "scores": scores,
                "inputs_hash": arguments["inputsHash"],
                "inputs": arguments["inputs"],
            }
            writer.update(auction_round, identifier, changes)
        case "OpeningsDeclared":
            bitmap = [str(word) for word in arguments["bitmap"]]
            writer.update(auction_round, identifier, {"state": "declared", "bitmap": bitmap})
        case "OwnBidOpened":
            _open_own_bid(event, writer, identifier)
        case "RoundSettled":
            _settle(event, writer, identifier)
        case "RoundRefunded":
            writer.update(auction_round, identifier, {"state": "refunded", **_end(event)})
        case "EntitlementCollected":
            writer.insert(
                auction_collection,
                {
                    "round_id": identifier,
                    "position": arguments["index"],
                    "account": arguments["account"],
                    "amount": arguments["amount"],
                    **event_stamp(event),
                },
            )


def _round(writer: ProjectionWriter, identifier: str) -> Mapping[str, Any]:
    row = writer.get(auction_round, identifier)
    if row is None:
        raise LookupError(f"round {identifier} has a bid before it was opened")
    return row


def _end(event: IndexedEvent) -> dict[str, Any]:
    return {
        "entitlement_root": event.arguments["entitlements"],
        "ended_at": event.block_timestamp,
        "ended_transaction_hash": event.transaction_hash,
    }


def _open_own_bid(event: IndexedEvent, writer: ProjectionWriter, identifier: str) -> None:
    # Anyone may claim to open any undeclared bid; only what fits the commitment counts.
    arguments = event.arguments
    key = {"round_id": identifier, "position": arguments["index"]}
    row = writer.get(auction_bid, key)
    if row is None:
        return
    word = bid_word(arguments["bidder"], arguments["submarket"], arguments["amount"])
    commitment = sealed_commitment(arguments["roundId"], word, arguments["salt"])
    if row["commitment"] == to_hex(commitment):
        changes = {"own_amount": arguments["amount"], "own_salt": arguments["salt"]}
        writer.update(auction_bid, key, changes)


def _settle(event: IndexedEvent, writer: ProjectionWriter, identifier: str) -> None:
    arguments = event.arguments
    for position, bid in enumerate(map(unpack_bid, arguments["bids"])):
        key = {"round_id": identifier, "position": position}
        amount = bid.amount if bid.opened else None
        writer.update(auction_bid, key, {"opened": bid.opened, "amount": amount})
    result = _result(arguments["result"])
    writer.update(auction_round, identifier, {"state": "settled", "result": result, **_end(event)})


def register(registry: ProjectionRegistry) -> None:
    """Hands this capability's projections to the indexer."""
    registry.register(
        "AuctionHouse", project, tables=[auction_round, auction_bid, auction_collection]
    )
