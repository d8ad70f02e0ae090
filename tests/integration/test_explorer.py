"""Transactions as shown to people, and typed data as the contracts hash it, on a real chain."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from market_accounts import Accounts

from edgebazaar.chain.contracts import CallReverted, ContractCall, ContractSet
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.explorer import TransactionView, simulate, view_transaction
from edgebazaar.chain.node import EmbeddedNode
from edgebazaar.chain.profiles import PROFILES
from edgebazaar.chain.rpc import RpcClient, RpcError, from_quantity, to_data
from edgebazaar.chain.transactions import (
    TransactionFailed,
    broadcast,
    plan_transaction,
    rebuild_transaction,
    transact,
    wait_for_receipt,
)
from edgebazaar.chain.typed_data import (
    ForwardRequest,
    digest,
    forwarder_nonce,
    recover_signer,
    sign_typed_data,
    typed_data_for_forward_request,
    typed_data_for_receipt,
    typed_data_for_voucher,
)
from edgebazaar.errors import NotFound

TEMPLATE = "https://explorer.example/tx/{transaction}"


def voucher_for(account: str, seconds: int = 3600) -> dict[str, Any]:
    return {
        "account": account,
        "roles": 1 << 2,
        "expiresAt": int(time.time()) + 86400,
        "certificateHash": os.urandom(32),
        "serial": os.urandom(32),
        "deadline": int(time.time()) + seconds,
    }


def send_regardless(
    rpc: RpcClient, contracts: ContractSet, signer: LocalAccount, call: ContractCall
) -> str:
    """Have a call mined that reverts; returns the transaction hash."""
    to, data = contracts.address(call.contract), contracts.encode(call)
    plan = plan_transaction(rpc, signer, signer.address, b"")  # what estimation refuses for `to`
    signed = rebuild_transaction(signer, {**plan, "gas": 500_000, "value": call.value}, to, data)
    broadcast(rpc, signed)
    transaction = to_data(signed.hash)
    receipt = wait_for_receipt(rpc, transaction, 30)
    assert from_quantity(receipt["status"]) == 0
    return transaction


def relayed(
    rpc: RpcClient, contracts: ContractSet, actor: LocalAccount, call: ContractCall
) -> ContractCall:
    nonce = forwarder_nonce(rpc, contracts, actor.address)
    data = typed_data_for_forward_request(
        contracts, actor.address, call, nonce, int(time.time()) + 600, 300_000
    )
    signature = sign_typed_data(actor.key, data)
    assert recover_signer(data, signature) == actor.address
    return ForwardRequest.from_typed_data(data).execution(signature)


class Scenario:
    """The same checks on every kind of node."""

    rpc: RpcClient
    contracts: ContractSet
    accounts: Accounts

    def view(self, transaction: str) -> TransactionView:
        return view_transaction(self.rpc, self.contracts, transaction, TEMPLATE)

    def test_a_success_shows_call_events_and_cost(self) -> None:
        newcomer = Account.create().address
        arguments = (newcomer, 4, 2**39, os.urandom(32))
        call = ContractCall("Membership", "admit", arguments)
        receipt = transact(self.rpc, self.contracts, self.accounts.administrator, call)
        view = self.view(receipt["transactionHash"])
        assert view.status == "succeeded"
        assert view.sender == view.actor == self.accounts.administrator.address
        assert view.to == self.contracts.address("Membership")
        assert view.call is not None
        assert view.call.function == "admit"
        assert view.call.arguments["account"] == newcomer
        assert [event.event for event in view.events] == ["MemberAdmitted"]
        assert view.events[0].arguments["certificateHash"] == arguments[3]
        assert view.revert is None
        assert view.gas_used == from_quantity(receipt["gasUsed"])
        assert view.fee is not None
        assert view.fee > 0
        assert view.block_timestamp is not None
        assert abs(view.block_timestamp - time.time()) < 60
        assert view.explorer_address == TEMPLATE.replace(
            "{transaction}", receipt["transactionHash"]
        )
        assert view_transaction(self.rpc, self.contracts, view.hash).explorer_address is None

    def test_a_revert_shows_the_custom_error(self) -> None:
        stranger = self.accounts.stranger
        call = ContractCall("Membership", "revoke", (stranger.address,))
        view = self.view(send_regardless(self.rpc, self.contracts, stranger, call))
        assert view.status == "reverted"
        assert view.revert is not None
        assert view.revert.name == "OwnableUnauthorizedAccount"
        assert view.revert.arguments == {"account": stranger.address}
        assert view.events == ()

    def test_a_relayed_call_shows_its_actor_and_what_it_did(self) -> None:
        actor = self.accounts.administrator
        newcomer = Account.create().address
        inner = ContractCall("Membership", "admit", (newcomer, 4, 2**39, bytes(32)))
        call = relayed(self.rpc, self.contracts, actor, inner)
        receipt = transact(self.rpc, self.contracts, self.accounts.relayer, call)
        view = self.view(receipt["transactionHash"])
        assert (view.sender, view.actor) == (self.accounts.relayer.address, actor.address)
        assert view.call is not None
        assert view.call.contract == "Membership"
        names = [event.event for event in view.events]
        assert names == ["MemberAdmitted", "ExecutedForwardRequest"]

    def test_a_relayed_revert_shows_the_reason_that_the_forwarder_hides(self) -> None:
        stranger = self.accounts.stranger
        inner = ContractCall("Membership", "revoke", (stranger.address,))
        call = relayed(self.rpc, self.contracts, stranger, inner)
        view = self.view(send_regardless(self.rpc, self.contracts, self.accounts.relayer, call))
        assert view.revert is not None
        assert view.revert.text == f"OwnableUnauthorizedAccount(account={stranger.address})"
        assert view.actor == stranger.address

    def test_a_forged_request_shows_the_forwarder_s_own_error(self) -> None:
        inner = ContractCall("Membership", "revoke", (self.accounts.stranger.address,))
        call = relayed(self.rpc, self.contracts, self.accounts.stranger, inner)
        request = {**call.arguments[0], "gas": 299_999}
        forged = ContractCall("TrustedForwarder", "execute", (request,))
        view = self.view(send_regardless(self.rpc, self.contracts, self.accounts.relayer, forged))
        assert view.revert is not None
        assert view.revert.name == "ERC2771ForwarderInvalidSigner"

    def test_simulation_tells_what_would_happen(self) -> None:
        stranger, contracts = self.accounts.stranger, self.contracts
        inner = ContractCall("Membership", "revoke", (stranger.address,))
        forwarder = contracts.address("TrustedForwarder")
        hopeless = contracts.encode(relayed(self.rpc, contracts, stranger, inner))
        sender = self.accounts.relayer.address
        reason = simulate(self.rpc, contracts, sender=sender, to=forwarder, data=hopeless)
        assert reason is not None
        assert reason.name == "OwnableUnauthorizedAccount"
        admit = ContractCall("Membership", "admit", (stranger.address, 4, 2**39, bytes(32)))
        good = contracts.encode(relayed(self.rpc, contracts, self.accounts.administrator, admit))
        assert simulate(self.rpc, contracts, sender=sender, to=forwarder, data=good) is None

    def test_transact_and_read_say_why_a_call_reverts(self) -> None:
        nobody = Account.create().address
        call = ContractCall("Membership", "requireActive", (nobody,))
        with pytest.raises(CallReverted, match=rf"Membership_NotActive\(account={nobody}\)"):
            self.contracts.read(self.rpc, call)
        with pytest.raises(CallReverted):
            self.contracts.read_many(self.rpc, [call])
        with pytest.raises(TransactionFailed, match="Membership_NotActive"):
            transact(self.rpc, self.contracts, self.accounts.stranger, call)

    def test_reads_come_in_batches_and_at_past_blocks(self) -> None:
        names = ("producer", "esp", "stranger")
        accounts = [getattr(self.accounts, name).address for name in names]
        calls = [ContractCall("Membership", "isActive", (account,)) for account in accounts]
        assert self.contracts.read_many(self.rpc, calls) == [True, True, False]
        first = self.contracts.deployment.first_block
        membership = self.contracts.deployment.contracts["Membership"].block
        assert first <= membership
        assert self.contracts.read(self.rpc, calls[0], block=membership) is False

    def test_unknown_transactions_are_refused(self) -> None:
        with pytest.raises(NotFound):
            self.view("0x" + "12" * 32)

    def test_errors_of_the_node_are_typed(self) -> None:
        with pytest.raises(RpcError) as caught:
            self.rpc.call("eth_doesNotExist")
        assert caught.value.rpc_code == -32601 or "not" in caught.value.message
        assert caught.value.revert_data is None
        first, second = self.rpc.batch(
            [("eth_chainId", []), ("eth_doesNotExist", [])], return_errors=True
        )
        assert from_quantity(first) == self.contracts.chain_id
        assert isinstance(second, RpcError)
        with pytest.raises(RpcError):
            self.rpc.batch([("eth_chainId", []), ("eth_doesNotExist", [])])

    def test_typed_data_equals_what_the_contracts_hash(self) -> None:
        voucher = voucher_for(Account.create().address)
        call = ContractCall("Membership", "hashVoucher", (voucher,))
        typed = typed_data_for_voucher(self.contracts, voucher)
        assert digest(typed) == self.contracts.read(self.rpc, call)
        receipt = {
            "producer": self.accounts.producer.address,
            "provider": self.accounts.esp.address,
            "contentHash": os.urandom(32),
            "fingerprint": os.urandom(32),
            "fingerprintScheme": 65537,
            "promptCommitment": os.urandom(32),
            "modelId": os.urandom(32),
        }
        call = ContractCall("ProofOfAIGC", "hashReceipt", (receipt,))
        typed = typed_data_for_receipt(self.contracts, receipt)
        assert digest(typed) == self.contracts.read(self.rpc, call)

    def test_a_signed_voucher_admits(self) -> None:
        voucher = voucher_for(Account.create().address)
        typed = typed_data_for_voucher(self.contracts, voucher)
        signature = sign_typed_data(self.accounts.administrator.key, typed)
        call = ContractCall("Membership", "admitByVoucher", (voucher, signature))
        receipt = transact(self.rpc, self.contracts, self.accounts.stranger, call)
        names = {event.event for event in self.view(receipt["transactionHash"]).events}
        assert names == {"MemberAdmitted", "VoucherUsed"}


class TestOnAnvil(Scenario):
    @pytest.fixture(autouse=True)
    def _chain(self, rpc: RpcClient, contracts: ContractSet, accounts: Accounts) -> None:
        self.rpc, self.contracts, self.accounts = rpc, contracts, accounts


@pytest.fixture(scope="module")
def ganache_chain(
    accounts: Accounts, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RpcClient, ContractSet]]:
    with (
        EmbeddedNode(kind="ganache", block_time=0.1) as node,
        RpcClient(node.url) as rpc,
    ):
        directory = tmp_path_factory.mktemp("ganache")
        contracts = ContractSet(
            deploy(node.url, accounts.administrator, PROFILES["demo"], directory)
        )
        for account in (accounts.producer, accounts.esp):
            call = ContractCall("Membership", "admit", (account.address, 1, 2**39, bytes(32)))
            transact(rpc, contracts, accounts.administrator, call)
        yield rpc, contracts


class TestOnGanache(Scenario):
    @pytest.fixture(autouse=True)
    def _chain(self, ganache_chain: tuple[RpcClient, ContractSet], accounts: Accounts) -> None:
        self.rpc, self.contracts = ganache_chain
        self.accounts = accounts
