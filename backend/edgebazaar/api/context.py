"""What a request handler may reach: built once in the composition root, handed to every route."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from edgebazaar.chain.contracts import ContractSet, Deployment
from edgebazaar.chain.indexer import Indexer
from edgebazaar.chain.outbox import Relayer
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.settings import Settings


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of a running backend.

    Attributes:
        settings: The settings it was started with.
        engine: Database engine; migrations are applied.
        rpc: The chain, for the control plane and for simulating writes.
        contracts: ABI access to the deployed contracts.
        deployment: The manifest of those contracts.
        relayer: The outbox worker, which also names the accounts it signs with.
        indexer: The worker that turns events into rows.
    """

    settings: Settings
    engine: Engine
    rpc: RpcClient
    contracts: ContractSet
    deployment: Deployment
    relayer: Relayer
    indexer: Indexer


def get_context(request: Request) -> Context:
    """Dependency: the context of the application that serves this request."""
    context: Context = request.app.state.context
    return context


ContextDependency = Annotated[Context, Depends(get_context)]
