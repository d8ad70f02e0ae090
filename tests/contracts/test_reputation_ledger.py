"""ReputationLedger: who records, what a record changes, and how windows pass."""

import pytest
from contract_support import (
    DAY,
    WEIGHTS,
    WINDOW_SECONDS,
    ZERO_ADDRESS,
    as_tuple,
    digest,
    fails_with,
    mine_at,
    next_block_at,
    now,
)

WAD = 10**18
REFERENCE = digest("reference")


@pytest.fixture
def ledger(system):
    return system.ledger


@pytest.fixture
def source(system, acting):
    """The task board, as which the tests record."""
    return acting(system.board)


def record(ledger, source, rater, subject, positive=True):
    return ledger.record(rater, subject, positive, REFERENCE, {"from": source})


def counts(ledger, rater, subject) -> tuple:
    return tuple(ledger.countsOf(rater, subject))


def start_of_window(offset: int) -> int:
    """First second of the window that lies `offset` windows after the present one."""
    return (now() // WINDOW_SECONDS + offset) * WINDOW_SECONDS


def sorted_accounts(*accounts) -> list:
    return sorted(accounts, key=lambda account: int(str(account), 16))


# Sources


def test_sources_are_bound_once_by_the_deployer(system, deployer, people, project):
    ledger = project.ReputationLedger.deploy(WEIGHTS, WINDOW_SECONDS, {"from": deployer})
    with fails_with("ReputationLedger_NotSource", system.board):
        ledger.record(people.producer, people.provider, True, REFERENCE, {"from": system.board})
    with fails_with("ReputationLedger_NotDeployer", people.operator):
        ledger.bindSources(system.board, system.sale, {"from": people.operator})
    event = ledger.bindSources(system.board, system.sale, {"from": deployer}).events["SourcesBound"]
    assert (event["taskBoard"], event["atomicSale"]) == (system.board, system.sale)
    with fails_with("ReputationLedger_SourcesAlreadyBound"):
        ledger.bindSources(system.board, system.sale, {"from": deployer})


def test_only_sources_record(system, ledger, people, acting, deployer):
    for caller in (deployer, people.administrator, people.producer, acting(system.timelock)):
        with fails_with("ReputationLedger_NotSource", caller):
            record(ledger, caller, people.producer, people.provider)
    for contract in (system.board, system.sale):
        transaction = record(ledger, acting(contract), people.producer, people.provider)
        assert transaction.events["InteractionRecorded"]["source"] == contract


def test_nobody_rates_itself(ledger, source, people):
    with fails_with("ReputationLedger_SelfRating", people.producer):
        record(ledger, source, people.producer, people.producer)


def test_weights_add_up(deployer, project, ledger):
    assert tuple(ledger.weights()) == WEIGHTS
    assert ledger.windowSeconds() == WINDOW_SECONDS
    for weights in (
        (6 * 10**17, 4 * 10**17 + 1, 4 * 10**17, 6 * 10**17),
        (6 * 10**17, 4 * 10**17, 4 * 10**17, 6 * 10**17 - 1),
        (WAD + 1, 2**256 - 1, 0, WAD),
        (WAD, 0, 2**256 - 1, WAD + 1),
    ):
        with fails_with("ReputationLedger_BadWeights"):
            project.ReputationLedger.deploy(weights, WINDOW_SECONDS, {"from": deployer})
    with fails_with("ReputationLedger_ZeroWindow"):
        project.ReputationLedger.deploy(WEIGHTS, 0, {"from": deployer})


# Counters


def test_a_record_says_everything(ledger, source, people):
    event = record(ledger, source, people.producer, people.provider, False).events[
        "InteractionRecorded"
    ]
    assert (event["rater"], event["subject"]) == (people.producer, people.provider)
    assert (event["positive"], bytes(event["reference_"])) == (False, REFERENCE)
    assert (event["source"], event["window"]) == (source, now() // WINDOW_SECONDS)


def test_a_record_counts_for_the_pair_and_the_rater(ledger, source, people):
    rater, others = people.producer, (people.provider, people.second_provider)
    next_block_at(start_of_window(1))
    for subject, positive in ((0, True), (0, True), (1, False), (0, False)):
        record(ledger, source, rater, others[subject], positive)
    assert counts(ledger, rater, others[0]) == (2, 1, 0, 0)
    assert counts(ledger, rater, others[1]) == (0, 1, 0, 0)
    assert counts(ledger, others[0], rater) == (0, 0, 0, 0)
    assert as_tuple(ledger.totalsOf(rater)) == ((2, 2, 0, 0), 2)
    assert as_tuple(ledger.totalsOf(others[0])) == ((0, 0, 0, 0), 0)


def test_interactions_stay_recent_for_two_windows(ledger, source, people):
    rater, subject = people.producer, people.provider
    next_block_at(start_of_window(1))
    record(ledger, source, rater, subject)
    first = now() // WINDOW_SECONDS
    mine_at((first + 2) * WINDOW_SECONDS - 1)
    assert counts(ledger, rater, subject) == (1, 0, 0, 0)
    mine_at((first + 2) * WINDOW_SECONDS)
    assert counts(ledger, rater, subject) == (0, 0, 1, 0)
    assert as_tuple(ledger.totalsOf(rater)) == ((0, 0, 1, 0), 1)


def test_windows_move_on_one_by_one(ledger, source, people):
    """One record a window: the last two are recent, the others older."""
    rater, subject = people.producer, people.provider
    for number in range(5):
        next_block_at(start_of_window(1))
        record(ledger, source, rater, subject, number % 2 == 0)
    assert counts(ledger, rater, subject) == (1, 1, 2, 1)


def test_a_pause_makes_everything_older(ledger, source, people):
    rater, subject = people.producer, people.provider
    next_block_at(start_of_window(1))
    record(ledger, source, rater, subject)
    next_block_at(start_of_window(1))
    record(ledger, source, rater, subject, False)
    next_block_at(start_of_window(3))
    record(ledger, source, rater, subject)
    assert counts(ledger, rater, subject) == (1, 0, 1, 1)


# Opinions


def test_nothing_known_is_nothing_believed(ledger, people):
    assert tuple(ledger.opinionOf(people.producer, people.provider)) == (0, 0, WAD)
    opinion, expectation = ledger.reputationOf(people.producer, people.provider, [])
    assert (tuple(opinion), expectation) == ((0, 0, WAD), WAD // 2)


def test_a_bad_interaction_weighs_more_than_a_good_one(ledger, source, people):
    rater, subject = people.producer, people.provider
    next_block_at(start_of_window(1) + DAY)
    record(ledger, source, rater, subject, True)
    record(ledger, source, rater, subject, False)
    assert tuple(ledger.opinionOf(rater, subject)) == (2 * 10**17, 3 * 10**17, 5 * 10**17)


def test_a_rater_without_evidence_takes_the_recommendation(ledger, source, people):
    rater, recommender, subject = people.producer, people.second_producer, people.provider
    next_block_at(start_of_window(1) + DAY)
    for _ in range(6):
        record(ledger, source, recommender, subject)
    opinion, expectation = ledger.reputationOf(rater, subject, [recommender])
    assert tuple(opinion) == tuple(ledger.opinionOf(recommender, subject))
    assert tuple(opinion) == (75 * 10**16, 0, 25 * 10**16)
    assert expectation == 875 * 10**15


def test_recommenders_without_evidence_change_nothing(ledger, source, people):
    rater, subject = people.producer, people.provider
    record(ledger, source, rater, subject)
    alone = ledger.reputationOf(rater, subject, [])
    recommenders = sorted_accounts(people.second_producer, people.consumer, people.auditor)
    assert ledger.reputationOf(rater, subject, recommenders) == alone


def test_recommenders_are_named_once_in_order_and_are_others(ledger, people):
    rater, subject = people.producer, people.provider
    low, high = sorted_accounts(people.second_producer, people.consumer)
    for wrong in ([high, low], [low, low]):
        with fails_with("ReputationLedger_RecommendersNotAscending", 1):
            ledger.reputationOf(rater, subject, wrong)
    with fails_with("ReputationLedger_RecommenderIsRater", rater):
        ledger.reputationOf(rater, subject, sorted_accounts(low, high, rater))
    many = [f"0x{number:040x}" for number in range(1, 18)]
    with fails_with("ReputationLedger_TooManyRecommenders", 17, 16):
        ledger.reputationOf(rater, subject, many)
    assert ledger.reputationOf(rater, subject, many[:16])[1] == WAD // 2


def test_fusing_sixteen_recommenders_fits_a_view(ledger, source, people):
    """The view is bounded: it costs well below a block even with every recommender at work."""
    raters = [f"0x{number:040x}" for number in range(1, 17)]
    for rater in raters:
        record(ledger, source, rater, people.provider)
    estimate = ledger.reputationOf.estimate_gas(people.producer, people.provider, raters)
    assert estimate < 400_000
    assert ZERO_ADDRESS not in raters


# Cost

GAS = {"first record": 110_000, "later record": 39_500}


def test_a_record_stays_within_its_gas(ledger, source, people):
    used = {
        "first record": record(ledger, source, people.producer, people.provider).gas_used,
        "later record": record(ledger, source, people.producer, people.provider).gas_used,
    }
    assert {step: gas for step, gas in used.items() if gas > GAS[step]} == {}, used
