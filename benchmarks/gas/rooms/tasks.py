"""Generation tasks from their posting to their payment."""

from __future__ import annotations

import hashlib
from typing import Any

from eth_account.signers.local import LocalAccount

from benchmarks.gas.budgets import Budget
from benchmarks.gas.world import ETHER, GasWorld, account
from edgebazaar.content.engine.delivery import UNIT_BYTES, ciphertext_root, encrypt
from edgebazaar.content.engine.delivery_complaint import evidence_for
from edgebazaar.reputation.engine.epochs import EpochRecord

PRODUCER, PROVIDER = 1, 2
KEY = bytes(31) + b"\x2a"
HASHLOCK = hashlib.sha256(KEY).digest()
CONTENT = bytes(8 + 512 * 512 * 3)
"""A picture, of which the provider delivers one chunk wrong."""
WRONG = 300


def damaged() -> bytes:
    """The ciphertext of the picture with a wrong byte in that chunk."""
    place = WRONG * UNIT_BYTES + 99
    right = encrypt(CONTENT, KEY)
    return right[:place] + bytes([right[place] ^ 1]) + right[place + 1 :]


CIPHERTEXT = damaged()
BUDGETS: dict[str, Budget] = {}
DELIVERY = {
    "hashlock": HASHLOCK,
    "ciphertextRoot": ciphertext_root(CIPHERTEXT),
    "contentHash": hashlib.sha256(CONTENT).digest(),
    "contentSize": len(CONTENT),
    "locator": "/api/v1/contents/blobs/" + "ab" * 32,
}


def measure(world: GasWorld) -> None:
    """A provider's pledge and offer, its first and a later task for a producer, one not taken."""
    (producer,) = world.new_members(1, PRODUCER)
    (provider,) = world.new_members(1, PROVIDER)
    board = (provider, "TaskBoard")
    world.measure("stake, first", *board, "stake", value=2 * ETHER)
    world.measure("stake", *board, "stake", value=20 * ETHER)
    world.measure("state an offer", *board, "setOffer", 1, 1, 8)
    world.measure("unstake", *board, "unstake", ETHER)
    task(world, producer, provider, 1, ", first of a pair")
    terms = task(world, producer, provider, 2, "")
    complaint = (terms, DELIVERY, KEY, evidence())
    world.measure("complain about a picture", producer, "TaskBoard", "complain", *complaint)
    terms = task_terms(world, producer, 3)
    world.send(producer, "TaskBoard", "post", terms, value=ETHER)
    world.pass_to(terms["closeAt"] + 1)
    world.measure("close a task, not taken", producer, "TaskBoard", "close", terms)
    stakes(world, provider)


def stakes(world: GasWorld, provider: LocalAccount) -> None:
    """What a dispute contract does to a stake, each as a transaction of its own."""
    judge = world.read("TaskBoard", "disputes")
    world.impersonate(judge)
    world.measure("hold a stake", judge, "TaskBoard", "hold", provider.address)
    slash = (provider.address, ETHER // 2, account(251).address)
    world.measure("slash a stake", judge, "TaskBoard", "slash", *slash)
    world.measure("release a stake", judge, "TaskBoard", "release", provider.address)


def task_terms(world: GasWorld, producer: LocalAccount, salt: int) -> dict[str, Any]:
    """Terms of a task of one ether within two hours."""
    now = world.now()
    return {
        "producer": producer.address,
        "promptCommitment": HASHLOCK,
        "fee": ETHER,
        "deliverBy": now + 3600,
        "closeAt": now + 7200,
        "acceptWindow": 3600,
        "revealWindow": 3600,
        "policy": 0,
        "temperature": ETHER // 10,
        "salt": salt.to_bytes(32, "big"),
    }


def evidence() -> dict[str, Any]:
    """The wrong step, as the contract takes it."""
    shown = evidence_for(CIPHERTEXT, WRONG)
    return {
        "index": shown.index,
        "state": shown.state,
        "chunk": shown.chunk,
        "proof": list(shown.proof),
        "nextState": shown.next_state,
        "nextChunkHash": shown.next_chunk_hash,
        "nextProof": list(shown.next_proof),
    }


def task(
    world: GasWorld, producer: LocalAccount, provider: LocalAccount, salt: int, case: str
) -> dict[str, Any]:
    """One task with one candidate, from posting to payment."""
    terms = task_terms(world, producer, salt)
    world.measure(f"post a task{case}", producer, "TaskBoard", "post", terms, value=ETHER)
    selection = {
        "candidates": [provider.address],
        "expectations": [ETHER // 2],
        "epoch": 0,
    }
    first = EpochRecord.first().struct
    opening = {"index": 0, "details": bytes(32), "path": []}
    evidence = {"epoch": first, "pending": first, "openings": [opening]}
    steps: tuple[tuple[str, LocalAccount, str, tuple[Any, ...]], ...] = (
        ("assign a task", producer, "assign", (terms, provider.address, selection, evidence)),
        ("deliver", provider, "deliver", (terms, DELIVERY)),
        ("accept a delivery", producer, "accept", (terms,)),
        ("settle a task", provider, "settle", (terms, DELIVERY, KEY)),
    )
    for name, sender, function, arguments in steps:
        world.measure(f"{name}{case}", sender, "TaskBoard", function, *arguments)
    return terms
