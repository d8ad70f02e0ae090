"""Delivery of content under a key that an exchange reveals, so that a wrong one can be shown.

Content lies in chunks of 512 bytes, the last one shorter.  Unit i of a ciphertext is the state of
SHA-256 before chunk i (32 bytes) and the chunk, word j of it hidden as
``word xor keccak256(key || uint256(i) || uint256(j))``.  The units follow each other; the Merkle
root over them is what a provider commits to.  SHA-256 leads from state to state and from the last
one to the content hash, so if the content is another than promised, then one step is wrong, and a
contract can check that step alone (:mod:`edgebazaar.content.engine.delivery_complaint`).

Confidentiality only, under a fresh random key for every delivery; integrity comes from root and
content hash on chain.
"""

from __future__ import annotations

import hashlib
import hmac

from eth_hash.auto import keccak

from edgebazaar.content.engine.delivery_tree import MerkleTree
from edgebazaar.content.engine.sha256_states import states_before_chunks

KEY_BYTES = 32
WORD_BYTES = 32
CHUNK_BYTES = 512
UNIT_BYTES = WORD_BYTES + CHUNK_BYTES
"""Bytes of every unit but the last: a state and a chunk."""
_WORDS = tuple(word.to_bytes(WORD_BYTES, "big") for word in range(UNIT_BYTES // WORD_BYTES))


class DeliveryMismatchError(ValueError):
    """Key, ciphertext and content do not belong together; the message says which."""


def chunk_count(content_size: int) -> int:
    """Chunks of a content of that many bytes."""
    return -(-content_size // CHUNK_BYTES)


def ciphertext_size(content_size: int) -> int:
    """Bytes of the ciphertext of a content of that many bytes."""
    return content_size + WORD_BYTES * chunk_count(content_size)


def hashlock(key: bytes) -> bytes:
    """sha256 of a key: what an exchange locks on until the key is revealed.

    Raises:
        ValueError: the key is not 32 bytes long.
    """
    _refuse_unfit_key(key)
    return hashlib.sha256(key).digest()


def encrypt(content: bytes, key: bytes) -> bytes:
    """Hide a content under a key, with the states that make it provable.

    Raises:
        ValueError: the key is not 32 bytes long, or the content is empty.
    """
    states = states_before_chunks(content, CHUNK_BYTES)
    units = b"".join(
        state + content[place * CHUNK_BYTES : (place + 1) * CHUNK_BYTES]
        for place, state in enumerate(states)
    )
    return apply_masks(units, key)


def decrypt(ciphertext: bytes, key: bytes) -> bytes:
    """Uncover a content; does not check it, see :func:`decrypt_verified`.

    Raises:
        ValueError: the key is not 32 bytes long.
    """
    units = apply_masks(ciphertext, key)
    starts = range(WORD_BYTES, len(units), UNIT_BYTES)
    return b"".join(units[start : start + CHUNK_BYTES] for start in starts)


def apply_masks(units: bytes, key: bytes, first: int = 0) -> bytes:
    """Hide or uncover the units from the `first` on.

    Raises:
        ValueError: the key is not 32 bytes long.
    """
    _refuse_unfit_key(key)
    prefixes = [
        key + (first + place).to_bytes(WORD_BYTES, "big")
        for place in range(-(-len(units) // UNIT_BYTES))
    ]
    masks = b"".join(keccak(prefix + word) for prefix in prefixes for word in _WORDS)
    # One long number is the quickest xor without numpy, which brownie's environment lacks.
    stream = int.from_bytes(masks[: len(units)], "big")
    return (int.from_bytes(units, "big") ^ stream).to_bytes(len(units), "big")


def unit_of(ciphertext: bytes, index: int) -> tuple[bytes, bytes]:
    """Encrypted state and encrypted chunk of a unit."""
    unit = ciphertext[index * UNIT_BYTES : (index + 1) * UNIT_BYTES]
    return unit[:WORD_BYTES], unit[WORD_BYTES:]


def delivery_tree(ciphertext: bytes) -> MerkleTree:
    """The tree over the units; a leaf is the hash of index, encrypted state and chunk's hash."""
    leaves = []
    for index in range(-(-len(ciphertext) // UNIT_BYTES)):
        state, chunk = unit_of(ciphertext, index)
        leaves.append(unit_leaf(index, state, keccak(chunk)))
    return MerkleTree(leaves)


def unit_leaf(index: int, state: bytes, chunk_hash: bytes) -> bytes:
    """Leaf of a unit, `keccak256(abi.encode(index, state, chunk_hash))`."""
    return keccak(index.to_bytes(32, "big") + state + chunk_hash)


def ciphertext_root(ciphertext: bytes) -> bytes:
    """Merkle root of a ciphertext: what the provider commits to on delivery.

    Raises:
        ValueError: the ciphertext is empty.
    """
    return delivery_tree(ciphertext).root


def verify_ciphertext(ciphertext: bytes, root: bytes, content_size: int) -> None:
    """Check a downloaded ciphertext before accepting the delivery.

    What passes is paid for against the key, and whatever the key then opens is either the
    content promised or can be shown not to be.

    Raises:
        DeliveryMismatchError: it is not what the provider committed to.
    """
    expected = ciphertext_size(content_size)
    if len(ciphertext) != expected:
        raise DeliveryMismatchError(
            f"ciphertext has {len(ciphertext)} bytes, a content of {content_size} has {expected}; "
            "download it again and do not accept"
        )
    if not ciphertext or not hmac.compare_digest(ciphertext_root(ciphertext), root):
        raise DeliveryMismatchError(
            "ciphertext does not match its committed root; download it again and do not accept"
        )


def decrypt_verified(ciphertext: bytes, key: bytes, lock: bytes, content_hash: bytes) -> bytes:
    """Uncover a content with the revealed key and check it against what was promised.

    Args:
        ciphertext: as downloaded.
        key: the revealed preimage.
        lock: the hashlock of the exchange, ``sha256(key)``.
        content_hash: sha256 of the canonical content, as committed on delivery.

    Raises:
        ValueError: the key is not 32 bytes long.
        DeliveryMismatchError: the key does not open the lock, or the content differs.
    """
    if not hmac.compare_digest(hashlock(key), lock):
        raise DeliveryMismatchError("key does not match the hashlock; read it from the settlement")
    content = decrypt(ciphertext, key)
    if not hmac.compare_digest(hashlib.sha256(content).digest(), content_hash):
        raise DeliveryMismatchError(
            "decrypted content does not match its committed hash; the provider delivered "
            "something else: complain within the dispute window, which refunds the fee"
        )
    return content


def _refuse_unfit_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise ValueError(f"key has {len(key)} bytes; give the 32-byte preimage")
