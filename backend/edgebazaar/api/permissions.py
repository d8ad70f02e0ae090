"""Named permissions: every route has exactly one, shown in the OpenAPI document as `x-permission`.

`public`: anybody reads what the chain shows anyway. `session`: any signed-in account. `member`: a
signed-in active member. `role:<name>`: a signed-in active member with that role. `administrator`:
the consortium's administrator. The contracts check again; the API refuses early so that the caller
learns it before signing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from fastapi import Depends

from edgebazaar.api.auth import CurrentAccount, current_account
from edgebazaar.api.context import ContextDependency
from edgebazaar.api.errors import Problem
from edgebazaar.identity.service import MemberService


def _member(account: CurrentAccount, context: ContextDependency) -> None:
    if not MemberService(context.engine).is_active(account, int(time.time())):
        raise _forbidden(account, "is no active member of the consortium")


def _administrator(account: CurrentAccount, context: ContextDependency) -> None:
    if account != context.settings.administrator_address:
        raise _forbidden(account, "is not the consortium's administrator")


def _role(role: str) -> Callable[..., None]:
    def check(account: CurrentAccount, context: ContextDependency) -> None:
        if not MemberService(context.engine).has_role(account, role, int(time.time())):
            raise _forbidden(account, f"does not hold the role {role}")

    return check


def _forbidden(account: str, what: str) -> Problem:
    return Problem(
        403,
        "permission-denied",
        f"{account} {what}",
        mend="Sign in with an account that may, or ask the administrator for admission.",
    )


def permission(name: str) -> dict[str, Any]:
    """Keyword arguments that give a route its permission.

    Args:
        name: `public`, `session`, `member`, `administrator` or `role:<role name>`.

    Returns:
        `dependencies` that enforce it and `openapi_extra` that names it, for `@router.get(...,
        **permission("public"))`.

    Raises:
        ValueError: For a name that is none of these.
    """
    checks: dict[str, Callable[..., Any] | None] = {
        "public": None,
        "session": current_account,
        "member": _member,
        "administrator": _administrator,
    }
    if name.startswith("role:"):
        check: Callable[..., Any] | None = _role(name.removeprefix("role:"))
    elif name in checks:
        check = checks[name]
    else:
        raise ValueError(f"no permission is called {name!r}")
    extra: dict[str, Any] = {"x-permission": name}
    if check is not None:
        extra["security"] = [{"session": []}]
    return {"dependencies": [Depends(check)] if check else [], "openapi_extra": extra}
