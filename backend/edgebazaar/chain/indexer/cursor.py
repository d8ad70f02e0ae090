"""How far the indexer is, kept in the same transactions as the rows it writes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, delete, insert, select, update
from sqlalchemy.orm import Session

from edgebazaar.chain.contracts import ContractSet
from edgebazaar.chain.indexer.blocks import BlockRange
from edgebazaar.chain.indexer.events import event_key, jsonable
from edgebazaar.chain.indexer.tables import (
    chain_block,
    chain_event,
    indexer_cursor,
    projection_undo,
)
from edgebazaar.db.session import read_scope
from edgebazaar.errors import Conflict


class CursorMoved(Conflict):
    """Somebody else has moved the cursor; two indexers work on one database."""

    code = "indexer-conflict"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last block that the rows reflect.

    Attributes:
        start_block: First block that is read.
        number: Last block taken, `start_block - 1` before the first.
        hash: Its hash, None before the first.
        undo_floor: Only blocks above this one can be taken back row by row.
        reorganisations: How many there have been.
    """

    start_block: int
    number: int
    hash: str | None
    undo_floor: int
    reorganisations: int


def deployment_identity(contracts: ContractSet) -> bytes:
    """32 bytes that tell which contracts a database follows."""
    listed = "\n".join(sorted(address.lower() for address in contracts.addresses()))
    return hashlib.sha256(f"{contracts.chain_id}\n{listed}".encode()).digest()


def load_cursor(session: Session, *, lock: bool = False) -> Cursor | None:
    """The cursor, None in a new database."""
    statement = select(indexer_cursor)
    row = session.execute(statement.with_for_update() if lock else statement).mappings().first()
    if row is None:
        return None
    return Cursor(
        start_block=row["start_block"],
        number=row["number"],
        hash=row["hash"],
        undo_floor=row["undo_floor"],
        reorganisations=row["reorganisations"],
    )


def open_cursor(session: Session, contracts: ContractSet, start_block: int) -> Cursor:
    """The cursor, made where there is none.

    Raises:
        Conflict: If the database follows other contracts.
    """
    identity = deployment_identity(contracts)
    existing = load_cursor(session)
    if existing is None:
        session.execute(
            insert(indexer_cursor).values(
                id=1,
                chain_id=contracts.chain_id,
                deployment=identity,
                start_block=start_block,
                number=start_block - 1,
                hash=None,
                undo_floor=start_block - 1,
                reorganisations=0,
            )
        )
        return Cursor(start_block, start_block - 1, None, start_block - 1, 0)
    followed = session.execute(select(indexer_cursor.c.deployment)).scalar_one()
    if followed != "0x" + identity.hex():
        raise Conflict(
            "this database follows the contracts of another deployment",
            mend="Use a new database for this deployment, or correct EDGEBAZAAR_DATABASE_URL",
            field="database_url",
        )
    return existing


def move_cursor(session: Session, expected: Cursor, new: Cursor) -> None:
    """Move the cursor, if it is still where this indexer left it.

    Raises:
        CursorMoved: If it is not.
    """
    present = load_cursor(session, lock=True)
    if present != expected:
        raise CursorMoved(
            "another indexer has written to this database", mend="Run only one per database"
        )
    session.execute(
        update(indexer_cursor).values(
            number=new.number,
            hash=new.hash,
            undo_floor=new.undo_floor,
            reorganisations=new.reorganisations,
        )
    )


def store_range(session: Session, taken: BlockRange) -> None:
    """Write blocks and events."""
    connection = session.connection()
    connection.execute(
        insert(chain_block),
        [
            {
                "number": block.number,
                "hash": block.hash,
                "parent_hash": block.parent_hash,
                "timestamp": block.timestamp,
            }
            for block in taken.blocks
        ],
    )
    if taken.events:
        connection.execute(
            insert(chain_event),
            [
                {
                    "block_number": event.block_number,
                    "log_index": event.log_index,
                    "key": event_key(event.block_number, event.log_index),
                    "block_hash": event.block_hash,
                    "block_timestamp": event.block_timestamp,
                    "transaction_hash": event.transaction_hash,
                    "address": event.address,
                    "contract": event.contract,
                    "event": event.event,
                    "arguments": jsonable(event.arguments),
                }
                for event in taken.events
            ],
        )


def forget_blocks(session: Session, above: int) -> None:
    """Delete blocks and events above a number."""
    session.execute(delete(chain_event).where(chain_event.c.block_number > above))
    session.execute(delete(chain_block).where(chain_block.c.number > above))


def prune_undo(session: Session, up_to: int) -> None:
    """Delete the before-images of blocks that will not be taken back any more."""
    session.execute(delete(projection_undo).where(projection_undo.c.block_number <= up_to))


def stored_hashes(session: Session, first: int, last: int) -> Sequence[tuple[int, str]]:
    """Numbers and hashes of stored blocks in a range, newest first."""
    statement = (
        select(chain_block.c.number, chain_block.c.hash)
        .where(chain_block.c.number.between(first, last))
        .order_by(chain_block.c.number.desc())
    )
    return [(number, block_hash) for number, block_hash in session.execute(statement)]


def wait_for_indexed_block(
    engine: Engine, number: int, timeout: float, poll_seconds: float = 0.05
) -> int:
    """Wait until the rows reflect a block, whichever process indexes; returns the block they are
    at.

    Raises:
        TimeoutError: If they do not within `timeout` seconds.
    """
    end = time.monotonic() + timeout
    while True:
        with read_scope(engine) as session:
            cursor = load_cursor(session)
        if cursor is not None and cursor.number >= number:
            return cursor.number
        if time.monotonic() > end:
            at = "nothing" if cursor is None else f"block {cursor.number}"
            raise TimeoutError(f"the indexer has reached {at}, not {number}, after {timeout} s")
        time.sleep(poll_seconds)
