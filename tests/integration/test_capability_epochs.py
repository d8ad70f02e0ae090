"""Reputation epochs on a real chain: publication, evidence for selections, and every dispute."""

from __future__ import annotations

from dataclasses import replace

import pytest
from capability_market import Market
from eth_account.signers.local import LocalAccount
from market_accounts import Accounts, admit_members
from sqlalchemy import Engine
from test_capability_tasks import Board

from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.profiles import PROFILES
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.errors import Conflict, InvalidInput, NotFound
from edgebazaar.reputation.engine.epochs import EpochLeaf, EpochTree, MerkleTree
from edgebazaar.reputation.engine.fixed_point import BASE_RATE
from edgebazaar.reputation.epochs.service import EpochService


class Epochs:
    """Shorthands for windows and epochs."""

    def __init__(self, market: Market) -> None:
        self.market = market
        profile = market.contracts.deployment.profile
        self.seconds = int(profile["window_seconds"])
        self.answer_seconds = int(profile["epoch_answer_seconds"])
        self.service = EpochService(market.engine, market.contracts.deployment)

    def next_window(self) -> int:
        """Lets the next window begin; its index."""
        window = self.market.now() // self.seconds + 1
        self.market.wait_until(window * self.seconds)
        return window

    def publish(self, operator: LocalAccount) -> int:
        """Publishes the epoch of the next window; its index."""
        window = self.next_window()
        self.market.act(operator, self.service.publish(operator.address))
        return window

    def publish_leaves(self, operator: LocalAccount, change: int) -> tuple[int, EpochTree]:
        """Publishes the next window's epoch with one expectation changed; window and right tree."""
        window = self.next_window()
        tree = self.service.tree(window)
        call = self.service.publish(operator.address)
        last, _, _, leaves = call.arguments
        hashes = [leaf.hash for leaf in wrong_leaves(tree, change)]
        arguments = (last, window, MerkleTree(hashes).root, leaves)
        self.market.act(operator, replace(call, arguments=arguments))
        return window, tree


def wrong_leaves(tree: EpochTree, change: int) -> list[EpochLeaf]:
    first, *others = tree.leaves
    return [replace(first, expectation=first.expectation + change), *others]


@pytest.fixture(scope="module")
def patient_contracts(
    own_rpc: RpcClient, accounts: Accounts, tmp_path_factory: pytest.TempPathFactory
) -> ContractSet:
    """A deployment whose windows are long enough for a slow machine."""
    profile = replace(PROFILES["demo"], window_seconds=2400, epoch_answer_seconds=300)
    directory = tmp_path_factory.mktemp("patient")
    deployment = deploy(own_rpc.url, accounts.administrator, profile, directory)
    contracts = ContractSet(deployment)
    admit_members(own_rpc, contracts, accounts)
    return contracts


@pytest.fixture
def board(
    engine: Engine, patient_contracts: ContractSet, own_rpc: RpcClient, accounts: Accounts
) -> Board:
    """A board on which both providers have done something for the producer."""
    board = Board(Market(engine, patient_contracts, own_rpc))
    board.ready(accounts.esp, accounts.second_esp)
    board.complete(accounts.producer, accounts.esp)
    board.complete(accounts.producer, accounts.second_esp)
    return board


@pytest.fixture
def epochs(board: Board) -> Epochs:
    return Epochs(board.market)


def test_a_selection_goes_by_the_latest_final_epoch(
    epochs: Epochs, board: Board, accounts: Accounts
) -> None:
    window = epochs.publish(accounts.operator)
    found = epochs.service.epoch(window)
    assert (found.state, found.is_right) == ("pending", True)
    candidates = [accounts.esp.address, accounts.second_esp.address]
    assert epochs.service.expectations(accounts.producer.address, candidates).window < window
    with pytest.raises(Conflict, match="is published"):
        epochs.service.publish(accounts.operator.address)

    epochs.next_window()
    assert epochs.service.epoch(window).state == "final"
    known = epochs.service.expectations(accounts.producer.address, candidates)
    assert known.window == window and min(known.values) > BASE_RATE
    for rater in (accounts.producer, accounts.second_producer, accounts.consumer):
        task = board.post(accounts.producer, policy="highest_reputation")
        chosen = board.assign(accounts.producer, task)
        row = board.tasks.task(task)
        assert row["selection"]["epoch"] == window
        expected = [
            epochs.service.tree(window).expectation(accounts.producer.address, one)
            for one in row["selection"]["candidates"]
        ]
        assert [int(value) for value in row["selection"]["expectations"]] == expected
        best = row["selection"]["candidates"][expected.index(max(expected))]
        assert chosen == best
        general = epochs.service.expectations(
            rater.address, [*candidates, accounts.relayer.address]
        )
        call = (general.evidence, rater.address)
        asked = [*candidates, accounts.relayer.address]
        epochs.market.read(
            "ReputationEpochs", "requireExpectations", *call, asked, list(general.values)
        )
        assert general.values[-1] == BASE_RATE


