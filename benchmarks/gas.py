"""Gas of the main functions beside that of well-known contracts for the same job.

Run it with `python -m benchmarks.gas`. The figures of others were measured once, on Anvil 1.7.1
with the rules of Osaka, each project with its own compiler settings and OpenZeppelin's tokens; they
are quoted, not measured again. Here the rules are those of Shanghai. "prototype" is the leanest
version of a design, tried before these contracts were written: no membership, no forwarder.
"""

from __future__ import annotations

import hashlib
from typing import Any

from eth_account.signers.local import LocalAccount

from benchmarks.chain import Market, new_accounts, running_market
from benchmarks.gas_auctions import measure_rounds
from benchmarks.measure import print_table
from edgebazaar.chain.contracts import ContractCall, iterate_events
from edgebazaar.chain.profiles import IMAGE_PDQ_V1
from edgebazaar.chain.rpc import from_quantity
from edgebazaar.chain.typed_data import (
    ForwardRequest,
    sign_typed_data,
    typed_data_for_forward_request,
    typed_data_for_receipt,
)

PRODUCER, PROVIDER, CONSUMER = 1, 2, 4
ETHER = 10**18
ZERO = bytes(32)
NOBODY = "0x" + "00" * 20
PREIMAGE = bytes(31) + b"\x2a"
HASHLOCK = hashlib.sha256(PREIMAGE).digest()
BATCH_SIZE = 10
Gas = dict[str, int]

ANCHORS: tuple[tuple[str, str, int], ...] = (
    ("lock 1 ether", "hashed-timelock-contract-ethereum (chatch)", 142_508),
    ("lock 1 ether", "prototype, one slot", 48_397),
    ("claim it", "hashed-timelock-contract-ethereum (chatch)", 87_040),
    ("claim it", "prototype, one slot", 38_443),
    ("refund it", "hashed-timelock-contract-ethereum (chatch)", 59_865),
    ("lock content in place", "chatch, ERC-721 with its approve", 190_837 + 48_574),
    ("lock content in place", "prototype, lock in the registry", 49_329),
    ("claim content", "chatch, ERC-721", 103_887),
    ("two-lock exchange, 4 transactions", "chatch, 5 transactions", 572_846),
    ("two-lock exchange, 4 transactions", "prototype, custody", 216_712),
    ("sale, open and settle", "prototype, one slot, no record, no royalty", 114_336),
    ("sale, open and settle", "Seaport 1.6 basic order (no hashlock, no escrow)", 98_120),
    ("register 1 content", "Story protocol-core 1.3.2, first", 221_523),
    ("register 1 content", "OpenZeppelin mint and one slot", 93_353),
    ("open a challenge", "prototype, bond and event", 51_421),
    ("open a round", "a16z auction-zoo, createAuction", 138_902),
    ("commit a bid", "a16z auction-zoo, commitBid", 57_862),
    ("commit a bid", "prototype, hash chain", 31_701),
    ("settle 8 bids, per bid", "a16z auction-zoo, revealBid with refund", 46_194),
    ("settle 32 bids, per bid", "a16z auction-zoo, revealBid with refund", 46_194),
    ("settle 128 bids, per bid", "a16z auction-zoo, revealBid with refund", 46_194),
    ("withdraw a credit", "prototype, pull payment", 28_412),
)


def used(receipt: dict[str, Any]) -> int:
    """Gas of a receipt."""
    return from_quantity(receipt["gasUsed"])


