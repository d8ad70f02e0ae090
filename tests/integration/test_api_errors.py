"""Bad input of every kind: a problem a person can act on, never a 500, and nothing changes."""

from __future__ import annotations

import json
import re
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from fastapi.openapi.constants import REF_TEMPLATE
from running_backend import Market, assert_problem, fresh_hash

from edgebazaar.api.errors import MAXIMUM_BODY_BYTES, PROBLEM_MEDIA_TYPE

NOWHERE = "0x" + "17" * 32
HASH = "0x" + "21" * 32
LATER = 4_000_000_000
NOT_HASHES: list[Any] = ["", "0x", "0x12", "0x" + "zz" * 32, HASH + "00", " " + HASH]
NOT_ACCOUNTS: list[Any] = ["", "alice", "0x12", "0x" + "g" * 40, "0x" + "aB" * 20]
NOT_AMOUNTS: list[Any] = ["", "-1", "1.5", "1e18", "0x10", "many", str(2**256), "१२"]
ASSET = {"kind": "native", "amount_or_id": "5"}

Body = dict[str, Any]


def receipt() -> Body:
    return {
        "producer": "<producer>",
        "provider": "<esp>",
        "content_hash": HASH,
        "fingerprint": HASH,
        "fingerprint_scheme": 65537,
        "prompt_commitment": HASH,
        "model_id": HASH,
    }


ADMISSION = {"account": "<stranger>", "roles": ["producer"], "expires_at": LATER}
VOUCHER = ADMISSION | {"deadline": LATER}
COMMITMENT = {"content_hashes": [HASH], "salt": HASH}
REGISTRATION = {
    "registrations": [
        {"receipt": receipt(), "receipt_signature": "0x" + "1b" * 65, "royalty_bps": 0, "uri": ""}
    ],
    "salt": HASH,
}
LOCK = {"receiver": "<consumer>", "asset": ASSET, "hashlock": HASH, "timelock": LATER}
TASK = {
    "prompt_commitment": HASH,
    "fee": "1000",
    "deliver_by": LATER,
    "close_at": LATER,
    "accept_window": 60,
    "reveal_window": 60,
}
ROUND = {
    "beneficiary": "<roadside_unit>",
    "commit_until": LATER,
    "score_until": LATER + 1,
    "declare_until": LATER + 2,
    "open_until": LATER + 3,
    "settle_until": LATER + 4,
    "online_deposit": "10",
    "offline_deposit": "10",
    "online_reserve": "1",
    "offline_reserve": "1",
    "maximum_seconds": 10,
}
OFFER = {"minimum_fee": "1", "minimum_duration": 1, "capacity": 1}
SALE = {"content_hash": NOWHERE, "price": "1", "hashlock": HASH, "timelock": LATER}

