"""The chain on which gas is measured: one transaction a block, always the same accounts.

Whole transactions are measured (receipt.gasUsed), each in a block of its own, so that nothing is
warm that would be cold in use. Accounts, times and salts are fixed, so that two runs differ by no
more than a few gas of call data.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import solcx
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from edgebazaar.chain.build import SETTINGS, compiler_path, repository_root
from edgebazaar.chain.contracts import ContractCall, ContractSet, Deployment, decode_error
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.keys import derive_account
from edgebazaar.chain.node import TEST_MNEMONIC, EmbeddedNode
from edgebazaar.chain.profiles import DeploymentProfile
from edgebazaar.chain.rpc import RpcClient, RpcError, from_quantity, to_data
from edgebazaar.chain.typed_data import (
    ForwardRequest,
    forwarder_nonce,
    sign_typed_data,
    typed_data_for_forward_request,
)

ACCOUNTS = 300
START = 2_000_000_000
"""Time of the first block after the deployment, seconds since the epoch."""
YEAR = 365 * 86400
ETHER = 10**18
ZERO = bytes(32)
NOBODY = "0x" + "00" * 20
_TRANSACTION_GAS = 30_000_000
_PATIENCE = 30.0


class MeasurementFailed(Exception):
    """A transaction reverts that was to be measured; the message names it and why."""


class GasWorld:
    """A chain with the deployed contracts, and the gas of what was done on it.

    Attributes:
        rpc: The node.
        deployment: What stands on it.
        contracts: Encodes and decodes.
        administrator: Owner of Membership.
        gas: Gas by name of the operation.
        called: Every function that was measured, as (contract, function).
    """

    def __init__(self, rpc: RpcClient, deployment: Deployment) -> None:
        self.rpc = rpc
        self.deployment = deployment
        self.contracts = ContractSet(deployment)
        self.administrator = account(0)
        self.gas: dict[str, int] = {}
        self.called: set[tuple[str, str]] = set()
        self._next_account = 1

    def measure(
        self,
        name: str,
        sender: LocalAccount | str,
        contract: str,
        function: str,
        *arguments: Any,
        value: int = 0,
        per: int = 1,
    ) -> dict[str, Any]:
        """Send a transaction and keep its gas under a name, divided by `per` items.

        Raises:
            MeasurementFailed: If it reverts.
        """
        receipt = self.send(sender, contract, function, *arguments, value=value)
        self.called.add((contract, function))
        self.gas[name] = from_quantity(receipt["gasUsed"]) // per
        return receipt

    def send(
        self,
        sender: LocalAccount | str,
        contract: str,
        function: str,
        *arguments: Any,
        value: int = 0,
    ) -> dict[str, Any]:
        """Send a transaction that is not measured itself; its receipt."""
        call = ContractCall(contract, function, arguments, value)
        what = f"{contract}.{function}"
        return self.transact(
            sender, self.contracts.address(contract), self.contracts.encode(call), value, what
        )

    def transact(
        self,
        sender: LocalAccount | str,
        to: str | None,
        data: bytes,
        value: int = 0,
        what: str = "a transaction",
    ) -> dict[str, Any]:
        """One transaction in a block of its own; the node signs, for contracts too.

        Raises:
            MeasurementFailed: If it reverts.
        """
        address = sender if isinstance(sender, str) else sender.address
        request = {"from": address, "data": to_data(data), "gas": hex(_TRANSACTION_GAS)}
        request |= {"value": hex(value)} if value else {}
        request |= {"to": to} if to is not None else {}
        try:
            receipt = self._mined(self.rpc.call("eth_sendTransaction", [request]))
            if from_quantity(receipt["status"]) != 1:
                self.rpc.call("eth_call", [request, hex(from_quantity(receipt["blockNumber"]) - 1)])
                raise MeasurementFailed(f"{what} reverts")
        except RpcError as error:
            reason = error.message
            if error.revert_data is not None:
                reason = decode_error(error.revert_data).text
            raise MeasurementFailed(f"{what} reverts: {reason}") from error
        return receipt

    def _mined(self, transaction: str) -> dict[str, Any]:
        """Receipt of a transaction, which the node mines a moment after it has answered."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            receipt: dict[str, Any] | None = self.rpc.call(
                "eth_getTransactionReceipt", [transaction]
            )
            if receipt is not None:
                return receipt
            time.sleep(0.001)
        raise MeasurementFailed(f"{transaction} was not mined in {_PATIENCE} s")

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        """Ask a view function."""
        return self.contracts.read(self.rpc, ContractCall(contract, function, arguments))

    def new_members(self, count: int, roles: int) -> list[LocalAccount]:
        """Accounts that nobody used before, admitted for a year."""
        found = [account(self._next_account + index) for index in range(count)]
        self._next_account += count
        for one in found:
            self.send(
                self.administrator, "Membership", "admit", one.address, roles, START + YEAR, ZERO
            )
        return found

    def relay(self, name: str, signer: LocalAccount, call: ContractCall) -> dict[str, Any]:
        """Measure a call that its author signed and the administrator's account submits."""
        nonce = forwarder_nonce(self.rpc, self.contracts, signer.address)
        typed_data = typed_data_for_forward_request(
            self.contracts, signer.address, call, nonce, START + YEAR, 500_000
        )
        execution = ForwardRequest.from_typed_data(typed_data).execution(
            sign_typed_data(signer.key, typed_data)
        )
        return self.measure(
            name, self.administrator, execution.contract, execution.function, *execution.arguments
        )

    def now(self) -> int:
        """Time of the newest block."""
        return from_quantity(self.rpc.call("eth_getBlockByNumber", ["latest", False])["timestamp"])

    def pass_to(self, time: int) -> None:
        """Mine a block with this time."""
        self.rpc.call("evm_setNextBlockTimestamp", [time])
        self.rpc.call("evm_mine", [])

    def as_contract(self, contract: str) -> str:
        """Address of a contract, funded, from which transactions may be sent.

        So a function that only another contract may call is measured alone.
        """
        return self.impersonate(self.contracts.address(contract))

    def impersonate(self, address: str) -> str:
        """Have the node sign for an account without a key, and fund it."""
        self.rpc.call("anvil_impersonateAccount", [address])
        self.rpc.call("anvil_setBalance", [address, hex(100 * ETHER)])
        return address

    def create(self, name: str, source: str) -> MockContract:
        """Deploy a contract that is none of the product's, such as a token."""
        return MockContract(self, compiled(source)[name])


