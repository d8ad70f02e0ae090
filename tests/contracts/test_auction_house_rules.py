"""What the auction house refuses, who may do what and when, and refunds of silent operators."""

from functools import partial
from hashlib import sha256

import pytest
from auction_rounds import (
    DECLARED,
    INPUTS,
    OFFLINE,
    ONLINE,
    OPEN,
    REFUNDED,
    SCORED,
    SETTLED,
    TENTH,
    WAD,
    AuctionRound,
    Score,
    busy_round,
    new_round,
    packed_bids,
    packed_scores,
)
from contract_support import (
    MODEL_PROVIDER,
    VEHICLE,
    ZERO_ADDRESS,
    ZERO_BYTES,
    digest,
    fails_with,
    next_block_at,
    now,
    relay,
)

SEALED_STATES = {OPEN: "score_until", SCORED: "declare_until", DECLARED: "settle_until"}


def bring_to(auction: AuctionRound, state: int) -> None:
    """Move an open round on to a later state."""
    if state >= SCORED:
        auction.publish()
    if state >= DECLARED:
        auction.declare()
    assert auction.state == state


@pytest.fixture
def auction(system, people):
    """Makes rounds, and opens them unless told not to."""
    return partial(new_round, system, people)


@pytest.fixture
def busy(system, people):
    """A round with three online and two offline bids, all known to the operator."""
    return busy_round(system, people)


# --- wrong scores, openings and terms ------------------------------------------------------------


def test_settlement_takes_only_the_published_scores(busy):
    busy.declared()
    raised = [Score(5 * WAD, 0, 10), *busy.scores[1:]]
    with fails_with("AuctionHouse_ScoresMismatch", busy.id):
        busy.settle(scores=raised)
    with fails_with("AuctionHouse_BitmapMismatch", busy.id):
        busy.settle(bitmap=[0])


@pytest.mark.parametrize("count", [2, 4])
def test_one_score_for_each_online_bid(busy, people, count):
    busy.publish(scores=[Score()] * count)
    busy.declare()
    for given in (2, 3, 4):
        with fails_with("AuctionHouse_ScoresMismatch", busy.id):
            busy.settle(scores=[Score()] * given)
    next_block_at(busy.terms.settle_until)
    busy.refund(people.stranger)


def test_scores_stay_within_the_terms(busy):
    with fails_with("AuctionHouse_ScoreTooLong", 1, 11, 10):
        busy.publish(scores=[Score(), Score(0, 0, 11), Score()])


def test_scores_come_with_the_inputs_they_name(busy, people):
    next_block_at(busy.terms.commit_until)
    stated, computed = digest("other"), sha256(INPUTS).digest()
    with fails_with("AuctionHouse_InputsMismatch", stated, computed):
        busy.house.publishScores(
            busy.terms, packed_scores(busy.scores), stated, INPUTS, {"from": people.operator}
        )


@pytest.mark.parametrize("bitmap", [[], [1, 0]])
def test_bitmap_has_one_word_for_256_bids(busy, bitmap):
    busy.publish()
    with fails_with("AuctionHouse_BitmapLength", len(bitmap), 1):
        busy.declare(bitmap)


def test_self_opening_is_for_bids_left_out(auction, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH)
    round_.commit(people.second_vehicle, ONLINE, TENTH, declared=False)
    round_.declared()
    with fails_with("AuctionHouse_AlreadyDeclared", round_.id, 0):
        round_.open_own(0)
    sender = {"from": people.vehicle}
    with fails_with("AuctionHouse_UnknownBid", round_.id, 2):
        round_.house.openOwnBid(round_.terms, 2, ONLINE, TENTH, ZERO_BYTES, [1], sender)
    with fails_with("AuctionHouse_BitmapMismatch", round_.id):
        round_.house.openOwnBid(round_.terms, 0, ONLINE, TENTH, ZERO_BYTES, [2], sender)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("brand", ZERO_ADDRESS),
        ("online_deposit", 0),
        ("offline_deposit", 0),
        ("alpha", WAD - 1),
        ("alpha", 2**128),
        ("maximum_seconds", 0),
        ("penalty_bps", 10_001),
        ("maximum_bids", 0),
        ("maximum_bids", 1801),
    ],
)
def test_unsound_terms_are_refused(auction, field, value):
    first, *others = field.split("_")
    named = first + "".join(part.capitalize() for part in others)
    with fails_with("AuctionHouse_BadTerms", named):
        auction(**{field: value})


