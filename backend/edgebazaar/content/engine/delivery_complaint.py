"""Evidence that a key opened something else than the content that was promised.

The same rule as ``contracts/tasks/DeliveryProofs.sol``, to the last bit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from eth_hash.auto import keccak

from edgebazaar.content.engine import delivery
from edgebazaar.content.engine.delivery_tree import root_of_path
from edgebazaar.content.engine.sha256_states import (
    INITIAL_STATE,
    absorb,
    padded,
    states_before_chunks,
)


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a provider committed to, as far as a complaint needs it.

    Attributes:
        ciphertext_root: Merkle root over the encrypted units.
        content_hash: sha256 of the content.
        content_size: bytes of the content.
    """

    ciphertext_root: bytes
    content_hash: bytes
    content_size: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One unit and the state in the next, as the contract takes them.

    Attributes:
        index: place of the chunk, from 0.
        state: encrypted state of the unit.
        chunk: encrypted chunk of the unit.
        proof: path of the unit.
        next_state: encrypted state of the next unit; zero for the last chunk.
        next_chunk_hash: keccak256 of the encrypted chunk of the next unit; zero for the last.
        next_proof: path of the next unit; empty for the last.
    """

    index: int
    state: bytes
    chunk: bytes
    proof: tuple[bytes, ...]
    next_state: bytes
    next_chunk_hash: bytes
    next_proof: tuple[bytes, ...]


class UnfitEvidenceError(ValueError):
    """Evidence that is not of the delivery; the message says in what."""


def find_complaint(ciphertext: bytes, key: bytes, promised: Commitment) -> Evidence | None:
    """The wrong step of a delivery, None if the key opens the content that was promised.

    Args:
        ciphertext: as accepted: :func:`~edgebazaar.content.engine.delivery.verify_ciphertext`
            passed.
        key: the revealed preimage.
        promised: root, hash and size.

    Raises:
        ValueError: the key is not 32 bytes long.
    """
    content = delivery.decrypt(ciphertext, key)
    if hashlib.sha256(content).digest() == promised.content_hash:
        return None
    units = delivery.apply_masks(ciphertext, key)
    right = states_before_chunks(content, delivery.CHUNK_BYTES)
    for place, state in enumerate(right[1:], 1):
        start = place * delivery.UNIT_BYTES
        if units[start : start + delivery.WORD_BYTES] != state:
            return evidence_for(ciphertext, place - 1)
    return evidence_for(ciphertext, len(right) - 1)


def evidence_for(ciphertext: bytes, index: int) -> Evidence:
    """The unit at a place of a ciphertext with its paths, whether its step is wrong or not."""
    tree = delivery.delivery_tree(ciphertext)
    state, chunk = delivery.unit_of(ciphertext, index)
    next_state, next_chunk = delivery.unit_of(ciphertext, index + 1)
    is_last = not next_state
    return Evidence(
        index=index,
        state=state,
        chunk=chunk,
        proof=tuple(tree.path(index)),
        next_state=bytes(32) if is_last else next_state,
        next_chunk_hash=bytes(32) if is_last else keccak(next_chunk),
        next_proof=() if is_last else tuple(tree.path(index + 1)),
    )


def refutes(promised: Commitment, key: bytes, evidence: Evidence) -> bool:
    """Whether the key makes the shown unit contradict what follows it.

    Raises:
        ValueError: the key is not 32 bytes long.
        UnfitEvidenceError: the evidence is not of the delivery.
    """
    chunks = delivery.chunk_count(promised.content_size)
    if not 0 <= evidence.index < chunks:
        raise UnfitEvidenceError(f"there is no chunk {evidence.index}; the content has {chunks}")
    is_last = evidence.index == chunks - 1
    length = promised.content_size - evidence.index * delivery.CHUNK_BYTES
    length = length if is_last else delivery.CHUNK_BYTES
    if len(evidence.chunk) != length:
        raise UnfitEvidenceError(f"chunk has {len(evidence.chunk)} bytes instead of {length}")
    _require_unit(promised, evidence.index, evidence.state, keccak(evidence.chunk), evidence.proof)
    unit = delivery.apply_masks(evidence.state + evidence.chunk, key, evidence.index)
    state, chunk = unit[: delivery.WORD_BYTES], unit[delivery.WORD_BYTES :]
    if evidence.index == 0:
        state = INITIAL_STATE
    if is_last:
        return absorb(state, padded(chunk, promised.content_size)) != promised.content_hash
    following = (evidence.next_state, evidence.next_chunk_hash, evidence.next_proof)
    _require_unit(promised, evidence.index + 1, *following)
    claimed = delivery.apply_masks(evidence.next_state, key, evidence.index + 1)
    return absorb(state, chunk) != claimed


def _require_unit(
    promised: Commitment, index: int, state: bytes, chunk_hash: bytes, proof: tuple[bytes, ...]
) -> None:
    leaf = delivery.unit_leaf(index, state, chunk_hash)
    if root_of_path(leaf, proof) != promised.ciphertext_root:
        raise UnfitEvidenceError(f"unit {index} is not of the delivered ciphertext")
