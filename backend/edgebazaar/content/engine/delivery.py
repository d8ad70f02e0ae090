"""Delivery of content under a key that an exchange reveals.

Chunk i of 32 bytes is hidden as ``ciphertext_i = content_i xor keccak256(key || uint256(i))``, so
that a contract can check one chunk alone (spec 01 section 4a).  The key is the preimage of the
exchange's hashlock, ``sha256(key)``.  Confidentiality only, under a fresh random key for every
delivery; integrity comes from the hashes of ciphertext and content on chain.
"""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
from eth_hash.auto import keccak

CHUNK_BYTES = 32
KEY_BYTES = 32


class DeliveryMismatchError(ValueError):
    """Key, ciphertext and content do not belong together; the message says which."""


def _refuse_unfit_key(key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise ValueError(f"key has {len(key)} bytes; give the 32-byte preimage")


def chunk_mask(key: bytes, index: int) -> bytes:
    """The 32 bytes that hide chunk ``index``: keccak256 of key and index, 32 bytes each.

    Raises:
        ValueError: the key is not 32 bytes long or the index is negative.
    """
    _refuse_unfit_key(key)
    if index < 0:
        raise ValueError(f"index is {index}; chunks are counted from 0")
    return keccak(key + index.to_bytes(32, "big"))


def _apply_masks(key: bytes, data: bytes) -> bytes:
    _refuse_unfit_key(key)
    chunks = -(-len(data) // CHUNK_BYTES)
    masks = b"".join(keccak(key + index.to_bytes(32, "big")) for index in range(chunks))
    stream = np.frombuffer(masks, dtype=np.uint8, count=len(data))
    return np.bitwise_xor(np.frombuffer(data, dtype=np.uint8), stream).tobytes()


def encrypt(content: bytes, key: bytes) -> bytes:
    """Hide a content under a key; the ciphertext has the same length.

    Raises:
        ValueError: the key is not 32 bytes long.
    """
    return _apply_masks(key, content)


def decrypt(ciphertext: bytes, key: bytes) -> bytes:
    """Uncover a content; does not check it, see :func:`decrypt_verified`.

    Raises:
        ValueError: the key is not 32 bytes long.
    """
    return _apply_masks(key, ciphertext)


def hashlock(key: bytes) -> bytes:
    """sha256 of a key: what an exchange locks on until the key is revealed.

    Raises:
        ValueError: the key is not 32 bytes long.
    """
    _refuse_unfit_key(key)
    return hashlib.sha256(key).digest()


def ciphertext_hash(ciphertext: bytes) -> bytes:
    """sha256 of a ciphertext: what the provider commits to on delivery."""
    return hashlib.sha256(ciphertext).digest()


def verify_ciphertext(ciphertext: bytes, committed: bytes) -> None:
    """Check a downloaded ciphertext before accepting the delivery.

    Raises:
        DeliveryMismatchError: it is not what the provider committed to.
    """
    if not hmac.compare_digest(ciphertext_hash(ciphertext), committed):
        raise DeliveryMismatchError(
            "ciphertext does not match its committed hash; download it again and do not accept"
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
            "something else: keep ciphertext and key as evidence and choose another provider"
        )
    return content
