"""Ownership on one chain and its price on another: both chains, the parties, and a watchtower."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from capability_market import Market
from eth_account import Account
from eth_account.signers.local import LocalAccount
from market_accounts import ROLES, Accounts, admit_members
from outbox_support import funded_account

from edgebazaar.chain.contracts import ContractCall, ContractSet, iterate_events
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.node import EmbeddedNode
from edgebazaar.chain.profiles import PROFILES
from edgebazaar.chain.rpc import RpcClient, from_quantity
from edgebazaar.chain.transactions import transact
from edgebazaar.db import create_database_engine, upgrade_database
from edgebazaar.exchange.assets import Asset
from edgebazaar.exchange.watch.chain import ChainSettings, WatchedChain
from edgebazaar.exchange.watch.tower import Watchtower
from edgebazaar.values import ZERO_ADDRESS

CONTENT_CHAIN, PAYMENT_CHAIN = 41_001, 41_002
BLOCK_TIME = 0.1
HOUR = 3600
PRICE = 10**18 + 7
NONE, OPEN, CLAIMED, REFUNDED = range(4)
PATIENCE = 60.0
SPARE_BLOCKS = 20
Terms = dict[str, Any]


def wait_for(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true value of the condition."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return found


@dataclass
class Side:
    """One chain, with the fees that each account paid there."""

    rpc: RpcClient
    contracts: ContractSet
    administrator: LocalAccount
    fees: Counter[str] = field(default_factory=Counter)

    def act(self, account: LocalAccount, call: ContractCall) -> dict[str, Any]:
        """Sends a call and returns its receipt."""
        receipt = transact(self.rpc, self.contracts, account, call)
        price = from_quantity(receipt["effectiveGasPrice"])
        self.fees[account.address] += from_quantity(receipt["gasUsed"]) * price
        return receipt

    def lock(self, account: LocalAccount, terms: Terms, value: int = 0) -> str:
        """Opens a lock; its id."""
        receipt = self.act(account, ContractCall("HashedTimelock", "lock", (terms,), value))
        (locked,) = [
            event
            for event in iterate_events(self.contracts, receipt["logs"])
            if event.event == "Locked"
        ]
        return "0x" + locked.arguments["lockId"].hex()

    def state(self, lock_id: str) -> int:
        """State of a lock in the newest block."""
        return int(self.read("HashedTimelock", "stateOf", lock_id))

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        return self.contracts.read(self.rpc, ContractCall(contract, function, arguments))

    def balance(self, account: LocalAccount) -> int:
        return from_quantity(self.rpc.call("eth_getBalance", [account.address, "latest"]))

    def nonce(self, account: LocalAccount) -> int:
        return from_quantity(self.rpc.call("eth_getTransactionCount", [account.address, "latest"]))

    def head(self) -> int:
        return from_quantity(self.rpc.call("eth_blockNumber"))

    def mine(self, blocks: int) -> None:
        """So many blocks at once, a second apart."""
        self.rpc.call("anvil_mine", [hex(blocks)])

    def reorganise_from(self, block: int) -> None:
        """Replaces this block and all after it, and a few before it, with empty ones."""
        # The chain may grow between the two calls, and must not escape by that.
        self.rpc.call("anvil_reorg", [self.head() - block + 1 + SPARE_BLOCKS // 2, []])

    def now(self) -> int:
        """Time of the newest block."""
        return from_quantity(self.rpc.call("eth_getBlockByNumber", ["latest", False])["timestamp"])

    def member(self) -> LocalAccount:
        """A new funded member in the roles of producer and consumer."""
        account = funded_account(self.rpc)
        self.admit(account)
        return account

    def admit(self, account: LocalAccount) -> None:
        roles = ROLES["producer"] | ROLES["consumer"]
        arguments = (account.address, roles, self.now() + 10**8, bytes(31) + b"\x01")
        self.act(self.administrator, ContractCall("Membership", "admit", arguments))


@dataclass
class TwoChains:
    """The content chain, the payment chain, and the folder of their manifests.

    Attributes:
        present: Parties of the present test; watchtowers leave the locks of others alone.
    """

    content: Side
    payment: Side
    manifests: Path
    market: Market
    provider: LocalAccount
    present: set[str] = field(default_factory=set)

    def jump_to(self, timestamp: int) -> None:
        """Moves the clocks of both chains there."""
        sides = (self.content, self.payment)
        ahead = max(timestamp - min(side.now() for side in sides), 0)
        for side in sides:
            side.rpc.call("evm_increaseTime", [ahead])
        for side in sides:
            wait_for(lambda side=side: side.now() >= timestamp, "a block of that time")

    def party(self) -> LocalAccount:
        """A new member of both chains, with the same coins on both."""
        account = self.content.member()
        self.payment.rpc.call("anvil_setBalance", [account.address, hex(10**21)])
        self.payment.admit(account)
        self.present.add(account.address.lower())
        return account

    def exchange(self) -> Exchange:
        """A new exchange of content for coins, nothing locked yet."""
        seller, buyer = self.party(), self.party()
        key = self.market.register(seller, self.provider)
        now = max(self.content.now(), self.payment.now())
        exchange = Exchange(self, seller, buyer, int(key, 16), now + 4 * HOUR, now + 2 * HOUR)
        exchange.remember()
        return exchange


@dataclass
class Exchange:
    """Content of the seller for coins of the buyer; the seller holds the secret."""

    chains: TwoChains
    seller: LocalAccount
    buyer: LocalAccount
    token_id: int
    first_timelock: int
    second_timelock: int
    preimage: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    first: str = ""
    second: str = ""
    second_terms: Terms = field(default_factory=dict)
    before: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def price(self) -> Asset:
        return Asset("native", ZERO_ADDRESS, PRICE)

    def terms(self, sender: LocalAccount, receiver: LocalAccount, asset: Asset) -> Terms:
        return {
            "sender": sender.address,
            "receiver": receiver.address,
            "asset": asset.struct,
            "hashlock": hashlib.sha256(self.preimage).digest(),
            "timelock": 0,
            "expected": bytes(32),
            "firstLock": bytes(32),
            "guardedContent": 0,
        }

    def lock_content(self) -> None:
        """The seller's lock on the content chain."""
        side = self.chains.content
        asset = Asset("content", side.contracts.address("ProofOfAIGC"), self.token_id)
        terms = self.terms(self.seller, self.buyer, asset)
        terms |= {"timelock": self.first_timelock, "expected": self.price.hash}
        self.first = side.lock(self.seller, terms)

    def lock_price(self) -> None:
        """The buyer's lock on the payment chain."""
        self.second_terms = self.terms(self.buyer, self.seller, self.price)
        self.second_terms["timelock"] = self.second_timelock
        self.second = self.chains.payment.lock(self.buyer, self.second_terms, PRICE)

    def reveal(self) -> dict[str, Any]:
        """The seller takes the price, and the secret is out."""
        call = ContractCall("HashedTimelock", "claim", (self.second_terms, self.preimage))
        return self.chains.payment.act(self.seller, call)

    def states(self) -> tuple[int, int]:
        """Of the content's lock and the price's."""
        second = self.chains.payment.state(self.second) if self.second else NONE
        return self.chains.content.state(self.first), second

    def remember(self) -> None:
        """Notes the balances of both parties on both chains, and forgets the fees they paid."""
        for name, side in self.sides():
            for account in (self.seller, self.buyer):
                side.fees[account.address] = 0
                self.before[name, account.address] = side.balance(account)

    def sides(self) -> list[tuple[str, Side]]:
        return [("content", self.chains.content), ("payment", self.chains.payment)]

    def assert_outcome(self, *, traded: bool) -> None:
        """Everybody has, to the wei, what the outcome gives them; coins are on one side only."""
        owner = self.chains.content.read("ProofOfAIGC", "ownerOf", self.token_id)
        assert owner == (self.buyer if traded else self.seller).address
        moved = PRICE if traded else 0
        for name, side in self.sides():
            for account, sign in ((self.seller, 1), (self.buyer, -1)):
                gained = sign * moved if name == "payment" else 0
                expected = self.before[name, account.address] - side.fees[account.address] + gained
                assert side.balance(account) == expected
            if self.second:
                credits = side.read("Payouts", "creditOf", self.seller.address)
                assert credits == 0


