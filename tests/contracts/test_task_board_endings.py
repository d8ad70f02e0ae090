"""TaskBoard: tasks that do not go on in time, stakes and offers, and what it all costs."""

import pytest
from contract_support import (
    MINIMUM_STAKE,
    digest,
    fails_with,
    mock,
    next_block_at,
    now,
)
from task_terms import (
    ACCEPTED,
    ASSIGNED,
    CLOSED,
    DELIVERED,
    ETHER,
    FAILED,
    HOUR,
    NO_OUTCOME,
    NONE,
    NOT_ACCEPTED,
    OFFER,
    POSTED,
    SETTLED,
    STAKE,
    task_of,
)


@pytest.fixture
def board(system, people):
    """The board with one provider that is ready to work."""
    system.board.stake({"from": people.provider, "value": STAKE})
    system.board.setOffer(*OFFER, {"from": people.provider})
    return system.board


@pytest.fixture
def provider(people):
    return people.provider


@pytest.fixture
def task(people):
    return task_of(people.producer)


# Closing


@pytest.mark.parametrize(
    ("state", "outcome", "counts"),
    [
        (POSTED, NO_OUTCOME, (0, 0, 0, 0)),
        (ASSIGNED, FAILED, (0, 1, 0, 0)),
        (DELIVERED, NOT_ACCEPTED, (0, 0, 0, 0)),
        (ACCEPTED, FAILED, (0, 1, 0, 0)),
    ],
)
def test_a_task_that_does_not_go_on_returns_the_fee(
    system, board, task, provider, people, state, outcome, counts
):
    task.brought_to(board, provider, state)
    closable_at = {
        POSTED: task.deliver_by + 1,
        ASSIGNED: task.close_at,
        DELIVERED: now() + task.accept_window,
        ACCEPTED: now() + task.reveal_window,
    }[state]
    next_block_at(closable_at - 1)
    with fails_with("TaskBoard_TooEarly", closable_at, closable_at - 1):
        task.close(board, people.stranger)
    before = people.producer.balance()
    next_block_at(closable_at)
    event = task.close(board, people.stranger).events["TaskClosed"]
    assert people.producer.balance() == before + task.fee
    assert (event["outcome"], event["refund"]) == (outcome, task.fee)
    assert tuple(system.ledger.countsOf(people.producer, provider)) == counts
    assert (task.state(board), board.offerOf(provider)[4]) == (CLOSED, 0)
    with fails_with("TaskBoard_WrongState", task.id(board), CLOSED, POSTED):
        task.close(board, people.stranger)


def test_a_closed_task_is_not_posted_again(board, task, provider, people):
    task.brought_to(board, provider, DELIVERED)
    next_block_at(now() + task.accept_window)
    task.close(board, people.stranger)
    assert now() < task.deliver_by
    with fails_with("TaskBoard_AlreadyExists", task.id(board), CLOSED):
        task.post(board)


def test_what_ended_or_never_was_is_not_closed(board, task, provider, people):
    with fails_with("TaskBoard_WrongState", task.id(board), NONE, POSTED):
        task.close(board, people.stranger)
    task.brought_to(board, provider, ACCEPTED)
    task.settle(board, provider)
    with fails_with("TaskBoard_WrongState", task.id(board), SETTLED, POSTED):
        task.close(board, people.stranger)


def test_a_closed_task_does_not_go_on(board, task, provider, people):
    task.brought_to(board, provider, ACCEPTED)
    next_block_at(now() + task.reveal_window)
    task.close(board, people.producer)
    with fails_with("TaskBoard_WrongState", task.id(board), CLOSED, ACCEPTED):
        task.settle(board, provider)


def test_a_producer_that_left_gets_its_fee_back(system, board, task, provider, people):
    task.post(board)
    system.membership.revoke(people.producer, {"from": people.administrator})
    next_block_at(task.deliver_by + 1)
    before = people.producer.balance()
    task.close(board, people.producer)
    assert people.producer.balance() == before + task.fee


