"""Terms of locks and sales as the contracts take them, and the two-lock exchange of the tests."""

from dataclasses import dataclass, replace
from hashlib import sha256

from contract_support import SAFETY_MARGIN, ZERO_ADDRESS, ZERO_BYTES, digest, now

NATIVE, TOKEN, FOREIGN_NON_FUNGIBLE, CONTENT = range(4)
NONE, OPEN, CLAIMED, REFUNDED = range(4)
SETTLED = CLAIMED
ETHER = 10**18
HOUR = 3600
PREIMAGE = digest("preimage")


def hashlock_of(preimage: bytes) -> bytes:
    """What a preimage opens."""
    return sha256(preimage).digest()


@dataclass(frozen=True)
class Lock:
    """`IHashedTimelock.Terms`, in its order; accounts as brownie has them."""

    sender: object
    receiver: object
    asset: tuple = (NATIVE, ZERO_ADDRESS, ETHER)
    hashlock: bytes = hashlock_of(PREIMAGE)
    timelock: int = 0
    expected: bytes = ZERO_BYTES
    first_lock: bytes = ZERO_BYTES
    guarded_content: int = 0

    @property
    def terms(self) -> tuple:
        return (
            str(self.sender),
            str(self.receiver),
            self.asset,
            self.hashlock,
            self.timelock,
            self.expected,
            self.first_lock,
            self.guarded_content,
        )

    @property
    def value(self) -> int:
        return self.asset[2] if self.asset[0] == NATIVE else 0

    def but(self, **changes) -> "Lock":
        """The same lock with some terms changed."""
        return replace(self, **changes)

    def id(self, timelock) -> bytes:
        """Id of the lock."""
        return bytes(timelock.idOf(self.terms))

    def open(self, timelock, **transaction):
        """Open a first or single lock."""
        return timelock.lock(self.terms, {"from": self.sender, "value": self.value, **transaction})

    def answer(self, timelock, first: "Lock", **transaction):
        """Open as the lock that answers `first`."""
        return timelock.lockLinked(
            self.terms, first.terms, {"from": self.sender, "value": self.value, **transaction}
        )


@dataclass(frozen=True)
class Sale:
    """`IAtomicSale.Terms`, in its order."""

    buyer: object
    seller: object
    token_id: int
    price: int = ETHER + 1
    hashlock: bytes = hashlock_of(PREIMAGE)
    timelock: int = 0

    @property
    def terms(self) -> tuple:
        return (
            str(self.buyer),
            str(self.seller),
            self.token_id,
            self.price,
            self.hashlock,
            self.timelock,
        )

    def but(self, **changes) -> "Sale":
        """The same sale with some terms changed."""
        return replace(self, **changes)

    def id(self, sale) -> bytes:
        """Id of the sale."""
        return bytes(sale.idOf(self.terms))

    def open(self, sale, **transaction):
        """Pay the price."""
        return sale.open(self.terms, {"from": self.buyer, "value": self.price, **transaction})


@dataclass(frozen=True)
class Premiums:
    """`IExchangePremiums.Terms`, in its order."""

    leader: object
    follower: object
    first_lock: bytes
    linked_lock: bytes
    join_until: int
    answer_until: int
    leader_premium: int = 3 * ETHER // 10
    follower_premium: int = 2 * ETHER // 10

    @property
    def terms(self) -> tuple:
        return (
            str(self.leader),
            str(self.follower),
            self.leader_premium,
            self.follower_premium,
            self.first_lock,
            self.linked_lock,
            self.join_until,
            self.answer_until,
        )

    def but(self, **changes) -> "Premiums":
        """The same premiums with some terms changed."""
        return replace(self, **changes)

    def id(self, premiums) -> bytes:
        """Id of the pair of premiums."""
        return bytes(premiums.idOf(self.terms))

    def deposit(self, premiums, first: Lock, linked: Lock, **transaction):
        """The follower deposits."""
        sender = {"from": self.follower, "value": self.follower_premium, **transaction}
        return premiums.deposit(self.terms, first.terms, linked.terms, sender)

    def join(self, premiums, **transaction):
        """The leader joins."""
        sender = {"from": self.leader, "value": self.leader_premium, **transaction}
        return premiums.join(self.terms, sender)


def premiums_on(timelock, first: Lock, linked: Lock) -> Premiums:
    """Premiums on two linked locks: a quarter of the time to join, half of it to answer."""
    time = linked.timelock - now()
    return Premiums(
        first.sender,
        first.receiver,
        first.id(timelock),
        linked.id(timelock),
        now() + time // 4,
        now() + time // 2,
    )


def content_asset(registry, token_id: int) -> tuple:
    """Content as the asset of a lock."""
    return (CONTENT, registry.address, token_id)


def exchange(timelock, registry, seller, buyer, token_id: int) -> tuple[Lock, Lock]:
    """Content against 3 ether: the seller's first lock and the buyer's answer, not yet opened."""
    price = (NATIVE, ZERO_ADDRESS, 3 * ETHER)
    first = Lock(
        sender=seller,
        receiver=buyer,
        asset=content_asset(registry, token_id),
        timelock=now() + 2 * HOUR + SAFETY_MARGIN,
        expected=bytes(timelock.assetHash(price)),
    )
    second = Lock(
        sender=buyer,
        receiver=seller,
        asset=price,
        timelock=first.timelock - SAFETY_MARGIN,
        first_lock=first.id(timelock),
        guarded_content=token_id,
    )
    return first, second
