"""Locks, sales and credits on a real chain, indexed into a real database."""

from __future__ import annotations

import secrets

import pytest
from capability_market import Market, fresh_secret
from market_accounts import Accounts

from edgebazaar.chain.contracts import ContractCall
from edgebazaar.content.service import status_of
from edgebazaar.errors import Conflict, Forbidden, InvalidInput
from edgebazaar.exchange import sales as sale_room
from edgebazaar.exchange import service as lock_room
from edgebazaar.exchange.sales import PayoutService, SaleService
from edgebazaar.exchange.service import LockService

COIN = {"kind": "native", "amount_or_id": str(10**16)}


@pytest.fixture
def locks(bazaar: Market) -> LockService:
    return LockService(bazaar.engine, bazaar.contracts)


@pytest.fixture
def sales(bazaar: Market) -> SaleService:
    return SaleService(bazaar.engine, bazaar.contracts)


def test_two_locks_exchange_content_for_coins(
    bazaar: Market, locks: LockService, accounts: Accounts
) -> None:
    seller, buyer = accounts.producer, accounts.consumer
    key = bazaar.register(seller, accounts.esp)
    preimage, hashlock = fresh_secret()
    first_call = locks.open(
        seller.address,
        receiver=buyer.address,
        asset={"kind": "content", "amount_or_id": key},
        hashlock=hashlock,
        timelock=bazaar.now() + 600,
        expected_asset=COIN,
    )
    first_id = "0x" + bazaar.act(seller, first_call)["Locked"]["lockId"].hex()
    first = locks.lock(first_id)
    # Terms rebuilt from the row have the id under which the chain knows the lock.
    assert bazaar.read("HashedTimelock", "idOf", lock_room.terms_of(first)).hex() == first_id[2:]
    assert status_of(bazaar.contents.content(key)) == "in_exchange"
    with pytest.raises(Conflict, match="used before"):
        locks.open(
            buyer.address,
            receiver=seller.address,
            asset=COIN,
            hashlock=hashlock,
            timelock=bazaar.now() + 60,
        )
    with pytest.raises(Forbidden, match="is for"):
        locks.answer(accounts.esp.address, first_id, asset=COIN, timelock=bazaar.now() + 60)
    with pytest.raises(InvalidInput, match="not what the first lock expects"):
        locks.answer(
            buyer.address,
            first_id,
            asset={**COIN, "amount_or_id": "1"},
            timelock=bazaar.now() + 60,
        )
    with pytest.raises(InvalidInput) as refusal:
        locks.answer(buyer.address, first_id, asset=COIN, timelock=first["timelock"])
    assert refusal.value.field == "timelock"

    answer = locks.answer(
        buyer.address, first_id, asset=COIN, timelock=first["timelock"] - locks.safety_margin
    )
    second_id = "0x" + bazaar.act(buyer, answer)["Locked"]["lockId"].hex()
    assert locks.lock(first_id)["answers"] == [second_id]
    assert locks.lock(second_id)["guarded_content"] == int(key, 16)
    with pytest.raises(InvalidInput, match="does not open"):
        locks.claim(second_id, "0x" + "00" * 32)
    bazaar.act(seller, locks.claim(second_id, preimage))
    # The preimage is public now, so a stranger can finish for the buyer.
    shown = locks.lock(second_id)["preimage"]
    bazaar.act(accounts.stranger, locks.claim(first_id, shown))
    row = bazaar.contents.content(key)
    assert row["owner"] == buyer.address.lower() and status_of(row) == "available"
    kinds = [entry["kind"] for entry in bazaar.contents.history(row)]
    assert kinds[:4] == ["committed", "registered", "locked", "frozen_for_exchange"]
    assert set(kinds[4:]) == {"lock_claimed", "transferred", "released_from_exchange"}
    assert locks.lock(first_id)["closed_by"] == accounts.stranger.address.lower()
    with pytest.raises(Conflict, match="claimed already"):
        locks.refund(first_id)


def test_unanswered_lock_is_refunded_after_its_timelock(
    bazaar: Market, locks: LockService, accounts: Accounts
) -> None:
    _, hashlock = fresh_secret()
    timelock = bazaar.now() + 300
    call = locks.open(
        accounts.consumer.address,
        receiver=accounts.producer.address,
        asset=COIN,
        hashlock=hashlock,
        timelock=timelock,
    )
    lock_id = "0x" + bazaar.act(accounts.consumer, call)["Locked"]["lockId"].hex()
    bazaar.wait_until(timelock)
    with pytest.raises(Conflict, match="Only a refund"):
        locks.claim(lock_id, "0x" + "00" * 32)
    before = PayoutService(bazaar.engine).credit(accounts.consumer.address)
    bazaar.act(accounts.stranger, locks.refund(lock_id))
    assert locks.lock(lock_id)["state"] == "refunded"
    assert PayoutService(bazaar.engine).credit(accounts.consumer.address) == before
    found = locks.locks(sender=accounts.consumer.address, state="refunded", limit=1)
    assert found.rows[0]["lock_id"] == lock_id


