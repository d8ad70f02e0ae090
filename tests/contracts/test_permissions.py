"""Every state-changing function of every contract against every caller, directly and relayed."""

import pytest
from brownie.exceptions import VirtualMachineError
from contract_support import fails_with
from permission_matrix import MATRIX
from permission_rows import EVERYBODY, HOLDS, Row
from permission_world import build

RELAYED = {
    *("Membership", "Payouts", "ProofOfAIGC", "Challenges", "HashedTimelock"),
    *("AtomicSale", "TaskBoard", "AuctionHouse", "ReputationEpochs", "ArbitratorPanel"),
    *("ExchangePremiums", "CompletionBounties"),
    "FingerprintDisputes",
}


@pytest.fixture(scope="module")
def world(system, people, project, deployer):
    return build(system, people, project, deployer)


def signature_of(entry: dict) -> str:
    """A function's signature from its ABI entry."""

    def type_of(argument: dict) -> str:
        if not argument["type"].startswith("tuple"):
            return argument["type"]
        inner = ",".join(map(type_of, argument["components"]))
        return f"({inner}){argument['type'].removeprefix('tuple')}"

    return f"{entry['name']}({','.join(map(type_of, entry['inputs']))})"


def name_of(row: Row) -> str:
    """How a row is called in reports."""
    return f"{row.contract}.{row.signature.split('(')[0]} {row.note}".rstrip()


def test_every_state_changing_function_has_a_row(project, system):
    """Enumerated from the compiled contracts, so that a new one fails here until it has a row."""
    existing = set()
    for container in project:
        build_data = container._build
        own = build_data["sourcePath"].startswith("contracts/")
        if not own or build_data["type"] != "contract" or not container.bytecode:
            continue
        for entry in container.abi:
            assert entry["type"] not in ("receive", "fallback"), "takes coins without a function"
            if entry["type"] == "function" and entry["stateMutability"] in (
                "nonpayable",
                "payable",
            ):
                existing.add(f"{container._name}.{signature_of(entry)}")
    assert existing == {row.name for row in MATRIX}
    assert len(vars(system)) == len({row.contract for row in MATRIX})


def test_every_caller_is_tried(world):
    assert set(world.callers) == EVERYBODY


@pytest.mark.parametrize("row", MATRIX, ids=name_of)
def test_callers(world, row):
    for caller in sorted(EVERYBODY):
        if caller in row.allowed:
            try:
                row.attempt(world, caller)
            except VirtualMachineError as refusal:
                raise AssertionError(f"{caller} was refused: {refusal.revert_msg}") from refusal
        else:
            with fails_with(*row.refusal(world, caller)):
                row.attempt(world, caller)


@pytest.mark.parametrize(
    "row", [row for row in MATRIX if row.contract in RELAYED and not row.instance], ids=name_of
)
def test_relayed_callers(world, row):
    """The forwarder opens no other way: who signs is treated as who calls."""
    for caller in sorted((*HOLDS, "administrator", "stranger", "relayer")):
        if caller in row.allowed:
            try:
                row.attempt_relayed(world, caller)
            except VirtualMachineError as refusal:
                raise AssertionError(f"{caller} was refused: {refusal.revert_msg}") from refusal
        else:
            with fails_with("FailedCall"):
                row.attempt_relayed(world, caller)
