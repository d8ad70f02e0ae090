"""What an operation may cost, and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Anchor:
    """A known contract that does the same job, measured once and quoted.

    Measured on Anvil 1.7.1, each project with its own compiler settings and OpenZeppelin's tokens.
    "prototype" is the leanest version of a design, tried before these contracts were written: no
    membership, no forwarder, no record.

    Attributes:
        name: What is compared with.
        gas: Gas of its whole transaction.
    """

    name: str
    gas: int


@dataclass(frozen=True, slots=True)
class Budget:
    """The aim for one operation.

    Attributes:
        gas: Gas of the whole transaction (or of an item, where the operation says so) to reach;
            None where there is no aim but to stay where it is.
        lower_bound: The cheapest transaction that still has the required state and one event.
        anchors: What it is compared with.
        reason: Why the budget is missed, one line; empty where it is met.
        spread: Share by which chance alone moves it, allowed on top of the gate's tolerance.
    """

    gas: int | None = None
    lower_bound: int | None = None
    anchors: tuple[Anchor, ...] = ()
    reason: str = ""
    spread: float = 0.0
