"""FingerprintDisputes: assertions, sortition, commit and reveal, and what everybody pays."""

import pytest
from brownie import accounts, chain
from contract_support import (
    DELIVERY_BOND,
    DISPUTE_BOND,
    DISPUTE_RULES,
    DUTY_PENALTY,
    MINIMUM_STAKE,
    PROVIDER,
    RECEIPT_PENALTY,
    ZERO_ADDRESS,
    ZERO_BYTES,
    admit,
    as_tuple,
    digest,
    fails_with,
    mine_at,
    next_block_at,
    now,
    register,
    relay,
)
from eth_abi import encode
from eth_utils import keccak
from task_terms import ASSIGNED, HOUR, task_of

NONE, OPEN, DRAWN, FALSE, TRUE, LAPSED = range(6)
STAKE = 2 * MINIMUM_STAKE
COMMIT_WINDOW, REVEAL_WINDOW = DISPUTE_RULES[3:]
SALT = digest("salt")


@pytest.fixture(scope="module")
def panel(system, people, deployer):
    """Seven staked providers; `people.provider`, who signs receipts, staked too."""
    found = [accounts.add(keccak(text=f"panelist {index}")) for index in range(7)]
    for account in found:
        accounts[1].transfer(account, 10 * STAKE)
        admit(system.membership, people, account, PROVIDER)
    for account in (*found, people.provider):
        system.board.stake({"from": account, "value": STAKE})
    return found


@pytest.fixture
def disputes(system, panel):
    return system.disputes


@pytest.fixture
def record(system, work):
    return register(system.registry, work)[0]


@pytest.fixture
def terms(disputes, people, record):
    """Terms of an open dispute by the consumer."""
    return opened(disputes, record, people.consumer)


def opened(disputes, record, asserter) -> tuple:
    transaction = disputes.open(record, "", {"from": asserter, "value": DISPUTE_BOND})
    return as_tuple(transaction.events["DisputeOpened"]["terms"])


def drawn(disputes, terms, caller) -> list:
    chain.mine(2)
    return list(disputes.draw(terms, {"from": caller}).events["SampleDrawn"]["sample"])


def variants(first: bytes) -> list[bytes]:
    return [bytes(first), *(digest(index) for index in range(7))]


def attest(disputes, terms, sample, attester, fingerprints) -> None:
    commitment = disputes.attestationOf(disputes.idOf(terms), attester, fingerprints, SALT)
    disputes.commit(terms, sample, commitment, {"from": attester})


def answered(disputes, terms, sample, answers) -> None:
    """The drawn commit to and reveal an answer each; None stays away."""
    done = list(zip(sample, answers, strict=True))
    for attester, answer in done:
        if answer is not None:
            attest(disputes, terms, sample, attester, answer)
    mine_at(disputes.disputeOf(disputes.idOf(terms))[2])
    for attester, answer in done:
        if answer is not None:
            disputes.reveal(terms, answer, SALT, {"from": attester})


def token_of(terms) -> int:
    return terms[0]


def test_an_assertion_freezes_the_content_and_holds_the_stake(
    system, disputes, people, record, work
):
    transaction = disputes.open(
        record, "ipfs://bytes", {"from": people.consumer, "value": DISPUTE_BOND}
    )
    event = transaction.events["DisputeOpened"]
    terms = as_tuple(event["terms"])
    assert bytes(terms[1]) == work.receipt[3]
    assert (terms[0], *terms[2:]) == (work.token_id, people.provider, people.consumer, 1)
    assert event["disputeId"] == disputes.idOf(terms) and event["locator"] == "ipfs://bytes"
    assert as_tuple(disputes.disputeOf(event["disputeId"])) == (OPEN, chain.height + 1, 0, 0, 0)
    assert system.registry.isDisputed(work.token_id)
    with fails_with("ProofOfAIGC_Frozen", work.token_id):
        system.registry.transferFrom(
            people.producer, people.consumer, work.token_id, {"from": people.producer}
        )
    with fails_with("TaskBoard_StakeIsHeld", people.provider, 1):
        system.board.unstake(1, {"from": people.provider})
    with fails_with("ProofOfAIGC_AlreadyDisputed", work.token_id):
        opened(disputes, record, people.vehicle)


