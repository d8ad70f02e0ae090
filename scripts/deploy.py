"""Deploy the contracts to brownie's network: `brownie run deploy --network <name>`.

The same code path as `edgebazaar deploy`, with its manifest in `deployments/`. Read from the
environment: EDGEBAZAAR_ADMINISTRATOR_KEY (private key of the deployer; a development network has
one of its own), EDGEBAZAAR_PROFILE (`default` or `demo`) and EDGEBAZAAR_DEPLOYMENT_DIRECTORY.
"""

import os
import sys
from pathlib import Path

from brownie import accounts, chain, network, rpc, web3
from eth_account import Account
from eth_account.signers.local import LocalAccount

from edgebazaar.chain.contracts import Deployment
from edgebazaar.chain.deploy import DeploymentProgress
from edgebazaar.chain.deploy import deploy as deploy_all
from edgebazaar.chain.keys import derive_account
from edgebazaar.chain.node import TEST_MNEMONIC
from edgebazaar.chain.profiles import profile_named
from edgebazaar.errors import ConfigurationError, EdgeBazaarError


def main() -> None:
    """Deploy what is not deployed yet to the network that brownie is connected to."""
    directory = Path(os.environ.get("EDGEBAZAAR_DEPLOYMENT_DIRECTORY") or "deployments")
    manifest = Deployment.path(directory, chain.id)
    try:
        profile = profile_named(os.environ.get("EDGEBAZAAR_PROFILE") or "default")
        if rpc.is_active() and rpc.is_child():
            # brownie began this chain a moment ago: an older manifest is of one that is gone.
            manifest.unlink(missing_ok=True)
        deployment = deploy_all(web3.provider.endpoint_uri, signer(), profile, directory, show)
    except EdgeBazaarError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    print(f"{len(deployment.contracts)} contracts stand on chain {deployment.chain_id}:")
    for name, contract in deployment.contracts.items():
        print(f"  {name:17} {contract.address}  block {contract.block}")
    print(f"Manifest: {manifest}")


def signer() -> LocalAccount:
    """The account that deploys.

    Raises:
        ConfigurationError: If the network is a real one and no key is given.
    """
    if key := os.environ.get("EDGEBAZAAR_ADMINISTRATOR_KEY"):
        return Account.from_key(key)
    known = derive_account(TEST_MNEMONIC, 0)
    if accounts and accounts[0].address == known.address:
        return known
    raise ConfigurationError(
        f"the network {network.show_active()} needs it",
        mend="Give the deployer's private key as 0x and 64 hexadecimal digits",
        field="EDGEBAZAAR_ADMINISTRATOR_KEY",
    )


def show(progress: DeploymentProgress) -> None:
    """Print a line for each finished step."""
    if progress.phase in {"mined", "standing"}:
        print(f"{progress.number:2}/{progress.total} {progress.step} ({progress.phase})")
