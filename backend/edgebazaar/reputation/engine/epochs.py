"""Reputation epochs: what the ledger gives at the beginning of a window, as a Merkle tree.

Twin of ``ReputationEpochs.sol``.  Everything follows from the records before the window: which
leaves there are, their order, their recommenders and figures, and so the root.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from edgebazaar.reputation.engine.fixed_point import BASE_RATE, MAXIMUM_RECOMMENDERS
from edgebazaar.reputation.engine.ledger import InteractionBook

NOBODY = "0x" + "0" * 40
"""Rater of the leaves that speak for everybody without experience of the subject."""
_ZERO_HASH = bytes(32)
_MASSES = ("belief", "disbelief", "uncertainty")


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """A link of the chain of epochs, as ``IReputationEpochs.Epoch``.

    Attributes:
        previous: Hash of the epoch before it.
        root: Merkle root, zeros for an epoch without leaves.
        window: Index of the window at whose beginning the reputations stood so.
        leaves: Number of leaves.
        publisher: Operator that published it.
        bond: Wei that stand for it.
    """

    previous: bytes
    root: bytes
    window: int
    leaves: int
    publisher: str
    bond: int

    @classmethod
    def first(cls) -> Self:
        """The epoch before all others: final from the start, it knows nobody."""
        return cls(_ZERO_HASH, _ZERO_HASH, 0, 0, NOBODY, 0)

    @property
    def hash(self) -> bytes:
        """What the chain of epochs holds of it."""
        types = ["bytes32", "bytes32", "uint40", "uint32", "address", "uint96"]
        values = [*self.struct.values()]
        return bytes(keccak(encode(types, values)))

    @property
    def struct(self) -> dict[str, Any]:
        """The arguments of a contract call."""
        return {
            "previous": self.previous,
            "root": self.root,
            "window": self.window,
            "leaves": self.leaves,
            "publisher": self.publisher,
            "bond": self.bond,
        }

    def without_bond(self) -> EpochRecord:
        """The record after its bond moved on or was taken back."""
        return replace(self, bond=0)


@dataclass(frozen=True, slots=True)
class EpochLeaf:
    """A reputation in an epoch; addresses are lower-case.

    Attributes:
        rater: Whose view; :data:`NOBODY` for those without experience of the subject.
        subject: Who is judged.
        expectation: Expected trust, 1e18 fixed point.
        opinion: Belief, disbelief and uncertainty after fusion with the recommenders', 1e18 fixed
            point; a wrong leaf may hold any numbers.
        recommenders: Whose opinions were fused in, ascending.
    """

    rater: str
    subject: str
    expectation: int
    opinion: tuple[int, int, int]
    recommenders: tuple[str, ...]

    @property
    def details(self) -> bytes:
        """Hash of the opinion and the recommenders."""
        types = ["(uint256,uint256,uint256)", "address[]"]
        return bytes(keccak(encode(types, [self.opinion, self.recommenders])))

    @property
    def hash(self) -> bytes:
        """The leaf of the tree."""
        values = [self.rater, self.subject, self.expectation, self.details]
        return bytes(keccak(encode(["address", "address", "uint256", "bytes32"], values)))

    @property
    def struct(self) -> dict[str, Any]:
        """The arguments of a contract call."""
        return {
            "rater": self.rater,
            "subject": self.subject,
            "expectation": self.expectation,
            "opinion": dict(zip(_MASSES, self.opinion, strict=True)),
            "recommenders": list(self.recommenders),
        }


class MerkleTree:
    """A binary tree of hashes, filled up with zeros to a power of two; places count.

    Args:
        hashes: The leaves in order.
    """

    def __init__(self, hashes: Sequence[bytes]) -> None:
        width = 1 << max(0, len(hashes) - 1).bit_length()
        self._levels = [[*hashes, *[_ZERO_HASH] * (width - len(hashes))]]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            self._levels.append(
                [bytes(keccak(below[i] + below[i + 1])) for i in range(0, len(below), 2)]
            )

    @property
    def root(self) -> bytes:
        """The root; zeros without leaves."""
        return self._levels[-1][0]

    def path(self, index: int) -> list[bytes]:
        """Sibling hashes from a leaf up to the root."""
        return [level[(index >> height) ^ 1] for height, level in enumerate(self._levels[:-1])]


def root_of_path(leaf: bytes, index: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf at a place leads to."""
    node = leaf
    for height, sibling in enumerate(path):
        node = bytes(keccak(sibling + node if index >> height & 1 else node + sibling))
    return node


