"""The outbox on a real chain: every kind of request, every outcome, on both databases."""

from __future__ import annotations

import time

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from market_accounts import Accounts
from outbox_support import (
    chain_nonce,
    commit_call,
    funded_account,
    relayed,
    run_until_done,
    signed_payment,
)
from sqlalchemy import Engine, func, select

from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.chain.outbox import (
    DirectRequest,
    FailureReason,
    InvalidRequest,
    RawRequest,
    RelayedRequest,
    Relayer,
    RelayerSettings,
    TransactionState,
    chain_transaction,
    enqueue,
    find_by_hash,
    find_transaction,
    next_forward_nonce,
    wait_for_transaction,
    wait_for_transactions,
)
from edgebazaar.chain.rpc import RpcClient, from_quantity, to_data
from edgebazaar.chain.typed_data import (
    forwarder_nonce,
)
from edgebazaar.db import read_scope, session_scope


@pytest.fixture
def payer(rpc: RpcClient) -> LocalAccount:
    return funded_account(rpc)


@pytest.fixture
def relayer(engine: Engine, rpc: RpcClient, contracts: ContractSet, payer: LocalAccount) -> Relayer:
    return Relayer(engine, rpc, contracts, [payer], RelayerSettings(rebroadcast_seconds=0.5))


def test_relayed_requests_of_one_user_keep_their_order(
    engine: Engine, rpc: RpcClient, contracts: ContractSet, accounts: Accounts, relayer: Relayer
) -> None:
    user = accounts.producer
    first = forwarder_nonce(rpc, contracts, user.address)
    with session_scope(engine) as session:
        rows = []
        for offset in (2, 0, 1):  # they arrive out of order
            request = relayed(contracts, user, commit_call(), first + offset)
            rows.append(enqueue(session, request))
        assert next_forward_nonce(session, contracts.chain_id, user.address, first) == first + 3
    done = run_until_done(relayer, engine, rows)
    assert [row.state for row in done] == [TransactionState.CONFIRMED] * 3
    by_forward_nonce = sorted(done, key=lambda row: row.forward_nonce or 0)
    assert [row.nonce for row in by_forward_nonce] == [0, 1, 2]
    assert forwarder_nonce(rpc, contracts, user.address) == first + 3
    for row in done:
        receipt = rpc.call("eth_getTransactionReceipt", [row.hash])
        assert from_quantity(receipt["blockNumber"]) == row.block_number
        assert receipt["blockHash"] == row.block_hash
        assert row.succeeded
        assert row.gas_used == from_quantity(receipt["gasUsed"])
        assert row.attempts == 1


def test_would_revert_is_refused_without_a_nonce(
    engine: Engine, rpc: RpcClient, contracts: ContractSet, accounts: Accounts, relayer: Relayer
) -> None:
    user = accounts.stranger  # no member, so the registry refuses
    nonce = forwarder_nonce(rpc, contracts, user.address)
    with session_scope(engine) as session:
        row = enqueue(session, relayed(contracts, user, commit_call(), nonce))
    (done,) = run_until_done(relayer, engine, [row])
    assert done.state is TransactionState.REFUSED
    assert done.nonce is None
    assert done.hash is None
    assert done.error is not None
    # The contract's own error, not the forwarder's FailedCall.
    assert done.error["name"] == "Membership_NotActive"
    assert done.error["arguments"]["account"] == user.address


def test_same_request_is_stored_once(
    engine: Engine, rpc: RpcClient, contracts: ContractSet, accounts: Accounts
) -> None:
    request = relayed(contracts, accounts.producer, commit_call(), 10**6)
    raw = signed_payment(
        rpc, contracts.chain_id, accounts.stranger, accounts.esp.address, nonce=10**6
    )
    direct = DirectRequest(
        contracts.chain_id,
        accounts.operator.address,
        accounts.esp.address,
        b"",
        idempotency_key="a",
    )
    for again in (request, RawRequest(contracts.chain_id, raw), direct):
        with session_scope(engine) as session:
            first = enqueue(session, again)
        with session_scope(engine) as session:
            second = enqueue(session, again)
            assert second == enqueue(session, again)
        assert first == second
    with read_scope(engine) as session:
        assert session.execute(select(func.count()).select_from(chain_transaction)).scalar() == 3


