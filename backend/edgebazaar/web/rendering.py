"""Templates into responses, each with the headers that keep a page to itself."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from edgebazaar.chain.clock import indexed_head
from edgebazaar.db import read_scope
from edgebazaar.web.formats import FILTERS, TESTS, is_time, is_wei

FOLDER = Path(__file__).parent
STATIC_FOLDER = FOLDER / "static"

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

NAVIGATION = (
    ("/contents", "Contents"),
    ("/similar", "Find copies"),
    ("/tasks", "Tasks"),
    ("/esps", "ESPs"),
    ("/auctions", "Auctions"),
    ("/exchanges", "Exchanges"),
    ("/challenges", "Challenges"),
    ("/members", "Members"),
    ("/transactions", "Transactions"),
    ("/audits", "Audits"),
)


@cache
def static_address(name: str) -> str:
    """Address of a file of static/; it changes with the file, so that browsers may keep it."""
    digest = hashlib.sha256((STATIC_FOLDER / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.tests.update(TESTS)
    environment.globals.update(
        static_address=static_address,
        navigation=NAVIGATION,
        is_time=is_time,
        is_wei=is_wei,
        zip=zip,
    )
    return environment


_TEMPLATES = _environment()


def render(
    request: Request,
    template: str,
    *,
    http_status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page.

    Args:
        request: The request it answers.
        template: Name in templates/.
        http_status: HTTP status.
        headers: Further headers.
        values: What the template shows.
    """
    context = request.app.state.context
    with read_scope(context.engine) as session:
        head = indexed_head(session)
    page = _TEMPLATES.get_template(template).render(
        path=request.url.path,
        chain_id=context.deployment.chain_id,
        head=head,
        profile=context.deployment.profile,
        **values,
    )
    return HTMLResponse(page, http_status, headers={**SECURITY_HEADERS, **(headers or {})})


def given(text: str | None) -> str | None:
    """A query parameter, None where a form sent it empty."""
    stripped = (text or "").strip()
    return stripped or None


def following(request: Request, cursor: str | None, parameter: str = "after") -> str | None:
    """Address of the next page of a list with the same filters, None on the last page."""
    if cursor is None:
        return None
    address = request.url.include_query_params(**{parameter: cursor})
    return f"{address.path}?{address.query}"
