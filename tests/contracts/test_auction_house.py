"""Whole auction rounds: winners, prices and openings, and sixty bids at once."""

from functools import partial

import pytest
from auction_rounds import (
    DECLARED,
    ETHER,
    INPUTS,
    NOBODY,
    OFFLINE,
    ONLINE,
    OPEN,
    SETTLED,
    TENTH,
    WAD,
    Score,
    busy_round,
    new_round,
    outcome,
)
from brownie import accounts
from contract_support import (
    MODEL_PROVIDER,
    VEHICLE,
    ZERO_ADDRESS,
    ZERO_BYTES,
    as_tuple,
    digest,
    fails_with,
    next_block_at,
    now,
)
from eth_utils import keccak

from edgebazaar.auctions.words import bid_word, score_word


@pytest.fixture
def auction(system, people):
    """Makes rounds, and opens them unless told not to."""
    return partial(new_round, system, people)


@pytest.fixture
def busy(system, people):
    """A round with three online and two offline bids, all known to the operator."""
    return busy_round(system, people)


# --- winners and prices --------------------------------------------------------------------------


def test_whole_round(busy, system, people):
    """Scores 1.2, 1.5, 0.2: the second vehicle pays 1.2 / 3; a simulator pays 0.3 a second."""
    busy.publish()
    busy.declare()
    transaction = busy.settle()
    result = outcome(transaction)
    assert (result.onlineIndex, result.onlineWinner) == (2, people.second_vehicle)
    assert result.onlinePrice == 4 * TENTH
    assert (result.offlineIndex, result.offlineWinner) == (1, people.simulator)
    assert result.offlinePrice == 8 * 3 * TENTH
    assert (result.simulationSeconds, result.penalties) == (8, 0)

    credit = busy.owed
    assert credit(people.roadside_unit) == 4 * TENTH + 24 * TENTH
    assert credit(people.vehicle) == 2 * busy.terms.online_deposit
    assert credit(people.second_vehicle) == busy.terms.online_deposit - 4 * TENTH
    assert credit(people.simulator) == busy.terms.offline_deposit - 24 * TENTH
    assert credit(people.second_simulator) == busy.terms.offline_deposit
    assert credit(people.operator) == busy.terms.advance
    assert credit(people.treasury) == 0
    assert system.house.balance() == busy.funds
    assert busy.state == SETTLED
    with fails_with("AuctionHouse_WrongState", busy.id, SETTLED, DECLARED):
        busy.settle()


def test_events_carry_what_an_auditor_needs(auction, people):
    round_ = auction(opened=False)
    opened = round_.open().events["RoundOpened"]
    assert bytes(opened["roundId"]) == round_.id
    assert as_tuple(opened["terms"])[:-1] == round_.terms[:-1]
    committed = round_.commit(people.vehicle, ONLINE, TENTH, score=Score(1, 2, 3)).events
    bid = committed["BidCommitted"]
    assert (bid["bidder"], bid["index"], bid["submarket"]) == (people.vehicle, 0, ONLINE)
    assert bytes(bid["commitment"]) == round_.bids[0].commitment
    published = round_.publish().events["ScoresPublished"]
    assert as_tuple(published["scores"]) == (score_word(1, 2, 3),)
    assert bytes(published["inputs"]) == INPUTS
    assert as_tuple(round_.declare().events["OpeningsDeclared"]["bitmap"]) == (1,)
    settled = round_.settle().events["RoundSettled"]
    assert as_tuple(settled["bids"]) == (bid_word(people.vehicle.address, ONLINE, TENTH),)
    assert settled["entitlements"] == round_.house.entitlementsOf(round_.id)


def test_round_without_bids_settles(auction, system, people):
    round_ = auction().declared()
    result = outcome(round_.settle())
    assert (result.onlineIndex, result.offlineIndex) == (NOBODY, NOBODY)
    assert (result.onlineWinner, result.offlineWinner) == (ZERO_ADDRESS, ZERO_ADDRESS)
    assert round_.owed(people.operator) == round_.terms.advance


