"""Deployment: complete, resumable at every point, never twice, refused where it does not fit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from edgebazaar.chain import deploy as deployment_module
from edgebazaar.chain.artifacts import CONTRACT_NAMES, load_artifact
from edgebazaar.chain.contracts import ContractCall, ContractSet, Deployment
from edgebazaar.chain.deploy import BINDINGS, DeploymentMismatch, DeploymentProgress, deploy, verify
from edgebazaar.chain.keys import derive_account
from edgebazaar.chain.manifest import read_manifest
from edgebazaar.chain.node import TEST_MNEMONIC, EmbeddedNode
from edgebazaar.chain.node_commands import NodeKind
from edgebazaar.chain.profiles import (
    PAYMENT_CONTRACTS,
    PROFILES,
    ZERO_ADDRESS,
    DeploymentProfile,
)
from edgebazaar.chain.rpc import RpcClient, from_quantity
from edgebazaar.chain.transactions import TransactionFailed, transact
from edgebazaar.errors import ConfigurationError, InvalidInput

CHAIN_ID = 31337
FAST = 0.05
STEPS = len(CONTRACT_NAMES) + len(BINDINGS)
DEMO = PROFILES["demo"]


class Interrupted(Exception):
    """Raised in the place of a crash."""


@pytest.fixture(scope="module")
def signer() -> LocalAccount:
    return derive_account(TEST_MNEMONIC, 0)


@pytest.fixture(scope="module")
def chain() -> Iterator[EmbeddedNode]:
    """A chain with a deployment, for tests that change nothing on it."""
    with EmbeddedNode(block_time=FAST) as node:
        yield node


@pytest.fixture(scope="module")
def original(
    chain: EmbeddedNode, signer: LocalAccount, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """The manifest of `chain`."""
    directory = tmp_path_factory.mktemp("original")
    deploy(chain.url, signer, DEMO, directory)
    return Deployment.path(directory, CHAIN_ID).read_bytes()


@pytest.fixture
def fresh() -> Iterator[EmbeddedNode]:
    """A chain on which nothing has happened."""
    with EmbeddedNode(block_time=FAST) as node:
        yield node


def creations(rpc: RpcClient, sender: str) -> int:
    """Number of contracts that an account created, counted over every block."""
    height = from_quantity(rpc.call("eth_blockNumber"))
    numbers = [hex(number) for number in range(height + 1)]
    blocks = rpc.batch([("eth_getBlockByNumber", [number, True]) for number in numbers])
    return sum(
        transaction["to"] is None and transaction["from"].lower() == sender.lower()
        for block in blocks
        for transaction in block["transactions"]
    )


@pytest.mark.parametrize("kind", ["anvil", "ganache"])
def test_everything_stands_and_is_bound(
    kind: NodeKind, signer: LocalAccount, tmp_path: Path
) -> None:
    with EmbeddedNode(kind=kind, block_time=FAST) as node, RpcClient(node.url) as rpc:
        told: list[DeploymentProgress] = []
        deployment = deploy(node.url, signer, DEMO, tmp_path, told.append)
        assert tuple(deployment.contracts) == CONTRACT_NAMES
        assert [item.step for item in told if item.phase == "recorded"] == [
            *CONTRACT_NAMES,
            "ProofOfAIGC.bindCustodians",
            "ReputationLedger.bindSources",
            "ProofOfAIGC.bindDisputes",
            "TaskBoard.bindDisputes",
        ]
        assert creations(rpc, signer.address) == len(CONTRACT_NAMES)
        assert Deployment.load(Deployment.path(tmp_path, CHAIN_ID)) == deployment
        contracts = ContractSet(deployment)
        assert contracts.read(rpc, ContractCall("Membership", "owner")) == signer.address
        margin = contracts.read(rpc, ContractCall("HashedTimelock", "safetyMargin"))
        assert margin == DEMO.safety_margin
        stake = contracts.read(rpc, ContractCall("TaskBoard", "minimumStake"))
        assert stake == DEMO.minimum_stake
        deposit = contracts.read(rpc, ContractCall("Challenges", "deposit"))
        assert deposit == DEMO.challenge_deposit
        for scheme, distance in DEMO.schemes.items():
            call = ContractCall("Challenges", "maximumDistanceOf", (scheme,))
            assert contracts.read(rpc, call) == distance
        weights = contracts.read(rpc, ContractCall("ReputationLedger", "weights"))
        assert weights["recent"] == DEMO.weight_recent
        assert weights["negative"] == DEMO.weight_negative
        for name, function, targets in BINDINGS:
            arguments = tuple(deployment.address(target) for target in targets)
            with pytest.raises(TransactionFailed, match="AlreadyBound"):
                transact(rpc, contracts, signer, ContractCall(name, function, arguments))


def test_a_chain_for_payments_gets_only_what_payments_need(
    fresh: EmbeddedNode, signer: LocalAccount, tmp_path: Path
) -> None:
    deployment = deploy(fresh.url, signer, PROFILES["payments"], tmp_path)
    assert tuple(deployment.contracts) == PAYMENT_CONTRACTS
    assert not deployment.bindings
    assert Deployment.load(Deployment.path(tmp_path, CHAIN_ID)) == deployment
    with RpcClient(fresh.url) as rpc:
        verify(rpc, deployment)
        assert creations(rpc, signer.address) == len(PAYMENT_CONTRACTS)
        contracts = ContractSet(deployment)
        registry = contracts.read(rpc, ContractCall("HashedTimelock", "registry"))
        assert registry == ZERO_ADDRESS
        told: list[DeploymentProgress] = []
        assert deploy(fresh.url, signer, PROFILES["payments"], tmp_path, told.append) == deployment
        assert [item.phase for item in told] == ["standing"] * len(PAYMENT_CONTRACTS)
        with pytest.raises(DeploymentMismatch, match="profile payments"):
            deploy(fresh.url, signer, DEMO, tmp_path)


@pytest.mark.parametrize("names", [("Nothing",), ("TrustedForwarder", "HashedTimelock")])
def test_a_profile_lists_contracts_after_those_they_need(names: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput, match=r"Nothing|needs Membership"):
        DeploymentProfile(contracts=names)


def test_a_second_run_changes_nothing(
    fresh: EmbeddedNode, signer: LocalAccount, tmp_path: Path
) -> None:
    first = deploy(fresh.url, signer, DEMO, tmp_path)
    content = Deployment.path(tmp_path, CHAIN_ID).read_bytes()
    told: list[DeploymentProgress] = []
    assert deploy(fresh.url, signer, DEMO, tmp_path, told.append) == first
    assert {item.phase for item in told} == {"standing"}
    assert len(told) == STEPS
    assert Deployment.path(tmp_path, CHAIN_ID).read_bytes() == content
    with RpcClient(fresh.url) as rpc:
        assert creations(rpc, signer.address) == len(CONTRACT_NAMES)


def test_interrupted_at_every_phase_of_every_step(
    fresh: EmbeddedNode, signer: LocalAccount, tmp_path: Path
) -> None:
    interruptions = 0
    seen: set[tuple[str, str]] = set()

    def interrupt_once(progress: DeploymentProgress) -> None:
        nonlocal interruptions
        point = (progress.step, progress.phase)
        if progress.phase != "standing" and point not in seen:
            seen.add(point)
            interruptions += 1
            raise Interrupted

    while True:
        try:
            deployment = deploy(fresh.url, signer, DEMO, tmp_path, interrupt_once)
            break
        except Interrupted:
            assert interruptions < 100
    assert interruptions >= 3 * STEPS  # planned, sent and mined at least
    with RpcClient(fresh.url) as rpc:
        verify(rpc, deployment)
        assert creations(rpc, signer.address) == len(CONTRACT_NAMES)
        count = rpc.call("eth_getTransactionCount", [signer.address, "latest"])
        assert from_quantity(count) == STEPS


CHILD = """
import os, signal, sys
from pathlib import Path
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.keys import derive_account
from edgebazaar.chain.node import TEST_MNEMONIC
from edgebazaar.chain.profiles import PROFILES

