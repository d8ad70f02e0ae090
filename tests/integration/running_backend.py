"""A whole backend as a user meets it: chain, contracts, database, workers, HTTP on a free port."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account.signers.local import LocalAccount
from sqlalchemy import func, select

from edgebazaar.api.context import Context
from edgebazaar.app import Backend, running_backend, running_server
from edgebazaar.chain.contracts import ContractCall
from edgebazaar.chain.keys import FIRST_ACTOR_INDEX, derive_account
from edgebazaar.chain.rpc import from_quantity
from edgebazaar.chain.transactions import transact
from edgebazaar.client import EdgeBazaarClient
from edgebazaar.db import metadata, read_scope
from edgebazaar.identity.roles import bitmap_of
from edgebazaar.identity.tables import member
from edgebazaar.settings import load_settings

MEMBERS = {
    "producer": "producer",
    "second_producer": "producer",
    "esp": "edge_service_provider",
    "second_esp": "edge_service_provider",
    "consumer": "consumer",
    "vehicle": "vehicle",
    "second_vehicle": "vehicle",
    "third_vehicle": "vehicle",
    "roadside_unit": "roadside_unit",
    "model_provider": "model_provider",
    "second_model_provider": "model_provider",
    "auditor": "auditor",
    "operator": "operator",
}
"""Active members with the one role that each holds."""
ALL_ROLES = sorted(set(MEMBERS.values()))
FORMER_MEMBERS = ("revoked", "expired")
"""Held every role once."""
OUTSIDERS = ("stranger", "second_stranger")
_VOLATILE_TABLES = frozenset(
    {"chain_block", "projection_undo", "indexer_cursor", "login_nonce", "login_session"}
)
"""Change by themselves with every block, or by signing in."""


@dataclass
class Market:
    """A running backend with one funded key, and one client, for everybody who matters.

    Attributes:
        url: Root of the web server.
        backend: What runs behind it.
        accounts: Keys by name: {MEMBERS}, {FORMER_MEMBERS}, {OUTSIDERS}, administrator, relayer.
    """

    url: str
    backend: Backend
    accounts: dict[str, LocalAccount]
    _clients: dict[str, EdgeBazaarClient] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        return self.backend.context

    def address(self, name: str) -> str:
        return str(self.accounts[name].address)

    def key(self, name: str) -> str:
        return "0x" + bytes(self.accounts[name].key).hex()

    def fresh_client(self, name: str) -> EdgeBazaarClient:
        """A client of its own, not signed in."""
        return EdgeBazaarClient(self.url, self.key(name), wait_seconds=30)

    def client(self, name: str) -> EdgeBazaarClient:
        """The signed-in client of somebody, the same one each time."""
        if name not in self._clients:
            self._clients[name] = self.fresh_client(name)
            self._clients[name].sign_in()
        return self._clients[name]

    def token(self, name: str) -> str:
        """A fresh session token of somebody."""
        with self.fresh_client(name) as client:
            return client.sign_in()

    def session_of(self, name: str) -> dict[str, str]:
        """Headers of a session of somebody, the same one each time: never sign it out."""
        if name not in self._tokens:
            self._tokens[name] = self.token(name)
        return {"authorization": f"Bearer {self._tokens[name]}"}

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def now(self) -> int:
        """Time of the newest block."""
        block = self.context.rpc.call("eth_getBlockByNumber", ["latest", False])
        return from_quantity(block["timestamp"])

    def wait_for(self, ready: Any, seconds: float = 30) -> None:
        """Waits for a condition."""
        deadline = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < deadline, "the condition did not come true in time"
            time.sleep(0.05)

    def wait_until(self, timestamp: int) -> None:
        """Waits until the read model has a block of that time or later."""
        self.wait_for(lambda: self.now() >= timestamp)
        self.wait_indexed()

    def skip_to(self, timestamp: int) -> None:
        """Sets the chain's clock ahead, so that nobody waits for a time to pass."""
        self.context.rpc.call("evm_increaseTime", [max(0, timestamp - self.now())])
        self.wait_until(timestamp)

    def wait_indexed(self) -> None:
        """Waits until the read model has the chain's present head."""
        head = from_quantity(self.context.rpc.call("eth_blockNumber"))
        self.context.indexer.wait_for_block(head, 20)

    def row_counts(self) -> dict[str, int]:
        """Rows of every table that only users' doings fill."""
        with read_scope(self.context.engine) as session:
            return {
                name: session.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in metadata.tables.items()
                if name not in _VOLATILE_TABLES
            }

    def blobs(self) -> set[Path]:
        """Files that uploads leave."""
        folder = self.context.settings.data_directory / "blobs"
        return {path for path in folder.rglob("*") if path.is_file()}

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Fails if the block leaves a row, a file or an event behind."""
        before = (self.row_counts(), self.blobs())
        yield
        self.wait_indexed()
        assert (self.row_counts(), self.blobs()) == before

    def admit(self, name: str, roles: list[str], expires_at: int) -> None:
        """The administrator's own transaction; the read model follows."""
        arguments = (self.address(name), bitmap_of(roles), expires_at, secrets.token_bytes(32))
        self.act_as_administrator(ContractCall("Membership", "admit", arguments))

    def act_as_administrator(self, call: ContractCall) -> None:
        context = self.context
        transact(context.rpc, context.contracts, self.accounts["administrator"], call)


