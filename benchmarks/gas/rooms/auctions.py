"""Auction rounds of several sizes."""

from __future__ import annotations

import hashlib
from typing import Any

from eth_account.signers.local import LocalAccount

from benchmarks.gas.budgets import Anchor, Budget
from benchmarks.gas.world import ETHER, NOBODY, GasWorld
from edgebazaar.auctions.engine.entitlements import EntitlementTree, settled_entitlements
from edgebazaar.auctions.engine.fixed_point import (
    RoundBid,
    RoundTerms,
    Submarket,
    VehicleScore,
    settle_round,
)
from edgebazaar.auctions.words import (
    bid_word,
    bidding_word,
    score_word,
    terms_hash,
    unpack_bid,
    unpack_score,
)

VEHICLE, ROADSIDE_UNIT, MODEL_PROVIDER, OPERATOR = 8, 16, 32, 128
STAGE_SECONDS = 1000
SIZES = (8, 32, 128)
SALT = bytes(31) + b"\x05"
A16Z = "a16z auction-zoo"
BUDGETS = {
    "open a round": Budget(None, 66_000, (Anchor(f"{A16Z}, createAuction", 138_902),)),
    "commit a bid": Budget(
        32_000,
        29_800,
        (Anchor(f"{A16Z}, commitBid", 57_862), Anchor("prototype, hash chain", 31_701)),
        "Membership is asked for the bidder's role (5.4k); the prototype lets anybody bid.",
    ),
    **{
        f"settle {size} bids": Budget(
            36_000 + 1_400 * size,
            29_500 + 1_250 * size,
            (Anchor(f"{A16Z}, revealBid with refund, {size} times", 46_194 * size),),
            "A bid takes 3.9k: call data 1k, its log 0.3k, and its commitment, its place in the "
            "chain and its leaf in the tree of refunds, which the prototype lacks, are hashed.",
        )
        for size in SIZES
    },
}


