"""The outbox when chain, node and key misbehave: reorganisations, lost pools, foreign use."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from outbox_support import chain_nonce, funded_account, run_until_done, signed_payment
from sqlalchemy import Engine, func, select

from edgebazaar.chain.contracts import ContractSet, Deployment
from edgebazaar.chain.node import EmbeddedNode
from edgebazaar.chain.outbox import (
    DirectRequest,
    FailureReason,
    RawRequest,
    Relayer,
    RelayerSettings,
    Transaction,
    TransactionState,
    enqueue,
    find_by_hash,
    find_transaction,
)
from edgebazaar.chain.outbox.tables import chain_transaction_retired
from edgebazaar.chain.rpc import RpcClient, RpcError, from_quantity, to_data
from edgebazaar.db import read_scope, session_scope

CHAIN_ID = 31337
SETTINGS = RelayerSettings(rebroadcast_seconds=0.2)


@pytest.fixture(scope="module")
def own_node() -> Iterator[EmbeddedNode]:
    """A node of this module's own, which it may set back."""
    with EmbeddedNode(block_time=0.1) as running:
        yield running


@pytest.fixture
def own_rpc(own_node: EmbeddedNode) -> Iterator[RpcClient]:
    with RpcClient(own_node.url) as client:
        client.call("evm_setIntervalMining", [0])
        client.call("anvil_dropAllTransactions")
        client.call("anvil_mine", ["0x4"])
        yield client


@pytest.fixture
def payer(own_rpc: RpcClient) -> LocalAccount:
    account = funded_account(own_rpc)
    own_rpc.call("anvil_mine", ["0xa"])  # no reorganisation of a test reaches below the funding
    return account


@pytest.fixture
def no_contracts() -> ContractSet:
    """Payments need no contract."""
    return ContractSet(Deployment(CHAIN_ID, "0x", "0x", "0x", {}, {}, {}))


@pytest.fixture
def relayer(
    engine: Engine, own_rpc: RpcClient, no_contracts: ContractSet, payer: LocalAccount
) -> Relayer:
    return Relayer(engine, own_rpc, no_contracts, [payer], SETTINGS)


def enqueue_payments(
    engine: Engine, payer: LocalAccount, receiver: str, count: int
) -> list[Transaction]:
    with session_scope(engine) as session:
        return [
            enqueue(session, DirectRequest(CHAIN_ID, payer.address, receiver, b"", value=1 + index))
            for index in range(count)
        ]


def refreshed(engine: Engine, rows: Sequence[Transaction]) -> list[Transaction]:
    with read_scope(engine) as session:
        found = [find_transaction(session, row.id) for row in rows]
    return [row for row in found if row is not None]


def balance(rpc: RpcClient, account: str) -> int:
    return from_quantity(rpc.call("eth_getBalance", [account, "latest"]))


def pay(rpc: RpcClient, account: LocalAccount, nonce: int) -> None:
    """A transaction that the outbox knows nothing of."""
    raw = signed_payment(rpc, CHAIN_ID, account, account.address, nonce)
    rpc.call("eth_sendRawTransaction", [to_data(raw)])


def test_reorganised_away_is_sent_again(
    engine: Engine, own_rpc: RpcClient, relayer: Relayer, payer: LocalAccount
) -> None:
    own_rpc.call("evm_setIntervalMining", [1])
    receiver = Account.create().address
    rows = run_until_done(relayer, engine, enqueue_payments(engine, payer, receiver, 3))
    assert balance(own_rpc, receiver) == 6
    own_rpc.call("anvil_reorg", [5, []])
    assert balance(own_rpc, receiver) == 0
    relayer.run_once()
    assert {row.state for row in refreshed(engine, rows)} <= {
        TransactionState.BROADCAST,
        TransactionState.MINED,
    }
    again = run_until_done(relayer, engine, rows)
    assert balance(own_rpc, receiver) == 6
    assert [row.state for row in again] == [TransactionState.CONFIRMED] * 3
    assert [row.hash for row in again] == [row.hash for row in rows]
    assert [row.nonce for row in again] == [0, 1, 2]
    assert all(new.block_hash != old.block_hash for new, old in zip(again, rows, strict=True))


def test_node_with_less_history_gets_everything_again(
    engine: Engine,
    own_rpc: RpcClient,
    relayer: Relayer,
    payer: LocalAccount,
    no_contracts: ContractSet,
) -> None:
    snapshot = own_rpc.call("evm_snapshot")
    own_rpc.call("evm_setIntervalMining", [1])
    receiver = Account.create().address
    rows = run_until_done(relayer, engine, enqueue_payments(engine, payer, receiver, 3))
    own_rpc.call("evm_revert", [snapshot])
    # The new history has grown past the old blocks by the time that anybody looks.
    own_rpc.call("anvil_mine", ["0x64"])
    assert chain_nonce(own_rpc, payer.address) == 0
    restarted = Relayer(engine, own_rpc, no_contracts, [payer], SETTINGS)
    restarted.run_once()
    again = run_until_done(restarted, engine, rows)
    assert [row.state for row in again] == [TransactionState.CONFIRMED] * 3
    assert balance(own_rpc, receiver) == 6


