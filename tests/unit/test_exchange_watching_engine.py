"""What a watchtower has to do: never too early, never for a wrong preimage, urgent things first."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.exchange.engine.watching import (
    ChainView,
    Duty,
    DutyKind,
    OpenLock,
    Reveal,
    duties,
)

PREIMAGES = [bytes([number]) * 32 for number in range(3)]
HASHLOCKS = [hashlib.sha256(preimage).digest() for preimage in PREIMAGES]
CHAINS = (1, 2)

views = st.fixed_dictionaries(
    {
        chain: st.builds(
            ChainView,
            chain_id=st.just(chain),
            head=st.integers(0, 100),
            timestamp=st.integers(1000, 2000),
            confirmations=st.integers(1, 20),
        )
        for chain in CHAINS
    }
)
locks = st.lists(
    st.builds(
        OpenLock,
        chain_id=st.sampled_from(CHAINS),
        lock_id=st.integers(0, 20).map(hex),
        hashlock=st.sampled_from(HASHLOCKS),
        timelock=st.integers(1000, 2000),
    ),
    max_size=12,
    unique_by=lambda lock: lock.lock_id,
)
reveals = st.lists(
    st.builds(
        Reveal,
        chain_id=st.sampled_from(CHAINS),
        lock_id=st.integers(0, 20).map(hex),
        block=st.integers(0, 100),
        timestamp=st.integers(900, 2000),
        hashlock=st.sampled_from(HASHLOCKS),
        preimage=st.sampled_from(PREIMAGES),
    ),
    max_size=6,
)


@given(views, locks, reveals)
def test_a_claim_needs_a_final_reveal_of_the_right_preimage_and_time(views, locks, reveals) -> None:
    for duty in duties(views, locks, reveals):
        if duty.kind is not DutyKind.CLAIM:
            continue
        assert duty.preimage is not None
        assert hashlib.sha256(duty.preimage).digest() == duty.lock.hashlock
        assert views[duty.lock.chain_id].timestamp < duty.lock.timelock
        assert any(
            one.preimage == duty.preimage
            and views[one.chain_id].head - one.block + 1 >= views[one.chain_id].confirmations
            for one in reveals
        )


@given(views, locks, reveals)
def test_nothing_is_forgotten(views, locks, reveals) -> None:
    """Each lock has the one duty that its time and the reveals ask for."""
    found = {duty.lock.lock_id: duty for duty in duties(views, locks, reveals)}
    claimed = {(one.chain_id, one.lock_id) for one in reveals}
    for lock in locks:
        if (lock.chain_id, lock.lock_id) in claimed:
            assert lock.lock_id not in found
            continue
        now = views[lock.chain_id].timestamp
        known = [
            one
            for one in reveals
            if one.hashlock == lock.hashlock
            and hashlib.sha256(one.preimage).digest() == lock.hashlock
        ]
        final = [
            one
            for one in known
            if views[one.chain_id].head - one.block + 1 >= views[one.chain_id].confirmations
        ]
        if now >= lock.timelock:
            expected = DutyKind.REFUND
        elif final:
            expected = DutyKind.CLAIM
        else:
            expected = DutyKind.AWAIT if known else None
        duty = found.get(lock.lock_id)
        assert (duty and duty.kind) == expected
        if duty is not None and expected is DutyKind.REFUND:
            assert duty.is_missed == bool(final)


@given(views, locks, reveals)
def test_the_most_urgent_claim_comes_first(views, locks, reveals) -> None:
    found = duties(views, locks, reveals)
    claims = [duty.lock.timelock for duty in found if duty.kind is DutyKind.CLAIM]
    assert claims == sorted(claims)
    assert [duty.kind for duty in found[: len(claims)]] == [DutyKind.CLAIM] * len(claims)


def lateness(now: int) -> bool:
    """Of a claim whose secret came out at 1000 and whose timelock is 2000."""
    views = {1: ChainView(1, 10, now, 1), 2: ChainView(2, 10, now, 1)}
    lock = OpenLock(1, "0x1", HASHLOCKS[0], 2000)
    reveal = Reveal(2, "0x2", 10, 1000, HASHLOCKS[0], PREIMAGES[0])
    (duty,) = duties(views, [lock], [reveal])
    assert duty == Duty(DutyKind.CLAIM, lock, PREIMAGES[0], 1000, is_late=duty.is_late)
    return duty.is_late


def test_a_claim_is_late_when_half_of_the_time_is_over() -> None:
    assert not lateness(1500)
    assert lateness(1501)
