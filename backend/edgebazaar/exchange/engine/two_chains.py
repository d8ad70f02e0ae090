"""Timelocks of an exchange whose two locks are on two chains.

The holder of the secret locks first, on the first chain, with the longer timelock t1; the
counterparty locks second, on the second chain, with t2. No contract sees the other chain, so what
`lockLinked` checks on one chain is checked here by whoever is about to lock.

    first lock        second lock       last reveal         t2                          t1
    |--- final ---|...|--- final ---|...|----- final -----|.|--- margin ----------------|
                                                          final | reaction | final | clocks

Source: Proof-of-AIGC, section V-D (hashed-timelock contract); the margin is derived here. All times
are Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edgebazaar.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class ChainTiming:
    """What is assumed of a chain.

    Attributes:
        confirmations: Blocks, its own included, after which a block is not expected to vanish.
        block_seconds: Longest time from one block to the next, congestion included, seconds.
        clock_tolerance_seconds: How far a block's timestamp may be from true time, either way.
    """

    confirmations: int
    block_seconds: int
    clock_tolerance_seconds: int = 15

    def __post_init__(self) -> None:
        for name in ("confirmations", "block_seconds"):
            if getattr(self, name) < 1:
                raise InvalidInput(name, f"{getattr(self, name)} is not above zero")
        if self.clock_tolerance_seconds < 0:
            raise InvalidInput("clock_tolerance_seconds", "is below zero")

    @property
    def finality_seconds(self) -> int:
        """Longest time from sending a transaction to its being final."""
        return self.confirmations * self.block_seconds


@dataclass(frozen=True, slots=True)
class FirstLock:
    """The lock of the secret's holder as the first chain shows it.

    Attributes:
        sender: Holder of the secret, lower-case address.
        receiver: Counterparty, lower-case address.
        hashlock: sha256 of the preimage, 32 bytes.
        timelock: t1, Unix seconds of the first chain.
        expected_asset: Hash of the asset asked for in return; 32 zero bytes if it states none.
        is_open: Whether it is neither claimed nor refunded.
        confirmations: Blocks from the one that holds it to the head, both included; 0 if in none.
        is_preimage_public: Whether any lock of this hashlock was claimed, on either chain.
    """

    sender: str
    receiver: str
    hashlock: bytes
    timelock: int
    expected_asset: bytes
    is_open: bool
    confirmations: int
    is_preimage_public: bool = False


@dataclass(frozen=True, slots=True)
class SecondLock:
    """The lock that the counterparty is about to make, or has made, on the second chain.

    Attributes:
        sender: Counterparty, lower-case address.
        receiver: Holder of the secret, lower-case address.
        hashlock: 32 bytes.
        timelock: t2, Unix seconds of the second chain.
        asset: Hash of its asset ({IHashedTimelock-assetHash}), 32 bytes.
    """

    sender: str
    receiver: str
    hashlock: bytes
    timelock: int
    asset: bytes


class Obstacle(StrEnum):
    """Why the second lock must not be made."""

    FIRST_NOT_OPEN = "first-not-open"
    FIRST_NOT_FINAL = "first-not-final"
    PREIMAGE_PUBLIC = "preimage-public"
    HASHLOCK_DIFFERS = "hashlock-differs"
    PARTIES_DIFFER = "parties-differ"
    ASSET_DIFFERS = "asset-differs"
    MARGIN_TOO_SMALL = "margin-too-small"
    WINDOW_TOO_SHORT = "window-too-short"


@dataclass(frozen=True, slots=True)
class SecondLockVerdict:
    """Whether the second lock may be made, and until when each party may act.

    Attributes:
        obstacles: Every reason against it; empty if it may be made.
        margin_seconds: Least time by which t1 must outlast t2.
        earliest_timelock: Least t2 that leaves the holder time to see the lock final and to reveal.
        latest_timelock: Greatest t2 that leaves the margin; below `earliest_timelock` no t2 serves.
        reveal_until: Last second in which the holder may send the claim that reveals the secret.
        claim_until: Last second in which the first lock's claim may be sent.
    """

    obstacles: tuple[Obstacle, ...]
    margin_seconds: int
    earliest_timelock: int
    latest_timelock: int
    reveal_until: int
    claim_until: int

    @property
    def allowed(self) -> bool:
        """Whether nothing stands against it."""
        return not self.obstacles


@dataclass(frozen=True, slots=True)
class ExchangeSchedule:
    """Times of an exchange that begins now.

    Attributes:
        second_lock_until: Last second for the second lock.
        second_timelock: t2.
        first_timelock: t1.
    """

    second_lock_until: int
    second_timelock: int
    first_timelock: int


def required_margin(first: ChainTiming, second: ChainTiming, reaction_seconds: int) -> int:
    """Least seconds by which t1 must outlast t2.

    A claim of the second lock just before t2 is final `second.finality_seconds` later; somebody
    reacts; the claim of the first lock must be in a block before t1, also if that block is
    reorganised away once. The clocks of both chains may be wrong, in opposite directions.

    Args:
        first: Chain of the first lock.
        second: Chain of the second lock.
        reaction_seconds: Longest time in which the counterparty or a watchtower acts.

    Raises:
        InvalidInput: If `reaction_seconds` is not above zero.
    """
    if reaction_seconds < 1:
        raise InvalidInput("reaction_seconds", f"{reaction_seconds} is not above zero")
    clocks = first.clock_tolerance_seconds + second.clock_tolerance_seconds
    return second.finality_seconds + reaction_seconds + first.finality_seconds + clocks


def reveal_until(second_timelock: int, second: ChainTiming) -> int:
    """Last second in which the holder may send the claim that reveals the secret.

    Sent by then it is final before t2: if its block vanishes, it finds room in another in time.
    Later, the secret could be public and the claim too late.
    """
    return second_timelock - second.finality_seconds - second.clock_tolerance_seconds - 1


def claim_until(first_timelock: int, first: ChainTiming) -> int:
    """Last second in which the claim of the first lock may be sent, for the same reason."""
    return first_timelock - first.finality_seconds - first.clock_tolerance_seconds - 1


def earliest_second_timelock(now: int, second: ChainTiming, reaction_seconds: int) -> int:
    """Least t2 of a lock sent now: it becomes final, then its receiver has time to reveal."""
    final = now + second.finality_seconds + reaction_seconds
    return final + second.finality_seconds + second.clock_tolerance_seconds + 1


def judge_second_lock(
    first_lock: FirstLock,
    second_lock: SecondLock,
    first: ChainTiming,
    second: ChainTiming,
    *,
    reaction_seconds: int,
    now: int,
) -> SecondLockVerdict:
    """Whether the counterparty may make the second lock now, and the times that follow from it.

    Args:
        first_lock: The lock that stands on the first chain.
        second_lock: The lock that would answer it.
        first: Chain of the first lock.
        second: Chain of the second lock.
        reaction_seconds: Longest time in which each party, or its watchtower, acts.
        now: Present Unix time.

    Raises:
        InvalidInput: If `reaction_seconds` is not above zero.
    """
    margin = required_margin(first, second, reaction_seconds)
    earliest = earliest_second_timelock(now, second, reaction_seconds)
    states_asset = any(first_lock.expected_asset)
    checks = (
        (Obstacle.FIRST_NOT_OPEN, not first_lock.is_open),
        (Obstacle.FIRST_NOT_FINAL, first_lock.confirmations < first.confirmations),
        (Obstacle.PREIMAGE_PUBLIC, first_lock.is_preimage_public),
        (Obstacle.HASHLOCK_DIFFERS, second_lock.hashlock != first_lock.hashlock),
        (
            Obstacle.PARTIES_DIFFER,
            second_lock.sender != first_lock.receiver or second_lock.receiver != first_lock.sender,
        ),
        (
            Obstacle.ASSET_DIFFERS,
            states_asset and second_lock.asset != first_lock.expected_asset,
        ),
        (Obstacle.MARGIN_TOO_SMALL, first_lock.timelock < second_lock.timelock + margin),
        (Obstacle.WINDOW_TOO_SHORT, second_lock.timelock < earliest),
    )
    return SecondLockVerdict(
        obstacles=tuple(obstacle for obstacle, stands in checks if stands),
        margin_seconds=margin,
        earliest_timelock=earliest,
        latest_timelock=first_lock.timelock - margin,
        reveal_until=reveal_until(second_lock.timelock, second),
        claim_until=claim_until(first_lock.timelock, first),
    )


def schedule_exchange(
    first: ChainTiming, second: ChainTiming, *, reaction_seconds: int, now: int
) -> ExchangeSchedule:
    """The shortest timelocks for an exchange whose first lock is sent now.

    The counterparty sees the first lock final and has `reaction_seconds` to answer it.

    Raises:
        InvalidInput: If `reaction_seconds` is not above zero.
    """
    margin = required_margin(first, second, reaction_seconds)
    answer = now + first.finality_seconds + reaction_seconds
    timelock = earliest_second_timelock(answer, second, reaction_seconds)
    return ExchangeSchedule(answer, timelock, timelock + margin)
