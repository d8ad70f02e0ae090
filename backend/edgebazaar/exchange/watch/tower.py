"""The watchtower over its chains: sees what is due, has it done in time, and says what is wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from edgebazaar.chain.outbox import Transaction
from edgebazaar.errors import ConfigurationError, EdgeBazaarError
from edgebazaar.exchange.engine.watching import ChainView, Duty, DutyKind, duties
from edgebazaar.exchange.watch.chain import WatchedChain

_log = structlog.get_logger(__name__)


class Watchtower:
    """Claims where a secret is out and final, refunds where a timelock has passed.

    Args:
        chains: One chain or several; a secret revealed on any of them claims locks on all.
        summary_seconds: Pause between two summaries in the log.

    Raises:
        ConfigurationError: If two of the chains have the same id.
    """

    def __init__(self, chains: Sequence[WatchedChain], *, summary_seconds: float = 60.0) -> None:
        self._chains = {chain.chain_id: chain for chain in chains}
        if len(self._chains) < len(chains):
            raise ConfigurationError(
                "two of the chains have the same id",
                mend="Give every chain once; each needs a chain id of its own",
                field="--rpc-url",
            )
        self._poll_seconds = min(chain.settings.poll_seconds for chain in chains)
        self._summary_seconds = summary_seconds
        self._next_summary = 0.0
        self._told: set[tuple[str, str]] = set()

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop` is set."""
        try:
            for chain in self._chains.values():
                chain.start()
            while not stop.is_set():
                try:
                    self.step()
                except Exception:  # whatever one look met must not end the watch
                    _log.exception("round failed")
                stop.wait(self._poll_seconds)
        finally:
            for chain in self._chains.values():
                try:
                    chain.stop()
                except TimeoutError as error:  # a chain that hangs; its thread ends with us
                    _log.warning("stopped in the middle", chain=chain.chain_id, error=str(error))

    def step(self) -> list[Duty]:
        """One look at what the databases say, and the acts that follow; what was due."""
        views: dict[int, ChainView] = {}
        locks = []
        for chain in self._chains.values():
            view, found = chain.locks()
            views[chain.chain_id] = view
            locks += found
        hashlocks = {lock.hashlock for lock in locks}
        known = [one for chain in self._chains.values() for one in chain.reveals(hashlocks)]
        due = duties(views, locks, known)
        for duty in due:
            self._attend(duty)
        self._summarise(views, len(locks), due)
        return due

    def _attend(self, duty: Duty) -> None:
        self._warn(duty)
        if duty.kind is DutyKind.AWAIT:
            return
        try:
            row = self._chains[duty.lock.chain_id].attend(duty)
        except (EdgeBazaarError, SQLAlchemyError) as error:
            _log.warning("cannot act now", error=str(error), **_names(duty))
            return
        if row is not None:
            self._note(duty, row)

    def _note(self, duty: Duty, row: Transaction) -> None:
        if self._first_time("act", str(row.id)):
            _log.info("acting", attempt=str(row.id), **_names(duty))
        if row.last_error and self._first_time("held up", f"{row.id} {row.last_error}"):
            _log.warning("held up", reason=row.last_error, **_names(duty))

    def _warn(self, duty: Duty) -> None:
        lock = duty.lock.lock_id
        if duty.is_late and self._first_time("late", lock):
            _log.warning("half of the time to claim is over", **_names(duty))
        if duty.is_missed and self._first_time("missed", lock):
            _log.error("the secret was out, and nobody claimed in time", **_names(duty))

    def _summarise(self, views: dict[int, ChainView], open_locks: int, due: list[Duty]) -> None:
        if time.monotonic() < self._next_summary:
            return
        self._next_summary = time.monotonic() + self._summary_seconds
        _log.info(
            "watching",
            blocks={str(view.chain_id): view.head for view in views.values()},
            open_locks=open_locks,
            **{str(kind): sum(duty.kind is kind for duty in due) for kind in DutyKind},
            problems={
                str(chain.chain_id): problem
                for chain in self._chains.values()
                if (problem := chain.problem())
            },
        )

    def _first_time(self, what: str, about: str) -> bool:
        if (what, about) in self._told:
            return False
        self._told.add((what, about))
        return True


def _names(duty: Duty) -> dict[str, object]:
    return {
        "act": str(duty.kind),
        "chain": duty.lock.chain_id,
        "lock": duty.lock.lock_id,
        "timelock": duty.lock.timelock,
    }
