"""Premiums on exchanges, early exits from locks, bounties for completing them."""

from __future__ import annotations

from typing import Any

from eth_account.signers.local import LocalAccount

from benchmarks.gas.budgets import Budget
from benchmarks.gas.rooms.content import CONSUMER, PRODUCER
from benchmarks.gas.rooms.exchange import COIN, DAY, lock_terms, preimage_of
from benchmarks.gas.world import ETHER, GasWorld
from edgebazaar.chain.typed_data import sign_typed_data, typed_data_for_exit

CLAIMED, REFUNDED = 2, 3
BUDGETS: dict[str, Budget] = {}


def measure(world: GasWorld) -> None:
    """Each function once, in the order of an exchange."""
    (leader,) = world.new_members(1, PRODUCER)
    (follower,) = world.new_members(1, CONSUMER)
    premiums(world, leader, follower)
    leave_early(world, leader, follower)
    bounties(world, leader, follower)


def premiums(world: GasWorld, leader: LocalAccount, follower: LocalAccount) -> None:
    """Premiums that are joined and settled, and some that are not joined."""
    contract = "ExchangePremiums"
    first = lock_terms(
        world, leader, follower, 70, expected=world.read("HashedTimelock", "assetHash", COIN)
    )
    linked = lock_terms(
        world,
        follower,
        leader,
        70,
        timelock=first["timelock"] - 7200,
        firstLock=world.read("HashedTimelock", "idOf", first),
    )
    terms: dict[str, Any] = {
        "leader": leader.address,
        "follower": follower.address,
        "leaderPremium": ETHER // 10,
        "followerPremium": ETHER // 10,
        "firstLock": linked["firstLock"],
        "linkedLock": world.read("HashedTimelock", "idOf", linked),
        "joinUntil": world.now() + 600,
        "answerUntil": world.now() + 1200,
    }
    deposit = (follower, contract, "deposit", terms, first, linked)
    world.measure("deposit a premium", *deposit, value=ETHER // 10)
    world.send(leader, "HashedTimelock", "lock", first, value=ETHER)
    world.measure("join with a premium", leader, contract, "join", terms, value=ETHER // 10)
    world.send(follower, "HashedTimelock", "lockLinked", linked, first, value=ETHER)
    world.send(leader, "HashedTimelock", "claim", linked, preimage_of(70))
    world.measure("settle premiums", leader, contract, "settle", terms)

    alone = terms | {"leaderPremium": 1}
    world.send(follower, contract, "deposit", alone, first, linked, value=ETHER // 10)
    world.pass_to(alone["joinUntil"])
    world.measure("withdraw a premium", follower, contract, "withdraw", alone)


def leave_early(world: GasWorld, sender: LocalAccount, receiver: LocalAccount) -> None:
    """One party calls with the other's signature."""
    terms = lock_terms(world, sender, receiver, 71)
    world.send(sender, "HashedTimelock", "lock", terms, value=ETHER)
    lock_id = world.read("HashedTimelock", "idOf", terms)
    consent = sign_typed_data(receiver.key, typed_data_for_exit(world.contracts, lock_id))
    world.measure("leave a lock early", sender, "HashedTimelock", "exit", terms, b"", consent)


def bounties(world: GasWorld, sender: LocalAccount, receiver: LocalAccount) -> None:
    """A bounty for the claim and one for the refund, both earned by a watcher; one taken back."""
    contract, patron = "CompletionBounties", sender
    (watcher,) = world.new_members(1, CONSUMER)
    claimed = lock_terms(world, sender, receiver, 72)
    refunded = lock_terms(world, sender, receiver, 73, timelock=world.now() + DAY // 2)
    for terms in (claimed, refunded):
        world.send(sender, "HashedTimelock", "lock", terms, value=ETHER)
    ids = [world.read("HashedTimelock", "idOf", terms) for terms in (claimed, refunded)]
    world.measure("deposit a bounty", patron, contract, "deposit", ids[0], CLAIMED, value=ETHER)
    world.send(patron, contract, "deposit", ids[0], REFUNDED, value=ETHER)
    world.send(patron, contract, "deposit", ids[1], REFUNDED, value=ETHER)
    patrons = [patron.address]
    world.measure(
        "claim a lock for its bounty", watcher, contract, "claim", claimed, preimage_of(72), patrons
    )
    back = (ids[0], patron.address, REFUNDED)
    world.measure("take a bounty back", patron, contract, "takeBack", *back)
    world.pass_to(refunded["timelock"])
    world.measure("refund a lock for its bounty", watcher, contract, "refund", refunded, patrons)
