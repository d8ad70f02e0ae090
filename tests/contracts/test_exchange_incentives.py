"""Premiums, exits and bounties: what makes parties and watchers of an exchange act in time."""

import pytest
from contract_support import (
    SAFETY_MARGIN,
    ZERO_ADDRESS,
    balances,
    digest,
    fails_with,
    mine_at,
    mock,
    next_block_at,
    now,
    relay,
    sign_typed,
    typed_digest,
)
from exchange_terms import (
    CLAIMED,
    ETHER,
    HOUR,
    NATIVE,
    NONE,
    OPEN,
    PREIMAGE,
    REFUNDED,
    Lock,
    premiums_on,
)

DEPOSITED, JOINED, ANSWERED, CLOSED = 1, 2, 3, 4


@pytest.fixture
def timelock(system):
    return system.timelock


@pytest.fixture
def pair(timelock, people):
    """One ether of the producer against two of the consumer, not yet locked."""
    price = (NATIVE, ZERO_ADDRESS, 2 * ETHER)
    first = Lock(
        people.producer,
        people.consumer,
        timelock=now() + 4 * HOUR + SAFETY_MARGIN,
        expected=bytes(timelock.assetHash(price)),
    )
    second = Lock(
        people.consumer,
        people.producer,
        price,
        timelock=now() + 4 * HOUR,
        first_lock=first.id(timelock),
    )
    return first, second


@pytest.fixture
def premiums(timelock, pair):
    return premiums_on(timelock, *pair)


@pytest.fixture
def joined(system, timelock, pair, premiums):
    """Both premiums are at stake, the first lock is open."""
    premiums.deposit(system.premiums, *pair)
    pair[0].open(timelock)
    premiums.join(system.premiums)
    return premiums


def consent(timelock, party, lock):
    return sign_typed(party, timelock, "Exit", (lock.id(timelock),))


# Premiums


def test_premiums_of_an_exchange_that_succeeds_go_back(system, timelock, pair, joined, people):
    first, second = pair
    stranger = {"from": people.stranger}
    with fails_with("ExchangePremiums_TooEarly", joined.answer_until, now()):
        system.premiums.settle.call(joined.terms, stranger)
    second.answer(timelock, first)
    before = balances(people.producer, people.consumer, people.stranger)
    event = system.premiums.settle(joined.terms, stranger).events["PremiumsSettled"]
    assert (event["state"], event["paidToLeader"], event["paidToFollower"]) == (
        ANSWERED,
        0,
        joined.follower_premium,
    )
    with fails_with("ExchangePremiums_LinkedLockOpen", second.id(timelock)):
        system.premiums.settle(joined.terms, stranger)
    timelock.claim(second.terms, PREIMAGE, stranger)
    system.premiums.settle(joined.terms, stranger)
    assert balances(people.producer, people.consumer, people.stranger) == [
        before[0] + 2 * ETHER + joined.leader_premium,
        before[1] + joined.follower_premium,
        before[2],
    ]
    assert system.premiums.stateOf(joined.id(system.premiums)) == CLOSED
    with fails_with("ExchangePremiums_WrongState", joined.id(system.premiums), CLOSED):
        system.premiums.settle(joined.terms, stranger)
    assert system.premiums.balance() == 0


def test_a_leader_that_walks_away_pays(system, timelock, pair, joined, people):
    first, second = pair
    second.answer(timelock, first)
    mine_at(second.timelock)
    timelock.refund(second.terms, {"from": people.stranger})
    before = people.consumer.balance()
    system.premiums.settle(joined.terms, {"from": people.consumer})
    assert people.consumer.balance() == before + joined.leader_premium + joined.follower_premium


def test_a_follower_that_does_not_answer_pays(system, joined, people):
    mine_at(joined.answer_until)
    before = people.producer.balance()
    system.premiums.settle(joined.terms, {"from": people.stranger})
    assert people.producer.balance() == before + joined.leader_premium + joined.follower_premium


def test_who_does_not_join_earns_nothing(system, timelock, pair, premiums, people):
    first, _ = pair
    before = people.consumer.balance()
    event = premiums.deposit(system.premiums, *pair).events["PremiumsDeposited"]
    assert bytes(event["premiumsId"]) == premiums.id(system.premiums)
    with fails_with("ExchangePremiums_FirstLockNotOpen", first.id(timelock), NONE):
        premiums.join(system.premiums)
    first.open(timelock)
    with fails_with("ExchangePremiums_ValueMismatch", 1, premiums.leader_premium):
        premiums.join(system.premiums, value=1)
    next_block_at(premiums.join_until)
    with fails_with("ExchangePremiums_TooLate", premiums.join_until, premiums.join_until):
        premiums.join(system.premiums)
    withdrawn = system.premiums.withdraw(premiums.terms, {"from": people.stranger})
    assert withdrawn.events["PremiumsWithdrawn"]["caller"] == people.stranger
    assert people.consumer.balance() == before


