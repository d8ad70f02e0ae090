"""Challenges: who is paid whatever it does, and what is burned."""

import pytest
from brownie import web3
from challenge_cases import (
    HALF,
    REST,
    case_of,
    open_case,
    token_of,
    with_distance,
)
from contract_support import (
    DEPOSIT,
    IMAGE_SCHEME,
    THRESHOLDS,
    ZERO_ADDRESS,
    ZERO_BYTES,
    admit,
    balances,
    fails_with,
    mock,
    next_block_at,
    records_of,
    register,
    relay,
)


@pytest.fixture
def registry(system):
    return system.registry


@pytest.fixture
def challenges(system):
    return system.challenges


# --- payments -----------------------------------------------------------------------------------


def test_a_party_that_accepts_no_coins_is_credited(
    system, challenges, people, work, original, deployer
):
    registry = system.registry
    for name in ("Refuser", "Burner", "Answerer"):
        wallet = mock(name).deploy({"from": deployer})
        admit(system.membership, people, wallet, 1)
        own = work.but(producer=wallet, content=name.encode(), fingerprint=with_distance(200))
        commitment = registry.commitmentOf(wallet, [own.content_hash], ZERO_BYTES)
        wallet.perform(
            registry, registry.commit.encode_input(commitment), {"from": people.stranger}
        )
        item = own.registration(registry)
        transaction = wallet.perform(
            registry,
            registry.register.encode_input([item], ZERO_BYTES),
            {"from": people.stranger},
        )
        (duplicate,) = records_of(transaction)
        case = open_case(challenges, original, duplicate, people.producer)
        assert case.accused == wallet
        case.ended(people.stranger)
        assert wallet.balance() == 0
        assert system.payouts.creditOf(wallet) == HALF


def test_a_caller_that_accepts_no_coins_harms_only_itself(
    system, challenges, people, original, copy_of, deployer
):
    registry = system.registry
    wallet = mock("Refuser").deploy({"from": deployer})
    admit(system.membership, people, wallet, 4)
    registry.transferFrom(people.producer, wallet, token_of(original), {"from": people.producer})
    duplicate = copy_of()
    transaction = wallet.perform(
        challenges,
        challenges.open.encode_input(token_of(original), token_of(duplicate)),
        {"from": people.stranger, "value": DEPOSIT},
    )
    case = case_of(challenges, original, duplicate, transaction.events["ChallengeOpened"])
    case.decided(people.stranger)
    next_block_at(case.deadline)
    with fails_with("Payments_TransferFailed", wallet, DEPOSIT):
        wallet.perform(
            challenges,
            challenges.finalise.encode_input(case.terms),
            {"from": people.stranger},
        )
    case.finalise(people.stranger)
    assert system.payouts.creditOf(wallet) == DEPOSIT


def test_who_left_the_consortium_still_answers_and_is_paid(system, people, opened):
    parties = (people.producer, people.second_producer)
    before = balances(*parties)
    case = opened(255)
    for party in parties:
        system.membership.revoke(party, {"from": people.administrator})
    case.contest()
    case.ended(people.producer)
    assert balances(*parties) == [before[0] - DEPOSIT, before[1] + HALF]


def test_the_compensation_is_the_owner_s_at_the_time_of_opening(
    system, challenges, people, original, copy_of, acting
):
    """The duplicate is locked in an exchange and claimed while the challenge is open."""
    duplicate = copy_of(200)
    timelock = acting(system.timelock)
    token = token_of(duplicate)
    system.registry.freezeForExchange(token, people.second_producer, {"from": timelock})
    case = open_case(challenges, original, duplicate, people.producer)
    system.registry.releaseFromExchange(token, people.consumer, {"from": timelock})
    # Who received it does not lose it by the giver's word.
    with fails_with("Challenges_NoLongerOwner", people.second_producer, token):
        case.concede()
    before = people.second_producer.balance()
    case.ended(people.stranger)
    assert people.second_producer.balance() == before + HALF
    assert system.registry.ownerOf(token) == people.consumer


def test_the_parties_sign_and_another_submits(system, people, original, copy_of):
    challenges, duplicate = system.challenges, copy_of()
    before = balances(people.producer, people.second_producer)

    def relayed(signer, call, *arguments, value=0):
        return relay(system, signer, call, arguments, people.relayer, value=value)

    tokens = (token_of(original), token_of(duplicate))
    opening = relayed(people.producer, challenges.open, *tokens, value=DEPOSIT)
    case = case_of(challenges, original, duplicate, opening.events["ChallengeOpened"])
    assert case.challenger == people.producer
    statement = (case.terms, ZERO_BYTES, "")
    relayed(people.second_producer, challenges.contest, *statement, value=DEPOSIT)
    relayed(people.producer, challenges.submitEvidence, *statement)
    relayed(people.producer, challenges.decide, case.terms, original, duplicate)
    next_block_at(case.deadline)
    relayed(people.producer, challenges.finalise, case.terms)
    # The relayer paid deposit and bond.
    gained = [DEPOSIT + HALF, 0]
    after = balances(people.producer, people.second_producer)
    assert after == [old + more for old, more in zip(before, gained, strict=True)]
    another = open_case(challenges, original, copy_of(content=b"more"), people.producer)
    relayed(people.second_producer, challenges.concede, another.terms)
    assert another.state == "conceded"


# --- set-up -------------------------------------------------------------------------------------


def test_without_a_treasury_the_forfeited_part_is_burned(
    system, project, deployer, people, work, challenge_rules
):
    """A register of its own, whose challenges name the zero account as their treasury."""
    registry = project.ProofOfAIGC.deploy(
        system.membership, system.forwarder, [IMAGE_SCHEME], {"from": deployer}
    )
    challenges = project.Challenges.deploy(
        registry,
        system.membership,
        system.payouts,
        system.forwarder,
        ZERO_ADDRESS,
        ZERO_ADDRESS,
        challenge_rules(),
        [IMAGE_SCHEME],
        [THRESHOLDS[IMAGE_SCHEME]],
        {"from": deployer},
    )
    registry.bindCustodians(system.timelock, system.sale, challenges, {"from": deployer})
    (original,) = register(registry, work)
    (duplicate,) = register(registry, work.but(content=b"far", fingerprint=with_distance(200)))
    burned = web3.eth.get_balance(ZERO_ADDRESS)
    case = open_case(challenges, original, duplicate, people.producer)
    case.decided()
    with fails_with("Challenges_NoArbitrator"):
        case.appeal()
    case.finalised(people.stranger)
    assert web3.eth.get_balance(ZERO_ADDRESS) == burned + REST
    assert challenges.balance() == 0
