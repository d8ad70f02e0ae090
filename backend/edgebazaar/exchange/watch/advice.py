"""Advice to whoever is about to answer a lock on another chain, from what a watchtower has seen."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from edgebazaar.db import read_scope
from edgebazaar.errors import ConfigurationError, NotFound
from edgebazaar.exchange.assets import Asset
from edgebazaar.exchange.engine.two_chains import (
    ChainTiming,
    FirstLock,
    SecondLock,
    SecondLockVerdict,
    judge_second_lock,
)
from edgebazaar.exchange.service import Row
from edgebazaar.exchange.tables import ASSET_KINDS
from edgebazaar.exchange.watch.records import block_seconds, chain_view, lock_rows
from edgebazaar.exchange.watch.status import Memory, open_databases


@dataclass(frozen=True, slots=True)
class Advice:
    """What was found about a hashlock.

    Attributes:
        first_chain: Chain of the first lock.
        first_lock: Its id.
        second_chain: Chain of the lock that answers it.
        second_lock: Id of that lock if it is made already, else None.
        second_timelock: Timelock of that lock, or the one that was judged.
        verdict: Whether it may be made, and until when each party may act.
    """

    first_chain: int
    first_lock: str
    second_chain: int
    second_lock: str | None
    second_timelock: int
    verdict: SecondLockVerdict


@dataclass(frozen=True, slots=True)
class _Seen:
    """Locks of one hashlock on one chain."""

    chain_id: int
    timing: ChainTiming
    head: int
    rows: list[Row]


def advise(
    directory: Path,
    hashlock: bytes,
    *,
    second_timelock: int | None,
    reaction_seconds: int,
    clock_tolerance_seconds: int,
    block_seconds_of: dict[int, int],
) -> Advice:
    """Judge the lock that answers, or would answer, the first lock of a hashlock.

    Args:
        directory: Folder of a watchtower of both chains.
        hashlock: 32 bytes.
        second_timelock: t2 to judge; None: the latest that leaves the margin. Ignored where the
            second lock stands already.
        reaction_seconds: Longest time in which each party, or its watchtower, acts.
        clock_tolerance_seconds: How far block timestamps may be from true time.
        block_seconds_of: Longest time between blocks by chain id; measured where left out.

    Raises:
        ConfigurationError: If the watchtower of the folder does not watch two chains.
        NotFound: If no lock of this hashlock was seen.
    """
    memory = Memory.load(directory)
    if len(memory.confirmations) != 2:
        raise ConfigurationError(
            f"the watchtower in {directory} does not watch two chains",
            mend="Start it with both: give --rpc-url twice",
            field="--directory",
        )
    with open_databases(directory, memory) as engines:
        seen = [
            _look(
                engine,
                chain_id,
                hashlock,
                memory.confirmations[chain_id],
                block_seconds_of.get(chain_id),
                clock_tolerance_seconds,
            )
            for chain_id, engine in engines.items()
        ]
    if not any(chain.rows for chain in seen):
        raise NotFound("lock of hashlock", "0x" + hashlock.hex(), "Wait until it is made and seen")
    # The holder of the secret locks first and longest.
    first, second = sorted(
        seen,
        key=lambda chain: max((row["timelock"] for row in chain.rows), default=0),
        reverse=True,
    )
    return _judge(first, second, hashlock, second_timelock, reaction_seconds)


def _look(
    engine: Engine,
    chain_id: int,
    hashlock: bytes,
    confirmations: int,
    seconds: int | None,
    tolerance: int,
) -> _Seen:
    with read_scope(engine) as session:
        measured = block_seconds(session) or 1
        timing = ChainTiming(confirmations, seconds or measured, tolerance)
        head = chain_view(session, chain_id, confirmations).head
        return _Seen(chain_id, timing, head, lock_rows(session, "0x" + hashlock.hex()))


def _judge(
    first: _Seen, second: _Seen, hashlock: bytes, timelock: int | None, reaction_seconds: int
) -> Advice:
    row = max(first.rows, key=lambda one: int(one["timelock"]))
    answer = next(
        (one for one in second.rows if one["sender"] == row["receiver"] and one["state"] == "open"),
        None,
    )
    first_lock = FirstLock(
        sender=row["sender"],
        receiver=row["receiver"],
        hashlock=hashlock,
        timelock=row["timelock"],
        expected_asset=bytes.fromhex(row["expected"][2:]),
        is_open=row["state"] == "open",
        confirmations=first.head - int(row["block_number"]) + 1,
        is_preimage_public=any(one["preimage"] for one in (*first.rows, *second.rows)),
    )

    def judge(t2: int, now: int) -> SecondLockVerdict:
        return judge_second_lock(
            first_lock,
            SecondLock(
                sender=first_lock.receiver,
                receiver=first_lock.sender if answer is None else answer["receiver"],
                hashlock=hashlock,
                timelock=t2,
                # One that is not made yet is taken to lock what is asked for.
                asset=first_lock.expected_asset if answer is None else _asset(answer),
            ),
            first.timing,
            second.timing,
            reaction_seconds=reaction_seconds,
            now=now,
        )

    if answer is not None:
        t2, made_at = int(answer["timelock"]), int(answer["block_timestamp"])
    else:
        made_at = int(time.time())
        t2 = judge(0, made_at).latest_timelock if timelock is None else timelock
    return Advice(
        first_chain=first.chain_id,
        first_lock=row["lock_id"],
        second_chain=second.chain_id,
        second_lock=None if answer is None else answer["lock_id"],
        second_timelock=t2,
        verdict=judge(t2, made_at),
    )


def _asset(row: Row) -> bytes:
    kind = ASSET_KINDS[row["asset_kind"]]
    return Asset(kind, row["asset_token"], row["asset_amount_or_id"]).hash
