"""Recomputes what challenges decided and paid, from the registrations and their own events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgebazaar.audit.engine.checks import CheckResult, LoggedEvent, hexadecimal
from edgebazaar.content.engine.deposits import deposit_after, shares
from edgebazaar.content.engine.similarity import hamming_distance

_ENDINGS = {5: "conceded", 6: "upheld", 7: "rejected", 8: "closed"}
"""IChallenges.State of challenges that ended."""


@dataclass(slots=True)
class _Case:
    opening: Mapping[str, Any]
    bond: int = 0
    verdict: bool | None = None
    ruling: bool | None = None

    def ending(self, removed: bool) -> str:
        """How it has to end, given whether another challenge removed its content before."""
        verdict = self.verdict if self.ruling is None else self.ruling
        if verdict is None:
            return "closed" if removed else "conceded"
        if verdict:
            return "upheld"
        return "closed" if removed else "rejected"


class _Docket:
    """Everything that the events have told so far."""

    def __init__(self, result: CheckResult, thresholds: Mapping[int, int]) -> None:
        self.result = result
        self.thresholds = thresholds
        self.records: dict[int, Mapping[str, Any]] = {}
        self.removed: set[int] = set()
        self.cases: dict[bytes, _Case] = {}
        self.rejections: dict[tuple[int, str], int] = {}

    def open(self, arguments: Mapping[str, Any], deposit: int, maximum: int) -> None:
        pair = (arguments["duplicateTokenId"], arguments["challenger"])
        expected = deposit_after(deposit, maximum, self.rejections.get(pair, 0))
        self.cases[arguments["challengeId"]] = _Case(arguments)
        self._compare(arguments, "deposit", expected, arguments["deposit"])

    def contest(self, arguments: Mapping[str, Any]) -> None:
        case = self.cases[arguments["challengeId"]]
        case.bond = arguments["bond"]
        self._compare(arguments, "bond", case.opening["deposit"], case.bond)

    def decide(self, arguments: Mapping[str, Any]) -> None:
        case = self.cases[arguments["challengeId"]]
        case.verdict = arguments["upheld"]
        original = self.records[case.opening["originalTokenId"]]
        duplicate = self.records[case.opening["duplicateTokenId"]]
        first, second = original["receipt"], duplicate["receipt"]
        distance = hamming_distance(first["fingerprint"], second["fingerprint"])
        limit = 0
        if first["fingerprintScheme"] == second["fingerprintScheme"]:
            limit = self.thresholds.get(first["fingerprintScheme"], 0)
        stands = (
            original["committedBlock"] < duplicate["committedBlock"]
            and case.opening["originalTokenId"] not in self.removed
        )
        upheld = stands and limit != 0 and distance <= limit
        self._compare(arguments, "distance", distance, arguments["distance"])
        self._compare(arguments, "threshold", limit, arguments["maximumDistance"])
        self._compare(arguments, "priority", stands, arguments["originalStands"])
        self._compare(arguments, "verdict", upheld, arguments["upheld"])

    def end(self, arguments: Mapping[str, Any]) -> None:
        case = self.cases[arguments["challengeId"]]
        token = arguments["duplicateTokenId"]
        state = _ENDINGS[arguments["state"]]
        expected = case.ending(token in self.removed)
        self._compare(arguments, "ending", expected, state)
        paid = tuple(arguments[f"paidTo{name}"] for name in ("Challenger", "Accused", "Treasury"))
        due = shares(expected, case.opening["deposit"], case.bond)
        self._compare(arguments, "payments in wei", due, paid)
        if state == "rejected":
            pair = (token, case.opening["challenger"])
            self.rejections[pair] = self.rejections.get(pair, 0) + 1

    def _compare(self, arguments: Mapping[str, Any], what: str, expected: Any, found: Any) -> None:
        subject = f"challenge {hexadecimal(arguments['challengeId'])} {what}"
        self.result.compare(subject, expected, found)


def check_challenges(
    events: Sequence[LoggedEvent],
    thresholds: Mapping[int, int],
    deposit: int,
    maximum_deposit: int,
) -> CheckResult:
    """Every deposit, bond, verdict, ending and payment of challenges.

    Args:
        events: The log, in the order of the chain.
        thresholds: Largest distance that counts as a copy, by fingerprint scheme.
        deposit: Of a first challenge, wei.
        maximum_deposit: Where it stops growing, wei.
    """
    result = CheckResult(
        "challenges",
        "every verdict follows from the two fingerprints, every payment from how it ended",
    )
    docket = _Docket(result, thresholds)
    for one in events:
        match (one.contract, one.event):
            case ("ProofOfAIGC", "ContentRegistered"):
                docket.records[one.arguments["tokenId"]] = one.arguments
            case ("ProofOfAIGC", "ContentRemoved"):
                docket.removed.add(one.arguments["tokenId"])
            case ("Challenges", "ChallengeOpened"):
                docket.open(one.arguments, deposit, maximum_deposit)
            case ("Challenges", "ChallengeContested"):
                docket.contest(one.arguments)
            case ("Challenges", "ChallengeDecided"):
                docket.decide(one.arguments)
            case ("Challenges", "ChallengeRuled"):
                docket.cases[one.arguments["challengeId"]].ruling = one.arguments["upheld"]
            case ("Challenges", "ChallengeEnded"):
                docket.end(one.arguments)
    return result
