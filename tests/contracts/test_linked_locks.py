"""Two linked locks: what the second has to fit, and what can go wrong (spec 01 section 4)."""

import pytest
from challenge_cases import UPHELD, open_case
from contract_support import (
    SAFETY_MARGIN,
    ZERO_ADDRESS,
    ZERO_BYTES,
    as_tuple,
    digest,
    fails_with,
    mine_at,
    next_block_at,
    now,
    register,
)
from exchange_terms import (
    CLAIMED,
    ETHER,
    HOUR,
    NATIVE,
    OPEN,
    PREIMAGE,
    REFUNDED,
    Lock,
    exchange,
    hashlock_of,
)


@pytest.fixture
def timelock(system):
    return system.timelock


@pytest.fixture
def registry(system):
    return system.registry


@pytest.fixture
def records(registry, work, people):
    """Records of the second producer's original and of its near-copy, the work to sell."""
    original = work.but(producer=people.second_producer, content=b"the original", fingerprint=0)
    return register(registry, original) + register(registry, work)


@pytest.fixture
def pair(timelock, registry, records, people, work):
    """The seller's lock of the content and the buyer's of the price, not yet opened."""
    return exchange(timelock, registry, people.producer, people.consumer, work.token_id)


def states(timelock, *locks):
    return [timelock.stateOf(lock.id(timelock)) for lock in locks]


# What fits


def test_a_whole_exchange(timelock, registry, pair, people, work):
    first, second = pair
    first.open(timelock)
    second.answer(timelock, first)
    before = people.producer.balance()
    timelock.claim(second.terms, PREIMAGE, {"from": people.stranger})
    timelock.claim(first.terms, PREIMAGE, {"from": people.stranger})
    assert people.producer.balance() == before + 3 * ETHER
    assert registry.ownerOf(work.token_id) == people.consumer
    assert states(timelock, first, second) == [CLAIMED, CLAIMED]


def test_the_margin_is_kept_to_the_second(timelock, pair):
    first, second = pair
    first.open(timelock)
    late = second.but(timelock=second.timelock + 1)
    with fails_with("HashedTimelock_MarginTooSmall", first.timelock, late.timelock, SAFETY_MARGIN):
        late.answer(timelock, first)
    second.answer(timelock, first)


def test_an_answer_says_what_it_answers(timelock, pair):
    first, second = pair
    with fails_with("HashedTimelock_LinkRequired"):
        second.but(first_lock=ZERO_BYTES).answer(timelock, first)
    with fails_with("HashedTimelock_NotOpen", first.id(timelock), 0):
        second.answer(timelock, first)
    first.open(timelock)
    other = first.but(expected=digest("another"))
    with fails_with("HashedTimelock_FirstLockMismatch", first.id(timelock), other.id(timelock)):
        second.answer(timelock, other)


def test_an_answer_has_the_same_hashlock(timelock, pair):
    first, second = pair
    first.open(timelock)
    wrong = hashlock_of(digest("another"))
    with fails_with("HashedTimelock_HashlockMismatch", first.hashlock, wrong):
        second.but(hashlock=wrong).answer(timelock, first)


def test_an_answer_mirrors_the_parties(timelock, pair, people):
    first, second = pair
    first.open(timelock)
    with fails_with("HashedTimelock_PartiesMismatch", people.consumer, people.auditor):
        second.but(receiver=people.auditor).answer(timelock, first)
    with fails_with("HashedTimelock_PartiesMismatch", people.auditor, people.producer):
        second.but(sender=people.auditor).answer(timelock, first)


def test_an_answer_holds_what_the_first_lock_asks_for(timelock, pair):
    first, second = pair
    first.open(timelock)
    for amount in (3 * ETHER - 1, 3 * ETHER + 1):
        offer = (NATIVE, ZERO_ADDRESS, amount)
        with fails_with(
            "HashedTimelock_AssetMismatch", first.expected, bytes(timelock.assetHash(offer))
        ):
            second.but(asset=offer).answer(timelock, first)


def test_a_lock_that_asks_for_nothing_is_not_answered(timelock, pair):
    first, second = pair
    single = first.but(expected=ZERO_BYTES)
    single.open(timelock)
    offered = bytes(timelock.assetHash(second.asset))
    with fails_with("HashedTimelock_AssetMismatch", ZERO_BYTES, offered):
        second.but(first_lock=single.id(timelock)).answer(timelock, single)


def test_an_answer_to_content_guards_it(timelock, pair, work):
    first, second = pair
    first.open(timelock)
    for guard in (0, 5):
        with fails_with("HashedTimelock_GuardMismatch", guard, work.token_id):
            second.but(guarded_content=guard).answer(timelock, first)


def test_an_answer_to_anything_else_guards_nothing(timelock, people, work):
    price = (NATIVE, ZERO_ADDRESS, ETHER)
    first = Lock(
        people.producer,
        people.consumer,
        timelock=now() + 2 * HOUR,
        expected=bytes(timelock.assetHash(price)),
    )
    first.open(timelock)
    second = Lock(
        people.consumer,
        people.producer,
        timelock=now() + HOUR - 60,
        first_lock=first.id(timelock),
        guarded_content=work.token_id,
    )
    with fails_with("HashedTimelock_GuardMismatch", work.token_id, 0):
        second.answer(timelock, first)
    second.but(guarded_content=0).answer(timelock, first)


# The failure table


def test_the_counterparty_never_locks(timelock, registry, pair, people, work):
    first, _ = pair
    first.open(timelock)
    mine_at(first.timelock)
    timelock.refund(first.terms, {"from": people.stranger})
    assert registry.ownerOf(work.token_id) == people.producer
    registry.transferFrom(people.producer, people.auditor, work.token_id, {"from": people.producer})