@dataclass
class Tower:
    """A watchtower in this process."""

    tower: Watchtower
    chains: list[WatchedChain]
    account: LocalAccount


def watched_chains(
    chains: TwoChains,
    directory: Path,
    account: LocalAccount,
    *,
    confirmations: tuple[int, int] = (2, 2),
    maximum_fee: int = 10**16,
    **options: Any,
) -> list[WatchedChain]:
    """Both chains as a watchtower sees them; confirmations of content and payment chain."""
    return [
        WatchedChain(
            ChainSettings(side.rpc.url, depth, maximum_fee, poll_seconds=0.05),
            chains.manifests,
            directory,
            account,
            **options,
        )
        for side, depth in zip((chains.content, chains.payment), confirmations, strict=True)
    ]


@contextmanager
def running_tower(
    chains: TwoChains, directory: Path, account: LocalAccount, **options: Any
) -> Iterator[Tower]:
    """A watchtower that works while the block runs."""
    parties = frozenset(chains.present)
    watched = watched_chains(chains, directory, account, parties=parties, **options)
    tower = Watchtower(watched)
    stop = threading.Event()
    thread = threading.Thread(target=tower.run, args=(stop,), daemon=True)
    thread.start()
    try:
        yield Tower(tower, watched, account)
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def fee_payer(chains: TwoChains) -> LocalAccount:
    """A key that is nobody's member, with coins on both chains."""
    account: LocalAccount = Account.create()
    for side in (chains.content, chains.payment):
        side.rpc.call("anvil_setBalance", [account.address, hex(10**20)])
    return account


@pytest.fixture(scope="session")
def two_chains(accounts: Accounts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoChains]:
    """A chain with everything, and one with what payments need."""
    manifests = tmp_path_factory.mktemp("manifests")
    engine = create_database_engine(f"sqlite:///{manifests / 'market.db'}")
    upgrade_database(engine)
    with (
        EmbeddedNode(chain_id=CONTENT_CHAIN, block_time=BLOCK_TIME) as content_node,
        EmbeddedNode(chain_id=PAYMENT_CHAIN, block_time=BLOCK_TIME) as payment_node,
        RpcClient(content_node.url) as content_rpc,
        RpcClient(payment_node.url) as payment_rpc,
    ):
        sides = [
            Side(
                rpc,
                ContractSet(deploy(rpc.url, accounts.administrator, PROFILES[profile], manifests)),
                accounts.administrator,
            )
            for rpc, profile in ((content_rpc, "demo"), (payment_rpc, "payments"))
        ]
        admit_members(content_rpc, sides[0].contracts, accounts)
        market = Market(engine, sides[0].contracts, content_rpc)
        yield TwoChains(sides[0], sides[1], manifests, market, accounts.esp)
    engine.dispose()
