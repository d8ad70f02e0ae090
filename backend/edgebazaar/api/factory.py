"""Builds the web application over a context.

REST under /api/v1, its documentation, health, metrics and the pages.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from pydantic import BaseModel, Field

from edgebazaar.api import sessions_routes, transactions_routes
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import (
    MAXIMUM_BODY_BYTES,
    PROBLEM_RESPONSES,
    ProblemDetail,
    body_too_large,
    install_error_handlers,
    problem_response,
)
from edgebazaar.api.permissions import permission
from edgebazaar.auctions import routes as auctions_routes
from edgebazaar.audit import routes as audit_routes
from edgebazaar.chain.clock import indexed_head
from edgebazaar.content import routes as content_routes
from edgebazaar.db import read_scope
from edgebazaar.exchange import routes as exchange_routes
from edgebazaar.identity import routes as identity_routes
from edgebazaar.reputation import routes as reputation_routes
from edgebazaar.tasks import routes as tasks_routes
from edgebazaar.web import pages

_REQUESTS = Counter("edgebazaar_http_requests_total", "HTTP requests.", ["method", "status"])
_SECONDS = Histogram("edgebazaar_http_request_seconds", "Time to answer a request.", ["method"])

_DESCRIPTION = """
A permissioned ledger and marketplace for AI-generated content and edge AI services.

**Reading** needs no account. **Writing** takes three steps, because the backend holds nobody's
key: `POST …/prepare` returns typed data (or a transaction) to sign, `POST /api/v1/transactions`
takes it back signed, `GET /api/v1/transactions/{id}` tells what became of it, with decoded events
or the decoded reason of refusal.
Errors are RFC 9457 problems with stable codes.
"""


class Health(BaseModel):
    """Whether the backend can serve."""

    status: str
    chain_head: int
    indexed_block: int
    lag: int
    time: int = Field(description="Time of the last indexed block, Unix seconds.")


class DeploymentView(BaseModel):
    """Where the contracts are."""

    chain_id: int
    contracts: dict[str, str]
    profile: dict[str, Any] = Field(description="Parameters the contracts were deployed with.")
    relayer: str
    explorer: str | None


def create_application(context: Context) -> FastAPI:
    """The ASGI application that serves `context`."""
    app = FastAPI(
        title="EdgeBazaar",
        version=version("edgebazaar"),
        description=_DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        # FastAPI's own pages load scripts from another host; web/reference.py serves /docs.
        docs_url=None,
        redoc_url=None,
    )
    app.state.context = context
    install_error_handlers(app)
    app.middleware("http")(_observe)
    api = APIRouter(prefix="/api/v1")
    for router in (
        sessions_routes.router,
        transactions_routes.router,
        *identity_routes.routers,
        *content_routes.routers,
        *exchange_routes.routers,
        *tasks_routes.routers,
        *reputation_routes.routers,
        *auctions_routes.routers,
        *audit_routes.routers,
        _system_router(),
    ):
        api.include_router(router)
    app.include_router(api, max_body_size=MAXIMUM_BODY_BYTES)
    app.add_api_route("/metrics", _metrics, include_in_schema=False)
    pages.install(app)
    _describe_security(app)
    return app


def _system_router() -> APIRouter:
    router = APIRouter(tags=["system"], responses=PROBLEM_RESPONSES)

    @router.get("/health", **permission("public"))
    def health(context: ContextDependency) -> Health:
        """Whether database, chain and indexer answer."""
        status = context.indexer.status()
        with read_scope(context.engine) as session:
            indexed = indexed_head(session)
        return Health(
            status="ok" if status.running and not status.last_error else "degraded",
            chain_head=status.head or 0,
            indexed_block=status.cursor or 0,
            lag=status.lag or 0,
            time=indexed.timestamp,
        )

    @router.get("/deployment", **permission("public"))
    def deployment(context: ContextDependency) -> DeploymentView:
        """Addresses of the contracts this backend serves."""
        return DeploymentView(
            chain_id=context.deployment.chain_id,
            contracts={
                name: deployed.address for name, deployed in context.deployment.contracts.items()
            },
            profile=dict(context.deployment.profile),
            relayer=context.settings.keys.relayer.address,
            explorer=context.settings.explorer_url or None,
        )

    return router


async def _observe(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MAXIMUM_BODY_BYTES:
        return problem_response(request, body_too_large())
    started = time.perf_counter()
    response = await call_next(request)
    _SECONDS.labels(request.method).observe(time.perf_counter() - started)
    _REQUESTS.labels(request.method, str(response.status_code)).inc()
    return response


async def _metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _describe_security(app: FastAPI) -> None:
    original = app.openapi

    def openapi() -> dict[str, Any]:
        document = original()
        components = document.setdefault("components", {})
        components["schemas"]["ProblemDetail"] = ProblemDetail.model_json_schema()
        components["securitySchemes"] = {
            "session": {
                "type": "http",
                "scheme": "bearer",
                "description": "Token of POST /api/v1/sessions (Sign-In with Ethereum).",
            }
        }
        return document

    app.openapi = openapi  # type: ignore[method-assign]
