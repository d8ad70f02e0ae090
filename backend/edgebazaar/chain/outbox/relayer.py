"""The worker that carries the outbox to the chain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from eth_account.signers.local import LocalAccount
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from edgebazaar.chain.contracts import ContractSet
from edgebazaar.chain.outbox.broadcast import Broadcaster
from edgebazaar.chain.outbox.check import CheckedCall, check_direct, check_relayed
from edgebazaar.chain.outbox.context import (
    Head,
    OutboxContext,
    RelayerSettings,
    exceeds_fee_limit,
    fee_fields,
    read_head,
)
from edgebazaar.chain.outbox.reconcile import Reconciler
from edgebazaar.chain.outbox.reserve import read_nonces, reserve
from edgebazaar.chain.outbox.second_look import SecondLook
from edgebazaar.chain.outbox.states import Transaction
from edgebazaar.chain.outbox.store import (
    apply_moves,
    count_in_flight,
    select_accepted_direct,
    select_next_relayed,
    select_transactions,
)
from edgebazaar.chain.outbox.tables import chain_transaction
from edgebazaar.chain.rpc import RpcClient, from_quantity
from edgebazaar.db.locks import LockHeld, process_lock
from edgebazaar.db.session import read_scope, session_scope
from edgebazaar.errors import ConfigurationError, EdgeBazaarError

log = structlog.get_logger(__name__)

_LONGEST_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class RelayerStatus:
    """How the relayer is doing.

    Attributes:
        running: Whether its thread works.
        leading: Whether it holds the lock; another process may be the one that sends.
        head: Newest block it has seen.
        counts: Number of transactions by state.
        last_error: What went wrong last, None after a round without error.
    """

    running: bool
    leading: bool
    head: int | None
    counts: dict[str, int]
    last_error: str | None


class Relayer:
    """Takes accepted requests to the chain and follows them to their outcome.

    Any number of processes may run one; a lock in the database lets one of them work at a time. It
    may be killed at any instant.

    Args:
        engine: The database.
        rpc: The chain.
        contracts: The deployed contracts; TrustedForwarder among them where requests are relayed.
        signers: Accounts whose keys this process holds. The first pays for relayed requests.
        settings: How it works.
        checkpoint: Called with the name of each step done, so that tests can die there.
        on_change: Called with rows that have moved, after the commit.
    """

    def __init__(
        self,
        engine: Engine,
        rpc: RpcClient,
        contracts: ContractSet,
        signers: Sequence[LocalAccount],
        settings: RelayerSettings | None = None,
        checkpoint: Callable[[str], None] | None = None,
        on_change: Callable[[list[Transaction]], None] | None = None,
    ) -> None:
        if not signers:
            raise ConfigurationError("the relayer has no key to pay with", field="signers")
        self._context = OutboxContext(
            engine=engine,
            rpc=rpc,
            contracts=contracts,
            signers={account.address.lower(): account for account in signers},
            payer=signers[0].address.lower(),
            settings=settings or RelayerSettings(),
            checkpoint=checkpoint or (lambda _step: None),
        )
        self._on_change = on_change
        self._reconciler = Reconciler(self._context)
        self._broadcaster = Broadcaster(self._context)
        self._second_look = SecondLook()
        self._chain_checked = False
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._leading = False
        self._head: Head | None = None
        self._last_error: str | None = None

    def start(self) -> None:
        """Work in a thread until `stop`."""
        if self._thread is not None:
            return
        self._stop.clear()
        self._thread = threading.Thread(target=self.run, name="relayer", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look at the outbox now instead of after the pause."""
        self._wake.set()

    def stop(self, timeout: float = 30.0) -> None:
        """End the thread after the step it is in."""
        if self._thread is None:
            return
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError(f"the relayer did not stop within {timeout} s")
        self._thread = None

    def run(self) -> None:
        """Work until `stop`; waits while another process holds the lock."""
        while not self._stop.is_set():
            try:
                with process_lock(self._context.engine, f"relayer-{self._context.chain_id}"):
                    self._leading = True
                    self._work()
            except LockHeld:
                self._pause(self._context.settings.poll_seconds * 5)
            finally:
                self._leading = False

    def run_once(self) -> int:
        """One round: reconcile with the chain, sign what may be sent, send. Returns how many rows
        it dealt with.
        """
        context = self._context
        self._check_chain()
        head = self._head = read_head(context.rpc)
        fees = fee_fields(context.rpc, head)
        touched = self._reconciler.reconcile(head, fees)
        touched += self._take_up(head, fees)
        touched += self._broadcaster.send_due(fees)
        if touched and self._on_change is not None:
            with read_scope(context.engine) as session:
                rows = select_transactions(session, sorted(set(touched)))
            self._on_change(rows)
        return len(touched)

    def status(self) -> RelayerStatus:
        """How it is doing."""
        row = chain_transaction.c
        statement = (
            select(row.state, func.count())
            .where(row.chain_id == self._context.chain_id)
            .group_by(row.state)
        )
        with read_scope(self._context.engine) as session:
            counts = {state: number for state, number in session.execute(statement)}
        return RelayerStatus(
            running=self._thread is not None and self._thread.is_alive(),
            leading=self._leading,
            head=None if self._head is None else self._head.number,
            counts=counts,
            last_error=self._last_error,
        )

    def _work(self) -> None:
        settings = self._context.settings
        failures = 0
        while not self._stop.is_set():
            try:
                touched = self.run_once()
                failures, self._last_error = 0, None
            except (EdgeBazaarError, SQLAlchemyError) as error:
                failures += 1
                touched = 0
                self._last_error = str(error)
                log.warning("relayer round failed", error=str(error), failures=failures)
            except Exception as error:  # a thread that died would leave requests without an outcome
                failures += 1
                touched = 0
                self._last_error = repr(error)
                log.exception("relayer round failed", failures=failures)
            if not touched:
                self._pause(
                    min(settings.poll_seconds * 2 ** min(failures, 8), _LONGEST_PAUSE_SECONDS)
                )

    def _pause(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _check_chain(self) -> None:
        if not self._chain_checked:
            chain_id = from_quantity(self._context.rpc.call("eth_chainId"))
            if chain_id != self._context.chain_id:
                raise ConfigurationError(
                    f"the node is of chain {chain_id}, the contracts of {self._context.chain_id}",
                    mend="Correct EDGEBAZAAR_RPC_URL or the deployment",
                )
            self._chain_checked = True

    def _take_up(self, head: Head, fees: dict[str, object]) -> list[int]:
        """Check accepted requests; sign those that pass, end those that cannot."""
        context = self._context
        with read_scope(context.engine) as session:
            room = context.settings.maximum_in_flight - count_in_flight(session, context.chain_id)
            limit = min(room, context.settings.batch_size)
            if limit <= 0:
                return []
            relayed = select_next_relayed(session, context.chain_id, limit)
            direct = select_accepted_direct(session, context.chain_id, context.signers, limit)
        if not relayed and not direct:
            return []
        verdicts = check_relayed(context, head, relayed)
        for_direct = check_direct(context, head, direct)
        moves = self._second_look.standing(
            head.number,
            [row.sequence for row in (*relayed, *direct)],
            verdicts.moves + for_direct.moves,
        )
        with session_scope(context.engine) as session:
            apply_moves(session, moves)
        context.checkpoint("checked")
        calls = self._within_fee_limit(verdicts.calls + for_direct.calls, fees)
        nonces = read_nonces(context, sorted({call.signer for call in calls}), "pending")
        ended = [sequence for sequence, _, values in moves if "state" in values]
        return ended + reserve(context, calls, fees, nonces)

    def _within_fee_limit(
        self, calls: list[CheckedCall], fees: dict[str, object]
    ) -> list[CheckedCall]:
        """The calls that may be signed at these fees; the others are marked and wait."""
        settings = self._context.settings
        dear = [call for call in calls if exceeds_fee_limit(settings, call.gas, fees)]
        if dear:
            note = {"last_error": f"may cost more than {settings.maximum_fee} wei at present"}
            rows = [call.transaction for call in dear]
            with session_scope(self._context.engine) as session:
                apply_moves(session, [(row.sequence, row.state, note) for row in rows])
        return [call for call in calls if call not in dear]
