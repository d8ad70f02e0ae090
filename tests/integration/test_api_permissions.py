"""The permission matrix of the API: every route, everybody who may not, refused before all else."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from running_backend import FORMER_MEMBERS, MEMBERS, OUTSIDERS, Market, assert_problem
from starlette.routing import Mount, Route

from edgebazaar.identity.roles import role_by_name

PREFIX = "/api/v1"
PUBLIC_WRITES = {
    "POST /sessions/nonces",
    "POST /sessions",
    "POST /contents/similar",
    "POST /contents/receipts",
}
"""Change nothing that belongs to anybody; whatever joins them must be meant to."""
PLUMBING = {"/metrics", "/docs", "/docs/oauth2-redirect", "/redoc", "/api/v1/openapi.json"}
PAGE_FORMS = {"POST /similar"}
"""Pages that take a form; they only search."""
EVERYBODY = [*MEMBERS, *FORMER_MEMBERS, *OUTSIDERS, "administrator", "relayer"]


@dataclass(frozen=True)
class Endpoint:
    """A route of the API with values for its path."""

    method: str
    template: str
    permission: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    def path(self, market: Market) -> str:
        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name in {"account", "member", "receiver", "subject", "rater"}:
                return market.address("consumer")
            if name in {"window", "index"}:
                return "7"
            if name in {"identifier", "audit_id"}:
                return str(uuid.UUID(int=7))
            return "0x" + "17" * 32

        return re.sub(r"\{(\w+)\}", value, self.template)


@pytest.fixture(scope="module")
def endpoints(market: Market) -> list[Endpoint]:
    """All operations of the OpenAPI document."""
    found = []
    for path, operations in market.backend.application.openapi()["paths"].items():
        for method, operation in operations.items():
            name = f"{method.upper()} {path}"
            assert path.startswith(PREFIX + "/"), name
            assert operation.get("x-permission"), f"{name} names no permission"
            found.append(
                Endpoint(method.upper(), path.removeprefix(PREFIX), operation["x-permission"])
            )
    assert len(found) > 70
    return found


def entitled(permission: str) -> set[str]:
    """Who may, by the meaning of a permission; written down here again, on purpose."""
    if permission in {"public", "session"}:
        return set(EVERYBODY)
    if permission == "member":
        return set(MEMBERS)
    if permission == "administrator":
        return {"administrator"}
    role = permission.removeprefix("role:")
    assert permission.startswith("role:") and role_by_name(role), permission
    return {name for name, held in MEMBERS.items() if held == role}


def send(
    client: httpx.Client, endpoint: Endpoint, market: Market, token: str | None
) -> httpx.Response:
    # A body that fits no schema: whoever may not must not even learn that.
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    path = endpoint.path(market)
    if endpoint.method == "GET":
        return client.get(path, headers=headers)
    return client.request(endpoint.method, path, headers=headers, content=b'["junk"]')


@pytest.fixture(scope="module")
def tokens(market: Market) -> dict[str, str]:
    return {name: market.token(name) for name in EVERYBODY}


@pytest.fixture
def counted(market: Market) -> Iterator[None]:
    with market.unchanged():
        yield


def test_every_route_of_the_application_is_known_to_the_matrix(
    market: Market, endpoints: list[Endpoint]
) -> None:
    described = {endpoint.name for endpoint in endpoints}
    pages = set()
    for context in iter_route_contexts(market.backend.application.routes):
        path = context.path
        if path in PLUMBING or isinstance(context.original_route, Mount):
            continue
        assert isinstance(context.original_route, APIRoute | Route), path
        for method in set(context.methods or ()) - {"HEAD"}:
            if path.startswith(PREFIX + "/"):
                assert f"{method} {path.removeprefix(PREFIX)}" in described, path
            else:
                pages.add(f"{method} {path}")
    # Outside the API there are only pages, and pages only show.
    assert {page for page in pages if not page.startswith("GET ")} <= PAGE_FORMS


def test_only_reads_are_public(endpoints: list[Endpoint]) -> None:
    public = {one.name for one in endpoints if one.permission == "public"}
    assert {name for name in public if not name.startswith("GET ")} == PUBLIC_WRITES


def test_each_permission_names_somebody_and_keeps_somebody_out(endpoints: list[Endpoint]) -> None:
    for permission in {one.permission for one in endpoints} - {"public", "session"}:
        assert entitled(permission)
        assert {*FORMER_MEMBERS, *OUTSIDERS}.isdisjoint(entitled(permission))


@pytest.mark.usefixtures("counted")
def test_no_guarded_route_answers_an_anonymous_request(
    market: Market, http: httpx.Client, endpoints: list[Endpoint]
) -> None:
    for endpoint in endpoints:
        if endpoint.permission == "public":
            continue
        for token in (None, "nonsense"):
            response = send(http, endpoint, market, token)
            assert_problem(response, 401, "session-required")
            assert response.headers["www-authenticate"] == "Bearer", endpoint.name


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("name", EVERYBODY)
def test_no_guarded_route_answers_whoever_may_not(
    market: Market,
    http: httpx.Client,
    endpoints: list[Endpoint],
    tokens: dict[str, str],
    name: str,
) -> None:
    refused = [one for one in endpoints if name not in entitled(one.permission)]
    assert refused
    for endpoint in refused:
        response = send(http, endpoint, market, tokens[name])
        document = assert_problem(response, 403, "permission-denied")
        assert market.address(name) in document["detail"], endpoint.name
        assert document["mend"], endpoint.name


def test_every_guarded_route_answers_whoever_may(
    market: Market, http: httpx.Client, endpoints: list[Endpoint]
) -> None:
    """The other side: a route that refuses everybody would pass the tests above."""
    own = {name: market.token(name) for name in (*MEMBERS, "administrator", "stranger")}
    for endpoint in endpoints:
        if endpoint.permission == "public" or endpoint.name == "DELETE /sessions/current":
            continue
        names = {"stranger"} if endpoint.permission == "session" else entitled(endpoint.permission)
        for name in names:
            response = send(http, endpoint, market, own[name])
            assert response.status_code not in {401, 403, 405, 500}, (endpoint.name, name)


def test_a_public_read_needs_no_session(
    market: Market, http: httpx.Client, endpoints: list[Endpoint]
) -> None:
    answered = 0
    for endpoint in endpoints:
        if endpoint.permission != "public" or endpoint.method != "GET":
            continue
        response = send(http, endpoint, market, None)
        assert response.status_code in {200, 404}, (endpoint.name, response.text)
        answered += response.status_code == 200
    assert answered >= 15


def test_a_session_that_ended_opens_nothing(
    market: Market, http: httpx.Client, endpoints: list[Endpoint]
) -> None:
    token = market.token("producer")
    headers = {"authorization": f"Bearer {token}"}
    assert http.delete("/sessions/current", headers=headers).status_code == 204
    for endpoint in endpoints:
        if endpoint.permission != "public":
            response = send(http, endpoint, market, token)
            assert_problem(response, 401, "session-required")


def test_revocation_ends_rights_within_a_running_session(market: Market) -> None:
    """The permission is judged at each request, not when the session was opened."""
    commitment = {"content_hashes": ["0x" + "21" * 32], "salt": "0x" + "22" * 32}
    name, later = "second_stranger", market.now() + 86400
    market.admit(name, ["producer"], later)
    market.wait_indexed()
    with market.fresh_client(name) as client:
        client.sign_in()
        assert client.prepare("/contents/commitments/prepare", commitment)["kind"] == "typed_data"
        revocation = f"/members/{market.address(name)}/revocation/prepare"
        market.client("administrator").act(revocation)
        path = f"{PREFIX}/contents/commitments/prepare"
        headers = {"authorization": f"Bearer {client.sign_in()}"}
        response = httpx.post(market.url + path, json=commitment, headers=headers)
        assert_problem(response, 403, "permission-denied")
