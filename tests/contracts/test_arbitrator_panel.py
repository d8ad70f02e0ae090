"""The panel of auditors: who votes, when votes count, who is paid, what its ruling does."""

import pytest
from challenge_cases import REJECTED, RULED_REJECTED, RULED_UPHELD, UPHELD, open_case, token_of
from contract_support import (
    APPEAL_COST,
    AUDITOR,
    PANEL_QUORUM,
    RULING_PERIOD,
    admit,
    digest,
    fails_with,
    mine_at,
    mock,
    next_block_at,
    now,
    register,
    relay,
)

DISPUTE = digest("a dispute")
VOTING_TIME = 3 * RULING_PERIOD // 4


@pytest.fixture
def panel(system):
    return system.panel


@pytest.fixture
def auditors(system, people):
    """Three auditors."""
    more = (people.relayer, people.treasury)
    for account in more:
        admit(system.membership, people, account, AUDITOR)
    return (people.auditor, *more)


@pytest.fixture
def appealed(system, people, work):
    """An appealed challenge of the producer against the second producer's copy."""
    (original,) = register(system.registry, work)
    copy = work.but(producer=people.second_producer, content=b"a copy")
    (duplicate,) = register(system.registry, copy)
    case = open_case(system.challenges, original, duplicate, people.producer)
    case.contest()
    case.decide()
    case.appeal(people.second_producer, cost=APPEAL_COST)
    return case


@pytest.fixture
def vote(panel, appealed):
    """Casts a vote on the appeal."""

    def cast(auditor, ruling: int):
        return panel.vote(appealed.challenges, appealed.id, ruling, {"from": auditor})

    return cast


@pytest.fixture
def conclude(panel, appealed, people):
    """Has the votes counted, as soon as they may be."""

    def count(by=None) -> dict:
        voting_end = panel.disputeOf(appealed.challenges, appealed.id)["voteBy"]
        if now() < voting_end:
            next_block_at(voting_end)
        sender = {"from": by or people.stranger}
        transaction = panel.conclude(appealed.challenges, appealed.id, sender)
        return transaction.events["DisputeConcluded"]

    return count


def collect(panel, case, auditor, by):
    return panel.collect(case.challenges, case.id, auditor, {"from": by})


def test_a_request_opens_the_vote_for_three_quarters_of_the_time(panel, appealed, people):
    dispute = panel.disputeOf(appealed.challenges, appealed.id)
    asked = now()
    assert dispute.dict() == {
        "appellant": people.second_producer,
        "voteBy": asked + VOTING_TIME,
        "upheldVotes": 0,
        "rejectedVotes": 0,
        "isConcluded": False,
        "respondent": people.producer,
        "ruleBy": asked + RULING_PERIOD,
    }
    assert panel.balance() == panel.price() == panel.cost(appealed.id) == APPEAL_COST


def test_requests_cost_the_price_once_and_leave_time_to_vote(panel, people):
    def request(value=APPEAL_COST, rule_by=None):
        parties = (people.producer, people.consumer)
        rule_by = now() + 100 if rule_by is None else rule_by
        panel.requestRuling(DISPUTE, *parties, rule_by, {"from": people.stranger, "value": value})

    for sent in (0, APPEAL_COST + 1):
        with fails_with("ArbitratorPanel_WrongPrice", sent, APPEAL_COST):
            request(sent)
    for seconds in (-5, 0, 1):
        time = now() + 10
        next_block_at(time)
        with fails_with("ArbitratorPanel_NoTimeToVote", time + seconds, time):
            request(rule_by=time + seconds)
    request()
    with fails_with("ArbitratorPanel_AlreadyRequested", DISPUTE):
        request()


def test_only_active_auditors_vote(system, panel, people, appealed, vote):
    with fails_with("Membership_MissingRole", people.consumer, AUDITOR):
        vote(people.consumer, RULED_UPHELD)
    system.membership.revoke(people.auditor, {"from": people.administrator})
    with fails_with("Membership_NotActive", people.auditor):
        vote(people.auditor, RULED_UPHELD)


def test_nobody_votes_in_its_own_cause(system, people, vote):
    for party in (people.producer, people.second_producer):
        admit(system.membership, people, party, AUDITOR)
        with fails_with("ArbitratorPanel_OwnCause", party):
            vote(party, RULED_UPHELD)


def test_a_vote_is_cast_once_in_time_for_something_asked(panel, people, appealed, vote, auditors):
    with fails_with("ArbitratorPanel_NotRequested", DISPUTE):
        panel.vote(appealed.challenges, DISPUTE, RULED_UPHELD, {"from": people.auditor})
    with fails_with("ArbitratorPanel_EmptyVote", appealed.id):
        vote(people.auditor, 0)
    event = vote(people.auditor, RULED_REJECTED).events["VoteCast"]
    assert (event["auditor"], event["ruling"]) == (people.auditor, RULED_REJECTED)
    with fails_with("ArbitratorPanel_AlreadyVoted", people.auditor, appealed.id):
        vote(people.auditor, RULED_UPHELD)
    voting_end = panel.disputeOf(appealed.challenges, appealed.id)["voteBy"]
    next_block_at(voting_end)
    with fails_with("ArbitratorPanel_VotingOver", voting_end, voting_end):
        vote(auditors[1], RULED_UPHELD)


