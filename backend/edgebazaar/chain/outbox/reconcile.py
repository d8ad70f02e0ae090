"""Brings outbox and chain into agreement, both ways.

Forwards: what the chain has mined is recorded, and settled once deep enough. Backwards: what a
    reorganisation or a node with less history has taken away is sent again; what a foreign
    transaction displaced is signed anew; nonces that nobody fills are filled.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import RowMapping, or_, select

from edgebazaar.chain.outbox.context import Head, OutboxContext, exceeds_fee_limit
from edgebazaar.chain.outbox.gaps import GapFiller
from edgebazaar.chain.outbox.receipts import (
    fetch_receipts,
    mined_move,
    revert_error,
    settled_move,
    unmined_move,
)
from edgebazaar.chain.outbox.reserve import lock_nonces, next_nonce, read_nonces, sign_again
from edgebazaar.chain.outbox.states import (
    IN_FLIGHT_STATES,
    TransactionKind,
    TransactionState,
)
from edgebazaar.chain.outbox.store import (
    apply_moves,
    reinstate,
    select_light,
    select_retired_hashes,
    select_transactions,
)
from edgebazaar.chain.outbox.tables import chain_transaction
from edgebazaar.chain.rpc import RpcError, to_quantity
from edgebazaar.db.session import read_scope, session_scope

Item = TypeVar("Item")
_row = chain_transaction.c
_IN_BLOCK = (TransactionState.MINED, TransactionState.CONFIRMED, TransactionState.REVERTED)
#: A nonce counts as taken by others only this many blocks deep: nodes update nonce and receipt one
#: after the other.
_DISPLACED_DEPTH = 2


class Reconciler:
    """Compares the outbox with the chain, head after head; keeps what it saw last."""

    def __init__(self, context: OutboxContext) -> None:
        self._context = context
        self._last_head: Head | None = None
        self._gaps = GapFiller(context)

    def reconcile(self, head: Head, fees: Mapping[str, Any]) -> list[int]:
        """One comparison; returns the sequences of rows that moved."""
        unchanged = self._last_head is not None and self._last_head.hash == head.hash
        moved: list[int] = []
        if not unchanged:
            if self._history_changed(head):
                moved += self._take_back_lost(head)
            moved += self._record_mined(head, fees)
            moved += self._settle(head)
        self._gaps.fill(fees)
        self._last_head = head
        return moved

    def _history_changed(self, head: Head) -> bool:
        """Whether blocks may have vanished: so at the start, later if the last head is gone."""
        last = self._last_head
        if last is None or last.number > head.number:
            return True
        block = self._context.rpc.call("eth_getBlockByNumber", [to_quantity(last.number), False])
        return block is None or block["hash"] != last.hash

    def _take_back_lost(self, head: Head) -> list[int]:
        """Rows in blocks that are no longer on the chain go back to be sent again."""
        context = self._context
        floor = head.number - context.settings.reorganisation_depth
        with read_scope(context.engine) as session:
            near = select_light(
                session, context.chain_id, _row.state.in_(_IN_BLOCK), _row.block_number > floor
            )
            signers = list(
                session.execute(
                    select(_row.signer)
                    .where(_row.chain_id == context.chain_id, _row.state.in_(_IN_BLOCK))
                    .distinct()
                ).scalars()
            )
        lost = {row["sequence"]: row for row in self._outside_chain(near)}
        # A node restored from an old state may have grown past our blocks again, so the nonces are
        # asked as well.
        for part in _parts(signers, context.settings.batch_size):
            nonces = read_nonces(context, part)
            with read_scope(context.engine) as session:
                beyond = [
                    (_row.signer == signer) & (_row.nonce >= nonce)
                    for signer, nonce in nonces.items()
                ]
                for row in select_light(
                    session, context.chain_id, _row.state.in_(_IN_BLOCK), or_(*beyond)
                ):
                    lost[row["sequence"]] = row
        with session_scope(context.engine) as session:
            apply_moves(session, [unmined_move(row) for row in lost.values()])
        return list(lost)

    def _outside_chain(self, rows: Sequence[RowMapping]) -> list[RowMapping]:
        hashes = self._block_hashes({row["block_number"] for row in rows})
        return [row for row in rows if hashes[row["block_number"]] != row["block_hash"]]

    def _block_hashes(self, numbers: Iterable[int]) -> dict[int, str | None]:
        wanted = sorted(numbers)
        found: dict[int, str | None] = {}
        for part in _parts(wanted, self._context.settings.batch_size):
            blocks = self._context.rpc.batch(
                [("eth_getBlockByNumber", [to_quantity(number), False]) for number in part]
            )
            for number, block in zip(part, blocks, strict=True):
                found[number] = None if block is None else block["hash"]
        return found

    def _record_mined(self, head: Head, fees: Mapping[str, Any]) -> list[int]:
        """Rows whose nonce the chain has used: mined, or displaced by a foreign transaction."""
        context = self._context
        with read_scope(context.engine) as session:
            pending = select_light(
                session, context.chain_id, _row.state.in_(IN_FLIGHT_STATES), _row.nonce.is_not(None)
            )
        if not pending:
            return []
        signers = sorted({row["signer"] for row in pending})
        nonces: dict[str, int] = {}
        for part in _parts(signers, context.settings.batch_size):
            nonces |= read_nonces(context, part)
        decided = [row for row in pending if row["nonce"] < nonces[row["signer"]]]
        if not decided:
            return []
        with read_scope(context.engine) as session:
            retired = select_retired_hashes(session, [row["sequence"] for row in decided])
        receipts = fetch_receipts(context, decided, retired)
        mined = [row for row in decided if row["sequence"] in receipts]
        with session_scope(context.engine) as session:
            for row in mined:
                found = receipts[row["sequence"]]["transactionHash"]
                if found in retired.get(row["sequence"], ()):
                    reinstate(session, row["sequence"], found)
            apply_moves(session, [mined_move(row, receipts[row["sequence"]]) for row in mined])
        if mined:
            context.checkpoint("mined")
        missing = [row for row in decided if row["sequence"] not in receipts]
        return [row["sequence"] for row in mined] + self._settle_displaced(head, missing, fees)

    def _settle_displaced(
        self, head: Head, rows: Sequence[RowMapping], fees: Mapping[str, Any]
    ) -> list[int]:
        """Rows without receipt whose nonce is used, deep down, by somebody else's transaction."""
        context = self._context
        depth = max(_DISPLACED_DEPTH, context.settings.confirmations)
        if not rows or head.number < depth - 1:
            return []
        signers = sorted({row["signer"] for row in rows})
        try:
            deep = read_nonces(context, signers, head.number - depth + 1)
        except RpcError:
            return []  # a node without that old state: the next blocks bring it within reach
        displaced = [row for row in rows if row["nonce"] < deep[row["signer"]]]
        if not displaced:
            return []
        chain_nonces = read_nonces(context, signers, "pending")
        displaced_nonces = {row["sequence"]: row["nonce"] for row in displaced}
        sequences = list(displaced_nonces)
        with session_scope(context.engine) as session:
            lock_nonces(session, context.chain_id, [row["signer"] for row in displaced])
            for row in select_transactions(session, sequences):
                if row.state not in IN_FLIGHT_STATES or row.signer is None:
                    continue
                if row.nonce != displaced_nonces[row.sequence]:
                    continue  # another process has seen to it
                if row.kind is TransactionKind.RAW:
                    replaced = {
                        "state": TransactionState.REPLACED,
                        "settled_at": datetime.now(UTC),
                    }
                    apply_moves(session, [(row.sequence, row.state, replaced)])
                elif row.signer in context.signers and not exceeds_fee_limit(
                    context.settings, row.gas or 0, fees
                ):
                    nonce = next_nonce(
                        session, context.chain_id, row.signer, chain_nonces[row.signer]
                    )
                    cause = f"nonce {row.nonce} went to another transaction of {row.signer}"
                    sign_again(context, session, row, nonce, fees, cause)
        return sequences

    def _settle(self, head: Head) -> list[int]:
        """Mined rows that are deep enough get their outcome, the others' blocks are checked."""
        context = self._context
        newest = head.number - context.settings.confirmations + 1
        with read_scope(context.engine) as session:
            deep = select_light(
                session,
                context.chain_id,
                _row.state == TransactionState.MINED,
                _row.block_number <= newest,
            )
        if not deep:
            return []
        gone = {row["sequence"] for row in self._outside_chain(deep)}
        reverted = [
            row["sequence"] for row in deep if not row["succeeded"] and row["sequence"] not in gone
        ]
        reasons = self._revert_reasons(reverted)
        moves = []
        for row in deep:
            if row["sequence"] in gone:
                moves.append(unmined_move(row))
                continue
            sequence, state, values = settled_move(row)
            moves.append((sequence, state, {**values, **reasons.get(sequence, {})}))
        with session_scope(context.engine) as session:
            apply_moves(session, moves)
        context.checkpoint("settled")
        return [row["sequence"] for row in deep]

    def _revert_reasons(self, sequences: Sequence[int]) -> dict[int, dict[str, Any]]:
        if not sequences:
            return {}
        with read_scope(self._context.engine) as session:
            rows = select_transactions(session, sequences)
        return {row.sequence: {"error": revert_error(self._context, row)} for row in rows}


def _parts(items: Sequence[Item], size: int) -> Iterable[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))
