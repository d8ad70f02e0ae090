"""TaskBoard: stakes that a dispute contract holds and takes from, and who ever staked."""

import pytest
from contract_support import (
    DAY,
    DELIVERY_BOND,
    DISPUTE_WINDOW,
    MINIMUM_STAKE,
    ZERO_ADDRESS,
    fails_with,
)
from task_terms import ETHER, OFFER

STAKE = 5 * ETHER


@pytest.fixture
def board(system, people, project, deployer):
    """A board of its own, not yet bound, with one provider."""
    board = project.TaskBoard.deploy(
        system.membership,
        system.forwarder,
        system.payouts,
        system.ledger,
        system.epochs,
        MINIMUM_STAKE,
        DELIVERY_BOND,
        DISPUTE_WINDOW,
        {"from": deployer},
    )
    board.stake({"from": people.provider, "value": STAKE})
    board.setOffer(*OFFER, {"from": people.provider})
    return board


@pytest.fixture
def judge(board, people, deployer):
    """What stands for the dispute contract."""
    board.bindDisputes(people.auditor, {"from": deployer})
    return people.auditor


@pytest.mark.parametrize("window", [0, 30 * DAY + 1])
def test_a_dispute_window_is_neither_empty_nor_endless(system, project, deployer, window):
    """The stake is bound while one may complain."""
    parts = (system.membership, system.forwarder, system.payouts, system.ledger)
    with fails_with("TaskBoard_BadDisputeWindow", window):
        project.TaskBoard.deploy(
            *parts, system.epochs, MINIMUM_STAKE, DELIVERY_BOND, window, {"from": deployer}
        )


def test_the_dispute_contract_is_bound_once(board, people, deployer):
    with fails_with("TaskBoard_NotDeployer", people.stranger):
        board.bindDisputes(people.auditor, {"from": people.stranger})
    with fails_with("TaskBoard_ZeroDisputes"):
        board.bindDisputes(ZERO_ADDRESS, {"from": deployer})
    event = board.bindDisputes(people.auditor, {"from": deployer}).events["DisputesBound"]
    assert event["disputes"] == board.disputes() == people.auditor
    with fails_with("TaskBoard_DisputesAlreadyBound", people.auditor):
        board.bindDisputes(people.stranger, {"from": deployer})


def test_only_the_dispute_contract_judges(board, people, judge):
    for caller in (people.administrator, people.provider):
        for act in (
            lambda c: board.hold(people.provider, {"from": c}),
            lambda c: board.release(people.provider, {"from": c}),
            lambda c: board.slash(people.provider, 1, people.stranger, {"from": c}),
        ):
            with fails_with("TaskBoard_NotDisputes", caller, judge):
                act(caller)


def test_nobody_judges_before_a_contract_is_bound(board, people):
    with fails_with("TaskBoard_NotDisputes", people.auditor, ZERO_ADDRESS):
        board.slash(people.provider, 1, people.stranger, {"from": people.auditor})


def test_a_held_stake_stays_until_every_hold_is_released(board, people, judge):
    provider = people.provider
    for holds in (1, 2):
        event = board.hold(provider, {"from": judge}).events["StakeHeld"]
        assert (event["provider"], event["holds"]) == (provider, holds)
    for holds in (2, 1):
        with fails_with("TaskBoard_StakeIsHeld", provider, holds):
            board.unstake(1, {"from": provider})
        event = board.release(provider, {"from": judge}).events["StakeHeld"]
        assert event["holds"] == holds - 1
    board.unstake(STAKE, {"from": provider})
    with fails_with("TaskBoard_NothingHeld", provider):
        board.release(provider, {"from": judge})


def test_slashing_credits_what_the_stake_has(system, board, people, judge):
    provider, winner = people.provider, people.consumer
    before = system.payouts.creditOf(winner)
    transaction = board.slash(provider, 2 * ETHER, winner, {"from": judge})
    assert transaction.return_value == 2 * ETHER
    event = transaction.events["StakeSlashed"]
    assert (event["provider"], event["beneficiary"], event["amount"]) == (
        provider,
        winner,
        2 * ETHER,
    )
    assert transaction.events["StakeChanged"]["stake"] == STAKE - 2 * ETHER
    assert board.slash(provider, STAKE, winner, {"from": judge}).return_value == 3 * ETHER
    nothing = board.slash(provider, 1, winner, {"from": judge})
    assert nothing.return_value == 0 and not nothing.events
    assert system.payouts.creditOf(winner) == before + STAKE
    assert board.balance() == 0
    assert not board.isEligible(provider)


def test_the_list_of_providers_names_everybody_once(board, people):
    second = people.second_provider
    board.stake({"from": second, "value": 1})
    board.unstake(STAKE, {"from": people.provider})
    board.stake({"from": people.provider, "value": STAKE})
    assert board.providerCount() == 2
    assert [board.providerAt(index) for index in range(2)] == [people.provider, second]
