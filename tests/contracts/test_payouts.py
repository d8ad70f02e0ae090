"""Payouts: credits, split credits and withdrawals that nobody can block or divert."""

import pytest
from contract_support import ZERO_ADDRESS, fails_with, mock, relay


@pytest.fixture
def payouts(system):
    return system.payouts


def test_a_credit_waits_for_its_account(payouts, people):
    transaction = payouts.credit(people.vehicle, {"from": people.stranger, "value": 7})
    event = transaction.events["Credited"]
    assert (event["account"], event["payer"], event["amount"]) == (
        people.vehicle,
        people.stranger,
        7,
    )
    payouts.credit(people.vehicle, {"from": people.producer, "value": 5})
    assert payouts.creditOf(people.vehicle) == 12 == payouts.balance()


def test_a_credit_of_nothing_changes_nothing(payouts, people):
    transaction = payouts.credit(people.vehicle, {"from": people.stranger})
    assert not transaction.events
    assert payouts.creditOf(people.vehicle) == 0


def test_nobody_is_credited_at_the_zero_account(payouts, people):
    with fails_with("Payouts_ZeroAccount"):
        payouts.credit(ZERO_ADDRESS, {"from": people.stranger, "value": 7})
    with fails_with("Payouts_ZeroAccount"):
        payouts.creditMany(
            [people.vehicle, ZERO_ADDRESS], [7, 0], {"from": people.stranger, "value": 7}
        )


def test_many_credits_add_up_to_the_value(payouts, people):
    accounts = [people.vehicle, people.producer, people.vehicle, people.consumer]
    transaction = payouts.creditMany(accounts, [1, 2, 4, 0], {"from": people.stranger, "value": 7})
    assert [event["amount"] for event in transaction.events["Credited"]] == [1, 2, 4]
    assert [payouts.creditOf(account) for account in accounts] == [5, 2, 5, 0]
    payouts.creditMany([], [], {"from": people.stranger})
    assert payouts.balance() == 7


def test_many_credits_must_add_up(payouts, people):
    accounts = [people.vehicle, people.producer]
    with fails_with("Payouts_ValueMismatch", 7, 6):
        payouts.creditMany(accounts, [3, 4], {"from": people.stranger, "value": 6})
    with fails_with("Payouts_ValueMismatch", 7, 8):
        payouts.creditMany(accounts, [3, 4], {"from": people.stranger, "value": 8})
    with fails_with("Payouts_LengthMismatch", 2, 1):
        payouts.creditMany(accounts, [7], {"from": people.stranger, "value": 7})
    with pytest.raises(Exception, match="overflow"):
        payouts.creditMany(accounts, [2**256 - 1, 8], {"from": people.stranger, "value": 7})
    assert payouts.creditOf(people.vehicle) == 0


def test_anybody_may_withdraw_and_only_the_account_is_paid(payouts, people):
    payouts.credit(people.vehicle, {"from": people.stranger, "value": 7})
    before = people.vehicle.balance()
    transaction = payouts.withdraw(people.vehicle, {"from": people.relayer})
    assert transaction.return_value == 7
    event = transaction.events["Withdrawn"]
    assert (event["account"], event["amount"], event["caller"]) == (
        people.vehicle,
        7,
        people.relayer,
    )
    assert people.vehicle.balance() == before + 7
    assert payouts.balance() == 0
    with fails_with("Payouts_NothingToWithdraw", people.vehicle):
        payouts.withdraw(people.vehicle, {"from": people.vehicle})


def test_a_refused_withdrawal_keeps_the_credit(payouts, people, deployer):
    wallet = mock("Refuser").deploy({"from": deployer})
    payouts.credit(wallet, {"from": people.stranger, "value": 7})
    with fails_with("Payouts_WithdrawFailed", wallet, 7):
        payouts.withdraw(wallet, {"from": people.stranger})
    assert payouts.creditOf(wallet) == 7
    wallet.accept({"from": people.stranger})
    payouts.withdraw(wallet, {"from": people.stranger})
    assert wallet.balance() == 7


def test_a_wallet_cannot_withdraw_twice_by_calling_back(payouts, people, deployer):
    wallet = mock("Returner").deploy(payouts, {"from": deployer})
    payouts.credit(wallet, {"from": people.stranger, "value": 7})
    payouts.credit(people.vehicle, {"from": people.stranger, "value": 7})
    payouts.withdraw(wallet, {"from": people.stranger})
    assert wallet.balance() == 7
    assert wallet.refused()
    assert payouts.balance() == payouts.creditOf(people.vehicle) == 7


def test_coins_without_a_credit_are_refused(payouts, people):
    with pytest.raises(Exception, match="revert"):
        people.stranger.transfer(payouts, 7, gas_limit=100_000)
    assert payouts.balance() == 0


def test_a_relayed_credit_names_who_signed(system, people):
    credit = system.payouts.credit
    transaction = relay(system, people.vehicle, credit, (people.consumer,), people.relayer, value=7)
    assert transaction.events["Credited"]["payer"] == people.vehicle
    withdraw = system.payouts.withdraw
    transaction = relay(system, people.consumer, withdraw, (people.consumer,), people.relayer)
    assert transaction.events["Withdrawn"]["caller"] == people.consumer
