"""The outbox and the indexer on Ganache, whose answers differ from Anvil's."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from eth_account import Account
from market_accounts import Accounts, admit_members
from outbox_support import chain_nonce, commit_call, relayed, run_until_done, signed_payment
from sqlalchemy import Engine, func, select, update

from edgebazaar.chain.contracts import ContractSet
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.indexer import Indexer, ProjectionRegistry, chain_event
from edgebazaar.chain.node import TEST_MNEMONIC, EmbeddedNode
from edgebazaar.chain.outbox import (
    DirectRequest,
    RawRequest,
    Relayer,
    RelayerSettings,
    TransactionState,
    chain_transaction,
    enqueue,
)
from edgebazaar.chain.profiles import PROFILES
from edgebazaar.chain.rpc import RpcClient, from_quantity
from edgebazaar.chain.typed_data import forwarder_nonce
from edgebazaar.db import read_scope, session_scope

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ganache() -> Iterator[EmbeddedNode]:
    with EmbeddedNode(kind="ganache", block_time=1, mnemonic=TEST_MNEMONIC) as running:
        yield running


@pytest.fixture(scope="module")
def ganache_rpc(ganache: EmbeddedNode) -> Iterator[RpcClient]:
    with RpcClient(ganache.url) as client:
        yield client


@pytest.fixture(scope="module")
def ganache_contracts(
    ganache: EmbeddedNode,
    ganache_rpc: RpcClient,
    accounts: Accounts,
    tmp_path_factory: pytest.TempPathFactory,
) -> ContractSet:
    directory = tmp_path_factory.mktemp("ganache")
    contracts = ContractSet(
        deploy(ganache.url, accounts.administrator, PROFILES["demo"], directory)
    )
    admit_members(ganache_rpc, contracts, accounts)
    return contracts


def test_every_kind_of_request(
    engine: Engine, ganache_rpc: RpcClient, ganache_contracts: ContractSet, accounts: Accounts
) -> None:
    rpc, contracts = ganache_rpc, ganache_contracts
    user, payer, receiver = accounts.producer, accounts.relayer, Account.create().address
    first = forwarder_nonce(rpc, contracts, user.address)
    started_at = chain_nonce(rpc, payer.address)
    stranger_nonce = chain_nonce(rpc, accounts.stranger.address)
    with session_scope(engine) as session:
        rows = [
            enqueue(session, request)
            for request in (
                relayed(contracts, user, commit_call(), first),
                relayed(contracts, user, commit_call(), first + 1),
                relayed(contracts, accounts.stranger, commit_call(), 0),
                DirectRequest(contracts.chain_id, payer.address, receiver, b"", value=5),
                RawRequest(
                    contracts.chain_id,
                    signed_payment(
                        rpc, contracts.chain_id, accounts.stranger, receiver, stranger_nonce, 7
                    ),
                ),
            )
        ]
    relayer = Relayer(engine, rpc, contracts, [payer], RelayerSettings(rebroadcast_seconds=0.5))
    done = run_until_done(relayer, engine, rows, seconds=60)
    states = [row.state for row in done]
    assert states[2] is TransactionState.REFUSED
    assert done[2].error is not None
    assert done[2].error["name"] == "Membership_NotActive"
    assert set(states[:2] + states[3:]) == {TransactionState.CONFIRMED}
    assert from_quantity(rpc.call("eth_getBalance", [receiver, "latest"])) == 12
    assert forwarder_nonce(rpc, contracts, user.address) == first + 2
    assert chain_nonce(rpc, payer.address) == started_at + 3

    # A relayer that died before it could note the outcome finds the transactions mined.
    with session_scope(engine) as session:
        session.execute(
            update(chain_transaction)
            .where(chain_transaction.c.hash.is_not(None))
            .values(state=TransactionState.RESERVED, block_number=None, last_sent_at=None)
        )
    again = run_until_done(
        Relayer(engine, rpc, contracts, [payer], RelayerSettings(rebroadcast_seconds=0.5)),
        engine,
        rows,
        seconds=60,
    )
    assert [row.state for row in again] == states
    assert chain_nonce(rpc, payer.address) == started_at + 3


def test_indexer_reads_all_events(
    engine: Engine, ganache_rpc: RpcClient, ganache_contracts: ContractSet
) -> None:
    indexer = Indexer(ganache_rpc, ganache_contracts, engine, ProjectionRegistry())
    end = time.monotonic() + 30
    while indexer.status().lag != 0:
        indexer.sync()
        assert time.monotonic() < end
    with read_scope(engine) as session:
        count = select(func.count()).where(chain_event.c.event == "MemberAdmitted")
        assert session.execute(count).scalar_one() >= len(list(Accounts.derive().members()))
