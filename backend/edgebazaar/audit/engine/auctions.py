"""Recomputes scores, winners and prices of every auction round from its events."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from edgebazaar.auctions.engine.entitlements import (
    Entitlement,
    EntitlementTree,
    refunded_entitlements,
    settled_entitlements,
)
from edgebazaar.auctions.engine.fixed_point import (
    RoundBid,
    RoundTerms,
    Submarket,
    VehicleScore,
    settle_round,
)
from edgebazaar.auctions.engine.published import PublishedInputs, score_vehicles
from edgebazaar.auctions.words import unpack_bid, unpack_score
from edgebazaar.audit.engine.checks import CheckResult, LoggedEvent, hexadecimal, of_kind

_NONE = 2**256 - 1
_ZERO_ADDRESS = "0x" + "0" * 40


def check_auctions(events: Sequence[LoggedEvent], treasury: str) -> CheckResult:
    """Every published score, every settlement and refund, and what was collected."""
    result = CheckResult(
        "auctions",
        "scores follow from the published inputs; winners, prices and entitlements from the bids",
    )
    opened = {
        e.arguments["roundId"]: e.arguments["terms"]
        for e in of_kind(events, "AuctionHouse", "RoundOpened")
    }
    bids = _bids_by_round(events)
    published: dict[bytes, Mapping[str, Any]] = {}
    owed: dict[bytes, Sequence[Entitlement]] = {}
    for one in of_kind(events, "AuctionHouse", "ScoresPublished"):
        round_id = one.arguments["roundId"]
        published[round_id] = one.arguments
        _check_scores(result, opened[round_id], bids.get(round_id, []), one.arguments)
    for one in of_kind(events, "AuctionHouse", "RoundSettled"):
        round_id = one.arguments["roundId"]
        owed[round_id] = _check_settlement(
            result, opened[round_id], published[round_id], one.arguments, treasury
        )
    for one in of_kind(events, "AuctionHouse", "RoundRefunded"):
        round_id = one.arguments["roundId"]
        owed[round_id] = _check_refund(
            result, opened[round_id], bids.get(round_id, []), one.arguments
        )
    _check_collections(result, events, owed)
    return result


def _bids_by_round(events: Sequence[LoggedEvent]) -> dict[bytes, list[Mapping[str, Any]]]:
    rounds: dict[bytes, list[Mapping[str, Any]]] = {}
    for one in of_kind(events, "AuctionHouse", "BidCommitted"):
        rounds.setdefault(one.arguments["roundId"], []).append(one.arguments)
    return rounds


def _check_scores(
    result: CheckResult,
    terms: Mapping[str, Any],
    bids: Sequence[Mapping[str, Any]],
    published: Mapping[str, Any],
) -> None:
    subject = f"round {hexadecimal(published['roundId'])}"
    inputs = published["inputs"]
    result.compare(
        f"{subject} inputs hash",
        hexadecimal(hashlib.sha256(inputs).digest()),
        hexadecimal(published["inputsHash"]),
    )
    online = [bid["bidder"] for bid in bids if bid["submarket"] == Submarket.ONLINE]
    try:
        computed = score_vehicles(
            PublishedInputs.from_bytes(inputs),
            online,
            alpha=terms["alpha"],
            maximum_seconds=terms["maximumSeconds"],
        )
    except Exception as error:  # whatever an operator publishes must not end everybody's audit
        result.compare(f"{subject} inputs", "usable inputs", f"unusable: {error}")
        return
    result.compare(f"{subject} scores", list(computed), _scores(published))


def _terms(terms: Mapping[str, Any]) -> RoundTerms:
    return RoundTerms(
        online_deposit=terms["onlineDeposit"],
        offline_deposit=terms["offlineDeposit"],
        online_reserve=terms["onlineReserve"],
        offline_reserve=terms["offlineReserve"],
        brand_price=terms["brandPrice"],
        alpha=terms["alpha"],
        maximum_seconds=terms["maximumSeconds"],
        penalty_bps=terms["penaltyBps"],
        has_brand=terms["brand"].lower() != _ZERO_ADDRESS,
    )


def _check_settlement(
    result: CheckResult,
    terms: Mapping[str, Any],
    published: Mapping[str, Any],
    settled: Mapping[str, Any],
    treasury: str,
) -> Sequence[Entitlement]:
    bids = [unpack_bid(word) for word in settled["bids"]]
    outcome = settle_round(
        _terms(terms),
        [RoundBid(Submarket(bid.submarket), bid.amount if bid.opened else None) for bid in bids],
        _scores(published),
    )
    found = settled["result"]
    subject = f"round {hexadecimal(settled['roundId'])}"
    for name, expected, actual in (
        ("online winner", _index(outcome.online_index), found["onlineIndex"]),
        ("online price", outcome.online_price, found["onlinePrice"]),
        ("offline winner", _index(outcome.offline_index), found["offlineIndex"]),
        ("offline price", outcome.offline_price, found["offlinePrice"]),
        ("simulation seconds", outcome.simulation_seconds, found["simulationSeconds"]),
        ("penalties", outcome.penalties, found["penalties"]),
    ):
        result.compare(f"{subject} {name}", expected, actual)
    owed = settled_entitlements(
        outcome,
        [bid.bidder for bid in bids],
        beneficiary=terms["beneficiary"],
        treasury=treasury,
        operator=terms["operator"],
    )
    _compare_root(result, subject, owed, settled)
    return owed


def _check_refund(
    result: CheckResult,
    terms: Mapping[str, Any],
    bids: Sequence[Mapping[str, Any]],
    refunded: Mapping[str, Any],
) -> Sequence[Entitlement]:
    owed = refunded_entitlements(
        _terms(terms),
        [RoundBid(Submarket(bid["submarket"]), None) for bid in bids],
        [bid["bidder"] for bid in bids],
        operator=terms["operator"],
    )
    _compare_root(result, f"round {hexadecimal(refunded['roundId'])}", owed, refunded)
    return owed


def _compare_root(
    result: CheckResult, subject: str, owed: Sequence[Entitlement], ended: Mapping[str, Any]
) -> None:
    computed = hexadecimal(EntitlementTree.of(owed).root)
    result.compare(f"{subject} entitlements", computed, hexadecimal(ended["entitlements"]))


def _check_collections(
    result: CheckResult,
    events: Sequence[LoggedEvent],
    owed: Mapping[bytes, Sequence[Entitlement]],
) -> None:
    collected: set[tuple[bytes, int]] = set()
    for one in of_kind(events, "AuctionHouse", "EntitlementCollected"):
        a = one.arguments
        place = a["roundId"], a["index"]
        due = owed[a["roundId"]][a["index"]]
        subject = f"round {hexadecimal(a['roundId'])} entitlement {a['index']}"
        expected = ("once", due.account.lower(), due.amount)
        times = "again" if place in collected else "once"
        result.compare(subject, expected, (times, a["account"].lower(), a["amount"]))
        collected.add(place)


def _scores(published: Mapping[str, Any]) -> list[VehicleScore]:
    return [VehicleScore(*unpack_score(word)) for word in published["scores"]]


def _index(position: int | None) -> int:
    return _NONE if position is None else position
