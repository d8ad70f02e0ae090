"""What the watchtower's database of one chain says: locks, revealed preimages, its own attempts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from edgebazaar.chain.clock import indexed_head
from edgebazaar.chain.indexer import chain_block, chain_event
from edgebazaar.chain.outbox import Transaction, chain_transaction
from edgebazaar.chain.outbox.states import transaction_from_row
from edgebazaar.exchange.engine.watching import ChainView, DutyKind, OpenLock, Reveal
from edgebazaar.exchange.service import Row
from edgebazaar.exchange.tables import exchange_lock
from edgebazaar.values import to_hex

LABEL = "watch"
_lock = exchange_lock.c
_sent = chain_transaction.c
_HASHLOCKS_AT_ONCE = 500


def chain_view(session: Session, chain_id: int, confirmations: int) -> ChainView:
    """How far the database has followed its chain."""
    head = indexed_head(session)
    return ChainView(chain_id, head.number, head.timestamp, confirmations)


def open_locks(session: Session, chain_id: int, parties: frozenset[str]) -> list[OpenLock]:
    """Open locks.

    Args:
        session: The database of the chain.
        chain_id: Its id.
        parties: Lower-case addresses; only locks that one of them sends or receives. Empty: all.
    """
    statement = select(_lock.lock_id, _lock.hashlock, _lock.timelock).where(
        _lock.state == "open", *_of(parties)
    )
    return [
        OpenLock(chain_id, row.lock_id, _bytes(row.hashlock), row.timelock)
        for row in session.execute(statement)
    ]


def reveals(session: Session, chain_id: int, hashlocks: Iterable[bytes]) -> list[Reveal]:
    """Claims that made the preimage of one of these hashlocks public."""
    statement = (
        select(
            _lock.lock_id,
            _lock.hashlock,
            _lock.preimage,
            chain_event.c.block_number,
            _lock.closed_at,
        )
        .join(chain_event, chain_event.c.transaction_hash == _lock.closed_transaction_hash)
        .where(_lock.preimage.is_not(None), chain_event.c.event == "Claimed")
        .distinct()
    )
    found = []
    wanted = sorted(to_hex(hashlock) for hashlock in hashlocks)
    for start in range(0, len(wanted), _HASHLOCKS_AT_ONCE):
        part = wanted[start : start + _HASHLOCKS_AT_ONCE]
        for row in session.execute(statement.where(_lock.hashlock.in_(part))):
            found.append(
                Reveal(
                    chain_id=chain_id,
                    lock_id=row.lock_id,
                    block=row.block_number,
                    timestamp=row.closed_at,
                    hashlock=_bytes(row.hashlock),
                    preimage=_bytes(row.preimage),
                )
            )
    return found


def lock_rows(session: Session, hashlock: str) -> list[Row]:
    """All locks of a hashlock, oldest first."""
    statement = (
        select(exchange_lock)
        .where(_lock.hashlock == hashlock)
        .order_by(_lock.block_number, _lock.log_index)
    )
    return [dict(row) for row in session.execute(statement).mappings()]


def lock_row(session: Session, lock_id: str) -> Row:
    """One lock with all its terms."""
    statement = select(exchange_lock).where(_lock.lock_id == lock_id)
    return dict(session.execute(statement).mappings().one())


def count_locks(session: Session) -> dict[str, int]:
    """How many locks there are, by state."""
    statement = select(_lock.state, func.count()).group_by(_lock.state)
    return {state: number for state, number in session.execute(statement)}


def block_seconds(session: Session, blocks: int = 256) -> int | None:
    """Mean seconds between the newest blocks, rounded up; None before there are two."""
    newest = select(chain_block.c.number, chain_block.c.timestamp).order_by(
        chain_block.c.number.desc()
    )
    rows = session.execute(newest.limit(blocks)).all()
    if len(rows) < 2:
        return None
    number = int(rows[0].number - rows[-1].number)
    seconds = int(rows[0].timestamp - rows[-1].timestamp)
    return max(-(-seconds // number), 1)


def attempt_key(kind: DutyKind, lock_id: str, number: int) -> str:
    """Idempotency key of the n-th attempt (from 0); a second request of it changes nothing."""
    return f"{LABEL}:{kind}:{lock_id}:{number}"


def attempts(session: Session, signer: str, kind: DutyKind, lock_id: str) -> list[Transaction]:
    """What `signer` put into the outbox for a duty, oldest first."""
    # A range instead of LIKE, so that the unique index over the keys serves it.
    first = f"direct:{signer.lower()}:{LABEL}:{kind}:{lock_id}:"
    key = _sent.idempotency_key
    statement = (
        select(chain_transaction)
        .where(key >= first, key < first[:-1] + ";")
        .order_by(_sent.sequence)
    )
    return [transaction_from_row(row) for row in session.execute(statement).mappings()]


def attempt_label(kind: DutyKind, lock_id: str) -> str:
    """Label of all attempts at a duty."""
    return f"{LABEL} {kind} {lock_id}"


def sent_transactions(session: Session) -> list[Transaction]:
    """Everything the watchtower ever put into the outbox, oldest first."""
    statement = (
        select(chain_transaction)
        .where(_sent.label.startswith(f"{LABEL} "))
        .order_by(_sent.sequence)
    )
    return [transaction_from_row(row) for row in session.execute(statement).mappings()]


def _of(parties: frozenset[str]) -> list[ColumnElement[bool]]:
    if not parties:
        return []
    return [or_(_lock.sender.in_(parties), _lock.receiver.in_(parties))]


def _bytes(text: Any) -> bytes:
    return bytes.fromhex(str(text)[2:])
