"""Appeals to an arbitrator, and what challenges are deployed with."""

import pytest
from challenge_cases import (
    NO_RULING,
    REJECTED,
    RULED_REJECTED,
    RULED_UPHELD,
    STATES,
    UPHELD,
    open_case,
    token_of,
)
from contract_support import (
    ANSWER_WINDOW,
    APPEAL_COST,
    DEPOSIT,
    FINALITY_PERIOD,
    MAXIMUM_DEPOSIT,
    RULING_PERIOD,
    THRESHOLDS,
    UNJUDGED_SCHEME,
    ZERO_ADDRESS,
    digest,
    fails_with,
    next_block_at,
    now,
    register,
)

DECIDED, APPEALED = STATES.index("decided"), STATES.index("appealed")


@pytest.fixture
def decided(system, people, work):
    """A decided challenge of the producer against the second producer's work of a distance."""

    def of_distance(bits: int = 0, label: bytes = b"a copy"):
        (original,) = register(system.registry, work.but(content=b"original of " + label))
        copy = work.but(producer=people.second_producer, content=label)
        copy = copy.but(fingerprint=work.fingerprint ^ ((1 << bits) - 1))
        (duplicate,) = register(system.registry, copy)
        case = open_case(system.challenges, original, duplicate, people.producer)
        case.contest()
        case.decide()
        return case

    return of_distance


@pytest.fixture
def answer(system, acting):
    """Lets a test rule in the arbitrator's name."""
    panel = acting(system.panel)

    def rule(case, ruling: int):
        return system.challenges.rule(case.id, ruling, {"from": panel})

    return rule


def test_an_appeal_pays_the_arbitrator_and_asks_it(system, people, decided):
    case = decided()
    event = case.appeal(people.second_producer, cost=APPEAL_COST).events["ChallengeAppealed"]
    assert (event["appellant"], event["cost"]) == (people.second_producer, APPEAL_COST)
    assert event["ruleBy"] == now() + RULING_PERIOD == case.deadline
    asked = system.panel.disputeOf(system.challenges, case.id)
    assert (asked["appellant"], asked["respondent"]) == (people.second_producer, people.producer)
    assert asked["ruleBy"] == case.deadline
    assert system.panel.balance() == APPEAL_COST
    assert (case.state, system.challenges.balance()) == ("appealed", 2 * DEPOSIT)
    with fails_with("Challenges_WrongState", case.id, APPEALED):
        case.appeal(cost=APPEAL_COST)


def test_appeals_are_of_the_parties_at_the_price_and_in_time(people, decided):
    case = decided()
    with fails_with("Challenges_NotParty", people.stranger, case.id):
        case.appeal(people.stranger, cost=APPEAL_COST)
    for sent in (0, APPEAL_COST + 1):
        with fails_with("Challenges_WrongCost", sent, APPEAL_COST):
            case.appeal(cost=sent)
    deadline = case.deadline
    next_block_at(deadline)
    with fails_with("Challenges_AlreadyFinal", deadline, deadline):
        case.appeal(cost=APPEAL_COST)


def test_only_a_verdict_is_appealed(system, people, decided):
    case = decided()
    other = open_case(system.challenges, case.duplicate, case.original, people.second_producer)
    with fails_with("Challenges_WrongState", other.id, STATES.index("open")):
        other.appeal(cost=APPEAL_COST)


def test_a_removed_copy_is_no_matter_of_appeal(system, people, work, decided):
    case = decided()
    (own,) = register(system.registry, work.but(content=b"mine"))
    token = token_of(own)
    system.registry.transferFrom(people.producer, people.consumer, token, {"from": people.producer})
    open_case(system.challenges, own, case.duplicate, people.consumer).concede()
    with fails_with("Challenges_DuplicateRemoved", token_of(case.duplicate)):
        case.appeal(cost=APPEAL_COST)


@pytest.mark.parametrize("bits", [0, 255])
@pytest.mark.parametrize("ruling", [RULED_UPHELD, RULED_REJECTED])
def test_a_ruling_overrules_the_verdict_at_once(system, people, decided, answer, bits, ruling):
    case = decided(bits)
    case.appeal(cost=APPEAL_COST)
    event = answer(case, ruling).events["ChallengeRuled"]
    assert (bytes(event["challengeId"]), event["upheld"]) == (case.id, ruling == RULED_UPHELD)
    assert now() < case.deadline
    ending = case.finalise(people.stranger).events["ChallengeEnded"]
    assert ending["state"] == (UPHELD if ruling == RULED_UPHELD else REJECTED)
    removed = system.registry.statusOf(token_of(case.duplicate))["removed"]
    assert removed == (ruling == RULED_UPHELD)
    assert system.challenges.balance() == 0


