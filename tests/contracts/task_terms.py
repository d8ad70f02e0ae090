"""Tasks as the board takes them, and how the tests bring one forward."""

from dataclasses import dataclass, replace
from hashlib import sha256

from contract_support import ZERO_ADDRESS, ZERO_BYTES, digest, now

NONE, POSTED, ASSIGNED, DELIVERED, ACCEPTED, SETTLED, CLOSED, REFUNDED = range(8)
SOFTMAX, HIGHEST, UNIFORM, DIRECT = range(4)
NO_OUTCOME, ON_TIME, LATE, FAILED, NOT_ACCEPTED = range(5)
ETHER = 10**18
HOUR = 3600
KEY = digest("content key")
DELIVERY = (
    sha256(KEY).digest(),
    sha256(b"ciphertext").digest(),
    sha256(b"content").digest(),
    len(b"content"),
    "https://provider.example/ciphertext",
)
STAKE = 5 * ETHER
"""Covers two tasks of one ether."""
OFFER = (ETHER // 10, HOUR // 2, 2)
"""Least fee, least seconds, capacity."""


@dataclass(frozen=True)
class Task:
    """`ITaskBoard.Terms`, in its order."""

    producer: object
    prompt_commitment: bytes = digest("prompt and salt")
    fee: int = ETHER
    deliver_by: int = 0
    close_at: int = 0
    accept_window: int = HOUR
    reveal_window: int = HOUR
    policy: int = SOFTMAX
    temperature: int = ETHER // 10
    salt: bytes = ZERO_BYTES

    @property
    def terms(self) -> tuple:
        return (
            str(self.producer),
            self.prompt_commitment,
            self.fee,
            self.deliver_by,
            self.close_at,
            self.accept_window,
            self.reveal_window,
            self.policy,
            self.temperature,
            self.salt,
        )

    def but(self, **changes) -> "Task":
        """The same task with some terms changed."""
        return replace(self, **changes)

    def id(self, board) -> bytes:
        """Id of the task."""
        return bytes(board.idOf(self.terms))

    def state(self, board) -> int:
        """State of the task."""
        return board.stateOf(self.id(board))[0]

    def post(self, board, **transaction):
        """Post with the fee."""
        return board.post(self.terms, {"from": self.producer, "value": self.fee, **transaction})

    def assign(self, board, provider, selection=None, evidence=None, **transaction):
        """Assign to a provider, by default as the only candidate and before any epoch."""
        chosen = selection or selection_of([provider], [] if self.policy > HIGHEST else None)
        return board.assign(
            self.terms,
            provider,
            chosen,
            evidence or evidence_of(chosen),
            {"from": self.producer, **transaction},
        )

    def deliver(self, board, provider, delivery=DELIVERY):
        """Deliver as a provider."""
        return board.deliver(self.terms, delivery, {"from": provider})

    def accept(self, board, **transaction):
        """Accept as the producer."""
        return board.accept(self.terms, {"from": self.producer, **transaction})

    def settle(self, board, provider, delivery=DELIVERY, key=KEY):
        """Settle as a provider."""
        return board.settle(self.terms, delivery, key, {"from": provider})

    def close(self, board, caller):
        """Close as anybody."""
        return board.close(self.terms, {"from": caller})

    def brought_to(self, board, provider, state: int) -> "Task":
        """Bring the task from nothing to a state up to `ACCEPTED`."""
        if state >= POSTED:
            self.post(board)
        if state >= ASSIGNED:
            self.assign(board, provider)
        if state >= DELIVERED:
            self.deliver(board, provider)
        if state >= ACCEPTED:
            self.accept(board)
        return self


def task_of(producer, **terms) -> Task:
    """A task to be delivered within two hours and closed an hour later."""
    return Task(producer, **{"deliver_by": now() + 2 * HOUR, "close_at": now() + 3 * HOUR, **terms})


def selection_of(candidates, expectations=None, epoch=0) -> tuple:
    """The record of a selection, as `ITaskBoard.Selection`."""
    candidates = [str(candidate) for candidate in candidates]
    known = [ETHER // 2] * len(candidates) if expectations is None else expectations
    return (candidates, known, epoch)


def evidence_of(selection) -> tuple:
    """The evidence for a selection before any epoch, as `IReputationEpochs.Evidence`."""
    first = (ZERO_BYTES, ZERO_BYTES, 0, 0, ZERO_ADDRESS, 0)
    return (first, first, [(0, ZERO_BYTES, [])] * len(selection[1]))
