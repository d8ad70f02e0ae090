"""Auction rounds for the contract tests: terms, sealed bids and the steps of their operator."""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from types import SimpleNamespace
from typing import Any, NamedTuple

from contract_support import ZERO_ADDRESS, next_block_at, now

from edgebazaar.auctions.engine import entitlements, fixed_point
from edgebazaar.auctions.words import OFFLINE as OFFLINE_BIT
from edgebazaar.auctions.words import OPENED, score_word

ONLINE, OFFLINE = 0, 1
NONE, OPEN, SCORED, DECLARED, SETTLED, REFUNDED = range(6)
NOBODY = 2**256 - 1
WAD = 10**18
ETHER = 10**18
TENTH = ETHER // 10
STAGE_SECONDS = 1000
INPUTS = b'{"market":"test"}'


class Terms(NamedTuple):
    """The terms of a round in the order of the contract's struct."""

    operator: str
    beneficiary: str
    brand: str
    commit_until: int
    score_until: int
    declare_until: int
    open_until: int
    settle_until: int
    online_deposit: int = 2 * ETHER
    offline_deposit: int = 10 * ETHER
    online_reserve: int = 0
    offline_reserve: int = 0
    brand_price: int = ETHER // 100
    alpha: int = WAD
    maximum_seconds: int = 10
    penalty_bps: int = 1000
    maximum_bids: int = 100
    salt: bytes = bytes(32)

    @property
    def advance(self) -> int:
        """What the operator pays in advance for the brand."""
        return self.brand_price * self.maximum_seconds

    def deposit(self, submarket: int) -> int:
        """Deposit of a bid in a submarket."""
        return self.online_deposit if submarket == ONLINE else self.offline_deposit


class Score(NamedTuple):
    """Score of an online bid in the order of the contract's struct."""

    proportional: int = 0
    additive: int = 0
    simulation_seconds: int = 0


def packed_bids(bids: list[tuple[Any, ...]]) -> list[tuple[int, bytes]]:
    """Bids as the contract takes them; bits are set as told, even where they make no sense."""
    return [
        (
            int(bidder, 16) | amount << 160 | OFFLINE_BIT * (side == OFFLINE) | OPENED * opened,
            secret,
        )
        for bidder, side, opened, amount, secret in bids
    ]


def packed_scores(scores: list[Score]) -> list[int]:
    """Scores as the contract takes them."""
    return [score_word(*score) for score in scores]


def twin(terms: Terms, bids: list[tuple[Any, ...]], scores: list[Score]) -> fixed_point.Settlement:
    """What the Python twin makes of a round."""
    return fixed_point.settle_round(
        engine_terms(terms),
        [
            fixed_point.RoundBid(fixed_point.Submarket(submarket), amount if opened else None)
            for _, submarket, opened, amount, _ in bids
        ],
        [fixed_point.VehicleScore(*score) for score in scores],
    )


def engine_terms(terms: Terms) -> fixed_point.RoundTerms:
    """The terms as the Python twin takes them."""
    return fixed_point.RoundTerms(
        online_deposit=terms.online_deposit,
        offline_deposit=terms.offline_deposit,
        online_reserve=terms.online_reserve,
        offline_reserve=terms.offline_reserve,
        brand_price=terms.brand_price,
        alpha=terms.alpha,
        maximum_seconds=terms.maximum_seconds,
        penalty_bps=terms.penalty_bps,
        has_brand=terms.brand != ZERO_ADDRESS,
    )


@dataclass(frozen=True)
class SealedBid:
    """A committed bid with what its bidder and the operator know of it."""

    bidder: str
    submarket: int
    amount: int
    salt: bytes
    commitment: bytes
    declared: bool
    self_opened: bool = False

    def replayed(self) -> tuple[Any, ...]:
        """The bid as an honest operator replays it at settlement."""
        if self.declared or self.self_opened:
            return (self.bidder, self.submarket, True, self.amount, self.salt)
        return self.sealed()

    def sealed(self) -> tuple[Any, ...]:
        """The bid as it is replayed unopened."""
        return (self.bidder, self.submarket, False, 0, self.commitment)


