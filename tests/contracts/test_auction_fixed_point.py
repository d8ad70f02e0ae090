"""The settlement library and its Python twin agree to the wei, on random rounds of every scale."""

import random
from pathlib import Path
from typing import Any

import pytest
import solcx
from auction_rounds import (
    NOBODY,
    OFFLINE,
    ONLINE,
    Score,
    Terms,
    new_round,
    packed_bids,
    packed_scores,
    twin,
)
from brownie import Contract, accounts
from contract_support import ZERO_ADDRESS, digest

from edgebazaar.auctions.engine import fixed_point

ROOT = Path(__file__).resolve().parents[2]
HARNESS = "tests/fuzz/support/AuctionSettlementHarness.sol"
SOURCES = (
    HARNESS,
    "contracts/auctions/AuctionSettlementLibrary.sol",
    "contracts/auctions/AuctionWords.sol",
    "contracts/auctions/BidChainLibrary.sol",
    "contracts/auctions/EntitlementTree.sol",
    "contracts/auctions/IAuctionHouse.sol",
    "node_modules/@openzeppelin/contracts/utils/cryptography/Hashes.sol",
)
UINT94 = 2**94 - 1
DRAWS_PER_SCALE = 40


@pytest.fixture(scope="module")
def harness(module_isolation) -> Contract:
    """The settlement library behind calls."""
    answer = solcx.compile_standard(
        {
            "language": "Solidity",
            "sources": {path: {"content": (ROOT / path).read_text("utf-8")} for path in SOURCES},
            "settings": {
                "remappings": ["@openzeppelin/=node_modules/@openzeppelin/"],
                "evmVersion": "shanghai",
                "optimizer": {"enabled": True, "runs": 1_000_000},
                "outputSelection": {HARNESS: {"*": ["abi", "evm.bytecode.object"]}},
            },
        },
        solc_version="0.8.37",
    )
    compiled = answer["contracts"][HARNESS]["AuctionSettlementHarness"]
    deployment = accounts[0].transfer(data="0x" + compiled["evm"]["bytecode"]["object"])
    return Contract.from_abi("Harness", deployment.contract_address, compiled["abi"])


def draw_round(source: random.Random, bits: int) -> tuple[Terms, list[tuple], list[Score]]:
    """A round whose amounts have up to `bits` bits: few make ties frequent, 94 test the range."""

    def amount(lowest: int = 0) -> int:
        return min(UINT94, lowest + source.getrandbits(bits))

    has_brand = source.random() < 0.7
    terms = Terms(
        operator=ZERO_ADDRESS[:-1] + "1",
        beneficiary=ZERO_ADDRESS[:-1] + "2",
        brand=ZERO_ADDRESS[:-1] + "3" if has_brand else ZERO_ADDRESS,
        commit_until=1,
        score_until=2,
        declare_until=3,
        open_until=4,
        settle_until=5,
        online_deposit=source.choice((amount(1), UINT94)),
        offline_deposit=source.choice((amount(1), UINT94)),
        online_reserve=source.choice((0, amount())),
        offline_reserve=source.choice((0, 0, amount())),
        brand_price=amount() if has_brand else 0,
        alpha=source.choice((10**18, 10**18 + source.randrange(10**18), 2**128 - 1)),
        maximum_seconds=source.choice((1, 10, 2**32 - 1)),
        penalty_bps=source.randrange(10_001),
    )
    bids, scores = [], []
    for index in range(source.randrange(16)):
        submarket, opened = source.choice((ONLINE, OFFLINE)), source.random() < 0.85
        bidder = f"0x{index + 100:040x}"
        bids.append((bidder, submarket, opened, amount() if opened else 0, digest(index)))
        if submarket == ONLINE:
            proportional = source.choice((0, source.randrange(3 * 10**18), source.getrandbits(128)))
            seconds = source.choice((0, source.randint(0, terms.maximum_seconds)))
            scores.append(Score(proportional, source.choice((0, amount())), seconds))
    return terms, bids, scores


def expected_result(terms: Terms, bids: list[tuple], settled: fixed_point.Settlement) -> tuple:
    """A settlement of the twin as the contract's result."""
    online, offline = settled.online_index, settled.offline_index
    brand = terms.brand if settled.brand_wins else ZERO_ADDRESS
    return (
        NOBODY if online is None else online,
        ZERO_ADDRESS if online is None else bids[online][0],
        settled.online_price,
        NOBODY if offline is None else offline,
        brand if offline is None else bids[offline][0],
        settled.offline_price,
        settled.simulation_seconds,
        settled.penalties,
    )


@pytest.mark.parametrize("bits", [2, 4, 10, 60, 94])
def test_library_equals_twin(harness: Any, bits: int) -> None:
    source = random.Random(bits)
    sold = 0
    for _ in range(DRAWS_PER_SCALE):
        terms, bids, scores = draw_round(source, bits)
        settled = twin(terms, bids, scores)
        words = [word for word, _ in packed_bids(bids)]
        result = harness.outcome(terms, words, packed_scores(scores))
        assert tuple(result) == expected_result(terms, bids, settled)
        assert tuple(harness.refunds(terms, words, result)) == settled.refunds
        assert harness.unusedAdvanceOf(terms, result) == settled.unused_advance
        sold += settled.offline_index is not None or settled.brand_wins
    assert sold >= DRAWS_PER_SCALE // 8, "the draws hardly ever sell anything"


@pytest.mark.parametrize("seed", range(3))
def test_settled_rounds_credit_what_the_twin_says(system: Any, people: Any, seed: int) -> None:
    """The same through the contract itself, from sealed bids to credits."""
    source = random.Random(seed)
    money = {
        "online_deposit": 2**50 + 1,
        "offline_deposit": 2**52 + 3,
        "online_reserve": source.getrandbits(40),
        "offline_reserve": source.getrandbits(40),
        "brand_price": source.getrandbits(45),
        "alpha": 10**18 + source.randrange(10**17),
        "maximum_seconds": 9,
        "penalty_bps": source.randrange(10_001),
    }
    auction = new_round(system, people, **money)
    members = {
        ONLINE: (people.vehicle, people.second_vehicle),
        OFFLINE: (people.simulator, people.second_simulator),
    }
    for _ in range(8):
        submarket = source.choice((ONLINE, OFFLINE))
        score = Score(source.randrange(2 * 10**18), source.getrandbits(50), source.randrange(10))
        auction.commit(
            source.choice(members[submarket]),
            submarket,
            source.getrandbits(51),
            score=score,
            declared=source.random() < 0.8,
        )
    auction.publish()
    auction.declare()
    auction.settle()

    settled = twin(auction.terms, auction.replay(), auction.scores)
    for account in (*members[ONLINE], *members[OFFLINE]):
        refunds = sum(
            refund
            for bid, refund in zip(auction.bids, settled.refunds, strict=True)
            if bid.bidder == account.address
        )
        assert auction.owed(account) == refunds
    assert auction.owed(people.roadside_unit) == settled.income
    assert auction.owed(people.treasury) == settled.penalties
    assert auction.owed(people.operator) == settled.unused_advance
    everybody = list(range(len(auction.bids) + 3))
    auction.collect_many(everybody, people.relayer)
    assert system.house.balance() == 0
