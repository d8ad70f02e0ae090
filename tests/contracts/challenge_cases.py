"""Challenges as the contract tests play them: open, answer, decide, finalise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contract_support import DEPOSIT, ZERO_BYTES, next_block_at, now

STATES = (
    *("none", "open", "contested", "decided", "appealed"),
    *("conceded", "upheld", "rejected", "closed"),
)
CONCEDED, UPHELD, REJECTED, CLOSED = range(5, 9)
NO_RULING, RULED_UPHELD, RULED_REJECTED = range(3)


def token_of(record: tuple) -> int:
    """Token id of a record as emitted."""
    return int.from_bytes(bytes(record[0][2]), "big")


@dataclass(frozen=True)
class Case:
    """An opened challenge with both records."""

    challenges: Any
    original: tuple
    duplicate: tuple
    terms: tuple
    id: bytes
    deposit: int

    @property
    def challenger(self) -> str:
        return self.terms[2]

    @property
    def accused(self) -> str:
        return self.terms[3]

    @property
    def state(self) -> str:
        """Name of the state that the contract stores."""
        return STATES[self.challenges.stateOf(self.terms)]

    @property
    def deadline(self) -> int:
        """First second after what the challenge waits for."""
        return self.docket["deadline"]

    @property
    def docket(self) -> dict:
        return self.challenges.docketOf(self.terms[1], self.challenger).dict()

    def concede(self, by=None):
        return self.challenges.concede(self.terms, {"from": by or self.accused})

    def contest(self, by=None, value: int | None = None, uri: str = "ipfs://statement"):
        sender = {"from": by or self.accused, "value": self.deposit if value is None else value}
        return self.challenges.contest(self.terms, ZERO_BYTES, uri, sender)

    def decide(self, by=None):
        sender = {"from": by or self.challenger}
        return self.challenges.decide(self.terms, self.original, self.duplicate, sender)

    def decided(self, by=None) -> dict:
        """The verdict, as soon as it may be given."""
        if self.state == "open" and now() < self.deadline:
            next_block_at(self.deadline)
        return self.decide(by).events["ChallengeDecided"]

    def finalise(self, by=None):
        return self.challenges.finalise(self.terms, {"from": by or self.challenger})

    def finalised(self, by=None) -> dict:
        """The ending, as soon as the verdict is final."""
        if now() < self.deadline:
            next_block_at(self.deadline)
        return self.finalise(by).events["ChallengeEnded"]

    def ended(self, by=None) -> dict:
        """The ending after a verdict that nobody appeals against."""
        self.decided(by)
        return self.finalised(by)

    def appeal(self, by=None, value: int | None = None, cost: int = 0):
        sender = {"from": by or self.challenger, "value": cost if value is None else value}
        return self.challenges.appeal(self.terms, sender)


def open_case(challenges, original: tuple, duplicate: tuple, challenger, deposit=DEPOSIT) -> Case:
    """Open a challenge."""
    sender = {"from": challenger, "value": deposit}
    transaction = challenges.open(token_of(original), token_of(duplicate), sender)
    return case_of(challenges, original, duplicate, transaction.events["ChallengeOpened"])


def case_of(challenges, original: tuple, duplicate: tuple, event) -> Case:
    """The challenge of an opening's event."""
    terms = (
        token_of(original),
        token_of(duplicate),
        event["challenger"],
        event["accused"],
        event["attempt"],
    )
    identifier, deposit = bytes(event["challengeId"]), event["deposit"]
    return Case(challenges, original, duplicate, terms, identifier, deposit)


FINGERPRINT = 0x5A5A << 200 | 0xC3C3
HALF = DEPOSIT // 2
REST = DEPOSIT - HALF


def with_distance(bits: int) -> int:
    """A fingerprint that differs from FINGERPRINT in this many bits."""
    return FINGERPRINT ^ ((1 << bits) - 1)


def paid(ending) -> tuple[int, int, int]:
    """What challenger, accused and treasury get."""
    names = ("paidToChallenger", "paidToAccused", "paidToTreasury")
    return tuple(ending[name] for name in names)
