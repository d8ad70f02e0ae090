"""AtomicSale: content, ownership, price, royalty and preimage change hands in one transaction."""

import pytest
from challenge_cases import UPHELD, open_case
from contract_support import (
    ZERO_ADDRESS,
    ZERO_BYTES,
    as_tuple,
    digest,
    fails_with,
    mine_at,
    mock,
    next_block_at,
    now,
    register,
    relay,
)
from exchange_terms import (
    HOUR,
    NONE,
    OPEN,
    PREIMAGE,
    REFUNDED,
    SETTLED,
    Lock,
    Sale,
    content_asset,
)


@pytest.fixture
def sale(system):
    return system.sale


@pytest.fixture
def registry(system):
    return system.registry


@pytest.fixture
def records(registry, work, people):
    """Records of the second producer's original and of its near-copy, the work to sell."""
    original = work.but(producer=people.second_producer, content=b"the original", fingerprint=0)
    return register(registry, original) + register(registry, work)


@pytest.fixture
def offer(records, people, work):
    """The consumer buys the work of its producer; not yet opened."""
    return Sale(people.consumer, people.producer, work.token_id, timelock=now() + HOUR)


def remove(system, people, records):
    """An upheld challenge against the work, whose owner says nothing."""
    case = open_case(system.challenges, *records, people.second_producer)
    assert case.ended(people.stranger)["state"] == UPHELD


# Opening


def test_a_sale_opens_with_the_price(sale, offer, people):
    assert sale.stateOf(offer.id(sale)) == NONE
    event = offer.open(sale).events["SaleOpened"]
    assert (bytes(event["saleId"]), event["buyer"]) == (offer.id(sale), people.consumer)
    assert as_tuple(event["terms"])[:4] == offer.terms[:4]
    assert sale.stateOf(offer.id(sale)) == OPEN
    assert sale.balance() == offer.price


def test_only_active_members_buy_and_only_for_themselves(system, sale, offer, people):
    with fails_with("Membership_NotActive", people.stranger):
        offer.but(buyer=people.stranger).open(sale)
    with fails_with("AtomicSale_BuyerMismatch", people.auditor, people.consumer):
        offer.open(sale, **{"from": people.auditor})
    with fails_with("AtomicSale_SellerIsBuyer", people.producer):
        offer.but(buyer=people.producer).open(sale)


def test_terms_that_cannot_be_fulfilled_are_refused(sale, offer, people):
    with fails_with("AtomicSale_ZeroHashlock"):
        offer.but(hashlock=ZERO_BYTES).open(sale)
    with fails_with("AtomicSale_ZeroPrice"):
        offer.but(price=0).open(sale)
    for value in (offer.price - 1, offer.price + 1):
        with fails_with("AtomicSale_ValueMismatch", value, offer.price):
            offer.open(sale, value=value)
    present = now() + 10
    next_block_at(present)
    with fails_with("AtomicSale_TimelockInPast", present, present):
        offer.but(timelock=present).open(sale)


def test_a_sale_opens_once(sale, offer, people):
    offer.open(sale)
    with fails_with("AtomicSale_AlreadyExists", offer.id(sale), OPEN):
        offer.open(sale)
    sale.settle(offer.terms, PREIMAGE, {"from": people.producer})
    with fails_with("AtomicSale_AlreadyExists", offer.id(sale), SETTLED):
        offer.open(sale)


def test_who_does_not_own_the_content_cannot_settle(sale, offer, people):
    """Opening does not ask who owns it; the buyer of what the seller lacks is refunded."""
    other = offer.but(seller=people.auditor)
    other.open(sale)
    with fails_with("ProofOfAIGC_NotOwner", offer.token_id, people.auditor):
        sale.settle(other.terms, PREIMAGE, {"from": people.auditor})
    unknown = offer.but(token_id=5)
    unknown.open(sale)
    with fails_with("ProofOfAIGC_NotRegistered", 5):
        sale.settle(unknown.terms, PREIMAGE, {"from": people.producer})
    mine_at(offer.timelock)
    before = people.consumer.balance()
    for one in (other, unknown):
        sale.refund(one.terms, {"from": people.stranger})
    assert people.consumer.balance() == before + 2 * offer.price


