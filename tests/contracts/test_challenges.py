"""Challenges: who may open and answer, and when."""

import pytest
from brownie import web3
from challenge_cases import (
    CONCEDED,
    REJECTED,
    STATES,
    UPHELD,
    open_case,
    paid,
    token_of,
)
from contract_support import (
    ANSWER_WINDOW,
    DEPOSIT,
    ZERO_ADDRESS,
    as_tuple,
    balances,
    digest,
    fails_with,
    next_block_at,
    now,
)


@pytest.fixture
def registry(system):
    return system.registry


@pytest.fixture
def challenges(system):
    return system.challenges


# --- opening ------------------------------------------------------------------------------------


def test_opening_takes_the_deposit_and_freezes_the_duplicate(
    challenges, registry, people, original, opened
):
    case = opened()
    token = token_of(case.duplicate)
    expected = (token_of(original), token, people.producer, people.second_producer, 1)
    assert case.terms == expected
    assert case.id == bytes(challenges.idOf(case.terms))
    assert case.state == "open"
    assert case.docket == {
        "state": STATES.index("open"),
        "contested": False,
        "upheld": False,
        "lane": 0,
        "rejections": 0,
        "attempts": 1,
        "deadline": now() + ANSWER_WINDOW,
        "digest": web3.to_hex(case.id[:20]),
    }
    assert (challenges.balance(), challenges.openAgainst(token)) == (DEPOSIT, 1)
    assert as_tuple(registry.statusOf(token)) == (False, True, ZERO_ADDRESS)


def test_the_deposit_is_exact(challenges, people, original, copy_of):
    duplicate = copy_of()
    for sent in (0, DEPOSIT - 1, DEPOSIT + 1):
        with fails_with("Challenges_WrongDeposit", sent, DEPOSIT):
            open_case(challenges, original, duplicate, people.producer, sent)


def test_challengers_are_active_members(system, challenges, people, original, copy_of):
    duplicate = copy_of()
    system.membership.revoke(people.producer, {"from": people.administrator})
    with fails_with("Membership_NotActive", people.producer):
        open_case(challenges, original, duplicate, people.producer)


def test_challengers_created_or_own_the_original(challenges, registry, people, original, copy_of):
    duplicate, token = copy_of(), token_of(original)
    with fails_with("Challenges_NotCreatorOrOwner", people.consumer, token):
        open_case(challenges, original, duplicate, people.consumer)
    registry.transferFrom(people.producer, people.consumer, token, {"from": people.producer})
    with fails_with("Challenges_NotCreatorOrOwner", people.second_producer, token):
        open_case(challenges, original, duplicate, people.second_producer)
    open_case(challenges, original, duplicate, people.consumer)
    open_case(challenges, original, duplicate, people.producer)


def test_both_contents_are_registered_and_different(challenges, people, original, copy_of):
    sender = {"from": people.producer, "value": DEPOSIT}
    known = token_of(original)
    with fails_with("Challenges_SameToken", known):
        challenges.open(known, known, sender)
    for pair in ((known, 7), (7, known)):
        with fails_with("TokenDoesNotExist"):
            challenges.open(*pair, sender)


def test_a_removed_copy_needs_no_challenge(challenges, people, original, opened):
    case = opened()
    case.concede()
    with fails_with("ProofOfAIGC_Frozen", token_of(case.duplicate)):
        open_case(challenges, original, case.duplicate, people.producer)


def test_one_challenger_has_one_challenge_at_a_time(challenges, people, original, opened):
    case = opened(255)
    token = token_of(case.duplicate)
    with fails_with("Challenges_AlreadyOpen", token, people.producer):
        open_case(challenges, original, case.duplicate, people.producer)
    case.ended()
    again = open_case(challenges, original, case.duplicate, people.producer, 2 * DEPOSIT)
    assert (case.terms[4], again.terms[4]) == (1, 2)
    assert (case.state, again.state) == ("none", "open")
    with fails_with("Challenges_WrongState", case.id, 0):
        case.finalise()


def test_an_accomplice_cannot_take_the_only_place(challenges, holders, people, original, copy_of):
    duplicate = copy_of()
    token = token_of(duplicate)
    (holder, late) = holders(1)[0]
    # The copy's owner has a friend challenge it badly; the creator still stands beside.
    accomplice = open_case(challenges, late, duplicate, holder)
    case = open_case(challenges, original, duplicate, people.producer)
    assert challenges.openAgainst(token) == 2
    assert accomplice.ended()["state"] == REJECTED
    assert challenges.openAgainst(token) == 1
    assert case.ended()["state"] == UPHELD