def test_wrong_requests_are_not_stored(
    engine: Engine, rpc: RpcClient, contracts: ContractSet, accounts: Accounts
) -> None:
    user = accounts.producer
    good = relayed(contracts, user, commit_call(), 0)
    raw = signed_payment(rpc, contracts.chain_id, user, user.address, nonce=0)
    too_little_gas = bytes(
        user.sign_transaction(
            {
                "chainId": contracts.chain_id,
                "nonce": 0,
                "to": user.address,
                "value": 0,
                "gas": 20_999,
                "gasPrice": 10**9,
            }
        ).raw_transaction
    )
    wrong = {
        "signature": [
            relayed_with(good, signature=good.signature[:64] + b"\x1b\x1c"),
            relayed_with(good, nonce=good.nonce + 1),
            relayed_with(good, data=good.data + b"\0"),
            relayed_with(good, sender=accounts.esp.address),
        ],
        "value": [relayed_with(good, value=1)],
        "deadline": [relayed_with(good, deadline=int(time.time()) - 1)],
        "gas": [
            relayed_with(good, gas=-1),
            DirectRequest(contracts.chain_id, user.address, user.address, b"ab", gas=21_079),
        ],
        "raw": [
            RawRequest(contracts.chain_id, too_little_gas),
            RawRequest(contracts.chain_id + 1, raw),
            RawRequest(contracts.chain_id, raw[:-1]),
            RawRequest(contracts.chain_id, b""),
            RawRequest(contracts.chain_id, b"\x03" + raw[1:]),
            RawRequest(contracts.chain_id, bytes(200_000)),
        ],
    }
    for field, requests in wrong.items():
        for request in requests:
            with session_scope(engine) as session, pytest.raises(InvalidRequest) as caught:
                enqueue(session, request)
            assert caught.value.field == field
            assert caught.value.mend
    with read_scope(engine) as session:
        assert session.execute(select(func.count()).select_from(chain_transaction)).scalar() == 0


def relayed_with(request: RelayedRequest, **changes: object) -> RelayedRequest:
    values = {name: getattr(request, name) for name in RelayedRequest.__dataclass_fields__}
    return RelayedRequest(**(values | changes))  # type: ignore[arg-type]


def test_forward_nonce_used_elsewhere_fails(
    engine: Engine, rpc: RpcClient, contracts: ContractSet, accounts: Accounts, relayer: Relayer
) -> None:
    user = accounts.second_producer
    nonce = forwarder_nonce(rpc, contracts, user.address)
    with session_scope(engine) as session:
        first = enqueue(session, relayed(contracts, user, commit_call(), nonce))
        rival = enqueue(session, relayed(contracts, user, commit_call(), nonce))
    done, failed = run_until_done(relayer, engine, [first, rival])
    assert done.state is TransactionState.CONFIRMED
    assert failed.state is TransactionState.FAILED
    assert failed.reason is FailureReason.NONCE_CONSUMED
    assert failed.nonce is None


def test_request_that_waits_for_its_nonce_expires(
    engine: Engine, rpc: RpcClient, contracts: ContractSet, accounts: Accounts, relayer: Relayer
) -> None:
    user = accounts.second_producer
    nonce = forwarder_nonce(rpc, contracts, user.address)
    request = relayed(contracts, user, commit_call(), nonce + 1, deadline=int(time.time()) + 2)
    with session_scope(engine) as session:
        row = enqueue(session, request)
    relayer.run_once()
    with read_scope(engine) as session:
        waiting = find_transaction(session, row.id)
    assert waiting is not None
    assert waiting.state is TransactionState.ACCEPTED
    (done,) = run_until_done(relayer, engine, [row])
    assert done.reason is FailureReason.EXPIRED


def test_raw_transaction_is_sent_and_followed(
    engine: Engine, rpc: RpcClient, contracts: ContractSet, accounts: Accounts, relayer: Relayer
) -> None:
    user = Account.create()
    rpc.call("anvil_setBalance", [user.address, hex(10**18)])
    receiver = Account.create().address
    legacy = user.sign_transaction(
        {
            "chainId": contracts.chain_id,
            "nonce": 0,
            "to": receiver,
            "value": 3,
            "gas": 21_000,
            "gasPrice": 3 * 10**9,
        }
    )
    modern = signed_payment(rpc, contracts.chain_id, user, receiver, nonce=1, value=4)
    with session_scope(engine) as session:
        rows = [
            enqueue(session, RawRequest(contracts.chain_id, bytes(legacy.raw_transaction))),
            enqueue(session, RawRequest(contracts.chain_id, modern)),
        ]
    done = run_until_done(relayer, engine, rows)
    assert [row.state for row in done] == [TransactionState.CONFIRMED] * 2
    assert from_quantity(rpc.call("eth_getBalance", [receiver, "latest"])) == 7
    with read_scope(engine) as session:
        assert find_by_hash(session, bytes(legacy.hash)) == done[0]