def measure(world: GasWorld) -> None:
    """Rounds of 8, 32 and 128 bidders, half in each submarket, and one called off.

    The bidders of every round have been credited before, as they bid in round after round.
    """
    (operator,) = world.new_members(1, OPERATOR)
    (unit,) = world.new_members(1, ROADSIDE_UNIT)
    half = SIZES[-1] // 2
    vehicles = world.new_members(half, VEHICLE)
    simulators = world.new_members(half, MODEL_PROVIDER)
    accounts = [one.address for one in [*vehicles, *simulators, operator, unit]]
    world.send(
        operator,
        "Payouts",
        "creditMany",
        accounts,
        [1] * len(accounts),
        value=len(accounts),
    )
    for size in SIZES:
        bidders = [(one, 0) for one in vehicles[: size // 2]]
        bidders += [(one, 1) for one in simulators[: size // 2]]
        settled_round(world, operator, unit, bidders)
    called_off(world, operator, unit, [(one, 0) for one in vehicles[:8]])


def round_terms(
    world: GasWorld, operator: LocalAccount, unit: LocalAccount, salt: int
) -> dict[str, Any]:
    """Terms of a round without a brand, that begins now."""
    start = world.now() + STAGE_SECONDS
    names = ("commitUntil", "scoreUntil", "declareUntil", "openUntil", "settleUntil")
    return {
        "operator": operator.address,
        "beneficiary": unit.address,
        "brand": NOBODY,
        **{name: start + index * STAGE_SECONDS for index, name in enumerate(names)},
        "onlineDeposit": ETHER,
        "offlineDeposit": ETHER,
        "onlineReserve": 0,
        "offlineReserve": 0,
        "brandPrice": 0,
        "alpha": ETHER,
        "maximumSeconds": 10,
        "penaltyBps": 1000,
        "maximumBids": 350,
        "salt": salt.to_bytes(32, "big"),
    }


def committed_bids(
    world: GasWorld, terms: dict[str, Any], bidders: list[tuple[LocalAccount, int]]
) -> list[dict[str, Any]]:
    """Commit a bid of each; the bids as settlement states them."""
    round_id = world.read("AuctionHouse", "idOf", terms)
    parts = bidding_word(terms), terms_hash(terms)
    bids = []
    for index, (bidder, side) in enumerate(bidders):
        amount = (7 + index * 37 % 101) * ETHER // 1100 // (1 + 9 * side)
        commitment = world.read(
            "AuctionHouse", "commitmentOf", round_id, bidder.address, side, amount, SALT
        )
        name = "commit a bid" if index else "commit a bid, first of a round"
        world.measure(
            name, bidder, "AuctionHouse", "commitBid", *parts, side, commitment, value=ETHER
        )
        word = bid_word(bidder.address, side, amount)
        bids.append({"word": word, "secret": SALT})
    return bids


def settled_round(
    world: GasWorld,
    operator: LocalAccount,
    unit: LocalAccount,
    bidders: list[tuple[LocalAccount, int]],
) -> None:
    """A round in which the operator leaves out the last bid, whose bidder opens it itself."""
    size = len(bidders)
    terms = round_terms(world, operator, unit, size)
    house = (operator, "AuctionHouse")
    world.measure("open a round", *house, "openRound", terms)
    bids = committed_bids(world, terms, bidders)
    online = sum(side == 0 for _, side in bidders)
    scores = [score_word(ETHER // 10, 0, 5)] * online
    inputs = b"{}"
    bitmap = [(1 << (size - 1)) - 1]
    world.pass_to(terms["commitUntil"])
    world.measure(
        f"publish scores for {size} bids",
        *house,
        "publishScores",
        terms,
        scores,
        hashlib.sha256(inputs).digest(),
        inputs,
    )
    world.measure("declare the openings", *house, "declareOpenings", terms, bitmap)
    last = unpack_bid(bids[-1]["word"])
    opening = (terms, size - 1, last.submarket, last.amount, SALT, bitmap)
    world.measure("open an own bid", bidders[-1][0], "AuctionHouse", "openOwnBid", *opening)
    world.pass_to(terms["openUntil"])
    world.measure(f"settle {size} bids", *house, "settle", terms, bids, scores, bitmap)
    collect(world, terms, bids, scores, bidders)


def collect(
    world: GasWorld,
    terms: dict[str, Any],
    bids: list[dict[str, Any]],
    scores: list[int],
    bidders: list[tuple[LocalAccount, int]],
) -> None:
    """Have one bidder collect for itself, and a stranger for all others."""
    size = len(bids)
    owed = settled_entitlements(
        settle_round(
            RoundTerms(
                online_deposit=terms["onlineDeposit"],
                offline_deposit=terms["offlineDeposit"],
                online_reserve=0,
                offline_reserve=0,
                brand_price=0,
                alpha=terms["alpha"],
                maximum_seconds=terms["maximumSeconds"],
                penalty_bps=terms["penaltyBps"],
                has_brand=False,
            ),
            [
                RoundBid(Submarket(bid.submarket), bid.amount)
                for bid in (unpack_bid(one["word"]) for one in bids)
            ],
            [VehicleScore(*unpack_score(score)) for score in scores],
        ),
        [bidder.address for bidder, _ in bidders],
        beneficiary=terms["beneficiary"],
        treasury=world.deployment.profile["treasury"],
        operator=terms["operator"],
    )
    tree = EntitlementTree.of(owed)
    structs = [{"index": one.index, "account": one.account, "amount": one.amount} for one in owed]
    round_id = world.read("AuctionHouse", "idOf", terms)
    first = (bidders[0][0], "AuctionHouse", "collect", round_id, structs[0], tree.proof(0))
    world.measure(f"collect from a round of {size} bids, first", *first)
    second = (bidders[1][0], "AuctionHouse", "collect", round_id, structs[1], tree.proof(1))
    world.measure(f"collect from a round of {size} bids", *second)
    others = range(2, size)
    proof, flags = tree.multiproof(others)
    many = ("AuctionHouse", "collectMany", round_id, [structs[i] for i in others], proof, flags)
    world.measure(
        f"pay the others of {size} bids at once, each", bidders[0][0], *many, per=len(others)
    )


def called_off(
    world: GasWorld,
    operator: LocalAccount,
    unit: LocalAccount,
    bidders: list[tuple[LocalAccount, int]],
) -> None:
    """A round whose operator does nothing."""
    terms = round_terms(world, operator, unit, 1)
    world.send(operator, "AuctionHouse", "openRound", terms)
    bids = committed_bids(world, terms, bidders)
    world.pass_to(terms["settleUntil"])
    world.measure(
        f"call off a round of {len(bids)} bids",
        bidders[0][0],
        "AuctionHouse",
        "refundAll",
        terms,
        bids,
    )
