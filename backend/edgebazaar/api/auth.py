"""Who is calling: the account of the session, from a bearer token or the pages' cookie."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import Depends, Request

from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import Problem
from edgebazaar.api.sessions import SessionService

SESSION_COOKIE = "edgebazaar_session"


def session_service(context: Context) -> SessionService:
    """The sessions of this backend, bound to its public domain and its chain."""
    return SessionService(
        context.engine, domain=context.settings.public_domain, chain_id=context.deployment.chain_id
    )


def bearer_token(request: Request) -> str | None:
    """The session token of a request, None if it carries none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.cookies.get(SESSION_COOKIE)


def optional_account(request: Request, context: ContextDependency) -> str | None:
    """The signed-in account, None for an anonymous request."""
    token = bearer_token(request)
    return session_service(context).account_of(token, int(time.time())) if token else None


def current_account(account: Annotated[str | None, Depends(optional_account)]) -> str:
    """The signed-in account.

    Raises:
        Problem: 401 `session-required` for an anonymous request.
    """
    if account is None:
        raise Problem(
            401,
            "session-required",
            "this needs a signed-in account",
            mend="Sign in at POST /api/v1/sessions and send the token as 'Authorization: Bearer'.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return account


OptionalAccount = Annotated[str | None, Depends(optional_account)]
CurrentAccount = Annotated[str, Depends(current_account)]
