"""Requests for the outbox tests, and what they share."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from eth_account import Account
from eth_account.signers.local import LocalAccount
from sqlalchemy import Engine

from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.chain.outbox import RelayedRequest, Relayer, Transaction, find_transaction
from edgebazaar.chain.rpc import RpcClient, from_quantity
from edgebazaar.chain.typed_data import sign_typed_data, typed_data_for_forward_request
from edgebazaar.db import read_scope

GAS = 500_000


def relayed(
    contracts: ContractSet,
    user: LocalAccount,
    call: ContractCall,
    nonce: int,
    *,
    deadline: int | None = None,
) -> RelayedRequest:
    deadline = deadline or int(time.time()) + 3600
    typed_data = typed_data_for_forward_request(contracts, user.address, call, nonce, deadline, GAS)
    return RelayedRequest.from_typed_data(typed_data, sign_typed_data(user.key, typed_data))


def commit_call() -> ContractCall:
    """A call that any producer may make any number of times."""
    return ContractCall("ProofOfAIGC", "commit", (os.urandom(32),))


def fees(rpc: RpcClient) -> dict[str, int]:
    block = rpc.call("eth_getBlockByNumber", ["latest", False])
    return {
        "maxPriorityFeePerGas": 10**9,
        "maxFeePerGas": 10**9 + 2 * from_quantity(block["baseFeePerGas"]),
    }


def signed_payment(
    rpc: RpcClient, chain_id: int, account: LocalAccount, to: str, nonce: int, value: int = 1
) -> bytes:
    transaction = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "to": to,
        "value": value,
        "gas": 21_000,
        **fees(rpc),
    }
    return bytes(account.sign_transaction(transaction).raw_transaction)


def chain_nonce(rpc: RpcClient, address: str) -> int:
    return from_quantity(rpc.call("eth_getTransactionCount", [address, "latest"]))


def funded_account(rpc: RpcClient, wei: int = 10**21) -> LocalAccount:
    """A new key, so that its nonces begin at zero."""
    account: LocalAccount = Account.create()
    rpc.call("anvil_setBalance", [account.address, hex(wei)])
    return account


def run_until_done(
    relayer: Relayer, engine: Engine, rows: Sequence[Transaction], seconds: float = 20
) -> list[Transaction]:
    """Work the outbox by hand until these rows have their outcomes."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        relayer.run_once()
        with read_scope(engine) as session:
            now = [find_transaction(session, row.id) for row in rows]
        if all(row is not None and row.terminal for row in now):
            return [row for row in now if row is not None]
        time.sleep(0.02)
    raise AssertionError(f"not done: {now}")
