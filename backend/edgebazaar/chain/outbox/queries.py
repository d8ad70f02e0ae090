"""Looks transactions up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from edgebazaar.chain.outbox.states import Transaction, transaction_from_row
from edgebazaar.chain.outbox.tables import chain_transaction, chain_transaction_retired
from edgebazaar.db.session import read_scope
from edgebazaar.errors import NotFound


def find_transaction(session: Session | Connection, identifier: UUID) -> Transaction | None:
    """The transaction with this id."""
    statement = select(chain_transaction).where(chain_transaction.c.id == identifier)
    row = session.execute(statement).mappings().one_or_none()
    return None if row is None else transaction_from_row(row)


def find_by_hash(
    session: Session | Connection, transaction_hash: str | bytes
) -> Transaction | None:
    """The transaction that is, or once was, sent under this hash."""
    current = select(chain_transaction).where(chain_transaction.c.hash == transaction_hash)
    row = session.execute(current).mappings().first()
    if row is None:
        retired = (
            select(chain_transaction)
            .join(chain_transaction_retired)
            .where(chain_transaction_retired.c.hash == transaction_hash)
        )
        row = session.execute(retired).mappings().one_or_none()
    return None if row is None else transaction_from_row(row)


def wait_for_transaction(
    engine: Engine, identifier: UUID, timeout: float, poll_seconds: float = 0.05
) -> Transaction:
    """Wait until a transaction has its outcome, and return it.

    Raises:
        NotFound: If there is no such transaction.
        TimeoutError: If `timeout` seconds were not enough; names the state it is in.
    """
    return wait_for_transactions(engine, [identifier], timeout, poll_seconds)[0]


def wait_for_transactions(
    engine: Engine, identifiers: Sequence[UUID], timeout: float, poll_seconds: float = 0.05
) -> list[Transaction]:
    """Wait until all these transactions have their outcomes; as `wait_for_transaction`."""
    end = time.monotonic() + timeout
    done: dict[UUID, Transaction] = {}
    while True:
        with read_scope(engine) as session:
            for identifier in identifiers:
                if identifier in done:
                    continue
                transaction = find_transaction(session, identifier)
                if transaction is None:
                    raise NotFound("transaction", identifier)
                if not transaction.terminal:
                    break
                done[identifier] = transaction
            else:
                return [done[identifier] for identifier in identifiers]
        if time.monotonic() > end:
            raise TimeoutError(
                f"transaction {identifier} is still {transaction.state} after {timeout} s"
                + (f": {transaction.last_error}" if transaction.last_error else "")
            )
        time.sleep(poll_seconds)