def test_at_most_four_stand_and_a_place_is_taken_again(
    challenges, registry, holders, people, copy_of
):
    five = holders(5)
    duplicate = copy_of(255)
    token = token_of(duplicate)
    cases = [open_case(challenges, record, duplicate, holder) for holder, record in five[:4]]
    assert [case.docket["lane"] for case in cases] == [0, 1, 2, 3]
    assert challenges.openAgainst(token) == challenges.MAXIMUM_OPEN() == 4
    (holder, record) = five[4]
    with fails_with("Challenges_TooManyOpen", token, 4):
        open_case(challenges, record, duplicate, holder)
    for case in (cases[1], cases[0]):
        case.ended()
    cases += [open_case(challenges, record, duplicate, holder)]
    assert cases[4].docket["lane"] == 0
    for left, case in ((2, cases[2]), (1, cases[4])):
        case.ended()
        assert registry.statusOf(token)["challenged"]
        assert challenges.openAgainst(token) == left
    cases[3].ended()
    assert as_tuple(registry.statusOf(token)) == (False, False, ZERO_ADDRESS)
    assert (challenges.openAgainst(token), challenges.balance()) == (0, 0)


# --- the owner's answer -------------------------------------------------------------------------


def test_who_concedes_loses_the_copy_and_nothing_else(challenges, registry, people, opened):
    before = balances(people.producer, people.second_producer, people.treasury)
    case = opened()
    ending = case.concede().events["ChallengeEnded"]
    assert (ending["state"], paid(ending)) == (CONCEDED, (DEPOSIT, 0, 0))
    assert balances(people.producer, people.second_producer, people.treasury) == before
    assert as_tuple(registry.statusOf(token_of(case.duplicate))) == (True, False, ZERO_ADDRESS)
    assert (case.state, challenges.balance()) == ("conceded", 0)


def test_only_the_accused_answers(people, opened):
    case = opened()
    for answer in (case.concede, case.contest):
        with fails_with("Challenges_NotAccused", people.producer, people.second_producer):
            answer(people.producer)


def test_answers_are_in_time(opened):
    for answer in ("concede", "contest"):
        case = opened(content=answer.encode())
        deadline = case.deadline
        next_block_at(deadline)
        with fails_with("Challenges_AnswerWindowOver", deadline, deadline):
            getattr(case, answer)()


def test_contesting_takes_a_bond_of_the_same_amount_and_ends_the_wait(challenges, people, opened):
    case = opened()
    for sent in (0, DEPOSIT - 1, DEPOSIT + 1):
        with fails_with("Challenges_WrongDeposit", sent, DEPOSIT):
            case.contest(value=sent)
    events = case.contest().events
    assert events["ChallengeContested"]["bond"] == DEPOSIT
    assert events["EvidenceSubmitted"]["party"] == people.second_producer
    assert (case.state, challenges.balance()) == ("contested", 2 * DEPOSIT)
    for answer in (case.concede, case.contest):
        with fails_with("Challenges_WrongState", case.id, STATES.index("contested")):
            answer()
    case.decide(people.stranger)
    assert case.state == "decided"


def test_statements_are_of_the_parties_while_the_challenge_lasts(challenges, people, opened):
    case = opened()
    statement = (digest("statement"), "ipfs://more")
    for party in (people.producer, people.second_producer):
        event = challenges.submitEvidence(case.terms, *statement, {"from": party}).events[
            "EvidenceSubmitted"
        ]
        assert (bytes(event["challengeId"]), event["party"]) == (case.id, party)
        assert (bytes(event["evidenceHash"]), event["evidenceUri"]) == statement
    with fails_with("Challenges_NotParty", people.stranger, case.id):
        challenges.submitEvidence(case.terms, *statement, {"from": people.stranger})
    for length in (257, 300):
        with fails_with("Challenges_UriTooLong", length, 256):
            case.contest(uri="x" * length)
    case.contest(uri="x" * 256)
    case.ended()
    with fails_with("Challenges_WrongState", case.id, UPHELD):
        challenges.submitEvidence(case.terms, *statement, {"from": people.producer})
