"""Keyed delivery: what the key opens, and every way in which the parts may not fit."""

from __future__ import annotations

import hashlib
import time

import pytest
from Crypto.Hash import keccak
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.content.engine.delivery import (
    DeliveryMismatchError,
    chunk_mask,
    ciphertext_hash,
    decrypt,
    decrypt_verified,
    encrypt,
    hashlock,
    verify_ciphertext,
)

KEY = bytes(range(32))
keys = st.binary(min_size=32, max_size=32)


@given(st.binary(max_size=200), keys)
def test_decryption_undoes_encryption(content, key):
    hidden = encrypt(content, key)
    assert len(hidden) == len(content)
    assert decrypt(hidden, key) == content


@given(st.binary(min_size=33, max_size=200), keys, st.integers(0, 6))
def test_every_chunk_can_be_checked_alone(content, key, index):
    hidden = encrypt(content, key)
    part = slice(32 * index, 32 * index + 32)
    digest = keccak.new(digest_bits=256, data=key + index.to_bytes(32, "big")).digest()
    assert chunk_mask(key, index) == digest
    opened = bytes(a ^ b for a, b in zip(hidden[part], digest, strict=False))
    assert opened == content[part]


def test_another_key_opens_something_else():
    content = b"x" * 100
    assert decrypt(encrypt(content, KEY), bytes(32)) != content


def test_verified_decryption_returns_the_content():
    content = b"pixels" * 50
    hidden = encrypt(content, KEY)
    verify_ciphertext(hidden, ciphertext_hash(hidden))
    promised = hashlib.sha256(content).digest()
    assert decrypt_verified(hidden, KEY, hashlock(KEY), promised) == content


def test_parts_that_do_not_belong_together_are_named():
    content = b"pixels" * 50
    hidden, promised = encrypt(content, KEY), hashlib.sha256(content).digest()
    damaged = bytes([hidden[0] ^ 1]) + hidden[1:]
    with pytest.raises(DeliveryMismatchError, match="ciphertext does not match"):
        verify_ciphertext(damaged, ciphertext_hash(hidden))
    with pytest.raises(DeliveryMismatchError, match="key does not match the hashlock"):
        decrypt_verified(hidden, bytes(32), hashlock(KEY), promised)
    with pytest.raises(DeliveryMismatchError, match="keep ciphertext and key"):
        decrypt_verified(damaged, KEY, hashlock(KEY), promised)


@pytest.mark.parametrize("operation", [encrypt, decrypt])
def test_keys_of_another_length_are_refused(operation):
    with pytest.raises(ValueError, match="key has 31 bytes"):
        operation(b"data", bytes(31))
    with pytest.raises(ValueError, match="key has 33 bytes"):
        hashlock(bytes(33))
    with pytest.raises(ValueError, match="index is -1"):
        chunk_mask(KEY, -1)


def test_a_generated_image_is_encrypted_within_a_second():
    content = bytes(8 + 512 * 512 * 3)
    durations = []
    for _ in range(3):
        begin = time.perf_counter()
        encrypt(content, KEY)
        durations.append(time.perf_counter() - begin)
    assert min(durations) < 1
