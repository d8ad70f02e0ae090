"""ProofOfAIGC: what moves a token, what freezes it, and how freezes end."""

import pytest
from contract_support import (
    CONSUMER,
    ZERO_ADDRESS,
    admit,
    as_tuple,
    fails_with,
    mock,
    register,
    relay,
)


@pytest.fixture
def registry(system, people, work):
    """The register with one registered work."""
    register(system.registry, work)
    return system.registry


@pytest.fixture
def token(work):
    return work.token_id


@pytest.fixture
def timelock(system, acting):
    return acting(system.timelock)


@pytest.fixture
def sale(system, acting):
    return acting(system.sale)


@pytest.fixture
def challenges(system, acting):
    return acting(system.challenges)


def status(registry, token):
    return as_tuple(registry.statusOf(token))


def assert_does_not_move(registry, people, token):
    """Neither the holder nor anybody it approved moves the token."""
    owner, receiver = registry.ownerOf(token), people.second_consumer
    registry.setApprovalForAll(people.operator, True, {"from": owner})
    registry.approve(people.auditor, token, {"from": owner})
    for caller in (owner, people.operator, people.auditor):
        with fails_with("ProofOfAIGC_Frozen", token):
            registry.transferFrom(owner, receiver, token, {"from": caller})
        with fails_with("ProofOfAIGC_Frozen", token):
            registry.safeTransferFrom(owner, receiver, token, {"from": caller})
    assert registry.ownerOf(token) == owner


def test_content_moves_to_active_members(system, registry, people, token):
    owner = people.producer
    registry.transferFrom(owner, people.consumer, token, {"from": owner})
    assert registry.ownerOf(token) == people.consumer
    with fails_with("Membership_NotActive", people.stranger):
        registry.transferFrom(people.consumer, people.stranger, token, {"from": people.consumer})
    with fails_with("NotOwnerNorApproved"):
        registry.transferFrom(people.consumer, owner, token, {"from": owner})
    system.membership.revoke(people.consumer, {"from": people.administrator})
    registry.transferFrom(people.consumer, owner, token, {"from": people.consumer})
    assert registry.ownerOf(token) == owner


def test_content_moves_only_from_its_owner_and_by_whom_it_approved(registry, people, token):
    owner, receiver = people.producer, people.consumer
    with fails_with("TransferFromIncorrectOwner"):
        registry.transferFrom(people.stranger, receiver, token, {"from": owner})
    with fails_with("NotOwnerNorApproved"):
        registry.approve(people.auditor, token, {"from": people.auditor})
    registry.approve(people.auditor, token, {"from": owner})
    assert registry.getApproved(token) == people.auditor
    registry.transferFrom(owner, receiver, token, {"from": people.auditor})
    assert (registry.ownerOf(token), registry.getApproved(token)) == (receiver, ZERO_ADDRESS)
    registry.setApprovalForAll(people.operator, True, {"from": receiver})
    registry.transferFrom(receiver, owner, token, {"from": people.operator})
    assert registry.isApprovedForAll(receiver, people.operator)
    assert (registry.balanceOf(owner), registry.balanceOf(receiver)) == (1, 0)


def test_a_relayed_holder_approves_and_transfers(system, registry, people, token):
    owner, relayer = people.producer, people.relayer
    relay(system, owner, registry.approve, (people.auditor.address, token), relayer)
    assert registry.getApproved(token) == people.auditor
    relay(system, owner, registry.setApprovalForAll, (people.operator.address, True), relayer)
    assert registry.isApprovedForAll(owner, people.operator)
    arguments = (owner.address, people.consumer.address, token)
    with fails_with("FailedCall"):
        relay(system, people.stranger, registry.transferFrom, arguments, relayer)
    relay(system, owner, registry.transferFrom, arguments, relayer)
    assert registry.ownerOf(token) == people.consumer


def test_the_register_takes_no_coins(registry, people, token):
    owner, receiver = people.producer, people.consumer
    sent = {"from": owner, "value": 1}
    for call in (
        lambda: registry.approve(receiver, token, sent),
        lambda: registry.transferFrom(owner, receiver, token, sent),
        lambda: registry.safeTransferFrom(owner, receiver, token, sent),
        lambda: registry.safeTransferFrom(owner, receiver, token, b"", sent),
    ):
        with fails_with("ProofOfAIGC_ValueNotAccepted", 1):
            call()


