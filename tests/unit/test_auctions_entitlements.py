"""Trees of entitlements: proofs and multiproofs as OpenZeppelin's MerkleProof verifies them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.auctions.engine.entitlements import (
    Entitlement,
    EntitlementTree,
    refunded_entitlements,
    settled_entitlements,
)
from edgebazaar.auctions.engine.fixed_point import (
    RoundBid,
    RoundTerms,
    Submarket,
    VehicleScore,
    settle_round,
)

WAD = 10**18
TERMS = RoundTerms(
    online_deposit=1000,
    offline_deposit=500,
    online_reserve=0,
    offline_reserve=0,
    brand_price=3,
    alpha=WAD,
    maximum_seconds=10,
    penalty_bps=1000,
)


def pair(one: bytes, other: bytes) -> bytes:
    return keccak(min(one, other) + max(one, other))


def process(leaf: bytes, proof: Sequence[bytes]) -> bytes:
    for sibling in proof:
        leaf = pair(leaf, sibling)
    return leaf


def process_many(leaves: Sequence[bytes], proof: Sequence[bytes], flags: Sequence[bool]) -> bytes:
    """OpenZeppelin's algorithm, written down from its text."""
    assert len(leaves) + len(proof) == len(flags) + 1
    queue, rest = list(leaves), list(proof)
    for flag in flags:
        one = queue.pop(0)
        queue.append(pair(one, queue.pop(0) if flag else rest.pop(0)))
    assert len(queue) + len(rest) == 1
    return (queue + rest)[0]


@given(st.integers(min_value=1, max_value=70), st.data())
def test_everything_that_is_owed_can_be_proven(count: int, data: st.DataObject) -> None:
    owed = [Entitlement(place, f"0x{place + 1:040x}", place * 7) for place in range(count)]
    tree = EntitlementTree.of(owed)
    for one in owed:
        assert process(one.leaf, tree.proof(one.index)) == tree.root
    chosen = sorted(data.draw(st.sets(st.integers(0, count - 1), min_size=1)))
    proof, flags = tree.multiproof(chosen)
    assert process_many([owed[place].leaf for place in chosen], proof, flags) == tree.root


def test_indices_come_once_and_in_order() -> None:
    tree = EntitlementTree.of([Entitlement(place, "0x" + "11" * 20, 1) for place in range(3)])
    for wrong in ([], [1, 0], [1, 1]):
        with pytest.raises(ValueError, match="not ascending"):
            tree.multiproof(wrong)
    with pytest.raises(ValueError, match="there are 3 leaves"):
        tree.proof(3)
    with pytest.raises(ValueError, match="there are no leaves"):
        EntitlementTree([])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Submarket),
            st.none() | st.integers(min_value=0, max_value=2000),
            st.integers(min_value=0, max_value=10),
        ),
        max_size=12,
    )
)
def test_entitlements_add_up_to_deposits_and_advance(
    drawn: list[tuple[Submarket, int | None, int]],
) -> None:
    bids = [RoundBid(market, amount) for market, amount, _ in drawn]
    scores = [
        VehicleScore(WAD, 5, seconds) for market, _, seconds in drawn if market is Submarket.ONLINE
    ]
    bidders = [f"0x{place + 100:040x}" for place in range(len(bids))]
    beneficiary, treasury, operator = (f"0x{place:040x}" for place in (1, 2, 3))
    settled = settled_entitlements(
        settle_round(TERMS, bids, scores),
        bidders,
        beneficiary=beneficiary,
        treasury=treasury,
        operator=operator,
    )
    refunded = refunded_entitlements(TERMS, bids, bidders, operator=operator)
    funds = TERMS.advance + sum(TERMS.deposit(bid.submarket) for bid in bids)
    for owed in (settled, refunded):
        assert sum(one.amount for one in owed) == funds
        assert [one.index for one in owed] == list(range(len(owed)))
    assert [one.account for one in settled] == [*bidders, beneficiary, treasury, operator]