def test_online_tie_goes_to_the_earlier_bid(auction, people):
    round_ = auction()
    round_.commit(people.second_vehicle, ONLINE, 3 * TENTH, score=Score(0, 2 * TENTH, 0))
    round_.commit(people.vehicle, ONLINE, 5 * TENTH)
    result = outcome(round_.declared().settle())
    assert (result.onlineIndex, result.onlinePrice) == (0, 3 * TENTH)


def test_offline_tie_goes_to_the_brand(auction, system, people):
    """Equal highest bids do not exceed the second: the brand gets the slot at its price."""
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH, score=Score(0, 0, 7))
    round_.commit(people.simulator, OFFLINE, TENTH)
    round_.commit(people.second_simulator, OFFLINE, TENTH)
    result = outcome(round_.declared().settle())
    assert (result.offlineIndex, result.offlineWinner) == (NOBODY, people.relayer)
    assert result.offlinePrice == 7 * round_.terms.brand_price
    assert round_.owed(people.operator) == 3 * round_.terms.brand_price
    assert round_.owed(people.simulator) == round_.terms.offline_deposit


def test_offline_bid_must_exceed_alpha_times_the_second(auction, people):
    round_ = auction(alpha=WAD * 3 // 2)
    round_.commit(people.vehicle, ONLINE, TENTH, score=Score(0, 0, 2))
    round_.commit(people.simulator, OFFLINE, 3 * TENTH)
    round_.commit(people.second_simulator, OFFLINE, 2 * TENTH)
    assert outcome(round_.declared().settle()).offlineWinner == people.relayer

    round_ = auction(alpha=WAD * 3 // 2, salt=digest("next"))
    round_.commit(people.vehicle, ONLINE, TENTH, score=Score(0, 0, 2))
    round_.commit(people.simulator, OFFLINE, 3 * TENTH + 1)
    round_.commit(people.second_simulator, OFFLINE, 2 * TENTH)
    result = outcome(round_.declared().settle())
    assert (result.offlineWinner, result.offlinePrice) == (people.simulator, 6 * TENTH)


def test_without_a_brand_nobody_gets_an_unsold_slot(auction, people):
    round_ = auction(brand=ZERO_ADDRESS, brand_price=0, offline_reserve=TENTH)
    round_.commit(people.vehicle, ONLINE, TENTH, score=Score(0, 0, 7))
    round_.commit(people.simulator, OFFLINE, TENTH)
    result = outcome(round_.declared().settle())
    assert (result.offlineWinner, result.offlinePrice) == (ZERO_ADDRESS, 0)


def test_single_offline_bidder_pays_the_reserve(auction, people):
    round_ = auction(offline_reserve=TENTH)
    round_.commit(people.vehicle, ONLINE, TENTH, score=Score(0, 0, 7))
    round_.commit(people.simulator, OFFLINE, 2 * TENTH)
    result = outcome(round_.declared().settle())
    assert (result.offlineWinner, result.offlinePrice) == (people.simulator, 7 * TENTH)


@pytest.mark.parametrize(("reserve", "wins"), [(3 * TENTH, True), (3 * TENTH + 1, False)])
def test_online_reserve_bounds_the_winning_score(auction, people, reserve, wins):
    round_ = auction(online_reserve=reserve)
    round_.commit(people.vehicle, ONLINE, TENTH, score=Score(0, 2 * TENTH, 5))
    round_.commit(people.simulator, OFFLINE, TENTH)
    result = outcome(round_.declared().settle())
    assert (result.onlineIndex == 0, result.onlinePrice) == (wins, TENTH if wins else 0)
    assert (result.offlineIndex == 1) == wins


def test_surplus_above_every_rival_makes_the_price_zero(auction, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, 1, score=Score(0, TENTH, 0))
    round_.commit(people.second_vehicle, ONLINE, TENTH)
    result = outcome(round_.declared().settle())
    assert (result.onlineIndex, result.onlinePrice) == (0, 0)


def test_bids_count_up_to_their_deposit(auction, people):
    """A bid above its deposit ties with one of the deposit; offline likewise per second."""
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, 9 * ETHER, score=Score(0, 0, 10))
    round_.commit(people.second_vehicle, ONLINE, 2 * ETHER)
    round_.commit(people.simulator, OFFLINE, 5 * ETHER)
    round_.commit(people.second_simulator, OFFLINE, ETHER - 1)
    result = outcome(round_.declared().settle())
    assert (result.onlineIndex, result.onlinePrice) == (0, 2 * ETHER)
    assert (result.offlineIndex, result.offlinePrice) == (2, 10 * (ETHER - 1))


# --- sealing and opening -------------------------------------------------------------------------


def test_unopened_bid_pays_the_penalty(auction, system, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH)
    round_.commit(people.second_vehicle, ONLINE, 9 * TENTH, declared=False)
    round_.commit(people.simulator, OFFLINE, TENTH, declared=False)
    result = outcome(round_.declared().settle())
    assert result.onlineWinner == people.vehicle
    assert result.penalties == 2 * TENTH + 10 * TENTH
    assert round_.owed(people.treasury) == result.penalties
    assert round_.owed(people.second_vehicle) == 2 * ETHER - 2 * TENTH


def test_bidder_opens_what_the_operator_left_out(auction, system, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH)
    round_.commit(people.second_vehicle, ONLINE, 9 * TENTH, declared=False)
    round_.declared()
    event = round_.open_own(1).events["OwnBidOpened"]
    assert (event["bidder"], event["index"], event["amount"]) == (
        people.second_vehicle,
        1,
        9 * TENTH,
    )
    with fails_with("AuctionHouse_WrongOpening", round_.id, 1):
        round_.settle(bids=[round_.bids[0].replayed(), round_.bids[1].sealed()])
    result = outcome(round_.settle())
    assert (result.onlineWinner, result.onlinePrice) == (people.second_vehicle, TENTH)
    assert result.penalties == 0
    assert round_.owed(people.second_vehicle) == 2 * ETHER - TENTH


def test_offline_bidder_opens_its_own_bid(auction, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH, score=Score(0, 0, 1))
    round_.commit(people.simulator, OFFLINE, TENTH, declared=False)
    round_.declared()
    round_.open_own(1)
    with fails_with("AuctionHouse_WrongOpening", round_.id, 1):
        round_.settle(bids=[round_.bids[0].replayed(), round_.bids[1].sealed()])
    assert outcome(round_.settle()).offlineWinner == people.simulator


def test_former_member_opens_and_is_refunded(auction, system, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH, declared=False)
    system.membership.revoke(people.vehicle, {"from": people.administrator})
    round_.declared()
    round_.open_own(0)
    assert outcome(round_.settle()).onlineWinner == people.vehicle
    assert round_.owed(people.vehicle) == 2 * ETHER


@pytest.mark.parametrize("wrong", [{"amount": TENTH + 1}, {"salt": digest("other")}])
def test_false_self_opening_changes_nothing(auction, people, wrong):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH, declared=False)
    round_.declared()
    round_.open_own(0, **wrong)
    result = outcome(round_.settle())
    assert (result.onlineIndex, result.penalties) == (NOBODY, 2 * TENTH)