# Settling


def test_settling_moves_content_price_and_preimage(system, sale, registry, offer, people):
    """A creator selling its own content gets the whole price."""
    offer.open(sale)
    before = people.producer.balance()
    transaction = sale.settle(offer.terms, PREIMAGE, {"from": people.producer})
    assert people.producer.balance() == before + offer.price
    assert registry.ownerOf(offer.token_id) == people.consumer
    event = transaction.events["SaleSettled"]
    assert bytes.fromhex(str(event["preimage"]).removeprefix("0x")) == PREIMAGE
    assert (event["royaltyReceiver"], event["royalty"]) == (ZERO_ADDRESS, 0)
    assert event["paidToSeller"] == offer.price
    assert sale.stateOf(offer.id(sale)) == SETTLED


def test_settling_is_recorded_as_good_for_the_seller(system, sale, offer, people):
    offer.open(sale)
    transaction = sale.settle(offer.terms, PREIMAGE, {"from": people.producer})
    event = transaction.events["InteractionRecorded"]
    assert (event["rater"], event["subject"]) == (people.consumer, people.producer)
    assert (event["positive"], event["source"]) == (True, sale)
    assert bytes(event["reference_"]) == offer.id(sale)
    assert tuple(system.ledger.countsOf(people.consumer, people.producer)) == (1, 0, 0, 0)


def test_a_resale_pays_the_creator_its_royalty(sale, registry, offer, people):
    offer.open(sale)
    sale.settle(offer.terms, PREIMAGE, {"from": people.producer})
    resale = Sale(people.vehicle, people.consumer, offer.token_id, timelock=now() + HOUR)
    resale.open(sale)
    before = people.producer.balance(), people.consumer.balance()
    event = sale.settle(resale.terms, PREIMAGE, {"from": people.consumer}).events["SaleSettled"]
    royalty = resale.price * 500 // 10_000
    assert (event["royaltyReceiver"], event["royalty"]) == (people.producer, royalty)
    assert event["paidToSeller"] == resale.price - royalty
    assert (people.producer.balance(), people.consumer.balance()) == (
        before[0] + royalty,
        before[1] + resale.price - royalty,
    )
    assert sale.balance() == 0


def test_only_the_seller_settles_in_time_with_the_preimage(sale, offer, people):
    offer.open(sale)
    with fails_with("AtomicSale_SellerMismatch", people.consumer, people.producer):
        sale.settle(offer.terms, PREIMAGE, {"from": people.consumer})
    with fails_with("AtomicSale_WrongPreimage", offer.id(sale)):
        sale.settle(offer.terms, digest("another"), {"from": people.producer})
    next_block_at(offer.timelock)
    with fails_with("AtomicSale_TimelockReached", offer.timelock, offer.timelock):
        sale.settle(offer.terms, PREIMAGE, {"from": people.producer})


def test_the_last_second_before_the_timelock_settles(sale, offer, people):
    offer.open(sale)
    next_block_at(offer.timelock - 1)
    sale.settle(offer.terms, PREIMAGE, {"from": people.producer})


def test_content_that_was_sold_elsewhere_is_not_sold_again(sale, registry, offer, people):
    other = offer.but(buyer=people.vehicle)
    offer.open(sale)
    other.open(sale)
    sale.settle(other.terms, PREIMAGE, {"from": people.producer})
    with fails_with("ProofOfAIGC_NotOwner", offer.token_id, people.producer):
        sale.settle(offer.terms, PREIMAGE, {"from": people.producer})
    mine_at(offer.timelock)
    before = people.consumer.balance()
    sale.refund(offer.terms, {"from": people.stranger})
    assert people.consumer.balance() == before + offer.price


def test_frozen_content_is_not_sold(system, sale, registry, offer, people, records):
    lock = Lock(
        people.producer,
        people.vehicle,
        content_asset(registry, offer.token_id),
        timelock=now() + HOUR,
    )
    lock.open(system.timelock)
    offer.open(sale)
    with fails_with("ProofOfAIGC_Frozen", offer.token_id):
        sale.settle(offer.terms, PREIMAGE, {"from": people.producer})