url, directory, number, phase = sys.argv[1:]
def die(progress):
    if progress.number == int(number) and progress.phase == phase:
        os.kill(os.getpid(), signal.SIGKILL)
deploy(url, derive_account(TEST_MNEMONIC, 0), PROFILES["demo"], Path(directory), die)
"""


def test_killed_by_force_at_every_step(
    fresh: EmbeddedNode, signer: LocalAccount, tmp_path: Path
) -> None:
    phases = ("planned", "sent", "mined")
    for number in range(1, STEPS + 1):
        command = [sys.executable, "-c", CHILD, fresh.url, str(tmp_path)]
        child = subprocess.run([*command, str(number), phases[number % 3]], check=False)
        assert child.returncode == -signal.SIGKILL
    deployment = deploy(fresh.url, signer, DEMO, tmp_path)
    with RpcClient(fresh.url) as rpc:
        verify(rpc, deployment)
        assert creations(rpc, signer.address) == len(CONTRACT_NAMES)


def test_a_chain_set_back_to_an_older_snapshot_gets_the_same_contracts(
    signer: LocalAccount, tmp_path: Path
) -> None:
    with EmbeddedNode(tmp_path / "chain", block_time=FAST, snapshot_interval=3600) as node:
        first = deploy(node.url, signer, DEMO, tmp_path)
        killed = node.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)  # the only snapshot is that of the empty chain
        while node.pid in {None, killed}:
            time.sleep(0.02)
        node.wait_ready()
        second = deploy(node.url, signer, DEMO, tmp_path)
        assert {name: item.address for name, item in first.contracts.items()} == {
            name: item.address for name, item in second.contracts.items()
        }
        with RpcClient(node.url) as rpc:
            assert creations(rpc, signer.address) == len(CONTRACT_NAMES)


def test_a_reorganisation_that_drops_the_last_steps_is_repaired(
    fresh: EmbeddedNode, signer: LocalAccount, tmp_path: Path
) -> None:
    deploy(fresh.url, signer, DEMO, tmp_path)
    with RpcClient(fresh.url) as rpc:
        height = from_quantity(rpc.call("eth_blockNumber"))
        manifest = read_manifest(Deployment.path(tmp_path, CHAIN_ID))
        assert manifest is not None
        depth = height - manifest["contracts"]["TaskBoard"]["block"] + 2
        rpc.call("anvil_reorg", [depth, []])
        verify(rpc, deploy(fresh.url, signer, DEMO, tmp_path))
        assert creations(rpc, signer.address) == len(CONTRACT_NAMES)


def test_a_step_planned_and_overtaken_by_another_transaction_is_planned_anew(
    fresh: EmbeddedNode, signer: LocalAccount, tmp_path: Path
) -> None:
    def stop(progress: DeploymentProgress) -> None:
        if progress.phase == "planned" and progress.number == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        deploy(fresh.url, signer, DEMO, tmp_path, stop)
    with RpcClient(fresh.url) as rpc:
        request = {"from": signer.address, "to": signer.address, "value": "0x1"}
        sent = rpc.call("eth_sendTransaction", [request])
        while rpc.call("eth_getTransactionReceipt", [sent]) is None:
            time.sleep(0.02)
        verify(rpc, deploy(fresh.url, signer, DEMO, tmp_path))
        assert creations(rpc, signer.address) == len(CONTRACT_NAMES)


class TestRefusal:
    """A manifest that does not fit is refused, with what to do, and nothing is sent."""

    @pytest.fixture
    def directory(self, original: bytes, tmp_path: Path) -> Path:
        Deployment.path(tmp_path, CHAIN_ID).write_bytes(original)
        return tmp_path

    def alter(self, directory: Path, **values: Any) -> None:
        path = Deployment.path(directory, CHAIN_ID)
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    def refuse(
        self,
        chain: EmbeddedNode,
        signer: LocalAccount,
        directory: Path,
        words: str,
        profile: DeploymentProfile = DEMO,
        administrator: str | None = None,
    ) -> None:
        before = Deployment.path(directory, CHAIN_ID).read_bytes()
        with RpcClient(chain.url) as rpc:
            sent = rpc.call("eth_getTransactionCount", [signer.address, "pending"])
            with pytest.raises(DeploymentMismatch, match=words) as caught:
                deploy(chain.url, signer, profile, directory, administrator=administrator)
            assert rpc.call("eth_getTransactionCount", [signer.address, "pending"]) == sent
        assert "deploy anew" in caught.value.mend
        assert Deployment.path(directory, CHAIN_ID).read_bytes() == before

    def test_another_chain_of_the_same_id(
        self, fresh: EmbeddedNode, signer: LocalAccount, directory: Path
    ) -> None:
        self.refuse(fresh, signer, directory, "another chain of the same id")

    def test_another_chain_id(
        self, chain: EmbeddedNode, signer: LocalAccount, directory: Path
    ) -> None:
        self.alter(directory, chain_id=5)
        self.refuse(chain, signer, directory, "it is of chain 5, not 31337")

    def test_other_parameters(
        self, chain: EmbeddedNode, signer: LocalAccount, directory: Path
    ) -> None:
        profile = replace(DEMO, minimum_stake=7)
        self.refuse(chain, signer, directory, "other parameters", profile=profile)

    def test_another_deployer(self, chain: EmbeddedNode, directory: Path) -> None:
        self.refuse(chain, derive_account(TEST_MNEMONIC, 1), directory, "administrator is 0xf39F")
        owner = derive_account(TEST_MNEMONIC, 0).address
        other = derive_account(TEST_MNEMONIC, 1)
        self.refuse(chain, other, directory, "deployer is 0xf39F", administrator=owner)

    def test_other_sources(
        self, chain: EmbeddedNode, signer: LocalAccount, directory: Path
    ) -> None:
        contracts = json.loads(Deployment.path(directory, CHAIN_ID).read_text())["contracts"]
        contracts["Payouts"]["source_hash"] = "00" * 32
        self.alter(directory, contracts=contracts)
        self.refuse(chain, signer, directory, "Payouts was deployed from other sources")

    def test_other_code(self, chain: EmbeddedNode, signer: LocalAccount, directory: Path) -> None:
        contracts = json.loads(Deployment.path(directory, CHAIN_ID).read_text())["contracts"]
        contracts["Payouts"]["address"] = contracts["TaskBoard"]["address"]
        self.alter(directory, contracts=contracts)
        deployment = Deployment.load(Deployment.path(directory, CHAIN_ID))
        with (
            RpcClient(chain.url) as rpc,
            pytest.raises(DeploymentMismatch, match="other code than Payouts stands at 0x"),
        ):
            verify(rpc, deployment)

    def test_no_code(self, chain: EmbeddedNode, signer: LocalAccount, directory: Path) -> None:
        contracts = json.loads(Deployment.path(directory, CHAIN_ID).read_text())["contracts"]
        contracts["Payouts"]["address"] = signer.address
        self.alter(directory, contracts=contracts)
        deployment = Deployment.load(Deployment.path(directory, CHAIN_ID))
        with (
            RpcClient(chain.url) as rpc,
            pytest.raises(DeploymentMismatch, match=r"no code stands at 0xf39F.*\(Payouts\)"),
        ):
            verify(rpc, deployment)

    def test_a_manifest_cut_short(
        self, chain: EmbeddedNode, signer: LocalAccount, directory: Path
    ) -> None:
        path = Deployment.path(directory, CHAIN_ID)
        path.write_bytes(path.read_bytes()[:500])
        with pytest.raises(ConfigurationError, match=r"31337\.json is no JSON"):
            deploy(chain.url, signer, DEMO, directory)

    def test_an_interrupted_deployment_is_not_loaded(self, directory: Path) -> None:
        self.alter(directory, complete=False)
        with pytest.raises(ConfigurationError, match=r"interrupted.*edgebazaar deploy"):
            Deployment.load(Deployment.path(directory, CHAIN_ID))
        with pytest.raises(ConfigurationError, match=r"there is no .*edgebazaar deploy"):
            Deployment.load(directory / "77.json")


def test_an_account_that_cannot_pay_is_told_so(fresh: EmbeddedNode, tmp_path: Path) -> None:
    poor = derive_account(TEST_MNEMONIC, 5000)
    with pytest.raises(TransactionFailed, match=poor.address):
        deploy(fresh.url, poor, DEMO, tmp_path)
    with RpcClient(fresh.url) as rpc:
        assert creations(rpc, poor.address) == 0


def test_runtime_code_is_compared_up_to_immutable_values() -> None:
    artifact = load_artifact("HashedTimelock")
    assert artifact.immutable_ranges
    start, length = artifact.immutable_ranges[0]
    code = bytearray(artifact.runtime_bytecode)
    code[start : start + length] = os.urandom(length)
    assert artifact.runtime_matches(bytes(code))
    code[start - 1] ^= 1
    assert not artifact.runtime_matches(bytes(code))
    assert not artifact.runtime_matches(bytes(code) + b"\x00")


def test_two_deployments_into_one_directory_exclude_each_other(
    fresh: EmbeddedNode, signer: LocalAccount, tmp_path: Path
) -> None:
    def meddle(progress: DeploymentProgress) -> None:
        deploy(fresh.url, signer, DEMO, tmp_path)

    with pytest.raises(ConfigurationError, match="another process is deploying"):
        deployment_module.deploy(fresh.url, signer, DEMO, tmp_path, meddle)
