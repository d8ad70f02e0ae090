"""Challenges of near-copies."""

from __future__ import annotations

from benchmarks.gas.budgets import Anchor, Budget
from benchmarks.gas.rooms.content import PRODUCER, PROVIDER, register_all, registration
from benchmarks.gas.world import GasWorld

COPY = bytes(31) + b"\x01"
OTHER = b"\xff" * 32
BUDGETS = {
    "open a challenge": Budget(
        52_000, 48_000, (Anchor("prototype, Hamming distance, bond slot and event", 51_421),)
    ),
}


def measure(world: GasWorld) -> None:
    """One challenge that is upheld and one that is not."""
    (provider,) = world.new_members(1, PROVIDER)
    author, copyist = world.new_members(2, PRODUCER)
    (original,) = register_all(world, author, [registration(world, author, provider, "original")])
    copies = register_all(
        world,
        copyist,
        [
            registration(world, copyist, provider, "copy", COPY),
            registration(world, copyist, provider, "other", OTHER),
        ],
    )
    deposit = world.read("Challenges", "deposit")
    for record, opening, ending in (
        (copies[0], "open a challenge", "settle a challenge, upheld"),
        (copies[1], "open a second challenge", "settle a challenge, rejected"),
    ):
        world.measure(opening, author, "Challenges", "open", original, record, value=deposit)
        parties = (author.address, copyist.address, 1)
        world.measure(ending, author, "Challenges", "settle", original, record, *parties)