class MockContract:
    """A contract of the world outside that operations need."""

    def __init__(self, world: GasWorld, code: bytes) -> None:
        self._world = world
        receipt = world.transact(world.administrator, None, code, what="a contract's creation")
        self.address: str = receipt["contractAddress"]

    def send(self, sender: LocalAccount, signature: str, *words: int | str) -> None:
        """Call a function whose arguments are all of one word."""
        data = keccak(text=signature)[:4]
        for word in words:
            data += (int(word, 16) if isinstance(word, str) else word).to_bytes(32, "big")
        self._world.transact(sender, self.address, data, what=signature)


@cache
def account(index: int) -> LocalAccount:
    """One of the funded accounts; the first deploys and administers."""
    return derive_account(TEST_MNEMONIC, index)


@cache
def compiled(source: str) -> Mapping[str, bytes]:
    """Creation code of each contract in a source text, compiled as the product's own are."""
    root = repository_root()
    output = solcx.compile_standard(
        {
            "language": "Solidity",
            "sources": {"Mocks.sol": {"content": source}},
            "settings": {**SETTINGS, "outputSelection": {"Mocks.sol": {"*": ["evm.bytecode"]}}},
        },
        base_path=root,
        allow_paths=[root],
        solc_binary=compiler_path(root),
    )
    return {
        name: bytes.fromhex(contract["evm"]["bytecode"]["object"])
        for name, contract in output["contracts"]["Mocks.sol"].items()
    }


@contextmanager
def gas_world() -> Iterator[GasWorld]:
    """A fresh Anvil with the contracts, that mines each transaction at once."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedNode(block_time=0.05, accounts=ACCOUNTS) as node,
        RpcClient(node.url) as rpc,
    ):
        deployment = deploy(node.url, account(0), DeploymentProfile(), Path(folder))
        rpc.call("anvil_setIntervalMining", [0])
        rpc.call("evm_setAutomine", [True])
        rpc.call("evm_setNextBlockTimestamp", [START])
        rpc.call("evm_mine", [])
        yield GasWorld(rpc, deployment)