def test_confirmations_are_waited_for(
    engine: Engine, own_rpc: RpcClient, payer: LocalAccount, no_contracts: ContractSet
) -> None:
    relayer = Relayer(engine, own_rpc, no_contracts, [payer], RelayerSettings(confirmations=3))
    rows = enqueue_payments(engine, payer, Account.create().address, 1)
    relayer.run_once()
    for state in (TransactionState.MINED, TransactionState.MINED, TransactionState.CONFIRMED):
        own_rpc.call("evm_mine")
        relayer.run_once()
        assert refreshed(engine, rows)[0].state is state


def test_dropped_by_the_node_is_sent_again(
    engine: Engine, own_rpc: RpcClient, relayer: Relayer, payer: LocalAccount
) -> None:
    receiver = Account.create().address
    user = funded_account(own_rpc)
    rows = enqueue_payments(engine, payer, receiver, 2)
    raw = signed_payment(own_rpc, CHAIN_ID, user, receiver, nonce=0, value=10)
    with session_scope(engine) as session:
        rows.append(enqueue(session, RawRequest(CHAIN_ID, raw)))
    relayer.run_once()
    own_rpc.call("anvil_dropAllTransactions")
    own_rpc.call("evm_mine")
    assert balance(own_rpc, receiver) == 0
    time.sleep(SETTINGS.rebroadcast_seconds)
    relayer.run_once()
    own_rpc.call("evm_mine")
    done = run_until_done(relayer, engine, rows)
    assert balance(own_rpc, receiver) == 13
    assert [row.attempts for row in done] == [2, 2, 2]


def test_nonces_that_others_used_are_skipped(
    engine: Engine, own_rpc: RpcClient, relayer: Relayer, payer: LocalAccount
) -> None:
    pay(own_rpc, payer, 0)
    own_rpc.call("evm_mine")
    pay(own_rpc, payer, 1)  # waits in the pool
    rows = enqueue_payments(engine, payer, Account.create().address, 2)
    relayer.run_once()
    own_rpc.call("evm_mine")
    done = run_until_done(relayer, engine, rows)
    assert [row.nonce for row in done] == [2, 3]


def test_displaced_by_a_foreign_transaction_is_signed_again(
    engine: Engine, own_rpc: RpcClient, relayer: Relayer, payer: LocalAccount
) -> None:
    receiver = Account.create().address
    rows = enqueue_payments(engine, payer, receiver, 2)
    relayer.run_once()
    first = refreshed(engine, rows)
    own_rpc.call("anvil_dropAllTransactions")
    pay(own_rpc, payer, 0)
    own_rpc.call("evm_mine")
    relayer.run_once()
    # One block deep is too little to call it displaced.
    assert refreshed(engine, rows)[0].nonce == 0
    own_rpc.call("evm_setIntervalMining", [1])
    done = run_until_done(relayer, engine, rows)
    assert [row.nonce for row in done] == [2, 1]
    assert balance(own_rpc, receiver) == 3
    with read_scope(engine) as session:
        retired = session.execute(select(chain_transaction_retired)).mappings().one()
        assert retired["hash"] == first[0].hash
        # Found under the old hash too, for whoever was told that one.
        by_old_hash = find_by_hash(session, str(first[0].hash))
    assert by_old_hash == done[0]


def test_gap_that_a_foreign_transaction_left_is_filled(
    engine: Engine, own_rpc: RpcClient, relayer: Relayer, payer: LocalAccount
) -> None:
    pay(own_rpc, payer, 0)
    receiver = Account.create().address
    rows = enqueue_payments(engine, payer, receiver, 1)
    relayer.run_once()
    assert refreshed(engine, rows)[0].nonce == 1
    own_rpc.call("anvil_dropAllTransactions")
    own_rpc.call("evm_setIntervalMining", [1])
    (done,) = run_until_done(relayer, engine, rows)
    assert done.nonce == 1
    assert chain_nonce(own_rpc, payer.address) == 2
    assert balance(own_rpc, receiver) == 1


