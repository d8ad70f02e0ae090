"""Disputes about fingerprints: from the assertion to its end, by a sample of five."""

from __future__ import annotations

from typing import Any

from eth_account.signers.local import LocalAccount

from benchmarks.gas.budgets import Budget
from benchmarks.gas.rooms.content import register_all, registration
from benchmarks.gas.world import ZERO, GasWorld
from edgebazaar.chain.contracts import iterate_events

PRODUCER, PROVIDER, CONSUMER = 1, 2, 4
DISPUTES = "FingerprintDisputes"
STAKE = 10**18
PANEL = 8
# A block's hash decides how often the draw hits a provider that it has drawn already.
BUDGETS: dict[str, Budget] = {
    f"draw a sample, {ending}": Budget(spread=0.5) for ending in ("false", "true")
}


def measure(world: GasWorld) -> None:
    """One dispute that finds a false fingerprint and one that confirms the declared one."""
    (provider,) = world.new_members(1, PROVIDER)
    (producer,) = world.new_members(1, PRODUCER)
    (consumer,) = world.new_members(1, CONSUMER)
    panel = {one.address: one for one in world.new_members(PANEL, PROVIDER)}
    for one in (provider, *panel.values()):
        world.send(one, "TaskBoard", "stake", value=STAKE)
    for name, declared in (("false", b"\x01" * 32), ("true", ZERO)):
        item = registration(world, producer, provider, f"disputed {name}", declared)
        (record,) = register_all(world, producer, [item])
        dispute(world, consumer, panel, record, name)
    freezes(world, registration(world, producer, provider, "judged"), producer)


def dispute(
    world: GasWorld,
    asserter: LocalAccount,
    panel: dict[str, LocalAccount],
    record: dict[str, Any],
    ending: str,
) -> None:
    """All drawn attest that the fingerprint is zero."""
    bond = world.read(DISPUTES, "bond")
    opened = world.measure(
        f"assert a fingerprint, which is {ending}",
        asserter,
        DISPUTES,
        "open",
        record,
        "",
        value=bond,
    )
    terms = event_of(world, opened, "DisputeOpened")["terms"]
    world.rpc.call("anvil_mine", ["0x2"])
    drawn = world.measure(f"draw a sample, {ending}", asserter, DISPUTES, "draw", terms)
    sample = event_of(world, drawn, "SampleDrawn")["sample"]
    attested = [ZERO] * 8
    dispute_id = world.read(DISPUTES, "idOf", terms)
    for index, member in enumerate(sample):
        commitment = world.read(DISPUTES, "attestationOf", dispute_id, member, attested, ZERO)
        act = world.send if index else named(world, f"commit to an attestation, {ending}")
        act(panel[member], DISPUTES, "commit", terms, sample, commitment)
    world.pass_to(world.read(DISPUTES, "disputeOf", dispute_id)[2])
    for index, member in enumerate(sample):
        act = world.send if index else named(world, f"reveal an attestation, {ending}")
        act(panel[member], DISPUTES, "reveal", terms, attested, ZERO)
    world.measure(f"settle a dispute, {ending}", asserter, DISPUTES, "settle", terms, sample)


def named(world: GasWorld, name: str) -> Any:
    """`measure` under a name."""

    def act(*call: Any) -> dict[str, Any]:
        return world.measure(name, *call)

    return act


def freezes(world: GasWorld, item: dict[str, Any], producer: LocalAccount) -> None:
    """What the dispute contract asks of the register, each as a transaction of its own."""
    register_all(world, producer, [item])
    token = int.from_bytes(item["receipt"]["contentHash"], "big")
    judge = world.as_contract(DISPUTES)
    world.measure("freeze for a dispute", judge, "ProofOfAIGC", "freezeForDispute", token)
    world.measure("end a dispute, removed", judge, "ProofOfAIGC", "endDispute", token, True)


def event_of(world: GasWorld, receipt: dict[str, Any], name: str) -> dict[str, Any]:
    """Arguments of an event of a transaction."""
    return next(
        dict(event.arguments)
        for event in iterate_events(world.contracts, receipt["logs"])
        if event.event == name
    )
