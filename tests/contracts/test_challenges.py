"""Challenges: four steps, the threshold to the bit, and where every wei of a deposit goes."""

import pytest
from brownie import chain, web3
from contract_support import (
    DEPOSIT,
    IMAGE_SCHEME,
    TEXT_SCHEME,
    THRESHOLDS,
    UNJUDGED_SCHEME,
    ZERO_ADDRESS,
    ZERO_BYTES,
    admit,
    as_tuple,
    balances,
    commit,
    digest,
    fails_with,
    mock,
    records_of,
    register,
    relay,
)

NONE, OPEN, UPHELD, REJECTED = range(4)
COMPENSATION = DEPOSIT // 2
FORFEITED = DEPOSIT - COMPENSATION
FINGERPRINT = 0x5A5A << 200 | 0xC3C3


def with_distance(bits: int) -> int:
    """A fingerprint that differs from FINGERPRINT in this many bits."""
    return FINGERPRINT ^ ((1 << bits) - 1)


@pytest.fixture
def registry(system):
    return system.registry


@pytest.fixture
def challenges(system):
    return system.challenges


@pytest.fixture
def original(registry, people, work):
    """Record of the producer's work."""
    return register(registry, work.but(fingerprint=FINGERPRINT))[0]


@pytest.fixture
def copy_of(registry, people, work, original):
    """Registers a later work of the second producer and returns its record."""

    def later(bits: int = 0, **changes):
        copy = work.but(
            producer=people.second_producer, content=b"a copy", fingerprint=with_distance(bits)
        )
        return register(registry, copy.but(**changes))[0]

    return later


def token_of(record: tuple) -> int:
    return int.from_bytes(bytes(record[0][2]), "big")


def opened(challenges, original, duplicate, challenger) -> dict:
    """Open a challenge and return its event."""
    transaction = challenges.open(original, duplicate, {"from": challenger, "value": DEPOSIT})
    return transaction.events["ChallengeOpened"]


def settled(challenges, original, duplicate, event, caller) -> dict:
    """Settle a challenge by the event of its opening and return the event of its end."""
    terms = (event["challenger"], event["accused"], event["attempt"])
    transaction = challenges.settle(original, duplicate, *terms, {"from": caller})
    return transaction.events["ChallengeSettled"]


# --- opening ------------------------------------------------------------------------------------


def test_opening_takes_the_deposit_and_freezes_the_duplicate(
    challenges, registry, people, original, copy_of
):
    duplicate = copy_of()
    event = opened(challenges, original, duplicate, people.producer)
    named = (token_of(original), token_of(duplicate), people.producer, people.second_producer, 1)
    assert event["challengeId"] == challenges.idOf(*named)
    assert (event["accused"], event["deposit"]) == (people.second_producer, DEPOSIT)
    assert challenges.stateOf(event["challengeId"]) == OPEN
    assert challenges.attemptsAgainst(token_of(duplicate)) == 1
    assert challenges.balance() == DEPOSIT
    assert as_tuple(registry.statusOf(token_of(duplicate))) == (False, True, ZERO_ADDRESS)


def test_the_deposit_is_exact(challenges, people, original, copy_of):
    duplicate = copy_of()
    for sent in (0, DEPOSIT - 1, DEPOSIT + 1):
        with fails_with("Challenges_WrongDeposit", sent, DEPOSIT):
            challenges.open(original, duplicate, {"from": people.producer, "value": sent})


def test_challengers_are_active_members(system, challenges, people, original, copy_of):
    duplicate = copy_of()
    system.membership.revoke(people.producer, {"from": people.administrator})
    with fails_with("Membership_NotActive", people.producer):
        opened(challenges, original, duplicate, people.producer)


def test_challengers_created_or_own_the_original(challenges, registry, people, original, copy_of):
    duplicate = copy_of()
    refused = ("Challenges_NotCreatorOrOwner", people.consumer, token_of(original))
    with fails_with(*refused):
        opened(challenges, original, duplicate, people.consumer)
    registry.transferFrom(
        people.producer, people.consumer, token_of(original), {"from": people.producer}
    )
    with fails_with("Challenges_NotCreatorOrOwner", people.second_producer, token_of(original)):
        opened(challenges, original, duplicate, people.second_producer)
    event = opened(challenges, original, duplicate, people.consumer)
    settled(challenges, original, duplicate, event, people.stranger)
    opened(challenges, original, copy_of(content=b"one more"), people.producer)