@dataclass
class AuctionRound:
    """One round and its operator; every step can be given wrong arguments instead of its own."""

    house: Any
    terms: Terms
    bids: list[SealedBid] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)

    @property
    def id(self) -> bytes:
        """The round's id as the contract computes it."""
        return bytes(self.house.idOf(self.terms))

    @property
    def state(self) -> int:
        """The round's state on chain."""
        return self.house.roundOf(self.id)[0]

    @property
    def funds(self) -> int:
        """All money that the round holds."""
        return self.terms.advance + sum(self.terms.deposit(bid.submarket) for bid in self.bids)

    @property
    def bitmap(self) -> list[int]:
        """Bit i of word i // 256 for each declared bid."""
        words = [0] * ((len(self.bids) + 255) // 256)
        for index, bid in enumerate(self.bids):
            words[index // 256] |= bid.declared << (index % 256)
        return words

    def open(self) -> Any:
        """Open the round."""
        return self.house.openRound(
            self.terms, {"from": self.terms.operator, "value": self.terms.advance}
        )

    def commit(
        self,
        account: Any,
        submarket: int,
        amount: int,
        *,
        score: Score = Score(),
        declared: bool = True,
        commitment: bytes | None = None,
    ) -> Any:
        """Commit a bid; an online bid brings the score that the operator will publish for it."""
        salt = len(self.bids).to_bytes(32, "big")
        if commitment is None:
            commitment = bytes(self.house.commitmentOf(self.id, account, submarket, amount, salt))
        transaction = self.house.commitBid(
            *self.house.partsOf(self.terms),
            submarket,
            commitment,
            {"from": account, "value": self.terms.deposit(submarket)},
        )
        self.bids.append(SealedBid(str(account), submarket, amount, salt, commitment, declared))
        if submarket == ONLINE:
            self.scores.append(score)
        return transaction

    def publish(self, scores: list[Score] | None = None) -> Any:
        """Publish the scores when bids are no longer taken."""
        next_block_at(max(self.terms.commit_until, now()))
        return self.house.publishScores(
            self.terms,
            packed_scores(self.scores if scores is None else scores),
            sha256(INPUTS).digest(),
            INPUTS,
            {"from": self.terms.operator},
        )

    def declare(self, bitmap: list[int] | None = None) -> Any:
        """Declare the bids that the operator can open."""
        return self.house.declareOpenings(
            self.terms, self.bitmap if bitmap is None else bitmap, {"from": self.terms.operator}
        )

    def open_own(
        self, index: int, account: Any = None, amount: int | None = None, salt: bytes | None = None
    ) -> Any:
        """Let a bidder open its own bid; wrong arguments do not count as an opening here either."""
        bid = self.bids[index]
        transaction = self.house.openOwnBid(
            self.terms,
            index,
            bid.submarket,
            bid.amount if amount is None else amount,
            bid.salt if salt is None else salt,
            self.bitmap,
            {"from": account or bid.bidder},
        )
        if account is None and amount is None and salt is None:
            self.bids[index] = replace(bid, self_opened=True)
        return transaction

    def replay(self) -> list[tuple[Any, ...]]:
        """All bids as an honest operator replays them."""
        return [bid.replayed() for bid in self.bids]

    def sealed(self) -> list[tuple[Any, ...]]:
        """All bids as anybody can replay them."""
        return [bid.sealed() for bid in self.bids]

    def settle(
        self,
        bids: list[tuple[Any, ...]] | None = None,
        scores: list[Score] | None = None,
        bitmap: list[int] | None = None,
    ) -> Any:
        """Settle once bidders can no longer open."""
        next_block_at(max(self.terms.open_until, now()))
        return self.house.settle(
            self.terms,
            packed_bids(self.replay() if bids is None else bids),
            packed_scores(self.scores if scores is None else scores),
            self.bitmap if bitmap is None else bitmap,
            {"from": self.terms.operator},
        )

    def refund(self, account: Any) -> Any:
        """Ask for everybody's refund."""
        return self.house.refundAll(self.terms, packed_bids(self.sealed()), {"from": account})

    def entitlements(self) -> tuple[entitlements.Entitlement, ...]:
        """What the ended round owes: computed by the Python twin, compared with the root."""
        bids, bidders = self.replay(), [bid.bidder for bid in self.bids]
        if self.state == REFUNDED:
            sides = [fixed_point.RoundBid(fixed_point.Submarket(bid[1]), None) for bid in bids]
            owed = entitlements.refunded_entitlements(
                engine_terms(self.terms), sides, bidders, operator=self.terms.operator
            )
        else:
            owed = entitlements.settled_entitlements(
                twin(self.terms, bids, self.scores),
                bidders,
                beneficiary=self.terms.beneficiary,
                treasury=self.house.treasury(),
                operator=self.terms.operator,
            )
        root = entitlements.EntitlementTree.of(owed).root
        assert root == bytes(self.house.entitlementsOf(self.id))
        return owed

    def owed(self, account: Any) -> int:
        """What the ended round owes an account."""
        return sum(one.amount for one in self.entitlements() if one.account == str(account))

    def collect(self, index: int, account: Any) -> Any:
        """Let an account have one entitlement paid."""
        owed = self.entitlements()
        proof = entitlements.EntitlementTree.of(owed).proof(index)
        one = owed[index]
        entitlement = (one.index, one.account, one.amount)
        return self.house.collect(self.id, entitlement, proof, {"from": account})

    def collect_many(self, indices: list[int], account: Any) -> Any:
        """Let an account have several entitlements paid at once."""
        owed = self.entitlements()
        proof, flags = entitlements.EntitlementTree.of(owed).multiproof(indices)
        chosen = [(index, owed[index].account, owed[index].amount) for index in indices]
        return self.house.collectMany(self.id, chosen, proof, flags, {"from": account})

    def declared(self) -> "AuctionRound":
        """Publish and declare honestly."""
        self.publish()
        self.declare()
        return self


def new_round(system: Any, people: Any, *, opened: bool = True, **changes: Any) -> AuctionRound:
    """A round of the usual parties that begins now, its terms changed where named."""
    names = ("commit_until", "score_until", "declare_until", "open_until", "settle_until")
    times = {name: now() + (1 + stage) * STAGE_SECONDS for stage, name in enumerate(names)}
    parties = {
        "operator": people.operator.address,
        "beneficiary": people.roadside_unit.address,
        "brand": people.relayer.address,
    }
    made = AuctionRound(system.house, Terms(**{**times, **parties, **changes}))
    if opened:
        made.open()
    return made


def busy_round(system: Any, people: Any) -> AuctionRound:
    """A round with three online and two offline bids, all known to the operator."""
    made = new_round(system, people)
    made.commit(people.vehicle, ONLINE, 6 * TENTH, score=Score(WAD, 0, 10))
    made.commit(people.simulator, OFFLINE, 5 * TENTH)
    made.commit(people.second_vehicle, ONLINE, 5 * TENTH, score=Score(2 * WAD, 0, 8))
    made.commit(people.second_simulator, OFFLINE, 3 * TENTH)
    made.commit(people.vehicle, ONLINE, TENTH, score=Score(0, TENTH, 0))
    return made


def outcome(transaction: Any) -> SimpleNamespace:
    """The result that a settlement emitted."""
    return SimpleNamespace(**dict(transaction.events["RoundSettled"]["result"]))
