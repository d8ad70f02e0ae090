"""A real chain with the deployed contracts and funded members in every role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from api_submissions import ledger  # noqa: F401 - fixture
from capability_market import bazaar, own_contracts, own_rpc  # noqa: F401 - fixtures
from fixtures_database import (  # noqa: F401 - fixtures
    database_url,
    engine,
    postgres_server,
    postgres_template,
    sqlite_template,
)
from market_accounts import Accounts, admit_members
from market_history import bazaar_day, day_market, history  # noqa: F401 - fixtures
from running_backend import http, market  # noqa: F401 - fixtures
from two_chains import two_chains  # noqa: F401 - fixture

from edgebazaar.chain.contracts import ContractSet, Deployment
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.node import TEST_MNEMONIC, EmbeddedNode
from edgebazaar.chain.profiles import PROFILES
from edgebazaar.chain.rpc import RpcClient

BLOCK_TIME = 0.1


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
