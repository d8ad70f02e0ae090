"""The relayer killed with SIGKILL at each step of a submission: one effect per request."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Sequence

import pytest
from eth_account import Account
from market_accounts import Accounts
from outbox_support import (
    chain_nonce,
    commit_call,
    funded_account,
    relayed,
    run_until_done,
    signed_payment,
)
from outbox_victim import STEPS, relay_until_killed
from sqlalchemy import Engine

from edgebazaar.chain.contracts import ContractSet, Deployment
from edgebazaar.chain.node import EmbeddedNode
from edgebazaar.chain.outbox import (
    DirectRequest,
    RawRequest,
    Relayer,
    RelayerSettings,
    TransactionState,
    enqueue,
)
from edgebazaar.chain.rpc import RpcClient, from_quantity
from edgebazaar.chain.typed_data import forwarder_nonce
from edgebazaar.db import session_scope

PAYMENTS = 6
# Forks of a server that has imported the relayer once and has no threads.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["outbox_victim"])


@pytest.mark.parametrize(
    "steps",
    [
        *(pytest.param([step], id=step) for step in STEPS),
        pytest.param(STEPS, id="every step in turn", marks=pytest.mark.slow),
    ],
)
def test_killed_at(
    steps: Sequence[str],
    engine: Engine,
    database_url: str,
    node: EmbeddedNode,
    rpc: RpcClient,
    deployment: Deployment,
    contracts: ContractSet,
    accounts: Accounts,
) -> None:
    payer = funded_account(rpc)
    user = funded_account(rpc)
    receiver = Account.create().address
    producers = (accounts.producer, accounts.second_producer)
    used = {account: forwarder_nonce(rpc, contracts, account.address) for account in producers}
    with session_scope(engine) as session:
        requests = [
            relayed(contracts, account, commit_call(), used[account] + offset)
            for account in producers
            for offset in range(2)
        ]
        requests += [
            DirectRequest(contracts.chain_id, payer.address, receiver, b"", value=100 + number)
            for number in range(PAYMENTS)
        ]
        raw = signed_payment(rpc, contracts.chain_id, user, receiver, nonce=0, value=10_000)
        requests.append(RawRequest(contracts.chain_id, raw))
        rows = [enqueue(session, request) for request in requests]

    for step in steps:
        arguments = (database_url, node.url, deployment, bytes(payer.key), step)
        process = PROCESSES.Process(target=relay_until_killed, args=arguments)
        process.start()
        process.join(30)
        still_alive = process.is_alive()
        process.kill()
        process.join()
        assert not still_alive, f"the relayer never reached {step}"
        assert process.exitcode == -signal.SIGKILL

    survivor = Relayer(engine, rpc, contracts, [payer], RelayerSettings(rebroadcast_seconds=0.5))
    done = run_until_done(survivor, engine, rows)
    assert {row.state for row in done} == {TransactionState.CONFIRMED}
    # Exactly one effect each: a payment made twice would show here, a forward request in its nonce.
    paid = from_quantity(rpc.call("eth_getBalance", [receiver, "latest"]))
    assert paid == 10_000 + sum(100 + number for number in range(PAYMENTS))
    for account in producers:
        assert forwarder_nonce(rpc, contracts, account.address) == used[account] + 2
    ours = sorted(row.nonce for row in done if row.signer == payer.address.lower())
    assert ours == list(range(4 + PAYMENTS))
    assert chain_nonce(rpc, payer.address) == 4 + PAYMENTS
    for row in done:
        receipt = rpc.call("eth_getTransactionReceipt", [row.hash])
        assert receipt["blockHash"] == row.block_hash
