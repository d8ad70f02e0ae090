"""Measures every room, and compares with the committed snapshot."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.abi import abi_to_signature

from benchmarks.gas import rooms
from benchmarks.gas.budgets import Budget
from benchmarks.gas.world import GasWorld, MeasurementFailed, gas_world
from edgebazaar.chain.artifacts import CONTRACT_NAMES, load_artifact
from edgebazaar.chain.rpc import from_quantity

SNAPSHOT = Path(__file__).resolve().parents[2] / "snapshots" / "gas.json"
TOLERANCE = 0.01
"""Share by which an operation may worsen before it fails."""
NOISE = 64
"""Gas within which two runs differ by zero bytes in signatures and times."""


@dataclass(frozen=True, slots=True)
class Measurements:
    """What one run found.

    Attributes:
        gas: Gas by operation, by room.
        budgets: What it is compared with, by operation.
        unmeasured: State-changing functions that no room called, as `Contract.function`.
    """

    gas: Mapping[str, Mapping[str, int]]
    budgets: Mapping[str, Budget]
    unmeasured: tuple[str, ...]


def measure_all() -> Measurements:
    """Run every module of `benchmarks.gas.rooms` on one chain, each from the same state.

    Raises:
        MeasurementFailed: If an operation reverts, or two rooms use one name.
    """
    gas: dict[str, dict[str, int]] = {}
    budgets: dict[str, Budget] = {}
    called: set[tuple[str, str]] = set()
    with gas_world() as world:
        gas["deployment"] = bindings(world)
        called |= world.called
        for room in room_modules():
            module = room.__name__.rpartition(".")[2]
            snapshot = world.rpc.call("evm_snapshot", [])
            fresh = GasWorld(world.rpc, world.deployment)
            try:
                room.measure(fresh)
            except MeasurementFailed as error:
                raise MeasurementFailed(f"room {module}: {error}") from error
            world.rpc.call("evm_revert", [snapshot])
            if unknown := room.BUDGETS.keys() - fresh.gas.keys():
                raise MeasurementFailed(f"room {module} measures no {', '.join(sorted(unknown))}")
            if twice := budgets.keys() & room.BUDGETS.keys():
                raise MeasurementFailed(f"two rooms measure {', '.join(sorted(twice))}")
            gas[module] = fresh.gas
            budgets |= room.BUDGETS
            called |= fresh.called
    return Measurements(gas, budgets, tuple(sorted(state_changing() - spelled_out(called))))


def bindings(world: GasWorld) -> dict[str, int]:
    """Gas of the calls that the deployment itself made."""
    found = {}
    for step, binding in world.deployment.bindings.items():
        receipt = world.rpc.call("eth_getTransactionReceipt", [binding["transaction"]])
        contract, function = step.split(".")
        world.called.add((contract, function))
        found[step] = from_quantity(receipt["gasUsed"])
    return found


def state_changing() -> set[str]:
    """Every function of a deployed contract that is neither view nor pure, `Contract.signature`."""
    return {
        f"{name}.{abi_to_signature(entry)}"
        for name in CONTRACT_NAMES
        for entry in load_artifact(name).abi
        if entry["type"] == "function" and entry["stateMutability"] in {"payable", "nonpayable"}
    }


def spelled_out(called: set[tuple[str, str]]) -> set[str]:
    """Calls as `Contract.signature`; a bare name stands for its only function of that name."""
    return {
        signature
        for signature in state_changing()
        for contract, function in called
        if signature == f"{contract}.{function}" or signature.startswith(f"{contract}.{function}(")
    }


def problems(measured: Measurements, snapshot: Mapping[str, int]) -> list[str]:
    """Say what is worse than the snapshot by more than the tolerance, new, gone or unmeasured."""
    found = []
    now = flat(measured.gas)
    for name, gas in now.items():
        if name not in snapshot:
            found.append(f"{name} ({gas:,}) is not in the snapshot: run `make gas UPDATE=1`")
        elif gas > snapshot[name] * (1 + TOLERANCE + measured.budgets.get(name, Budget()).spread):
            change = gas / snapshot[name] - 1
            found.append(
                f"{name} worsened by {change:.1%}, from {snapshot[name]:,} to {gas:,}: make it "
                "cheaper, or say why in the commit and run `make gas UPDATE=1`"
            )
    found += [
        f"{name} is in the snapshot and was not measured: run `make gas UPDATE=1`"
        for name in snapshot
        if name not in now
    ]
    found += [
        f"{name} changes state and no room measures it: add it in benchmarks/gas/rooms"
        for name in measured.unmeasured
    ]
    return found


def unexplained(gas: Mapping[str, int], budgets: Mapping[str, Budget]) -> list[str]:
    """Say which budgets are missed without a reason."""
    return [
        f"{name} takes {gas[name]:,}, its budget is {budget.gas:,}: say why in its room's BUDGETS"
        for name, budget in budgets.items()
        if budget.gas is not None and gas[name] > budget.gas and not budget.reason
    ]


def all_budgets() -> dict[str, Budget]:
    """What every room compares its operations with."""
    return {name: budget for room in room_modules() for name, budget in room.BUDGETS.items()}


def room_modules() -> list[Any]:
    """The modules of `benchmarks.gas.rooms`, by name."""
    names = sorted(one.name for one in pkgutil.iter_modules(rooms.__path__))
    return [importlib.import_module(f"{rooms.__name__}.{name}") for name in names]


def read_snapshot() -> dict[str, dict[str, int]]:
    """The committed figures by room; empty where there are none yet."""
    if not SNAPSHOT.is_file():
        return {}
    document: dict[str, dict[str, int]] = json.loads(SNAPSHOT.read_text("utf-8"))
    return document


def write_snapshot(measured: Measurements) -> dict[str, dict[str, int]]:
    """Replace the committed figures, but for differences of a few bytes of call data."""
    before = flat(read_snapshot())
    figures = {
        room: {
            name: before[name] if abs(before.get(name, -NOISE) - gas) < NOISE else gas
            for name, gas in operations.items()
        }
        for room, operations in measured.gas.items()
    }
    SNAPSHOT.parent.mkdir(exist_ok=True)
    SNAPSHOT.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return figures


def flat(figures: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Gas by operation, whatever its room."""
    return {name: gas for operations in figures.values() for name, gas in operations.items()}
