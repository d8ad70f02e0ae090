"""What users sign and hand in, right and wrong; and a backend on each kind of database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from eth_account import Account
from running_backend import Market, commitment, running_market
from sqlalchemy import create_engine, make_url, text

from edgebazaar.chain.contracts import ContractCall
from edgebazaar.chain.rpc import from_quantity
from edgebazaar.chain.typed_data import sign_typed_data, typed_data_for_forward_request

COMMIT = "/contents/commitments/prepare"
STAKE = "/esps/stake/prepare"


@pytest.fixture(
    scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
def ledger(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Market]:
    """A running backend on each kind of database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("market")
        return
    server = make_url(request.getfixturevalue("postgres_server"))
    name = f"market_{uuid.uuid4().hex}"
    engine = create_engine(
        server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = server.set(database=name).render_as_string(hide_password=False)
    with running_market(tmp_path_factory.mktemp("postgresql"), url) as running:
        yield running
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def submit(ledger: Market, name: str, body: dict[str, Any]) -> httpx.Response:
    headers = ledger.session_of(name)
    return httpx.post(ledger.url + "/api/v1/transactions", json=body, headers=headers, timeout=30)


def signed(ledger: Market, name: str, prepared: dict[str, Any]) -> dict[str, Any]:
    """The submission of a prepared action that somebody signed."""
    if prepared["kind"] == "transaction":
        raw = Account.sign_transaction(prepared["transaction"], ledger.key(name)).raw_transaction
        return {"kind": "raw", "raw_transaction": "0x" + raw.hex()}
    signature = sign_typed_data(ledger.key(name), prepared["typed_data"])
    request = prepared["request"]
    return {"kind": "relayed", "request": request, "signature": "0x" + signature.hex()}


def relayed(
    ledger: Market, name: str, call: ContractCall | None = None, **changes: Any
) -> dict[str, Any]:
    """A submission whose author signed exactly what it says, whatever that is."""
    prepared = ledger.client(name).prepare(COMMIT, commitment())
    typed_data, request = prepared["typed_data"], dict(prepared["request"])
    if call is not None:
        contracts = ledger.context.contracts
        typed_data = typed_data_for_forward_request(
            contracts, ledger.address(name), call, request["nonce"], request["deadline"], 300_000
        )
        request |= {
            "to": contracts.address(call.contract),
            "data": "0x" + contracts.encode(call).hex(),
            "gas": 300_000,
        }
    request |= changes
    message = typed_data["message"] | {
        field: str(value) if isinstance(value, int) else value for field, value in changes.items()
    }
    signature = sign_typed_data(ledger.key(name), typed_data | {"message": message})
    return {"kind": "relayed", "request": request, "signature": "0x" + signature.hex()}


def own_transaction(ledger: Market, name: str, call: ContractCall, **changes: Any) -> str:
    """A transaction that somebody signs without asking the backend; 0x-hex."""
    rpc, contracts = ledger.context.rpc, ledger.context.contracts
    count = rpc.call("eth_getTransactionCount", [ledger.address(name), "latest"])
    fields = {
        "type": 2,
        "chainId": ledger.context.deployment.chain_id,
        "nonce": from_quantity(count),
        "to": contracts.address(call.contract),
        "value": call.value,
        "gas": 300_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 10**9,
        "data": "0x" + contracts.encode(call).hex(),
    }
    raw = Account.sign_transaction(fields | changes, ledger.key(name)).raw_transaction
    return "0x" + raw.hex()


def ether(ledger: Market, account: str) -> int:
    return from_quantity(ledger.context.rpc.call("eth_getBalance", [account, "latest"]))
