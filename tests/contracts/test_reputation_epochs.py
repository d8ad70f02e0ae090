"""ReputationEpochs: publication, every proof of error, demands for leaves, and what stands."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from brownie import chain
from contract_support import (
    ANSWER_SECONDS,
    EPOCH_BOND,
    OPERATOR,
    WEIGHTS,
    WINDOW_SECONDS,
    ZERO_ADDRESS,
    ZERO_BYTES,
    fails_with,
    mine_at,
    next_block_at,
    now,
    relay,
)
from epoch_trees import (
    DEMAND_FEE,
    FIRST,
    Ledger,
    Publication,
    account,
    evidence_of,
    next_window,
    record_struct,
)

BASE_RATE = 5 * 10**17
WRONG_LEAF, MISSING_LEAF, DISORDER, UNANSWERED = range(4)


@pytest.fixture
def epochs(system):
    return system.epochs


@pytest.fixture
def ledger(system, acting):
    """Two raters with two subjects, a window ago; the next window has just begun."""
    kept = Ledger(system.ledger, acting(system.board))
    next_window()
    dice = random.Random(5)
    for _ in range(12):
        rater, subject = account(dice.choice((1, 2))), account(dice.choice((10, 11)))
        kept.record(rater, subject, dice.random() < 0.7)
    next_window()
    kept.record(account(3), account(10))
    return kept


@pytest.fixture
def right(ledger, people):
    """The right epoch of the present window, not yet published."""
    tree = ledger.tree(now() // WINDOW_SECONDS)
    assert len(tree.leaves) == 6
    return Publication(tree.leaves, people.operator)


def voided(transaction, epochs, publication, prover, fault) -> None:
    """The epoch left the chain, half its bond went to the prover and half to the treasury."""
    event = transaction.events["EpochVoided"]
    assert (event["window"], event["prover"]) == (publication.record.window, prover)
    assert (event["fault"], event["reward"], event["forfeited"]) == (
        fault,
        EPOCH_BOND // 2,
        EPOCH_BOND // 2,
    )
    assert bytes(epochs.head()) == publication.record.previous
    assert epochs.balance() == 0


# Publishing


def test_the_parameters_fit_each_other(project, system, people, deployer):
    def deploy(bond=EPOCH_BOND, answer_seconds=ANSWER_SECONDS):
        addresses = (system.membership, system.forwarder, system.payouts, system.ledger)
        values = (people.treasury, bond, answer_seconds, {"from": deployer})
        return project.ReputationEpochs.deploy(*addresses, *values)

    for seconds in (0, WINDOW_SECONDS // 8 + 1):
        with fails_with("ReputationEpochs_BadTimes", WINDOW_SECONDS, seconds):
            deploy(answer_seconds=seconds)
    with fails_with("ReputationEpochs_ZeroBond"):
        deploy(bond=99)
    epochs = deploy(bond=100, answer_seconds=WINDOW_SECONDS // 8)
    assert (epochs.bond(), epochs.demandFee()) == (100, 1)
    assert epochs.answerSeconds() == WINDOW_SECONDS // 8
    assert (epochs.ledger(), epochs.payouts()) == (system.ledger, system.payouts)
    assert epochs.treasury() == people.treasury
    assert bytes(epochs.head()) == FIRST.hash


def test_an_operator_publishes_once_a_window(epochs, right, people):
    event = right.publish(epochs).events["EpochPublished"]
    assert event["window"] == right.record.window
    previous, root, *rest = event["epoch"]
    assert (bytes(previous), bytes(root), *rest) == right.struct
    assert bytes(epochs.head()) == right.record.hash == bytes(epochs.hashOf(right.struct))
    assert epochs.balance() == EPOCH_BOND
    again = Publication(right.leaves, people.operator, right.record)
    with fails_with("ReputationEpochs_AlreadyPublished", right.record.window):
        again.publish(epochs, value=0)
    with fails_with("ReputationEpochs_NotHead", FIRST.hash, right.record.hash):
        right.publish(epochs)


def test_only_operators_publish(epochs, right, people):
    with fails_with("Membership_MissingRole", people.producer, OPERATOR):
        Publication(right.leaves, people.producer).publish(epochs)


def test_an_epoch_is_published_in_the_first_half_of_its_window(epochs, right):
    window = right.record.window
    until = window * WINDOW_SECONDS + WINDOW_SECONDS // 2
    next_block_at(until)
    with fails_with("ReputationEpochs_NotPublishable", window, window, until):
        right.publish(epochs)
    for other in (window - 1, window + 1):
        wrong = Publication([], right.record.publisher)
        wrong.record = replace(wrong.record, window=other)
        limit = other * WINDOW_SECONDS + WINDOW_SECONDS // 2
        with fails_with("ReputationEpochs_NotPublishable", other, window, limit):
            wrong.publish(epochs)


def test_the_bond_moves_on_with_its_publisher(epochs, right, ledger, people):
    for value in (0, EPOCH_BOND - 1, EPOCH_BOND + 1):
        with fails_with("ReputationEpochs_ValueMismatch", value, EPOCH_BOND):
            right.publish(epochs, value)
    right.publish(epochs)
    following = Publication(ledger.tree(next_window()).leaves, people.operator, right.record)
    with fails_with("ReputationEpochs_ValueMismatch", EPOCH_BOND, 0):
        following.publish(epochs)
    following.publish(epochs, value=0)
    assert epochs.balance() == EPOCH_BOND
    assert bytes(epochs.head()) == following.record.hash


def test_another_publisher_brings_its_own_bond(epochs, right, ledger, people):
    right.publish(epochs)
    following = Publication(ledger.tree(next_window()).leaves, people.second_operator, right.record)
    before = people.operator.balance()
    following.publish(epochs)
    assert people.operator.balance() == before + EPOCH_BOND
    assert epochs.balance() == EPOCH_BOND


def test_a_final_bond_is_taken_back_by_its_publisher(epochs, right, people):
    window = right.record.window
    right.publish(epochs)
    with fails_with("ReputationEpochs_NotFinal", window, window):
        epochs.withdrawBond(right.struct, {"from": people.operator})
    next_window()
    before = people.operator.balance()
    event = epochs.withdrawBond(right.struct, {"from": people.stranger}).events["BondWithdrawn"]
    assert tuple(event.values()) == (window, people.operator, EPOCH_BOND)
    assert people.operator.balance() == before + EPOCH_BOND
    with fails_with("ReputationEpochs_NotHead", right.record.hash, bytes(epochs.head())):
        epochs.withdrawBond(right.struct, {"from": people.operator})
    with fails_with("ReputationEpochs_NoBond", window):
        epochs.withdrawBond(record_struct(right.record.without_bond()), {"from": people.operator})
    last = right.record.without_bond()
    Publication([], people.operator, last).publish(epochs)
    assert epochs.balance() == EPOCH_BOND


def test_a_publication_is_relayed(system, epochs, right, ledger, people):
    right.publish(epochs)
    following = Publication(ledger.tree(next_window()).leaves, people.operator, right.record)
    record = following.record
    arguments = (right.struct, record.window, record.root, record.leaves)
    relay(system, people.operator, epochs.publish, arguments, people.relayer)
    assert bytes(epochs.head()) == record.hash


# Proving wrong


def changed(leaf, how):
    """A leaf that differs from the right one in one thing."""
    belief, disbelief, uncertainty = leaf.opinion
    others = tuple(sorted({*leaf.recommenders, account(99)}))
    return {
        "expectation": replace(leaf, expectation=leaf.expectation + 1),
        "belief": replace(leaf, opinion=(belief + 1, disbelief, uncertainty)),
        "disbelief": replace(leaf, opinion=(belief, disbelief - 1, uncertainty)),
        "uncertainty": replace(leaf, opinion=(belief, disbelief, uncertainty + 1)),
        "stranger recommends": replace(leaf, recommenders=others),
        "repeated": replace(leaf, recommenders=leaf.recommenders * 2),
        "rater recommends": replace(
            leaf, recommenders=tuple(sorted({*leaf.recommenders, leaf.rater}))
        ),
        "unknown pair": replace(leaf, rater=account(98)),
        "known since the window began": replace(leaf, rater=account(3), subject=account(10)),
        "too many": replace(leaf, recommenders=tuple(account(n) for n in range(20, 37))),
    }[how]


@pytest.mark.parametrize(
    "how",
    [
        *("expectation", "belief", "disbelief", "uncertainty", "stranger recommends", "repeated"),
        *("rater recommends", "unknown pair", "known since the window began", "too many"),
    ],
)
def test_a_wrong_leaf_costs_the_bond(epochs, right, people, how):
    leaves = list(right.leaves)
    leaves[4] = changed(leaves[4], how)
    wrong = Publication(leaves, people.operator)
    wrong.publish(epochs)
    before = people.consumer.balance()
    transaction = epochs.proveWrong(
        wrong.struct, wrong.opened(4), ZERO_ADDRESS, {"from": people.consumer}
    )
    voided(transaction, epochs, wrong, people.consumer, WRONG_LEAF)
    assert people.consumer.balance() == before + EPOCH_BOND // 2
    # Half the window has not passed: a right one may follow.
    right.publish(epochs)


def test_a_right_leaf_costs_nobody(epochs, right, people):
    right.publish(epochs)
    for index in range(len(right.leaves)):
        for omitted in (ZERO_ADDRESS, account(1), account(2), account(3), account(50)):
            with fails_with("ReputationEpochs_LeafRight", index):
                epochs.proveWrong(
                    right.struct, right.opened(index), omitted, {"from": people.consumer}
                )


def test_a_recommender_left_out_is_shown_by_naming_it(system, epochs, right, people):
    leaves = list(right.leaves)
    omitted, *kept = leaves[0].recommenders
    opinion, expectation = system.ledger.openingReputationOf(ZERO_ADDRESS, leaves[0].subject, kept)
    leaves[0] = replace(
        leaves[0], opinion=tuple(opinion), expectation=expectation, recommenders=tuple(kept)
    )
    wrong = Publication(leaves, people.operator)
    wrong.publish(epochs)
    for nobody in (ZERO_ADDRESS, leaves[0].recommenders[0], account(3), account(50)):
        with fails_with("ReputationEpochs_LeafRight", 0):
            epochs.proveWrong(wrong.struct, wrong.opened(0), nobody, {"from": people.consumer})
    transaction = epochs.proveWrong(
        wrong.struct, wrong.opened(0), omitted, {"from": people.consumer}
    )
    voided(transaction, epochs, wrong, people.consumer, WRONG_LEAF)


def test_the_sixteen_with_most_interactions_recommend(system, epochs, acting, people):
    """Of seventeen, the one with fewest or the highest address must not displace another."""
    ledger = Ledger(system.ledger, acting(system.board))
    subject, raters = account(500), [account(100 + n) for n in range(17)]
    next_window()
    for rater in raters:
        ledger.record(rater, subject)
    ledger.record(raters[16], subject)
    window = next_window()
    tree = ledger.tree(window)
    right = tree.leaves[0].recommenders
    assert set(right) == {*raters[:15], raters[16]}
    for chosen, omitted in (
        (raters[:16], raters[16]),
        ([*raters[:14], *raters[15:]], raters[14]),
    ):
        opinion, expectation = system.ledger.openingReputationOf(ZERO_ADDRESS, subject, chosen)
        leaf = replace(
            tree.leaves[0],
            opinion=tuple(opinion),
            expectation=expectation,
            recommenders=tuple(chosen),
        )
        wrong = Publication([leaf, *tree.leaves[1:]], people.operator)
        wrong.publish(epochs)
        with fails_with("ReputationEpochs_LeafRight", 0):
            epochs.proveWrong(
                wrong.struct, wrong.opened(0), account(900), {"from": people.consumer}
            )
        epochs.proveWrong(wrong.struct, wrong.opened(0), omitted, {"from": people.consumer})
    Publication(tree.leaves, people.operator).publish(epochs)
    published = Publication(tree.leaves, people.operator)
    for omitted in raters:
        with fails_with("ReputationEpochs_LeafRight", 0):
            epochs.proveWrong(
                published.struct, published.opened(0), omitted, {"from": people.consumer}
            )


def test_a_leaf_counts_only_in_its_place(epochs, right, people):
    right.publish(epochs)
    index, leaf, path = right.opened(1)
    for wrong in (
        (0, leaf, path),
        (index, leaf, path[:-1]),
        (index, leaf, [*path, ZERO_BYTES]),
        (index, right.opened(0)[1], path),
        (len(right.leaves), leaf, path),
    ):
        with fails_with("ReputationEpochs_NotIncluded", wrong[0]):
            epochs.proveWrong(right.struct, wrong, ZERO_ADDRESS, {"from": people.consumer})


def test_nothing_is_proved_after_the_window(epochs, right, people):
    right.publish(epochs)
    window = next_window()
    opened, sender = right.opened(0), {"from": people.consumer}
    pair = (account(1), account(10))
    for prove in (
        lambda: epochs.proveWrong(right.struct, opened, ZERO_ADDRESS, sender),
        lambda: epochs.proveMissing(right.struct, *pair, [opened], sender),
        lambda: epochs.proveDisorder(right.struct, opened, opened, sender),
        lambda: epochs.demand(right.struct, 0, {**sender, "value": DEMAND_FEE}),
        lambda: epochs.answer(right.struct, opened, sender),
        lambda: epochs.proveUnanswered(right.struct, 0, sender),
    ):
        with fails_with("ReputationEpochs_NotPending", window - 1, window):
            prove()


@pytest.mark.parametrize("index", range(6))
def test_a_missing_leaf_costs_the_bond(epochs, right, people, index):
    leaves = list(right.leaves)
    gone = leaves.pop(index)
    wrong = Publication(leaves, people.operator)
    wrong.publish(epochs)
    around = [wrong.opened(place) for place in (index - 1, index) if 0 <= place < len(leaves)]
    pair = (gone.rater, gone.subject)
    with fails_with("ReputationEpochs_NotMissing", *pair):
        epochs.proveMissing(wrong.struct, *pair, [], {"from": people.consumer})
    transaction = epochs.proveMissing(wrong.struct, *pair, around, {"from": people.consumer})
    voided(transaction, epochs, wrong, people.consumer, MISSING_LEAF)


def test_an_epoch_without_leaves_misses_all(epochs, right, people):
    empty = Publication([], people.operator)
    empty.publish(epochs)
    sender = {"from": people.consumer}
    with fails_with("ReputationEpochs_NotMissing", account(3), account(10)):
        epochs.proveMissing(empty.struct, account(3), account(10), [], sender)
    transaction = epochs.proveMissing(empty.struct, account(1), account(10), [], sender)
    voided(transaction, epochs, empty, people.consumer, MISSING_LEAF)


def test_what_is_there_or_never_was_is_not_missing(epochs, right, people):
    right.publish(epochs)
    sender = {"from": people.consumer}
    opened = [right.opened(index) for index in range(6)]
    for pair in ((account(1), account(10)), (account(1), account(12)), (account(9), account(9))):
        for around in (
            *([one, other] for one, other in pairwise(opened)),
            *([one] for one in opened),
            [opened[0], opened[2]],
            opened[:3],
            [],
        ):
            with fails_with("ReputationEpochs_NotMissing", *pair):
                epochs.proveMissing(right.struct, *pair, around, sender)


def test_leaves_out_of_order_cost_the_bond(epochs, right, people):
    sender = {"from": people.consumer}
    for leaves in (
        [*right.leaves[:2], right.leaves[3], right.leaves[2], *right.leaves[4:]],
        [*right.leaves[:3], *right.leaves[2:]],
    ):
        wrong = Publication(leaves, people.operator)
        wrong.publish(epochs)
        with fails_with("ReputationEpochs_InOrder", 1, 2):
            epochs.proveDisorder(wrong.struct, wrong.opened(1), wrong.opened(2), sender)
        with fails_with("ReputationEpochs_InOrder", 3, 2):
            epochs.proveDisorder(wrong.struct, wrong.opened(3), wrong.opened(2), sender)
        transaction = epochs.proveDisorder(wrong.struct, wrong.opened(2), wrong.opened(3), sender)
        voided(transaction, epochs, wrong, people.consumer, DISORDER)


# Demands


def test_a_demanded_leaf_is_shown_for_the_fee(epochs, right, people):
    right.publish(epochs)
    event = epochs.demand(right.struct, 2, {"from": people.consumer, "value": DEMAND_FEE}).events[
        "LeafDemanded"
    ]
    assert (event["demander"], event["index"]) == (people.consumer, 2)
    assert (bytes(event["epochHash"]), event["answerBy"]) == (
        right.record.hash,
        now() + ANSWER_SECONDS,
    )
    with fails_with("ReputationEpochs_AlreadyDemanded", 2):
        epochs.demand(right.struct, 2, {"from": people.auditor, "value": DEMAND_FEE})
    before = people.stranger.balance()
    with fails_with("ReputationEpochs_NotDemanded", 3):
        epochs.answer(right.struct, right.opened(3), {"from": people.stranger})
    index, _, path = right.opened(2)
    with fails_with("ReputationEpochs_NotIncluded", 2):
        epochs.answer(right.struct, (index, right.opened(1)[1], path), {"from": people.stranger})
    event = epochs.answer(right.struct, right.opened(2), {"from": people.stranger}).events[
        "LeafOpened"
    ]
    assert (event["opened"][0], event["caller"]) == (2, people.stranger)
    assert people.stranger.balance() == before + DEMAND_FEE
    assert epochs.balance() == EPOCH_BOND
    with fails_with("ReputationEpochs_NotDemanded", 2):
        epochs.answer(right.struct, right.opened(2), {"from": people.stranger})


def test_who_does_not_answer_loses_the_bond(epochs, right, people):
    hidden = Publication(right.leaves, people.operator)
    hidden.publish(epochs)
    epochs.demand(hidden.struct, 2, {"from": people.consumer, "value": DEMAND_FEE})
    answer_by = now() + ANSWER_SECONDS
    mine_at(answer_by - 1)
    with fails_with("ReputationEpochs_TooEarly", answer_by, answer_by - 1):
        epochs.proveUnanswered.call(hidden.struct, 2, {"from": people.consumer})
    mine_at(answer_by)
    with fails_with("ReputationEpochs_TooLate", answer_by, answer_by):
        epochs.answer.call(hidden.struct, hidden.opened(2), {"from": people.operator})
    # Who demands and keeps still shields nobody: anyone proves it, no fee is reclaimed before.
    window = hidden.record.window
    with fails_with("ReputationEpochs_NotFinal", window, window):
        epochs.reclaimFee(hidden.record.hash, 2, {"from": people.consumer})
    demander, prover = people.consumer.balance(), people.auditor.balance()
    transaction = epochs.proveUnanswered(hidden.struct, 2, {"from": people.auditor})
    voided(transaction, epochs, hidden, people.auditor, UNANSWERED)
    assert people.auditor.balance() == prover + EPOCH_BOND // 2
    assert people.consumer.balance() == demander + DEMAND_FEE


def test_a_fee_comes_back_after_the_window_too(epochs, right, people):
    right.publish(epochs)
    epochs.demand(right.struct, 2, {"from": people.consumer, "value": DEMAND_FEE})
    answer_by = now() + ANSWER_SECONDS
    with fails_with("ReputationEpochs_TooEarly", answer_by, now()):
        epochs.reclaimFee.call(right.record.hash, 2, {"from": people.consumer})
    next_window()
    before = people.consumer.balance()
    epochs.reclaimFee(right.record.hash, 2, {"from": people.consumer})
    assert people.consumer.balance() == before + DEMAND_FEE
    assert epochs.balance() == EPOCH_BOND


def test_a_fee_comes_back_when_another_proof_was_faster(epochs, right, people):
    leaves = [changed(right.leaves[0], "expectation"), *right.leaves[1:]]
    wrong = Publication(leaves, people.operator)
    wrong.publish(epochs)
    epochs.demand(wrong.struct, 2, {"from": people.consumer, "value": DEMAND_FEE})
    answer_by = now() + ANSWER_SECONDS
    epochs.proveWrong(wrong.struct, wrong.opened(0), ZERO_ADDRESS, {"from": people.auditor})
    with fails_with("ReputationEpochs_NotHead", wrong.record.hash, bytes(epochs.head())):
        epochs.answer(wrong.struct, wrong.opened(2), {"from": people.operator})
    mine_at(answer_by)
    with fails_with("ReputationEpochs_NotDemander", people.auditor, people.consumer):
        epochs.reclaimFee(wrong.record.hash, 2, {"from": people.auditor})
    before = people.consumer.balance()
    epochs.reclaimFee(wrong.record.hash, 2, {"from": people.consumer})
    assert people.consumer.balance() == before + DEMAND_FEE
    with fails_with("ReputationEpochs_NotDemanded", 2):
        epochs.reclaimFee(wrong.record.hash, 2, {"from": people.consumer})
    assert epochs.balance() == 0


def test_a_demand_leaves_time_for_answer_and_proof(epochs, right, people):
    right.publish(epochs)
    sender = {"from": people.consumer, "value": DEMAND_FEE}
    with fails_with("ReputationEpochs_NoSuchLeaf", 6, 6):
        epochs.demand(right.struct, 6, sender)
    with fails_with("ReputationEpochs_ValueMismatch", DEMAND_FEE - 1, DEMAND_FEE):
        epochs.demand(right.struct, 0, {**sender, "value": DEMAND_FEE - 1})
    with fails_with("Membership_NotActive", people.stranger):
        epochs.demand(right.struct, 0, {**sender, "from": people.stranger})
    limit = (right.record.window + 1) * WINDOW_SECONDS - 2 * ANSWER_SECONDS
    mine_at(limit - 1)
    epochs.demand.call(right.struct, 0, sender)
    mine_at(limit)
    with fails_with("ReputationEpochs_TooLate", limit, limit):
        epochs.demand.call(right.struct, 0, sender)


# What selections are checked against


def test_expectations_are_those_of_the_latest_final_epoch(epochs, right, ledger, people):
    tree = ledger.tree(right.record.window)
    candidates = [account(number) for number in (10, 11, 12)]
    first = evidence_of(ledger.tree(0), FIRST, FIRST, account(1), candidates)
    nothing_known = [BASE_RATE] * 3
    epochs.requireExpectations(first, account(1), candidates, nothing_known)
    right.publish(epochs)
    with fails_with("ReputationEpochs_NotHead", FIRST.hash, right.record.hash):
        epochs.requireExpectations(first, account(1), candidates, nothing_known)
    pending = evidence_of(ledger.tree(0), FIRST, right.record, account(1), candidates)
    epochs.requireExpectations(pending, account(1), candidates, nothing_known)
    early = evidence_of(tree, right.record, FIRST, account(1), candidates)
    known = [tree.expectation(account(1), one) for one in candidates]
    with fails_with("ReputationEpochs_NotFinal", right.record.window, right.record.window):
        epochs.requireExpectations(early, account(1), candidates, known)
    next_window()
    chain.mine()
    epochs.requireExpectations(early, account(1), candidates, known)
    following = Publication(ledger.tree(right.record.window + 1).leaves, people.operator)
    assert following.leaves != right.leaves
    following = Publication(following.leaves, people.operator, right.record)
    following.publish(epochs, value=0)
    late = evidence_of(tree, right.record.without_bond(), following.record, account(1), candidates)
    epochs.requireExpectations(late, account(1), candidates, known)
    unlinked = evidence_of(tree, right.record, following.record, account(1), candidates)
    with fails_with("ReputationEpochs_NotHead", right.record.hash, following.record.previous):
        epochs.requireExpectations(unlinked, account(1), candidates, known)


def test_who_knows_a_candidate_goes_by_its_own_leaf(epochs, right, ledger):
    right.publish(epochs)
    next_window()
    chain.mine()
    tree = ledger.tree(right.record.window)
    one = account(10)
    for rater in (account(1), account(2), account(3), account(77)):
        expected = tree.expectation(rater, one)
        evidence = evidence_of(tree, right.record, FIRST, rater, [one])
        epochs.requireExpectations(evidence, rater, [one], [expected])
        for wrong in (expected + 1, BASE_RATE):
            with fails_with("ReputationEpochs_WrongExpectation", one, wrong):
                epochs.requireExpectations(evidence, rater, [one], [wrong])
    nobodys = evidence_of(tree, right.record, FIRST, account(77), [one])
    general = tree.expectation(account(77), one)
    with fails_with("ReputationEpochs_WrongExpectation", one, general):
        epochs.requireExpectations(nobodys, account(1), [one], [general])
    unknown = evidence_of(tree, right.record, FIRST, account(1), [account(12)])
    with fails_with("ReputationEpochs_WrongExpectation", account(12), BASE_RATE + 1):
        epochs.requireExpectations(unknown, account(1), [account(12)], [BASE_RATE + 1])
    for openings, values in ((0, 1), (2, 1), (1, 0)):
        shown = (*unknown[:2], unknown[2] * openings)
        with fails_with("ReputationEpochs_OpeningsMismatch", openings, values, 1):
            epochs.requireExpectations(shown, account(1), [account(12)], [BASE_RATE] * values)


# Against the twin


@pytest.mark.parametrize("seed", range(3))
def test_the_twins_tree_cannot_be_proved_wrong(project, system, people, acting, seed):
    """Random records over several windows: the ledger agrees with every leaf of every epoch."""
    dice = random.Random(seed)
    epochs, ledger = system.epochs, Ledger(system.ledger, acting(system.board))
    last, value = FIRST, EPOCH_BOND
    for _ in range(4):
        next_window()
        for _ in range(dice.randrange(1, 9)):
            rater, subject = account(dice.randrange(1, 6)), account(dice.randrange(10, 13))
            ledger.record(rater, subject, dice.random() < 0.6)
        if dice.random() < 0.3:
            continue
        window = next_window()
        publication = Publication(ledger.tree(window).leaves, people.operator, last)
        publication.publish(epochs, value)
        ledger.record(account(1), account(10))
        last, value = publication.record, 0
        for index in range(len(publication.leaves)):
            with fails_with("ReputationEpochs_LeafRight", index):
                epochs.proveWrong.call(
                    publication.struct,
                    publication.opened(index),
                    ZERO_ADDRESS,
                    {"from": people.consumer},
                )
    assert last != FIRST
    assert tuple(system.ledger.weights()) == WEIGHTS