def test_challenged_content_is_not_sold(system, sale, offer, people, records):
    offer.open(sale)
    open_case(system.challenges, *records, people.second_producer)
    with fails_with("ProofOfAIGC_Frozen", offer.token_id):
        sale.settle(offer.terms, PREIMAGE, {"from": people.producer})


def test_a_revoked_seller_still_settles(system, sale, offer, people):
    offer.open(sale)
    system.membership.revoke(people.producer, {"from": people.administrator})
    sale.settle(offer.terms, PREIMAGE, {"from": people.producer})


def test_a_relayed_settlement_is_the_sellers(system, sale, offer, people):
    offer.open(sale)
    before = people.producer.balance()
    relay(system, people.producer, sale.settle, (offer.terms, PREIMAGE), people.relayer)
    assert people.producer.balance() == before + offer.price


# Refunds


def test_a_refund_begins_with_the_timelock(sale, offer, people):
    offer.open(sale)
    next_block_at(offer.timelock - 1)
    with fails_with("AtomicSale_TimelockNotReached", offer.timelock, offer.timelock - 1):
        sale.refund(offer.terms, {"from": people.consumer})
    before = people.consumer.balance()
    next_block_at(offer.timelock)
    sale.refund(offer.terms, {"from": people.stranger})
    assert people.consumer.balance() == before + offer.price
    assert sale.stateOf(offer.id(sale)) == REFUNDED


def test_removed_content_is_refunded_at_once(system, sale, offer, people, records):
    offer.open(sale)
    remove(system, people, records)
    with fails_with("ProofOfAIGC_Frozen", offer.token_id):
        sale.settle(offer.terms, PREIMAGE, {"from": people.producer})
    before = people.consumer.balance()
    sale.refund(offer.terms, {"from": people.stranger})
    assert people.consumer.balance() == before + offer.price


def test_a_sale_that_ended_stays_ended(sale, offer, people):
    refunded = offer.but(price=offer.price + 1)
    offer.open(sale)
    refunded.open(sale)
    sale.settle(offer.terms, PREIMAGE, {"from": people.producer})
    mine_at(offer.timelock)
    sale.refund(refunded.terms, {"from": people.stranger})
    for one, state in ((offer, SETTLED), (refunded, REFUNDED)):
        with fails_with("AtomicSale_NotOpen", one.id(sale), state):
            sale.settle(one.terms, PREIMAGE, {"from": people.producer})
        with fails_with("AtomicSale_NotOpen", one.id(sale), state):
            sale.refund(one.terms, {"from": people.stranger})


def test_a_buyer_that_refuses_is_credited(system, sale, offer, people, deployer):
    refuser = mock("Refuser").deploy({"from": deployer})
    system.membership.admit(
        refuser, 4, now() + 365 * 24 * HOUR, digest("wallet"), {"from": people.administrator}
    )
    bought = offer.but(buyer=refuser)
    refuser.perform(
        sale,
        sale.open.encode_input(bought.terms),
        {"from": people.stranger, "value": bought.price},
    )
    mine_at(bought.timelock)
    refund = sale.refund.encode_input(bought.terms)
    with fails_with("Payments_TransferFailed", refuser, bought.price):
        refuser.perform(sale, refund, {"from": people.stranger})
    sale.refund(bought.terms, {"from": people.stranger})
    assert system.payouts.creditOf(refuser) == bought.price


# Cost

# Ceilings of gas; the settlement is that of a first purchase, which fills the buyer's balance of
# content and two words of the ledger. The two transactions replace four of two linked locks.
# Settled for the first time between these two, and the first that is known of the seller.
GAS = {"open": 57_500, "settle": 178_000, "refund": 42_500}


def test_a_sale_stays_within_its_gas(sale, offer, people):
    refunded = offer.but(price=offer.price + 1)
    used = {"open": offer.open(sale).gas_used}
    refunded.open(sale)
    used["settle"] = sale.settle(offer.terms, PREIMAGE, {"from": people.producer}).gas_used
    mine_at(refunded.timelock)
    used["refund"] = sale.refund(refunded.terms, {"from": people.stranger}).gas_used
    assert {step: gas for step, gas in used.items() if gas > GAS[step]} == {}
