"""Credits of parties that did not call, and their withdrawal."""

from __future__ import annotations

from benchmarks.gas.budgets import Anchor, Budget
from benchmarks.gas.world import ETHER, GasWorld, account

ACCOUNTS = 10
BUDGETS = {
    "credit an account": Budget(
        27_200,
        26_600,
        (Anchor("prototype, existing credit", 27_147),),
        "The event that tells the account who credited it (1.8k); the prototype logs nothing.",
    ),
    "withdraw a credit": Budget(
        28_500,
        28_100,
        (Anchor("prototype, pull payment", 28_412),),
        "The event (1.6k), and the account as an argument, so that anybody may pay the gas.",
    ),
}


def measure(world: GasWorld) -> None:
    """First and later credits, many at once, and a withdrawal."""
    payer, payee = account(250), account(251)
    others = [account(252 + index).address for index in range(ACCOUNTS)]
    amounts = [ETHER] * ACCOUNTS
    total = ETHER * ACCOUNTS
    world.measure(
        "credit an account, first", payer, "Payouts", "credit", payee.address, value=ETHER
    )
    world.measure("credit an account", payer, "Payouts", "credit", payee.address, value=ETHER)
    many = (payer, "Payouts", "creditMany", others, amounts)
    world.measure("credit 10 accounts at once, first, each", *many, value=total, per=ACCOUNTS)
    world.measure("credit 10 accounts at once, each", *many, value=total, per=ACCOUNTS)
    world.measure("withdraw a credit", payee, "Payouts", "withdraw", payee.address)