@pytest.mark.parametrize("bits", [0, 255])
def test_without_a_ruling_in_time_the_verdict_stands(decided, answer, bits):
    case = decided(bits)
    case.appeal(cost=APPEAL_COST)
    deadline = case.deadline
    next_block_at(deadline - 1)
    with fails_with("Challenges_NotFinal", deadline, deadline - 1):
        case.finalise()
    next_block_at(deadline)
    with fails_with("Challenges_RulingTooLate", deadline, deadline):
        answer(case, RULED_UPHELD)
    assert case.finalised()["state"] == (UPHELD if bits == 0 else REJECTED)


def test_a_ruling_comes_once_from_the_arbitrator_on_what_was_appealed(
    system, people, decided, answer
):
    case = decided()
    with fails_with("Challenges_NotArbitrator", people.auditor):
        system.challenges.rule(case.id, RULED_UPHELD, {"from": people.auditor})
    with fails_with("Challenges_NotAppealed", case.id):
        answer(case, RULED_UPHELD)
    case.appeal(cost=APPEAL_COST)
    with fails_with("Challenges_EmptyRuling", case.id):
        answer(case, NO_RULING)
    answer(case, RULED_UPHELD)
    with fails_with("Challenges_AlreadyRuled", case.id):
        answer(case, RULED_REJECTED)


def test_an_overruled_verdict_makes_way_for_a_later_original(system, people, work, decided, answer):
    case = decided()
    (later,) = register(system.registry, work.but(content=b"later, but before the copy's kin"))
    kin = work.but(producer=people.second_producer, content=b"kin")
    (duplicate,) = register(system.registry, kin)
    token = token_of(later)
    system.registry.transferFrom(people.producer, people.consumer, token, {"from": people.producer})
    first = open_case(system.challenges, case.original, duplicate, people.producer)
    second = open_case(system.challenges, later, duplicate, people.consumer)
    for one in (first, second):
        one.decided()
    first.appeal(people.second_producer, cost=APPEAL_COST)
    next_block_at(second.deadline)
    with fails_with("Challenges_EarlierOriginalPending", later[2], case.original[2]):
        second.finalise()
    answer(first, RULED_REJECTED)
    assert first.finalise().events["ChallengeEnded"]["state"] == REJECTED
    assert second.finalise().events["ChallengeEnded"]["state"] == UPHELD


# --- set-up -------------------------------------------------------------------------------------


def deploy(system, project, deployer, rules, schemes=(1,), distances=(1,)):
    return project.Challenges.deploy(
        system.registry,
        system.membership,
        system.payouts,
        system.forwarder,
        ZERO_ADDRESS,
        ZERO_ADDRESS,
        rules,
        schemes,
        distances,
        {"from": deployer},
    )


def test_settings(system, people):
    challenges = system.challenges
    amounts = (challenges.deposit(), challenges.maximumDeposit())
    assert amounts == (DEPOSIT, MAXIMUM_DEPOSIT)
    periods = (
        challenges.answerWindow(),
        challenges.finalityPeriod(),
        challenges.rulingPeriod(),
    )
    assert periods == (ANSWER_WINDOW, FINALITY_PERIOD, RULING_PERIOD)
    assert challenges.treasury() == people.treasury
    assert challenges.registry() == system.registry
    assert challenges.payouts() == system.payouts
    assert challenges.arbitrator() == system.panel
    for scheme, threshold in THRESHOLDS.items():
        assert challenges.maximumDistanceOf(scheme) == threshold
    assert challenges.maximumDistanceOf(UNJUDGED_SCHEME) == 0
    assert challenges.depositOf(digest("any"), people.producer) == DEPOSIT


def test_thresholds_that_decide_nothing_are_refused(system, project, deployer, challenge_rules):
    with fails_with("Challenges_LengthMismatch", 2, 1):
        deploy(system, project, deployer, challenge_rules(), [1, 2], [3])
    for distance in (0, 256):
        with fails_with("Challenges_BadThreshold", 1, distance):
            deploy(system, project, deployer, challenge_rules(), [1], [distance])
    deploy(system, project, deployer, challenge_rules(), [1, 2], [1, 255])


def test_deposits_that_deter_nobody_are_refused(system, project, deployer, challenge_rules):
    for deposit, maximum in ((0, 1), (2, 1)):
        with fails_with("Challenges_BadDeposit", deposit, maximum):
            deploy(system, project, deployer, challenge_rules(deposit=deposit, maximum=maximum))
    deploy(system, project, deployer, challenge_rules(deposit=1, maximum=1))


@pytest.mark.parametrize("period", ["answer", "finality", "ruling"])
def test_periods_are_within_their_range(system, project, deployer, challenge_rules, period):
    for seconds in (299, 3601):
        with fails_with("Challenges_PeriodOutOfRange", seconds, 300, 3600):
            deploy(system, project, deployer, challenge_rules(**{period: seconds}))
    for seconds in (300, 3600):
        deploy(system, project, deployer, challenge_rules(**{period: seconds}))