def test_self_opening_of_anothers_bid_changes_nothing(auction, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH, declared=False)
    round_.declared()
    round_.open_own(0, account=people.second_vehicle)
    assert outcome(round_.settle()).onlineIndex == NOBODY


def test_operator_opens_only_what_was_declared_or_self_opened(auction, people):
    """Were it free to, it could decide on each withheld bid after seeing all others."""
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH, declared=False)
    round_.declared()
    bid = round_.bids[0]
    with fails_with("AuctionHouse_WrongOpening", round_.id, 0):
        round_.settle(bids=[(bid.bidder, ONLINE, True, bid.amount, bid.salt)])
    with fails_with("AuctionHouse_WrongOpening", round_.id, 0):
        round_.settle(bids=[(bid.bidder, ONLINE, False, 5, bid.commitment)])
    round_.settle()


def test_operator_that_cannot_open_what_it_declared_cannot_settle(auction, system, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH)
    round_.commit(people.second_vehicle, ONLINE, TENTH, commitment=digest("no bid at all"))
    round_.declared()
    known, unknown = round_.replay()
    with fails_with("AuctionHouse_WrongOpening", round_.id, 1):
        round_.settle(bids=[known, round_.bids[1].sealed()])
    with fails_with("AuctionHouse_ChainMismatch", round_.id):
        round_.settle(bids=[known, unknown])
    next_block_at(round_.terms.settle_until)
    round_.refund(people.stranger)
    assert round_.owed(people.second_vehicle) == round_.terms.online_deposit


