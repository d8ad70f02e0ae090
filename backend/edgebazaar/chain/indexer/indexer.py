"""The worker that turns the chain's events into rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from edgebazaar.chain.contracts import ContractSet
from edgebazaar.chain.indexer.blocks import (
    ChainMoved,
    read_block,
    read_hashes,
    read_head,
    read_range,
)
from edgebazaar.chain.indexer.cursor import (
    Cursor,
    forget_blocks,
    load_cursor,
    move_cursor,
    open_cursor,
    prune_undo,
    store_range,
    stored_hashes,
)
from edgebazaar.chain.indexer.events import IndexedEvent
from edgebazaar.chain.indexer.projection import ProjectionRegistry, ProjectionWriter
from edgebazaar.chain.indexer.rebuild import empty_projections
from edgebazaar.chain.indexer.undo import roll_back_rows
from edgebazaar.chain.rpc import RpcClient, RpcError
from edgebazaar.db.locks import LockHeld, process_lock
from edgebazaar.db.session import read_scope, session_scope
from edgebazaar.errors import EdgeBazaarError

log = structlog.get_logger(__name__)

LOCK_NAME = "indexer"
_FORK_SEARCH_BATCH = 64
_FIRST_RANGE = 256
_LONGEST_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class IndexerSettings:
    """How the indexer works.

    Attributes:
        poll_seconds: Pause between two looks at the head.
        undo_depth: Newest blocks that can be taken back row by row; a deeper reorganisation is
            answered by a rebuild. maximum_range: Most blocks in one transaction. start_block: First
            block to read; None: the one before the first contract.
    """

    poll_seconds: float = 0.1
    undo_depth: int = 64
    maximum_range: int = 2000
    start_block: int | None = None


@dataclass(frozen=True, slots=True)
class IndexerStatus:
    """How far the indexer is.

    Attributes:
        running: Whether its thread works.
        leading: Whether it holds the lock; another process may be the one that writes.
        head: Newest block of the chain it has seen.
        cursor: Block that the rows reflect.
        lag: Blocks between the two.
        reorganisations: How many there have been.
        last_error: What went wrong last, None after a round without error.
    """

    running: bool
    leading: bool
    head: int | None
    cursor: int | None
    lag: int | None
    reorganisations: int
    last_error: str | None


class Indexer:
    """Follows the chain and keeps blocks, events and all projections in step with it.

    Rows, undo log and cursor change in one transaction per range of blocks, so a reader always sees
    the state after some block. A reorganisation is found by parent hashes and taken back to the
    fork.

    Args:
        rpc: The chain.
        contracts: The contracts whose events are read.
        engine: The database.
        registry: The projections.
        settings: How it works.
        on_commit: Called with the events of a range after its commit.
        on_rollback: Called with the number of the last block that stayed, after a rollback's
            commit.
    """

    def __init__(
        self,
        rpc: RpcClient,
        contracts: ContractSet,
        engine: Engine,
        registry: ProjectionRegistry,
        settings: IndexerSettings | None = None,
        on_commit: Callable[[list[IndexedEvent]], None] | None = None,
        on_rollback: Callable[[int], None] | None = None,
    ) -> None:
        self._rpc = rpc
        self._contracts = contracts
        self._engine = engine
        self._registry = registry
        self._settings = settings or IndexerSettings()
        self._on_commit = on_commit
        self._on_rollback = on_rollback
        self._range = _FIRST_RANGE
        self._stop = threading.Event()
        self._moved = threading.Condition()
        self._thread: threading.Thread | None = None
        self._leading = False
        self._head: int | None = None
        self._cursor_number: int | None = None
        self._last_error: str | None = None

    def start(self) -> None:
        """Follow the chain in a thread until `stop`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self.run, name="indexer", daemon=True)
            self._thread.start()

    def stop(self, timeout: float = 30.0) -> None:
        """End the thread after the range it is in."""
        if self._thread is None:
            return
        self._stop.set()
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"the indexer did not stop within {timeout} s")
        self._thread = None
        self._stop.clear()

    def run(self) -> None:
        """Follow the chain until `stop`; waits while another process holds the lock."""
        while not self._stop.is_set():
            try:
                with process_lock(self._engine, LOCK_NAME):
                    self._leading = True
                    self._follow()
            except LockHeld:
                self._stop.wait(self._settings.poll_seconds * 5)
            finally:
                self._leading = False

    def sync(self) -> int:
        """Take everything up to the present head; returns the number of blocks taken."""
        taken = 0
        cursor = self._open()
        self._announce(cursor.number, [])
        while not self._stop.is_set():
            self._head = read_head(self._rpc)
            cursor = self._return_to_chain(cursor)
            if cursor.number >= self._head:
                break
            before = cursor.number
            cursor = self._take(cursor, min(self._head, cursor.number + self._range))
            taken += cursor.number - before
        return taken

    def rebuild(self) -> int:
        """Empty everything and read the chain from the start; returns the number of blocks taken.

        Raises:
            LockHeld: If an indexer is at work on this database.
        """
        with process_lock(self._engine, LOCK_NAME):
            cursor = self._open()
            self._reset(cursor, cursor.reorganisations)
            return self.sync()

    def wait_for_block(self, number: int, timeout: float) -> int:
        """Wait until this indexer has taken a block; returns the block it is at.

        Raises:
            TimeoutError: If it has not within `timeout` seconds.
        """
        with self._moved:
            reached = self._moved.wait_for(
                lambda: self._cursor_number is not None and self._cursor_number >= number, timeout
            )
            if not reached or self._cursor_number is None:
                raise TimeoutError(
                    f"the indexer is at block {self._cursor_number}, not {number}, "
                    f"after {timeout} s: {self._last_error or 'no error'}"
                )
            return self._cursor_number

    def status(self) -> IndexerStatus:
        """How far it is."""
        with read_scope(self._engine) as session:
            cursor = load_cursor(session)
        number = None if cursor is None else cursor.number
        lag = None if self._head is None or number is None else max(self._head - number, 0)
        return IndexerStatus(
            running=self._thread is not None and self._thread.is_alive(),
            leading=self._leading,
            head=self._head,
            cursor=number,
            lag=lag,
            reorganisations=0 if cursor is None else cursor.reorganisations,
            last_error=self._last_error,
        )

    def _follow(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self.sync()
                failures, self._last_error = 0, None
            except (EdgeBazaarError, SQLAlchemyError) as error:
                failures += 1
                self._last_error = str(error)
                log.warning("indexer round failed", error=str(error), failures=failures)
            except Exception as error:  # a thread that died would leave readers with old rows
                failures += 1
                self._last_error = repr(error)
                log.exception("indexer round failed", failures=failures)
            pause = self._settings.poll_seconds * 2 ** min(failures, 8)
            self._stop.wait(min(pause, _LONGEST_PAUSE_SECONDS))

    def _open(self) -> Cursor:
        start = self._settings.start_block
        if start is None:
            start = self._contracts.deployment.first_block
        with session_scope(self._engine) as session:
            return open_cursor(session, self._contracts, start)

    def _return_to_chain(self, cursor: Cursor) -> Cursor:
        """The cursor if its block is still on the chain, else one at the fork, rows rolled back to
        it.
        """
        if cursor.hash is None:
            return cursor
        block = read_block(self._rpc, cursor.number)
        if block is not None and block.hash == cursor.hash:
            return cursor
        fork = self._find_fork(cursor)
        if fork is None or fork[0] < cursor.undo_floor:
            log.warning("reorganisation beyond the undo log: rebuilding", cursor=cursor.number)
            return self._reset(cursor, cursor.reorganisations + 1)
        number, block_hash = fork
        log.info("reorganisation", cursor=cursor.number, fork=number)
        new = replace(
            cursor, number=number, hash=block_hash, reorganisations=cursor.reorganisations + 1
        )
        with session_scope(self._engine) as session:
            move_cursor(session, cursor, new)
            roll_back_rows(session, number, self._registry.tables)
            forget_blocks(session, number)
        self._announce_rollback(number)
        return new

    def _find_fork(self, cursor: Cursor) -> tuple[int, str] | None:
        """The newest stored block that is still on the chain; None if not even the first is."""
        last = cursor.number
        while last >= cursor.start_block:
            first = max(last - _FORK_SEARCH_BATCH + 1, cursor.start_block)
            with read_scope(self._engine) as session:
                stored = stored_hashes(session, first, last)
            on_chain = read_hashes(self._rpc, [number for number, _ in stored])
            for number, block_hash in stored:
                if on_chain[number] == block_hash:
                    return number, block_hash
            last = first - 1
        return None

    def _reset(self, cursor: Cursor, reorganisations: int) -> Cursor:
        """Empty blocks, events and projections, and begin again."""
        start = cursor.start_block - 1
        new = replace(
            cursor,
            number=start,
            hash=None,
            undo_floor=start,
            reorganisations=reorganisations,
        )
        with session_scope(self._engine) as session:
            move_cursor(session, cursor, new)
            empty_projections(session, self._registry.tables.values())
            forget_blocks(session, start)
        self._announce_rollback(start)
        return new

    def _take(self, cursor: Cursor, last: int) -> Cursor:
        """Read the blocks after the cursor and project them, in one transaction."""
        started = time.monotonic()
        try:
            taken = read_range(self._rpc, self._contracts, cursor.number + 1, last, cursor.hash)
        except ChainMoved:
            # The next round finds the fork. The pause keeps a flapping node from being hammered.
            self._stop.wait(self._settings.poll_seconds)
            return cursor
        except RpcError:
            if self._range == 1:
                raise
            # Nodes bound the answer of eth_getLogs, each in its own way.
            self._range = max(self._range // 2, 1)
            return cursor
        end = taken.blocks[-1]
        head = max(self._head or 0, end.number)
        # Images are needed only for blocks that may still be taken back, also during a long catch-
        # up.
        floor = min(max(cursor.undo_floor, head - self._settings.undo_depth), end.number)
        new = replace(cursor, number=end.number, hash=end.hash, undo_floor=floor)
        with session_scope(self._engine) as session:
            move_cursor(session, cursor, new)
            store_range(session, taken)
            writer = ProjectionWriter(session, self._registry.tables.values(), floor + 1)
            block = cursor.number
            for event in taken.events:
                if event.block_number != block:
                    block = event.block_number
                    writer.begin_block(block)
                self._registry.project(event, writer)
            writer.flush()
            prune_undo(session, floor)
        if time.monotonic() - started < 1.0:
            self._range = min(self._range * 2, self._settings.maximum_range)
        self._announce(new.number, taken.events)
        return new

    def _announce(self, number: int, events: list[IndexedEvent]) -> None:
        with self._moved:
            self._cursor_number = number
            self._moved.notify_all()
        if events and self._on_commit is not None:
            self._on_commit(events)

    def _announce_rollback(self, number: int) -> None:
        with self._moved:
            self._cursor_number = number
        if self._on_rollback is not None:
            self._on_rollback(number)
