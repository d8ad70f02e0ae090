"""Challenges: the threshold to the bit, when a verdict is final, where every wei goes."""

import pytest
from challenge_cases import (
    CLOSED,
    FINGERPRINT,
    HALF,
    REJECTED,
    REST,
    STATES,
    UPHELD,
    open_case,
    paid,
    token_of,
    with_distance,
)
from contract_support import (
    DEPOSIT,
    FINALITY_PERIOD,
    IMAGE_SCHEME,
    MAXIMUM_DEPOSIT,
    TEXT_SCHEME,
    THRESHOLDS,
    UNJUDGED_SCHEME,
    ZERO_ADDRESS,
    ZERO_BYTES,
    as_tuple,
    balances,
    commit,
    fails_with,
    next_block_at,
    now,
    records_of,
    register,
)


@pytest.fixture
def registry(system):
    return system.registry


@pytest.fixture
def challenges(system):
    return system.challenges


# --- the verdict --------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", [IMAGE_SCHEME, TEXT_SCHEME])
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_the_threshold_decides_to_the_bit(challenges, registry, people, work, scheme, beyond):
    threshold = THRESHOLDS[scheme]
    fingerprints = (FINGERPRINT, with_distance(threshold + beyond))
    original, duplicate = (
        register(registry, work.but(content=bytes([index]), fingerprint=one, scheme=scheme))[0]
        for index, one in enumerate(fingerprints)
    )
    case = open_case(challenges, original, duplicate, people.producer)
    verdict = case.decided(people.stranger)
    assert (verdict["upheld"], verdict["originalStands"]) == (beyond <= 0, True)
    assert (verdict["distance"], verdict["maximumDistance"]) == (threshold + beyond, threshold)
    assert verdict["finalAt"] == now() + FINALITY_PERIOD == case.deadline
    assert case.finalised(people.stranger)["state"] == (UPHELD if beyond <= 0 else REJECTED)
    status = as_tuple(registry.statusOf(token_of(duplicate)))
    assert status == (beyond <= 0, False, ZERO_ADDRESS)


def test_the_verdict_waits_for_the_owner(people, opened):
    case = opened()
    deadline = case.deadline
    next_block_at(deadline - 1)
    with fails_with("Challenges_AnswerWindowOpen", deadline, deadline - 1):
        case.decide(people.stranger)
    next_block_at(deadline)
    case.decide(people.stranger)
    with fails_with("Challenges_WrongState", case.id, STATES.index("decided")):
        case.decide(people.stranger)


def test_a_later_original_never_wins(challenges, registry, people, work, original, copy_of):
    duplicate = copy_of()
    case = open_case(challenges, duplicate, original, people.second_producer)
    verdict = case.decided()
    assert (verdict["distance"], verdict["originalStands"], verdict["upheld"]) == (0, False, False)
    pair = register(registry, work.but(content=b"one"), work.but(content=b"other"))
    case = open_case(challenges, *pair, people.producer)
    assert not case.decided()["upheld"]


def test_priority_is_by_commitment_not_by_registration(challenges, registry, people, work):
    """A copier does not win by registering first what it saw after the original was committed."""
    first = work.but(fingerprint=FINGERPRINT)
    commit(registry, [first])
    copy = work.but(producer=people.second_producer, content=b"copy", fingerprint=FINGERPRINT)
    (duplicate,) = register(registry, copy)
    item = first.registration(registry)
    transaction = registry.register([item], ZERO_BYTES, {"from": people.producer})
    (late,) = records_of(transaction)
    assert open_case(challenges, late, duplicate, people.producer).decided()["upheld"]


def test_fingerprints_of_different_or_unjudged_schemes_do_not_compare(
    challenges, registry, people, work, original, copy_of
):
    text = copy_of(scheme=TEXT_SCHEME)
    unjudged = [
        register(registry, work.but(content=label, scheme=UNJUDGED_SCHEME))[0]
        for label in (b"first", b"second")
    ]
    for pair in ((original, text), unjudged):
        verdict = open_case(challenges, *pair, people.producer).decided()
        assert (verdict["maximumDistance"], verdict["upheld"]) == (0, False)
        assert verdict["originalStands"]


