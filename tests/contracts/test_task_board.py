"""TaskBoard: how a task goes on, from the fee in escrow to the key of the delivered content."""

from hashlib import sha256

import pytest
from brownie import chain
from contract_support import (
    DELIVERY_BOND,
    DISPUTE_WINDOW,
    MINIMUM_STAKE,
    ZERO_ADDRESS,
    ZERO_BYTES,
    as_tuple,
    digest,
    fails_with,
    mine_at,
    next_block_at,
    now,
    relay,
)
from eth_abi import encode
from eth_utils import keccak
from task_terms import (
    ACCEPTED,
    ASSIGNED,
    DELIVERED,
    DELIVERY,
    DIRECT,
    ETHER,
    HIGHEST,
    HOUR,
    KEY,
    LATE,
    NONE,
    OFFER,
    ON_TIME,
    POSTED,
    SETTLED,
    SOFTMAX,
    STAKE,
    UNIFORM,
    selection_of,
    task_of,
)

COVER = -(-(ETHER + DELIVERY_BOND) // 10**9) * 10**9
"""What a stake has to cover of a task of one ether, in whole gwei."""
MAXIMUM_WINDOW = 30 * 24 * HOUR


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
    """A task, not yet posted."""
    return task_of(people.producer)


# Posting


def test_a_task_is_posted_with_its_fee(board, task, people):
    held = board.balance()
    event = task.post(board).events["TaskPosted"]
    assert (bytes(event["taskId"]), event["producer"]) == (task.id(board), people.producer)
    assert as_tuple(event["terms"])[2:5] == (task.fee, task.deliver_by, task.close_at)
    assert tuple(board.stateOf(task.id(board))) == (POSTED, ZERO_ADDRESS, chain.height, now())
    assert board.balance() == held + task.fee
    with fails_with("TaskBoard_AlreadyExists", task.id(board), POSTED):
        task.post(board)


def test_only_producers_post_and_only_their_own(system, board, task, people):
    with fails_with("Membership_NotActive", people.stranger):
        task.but(producer=people.stranger).post(board)
    with fails_with("Membership_MissingRole", people.consumer, 1):
        task.but(producer=people.consumer).post(board)
    with fails_with("TaskBoard_NotProducer", people.second_producer, people.producer):
        task.post(board, **{"from": people.second_producer})
    system.membership.revoke(people.producer, {"from": people.administrator})
    with fails_with("Membership_NotActive", people.producer):
        task.post(board)


def test_a_task_needs_its_fee(board, task):
    with fails_with("TaskBoard_ZeroFee"):
        task.but(fee=0).post(board)
    for value in (task.fee - 1, task.fee + 1):
        with fails_with("TaskBoard_ValueMismatch", value, task.fee):
            task.post(board, value=value)


def test_a_task_needs_times_in_order(board, task):
    present = now() + 10
    for deliver_by, close_at in (
        (present, present + 5),
        (present + 5, present + 4),
        (present + 5, 2**40 - 2 * MAXIMUM_WINDOW),
    ):
        next_block_at(present)
        with fails_with("TaskBoard_BadTimes", deliver_by, close_at, present):
            task.but(deliver_by=deliver_by, close_at=close_at).post(board)
        present = now() + 10
    next_block_at(present)
    task.but(deliver_by=present + 1, close_at=present + 1).post(board)


def test_windows_are_neither_empty_nor_endless(board, task):
    """A provider's stake is bound while its task is open."""
    for windows in ((0, HOUR), (HOUR, 0), (MAXIMUM_WINDOW + 1, 1), (1, MAXIMUM_WINDOW + 1)):
        with fails_with("TaskBoard_BadWindows", *windows):
            task.but(accept_window=windows[0], reveal_window=windows[1]).post(board)
    task.but(accept_window=MAXIMUM_WINDOW, reveal_window=MAXIMUM_WINDOW).post(board)


def test_only_the_softmax_needs_a_temperature(board, task):
    with fails_with("TaskBoard_BadTemperature", 0):
        task.but(policy=SOFTMAX, temperature=0).post(board)
    for policy in range(HIGHEST, DIRECT + 1):
        task.but(policy=policy, temperature=0).post(board)


# Assigning


def test_an_assignment_records_what_it_follows_from(board, task, provider, people):
    task.post(board)
    posted_block = chain[-1]
    candidates = sorted([str(provider), str(people.second_provider)], key=lambda a: int(a, 16))
    selection = selection_of(candidates)
    event = task.assign(board, provider, selection).events["TaskAssigned"]
    seed = keccak(encode(["bytes32", "bytes32"], [task.id(board), bytes(posted_block.hash)]))
    assert bytes(event["seed"]) == seed
    assert event["provider"] == provider
    recorded = as_tuple(event["selection"])
    assert [list(part) for part in recorded[:2]] == [list(part) for part in selection[:2]]
    assert recorded[2] == selection[2] == 0
    assert tuple(board.stateOf(task.id(board))) == (ASSIGNED, provider, posted_block.number, now())
    assert board.offerOf(provider)[4] == 1


def test_only_the_producer_assigns(board, task, provider, people):
    task.post(board)
    with fails_with("TaskBoard_NotProducer", people.second_producer, people.producer):
        task.assign(board, provider, **{"from": people.second_producer})
    other = task.but(salt=digest("never posted"))
    with fails_with("TaskBoard_WrongState", other.id(board), NONE, POSTED):
        other.assign(board, provider)
    task.assign(board, provider)
    with fails_with("TaskBoard_WrongState", task.id(board), ASSIGNED, POSTED):
        task.assign(board, provider)


@pytest.mark.parametrize("age", [256, 257])
def test_the_seed_is_gone_after_256_blocks(board, task, provider, age):
    task.post(board)
    posted = chain.height
    chain.mine(age - 1)
    if age == 256:
        task.assign(board, provider)
        return
    with fails_with("TaskBoard_SeedExpired", posted, posted + age):
        task.assign(board, provider)


def test_a_selection_has_to_be_whole(board, task, provider, people):
    task.post(board)
    both = sorted([str(provider), str(people.second_provider)], key=lambda a: int(a, 16))
    for wrong in (
        selection_of(both[::-1]),
        selection_of([provider, provider]),
        selection_of(both, [ETHER]),
        selection_of([provider], [ETHER // 2] * 2),
        selection_of([provider], epoch=1),
    ):
        with fails_with("TaskBoard_BadSelection"):
            task.assign(board, provider, wrong)
    for wrong in (selection_of([people.second_provider]), selection_of([])):
        with fails_with("TaskBoard_NotCandidate", provider):
            task.assign(board, provider, wrong)
    with fails_with("ReputationEpochs_WrongExpectation", provider, ETHER // 2 + 1):
        task.assign(board, provider, selection_of([provider], [ETHER // 2 + 1]))
    task.assign(board, provider, selection_of([provider]))


@pytest.mark.parametrize("policy", [UNIFORM, DIRECT])
def test_policies_without_reputation_record_no_expectations(board, task, provider, policy):
    task = task.but(policy=policy)
    task.post(board)
    for wrong in (selection_of([provider]), selection_of([provider], [], epoch=1)):
        with fails_with("TaskBoard_BadSelection"):
            task.assign(board, provider, wrong)
    task.assign(board, provider, selection_of([provider], []))


def test_a_uniform_draw_follows_from_the_seed(system, board, provider, people):
    """The board draws by the top 53 bits of the seed's hash, and takes nobody else."""
    both = sorted([str(provider), str(people.second_provider)], key=lambda a: int(a, 16))
    for one in (provider, people.second_provider):
        board.stake({"from": one, "value": 20 * ETHER})
    board.setOffer(0, 1, 20, {"from": people.second_provider})
    board.setOffer(0, 1, 20, {"from": provider})
    drawn = set()
    for number in range(12):
        task = task_of(people.producer, policy=UNIFORM, salt=digest(number))
        task.post(board)
        seed = keccak(encode(["bytes32", "bytes32"], [task.id(board), bytes(chain[-1].hash)]))
        drawn_bits = int.from_bytes(sha256(seed + b"edgebazaar/selection").digest(), "big") >> 203
        place = drawn_bits * 2 >> 53
        right, wrong = both[place], both[1 - place]
        with fails_with("TaskBoard_NotSelected", wrong, right):
            task.assign(board, wrong, selection_of(both, []))
        task.assign(board, right, selection_of(both, []))
        drawn.add(right)
    assert drawn == set(both)


def test_the_highest_is_the_first_among_equals(board, task, provider, people):
    task = task.but(policy=HIGHEST)
    task.post(board)
    both = sorted([str(provider), str(people.second_provider)], key=lambda a: int(a, 16))
    with fails_with("TaskBoard_NotSelected", both[1], both[0]):
        task.assign(board, both[1], selection_of(both))


def test_only_eligible_providers_are_assigned(system, board, task, provider, people):
    task.post(board)
    second = people.second_provider
    with fails_with("TaskBoard_NotEligible", second, 0, MINIMUM_STAKE):
        task.assign(board, second)
    board.stake({"from": second, "value": MINIMUM_STAKE - 1})
    board.setOffer(*OFFER, {"from": second})
    with fails_with("TaskBoard_NotEligible", second, MINIMUM_STAKE - 1, MINIMUM_STAKE):
        task.assign(board, second)
    system.membership.revoke(provider, {"from": people.administrator})
    with fails_with("TaskBoard_NotEligible", provider, STAKE, MINIMUM_STAKE):
        task.assign(board, provider)
    board.stake({"from": second, "value": 1})
    with fails_with("TaskBoard_NotCovered", second, MINIMUM_STAKE, MINIMUM_STAKE + COVER):
        task.assign(board, second)
    board.stake({"from": second, "value": COVER})
    task.assign(board, second)


def test_nobody_works_for_itself(system, board, people):
    """The ledger refuses to rate oneself, so such a task could never end."""
    both = people.second_provider
    system.membership.admit(
        both, 1 | 2, now() + 10**8, digest("both"), {"from": people.administrator}
    )
    board.stake({"from": both, "value": STAKE})
    board.setOffer(*OFFER, {"from": both})
    task = task_of(both)
    task.post(board)
    with fails_with("TaskBoard_SelfAssignment", both):
        task.assign(board, both)


def test_an_assignment_keeps_to_the_offer(board, task, provider, people):
    fee, duration, _ = OFFER
    cheap = task.but(fee=fee - 1)
    cheap.post(board)
    with fails_with("TaskBoard_FeeBelowOffer", fee - 1, fee):
        cheap.assign(board, provider)
    task.post(board)
    present = task.deliver_by - duration + 1
    next_block_at(present)
    with fails_with("TaskBoard_TimeBelowOffer", duration - 1, duration):
        task.assign(board, provider)


def test_an_assignment_keeps_to_the_capacity(board, people, provider):
    capacity = OFFER[2]
    for number in range(capacity):
        task_of(people.producer, salt=digest(number)).brought_to(board, provider, ASSIGNED)
    more = task_of(people.producer, salt=digest("one more"))
    more.post(board)
    with fails_with("TaskBoard_NoCapacity", provider, capacity):
        more.assign(board, provider)
    with fails_with("TaskBoard_TasksOpen", provider, capacity):
        board.unstake(1, {"from": provider})


def test_nothing_is_assigned_after_the_time_of_delivery(board, task, provider):
    board.setOffer(0, 0, 1, {"from": provider})
    task.post(board)
    next_block_at(task.deliver_by + 1)
    with fails_with("TaskBoard_TooLate", task.deliver_by, task.deliver_by + 1):
        task.assign(board, provider)


# Delivering, accepting, settling


def test_a_task_goes_all_the_way(system, board, task, provider, people):
    task.brought_to(board, provider, ASSIGNED)
    delivered = task.deliver(board, provider).events["TaskDelivered"]
    assert as_tuple(delivered["delivery"])[4] == DELIVERY[4]
    assert delivered["deliveredAt"] == now()
    assert task.accept(board).events["TaskAccepted"]["acceptedAt"] == now()
    before = provider.balance()
    transaction = task.settle(board, provider)
    assert provider.balance() == before + task.fee
    event = transaction.events["TaskSettled"]
    assert (event["provider"], event["outcome"], event["fee"]) == (provider, ON_TIME, task.fee)
    assert bytes.fromhex(str(event["preimage"]).removeprefix("0x")) == KEY
    record = transaction.events["InteractionRecorded"]
    assert (record["rater"], record["subject"]) == (people.producer, provider)
    assert (record["positive"], bytes(record["reference_"])) == (True, task.id(board))
    assert tuple(system.ledger.countsOf(people.producer, provider)) == (1, 0, 0, 0)
    assert tuple(board.stateOf(task.id(board)))[:2] == (SETTLED, provider)
    assert board.offerOf(provider)[4] == 0
    assert board.balance() == STAKE


def test_a_late_delivery_is_paid_and_counts_against_the_provider(
    system, board, task, provider, people
):
    task.brought_to(board, provider, ASSIGNED)
    next_block_at(task.close_at - 1)
    task.deliver(board, provider)
    task.accept(board)
    before = provider.balance()
    transaction = task.settle(board, provider)
    assert transaction.events["TaskSettled"]["outcome"] == LATE
    assert provider.balance() == before + task.fee
    assert tuple(system.ledger.countsOf(people.producer, provider)) == (0, 1, 0, 0)


def test_the_last_second_of_delivery_is_on_time(board, task, provider):
    task.brought_to(board, provider, ASSIGNED)
    next_block_at(task.deliver_by)
    task.deliver(board, provider)
    task.accept(board)
    assert task.settle(board, provider).events["TaskSettled"]["outcome"] == ON_TIME


def test_only_the_assigned_provider_delivers_in_time(board, task, provider, people):
    task.brought_to(board, provider, ASSIGNED)
    with fails_with("TaskBoard_NotAssignedProvider", people.second_provider, provider):
        task.deliver(board, people.second_provider)
    with fails_with("TaskBoard_ZeroHashlock"):
        task.deliver(board, provider, (ZERO_BYTES, *DELIVERY[1:]))
    with fails_with("TaskBoard_ZeroSize"):
        task.deliver(board, provider, (*DELIVERY[:3], 0, DELIVERY[4]))
    with fails_with("TaskBoard_LocatorTooLong", 257, 256):
        task.deliver(board, provider, (*DELIVERY[:4], "l" * 257))
    next_block_at(task.close_at)
    with fails_with("TaskBoard_TooLate", task.close_at, task.close_at):
        task.deliver(board, provider)


def test_a_locator_of_256_bytes_is_delivered(board, task, provider):
    task.brought_to(board, provider, ASSIGNED)
    task.deliver(board, provider, (*DELIVERY[:4], "l" * 256))


def test_only_the_producer_accepts_in_time(board, task, provider, people):
    task.brought_to(board, provider, DELIVERED)
    limit = now() + task.accept_window
    with fails_with("TaskBoard_NotProducer", provider, people.producer):
        task.accept(board, **{"from": provider})
    next_block_at(limit)
    with fails_with("TaskBoard_TooLate", limit, limit):
        task.accept(board)


def test_only_the_delivered_content_and_its_key_settle(board, task, provider, people):
    task.brought_to(board, provider, ACCEPTED)
    with fails_with("TaskBoard_NotAssignedProvider", people.second_provider, provider):
        task.settle(board, people.second_provider)
    with fails_with("TaskBoard_WrongPreimage", task.id(board)):
        task.settle(board, provider, key=digest("another key"))
    for place in range(3):
        changed = list(DELIVERY)
        changed[place] = digest("something else")
        with fails_with("TaskBoard_DeliveryMismatch", task.id(board)):
            task.settle(board, provider, tuple(changed))
    for changed in ((*DELIVERY[:3], 8, DELIVERY[4]), (*DELIVERY[:4], "elsewhere")):
        with fails_with("TaskBoard_DeliveryMismatch", task.id(board)):
            task.settle(board, provider, changed)
    task.settle(board, provider)


def test_the_key_is_shown_in_time(board, task, provider):
    task.brought_to(board, provider, ACCEPTED)
    limit = now() + task.reveal_window
    next_block_at(limit)
    with fails_with("TaskBoard_TooLate", limit, limit):
        task.settle(board, provider)


@pytest.mark.parametrize("state", range(NONE, SETTLED + 1))
def test_a_task_goes_on_in_order(board, task, provider, state):
    """Every step is refused in every state but its own."""
    task.brought_to(board, provider, min(state, ACCEPTED))
    if state == SETTLED:
        task.settle(board, provider)
    steps = {
        POSTED: lambda: task.assign(board, provider),
        ASSIGNED: lambda: task.deliver(board, provider),
        DELIVERED: lambda: task.accept(board),
        ACCEPTED: lambda: task.settle(board, provider),
    }
    for required, step in steps.items():
        if required == state:
            continue
        with fails_with("TaskBoard_WrongState", task.id(board), state, required):
            step()


def test_steps_may_be_relayed(system, board, task, provider, people):
    relay(system, people.producer, board.post, (task.terms,), people.relayer, value=task.fee)
    task.assign(board, provider)
    relay(system, provider, board.deliver, (task.terms, DELIVERY), people.relayer)
    relay(system, people.producer, board.accept, (task.terms,), people.relayer)
    before = provider.balance()
    relay(system, provider, board.settle, (task.terms, DELIVERY, KEY), people.relayer)
    assert provider.balance() == before + task.fee


def test_a_revoked_provider_is_paid_for_delivered_work(system, board, task, provider, people):
    task.brought_to(board, provider, DELIVERED)
    system.membership.revoke(provider, {"from": people.administrator})
    task.accept(board)
    before = provider.balance()
    task.settle(board, provider)
    mine_at(now() + 2 * DISPUTE_WINDOW)
    board.unstake(STAKE, {"from": provider})
    assert provider.balance() == before + task.fee + STAKE
    assert board.balance() == 0