def test_raw_transaction_whose_nonce_went_to_another_is_replaced(
    engine: Engine, rpc: RpcClient, contracts: ContractSet, accounts: Accounts, relayer: Relayer
) -> None:
    user = Account.create()
    rpc.call("anvil_setBalance", [user.address, hex(10**18)])
    kept = signed_payment(rpc, contracts.chain_id, user, accounts.esp.address, nonce=0, value=1)
    lost = signed_payment(rpc, contracts.chain_id, user, accounts.esp.address, nonce=0, value=2)
    with session_scope(engine) as session:
        row = enqueue(session, RawRequest(contracts.chain_id, lost))
    rpc.call("eth_sendRawTransaction", [to_data(kept)])
    while chain_nonce(rpc, user.address) == 0:
        time.sleep(0.02)
    (done,) = run_until_done(relayer, engine, [row])
    assert done.state is TransactionState.REPLACED


def test_raw_transaction_without_funds_fails_at_once(
    engine: Engine, rpc: RpcClient, contracts: ContractSet, accounts: Accounts, relayer: Relayer
) -> None:
    raw = signed_payment(
        rpc, contracts.chain_id, Account.create(), accounts.esp.address, nonce=0, value=10**18
    )
    with session_scope(engine) as session:
        row = enqueue(session, RawRequest(contracts.chain_id, raw))
    (done,) = run_until_done(relayer, engine, [row])
    assert done.state is TransactionState.FAILED
    assert done.reason is FailureReason.REJECTED
    assert "insufficient funds" in (done.last_error or "").lower()


def test_direct_call_is_estimated_and_sent(
    engine: Engine, rpc: RpcClient, contracts: ContractSet, accounts: Accounts, payer: LocalAccount
) -> None:
    rpc.call("anvil_setBalance", [accounts.administrator.address, hex(10**21)])
    relayer = Relayer(engine, rpc, contracts, [payer, accounts.administrator])
    member = Account.create().address
    admit = ContractCall(
        "Membership", "admit", (member, 1, int(time.time()) + 10_000, bytes(31) + b"\2")
    )
    chain_id, to = contracts.chain_id, contracts.address("Membership")
    with session_scope(engine) as session:
        rows = [
            enqueue(
                session,
                DirectRequest(
                    chain_id, accounts.administrator.address, to, contracts.encode(admit)
                ),
            ),
            # The payer is not the owner of Membership.
            enqueue(session, DirectRequest(chain_id, payer.address, to, contracts.encode(admit))),
            # With a gas limit given it is sent unchecked, and reverts on chain.
            enqueue(
                session,
                DirectRequest(chain_id, payer.address, to, contracts.encode(admit), gas=200_000),
            ),
        ]
    good, refused, reverted = run_until_done(relayer, engine, rows)
    assert good.state is TransactionState.CONFIRMED
    assert contracts.read(rpc, ContractCall("Membership", "hasRole", (member, 1)))
    assert refused.state is TransactionState.REFUSED
    assert refused.error is not None
    assert refused.error["name"] == "OwnableUnauthorizedAccount"
    assert reverted.state is TransactionState.REVERTED
    assert reverted.nonce == 0
    assert reverted.error == refused.error


def test_waiting_and_status_in_a_running_relayer(
    engine: Engine, rpc: RpcClient, contracts: ContractSet, accounts: Accounts, payer: LocalAccount
) -> None:
    seen: list[TransactionState] = []
    relayer = Relayer(
        engine,
        rpc,
        contracts,
        [payer],
        on_change=lambda rows: seen.extend(row.state for row in rows),
    )
    relayer.start()
    try:
        with session_scope(engine) as session:
            rows = [
                enqueue(
                    session,
                    DirectRequest(
                        contracts.chain_id, payer.address, accounts.esp.address, b"", value=number
                    ),
                )
                for number in range(30)
            ]
        relayer.wake()
        done = wait_for_transactions(engine, [row.id for row in rows], timeout=20)
        assert {row.state for row in done} == {TransactionState.CONFIRMED}
        assert [row.nonce for row in done] == list(range(30))
        assert wait_for_transaction(engine, rows[0].id, timeout=1) == done[0]
        status = relayer.status()
        assert status.running
        assert status.leading
        assert status.counts == {"confirmed": 30}
        assert status.last_error is None
    finally:
        relayer.stop()
    assert not relayer.status().running
    assert seen.count(TransactionState.CONFIRMED) >= 30