def test_an_assertion_is_a_member_s_about_another_s_receipt(system, disputes, people, record):
    with fails_with("Membership_NotActive", people.stranger):
        opened(disputes, record, people.stranger)
    for sent in (0, DISPUTE_BOND - 1, DISPUTE_BOND + 1):
        with fails_with("FingerprintDisputes_WrongBond", sent, DISPUTE_BOND):
            disputes.open(record, "", {"from": people.consumer, "value": sent})
    with fails_with("FingerprintDisputes_OwnReceipt", people.provider):
        opened(disputes, record, people.provider)
    with fails_with("FingerprintDisputes_LocatorTooLong", 257, 256):
        disputes.open(record, "x" * 257, {"from": people.consumer, "value": DISPUTE_BOND})
    forged = ((*record[0][:3], digest("other"), *record[0][4:]), *record[1:])
    with fails_with("ProofOfAIGC_RecordMismatch", int.from_bytes(bytes(record[0][2]), "big")):
        opened(disputes, forged, people.consumer)


def test_a_draw_waits_for_its_seed(disputes, people, terms):
    seed_block = disputes.disputeOf(disputes.idOf(terms))[1]
    with fails_with("FingerprintDisputes_SeedNotReady", seed_block, chain.height + 1):
        disputes.draw(terms, {"from": people.stranger})
    sample = drawn(disputes, terms, people.stranger)
    assert 3 <= len(set(sample)) == len(sample) <= 5
    assert not {people.provider, people.consumer} & set(sample)
    dispute = (bytes(disputes.idOf(terms)), DRAWN, OPEN)
    with fails_with("FingerprintDisputes_WrongState", *dispute):
        disputes.draw(terms, {"from": people.stranger})


def test_a_forgotten_seed_is_renewed(disputes, people, terms):
    chain.mine(260)
    transaction = disputes.draw(terms, {"from": people.stranger})
    assert transaction.events["SeedRenewed"]["seedBlock"] == chain.height + 1
    assert drawn(disputes, terms, people.stranger)


def test_only_the_drawn_commit_in_time_and_once(disputes, people, panel, terms):
    dispute = bytes(disputes.idOf(terms))
    with fails_with("FingerprintDisputes_WrongState", dispute, OPEN, DRAWN):
        disputes.commit(terms, panel, digest("x"), {"from": panel[0]})
    sample = drawn(disputes, terms, people.stranger)
    (outsider, *_) = [one for one in panel if one not in sample]
    with fails_with("FingerprintDisputes_NotDrawn", dispute, outsider):
        disputes.commit(terms, sample, digest("x"), {"from": outsider})
    with fails_with("FingerprintDisputes_SampleMismatch", dispute):
        disputes.commit(terms, [*sample, outsider], digest("x"), {"from": outsider})
    with fails_with("FingerprintDisputes_ZeroCommitment"):
        disputes.commit(terms, sample, ZERO_BYTES, {"from": sample[0]})
    attest(disputes, terms, sample, sample[0], variants(digest("own")))
    with fails_with("FingerprintDisputes_AlreadyCommitted", dispute, sample[0]):
        disputes.commit(terms, sample, digest("x"), {"from": sample[0]})
    until = disputes.disputeOf(dispute)[2]
    next_block_at(until)
    with fails_with("FingerprintDisputes_TooLate", until, until):
        disputes.commit(terms, sample, digest("x"), {"from": sample[1]})


def test_a_reveal_is_what_was_committed_by_oneself(disputes, people, terms):
    dispute = bytes(disputes.idOf(terms))
    sample = drawn(disputes, terms, people.stranger)
    own = variants(digest("own"))
    attest(disputes, terms, sample, sample[0], own)
    _, _, commit_until, reveal_until, _ = disputes.disputeOf(dispute)
    early = now() + 1
    next_block_at(early)
    with fails_with("FingerprintDisputes_TooEarly", commit_until, early):
        disputes.reveal(terms, own, SALT, {"from": sample[0]})
    # A copied commitment is of no use: it names its attester.
    copied = disputes.attestationOf(dispute, sample[0], own, SALT)
    disputes.commit(terms, sample, copied, {"from": sample[1]})
    mine_at(commit_until)
    for attester, answer, salt in (
        (sample[1], own, SALT),
        (sample[0], variants(digest("changed")), SALT),
        (sample[0], own, ZERO_BYTES),
        (sample[2], own, SALT),
    ):
        with fails_with("FingerprintDisputes_WrongReveal", dispute, attester):
            disputes.reveal(terms, answer, salt, {"from": attester})
    disputes.reveal(terms, own, SALT, {"from": sample[0]})
    assert disputes.disputeOf(dispute)[4] == 1
    with fails_with("FingerprintDisputes_WrongReveal", dispute, sample[0]):
        disputes.reveal(terms, own, SALT, {"from": sample[0]})
    with fails_with("FingerprintDisputes_TooEarly", reveal_until, now() + 10):
        next_block_at(now() + 10)
        disputes.settle(terms, sample, {"from": people.stranger})
    next_block_at(reveal_until)
    with fails_with("FingerprintDisputes_TooLate", reveal_until, reveal_until):
        disputes.reveal(terms, own, SALT, {"from": sample[1]})


