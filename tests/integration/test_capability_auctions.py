"""Auction rounds on a real chain, indexed into a real database."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from capability_market import Market
from eth_account.signers.local import LocalAccount
from market_accounts import Accounts

from edgebazaar.auctions.collections import CollectionService, Owed
from edgebazaar.auctions.commitments import commitment_of
from edgebazaar.auctions.openings import OpeningService
from edgebazaar.auctions.rounds import terms_of
from edgebazaar.auctions.service import AuctionService
from edgebazaar.chain.contracts import ContractCall
from edgebazaar.chain.rpc import from_quantity
from edgebazaar.errors import Conflict, Forbidden, InvalidInput, NotFound

ETHER = 10**18
DEPOSIT = ETHER // 10


class House:
    """Shorthands for one round."""

    def __init__(self, market: Market, accounts: Accounts) -> None:
        self.market = market
        self.accounts = accounts
        self.auctions = AuctionService(market.engine, market.contracts)
        self.openings = OpeningService(market.engine)
        self.collections = CollectionService(market.engine, market.contracts)

    def fields(self, start: int, step: int = 300) -> dict[str, Any]:
        names = ("commit_until", "score_until", "declare_until", "open_until", "settle_until")
        return {
            **{name: start + (place + 1) * step for place, name in enumerate(names)},
            "beneficiary": self.accounts.roadside_unit.address,
            "brand": self.accounts.auditor.address,
            "online_deposit": str(DEPOSIT),
            "offline_deposit": str(DEPOSIT),
            "online_reserve": "1",
            "offline_reserve": "1",
            "brand_price": "1000",
            "alpha": str(12 * 10**17),
            "maximum_seconds": 10,
            "penalty_bps": 1000,
            "maximum_bids": 10,
        }

    def open(self) -> str:
        fields = self.fields(self.market.now())
        call = self.auctions.open_round(self.accounts.operator.address, fields)
        opened = self.market.act(self.accounts.operator, call)
        return "0x" + opened["RoundOpened"]["roundId"].hex()

    def commit(self, bidder: LocalAccount, round_id: str, submarket: str, amount: int) -> str:
        """Commits a bid; its salt."""
        salt = "0x" + secrets.token_hex(32)
        commitment = commitment_of(
            round_id,
            bidder.address,
            submarket,
            amount,
            salt,
        )
        call = self.auctions.commit_bid(bidder.address, round_id, submarket, commitment)
        self.market.act(bidder, call)
        return salt

    def owed(self, round_id: str) -> list[Owed]:
        return self.collections.owed(self.auctions.round(round_id), self.auctions.bids(round_id))

    def collect(self, round_id: str, indices: list[int] | None = None) -> ContractCall:
        row, bids = self.auctions.round(round_id), self.auctions.bids(round_id)
        return self.collections.collect(row, bids, indices)

    def coins(self, account: str) -> int:
        return from_quantity(self.market.rpc.call("eth_getBalance", [account, "latest"]))

    def until(self, round_id: str, phase: str) -> None:
        begins = {"score": "commit_until", "settle": "open_until", "refund": "score_until"}
        self.market.wait_until(self.auctions.round(round_id)[begins[phase]])
        assert self.auctions.round(round_id)["phase"] == phase


@pytest.fixture
def house(bazaar: Market, accounts: Accounts) -> House:
    return House(bazaar, accounts)


def test_round_is_settled_with_declared_own_opened_and_silent_bids(
    house: House, accounts: Accounts
) -> None:
    chain, operator = house.market, accounts.operator
    round_id = house.open()
    row = house.auctions.round(round_id)
    assert chain.read("AuctionHouse", "idOf", terms_of(row)).hex() == round_id[2:]
    plan = [
        (accounts.vehicle, "online", 5 * 10**16),
        (accounts.second_vehicle, "online", 3 * 10**16),
        (accounts.model_provider, "offline", 9 * 10**15),
        (accounts.second_model_provider, "offline", 4 * 10**15),
    ]
    salts = [house.commit(bidder, round_id, market_, bid) for bidder, market_, bid in plan]
    bids = house.auctions.bids(round_id)
    for index, (bidder, _, amount) in enumerate(plan):
        assert bids[index]["bidder"] == bidder.address.lower()
        on_chain = chain.read(
            "AuctionHouse",
            "commitmentOf",
            round_id,
            bidder.address,
            bids[index]["submarket"],
            amount,
            salts[index],
        )
        assert bids[index]["commitment"] == "0x" + on_chain.hex()
    with pytest.raises(Forbidden, match="no active vehicle"):
        house.commit(accounts.consumer, round_id, "online", 1)
    with pytest.raises(Conflict, match="openings are taken"):
        house.openings.keep(row, accounts.vehicle.address, 0, 1, salts[0], 0)

    house.until(round_id, "score")
    score = {"proportional": str(10**17), "additive": "0", "simulation_seconds": 5}
    with pytest.raises(InvalidInput, match="1 items for 2 online bids"):
        house.auctions.publish_scores(operator.address, round_id, [score], "0x7b7d")
    with pytest.raises(Forbidden, match="is run by"):
        house.auctions.publish_scores(accounts.vehicle.address, round_id, [score, score], "0x")
    call = house.auctions.publish_scores(operator.address, round_id, [score, score], "0x7b7d")
    chain.act(operator, call)

    scored = house.auctions.round(round_id)
    assert scored["inputs"] == b"{}"
    with pytest.raises(InvalidInput, match="is not what bid 0 committed to"):
        house.openings.keep(scored, accounts.vehicle.address, 0, 1, salts[0], 0)
    with pytest.raises(Forbidden, match="Sign in as its bidder"):
        house.openings.keep(scored, accounts.vehicle.address, 1, plan[1][2], salts[1], 0)
    for index in (0, 2):
        for _ in range(2):  # handing it in again changes nothing
            house.openings.keep(
                scored, plan[index][0].address, index, plan[index][2], salts[index], 7
            )
    assert [opening["position"] for opening in house.openings.received(round_id)] == [0, 2]
    chain.act(operator, house.auctions.declare_openings(operator.address, round_id))
    assert house.auctions.round(round_id)["bitmap"] == [str(0b101)]
    with pytest.raises(Conflict, match="declared bid 0"):
        house.auctions.open_own_bid(accounts.vehicle.address, round_id, 0, plan[0][2], salts[0])
    call = house.auctions.open_own_bid(
        accounts.second_vehicle.address, round_id, 1, plan[1][2], salts[1]
    )
    chain.act(accounts.second_vehicle, call)

    house.until(round_id, "settle")
    assert house.owed(round_id) == []
    with pytest.raises(Conflict, match="once it is settled or refunded"):
        house.collect(round_id)
    chain.act(operator, house.auctions.settle(operator.address, round_id))
    row = house.auctions.round(round_id)
    result = row["result"]
    assert (row["state"], row["phase"]) == ("settled", "ended")
    assert result["online_index"] == 0 and result["online_winner"] == accounts.vehicle.address
    # The silent simulator's bid does not count, and it loses the penalty of its deposit.
    assert result["penalties"] == str(DEPOSIT // 10)
    owed = house.owed(round_id)
    assert [one.kind for one in owed] == ["bid"] * 4 + ["income", "penalties", "advance"]
    root = chain.read("AuctionHouse", "entitlementsOf", round_id)
    assert row["entitlement_root"] == "0x" + root.hex()
    assert owed[3].entitlement.amount == DEPOSIT * 9 // 10
    income = int(result["online_price"]) + int(result["offline_price"])
    assert owed[4].entitlement.amount == income
    assert owed[4].entitlement.account == accounts.roadside_unit.address.lower()
    silent = accounts.second_model_provider.address
    before = house.coins(silent)
    chain.act(accounts.stranger, house.collect(round_id, [3]))
    assert house.coins(silent) == before + DEPOSIT * 9 // 10
    with pytest.raises(Conflict, match="entitlement 3 was collected in 0x"):
        house.collect(round_id, [2, 3])
    with pytest.raises(NotFound, match="entitlement 7"):
        house.collect(round_id, [7])
    unit = house.coins(accounts.roadside_unit.address)
    chain.act(accounts.stranger, house.collect(round_id))
    assert house.coins(accounts.roadside_unit.address) == unit + income
    assert all(one.collected or not one.entitlement.amount for one in house.owed(round_id))
    with pytest.raises(Conflict, match="owes nothing any more"):
        house.collect(round_id)
    assert [bid["opened"] for bid in house.auctions.bids(round_id)] == [True, True, True, False]
    with pytest.raises(Conflict, match="settled already"):
        house.auctions.refund_all(round_id)


def test_silent_operator_gets_everybody_refunded(house: House, accounts: Accounts) -> None:
    round_id = house.open()
    house.commit(accounts.vehicle, round_id, "online", 1)
    house.commit(accounts.model_provider, round_id, "offline", 1)
    house.until(round_id, "refund")
    with pytest.raises(Conflict, match="takes no bids"):
        house.commit(accounts.vehicle, round_id, "online", 1)
    house.market.act(accounts.stranger, house.auctions.refund_all(round_id))
    assert house.auctions.round(round_id)["state"] == "refunded"
    assert [one.kind for one in house.owed(round_id)] == ["bid", "bid", "advance"]
    before = house.coins(accounts.vehicle.address)
    house.market.act(accounts.stranger, house.collect(round_id))
    assert house.coins(accounts.vehicle.address) == before + DEPOSIT
    assert house.auctions.rounds(state="refunded", limit=1).rows[0]["round_id"] == round_id


def test_round_terms_are_refused_with_their_field(house: House, accounts: Accounts) -> None:
    now = house.market.now()
    wrong = {
        "commit_until": now - 5,
        "declare_until": now + 1,
        "alpha": str(10**18 - 1),
        "maximum_bids": 1801,
        "penalty_bps": 10_001,
        "online_deposit": "0",
        "brand": None,
        "beneficiary": accounts.vehicle.address,
        "maximum_seconds": 0,
    }
    for field, value in wrong.items():
        fields = {**house.fields(now), field: value}
        with pytest.raises(InvalidInput) as refusal:
            house.auctions.open_round(accounts.operator.address, fields)
        assert refusal.value.field == field
