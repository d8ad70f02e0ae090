"""The outbox's SQL. Every move of a row names the state it moves from, so that no step can overtake
another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from edgebazaar.chain.outbox.states import (
    IN_FLIGHT_STATES,
    Transaction,
    TransactionKind,
    TransactionState,
    transaction_from_row,
)
from edgebazaar.chain.outbox.tables import chain_transaction, chain_transaction_retired

_row = chain_transaction.c
_IN_FLIGHT = sorted(IN_FLIGHT_STATES)
#: What reconciling needs; leaves out the signed bytes and the calldata.
_LIGHT_COLUMNS = (
    _row.sequence,
    _row.kind,
    _row.state,
    _row.signer,
    _row.nonce,
    _row.hash,
    _row.block_number,
    _row.block_hash,
    _row.succeeded,
)

Move = tuple[int, TransactionState, Mapping[str, Any]]
"""Sequence of a row, the state it must be in, and its new values."""


def apply_moves(session: Session, moves: Iterable[Move]) -> None:
    """Carry out moves; one whose row has left its state meanwhile does nothing."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for sequence, state, values in moves:
        parameters = {f"new_{name}": value for name, value in values.items()}
        groups[tuple(values)].append({"at": sequence, "from_state": state, **parameters})
    for names, parameter_sets in groups.items():
        statement = (
            update(chain_transaction)
            .where(_row.sequence == bindparam("at"), _row.state == bindparam("from_state"))
            .values({name: bindparam(f"new_{name}") for name in names})
        )
        session.connection().execute(statement, parameter_sets)


def select_transactions(session: Session, sequences: Sequence[int]) -> list[Transaction]:
    """The rows of these sequences, in order."""
    statement = (
        select(chain_transaction).where(_row.sequence.in_(sequences)).order_by(_row.sequence)
    )
    return [transaction_from_row(row) for row in session.execute(statement).mappings()]


def select_next_relayed(session: Session, chain_id: int, limit: int) -> list[Transaction]:
    """Of every user without a request under way, the accepted one with the lowest forward nonce."""
    under_way = chain_transaction.alias()
    place = (
        func.row_number()
        .over(partition_by=_row.sender, order_by=(_row.forward_nonce, _row.sequence))
        .label("place")
    )
    ranked = (
        select(_row.sequence, place)
        .where(
            _row.chain_id == chain_id,
            _row.kind == TransactionKind.RELAYED,
            _row.state == TransactionState.ACCEPTED,
            ~exists().where(
                under_way.c.chain_id == chain_id,
                under_way.c.kind == TransactionKind.RELAYED,
                under_way.c.sender == _row.sender,
                under_way.c.state.in_(_IN_FLIGHT),
            ),
        )
        .subquery()
    )
    statement = (
        select(chain_transaction)
        .join(ranked, ranked.c.sequence == _row.sequence)
        .where(ranked.c.place == 1)
        .order_by(_row.sequence)
        .limit(limit)
    )
    return [transaction_from_row(row) for row in session.execute(statement).mappings()]


def select_accepted_direct(
    session: Session, chain_id: int, signers: Iterable[str], limit: int
) -> list[Transaction]:
    """Accepted calls of the operator's keys, oldest first."""
    statement = (
        select(chain_transaction)
        .where(
            _row.chain_id == chain_id,
            _row.kind == TransactionKind.DIRECT,
            _row.state == TransactionState.ACCEPTED,
            _row.signer.in_(list(signers)),
        )
        .order_by(_row.sequence)
        .limit(limit)
    )
    return [transaction_from_row(row) for row in session.execute(statement).mappings()]


def select_to_send(
    session: Session, chain_id: int, stale_before: datetime, limit: int
) -> list[Transaction]:
    """Signed rows never sent, or not since `stale_before`; each account's in nonce order."""
    due = or_(_row.last_sent_at.is_(None), _row.last_sent_at < stale_before)
    sendable = or_(
        _row.state.in_(_IN_FLIGHT),
        and_(_row.kind == TransactionKind.RAW, _row.state == TransactionState.ACCEPTED),
    )
    statement = (
        select(chain_transaction)
        .where(_row.chain_id == chain_id, sendable, due)
        .order_by(_row.signer, _row.nonce)
        .limit(limit)
    )
    return [transaction_from_row(row) for row in session.execute(statement).mappings()]


def count_in_flight(session: Session, chain_id: int) -> int:
    """How many transactions of our own keys are under way."""
    statement = select(func.count()).where(
        _row.chain_id == chain_id,
        _row.state.in_(_IN_FLIGHT),
        _row.kind != TransactionKind.RAW,
    )
    return session.execute(statement).scalar_one()


def select_light(
    session: Session, chain_id: int, *conditions: ColumnElement[bool]
) -> Sequence[RowMapping]:
    """Rows without their bytes, by account and nonce."""
    statement = (
        select(*_LIGHT_COLUMNS)
        .where(_row.chain_id == chain_id, *conditions)
        .order_by(_row.signer, _row.nonce)
    )
    return session.execute(statement).mappings().all()


def highest_nonce(session: Session, chain_id: int, signer: str) -> int | None:
    """Highest nonce that any row of an account holds."""
    statement = select(func.max(_row.nonce)).where(_row.chain_id == chain_id, _row.signer == signer)
    return session.execute(statement).scalar_one_or_none()


def select_retired_hashes(session: Session, sequences: Sequence[int]) -> dict[int, list[str]]:
    """Hashes of the bytes that rows were given up under."""
    retired = chain_transaction_retired.c
    found: dict[int, list[str]] = defaultdict(list)
    statement = select(retired.sequence, retired.hash).where(retired.sequence.in_(sequences))
    for sequence, transaction_hash in session.execute(statement):
        found[sequence].append(transaction_hash)
    return found


def reinstate(session: Session, sequence: int, transaction_hash: str) -> None:
    """Exchange a row's signed bytes with retired ones of it that turned out to be mined."""
    retired = chain_transaction_retired
    old = (
        session.execute(select(retired).where(retired.c.hash == transaction_hash)).mappings().one()
    )
    current = (
        session.execute(select(_row.hash, _row.nonce, _row.raw).where(_row.sequence == sequence))
        .mappings()
        .one()
    )
    session.execute(
        update(retired)
        .where(retired.c.hash == transaction_hash)
        .values(hash=current["hash"], nonce=current["nonce"], raw=current["raw"])
    )
    session.execute(
        update(chain_transaction)
        .where(_row.sequence == sequence)
        .values(hash=old["hash"], nonce=old["nonce"], raw=old["raw"])
    )
