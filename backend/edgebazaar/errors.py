"""Errors that a person can act on: what was wrong, in which field, and what to do about it.

Every error carries a stable `code`. REST renders it as an RFC 9457 problem, the command line as one
line with exit code 2. Rooms below `api` raise these and nothing of HTTP.
"""

from __future__ import annotations


class EdgeBazaarError(Exception):
    """Base of all expected errors.

    Attributes:
        code: Stable machine-readable name, lower-case with hyphens.
        problem: What is wrong, one sentence.
        mend: What the caller can do about it, one sentence; empty if nothing.
        field: Name of the offending input, if one is to blame.
    """

    code = "error"

    def __init__(self, problem: str, *, mend: str = "", field: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend
        self.field = field

    def __str__(self) -> str:
        parts = [f"{self.field}: {self.problem}" if self.field else self.problem]
        if self.mend:
            parts.append(self.mend)
        return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts)


class InvalidInput(EdgeBazaarError):
    """An input is malformed or out of range; nothing has changed."""

    code = "invalid-input"

    def __init__(self, field: str, problem: str, mend: str = "") -> None:
        super().__init__(problem, mend=mend, field=field)


class NotFound(EdgeBazaarError):
    """What was asked for does not exist, or has not been indexed yet."""

    code = "not-found"

    def __init__(self, what: str, identifier: object, mend: str = "") -> None:
        super().__init__(f"no {what} {identifier}", mend=mend)


class Conflict(EdgeBazaarError):
    """The request contradicts the present state; nothing has changed."""

    code = "conflict"


class Forbidden(EdgeBazaarError):
    """The caller may not do this."""

    code = "forbidden"


class Unavailable(EdgeBazaarError):
    """A part this needs (chain, database, node) does not answer."""

    code = "unavailable"


class ConfigurationError(EdgeBazaarError):
    """A setting is missing or contradicts another."""

    code = "configuration"
