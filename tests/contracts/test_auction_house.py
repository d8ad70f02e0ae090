"""Whole auction rounds: winners and prices, openings, everything a party can try, and refunds."""

from hashlib import sha256
from types import SimpleNamespace

import pytest
from auction_rounds import (
    DECLARED,
    ETHER,
    INPUTS,
    NOBODY,
    OFFLINE,
    ONLINE,
    OPEN,
    REFUNDED,
    SCORED,
    SETTLED,
    STAGE_SECONDS,
    WAD,
    AuctionRound,
    Score,
    Terms,
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
    relay,
)
from eth_abi import encode
from eth_utils import keccak

TENTH = ETHER // 10
SEALED_STATES = {OPEN: "score_until", SCORED: "declare_until", DECLARED: "settle_until"}


def bring_to(auction: AuctionRound, state: int) -> None:
    """Move an open round on to a later state."""
    if state >= SCORED:
        auction.publish()
    if state >= DECLARED:
        auction.declare()
    assert auction.state == state


def outcome(transaction) -> SimpleNamespace:
    """The result that a settlement emitted."""
    result = transaction.events["RoundSettled"]["result"]
    return SimpleNamespace(**dict(result))


@pytest.fixture
def auction(system, people):
    """Makes and opens rounds."""

    def make(**changes) -> AuctionRound:
        start = now()
        times = {
            "commit_until": start + STAGE_SECONDS,
            "score_until": start + 2 * STAGE_SECONDS,
            "declare_until": start + 3 * STAGE_SECONDS,
            "open_until": start + 4 * STAGE_SECONDS,
            "settle_until": start + 5 * STAGE_SECONDS,
        }
        parties = {
            "operator": people.operator.address,
            "beneficiary": people.roadside_unit.address,
            "brand": people.relayer.address,
        }
        opened = changes.pop("opened", True)
        made = AuctionRound(system.house, Terms(**{**times, **parties, **changes}))
        if opened:
            made.open()
        return made

    return make


@pytest.fixture
def busy(auction, people):
    """A round with three online and two offline bids, all known to the operator."""
    made = auction()
    made.commit(people.vehicle, ONLINE, 6 * TENTH, score=Score(WAD, 0, 10))
    made.commit(people.simulator, OFFLINE, 5 * TENTH)
    made.commit(people.second_vehicle, ONLINE, 5 * TENTH, score=Score(2 * WAD, 0, 8))
    made.commit(people.second_simulator, OFFLINE, 3 * TENTH)
    made.commit(people.vehicle, ONLINE, TENTH, score=Score(0, TENTH, 0))
    return made


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

    credit = system.payouts.creditOf
    assert credit(people.roadside_unit) == 4 * TENTH + 24 * TENTH
    assert credit(people.vehicle) == 2 * busy.terms.online_deposit
    assert credit(people.second_vehicle) == busy.terms.online_deposit - 4 * TENTH
    assert credit(people.simulator) == busy.terms.offline_deposit - 24 * TENTH
    assert credit(people.second_simulator) == busy.terms.offline_deposit
    assert credit(people.operator) == busy.terms.advance
    assert credit(people.treasury) == 0
    assert system.payouts.balance() == busy.funds
    assert system.house.balance() == 0
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
    assert bid["deposit"] == round_.terms.online_deposit
    published = round_.publish().events["ScoresPublished"]
    assert as_tuple(published["scores"]) == ((1, 2, 3),)
    assert bytes(published["inputs"]) == INPUTS
    assert as_tuple(round_.declare().events["OpeningsDeclared"]["bitmap"]) == (1,)
    settled = as_tuple(round_.settle().events["RoundSettled"]["bids"])
    assert [bid[:4] for bid in settled] == [(people.vehicle, ONLINE, True, TENTH)]


def test_round_without_bids_settles(auction, system, people):
    round_ = auction().declared()
    result = outcome(round_.settle())
    assert (result.onlineIndex, result.offlineIndex) == (NOBODY, NOBODY)
    assert (result.onlineWinner, result.offlineWinner) == (ZERO_ADDRESS, ZERO_ADDRESS)
    assert system.payouts.creditOf(people.operator) == round_.terms.advance


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
    assert system.payouts.creditOf(people.operator) == 3 * round_.terms.brand_price
    assert system.payouts.creditOf(people.simulator) == round_.terms.offline_deposit


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
    assert system.payouts.creditOf(people.treasury) == result.penalties
    assert system.payouts.creditOf(people.second_vehicle) == 2 * ETHER - 2 * TENTH


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
    with fails_with("AuctionHouse_OpenedBidLeftOut", round_.id, 1):
        round_.settle(bids=[round_.bids[0].replayed(), round_.bids[1].sealed()])
    result = outcome(round_.settle())
    assert (result.onlineWinner, result.onlinePrice) == (people.second_vehicle, TENTH)
    assert result.penalties == 0
    assert system.payouts.creditOf(people.second_vehicle) == 2 * ETHER - TENTH


def test_offline_bidder_opens_its_own_bid(auction, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH, score=Score(0, 0, 1))
    round_.commit(people.simulator, OFFLINE, TENTH, declared=False)
    round_.declared()
    round_.open_own(1)
    with fails_with("AuctionHouse_OpenedBidLeftOut", round_.id, 1):
        round_.settle(bids=[round_.bids[0].replayed(), round_.bids[1].sealed()])
    assert outcome(round_.settle()).offlineWinner == people.simulator