def test_records_are_those_of_the_register(challenges, people, original, copy_of):
    duplicate = copy_of(200)
    closer = ((*duplicate[0][:3], original[0][3], *duplicate[0][4:]), *duplicate[1:])
    with fails_with("ProofOfAIGC_RecordMismatch", token_of(duplicate)):
        opened(challenges, original, closer, people.producer)
    with fails_with("ProofOfAIGC_RecordMismatch", token_of(original)):
        opened(challenges, (original[0], 0, *original[2:]), duplicate, people.producer)


def test_the_original_was_committed_in_an_earlier_block(
    challenges, registry, people, work, original, copy_of
):
    duplicate = copy_of()
    with fails_with("Challenges_OriginalNotEarlier", duplicate[2], original[2]):
        opened(challenges, duplicate, original, people.second_producer)
    pair = register(registry, work.but(content=b"one"), work.but(content=b"other"))
    with fails_with("Challenges_OriginalNotEarlier", pair[0][2], pair[0][2]):
        opened(challenges, *pair, people.producer)
    with fails_with("Challenges_SameToken", token_of(original)):
        opened(challenges, original, original, people.producer)


def test_priority_is_by_commitment_not_by_registration(challenges, registry, people, work):
    """A copier does not win by registering first what it saw after the original was committed."""
    first = work.but(fingerprint=FINGERPRINT)
    commit(registry, [first])
    copy = work.but(producer=people.second_producer, content=b"copy", fingerprint=FINGERPRINT)
    (duplicate,) = register(registry, copy)
    registered = chain.height
    item = first.registration(registry)
    transaction = registry.register([item], ZERO_BYTES, {"from": people.producer})
    (late,) = records_of(transaction)
    assert transaction.block_number > registered
    event = opened(challenges, late, duplicate, people.producer)
    assert settled(challenges, late, duplicate, event, people.producer)["upheld"]


def test_fingerprints_are_of_one_judged_scheme(challenges, registry, people, work, copy_of):
    other_kind = copy_of(scheme=TEXT_SCHEME)
    (image,) = register(registry, work.but(content=b"image"))
    (text,) = register(registry, work.but(content=b"text", scheme=TEXT_SCHEME))
    later = copy_of(content=b"later image")
    assert token_of(image) != token_of(other_kind)
    with fails_with("Challenges_SchemeMismatch", TEXT_SCHEME, IMAGE_SCHEME):
        opened(challenges, text, later, people.producer)
    unjudged = [
        register(registry, work.but(content=label, scheme=UNJUDGED_SCHEME))[0]
        for label in (b"first", b"second")
    ]
    with fails_with("Challenges_NoThreshold", UNJUDGED_SCHEME):
        opened(challenges, *unjudged, people.producer)


def test_a_removed_original_proves_nothing_and_a_removed_copy_needs_no_proof(
    challenges, people, original, copy_of
):
    duplicate, third = copy_of(), copy_of(content=b"third")
    settled(
        challenges,
        original,
        duplicate,
        opened(challenges, original, duplicate, people.producer),
        people.producer,
    )
    with fails_with("Challenges_OriginalRemoved", token_of(duplicate)):
        opened(challenges, duplicate, third, people.second_producer)
    with fails_with("ProofOfAIGC_Frozen", token_of(duplicate)):
        opened(challenges, original, duplicate, people.producer)


def test_one_challenge_at_a_time_and_another_after_it(challenges, people, original, copy_of):
    duplicate = copy_of(255)
    first = opened(challenges, original, duplicate, people.producer)
    with fails_with("ProofOfAIGC_AlreadyChallenged", token_of(duplicate)):
        opened(challenges, original, duplicate, people.producer)
    settled(challenges, original, duplicate, first, people.stranger)
    second = opened(challenges, original, duplicate, people.producer)
    assert (first["attempt"], second["attempt"]) == (1, 2)
    assert first["challengeId"] != second["challengeId"]


