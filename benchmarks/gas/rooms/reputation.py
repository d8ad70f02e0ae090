"""Records of interactions."""

from __future__ import annotations

import hashlib

from benchmarks.gas.budgets import Anchor, Budget
from benchmarks.gas.world import GasWorld, account

REFERENCE = hashlib.sha256(b"task").digest()
BUDGETS = {
    "record an interaction": Budget(
        28_000,
        27_000,
        (Anchor("prototype, one packed opinion a subject", 27_819),),
        reason="a second slot holds the rater's sums over all subjects, by which others weigh it",
    ),
    "record an interaction, first of a pair": Budget(
        anchors=(Anchor("prototype, one packed opinion a subject", 44_919),)
    ),
}


def measure(world: GasWorld) -> None:
    """A first and a later record of a pair, as the task board sends them."""
    rater, subject, other = account(250), account(251), account(252)
    board = world.as_contract("TaskBoard")
    world.send(board, "ReputationLedger", "record", rater.address, other.address, True, REFERENCE)
    record = (board, "ReputationLedger", "record", rater.address, subject.address, True, REFERENCE)
    world.measure("record an interaction, first of a pair", *record)
    world.measure("record an interaction", *record)