def test_a_removed_original_proves_nothing(challenges, people, original, copy_of):
    duplicate, third = copy_of(), copy_of(content=b"third")
    case = open_case(challenges, duplicate, third, people.second_producer)
    open_case(challenges, original, duplicate, people.producer).concede()
    verdict = case.decided()
    assert (verdict["distance"], verdict["originalStands"], verdict["upheld"]) == (0, False, False)


def test_records_are_those_of_the_register(challenges, people, opened):
    case = opened(200)
    case.contest()

    def decide(first, second):
        challenges.decide(case.terms, first, second, {"from": people.stranger})

    tokens = (token_of(case.original), token_of(case.duplicate))
    first, second = case.original, case.duplicate
    closer = ((*second[0][:3], first[0][3], *second[0][4:]), *second[1:])
    with fails_with("ProofOfAIGC_RecordMismatch", tokens[1]):
        decide(first, closer)
    with fails_with("ProofOfAIGC_RecordMismatch", tokens[0]):
        decide(((*first[0][:3], second[0][3], *first[0][4:]), *first[1:]), second)
    with fails_with("Challenges_RecordOfOtherToken", *reversed(tokens)):
        decide(second, second)
    with fails_with("Challenges_RecordOfOtherToken", *tokens):
        decide(first, first)


def test_terms_are_those_of_the_opening(challenges, people, opened):
    case = opened()
    for place, wrong in ((0, 7), (3, people.stranger.address), (4, 2), (2, people.stranger)):
        terms = (*case.terms[:place], wrong, *case.terms[place + 1 :])
        with fails_with("Challenges_WrongState", bytes(challenges.idOf(terms)), 0):
            challenges.decide(terms, case.original, case.duplicate, {"from": people.stranger})
        assert challenges.stateOf(terms) == 0


# --- the end ------------------------------------------------------------------------------------


def test_a_verdict_is_final_after_its_period(opened, people):
    case = opened()
    with fails_with("Challenges_WrongState", case.id, STATES.index("open")):
        case.finalise()
    case.decided()
    deadline = case.deadline
    next_block_at(deadline - 1)
    with fails_with("Challenges_NotFinal", deadline, deadline - 1):
        case.finalise()
    next_block_at(deadline)
    case.finalise(people.stranger)
    with fails_with("Challenges_WrongState", case.id, UPHELD):
        case.finalise()


@pytest.mark.parametrize("caller", ["producer", "second_producer", "treasury", "stranger"])
@pytest.mark.parametrize(
    ("bits", "contested", "shares"),
    [
        (0, False, (DEPOSIT, 0, 0)),
        (0, True, (DEPOSIT + HALF, 0, REST)),
        (255, False, (0, HALF, REST)),
        (255, True, (0, DEPOSIT + HALF, REST)),
    ],
)
def test_every_wei_goes_where_it_should(
    challenges, people, opened, caller, bits, contested, shares
):
    parties = (people.producer, people.second_producer, people.treasury)
    before = balances(*parties)
    case = opened(bits)
    if contested:
        case.contest()
    ending = case.ended(getattr(people, caller))
    assert paid(ending) == shares
    pledged = (DEPOSIT, DEPOSIT if contested else 0, 0)
    changes = [new - old for old, new in zip(before, balances(*parties), strict=True)]
    assert changes == [got - gave for got, gave in zip(shares, pledged, strict=True)]
    assert challenges.balance() == 0


@pytest.mark.parametrize("bits", [0, 200])
def test_challenging_and_contesting_oneself_is_never_free(
    challenges, registry, people, work, original, bits
):
    own = work.but(content=b"my own", fingerprint=with_distance(bits))
    (duplicate,) = register(registry, own)
    before = balances(people.producer, people.treasury)
    case = open_case(challenges, original, duplicate, people.producer)
    assert case.accused == case.challenger == people.producer
    case.contest()
    case.ended()
    after = balances(people.producer, people.treasury)
    assert after == [before[0] - REST, before[1] + REST]


