"""Challenges of near-copies."""

from __future__ import annotations

from typing import Any

from eth_account.signers.local import LocalAccount

from benchmarks.gas.budgets import Anchor, Budget
from benchmarks.gas.rooms.content import PRODUCER, PROVIDER, register_all, registration
from benchmarks.gas.world import GasWorld

AUDITOR = 1 << 6
DAY = 86400
COPY = bytes(31) + b"\x01"
OTHER = b"\xff" * 32
BUDGETS = {
    "open a challenge": Budget(
        52_000,
        48_000,
        (Anchor("prototype, Hamming distance, bond slot and event", 51_421),),
        "the prototype asks nobody: membership 5k, the right to the original and the present owner "
        "of the copy 5k, its status and its freeze in the register 12k, the wider event 2k",
    ),
}


def measure(world: GasWorld) -> None:
    """A challenge that is upheld, one that is not, one conceded, and one before the panel."""
    (provider,) = world.new_members(1, PROVIDER)
    author, copyist = world.new_members(2, PRODUCER)
    auditors = world.new_members(3, AUDITOR)
    (original,) = register_all(world, author, [registration(world, author, provider, "original")])
    prints = {"copy": COPY, "other": OTHER, "conceded": COPY, "appealed": COPY}
    items = [registration(world, copyist, provider, *one) for one in prints.items()]
    copies = register_all(world, copyist, items)
    deposit = world.read("Challenges", "deposit")
    act = world.measure

    def opened(name: str, duplicate: dict[str, Any]) -> tuple[object, ...]:
        """Terms of a challenge whose opening is measured."""
        pair = (_token(original), _token(duplicate))
        act(name, author, "Challenges", "open", *pair, value=deposit)
        return (*pair, author.address, copyist.address, 1)

    upheld, rejected = (
        opened(name, duplicate)
        for name, duplicate in zip(
            ("open a challenge", "open a second challenge"), copies[:2], strict=True
        )
    )
    statement = (bytes(32), "ipfs://statement")
    contest = (copyist, "Challenges", "contest", rejected, *statement)
    act("contest a challenge", *contest, value=deposit)
    act("submit evidence", author, "Challenges", "submitEvidence", rejected, *statement)
    records = (original, copies[1])
    act("decide a challenge, contested", author, "Challenges", "decide", rejected, *records)
    world.pass_to(world.now() + 2 * DAY)
    records = (original, copies[0])
    act("decide a challenge, silent owner", author, "Challenges", "decide", upheld, *records)
    act("finalise a challenge, rejected", author, "Challenges", "finalise", rejected)
    world.pass_to(world.now() + 2 * DAY)
    act("finalise a challenge, upheld", author, "Challenges", "finalise", upheld)
    conceded = opened("open a challenge to concede", copies[2])
    act("concede a challenge", copyist, "Challenges", "concede", conceded)
    _appeal(world, opened("open a challenge to appeal", copies[3]), (original, copies[3]), auditors)


def _appeal(
    world: GasWorld,
    terms: tuple[object, ...],
    records: tuple[dict[str, Any], dict[str, Any]],
    auditors: list[LocalAccount],
) -> None:
    """From the verdict to the ruling, and who is paid for it."""
    act, caller = world.measure, auditors[0]
    world.pass_to(world.now() + DAY)
    world.send(caller, "Challenges", "decide", terms, *records)
    price = world.read("ArbitratorPanel", "price")
    place = (world.contracts.address("Challenges"), world.read("Challenges", "idOf", terms))
    act("appeal", str(terms[2]), "Challenges", "appeal", terms, value=price)
    for name, auditor in zip(("first", "second", "third"), auditors, strict=True):
        act(f"vote on an appeal, {name}", auditor, "ArbitratorPanel", "vote", *place, 2)
    rule_by = world.read("ArbitratorPanel", "disputeOf", *place)["ruleBy"]
    world.pass_to(rule_by - 3600)
    snapshot = world.rpc.call("evm_snapshot", [])
    panel = world.as_contract("ArbitratorPanel")
    act("rule on an appeal", panel, "Challenges", "rule", place[1], 2)
    world.rpc.call("evm_revert", [snapshot])
    act("count the votes on an appeal", caller, "ArbitratorPanel", "conclude", *place)
    act("collect a share", caller, "ArbitratorPanel", "collect", *place, caller.address)
    # Asked directly: a dispute of somebody who is no contract, which costs the same.
    parties = (terms[2], terms[3], world.now() + DAY)
    request = (caller, "ArbitratorPanel", "requestRuling", bytes(32), *parties)
    act("ask for a ruling", *request, value=price)


def _token(record: dict[str, Any]) -> int:
    return int.from_bytes(record["receipt"]["contentHash"], "big")