def registration(
    market: Market, producer: LocalAccount, provider: LocalAccount, name: str, fingerprint: bytes
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
    return {
        "receipt": receipt,
        "receiptSignature": sign_typed_data(
            provider.key, typed_data_for_receipt(market.contracts, receipt)
        ),
        "royaltyBps": 500,
        "uri": "/api/v1/contents/blobs/" + "ab" * 32,
    }


def register(
    market: Market, producer: LocalAccount, items: list[dict[str, Any]]
) -> tuple[int, int, list[dict[str, Any]]]:
    """Commit and register; gas of both, and the records as emitted."""
    hashes = [item["receipt"]["contentHash"] for item in items]
    question = ContractCall("ProofOfAIGC", "commitmentOf", (producer.address, hashes, ZERO))
    commitment = market.contracts.read(market.rpc, question)
    committed = market.call(producer, "ProofOfAIGC", "commit", commitment)
    registered = market.call(producer, "ProofOfAIGC", "register", items, ZERO)
    records = [
        event.arguments["record"]
        for event in iterate_events(market.contracts, registered["logs"])
        if event.event == "ContentRegistered"
    ]
    return used(committed), used(registered), records


def lock_terms(
    market: Market, sender: LocalAccount, receiver: LocalAccount, **changes: Any
) -> dict[str, Any]:
    """Terms of a lock of one ether for a day."""
    return {
        "sender": sender.address,
        "receiver": receiver.address,
        "asset": {"kind": 0, "token": NOBODY, "amountOrId": ETHER},
        "hashlock": HASHLOCK,
        "timelock": market.now() + 86400,
        "expected": ZERO,
        "firstLock": ZERO,
        "guardedContent": 0,
        "salt": ZERO,
        **changes,
    }


def measure_members_and_content(
    market: Market, gas: Gas, producer: LocalAccount, provider: LocalAccount
) -> list[dict[str, Any]]:
    """Admission, relaying and registration; the records of all contents."""
    newcomer = new_accounts(1)[0]
    admission = (newcomer.address, PRODUCER, market.now() + 86400, ZERO)
    gas["admit a member"] = used(
        market.call(market.administrator, "Membership", "admit", *admission)
    )
    copy = bytes(31) + b"\x01"
    first = registration(market, producer, provider, "first", ZERO)
    gas["commit"], gas["register 1 content"], records = register(market, producer, [first])
    many = [registration(market, producer, provider, f"batch {i}", copy) for i in range(BATCH_SIZE)]
    _, batch, more = register(market, producer, many)
    gas[f"register {BATCH_SIZE} at once, each"] = batch // BATCH_SIZE

    call = ContractCall("ProofOfAIGC", "commit", (hashlib.sha256(b"relayed").digest(),))
    typed_data = typed_data_for_forward_request(
        market.contracts, producer.address, call, 0, market.now() + 86400, 200_000
    )
    execution = ForwardRequest.from_typed_data(typed_data).execution(
        sign_typed_data(producer.key, typed_data)
    )
    relayed = market.call(market.administrator, "TrustedForwarder", "execute", *execution.arguments)
    gas["commit, relayed"] = used(relayed)
    return records + more


def measure_challenge(
    market: Market, gas: Gas, producer: LocalAccount, records: list[dict[str, Any]]
) -> None:
    """A challenge that is upheld."""
    original, duplicate = records[0], records[1]
    deposit = market.contracts.read(market.rpc, ContractCall("Challenges", "deposit", ()))
    opened = market.call(producer, "Challenges", "open", original, duplicate, value=deposit)
    settled = market.call(
        producer, "Challenges", "settle", original, duplicate, producer.address, producer.address, 1
    )
    gas["open a challenge"], gas["settle a challenge"] = used(opened), used(settled)


def measure_exchanges(
    market: Market, gas: Gas, seller: LocalAccount, buyer: LocalAccount, tokens: list[int]
) -> None:
    """Single locks, a two-lock exchange of content for coin, and a sale."""
    registry = market.contracts.address("ProofOfAIGC")
    single = lock_terms(market, buyer, seller)
    gas["lock 1 ether"] = used(market.call(buyer, "HashedTimelock", "lock", single, value=ETHER))
    gas["claim it"] = used(market.call(seller, "HashedTimelock", "claim", single, PREIMAGE))

    coin = {"kind": 0, "token": NOBODY, "amountOrId": ETHER}
    expected = market.contracts.read(
        market.rpc, ContractCall("HashedTimelock", "assetHash", (coin,))
    )
    content = {"kind": 3, "token": registry, "amountOrId": tokens[0]}
    first = lock_terms(market, seller, buyer, asset=content, expected=expected)
    first_id = market.contracts.read(market.rpc, ContractCall("HashedTimelock", "idOf", (first,)))
    second = lock_terms(
        market,
        buyer,
        seller,
        timelock=first["timelock"] - 7200,
        firstLock=first_id,
        guardedContent=tokens[0],
    )
    gas["lock content in place"] = used(market.call(seller, "HashedTimelock", "lock", first))
    gas["answer with a linked lock"] = used(
        market.call(buyer, "HashedTimelock", "lockLinked", second, first, value=ETHER)
    )
    claimed = used(market.call(seller, "HashedTimelock", "claim", second, PREIMAGE))
    gas["claim content"] = used(market.call(buyer, "HashedTimelock", "claim", first, PREIMAGE))
    gas["two-lock exchange, 4 transactions"] = (
        gas["lock content in place"]
        + gas["answer with a linked lock"]
        + claimed
        + gas["claim content"]
    )
    sale = {
        "buyer": buyer.address,
        "seller": seller.address,
        "tokenId": tokens[1],
        "price": ETHER,
        "hashlock": HASHLOCK,
        "timelock": market.now() + 86400,
        "salt": ZERO,
    }
    gas["open a sale"] = used(market.call(buyer, "AtomicSale", "open", sale, value=ETHER))
    gas["settle a sale"] = used(market.call(seller, "AtomicSale", "settle", sale, PREIMAGE))
    gas["sale, open and settle"] = gas["open a sale"] + gas["settle a sale"]

    short = lock_terms(market, buyer, seller, timelock=market.now() + 60)
    market.call(buyer, "HashedTimelock", "lock", short, value=ETHER)
    market.pass_time(61)
    gas["refund it"] = used(market.call(buyer, "HashedTimelock", "refund", short))


def measure_task(market: Market, gas: Gas, producer: LocalAccount, provider: LocalAccount) -> None:
    """A task from its posting to its payment, with one candidate."""
    gas["stake"] = used(market.call(provider, "TaskBoard", "stake", value=ETHER))
    gas["state an offer"] = used(market.call(provider, "TaskBoard", "setOffer", 1, 1, 8))
    now = market.now()
    terms = {
        "producer": producer.address,
        "promptCommitment": HASHLOCK,
        "fee": ETHER,
        "deliverBy": now + 3600,
        "closeAt": now + 7200,
        "acceptWindow": 3600,
        "revealWindow": 3600,
        "policy": 0,
        "temperature": ETHER // 10,
        "salt": ZERO,
    }
    delivery = {
        "hashlock": HASHLOCK,
        "ciphertextHash": HASHLOCK,
        "contentHash": HASHLOCK,
        "locator": "/api/v1/contents/blobs/" + "ab" * 32,
    }
    gas["post a task"] = used(market.call(producer, "TaskBoard", "post", terms, value=ETHER))
    selection = {
        "candidates": [provider.address],
        "expectations": [ETHER // 2],
        "recommenders": [],
        "evaluatedAt": from_quantity(market.rpc.call("eth_blockNumber")),
    }
    steps: tuple[tuple[str, LocalAccount, str, tuple[Any, ...]], ...] = (
        ("assign it", producer, "assign", (terms, provider.address, selection)),
        ("deliver", provider, "deliver", (terms, delivery)),
        ("accept", producer, "accept", (terms,)),
        ("settle a task, with its record", provider, "settle", (terms, delivery, PREIMAGE)),
    )
    for name, signer, function, arguments in steps:
        gas[name] = used(market.call(signer, "TaskBoard", function, *arguments))


def measure() -> Gas:
    """Gas of every operation by its name, on a fresh chain."""
    gas: Gas = {}
    with running_market(block_time=0.05) as market:
        producer, provider, consumer = new_accounts(3)
        market.admit([producer], PRODUCER)
        market.admit([provider], PROVIDER)
        market.admit([consumer], CONSUMER)
        records = measure_members_and_content(market, gas, producer, provider)
        tokens = [int.from_bytes(record["receipt"]["contentHash"], "big") for record in records]
        measure_challenge(market, gas, producer, records)
        measure_exchanges(market, gas, producer, consumer, tokens[2:])
        measure_task(market, gas, producer, provider)
        measure_rounds(market, gas)
    return gas


def main() -> None:
    """Print the table."""
    gas = measure()
    rows: list[list[object]] = []
    for name, amount in gas.items():
        others = [(anchor, theirs) for about, anchor, theirs in ANCHORS if about == name]
        for anchor, theirs in others or [("", 0)]:
            ratio = f"{amount / theirs:.2f}" if theirs else ""
            rows.append([name, amount, anchor, theirs or "", ratio])
    print_table(
        "Gas of whole transactions (ratio below 1: cheaper than what it is compared with)",
        ("operation", "gas", "compared with", "its gas", "ratio"),
        rows,
    )


if __name__ == "__main__":
    main()
