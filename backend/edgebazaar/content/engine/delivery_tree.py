"""Merkle trees whose paths OpenZeppelin's ``MerkleProof`` checks on chain.

An inner node is the keccak256 of its two children, the smaller one first; a node without a
neighbour moves up as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eth_hash.auto import keccak


class MerkleTree:
    """A tree over leaves of 32 bytes.

    Args:
        leaves: in order, at least one.

    Raises:
        ValueError: there is no leaf.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        if not leaves:
            raise ValueError("a tree needs a leaf")
        self._layers = [list(leaves)]
        while len(self._layers[-1]) > 1:
            layer = self._layers[-1]
            above = [_parent(*layer[place : place + 2]) for place in range(0, len(layer) - 1, 2)]
            self._layers.append(above + layer[len(layer) & ~1 :])

    @property
    def root(self) -> bytes:
        """The node that commits to all leaves."""
        return self._layers[-1][0]

    def path(self, index: int) -> list[bytes]:
        """What :func:`root_of_path` needs besides the leaf.

        Raises:
            IndexError: there is no such leaf.
        """
        if not 0 <= index < len(self._layers[0]):
            raise IndexError(f"there is no leaf {index}; the tree has {len(self._layers[0])}")
        path = []
        for layer in self._layers[:-1]:
            neighbour = index ^ 1
            if neighbour < len(layer):
                path.append(layer[neighbour])
            index //= 2
        return path


def root_of_path(leaf: bytes, path: Iterable[bytes]) -> bytes:
    """The root of the tree in which a leaf has this path."""
    node = leaf
    for neighbour in path:
        node = _parent(node, neighbour)
    return node


def _parent(left: bytes, right: bytes) -> bytes:
    return keccak(left + right if left < right else right + left)
