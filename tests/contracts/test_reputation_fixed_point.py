"""The ledger against its Python twin, to the last digit.

Counters are written straight into the ledger's storage, so that all 28 bits of them are reached;
that they land where they belong tests the packed layout as well.
"""

import random

import pytest
from brownie import chain, web3
from contract_support import ZERO_BYTES, as_tuple, fails_with, mine_at, now
from eth_abi import encode
from eth_utils import keccak

from edgebazaar.reputation.engine import fixed_point as twin
from edgebazaar.reputation.engine.windows import MAXIMUM_COUNT, OutcomeCounts, WindowedCounts

PAIRS_SLOT, TOTALS_SLOT = 2, 3
WAD = 10**18
ROUNDS = 60


def draw_count(dice: random.Random) -> int:
    """Small, large and extreme counts alike."""
    return dice.choice((0, 1, dice.randrange(10), dice.randrange(2**16), MAXIMUM_COUNT))


def draw_counts(dice: random.Random, window: int) -> WindowedCounts:
    """Counters last touched up to three windows ago."""
    pairs = [OutcomeCounts(draw_count(dice), draw_count(dice)) for _ in range(3)]
    return WindowedCounts(window - dice.randrange(4), *pairs)


def packed(counts: WindowedCounts, label: int = 0) -> int:
    """The storage word: window, current, previous, older, label, from the lowest bit up."""
    word = counts.window
    fields = (counts.current, counts.previous, counts.older)
    for index, count in enumerate(one for f in fields for one in (f.positive, f.negative)):
        word |= count << (40 + 28 * index)
    return word | label << 208


def slot_of(key, slot: bytes) -> bytes:
    """Slot of a mapping's entry for an account."""
    return keccak(encode(["address", "bytes32"], [str(key), slot]))


def pair_slot(rater, subject) -> bytes:
    return slot_of(subject, slot_of(rater, PAIRS_SLOT.to_bytes(32, "big")))


def totals_slot(rater) -> bytes:
    return slot_of(rater, TOTALS_SLOT.to_bytes(32, "big"))


def store(ledger, slot: bytes, word: int) -> None:
    web3.provider.make_request(
        "anvil_setStorageAt", [ledger.address, "0x" + slot.hex(), f"0x{word:064x}"]
    )


def deploy(project, deployer, source, weights: twin.FixedWeights, window_seconds: int):
    """A ledger with these weights that `source` may record in."""
    values = (weights.recent, weights.older, weights.positive, weights.negative)
    ledger = project.ReputationLedger.deploy(values, window_seconds, {"from": deployer})
    ledger.bindSources(source, source, {"from": deployer})
    return ledger


def draw_weights(dice: random.Random) -> twin.FixedWeights:
    recent = dice.choice((600_000_000_000_000_000, dice.randrange(WAD + 1), WAD))
    positive = dice.choice((400_000_000_000_000_000, dice.randrange(WAD + 1), 0))
    return twin.FixedWeights(recent, WAD - recent, positive, WAD - positive)


def masses(opinion: twin.FixedOpinion) -> tuple:
    return (opinion.belief, opinion.disbelief, opinion.uncertainty)


