"""A refusal stands once it is repeated on a later block, or has waited long enough."""

from __future__ import annotations

from edgebazaar.chain.outbox.second_look import SecondLook
from edgebazaar.chain.outbox.states import TransactionState
from edgebazaar.chain.outbox.store import Move

ACCEPTED = TransactionState.ACCEPTED


class Clock:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def refusal(sequence: int) -> Move:
    return sequence, ACCEPTED, {"state": TransactionState.REFUSED}


def test_refusal_stands_on_a_later_block_only() -> None:
    look = SecondLook(clock=Clock())
    assert look.standing(7, [1], [refusal(1)]) == []
    assert look.standing(7, [1], [refusal(1)]) == []
    assert look.standing(8, [1], [refusal(1)]) == [refusal(1)]


def test_refusal_stands_without_a_block_once_its_time_is_over() -> None:
    clock = Clock()
    look = SecondLook(patience_seconds=3, clock=clock)
    assert look.standing(7, [1], [refusal(1)]) == []
    clock.now = 3
    assert look.standing(7, [1], [refusal(1)]) == [refusal(1)]


def test_request_that_passed_in_between_starts_anew() -> None:
    look = SecondLook(clock=Clock())
    look.standing(7, [1], [refusal(1)])
    assert look.standing(8, [1], []) == []
    assert look.standing(9, [1], [refusal(1)]) == []


def test_other_moves_pass_at_once() -> None:
    note: Move = (2, ACCEPTED, {"last_error": "no answer"})
    failed: Move = (3, ACCEPTED, {"state": TransactionState.FAILED})
    look = SecondLook(clock=Clock())
    assert look.standing(7, [1, 2, 3], [note, refusal(1), failed]) == [note, failed]