@pytest.mark.parametrize("majority", [RULED_UPHELD, RULED_REJECTED])
def test_the_majority_rules(system, panel, people, appealed, vote, conclude, auditors, majority):
    minority = RULED_UPHELD + RULED_REJECTED - majority
    for auditor, ruling in zip(auditors, (minority, majority, majority), strict=True):
        vote(auditor, ruling)
    event = conclude()
    assert event["ruling"] == majority
    assert (event["share"], event["returned"]) == (APPEAL_COST // 3, APPEAL_COST % 3)
    ending = appealed.finalise(people.stranger).events["ChallengeEnded"]
    assert ending["state"] == (UPHELD if majority == RULED_UPHELD else REJECTED)
    removed = system.registry.statusOf(token_of(appealed.duplicate))["removed"]
    assert removed == (majority == RULED_UPHELD)
    with fails_with("ArbitratorPanel_AlreadyConcluded", appealed.id):
        conclude()


def test_votes_are_not_counted_before_their_time(panel, people, appealed, vote, auditors):
    """However many agree early, the others may still vote."""
    for auditor in auditors[:PANEL_QUORUM]:
        vote(auditor, RULED_REJECTED)
    voting_end = panel.disputeOf(appealed.challenges, appealed.id)["voteBy"]
    next_block_at(voting_end - 1)
    with fails_with("ArbitratorPanel_VotingOpen", voting_end, voting_end - 1):
        panel.conclude(appealed.challenges, appealed.id, {"from": people.stranger})
    with fails_with("ArbitratorPanel_NotRequested", DISPUTE):
        panel.conclude(appealed.challenges, DISPUTE, {"from": people.stranger})


@pytest.mark.parametrize(
    "rulings",
    [(), (RULED_REJECTED,), (RULED_UPHELD, RULED_REJECTED)],
    ids=["nobody", "no quorum", "a tie"],
)
def test_without_a_quorum_and_a_majority_the_verdict_stands(
    appealed, vote, conclude, auditors, rulings
):
    for auditor, ruling in zip(auditors, rulings, strict=False):
        vote(auditor, ruling)
    event = conclude()
    count = len(rulings)
    assert event["ruling"] == 0
    assert event["returned"] == (APPEAL_COST % count if count else APPEAL_COST)
    assert appealed.finalised()["state"] == UPHELD


def test_votes_counted_too_late_pay_but_do_not_rule(
    panel, people, appealed, vote, conclude, auditors
):
    for auditor in auditors:
        vote(auditor, RULED_REJECTED)
    mine_at(appealed.deadline)
    assert conclude()["ruling"] == 0
    before = people.auditor.balance()
    collect(panel, appealed, people.auditor, people.stranger)
    assert people.auditor.balance() == before + APPEAL_COST // 3
    assert appealed.finalised()["state"] == UPHELD


def test_every_wei_of_the_price_is_paid_once(panel, people, appealed, vote, conclude, auditors):
    appellant = people.second_producer.balance()
    for auditor in auditors:
        with fails_with("ArbitratorPanel_NothingToCollect", auditor, appealed.id):
            collect(panel, appealed, auditor, auditor)
        vote(auditor, RULED_UPHELD)
        assert panel.hasVote(appealed.challenges, appealed.id, auditor)
        with fails_with("ArbitratorPanel_NothingToCollect", auditor, appealed.id):
            collect(panel, appealed, auditor, auditor)
    conclude()
    before = [auditor.balance() for auditor in auditors]
    for auditor in auditors:
        event = collect(panel, appealed, auditor, auditor).events["ShareCollected"]
        assert (event["auditor"], event["share"]) == (auditor, APPEAL_COST // 3)
        with fails_with("ArbitratorPanel_NothingToCollect", auditor, appealed.id):
            collect(panel, appealed, auditor, people.stranger)
    gained = [auditor.balance() - old for auditor, old in zip(auditors, before, strict=True)]
    assert gained == [APPEAL_COST // 3] * 3
    assert people.second_producer.balance() == appellant + APPEAL_COST % 3
    assert panel.balance() == 0


def test_an_auditor_that_accepts_no_coins_is_credited(
    system, panel, people, appealed, conclude, deployer
):
    wallet = mock("Refuser").deploy({"from": deployer})
    admit(system.membership, people, wallet, AUDITOR)
    data = panel.vote.encode_input(appealed.challenges, appealed.id, RULED_UPHELD)
    wallet.perform(panel, data, {"from": people.stranger})
    conclude()
    collect(panel, appealed, wallet, people.stranger)
    assert system.payouts.creditOf(wallet) == APPEAL_COST


def test_an_auditor_signs_and_another_submits(system, panel, people, appealed, conclude):
    place = (appealed.challenges.address, appealed.id)
    relay(system, people.auditor, panel.vote, (*place, RULED_UPHELD), people.relayer)
    conclude()
    before = people.auditor.balance()
    arguments = (*place, people.auditor.address)
    relay(system, people.auditor, panel.collect, arguments, people.relayer)
    assert people.auditor.balance() == before + APPEAL_COST


def test_settings(system, project, deployer, panel):
    assert panel.quorum() == PANEL_QUORUM
    assert panel.payouts() == system.payouts
    places = (system.membership, system.forwarder, system.payouts)
    with fails_with("ArbitratorPanel_BadQuorum", 0):
        project.ArbitratorPanel.deploy(*places, 1, 0, {"from": deployer})
