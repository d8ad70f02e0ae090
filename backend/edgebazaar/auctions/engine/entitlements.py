"""What everybody is owed when a round ends, and the Merkle tree of it: `EntitlementTree.sol`.

The tree is OpenZeppelin's complete binary tree: of n leaves, leaf i is node 2n - 2 - i, the
children of node i are 2i + 1 and 2i + 2, pairs are hashed in ascending order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from eth_utils.crypto import keccak

from edgebazaar.auctions.engine.fixed_point import RoundBid, RoundTerms, Settlement


@dataclass(frozen=True, slots=True)
class Entitlement:
    """Wei that an ended round owes an account.

    ``index`` is the place of its bid; after the bids come income, penalties and unused advance, in
    a refunded round the advance alone.
    """

    index: int
    account: str
    amount: int

    @property
    def leaf(self) -> bytes:
        """H(index and account, amount)."""
        first = self.index << 160 | int(self.account, 16)
        return bytes(keccak(first.to_bytes(32, "big") + self.amount.to_bytes(32, "big")))


def settled_entitlements(
    settlement: Settlement,
    bidders: Sequence[str],
    *,
    beneficiary: str,
    treasury: str,
    operator: str,
) -> tuple[Entitlement, ...]:
    """What a settled round owes, in the order of its leaves."""
    owed = [
        *zip(bidders, settlement.refunds, strict=True),
        (beneficiary, settlement.income),
        (treasury, settlement.penalties),
        (operator, settlement.unused_advance),
    ]
    return tuple(Entitlement(index, *one) for index, one in enumerate(owed))


def refunded_entitlements(
    terms: RoundTerms, bids: Sequence[RoundBid], bidders: Sequence[str], *, operator: str
) -> tuple[Entitlement, ...]:
    """What a round owes that was called off: every deposit and the whole advance."""
    deposits = [terms.deposit(bid.submarket) for bid in bids]
    owed = [*zip(bidders, deposits, strict=True), (operator, terms.advance)]
    return tuple(Entitlement(index, *one) for index, one in enumerate(owed))


class EntitlementTree:
    """All nodes over the entitlements of a round.

    Raises:
        ValueError: there are no leaves.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        if not leaves:
            raise ValueError("there are no leaves; give at least one")
        count = len(leaves)
        self._nodes = [b""] * (count - 1) + list(reversed(leaves))
        for index in range(count - 2, -1, -1):
            self._nodes[index] = _pair(self._nodes[2 * index + 1], self._nodes[2 * index + 2])

    @classmethod
    def of(cls, entitlements: Iterable[Entitlement]) -> EntitlementTree:
        """The tree over entitlements in the order of their indices."""
        return cls([one.leaf for one in entitlements])

    @property
    def root(self) -> bytes:
        """What the contract keeps."""
        return self._nodes[0]

    def proof(self, index: int) -> list[bytes]:
        """Siblings from a leaf up to the root."""
        node = self._node(index)
        found = []
        while node:
            found.append(self._nodes[_sibling(node)])
            node = (node - 1) // 2
        return found

    def multiproof(self, indices: Sequence[int]) -> tuple[list[bytes], list[bool]]:
        """Nodes and flags that prove several leaves at once, given in ascending order.

        Raises:
            ValueError: no leaves, or not in ascending order.
        """
        if not indices or any(a >= b for a, b in pairwise(indices)):
            raise ValueError("indices are not ascending; give at least one, each once, in order")
        queue = [self._node(index) for index in indices]
        proof: list[bytes] = []
        flags: list[bool] = []
        place = 0
        while queue[place]:
            node = queue[place]
            place += 1
            paired = place < len(queue) and queue[place] == _sibling(node)
            flags.append(paired)
            if paired:
                place += 1
            else:
                proof.append(self._nodes[_sibling(node)])
            queue.append((node - 1) // 2)
        return proof, flags

    def _node(self, index: int) -> int:
        leaves = (len(self._nodes) + 1) // 2
        if not 0 <= index < leaves:
            raise ValueError(f"index is {index}; there are {leaves} leaves")
        return len(self._nodes) - 1 - index


def _sibling(node: int) -> int:
    return node - 1 if node % 2 == 0 else node + 1


def _pair(one: bytes, other: bytes) -> bytes:
    return bytes(keccak(min(one, other) + max(one, other)))