def test_a_false_fingerprint_removes_the_content_and_costs_the_provider(
    system, disputes, people, terms
):
    before = people.consumer.balance()
    sample = drawn(disputes, terms, people.stranger)
    true = variants(digest("true"))
    answered(disputes, terms, sample, [true] * len(sample))
    with fails_with("FingerprintDisputes_SampleMismatch", bytes(disputes.idOf(terms))):
        disputes.settle(terms, sample[::-1], {"from": people.stranger})
    # All have revealed, so nobody waits for the end of the window.
    event = disputes.settle(terms, sample, {"from": people.stranger}).events["DisputeSettled"]
    assert (event["outcome"], event["agreeing"]) == (FALSE, len(sample))
    hashed = keccak(encode(["bytes32[8]"], [true]))[:31]
    assert bytes(event["variants"]) == hashed == bytes(disputes.attestedVariantsOf(token_of(terms)))
    assert as_tuple(system.registry.statusOf(token_of(terms))) == (True, False, ZERO_ADDRESS)
    assert people.consumer.balance() == before + DISPUTE_BOND
    share = RECEIPT_PENALTY // 4 // len(sample)
    rest = RECEIPT_PENALTY - RECEIPT_PENALTY // 2 - share * len(sample)
    credit = system.payouts.creditOf
    assert credit(people.consumer) == RECEIPT_PENALTY // 2
    assert [credit(one) for one in sample] == [share] * len(sample)
    assert credit(people.treasury) == rest
    assert system.board.offerOf(people.provider)["stake"] == STAKE - RECEIPT_PENALTY
    system.board.unstake(1, {"from": people.provider})


def test_a_penalty_leaves_what_answers_for_deliveries(system, disputes, people, terms):
    board, provider = system.board, people.provider
    fee = STAKE - MINIMUM_STAKE - DELIVERY_BOND
    board.setOffer(0, HOUR, 1, {"from": provider})
    task_of(people.producer, fee=fee).brought_to(board, provider, ASSIGNED)
    liability = board.liabilityOf(provider)
    free = STAKE - liability
    assert fee + DELIVERY_BOND <= liability and 0 < free < RECEIPT_PENALTY
    sample = drawn(disputes, terms, people.stranger)
    answered(disputes, terms, sample, [variants(digest("true"))] * len(sample))
    disputes.settle(terms, sample, {"from": people.stranger})
    assert board.offerOf(provider)["stake"] == board.liabilityOf(provider) == liability
    share = free // 4 // len(sample)
    credit = system.payouts.creditOf
    assert credit(people.consumer) == free // 2
    assert [credit(one) for one in sample] == [share] * len(sample)
    assert credit(people.treasury) == free - free // 2 - share * len(sample)


def test_a_true_fingerprint_costs_the_asserter_its_bond(system, disputes, people, record, terms):
    sample = drawn(disputes, terms, people.stranger)
    right, wrong = variants(terms[1]), variants(digest("wrong"))
    answers = [right] * (len(sample) - 1) + [wrong]
    answered(disputes, terms, sample, answers)
    event = disputes.settle(terms, sample, {"from": people.stranger}).events["DisputeSettled"]
    assert (event["outcome"], event["agreeing"]) == (TRUE, len(sample) - 1)
    share = DISPUTE_BOND // 2 // (len(sample) - 1)
    credit = system.payouts.creditOf
    assert [credit(one) for one in sample] == [share] * (len(sample) - 1) + [0]
    assert credit(people.provider) == DISPUTE_BOND - share * (len(sample) - 1)
    assert system.board.offerOf(sample[-1])["stake"] == STAKE - DUTY_PENALTY
    assert credit(people.treasury) == DUTY_PENALTY
    assert as_tuple(system.registry.statusOf(token_of(terms))) == (False, False, ZERO_ADDRESS)
    with fails_with("FingerprintDisputes_AlreadyAttested", token_of(terms)):
        opened(disputes, record, people.vehicle)


