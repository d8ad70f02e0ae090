"""The Python client against a running backend."""

from __future__ import annotations

import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest
from eth_account import Account
from running_backend import Market, commitment, fresh_hash

from edgebazaar.client import ApiProblem, EdgeBazaarClient, TransactionFailed
from edgebazaar.errors import EdgeBazaarError

COMMIT = "/contents/commitments/prepare"


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_pages_give_every_item_once_in_order(market: Market, limit: int) -> None:
    client = market.client("stranger")
    whole = client.get("/members", limit=200)
    assert whole["next"] is None and len(whole["items"]) >= 14
    assert list(client.pages("/members", limit=limit)) == whole["items"]
    accounts = [int(one["account"], 16) for one in whole["items"]]
    assert accounts == sorted(set(accounts))


def test_a_page_is_as_long_as_asked_and_names_the_next_one(market: Market) -> None:
    client = market.client("stranger")
    first = client.get("/members", limit=2)
    assert len(first["items"]) == 2 and first["next"]
    second = client.get("/members", limit=2, after=first["next"])
    known = {one["account"] for one in first["items"]}
    assert known.isdisjoint(one["account"] for one in second["items"])


def test_pages_do_not_shift_when_something_new_comes_first(market: Market) -> None:
    client, account = market.client("second_producer"), market.address("second_producer")
    for _ in range(3):
        client.act(COMMIT, commitment())
    before = [one["id"] for one in client.pages("/transactions", sender=account)]
    walk = client.pages("/transactions", sender=account, limit=1)
    seen = [next(walk)["id"]]
    newest = client.act(COMMIT, commitment())["id"]
    seen += [one["id"] for one in walk]
    assert seen == before and newest not in seen


def test_filters_that_are_none_are_left_out(market: Market) -> None:
    client = market.client("stranger")
    assert list(client.pages("/members", role=None)) == list(client.pages("/members"))
    producers = list(client.pages("/members", role="producer", active="true", limit=1))
    assert market.address("producer") in {one["account"] for one in producers}
    assert all("producer" in one["roles"] and one["active"] for one in producers)
    former = {one["account"] for one in client.pages("/members", active="false")}
    assert {market.address("revoked"), market.address("expired")} <= former


def test_a_problem_becomes_an_error_with_everything_it_says(market: Market) -> None:
    with pytest.raises(ApiProblem) as raised:
        market.client("stranger").get("/members", role="king")
    problem = raised.value
    assert (problem.status, problem.code, problem.field) == (422, "invalid-input", "role")
    assert problem.document["instance"] == "/api/v1/members"
    assert str(problem).startswith("role: ") and "producer" in str(problem)


def test_a_transaction_without_effect_is_an_error_with_the_resource(market: Market) -> None:
    client = market.client("second_producer")
    rivals = [client.prepare(COMMIT, commitment()) for _ in range(2)]
    accepted = [client.submit(one) for one in rivals]
    outcomes = []
    for one in accepted:
        try:
            outcomes.append(client.wait(one["id"])["state"])
        except TransactionFailed as failure:
            assert failure.transaction["id"] == one["id"]
            assert failure.transaction["error"]["message"] in str(failure)
            outcomes.append(failure.transaction["state"])
    assert sorted(outcomes) == ["confirmed", "failed"]


def test_waiting_ends_when_the_time_is_over(market: Market) -> None:
    with EdgeBazaarClient(market.url, market.key("producer"), wait_seconds=0) as client:
        client.sign_in()
        submitted = client.submit(client.prepare(COMMIT, commitment()))
        with pytest.raises(TransactionFailed, match="no outcome in time"):
            client.wait(submitted["id"])
    assert market.client("producer").wait(submitted["id"])["state"] == "confirmed"


def test_a_confirmed_transaction_is_in_the_read_model_already(market: Market) -> None:
    client = market.client("producer")
    for _ in range(5):
        final = client.act(COMMIT, commitment())
        assert final["indexed"] and final["events"]


def test_polling_stops_at_the_first_success_or_at_the_end(market: Market) -> None:
    client, calls = market.client("stranger"), []

    def at_the_third() -> bool:
        calls.append(1)
        return len(calls) == 3

    assert client.poll(at_the_third, seconds=10)
    assert len(calls) == 3
    assert not client.poll(lambda: False, seconds=0.2)


def test_a_client_without_a_key_only_reads(market: Market) -> None:
    with EdgeBazaarClient(market.url) as client:
        assert client.get("/health")["status"] == "ok"
        for act in (client.sign_in, lambda: client.address, lambda: client.sign_typed_data({})):
            with pytest.raises(EdgeBazaarError, match="only reads"):
                act()
        with pytest.raises(ApiProblem) as raised:
            client.prepare(COMMIT, commitment())
        assert raised.value.status == 401


def test_a_backend_that_does_not_answer_is_an_expected_error() -> None:
    with (
        EdgeBazaarClient("http://127.0.0.1:9", timeout=2) as client,
        pytest.raises(EdgeBazaarError, match="does not answer"),
    ):
        client.get("/health")


def test_an_answer_that_is_no_problem_document_is_an_error_too() -> None:
    def gateway(_: httpx.Request) -> httpx.Response:
        return httpx.Response(502, text="Bad gateway")

    transport = httpx.MockTransport(gateway)
    with EdgeBazaarClient("http://gateway.example", transport=transport) as client:
        with pytest.raises(ApiProblem, match="Bad gateway") as raised:
            client.get("/health")
        assert (raised.value.status, raised.value.code) == (502, "http-error")


def test_bytes_come_back_as_bytes(market: Market) -> None:
    client, data = market.client("consumer"), bytes(range(256))
    stored = client.request("POST", "/contents/blobs", content=data)
    assert stored["size"] == 256
    assert client.get(stored["location"].removeprefix("/api/v1")) == data
    with pytest.raises(ApiProblem) as raised:
        client.get(f"/contents/blobs/{fresh_hash()}")
    assert raised.value.status == 404


def test_the_key_never_leaves_the_client(market: Market) -> None:
    key, sent = Account.create().key.hex(), []

    class Recording(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            sent.append(request.read() + str(request.headers.raw).encode())
            return super().handle_request(request)

    with EdgeBazaarClient(market.url, "0x" + key, transport=Recording()) as client:
        client.sign_in()
        with pytest.raises(ApiProblem):
            client.act(COMMIT, commitment())
    assert len(sent) == 3 and not any(key.encode() in one.lower() for one in sent)


def test_a_connection_outlives_what_clients_keep(market: Market) -> None:
    """Longer than the five seconds for which httpx takes an idle connection for usable."""
    address = urlsplit(market.url)
    connection = HTTPConnection(str(address.hostname), address.port)
    for pause in (6, 0):
        connection.request("GET", "/api/v1/health")
        answer = connection.getresponse()
        assert answer.status == 200
        answer.read()
        assert connection.sock is not None  # the same connection serves the next request
        time.sleep(pause)
    connection.close()
