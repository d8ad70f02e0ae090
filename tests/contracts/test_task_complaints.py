"""TaskBoard: who paid for something else than promised shows one chunk of it and is paid back."""

import hashlib
import random

import pytest
from brownie.exceptions import VirtualMachineError
from contract_support import (
    DELIVERY_BOND,
    DISPUTE_WINDOW,
    MINIMUM_STAKE,
    digest,
    fails_with,
    mine_at,
    mock,
    next_block_at,
    now,
    relay,
)
from task_terms import (
    ACCEPTED,
    ASSIGNED,
    ETHER,
    HOUR,
    KEY,
    OFFER,
    REFUNDED,
    SETTLED,
    STAKE,
    evidence_of,
    selection_of,
    task_of,
)

from edgebazaar.content.engine import delivery as engine
from edgebazaar.content.engine.delivery_complaint import (
    Commitment,
    evidence_for,
    find_complaint,
    refutes,
)

COVER = -(-(ETHER + DELIVERY_BOND) // 10**9) * 10**9
IMAGE_BYTES = 8 + 512 * 512 * 3


def content_of(size: int, seed: bytes = b"content") -> bytes:
    return hashlib.shake_128(seed).digest(size)


class Delivery:
    """A ciphertext, and what its provider promises."""

    def __init__(self, ciphertext: bytes, promised: bytes) -> None:
        self.ciphertext = ciphertext
        self.promised = Commitment(
            engine.ciphertext_root(ciphertext), hashlib.sha256(promised).digest(), len(promised)
        )

    @property
    def terms(self) -> tuple:
        promised = self.promised
        lock = hashlib.sha256(KEY).digest()
        committed = (promised.ciphertext_root, promised.content_hash, promised.content_size)
        return (lock, *committed, "ipfs://ciphertext")

    def evidence(self, index: int) -> tuple:
        return as_argument(evidence_for(self.ciphertext, index))

    def complaint(self) -> tuple:
        return as_argument(find_complaint(self.ciphertext, KEY, self.promised))


def as_argument(evidence) -> tuple:
    """`ITaskBoard.Evidence`, in its order."""
    return tuple(getattr(evidence, name) for name in evidence.__slots__)


def right(size: int = 1300) -> Delivery:
    return Delivery(engine.encrypt(content_of(size), KEY), content_of(size))


def wrong(size: int = 1300) -> Delivery:
    """Rubbish under the right hash."""
    return Delivery(engine.encrypt(content_of(size, b"rubbish"), KEY), content_of(size))


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
def settled(board, people, provider):
    """Brings a task with a delivery to settlement."""

    def settle(delivery: Delivery, label: str = "task"):
        task = task_of(people.producer, salt=digest(label))
        task.brought_to(board, provider, ASSIGNED)
        task.deliver(board, provider, delivery.terms)
        task.accept(board)
        task.settle(board, provider, delivery.terms)
        return task

    return settle


def complain(board, task, delivery, evidence, caller, key=KEY):
    return board.complain(task.terms, delivery.terms, key, evidence, {"from": caller})


# What a complaint does


@pytest.mark.parametrize("by", ["producer", "stranger"])
def test_a_wrong_delivery_is_paid_back_with_the_bond(system, board, settled, provider, people, by):
    delivery = wrong()
    task = settled(delivery)
    caller = getattr(people, by)
    before = people.producer.balance()
    transaction = complain(board, task, delivery, delivery.complaint(), caller)
    assert people.producer.balance() == before + task.fee + DELIVERY_BOND
    event = transaction.events["TaskRefunded"]
    assert (bytes(event["taskId"]), event["provider"]) == (task.id(board), provider)
    assert (event["fee"], event["bond"]) == (task.fee, DELIVERY_BOND)
    assert tuple(board.stateOf(task.id(board)))[:2] == (REFUNDED, provider)
    assert board.offerOf(provider)[0] == board.balance() == STAKE - task.fee - DELIVERY_BOND
    assert board.liabilityOf(provider) == 0
    record = transaction.events["InteractionRecorded"]
    assert (record["rater"], record["subject"]) == (people.producer, provider)
    assert (record["positive"], bytes(record["reference_"])) == (False, task.id(board))
    assert tuple(system.ledger.countsOf(people.producer, provider)) == (1, 1, 0, 0)
    with fails_with("TaskBoard_WrongState", task.id(board), REFUNDED, SETTLED):
        complain(board, task, delivery, delivery.complaint(), caller)


def test_a_complaint_is_relayed(system, board, settled, people):
    delivery = wrong(20)
    task = settled(delivery)
    before = people.producer.balance()
    arguments = (task.terms, delivery.terms, KEY, delivery.complaint())
    relay(system, people.producer, board.complain, arguments, people.relayer)
    assert people.producer.balance() == before + task.fee + DELIVERY_BOND


def test_a_right_delivery_never_loses(board, settled, people):
    delivery = right()
    task = settled(delivery)
    for index in range(3):
        with fails_with("TaskBoard_DeliveryIsRight", task.id(board), index):
            complain(board, task, delivery, delivery.evidence(index), people.producer)


def test_one_complains_within_the_window(board, settled, people):
    delivery = wrong()
    tasks = [settled(delivery, label) for label in ("in time", "late")]
    limit = board.stateOf(tasks[1].id(board))[3] + DISPUTE_WINDOW
    next_block_at(board.stateOf(tasks[0].id(board))[3] + DISPUTE_WINDOW - 1)
    complain(board, tasks[0], delivery, delivery.complaint(), people.producer)
    next_block_at(limit)
    with fails_with("TaskBoard_TooLate", limit, limit):
        complain(board, tasks[1], delivery, delivery.complaint(), people.producer)


def test_only_what_was_settled_is_complained_about(board, people, provider):
    delivery = wrong()
    task = task_of(people.producer).brought_to(board, provider, ACCEPTED)
    with fails_with("TaskBoard_WrongState", task.id(board), ACCEPTED, SETTLED):
        complain(board, task, delivery, delivery.complaint(), people.producer)


def test_evidence_has_to_be_of_the_delivery(board, settled, people):
    delivery = wrong()
    task = settled(delivery)
    evidence = evidence_for(delivery.ciphertext, 1)

    def changed(**fields):
        given = {name: getattr(evidence, name) for name in evidence.__slots__} | fields
        return tuple(given.values())

    for error, values, argument in (
        ("NoSuchChunk", (3, 3), changed(index=3)),
        ("ChunkLength", (511, 512), changed(chunk=evidence.chunk[1:])),
        ("ChunkLength", (512, 276), changed(index=2)),
        ("NotDelivered", (0,), changed(index=0)),
        ("NotDelivered", (1,), changed(state=digest("another"))),
        ("NotDelivered", (1,), changed(proof=evidence.proof[1:])),
        ("NotDelivered", (2,), changed(next_state=digest("another"))),
        ("NotDelivered", (2,), changed(next_chunk_hash=digest("another"))),
        ("NotDelivered", (2,), changed(next_proof=())),
    ):
        with fails_with(f"TaskBoard_{error}", *values):
            complain(board, task, delivery, argument, people.producer)
    with fails_with("TaskBoard_WrongPreimage", task.id(board)):
        complain(board, task, delivery, delivery.complaint(), people.producer, digest("no key"))
    with fails_with("TaskBoard_DeliveryMismatch", task.id(board)):
        complain(board, task, right(), right().evidence(0), people.producer)


def test_contract_and_twin_judge_alike(board, settled, people):
    """Random damage to random contents; every step of every delivery."""
    dice = random.Random(7)
    for size in (1, 31, 511, 512, 513, dice.randrange(600, 2_000)):
        content = content_of(size)
        units = bytearray(engine.encrypt(content, KEY))
        for _ in range(dice.randrange(3)):
            units[dice.randrange(len(units))] ^= dice.randrange(1, 256)
        delivery = Delivery(bytes(units), content)
        task = settled(delivery, f"size {size}")
        for index in range(engine.chunk_count(size)):
            argument = delivery.evidence(index)
            try:
                board.complain.call(
                    task.terms, delivery.terms, KEY, argument, {"from": people.stranger}
                )
                refuted = True
            except VirtualMachineError as refusal:
                assert "TaskBoard_DeliveryIsRight" in refusal.revert_msg
                refuted = False
            evidence = evidence_for(delivery.ciphertext, index)
            assert refuted == refutes(delivery.promised, KEY, evidence)
        mine_at(now() + 2 * DISPUTE_WINDOW)


def test_a_producer_that_refuses_is_credited(system, board, people, provider, deployer):
    refuser = mock("Refuser").deploy({"from": deployer})
    system.membership.admit(
        refuser, 1, now() + 10**8, digest("wallet"), {"from": people.administrator}
    )
    delivery, task = wrong(), task_of(refuser)
    chosen = selection_of([provider])
    calls = (
        (board.post.encode_input(task.terms), task.fee),
        (board.assign.encode_input(task.terms, provider, chosen, evidence_of(chosen)), 0),
    )
    for data, value in calls:
        refuser.perform(board, data, {"from": deployer, "value": value})
    task.deliver(board, provider, delivery.terms)
    refuser.perform(board, board.accept.encode_input(task.terms), {"from": deployer})
    task.settle(board, provider, delivery.terms)
    complain(board, task, delivery, delivery.complaint(), people.stranger)
    assert system.payouts.creditOf(refuser) == task.fee + DELIVERY_BOND


# What the stake answers for


def test_a_stake_covers_every_task_that_may_be_complained_about(board, settled, people, provider):
    """Settled ones, too: or a provider could sell more rubbish than it can pay back."""
    board.setOffer(0, HOUR, 99, {"from": provider})
    covered = (STAKE - MINIMUM_STAKE) // COVER
    for number in range(covered):
        settled(right(20), f"task {number}")
    assert board.liabilityOf(provider) == covered * COVER
    more = task_of(people.producer, salt=digest("one more"))
    more.post(board)
    required = MINIMUM_STAKE + (covered + 1) * COVER
    with fails_with("TaskBoard_NotCovered", provider, STAKE, required):
        more.assign(board, provider)
    mine_at(now() + 2 * DISPUTE_WINDOW)
    assert board.liabilityOf(provider) == 0


def test_a_stake_is_bound_while_one_may_complain(board, settled, provider):
    task = settled(right(20))
    settled_at = board.stateOf(task.id(board))[3]
    with fails_with("TaskBoard_StakeIsLiable", provider, COVER):
        board.unstake(1, {"from": provider})
    end = (settled_at // DISPUTE_WINDOW + 2) * DISPUTE_WINDOW
    assert settled_at + DISPUTE_WINDOW <= end
    next_block_at(end - 1)
    with fails_with("TaskBoard_StakeIsLiable", provider, COVER):
        board.unstake(1, {"from": provider})
    next_block_at(end)
    board.unstake(STAKE, {"from": provider})


def test_a_closed_task_frees_the_stake(board, people, provider):
    task = task_of(people.producer).brought_to(board, provider, ASSIGNED)
    assert board.liabilityOf(provider) == COVER
    next_block_at(task.close_at)
    task.close(board, people.stranger)
    assert board.liabilityOf(provider) == 0
    board.unstake(STAKE, {"from": provider})


def test_a_liable_stake_makes_nobody_eligible(board, settled, people, provider):
    for label in ("first", "second", "third"):
        settled(right(20), label)
        assert board.isEligible(provider)
    mine_at(now() + 2 * DISPUTE_WINDOW)
    board.unstake(STAKE - 2 * ETHER, {"from": provider})
    assert board.isEligible(provider)


# Cost

GAS = {"settle, steady": 76_000, "complain, picture": 520_000}


def test_no_dispute_costs_nothing_more_and_a_complaint_is_bounded(board, settled, people, provider):
    content = content_of(IMAGE_BYTES)
    damaged = bytearray(engine.encrypt(content, KEY))
    damaged[300 * engine.UNIT_BYTES + 99] ^= 1
    delivery = Delivery(bytes(damaged), content)  # two whole paths and a whole chunk
    settled(delivery, "first")
    task = task_of(people.producer, salt=digest("steady"))
    task.brought_to(board, provider, ASSIGNED)
    task.deliver(board, provider, delivery.terms)
    task.accept(board)
    settle = task.settle(board, provider, delivery.terms)
    transaction = complain(board, task, delivery, delivery.complaint(), people.producer)
    used = {"settle, steady": settle.gas_used, "complain, picture": transaction.gas_used}
    assert {step: gas for step, gas in used.items() if gas > GAS[step]} == {}