# --- settlement ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", [IMAGE_SCHEME, TEXT_SCHEME])
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_the_threshold_decides_to_the_bit(challenges, registry, people, work, scheme, beyond):
    threshold = THRESHOLDS[scheme]
    fingerprints = (FINGERPRINT, with_distance(threshold + beyond))
    original, duplicate = (
        register(registry, work.but(content=bytes([index]), fingerprint=one, scheme=scheme))[0]
        for index, one in enumerate(fingerprints)
    )
    event = opened(challenges, original, duplicate, people.producer)
    verdict = settled(challenges, original, duplicate, event, people.stranger)
    assert verdict["upheld"] == (beyond <= 0)
    assert (verdict["distance"], verdict["maximumDistance"]) == (threshold + beyond, threshold)
    state = challenges.stateOf(event["challengeId"])
    assert state == (UPHELD if beyond <= 0 else REJECTED)
    status = as_tuple(registry.statusOf(token_of(duplicate)))
    assert status == (beyond <= 0, False, ZERO_ADDRESS)


@pytest.mark.parametrize("caller", ["producer", "stranger"])
def test_a_deposit_returns_when_the_challenge_is_upheld(
    challenges, people, original, copy_of, caller
):
    duplicate = copy_of()
    before = balances(people.producer, people.second_producer, people.treasury)
    event = opened(challenges, original, duplicate, people.producer)
    verdict = settled(challenges, original, duplicate, event, getattr(people, caller))
    assert (verdict["depositReturned"], verdict["compensation"], verdict["forfeited"]) == (
        DEPOSIT,
        0,
        0,
    )
    assert balances(people.producer, people.second_producer, people.treasury) == before
    assert challenges.balance() == 0


@pytest.mark.parametrize("caller", ["producer", "second_producer", "treasury", "stranger"])
def test_a_deposit_is_lost_when_the_challenge_is_rejected(
    challenges, people, original, copy_of, caller
):
    duplicate = copy_of(255)
    before = balances(people.producer, people.second_producer, people.treasury)
    event = opened(challenges, original, duplicate, people.producer)
    verdict = settled(challenges, original, duplicate, event, getattr(people, caller))
    assert (verdict["depositReturned"], verdict["compensation"], verdict["forfeited"]) == (
        0,
        COMPENSATION,
        FORFEITED,
    )
    after = balances(people.producer, people.second_producer, people.treasury)
    changes = [new - old for old, new in zip(before, after, strict=True)]
    assert changes == [-DEPOSIT, COMPENSATION, FORFEITED]
    assert challenges.balance() == 0


def test_challenging_oneself_is_never_free(challenges, registry, people, work, original):
    own = work.but(content=b"own and far", fingerprint=with_distance(200))
    (duplicate,) = register(registry, own)
    before = balances(people.producer, people.treasury)
    event = opened(challenges, original, duplicate, people.producer)
    assert event["accused"] == event["challenger"] == people.producer
    settled(challenges, original, duplicate, event, people.producer)
    assert balances(people.producer, people.treasury) == [
        before[0] - FORFEITED,
        before[1] + FORFEITED,
    ]


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
        event = opened(challenges, original, duplicate, people.producer)
        assert event["accused"] == wallet
        settled(challenges, original, duplicate, event, people.stranger)
        assert wallet.balance() == 0
        assert system.payouts.creditOf(wallet) == COMPENSATION


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
        challenges.open.encode_input(original, duplicate),
        {"from": people.stranger, "value": DEPOSIT},
    )
    event = transaction.events["ChallengeOpened"]
    terms = (wallet, event["accused"], event["attempt"])
    with fails_with("Payments_TransferFailed", wallet, DEPOSIT):
        wallet.perform(
            challenges,
            challenges.settle.encode_input(original, duplicate, *terms),
            {"from": people.stranger},
        )
    settled(challenges, original, duplicate, event, people.stranger)
    assert system.payouts.creditOf(wallet) == DEPOSIT


def test_a_challenge_settles_once_and_as_it_was_opened(challenges, people, original, copy_of):
    duplicate = copy_of()
    tokens = (token_of(original), token_of(duplicate))
    event = opened(challenges, original, duplicate, people.producer)
    right = (people.producer, people.second_producer, 1)
    for wrong in (
        (people.stranger, people.second_producer, 1),
        (people.producer, people.stranger, 1),
        (people.producer, people.second_producer, 2),
    ):
        with fails_with("Challenges_NotOpen", bytes(challenges.idOf(*tokens, *wrong)), NONE):
            challenges.settle(original, duplicate, *wrong, {"from": people.stranger})
    forged = ((*original[0][:3], digest("fingerprint"), *original[0][4:]), *original[1:])
    with fails_with("ProofOfAIGC_RecordMismatch", tokens[0]):
        challenges.settle(forged, duplicate, *right, {"from": people.stranger})
    forged = ((*duplicate[0][:3], digest("fingerprint"), *duplicate[0][4:]), *duplicate[1:])
    with fails_with("ProofOfAIGC_RecordMismatch", tokens[1]):
        challenges.settle(original, forged, *right, {"from": people.stranger})
    settled(challenges, original, duplicate, event, people.stranger)
    with fails_with("Challenges_NotOpen", bytes(event["challengeId"]), UPHELD):
        challenges.settle(original, duplicate, *right, {"from": people.stranger})


