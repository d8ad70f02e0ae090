"""Fills nonces that nobody uses, for they hold up every later one.

A gap comes about when a foreign transaction, after which ours were numbered, never reaches a block.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, select

from edgebazaar.chain.outbox.context import OutboxContext
from edgebazaar.chain.outbox.reserve import insert_filler, lock_nonces, read_nonces
from edgebazaar.chain.outbox.states import IN_FLIGHT_STATES, TransactionKind
from edgebazaar.chain.outbox.store import select_light
from edgebazaar.chain.outbox.tables import chain_transaction
from edgebazaar.db.session import read_scope, session_scope

_row = chain_transaction.c


class GapFiller:
    """Watches for gaps below our transactions; one that lasts long enough is filled."""

    def __init__(self, context: OutboxContext) -> None:
        self._context = context
        self._since: dict[tuple[str, int], float] = {}
        self._next_look = 0.0

    def fill(self, fees: Mapping[str, Any]) -> int:
        """Fill the gaps that are old enough; returns how many."""
        now = time.monotonic()
        patience = self._context.settings.rebroadcast_seconds
        if now < self._next_look:
            return 0
        self._next_look = now + patience / 4
        self._since = {gap: self._since.get(gap, now) for gap in self._find()}
        old = sorted(gap for gap, since in self._since.items() if now - since >= patience)
        if not old:
            return 0
        context = self._context
        with session_scope(context.engine) as session:
            lock_nonces(session, context.chain_id, [signer for signer, _ in old])
            for signer, nonce in old:
                held = select(
                    exists().where(
                        _row.chain_id == context.chain_id,
                        _row.signer == signer,
                        _row.nonce == nonce,
                    )
                )
                if not session.execute(held).scalar_one():
                    insert_filler(context, session, signer, nonce, fees)
        return len(old)

    def _find(self) -> list[tuple[str, int]]:
        context = self._context
        with read_scope(context.engine) as session:
            rows = select_light(
                session,
                context.chain_id,
                _row.state.in_(IN_FLIGHT_STATES),
                _row.kind != TransactionKind.RAW,
                _row.signer.in_(list(context.signers)),
            )
        lowest: dict[str, int] = {}
        for row in rows:  # in nonce order
            lowest.setdefault(row["signer"], row["nonce"])
        if not lowest:
            return []
        # Pending counts what waits in the node's pool too: a foreign transaction there is no gap.
        nonces = read_nonces(context, sorted(lowest), "pending")
        found = [
            (signer, nonce)
            for signer, low in lowest.items()
            for nonce in range(nonces[signer], low)
        ]
        return found[: context.settings.batch_size]
