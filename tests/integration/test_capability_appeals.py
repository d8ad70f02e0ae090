"""Appeals before the panel of auditors on a real chain, indexed into a real database."""

from __future__ import annotations

import secrets

import pytest
from capability_market import Market
from market_accounts import Accounts

from edgebazaar.content.arbitration import ArbitrationService
from edgebazaar.content.challenges import ChallengeService
from edgebazaar.content.service import status_of
from edgebazaar.errors import Conflict, Forbidden, InvalidInput, NotFound

STATEMENT = ("0x" + "11" * 32, "ipfs://statement")


def test_auditors_overrule_a_verdict(bazaar: Market, accounts: Accounts) -> None:
    fingerprint = secrets.token_bytes(32)
    original = bazaar.register(accounts.producer, accounts.esp, fingerprint=fingerprint)
    copy = bazaar.register(accounts.second_producer, accounts.esp, fingerprint=fingerprint)
    challenges = ChallengeService(bazaar.engine, bazaar.contracts)
    panel = ArbitrationService(bazaar.engine, bazaar.contracts)
    owner, auditor = accounts.second_producer, accounts.auditor
    opened = bazaar.act(
        accounts.producer, challenges.open(accounts.producer.address, original, copy)
    )
    identifier = "0x" + opened["ChallengeOpened"]["challengeId"].hex()
    with pytest.raises(NotFound, match="appeal"):
        panel.dispute(identifier)
    bazaar.act(owner, challenges.contest(owner.address, identifier, *STATEMENT))
    with pytest.raises(Conflict, match="is contested already"):
        challenges.appeal(owner.address, identifier)
    bazaar.act(accounts.stranger, challenges.decide(identifier))
    with pytest.raises(Forbidden, match="no party"):
        challenges.appeal(accounts.consumer.address, identifier)
    call = challenges.appeal(owner.address, identifier)
    bazaar.act(owner, call)
    row = challenges.challenge(identifier)
    assert (row["state"], row["appellant"]) == ("appealed", owner.address.lower())
    dispute = panel.dispute(identifier)
    assert (dispute["price"], dispute["rule_by"]) == (call.value, row["rule_by"])
    assert dispute["respondent"] == accounts.producer.address.lower()

    with pytest.raises(Forbidden, match="is a party"):
        panel.vote(owner.address, identifier, "rejected")
    with pytest.raises(InvalidInput, match="no ruling"):
        panel.vote(auditor.address, identifier, "none")
    bazaar.act(auditor, panel.vote(auditor.address, identifier, "rejected"))
    with pytest.raises(Conflict, match="has voted"):
        panel.vote(auditor.address, identifier, "upheld")
    with pytest.raises(Conflict, match="not counted yet"):
        panel.collect(auditor.address, identifier)
    bazaar.wait_until(dispute["vote_by"])
    with pytest.raises(Conflict, match="votes were accepted until"):
        panel.vote(accounts.consumer.address, identifier, "upheld")
    bazaar.act(accounts.stranger, panel.conclude(identifier))
    with pytest.raises(Conflict, match="counted already"):
        panel.conclude(identifier)
    dispute = panel.dispute(identifier)
    assert (dispute["ruling"], dispute["rejected_votes"]) == ("rejected", 1)
    assert (dispute["share"], dispute["returned"]) == (call.value, 0)
    assert challenges.challenge(identifier)["ruling"] is False

    bazaar.act(accounts.stranger, challenges.finalise(identifier))
    assert challenges.challenge(identifier)["state"] == "rejected"
    assert status_of(bazaar.contents.content(copy)) == "available"
    bazaar.act(auditor, panel.collect(auditor.address, identifier))
    assert [vote["is_paid"] for vote in panel.votes(identifier)] == [True]
    with pytest.raises(Conflict, match="nothing to collect"):
        panel.collect(auditor.address, identifier)
