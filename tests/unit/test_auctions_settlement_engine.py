"""The integer twin of on-chain settlement: goldens, exhaustive small rounds, conservation."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebazaar.auctions.engine.fixed_point import (
    WAD,
    RoundBid,
    RoundTerms,
    Submarket,
    VehicleScore,
    critical_online_price,
    online_score,
    settle_round,
)
from edgebazaar.auctions.engine.online import general_outcome

TERMS = RoundTerms(
    online_deposit=10**18,
    offline_deposit=10**18,
    online_reserve=0,
    offline_reserve=0,
    brand_price=10**12,
    alpha=WAD,
    maximum_seconds=1000,
    penalty_bps=2500,
)


def online(amount: int | None) -> RoundBid:
    return RoundBid(Submarket.ONLINE, amount)


def offline(amount: int | None) -> RoundBid:
    return RoundBid(Submarket.OFFLINE, amount)


def wei(value: float) -> int:
    return round(value * 10) * 10**17


class TestGoldenNumbers:
    def test_additive_surplus(self):
        bids = [online(wei(b)) for b in (0.6, 0.5, 0.9)]
        scores = [VehicleScore(0, wei(phi), 0) for phi in (0.7, 0.9, 0.1)]
        settled = settle_round(TERMS, bids, scores)
        assert (settled.online_index, settled.online_price) == (1, wei(0.4))
        assert settled.refunds == (wei(1.0), wei(0.6), wei(1.0))

    def test_proportional_surplus(self):
        settled = settle_round(
            TERMS,
            [online(wei(0.6)), online(wei(0.5))],
            [VehicleScore(WAD, 0, 0), VehicleScore(2 * WAD, 0, 0)],
        )
        assert (settled.online_index, settled.online_price) == (1, wei(0.4))

    def test_offline_slot(self):
        terms = replace(TERMS, alpha=14 * WAD // 10)
        bids = [offline(10**13), online(5), offline(3 * 10**13), offline(2 * 10**13)]
        settled = settle_round(terms, bids, [VehicleScore(0, 0, 50)])
        assert settled.offline_index == 2
        assert settled.offline_price == 50 * 28 * 10**12
        assert settled.unused_advance == terms.advance
        dearer = settle_round(replace(terms, alpha=16 * WAD // 10), bids, [VehicleScore(0, 0, 50)])
        assert dearer.offline_index is None
        assert dearer.brand_wins
        assert dearer.offline_price == 50 * 10**12
        assert dearer.unused_advance == terms.advance - 50 * 10**12


class TestRules:
    def test_ties_go_to_the_earliest_commitment(self):
        bids = [online(None), online(7), online(7)]
        settled = settle_round(TERMS, bids, [VehicleScore(0, 0, 0)] * 3)
        assert (settled.online_index, settled.online_price) == (1, 7)

    def test_reserve(self):
        terms = replace(TERMS, online_reserve=10)
        bids, scores = [online(8)], [VehicleScore(0, 2, 0)]
        settled = settle_round(terms, bids, scores)
        assert (settled.online_index, settled.online_price) == (0, 8)
        assert settle_round(replace(terms, online_reserve=11), bids, scores).online_index is None
        cheap = settle_round(terms, [online(50)], [VehicleScore(0, 20, 0)])
        assert (cheap.online_index, cheap.online_price) == (0, 0)

    def test_bids_are_clipped_to_their_deposits(self):
        terms = replace(TERMS, online_deposit=100, offline_deposit=5000, maximum_seconds=10)
        bids = [online(10**30), online(100), offline(10**30), offline(400)]
        settled = settle_round(terms, bids, [VehicleScore(0, 0, 10)] * 2)
        assert (settled.online_index, settled.online_price) == (0, 100)
        assert (settled.offline_index, settled.offline_price) == (2, 4000)
        assert settled.refunds == (0, 100, 1000, 5000)

    def test_without_an_online_winner_nothing_is_sold_offline(self):
        settled = settle_round(TERMS, [online(None), offline(5)], [VehicleScore(0, 0, 9)])
        assert settled.online_index is None
        assert settled.offline_index is None
        assert not settled.brand_wins
        assert settled.unused_advance == TERMS.advance

    def test_a_winner_without_simulation_time_sells_nothing_offline(self):
        settled = settle_round(TERMS, [online(3), offline(5)], [VehicleScore(0, 0, 0)])
        assert (settled.online_index, settled.offline_index) == (0, None)
        assert not settled.brand_wins

    def test_a_lone_simulator_faces_the_reserve_as_second_bid(self):
        terms = replace(TERMS, offline_reserve=4, alpha=15 * WAD // 10)
        for amount, winner in ((6, None), (7, 1)):
            settled = settle_round(terms, [online(3), offline(amount)], [VehicleScore(0, 0, 2)])
            assert settled.offline_index == winner
        assert settled.offline_price == 12

    def test_a_round_without_a_brand_may_leave_the_slot_unsold(self):
        terms = replace(TERMS, brand_price=0, has_brand=False)
        settled = settle_round(terms, [online(3), offline(0)], [VehicleScore(0, 0, 2)])
        assert settled.offline_index is None
        assert not settled.brand_wins
        assert settled.income == settled.online_price == 0

    def test_unopened_bids_lose_the_penalty_in_both_submarkets(self):
        settled = settle_round(
            TERMS, [online(None), offline(None), online(5)], [VehicleScore(0, 0, 0)] * 2
        )
        assert settled.refunds[:2] == (75 * 10**16, 75 * 10**16)
        assert settled.penalties == 5 * 10**17

    def test_an_empty_round(self):
        settled = settle_round(TERMS, [], [])
        assert settled.refunds == ()
        assert settled.unused_advance == TERMS.advance


terms_strategy = st.builds(
    RoundTerms,
    online_deposit=st.integers(1, 10**6),
    offline_deposit=st.integers(1, 10**6),
    online_reserve=st.integers(0, 10**6),
    offline_reserve=st.integers(0, 2000),
    brand_price=st.integers(0, 1000),
    alpha=st.integers(WAD, 4 * WAD),
    maximum_seconds=st.integers(1, 1000),
    penalty_bps=st.integers(0, 10_000),
)
bid_strategy = st.builds(
    RoundBid, st.sampled_from(Submarket), st.one_of(st.none(), st.integers(0, 2 * 10**6))
)


@st.composite
def rounds(draw: st.DrawFn):
    terms = draw(terms_strategy)
    bids = draw(st.lists(bid_strategy, max_size=12))
    count = sum(bid.submarket is Submarket.ONLINE for bid in bids)
    score = st.builds(
        VehicleScore,
        st.integers(0, 5 * WAD),
        st.integers(0, 10**6),
        st.integers(0, terms.maximum_seconds),
    )
    return terms, bids, draw(st.lists(score, min_size=count, max_size=count))


@settings(max_examples=300)
@given(rounds())
def test_every_wei_is_accounted_for(instance):
    terms, bids, scores = instance
    settled = settle_round(terms, bids, scores)
    deposits = sum(terms.deposit(bid.submarket) for bid in bids)
    paid_out = sum(settled.refunds) + settled.income + settled.penalties + settled.unused_advance
    assert paid_out == deposits + terms.advance
    assert min((*settled.refunds, settled.unused_advance, settled.online_price)) >= 0
    assert settled.offline_price >= 0


@settings(max_examples=300)
@given(rounds())
def test_winners_are_those_of_the_definition(instance):
    terms, bids, scores = instance
    settled = settle_round(terms, bids, scores)
    ranked = []
    remaining = iter(scores)
    for index, bid in enumerate(bids):
        if bid.submarket is Submarket.ONLINE:
            score = next(remaining)
            if bid.amount is not None:
                amount = min(bid.amount, terms.online_deposit)
                ranked.append((-online_score(amount, score), index, amount, score))
    ranked.sort(key=lambda entry: entry[:2])
    if not ranked or -ranked[0][0] < terms.online_reserve:
        assert settled.online_index is None
        return
    _, index, amount, score = ranked[0]
    assert settled.online_index == index
    rival = max(-ranked[1][0] if len(ranked) > 1 else 0, terms.online_reserve)
    assert settled.online_price <= amount
    # The price is the least winning bid, to the wei: one more reaches the rival, one less does not.
    assert online_score(settled.online_price + 1, score) >= rival
    if settled.online_price:
        assert online_score(settled.online_price - 1, score) < rival


@given(st.lists(st.tuples(st.integers(0, 10**18), st.integers(0, 3 * WAD)), min_size=1, max_size=6))
def test_settlement_agrees_with_the_float_engine(entries):
    bids = [online(amount) for amount, _ in entries]
    scores = [VehicleScore(psi, 10**17, 0) for _, psi in entries]
    settled = settle_round(TERMS, bids, scores)
    outcome = general_outcome(
        [amount / WAD for amount, _ in entries],
        [psi / WAD for _, psi in entries],
        [0.1] * len(entries),
    )
    ordered = sorted(outcome.scores)
    if len(ordered) > 1 and ordered[-1] - ordered[-2] < 1e-9:
        return  # a tie within the precision of floats
    assert settled.online_index == outcome.winner
    assert settled.online_price / WAD == pytest.approx(outcome.payment, abs=1e-12)


def test_true_bids_are_dominant_in_every_small_online_round():
    terms = replace(TERMS, online_deposit=20)
    choices = [
        VehicleScore(psi, phi, 0) for psi, phi in itertools.product((0, WAD // 2, 2 * WAD), (0, 3))
    ]
    for reserve in (0, 3):
        terms = replace(terms, online_reserve=reserve)
        for scores in itertools.product(choices, repeat=2):
            for other, value in itertools.product(range(5), range(5)):
                gains = []
                for report in range(7):
                    settled = settle_round(terms, [online(report), online(other)], scores)
                    won = settled.online_index == 0
                    gains.append(value - settled.online_price if won else 0)
                assert gains[value] == max(gains)
                assert gains[value] >= 0


def test_true_bids_are_dominant_in_every_small_offline_round():
    for alpha, reserve in itertools.product((WAD, 3 * WAD // 2, 5 * WAD // 3), (0, 2)):
        terms = replace(TERMS, alpha=alpha, offline_reserve=reserve)
        for others in itertools.product(range(5), repeat=2):
            for value in range(6):
                gains = []
                for report in range(8):
                    bids = [online(1), *(offline(bid) for bid in (*others, report))]
                    settled = settle_round(terms, bids, [VehicleScore(0, 0, 10)])
                    won = settled.offline_index == 3
                    gains.append(10 * value - settled.offline_price if won else 0)
                assert gains[value] == max(gains)
                assert gains[value] >= 0


def test_price_rounds_down():
    assert critical_online_price(10, VehicleScore(WAD, 0, 0), 7) == 3
    assert critical_online_price(10, VehicleScore(0, 9, 0), 7) == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"online_deposit": 0}, "online_deposit"),
        ({"offline_reserve": -1}, "offline_reserve"),
        ({"alpha": WAD - 1}, "alpha"),
        ({"penalty_bps": 10_001}, "penalty_bps"),
        ({"has_brand": False}, "brand_price"),
        ({"maximum_seconds": 0}, "maximum_seconds"),
    ],
)
def test_unfit_terms_are_refused_by_name(change, field):
    with pytest.raises(ValueError, match=field):
        replace(TERMS, **change)


def test_unfit_bids_and_scores_are_refused_by_name():
    with pytest.raises(ValueError, match="amount"):
        online(-1)
    with pytest.raises(ValueError, match="proportional"):
        VehicleScore(-1, 0, 0)
    with pytest.raises(ValueError, match="scores has 0 entries for 1 online bids"):
        settle_round(TERMS, [online(1)], [])
    with pytest.raises(ValueError, match=r"scores\[0\].simulation_seconds is 1001"):
        settle_round(TERMS, [online(1)], [VehicleScore(0, 0, 1001)])