TIMES = ("commit_until", "score_until", "declare_until", "open_until", "settle_until")


@pytest.mark.parametrize("position", range(5))
def test_times_must_ascend(auction, position):
    sound = auction(opened=False).terms
    before = now() if position == 0 else getattr(sound, TIMES[position - 1])
    with fails_with("AuctionHouse_BadTimes"):
        auction(**{TIMES[position]: before})


def test_values_must_be_exact(auction, people, system):
    round_ = auction(opened=False)
    for value in (round_.terms.advance - 1, round_.terms.advance + 1):
        with fails_with("AuctionHouse_ValueMismatch", value, round_.terms.advance):
            system.house.openRound(round_.terms, {"from": people.operator, "value": value})
    round_.open()
    with fails_with("AuctionHouse_AlreadyExists", round_.id, OPEN):
        round_.open()
    parts = system.house.partsOf(round_.terms)
    for submarket, account in ((ONLINE, people.vehicle), (OFFLINE, people.simulator)):
        deposit = round_.terms.deposit(submarket)
        for value in (0, deposit - 1, deposit + 1):
            with fails_with("AuctionHouse_ValueMismatch", value, deposit):
                system.house.commitBid(
                    *parts, submarket, ZERO_BYTES, {"from": account, "value": value}
                )


def test_full_round_takes_no_more_bids(auction, people):
    round_ = auction(maximum_bids=2)
    round_.commit(people.vehicle, ONLINE, TENTH)
    round_.commit(people.simulator, OFFLINE, TENTH)
    with fails_with("AuctionHouse_RoundFull", round_.id, 2):
        round_.commit(people.vehicle, ONLINE, TENTH)


# --- who and when --------------------------------------------------------------------------------


def test_only_members_in_their_role_open_and_bid(auction, people):
    with fails_with("Membership_MissingRole", people.vehicle, 128):
        auction(operator=people.vehicle.address)
    with fails_with("Membership_NotActive", people.stranger):
        auction(operator=people.stranger.address)
    with fails_with("Membership_MissingRole", people.operator, 16):
        auction(beneficiary=people.operator.address)
    round_ = auction()
    with fails_with("Membership_MissingRole", people.simulator, VEHICLE):
        round_.commit(people.simulator, ONLINE, TENTH)
    with fails_with("Membership_MissingRole", people.vehicle, MODEL_PROVIDER):
        round_.commit(people.vehicle, OFFLINE, TENTH)
    with fails_with("Membership_NotActive", people.stranger):
        round_.commit(people.stranger, ONLINE, TENTH)


def test_only_the_rounds_operator_runs_it(busy, people, system):
    house, terms = system.house, busy.terms
    wrong = {"from": people.vehicle}
    refusal = ("AuctionHouse_NotOperator", people.vehicle, people.operator)
    with fails_with(*refusal):
        house.openRound(terms, {**wrong, "value": terms.advance})
    next_block_at(terms.commit_until)
    with fails_with(*refusal):
        house.publishScores(terms, packed_scores(busy.scores), ZERO_BYTES, b"", wrong)
    busy.publish()
    with fails_with(*refusal):
        house.declareOpenings(terms, busy.bitmap, wrong)
    busy.declare()
    next_block_at(terms.open_until)
    with fails_with(*refusal):
        house.settle(
            terms, packed_bids(busy.replay()), packed_scores(busy.scores), busy.bitmap, wrong
        )


def test_each_step_has_its_state(busy, people):
    unknown = busy.terms._replace(salt=digest("unknown"))
    other = AuctionRound(busy.house, unknown)
    with fails_with("AuctionHouse_WrongState", other.id, 0, OPEN):
        other.commit(people.vehicle, ONLINE, TENTH)
    with fails_with("AuctionHouse_WrongState", busy.id, OPEN, SCORED):
        busy.declare()
    with fails_with("AuctionHouse_WrongState", busy.id, OPEN, DECLARED):
        busy.open_own(0)
    with fails_with("AuctionHouse_WrongState", busy.id, OPEN, DECLARED):
        busy.house.settle(
            busy.terms,
            packed_bids(busy.replay()),
            packed_scores(busy.scores),
            busy.bitmap,
            {"from": people.operator},
        )
    busy.publish()
    with fails_with("AuctionHouse_WrongState", busy.id, SCORED, OPEN):
        busy.publish()