def test_a_producer_that_refuses_is_credited(system, board, people, deployer):
    refuser = mock("Refuser").deploy({"from": deployer})
    system.membership.admit(
        refuser, 1, now() + 10**8, digest("wallet"), {"from": people.administrator}
    )
    task = task_of(refuser)
    refuser.perform(
        board, board.post.encode_input(task.terms), {"from": deployer, "value": task.fee}
    )
    next_block_at(task.deliver_by + 1)
    task.close(board, people.stranger)
    assert system.payouts.creditOf(refuser) == task.fee


# Stakes and offers


def test_a_stake_grows_and_shrinks(board, people, provider):
    event = board.stake({"from": provider, "value": 3}).events["StakeChanged"]
    assert (event["provider"], event["stake"]) == (provider, STAKE + 3)
    before = provider.balance()
    event = board.unstake(4 * ETHER + 3, {"from": provider}).events["StakeChanged"]
    assert event["stake"] == ETHER
    assert provider.balance() == before + 4 * ETHER + 3
    assert board.isEligible(provider)
    board.unstake(1, {"from": provider})
    assert not board.isEligible(provider)
    assert tuple(board.offerOf(provider)) == (ETHER - 1, *OFFER, 0)
    assert board.balance() == ETHER - 1


def test_only_providers_stake_and_offer(system, board, people, provider):
    with fails_with("Membership_MissingRole", people.producer, 2):
        board.stake({"from": people.producer, "value": ETHER})
    with fails_with("Membership_MissingRole", people.producer, 2):
        board.setOffer(*OFFER, {"from": people.producer})
    with fails_with("TaskBoard_ZeroAmount"):
        board.stake({"from": provider})
    system.membership.revoke(provider, {"from": people.administrator})
    with fails_with("Membership_NotActive", provider):
        board.stake({"from": provider, "value": ETHER})
    with fails_with("Membership_NotActive", provider):
        board.setOffer(*OFFER, {"from": provider})


def test_no_more_is_unstaked_than_was_staked(board, people, provider):
    with fails_with("TaskBoard_ZeroAmount"):
        board.unstake(0, {"from": provider})
    with fails_with("TaskBoard_StakeTooSmall", STAKE, STAKE + 1):
        board.unstake(STAKE + 1, {"from": provider})
    with fails_with("TaskBoard_StakeTooSmall", 0, 1):
        board.unstake(1, {"from": people.stranger})


def test_an_offer_is_stated(board, provider):
    event = board.setOffer(7, 8, 9, {"from": provider}).events["OfferChanged"]
    assert (event["minimumFee"], event["minimumDuration"], event["capacity"]) == (7, 8, 9)
    assert tuple(board.offerOf(provider)) == (STAKE, 7, 8, 9, 0)


def test_a_changed_offer_keeps_open_tasks(board, task, provider):
    task.brought_to(board, provider, ASSIGNED)
    board.setOffer(ETHER * 9, HOUR, 0, {"from": provider})
    board.stake({"from": provider, "value": 1})
    assert board.offerOf(provider)[4] == 1
    task.deliver(board, provider)


def test_the_minimum_stake_is_the_one_of_the_deployment(board):
    assert board.minimumStake() == MINIMUM_STAKE


# Cost

# Ceilings of gas: a first task between the two, the provider the only candidate.
GAS = {
    "post": 63_000,
    "assign": 81_000,
    "deliver": 63_000,
    "accept": 34_500,
    "settle": 145_000,
    "close": 45_000,
}


def test_a_task_stays_within_its_gas(board, task, provider, people):
    used = {
        "post": task.post(board).gas_used,
        "assign": task.assign(board, provider).gas_used,
        "deliver": task.deliver(board, provider).gas_used,
        "accept": task.accept(board).gas_used,
        "settle": task.settle(board, provider).gas_used,
    }
    unassigned = task.but(salt=digest("unassigned"))
    unassigned.post(board)
    next_block_at(task.deliver_by + 1)
    used["close"] = unassigned.close(board, people.stranger).gas_used
    assert {step: gas for step, gas in used.items() if gas > GAS[step]} == {}
