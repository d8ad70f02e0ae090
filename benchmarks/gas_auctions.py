"""Gas of auction rounds of several sizes."""

from __future__ import annotations

import hashlib
from typing import Any

from eth_account.signers.local import LocalAccount

from benchmarks.chain import Market, new_accounts
from edgebazaar.chain.contracts import ContractCall
from edgebazaar.chain.rpc import from_quantity

VEHICLE, ROADSIDE_UNIT, MODEL_PROVIDER, OPERATOR = 8, 16, 32, 128
ETHER = 10**18
STAGE_SECONDS = 1000
SIZES = (8, 32, 128)
SALT = bytes(31) + b"\x05"


def measure_rounds(market: Market, gas: dict[str, int]) -> None:
    """Rounds of 8, 32 and 128 bidders, half in each submarket.

    Every bidder is credited for the first time, which is the dearest case; one credit is withdrawn.
    """
    operator, unit = new_accounts(2)
    market.admit([operator], OPERATOR)
    market.admit([unit], ROADSIDE_UNIT)
    for size in SIZES:
        _measure_round(market, gas, operator, unit, size)


def _terms(market: Market, operator: LocalAccount, unit: LocalAccount, size: int) -> dict[str, Any]:
    start = market.now() + STAGE_SECONDS
    names = ("commitUntil", "scoreUntil", "declareUntil", "openUntil", "settleUntil")
    return {
        "operator": operator.address,
        "beneficiary": unit.address,
        "brand": "0x" + "00" * 20,
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
        "salt": size.to_bytes(32, "big"),
    }


def _measure_round(
    market: Market, gas: dict[str, int], operator: LocalAccount, unit: LocalAccount, size: int
) -> None:
    contracts = market.contracts
    vehicles, simulators = new_accounts(size // 2), new_accounts(size // 2)
    market.admit(vehicles, VEHICLE)
    market.admit(simulators, MODEL_PROVIDER)
    terms = _terms(market, operator, unit, size)
    opened = market.call(operator, "AuctionHouse", "openRound", terms)
    gas["open a round"] = from_quantity(opened["gasUsed"])
    round_id = contracts.read(market.rpc, ContractCall("AuctionHouse", "idOf", (terms,)))

    bidders = [(one, 0) for one in vehicles] + [(one, 1) for one in simulators]
    amounts = [
        (7 + index * 37 % 101) * ETHER // 1100 // (1 + 9 * side)
        for index, (_, side) in enumerate(bidders)
    ]
    questions = [
        ContractCall("AuctionHouse", "commitmentOf", (round_id, one.address, side, amount, SALT))
        for (one, side), amount in zip(bidders, amounts, strict=True)
    ]
    commitments = contracts.read_many(market.rpc, questions)
    work = [
        (one, ContractCall("AuctionHouse", "commitBid", (terms, side, commitment), ETHER))
        for (one, side), commitment in zip(bidders, commitments, strict=True)
    ]
    # One after the other into the pool, so that the chain's order is that of the list.
    committed = market.mine(market.sign(work))
    gas["commit a bid"] = from_quantity(committed[-1]["gasUsed"])
    order = sorted(
        range(size),
        key=lambda i: (
            from_quantity(committed[i]["blockNumber"]),
            from_quantity(committed[i]["transactionIndex"]),
        ),
    )
    bids = [
        {
            "bidder": bidders[i][0].address,
            "submarket": bidders[i][1],
            "opened": True,
            "amount": amounts[i],
            "secret": SALT,
        }
        for i in order
    ]
    scores = [
        {"proportional": ETHER // 10, "additive": 0, "simulationSeconds": 5} for _ in vehicles
    ]
    inputs = b"{}"
    bitmap = [(1 << size) - 1]
    market.pass_time(terms["commitUntil"] - market.now())
    published = market.call(
        operator,
        "AuctionHouse",
        "publishScores",
        terms,
        scores,
        hashlib.sha256(inputs).digest(),
        inputs,
    )
    declared = market.call(operator, "AuctionHouse", "declareOpenings", terms, bitmap)
    market.pass_time(terms["openUntil"] - market.now())
    settled = market.call(operator, "AuctionHouse", "settle", terms, bids, scores, bitmap)
    gas[f"publish scores for {size} bids, per bid"] = from_quantity(published["gasUsed"]) // size
    gas[f"settle {size} bids, per bid"] = from_quantity(settled["gasUsed"]) // size
    if size == SIZES[-1]:
        gas["declare the openings"] = from_quantity(declared["gasUsed"])
        loser = bidders[order[0]][0]
        withdrawn = market.call(loser, "Payouts", "withdraw", loser.address)
        gas["withdraw a credit"] = from_quantity(withdrawn["gasUsed"])
