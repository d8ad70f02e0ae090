"""`brownie run deploy` takes the same path as everything else: same contracts, same addresses."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from edgebazaar.chain.artifacts import CONTRACT_NAMES
from edgebazaar.chain.contracts import Deployment
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.keys import derive_account
from edgebazaar.chain.node import TEST_MNEMONIC, EmbeddedNode, free_port
from edgebazaar.chain.profiles import PROFILES

ROOT = Path(__file__).resolve().parents[2]
BROWNIE = ROOT / ".venv-brownie" / "bin" / "brownie"


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not BROWNIE.exists(), reason="brownie is not set up: run `make setup`")
@pytest.mark.parametrize(("network", "chain_id"), [("anvil", 31337), ("ganache", 1337)])
def test_brownie_deploys_the_same(network: str, chain_id: int, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "EDGEBAZAAR_BROWNIE_PORT": str(free_port()),
        "EDGEBAZAAR_DEPLOYMENT_DIRECTORY": str(tmp_path / "brownie"),
        "EDGEBAZAAR_PROFILE": "demo",
        "PATH": f"{ROOT / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}",
    }
    environment.pop("EDGEBAZAAR_ADMINISTRATOR_KEY", None)
    run = subprocess.run(
        [BROWNIE, "run", "deploy", "--network", f"edgebazaar-{network}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(CONTRACT_NAMES)} contracts stand on chain {chain_id}" in run.stdout
    by_brownie = Deployment.load(Deployment.path(tmp_path / "brownie", chain_id))
    with EmbeddedNode(block_time=0.05, chain_id=chain_id) as node:
        signer = derive_account(TEST_MNEMONIC, 0)
        by_package = deploy(node.url, signer, PROFILES["demo"], tmp_path / "package")
    for name, contract in by_package.contracts.items():
        other = by_brownie.contracts[name]
        assert (other.address, other.source_hash) == (contract.address, contract.source_hash)
        assert other.arguments == contract.arguments