def test_a_contract_that_handles_no_tokens_gets_none_safely(
    system, registry, people, token, deployer
):
    wallet = mock("Signer").deploy(people.consumer, {"from": deployer})
    admit(system.membership, people, wallet, CONSUMER)
    owner = people.producer
    with fails_with("ERC721InvalidReceiver", wallet):
        registry.safeTransferFrom(owner, wallet, token, {"from": owner})
    registry.safeTransferFrom(owner, people.consumer, token, b"note", {"from": owner})
    assert registry.ownerOf(token) == people.consumer


def test_content_that_is_not_registered_does_not_move(registry, people):
    with fails_with("ProofOfAIGC_NotRegistered", 5):
        registry.transferFrom(people.producer, people.consumer, 5, {"from": people.producer})


@pytest.mark.parametrize("custodian", ["timelock", "sale"])
def test_an_exchange_freezes_content_where_it_is(request, registry, people, token, custodian):
    account = request.getfixturevalue(custodian)
    transaction = registry.freezeForExchange(token, people.producer, {"from": account})
    assert transaction.events["ContentFrozenForExchange"]["exchange"] == account
    assert status(registry, token) == (False, False, account)
    assert_does_not_move(registry, people, token)
    with fails_with("ProofOfAIGC_Frozen", token):
        registry.freezeForExchange(token, people.producer, {"from": account})


def test_a_released_token_moves_and_loses_its_approvals(registry, people, token, timelock):
    registry.freezeForExchange(token, people.producer, {"from": timelock})
    registry.approve(people.auditor, token, {"from": people.producer})
    transaction = registry.releaseFromExchange(token, people.consumer, {"from": timelock})
    assert transaction.events["ContentReleasedFromExchange"]["to"] == people.consumer
    assert registry.ownerOf(token) == people.consumer
    assert registry.getApproved(token) == ZERO_ADDRESS
    assert status(registry, token) == (False, False, ZERO_ADDRESS)
    registry.transferFrom(people.consumer, people.producer, token, {"from": people.consumer})


def test_a_release_to_the_owner_only_frees(registry, people, token, timelock):
    registry.freezeForExchange(token, people.producer, {"from": timelock})
    transaction = registry.releaseFromExchange(token, people.producer, {"from": timelock})
    assert "Transfer" not in transaction.events
    registry.transferFrom(people.producer, people.consumer, token, {"from": people.producer})


def test_a_release_is_the_freezers_and_once(registry, people, token, timelock, sale):
    with fails_with("ProofOfAIGC_NotCustodian", timelock):
        registry.releaseFromExchange(token, people.consumer, {"from": timelock})
    registry.freezeForExchange(token, people.producer, {"from": timelock})
    with fails_with("ProofOfAIGC_NotCustodian", sale):
        registry.releaseFromExchange(token, people.consumer, {"from": sale})
    registry.releaseFromExchange(token, people.consumer, {"from": timelock})
    with fails_with("ProofOfAIGC_NotCustodian", timelock):
        registry.releaseFromExchange(token, people.producer, {"from": timelock})


def test_a_revocation_between_lock_and_claim_costs_nobody(
    system, registry, people, token, timelock
):
    registry.freezeForExchange(token, people.producer, {"from": timelock})
    system.membership.revoke(people.consumer, {"from": people.administrator})
    registry.releaseFromExchange(token, people.consumer, {"from": timelock})
    assert registry.ownerOf(token) == people.consumer


def test_content_never_goes_to_the_zero_account(registry, people, token, timelock, sale):
    with fails_with("TransferToZeroAddress"):
        registry.moveInSale(token, people.producer, ZERO_ADDRESS, {"from": sale})
    registry.freezeForExchange(token, people.producer, {"from": timelock})
    with fails_with("TransferToZeroAddress"):
        registry.releaseFromExchange(token, ZERO_ADDRESS, {"from": timelock})


def test_only_the_owner_s_registered_content_is_frozen(registry, people, token, timelock):
    with fails_with("ProofOfAIGC_NotOwner", token, people.consumer):
        registry.freezeForExchange(token, people.consumer, {"from": timelock})
    with fails_with("ProofOfAIGC_NotRegistered", 5):
        registry.freezeForExchange(5, people.consumer, {"from": timelock})


