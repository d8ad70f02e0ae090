"""Puts the pages into the application: static files, routes outside the OpenAPI schema, errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from starlette.staticfiles import StaticFiles

from edgebazaar.api.errors import MAXIMUM_BODY_BYTES
from edgebazaar.web import auctions, contents, ledger, market, reference
from edgebazaar.web.rendering import SECURITY_HEADERS, STATIC_FOLDER, render

_PROGRAMS = ("/api/", "/metrics", "/static/")
"""Paths that programs ask; their errors stay problem documents."""


class _StaticFiles(StaticFiles):
    """Files that browsers may keep: their addresses change with their bytes."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["X-Content-Type-Options"] = SECURITY_HEADERS["X-Content-Type-Options"]
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def install(app: FastAPI) -> None:
    """Adds the pages to an application whose `state.context` and error handlers are set."""
    app.mount("/static", _StaticFiles(directory=STATIC_FOLDER), name="static")
    for module in (ledger, contents, market, auctions, reference):
        app.include_router(module.router, max_body_size=MAXIMUM_BODY_BYTES)
    for key, handler in list(app.exception_handlers.items()):
        app.exception_handlers[key] = _as_page(handler)


def _as_page(
    handler: Callable[[Request, Any], Response | Awaitable[Response]],
) -> Callable[[Request, Any], Awaitable[Response]]:
    """The same handler, whose problem documents browsers see as pages."""

    async def handle(request: Request, error: Exception) -> Response:
        answer = handler(request, error)
        response = await answer if isawaitable(answer) else answer
        if not _wants_page(request):
            return response
        problem = orjson.loads(response.body)
        kept = {name: response.headers[name] for name in ("allow",) if name in response.headers}
        return render(
            request, "problem.html", http_status=response.status_code, headers=kept, problem=problem
        )

    return handle


def _wants_page(request: Request) -> bool:
    path = request.url.path
    return not path.startswith(_PROGRAMS) and "text/html" in request.headers.get("accept", "")
