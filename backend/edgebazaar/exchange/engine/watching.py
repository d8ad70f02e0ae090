"""What a watchtower has to do, given what it has seen on its chains.

A preimage counts once the claim that revealed it is as deep as its chain's confirmations ask; only
then are locks of the same hashlock claimed. An open lock whose timelock has passed is refunded.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ChainView:
    """How far a chain was seen.

    Attributes:
        chain_id: Which chain.
        head: Number of its newest block.
        timestamp: Unix time of that block.
        confirmations: Blocks, its own included, from which on a block counts as final.
    """

    chain_id: int
    head: int
    timestamp: int
    confirmations: int

    def is_final(self, block: int) -> bool:
        """Whether a block is as deep as the confirmations ask."""
        return self.head - block + 1 >= self.confirmations


@dataclass(frozen=True, slots=True)
class OpenLock:
    """A lock that is neither claimed nor refunded.

    Attributes:
        chain_id: Where it is.
        lock_id: Its id, 0x text.
        hashlock: sha256 of the preimage that claims it.
        timelock: End of the claim and first second of the refund, Unix seconds.
    """

    chain_id: int
    lock_id: str
    hashlock: bytes
    timelock: int


@dataclass(frozen=True, slots=True)
class Reveal:
    """A preimage that a claim made public.

    Attributes:
        chain_id: Chain of that claim.
        lock_id: Lock that it claimed.
        block: Block of that claim.
        timestamp: Unix time of that block.
        hashlock: What the preimage opens.
        preimage: 32 bytes.
    """

    chain_id: int
    lock_id: str
    block: int
    timestamp: int
    hashlock: bytes
    preimage: bytes


class DutyKind(StrEnum):
    """What is to be done about a lock."""

    #: The secret is out and final: claim for the receiver.
    CLAIM = "claim"
    #: The timelock has passed: refund for the sender.
    REFUND = "refund"
    #: The secret is out, and its block is not deep enough yet.
    AWAIT = "await"


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to do, or to wait for.

    Attributes:
        kind: What.
        lock: About which lock.
        preimage: What claims it; None for a refund.
        since: When the secret came out, Unix seconds; for a refund the timelock.
        is_late: For a claim: half of the time from `since` to the timelock is over.
        is_missed: For a refund: the secret was out, and nobody claimed in time.
    """

    kind: DutyKind
    lock: OpenLock
    preimage: bytes | None
    since: int
    is_late: bool = False
    is_missed: bool = False


def opens(preimage: bytes, hashlock: bytes) -> bool:
    """Whether a preimage claims locks of a hashlock."""
    return len(preimage) == 32 and hashlib.sha256(preimage).digest() == hashlock


def duties(
    views: Mapping[int, ChainView], locks: Sequence[OpenLock], reveals: Sequence[Reveal]
) -> list[Duty]:
    """What is to be done, most urgent first: claims by their timelock, then waiting, then refunds.

    Args:
        views: Every watched chain by its id.
        locks: Open locks of these chains.
        reveals: Claims of these chains that made a preimage public, final or not.
    """
    # Locks and reveals are not read in the same instant.
    claimed = {(reveal.chain_id, reveal.lock_id) for reveal in reveals}
    known: dict[bytes, list[Reveal]] = defaultdict(list)
    for reveal in reveals:
        if opens(reveal.preimage, reveal.hashlock):
            known[reveal.hashlock].append(reveal)
    found = [
        duty
        for lock in locks
        if (lock.chain_id, lock.lock_id) not in claimed
        and (duty := _duty(views, lock, known.get(lock.hashlock, []))) is not None
    ]
    order = [DutyKind.CLAIM, DutyKind.AWAIT, DutyKind.REFUND]
    return sorted(
        found, key=lambda duty: (order.index(duty.kind), duty.lock.timelock, duty.lock.lock_id)
    )


def _duty(views: Mapping[int, ChainView], lock: OpenLock, reveals: Sequence[Reveal]) -> Duty | None:
    now = views[lock.chain_id].timestamp
    final = [one for one in reveals if views[one.chain_id].is_final(one.block)]
    if now >= lock.timelock:
        return Duty(DutyKind.REFUND, lock, None, lock.timelock, is_missed=bool(final))
    if not reveals:
        return None
    first = min(final or reveals, key=lambda one: one.timestamp)
    is_late = now - first.timestamp > lock.timelock - now
    kind = DutyKind.CLAIM if final else DutyKind.AWAIT
    return Duty(kind, lock, first.preimage, first.timestamp, is_late=is_late)
