"""One watched chain: its locks in a database of its own, and an outbox to act through."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from eth_account.signers.local import LocalAccount

from edgebazaar.chain.contracts import ContractCall, ContractSet, Deployment
from edgebazaar.chain.deploy import verify
from edgebazaar.chain.indexer import Indexer, IndexerSettings, ProjectionRegistry
from edgebazaar.chain.outbox import (
    DirectRequest,
    Relayer,
    RelayerSettings,
    Transaction,
    TransactionState,
    enqueue,
)
from edgebazaar.chain.rpc import RpcClient, from_quantity
from edgebazaar.db import create_database_engine, read_scope, session_scope, upgrade_database
from edgebazaar.exchange.engine.watching import ChainView, Duty, DutyKind, OpenLock, Reveal
from edgebazaar.exchange.service import terms_of
from edgebazaar.exchange.tables import register
from edgebazaar.exchange.watch.records import (
    attempt_key,
    attempt_label,
    attempts,
    chain_view,
    lock_row,
    open_locks,
    reveals,
)

CONTRACT = "HashedTimelock"
_OPEN = 1
_UNDO_DEPTH = 64
_FIRST_PAUSE = timedelta(seconds=2)
_LONGEST_PAUSE = timedelta(minutes=10)
_WITHOUT_EFFECT = {TransactionState.REFUSED, TransactionState.REVERTED, TransactionState.FAILED}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """How one chain is watched.

    Attributes:
        rpc_url: The chain.
        confirmations: Blocks, its own included, from which on a block counts as final.
        maximum_fee: Most wei that the gas of one transaction may cost.
        poll_seconds: Pause between two looks at the chain.
    """

    rpc_url: str
    confirmations: int
    maximum_fee: int
    poll_seconds: float = 1.0


def database_path(directory: Path, chain_id: int) -> Path:
    """Where the watchtower's database of a chain lies."""
    return directory / f"{chain_id}.db"


