"""The composition root.

Settings -> chain, contracts, database, workers, API. The only place that wires.

Start order is stop order reversed; whatever was started is stopped, also when a later part fails to
start.
"""

from __future__ import annotations

import importlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine

from edgebazaar.api.context import Context
from edgebazaar.api.factory import create_application
from edgebazaar.chain.artifacts import CONTRACT_NAMES
from edgebazaar.chain.contracts import ContractSet, Deployment
from edgebazaar.chain.deploy import DeploymentProgress, deploy
from edgebazaar.chain.indexer import Indexer, IndexerSettings, ProjectionRegistry
from edgebazaar.chain.node import EmbeddedNode
from edgebazaar.chain.outbox import Relayer, RelayerSettings
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.db import create_database_engine, upgrade_database
from edgebazaar.errors import ConfigurationError
from edgebazaar.settings import Settings

PROJECTING_ROOMS = ("identity", "content", "exchange", "tasks", "reputation", "auctions")
"""Capabilities whose tables follow from events; each offers `tables.register(registry)`."""

_log = structlog.get_logger(__name__)

# Much longer than clients keep an idle connection (httpx: 5 s). Were both the same, a client would
# now and then send a request into a connection that is just being closed.
_KEEP_ALIVE_SECONDS = 75


def projection_registry() -> ProjectionRegistry:
    """The projections of all capabilities."""
    registry = ProjectionRegistry()
    for room in PROJECTING_ROOMS:
        importlib.import_module(f"edgebazaar.{room}.tables").register(registry)
    return registry


@dataclass(frozen=True, slots=True)
class Backend:
    """A running backend without its web server.

    Attributes:
        context: What request handlers reach.
        application: The ASGI application over it.
        node: The embedded node, None for a chain of one's own.
    """

    context: Context
    application: FastAPI
    node: EmbeddedNode | None


@contextmanager
def running_node(settings: Settings) -> Iterator[EmbeddedNode | None]:
    """The embedded node while the block runs; None where settings name a chain."""
    if not settings.embedded:
        yield None
        return
    node = EmbeddedNode(
        settings.chain_directory,
        kind=settings.node_kind,
        port=settings.node_port,
        chain_id=settings.chain_id,
        block_time=settings.block_time,
        mnemonic=settings.mnemonic,
        snapshot_interval=settings.snapshot_interval,
    )
    with node:
        yield node


@contextmanager
def running_backend(
    settings: Settings, progress: Callable[[DeploymentProgress], None] | None = None
) -> Iterator[Backend]:
    """A backend with its chain, contracts, database and workers while the block runs.

    Args:
        settings: The settings.
        progress: Told about each step of the deployment.

    Raises:
        ConfigurationError: If a setting does not fit the machine or the chain.
        DeploymentMismatch: If the manifest is that of other contracts.
    """
    if missing := set(CONTRACT_NAMES) - set(settings.deployment_profile.contracts):
        raise ConfigurationError(
            f"profile {settings.profile} lacks contracts that the backend serves: "
            f"{', '.join(sorted(missing))}",
            mend="Use default or demo here; 'edgebazaar deploy' deploys any profile",
            field="EDGEBAZAAR_PROFILE",
        )
    with ExitStack() as stack:
        node = stack.enter_context(running_node(settings))
        url = node.url if node else settings.rpc_url
        deployment = _deployment(settings, url, progress)
        rpc = stack.enter_context(RpcClient(url))
        engine = create_database_engine(settings.database_url)
        stack.callback(engine.dispose)
        upgrade_database(engine)
        context = _start_workers(stack, settings, engine, rpc, deployment)
        yield Backend(context, create_application(context), node)


def claim_api_port(settings: Settings) -> Settings:
    """The settings with a port that the API can listen on, before anything else is started.

    A port of 0 becomes a free one, and the public address follows it where none is set.

    Raises:
        ConfigurationError: If the port is taken, naming the setting.
    """
    with _listen(settings) as listener:
        port = int(listener.getsockname()[1])
    if settings.api_port:
        return settings
    follows = settings.public_url == settings.address_of(0)
    public_url = settings.address_of(port) if follows else settings.public_url
    return settings.model_copy(update={"api_port": port, "public_url": public_url})


@contextmanager
def running_server(settings: Settings, application: FastAPI) -> Iterator[str]:
    """The web server in a thread while the block runs; its address.

    Raises:
        ConfigurationError: If the API's port is taken, naming the setting.
    """
    listener = _listen(settings)
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="api", daemon=True
    )
    thread.start()
    try:
        yield f"http://{settings.api_host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def _deployment(
    settings: Settings, url: str, progress: Callable[[DeploymentProgress], None] | None
) -> Deployment:
    return deploy(
        url,
        settings.keys.administrator,
        settings.deployment_profile,
        settings.manifest_directory,
        progress,
    )


def _start_workers(
    stack: ExitStack, settings: Settings, engine: Engine, rpc: RpcClient, deployment: Deployment
) -> Context:
    contracts = ContractSet(deployment)
    indexer = Indexer(
        rpc,
        contracts,
        engine,
        projection_registry(),
        IndexerSettings(start_block=deployment.first_block),
    )
    relayer = Relayer(
        engine,
        rpc,
        contracts,
        [settings.keys.relayer, settings.keys.operator, settings.keys.administrator],
        RelayerSettings(confirmations=settings.confirmations),
    )
    for worker in (indexer, relayer):
        worker.start()
        stack.callback(worker.stop)
    _log.info("backend started", chain_id=deployment.chain_id)
    return Context(settings, engine, rpc, contracts, deployment, relayer, indexer)


def _listen(settings: Settings) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.api_host, settings.api_port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"port {settings.api_port} of {settings.api_host} cannot be used ({error.strerror})",
            mend="Stop what uses it, or set another port (0 takes any free one)",
            field="EDGEBAZAAR_API_PORT",
        ) from error
    listener.listen(128)
    return listener