FIELDS: list[tuple[str, str, Body, str, list[Any]]] = [
    # who, path, a body that is right but for one field, that field, what it must not be
    ("administrator", "/members/admissions/prepare", ADMISSION, "account", NOT_ACCOUNTS),
    ("administrator", "/members/admissions/prepare", ADMISSION, "account", ["0x" + "00" * 20]),
    ("administrator", "/members/admissions/prepare", ADMISSION, "roles", [[], ["king"]]),
    ("administrator", "/members/admissions/prepare", ADMISSION, "expires_at", [0, -1, 2**40, "x"]),
    ("administrator", "/members/admissions/prepare", ADMISSION, "certificate_hash", NOT_HASHES),
    ("administrator", "/members/vouchers", VOUCHER, "deadline", [1, -1, 2**40]),
    ("administrator", "/members/vouchers", VOUCHER, "serial", NOT_HASHES),
    ("producer", "/contents/commitments/prepare", COMMITMENT, "salt", NOT_HASHES),
    ("producer", "/contents/commitments/prepare", COMMITMENT, "content_hashes[0]", NOT_HASHES),
    ("producer", "/contents/commitments/prepare", COMMITMENT, "content_hashes", [[], [HASH] * 2]),
    ("producer", "/contents/registrations/prepare", REGISTRATION, "salt", NOT_HASHES),
    ("producer", "/contents/receipts", receipt(), "producer", NOT_ACCOUNTS),
    ("producer", "/contents/receipts", receipt(), "content_hash", [*NOT_HASHES, "0x" + "00" * 32]),
    ("producer", "/contents/receipts", receipt(), "fingerprint", NOT_HASHES),
    ("producer", "/contents/receipts", receipt(), "fingerprint_scheme", [0, -1, 7, 2**32, "x"]),
    ("producer", "/exchanges/locks/prepare", LOCK, "receiver", [*NOT_ACCOUNTS, "<producer>"]),
    ("producer", "/exchanges/locks/prepare", LOCK, "hashlock", [*NOT_HASHES, "0x" + "00" * 32]),
    ("producer", "/exchanges/locks/prepare", LOCK, "timelock", [1, -1, 2**40, "soon"]),
    ("producer", "/exchanges/locks/prepare", LOCK, "salt", NOT_HASHES),
    ("producer", "/exchanges/locks/prepare", LOCK, "asset.kind", ["gold", ""]),
    ("producer", "/exchanges/locks/prepare", LOCK, "asset.amount_or_id", [*NOT_AMOUNTS, "0"]),
    ("producer", "/exchanges/locks/prepare", LOCK, "asset.token", ["<consumer>", "gold"]),
    ("producer", "/tasks/prepare", TASK, "prompt_commitment", [*NOT_HASHES, "0x" + "00" * 32]),
    ("producer", "/tasks/prepare", TASK, "fee", [*NOT_AMOUNTS, "0"]),
    ("producer", "/tasks/prepare", TASK, "deliver_by", [1, -1, 2**40]),
    ("producer", "/tasks/prepare", TASK, "close_at", [LATER - 1, -1, 2**40]),
    ("producer", "/tasks/prepare", TASK, "accept_window", [0, -1, 10**9]),
    ("producer", "/tasks/prepare", TASK, "policy", ["", "best"]),
    ("producer", "/tasks/prepare", TASK, "temperature", ["0", "-1", "hot"]),
    ("esp", "/esps/offer/prepare", OFFER, "minimum_fee", NOT_AMOUNTS),
    ("esp", "/esps/offer/prepare", OFFER, "capacity", [-1, 2**16, "x"]),
    ("esp", "/esps/stake/prepare", {"amount": "1"}, "amount", [*NOT_AMOUNTS, "0"]),
    ("operator", "/auctions/prepare", ROUND, "beneficiary", [*NOT_ACCOUNTS, "<consumer>"]),
    ("operator", "/auctions/prepare", ROUND, "commit_until", [1, -1, 2**40]),
    ("operator", "/auctions/prepare", ROUND, "score_until", [LATER]),
    ("operator", "/auctions/prepare", ROUND, "online_deposit", [*NOT_AMOUNTS, "0", str(2**96)]),
    ("operator", "/auctions/prepare", ROUND, "alpha", ["0", str(10**18 - 1), str(2**128)]),
    ("operator", "/auctions/prepare", ROUND, "penalty_bps", [-1, 10_001]),
    ("operator", "/auctions/prepare", ROUND, "maximum_bids", [0, 401]),
    ("operator", "/auctions/prepare", ROUND | {"brand_price": "5"}, "brand", [None]),
    ("auditor", "/audits", {}, "briefs", [1, [1], [{"prompt": ""}]]),
]
UNKNOWN: list[tuple[str, str, str, Body | None]] = [
    # who, method, path of something that is not there, body
    ("stranger", "GET", "/members/<stranger>", None),
    ("administrator", "POST", "/members/<stranger>/revocation/prepare", {}),
    ("stranger", "GET", f"/contents/{NOWHERE}", None),
    ("stranger", "GET", f"/contents/{NOWHERE}/preview", None),
    ("stranger", "GET", f"/contents/blobs/{NOWHERE}", None),
    ("producer", "POST", f"/contents/{NOWHERE}/transfer/prepare", {"to": "<consumer>"}),
    ("producer", "POST", "/challenges/prepare", {"original": NOWHERE, "duplicate": HASH}),
    ("stranger", "GET", f"/challenges/{NOWHERE}", None),
    ("stranger", "POST", f"/challenges/{NOWHERE}/settlement/prepare", {}),
    ("stranger", "GET", f"/exchanges/locks/{NOWHERE}", None),
    ("consumer", "POST", f"/exchanges/locks/{NOWHERE}/claim/prepare", {"preimage": HASH}),
    ("consumer", "POST", f"/exchanges/locks/{NOWHERE}/refund/prepare", {}),
    ("stranger", "GET", f"/exchanges/sales/{NOWHERE}", None),
    ("consumer", "POST", "/exchanges/sales/prepare", SALE),
    ("producer", "POST", f"/exchanges/sales/{NOWHERE}/settlement/prepare", {"preimage": HASH}),
    ("stranger", "GET", f"/tasks/{NOWHERE}", None),
    ("stranger", "GET", f"/tasks/{NOWHERE}/selection", None),
    ("producer", "GET", f"/tasks/{NOWHERE}/brief", None),
    ("producer", "POST", f"/tasks/{NOWHERE}/assignment/prepare", {}),
    ("producer", "POST", f"/tasks/{NOWHERE}/closure/prepare", {}),
    ("stranger", "GET", "/esps/<stranger>", None),
    ("esp", "POST", "/esps/unstake/prepare", {"amount": "1"}),
    ("stranger", "GET", f"/auctions/{NOWHERE}", None),
    ("operator", "POST", f"/auctions/{NOWHERE}/declaration/prepare", {}),
    (
        "vehicle",
        "POST",
        f"/auctions/{NOWHERE}/bids/prepare",
        {"submarket": "online", "commitment": HASH},
    ),
    ("stranger", "GET", f"/audits/{NOWHERE}", None),
    ("stranger", "GET", "/nothing/here", None),
]