def test_former_member_opens_and_is_refunded(auction, system, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH, declared=False)
    system.membership.revoke(people.vehicle, {"from": people.administrator})
    round_.declared()
    round_.open_own(0)
    assert outcome(round_.settle()).onlineWinner == people.vehicle
    assert system.payouts.creditOf(people.vehicle) == 2 * ETHER


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
    with fails_with("AuctionHouse_BadOpening", round_.id, 0):
        round_.settle(bids=[(bid.bidder, ONLINE, True, bid.amount, bid.salt)])
    with fails_with("AuctionHouse_BadOpening", round_.id, 0):
        round_.settle(bids=[(bid.bidder, ONLINE, False, 5, bid.commitment)])
    round_.settle()


def test_operator_that_cannot_open_what_it_declared_cannot_settle(auction, system, people):
    round_ = auction()
    round_.commit(people.vehicle, ONLINE, TENTH)
    round_.commit(people.second_vehicle, ONLINE, TENTH, commitment=digest("no bid at all"))
    round_.declared()
    known, unknown = round_.replay()
    with fails_with("AuctionHouse_DeclaredBidNotOpened", round_.id, 1):
        round_.settle(bids=[known, round_.bids[1].sealed()])
    with fails_with("AuctionHouse_ChainMismatch", round_.id):
        round_.settle(bids=[known, unknown])
    next_block_at(round_.terms.settle_until)
    round_.refund(people.stranger)
    assert system.payouts.creditOf(people.second_vehicle) == round_.terms.online_deposit


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
    for index, bid in enumerate(busy.bids):
        types = ["bytes32", "uint256", "address", "uint8", "bytes32"]
        link = (head + bytes(4), index, bid.bidder, bid.submarket, bytes(bid.commitment))
        head = keccak(encode(types, link))[:28]
    state, count, recorded = busy.house.roundOf(busy.id)
    assert (state, count, bytes(recorded)[:28]) == (OPEN, 5, head)


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
    with fails_with("AuctionHouse_ScoreCount", count, 3):
        busy.settle(scores=[Score()] * count)
    next_block_at(busy.terms.settle_until)
    busy.refund(people.stranger)


def test_scores_stay_within_the_terms(busy):
    with fails_with("AuctionHouse_ScoreTooLong", 1, 11, 10):
        busy.publish(scores=[Score(), Score(0, 0, 11), Score()])


def test_scores_come_with_the_inputs_they_name(busy, people):
    next_block_at(busy.terms.commit_until)
    stated, computed = digest("other"), sha256(INPUTS).digest()
    with fails_with("AuctionHouse_InputsMismatch", stated, computed):
        busy.house.publishScores(busy.terms, busy.scores, stated, INPUTS, {"from": people.operator})


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
    with fails_with("AuctionHouse_BadOpening", round_.id, 2):
        round_.house.openOwnBid(round_.terms, 2, TENTH, ZERO_BYTES, [1], sender)
    with fails_with("AuctionHouse_BitmapMismatch", round_.id):
        round_.house.openOwnBid(round_.terms, 0, TENTH, ZERO_BYTES, [2], sender)


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
        ("maximum_bids", 351),
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
    for submarket, account in ((ONLINE, people.vehicle), (OFFLINE, people.simulator)):
        deposit = round_.terms.deposit(submarket)
        for value in (0, deposit - 1, deposit + 1):
            with fails_with("AuctionHouse_ValueMismatch", value, deposit):
                system.house.commitBid(
                    round_.terms, submarket, ZERO_BYTES, {"from": account, "value": value}
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
        house.publishScores(terms, busy.scores, ZERO_BYTES, b"", wrong)
    busy.publish()
    with fails_with(*refusal):
        house.declareOpenings(terms, busy.bitmap, wrong)
    busy.declare()
    next_block_at(terms.open_until)
    with fails_with(*refusal):
        house.settle(terms, busy.replay(), busy.scores, busy.bitmap, wrong)


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
            busy.terms, busy.replay(), busy.scores, busy.bitmap, {"from": people.operator}
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
    arguments = (busy.terms, busy.scores, ZERO_BYTES, b"", {"from": people.operator})
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
    arguments = (busy.terms, busy.replay(), busy.scores, busy.bitmap, {"from": people.operator})
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
    assert (event["caller"], event["bids"]) == (people.stranger, 5)
    credit = system.payouts.creditOf
    assert credit(people.vehicle) == 2 * busy.terms.online_deposit
    assert credit(people.second_vehicle) == busy.terms.online_deposit
    assert credit(people.simulator) == busy.terms.offline_deposit
    assert credit(people.second_simulator) == busy.terms.offline_deposit
    assert credit(people.operator) == busy.terms.advance
    assert (system.house.balance(), system.payouts.balance()) == (0, busy.funds)
    assert busy.state == REFUNDED
    with fails_with("AuctionHouse_RefundNotDue", busy.id, REFUNDED):
        busy.refund(people.stranger)


def test_refund_needs_the_true_bids(busy, people):
    next_block_at(busy.terms.score_until)
    forged = [(people.stranger.address, *bid[1:]) for bid in busy.sealed()]
    with fails_with("AuctionHouse_ChainMismatch", busy.id):
        busy.house.refundAll(busy.terms, forged, {"from": people.stranger})
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
        (round_.terms, ONLINE, commitment),
        people.relayer,
        value=round_.terms.online_deposit,
    )
    assert transaction.events["BidCommitted"]["bidder"] == people.vehicle


# --- size ----------------------------------------------------------------------------------------


def test_sixty_bids_settle_in_one_block(auction, system, people):
    """Thirty vehicles and thirty simulators, each paid for the first time."""
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
    assert system.payouts.balance() == round_.funds
    print(f"gas: commit {max(spent)}, settle of 60 bids {transaction.gas_used}")
    assert transaction.gas_used < 2_400_000
    assert max(spent) < 46_000
