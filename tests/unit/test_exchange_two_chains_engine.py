"""Timelocks across two chains: the margin is enough in every case, and no second less would be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.errors import InvalidInput
from edgebazaar.exchange.engine.two_chains import (
    ChainTiming,
    FirstLock,
    Obstacle,
    SecondLock,
    claim_until,
    judge_second_lock,
    required_margin,
    reveal_until,
    schedule_exchange,
)

SELLER, BUYER, STRANGER = "0x" + "a1" * 20, "0x" + "b0" * 20, "0x" + "c2" * 20
HASHLOCK, OTHER_HASHLOCK = b"\x01" * 32, b"\x02" * 32
PRICE, OTHER_PRICE = b"\x11" * 32, b"\x12" * 32
NOW = 1_700_000_000

timings = st.builds(
    ChainTiming,
    confirmations=st.integers(1, 100),
    block_seconds=st.integers(1, 60),
    clock_tolerance_seconds=st.integers(0, 120),
)
reactions = st.integers(1, 7200)


def first_lock(timelock: int, confirmations: int = 1000) -> FirstLock:
    return FirstLock(SELLER, BUYER, HASHLOCK, timelock, PRICE, True, confirmations)


def second_lock(timelock: int) -> SecondLock:
    return SecondLock(BUYER, SELLER, HASHLOCK, timelock, PRICE)


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[ChainTiming, ChainTiming, int, int, int]:
    """Two chains, a reaction time, and timelocks t1 and t2 that are allowed now."""
    first, second = draw(timings), draw(timings)
    reaction = draw(reactions)
    schedule = schedule_exchange(first, second, reaction_seconds=reaction, now=NOW)
    extra, more = draw(st.integers(0, 10_000)), draw(st.integers(0, 10_000))
    t2 = schedule.second_timelock + extra
    return first, second, reaction, schedule.first_timelock + extra + more, t2


class TestMargin:
    @given(exchanges(), st.data())
    def test_whoever_reacts_in_time_claims_in_time(self, exchange, data) -> None:
        """However late the reveal, the reorganisations and the clocks, within what is assumed."""
        first, second, reaction, t1, t2 = exchange
        clock_of_second = data.draw(
            st.integers(-second.clock_tolerance_seconds, second.clock_tolerance_seconds)
        )
        clock_of_first = data.draw(
            st.integers(-first.clock_tolerance_seconds, first.clock_tolerance_seconds)
        )
        stamp = data.draw(st.integers(NOW, t2 - 1))
        revealed = stamp - clock_of_second
        final = revealed + data.draw(st.integers(0, second.finality_seconds))
        sent = final + data.draw(st.integers(0, reaction))
        mined = sent + data.draw(st.integers(0, first.finality_seconds))
        assert mined + clock_of_first < t1

    @given(timings, timings, reactions)
    def test_no_second_less_would_do(self, first, second, reaction) -> None:
        """At the margin less one second, the worst case within the assumptions is too late."""
        t2 = NOW + 10**6
        t1 = t2 + required_margin(first, second, reaction) - 1
        revealed = t2 - 1 + second.clock_tolerance_seconds
        mined = revealed + second.finality_seconds + reaction + first.finality_seconds
        assert mined + first.clock_tolerance_seconds >= t1

    @given(timings, timings, reactions, st.sampled_from(["confirmations", "block_seconds"]))
    def test_it_grows_with_depth_and_block_time_of_either_chain(
        self, first, second, reaction, name
    ) -> None:
        margin = required_margin(first, second, reaction)
        slower_first = replace(first, **{name: getattr(first, name) + 1})
        slower_second = replace(second, **{name: getattr(second, name) + 1})
        assert required_margin(slower_first, second, reaction) > margin
        assert required_margin(first, slower_second, reaction) > margin
        assert required_margin(first, second, reaction + 1) == margin + 1

    def test_an_example(self) -> None:
        """QBFT with one confirmation of 2 s for content, a public chain of 12 s for the price."""
        content, payment = ChainTiming(1, 2, 1), ChainTiming(32, 12, 15)
        assert required_margin(content, payment, 600) == 384 + 600 + 2 + 1 + 15

    @pytest.mark.parametrize("reaction", [0, -1])
    def test_nobody_reacts_in_no_time(self, reaction) -> None:
        with pytest.raises(InvalidInput, match="reaction_seconds"):
            required_margin(ChainTiming(1, 1), ChainTiming(1, 1), reaction)

    @pytest.mark.parametrize(
        ("confirmations", "block_seconds", "tolerance"), [(0, 1, 0), (1, 0, 0), (1, 1, -1)]
    )
    def test_a_chain_has_blocks(self, confirmations, block_seconds, tolerance) -> None:
        with pytest.raises(InvalidInput):
            ChainTiming(confirmations, block_seconds, tolerance)


class TestLastMoments:
    @given(timings, st.integers(NOW, NOW + 10**6), st.data())
    def test_a_reveal_sent_in_time_stands_before_the_timelock(self, second, t2, data) -> None:
        sent = reveal_until(t2, second)
        mined = sent + data.draw(st.integers(0, second.finality_seconds))
        clock = data.draw(
            st.integers(-second.clock_tolerance_seconds, second.clock_tolerance_seconds)
        )
        assert mined + clock < t2

    @given(timings, st.integers(NOW, NOW + 10**6))
    def test_one_second_later_it_may_not(self, second, t2) -> None:
        sent = reveal_until(t2, second) + 1
        assert sent + second.finality_seconds + second.clock_tolerance_seconds >= t2
        assert claim_until(t2, second) == reveal_until(t2, second)


class TestVerdict:
    @given(exchanges(), st.integers(0, 10_000))
    def test_a_scheduled_exchange_may_go_on_until_its_last_second(self, exchange, wait) -> None:
        first, second, reaction, t1, t2 = exchange
        schedule = schedule_exchange(first, second, reaction_seconds=reaction, now=NOW)
        now = min(NOW + wait, schedule.second_lock_until)
        verdict = judge_second_lock(
            first_lock(t1), second_lock(t2), first, second, reaction_seconds=reaction, now=now
        )
        assert verdict.allowed
        assert verdict.earliest_timelock <= t2 <= verdict.latest_timelock
        # The holder sees the lock final, has time to react, and reveals in time.
        assert now + second.finality_seconds + reaction <= verdict.reveal_until < t2
        # Whoever sees even the last reveal final has time to react before the first lock's end.
        assert t2 + second.finality_seconds + reaction <= verdict.claim_until + 1 < t1

    @given(exchanges())
    def test_one_second_after_the_schedule_it_is_too_late(self, exchange) -> None:
        first, second, reaction, _, _ = exchange
        schedule = schedule_exchange(first, second, reaction_seconds=reaction, now=NOW)
        verdict = judge_second_lock(
            first_lock(schedule.first_timelock),
            second_lock(schedule.second_timelock),
            first,
            second,
            reaction_seconds=reaction,
            now=schedule.second_lock_until + 1,
        )
        assert verdict.obstacles == (Obstacle.WINDOW_TOO_SHORT,)
        assert verdict.earliest_timelock == verdict.latest_timelock + 1

    @given(exchanges(), st.integers(1, 10**6))
    def test_any_second_less_than_the_margin_is_refused(self, exchange, less) -> None:
        first, second, reaction, _, t2 = exchange
        t1 = t2 + required_margin(first, second, reaction) - less
        verdict = judge_second_lock(
            first_lock(t1), second_lock(t2), first, second, reaction_seconds=reaction, now=NOW
        )
        assert verdict.obstacles == (Obstacle.MARGIN_TOO_SMALL,)
        assert verdict.latest_timelock == t2 - less

    @pytest.mark.parametrize(
        ("obstacle", "of_first", "of_second"),
        [
            (Obstacle.FIRST_NOT_OPEN, {"is_open": False}, {}),
            (Obstacle.FIRST_NOT_FINAL, {"confirmations": 2}, {}),
            (Obstacle.PREIMAGE_PUBLIC, {"is_preimage_public": True}, {}),
            (Obstacle.HASHLOCK_DIFFERS, {}, {"hashlock": OTHER_HASHLOCK}),
            (Obstacle.PARTIES_DIFFER, {}, {"sender": STRANGER}),
            (Obstacle.PARTIES_DIFFER, {}, {"receiver": STRANGER}),
            (Obstacle.ASSET_DIFFERS, {}, {"asset": OTHER_PRICE}),
        ],
    )
    def test_each_obstacle_is_named(self, obstacle, of_first, of_second) -> None:
        content, payment = ChainTiming(3, 2), ChainTiming(12, 12)
        schedule = schedule_exchange(content, payment, reaction_seconds=600, now=NOW)
        verdict = judge_second_lock(
            replace(first_lock(schedule.first_timelock, confirmations=3), **of_first),
            replace(second_lock(schedule.second_timelock), **of_second),
            content,
            payment,
            reaction_seconds=600,
            now=NOW,
        )
        assert verdict.obstacles == (obstacle,)
        assert not verdict.allowed

    def test_a_first_lock_that_asks_for_nothing_takes_any_asset(self) -> None:
        timing = ChainTiming(1, 1)
        schedule = schedule_exchange(timing, timing, reaction_seconds=60, now=NOW)
        verdict = judge_second_lock(
            replace(first_lock(schedule.first_timelock), expected_asset=bytes(32)),
            replace(second_lock(schedule.second_timelock), asset=OTHER_PRICE),
            timing,
            timing,
            reaction_seconds=60,
            now=NOW,
        )
        assert verdict.allowed
