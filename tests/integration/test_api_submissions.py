"""What is refused at the door, on SQLite and on PostgreSQL: no row, no trace, and a reason."""

from __future__ import annotations

from typing import Any

import pytest
from api_submissions import COMMIT, own_transaction, relayed, signed, submit
from eth_account import Account
from running_backend import Market, assert_problem, commitment

from edgebazaar.chain.contracts import ContractCall


def assert_refused(
    ledger: Market,
    name: str,
    body: dict[str, Any],
    field: str | None,
    code: str = "invalid-transaction",
    status: int = 422,
) -> None:
    with ledger.unchanged():
        document = assert_problem(submit(ledger, name, body), status, code, field)
        assert document["mend"]


def test_a_request_that_another_signed_is_refused(ledger: Market) -> None:
    prepared = ledger.client("producer").prepare(COMMIT, commitment())
    forged = signed(ledger, "second_producer", prepared)
    assert_refused(ledger, "producer", forged, "signature")


@pytest.mark.parametrize("signature", ["0x00", "0x" + "00" * 65, "0x" + "ff" * 65])
def test_a_signature_of_nobody_is_refused(ledger: Market, signature: str) -> None:
    body = relayed(ledger, "producer") | {"signature": signature}
    assert_refused(ledger, "producer", body, "signature")


def test_the_request_of_another_account_is_refused(ledger: Market) -> None:
    body = relayed(ledger, "producer")
    assert_refused(ledger, "consumer", body, "request.sender", "permission-denied", 403)


def test_the_own_transaction_of_another_account_is_refused(ledger: Market) -> None:
    call = ContractCall("TaskBoard", "stake", (), 1)
    body = {"kind": "raw", "raw_transaction": own_transaction(ledger, "esp", call)}
    assert_refused(ledger, "consumer", body, None, "permission-denied", 403)


def test_a_request_to_a_foreign_contract_is_refused(ledger: Market) -> None:
    body = relayed(ledger, "producer", to=ledger.address("stranger"))
    assert_refused(ledger, "producer", body, "request.to", "invalid-input")


def test_the_relayer_pays_no_value(ledger: Market) -> None:
    body = relayed(ledger, "producer", value="1")
    assert_refused(ledger, "producer", body, "request.value", "invalid-input")


def test_an_expired_request_is_refused(ledger: Market) -> None:
    body = relayed(ledger, "producer", deadline=ledger.now() - 3600)
    assert_refused(ledger, "producer", body, "request.deadline")


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("data", lambda old: old[:-2] + ("00" if old[-2:] != "00" else "01")),
        ("nonce", lambda old: old + 1),
        ("gas", lambda old: old + 1),
        ("deadline", lambda old: old + 1),
    ],
)
def test_a_request_changed_after_signing_is_refused(
    ledger: Market, field: str, change: Any
) -> None:
    body = relayed(ledger, "producer")
    body["request"][field] = change(body["request"][field])
    assert_refused(ledger, "producer", body, "signature")


def test_a_call_retargeted_after_signing_is_refused(ledger: Market) -> None:
    body = relayed(ledger, "producer")
    body["request"]["to"] = ledger.context.contracts.address("Membership")
    assert_refused(ledger, "producer", body, "signature")


def test_a_request_signed_for_another_chain_is_refused(ledger: Market) -> None:
    prepared = ledger.client("producer").prepare(COMMIT, commitment())
    domain = prepared["typed_data"]["domain"] | {"chainId": 1}
    prepared["typed_data"] = prepared["typed_data"] | {"domain": domain}
    assert_refused(ledger, "producer", signed(ledger, "producer", prepared), "signature")


def test_a_transaction_for_another_chain_is_refused(ledger: Market) -> None:
    call = ContractCall("TaskBoard", "stake", (), 1)
    raw = own_transaction(ledger, "esp", call, chainId=1)
    assert_refused(ledger, "esp", {"kind": "raw", "raw_transaction": raw}, "raw_transaction")


def test_a_transaction_that_names_no_chain_is_refused(ledger: Market) -> None:
    fields = {"nonce": 0, "to": ledger.address("consumer"), "value": 1, "gas": 21_000}
    raw = Account.sign_transaction(fields | {"gasPrice": 10**9}, ledger.key("esp")).raw_transaction
    body = {"kind": "raw", "raw_transaction": "0x" + raw.hex()}
    assert_refused(ledger, "esp", body, "raw_transaction")


@pytest.mark.parametrize(
    "raw",
    ["0x00", "0x02", "0x02c0", "0x03" + "ab" * 60, "0xc0", "0xf8", "0x" + "ff" * 200],
)
def test_garbage_is_no_transaction(ledger: Market, raw: str) -> None:
    assert_refused(ledger, "esp", {"kind": "raw", "raw_transaction": raw}, "raw_transaction")


def test_a_truncated_transaction_is_refused(ledger: Market) -> None:
    raw = own_transaction(ledger, "esp", ContractCall("TaskBoard", "stake", (), 1))[:-20]
    assert_refused(ledger, "esp", {"kind": "raw", "raw_transaction": raw}, "raw_transaction")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"data": "0xzz"}, "relayed.request.data"),
        ({"data": "0x123"}, "relayed.request.data"),
        ({"data": "1234"}, "relayed.request.data"),
        ({"to": "nowhere"}, "request.to"),
        ({"sender": "me"}, "request.sender"),
        ({"gas": 0}, "relayed.request.gas"),
        ({"gas": 10**30}, "request.gas"),
        ({"nonce": -1}, "relayed.request.nonce"),
        ({"nonce": 10**80}, "request.nonce"),
        ({"deadline": -1}, "request.deadline"),
        ({"deadline": 10**30}, "request.deadline"),
    ],
)
def test_a_malformed_request_names_the_field(
    ledger: Market, change: dict[str, Any], field: str
) -> None:
    body = relayed(ledger, "producer")
    body["request"] |= change
    with ledger.unchanged():
        response = submit(ledger, "producer", body)
        document = response.json()
        assert response.status_code == 422, document
        assert document["code"] in {"invalid-input", "invalid-transaction"}
        assert document["field"] == field and document["mend"]
