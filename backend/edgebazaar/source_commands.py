"""`edgebazaar verify` and `edgebazaar explorer`: what others need to check the contracts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast, get_args

from edgebazaar.chain.deploy import verify
from edgebazaar.chain.manifest import Deployment
from edgebazaar.chain.rpc import RpcClient, from_quantity
from edgebazaar.chain.source.explorers import Kind, explorers_of
from edgebazaar.chain.source.lookup import REGISTER, recognise
from edgebazaar.chain.source.services import (
    BlockscoutService,
    SourcifyService,
    VerificationService,
    verify_all,
)
from edgebazaar.chain.source.submissions import submissions_of
from edgebazaar.console import console
from edgebazaar.errors import ConfigurationError, InvalidInput
from edgebazaar.settings import Settings

_PAUSE_SHARE = 100


def run_verify(settings: Settings, patience: float) -> bool:
    """Compare byte code, then submit to the services that settings name.

    Returns:
        Whether every service confirms every contract exactly.

    Raises:
        DeploymentMismatch: If the chain does not hold what the manifest says.
    """
    with RpcClient(settings.rpc_url) as rpc:
        chain_id = from_quantity(rpc.call("eth_chainId"))
        path = Deployment.path(settings.manifest_directory, chain_id)
        deployment = Deployment.load(path)
        verify(rpc, deployment)
        console.print(
            f"Every contract in {path} stands on chain {chain_id} with the compiled byte code."
        )
        services = _services(settings, patience)
        submissions = submissions_of(rpc, deployment) if services else []
    exact = 0
    for service in services:
        for verdict in verify_all(service, submissions):
            console.print(
                f"{service.name:<10} {verdict.contract:<18} {verdict.address} "
                f"{verdict.outcome:<7} {verdict.detail}",
                markup=False,
            )
            exact += verdict.outcome == "exact"
    return exact == len(services) * len(submissions)


def _services(settings: Settings, patience: float) -> list[VerificationService]:
    pause = min(3.0, patience / _PAUSE_SHARE)
    services: list[VerificationService] = []
    if settings.sourcify_url:
        services.append(SourcifyService(settings.sourcify_url, patience=patience, pause=pause))
    if settings.blockscout_url:
        services.append(BlockscoutService(settings.blockscout_url, patience=patience, pause=pause))
    return services


def run_explorer(settings: Settings, what: str, kind: str | None, chain_id: int | None) -> None:
    """Print a page of every explorer of the chain, one a line.

    Raises:
        InvalidInput: If `what` or `kind` is not understood.
        ConfigurationError: If no explorer of the chain is known.
    """
    if kind is not None and kind not in get_args(Kind):
        raise InvalidInput("kind", f"{kind!r} is none", f"Use {', '.join(get_args(Kind))}")
    with _chain(settings, chain_id) as (rpc, chain):
        explorers = explorers_of(chain, settings.explorers)
        if not explorers:
            raise ConfigurationError(
                f"no explorer of chain {chain} is known",
                mend="Name one, such as EDGEBAZAAR_EXPLORERS=blockscout=https://explorer.example",
            )
        deployment = Deployment.load(Deployment.path(settings.manifest_directory, chain))
        found, value = recognise(what, deployment, rpc, cast("Kind | None", kind))
    register = deployment.address(REGISTER) if found == "token" else ""
    for one in explorers:
        console.print(one.page(found, value, register), markup=False)


@contextmanager
def _chain(settings: Settings, chain_id: int | None) -> Iterator[tuple[RpcClient | None, int]]:
    if settings.embedded:
        if chain_id is None:
            raise ConfigurationError("no chain is named", mend="Give --chain-id or --rpc-url")
        yield None, chain_id
        return
    with RpcClient(settings.rpc_url) as rpc:
        actual = from_quantity(rpc.call("eth_chainId"))
        if chain_id not in {None, actual}:
            raise InvalidInput("chain_id", f"{settings.rpc_url} is chain {actual}")
        yield rpc, actual
