"""Sign-In with Ethereum: what opens a session, what is refused, what ends it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from running_backend import Market, assert_problem
from siwe import SiweMessage
from sqlalchemy import update

from edgebazaar.api.auth import SESSION_COOKIE
from edgebazaar.api.tables import login_nonce, login_session
from edgebazaar.db import session_scope


def challenge(http: httpx.Client, account: str) -> dict[str, Any]:
    response = http.post("/sessions/nonces", json={"account": account})
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


def signature_of(key: str, text: str) -> str:
    return "0x" + Account.sign_message(encode_defunct(text=text), key).signature.hex()


def attempt(http: httpx.Client, key: str, message: str) -> httpx.Response:
    body = {"message": message, "signature": signature_of(key, message)}
    return http.post("/sessions", json=body)


def altered(message: str, **changes: Any) -> str:
    """The same sign-in message with other fields."""
    fields = SiweMessage.from_message(message).model_dump() | changes
    return str(SiweMessage(**fields).prepare_message())


def test_a_signed_message_opens_a_session(market: Market, http: httpx.Client) -> None:
    account = market.address("stranger")
    given = challenge(http, account)
    parsed = SiweMessage.from_message(given["message"])
    assert parsed.address == account
    assert parsed.domain == market.context.settings.public_domain == "market.example"
    assert parsed.chain_id == market.context.deployment.chain_id
    assert parsed.nonce == given["nonce"]
    assert abs(given["expires_at"] - time.time() - 300) < 10

    response = attempt(http, market.key("stranger"), given["message"])
    assert response.status_code == 201, response.text
    session = response.json()
    assert session["account"] == account
    assert abs(session["expires_at"] - time.time() - 12 * 3600) < 10
    bearer = {"authorization": f"Bearer {session['token']}"}
    http.cookies.clear()
    assert http.get("/sessions/current", headers=bearer).json() == {"account": account}


def test_a_session_works_as_the_cookie_of_the_pages(market: Market, http: httpx.Client) -> None:
    given = challenge(http, market.address("stranger"))
    response = attempt(http, market.key("stranger"), given["message"])
    cookie = response.headers["set-cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith(f"{SESSION_COOKIE}={response.json()['token']};")
    # The public address is https, so the cookie must never travel in the clear.
    assert {"httponly", "secure", "samesite=strict", "path=/"} <= attributes
    assert f"max-age={12 * 3600}" in attributes
    cookies = {"cookie": f"{SESSION_COOKIE}={response.json()['token']}"}
    answer = http.get("/sessions/current", headers=cookies)
    assert answer.json() == {"account": market.address("stranger")}


def test_a_nonce_opens_one_session_only(market: Market, http: httpx.Client) -> None:
    message = challenge(http, market.address("stranger"))["message"]
    assert attempt(http, market.key("stranger"), message).status_code == 201
    again = attempt(http, market.key("stranger"), message)
    document = assert_problem(again, 401, "sign-in-refused", "message.nonce")
    assert "/api/v1/sessions/nonces" in document["mend"]


def test_a_failing_attempt_uses_the_nonce_up(market: Market, http: httpx.Client) -> None:
    message = challenge(http, market.address("stranger"))["message"]
    forged = attempt(http, market.key("consumer"), message)
    assert_problem(forged, 401, "sign-in-refused", "signature")
    honest = attempt(http, market.key("stranger"), message)
    assert_problem(honest, 401, "sign-in-refused", "message.nonce")


def _past(minutes: int) -> str:
    return (datetime.now(tz=UTC) - timedelta(minutes=minutes)).isoformat()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"domain": "evil.example"}, "message.domain"),
        ({"domain": "market.example.evil.example"}, "message.domain"),
        ({"chain_id": 1}, "message.chain_id"),
        ({"expiration_time": _past(1), "issued_at": _past(9)}, "message.expiration_time"),
        ({"expiration_time": None}, "message.expiration_time"),
        ({"not_before": "2999-01-01T00:00:00Z"}, "message.expiration_time"),
        ({"nonce": "0123456789abcdef0123456789abcdef"}, "message.nonce"),
    ],
    ids=["domain", "longer-domain", "chain", "expired", "no-expiry", "not-yet", "unknown-nonce"],
)
def test_a_message_for_something_else_is_refused(
    market: Market, http: httpx.Client, changes: dict[str, Any], field: str
) -> None:
    message = altered(challenge(http, market.address("stranger"))["message"], **changes)
    # The account did sign exactly this text: only its content is at fault.
    response = attempt(http, market.key("stranger"), message)
    assert_problem(response, 401, "sign-in-refused", field)
    assert "set-cookie" not in response.headers


def test_an_account_cannot_sign_in_as_another(market: Market, http: httpx.Client) -> None:
    message = challenge(http, market.address("stranger"))["message"]
    stolen = altered(message, address=market.address("administrator"))
    response = attempt(http, market.key("stranger"), stolen)
    assert_problem(response, 401, "sign-in-refused", "signature")


def test_a_text_changed_after_signing_is_refused(market: Market, http: httpx.Client) -> None:
    message = challenge(http, market.address("stranger"))["message"]
    changed = altered(message, statement="Sign in to another place.")
    body = {"message": changed, "signature": signature_of(market.key("stranger"), message)}
    assert_problem(http.post("/sessions", json=body), 401, "sign-in-refused", "signature")


@pytest.mark.parametrize(
    "text", ["", "hello", "market.example wants you to sign in", "\x00" * 40, "é" * 5000]
)
def test_garbage_is_no_sign_in_message(market: Market, http: httpx.Client, text: str) -> None:
    response = attempt(http, market.key("stranger"), text)
    assert_problem(response, 401, "sign-in-refused", "message")


@pytest.mark.parametrize("signature", ["", "0x", "0x1234", "0x" + "zz" * 65, "0x" + "00" * 64])
def test_a_malformed_signature_is_named(market: Market, http: httpx.Client, signature: str) -> None:
    message = challenge(http, market.address("stranger"))["message"]
    response = http.post("/sessions", json={"message": message, "signature": signature})
    assert_problem(response, 422, "invalid-input", "signature")


@pytest.mark.parametrize("signature", ["0x" + "00" * 65, "0x" + "ff" * 65, "0x" + "1b" * 65])
def test_a_signature_of_nobody_is_refused(
    market: Market, http: httpx.Client, signature: str
) -> None:
    message = challenge(http, market.address("stranger"))["message"]
    response = http.post("/sessions", json={"message": message, "signature": signature})
    assert_problem(response, 401, "sign-in-refused", "signature")


@pytest.mark.parametrize("account", ["", "0x12", "alice", "0x" + "g" * 40, "0x" + "aB" * 20])
def test_a_nonce_needs_an_account(market: Market, http: httpx.Client, account: str) -> None:
    with market.unchanged():
        response = http.post("/sessions/nonces", json={"account": account})
        document = assert_problem(response, 422, "invalid-input", "account")
        assert document["mend"]


def test_a_nonce_runs_out(market: Market, http: httpx.Client) -> None:
    given = challenge(http, market.address("stranger"))
    with session_scope(market.context.engine) as session:
        session.execute(
            update(login_nonce)
            .where(login_nonce.c.nonce == given["nonce"])
            .values(expires_at=int(time.time()))
        )
    response = attempt(http, market.key("stranger"), given["message"])
    assert_problem(response, 401, "sign-in-refused", "message.nonce")


def test_signing_out_ends_the_session_and_no_other(market: Market, http: httpx.Client) -> None:
    ended, other = market.token("stranger"), market.token("stranger")
    assert ended != other
    headers = {"authorization": f"Bearer {ended}"}
    gone = http.delete("/sessions/current", headers=headers)
    assert gone.status_code == 204
    assert f'{SESSION_COOKIE}=""' in gone.headers["set-cookie"]
    assert_problem(http.get("/sessions/current", headers=headers), 401, "session-required")
    still = http.get("/sessions/current", headers={"authorization": f"Bearer {other}"})
    assert still.status_code == 200


def test_a_session_ends_by_itself(market: Market, http: httpx.Client) -> None:
    headers = {"authorization": f"Bearer {market.token('second_stranger')}"}
    assert http.get("/sessions/current", headers=headers).status_code == 200
    with session_scope(market.context.engine) as session:
        session.execute(
            update(login_session)
            .where(login_session.c.account == market.address("second_stranger"))
            .values(expires_at=int(time.time()))
        )
    assert_problem(http.get("/sessions/current", headers=headers), 401, "session-required")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic dXNlcjpwYXNz"},
        {"cookie": f"{SESSION_COOKIE}=nonsense"},
    ],
    ids=["nothing", "no-token", "wrong-token", "basic", "wrong-cookie"],
)
def test_without_a_session_the_answer_says_how_to_get_one(
    market: Market, http: httpx.Client, headers: dict[str, str]
) -> None:
    response = http.get("/sessions/current", headers=headers)
    document = assert_problem(response, 401, "session-required")
    assert response.headers["www-authenticate"] == "Bearer"
    assert "POST /api/v1/sessions" in document["mend"]


def test_the_database_keeps_no_token(market: Market) -> None:
    token = market.token("stranger")
    folder = market.context.settings.data_directory
    for path in folder.glob("edgebazaar.db*"):
        assert token.encode() not in path.read_bytes(), path