def test_a_sale_moves_free_content_of_its_seller(registry, people, token, sale, timelock):
    with fails_with("ProofOfAIGC_NotOwner", token, people.consumer):
        registry.moveInSale(token, people.consumer, people.producer, {"from": sale})
    with fails_with("ProofOfAIGC_NotRegistered", 5):
        registry.moveInSale(5, people.producer, people.consumer, {"from": sale})
    with fails_with("ProofOfAIGC_NotCustodian", timelock):
        registry.moveInSale(token, people.producer, people.consumer, {"from": timelock})
    registry.freezeForExchange(token, people.producer, {"from": timelock})
    with fails_with("ProofOfAIGC_Frozen", token):
        registry.moveInSale(token, people.producer, people.consumer, {"from": sale})
    registry.releaseFromExchange(token, people.producer, {"from": timelock})
    registry.moveInSale(token, people.producer, people.consumer, {"from": sale})
    assert registry.ownerOf(token) == people.consumer


def test_a_challenge_freezes_until_it_ends(registry, people, token, challenges, timelock, sale):
    transaction = registry.freezeForChallenge(token, {"from": challenges})
    assert "ContentFrozenForChallenge" in transaction.events
    assert transaction.events["MetadataUpdate"]["_tokenId"] == token
    assert status(registry, token) == (False, True, ZERO_ADDRESS)
    assert_does_not_move(registry, people, token)
    with fails_with("ProofOfAIGC_AlreadyChallenged", token):
        registry.freezeForChallenge(token, {"from": challenges})
    with fails_with("ProofOfAIGC_Frozen", token):
        registry.freezeForExchange(token, people.producer, {"from": timelock})
    with fails_with("ProofOfAIGC_Frozen", token):
        registry.moveInSale(token, people.producer, people.consumer, {"from": sale})
    transaction = registry.endChallenge(token, False, {"from": challenges})
    assert "ContentReleasedFromChallenge" in transaction.events
    assert transaction.events["MetadataUpdate"]["_tokenId"] == token
    with fails_with("ProofOfAIGC_NotChallenged", token):
        registry.endChallenge(token, True, {"from": challenges})
    registry.transferFrom(people.producer, people.consumer, token, {"from": people.producer})


def test_a_removal_is_final(registry, people, token, challenges, timelock, work):
    registry.freezeForChallenge(token, {"from": challenges})
    transaction = registry.endChallenge(token, True, {"from": challenges})
    assert "ContentRemoved" in transaction.events
    assert transaction.events["MetadataUpdate"]["_tokenId"] == token
    assert status(registry, token) == (True, False, ZERO_ADDRESS)
    assert_does_not_move(registry, people, token)
    with fails_with("ProofOfAIGC_Frozen", token):
        registry.freezeForChallenge(token, {"from": challenges})
    with fails_with("ProofOfAIGC_Frozen", token):
        registry.freezeForExchange(token, people.producer, {"from": timelock})
    with fails_with("ProofOfAIGC_AlreadyRegistered", token):
        register(registry, work.but(producer=people.second_producer))
    with fails_with("ProofOfAIGC_NotRegistered", 5):
        registry.freezeForChallenge(5, {"from": challenges})


def test_a_lock_does_not_shield_a_copy(registry, people, token, challenges, timelock):
    registry.freezeForExchange(token, people.producer, {"from": timelock})
    registry.freezeForChallenge(token, {"from": challenges})
    assert status(registry, token) == (False, True, timelock)
    registry.endChallenge(token, True, {"from": challenges})
    assert status(registry, token) == (True, False, timelock)
    with fails_with("ProofOfAIGC_Frozen", token):
        registry.releaseFromExchange(token, people.consumer, {"from": timelock})
    registry.releaseFromExchange(token, people.producer, {"from": timelock})
    assert registry.ownerOf(token) == people.producer
    assert status(registry, token) == (True, False, ZERO_ADDRESS)


def test_a_claim_goes_through_while_a_challenge_is_open(
    registry, people, token, challenges, timelock
):
    registry.freezeForExchange(token, people.producer, {"from": timelock})
    registry.freezeForChallenge(token, {"from": challenges})
    registry.releaseFromExchange(token, people.consumer, {"from": timelock})
    assert registry.ownerOf(token) == people.consumer
    assert status(registry, token) == (False, True, ZERO_ADDRESS)
    assert_does_not_move(registry, people, token)
