"""Reputation epochs: publication, disputes, and an assignment by what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eth_account.signers.local import LocalAccount

from benchmarks.gas.budgets import Anchor, Budget
from benchmarks.gas.rooms.tasks import PRODUCER, PROVIDER, task_terms
from benchmarks.gas.world import ETHER, NOBODY, ZERO, GasWorld, account
from edgebazaar.chain.rpc import from_quantity
from edgebazaar.reputation.engine.epochs import EpochLeaf, EpochRecord, EpochTree, MerkleTree
from edgebazaar.reputation.engine.ledger import InteractionBook

OPERATOR = 128
LEAVES = 1024
BUDGETS = {
    "publish an epoch": Budget(
        28_500,
        28_000,
        (Anchor("prototype, chained head in one slot", 28_454),),
        reason="asks for an active operator, is handed the last epoch, logs all of this one",
    ),
}


class _Epochs:
    """Publications of one operator after the other."""

    def __init__(self, world: GasWorld) -> None:
        self.world = world
        profile = world.deployment.profile
        self.seconds = int(profile["window_seconds"])
        self.answer_seconds = int(profile["epoch_answer_seconds"])
        self.fee = int(profile["epoch_bond"]) // 100
        self.last = EpochRecord.first()
        self.book = InteractionBook(self.seconds)
        (self.operator,) = world.new_members(1, OPERATOR)
        (self.member,) = world.new_members(1, PRODUCER)

    def record(self, rater: LocalAccount, subject: LocalAccount) -> None:
        pair = (rater.address, subject.address)
        board = self.world.as_contract("TaskBoard")
        self.world.send(board, "ReputationLedger", "record", *pair, True, ZERO)
        self.book.record(*pair, positive=True, timestamp=self.world.now())

    def next_window(self) -> int:
        window = self.world.now() // self.seconds + 1
        self.world.pass_to(window * self.seconds)
        return window

    def tree(self) -> EpochTree:
        return EpochTree(self.book, self.world.now() // self.seconds, self.seconds)

    def publish(self, name: str | None, leaves: list[EpochLeaf]) -> MerkleTree:
        """Publish an epoch of these leaves, right or wrong; measured if it has a name."""
        merkle = MerkleTree([leaf.hash for leaf in leaves])
        bond = int(self.world.deployment.profile["epoch_bond"])
        window = self.world.now() // self.seconds
        arguments = (self.last.struct, window, merkle.root, len(leaves))
        call = (self.operator, "ReputationEpochs", "publish", *arguments)
        if name is None:
            self.world.send(*call, value=bond - self.last.bond)
        else:
            self.world.measure(name, *call, value=bond - self.last.bond)
        previous = self.last.without_bond().hash
        self.voided = self.last.without_bond()
        self.last = EpochRecord(
            previous, merkle.root, window, len(leaves), self.operator.address, bond
        )
        return merkle

    def dispute(self, name: str, function: str, *arguments: Any) -> None:
        """Measure a proof that voids the last epoch."""
        call = (self.member, "ReputationEpochs", function, self.last.struct, *arguments)
        self.world.measure(name, *call)
        self.last = self.voided


def measure(world: GasWorld) -> None:
    """Two epochs of three raters, every dispute, and an assignment by a tree of 1,024 leaves."""
    epochs = _Epochs(world)
    (producer,) = world.new_members(1, PRODUCER)
    (provider,) = world.new_members(1, PROVIDER)
    epochs.next_window()
    for rater in (producer, account(250), account(251)):
        epochs.record(rater, provider)
    epochs.next_window()
    epochs.publish("publish an epoch, with its bond", list(epochs.tree().leaves))
    epochs.next_window()
    leaves = list(epochs.tree().leaves)
    _disputes(epochs, leaves)
    fillers = [
        EpochLeaf("0x" + "ff" * 20, f"0x{number:040x}", 0, (0, 0, 0), ())
        for number in range(LEAVES - len(leaves))
    ]
    merkle = epochs.publish(None, [*leaves, *fillers])
    epochs.next_window()
    world.measure(
        "withdraw an epoch's bond",
        epochs.operator,
        "ReputationEpochs",
        "withdrawBond",
        epochs.last.struct,
    )
    _assign(epochs, merkle, producer, provider)


def _disputes(epochs: _Epochs, leaves: list[EpochLeaf]) -> None:
    world, member = epochs.world, epochs.member

    def opened(merkle: MerkleTree, found: list[EpochLeaf], place: int) -> dict[str, Any]:
        return {"index": place, "leaf": found[place].struct, "path": merkle.path(place)}

    merkle = epochs.publish("publish an epoch", leaves)
    demand = (member, "ReputationEpochs", "demand", epochs.last.struct)
    world.measure("demand a leaf", *demand, 1, value=epochs.fee)
    call = ("ReputationEpochs", "answer", epochs.last.struct, opened(merkle, leaves, 1))
    world.measure("show a demanded leaf", epochs.operator, *call)
    for index in (0, 2):
        world.send(*demand, index, value=epochs.fee)
    epoch_hash = epochs.last.hash
    world.pass_to(world.now() + epochs.answer_seconds + 1)
    epochs.dispute("prove a demand unanswered", "proveUnanswered", 0)
    world.measure("reclaim a demand's fee", member, "ReputationEpochs", "reclaimFee", epoch_hash, 2)

    wrong = [replace(leaves[0], expectation=0), *leaves[1:]]
    merkle = epochs.publish(None, wrong)
    epochs.dispute("prove a leaf wrong", "proveWrong", opened(merkle, wrong, 0), NOBODY)
    fewer = [leaves[0], *leaves[2:]]
    merkle = epochs.publish(None, fewer)
    around = [opened(merkle, fewer, 0), opened(merkle, fewer, 1)]
    gone = leaves[1]
    epochs.dispute("prove a leaf missing", "proveMissing", gone.rater, gone.subject, around)
    swapped = [leaves[1], leaves[0], *leaves[2:]]
    merkle = epochs.publish(None, swapped)
    first, second = opened(merkle, swapped, 0), opened(merkle, swapped, 1)
    epochs.dispute("prove leaves out of order", "proveDisorder", first, second)


def _assign(
    epochs: _Epochs, merkle: MerkleTree, producer: LocalAccount, provider: LocalAccount
) -> None:
    world = epochs.world
    board = (provider, "TaskBoard")
    world.send(*board, "stake", value=4 * ETHER)
    world.send(*board, "setOffer", 1, 1, 8)
    terms = task_terms(world, producer, 77)
    posted = world.send(producer, "TaskBoard", "post", terms, value=ETHER)
    assert from_quantity(posted["status"]) == 1
    tree = epochs.tree()
    place = tree.place_for(producer.address, provider.address)
    assert place is not None
    leaf = tree.leaves[place]
    selection = {
        "candidates": [provider.address],
        "expectations": [leaf.expectation],
        "epoch": epochs.last.window,
    }
    evidence = {
        "epoch": epochs.last.without_bond().struct,
        "pending": EpochRecord.first().struct,
        "openings": [{"index": place, "details": leaf.details, "path": merkle.path(place)}],
    }
    call = (terms, provider.address, selection, evidence)
    name = f"assign a task, by an epoch of {LEAVES} leaves"
    world.measure(name, producer, "TaskBoard", "assign", *call)
