"""What an audit compares and how it reports: pure functions over the decoded event log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from eth_utils.crypto import keccak

from edgebazaar.reputation.engine.epochs import EpochRecord, EpochTree
from edgebazaar.reputation.engine.fixed_point import BASE_RATE, FixedWeights
from edgebazaar.reputation.engine.ledger import InteractionBook
from edgebazaar.tasks.engine.selection import SelectionPolicy, select

_UNANSWERED = 3


class LoggedEvent(Protocol):
    """An event of our contracts with its place in the chain."""

    @property
    def contract(self) -> str:
        """Name of the contract that emitted it."""

    @property
    def event(self) -> str:
        """Name of the event."""

    @property
    def arguments(self) -> Mapping[str, Any]:
        """Arguments by name; structs as dictionaries, bytes as bytes."""

    @property
    def block_number(self) -> int:
        """Block that contains it."""

    @property
    def block_timestamp(self) -> int:
        """Time of that block, seconds since the epoch."""

    @property
    def transaction_hash(self) -> str:
        """Transaction that caused it, 0x-hex."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference between what the chain says and what recomputation gives."""

    subject: str
    expected: str
    found: str


@dataclass(slots=True)
class CheckResult:
    """Outcome of one check: how many items it recomputed and where it found a difference."""

    name: str
    statement: str
    checked: int = 0
    findings: list[Finding] = field(default_factory=list)
    skipped: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing differs."""
        return not self.findings

    def compare(self, subject: str, expected: object, found: object) -> None:
        """Count one comparison and keep a difference."""
        self.checked += 1
        if expected != found:
            self.findings.append(Finding(subject, str(expected), str(found)))


def of_kind(events: Iterable[LoggedEvent], contract: str, *names: str) -> list[LoggedEvent]:
    """The events of a contract with one of these names, in chain order."""
    return [one for one in events if one.contract == contract and one.event in names]


def hexadecimal(value: bytes) -> str:
    """0x-hex for reports."""
    return "0x" + value.hex()


def check_selections(
    events: Sequence[LoggedEvent],
    *,
    block_hash: Callable[[int], bytes],
    window_seconds: int,
    weights: FixedWeights,
) -> CheckResult:
    """Every assignment: the seed from the posting block.

    The expectations from the records before the epoch's window, the draw from both.
    """
    result = CheckResult(
        "selections", "every provider is the one that the policy selects from the recorded inputs"
    )
    posted = {e.arguments["taskId"]: e for e in of_kind(events, "TaskBoard", "TaskPosted")}
    assignments = of_kind(events, "TaskBoard", "TaskAssigned")
    windows = {int(one.arguments["selection"]["epoch"]) for one in assignments}
    trees = epoch_trees(events, windows, window_seconds, weights)
    for assigned in assignments:
        task_id = assigned.arguments["taskId"]
        posting = posted[task_id]
        terms, selection = posting.arguments["terms"], assigned.arguments["selection"]
        subject = f"task {hexadecimal(task_id)}"
        seed = keccak(task_id + block_hash(posting.block_number))
        result.compare(
            f"{subject} seed", hexadecimal(seed), hexadecimal(assigned.arguments["seed"])
        )
        policy = SelectionPolicy(terms["policy"])
        if policy is SelectionPolicy.DIRECT:
            continue
        candidates = selection["candidates"]
        recorded = list(selection["expectations"])
        expectations = [BASE_RATE] * len(candidates)
        if policy is not SelectionPolicy.UNIFORM:
            tree = trees[int(selection["epoch"])]
            expectations = [tree.expectation(terms["producer"], one) for one in candidates]
            result.compare(f"{subject} expectations", expectations, recorded)
        drawn = select(policy, candidates, expectations, seed, int(terms["temperature"]))
        result.compare(f"{subject} provider", drawn.candidate, assigned.arguments["provider"])
    return result


def epoch_trees(
    events: Sequence[LoggedEvent],
    windows: Iterable[int],
    window_seconds: int,
    weights: FixedWeights,
) -> dict[int, EpochTree]:
    """The reputations at the beginning of each of these windows, from the records before it."""
    records = of_kind(events, "ReputationLedger", "InteractionRecorded")
    book, taken = InteractionBook(window_seconds, weights), 0
    trees: dict[int, EpochTree] = {}
    for window in sorted(set(windows)):
        while taken < len(records) and records[taken].block_timestamp < window * window_seconds:
            _replay(book, records[taken])
            taken += 1
        trees[window] = EpochTree(book, window, window_seconds)
    return trees


def _replay(book: InteractionBook, record: LoggedEvent) -> None:
    book.record(
        record.arguments["rater"],
        record.arguments["subject"],
        positive=record.arguments["positive"],
        timestamp=record.block_timestamp,
    )


def interaction_book(
    events: Sequence[LoggedEvent], window_seconds: int, weights: FixedWeights
) -> InteractionBook:
    """The ledger's state after all records."""
    book = InteractionBook(window_seconds, weights)
    for record in of_kind(events, "ReputationLedger", "InteractionRecorded"):
        _replay(book, record)
    return book


