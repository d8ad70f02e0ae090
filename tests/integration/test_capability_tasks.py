"""Tasks, providers and reputations on a real chain, indexed into a real database."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from capability_market import Market, fresh_secret
from eth_account.signers.local import LocalAccount
from market_accounts import Accounts

from edgebazaar.errors import Conflict, Forbidden, InvalidInput
from edgebazaar.reputation.service import ReputationService, mean_expectation
from edgebazaar.tasks.providers import ProviderService
from edgebazaar.tasks.selections import SelectionService
from edgebazaar.tasks.service import TaskService, terms_of

FEE = 10**16


class Board:
    """Shorthands for one task after the other."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.tasks = TaskService(market.engine)
        self.providers = ProviderService(market.engine, market.contracts)
        self.selections = SelectionService(market.engine, market.contracts, market.rpc)
        self.reputations = ReputationService(market.engine, market.contracts.deployment)

    def ready(self, *providers: LocalAccount) -> None:
        """Stakes and offers of providers that have none yet."""
        for account in providers:
            if self.market.read("TaskBoard", "isEligible", account.address):
                continue
            self.market.act(account, self.providers.stake(2 * self.providers.minimum_stake))
            self.market.act(account, self.providers.set_offer(FEE, 1, 100))

    def post(self, producer: LocalAccount, **changes: Any) -> str:
        fields = {
            "prompt_commitment": "0x" + secrets.token_hex(32),
            "fee": str(FEE),
            "deliver_by": self.market.now() + 60,
            "close_at": self.market.now() + 90,
            "accept_window": 60,
            "reveal_window": 60,
            "policy": "softmax_reputation",
            "temperature": str(10**17),
            **changes,
        }
        call = self.tasks.post(producer.address, fields)
        return "0x" + self.market.act(producer, call)["TaskPosted"]["taskId"].hex()

    def assign(self, producer: LocalAccount, task_id: str, provider: str | None = None) -> str:
        call = self.selections.assign(producer.address, task_id, provider)
        return str(self.market.act(producer, call)["TaskAssigned"]["provider"])

    def deliver(self, provider: LocalAccount, task_id: str) -> str:
        """Delivers something; the preimage."""
        preimage, hashlock = fresh_secret()
        call = self.tasks.deliver(
            provider.address,
            task_id,
            hashlock=hashlock,
            ciphertext_root="0x" + secrets.token_hex(32),
            content_hash="0x" + secrets.token_hex(32),
            content_size=1,
            locator="/api/v1/contents/blobs/0x00",
        )
        self.market.act(provider, call)
        return preimage

    def complete(self, producer: LocalAccount, provider: LocalAccount) -> str:
        """A whole task with a named provider."""
        task_id = self.post(producer, policy="direct", temperature="0")
        self.assign(producer, task_id, provider.address)
        preimage = self.deliver(provider, task_id)
        self.market.act(producer, self.tasks.accept(producer.address, task_id))
        self.market.act(provider, self.tasks.settle(provider.address, task_id, preimage))
        return task_id

    def fail(self, producer: LocalAccount, provider: LocalAccount) -> str:
        """A task that a named provider never delivers."""
        now = self.market.now()
        times = {"deliver_by": now + 100, "close_at": now + 100}
        task_id = self.post(producer, policy="direct", temperature="0", **times)
        self.assign(producer, task_id, provider.address)
        self.market.wait_until(now + 100)
        self.market.act(provider, self.tasks.close(task_id))
        return task_id


@pytest.fixture
def board(bazaar: Market, accounts: Accounts) -> Board:
    board = Board(bazaar)
    board.ready(accounts.esp, accounts.second_esp)
    return board


def test_task_runs_from_posting_to_payment(board: Board, accounts: Accounts) -> None:
    producer = accounts.producer
    task_id = board.post(producer)
    row = board.tasks.task(task_id)
    assert board.market.read("TaskBoard", "idOf", terms_of(row)).hex() == task_id[2:]
    now = board.selections.selection(task_id)
    assert now.selected in now.inputs.candidates and abs(sum(now.probabilities) - 1) < 1e-9
    with pytest.raises(Forbidden, match="Sign in as its producer"):
        board.selections.assign(accounts.second_producer.address, task_id)
    chosen = board.assign(producer, task_id)
    recorded = board.selections.selection(task_id)
    assert recorded.selected == chosen == now.selected
    assert recorded.inputs.epoch == now.inputs.epoch
    assert len(recorded.inputs.expectations) == len(recorded.inputs.candidates)
    provider = accounts.esp if chosen == accounts.esp.address else accounts.second_esp
    other = accounts.second_esp if provider is accounts.esp else accounts.esp
    before = board.providers.provider(provider.address)
    assert before["open_tasks"] >= 1
    with pytest.raises(Forbidden, match="the provider of task"):
        board.deliver(other, task_id)
    preimage = board.deliver(provider, task_id)
    board.market.act(producer, board.tasks.accept(producer.address, task_id))
    with pytest.raises(InvalidInput, match="does not open"):
        board.tasks.settle(provider.address, task_id, "0x" + "00" * 32)
    board.market.act(provider, board.tasks.settle(provider.address, task_id, preimage))
    row = board.tasks.task(task_id)
    assert (row["state"], row["outcome"], row["preimage"]) == ("settled", "on_time", preimage)
    steps = [step["kind"] for step in board.tasks.history(row)]
    assert steps == ["posted", "assigned", "delivered", "accepted", "settled"]
    after = board.providers.provider(provider.address)
    assert after["on_time"] == before["on_time"] + 1
    assert after["open_tasks"] == before["open_tasks"] - 1
    assert after["earned"] == before["earned"] + FEE
    offer = board.market.read("TaskBoard", "offerOf", provider.address)
    assert after["open_tasks"] == offer["openTasks"] and after["stake"] == offer["stake"]
    with pytest.raises(Conflict, match="settled already"):
        board.tasks.close(task_id)


