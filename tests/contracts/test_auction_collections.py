"""Collecting from ended rounds: who is paid, once, whoever calls, and what is refused."""

from functools import partial

import pytest
from auction_rounds import OFFLINE, ONLINE, REFUNDED, TENTH, busy_round, new_round
from contract_support import digest, fails_with, mock, next_block_at, relay

from edgebazaar.auctions.engine.entitlements import EntitlementTree


@pytest.fixture
def auction(system, people):
    """Makes rounds, and opens them unless told not to."""
    return partial(new_round, system, people)


@pytest.fixture
def settled(system, people):
    """A settled round of five bids."""
    round_ = busy_round(system, people).declared()
    round_.settle()
    return round_


def test_anybody_collects_for_an_account_and_only_it_is_paid(settled, people, system):
    before = people.simulator.balance()
    event = settled.collect(1, people.stranger).events["EntitlementCollected"]
    assert (event["account"], event["index"]) == (people.simulator, 1)
    assert (
        people.simulator.balance() - before == event["amount"] == settled.entitlements()[1].amount
    )
    assert system.house.isCollected(settled.id, 1)
    assert not system.house.isCollected(settled.id, 0)
    with fails_with("AuctionHouse_AlreadyCollected", settled.id, 1):
        settled.collect(1, people.simulator)


def test_everybody_is_paid_to_the_wei(settled, people, system):
    everybody = (people.vehicle, people.second_vehicle, people.simulator, people.second_simulator)
    payees = (*everybody, people.roadside_unit, people.treasury, people.operator)
    before = {account: account.balance() for account in payees}
    settled.collect_many([0, 2, 5], people.relayer)
    settled.collect_many([1, 3, 4, 6, 7], people.relayer)
    for account in payees:
        assert account.balance() - before[account] == settled.owed(account)
    assert (system.house.balance(), system.payouts.balance()) == (0, 0)


def test_a_batch_with_one_that_was_collected_pays_nobody(settled, people, system):
    settled.collect(3, people.stranger)
    held = system.house.balance()
    with fails_with("AuctionHouse_AlreadyCollected", settled.id, 3):
        settled.collect_many([2, 3], people.stranger)
    assert system.house.balance() == held


def test_nothing_but_what_is_owed_is_paid(settled, people, system):
    owed = settled.entitlements()
    tree = EntitlementTree.of(owed)
    true = (0, owed[0].account, owed[0].amount)
    sender = {"from": people.stranger}
    for wrong in (
        (0, owed[0].account, owed[0].amount + 1),
        (0, people.stranger.address, owed[0].amount),
        (1, owed[0].account, owed[0].amount),
    ):
        with fails_with("AuctionHouse_NotEntitled", settled.id):
            system.house.collect(settled.id, wrong, tree.proof(0), sender)
        with fails_with("AuctionHouse_NotEntitled", settled.id):
            proof, flags = tree.multiproof([0])
            system.house.collectMany(settled.id, [wrong], proof, flags, sender)
    with fails_with("AuctionHouse_NotEntitled", settled.id):
        system.house.collect(settled.id, true, tree.proof(1), sender)
    settled.collect(0, people.stranger)


def test_an_inner_node_is_no_entitlement(settled, people, system):
    """Its two halves are hashes, which are no index, account and amount."""
    owed = settled.entitlements()
    tree = EntitlementTree.of(owed)
    left, right = sorted((owed[0].leaf, owed[1].leaf))
    words = (int.from_bytes(left, "big"), int.from_bytes(right, "big"))
    assert words[0] >> 184 != 0 and words[1] >> 160 != 0
    forged = (words[0] >> 160 & 0xFFFFFF, "0x" + left[12:].hex(), words[1] & (1 << 160) - 1)
    with fails_with("AuctionHouse_NotEntitled", settled.id):
        system.house.collect(settled.id, forged, tree.proof(0)[1:], {"from": people.stranger})


def test_a_round_pays_when_it_has_ended(auction, people, system):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH)
    entitlement = (0, people.vehicle.address, round_.terms.online_deposit)
    sender = {"from": people.vehicle}
    with fails_with("AuctionHouse_NotEnded", round_.id, 1):
        system.house.collect(round_.id, entitlement, [], sender)
    with fails_with("AuctionHouse_NotEnded", round_.id, 1):
        system.house.collectMany(round_.id, [entitlement], [], [], sender)
    assert not any(bytes(system.house.entitlementsOf(round_.id)))
    unknown = digest("unknown")
    with fails_with("AuctionHouse_NotEnded", unknown, 0):
        system.house.collect(unknown, entitlement, [], sender)


def test_a_round_called_off_pays_back(auction, people, system):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH)
    round_.commit(people.simulator, OFFLINE, TENTH)
    next_block_at(round_.terms.score_until)
    round_.refund(people.stranger)
    assert round_.state == REFUNDED
    before = people.vehicle.balance()
    round_.collect_many([0, 1, 2], people.stranger)
    assert people.vehicle.balance() == before + round_.terms.online_deposit
    assert system.house.balance() == 0


def test_an_account_that_refuses_coins_is_credited(system, people, deployer):
    wallet = mock("Refuser").deploy({"from": deployer})
    round_ = new_round(system, people, brand=wallet.address)
    round_.terms = round_.terms._replace(salt=digest("refuser"), beneficiary=wallet.address)
    system.membership.admit(wallet, 16, 2**40 - 1, bytes(32), {"from": people.administrator})
    round_.open()
    round_.commit(people.vehicle, ONLINE, 3 * TENTH)
    round_.commit(people.second_vehicle, ONLINE, 2 * TENTH)
    round_.declared().settle()
    round_.collect_many([0, 1, 2, 4], people.stranger)
    assert system.payouts.creditOf(wallet) == round_.owed(wallet) == 2 * TENTH


def test_a_vehicle_without_coins_collects_through_the_forwarder(settled, people, system):
    one = settled.entitlements()[0]
    proof = EntitlementTree.of(settled.entitlements()).proof(0)
    before = people.vehicle.balance()
    arguments = (settled.id, (one.index, one.account, one.amount), proof)
    relay(system, people.vehicle, system.house.collect, arguments, people.relayer)
    assert people.vehicle.balance() == before + one.amount
