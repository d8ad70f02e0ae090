"""Runs an audit: reads the chain, recomputes every off-chain result, reports every difference."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from edgebazaar.audit.engine.auctions import check_auctions
from edgebazaar.audit.engine.balances import check_balances
from edgebazaar.audit.engine.challenges import check_challenges
from edgebazaar.audit.engine.checks import (
    CheckResult,
    check_epochs,
    check_records,
    check_selections,
    interaction_book,
)
from edgebazaar.audit.engine.contents import Brief, check_contents
from edgebazaar.audit.reader import ChainEvent, ChainReader, Progress
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.reputation.engine.fixed_point import FixedWeights


class ContentSource(Protocol):
    """Where the bytes of registered content can be had, if anywhere."""

    def canonical(self, content_hash: bytes) -> bytes | None:
        """Canonical bytes with this hash, None if they are not available."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The outcome of an audit of the chain up to a block."""

    chain_id: int
    head: int
    head_hash: str
    events: int
    checks: tuple[CheckResult, ...]

    @property
    def holds(self) -> bool:
        """Whether no check found a difference."""
        return all(check.holds for check in self.checks)

    def as_document(self) -> dict[str, Any]:
        """The report as JSON."""
        return {
            "chain_id": self.chain_id,
            "head": self.head,
            "head_hash": self.head_hash,
            "events": self.events,
            "holds": self.holds,
            "checks": [
                {
                    "name": check.name,
                    "statement": check.statement,
                    "holds": check.holds,
                    "checked": check.checked,
                    "skipped": check.skipped,
                    "findings": [
                        {
                            "subject": finding.subject,
                            "expected": finding.expected,
                            "found": finding.found,
                        }
                        for finding in check.findings
                    ],
                }
                for check in self.checks
            ],
        }


def run_audit(
    rpc: RpcClient,
    contracts: ContractSet,
    *,
    contents: ContentSource | None = None,
    briefs: Mapping[bytes, Brief] | None = None,
    head: int | None = None,
    progress: Progress | None = None,
) -> AuditReport:
    """Audits everything up to `head`.

    Args:
        rpc: Any node of the chain; the backend and its database are not asked.
        contracts: The deployed contracts, with the parameters they were deployed with.
        contents: Content bytes, to recompute hashes and fingerprints.
        briefs: What producers disclosed (prompt, salt, seed, model) by prompt commitment, to replay
            generations.
        head: Last block to consider; the latest if None.
        progress: Told about long work.
    """
    reader = ChainReader(rpc, contracts, head)
    events = reader.events(progress)
    profile = contracts.deployment.profile
    weights = FixedWeights(**{name: int(value) for name, value in profile["weights"].items()})
    window_seconds = int(profile["window_seconds"])
    thresholds = {int(scheme): int(limit) for scheme, limit in profile["schemes"].items()}
    named = {name: one.address for name, one in contracts.deployment.contracts.items()}
    steps: list[tuple[str, Callable[[], CheckResult]]] = [
        (
            "selections",
            lambda: check_selections(
                events,
                block_hash=lambda number: reader.header(number).hash,
                window_seconds=window_seconds,
                weights=weights,
            ),
        ),
        ("interaction records", lambda: check_records(events)),
        (
            "reputations",
            lambda: _check_reputations(rpc, contracts, reader, events, window_seconds, weights),
        ),
        ("reputation epochs", lambda: check_epochs(events, window_seconds, weights)),
        (
            "contents",
            lambda: check_contents(
                events,
                contents.canonical if contents else lambda _: None,
                briefs or {},
            ),
        ),
        (
            "challenges",
            lambda: check_challenges(
                events,
                thresholds,
                int(profile["challenge_deposit"]),
                int(profile["challenge_maximum_deposit"]),
            ),
        ),
        ("auctions", lambda: check_auctions(events, contracts.deployment.profile["treasury"])),
        ("balances", lambda: check_balances(events, reader.balances(named))),
    ]
    results = []
    for done, (name, step) in enumerate(steps):
        if progress:
            progress(f"checking {name}", done, len(steps))
        results.append(step())
    return AuditReport(
        contracts.chain_id,
        reader.head,
        "0x" + reader.header(reader.head).hash.hex(),
        len(events),
        tuple(results),
    )


def _check_reputations(
    rpc: RpcClient,
    contracts: ContractSet,
    reader: ChainReader,
    events: Sequence[ChainEvent],
    window_seconds: int,
    weights: FixedWeights,
) -> CheckResult:
    """The contract's present opinion of every pair against a replay of all records."""
    result = CheckResult(
        "reputations", "the ledger's opinions follow from its records to the last digit"
    )
    book = interaction_book(events, window_seconds, weights)
    now = reader.header(reader.head).timestamp
    pairs = book.pairs()
    calls = [ContractCall("ReputationLedger", "opinionOf", pair) for pair in pairs]
    answers = contracts.read_many(rpc, calls, reader.head)
    for (rater, subject), answer in zip(pairs, answers, strict=True):
        opinion = book.opinion(rater, subject, now)
        found = (answer["belief"], answer["disbelief"], answer["uncertainty"])
        expected = (opinion.belief, opinion.disbelief, opinion.uncertainty)
        result.compare(f"opinion of {rater} on {subject}", expected, found)
    return result
