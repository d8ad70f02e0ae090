"""The eight roles of the consortium, one bit each as in contracts/identity/Roles.sol."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag

from edgebazaar.errors import InvalidInput


class Role(IntFlag):
    """A role, one bit each."""

    PRODUCER = 1 << 0
    EDGE_SERVICE_PROVIDER = 1 << 1
    CONSUMER = 1 << 2
    VEHICLE = 1 << 3
    ROADSIDE_UNIT = 1 << 4
    MODEL_PROVIDER = 1 << 5
    AUDITOR = 1 << 6
    OPERATOR = 1 << 7


ROLE_NAMES: dict[str, Role] = {role.name.lower(): role for role in Role if role.name}


def role_by_name(name: str, field: str = "role") -> Role:
    """The role of a name such as `edge_service_provider`.

    Raises:
        InvalidInput: If no role has that name.
    """
    role = ROLE_NAMES.get(name)
    if role is None:
        raise InvalidInput(
            field, f"no role is called {name!r}", f"Use one of {', '.join(ROLE_NAMES)}"
        )
    return role


def bitmap_of(names: Iterable[str], field: str = "roles") -> int:
    """The packed word for a set of role names.

    Raises:
        InvalidInput: If a name is unknown or there is none.
    """
    bitmap = 0
    for index, name in enumerate(names):
        bitmap |= role_by_name(name, f"{field}[{index}]")
    if not bitmap:
        raise InvalidInput(field, "is empty", f"Name at least one of {', '.join(ROLE_NAMES)}")
    return bitmap


def names_of(bitmap: int) -> list[str]:
    """Names of the roles in a packed word, in bit order."""
    return [name for name, role in ROLE_NAMES.items() if bitmap & role]
