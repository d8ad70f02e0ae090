"""Asking the deployed contracts as a person would, through web3.py.

Against the product's own codec.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from market_accounts import Accounts
from typer.testing import CliRunner

from edgebazaar.chain.contracts import CallReverted, ContractCall, ContractSet, Deployment
from edgebazaar.chain.control import ControlPlane
from edgebazaar.chain.manifest import write_durably
from edgebazaar.chain.node import EmbeddedNode
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.cli import app
from edgebazaar.errors import InvalidInput, NotFound


@pytest.fixture(scope="module")
def control(node: EmbeddedNode, contracts: ContractSet) -> ControlPlane:
    return ControlPlane(node.url, contracts.deployment)


def test_answers_equal_those_of_the_codec(
    control: ControlPlane, contracts: ContractSet, rpc: RpcClient, accounts: Accounts
) -> None:
    producer, provider = accounts.producer.address, accounts.esp.address
    opinion = control.read("ReputationLedger", "opinionOf", [producer, provider])
    expected = contracts.read(
        rpc, ContractCall("ReputationLedger", "opinionOf", (producer, provider))
    )
    assert opinion == {name: str(value) for name, value in expected.items()}
    member = control.read("Membership", "memberOf", [producer])
    assert member["roles"] == "1"
    assert control.read("Membership", "hasRole", [producer, "0x1"]) is True
    assert control.read("Membership", "hasRole", [producer, "2"]) is False


def test_lists_go_in_and_several_values_come_out(control: ControlPlane, accounts: Accounts) -> None:
    answer = control.read(
        "ReputationLedger",
        "reputationOf",
        [accounts.producer.address, accounts.esp.address, f'["{accounts.consumer.address}"]'],
    )
    assert set(answer) == {"opinion", "expectation"}
    parts = (int(answer["opinion"][name]) for name in ("belief", "disbelief", "uncertainty"))
    assert sum(parts) == 10**18


def test_refusal_shows_the_contracts_own_error(control: ControlPlane, accounts: Accounts) -> None:
    with pytest.raises(CallReverted, match="Membership_NotActive"):
        control.read("Membership", "requireActive", [accounts.stranger.address])


@pytest.mark.parametrize(
    ("name", "function", "arguments", "error", "words"),
    [
        ("Nothing", "isActive", [], NotFound, "Nothing"),
        ("Membership", "nothing", [], NotFound, "isActive"),
        ("Membership", "revoke", ["0x" + "11" * 20], InvalidInput, "changes state"),
        ("Membership", "isActive", [], InvalidInput, "0 given, 1 needed"),
        ("Membership", "isActive", ["0x12"], InvalidInput, "no address"),
        ("Membership", "hasRole", ["0x" + "11" * 20, "many"], InvalidInput, "no uint16"),
    ],
)
def test_bad_input_says_what_is_wrong(
    control: ControlPlane,
    name: str,
    function: str,
    arguments: list[str],
    error: type[Exception],
    words: str,
) -> None:
    with pytest.raises(error, match=words):
        control.read(name, function, arguments)


def test_command_prints_json(
    node: EmbeddedNode,
    contracts: ContractSet,
    accounts: Accounts,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deployment: Deployment = contracts.deployment
    source = next(
        path
        for path in tmp_path_factory.getbasetemp().rglob(f"{deployment.chain_id}.json")
        if Deployment.load(path).contracts == deployment.contracts
    )
    write_durably(Deployment.path(tmp_path, deployment.chain_id), source.read_bytes())
    monkeypatch.setenv("EDGEBAZAAR_DEPLOYMENT_DIRECTORY", str(tmp_path))
    arguments = ["call", "Membership", "isActive", accounts.producer.address]
    result = CliRunner().invoke(app, [*arguments, "--rpc-url", node.url])
    assert result.exit_code == 0, result.output
    assert result.output.strip() == "true"
