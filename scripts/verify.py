"""Publish the sources of what brownie deployed: `brownie run verify --network <name>`.

The same code path as `edgebazaar verify`. Read from the environment: EDGEBAZAAR_SOURCIFY_URL,
EDGEBAZAAR_BLOCKSCOUT_URL (one of them at least) and EDGEBAZAAR_DEPLOYMENT_DIRECTORY.
"""

import os
import sys
from pathlib import Path

from brownie import chain, web3

from edgebazaar.chain.contracts import Deployment
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.chain.source.services import BlockscoutService, SourcifyService, verify_all
from edgebazaar.chain.source.submissions import submissions_of
from edgebazaar.errors import EdgeBazaarError

SERVICES = {
    "EDGEBAZAAR_SOURCIFY_URL": SourcifyService,
    "EDGEBAZAAR_BLOCKSCOUT_URL": BlockscoutService,
}


def main() -> None:
    """Submit every contract to every service that is named; exit code 1 unless all match."""
    directory = Path(os.environ.get("EDGEBAZAAR_DEPLOYMENT_DIRECTORY") or "deployments")
    services = [made(os.environ[name]) for name, made in SERVICES.items() if os.environ.get(name)]
    if not services:
        print(f"Name a service: {' or '.join(SERVICES)}", file=sys.stderr)
        sys.exit(2)
    try:
        deployment = Deployment.load(Deployment.path(directory, chain.id))
        with RpcClient(web3.provider.endpoint_uri) as rpc:
            submissions = submissions_of(rpc, deployment)
    except EdgeBazaarError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    exact = True
    for service in services:
        for verdict in verify_all(service, submissions):
            print(f"{service.name:10} {verdict.contract:18} {verdict.outcome:7} {verdict.detail}")
            exact &= verdict.outcome == "exact"
    sys.exit(0 if exact else 1)