def test_the_deposit_doubles_with_each_rejected_challenge_of_the_pair(
    challenges, people, holders, original, opened
):
    (holder, record) = holders(1)[0]
    case = opened(255)
    duplicate, token = case.duplicate, token_of(case.duplicate)
    for expected in (2 * DEPOSIT, 4 * DEPOSIT, MAXIMUM_DEPOSIT, MAXIMUM_DEPOSIT):
        case.ended()
        assert challenges.depositOf(token, people.producer) == expected
        assert challenges.depositOf(token, holder) == DEPOSIT
        with fails_with("Challenges_WrongDeposit", DEPOSIT, expected):
            open_case(challenges, original, duplicate, people.producer)
        case = open_case(challenges, original, duplicate, people.producer, expected)
    with fails_with("Challenges_WrongDeposit", DEPOSIT, MAXIMUM_DEPOSIT):
        case.contest(value=DEPOSIT)
    case.contest()
    assert paid(case.ended()) == (
        0,
        MAXIMUM_DEPOSIT + MAXIMUM_DEPOSIT // 2,
        MAXIMUM_DEPOSIT - MAXIMUM_DEPOSIT // 2,
    )
    assert open_case(challenges, record, duplicate, holder).deposit == DEPOSIT


def test_the_earliest_original_wins_and_the_rest_is_returned(
    challenges, registry, people, holders, original, copy_of
):
    (holder, later), (third, last) = holders(2)
    duplicate = copy_of()
    token = token_of(duplicate)
    late = open_case(challenges, later, duplicate, holder)
    case = open_case(challenges, original, duplicate, people.producer)
    silent = open_case(challenges, last, duplicate, third)
    case.contest()
    case.decide()
    late.decided()
    next_block_at(late.deadline)
    with fails_with("Challenges_EarlierOriginalPending", later[2], original[2]):
        late.finalise()
    before = balances(holder, third)
    assert case.finalised()["state"] == UPHELD
    assert as_tuple(registry.statusOf(token)) == (True, False, ZERO_ADDRESS)
    with fails_with("Challenges_DuplicateRemoved", token):
        silent.decide()
    # The one was upheld too, the other never decided; both get all back without waiting.
    assert (late.finalise().events["ChallengeEnded"]["state"]) == UPHELD
    ending = silent.finalise().events["ChallengeEnded"]
    assert (ending["state"], paid(ending)) == (CLOSED, (DEPOSIT, 0, 0))
    assert balances(holder, third) == [old + DEPOSIT for old in before]
    assert (challenges.balance(), challenges.openAgainst(token)) == (0, 0)


def test_a_bond_is_lost_where_the_challenge_stood_upheld_and_returned_elsewhere(
    challenges, people, holders, original, copy_of
):
    (holder, later), (third, last) = holders(2)
    duplicate = copy_of()
    cases = [
        open_case(challenges, original, duplicate, people.producer),
        open_case(challenges, later, duplicate, holder),
        open_case(challenges, last, duplicate, third),
    ]
    for case in cases[1:]:
        case.contest()
    cases[1].decide()
    # Conceding to one challenger does not save the bond that another one won.
    cases[0].concede()
    upheld, closed = (case.finalise().events["ChallengeEnded"] for case in cases[1:])
    assert (upheld["state"], paid(upheld)) == (UPHELD, (DEPOSIT + HALF, 0, REST))
    assert (closed["state"], paid(closed)) == (CLOSED, (DEPOSIT, DEPOSIT, 0))
    assert challenges.balance() == 0


def test_answers_to_a_removed_copy_are_refused(challenges, people, holders, original, copy_of):
    (holder, later) = holders(1)[0]
    duplicate = copy_of()
    case = open_case(challenges, later, duplicate, holder)
    open_case(challenges, original, duplicate, people.producer).concede()
    for answer in (case.concede, case.contest):
        with fails_with("Challenges_DuplicateRemoved", token_of(duplicate)):
            answer()
