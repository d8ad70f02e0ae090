"""Step 6: an auction round with 30 vehicles and 30 simulators, sealed, settled, paid."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgebazaar.auctions.commitments import commitment_of
from edgebazaar.auctions.engine.fixed_point import WAD
from edgebazaar.auctions.engine.market import MarketParameters
from edgebazaar.auctions.engine.published import PublishedInputs, score_vehicles
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.demo.accounting import balances, head
from edgebazaar.demo.actors import Actor, Cast, in_parallel
from edgebazaar.demo.generation import event_argument
from edgebazaar.demo.report import Report, Step, StepFailed

_ETHER = 10**18
_ALPHA = 12 * WAD // 10
_MAXIMUM_SECONDS = 10
_COMMIT_SECONDS, _PHASE_SECONDS = 30, 10
_TASKS = 5
_SEED = 20240711


@dataclass(frozen=True)
class SealedBid:
    """A bidder's secret."""

    bidder: Actor
    submarket: str
    amount: int
    salt: str
    index: int


def run_auction(cast: Cast, rpc: RpcClient, report: Report) -> None:
    """Runs the step."""
    with report.step("Auction: 30 vehicles and 30 simulators, sealed, settled, paid") as step:
        round_id, terms = _open_round(cast, step)
        bids = _commit(cast, round_id, step)
        report.say(f"{len(bids)} sealed bids committed")
        _publish_scores(cast, round_id, bids, terms, step)
        silent, withheld = bids[7], next(bid for bid in bids if bid.submarket == "offline")
        for bid in bids:
            if bid not in (silent, withheld):
                _hand_opening(bid, round_id)
        operator = cast.operator
        step.record(
            "operator declares openings", operator.act(f"/auctions/{round_id}/declaration/prepare")
        )
        opening = {
            "index": withheld.index,
            "amount": str(withheld.amount),
            "salt": withheld.salt,
        }
        step.record(
            f"{withheld.bidder.name} opens its own bid",
            withheld.bidder.act(f"/auctions/{round_id}/own-opening/prepare", opening),
        )
        report.say("scores published, bids opened; one bidder opened its own, one stayed silent")
        _await_phase(operator, round_id, "settle")
        settled = operator.act(f"/auctions/{round_id}/settlement/prepare")
        step.record("operator has the round settled", settled)
        # Nobody but the operator pays gas from here on, so balances tell payments to the wei.
        paid = [cast.roadside_unit, *cast.bidders]
        before = _balances(rpc, paid)
        _pay_everybody(cast, round_id, step)
        after = _balances(rpc, paid)
        received = {actor.name: after[actor.name] - before[actor.name] for actor in paid}
        _check(cast, round_id, bids, silent, received, step, report)