def test_read_model_equals_the_ledger_at_the_same_block(board: Board, accounts: Accounts) -> None:
    raters = [accounts.producer, accounts.second_producer]
    for provider in (accounts.esp, accounts.second_esp, accounts.esp):
        for producer in raters:
            board.complete(producer, provider)
    board.fail(accounts.producer, accounts.esp)
    board.market.index()
    for rater in raters:
        recommenders = [other.address for other in raters if other is not rater]
        for provider in (accounts.esp, accounts.second_esp):
            found = board.reputations.reputation(rater.address, provider.address, recommenders)
            opinion, expectation = board.market.read(
                "ReputationLedger",
                "reputationOf",
                rater.address,
                provider.address,
                recommenders,
                block=found.head.number,
            )
            assert found.expectation == expectation
            assert found.fused.belief == opinion["belief"]
            assert found.fused.disbelief == opinion["disbelief"]
            counts = board.market.read(
                "ReputationLedger",
                "countsOf",
                rater.address,
                provider.address,
                block=found.head.number,
            )
            assert found.counts.recent_negative == counts["recentNegative"]
            assert found.counts.older_positive == counts["olderPositive"]
            assert found.counts.recent_positive == counts["recentPositive"]


def test_failure_lowers_the_reputation_and_shows_in_the_series(
    board: Board, accounts: Accounts
) -> None:
    subject = accounts.second_esp
    board.complete(accounts.producer, subject)
    before = mean_expectation(board.reputations.reputations_of(subject.address))
    failed = board.fail(accounts.producer, subject)
    row = board.tasks.task(failed)
    assert (row["state"], row["outcome"]) == ("closed", "failed")
    assert mean_expectation(board.reputations.reputations_of(subject.address)) < before
    series = board.reputations.series(subject.address, limit=2)
    assert [point.interaction["positive"] for point in series] == [True, False]
    assert series[1].mean < series[0].mean
    assert series[1].interaction["reference"] == failed
    means = board.reputations.mean_expectations([subject.address, accounts.stranger.address])
    assert list(means) == [subject.address.lower()]
    with pytest.raises(InvalidInput, match="names the rater"):
        board.reputations.reputation(
            accounts.producer.address, subject.address, [accounts.producer.address]
        )


def test_unassigned_task_closes_without_a_record(board: Board, accounts: Accounts) -> None:
    now = board.market.now()
    task_id = board.post(accounts.producer, deliver_by=now + 100, close_at=now + 100)
    board.market.wait_until(now + 101)
    board.market.act(accounts.stranger, board.tasks.close(task_id))
    row = board.tasks.task(task_id)
    assert (row["state"], row["outcome"], row["provider"]) == ("closed", "none", None)


def test_offers_decide_who_is_a_candidate(board: Board, accounts: Accounts) -> None:
    now = board.market.now()
    fitting = board.providers.candidates(accounts.producer.address.lower(), FEE, now + 60)
    assert {accounts.esp.address, accounts.second_esp.address} <= set(fitting)
    assert fitting == sorted(fitting, key=str.lower)
    assert not board.providers.candidates(accounts.producer.address.lower(), FEE - 1, now + 60)
    cheap = board.post(accounts.producer, fee=str(FEE - 1))
    with pytest.raises(Conflict, match="no provider takes"):
        board.selections.assign(accounts.producer.address, cheap)
    direct = board.post(accounts.producer, policy="direct", temperature="0")
    with pytest.raises(InvalidInput, match="is missing"):
        board.selections.assign(accounts.producer.address, direct)
    with pytest.raises(Conflict, match="does not take this task"):
        board.selections.assign(accounts.producer.address, direct, accounts.consumer.address)
    eligible = board.providers.providers(eligible=True, limit=200).rows
    assert accounts.esp.address.lower() in {row["account"] for row in eligible}


def test_task_terms_are_refused_with_their_field(board: Board, accounts: Accounts) -> None:
    now = board.market.now()
    wrong = {
        "fee": "0",
        "deliver_by": now - 5,
        "close_at": now + 1,
        "accept_window": 0,
        "reveal_window": 31 * 86400,
        "policy": "cheapest",
        "temperature": "0",
        "prompt_commitment": "0x00",
    }
    for field, value in wrong.items():
        with pytest.raises(InvalidInput) as refusal:
            board.post(accounts.producer, **{field: value})
        assert refusal.value.field == field
    stake = board.providers.provider(accounts.esp.address)["stake"]
    with pytest.raises(InvalidInput, match="exceeds the stake"):
        board.providers.unstake(accounts.esp.address, stake + 1)