def check_epochs(
    events: Sequence[LoggedEvent], window_seconds: int, weights: FixedWeights
) -> CheckResult:
    """Every published epoch: its root from the records, its place in the chain of epochs."""
    result = CheckResult(
        "reputation epochs",
        "every epoch that stands follows from the records, and every one proved wrong does not",
    )
    steps = of_kind(events, "ReputationEpochs", "EpochPublished", "EpochVoided")
    published = [one for one in steps if one.event == "EpochPublished"]
    windows = [int(one.arguments["window"]) for one in published]
    trees = epoch_trees(events, windows, window_seconds, weights)
    chain = [EpochRecord.first()]
    for place, step in enumerate(steps):
        if step.event == "EpochVoided":
            chain.pop()
            continue
        record = EpochRecord(**step.arguments["epoch"])
        subject = f"epoch of window {record.window}"
        tree = trees[record.window]
        right = (hexadecimal(tree.root), len(tree.leaves))
        found = (hexadecimal(record.root), record.leaves)
        following = steps[place + 1] if place + 1 < len(steps) else None
        if following is None or following.event == "EpochPublished":
            result.compare(f"{subject} root and leaves", right, found)
        elif following.arguments["fault"] != _UNANSWERED:
            result.compare(f"{subject} rightly voided", True, right != found)
        before = hexadecimal(chain[-1].without_bond().hash)
        result.compare(f"{subject} link", before, hexadecimal(record.previous))
        chain.append(record)
    return result


def check_records(events: Sequence[LoggedEvent]) -> CheckResult:
    """Every interaction record belongs to one settled or failed piece of funded work.

    And none is missing. A settled task that was refunded later has a second, negative one.
    """
    result = CheckResult(
        "interaction records", "each record stems from exactly one finished task or sale"
    )
    due: dict[bytes, tuple[str, str, bool]] = {}
    producers: dict[bytes, str] = {}
    refuted: dict[bytes, tuple[str, str, bool]] = {}
    sales: dict[bytes, tuple[str, str]] = {}
    for one in events:
        arguments = one.arguments
        match (one.contract, one.event):
            case ("TaskBoard", "TaskPosted"):
                producers[arguments["taskId"]] = arguments["producer"]
            case ("TaskBoard", "TaskSettled" | "TaskClosed"):
                # Outcomes: 1 on time, 2 late, 3 failed; the others leave no record.
                if arguments["outcome"] in (1, 2, 3):
                    due[arguments["taskId"]] = (
                        producers[arguments["taskId"]],
                        arguments["provider"],
                        arguments["outcome"] == 1,
                    )
            case ("TaskBoard", "TaskRefunded"):
                refuted[arguments["taskId"]] = (
                    producers[arguments["taskId"]],
                    arguments["provider"],
                    False,
                )
            case ("AtomicSale", "SaleOpened"):
                sales[arguments["saleId"]] = (arguments["buyer"], arguments["terms"]["seller"])
            case ("AtomicSale", "SaleSettled"):
                due[arguments["saleId"]] = (*sales[arguments["saleId"]], True)
    for record in of_kind(events, "ReputationLedger", "InteractionRecorded"):
        arguments = record.arguments
        found = (arguments["rater"], arguments["subject"], arguments["positive"])
        reference = arguments["reference_"]
        source = due if reference in due else refuted
        result.compare(f"record {hexadecimal(reference)}", source.pop(reference, None), found)
    for reference, expected in (*due.items(), *refuted.items()):
        result.compare(f"record {hexadecimal(reference)}", expected, None)
    return result
