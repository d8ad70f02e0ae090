"""The REST reference as a page of our own, made from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from edgebazaar.web.rendering import render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Json = Mapping[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")
_PLAIN: Json = {"string": "text", "integer": 0, "number": 0.0, "boolean": True, "null": None}
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of path, query or header."""

    name: str
    place: str
    required: bool
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    Attributes:
        anchor: Its id within the page.
        method, path, text: What it is.
        permission: Who may call it.
        parameters: Of path, query and headers.
        body_type: Media type of the body, None without one.
        body: Example of it, None where it is no JSON and no form.
        status: HTTP status of success.
        answer: Example of the answer, None where it is no JSON.
        answer_type: Media type of the answer, None without one.
    """

    anchor: str
    method: str
    path: str
    text: str
    permission: str
    parameters: tuple[Parameter, ...]
    body_type: str | None
    body: str | None
    status: str
    answer: str | None
    answer_type: str | None


@router.get("/docs")
def reference(request: Request) -> Response:
    """Every operation of the API, by resource."""
    document = request.app.openapi()
    return render(
        request,
        "reference.html",
        introduction=[part.strip() for part in document["info"]["description"].split("\n\n")],
        version=document["info"]["version"],
        groups=_groups(request.app),
    )


@lru_cache(maxsize=4)
def _groups(app: FastAPI) -> dict[str, list[Operation]]:
    """Operations by the tag of their resource, in the document's order."""
    document = app.openapi()
    schemas = document.get("components", {}).get("schemas", {})
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                found = _operation(path, method, methods[method], schemas)
                groups.setdefault(methods[method]["tags"][0], []).append(found)
    return groups


def example_of(schema: Json, schemas: Json, depth: int = 0) -> Any:
    """A value that fits a JSON schema, from its examples where it states some.

    Args:
        schema: The schema.
        schemas: Components that `$ref` may name.
        depth: Levels above; at the eighth, the example ends.
    """
    if depth > _DEEPEST:
        return None
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas, depth + 1)
    for stated in ("examples", "enum"):
        if schema.get(stated):
            return schema[stated][0]
    for stated in ("example", "const", "default"):
        if schema.get(stated) is not None:
            return schema[stated]
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if choices:
        return example_of(choices[0], schemas, depth + 1)
    if "properties" in schema:
        return {
            name: example_of(inner, schemas, depth + 1)
            for name, inner in schema["properties"].items()
        }
    if schema.get("type") == "array":
        return [example_of(schema.get("items", {}), schemas, depth + 1)]
    return {} if schema.get("type") == "object" else _PLAIN.get(schema.get("type", ""), None)


def _operation(path: str, method: str, stated: Json, schemas: Json) -> Operation:
    body_type, body = _content(stated.get("requestBody", {}), schemas)
    status = next(code for code in stated["responses"] if code.startswith(("2", "3")))
    answer_type, answer = _content(stated["responses"][status], schemas)
    return Operation(
        anchor=stated["operationId"],
        method=method.upper(),
        path=path,
        text=stated.get("description") or stated.get("summary", ""),
        permission=stated.get("x-permission", "public"),
        parameters=tuple(
            Parameter(
                one["name"],
                one["in"],
                one.get("required", False),
                _kind(one.get("schema", {})),
                one.get("description", ""),
            )
            for one in stated.get("parameters", ())
        ),
        body_type=body_type,
        body=body,
        status=status,
        answer=answer,
        answer_type=answer_type,
    )


def _content(holder: Json, schemas: Json) -> tuple[str | None, str | None]:
    """Media type and example of a body or an answer."""
    content: Json = holder.get("content", {})
    if not content:
        return None, None
    media_type = next((kind for kind in content if kind != "application/json"), "application/json")
    schema = content[media_type].get("schema")
    if not schema or schema.get("format") == "binary":
        return media_type, None
    example = example_of(schema, schemas)
    return media_type, orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()


def _kind(schema: Json) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"] if one.get("type") != "null")
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("enum"):
        return " | ".join(str(one) for one in schema["enum"])
    return str(schema.get("type", "any"))
