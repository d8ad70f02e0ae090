"""RFC 9457 problems: one renderer for every error that leaves the API."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from edgebazaar import errors

PROBLEM_MEDIA_TYPE = "application/problem+json"
MAXIMUM_BODY_BYTES = 32 * 1024 * 1024
_STATUS: dict[type[errors.EdgeBazaarError], int] = {
    errors.InvalidInput: 422,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Forbidden: 403,
    errors.Unavailable: 503,
}
_log = structlog.get_logger(__name__)


class ProblemDetail(BaseModel):
    """Body of every error response (RFC 9457)."""

    type: str = Field(description="Stable identifier of the kind of problem, a URN.")
    title: str = Field(description="The kind of problem in words.")
    status: int
    code: str = Field(description="The last part of `type`, for programs.")
    detail: str = Field(description="What is wrong with this request.")
    field: str | None = Field(default=None, description="The input to blame.")
    mend: str | None = Field(default=None, description="What to do about it.")
    instance: str | None = Field(default=None, description="Path of the request.")

    model_config = {
        "json_schema_extra": {
            "examples": [
                {
                    "type": "urn:edgebazaar:problem:invalid-input",
                    "title": "Invalid input",
                    "status": 422,
                    "code": "invalid-input",
                    "detail": "price is 0 wei",
                    "field": "price",
                    "mend": "Give a price above zero, in wei, as a decimal string.",
                    "instance": "/api/v1/sales/prepare",
                }
            ]
        }
    }


class Problem(Exception):
    """An error with its HTTP status.

    For what only the API itself can know (sessions, methods, sizes).
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        mend: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.field = field
        self.mend = mend
        self.headers = headers or {}


def body_too_large() -> Problem:
    """The problem of a request with more than {MAXIMUM_BODY_BYTES} bytes."""
    return Problem(
        413,
        "body-too-large",
        "the body is larger than this server takes",
        field="body",
        mend=f"Send at most {MAXIMUM_BODY_BYTES} bytes.",
    )


def problem_response(request: Request, problem: Problem) -> Response:
    """Renders a problem as its HTTP response."""
    body = ProblemDetail(
        type=f"urn:edgebazaar:problem:{problem.code}",
        title=problem.code.replace("-", " ").capitalize(),
        status=problem.status,
        code=problem.code,
        detail=problem.detail,
        field=problem.field,
        mend=problem.mend,
        instance=request.url.path,
    )
    return JSONResponse(
        body.model_dump(exclude_none=True),
        status_code=problem.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=problem.headers,
    )


def as_problem(error: errors.EdgeBazaarError) -> Problem:
    """The problem for an error of the rooms below the API."""
    status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 400)
    return Problem(status, error.code, error.problem, field=error.field, mend=error.mend or None)


def _validation_problem(error: RequestValidationError) -> Problem:
    first: dict[str, Any] = dict(error.errors()[0])
    if first["type"] == "json_invalid":
        return Problem(
            422,
            "invalid-input",
            f"the body is no JSON: {first['ctx']['error']} at character {first['loc'][-1]}",
            field="body",
            mend="Send a JSON document in UTF-8.",
        )
    location = [str(part) for part in first["loc"] if part not in {"body", "query", "path"}]
    more = len(error.errors()) - 1
    detail = str(first["msg"]) + (f" (and {more} more)" if more else "")
    return Problem(
        422,
        "invalid-input",
        detail,
        field=".".join(location) or str(first["loc"][0]),
        mend="See the schema and examples of this path under /docs.",
    )


def install_error_handlers(app: FastAPI) -> None:
    """Makes every error of `app` a problem document.

    Unexpected ones are logged and show no internals.
    """

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return problem_response(request, error)

    @app.exception_handler(errors.EdgeBazaarError)
    async def _expected(request: Request, error: errors.EdgeBazaarError) -> Response:
        return problem_response(request, as_problem(error))

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        return problem_response(request, _validation_problem(error))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return problem_response(request, body_too_large())
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        problem = Problem(
            error.status_code, code, str(error.detail), headers=dict(error.headers or {})
        )
        return problem_response(request, problem)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        _log.error("unexpected error", path=request.url.path, exc_info=error)
        problem = Problem(
            500,
            "internal-error",
            "an unexpected error happened; nothing of this request was accepted",
            mend="Try again; if it stays, tell the operator the time and the path.",
        )
        return problem_response(request, problem)


# With `model`, FastAPI would document them as application/json.
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetail"}}},
    }
    for status in (400, 401, 403, 404, 409, 413, 422, 503)
}
