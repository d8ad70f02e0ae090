"""Bad input of every kind: a problem a person can act on, never a 500, and nothing changes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from running_backend import Market, assert_problem

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
COMPLAINT = {
    "index": 0,
    "state": HASH,
    "chunk": "0x00",
    "proof": [],
    "next_state": HASH,
    "next_chunk_hash": HASH,
    "next_proof": [],
}
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
    ("operator", "/auctions/prepare", ROUND, "maximum_bids", [0, 1801]),
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
    ("stranger", "POST", f"/challenges/{NOWHERE}/concession/prepare", {}),
    ("stranger", "POST", f"/challenges/{NOWHERE}/contest/prepare", {"evidence_hash": HASH}),
    ("stranger", "POST", f"/challenges/{NOWHERE}/evidence/prepare", {"evidence_hash": HASH}),
    ("stranger", "POST", f"/challenges/{NOWHERE}/decision/prepare", {}),
    ("stranger", "POST", f"/challenges/{NOWHERE}/finalisation/prepare", {}),
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
    ("producer", "POST", f"/tasks/{NOWHERE}/complaint/prepare", COMPLAINT),
    ("stranger", "GET", "/esps/<stranger>", None),
    ("stranger", "GET", f"/auctions/{NOWHERE}", None),
    ("operator", "POST", f"/auctions/{NOWHERE}/declaration/prepare", {}),
    (
        "vehicle",
        "POST",
        f"/auctions/{NOWHERE}/bids/prepare",
        {"submarket": "online", "commitment": HASH},
    ),
    ("stranger", "GET", f"/audits/{NOWHERE}", None),
    ("stranger", "GET", "/epochs/7", None),
    ("stranger", "POST", "/epochs/7/bond/prepare", {}),
    ("consumer", "POST", "/epochs/7/leaves/0/demand/prepare", {}),
    ("stranger", "POST", "/epochs/7/leaves/0/answer/prepare", {}),
    ("stranger", "POST", "/epochs/7/leaves/0/unanswered/prepare", {}),
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