@contextmanager
def running_market(folder: Path, database_url: str = "") -> Iterator[Market]:
    """A backend on an Anvil of its own with everybody admitted, while the block runs."""
    settings = load_settings(
        data_directory=folder,
        database_url=database_url,
        node_port=0,
        api_port=0,
        public_url="https://market.example",
        explorer_url="",
        rpc_url="",
        block_time=0.15,
        profile="demo",
    )
    with (
        running_backend(settings) as backend,
        running_server(settings, backend.application) as url,
    ):
        names = [*MEMBERS, *FORMER_MEMBERS, *OUTSIDERS]
        accounts = {
            name: derive_account(settings.mnemonic, FIRST_ACTOR_INDEX + place)
            for place, name in enumerate(names)
        }
        accounts |= {
            "administrator": settings.keys.administrator,
            "operator": settings.keys.operator,
            "relayer": settings.keys.relayer,
        }
        market = Market(url, backend, accounts)
        try:
            _admit_everybody(market)
            yield market
        finally:
            market.close()


def _admit_everybody(market: Market) -> None:
    later = market.now() + 365 * 86400
    market.admit("expired", ALL_ROLES, market.now() + 2)
    for name, role in MEMBERS.items():
        market.admit(name, [role], later)
    market.admit("revoked", ALL_ROLES, later)
    market.act_as_administrator(ContractCall("Membership", "revoke", (market.address("revoked"),)))
    with read_scope(market.context.engine) as session:
        expires_at = session.execute(
            select(member.c.expires_at).where(member.c.account == market.address("expired"))
        ).scalar_one()
    # The API judges by its clock, the contracts by their blocks.
    market.wait_until(expires_at)
    market.wait_for(lambda: time.time() > expires_at)


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """The backend that most tests of the API share: leave everybody's membership as it is."""
    with running_market(tmp_path_factory.mktemp("market")) as running:
        yield running


@pytest.fixture
def http(market: Market) -> Iterator[httpx.Client]:
    """Plain HTTP under /api/v1, without a session."""
    with httpx.Client(base_url=market.url + "/api/v1", timeout=30) as client:
        yield client


def assert_problem(
    response: httpx.Response, status: int, code: str, field: str | None = None
) -> dict[str, Any]:
    """That a response is an RFC 9457 problem a person can act on; the document."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["code"] == code, document
    assert document["status"] == status
    assert document["type"] == f"urn:edgebazaar:problem:{code}"
    assert document["instance"] == response.request.url.path
    assert document["title"] and document["detail"]
    if field is not None:
        assert document["field"] == field, document
    return document


def fresh_hash() -> str:
    """32 random bytes, 0x-hex."""
    return "0x" + secrets.token_hex(32)


def commitment() -> dict[str, Any]:
    """The body of a write that any producer may make at any time: a commitment to one content."""
    return {"content_hashes": [fresh_hash()], "salt": fresh_hash()}
