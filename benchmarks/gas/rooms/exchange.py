"""Locks of coin, tokens and content, whole exchanges, and sales."""

from __future__ import annotations

import hashlib
from typing import Any

from eth_account.signers.local import LocalAccount

from benchmarks.gas.budgets import Anchor, Budget
from benchmarks.gas.rooms.content import (
    CONSUMER,
    PRODUCER,
    PROVIDER,
    register_all,
    registration,
    token_of,
)
from benchmarks.gas.world import ETHER, NOBODY, ZERO, GasWorld

DAY = 86400
CHATCH = "chatch hashed-timelock"
TOKENS = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
contract Coin is ERC20("Coin", "C") {
    function mint(address account, uint256 amount) external { _mint(account, amount); }
}
contract Picture is ERC721("Picture", "P") {
    function mint(address account, uint256 tokenId) external { _mint(account, tokenId); }
}
"""
NATIVE, TOKEN, FOREIGN, CONTENT = range(4)
COIN = {"kind": NATIVE, "token": NOBODY, "amountOrId": ETHER}
BUDGETS = {
    "lock native coin": Budget(
        48_500,
        44_957,
        (
            Anchor(CHATCH, 142_508),
            Anchor("1inch cross-chain-swap", 67_520),
            Anchor("prototype, one slot", 48_397),
        ),
        reason=(
            "Membership of the sender is asked (5.5k); terms have three words more, "
            "for linked locks (1.2k); the encoding of ids and events takes 2k; the "
            "id stays closed and readable for good, so no slot is recycled (17.1k a "
            "lock)."
        ),
    ),
    "claim native coin": Budget(
        38_500,
        30_611,
        (
            Anchor(CHATCH, 87_040),
            Anchor("1inch cross-chain-swap", 45_126),
            Anchor("prototype, one slot", 38_443),
        ),
        reason=(
            "Three words more in the terms (0.4k), the caller in the event (0.3k), "
            "the hash of the terms (1k)."
        ),
    ),
    "refund native coin": Budget(
        37_500,
        30_000,
        (
            Anchor(CHATCH, 59_865),
            Anchor("1inch cross-chain-swap", 41_610),
            Anchor("prototype, one slot", 37_479),
        ),
        reason=(
            "Three words more in the terms (0.4k), the caller in the event (0.3k), "
            "the hash of the terms (1k)."
        ),
    ),
    "lock ERC-20": Budget(
        67_100,
        61_900,
        (
            Anchor(CHATCH, 185_163),
            Anchor("garden HTLC", 156_504),
            Anchor("prototype, one slot", 67_030),
        ),
        reason=(
            "As for native coin; besides, the amount that arrived is measured and "
            "re-entry refused (4k), against tokens with fees or hooks."
        ),
    ),
    "claim ERC-20": Budget(
        47_600,
        38_500,
        (
            Anchor(CHATCH, 96_093),
            Anchor("garden HTLC", 53_040),
            Anchor("prototype, one slot", 47_503),
        ),
        reason=("As for native coin; the token itself costs what OpenZeppelin's does."),
    ),
    "lock content in place, first": Budget(
        49_400,
        None,
        (
            Anchor("chatch, ERC-721 with its approve", 239_411),
            Anchor("prototype, lock in the registry", 49_329),
        ),
        reason=(
            "Membership of both parties is asked (8.3k); the lock keeps a slot of "
            "its own besides the freeze in the register, so that its outcome stays "
            "readable."
        ),
    ),
    "lock content in place": Budget(
        32_300,
        None,
        (Anchor("prototype, recycled slot in the registry", 32_229),),
        reason=(
            "As the first: the lock's own slot is never recycled (17.1k), so that "
            "premiums, bounties and watchers can read how it ended."
        ),
    ),
    "claim content": Budget(
        49_900,
        None,
        (Anchor("chatch, ERC-721", 103_887), Anchor("prototype, lock in the registry", 49_785)),
        reason=(
            "The lock's own slot and event besides those of the register, which is "
            "called and checks its custodian."
        ),
    ),
    "two-lock exchange, first": Budget(
        187_000,
        190_400,
        (Anchor("chatch, 5 transactions", 572_846),),
        reason=(
            "The sum of its four transactions: membership (14k), guarded content, "
            "which the claim of the answer asks the register for, two slots that "
            "are never recycled."
        ),
    ),
    "two-lock exchange": Budget(
        152_000,
        140_600,
        (Anchor("chatch, 5 transactions", 572_846), Anchor("prototype, custody", 216_712)),
        reason=(
            "The sum of its four transactions: two slots that are never recycled "
            "(34k), membership (14k), guarded content."
        ),
    ),
    "sale, open and settle": Budget(
        115_000,
        None,
        (
            Anchor("Seaport 1.6 basic order (no hashlock, no escrow)", 98_120),
            Anchor("prototype, one slot, no record, no royalty", 114_336),
        ),
        reason=(
            "Membership (5.5k), the record in ReputationLedger (22k), royalty of "
            "the register: the trade counts for reputation and pays its creator."
        ),
    ),
}


def preimage_of(index: int) -> bytes:
    """A secret of its own for each lock."""
    return hashlib.sha256(b"preimage %d" % index).digest()


def lock_terms(
    world: GasWorld, sender: LocalAccount, receiver: LocalAccount, index: int, **changes: Any
) -> dict[str, Any]:
    """Terms of a lock of one ether for a day."""
    return {
        "sender": sender.address,
        "receiver": receiver.address,
        "asset": COIN,
        "hashlock": hashlib.sha256(preimage_of(index)).digest(),
        "timelock": world.now() + DAY,
        "expected": ZERO,
        "firstLock": ZERO,
        "guardedContent": 0,
        **changes,
    }


def measure(world: GasWorld) -> None:
    """Every kind of lock, then exchanges, sales and what happens when time runs out."""
    (provider,) = world.new_members(1, PROVIDER)
    (seller,) = world.new_members(1, PRODUCER)
    (buyer,) = world.new_members(1, CONSUMER)
    items = [registration(world, seller, provider, f"work {index}") for index in range(8)]
    tokens = [token_of(item) for item in items]
    register_all(world, seller, items)
    # The buyer holds content already, as buyers do.
    world.send(seller, "ProofOfAIGC", "transferFrom", seller.address, buyer.address, tokens.pop())
    locks(world, seller, buyer)
    foreign_assets(world, seller, buyer)
    exchange(world, seller, buyer, tokens[0], 20, ", first")
    back(world, seller, buyer, tokens[0])
    exchange(world, seller, buyer, tokens[0], 22, "")
    sales(world, seller, buyer, tokens[1:])


def locks(world: GasWorld, seller: LocalAccount, buyer: LocalAccount) -> None:
    """Coin: locked and claimed, locked and refunded."""
    terms = lock_terms(world, buyer, seller, 1)
    world.measure("lock native coin", buyer, "HashedTimelock", "lock", terms, value=ETHER)
    world.measure("claim native coin", seller, "HashedTimelock", "claim", terms, preimage_of(1))
    short = lock_terms(world, buyer, seller, 2, timelock=world.now() + 60)
    world.send(buyer, "HashedTimelock", "lock", short, value=ETHER)
    world.pass_to(short["timelock"])
    world.measure("refund native coin", buyer, "HashedTimelock", "refund", short)


def foreign_assets(world: GasWorld, seller: LocalAccount, buyer: LocalAccount) -> None:
    """An ERC-20 and an ERC-721 of others; contract and receiver hold some of them already."""
    escrow = world.contracts.address("HashedTimelock")
    coin, picture = (world.create(name, TOKENS) for name in ("Coin", "Picture"))
    for holder in (buyer.address, seller.address, escrow):
        coin.send(buyer, "mint(address,uint256)", holder, 10 * ETHER)
    for index, holder in enumerate((buyer.address, buyer.address, seller.address, escrow)):
        picture.send(buyer, "mint(address,uint256)", holder, index)
    coin.send(buyer, "approve(address,uint256)", escrow, 2**256 - 1)
    picture.send(buyer, "setApprovalForAll(address,bool)", escrow, 1)
    for name, asset, index in (
        ("ERC-20", {"kind": TOKEN, "token": coin.address, "amountOrId": ETHER}, 3),
        ("foreign ERC-721", {"kind": FOREIGN, "token": picture.address, "amountOrId": 0}, 5),
    ):
        terms = lock_terms(world, buyer, seller, index, asset=asset)
        world.measure(f"lock {name}", buyer, "HashedTimelock", "lock", terms)
        world.measure(f"claim {name}", seller, "HashedTimelock", "claim", terms, preimage_of(index))


def exchange(
    world: GasWorld, seller: LocalAccount, buyer: LocalAccount, token: int, index: int, case: str
) -> None:
    """Content for coin in two locks and two claims."""
    registry = world.contracts.address("ProofOfAIGC")
    names = [
        f"lock content in place{case}",
        f"answer with a linked lock{case}",
        f"claim the answer{case}",
        f"claim content{case}",
    ]
    first = lock_terms(
        world,
        seller,
        buyer,
        index,
        asset={"kind": CONTENT, "token": registry, "amountOrId": token},
        expected=world.read("HashedTimelock", "assetHash", COIN),
    )
    second = lock_terms(
        world,
        buyer,
        seller,
        index,
        timelock=first["timelock"] - 7200,
        firstLock=world.read("HashedTimelock", "idOf", first),
        guardedContent=token,
    )
    secret = preimage_of(index)
    timelock = "HashedTimelock"
    world.measure(names[0], seller, timelock, "lock", first)
    world.measure(names[1], buyer, timelock, "lockLinked", second, first, value=ETHER)
    world.measure(names[2], seller, timelock, "claim", second, secret)
    world.measure(names[3], buyer, timelock, "claim", first, secret)
    world.gas[f"two-lock exchange{case}"] = sum(world.gas[name] for name in names)


def back(world: GasWorld, seller: LocalAccount, buyer: LocalAccount, token: int) -> None:
    """Give content back, so that it is exchanged a second time."""
    world.send(buyer, "ProofOfAIGC", "transferFrom", buyer.address, seller.address, token)


def sales(world: GasWorld, seller: LocalAccount, buyer: LocalAccount, tokens: list[int]) -> None:
    """A first sale between two accounts, a later one, and one that runs out of time."""

    def terms(token: int, seconds: int = DAY) -> dict[str, Any]:
        return {
            "buyer": buyer.address,
            "seller": seller.address,
            "tokenId": token,
            "price": ETHER,
            "hashlock": hashlib.sha256(preimage_of(9)).digest(),
            "timelock": world.now() + seconds,
        }

    for case, token in (("first of a pair", tokens[0]), ("later", tokens[1])):
        suffix = f", {case}" if case != "later" else ""
        sale = terms(token)
        world.measure(f"open a sale{suffix}", buyer, "AtomicSale", "open", sale, value=ETHER)
        world.measure(
            f"settle a sale{suffix}", seller, "AtomicSale", "settle", sale, preimage_of(9)
        )
    world.gas["sale, open and settle"] = world.gas["open a sale"] + world.gas["settle a sale"]
    short = terms(tokens[2], 60)
    world.send(buyer, "AtomicSale", "open", short, value=ETHER)
    world.pass_to(short["timelock"])
    world.measure("refund a sale", buyer, "AtomicSale", "refund", short)