@pytest.fixture
def asked(market: Market, http: httpx.Client) -> Callable[..., httpx.Response]:
    """Sends a request as somebody; `<name>` stands for that account's address."""

    def ask(who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        def named(text: str) -> str:
            return re.sub(r"<(\w+)>", lambda match: market.address(match.group(1)), text)

        sent = {} if body is None else {"content": named(json.dumps(body))}
        headers = market.session_of(who) | {"content-type": "application/json"}
        return http.request(method, named(path), headers=headers, **sent)

    return ask


def with_value(body: Any, field: str, value: Any) -> Any:
    """A copy of a body with another value at a path such as `asset.kind` or `hashes[0]`."""
    first, _, rest = re.sub(r"\[(\d+)\]", r".\1", field).partition(".")
    key: Any = int(first) if isinstance(body, list) else first
    copy = list(body) if isinstance(body, list) else dict(body)
    copy[key] = with_value(copy[key], rest, value) if rest else value
    return copy


@pytest.mark.parametrize(
    ("who", "path", "body", "field", "wrong"), FIELDS, ids=lambda case: str(case)[:40]
)
def test_a_wrong_field_is_named_with_what_to_do(
    market: Market,
    asked: Callable[..., httpx.Response],
    who: str,
    path: str,
    body: Body,
    field: str,
    wrong: list[Any],
) -> None:
    with market.unchanged():
        for value in wrong:
            response = asked(who, "POST", path, with_value(body, field, value))
            document = assert_problem(response, 422, "invalid-input")
            # Items of a list may be named by their path or by the list.
            assert document["field"].split("[")[0].split(".0")[0] == field.split("[")[0], document
            assert document["mend"], document


@pytest.mark.parametrize(("who", "method", "path", "body"), UNKNOWN)
def test_what_is_not_there_is_not_found(
    market: Market,
    asked: Callable[..., httpx.Response],
    who: str,
    method: str,
    path: str,
    body: Body | None,
) -> None:
    with market.unchanged():
        assert_problem(asked(who, method, path, body), 404, "not-found")


def test_a_method_that_a_path_does_not_have(http: httpx.Client) -> None:
    response = http.put("/members")
    assert_problem(response, 405, "method-not-allowed")
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize("body", [b"{", b'{"account": ', b"\xff\xfe", b"nonsense"])
def test_a_body_that_is_no_json(market: Market, http: httpx.Client, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = http.post("/sessions/nonces", content=body, headers=headers)
    document = assert_problem(response, 422, "invalid-input", "body")
    assert "JSON" in document["detail"] and document["mend"]


def test_a_missing_field_is_named(http: httpx.Client) -> None:
    assert_problem(http.post("/sessions/nonces", json={}), 422, "invalid-input", "account")


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/members", {"limit": "0"}, "limit"),
        ("/members", {"limit": "201"}, "limit"),
        ("/members", {"limit": "many"}, "limit"),
        ("/members", {"after": "nonsense"}, "after"),
        ("/members", {"after": "WyJhIiwgMV0"}, "after"),
        ("/members", {"role": "king"}, "role"),
        ("/members", {"active": "perhaps"}, "active"),
        ("/contents", {"status": "lost"}, "status"),
        ("/contents", {"owner": "me"}, "owner"),
        ("/contents", {"order": "random"}, "order"),
        ("/challenges", {"state": "lost"}, "state"),
        ("/challenges", {"content": "0x12"}, "content"),
        ("/exchanges/locks", {"hashlock": "0x12"}, "hashlock"),
        ("/exchanges/sales", {"state": "lost"}, "state"),
        ("/tasks", {"state": "lost"}, "state"),
        ("/tasks", {"producer": "me"}, "producer"),
        ("/auctions", {"state": "lost"}, "state"),
        ("/transactions", {"sender": "me"}, "sender"),
        ("/transactions", {"state": "lost"}, "state"),
        ("/audits", {"after": "nonsense"}, "after"),
    ],
)
def test_a_wrong_filter_is_named(
    http: httpx.Client, path: str, query: dict[str, str], field: str
) -> None:
    assert_problem(http.get(path, params=query), 422, "invalid-input", field)