def test_without_a_quorum_the_declared_fingerprint_stands(system, disputes, people, record, terms):
    before = people.consumer.balance()
    sample = drawn(disputes, terms, people.stranger)
    one = variants(digest("one"))
    answered(disputes, terms, sample, [one] + [None] * (len(sample) - 1))
    mine_at(disputes.disputeOf(disputes.idOf(terms))[3])
    event = disputes.settle(terms, sample, {"from": people.stranger}).events["DisputeSettled"]
    assert (event["outcome"], event["agreeing"]) == (LAPSED, 1)
    assert people.consumer.balance() == before + DISPUTE_BOND
    stakes = [system.board.offerOf(member)["stake"] for member in sample]
    assert stakes == [STAKE] + [STAKE - DUTY_PENALTY] * (len(sample) - 1)
    assert not system.registry.isDisputed(token_of(terms))
    assert opened(disputes, record, people.vehicle)[4] == 2


def test_with_too_few_to_ask_it_ends_at_once(system, disputes, people, panel, terms):
    for member in panel[2:]:
        system.membership.revoke(member, {"from": people.administrator})
    chain.mine(2)
    before = people.consumer.balance()
    event = disputes.draw(terms, {"from": people.stranger}).events["DisputeSettled"]
    assert event["outcome"] == LAPSED
    assert people.consumer.balance() == before + DISPUTE_BOND


def test_a_challenge_may_remove_the_content_meanwhile(system, disputes, people, terms, acting):
    challenges = acting(system.challenges)
    system.registry.freezeForChallenge(token_of(terms), {"from": challenges})
    system.registry.endChallenge(token_of(terms), True, {"from": challenges})
    sample = drawn(disputes, terms, people.stranger)
    answered(disputes, terms, sample, [variants(digest("true"))] * len(sample))
    transaction = disputes.settle(terms, sample, {"from": people.stranger})
    assert transaction.events["DisputeSettled"]["outcome"] == FALSE
    assert "ContentRemoved" not in transaction.events


def test_removed_content_is_not_disputed(system, disputes, people, record, work, acting):
    challenges = acting(system.challenges)
    system.registry.freezeForChallenge(work.token_id, {"from": challenges})
    system.registry.endChallenge(work.token_id, True, {"from": challenges})
    with fails_with("ProofOfAIGC_Frozen", work.token_id):
        opened(disputes, record, people.consumer)


def test_attesters_may_be_relayed(system, disputes, people, terms):
    sample = drawn(disputes, terms, people.stranger)
    attester = accounts.at(sample[0])
    commitment = digest("commitment")
    relay(system, attester, disputes.commit, (terms, sample, commitment), people.relayer)
    with fails_with("FingerprintDisputes_AlreadyCommitted", bytes(disputes.idOf(terms)), attester):
        disputes.commit(terms, sample, commitment, {"from": attester})


def test_the_register_asks_one_dispute_contract(system, people, project, deployer, work, record):
    registry = project.ProofOfAIGC.deploy(
        system.membership, system.forwarder, [], {"from": deployer}
    )
    with fails_with("ProofOfAIGC_NotDeployer", people.stranger):
        registry.bindDisputes(system.disputes, {"from": people.stranger})
    with fails_with("ProofOfAIGC_ZeroCustodian"):
        registry.bindDisputes(ZERO_ADDRESS, {"from": deployer})
    registry.bindDisputes(system.disputes, {"from": deployer})
    with fails_with("ProofOfAIGC_DisputesAlreadyBound", system.disputes):
        registry.bindDisputes(people.stranger, {"from": deployer})
    with fails_with("ProofOfAIGC_NotCustodian", people.stranger):
        system.registry.freezeForDispute(work.token_id, {"from": people.stranger})
    with fails_with("ProofOfAIGC_NotCustodian", people.stranger):
        system.registry.endDispute(work.token_id, True, {"from": people.stranger})


def test_a_dispute_that_is_none_does_not_end(system, work, record, acting):
    judge = acting(system.disputes)
    with fails_with("ProofOfAIGC_NotDisputed", work.token_id):
        system.registry.endDispute(work.token_id, True, {"from": judge})
    with fails_with("ProofOfAIGC_NotRegistered", 5):
        system.registry.freezeForDispute(5, {"from": judge})


@pytest.mark.parametrize("field", [0, 1, 3, 4])
def test_rules_without_bond_penalty_or_time_are_refused(system, people, project, deployer, field):
    rules = [0 if index == field else value for index, value in enumerate(DISPUTE_RULES)]
    contracts = (system.membership, system.forwarder, system.registry, system.payouts, system.board)
    with fails_with("FingerprintDisputes_BadRules"):
        project.FingerprintDisputes.deploy(*contracts, people.treasury, rules, {"from": deployer})
    with fails_with("FingerprintDisputes_BadRules"):
        project.FingerprintDisputes.deploy(
            *contracts, ZERO_ADDRESS, DISPUTE_RULES, {"from": deployer}
        )
