"""The outbox to the last receipt, against the same transactions sent as bare JSON-RPC batches.

Both sign nothing while the clock runs and work on the same Anvil. The outbox stores every request
durably, checks it, allocates nonces, follows receipts and gives every request its outcome; the bare
batches lose everything when their process dies. Run it with `python -m benchmarks.outbox`.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from eth_account.signers.local import LocalAccount
from sqlalchemy import Engine

from benchmarks.chain import Market, new_accounts, running_market
from benchmarks.measure import print_machine, print_table
from edgebazaar.chain.contracts import ContractCall
from edgebazaar.chain.outbox import (
    RawRequest,
    RelayedRequest,
    Relayer,
    Request,
    enqueue,
    wait_for_transactions,
)
from edgebazaar.chain.typed_data import sign_typed_data, typed_data_for_forward_request
from edgebazaar.db import create_database_engine, session_scope, upgrade_database

USERS = 500
BLOCK_TIME = 0.2
PRODUCER = 1
FORWARD_GAS = 200_000
DEADLINE_SECONDS = 3600


def commit_call() -> ContractCall:
    """A call with one event and one new slot."""
    return ContractCall("ProofOfAIGC", "commit", (os.urandom(32),))


def bare_seconds(market: Market, users: Sequence[LocalAccount]) -> float:
    """Send in batches of a hundred and wait for every receipt."""
    signed = market.sign([(user, commit_call()) for user in users])
    started = time.perf_counter()
    market.mine(signed)
    return time.perf_counter() - started


def outbox_seconds(
    market: Market, engine: Engine, requests: Sequence[Request]
) -> tuple[float, float]:
    """Store each request in a transaction of its own, as the API does, and wait for all outcomes.

    Returns:
        Seconds until all were stored, and until the last had its outcome.

    Raises:
        RuntimeError: If a request did not succeed.
    """
    payer = new_accounts(1)[0]
    market.rpc.call("anvil_setBalance", [payer.address, hex(10**22)])
    relayer = Relayer(engine, market.rpc, market.contracts, [payer])
    relayer.start()
    try:
        started = time.perf_counter()
        rows = []
        for request in requests:
            with session_scope(engine) as session:
                rows.append(enqueue(session, request))
            relayer.wake()
        stored = time.perf_counter() - started
        done = wait_for_transactions(engine, [row.id for row in rows], timeout=300)
        finished = time.perf_counter() - started
    finally:
        relayer.stop()
    failed = [row for row in done if not row.succeeded]
    if failed:
        raise RuntimeError(f"{len(failed)} requests failed: {failed[0].state} {failed[0].error}")
    return stored, finished


def raw_requests(market: Market, users: Sequence[LocalAccount]) -> list[Request]:
    """The users' own signed transactions."""
    signed = market.sign([(user, commit_call()) for user in users])
    return [RawRequest(market.contracts.chain_id, raw) for _, raw in signed]


def relayed_requests(market: Market, users: Sequence[LocalAccount]) -> list[Request]:
    """Forward requests that the relayer wraps, signs and pays for."""
    deadline = market.now() + DEADLINE_SECONDS
    requests: list[Request] = []
    for user in users:
        typed_data = typed_data_for_forward_request(
            market.contracts, user.address, commit_call(), 0, deadline, FORWARD_GAS
        )
        signature = sign_typed_data(user.key, typed_data)
        requests.append(RelayedRequest.from_typed_data(typed_data, signature))
    return requests


def main() -> None:
    """Print the table."""
    with (
        running_market(BLOCK_TIME) as market,
        tempfile.TemporaryDirectory() as folder,
    ):
        engine = create_database_engine(f"sqlite:///{Path(folder) / 'outbox.db'}")
        upgrade_database(engine)
        users = new_accounts(USERS)
        market.admit(users, PRODUCER)
        bare = bare_seconds(market, users)
        own = outbox_seconds(market, engine, raw_requests(market, users))
        relayed = outbox_seconds(market, engine, relayed_requests(market, users))
        engine.dispose()
    print_machine()
    print_table(
        f"{USERS} transactions of {USERS} users, Anvil with a block every {BLOCK_TIME} s, SQLite",
        ("way", "stored durably", "all mined", "transactions/s", "ratio to bare"),
        [
            [name, stored, f"{seconds:.2f} s", f"{USERS / seconds:.0f}", f"{bare / seconds:.2f}"]
            for name, stored, seconds in (
                ("bare JSON-RPC batches, then receipts", "never", bare),
                ("outbox, users' own transactions", f"{own[0]:.2f} s", own[1]),
                ("outbox, relayed requests (ERC-2771)", f"{relayed[0]:.2f} s", relayed[1]),
            )
        ],
    )


if __name__ == "__main__":
    main()