def recommenders_at(
    book: InteractionBook, raters: Sequence[str], rater: str, subject: str, timestamp: int
) -> tuple[str, ...]:
    """The up to 16 others with most interactions with a subject, ascending.

    Args:
        book: All records before the time.
        raters: All that had an interaction with the subject.
        rater: Who is left out.
        subject: Who is judged.
        timestamp: As of when.
    """
    counted = sorted(
        (-book.counts(other, subject, timestamp).total, other) for other in raters if other != rater
    )
    return tuple(sorted(other for _, other in counted[:MAXIMUM_RECOMMENDERS]))


class EpochTree:
    """All reputations at the beginning of a window, with their tree.

    Args:
        book: The records before the window and no others.
        window: Index of the window.
        window_seconds: Its length.
    """

    def __init__(self, book: InteractionBook, window: int, window_seconds: int) -> None:
        self.window = window
        self.leaves = tuple(_leaves(book, window * window_seconds))
        self._places = {(leaf.rater, leaf.subject): i for i, leaf in enumerate(self.leaves)}

    @cached_property
    def merkle(self) -> MerkleTree:
        """The tree of the leaves' hashes."""
        return MerkleTree([leaf.hash for leaf in self.leaves])

    @property
    def root(self) -> bytes:
        """The root that a right epoch has."""
        return self.merkle.root

    def place_of(self, rater: str, subject: str) -> int | None:
        """Index of a pair's leaf, None where there is none."""
        return self._places.get((rater.lower(), subject.lower()))

    def place_for(self, rater: str, candidate: str) -> int | None:
        """Index of the leaf that says what a rater expects of a candidate.

        Its own, else nobody's; None for a candidate that nobody knew, who is expected the base
        rate.
        """
        own = self.place_of(rater, candidate)
        return self.place_of(NOBODY, candidate) if own is None else own

    def expectation(self, rater: str, candidate: str) -> int:
        """What a rater expects of a candidate, 1e18 fixed point."""
        place = self.place_for(rater, candidate)
        return BASE_RATE if place is None else self.leaves[place].expectation

    def opened(self, place: int) -> dict[str, Any]:
        """A leaf with its path, as ``IReputationEpochs.OpenedLeaf``."""
        leaf = self.leaves[place]
        return {"index": place, "leaf": leaf.struct, "path": self.merkle.path(place)}

    def opening(self, rater: str, candidate: str) -> dict[str, Any]:
        """What shows an expectation, as ``IReputationEpochs.Opening``."""
        place = self.place_for(rater, candidate)
        if place is None:
            return {"index": 0, "details": _ZERO_HASH, "path": []}
        details = self.leaves[place].details
        return {"index": place, "details": details, "path": self.merkle.path(place)}


def _leaves(book: InteractionBook, timestamp: int) -> Iterator[EpochLeaf]:
    raters: dict[str, list[str]] = {}
    for rater, subject in book.pairs():
        raters.setdefault(subject, []).append(rater)
    pairs = [*((NOBODY, subject) for subject in raters), *book.pairs()]
    for rater, subject in sorted(pairs):
        recommenders = recommenders_at(book, raters[subject], rater, subject, timestamp)
        opinion, expectation = book.reputation(rater, subject, recommenders, timestamp)
        masses = (opinion.belief, opinion.disbelief, opinion.uncertainty)
        yield EpochLeaf(rater, subject, expectation, masses, recommenders)


def leaf_of_struct(struct: Mapping[str, Any]) -> EpochLeaf:
    """A leaf from what an event or a request says, right or wrong."""
    belief, disbelief, uncertainty = (int(struct["opinion"][name]) for name in _MASSES)
    return EpochLeaf(
        struct["rater"].lower(),
        struct["subject"].lower(),
        int(struct["expectation"]),
        (belief, disbelief, uncertainty),
        tuple(account.lower() for account in struct["recommenders"]),
    )
