"""HashedTimelock without a register, as on a chain for payments alone: coins, and never content."""

import pytest
from contract_support import (
    SAFETY_MARGIN,
    ZERO_ADDRESS,
    fails_with,
    mine_at,
    now,
    register,
)
from exchange_terms import CLAIMED, CONTENT, ETHER, HOUR, PREIMAGE, REFUNDED, Lock


@pytest.fixture
def payments(system, deployer, HashedTimelock):  # noqa: N803 - brownie names it like the contract
    """Beside the others' contracts, so that a register exists that it does not know."""
    return HashedTimelock.deploy(
        system.membership,
        system.forwarder,
        ZERO_ADDRESS,
        system.payouts,
        SAFETY_MARGIN,
        {"from": deployer},
    )


@pytest.fixture
def price(payments, people):
    """A price that the consumer has locked for the producer."""
    lock = Lock(people.consumer, people.producer, timelock=now() + HOUR)
    payments.lock(lock.terms, {"from": people.consumer, "value": ETHER})
    return lock


@pytest.mark.parametrize("token", ["zero", "register"])
def test_content_is_refused_whatever_contract_it_names(payments, people, system, work, token):
    register(system.registry, work)
    address = ZERO_ADDRESS if token == "zero" else str(system.registry)
    asset = (CONTENT, address, work.token_id)
    lock = Lock(people.producer, people.consumer, asset=asset, timelock=now() + HOUR)
    with fails_with("HashedTimelock_AssetTokenMismatch", CONTENT, address):
        payments.lock(lock.terms, {"from": people.producer})


def test_the_price_is_claimed_for_its_receiver(payments, people, price):
    before = people.producer.balance()
    payments.claim(price.terms, PREIMAGE, {"from": people.relayer})
    assert people.producer.balance() == before + ETHER
    assert payments.stateOf(price.id(payments)) == CLAIMED


def test_the_price_goes_back_to_its_sender(payments, people, price):
    mine_at(price.timelock)
    before = people.consumer.balance()
    payments.refund(price.terms, {"from": people.relayer})
    assert people.consumer.balance() == before + ETHER
    assert payments.stateOf(price.id(payments)) == REFUNDED
