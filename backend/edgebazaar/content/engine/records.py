"""Records of the register as leaves of a Merkle tree, exactly as ProofOfAIGC hashes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

RECEIPT_TYPEHASH = keccak(
    text="Receipt(address producer,address provider,bytes32 contentHash,bytes32 fingerprint,"
    "uint32 fingerprintScheme,bytes32 promptCommitment,bytes32 modelId)"
)
_RECEIPT_TYPES = ("address", "address", "bytes32", "bytes32", "uint32", "bytes32", "bytes32")


def record_leaf(receipt: Sequence[Any], royalty_bps: int, uri: bytes) -> bytes:
    """The leaf of a record.

    keccak256(abi.encode(EIP-712 struct hash of the receipt, royaltyBps, keccak256(uri)))

    Args:
        receipt: Values of the Receipt in their order; words as bytes.
        royalty_bps: In hundredths of a percent.
        uri: Locator, as it was emitted.
    """
    types = ["bytes32", *_RECEIPT_TYPES]
    struct_hash = keccak(encode(types, [RECEIPT_TYPEHASH, *receipt]))
    return keccak(encode(["bytes32", "uint16", "bytes32"], [struct_hash, royalty_bps, keccak(uri)]))


def tree_of(leaves: Sequence[bytes]) -> list[bytes]:
    """The nodes of a complete binary tree over at least one leaf; the first is the root.

    Node k has the children 2k + 1 and 2k + 2, the leaves end the list; pairs are hashed in
    ascending order, as OpenZeppelin's MerkleProof expects.
    """
    if not leaves:
        raise ValueError("a tree needs a leaf")
    nodes = [b""] * (len(leaves) - 1) + list(leaves)
    for k in range(len(leaves) - 2, -1, -1):
        nodes[k] = keccak(b"".join(sorted(nodes[2 * k + 1 : 2 * k + 3])))
    return nodes


def merkle_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The siblings on the way from a leaf to the root."""
    nodes = tree_of(leaves)
    node = len(leaves) - 1 + index
    proof = []
    while node > 0:
        proof.append(nodes[node + 1 if node % 2 else node - 1])
        node = (node - 1) // 2
    return proof