class WatchedChain:
    """Follows the locks of one chain, and claims and refunds them.

    Every act is a row of the outbox before it is sent, so it survives a kill at any point; a second
    request of the same act is the same row.

    Args:
        settings: How it is watched.
        manifests: Folder of deployment manifests.
        directory: Folder of the watchtower's databases.
        account: Pays for claims and refunds; receives nothing.
        parties: Lower-case addresses whose locks are watched; empty: all.
        checkpoint: Called with the name of each step of a submission, so that tests can die there.

    Raises:
        ConfigurationError: If there is no manifest for the chain.
        DeploymentMismatch: If the manifest is not of this chain or of other contracts.
        RpcUnavailable: If the chain does not answer.
    """

    def __init__(
        self,
        settings: ChainSettings,
        manifests: Path,
        directory: Path,
        account: LocalAccount,
        parties: frozenset[str] = frozenset(),
        checkpoint: Callable[[str], None] | None = None,
    ) -> None:
        self.settings = settings
        self._account = account
        self._parties = parties
        with ExitStack() as stack:
            self._rpc = stack.enter_context(RpcClient(settings.rpc_url))
            self.chain_id = from_quantity(self._rpc.call("eth_chainId"))
            deployment = Deployment.load(Deployment.path(manifests, self.chain_id))
            verify(self._rpc, deployment)
            stack.pop_all()
        # Nothing but locks is read, so that a watchtower keeps up with a busy market.
        only = {CONTRACT: deployment.contracts[CONTRACT]}
        self.contracts = ContractSet(replace(deployment, contracts=only))
        self.engine = create_database_engine(f"sqlite:///{database_path(directory, self.chain_id)}")
        upgrade_database(self.engine)
        registry = ProjectionRegistry()
        register(registry)
        self.indexer = Indexer(
            self._rpc,
            self.contracts,
            self.engine,
            registry,
            IndexerSettings(
                poll_seconds=settings.poll_seconds,
                undo_depth=max(_UNDO_DEPTH, 2 * settings.confirmations),
            ),
        )
        self.relayer = Relayer(
            self.engine,
            self._rpc,
            self.contracts,
            [account],
            RelayerSettings(
                confirmations=settings.confirmations,
                poll_seconds=settings.poll_seconds,
                maximum_fee=settings.maximum_fee,
            ),
            checkpoint,
            self._tell,
        )

    def start(self) -> None:
        """Follow and send in threads until `stop`."""
        self.indexer.start()
        self.relayer.start()

    def stop(self) -> None:
        """End the threads after the step they are in, and close everything."""
        self.indexer.stop()
        self.relayer.stop()
        self.engine.dispose()
        self._rpc.close()

    def locks(self) -> tuple[ChainView, list[OpenLock]]:
        """How far the chain was followed, and the open locks there."""
        with read_scope(self.engine) as session:
            view = chain_view(session, self.chain_id, self.settings.confirmations)
            return view, open_locks(session, self.chain_id, self._parties)

    def reveals(self, hashlocks: set[bytes]) -> list[Reveal]:
        """Preimages of these hashlocks that claims on this chain made public."""
        with read_scope(self.engine) as session:
            return reveals(session, self.chain_id, hashlocks)

    def attend(self, duty: Duty) -> Transaction | None:
        """Put a claim or refund into the outbox, unless that is under way or has no point now.

        Returns:
            The row of the outbox that stands for it, new or under way; None if there is none.

        Raises:
            RpcUnavailable: If the chain does not answer.
        """
        lock_id = duty.lock.lock_id
        with read_scope(self.engine) as session:
            tried = attempts(session, self._account.address, duty.kind, lock_id)
            terms = terms_of(lock_row(session, lock_id))
        if tried and not tried[-1].terminal:
            return tried[-1]
        if tried and not _may_try_again(tried):
            return None
        # The newest state: others may have acted since the block that the database reflects.
        state = self.contracts.read(self._rpc, ContractCall(CONTRACT, "stateOf", (lock_id,)))
        if state != _OPEN:
            return None
        arguments = (terms,) if duty.kind is DutyKind.REFUND else (terms, duty.preimage)
        call = ContractCall(CONTRACT, str(duty.kind), arguments)
        request = DirectRequest(
            chain_id=self.chain_id,
            signer=self._account.address,
            to=self.contracts.address(CONTRACT),
            data=self.contracts.encode(call),
            idempotency_key=attempt_key(duty.kind, lock_id, len(tried)),
            label=attempt_label(duty.kind, lock_id),
        )
        with session_scope(self.engine) as session:
            row = enqueue(session, request)
        self.relayer.wake()
        return row

    def balance(self) -> int:
        """Wei that the account has for fees."""
        return from_quantity(self._rpc.call("eth_getBalance", [self._account.address, "latest"]))

    def problem(self) -> str | None:
        """What went wrong last in following the chain or sending to it; None if nothing did."""
        return self.indexer.status().last_error or self.relayer.status().last_error

    def _tell(self, rows: list[Transaction]) -> None:
        for row in rows:
            if row.state is TransactionState.ACCEPTED:
                continue
            write = _log.error if row.state in _WITHOUT_EFFECT else _log.info
            write(
                "transaction",
                chain=self.chain_id,
                act=row.label,
                state=str(row.state),
                hash=row.hash,
                block=row.block_number,
                gas_used=row.gas_used,
                reason=row.last_error,
            )


def _may_try_again(tried: list[Transaction]) -> bool:
    """Whether the last attempt ended without effect, and long enough ago.

    A confirmed one counts as well: the lock is open after it only if a reorganisation deeper than
    the outbox looks took it away.
    """
    last = tried[-1]
    if last.state is TransactionState.CONFIRMED or last.settled_at is None:
        return True
    pause = min(_FIRST_PAUSE * 2 ** min(len(tried) - 1, 16), _LONGEST_PAUSE)
    return bool(datetime.now(UTC) - last.settled_at >= pause)