def test_premiums_are_on_locks_that_fit(system, timelock, pair, premiums, people):
    first, second = pair
    contract = system.premiums
    for wrong in (second.but(expected=digest("third")), second.but(hashlock=digest("another"))):
        with fails_with("ExchangePremiums_LocksMismatch", first.id(timelock), second.id(timelock)):
            premiums.deposit(contract, first, wrong)
    with fails_with("ExchangePremiums_ZeroPremium"):
        premiums.but(leader_premium=0).deposit(contract, first, second)
    late = premiums.but(answer_until=second.timelock + 1)
    with fails_with(
        "ExchangePremiums_BadTimes", late.join_until, late.answer_until, second.timelock
    ):
        late.deposit(contract, first, second)
    relay(
        system,
        people.consumer,
        contract.deposit,
        (premiums.terms, first.terms, second.terms),
        people.relayer,
        value=premiums.follower_premium,
    )
    assert contract.stateOf(premiums.id(contract)) == DEPOSITED


# Exits


def test_both_parties_leave_a_lock_early(system, timelock, pair, joined, people):
    """Before the answer it costs nobody: both premiums go back, too."""
    first, _ = pair
    consents = [consent(timelock, party, first) for party in (people.producer, people.consumer)]
    lock_id = first.id(timelock)
    assert bytes(timelock.hashExit(lock_id)) == typed_digest(timelock, "Exit", (lock_id,))
    before = balances(people.producer, people.consumer)
    timelock.exit(first.terms, *consents, {"from": people.stranger})
    assert timelock.stateOf(lock_id) == REFUNDED
    system.premiums.settle(joined.terms, {"from": people.stranger})
    assert balances(people.producer, people.consumer) == [
        before[0] + ETHER + joined.leader_premium,
        before[1] + joined.follower_premium,
    ]
    with fails_with("HashedTimelock_NotOpen", lock_id, REFUNDED):
        timelock.exit(first.terms, *consents, {"from": people.stranger})


def test_one_party_alone_does_not_leave(system, timelock, pair, people):
    first, _ = pair
    first.open(timelock)
    producers = consent(timelock, people.producer, first)
    with fails_with("HashedTimelock_InvalidExitSignature", people.consumer):
        timelock.exit(first.terms, b"", producers, {"from": people.producer})
    with fails_with("HashedTimelock_InvalidExitSignature", people.producer):
        timelock.exit(first.terms, b"", b"", {"from": people.consumer})
    assert timelock.stateOf(first.id(timelock)) == OPEN
    # Who calls agrees by calling, also through the forwarder.
    relay(system, people.consumer, timelock.exit, (first.terms, producers, b""), people.relayer)
    assert timelock.stateOf(first.id(timelock)) == REFUNDED


# Bounties


@pytest.mark.parametrize("ending", [CLAIMED, REFUNDED])
def test_who_completes_a_lock_earns_its_bounties(system, timelock, pair, people, ending):
    first, _ = pair
    bounties = system.bounties
    first.open(timelock)
    lock_id = first.id(timelock)
    for patron, amount in ((people.auditor, 5), (people.vehicle, 7)):
        bounties.deposit(lock_id, ending, {"from": patron, "value": amount})
    before = people.stranger.balance()
    patrons = [people.auditor, people.vehicle]
    if ending == CLAIMED:
        bounties.claim(first.terms, PREIMAGE, patrons, {"from": people.stranger})
    else:
        mine_at(first.timelock)
        bounties.refund(first.terms, patrons, {"from": people.stranger})
    assert people.stranger.balance() == before + 12
    assert timelock.stateOf(lock_id) == ending
    with fails_with("CompletionBounties_NoBounty", lock_id, people.auditor, ending):
        bounties.takeBack(lock_id, people.auditor, ending, {"from": people.auditor})


def test_parties_earn_no_bounty_and_others_get_theirs_back(
    system, timelock, pair, people, deployer
):
    first, _ = pair
    bounties = system.bounties
    first.open(timelock)
    lock_id = first.id(timelock)
    refuser = mock("Refuser").deploy({"from": deployer})
    deposit = bounties.deposit.encode_input(lock_id, CLAIMED)
    refuser.perform(bounties, deposit, {"from": deployer, "value": 5})
    bounties.deposit(lock_id, REFUNDED, {"from": people.auditor, "value": 7})
    with fails_with("CompletionBounties_LockOpen", lock_id):
        bounties.takeBack(lock_id, people.auditor, REFUNDED, {"from": people.auditor})
    before = people.consumer.balance()
    bounties.claim(first.terms, PREIMAGE, [refuser], {"from": people.consumer})
    assert people.consumer.balance() == before + ETHER
    assert system.payouts.creditOf(refuser) == 5
    assert bounties.bountyOf(lock_id, people.auditor, REFUNDED) == 7
    before = people.auditor.balance()
    bounties.takeBack(lock_id, people.auditor, REFUNDED, {"from": people.stranger})
    assert people.auditor.balance() == before + 7
    assert bounties.balance() == 0


def test_bounties_need_an_open_lock_an_ending_and_coins(system, timelock, pair, people):
    lock_id = pair[0].id(timelock)
    sender = {"from": people.stranger, "value": 1}
    with fails_with("CompletionBounties_LockNotOpen", lock_id, NONE):
        system.bounties.deposit(lock_id, CLAIMED, sender)
    with fails_with("CompletionBounties_NotAnEnding", OPEN):
        system.bounties.deposit(lock_id, OPEN, sender)
    with fails_with("CompletionBounties_ZeroBounty"):
        system.bounties.deposit(lock_id, CLAIMED, {"from": people.stranger})