def test_copied_commitment_is_useless(auction, system, people):
    """The copier can neither let it be opened in its own name nor keep its whole deposit."""
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, 5 * TENTH)
    original = round_.bids[0]
    round_.commit(people.second_vehicle, ONLINE, 0, commitment=original.commitment, declared=False)
    round_.declared()
    round_.open_own(1, amount=original.amount, salt=original.salt)
    copied = (people.second_vehicle.address, ONLINE, True, original.amount, original.salt)
    with fails_with("AuctionHouse_ChainMismatch", round_.id):
        round_.settle(bids=[original.replayed(), copied])
    result = outcome(round_.settle())
    assert (result.onlineWinner, result.penalties) == (people.vehicle, 2 * TENTH)


def test_commitment_binds_its_submarket_and_round(system, people, auction):
    """The same bid sealed for the other submarket, or another round, is another commitment."""
    first = auction()
    second = auction(salt=digest("second"))
    commitments = {
        bytes(system.house.commitmentOf(round_.id, people.vehicle, submarket, 1, ZERO_BYTES))
        for round_ in (first, second)
        for submarket in (ONLINE, OFFLINE)
    }
    assert len(commitments) == 4


@pytest.mark.parametrize(
    "forge",
    [
        lambda bids: [bids[1], bids[0], *bids[2:]],
        lambda bids: bids[:-1],
        lambda bids: [*bids, bids[0]],
        lambda bids: [(bids[2][0], *bids[0][1:]), *bids[1:]],
        lambda bids: [(bids[0][0], OFFLINE, *bids[0][2:]), *bids[1:]],
        lambda bids: [(*bids[0][:3], bids[0][3] + 1, bids[0][4]), *bids[1:]],
        lambda bids: [(*bids[0][:4], digest("wrong salt")), *bids[1:]],
    ],
    ids=["order", "missing", "additional", "bidder", "submarket", "amount", "salt"],
)
def test_replay_must_reproduce_the_chain(busy, forge):
    busy.declared()
    with fails_with("AuctionHouse_ChainMismatch", busy.id):
        busy.settle(bids=forge(busy.replay()))
    busy.settle()


def test_head_is_a_chain_over_every_bid(busy):
    head = bytes(28)
    for bid in busy.bids:
        word = bid_word(bid.bidder, bid.submarket, None)
        inner = keccak(head + bytes(4) + word.to_bytes(32, "big"))
        head = keccak(inner + bytes(bid.commitment))[:28]
    state, count, recorded = busy.house.roundOf(busy.id)
    assert (state, count, bytes(recorded)[:28]) == (OPEN, 5, head)


# --- size ----------------------------------------------------------------------------------------


def test_sixty_bids_settle_in_one_block(auction, system, people):
    """Thirty vehicles and thirty simulators, all paid in a second transaction."""
    round_ = auction()
    crowd = [accounts.add() for _ in range(60)]
    spent = []
    for position, account in enumerate(crowd):
        people.relayer.transfer(account, 12 * ETHER)
        role = VEHICLE if position % 2 == 0 else MODEL_PROVIDER
        system.membership.admit(
            account, role, now() + 10**8, ZERO_BYTES, {"from": people.administrator}
        )
        submarket, score = (ONLINE, Score(WAD, 7, 10)) if position % 2 == 0 else (OFFLINE, Score())
        amount = ETHER // (2 + position)
        spent.append(round_.commit(account, submarket, amount, score=score).gas_used)
    round_.declared()
    transaction = round_.settle()
    result = outcome(transaction)
    assert (result.onlineIndex, result.offlineIndex) == (0, 1)
    assert system.house.balance() == round_.funds
    print(f"gas: commit {max(spent)}, settle of 60 bids {transaction.gas_used}")
    paid = round_.collect_many(list(range(len(crowd) + 3)), people.relayer)
    print(f"gas: pay 63 accounts {paid.gas_used}")
    assert system.house.balance() == system.payouts.balance() == 0
    assert transaction.gas_used < 460_000
    assert max(spent) < 40_000