@pytest.mark.parametrize("seed", range(4))
def test_reputation_equals_the_twin_to_the_last_digit(project, deployer, seed):
    dice = random.Random(seed)
    weights = twin.FixedWeights() if seed == 0 else draw_weights(dice)
    window_seconds = dice.choice((1, 3600, 7 * 24 * 3600))
    ledger = deploy(project, deployer, deployer, weights, window_seconds)
    chain.mine()
    window = now() // window_seconds
    for number in range(ROUNDS):
        rater, subject = (f"0x{dice.getrandbits(160):040x}" for _ in range(2))
        own = draw_counts(dice, window)
        store(ledger, pair_slot(rater, subject), packed(own))
        recommendations = []
        recommenders = sorted(dice.getrandbits(160) for _ in range(number % 17))
        for account in (f"0x{one:040x}" for one in recommenders):
            pair, totals = draw_counts(dice, window), draw_counts(dice, window)
            if dice.randrange(4) == 0:
                pair = WindowedCounts(window)
            subjects = dice.choice((0, 1, dice.randrange(100), 2**24 - 1))
            store(ledger, pair_slot(account, subject), packed(pair))
            store(ledger, totals_slot(account), packed(totals, subjects))
            recommendations.append(
                twin.recommendation(
                    account, pair.counts(window), totals.counts(window), subjects, weights
                )
            )
        local = twin.local_opinion(own.counts(window), weights)
        recommended = twin.recommended_opinion(recommendations, rater)
        final = twin.final_opinion(local, recommended)
        assert now() // window_seconds == window
        assert tuple(ledger.opinionOf(rater, subject)) == masses(local)
        opinion, expectation = ledger.reputationOf(
            rater, subject, [one.recommender for one in recommendations]
        )
        assert (tuple(opinion), expectation) == (masses(final), twin.expectation(final))


def test_recorded_counters_equal_the_twin(project, deployer):
    """A random walk of records through many windows, compared at every step."""
    dice = random.Random(7)
    ledger = deploy(project, deployer, deployer, twin.FixedWeights(), 3600)
    rater, subjects = deployer, [f"0x{number:040x}" for number in (1, 2, 3)]
    pairs = {subject: WindowedCounts() for subject in subjects}
    totals, touched, fresh = WindowedCounts(), set(), set()
    for _ in range(40):
        mine_at(now() + dice.choice((1, 600, 3600, 9000)))
        subject, positive = dice.choice(subjects), dice.random() < 0.5
        ledger.record(rater, subject, positive, ZERO_BYTES, {"from": deployer})
        window = now() // 3600
        if window != totals.window:
            fresh = set()
        fresh |= {subject} - touched
        touched.add(subject)
        pairs[subject] = pairs[subject].recorded(positive, window)
        totals = totals.recorded(positive, window)
        stored = web3.eth.get_storage_at(ledger.address, int.from_bytes(totals_slot(rater), "big"))
        assert int.from_bytes(stored, "big") == packed(totals, len(touched) | len(fresh) << 24)
        counts, distinct = ledger.totalsOf(rater)
        assert (as_tuple(counts), distinct) == (plain(totals.counts(window)), len(touched))
        opening, known = ledger.openingTotalsOf(rater)
        assert known == len(touched) - len(fresh)
        assert as_tuple(opening) == opening_of(totals, window)
        for one, expected in pairs.items():
            assert as_tuple(ledger.countsOf(rater, one)) == plain(expected.counts(window))
            assert as_tuple(ledger.openingCountsOf(rater, one)) == opening_of(expected, window)


def opening_of(counts: WindowedCounts, window: int) -> tuple:
    """Counts of the windows before one, as they stood when it began."""
    moved = counts.advanced(window)
    recent, older = moved.previous, moved.older
    return (recent.positive, recent.negative, older.positive, older.negative)


def plain(counts) -> tuple:
    return (
        counts.recent_positive,
        counts.recent_negative,
        counts.older_positive,
        counts.older_negative,
    )


@pytest.mark.parametrize("field", ["current", "older"])
def test_a_full_counter_refuses_as_the_twin_does(project, deployer, field):
    ledger = deploy(project, deployer, deployer, twin.FixedWeights(), 10**6)
    rater, subject = deployer, "0x" + 40 * "1"
    chain.mine()
    window = now() // 10**6
    full = OutcomeCounts(MAXIMUM_COUNT, 0)
    if field == "current":
        counts = WindowedCounts(window, current=full)
    else:
        counts = WindowedCounts(window - 1, previous=OutcomeCounts(1, 0), older=full)
    store(ledger, pair_slot(rater, subject), packed(counts))
    with pytest.raises(OverflowError):
        counts.recorded(True, window)
    with fails_with("ReputationLedger_CounterOverflow", rater, subject):
        ledger.record(rater, subject, True, ZERO_BYTES, {"from": deployer})
