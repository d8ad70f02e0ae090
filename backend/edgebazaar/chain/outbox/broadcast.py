"""Sends signed transactions and reads the node's answers. Sending twice is harmless by
construction.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

from edgebazaar.chain.outbox.context import OutboxContext, exceeds_fee_limit
from edgebazaar.chain.outbox.reserve import give_up, sign_again
from edgebazaar.chain.outbox.states import (
    FailureReason,
    Transaction,
    TransactionKind,
    TransactionState,
)
from edgebazaar.chain.outbox.store import Move, apply_moves, select_to_send
from edgebazaar.chain.rpc import RpcError, to_data
from edgebazaar.db.session import read_scope, session_scope


class Answer(Enum):
    """What a node's answer to `eth_sendRawTransaction` means."""

    #: Taken now, or known already.
    TAKEN = auto()
    #: The nonce is used: by this very transaction or by another; reconciling finds out which.
    NONCE_USED = auto()
    #: The fee is too low for the node at present.
    UNDERPRICED = auto()
    #: The account cannot pay at present.
    UNFUNDED = auto()
    #: The bytes are wrong for good.
    REJECTED = auto()
    #: More gas than a block has.
    GAS_LIMIT = auto()
    #: Anything else (pool full, node busy): to be tried again.
    RETRY = auto()


# The words of Anvil, geth, Besu and Ganache, in the order in which they are tried.
_PATTERNS = (
    (Answer.TAKEN, r"already (known|imported|exists)|known transaction|alreadyknown"),
    (Answer.NONCE_USED, r"nonce too low|nonce is too low|nonce_too_low|old nonce"),
    (
        Answer.UNDERPRICED,
        r"underpriced|less than (the )?(current )?block(\'s)? base ?fee|fee too low|"
        r"gas ?price .*(too low|below)|fee cap less",
    ),
    (Answer.UNFUNDED, r"insufficient (funds|balance)|enough funds|upfront.*exceeds.*balance"),
    (
        Answer.GAS_LIMIT,
        r"exceeds (the )?(transaction|block|maximum|configured).*gas|exceeds block gas limit|"
        r"gas limit (is )?(too high|exceeded)|intrinsic gas too high|gas limit .*too high",
    ),
    (
        Answer.REJECTED,
        r"intrinsic gas too low|gas too low|invalid (sender|signature|chain|transaction)|oversized|"
        r"not supported|wrong chain|incompatible eip-?155|failed to decode|rlp|initcode|"
        r"invalid_signature|tip above fee|max priority fee",
    ),
)
_GANACHE_NONCE = re.compile(r"account has nonce of: (\d+) tx has nonce of: (\d+)")


def classify(error: RpcError) -> Answer:
    """The meaning of a refusal; nodes agree on words no more than roughly."""
    message = error.message.lower()
    if (nonces := _GANACHE_NONCE.search(message)) is not None:
        used, ours = (int(number) for number in nonces.groups())
        return Answer.NONCE_USED if ours < used else Answer.RETRY
    for answer, pattern in _PATTERNS:
        if re.search(pattern, message):
            return answer
    return Answer.RETRY


class Broadcaster:
    """Sends what was never sent and what has waited too long for a block."""

    def __init__(self, context: OutboxContext) -> None:
        self._context = context
        self._catching_up = True

    def send_due(self, fees: Mapping[str, Any]) -> list[int]:
        """One batch; returns the rows dealt with.

        What may have been sent before is sent only if the node does not know it: Ganache executes a
        transaction twice that arrives again while its block is being mined.
        """
        context = self._context
        stale_before = datetime.now(UTC) - timedelta(seconds=context.settings.rebroadcast_seconds)
        with read_scope(context.engine) as session:
            rows = select_to_send(
                session, context.chain_id, stale_before, context.settings.batch_size
            )
        if not rows:
            self._catching_up = False
            return []
        # A former process may have died between sending and noting it, so all count at first.
        doubtful = [row for row in rows if row.attempts or self._catching_up]
        known = self._known(doubtful)
        unknown = [row for row in rows if row.sequence not in known]
        answers = context.rpc.batch(
            [("eth_sendRawTransaction", [to_data(row.raw or b"")]) for row in unknown],
            return_errors=True,
        )
        context.checkpoint("sent")
        if known:
            _record_known(context, [row for row in doubtful if row.sequence in known])
        _record(context, unknown, answers, fees)
        context.checkpoint("broadcast")
        return [row.sequence for row in rows]

    def _known(self, rows: Sequence[Transaction]) -> set[int]:
        answers = self._context.rpc.batch(
            [("eth_getTransactionByHash", [row.hash]) for row in rows]
        )
        return {
            row.sequence for row, answer in zip(rows, answers, strict=True) if answer is not None
        }


def _record_known(context: OutboxContext, rows: Sequence[Transaction]) -> None:
    now = datetime.now(UTC)
    moves: list[Move] = [
        (
            row.sequence,
            row.state,
            {
                "state": TransactionState.BROADCAST,
                "attempts": max(row.attempts, 1),
                "broadcast_at": row.broadcast_at or now,
                "last_sent_at": now,
            },
        )
        for row in rows
    ]
    with session_scope(context.engine) as session:
        apply_moves(session, moves)


def _record(
    context: OutboxContext,
    rows: Sequence[Transaction],
    answers: Sequence[Any],
    fees: Mapping[str, Any],
) -> None:
    moves: list[Move] = []
    rejected: list[tuple[Transaction, Answer, str]] = []
    now = datetime.now(UTC)
    for row, answer in zip(rows, answers, strict=True):
        meaning = classify(answer) if isinstance(answer, RpcError) else Answer.TAKEN
        sent = {"attempts": row.attempts + 1, "last_sent_at": now}
        if meaning in (Answer.TAKEN, Answer.NONCE_USED):
            taken = {"state": TransactionState.BROADCAST, "broadcast_at": row.broadcast_at or now}
            moves.append((row.sequence, row.state, sent | taken))
        elif meaning is Answer.RETRY or not _refused_for_good(row, meaning):
            moves.append((row.sequence, row.state, {**sent, "last_error": answer.message}))
        else:
            rejected.append((row, meaning, answer.message))
    with session_scope(context.engine) as session:
        apply_moves(session, moves)
        for row, meaning, message in rejected:
            reason = (
                FailureReason.GAS_LIMIT if meaning is Answer.GAS_LIMIT else FailureReason.REJECTED
            )
            if row.kind is TransactionKind.RAW:
                failed = {
                    "state": TransactionState.FAILED,
                    "reason": reason,
                    "attempts": row.attempts + 1,
                    "last_error": message,
                    "settled_at": now,
                }
                apply_moves(session, [(row.sequence, row.state, failed)])
            elif meaning is Answer.UNDERPRICED:
                if exceeds_fee_limit(context.settings, row.gas or 0, fees):
                    note = {"last_error": message, "last_sent_at": now}
                    apply_moves(session, [(row.sequence, row.state, note)])
                    continue
                sign_again(context, session, row, row.nonce or 0, fees, message)
            else:
                give_up(context, session, row, reason, message, fees)


def _refused_for_good(row: Transaction, meaning: Answer) -> bool:
    """Whether this answer ends these bytes.

    A row that a node once took may stand in other nodes' pools, so only its first sending can end
    it. An account of our own can be funded meanwhile; a user is told at once.
    """
    if row.state is TransactionState.BROADCAST:
        return False
    return row.kind is TransactionKind.RAW or meaning is not Answer.UNFUNDED
