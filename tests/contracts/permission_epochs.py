"""Reputation epochs in the permission matrix: what stands in the world, and a row a function."""

from brownie import accounts
from contract_support import (
    ANSWER_SECONDS,
    EPOCH_BOND,
    OPERATOR,
    WINDOW_SECONDS,
    ZERO_ADDRESS,
    mine_at,
    now,
)
from epoch_trees import DEMAND_FEE, FIRST, Ledger, Publication, account, record_struct
from permission_rows import CONTRACTS, EVERYBODY, HOLDS, Row, error, lacks, who
from permission_world import World

from edgebazaar.reputation.engine.epochs import EpochLeaf

EPOCH = "(bytes32,bytes32,uint40,uint32,address,uint96)"
LEAF = "(address,address,uint256,(uint256,uint256,uint256),address[])"
OPENED = f"(uint256,{LEAF},bytes32[])"
EVIDENCE = f"({EPOCH},{EPOCH},(uint256,bytes32,bytes32[])[])"
MISSING = (account(1), account(10))
# Contracts that have no way to take coins are refused when they would be paid.
PAYABLE = EVERYBODY - CONTRACTS


def publish_epochs(world: World, project, deployer) -> None:
    """Three instances: one with a wrong epoch in dispute, one with a final one, one with none.

    The world begins with a window, so that what follows lies in its first half.
    """
    system, people = world.system, world.people
    _next_window()
    Ledger(system.ledger, accounts.at(system.board.address, force=True)).record(*MISSING)
    world.unbound.final = _instance(world, project, deployer)
    world.unbound.epochs = _instance(world, project, deployer)
    demand = {"from": people.consumer, "value": DEMAND_FEE}
    strangers = [EpochLeaf(account(n), account(10), 0, (0, 0, 0), ()) for n in (50, 50, 60)]
    final = Publication(strangers, people.operator)
    final.publish(world.unbound.final)
    world.unbound.final.demand(final.struct, 0, demand)
    world.epochs.final = final
    _next_window()
    wrong = Publication(strangers, people.operator)
    wrong.publish(system.epochs)
    world.epochs.wrong = wrong
    system.epochs.demand(wrong.struct, 0, demand)
    mine_at(now() + ANSWER_SECONDS)
    system.epochs.demand(wrong.struct, 1, demand)


def _next_window() -> None:
    mine_at((now() // WINDOW_SECONDS + 1) * WINDOW_SECONDS)


def _instance(world: World, project, deployer):
    system = world.system
    addresses = (system.membership, system.forwarder, system.payouts, system.ledger)
    values = (world.people.treasury, EPOCH_BOND, ANSWER_SECONDS, {"from": deployer})
    return project.ReputationEpochs.deploy(*addresses, *values)


def _paid(amount: int):
    return error("Payments_TransferFailed", amount)


ROWS = [
    Row(
        "ReputationEpochs",
        f"publish({EPOCH},uint40,bytes32,uint32)",
        lambda w, _: (record_struct(FIRST), now() // WINDOW_SECONDS, bytes(32), 0),
        frozenset({"operator"}),
        lacks(OPERATOR),
        value=EPOCH_BOND,
        instance=lambda w: w.unbound.epochs,
    ),
    Row(
        "ReputationEpochs",
        f"withdrawBond({EPOCH})",
        lambda w, _: (w.epochs.final.struct,),
        instance=lambda w: w.unbound.final,
    ),
    Row(
        "ReputationEpochs",
        f"proveWrong({EPOCH},{OPENED},address)",
        lambda w, _: (w.epochs.wrong.struct, w.epochs.wrong.opened(0), ZERO_ADDRESS),
        PAYABLE,
        _paid(EPOCH_BOND // 2),
    ),
    Row(
        "ReputationEpochs",
        f"proveMissing({EPOCH},address,address,{OPENED}[])",
        lambda w, _: (w.epochs.wrong.struct, *MISSING, [w.epochs.wrong.opened(0)]),
        PAYABLE,
        _paid(EPOCH_BOND // 2),
    ),
    Row(
        "ReputationEpochs",
        f"proveDisorder({EPOCH},{OPENED},{OPENED})",
        lambda w, _: (
            w.epochs.wrong.struct,
            w.epochs.wrong.opened(0),
            w.epochs.wrong.opened(1),
        ),
        PAYABLE,
        _paid(EPOCH_BOND // 2),
    ),
    Row(
        "ReputationEpochs",
        f"demand({EPOCH},uint256)",
        lambda w, _: (w.epochs.wrong.struct, 2),
        frozenset(HOLDS),
        lacks(OPERATOR),
        value=DEMAND_FEE,
    ),
    Row(
        "ReputationEpochs",
        f"answer({EPOCH},{OPENED})",
        lambda w, _: (w.epochs.wrong.struct, w.epochs.wrong.opened(1)),
        PAYABLE,
        _paid(DEMAND_FEE),
    ),
    Row(
        "ReputationEpochs",
        f"proveUnanswered({EPOCH},uint256)",
        lambda w, _: (w.epochs.wrong.struct, 0),
        PAYABLE,
        _paid(EPOCH_BOND // 2),
    ),
    Row(
        "ReputationEpochs",
        "reclaimFee(bytes32,uint256)",
        lambda w, _: (w.epochs.final.record.hash, 0),
        frozenset({"consumer"}),
        error("ReputationEpochs_NotDemander", who("consumer")),
        instance=lambda w: w.unbound.final,
    ),
]
