"""Epoch trees: what has a leaf, in which order, and that a path proves one leaf in one place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebazaar.reputation.engine.epochs import (
    NOBODY,
    EpochRecord,
    EpochTree,
    MerkleTree,
    leaf_of_struct,
    recommenders_at,
    root_of_path,
)
from edgebazaar.reputation.engine.fixed_point import BASE_RATE
from edgebazaar.reputation.engine.ledger import InteractionBook

WINDOW = 100
RATERS = [f"0x{number:040x}" for number in range(1, 22)]
SUBJECTS = [f"0x{number:040x}" for number in range(100, 104)]
records = st.lists(
    st.tuples(
        st.sampled_from(RATERS), st.sampled_from(SUBJECTS), st.booleans(), st.integers(0, 999)
    ),
    max_size=60,
).map(lambda found: sorted(found, key=lambda one: one[3]))
hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=20)


def book_of(found: list[tuple[str, str, bool, int]], before: int = 10**9) -> InteractionBook:
    book = InteractionBook(WINDOW)
    for rater, subject, positive, timestamp in found:
        if timestamp < before:
            book.record(rater, subject, positive=positive, timestamp=timestamp)
    return book


@given(records)
def test_every_pair_and_every_subject_has_one_leaf_in_order(
    found: list[tuple[str, str, bool, int]],
) -> None:
    tree = EpochTree(book_of(found), 10, WINDOW)
    pairs = {(rater, subject) for rater, subject, _, _ in found}
    expected = sorted(pairs | {(NOBODY, subject) for _, subject in pairs})
    assert [(leaf.rater, leaf.subject) for leaf in tree.leaves] == expected


@settings(max_examples=50)
@given(records, st.integers(1, 10))
def test_a_leaf_is_the_books_reputation_at_the_windows_beginning(
    found: list[tuple[str, str, bool, int]], window: int
) -> None:
    start = window * WINDOW
    book = book_of(found, start)
    for leaf in EpochTree(book, window, WINDOW).leaves:
        opinion, expectation = book.reputation(leaf.rater, leaf.subject, leaf.recommenders, start)
        assert leaf.opinion == (opinion.belief, opinion.disbelief, opinion.uncertainty)
        assert (leaf.expectation, sum(leaf.opinion)) == (expectation, 10**18)


def test_recommenders_are_the_sixteen_with_most_interactions() -> None:
    found = [(rater, SUBJECTS[0], True, 0) for rater in RATERS]
    found += [(RATERS[20], SUBJECTS[0], False, 0), (RATERS[19], SUBJECTS[0], False, 0)]
    chosen = recommenders_at(book_of(found), RATERS, RATERS[0], SUBJECTS[0], WINDOW)
    # The two with two interactions, then the lowest addresses; the rater itself never.
    assert chosen == tuple(sorted([*RATERS[1:15], RATERS[19], RATERS[20]]))


def test_who_knows_nothing_goes_by_nobodys_leaf_and_of_the_unknown_by_the_base_rate() -> None:
    tree = EpochTree(book_of([(RATERS[0], SUBJECTS[0], True, 0)]), 1, WINDOW)
    assert tree.place_for(RATERS[0], SUBJECTS[0]) == tree.place_of(RATERS[0], SUBJECTS[0])
    assert tree.place_for(RATERS[1], SUBJECTS[0]) == tree.place_of(NOBODY, SUBJECTS[0])
    assert tree.place_for(RATERS[1], SUBJECTS[1]) is None
    assert tree.expectation(RATERS[1], SUBJECTS[1]) == BASE_RATE
    assert tree.expectation(RATERS[1], SUBJECTS[0]) == tree.leaves[0].expectation > BASE_RATE
    assert tree.opening(RATERS[1], SUBJECTS[1])["path"] == []


@given(hashes)
def test_a_path_leads_to_the_root_from_its_place_alone(leaves: list[bytes]) -> None:
    tree = MerkleTree(leaves)
    for index, leaf in enumerate(leaves):
        path = tree.path(index)
        assert len(path) == max(0, len(leaves) - 1).bit_length()
        assert root_of_path(leaf, index, path) == tree.root
        if path and path[0] != leaf:
            assert root_of_path(leaf, index ^ 1, path) != tree.root


def test_no_leaves_have_the_root_of_zeros_and_one_leaf_is_its_own() -> None:
    assert MerkleTree([]).root == bytes(32)
    assert MerkleTree([b"\1" * 32]).root == b"\1" * 32


@given(records)
def test_a_struct_gives_its_leaf_back(found: list[tuple[str, str, bool, int]]) -> None:
    for leaf in EpochTree(book_of(found), 10, WINDOW).leaves:
        assert leaf_of_struct(leaf.struct) == leaf
        assert replace(leaf, expectation=leaf.expectation + 1).hash != leaf.hash


@pytest.mark.parametrize("field", ["previous", "root", "window", "leaves", "publisher", "bond"])
def test_an_epochs_hash_depends_on_every_field(field: str) -> None:
    first = EpochRecord.first()
    other = {"previous": b"\1" * 32, "root": b"\1" * 32, "publisher": RATERS[0]}.get(field, 1)
    changed = replace(first, **{field: other})
    assert changed.hash != first.hash
    assert changed.without_bond() == replace(changed, bond=0)