def _open_round(cast: Cast, step: Step) -> tuple[str, dict[str, Any]]:
    commit_until = cast.operator.client.now() + _COMMIT_SECONDS
    terms: dict[str, Any] = {
        "beneficiary": cast.roadside_unit.address,
        "brand": cast.brand.address,
        "commit_until": commit_until,
        "score_until": commit_until + _PHASE_SECONDS,
        "declare_until": commit_until + 2 * _PHASE_SECONDS,
        "open_until": commit_until + 3 * _PHASE_SECONDS,
        "settle_until": commit_until + 3 * _PHASE_SECONDS + 120,
        "online_deposit": str(_ETHER),
        "offline_deposit": str(_ETHER),
        "online_reserve": str(_ETHER // 100),
        "offline_reserve": str(_ETHER // 1000),
        "brand_price": str(_ETHER // 100),
        "alpha": str(_ALPHA),
        "maximum_seconds": _MAXIMUM_SECONDS,
        "penalty_bps": 1000,
        "maximum_bids": 200,
    }
    opened = cast.operator.act("/auctions/prepare", terms)
    step.record("operator opens a round", opened)
    return str(event_argument(opened, "RoundOpened", "roundId")), terms


def _commit(cast: Cast, round_id: str, step: Step) -> list[SealedBid]:
    values = np.random.default_rng(_SEED).random(len(cast.bidders))

    def commit(place: int) -> SealedBid:
        bidder = cast.bidders[place]
        submarket = "online" if "vehicle" in bidder.roles else "offline"
        # Bids are worth telling truthfully, so everybody bids its value; offline it is per second.
        unit = _ETHER if submarket == "online" else _ETHER // _MAXIMUM_SECONDS
        amount = int(values[place] * 10**6) * (unit // 10**6)
        salt = "0x" + secrets.token_hex(32)
        commitment = commitment_of(
            round_id,
            bidder.address,
            submarket,
            amount,
            salt,
        )
        body = {"submarket": submarket, "commitment": commitment}
        committed = bidder.act(f"/auctions/{round_id}/bids/prepare", body)
        step.record(f"{bidder.name} commits a bid", committed)
        index = int(event_argument(committed, "BidCommitted", "index"))
        return SealedBid(bidder, submarket, amount, salt, index)

    return sorted(in_parallel(commit, list(range(len(cast.bidders)))), key=lambda bid: bid.index)


def _publish_scores(
    cast: Cast, round_id: str, bids: list[SealedBid], terms: dict[str, Any], step: Step
) -> None:
    _await_phase(cast.operator, round_id, "score")
    inputs = PublishedInputs(
        vehicles=tuple(vehicle.address for vehicle in cast.vehicles),
        parameters=MarketParameters(
            vehicles=len(cast.vehicles), simulators=len(cast.simulators), tasks=_TASKS
        ),
        seed=_SEED,
    )
    scores = score_vehicles(
        inputs,
        [bid.bidder.address for bid in bids if bid.submarket == "online"],
        alpha=int(terms["alpha"]),
        maximum_seconds=_MAXIMUM_SECONDS,
    )
    body = {
        "scores": [
            {
                "proportional": str(score.proportional),
                "additive": str(score.additive),
                "simulation_seconds": score.simulation_seconds,
            }
            for score in scores
        ],
        "inputs": "0x" + inputs.to_bytes().hex(),
    }
    published = cast.operator.act(f"/auctions/{round_id}/scores/prepare", body)
    step.record("operator publishes the scores", published)


def _hand_opening(bid: SealedBid, round_id: str) -> None:
    bid.bidder.client.post(
        f"/auctions/{round_id}/openings",
        {"index": bid.index, "amount": str(bid.amount), "salt": bid.salt},
    )


def _await_phase(operator: Actor, round_id: str, phase: str) -> None:
    def arrived() -> bool:
        return bool(operator.client.get(f"/auctions/{round_id}")["phase"] == phase)

    if not operator.client.poll(arrived, seconds=180):
        raise StepFailed(f"the round did not reach the phase {phase}")


def _balances(rpc: RpcClient, actors: list[Actor]) -> dict[str, int]:
    """Coins of each and what waits for it, in wei."""
    coins = balances(rpc, {actor.name: actor.address for actor in actors}, head(rpc))
    return {
        actor.name: coins[actor.name] + int(actor.client.get(f"/payouts/{actor.address}")["amount"])
        for actor in actors
    }


def _pay_everybody(cast: Cast, round_id: str, step: Step) -> None:
    operator, path = cast.operator, f"/auctions/{round_id}"
    while any(
        one["collected"] is None and one["amount"] != "0"
        for one in operator.client.get(f"{path}/entitlements")["items"]
    ):
        collected = operator.act(f"{path}/collection/prepare", {})
        step.record("operator collects for everybody", collected)


def _check(
    cast: Cast,
    round_id: str,
    bids: list[SealedBid],
    silent: SealedBid,
    received: dict[str, int],
    step: Step,
    report: Report,
) -> None:
    result = cast.operator.client.get(f"/auctions/{round_id}")["result"]
    step.facts["result"] = result
    income = int(result["online_price"]) + int(result["offline_price"])
    earned = received[cast.roadside_unit.name]
    step.require(earned == income, "the roadside unit is paid both prices")
    refunded = sum(received[bid.bidder.name] for bid in bids)
    brand_wins = result["offline_winner"] == cast.brand.address
    paid = int(result["online_price"]) + (0 if brand_wins else int(result["offline_price"]))
    step.require(
        refunded + paid + int(result["penalties"]) == len(bids) * _ETHER,
        "payments, refunds and penalties add up to the deposits",
    )
    step.require(
        received[silent.bidder.name] == _ETHER * 9 // 10,
        f"{silent.bidder.name}, who never opened, loses the penalty",
    )
    winner = next(bid for bid in bids if bid.bidder.address == result["online_winner"])
    step.require(
        int(result["online_price"]) <= winner.amount, "the winner pays at most what it bid"
    )
    report.say(
        f"{winner.bidder.name} wins at {int(result['online_price']) / _ETHER:.4f} ether "
        f"(bid {winner.amount / _ETHER:.4f}); the roadside unit earns {income / _ETHER:.4f} ether"
    )
