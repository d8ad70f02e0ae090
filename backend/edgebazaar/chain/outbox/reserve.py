"""Gives transactions their nonce and signs them, both in one database transaction, before anything
is sent.

Whoever dies after it finds the signed bytes and sends them again; no second nonce is ever taken for
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from eth_utils.address import to_checksum_address
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from edgebazaar.chain.outbox.check import CheckedCall, call_of
from edgebazaar.chain.outbox.context import OutboxContext
from edgebazaar.chain.outbox.states import (
    FailureReason,
    Transaction,
    TransactionKind,
    TransactionState,
    transaction_from_row,
)
from edgebazaar.chain.outbox.store import apply_moves, highest_nonce
from edgebazaar.chain.outbox.tables import chain_transaction, chain_transaction_retired
from edgebazaar.chain.rpc import from_quantity, to_quantity
from edgebazaar.db.locks import transaction_lock
from edgebazaar.db.session import session_scope

_FILLER_GAS = 21_000
_row = chain_transaction.c


def read_nonces(
    context: OutboxContext, signers: Sequence[str], block: int | str = "latest"
) -> dict[str, int]:
    """How many transactions of each account the chain has, up to a block."""
    tag = to_quantity(block) if isinstance(block, int) else block
    answers = context.rpc.batch([("eth_getTransactionCount", [signer, tag]) for signer in signers])
    return {signer: from_quantity(answer) for signer, answer in zip(signers, answers, strict=True)}


def reserve(
    context: OutboxContext,
    calls: Sequence[CheckedCall],
    fees: Mapping[str, Any],
    chain_nonces: Mapping[str, int],
) -> list[int]:
    """Allocate nonces to accepted rows and store their signed bytes; returns their sequences.

    Args:
        context: The relayer's surroundings.
        calls: What the rows become on chain.
        fees: Fee fields for the signatures.
        chain_nonces: The chain's pending nonce of each signer. Higher than ours where another
            process used the key.
    """
    if not calls:
        return []
    with session_scope(context.engine) as session:
        lock_nonces(session, context.chain_id, [call.signer for call in calls])
        accepted = set(
            session.execute(
                select(_row.sequence)
                .where(
                    _row.sequence.in_([call.transaction.sequence for call in calls]),
                    _row.state == TransactionState.ACCEPTED,
                )
                .with_for_update()
            ).scalars()
        )
        next_nonces: dict[str, int] = {}
        moves = []
        for call in calls:
            if call.transaction.sequence not in accepted:
                continue
            signer = call.signer
            if signer not in next_nonces:
                next_nonces[signer] = next_nonce(
                    session, context.chain_id, signer, chain_nonces[signer]
                )
            signed = sign(context, call, next_nonces[signer], fees)
            next_nonces[signer] += 1
            moves.append((call.transaction.sequence, TransactionState.ACCEPTED, signed))
        apply_moves(session, moves)
        context.checkpoint("signed")
    context.checkpoint("reserved")
    return sorted(accepted)


def lock_nonces(session: Session, chain_id: int, signers: Sequence[str]) -> None:
    """Keep everybody else from allocating nonces of these accounts until the transaction ends."""
    for signer in sorted(set(signers)):
        transaction_lock(session, f"nonce-{chain_id}-{signer}")


def next_nonce(session: Session, chain_id: int, signer: str, chain_nonce: int) -> int:
    """The first nonce that neither a row nor the chain has used."""
    highest = highest_nonce(session, chain_id, signer)
    return chain_nonce if highest is None else max(chain_nonce, highest + 1)


def sign(
    context: OutboxContext, call: CheckedCall, nonce: int, fees: Mapping[str, Any]
) -> dict[str, Any]:
    """The new values of a row whose call is signed under this nonce."""
    signed = context.signers[call.signer].sign_transaction(
        {
            "chainId": context.chain_id,
            "nonce": nonce,
            "to": to_checksum_address(call.to),
            "value": call.value,
            "gas": call.gas,
            "data": call.data,
            **fees,
        }
    )
    # An estimate becomes part of the row: signing again must not depend on the chain's state.
    gas = call.gas if call.transaction.kind is TransactionKind.DIRECT else call.transaction.gas
    return {
        "state": TransactionState.RESERVED,
        "gas": gas,
        "signer": call.signer,
        "nonce": nonce,
        "raw": bytes(signed.raw_transaction),
        "hash": bytes(signed.hash),
        "reserved_at": datetime.now(UTC),
        "last_sent_at": None,
        "last_error": None,
    }


def sign_again(
    context: OutboxContext,
    session: Session,
    row: Transaction,
    nonce: int,
    fees: Mapping[str, Any],
    cause: str,
) -> None:
    """Replace a row's signed bytes, keeping the old ones as retired.

    Safe under the same nonce always, since a nonce is mined once; under another one only where the
    old nonce is used up for good.
    """
    if row.raw is None or row.hash is None or row.nonce is None or row.signer is None:
        raise ValueError(f"row {row.sequence} has not been signed")
    session.execute(
        insert(chain_transaction_retired).values(
            hash=row.hash,
            sequence=row.sequence,
            nonce=row.nonce,
            raw=row.raw,
            retired_at=datetime.now(UTC),
            cause=cause,
        )
    )
    signed = sign(context, call_of(context, row), nonce, fees)
    apply_moves(session, [(row.sequence, row.state, {**signed, "last_error": cause})])


def insert_filler(
    context: OutboxContext, session: Session, signer: str, nonce: int, fees: Mapping[str, Any]
) -> None:
    """Add a payment of nothing to oneself under a nonce that would hold up all later ones."""
    inserted = session.execute(
        insert(chain_transaction)
        .values(
            id=uuid4(),
            chain_id=context.chain_id,
            idempotency_key=f"filler:{signer}:{nonce}:{uuid4()}",
            kind=TransactionKind.DIRECT,
            state=TransactionState.ACCEPTED,
            sender=signer,
            signer=signer,
            to_address=signer,
            data=b"",
            value=0,
            gas=_FILLER_GAS,
            label=f"fills nonce {nonce}",
            attempts=0,
            accepted_at=datetime.now(UTC),
        )
        .returning(*chain_transaction.c)
    )
    row = transaction_from_row(inserted.mappings().one())
    signed = sign(context, call_of(context, row), nonce, fees)
    apply_moves(session, [(row.sequence, row.state, signed)])


def give_up(
    context: OutboxContext,
    session: Session,
    row: Transaction,
    reason: FailureReason,
    message: str,
    fees: Mapping[str, Any],
) -> None:
    """Fail a row whose bytes no node takes, and fill its nonce."""
    failed = {
        "state": TransactionState.FAILED,
        "reason": reason,
        "last_error": message,
        "nonce": None,
        "settled_at": datetime.now(UTC),
    }
    apply_moves(session, [(row.sequence, row.state, failed)])
    if row.signer is not None and row.nonce is not None:
        insert_filler(context, session, row.signer, row.nonce, fees)