def test_bids_end_with_their_time(auction, people):
    round_ = auction()
    limit = round_.terms.commit_until
    next_block_at(limit - 1)
    round_.commit(people.vehicle, ONLINE, TENTH)
    next_block_at(limit)
    with fails_with("AuctionHouse_TooLate", limit, limit):
        round_.commit(people.vehicle, ONLINE, TENTH)


def test_scores_have_their_time(busy, people):
    arguments = (busy.terms, packed_scores(busy.scores), ZERO_BYTES, b"", {"from": people.operator})
    early, late = busy.terms.commit_until, busy.terms.score_until
    next_block_at(early - 1)
    with fails_with("AuctionHouse_TooEarly", early, early - 1):
        busy.house.publishScores(*arguments)
    next_block_at(late)
    with fails_with("AuctionHouse_TooLate", late, late):
        busy.house.publishScores(*arguments)


def test_declaration_has_its_time(busy):
    busy.publish()
    limit = busy.terms.declare_until
    next_block_at(limit)
    with fails_with("AuctionHouse_TooLate", limit, limit):
        busy.declare()


def test_late_self_opening_is_refused(auction, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH, declared=False)
    round_.declared()
    limit = round_.terms.open_until
    next_block_at(limit)
    with fails_with("AuctionHouse_TooLate", limit, limit):
        round_.open_own(0)


def test_settlement_has_its_time(busy, people):
    busy.declared()
    arguments = (
        busy.terms,
        packed_bids(busy.replay()),
        packed_scores(busy.scores),
        busy.bitmap,
        {"from": people.operator},
    )
    early, late = busy.terms.open_until, busy.terms.settle_until
    next_block_at(early - 1)
    with fails_with("AuctionHouse_TooEarly", early, early - 1):
        busy.house.settle(*arguments)
    next_block_at(late)
    with fails_with("AuctionHouse_TooLate", late, late):
        busy.house.settle(*arguments)


@pytest.mark.parametrize("state", SEALED_STATES, ids=["unscored", "undeclared", "unsettled"])
def test_silent_operator_gets_everybody_refunded(busy, system, people, state):
    bring_to(busy, state)
    limit = getattr(busy.terms, SEALED_STATES[state])
    next_block_at(limit - 1)
    with fails_with("AuctionHouse_RefundNotDue", busy.id, state):
        busy.refund(people.stranger)
    next_block_at(limit)
    event = busy.refund(people.stranger).events["RoundRefunded"]
    assert event["caller"] == people.stranger
    assert event["entitlements"] == busy.house.entitlementsOf(busy.id)
    credit = busy.owed
    assert credit(people.vehicle) == 2 * busy.terms.online_deposit
    assert credit(people.second_vehicle) == busy.terms.online_deposit
    assert credit(people.simulator) == busy.terms.offline_deposit
    assert credit(people.second_simulator) == busy.terms.offline_deposit
    assert credit(people.operator) == busy.terms.advance
    assert system.house.balance() == busy.funds
    assert busy.state == REFUNDED
    with fails_with("AuctionHouse_RefundNotDue", busy.id, REFUNDED):
        busy.refund(people.stranger)


def test_refund_needs_the_true_bids(busy, people):
    next_block_at(busy.terms.score_until)
    forged = [(people.stranger.address, *bid[1:]) for bid in busy.sealed()]
    with fails_with("AuctionHouse_ChainMismatch", busy.id):
        busy.house.refundAll(busy.terms, packed_bids(forged), {"from": people.stranger})
    busy.refund(people.stranger)


def test_settled_round_is_not_refunded(busy, people):
    busy.declared().settle()
    next_block_at(busy.terms.settle_until)
    with fails_with("AuctionHouse_RefundNotDue", busy.id, SETTLED):
        busy.refund(people.stranger)


def test_vehicle_without_coins_for_gas_bids_through_the_forwarder(auction, system, people):
    round_ = auction()
    commitment = system.house.commitmentOf(round_.id, people.vehicle, ONLINE, 1, ZERO_BYTES)
    transaction = relay(
        system,
        people.vehicle,
        system.house.commitBid,
        (*system.house.partsOf(round_.terms), ONLINE, commitment),
        people.relayer,
        value=round_.terms.online_deposit,
    )
    assert transaction.events["BidCommitted"]["bidder"] == people.vehicle
