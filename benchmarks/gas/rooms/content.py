"""Registration of content and how it moves, each function of the register alone."""

from __future__ import annotations

import hashlib
from typing import Any

from eth_account.signers.local import LocalAccount

from benchmarks.gas.budgets import Anchor, Budget
from benchmarks.gas.world import ZERO, GasWorld
from edgebazaar.chain.contracts import iterate_events
from edgebazaar.chain.profiles import IMAGE_PDQ_V1
from edgebazaar.chain.typed_data import sign_typed_data, typed_data_for_receipt
from edgebazaar.content.engine.records import merkle_proof, record_leaf

PRODUCER, PROVIDER, CONSUMER = 1, 2, 4
BATCH_SIZE = 10
STORY = Anchor("Story protocol-core 1.3.2, mint and register", 273_000)
KEPT_CHECKS = (
    "membership of producer and provider (8.3k), the provider's signature (4.5k) and the earlier"
    " commitment (5.6k) are kept; without them one registration is below the budget"
)
BUDGETS = {
    "register content, first of an owner": Budget(
        94_000,
        None,
        (STORY, Anchor("prototype, OpenZeppelin mint and one slot", 93_353)),
        KEPT_CHECKS,
    ),
    "register content": Budget(
        77_000,
        75_200,
        (STORY, Anchor("prototype, OpenZeppelin mint and one slot", 76_253)),
        KEPT_CHECKS,
    ),
    "register 10 contents at once, each": Budget(
        40_000,
        reason="the signed receipt of each item (5.2k with its calldata) and its event of 15 words"
        " (5.3k), which clients rebuild records from, are kept",
    ),
    "transfer content to a holder": Budget(None, 40_903, (Anchor("OpenZeppelin 5.7", 42_508),)),
    "approve": Budget(None, 47_600, (Anchor("OpenZeppelin 5.7", 48_574),)),
    "approve for all": Budget(None, 45_300, (Anchor("OpenZeppelin 5.7", 46_133),)),
}


def registration(
    world: GasWorld,
    producer: LocalAccount,
    provider: LocalAccount,
    name: str,
    fingerprint: bytes = ZERO,
) -> dict[str, Any]:
    """An item for `register`, its receipt signed by the provider."""
    receipt = {
        "producer": producer.address,
        "provider": provider.address,
        "contentHash": hashlib.sha256(name.encode()).digest(),
        "fingerprint": fingerprint,
        "fingerprintScheme": IMAGE_PDQ_V1,
        "promptCommitment": hashlib.sha256(b"prompt").digest(),
        "modelId": hashlib.sha256(b"model").digest(),
    }
    signature = sign_typed_data(provider.key, typed_data_for_receipt(world.contracts, receipt))
    return {
        "receipt": receipt,
        "receiptSignature": signature,
        "royaltyBps": 500,
        "uri": "/api/v1/contents/blobs/" + "ab" * 32,
    }


def commit(
    world: GasWorld, producer: LocalAccount, items: list[dict[str, Any]], name: str = ""
) -> None:
    """Commit to items; measured where a name is given."""
    hashes = [item["receipt"]["contentHash"] for item in items]
    commitment = world.read("ProofOfAIGC", "commitmentOf", producer.address, hashes, ZERO)
    if name:
        world.measure(name, producer, "ProofOfAIGC", "commit", commitment)
    else:
        world.send(producer, "ProofOfAIGC", "commit", commitment)


def register_all(
    world: GasWorld, producer: LocalAccount, items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Commit and register, unmeasured; the records, each with its proof."""
    commit(world, producer, items)
    receipt = world.send(producer, "ProofOfAIGC", "register", items, ZERO)
    found = [
        event.arguments
        for event in iterate_events(world.contracts, receipt["logs"])
        if event.event == "ContentRegistered"
    ]
    leaves = [
        record_leaf(tuple(one["receipt"].values()), one["royaltyBps"], one["uri"].encode())
        for one in found
    ]
    kept = ("receipt", "royaltyBps", "committedBlock", "commitment", "uri")
    return [
        {**{name: one[name] for name in kept}, "proof": merkle_proof(leaves, index)}
        for index, one in enumerate(found)
    ]


def token_of(item: dict[str, Any]) -> int:
    """Token id of a registration's content."""
    return int.from_bytes(item["receipt"]["contentHash"], "big")


def measure(world: GasWorld) -> None:
    """Registrations, transfers by the owner, and what custodians do."""
    (provider,) = world.new_members(1, PROVIDER)
    (producer,) = world.new_members(1, PRODUCER)
    (consumer,) = world.new_members(1, CONSUMER)
    site = "https://market.example"
    world.measure(
        "state where metadata is", world.administrator, "ProofOfAIGC", "setMetadataBase", site
    )
    first = registration(world, producer, provider, "first")
    second = registration(world, producer, provider, "second")
    commit(world, producer, [first], "commit to content")
    register = (producer, "ProofOfAIGC", "register")
    world.measure("register content, first of an owner", *register, [first], ZERO)
    commit(world, producer, [second])
    world.measure("register content", *register, [second], ZERO)
    batch = [registration(world, producer, provider, f"batch {i}") for i in range(BATCH_SIZE)]
    commit(world, producer, batch)
    world.measure("register 10 contents at once, each", *register, batch, ZERO, per=BATCH_SIZE)

    tokens = [token_of(item) for item in batch]
    transfers(world, producer, consumer, tokens)
    custody(world, producer, consumer, token_of(first))


def transfers(
    world: GasWorld, owner: LocalAccount, receiver: LocalAccount, tokens: list[int]
) -> None:
    """What an ERC-721 offers its holders; the receiver holds some already."""
    path = (owner.address, receiver.address)
    world.send(owner, "ProofOfAIGC", "transferFrom", *path, tokens[0])
    world.measure(
        "transfer content to a holder", owner, "ProofOfAIGC", "transferFrom", *path, tokens[1]
    )
    safe = "safeTransferFrom(address,address,uint256"
    world.measure("transfer safely", owner, "ProofOfAIGC", f"{safe})", *path, tokens[2])
    world.measure(
        "transfer safely with data", owner, "ProofOfAIGC", f"{safe},bytes)", *path, tokens[3], b""
    )
    world.measure("approve", owner, "ProofOfAIGC", "approve", receiver.address, tokens[4])
    world.measure(
        "approve for all", owner, "ProofOfAIGC", "setApprovalForAll", receiver.address, True
    )


def custody(world: GasWorld, owner: LocalAccount, receiver: LocalAccount, token: int) -> None:
    """What other contracts ask of the register, each as a transaction of its own."""
    timelock, sale, challenges = map(
        world.as_contract, ("HashedTimelock", "AtomicSale", "Challenges")
    )
    register = "ProofOfAIGC"
    world.measure(
        "freeze for an exchange", timelock, register, "freezeForExchange", token, owner.address
    )
    world.measure(
        "release from an exchange",
        timelock,
        register,
        "releaseFromExchange",
        token,
        receiver.address,
    )
    world.measure(
        "move in a sale", sale, register, "moveInSale", token, receiver.address, owner.address
    )
    world.measure("freeze for a challenge", challenges, register, "freezeForChallenge", token)
    world.measure("end a challenge, freed", challenges, register, "endChallenge", token, False)
    world.send(challenges, register, "freezeForChallenge", token)
    world.measure("end a challenge, removed", challenges, register, "endChallenge", token, True)