@pytest.mark.parametrize("path", ["/members/{}", "/esps/{}", "/payouts/{}", "/reputations/{}"])
@pytest.mark.parametrize("account", ["alice", "0x12", "0x" + "aB" * 20, "%00"])
def test_a_path_with_no_account(http: httpx.Client, path: str, account: str) -> None:
    assert_problem(http.get(path.format(account)), 422, "invalid-input")


# Size


def test_a_body_that_says_it_is_too_large_is_not_read(http: httpx.Client) -> None:
    request = http.build_request("POST", "/sessions/nonces")
    request.headers["content-length"] = str(MAXIMUM_BODY_BYTES + 1)
    host, port = http.base_url.host, http.base_url.port
    answer = raw_answer(host, port or 80, request)
    assert answer.startswith(b"HTTP/1.1 413 ")
    document = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert document["code"] == "body-too-large" and str(MAXIMUM_BODY_BYTES) in document["mend"]


@pytest.mark.parametrize(
    ("path", "media_type", "start"),
    [
        ("/sessions/nonces", "application/json", b"["),
        (
            "/contents/similar",
            "multipart/form-data; boundary=cut",
            b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n',
        ),
        ("/contents/blobs", "application/octet-stream", b"\x00"),
    ],
)
def test_a_body_that_turns_out_too_large_is_not_kept(
    market: Market, http: httpx.Client, path: str, media_type: str, start: bytes
) -> None:
    def body() -> Iterator[bytes]:
        # No length is stated: only counting tells.
        yield start
        for _ in range(MAXIMUM_BODY_BYTES // 2**20 + 2):
            yield b" " * 2**20

    headers = market.session_of("consumer") | {"content-type": media_type}
    with market.unchanged():
        response = http.post(path, content=body(), headers=headers)
        code = "invalid-input" if path == "/contents/blobs" else "body-too-large"
        assert response.status_code in {413, 422}, response.text
        assert_problem(response, response.status_code, code, "body")


def raw_answer(host: str, port: int, request: httpx.Request) -> bytes:
    """What the server says to headers alone."""
    head = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n"
    for name, value in request.headers.items():
        head += f"{name}: {value}\r\n"
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(head.replace("keep-alive", "close").encode() + b"\r\n")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


# Media


def png(width: int, height: int, body: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def good_png() -> bytes:
    rows = b"".join(b"\x00" + bytes((x * y) % 256 for x in range(192)) for y in range(64))
    return png(64, 64, zlib.compress(rows))


HOSTILE = {
    "nothing": (b"", "image/png"),
    "nothing-unnamed": (b"", "application/octet-stream"),
    "truncated": (good_png()[:-40], "image/png"),
    "header-only": (good_png()[:33], "image/png"),
    "bomb": (png(60_000, 60_000, zlib.compress(bytes(1000))), "image/png"),
    "bomb-of-zeros": (png(30_000, 30_000, zlib.compress(bytes(30_000_000))), "image/png"),
    "long-line": (png(2**31 - 1, 1, zlib.compress(b"\x00")), "image/png"),
    "no-pixels": (png(0, 0, zlib.compress(b"")), "image/png"),
    "text-as-png": (b"I am no image at all.", "image/png"),
    "html-as-jpeg": (b"<html><script>alert(1)</script></html>", "image/jpeg"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "binary-as-text": (bytes(range(256)), "text/plain"),
    "blank-text": (b" \n\t ", "text/plain"),
    "unknown": (b"\x7fELF" + bytes(100), "application/octet-stream"),
    "broken-crc": (good_png().replace(b"IDAT", b"IDAX"), "image/png"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_a_clear_problem(market: Market, http: httpx.Client, name: str) -> None:
    data, media_type = HOSTILE[name]
    with market.unchanged():
        response = http.post("/contents/similar", files={"file": ("file.png", data, media_type)})
        document = assert_problem(response, 422, "invalid-input", "file")
    assert document["mend"]
    assert "object at" not in document["detail"] and "Traceback" not in response.text


def test_a_good_file_is_none(http: httpx.Client) -> None:
    response = http.post("/contents/similar", files={"file": ("a.png", good_png(), "image/png")})
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "file"),
        ({"fingerprint": HASH}, "file"),
        ({"fingerprint": "0x12", "fingerprint_scheme": "65537"}, "fingerprint"),
        ({"fingerprint": HASH, "fingerprint_scheme": "-1"}, "fingerprint_scheme"),
        ({"fingerprint": HASH, "fingerprint_scheme": "x"}, "fingerprint_scheme"),
        ({"fingerprint": HASH, "fingerprint_scheme": "65537", "limit": "0"}, "limit"),
        ({"fingerprint": HASH, "fingerprint_scheme": "65537", "limit": "101"}, "limit"),
    ],
)
def test_a_search_with_wrong_terms(http: httpx.Client, data: dict[str, str], field: str) -> None:
    assert_problem(http.post("/contents/similar", data=data), 422, "invalid-input", field)


def test_an_empty_blob_is_refused(market: Market, http: httpx.Client) -> None:
    with market.unchanged():
        response = http.post("/contents/blobs", content=b"", headers=market.session_of("consumer"))
        assert_problem(response, 422, "invalid-input", "body")


# The OpenAPI document


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


NASTY = [None, "", -1, 2**300, 1.5, "\x00", "\ud800", [], {}, "x" * 300, HASH]


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