def test_revoked_members_still_settle_and_are_paid(system, challenges, people, original, copy_of):
    duplicate = copy_of()
    before = people.producer.balance()
    event = opened(challenges, original, duplicate, people.producer)
    system.membership.revoke(people.producer, {"from": people.administrator})
    settled(challenges, original, duplicate, event, people.producer)
    assert people.producer.balance() == before


def test_the_compensation_is_the_owner_s_at_the_time_of_opening(
    system, challenges, people, original, copy_of, acting
):
    """The duplicate is locked in an exchange and claimed while the challenge is open."""
    duplicate = copy_of(200)
    timelock = acting(system.timelock)
    token = token_of(duplicate)
    system.registry.freezeForExchange(token, people.second_producer, {"from": timelock})
    event = opened(challenges, original, duplicate, people.producer)
    system.registry.releaseFromExchange(token, people.consumer, {"from": timelock})
    before = people.second_producer.balance()
    settled(challenges, original, duplicate, event, people.stranger)
    assert people.second_producer.balance() == before + COMPENSATION
    assert system.registry.ownerOf(token) == people.consumer


def test_a_challenger_signs_and_another_submits(system, people, original, copy_of):
    challenges, duplicate = system.challenges, copy_of()
    before = people.producer.balance()
    arguments = (original, duplicate)
    transaction = relay(
        system, people.producer, challenges.open, arguments, people.relayer, value=DEPOSIT
    )
    event = transaction.events["ChallengeOpened"]
    assert event["challenger"] == people.producer
    terms = (event["challenger"], event["accused"], event["attempt"])
    relay(system, people.producer, challenges.settle, (*arguments, *terms), people.relayer)
    assert people.producer.balance() == before + DEPOSIT
    assert challenges.stateOf(event["challengeId"]) == UPHELD


# --- set-up -------------------------------------------------------------------------------------


def deploy(system, project, deployer, schemes, distances, treasury=ZERO_ADDRESS, deposit=DEPOSIT):
    return project.Challenges.deploy(
        system.registry,
        system.membership,
        system.payouts,
        system.forwarder,
        treasury,
        deposit,
        schemes,
        distances,
        {"from": deployer},
    )


def test_settings(system, project, deployer, people):
    challenges = system.challenges
    assert challenges.deposit() == DEPOSIT
    assert challenges.treasury() == people.treasury
    assert challenges.registry() == system.registry
    assert challenges.payouts() == system.payouts
    for scheme, threshold in THRESHOLDS.items():
        assert challenges.maximumDistanceOf(scheme) == threshold
    assert challenges.maximumDistanceOf(UNJUDGED_SCHEME) == 0


def test_settings_that_decide_nothing_are_refused(system, project, deployer):
    with fails_with("Challenges_LengthMismatch", 2, 1):
        deploy(system, project, deployer, [1, 2], [3])
    for distance in (0, 256):
        with fails_with("Challenges_BadThreshold", 1, distance):
            deploy(system, project, deployer, [1], [distance])
    deploy(system, project, deployer, [1, 2], [1, 255])


def test_without_a_treasury_the_forfeited_part_is_burned(system, project, deployer, people, work):
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
        DEPOSIT,
        [IMAGE_SCHEME],
        [THRESHOLDS[IMAGE_SCHEME]],
        {"from": deployer},
    )
    registry.bindCustodians(system.timelock, system.sale, challenges, {"from": deployer})
    (original,) = register(registry, work)
    (duplicate,) = register(registry, work.but(content=b"far", fingerprint=with_distance(200)))
    burned = web3.eth.get_balance(ZERO_ADDRESS)
    event = opened(challenges, original, duplicate, people.producer)
    settled(challenges, original, duplicate, event, people.stranger)
    assert web3.eth.get_balance(ZERO_ADDRESS) == burned + FORFEITED
    assert challenges.balance() == 0
