"""A real chain with the deployed contracts and funded members in every role."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_account.signers.local import LocalAccount

from edgebazaar.chain.contracts import ContractCall, ContractSet, Deployment
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.keys import derive_account
from edgebazaar.chain.node import TEST_MNEMONIC, EmbeddedNode
from edgebazaar.chain.profiles import PROFILES
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.chain.transactions import transact

BLOCK_TIME = 0.1

ROLES = {
    "producer": 1 << 0,
    "esp": 1 << 1,
    "consumer": 1 << 2,
    "vehicle": 1 << 3,
    "roadside_unit": 1 << 4,
    "model_provider": 1 << 5,
    "auditor": 1 << 6,
    "operator": 1 << 7,
}


@dataclass(frozen=True)
class Accounts:
    """Funded keys; all but the administrator, the relayer and the stranger are admitted members."""

    administrator: LocalAccount
    operator: LocalAccount
    relayer: LocalAccount
    producer: LocalAccount
    second_producer: LocalAccount
    esp: LocalAccount
    second_esp: LocalAccount
    consumer: LocalAccount
    second_consumer: LocalAccount
    vehicle: LocalAccount
    second_vehicle: LocalAccount
    roadside_unit: LocalAccount
    model_provider: LocalAccount
    second_model_provider: LocalAccount
    auditor: LocalAccount
    stranger: LocalAccount

    @classmethod
    def derive(cls) -> Accounts:
        names = list(cls.__dataclass_fields__)
        return cls(*(derive_account(TEST_MNEMONIC, index) for index in range(len(names))))

    def members(self) -> Iterator[tuple[LocalAccount, int]]:
        for name in self.__dataclass_fields__:
            role = ROLES.get(name.removeprefix("second_"))
            if role is not None:
                yield getattr(self, name), role


def admit_members(
    rpc: RpcClient, contracts: ContractSet, accounts: Accounts, seconds: int = 365 * 86400
) -> None:
    """Admit every account that stands for a role."""
    for account, role in accounts.members():
        arguments = (account.address, role, int(time.time()) + seconds, bytes(31) + b"\x01")
        call = ContractCall("Membership", "admit", arguments)
        transact(rpc, contracts, accounts.administrator, call)


@pytest.fixture(scope="session")
def accounts() -> Accounts:
    return Accounts.derive()


@pytest.fixture(scope="session")
def node() -> Iterator[EmbeddedNode]:
    """An Anvil on a free port, shared by the session: leave it running and never set it back."""
    with EmbeddedNode(block_time=BLOCK_TIME, mnemonic=TEST_MNEMONIC) as running:
        yield running


@pytest.fixture(scope="session")
def rpc(node: EmbeddedNode) -> Iterator[RpcClient]:
    with RpcClient(node.url) as client:
        yield client


@pytest.fixture(scope="session")
def deployment(
    node: EmbeddedNode, accounts: Accounts, tmp_path_factory: pytest.TempPathFactory
) -> Deployment:
    """The contracts on the shared node, with the demo profile's short times."""
    directory: Path = tmp_path_factory.mktemp("deployments")
    return deploy(node.url, accounts.administrator, PROFILES["demo"], directory)


@pytest.fixture(scope="session")
def contracts(deployment: Deployment, rpc: RpcClient, accounts: Accounts) -> ContractSet:
    """The deployed contracts, with every member admitted."""
    contract_set = ContractSet(deployment)
    admit_members(rpc, contract_set, accounts)
    return contract_set
