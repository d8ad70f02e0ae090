"""A market for capability tests: calls sent by real keys, events indexed into a fresh database.

Its chain is its own, so that tests can move its clock ahead instead of waiting.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from market_accounts import Accounts, admit_members
from sqlalchemy import Engine

from edgebazaar.app import projection_registry
from edgebazaar.chain.contracts import ContractCall, ContractSet, iterate_events
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.indexer import Indexer
from edgebazaar.chain.node import TEST_MNEMONIC, EmbeddedNode
from edgebazaar.chain.profiles import PROFILES
from edgebazaar.chain.rpc import RpcClient, from_quantity
from edgebazaar.chain.transactions import transact
from edgebazaar.chain.typed_data import sign_typed_data, typed_data_for_receipt
from edgebazaar.content.engine.fingerprint import IMAGE_PDQ_V1
from edgebazaar.content.service import ContentService


@pytest.fixture(scope="session")
def own_rpc() -> Iterator[RpcClient]:
    """A chain whose clock tests may move ahead."""
    with (
        EmbeddedNode(block_time=0.1, mnemonic=TEST_MNEMONIC) as node,
        RpcClient(node.url) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def own_contracts(
    own_rpc: RpcClient, accounts: Accounts, tmp_path_factory: pytest.TempPathFactory
) -> ContractSet:
    """The contracts on that chain, with every member admitted."""
    directory = tmp_path_factory.mktemp("own-deployments")
    deployment = deploy(own_rpc.url, accounts.administrator, PROFILES["demo"], directory)
    contract_set = ContractSet(deployment)
    admit_members(own_rpc, contract_set, accounts)
    return contract_set


@pytest.fixture
def bazaar(engine: Engine, own_contracts: ContractSet, own_rpc: RpcClient) -> Market:
    """A market on that chain, indexed into an empty database."""
    return Market(engine, own_contracts, own_rpc)


class Market:
    """The deployed contracts with an indexer into one database."""

    def __init__(self, engine: Engine, contracts: ContractSet, rpc: RpcClient) -> None:
        self.engine = engine
        self.contracts = contracts
        self.rpc = rpc
        self.indexer = Indexer(rpc, contracts, engine, projection_registry())
        self.contents = ContentService(engine, contracts)
        self.indexer.sync()

    def act(self, account: LocalAccount, call: ContractCall) -> dict[str, dict[str, Any]]:
        """Sends a call, indexes its block; arguments of its events by name."""
        receipt = transact(self.rpc, self.contracts, account, call)
        self.index(from_quantity(receipt["blockNumber"]))
        events = iterate_events(self.contracts, receipt["logs"])
        return {event.event: event.arguments for event in events}

    def index(self, block: int | None = None) -> None:
        """Indexes at least up to a block, or the present head."""
        number = from_quantity(self.rpc.call("eth_blockNumber")) if block is None else block
        deadline = time.monotonic() + 20
        while (self.indexer.status().cursor or 0) < number:
            assert time.monotonic() < deadline, "the indexer does not reach the block"
            if not self.indexer.sync():
                time.sleep(0.02)

    def read(
        self, contract: str, function: str, *arguments: Any, block: int | str = "latest"
    ) -> Any:
        """What a view returns."""
        call = ContractCall(contract, function, arguments)
        return self.contracts.read(self.rpc, call, block)

    def now(self) -> int:
        """Time of the newest block."""
        return from_quantity(self.rpc.call("eth_getBlockByNumber", ["latest", False])["timestamp"])

    def wait_until(self, timestamp: int) -> None:
        """Moves the clock of the chain to that time, and indexes a block of it."""
        ahead = timestamp - self.now()
        if ahead > 0:
            self.rpc.call("evm_increaseTime", [ahead])
        deadline = time.monotonic() + 20
        while self.now() < timestamp:
            assert time.monotonic() < deadline, "no block comes at that time"
            time.sleep(0.02)
        self.index()

    def register(
        self,
        producer: LocalAccount,
        provider: LocalAccount,
        *,
        content_hash: bytes | None = None,
        fingerprint: bytes | None = None,
        scheme: int = IMAGE_PDQ_V1,
        royalty_bps: int = 500,
        uri: str = "ipfs://example",
    ) -> str:
        """Commits and registers one content; its key."""
        digest = content_hash or secrets.token_bytes(32)
        salt = "0x" + secrets.token_hex(32)
        key = "0x" + digest.hex()
        self.act(producer, self.contents.commit(producer.address, [key], salt))
        fields = {
            "producer": producer.address,
            "provider": provider.address,
            "content_hash": key,
            "fingerprint": "0x" + (fingerprint or secrets.token_bytes(32)).hex(),
            "fingerprint_scheme": scheme,
            "prompt_commitment": "0x" + secrets.token_hex(32),
            "model_id": "0x" + secrets.token_hex(32),
        }
        typed_data = typed_data_for_receipt(self.contracts, self.contents.receipt(fields))
        item = {
            "receipt": fields,
            "receipt_signature": "0x" + sign_typed_data(provider.key, typed_data).hex(),
            "royalty_bps": royalty_bps,
            "uri": "",
        }
        call = self.contents.register(producer.address, [item], salt)
        # Set past the service's check, as a sender of raw transactions can.
        call.arguments[0][0]["uri"] = uri
        self.act(producer, call)
        return key


def fresh_secret() -> tuple[str, str]:
    """A preimage and its hashlock, 0x-hex."""
    preimage = secrets.token_bytes(32)
    return "0x" + preimage.hex(), "0x" + hashlib.sha256(preimage).hexdigest()


def flipped(fingerprint: bytes, bits: int) -> bytes:
    """A fingerprint that differs in this many bits."""
    return (int.from_bytes(fingerprint, "big") ^ ((1 << bits) - 1)).to_bytes(32, "big")
