"""Keyed delivery: what the key opens, and every way in which the parts may not fit."""

from __future__ import annotations

import hashlib
import time

import pytest
from Crypto.Hash import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebazaar.content.engine import sha256_states
from edgebazaar.content.engine.delivery import (
    CHUNK_BYTES,
    UNIT_BYTES,
    DeliveryMismatchError,
    apply_masks,
    ciphertext_root,
    ciphertext_size,
    decrypt,
    decrypt_verified,
    encrypt,
    hashlock,
    verify_ciphertext,
)
from edgebazaar.content.engine.delivery_tree import MerkleTree, root_of_path

KEY = bytes(range(32))
keys = st.binary(min_size=32, max_size=32)
contents = st.builds(
    lambda size, seed: hashlib.shake_128(seed).digest(size),
    st.integers(1, 2_000) | st.sampled_from([511, 512, 513, 1023, 1024, 1025]),
    st.binary(max_size=4),
)


@given(contents, keys)
def test_decryption_undoes_encryption(content, key):
    hidden = encrypt(content, key)
    assert len(hidden) == ciphertext_size(len(content))
    assert decrypt(hidden, key) == content


@given(contents, keys, st.integers(0, 3), st.integers(0, 16))
def test_every_word_lies_under_its_own_mask(content, key, index, word):
    """What a contract takes off a chunk alone: keccak256 of key, unit and word, 32 bytes each."""
    hidden = encrypt(content, key)
    start = index * UNIT_BYTES + word * 32
    part = hidden[start : start + 32]
    data = key + index.to_bytes(32, "big") + word.to_bytes(32, "big")
    digest = keccak.new(digest_bits=256, data=data).digest()
    opened = bytes(a ^ b for a, b in zip(part, digest, strict=False))
    assert opened == apply_masks(hidden, key)[start : start + 32]


@given(contents, keys)
def test_units_carry_the_states_of_the_hash(content, key):
    units = apply_masks(encrypt(content, key), key)
    starts = range(0, len(units), UNIT_BYTES)
    states = [units[start : start + 32] for start in starts]
    assert states[0] == sha256_states.INITIAL_STATE
    for place, state in enumerate(states):
        tail = content[place * CHUNK_BYTES :]
        ending = sha256_states.padded(tail, len(content))
        assert sha256_states.absorb(state, ending) == hashlib.sha256(content).digest()


@settings(max_examples=20)
@given(contents)
def test_states_are_the_same_without_openssl(content):
    whole = (len(content) - 1) // 64
    fast = sha256_states.states_before_chunks(content, 64)
    assert fast == sha256_states._states_in_python(content, 64, whole)


def test_states_need_whole_blocks_and_a_content():
    with pytest.raises(ValueError, match="content is empty"):
        sha256_states.states_before_chunks(b"", 64)
    with pytest.raises(ValueError, match="chunk_bytes is 65"):
        sha256_states.states_before_chunks(b"x", 65)
    with pytest.raises(ValueError, match="63 bytes are no whole blocks"):
        sha256_states.absorb(sha256_states.INITIAL_STATE, bytes(63))


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40))
def test_every_leaf_has_a_path_to_the_root(leaves):
    tree = MerkleTree(leaves)
    for index, leaf in enumerate(leaves):
        assert root_of_path(leaf, tree.path(index)) == tree.root
    with pytest.raises(IndexError, match=f"no leaf {len(leaves)}"):
        tree.path(len(leaves))


def test_a_tree_needs_a_leaf():
    with pytest.raises(ValueError, match="needs a leaf"):
        MerkleTree([])


def test_another_key_opens_something_else():
    content = b"x" * 100
    assert decrypt(encrypt(content, KEY), bytes(32)) != content


def test_verified_decryption_returns_the_content():
    content = b"pixels" * 500
    hidden = encrypt(content, KEY)
    verify_ciphertext(hidden, ciphertext_root(hidden), len(content))
    promised = hashlib.sha256(content).digest()
    assert decrypt_verified(hidden, KEY, hashlock(KEY), promised) == content


def test_parts_that_do_not_belong_together_are_named():
    content = b"pixels" * 500
    hidden, promised = encrypt(content, KEY), hashlib.sha256(content).digest()
    root = ciphertext_root(hidden)
    damaged = hidden[:-1] + bytes([hidden[-1] ^ 1])
    with pytest.raises(DeliveryMismatchError, match="ciphertext does not match"):
        verify_ciphertext(damaged, root, len(content))
    with pytest.raises(DeliveryMismatchError, match="a content of 2999 has"):
        verify_ciphertext(hidden, root, len(content) - 1)
    with pytest.raises(DeliveryMismatchError, match="does not match its committed root"):
        verify_ciphertext(b"", root, 0)
    with pytest.raises(DeliveryMismatchError, match="key does not match the hashlock"):
        decrypt_verified(hidden, bytes(32), hashlock(KEY), promised)
    with pytest.raises(DeliveryMismatchError, match="complain within"):
        decrypt_verified(damaged, KEY, hashlock(KEY), promised)


@pytest.mark.parametrize("operation", [encrypt, decrypt])
def test_keys_of_another_length_are_refused(operation):
    with pytest.raises(ValueError, match="key has 31 bytes"):
        operation(b"data", bytes(31))
    with pytest.raises(ValueError, match="key has 33 bytes"):
        hashlock(bytes(33))


def test_a_generated_image_is_encrypted_and_checked_within_a_second():
    content = bytes(8 + 512 * 512 * 3)
    durations = []
    for _ in range(3):
        begin = time.process_time()
        hidden = encrypt(content, KEY)
        verify_ciphertext(hidden, ciphertext_root(hidden), len(content))
        durations.append(time.process_time() - begin)
    assert min(durations) < 1
