"""An Anvil of its own with the deployed contracts, and transactions sent in bulk."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.keys import derive_account
from edgebazaar.chain.node import TEST_MNEMONIC, EmbeddedNode
from edgebazaar.chain.profiles import DeploymentProfile
from edgebazaar.chain.rpc import RpcClient, from_quantity, to_data
from edgebazaar.chain.transactions import transact

BATCH = 100
GAS_LIMIT = 1_000_000
RICH = 10**22


@dataclass(frozen=True, slots=True)
class Market:
    """A chain with the contracts, and its administrator."""

    rpc: RpcClient
    url: str
    contracts: ContractSet
    administrator: LocalAccount

    def call(
        self, signer: LocalAccount, contract: str, function: str, *arguments: Any, value: int = 0
    ) -> dict[str, Any]:
        """One transaction; its receipt."""
        call = ContractCall(contract, function, arguments, value)
        return transact(self.rpc, self.contracts, signer, call)

    def admit(self, accounts: Sequence[LocalAccount], roles: int) -> None:
        """Admit members for a year and fund them."""
        expires_at = self.now() + 365 * 86400
        funding: list[tuple[str, list[Any]]] = [
            ("anvil_setBalance", [account.address, hex(RICH)]) for account in accounts
        ]
        self.rpc.batch(funding)
        calls = [
            ContractCall("Membership", "admit", (account.address, roles, expires_at, bytes(32)))
            for account in accounts
        ]
        self.mine(self.sign([(self.administrator, call) for call in calls]))

    def now(self) -> int:
        """Time of the newest block."""
        block = self.rpc.call("eth_getBlockByNumber", ["latest", False])
        return from_quantity(block["timestamp"])

    def pass_time(self, seconds: int) -> None:
        """Let the chain's clock run ahead, and wait for a block that shows it."""
        before = self.now()
        self.rpc.call("evm_increaseTime", [seconds])
        while self.now() < before + seconds:
            time.sleep(0.02)

    def sign(
        self, work: Sequence[tuple[LocalAccount, ContractCall]], gas: int = GAS_LIMIT
    ) -> list[tuple[str, bytes]]:
        """Signed transactions (hash, bytes) in order, without asking the node for each."""
        signers = {signer.address for signer, _ in work}
        answers = self.rpc.batch([("eth_getTransactionCount", [one, "latest"]) for one in signers])
        nonces = dict(zip(signers, map(from_quantity, answers), strict=True))
        price = 2 * from_quantity(self.rpc.call("eth_gasPrice"))
        signed = []
        for signer, call in work:
            fields: dict[str, Any] = {
                "type": 2,
                "chainId": self.contracts.chain_id,
                "nonce": nonces[signer.address],
                "to": self.contracts.address(call.contract),
                "value": call.value,
                "gas": gas,
                "maxFeePerGas": price,
                "maxPriorityFeePerGas": min(price, 10**9),
                "data": self.contracts.encode(call),
            }
            transaction = signer.sign_transaction(fields)
            nonces[signer.address] += 1
            signed.append((to_data(transaction.hash), bytes(transaction.raw_transaction)))
        return signed

    def send(self, signed: Sequence[tuple[str, bytes]]) -> None:
        """Hand signed transactions to the node, a hundred in a request."""
        for part in _parts(signed):
            self.rpc.batch([("eth_sendRawTransaction", [to_data(raw)]) for _, raw in part])

    def receipts(self, signed: Sequence[tuple[str, bytes]]) -> list[dict[str, Any]]:
        """Wait until all are mined; their receipts.

        Raises:
            RuntimeError: If one reverted.
        """
        found: list[dict[str, Any]] = []
        for part in _parts(signed):
            while True:
                answers = self.rpc.batch([("eth_getTransactionReceipt", [h]) for h, _ in part])
                if all(answers):
                    break
                time.sleep(0.02)
            found.extend(answers)
        failed = [one["transactionHash"] for one in found if from_quantity(one["status"]) != 1]
        if failed:
            raise RuntimeError(f"{len(failed)} of {len(found)} transactions reverted: {failed[0]}")
        return found

    def mine(self, signed: Sequence[tuple[str, bytes]]) -> list[dict[str, Any]]:
        """Send and wait."""
        self.send(signed)
        return self.receipts(signed)


@contextmanager
def running_market(block_time: float) -> Iterator[Market]:
    """A fresh chain that is forgotten at the end."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedNode(block_time=block_time) as node,
        RpcClient(node.url) as rpc,
    ):
        administrator = derive_account(TEST_MNEMONIC, 0)
        deployment = deploy(node.url, administrator, DeploymentProfile(), Path(folder))
        yield Market(rpc, node.url, ContractSet(deployment), administrator)


def new_accounts(count: int) -> list[LocalAccount]:
    """Keys that no chain has seen."""
    return [Account.create() for _ in range(count)]


def _parts(signed: Sequence[tuple[str, bytes]]) -> Iterator[Sequence[tuple[str, bytes]]]:
    return (signed[start : start + BATCH] for start in range(0, len(signed), BATCH))