def test_the_holder_of_the_secret_never_reveals(timelock, registry, pair, people, work):
    first, second = pair
    first.open(timelock)
    second.answer(timelock, first)
    before = people.consumer.balance()
    mine_at(second.timelock)
    timelock.refund(second.terms, {"from": people.stranger})
    assert people.consumer.balance() == before + 3 * ETHER
    present = first.timelock - 1
    next_block_at(present)
    with fails_with("HashedTimelock_TimelockNotReached", first.timelock, present):
        timelock.refund(first.terms, {"from": people.producer})
    next_block_at(first.timelock)
    timelock.refund(first.terms, {"from": people.producer})
    assert registry.ownerOf(work.token_id) == people.producer
    assert states(timelock, first, second) == [REFUNDED, REFUNDED]


def test_the_secret_is_revealed_too_late(timelock, registry, pair, people, work):
    first, second = pair
    first.open(timelock)
    second.answer(timelock, first)
    next_block_at(second.timelock)
    with fails_with("HashedTimelock_TimelockReached", second.timelock, second.timelock):
        timelock.claim(second.terms, PREIMAGE, {"from": people.producer})
    timelock.refund(second.terms, {"from": people.consumer})
    mine_at(first.timelock)
    timelock.refund(first.terms, {"from": people.producer})
    assert states(timelock, first, second) == [REFUNDED, REFUNDED]
    assert registry.ownerOf(work.token_id) == people.producer


def test_a_watcher_claims_for_a_party_that_sleeps(timelock, registry, pair, people, work):
    first, second = pair
    first.open(timelock)
    second.answer(timelock, first)
    next_block_at(second.timelock - 1)
    timelock.claim(second.terms, PREIMAGE, {"from": people.producer})
    next_block_at(first.timelock - 1)
    timelock.claim(first.terms, PREIMAGE, {"from": people.auditor})
    assert registry.ownerOf(work.token_id) == people.consumer


def test_without_a_watcher_the_sleeper_loses(timelock, registry, pair, people, work):
    """Why the claim is open to all: past its timelock nothing protects a revealed lock."""
    first, second = pair
    first.open(timelock)
    second.answer(timelock, first)
    timelock.claim(second.terms, PREIMAGE, {"from": people.producer})
    mine_at(first.timelock)
    timelock.refund(first.terms, {"from": people.producer})
    assert registry.ownerOf(work.token_id) == people.producer
    assert states(timelock, first, second) == [REFUNDED, CLAIMED]


def test_a_copied_preimage_only_helps_its_victim(timelock, registry, pair, people, work):
    """Whoever sees the claim in the pool and sends it first pays the rightful receivers."""
    first, second = pair
    first.open(timelock)
    second.answer(timelock, first)
    before = people.producer.balance(), people.stranger.balance()
    timelock.claim(second.terms, PREIMAGE, {"from": people.stranger})
    assert (people.producer.balance(), people.stranger.balance()) == (
        before[0] + 3 * ETHER,
        before[1],
    )


def test_a_reused_secret_harms_only_who_reuses_it(timelock, registry, pair, people):
    """A hashlock is not refused a second time, or a stranger could block it by using it first."""
    first, second = pair
    first.open(timelock)
    second.answer(timelock, first)
    timelock.claim(second.terms, PREIMAGE, {"from": people.producer})
    careless = Lock(people.producer, people.consumer, timelock=now() + HOUR)
    careless.open(timelock)
    before = people.consumer.balance()
    timelock.claim(careless.terms, PREIMAGE, {"from": people.stranger})
    assert people.consumer.balance() == before + ETHER


def test_challenged_content_can_be_claimed(system, timelock, registry, pair, people, work, records):
    first, second = pair
    first.open(timelock)
    second.answer(timelock, first)
    open_case(system.challenges, *records, people.second_producer)
    timelock.claim(second.terms, PREIMAGE, {"from": people.producer})
    timelock.claim(first.terms, PREIMAGE, {"from": people.consumer})
    assert registry.ownerOf(work.token_id) == people.consumer
    assert as_tuple(registry.statusOf(work.token_id)) == (False, True, ZERO_ADDRESS)


def test_removed_content_opens_the_refund_of_both_locks(
    system, timelock, registry, pair, people, work, records
):
    first, second = pair
    first.open(timelock)
    second.answer(timelock, first)
    case = open_case(system.challenges, *records, people.second_producer)
    case.contest()
    assert case.ended(people.stranger)["state"] == UPHELD
    with fails_with("HashedTimelock_ContentRemoved", work.token_id):
        timelock.claim(second.terms, PREIMAGE, {"from": people.producer})
    with fails_with("ProofOfAIGC_Frozen", work.token_id):
        timelock.claim(first.terms, PREIMAGE, {"from": people.consumer})
    before = people.consumer.balance()
    for lock in pair:
        timelock.refund(lock.terms, {"from": people.stranger})
    assert people.consumer.balance() == before + 3 * ETHER
    assert states(timelock, first, second) == [REFUNDED, REFUNDED]
    assert as_tuple(registry.statusOf(work.token_id)) == (True, False, ZERO_ADDRESS)


def test_an_answer_to_removed_content_is_refunded_at_once(
    system, timelock, pair, people, work, records
):
    first, second = pair
    first.open(timelock)
    open_case(system.challenges, *records, people.second_producer).concede()
    second.answer(timelock, first)
    with fails_with("HashedTimelock_ContentRemoved", work.token_id):
        timelock.claim(second.terms, PREIMAGE, {"from": people.producer})
    timelock.refund(second.terms, {"from": people.stranger})
    assert states(timelock, first, second) == [OPEN, REFUNDED]
