"""Which provider a task's policy selects, and the call that puts it on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from sqlalchemy import Engine

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.errors import Conflict, Forbidden, InvalidInput
from edgebazaar.reputation.engine.fixed_point import BASE_RATE
from edgebazaar.reputation.epochs.service import (
    NO_EXPECTATIONS,
    EpochService,
)
from edgebazaar.tasks.engine import SelectionPolicy, select
from edgebazaar.tasks.providers import ProviderService
from edgebazaar.tasks.service import TaskService, terms_of
from edgebazaar.tasks.tables import POLICIES, Policy

Row = Mapping[str, Any]
MAXIMUM_SEED_BLOCKS = 256
BY_REPUTATION = ("softmax_reputation", "highest_reputation")
"""Policies that go by expectations."""


@dataclass(frozen=True, slots=True)
class SelectionInputs:
    """All that a selection follows from.

    Attributes:
        policy: Name of the policy.
        temperature: Softmax temperature, 1e18 fixed point.
        seed: 32 bytes from the block in which the task was posted.
        candidates: Providers considered, ascending by address.
        expectations: Expected trust of each, 1e18 fixed point; none where the policy does not ask.
        epoch: Window of the reputation epoch that says so; 0 for the one before all others.
    """

    policy: Policy
    temperature: int
    seed: bytes
    candidates: tuple[str, ...]
    expectations: tuple[int, ...]
    epoch: int

    @property
    def struct(self) -> dict[str, Any]:
        """The Selection of TaskBoard."""
        return {
            "candidates": list(self.candidates),
            "expectations": list(self.expectations),
            "epoch": self.epoch,
        }


@dataclass(frozen=True, slots=True)
class SelectionOutcome:
    """A selection with its result.

    Attributes:
        inputs: What it follows from.
        probabilities: Chance of each candidate before the draw; empty where nobody draws.
        selected: The provider drawn; None for a direct assignment or without candidates.
    """

    inputs: SelectionInputs
    probabilities: tuple[float, ...]
    selected: str | None


def seed_of(task_id: str, posted_block_hash: str) -> bytes:
    """The seed of a task's draw: keccak256(abi.encode(taskId, hash of the posting block))."""
    values = [bytes.fromhex(task_id[2:]), bytes.fromhex(posted_block_hash[2:])]
    return bytes(keccak(encode(["bytes32", "bytes32"], values)))


def draw(inputs: SelectionInputs) -> SelectionOutcome:
    """Recomputes a selection from its inputs; the same ones give the same provider everywhere."""
    policy = SelectionPolicy(POLICIES.index(inputs.policy))
    if policy is SelectionPolicy.DIRECT or not inputs.candidates:
        return SelectionOutcome(inputs, (), None)
    expectations = inputs.expectations or (BASE_RATE,) * len(inputs.candidates)
    drawn = select(policy, inputs.candidates, expectations, inputs.seed, inputs.temperature)
    return SelectionOutcome(inputs, drawn.probabilities, drawn.candidate)


class SelectionService:
    """Use cases of assignment.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
        rpc: The chain: a seed is gone some blocks after the posting, indexed or not.
    """

    def __init__(self, engine: Engine, contracts: ContractSet, rpc: RpcClient) -> None:
        self._rpc = rpc
        self._tasks = TaskService(engine)
        self._providers = ProviderService(engine, contracts)
        self._epochs = EpochService(engine, contracts.deployment)

    def selection(self, task_id: str) -> SelectionOutcome:
        """The recorded selection of an assigned task, recomputed; else what would be selected now.

        Raises:
            InvalidInput: If `task_id` is no id.
            NotFound: If there is no such task.
        """
        row = self._tasks.task(task_id)
        if row["selection"] is not None:
            return draw(_recorded(row))
        candidates = self._providers.candidates(row["producer"], row["fee"], row["deliver_by"])
        return draw(self._inputs(row, candidates)[0])

    def assign(self, producer: str, task_id: str, provider: str | None = None) -> ContractCall:
        """The producer's call that assigns the selected provider.

        Args:
            producer: Who posted the task.
            task_id: The task.
            provider: Whom to assign under the policy `direct`; else None, or the one selected.

        Raises:
            NotFound: If there is no such task.
            Forbidden: If it is another's.
            Conflict: If it is not posted any more, or no provider would take it.
            InvalidInput: If `provider` is missing, or not the one that the policy selects.
        """
        row = self._tasks.task(task_id)
        if row["producer"] != producer.lower():
            raise Forbidden(
                f"task {row['task_id']} is {row['producer']}'s", mend="Sign in as its producer."
            )
        if row["state"] != "posted":
            raise Conflict(f"task {row['task_id']} is {row['state']}, not posted")
        candidates = self._providers.candidates(row["producer"], row["fee"], row["deliver_by"])
        if POLICIES[row["policy"]] == "direct":
            if provider is None:
                raise InvalidInput(
                    "provider", "is missing", "The policy is direct: name the provider"
                )
            chosen = checksum_address(provider, "provider")
            if chosen not in candidates:
                raise _unwilling(f"{chosen} does not take this task", "provider")
            inputs, evidence = self._inputs(row, [chosen])
        else:
            if not candidates:
                raise _unwilling("no provider takes this task", None)
            inputs, evidence = self._inputs(row, candidates)
            chosen = draw(inputs).selected or ""
            if provider is not None and checksum_address(provider, "provider") != chosen:
                raise InvalidInput(
                    "provider", f"{provider} was not drawn", f"Leave it out; {chosen} was drawn"
                )
        self._require_seed(row, int(self._rpc.call("eth_blockNumber"), 16))
        arguments = (terms_of(row), chosen, inputs.struct, evidence)
        return ContractCall("TaskBoard", "assign", arguments)

    def _inputs(
        self, row: Row, candidates: Sequence[str]
    ) -> tuple[SelectionInputs, dict[str, Any]]:
        known = NO_EXPECTATIONS
        if POLICIES[row["policy"]] in BY_REPUTATION:
            known = self._epochs.expectations(row["producer"], candidates)
        inputs = SelectionInputs(
            policy=POLICIES[row["policy"]],
            temperature=row["temperature"],
            seed=seed_of(row["task_id"], row["posted_block_hash"]),
            candidates=tuple(candidates),
            expectations=known.values,
            epoch=known.window,
        )
        return inputs, known.evidence

    @staticmethod
    def _require_seed(row: Row, block: int) -> None:
        if block - row["block_number"] >= MAXIMUM_SEED_BLOCKS:
            raise Conflict(
                f"task {row['task_id']} was posted {block - row['block_number']} blocks ago, "
                f"and its seed is gone after {MAXIMUM_SEED_BLOCKS}",
                mend="Close it after deliver_by, which returns the fee, and post it again.",
            )


def _recorded(row: Row) -> SelectionInputs:
    recorded = row["selection"]
    return SelectionInputs(
        policy=POLICIES[row["policy"]],
        temperature=row["temperature"],
        seed=bytes.fromhex(row["seed"][2:]),
        candidates=tuple(recorded["candidates"]),
        expectations=tuple(int(value) for value in recorded["expectations"]),
        epoch=recorded["epoch"],
    )


def _unwilling(problem: str, field: str | None) -> Conflict:
    return Conflict(
        problem,
        mend="It takes an eligible provider with free capacity whose least fee and time are met; "
        "see GET /api/v1/esps.",
        field=field,
    )
