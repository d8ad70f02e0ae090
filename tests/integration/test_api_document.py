"""The OpenAPI document: complete, and true to what the server does with every body it describes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
from fastapi.openapi.constants import REF_TEMPLATE
from running_backend import Market, fresh_hash

from edgebazaar.api.errors import PROBLEM_MEDIA_TYPE

NOWHERE = "0x" + "17" * 32
HASH = "0x" + "21" * 32


def test_the_openapi_document_says_what_every_operation_needs_and_answers(
    http: httpx.Client,
) -> None:
    document = http.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    assert document["openapi"].startswith("3.") and document["info"]["description"]
    assert document["components"]["securitySchemes"]["session"]["scheme"] == "bearer"
    identities = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            name = f"{method} {path}"
            assert operation["summary"] and operation["description"], name
            assert operation["tags"], name
            identities.add(operation["operationId"])
            guarded = operation["x-permission"] != "public"
            assert bool(operation.get("security")) is guarded, name
            for status in ("401", "403", "404", "409", "422", "503"):
                content = operation["responses"][status]["content"]
                assert set(content) == {PROBLEM_MEDIA_TYPE}, (name, status)
                reference = content[PROBLEM_MEDIA_TYPE]["schema"]["$ref"]
                assert reference == REF_TEMPLATE.format(model="ProblemDetail")
    assert len(identities) == sum(len(one) for one in document["paths"].values())
    assert {"type", "title", "status", "code", "detail"} <= set(
        schemas["ProblemDetail"]["required"]
    )


def test_every_reference_in_the_openapi_document_leads_somewhere(http: httpx.Client) -> None:
    text = http.get("/openapi.json").text
    document = json.loads(text)
    references = set(re.findall(r'"\$ref":\s*"#/components/schemas/([^"]+)"', text))
    assert references and references <= set(document["components"]["schemas"])


def example_of(document: Any, schema: dict[str, Any], where: str) -> Any:
    """An example of a schema out of its fields' examples and defaults.

    Fails where a field has none.
    """
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return example_of(document, document["components"]["schemas"][name], where)
    for key in ("examples", "enum"):
        if key in schema:
            return schema[key][0]
    for key in ("default", "const"):
        if key in schema:
            return schema[key]
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return example_of(document, schema[key][0], where)
    if schema.get("type") == "array":
        return [example_of(document, schema["items"], where)]
    assert "properties" in schema, f"{where} has no example"
    return {
        name: example_of(document, one, f"{where}.{name}")
        for name, one in schema["properties"].items()
    }


def json_bodies(document: Any) -> Iterator[tuple[str, str, str, Any]]:
    """Method, path, permission and example body of every operation that takes JSON."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                schema = content["application/json"]["schema"]
                body = example_of(document, schema, f"{method} {path}")
                yield method.upper(), path, operation["x-permission"], body


NASTY = [None, "", -1, 2**300, "\x00", "\ud800", [], {}]


def variants(value: Any) -> Iterator[Any]:
    """A body with every part replaced by what does not belong there, or left out."""
    yield from NASTY
    if isinstance(value, dict):
        for key, part in value.items():
            yield {name: other for name, other in value.items() if name != key}
            yield from ({**value, key: changed} for changed in variants(part))
    elif isinstance(value, list) and value:
        yield from ([changed] for changed in variants(value[0]))


def test_no_body_whatsoever_makes_the_server_fail(market: Market, http: httpx.Client) -> None:
    """Every field of every body takes every wrong value; the examples of the document go first."""
    document = http.get("/openapi.json").json()
    someone = {
        "administrator": "administrator",
        "member": "consumer",
        "role:edge_service_provider": "esp",
    }
    sent = 0
    for method, path, permission, body in json_bodies(document):
        who = someone.get(permission, permission.removeprefix("role:"))
        headers = market.session_of(who if who in market.accounts else "producer")
        url = re.sub(r"\{(?:account|member|receiver)\}", market.address("consumer"), path)
        url = re.sub(r"\{\w+\}", NOWHERE, url).removeprefix("/api/v1")
        for changed in [body, *variants(body)]:
            content = json.dumps(changed).encode()
            response = http.request(
                method,
                url,
                content=content,
                headers=headers | {"content-type": "application/json"},
            )
            sent += 1
            assert response.status_code < 500, (method, path, changed, response.text)
            if response.status_code >= 400:
                assert response.headers["content-type"] == PROBLEM_MEDIA_TYPE
                problem = response.json()
                assert problem["code"] and problem["detail"], problem
                if response.status_code == 422:
                    assert problem["field"] and problem["mend"], problem
    assert sent > 1000


def test_what_is_no_utf8_in_a_path_or_query(http: httpx.Client) -> None:
    for url in (
        "/contents/%ff%fe",
        "/members?role=%ff",
        "/tasks?after=%00",
        f"/tasks/{fresh_hash()[:-1]}%00",
    ):
        response = http.get(url)
        assert response.status_code in {404, 422}, (url, response.text)
        assert response.headers["content-type"] == PROBLEM_MEDIA_TYPE
