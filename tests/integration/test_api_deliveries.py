"""Deliveries over REST: a wrong one is caught by the producer's client and paid back."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import httpx
import pytest
from running_backend import Market, assert_problem

from edgebazaar.chain.contracts import ContractCall
from edgebazaar.client import ApiProblem
from edgebazaar.content.engine.delivery import (
    DeliveryMismatchError,
    ciphertext_root,
    encrypt,
)
from edgebazaar.content.engine.delivery_complaint import evidence_for
from edgebazaar.tasks.models import ComplaintRequest
from edgebazaar.tasks.purchase import Purchase

FEE = 10**15
PROMISED = hashlib.shake_128(b"the picture that was asked for").digest(40_000)
RUBBISH = hashlib.shake_128(b"rubbish").digest(len(PROMISED))


class Trade:
    """A task between the producer and the ESP, up to acceptance."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.producer, self.provider = market.client("producer"), market.client("esp")
        self.key = secrets.token_bytes(32)
        if int(self.esp()["stake"]) < 2 * 10**18:
            self.provider.act("/esps/stake/prepare", {"amount": str(2 * 10**18)})
            offer = {"minimum_fee": "1", "minimum_duration": 1, "capacity": 50}
            self.provider.act("/esps/offer/prepare", offer)

    def esp(self) -> dict[str, Any]:
        return dict(
            next(
                (
                    one
                    for one in self.producer.pages("/esps")
                    if one["account"] == self.provider.address
                ),
                {"stake": "0"},
            )
        )

    def deliver(self, content: bytes, promised: bytes = PROMISED) -> str:
        """A task to which the ESP delivers a content and promises another."""
        now = self.market.now()
        terms = {
            "prompt_commitment": "0x" + secrets.token_hex(32),
            "fee": str(FEE),
            "deliver_by": now + 600,
            "close_at": now + 900,
            "accept_window": 600,
            "reveal_window": 600,
            "policy": "direct",
            "temperature": "0",
        }
        posted = self.producer.act("/tasks/prepare", terms)
        events = {one["event"]: one["arguments"] for one in posted["events"]}
        task = str(events["TaskPosted"]["taskId"])
        chosen = {"provider": self.provider.address}
        self.producer.act(f"/tasks/{task}/assignment/prepare", chosen)
        ciphertext = encrypt(content, self.key)
        blob = self.provider.request("POST", "/contents/blobs", content=ciphertext)
        delivery = {
            "hashlock": "0x" + hashlib.sha256(self.key).hexdigest(),
            "ciphertext_root": "0x" + ciphertext_root(ciphertext).hex(),
            "content_hash": "0x" + hashlib.sha256(promised).hexdigest(),
            "content_size": len(promised),
            "locator": blob["location"],
        }
        self.provider.act(f"/tasks/{task}/delivery/prepare", delivery)
        return task

    def settle(self, task: str) -> None:
        self.producer.act(f"/tasks/{task}/acceptance/prepare")
        preimage = {"preimage": "0x" + self.key.hex()}
        self.provider.act(f"/tasks/{task}/settlement/prepare", preimage)

    def purchase(self, task: str) -> Purchase:
        return Purchase(self.producer, self.task(task))

    def task(self, task: str) -> dict[str, Any]:
        return dict(self.producer.get(f"/tasks/{task}"))


@pytest.fixture
def trade(market: Market) -> Trade:
    return Trade(market)


def balance(market: Market, account: str) -> int:
    return int(market.context.rpc.call("eth_getBalance", [account, "latest"]), 16)


def test_rubbish_under_a_right_looking_commitment_is_paid_back(trade: Trade) -> None:
    market, producer, provider = trade.market, trade.producer, trade.provider
    bond = int(producer.get("/deployment")["profile"]["delivery_bond"])
    window = producer.get("/deployment")["profile"]["dispute_window"]
    task = trade.deliver(RUBBISH)
    purchase = trade.purchase(task)
    # The ciphertext is the committed one, so nothing is wrong with it yet.
    purchase.fetch()
    trade.settle(task)
    settled = trade.task(task)
    assert settled["complain_before"]["unix"] == settled["state_since"]["unix"] + window
    trusted = producer.get(f"/reputations/{producer.address}/{provider.address}")
    before, pledged = trade.esp(), balance(market, producer.address)

    opened = purchase.open(settled)

    assert opened.content is None and opened.complaint is not None
    assert balance(market, producer.address) == pledged + FEE + bond
    refunded = trade.task(task)
    assert (refunded["state"], refunded["outcome"]) == ("refunded", "refuted")
    assert refunded["complain_before"] is None
    step = refunded["history"][-1]
    paid = {"fee": str(FEE), "bond": str(bond)}
    assert step["kind"] == "refunded" and paid.items() <= step["details"].items()
    after = trade.esp()
    assert int(after["stake"]) == int(before["stake"]) - FEE - bond
    assert after["outcomes"]["refuted"] == before["outcomes"]["refuted"] + 1
    assert after["outcomes"]["on_time"] == before["outcomes"]["on_time"] - 1
    assert int(after["earned"]) == int(before["earned"]) - FEE
    fallen = producer.get(f"/reputations/{producer.address}/{provider.address}")
    assert fallen["expected_trust"] < trusted["expected_trust"]
    call = ContractCall("TaskBoard", "liabilityOf", (provider.address,))
    assert int(after["liability"]) == market.context.contracts.read(market.context.rpc, call)


def test_a_right_delivery_is_opened_and_cannot_be_complained_about(
    trade: Trade, http: httpx.Client
) -> None:
    task = trade.deliver(PROMISED)
    purchase = trade.purchase(task)
    ciphertext = purchase.fetch()
    trade.settle(task)
    opened = purchase.open(trade.task(task))
    assert (opened.content, opened.complaint) == (PROMISED, None)
    body = ComplaintRequest.of(evidence_for(ciphertext, 1)).model_dump()
    headers = {"authorization": f"Bearer {trade.market.token('producer')}"}
    path = f"/tasks/{task}/complaint/prepare"
    right = http.post(path, json=body, headers=headers)
    assert_problem(right, 422, "invalid-input", "index")
    foreign = http.post(path, json={**body, "state": "0x" + "00" * 32}, headers=headers)
    assert_problem(foreign, 422, "invalid-input", "evidence")
    malformed = http.post(path, json={**body, "chunk": "0x5"}, headers=headers)
    assert_problem(malformed, 422, "invalid-input", "chunk")
    with pytest.raises(ApiProblem, match="answer for deliveries"):
        trade.provider.act("/esps/unstake/prepare", {"amount": "1"})


def test_a_ciphertext_that_is_not_the_committed_one_is_not_accepted(trade: Trade) -> None:
    """No dispute is needed: the fee comes back when the acceptance window has passed."""
    task = trade.deliver(PROMISED + b"more")
    with pytest.raises(DeliveryMismatchError, match="a content of 40000 has"):
        trade.purchase(task).fetch()
    path = f"/tasks/{task}/complaint/prepare"
    body = ComplaintRequest.of(evidence_for(encrypt(PROMISED, trade.key), 0)).model_dump()
    with pytest.raises(ApiProblem, match="delivered, not settled"):
        trade.producer.act(path, body)
