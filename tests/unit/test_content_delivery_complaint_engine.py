"""Complaints: every wrong delivery can be shown by one chunk, and no right one."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.content.engine.delivery import (
    apply_masks,
    chunk_count,
    ciphertext_root,
    encrypt,
)
from edgebazaar.content.engine.delivery_complaint import (
    Commitment,
    UnfitEvidenceError,
    evidence_for,
    find_complaint,
    refutes,
)

KEY = hashlib.sha256(b"key").digest()
sizes = st.integers(1, 2_500) | st.sampled_from([1, 511, 512, 513, 1024, 1536])


def content_of(size: int, seed: bytes = b"") -> bytes:
    return hashlib.shake_128(seed).digest(size)


def committed(ciphertext: bytes, content: bytes) -> Commitment:
    """What a provider would commit to that promises this content and delivers this ciphertext."""
    return Commitment(ciphertext_root(ciphertext), hashlib.sha256(content).digest(), len(content))


@given(sizes)
def test_a_right_delivery_never_loses(size):
    content = content_of(size)
    ciphertext = encrypt(content, KEY)
    promised = committed(ciphertext, content)
    assert find_complaint(ciphertext, KEY, promised) is None
    for index in range(chunk_count(size)):
        assert not refutes(promised, KEY, evidence_for(ciphertext, index))


@given(sizes, st.binary(max_size=8), st.data())
def test_any_other_delivery_loses(size, seed, data):
    """Another content, damage anywhere in the units, or plain rubbish."""
    content = content_of(size, b"promised")
    kind = data.draw(st.sampled_from(["other content", "damaged", "rubbish"]))
    if kind == "other content":
        ciphertext = encrypt(content_of(size, b"other" + seed), KEY)
    elif kind == "rubbish":
        ciphertext = content_of(len(encrypt(content, KEY)), seed)
    else:
        # In a chunk; a damaged state alone would leave the content right.
        whole = bytearray(encrypt(content, KEY))
        unit = data.draw(st.integers(0, chunk_count(size) - 1))
        length = min(512, size - 512 * unit)
        whole[544 * unit + 32 + data.draw(st.integers(0, length - 1))] ^= data.draw(
            st.integers(1, 255)
        )
        ciphertext = bytes(whole)
    promised = committed(ciphertext, content)
    evidence = find_complaint(ciphertext, KEY, promised)
    assert evidence is not None
    assert refutes(promised, KEY, evidence)


def test_a_content_that_is_right_is_no_reason_to_complain():
    """A wrong state can be shown, though the content is what was promised."""
    content = content_of(1200)
    units = bytearray(apply_masks(encrypt(content, KEY), KEY))
    units[544] ^= 1
    ciphertext = apply_masks(bytes(units), KEY)
    promised = committed(ciphertext, content)
    assert find_complaint(ciphertext, KEY, promised) is None
    assert refutes(promised, KEY, evidence_for(ciphertext, 0))


def test_evidence_has_to_be_of_the_delivery():
    content = content_of(1200)
    ciphertext = encrypt(content, KEY)
    promised = committed(ciphertext, content)
    evidence = evidence_for(ciphertext, 1)
    for change, problem in (
        ({"index": 3}, "there is no chunk 3; the content has 3"),
        ({"index": 0}, "unit 0 is not of"),
        ({"chunk": evidence.chunk[:-1]}, "chunk has 511 bytes instead of 512"),
        ({"chunk": bytes(512)}, "unit 1 is not of"),
        ({"state": bytes(32)}, "unit 1 is not of"),
        ({"proof": evidence.proof[:-1]}, "unit 1 is not of"),
        ({"next_state": bytes(32)}, "unit 2 is not of"),
        ({"next_chunk_hash": bytes(32)}, "unit 2 is not of"),
        ({"next_proof": ()}, "unit 2 is not of"),
    ):
        with pytest.raises(UnfitEvidenceError, match=problem):
            refutes(promised, KEY, dataclasses.replace(evidence, **change))
    with pytest.raises(UnfitEvidenceError, match="chunk has 512 bytes instead of 176"):
        refutes(promised, KEY, dataclasses.replace(evidence, index=2))
