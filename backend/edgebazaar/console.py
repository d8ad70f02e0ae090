"""What the command line prints about deployments, addresses and the read model."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from rich.console import Console
from rich.table import Table

from edgebazaar.chain.contracts import ContractSet, Deployment
from edgebazaar.chain.deploy import DeploymentProgress
from edgebazaar.chain.indexer import Indexer, IndexerSettings
from edgebazaar.chain.rpc import RpcClient, from_quantity
from edgebazaar.db import create_database_engine
from edgebazaar.errors import ConfigurationError
from edgebazaar.settings import Settings

console = Console(highlight=False, soft_wrap=True)


def deployment_line(progress: DeploymentProgress) -> None:
    """One line for each finished step of a deployment."""
    if progress.phase in {"recorded", "standing"}:
        note = "stands already" if progress.phase == "standing" else f"block {progress.block}"
        console.print(
            f"  [{progress.number:>2}/{progress.total}] {progress.step:<28} "
            f"{progress.address}  [dim]{note}[/dim]"
        )


def print_deployment(deployment: Deployment) -> None:
    """The addresses of a deployment."""
    table = Table("contract", "address", "block", title=f"chain {deployment.chain_id}")
    for name, contract in deployment.contracts.items():
        table.add_row(name, contract.address, str(contract.block))
    console.print(table)


def show_addresses(url: str) -> None:
    """Where the pages, the API and its documentation are."""
    console.print(f"\n  Pages          {url}/")
    console.print(f"  API            {url}/api/v1")
    console.print(f"  Documentation  {url}/docs")


def wait_for_interrupt() -> None:
    """Returns on SIGINT or SIGTERM."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    stop.wait()
    console.print("\nStopping.")


def print_index_status(settings: Settings) -> None:
    """Head of the chain and of the read model."""
    with RpcClient(_chain_url(settings)) as rpc:
        status = _indexer(settings, rpc).status()
    console.print(f"chain head {status.head}, indexed to {status.cursor}, lag {status.lag} blocks")


def rebuild_index(settings: Settings) -> None:
    """Derives the read model again from block zero."""
    with RpcClient(_chain_url(settings)) as rpc, console.status("rebuilding the read model"):
        indexer = _indexer(settings, rpc)
        indexer.rebuild()
        status = indexer.status()
    console.print(f"rebuilt; indexed to block {status.cursor}")


def _indexer(settings: Settings, rpc: RpcClient) -> Indexer:
    from edgebazaar.app import projection_registry

    chain_id = from_quantity(rpc.call("eth_chainId"))
    deployment = Deployment.load(Deployment.path(settings.manifest_directory, chain_id))
    return Indexer(
        rpc,
        ContractSet(deployment),
        create_database_engine(settings.database_url),
        projection_registry(),
        IndexerSettings(start_block=deployment.first_block),
    )


def _chain_url(settings: Settings) -> str:
    if settings.embedded:
        raise ConfigurationError(
            "the embedded node runs only inside 'edgebazaar up'",
            mend="Set it to the node's address, http://127.0.0.1:8545 by default",
            field="EDGEBAZAAR_RPC_URL",
        )
    return settings.rpc_url
