"""Puts a request into the outbox, inside the caller's transaction."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from eth_utils.crypto import keccak
from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from edgebazaar.chain.outbox.requests import (
    DirectRequest,
    InvalidRequest,
    RawRequest,
    RelayedRequest,
    Request,
    checked_signature,
    intrinsic_gas,
    parse_raw_transaction,
)
from edgebazaar.chain.outbox.states import (
    TERMINAL_STATES,
    Transaction,
    TransactionKind,
    TransactionState,
    transaction_from_row,
)
from edgebazaar.chain.outbox.tables import chain_transaction


def enqueue(session: Session | Connection, request: Request) -> Transaction:
    """Store a request; from the commit of the caller's transaction on it will have exactly one
    outcome.

    The same request again (same signed forward request, same raw bytes, same idempotency key)
    returns the row that is there.

    Raises:
        InvalidRequest: If the request can be seen to be wrong without asking the chain; nothing is
            stored.
    """
    match request:
        case RelayedRequest():
            values = _relayed_values(request)
        case RawRequest():
            values = _raw_values(request)
        case DirectRequest():
            values = _direct_values(request)
    values |= {
        "id": uuid4(),
        "chain_id": request.chain_id,
        "state": TransactionState.ACCEPTED,
        "label": request.label,
        "attempts": 0,
        "accepted_at": datetime.now(UTC),
    }
    return _insert_or_find(session, values)


def next_forward_nonce(session: Session | Connection, chain_id: int, sender: str, used: int) -> int:
    """The nonce for a user's next forward request.

    Args:
        session: Where to look.
        chain_id: Chain of the forwarder.
        sender: The user.
        used: What TrustedForwarder.nonces(sender) says.

    Returns:
        One more than the highest that waits in the outbox, at least `used`.
    """
    table = chain_transaction.c
    waiting = session.execute(
        select(func.max(table.forward_nonce)).where(
            table.chain_id == chain_id,
            table.sender == sender,
            table.forward_nonce.is_not(None),
            table.state.not_in(TERMINAL_STATES),
        )
    ).scalar_one_or_none()
    return used if waiting is None else max(used, waiting + 1)


def _relayed_values(request: RelayedRequest) -> dict[str, Any]:
    signature = checked_signature(request, int(time.time()))
    identity = keccak(
        bytes.fromhex(request.forwarder.removeprefix("0x"))
        + bytes.fromhex(request.sender.removeprefix("0x"))
        + request.nonce.to_bytes(32, "big")
        + signature
    )
    return {
        "kind": TransactionKind.RELAYED,
        "idempotency_key": f"relayed:0x{identity.hex()}",
        "sender": request.sender,
        "to_address": request.to,
        "data": request.data,
        "value": request.value,
        "gas": request.gas,
        "forwarder": request.forwarder,
        "forward_nonce": request.nonce,
        "forward_deadline": request.deadline,
        "forward_signature": signature,
    }


def _raw_values(request: RawRequest) -> dict[str, Any]:
    parsed = parse_raw_transaction(request.raw)
    if parsed.chain_id != request.chain_id:
        raise InvalidRequest(
            "raw",
            f"is for chain {parsed.chain_id}, this is chain {request.chain_id}",
            "Switch the wallet to this chain and sign again",
        )
    return {
        "kind": TransactionKind.RAW,
        "idempotency_key": f"raw:{parsed.hash}",
        "sender": parsed.sender,
        "signer": parsed.sender,
        "to_address": parsed.to,
        "data": parsed.data,
        "value": parsed.value,
        "gas": parsed.gas,
        "nonce": parsed.nonce,
        "raw": request.raw,
        "hash": parsed.hash,
    }


def _direct_values(request: DirectRequest) -> dict[str, Any]:
    if request.gas is not None and request.gas < (needed := intrinsic_gas(request.data)):
        raise InvalidRequest(
            "gas", f"{request.gas} is too little, {needed} is the least", "Leave it out"
        )
    key = request.idempotency_key or str(uuid4())
    return {
        "kind": TransactionKind.DIRECT,
        "idempotency_key": f"direct:{request.signer.lower()}:{key}",
        "sender": request.signer,
        "signer": request.signer,
        "to_address": request.to,
        "data": request.data,
        "value": request.value,
        "gas": request.gas,
    }


def _insert_or_find(session: Session | Connection, values: Mapping[str, Any]) -> Transaction:
    bind = session.get_bind() if isinstance(session, Session) else session
    dialect = postgresql if bind.dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(chain_transaction)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["chain_id", "idempotency_key"])
    )
    session.execute(statement)
    row = session.execute(
        select(chain_transaction).where(
            chain_transaction.c.chain_id == values["chain_id"],
            chain_transaction.c.idempotency_key == values["idempotency_key"],
        )
    )
    return transaction_from_row(row.mappings().one())