def test_lock_terms_are_refused_with_their_field(
    bazaar: Market, locks: LockService, accounts: Accounts
) -> None:
    _, hashlock = fresh_secret()
    good = {
        "receiver": accounts.producer.address,
        "asset": COIN,
        "hashlock": hashlock,
        "timelock": bazaar.now() + 100,
    }
    registry = bazaar.contracts.address("ProofOfAIGC")
    wrong = {
        "receiver": accounts.consumer.address,
        "hashlock": "0x" + "00" * 32,
        "timelock": bazaar.now() - 10,
        "asset.kind": {"kind": "gold", "amount_or_id": "1"},
        "asset.amount_or_id": {"kind": "native", "amount_or_id": "0"},
        "asset.token": {"kind": "foreign_non_fungible", "amount_or_id": "1", "token": registry},
    }
    for field, value in wrong.items():
        with pytest.raises(InvalidInput) as refusal:
            locks.open(accounts.consumer.address, **{**good, field.split(".")[0]: value})
        assert refusal.value.field == field
    key = bazaar.register(accounts.producer, accounts.esp)
    content = {"kind": "content", "amount_or_id": key}
    with pytest.raises(Forbidden, match="belongs to"):
        locks.open(accounts.consumer.address, **{**good, "asset": content})


def test_sale_pays_seller_and_royalty_and_moves_the_content(
    bazaar: Market, sales: SaleService, accounts: Accounts
) -> None:
    key = bazaar.register(accounts.producer, accounts.esp, royalty_bps=1000)
    owner, buyer = accounts.consumer, accounts.second_consumer
    gift = bazaar.contents.transfer(accounts.producer.address, key, owner.address)
    bazaar.act(accounts.producer, gift)
    preimage, hashlock = fresh_secret()
    terms = {"price": 10**16, "hashlock": hashlock, "timelock": bazaar.now() + 600}
    with pytest.raises(Conflict, match="owns content"):
        sales.open(owner.address, key, **terms)
    opened = bazaar.act(buyer, sales.open(buyer.address, key, **terms))
    sale_id = "0x" + opened["SaleOpened"]["saleId"].hex()
    row = sales.sale(sale_id)
    assert bazaar.read("AtomicSale", "idOf", sale_room.terms_of(row)).hex() == sale_id[2:]
    with pytest.raises(Forbidden, match="Sign in as its seller"):
        sales.settle(buyer.address, sale_id, preimage)
    with pytest.raises(InvalidInput, match="does not open"):
        sales.settle(owner.address, sale_id, "0x" + secrets.token_hex(32))
    with pytest.raises(Conflict, match="used before"):
        sales.open(accounts.esp.address, key, **terms)
    bazaar.act(owner, sales.settle(owner.address, sale_id, preimage))
    row = sales.sale(sale_id)
    assert (row["state"], row["preimage"]) == ("settled", preimage)
    assert row["royalty_receiver"] == accounts.producer.address.lower()
    assert (row["royalty"], row["paid_to_seller"]) == (10**15, 9 * 10**15)
    content = bazaar.contents.content(key)
    assert content["owner"] == buyer.address.lower()
    kinds = [entry["kind"] for entry in bazaar.contents.history(content)]
    assert "sale_opened" in kinds and "sale_settled" in kinds
    assert [found["sale_id"] for found in sales.sales(content_hash=key).rows] == [sale_id]


def test_sale_is_refunded_after_its_timelock(
    bazaar: Market, sales: SaleService, accounts: Accounts
) -> None:
    key = bazaar.register(accounts.producer, accounts.esp)
    _, hashlock = fresh_secret()
    timelock = bazaar.now() + 300
    call = sales.open(
        accounts.consumer.address, key, price="7", hashlock=hashlock, timelock=timelock
    )
    opened = bazaar.act(accounts.consumer, call)
    sale_id = "0x" + opened["SaleOpened"]["saleId"].hex()
    bazaar.wait_until(timelock)
    bazaar.act(accounts.consumer, sales.refund(sale_id))
    assert sales.sale(sale_id)["state"] == "refunded"
    with pytest.raises(Conflict, match="refunded already"):
        sales.refund(sale_id)


def test_credit_grows_and_is_withdrawn(bazaar: Market, accounts: Accounts) -> None:
    payouts = PayoutService(bazaar.engine)
    account = accounts.auditor.address
    before = payouts.credit(account)
    call = ContractCall("Payouts", "credit", (account,), value=123)
    bazaar.act(accounts.stranger, call)
    assert payouts.credit(account) == before + 123
    assert bazaar.read("Payouts", "creditOf", account) == before + 123
    bazaar.act(accounts.stranger, payouts.withdraw(account))
    assert payouts.credit(account) == 0
    with pytest.raises(Conflict, match="nothing waits"):
        payouts.withdraw(account)
