"""Epochs: what stands, what follows from it, and the calls that publish and dispute them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.clock import indexed_head
from edgebazaar.chain.contracts import ContractCall
from edgebazaar.chain.manifest import Deployment
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.db.rows import one_row
from edgebazaar.errors import Conflict, InvalidInput, NotFound
from edgebazaar.reputation.engine.epochs import (
    NOBODY,
    EpochLeaf,
    EpochRecord,
    EpochTree,
    root_of_path,
)
from edgebazaar.reputation.engine.fixed_point import FixedWeights
from edgebazaar.reputation.engine.ledger import InteractionBook
from edgebazaar.reputation.epochs.tables import epoch_demand, reputation_epoch
from edgebazaar.reputation.tables import interaction
from edgebazaar.values import to_hex

Row = Mapping[str, Any]
FEE_DIVISOR = 100


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """The end of the chain of epochs.

    Attributes:
        window: Index of the present window.
        last: The last epoch that stands.
        before: The one before it, its bond moved on; None if `last` is the first of all.
    """

    window: int
    last: EpochRecord
    before: EpochRecord | None

    @property
    def final(self) -> EpochRecord:
        """The latest final epoch."""
        return self.before if self.before and self.last.window >= self.window else self.last

    @property
    def pending(self) -> EpochRecord | None:
        """The epoch after it, None if there is none."""
        return None if self.final is self.last else self.last


@dataclass(frozen=True, slots=True)
class Expectations:
    """What the latest final epoch makes a rater expect of candidates, with the evidence.

    Attributes:
        window: Of the epoch.
        values: One for each candidate, 1e18 fixed point.
        evidence: The Evidence of a contract call.
    """

    window: int
    values: tuple[int, ...]
    evidence: dict[str, Any]


NO_EXPECTATIONS = Expectations(
    0,
    (),
    {
        "epoch": EpochRecord.first().struct,
        "pending": EpochRecord.first().struct,
        "openings": [],
    },
)
"""For a selection that does not go by reputation."""


@dataclass(frozen=True, slots=True)
class EpochState:
    """An epoch with what the records say about it.

    Attributes:
        row: The publication.
        state: `pending`, `final` or `voided`.
        right_root: The root that follows from the records.
        leaves: How many leaves do.
    """

    row: Row
    state: str
    right_root: bytes
    leaves: int

    @property
    def is_right(self) -> bool:
        """Whether the published root is the one that follows from the records."""
        published = (self.row["root"], self.row["leaves"])
        return bool(published == (to_hex(self.right_root), self.leaves))


class EpochService:
    """Use cases of reputation epochs; nothing here touches the chain.

    Args:
        engine: Database engine.
        deployment: Whose ledger's weights and window length hold.
    """

    def __init__(self, engine: Engine, deployment: Deployment) -> None:
        self._engine = engine
        profile = deployment.profile
        weights: Mapping[str, Any] = profile["weights"]
        self._weights = FixedWeights(**{name: int(value) for name, value in weights.items()})
        self._window_seconds = int(profile["window_seconds"])
        self._answer_seconds = int(profile["epoch_answer_seconds"])
        self._bond = int(profile["epoch_bond"])

    # Reads

    def epochs(self, limit: int = 50, after: str | None = None) -> RowPage:
        """Publications, newest first, each with its `state`.

        Raises:
            InvalidInput: For a malformed cursor.
        """
        with read_scope(self._engine) as session:
            page = row_page(
                session,
                select(reputation_epoch),
                [reputation_epoch.c.window],
                limit=limit,
                after=after,
            )
            present = self._present(session)
        return RowPage([{**row, "state": _state(row, present)} for row in page.rows], page.next)

    def epoch(self, window: int) -> EpochState:
        """One publication, compared with the records.

        Raises:
            NotFound: If none was published for the window.
        """
        with read_scope(self._engine) as session:
            row = _published(session, window)
            tree = self._tree(session, window)
            return EpochState(row, _state(row, self._present(session)), tree.root, len(tree.leaves))

    def tree(self, window: int) -> EpochTree:
        """The reputations at the beginning of a window that has begun.

        Raises:
            InvalidInput: If the window is not within what is indexed.
        """
        with read_scope(self._engine) as session:
            present = self._present(session)
            if not 0 <= window <= present:
                raise InvalidInput(
                    "window", f"{window} has not begun", f"Give 0 to the present one, {present}"
                )
            return self._tree(session, window)

    def place(self, tree: EpochTree, rater: str, subject: str) -> int:
        """Place of a pair's leaf; `nobody` stands for those without experience.

        Raises:
            InvalidInput: If an address is malformed.
            NotFound: If the pair had no interaction.
        """
        judge = NOBODY if rater == "nobody" else checksum_address(rater, "rater")
        place = tree.place_of(judge, checksum_address(subject, "subject"))
        if place is None:
            raise NotFound("leaf", f"{rater} on {subject} at window {tree.window}")
        return place

    def demands(self, window: int) -> list[Row]:
        """Demands for leaves of a window's epochs, oldest first."""
        statement = (
            select(epoch_demand)
            .where(epoch_demand.c.window == window)
            .order_by(epoch_demand.c.block_number, epoch_demand.c.log_index)
        )
        with read_scope(self._engine) as session:
            return [dict(row) for row in session.execute(statement).mappings()]

    def expectations(self, rater: str, candidates: Sequence[str]) -> Expectations:
        """What a rater expects of candidates by the latest final epoch, with the evidence.

        Raises:
            Conflict: If that epoch is not the one that follows from the records.
        """
        with read_scope(self._engine) as session:
            end = self._end(session)
            tree = self._tree(session, end.final.window)
        if (end.final.root, end.final.leaves) != (tree.root, len(tree.leaves)):
            raise Conflict(
                f"the epoch of window {end.final.window} does not follow from the records, and "
                "nobody proved it wrong in time",
                mend="Wait for the next epoch, or post the task with the policy uniform or direct.",
            )
        return Expectations(
            end.final.window,
            tuple(tree.expectation(rater, candidate) for candidate in candidates),
            {
                "epoch": end.final.struct,
                "pending": (end.pending or EpochRecord.first()).struct,
                "openings": [tree.opening(rater, candidate) for candidate in candidates],
            },
        )

    # Calls

    def publish(self, publisher: str) -> ContractCall:
        """An operator's call that publishes the present window's epoch.

        Raises:
            Conflict: If it is published already, or too late in the window.
        """
        with read_scope(self._engine) as session:
            end = self._end(session)
            now = indexed_head(session).timestamp
            tree = self._tree(session, end.window)
        if end.last.window >= end.window:
            raise Conflict(
                f"the epoch of window {end.window} is published", mend="Wait for the next window."
            )
        until = end.window * self._window_seconds + self._window_seconds // 2
        if now >= until:
            raise Conflict(
                f"the first half of window {end.window} is over",
                mend=f"Wait for the next window, which begins in "
                f"{(end.window + 1) * self._window_seconds - now} seconds.",
            )
        moves_on = end.last.publisher.lower() == publisher.lower()
        arguments = (end.last.struct, end.window, tree.root, len(tree.leaves))
        value = self._bond - end.last.bond if moves_on else self._bond
        return ContractCall("ReputationEpochs", "publish", arguments, value)

    def withdraw_bond(self, window: int) -> ContractCall:
        """Anybody's call that returns a final epoch's bond to its publisher.

        Raises:
            NotFound: If none was published for the window.
            Conflict: If it is not the last one that stands, not final, or has no bond.
        """
        record, end = self._last(window)
        if record.window >= end.window:
            raise Conflict(f"the epoch of window {window} is not final", mend="Wait for its end.")
        if record.bond == 0:
            raise Conflict(f"the bond of window {window} was taken or has moved on")
        return ContractCall("ReputationEpochs", "withdrawBond", (record.struct,))

    def demand(self, window: int, index: int) -> ContractCall:
        """A member's call that demands to see a leaf of the pending epoch.

        Raises:
            NotFound: If none was published for the window.
            InvalidInput: If it has no such leaf.
            Conflict: If it is not pending.
        """
        record = self._pending(window)
        _require_place(record, index)
        fee = self._bond // FEE_DIVISOR
        return ContractCall("ReputationEpochs", "demand", (record.struct, index), fee)

    def answer(self, window: int, index: int) -> ContractCall:
        """Anybody's call that shows a demanded leaf of a right epoch.

        Raises:
            NotFound: If none was published for the window.
            InvalidInput: If it has no such leaf.
            Conflict: If it is not pending, or does not follow from the records.
        """
        record = self._pending(window)
        _require_place(record, index)
        tree = self.tree(window)
        if tree.root != record.root:
            raise Conflict(
                f"the epoch of window {window} does not follow from the records",
                mend="Only its publisher can know its leaves.",
            )
        return ContractCall("ReputationEpochs", "answer", (record.struct, tree.opened(index)))

    def prove_wrong(
        self,
        window: int,
        index: int,
        leaf: EpochLeaf,
        path: Sequence[bytes],
        omitted: str | None = None,
    ) -> ContractCall:
        """Anybody's call that voids the pending epoch by a leaf of it that is wrong.

        Raises:
            NotFound: If none was published for the window.
            InvalidInput: If the leaf is not in its tree.
            Conflict: If it is not pending, or the leaf is right.
        """
        record = self._pending(window)
        _require_place(record, index)
        if root_of_path(leaf.hash, index, path) != record.root:
            raise InvalidInput(
                "path", "does not lead to the root", "Give leaf, index and path as LeafOpened did"
            )
        tree = self.tree(window)
        place = tree.place_of(leaf.rater, leaf.subject)
        if place is not None and tree.leaves[place] == leaf:
            raise Conflict(f"leaf {index} of window {window} is right")
        if omitted is None and place is not None:
            right = tree.leaves[place].recommenders
            omitted = next((one for one in right if one not in leaf.recommenders), None)
        witness = NOBODY if omitted is None else checksum_address(omitted, "omitted")
        opened = {"index": index, "leaf": leaf.struct, "path": list(path)}
        return ContractCall("ReputationEpochs", "proveWrong", (record.struct, opened, witness))

    def prove_unanswered(self, window: int, index: int) -> ContractCall:
        """Anybody's call that voids the pending epoch of which a demanded leaf was not shown.

        Raises:
            NotFound: If none was published for the window.
            InvalidInput: If it has no such leaf.
            Conflict: If it is not pending.
        """
        record = self._pending(window)
        _require_place(record, index)
        return ContractCall("ReputationEpochs", "proveUnanswered", (record.struct, index))

    # Parts

    def _present(self, session: Session) -> int:
        return indexed_head(session).timestamp // self._window_seconds

    def _end(self, session: Session) -> ChainEnd:
        statement = (
            select(reputation_epoch)
            .where(reputation_epoch.c.fault.is_(None))
            .order_by(reputation_epoch.c.window.desc())
            .limit(2)
        )
        rows = [dict(row) for row in session.execute(statement).mappings()]
        present = self._present(session)
        if not rows:
            return ChainEnd(present, EpochRecord.first(), None)
        before = _record(rows[1]).without_bond() if len(rows) == 2 else EpochRecord.first()
        last = _record(rows[0])
        latest = session.execute(select(func.max(reputation_epoch.c.window))).scalar_one()
        if latest > last.window:
            # The bond moved on to a later epoch, and was lost with it.
            last = last.without_bond()
        return ChainEnd(present, last, before)

    def _last(self, window: int) -> tuple[EpochRecord, ChainEnd]:
        with read_scope(self._engine) as session:
            _published(session, window)
            end = self._end(session)
        if end.last.window != window:
            raise Conflict(f"the epoch of window {window} is not the last one that stands")
        return end.last, end

    def _pending(self, window: int) -> EpochRecord:
        record, end = self._last(window)
        if end.pending is None:
            raise Conflict(
                f"the epoch of window {window} is final",
                mend="It could be disputed until its window ended.",
            )
        return record

    def _tree(self, session: Session, window: int) -> EpochTree:
        statement = (
            select(interaction)
            .where(interaction.c.window < window)
            .order_by(interaction.c.block_number, interaction.c.log_index)
        )
        book = InteractionBook(self._window_seconds, self._weights)
        for row in session.execute(statement):
            book.record(
                row.rater, row.subject, positive=row.positive, timestamp=row.block_timestamp
            )
        return EpochTree(book, window, self._window_seconds)


def _published(session: Session, window: int) -> Row:
    return one_row(session, reputation_epoch.c.window, window, "epoch")


def _state(row: Row, present: int) -> str:
    if row["fault"] is not None:
        return "voided"
    return "pending" if row["window"] >= present else "final"


def _record(row: Row) -> EpochRecord:
    return EpochRecord(
        bytes.fromhex(row["previous"][2:]),
        bytes.fromhex(row["root"][2:]),
        row["window"],
        row["leaves"],
        row["publisher"],
        0 if row["bond_withdrawn"] else row["bond"],
    )


def _require_place(record: EpochRecord, index: int) -> None:
    if not 0 <= index < record.leaves:
        raise InvalidInput(
            "index", f"{index} is out of range", f"The epoch has {record.leaves} leaves, from 0"
        )
