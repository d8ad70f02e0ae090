"""Merkle trees over the records of a registration."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.content.engine.records import merkle_proof, record_leaf, tree_of

leaves = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40, unique=True)


@given(leaves, st.data())
def test_every_leaf_is_proven_and_nothing_else(many: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(many) - 1))
    proof = merkle_proof(many, index)
    assert len(proof) <= len(many).bit_length()

    def root_from(node: bytes) -> bytes:
        for sibling in proof:
            node = keccak(min(node, sibling) + max(node, sibling))
        return node

    assert root_from(many[index]) == tree_of(many)[0]
    assert root_from(keccak(many[index])) != tree_of(many)[0]


def test_a_record_alone_is_its_own_root() -> None:
    assert tree_of([b"\x01" * 32]) == [b"\x01" * 32]
    assert merkle_proof([b"\x01" * 32], 0) == []
    with pytest.raises(ValueError, match="needs a leaf"):
        tree_of([])


@given(st.integers(0, 6), st.integers(0, 1000), st.binary(max_size=80))
def test_a_leaf_depends_on_everything(field: int, royalty_bps: int, uri: bytes) -> None:
    word = b"\x07" * 32
    receipt = ["0x" + "11" * 20, "0x" + "22" * 20, word, word, 65537, word, word]
    other = list(receipt)
    other[field] = ("0x" + "33" * 20, "0x" + "33" * 20, uri, uri, 131073, uri, uri)[field]
    if isinstance(other[field], bytes):
        other[field] = keccak(uri)
    leaf = record_leaf(receipt, royalty_bps, uri)
    assert leaf != record_leaf(other, royalty_bps, uri)
    assert leaf != record_leaf(receipt, royalty_bps + 1, uri)
    assert leaf != record_leaf(receipt, royalty_bps, uri + b"?")
