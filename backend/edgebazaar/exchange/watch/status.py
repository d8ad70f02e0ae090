"""What a watchtower knows and did, read from its folder; it need not be running."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from edgebazaar.chain.manifest import write_durably
from edgebazaar.db import create_database_engine, read_scope
from edgebazaar.db.locks import LockHeld, process_lock
from edgebazaar.errors import ConfigurationError
from edgebazaar.exchange.engine.watching import ChainView, Duty, OpenLock, Reveal, duties
from edgebazaar.exchange.watch.chain import database_path
from edgebazaar.exchange.watch.records import (
    chain_view,
    count_locks,
    open_locks,
    reveals,
    sent_transactions,
)

LOCK_NAME = "watch"


@dataclass(frozen=True, slots=True)
class Memory:
    """What the last watchtower of a folder was told, kept beside its databases.

    Attributes:
        confirmations: Blocks that count as final, by chain id, in the order given.
        parties: Lower-case addresses whose locks are watched; empty: all.
    """

    confirmations: Mapping[int, int]
    parties: frozenset[str]

    def save(self, directory: Path) -> None:
        """Write it, replacing what was there."""
        document = {
            "confirmations": {str(chain): depth for chain, depth in self.confirmations.items()},
            "parties": sorted(self.parties),
        }
        write_durably(_memory_path(directory), json.dumps(document, indent=2).encode() + b"\n")

    @classmethod
    def load(cls, directory: Path) -> Memory:
        """Read it.

        Raises:
            ConfigurationError: If no watchtower ever ran in this folder.
        """
        path = _memory_path(directory)
        try:
            document = json.loads(path.read_text("utf-8"))
            depths = {int(chain): int(depth) for chain, depth in document["confirmations"].items()}
            return cls(depths, frozenset(document["parties"]))
        except FileNotFoundError:
            raise ConfigurationError(
                f"no watchtower ever ran in {directory}",
                mend="Start one with 'edgebazaar watch', or name its folder",
                field="--directory",
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"{path} cannot be read ({error})", mend="Remove it and start the watchtower again"
            ) from error


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """One chain of a watchtower.

    Attributes:
        chain_id: Which.
        block: Newest block taken, -1 before the first.
        age_seconds: Seconds since that block's time.
        locks: Number of locks by state.
        sent: Number of the watchtower's claims and refunds by state.
        gas_used: Gas of those that are in a block.
    """

    chain_id: int
    block: int
    age_seconds: int
    locks: Mapping[str, int]
    sent: Mapping[str, int]
    gas_used: int


@dataclass(frozen=True, slots=True)
class TowerStatus:
    """A watchtower.

    Attributes:
        running: Whether a process works in the folder.
        chains: Its chains, in the order given.
        due: What is to be done or waited for, most urgent first.
    """

    running: bool
    chains: tuple[ChainStatus, ...]
    due: tuple[Duty, ...]

    @property
    def is_late(self) -> bool:
        """Whether half of the time to claim some lock is over."""
        return any(duty.is_late for duty in self.due)

    def as_document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "running": self.running,
            "late": self.is_late,
            "chains": [
                {
                    "chain_id": chain.chain_id,
                    "block": chain.block,
                    "age_seconds": chain.age_seconds,
                    "locks": dict(chain.locks),
                    "sent": dict(chain.sent),
                    "gas_used": chain.gas_used,
                }
                for chain in self.chains
            ],
            "due": [
                {
                    "act": str(duty.kind),
                    "chain_id": duty.lock.chain_id,
                    "lock_id": duty.lock.lock_id,
                    "timelock": duty.lock.timelock,
                    "late": duty.is_late,
                    "missed": duty.is_missed,
                }
                for duty in self.due
            ],
        }


def read_status(directory: Path) -> TowerStatus:
    """The state of the watchtower of a folder.

    Raises:
        ConfigurationError: If none ever ran there.
    """
    memory = Memory.load(directory)
    chains: list[ChainStatus] = []
    views: dict[int, ChainView] = {}
    locks: list[OpenLock] = []
    known: list[Reveal] = []
    with open_databases(directory, memory) as engines:
        for chain_id, engine in engines.items():
            with read_scope(engine) as session:
                view = chain_view(session, chain_id, memory.confirmations[chain_id])
                views[chain_id] = view
                locks += open_locks(session, chain_id, memory.parties)
                sent = sent_transactions(session)
                chains.append(
                    ChainStatus(
                        chain_id=chain_id,
                        block=view.head,
                        age_seconds=max(int(time.time()) - view.timestamp, 0),
                        locks=count_locks(session),
                        sent=Counter(str(row.state) for row in sent),
                        gas_used=sum(row.gas_used or 0 for row in sent),
                    )
                )
        hashlocks = {lock.hashlock for lock in locks}
        for chain_id, engine in engines.items():
            with read_scope(engine) as session:
                known += reveals(session, chain_id, hashlocks)
        running = _is_running(next(iter(engines.values())))
    return TowerStatus(running, tuple(chains), tuple(duties(views, locks, known)))


@contextmanager
def open_databases(directory: Path, memory: Memory) -> Iterator[dict[int, Engine]]:
    """The databases of a watchtower by chain id, in the order of its chains."""
    engines = {
        chain_id: create_database_engine(f"sqlite:///{database_path(directory, chain_id)}")
        for chain_id in memory.confirmations
    }
    try:
        yield engines
    finally:
        for engine in engines.values():
            engine.dispose()


def _is_running(engine: Engine) -> bool:
    try:
        with process_lock(engine, LOCK_NAME):
            return False
    except LockHeld:
        return True


def _memory_path(directory: Path) -> Path:
    return directory / "watch.json"
