"""Prepare, sign, submit, and what the transaction resource says, on SQLite and on PostgreSQL."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest
from api_submissions import COMMIT, STAKE, ether, own_transaction, relayed, signed, submit
from running_backend import Market, assert_problem, commitment, fresh_hash
from sqlalchemy import select

from edgebazaar.api.transactions_routes import transaction_page
from edgebazaar.chain.contracts import ContractCall
from edgebazaar.chain.outbox import chain_transaction, find_transaction
from edgebazaar.chain.rpc import from_quantity
from edgebazaar.client import TransactionFailed
from edgebazaar.db import create_database_engine, read_scope

# What works


def test_a_relayed_request_from_preparation_to_confirmation(ledger: Market) -> None:
    client, account = ledger.client("producer"), ledger.address("producer")
    contracts, before = ledger.context.contracts, ether(ledger, account)
    body = commitment()
    prepared = client.prepare(COMMIT, body)
    assert prepared["kind"] == "typed_data"
    assert prepared["call"] == {
        "contract": "ProofOfAIGC",
        "address": contracts.address("ProofOfAIGC"),
        "function": "commit",
        "value": "0",
    }
    assert prepared["request"]["value"] == "0"
    assert prepared["request"]["sender"] == account

    response = submit(ledger, "producer", signed(ledger, "producer", prepared))
    # Durable by now: another process, which shares nothing but the database, sees it.
    other = create_database_engine(ledger.context.settings.database_url)
    with read_scope(other) as session:
        stored = find_transaction(session, uuid.UUID(response.json()["id"]))
    other.dispose()
    assert stored is not None and stored.sender == account.lower()
    assert response.status_code == 202, response.text
    accepted = response.json()
    assert response.headers["location"] == f"/api/v1/transactions/{accepted['id']}"

    final = client.wait(accepted["id"])
    assert final["state"] == "confirmed" and final["kind"] == "relayed" and final["indexed"]
    assert final["sender"] == account
    assert final["signer"] == ledger.address("relayer")
    assert final["call"]["contract"] == "ProofOfAIGC" and final["call"]["function"] == "commit"
    by_name = {event["event"]: event for event in final["events"]}
    assert set(by_name) == {"ContentCommitted", "ExecutedForwardRequest"}
    assert by_name["ContentCommitted"]["arguments"]["producer"] == account
    assert by_name["ExecutedForwardRequest"]["arguments"]["success"] is True

    receipt = ledger.context.rpc.call("eth_getTransactionReceipt", [final["hash"]])
    assert from_quantity(receipt["status"]) == 1
    assert from_quantity(receipt["blockNumber"]) == final["block_number"]
    assert from_quantity(receipt["gasUsed"]) == final["gas_used"]
    assert len(receipt["logs"]) == len(final["events"])
    assert ether(ledger, account) == before, "the relayer pays"
    assert client.get(f"/transactions/{final['hash']}") == final
    assert client.get(f"/transactions/{final['id']}") == final


def test_a_transaction_of_ones_own(ledger: Market) -> None:
    client, account = ledger.client("esp"), ledger.address("esp")
    before, board = ether(ledger, account), ledger.context.contracts.address("TaskBoard")
    held = ether(ledger, board)
    prepared = client.prepare(STAKE, {"amount": str(10**18)})
    assert prepared["kind"] == "transaction" and prepared["call"]["value"] == str(10**18)
    final = client.wait(submit(ledger, "esp", signed(ledger, "esp", prepared)).json()["id"])
    assert final["kind"] == "raw" and final["sender"] == final["signer"] == account
    assert final["value"] == str(10**18)
    assert [event["event"] for event in final["events"]] == ["StakeChanged"]
    assert ether(ledger, board) == held + 10**18
    receipt = ledger.context.rpc.call("eth_getTransactionReceipt", [final["hash"]])
    fee = from_quantity(receipt["gasUsed"]) * from_quantity(receipt["effectiveGasPrice"])
    assert before - ether(ledger, account) == 10**18 + fee


def test_a_call_without_value_may_be_ones_own_transaction_too(ledger: Market) -> None:
    client = ledger.client("producer")
    final = client.act(COMMIT, commitment(), own_transaction=True)
    assert final["kind"] == "raw" and final["signer"] == ledger.address("producer")
    assert [event["event"] for event in final["events"]] == ["ContentCommitted"]


@pytest.mark.parametrize("path", [COMMIT, STAKE])
def test_the_same_submission_again_is_the_same_resource(ledger: Market, path: str) -> None:
    name = "producer" if path == COMMIT else "esp"
    body = commitment() if path == COMMIT else {"amount": "1"}
    submission = signed(ledger, name, ledger.client(name).prepare(path, body))
    headers = ledger.session_of(name)
    before = ledger.row_counts()["chain_transaction"]

    def hand_in(_: int) -> httpx.Response:
        url = ledger.url + "/api/v1/transactions"
        return httpx.post(url, json=submission, headers=headers, timeout=30)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(hand_in, range(6)))
    assert {answer.status_code for answer in answers} == {202}
    identities = {answer.json()["id"] for answer in answers}
    assert len(identities) == 1
    final = ledger.client(name).wait(identities.pop())
    late = hand_in(0)
    assert late.status_code == 202 and late.json() == final
    assert ledger.row_counts()["chain_transaction"] == before + 1


def test_requests_prepared_while_others_wait_get_the_next_nonce(ledger: Market) -> None:
    client = ledger.client("second_producer")
    waiting = [client.submit(client.prepare(COMMIT, commitment())) for _ in range(4)]
    finals = [client.wait(one["id"]) for one in waiting]
    assert {one["state"] for one in finals} == {"confirmed"}
    nonces = [
        int(event["arguments"]["nonce"])
        for one in finals
        for event in one["events"]
        if event["event"] == "ExecutedForwardRequest"
    ]
    assert nonces == list(range(nonces[0], nonces[0] + 4))


# What reverts


def test_what_would_revert_is_refused_at_preparation_with_the_reason(ledger: Market) -> None:
    voucher = {
        "account": ledger.address("stranger"),
        "roles": ["operator"],
        "expires_at": ledger.now() + 1000,
        "certificate_hash": fresh_hash(),
        "deadline": ledger.now() + 1000,
        "serial": fresh_hash(),
        "signature": "0x" + "11" * 64 + "1b",
    }
    headers = ledger.session_of("stranger")
    with ledger.unchanged():
        response = httpx.post(
            ledger.url + "/api/v1/members/vouchers/prepare", json=voucher, headers=headers
        )
        document = assert_problem(response, 409, "would-revert")
    assert "Membership_InvalidVoucherSignature" in document["detail"]
    assert ledger.address("administrator") in document["detail"]


def test_more_ether_than_there_is_would_revert_too(ledger: Market) -> None:
    headers = ledger.session_of("esp")
    body = {"amount": str(10**27)}
    response = httpx.post(ledger.url + "/api/v1" + STAKE, json=body, headers=headers)
    assert_problem(response, 409, "would-revert")


def test_a_relayed_request_that_would_revert_costs_nothing(ledger: Market) -> None:
    later = ledger.now() + 1000
    call = ContractCall("Membership", "admit", (ledger.address("esp"), 255, later, bytes(32)))
    client = ledger.client("second_producer")
    relayer = ledger.address("relayer")
    before = ether(ledger, relayer)
    accepted = submit(ledger, "second_producer", relayed(ledger, "second_producer", call))
    assert accepted.status_code == 202, accepted.text
    with pytest.raises(TransactionFailed, match="OwnableUnauthorizedAccount"):
        client.wait(accepted.json()["id"])
    refused = client.get(f"/transactions/{accepted.json()['id']}")
    assert refused["state"] == "refused" and refused["hash"] is None and not refused["events"]
    assert refused["error"]["name"] == "OwnableUnauthorizedAccount"
    assert refused["error"]["arguments"] == {"account": ledger.address("second_producer")}
    assert ledger.address("second_producer") in refused["error"]["message"]
    assert ether(ledger, relayer) == before
    # Its nonce was not used, so the next request goes through.
    assert client.act(COMMIT, commitment())["state"] == "confirmed"


def test_a_reverted_transaction_shows_the_contracts_reason(ledger: Market) -> None:
    call = ContractCall("Membership", "revoke", (ledger.address("producer"),))
    body = {"kind": "raw", "raw_transaction": own_transaction(ledger, "stranger", call)}
    accepted = submit(ledger, "stranger", body)
    assert accepted.status_code == 202, accepted.text
    client = ledger.client("stranger")
    with pytest.raises(TransactionFailed, match="OwnableUnauthorizedAccount"):
        client.wait(accepted.json()["id"])
    reverted = client.get(f"/transactions/{accepted.json()['id']}")
    assert reverted["state"] == "reverted" and reverted["block_number"] and reverted["gas_used"]
    assert reverted["error"]["name"] == "OwnableUnauthorizedAccount"
    assert reverted["error"]["arguments"] == {"account": ledger.address("stranger")}
    assert reverted["call"]["function"] == "revoke" and reverted["events"] == []
    receipt = ledger.context.rpc.call("eth_getTransactionReceipt", [reverted["hash"]])
    assert from_quantity(receipt["status"]) == 0


def test_of_two_requests_with_one_nonce_only_one_happens(ledger: Market) -> None:
    client = ledger.client("second_producer")
    rivals = [client.prepare(COMMIT, commitment()) for _ in range(2)]
    assert rivals[0]["request"]["nonce"] == rivals[1]["request"]["nonce"]
    accepted = [client.submit(one) for one in rivals]
    states = []
    for one in accepted:
        try:
            states.append(client.wait(one["id"])["state"])
        except TransactionFailed as failure:
            assert failure.transaction["error"]["code"] == "nonce_consumed"
            states.append(failure.transaction["state"])
    assert sorted(states) == ["confirmed", "failed"]


# Reading


def test_unknown_transactions_and_names_that_are_none(ledger: Market) -> None:
    with httpx.Client(base_url=ledger.url + "/api/v1") as reader:
        assert_problem(reader.get(f"/transactions/{uuid.uuid4()}"), 404, "not-found")
        assert_problem(reader.get(f"/transactions/{fresh_hash()}"), 404, "not-found")
        for name in ("nonsense", "0x12", "0x" + "g" * 64):
            response = reader.get(f"/transactions/{name}")
            assert_problem(response, 422, "invalid-input", "identifier")


def test_transactions_are_listed_newest_first_by_sender_and_state(ledger: Market) -> None:
    client, account = ledger.client("second_producer"), ledger.address("second_producer")
    newest = client.act(COMMIT, commitment())
    listed = list(client.pages("/transactions", sender=account, limit=2))
    assert listed[0] == newest
    assert {one["sender"] for one in listed} == {account}
    with read_scope(ledger.context.engine) as session:
        statement = (
            select(chain_transaction.c.id)
            .where(chain_transaction.c.sender == account)
            .order_by(chain_transaction.c.sequence.desc())
        )
        stored = [str(one) for one in session.execute(statement).scalars()]
    assert [one["id"] for one in listed] == stored and len(stored) > 2
    confirmed = list(client.pages("/transactions", sender=account, state="confirmed"))
    assert confirmed == [one for one in listed if one["state"] == "confirmed"]


def test_a_transaction_has_a_page_to_look_at_it(ledger: Market) -> None:
    final = ledger.client("producer").act(COMMIT, commitment())
    # No block explorer is set, so it is our own page, under the public address.
    assert final["explorer"] == f"https://market.example/transactions/{final['hash']}"
    page = httpx.get(ledger.url + f"/transactions/{final['hash']}", headers={"accept": "text/html"})
    assert page.status_code == 200 and "ContentCommitted" in page.text
    settings = ledger.context.settings.model_copy(
        update={"explorer_url": "https://explorer.example/tx/{transaction}"}
    )
    context = replace(ledger.context, settings=settings)
    expected = f"https://explorer.example/tx/{final['hash']}"
    assert transaction_page(context, final["hash"]) == expected
    assert transaction_page(context, None) is None