def test_without_funds_it_waits(
    engine: Engine, own_rpc: RpcClient, relayer: Relayer, payer: LocalAccount
) -> None:
    rows = enqueue_payments(engine, payer, Account.create().address, 2)
    own_rpc.call("anvil_setBalance", [payer.address, "0x0"])
    relayer.run_once()
    for row in refreshed(engine, rows):
        assert row.state is TransactionState.RESERVED
        assert "insufficient funds" in (row.last_error or "").lower()
    own_rpc.call("anvil_setBalance", [payer.address, hex(10**20)])
    own_rpc.call("evm_setIntervalMining", [1])
    done = run_until_done(relayer, engine, rows)
    assert [row.state for row in done] == [TransactionState.CONFIRMED] * 2


def test_signed_below_the_base_fee_is_signed_again(
    engine: Engine, own_rpc: RpcClient, payer: LocalAccount, no_contracts: ContractSet
) -> None:
    class Died(Exception):
        pass

    def die(step: str) -> None:
        if step == "reserved":
            raise Died

    rows = enqueue_payments(engine, payer, Account.create().address, 1)
    with pytest.raises(Died):
        Relayer(engine, own_rpc, no_contracts, [payer], SETTINGS, die).run_once()
    (before,) = refreshed(engine, rows)
    # Meanwhile the chain became dear.
    own_rpc.call("anvil_setNextBlockBaseFeePerGas", [hex(500 * 10**9)])
    own_rpc.call("evm_mine")
    own_rpc.call("evm_setIntervalMining", [1])
    relayer = Relayer(engine, own_rpc, no_contracts, [payer], SETTINGS)
    (done,) = run_until_done(relayer, engine, rows)
    assert done.state is TransactionState.CONFIRMED
    assert done.nonce == before.nonce
    assert done.hash != before.hash
    own_rpc.call("anvil_setNextBlockBaseFeePerGas", [hex(10**9)])
    own_rpc.call("evm_mine")


class _Refusing(RpcClient):
    """A node that does not like transactions with a certain value."""

    def batch(
        self, calls: Sequence[tuple[str, Sequence[Any]]], *, return_errors: bool = False
    ) -> list[Any]:
        if not calls or calls[0][0] != "eth_sendRawTransaction":
            return super().batch(calls, return_errors=return_errors)
        liked = [call for call in calls if b"\xca\xfe" not in bytes.fromhex(call[1][0][2:])]
        answers = iter(super().batch(liked, return_errors=return_errors))
        refused = RpcError(-32000, "oversized data")
        return [next(answers) if call in liked else refused for call in calls]


def test_refused_by_the_node_fails_and_its_nonce_is_filled(
    engine: Engine,
    own_node: EmbeddedNode,
    own_rpc: RpcClient,
    payer: LocalAccount,
    no_contracts: ContractSet,
) -> None:
    receiver = Account.create().address
    with session_scope(engine) as session:
        rows = [
            enqueue(session, DirectRequest(CHAIN_ID, payer.address, receiver, b"", value=value))
            for value in (1, 0xCAFE, 2)
        ]
    own_rpc.call("evm_setIntervalMining", [1])
    with _Refusing(own_node.url) as refusing:
        relayer = Relayer(engine, refusing, no_contracts, [payer], SETTINGS)
        first, failed, third = run_until_done(relayer, engine, rows)
    assert failed.state is TransactionState.FAILED
    assert failed.reason is FailureReason.REJECTED
    assert failed.last_error == "oversized data"
    assert failed.nonce is None
    assert (first.nonce, third.nonce) == (0, 2)
    assert chain_nonce(own_rpc, payer.address) == 3
    assert balance(own_rpc, receiver) == 3


def test_one_relayer_at_a_time_and_the_next_takes_over(
    engine: Engine, own_rpc: RpcClient, payer: LocalAccount, no_contracts: ContractSet
) -> None:
    own_rpc.call("evm_setIntervalMining", [1])
    relayers = [Relayer(engine, own_rpc, no_contracts, [payer], SETTINGS) for _ in range(2)]
    receiver = Account.create().address
    for number, relayer in enumerate(relayers):
        relayer.start()
        wait_until(lambda: relayers[0].status().leading)  # the first, also after the second began
        if number == 0:
            rows = enqueue_payments(engine, payer, receiver, 5)
    assert not relayers[1].status().leading
    relayers[0].stop()
    wait_until(lambda: relayers[1].status().leading)
    rows += enqueue_payments(engine, payer, receiver, 5)
    wait_until(lambda: all(row.terminal for row in refreshed(engine, rows)))
    relayers[1].stop()
    assert chain_nonce(own_rpc, payer.address) == 10
    assert balance(own_rpc, receiver) == 30
    with read_scope(engine) as session:
        assert not session.execute(
            select(func.count()).select_from(chain_transaction_retired)
        ).scalar()


def wait_until(condition: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)