def test_a_bond_goes_back_once_its_epoch_is_final(epochs: Epochs, accounts: Accounts) -> None:
    market = epochs.market
    window = epochs.publish(accounts.operator)
    with pytest.raises(Conflict, match="is not final"):
        epochs.service.withdraw_bond(window)
    epochs.next_window()
    market.act(accounts.operator, epochs.service.withdraw_bond(window))
    assert epochs.service.epoch(window).row["bond_withdrawn"]
    with pytest.raises(Conflict, match="was taken"):
        epochs.service.withdraw_bond(window)
    following = epochs.publish(accounts.operator)
    with pytest.raises(Conflict, match="not the last one"):
        epochs.service.withdraw_bond(window)
    assert [row["window"] for row in epochs.service.epochs().rows][:2] == [following, window]


def test_a_wrong_leaf_is_narrowed_down_demanded_and_proved(
    epochs: Epochs, accounts: Accounts
) -> None:
    market = epochs.market
    window, tree = epochs.publish_leaves(accounts.operator, 1)
    found = epochs.service.epoch(window)
    assert (found.state, found.is_right) == ("pending", False)
    market.act(accounts.consumer, epochs.service.demand(window, 0))
    assert [row["state"] for row in epochs.service.demands(window)] == ["open"]
    with pytest.raises(Conflict, match="does not follow from the records"):
        epochs.service.answer(window, 0)
    leaf = wrong_leaves(tree, 1)[0]
    path = tree.merkle.path(0)
    shown = {"index": 0, "leaf": leaf.struct, "path": path}
    record = epochs.service.demand(window, 0).arguments[0]
    market.act(accounts.operator, ContractCall("ReputationEpochs", "answer", (record, shown)))
    assert [row["state"] for row in epochs.service.demands(window)] == ["answered"]

    with pytest.raises(InvalidInput, match="does not lead to the root"):
        epochs.service.prove_wrong(window, 1, leaf, path)
    call = epochs.service.prove_wrong(window, 0, leaf, path)
    voided = market.act(accounts.consumer, call)["EpochVoided"]
    bond = int(market.contracts.deployment.profile["epoch_bond"])
    assert (voided["reward"], voided["forfeited"]) == (bond // 2, bond // 2)
    found = epochs.service.epoch(window)
    assert (found.state, found.row["fault"]) == ("voided", "wrong_leaf")


def test_a_right_leaf_is_not_proved_wrong_but_shown_to_who_asks(
    epochs: Epochs, accounts: Accounts
) -> None:
    window = epochs.publish(accounts.operator)
    tree = epochs.service.tree(window)
    with pytest.raises(Conflict, match="is right"):
        epochs.service.prove_wrong(window, 0, tree.leaves[0], tree.merkle.path(0))
    epochs.market.act(accounts.consumer, epochs.service.demand(window, 1))
    answered = epochs.market.act(accounts.stranger, epochs.service.answer(window, 1))
    assert answered["LeafOpened"]["opened"]["index"] == 1
    with pytest.raises(InvalidInput, match="is out of range"):
        epochs.service.demand(window, len(tree.leaves))
    place = epochs.service.place(tree, "nobody", accounts.esp.address)
    assert tree.leaves[place].subject == accounts.esp.address.lower()
    with pytest.raises(NotFound):
        epochs.service.place(tree, accounts.vehicle.address, accounts.esp.address)


def test_who_does_not_answer_loses_the_epoch(epochs: Epochs, accounts: Accounts) -> None:
    market = epochs.market
    window = epochs.publish(accounts.operator)
    market.act(accounts.consumer, epochs.service.demand(window, 0))
    (row,) = epochs.service.demands(window)
    market.wait_until(row["answer_by"])
    market.act(accounts.consumer, epochs.service.prove_unanswered(window, 0))
    found = epochs.service.epoch(window)
    assert (found.state, found.row["fault"]) == ("voided", "unanswered")
    assert [one["state"] for one in epochs.service.demands(window)] == ["reclaimed"]


def test_a_wrong_final_epoch_stops_selections_by_reputation(
    epochs: Epochs, board: Board, accounts: Accounts
) -> None:
    window, _ = epochs.publish_leaves(accounts.operator, 1)
    epochs.next_window()
    task = board.post(accounts.producer)
    with pytest.raises(Conflict, match="does not follow from the records"):
        board.assign(accounts.producer, task)
    with pytest.raises(Conflict, match="is final"):
        epochs.service.demand(window, 0)
    uniform = board.post(accounts.producer, policy="uniform")
    assert board.assign(accounts.producer, uniform)
    assert board.tasks.task(uniform)["selection"]["expectations"] == []


def test_what_was_never_published_is_not_found(epochs: Epochs) -> None:
    with pytest.raises(NotFound):
        epochs.service.epoch(7)
    with pytest.raises(InvalidInput, match="has not begun"):
        epochs.service.tree(2**39)
