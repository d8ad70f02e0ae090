"""Disputes about fingerprints through the service: from the assertion to the removal."""

from __future__ import annotations

import secrets

import pytest
from capability_market import Market
from eth_account.signers.local import LocalAccount
from market_accounts import ROLES, Accounts

from edgebazaar.chain.contracts import ContractCall
from edgebazaar.chain.keys import derive_account
from edgebazaar.chain.node import TEST_MNEMONIC
from edgebazaar.content.disputes import DisputeService, attestation_of
from edgebazaar.content.service import status_of
from edgebazaar.errors import Conflict, Forbidden, InvalidInput, NotFound

STAKE = 10**18
SALT = "0x" + "5a" * 32
TRUE = ["0x" + f"{index + 1:064x}" for index in range(8)]


@pytest.fixture
def panel(bazaar: Market, accounts: Accounts) -> dict[str, LocalAccount]:
    """Four staked providers for as long as the test."""
    found = [derive_account(TEST_MNEMONIC, index) for index in range(16, 20)]
    expiry = bazaar.now() + 10**6
    for one in found:
        terms = (one.address, ROLES["esp"], expiry, bytes(32))
        bazaar.act(accounts.administrator, ContractCall("Membership", "admit", terms))
        bazaar.act(one, ContractCall("TaskBoard", "stake", (), STAKE))
    yield {one.address: one for one in found}
    for one in found:
        bazaar.act(accounts.administrator, ContractCall("Membership", "revoke", (one.address,)))


@pytest.fixture
def disputes(bazaar: Market) -> DisputeService:
    return DisputeService(bazaar.engine, bazaar.contracts)


def test_a_false_fingerprint_is_found_and_its_content_removed(
    bazaar: Market,
    accounts: Accounts,
    disputes: DisputeService,
    panel: dict[str, LocalAccount],
) -> None:
    key = bazaar.register(accounts.producer, accounts.esp)
    call = disputes.open(accounts.consumer.address, key, "ipfs://bytes")
    opened = bazaar.act(accounts.consumer, call)["DisputeOpened"]
    dispute_id = "0x" + opened["disputeId"].hex()
    row = disputes.dispute(dispute_id)
    assert (row["state"], row["content_hash"]) == ("open", key)
    assert status_of(bazaar.contents.content(key)) == "challenged"
    assert [one["dispute_id"] for one in disputes.disputes(content_hash=key).rows] == [dispute_id]
    with pytest.raises(Conflict, match="is open, not drawn"):
        disputes.settle(dispute_id)

    bazaar.wait_until(bazaar.now() + 2)
    bazaar.act(accounts.stranger, disputes.draw(dispute_id))
    sample = disputes.dispute(dispute_id)["sample"]
    assert len(sample) >= 3 and accounts.esp.address not in sample
    with pytest.raises(Forbidden, match="is not drawn"):
        disputes.commit(accounts.consumer.address, dispute_id, TRUE, SALT)
    with pytest.raises(InvalidInput, match="has 7 items"):
        disputes.commit(sample[0], dispute_id, TRUE[:7], SALT)
    # A panel of this chain may hold providers that other tests staked; they stay away.
    drawn = [panel[one] for one in sample if one in panel]
    for one in drawn:
        bazaar.act(one, disputes.commit(one.address, dispute_id, TRUE, SALT))
    bazaar.wait_until(disputes.dispute(dispute_id)["commit_until"])
    for one in drawn:
        bazaar.act(one, disputes.reveal(dispute_id, TRUE, SALT))
    bazaar.wait_until(disputes.dispute(dispute_id)["reveal_until"])
    settled = bazaar.act(accounts.stranger, disputes.settle(dispute_id))["DisputeSettled"]
    assert settled["agreeing"] == len(drawn)
    has_quorum = 3 * len(drawn) >= 2 * len(sample)
    ended = disputes.dispute(dispute_id)
    assert ended["state"] == ("false" if has_quorum else "lapsed")
    status = status_of(bazaar.contents.content(key))
    assert status == ("removed" if has_quorum else "available")
    kinds = [entry["kind"] for entry in bazaar.contents.history(bazaar.contents.content(key))]
    assert "frozen_for_dispute" in kinds and "released_from_dispute" in kinds


def test_who_signed_does_not_assert(
    bazaar: Market, accounts: Accounts, disputes: DisputeService
) -> None:
    key = bazaar.register(accounts.producer, accounts.esp)
    with pytest.raises(Forbidden, match="signed this fingerprint itself"):
        disputes.open(accounts.esp.address, key, "")
    with pytest.raises(NotFound):
        disputes.open(accounts.consumer.address, "0x" + "77" * 32, "")
    with pytest.raises(NotFound):
        disputes.dispute("0x" + "77" * 32)


def test_attestations_hash_as_the_contract_hashes_them(bazaar: Market, accounts: Accounts) -> None:
    dispute_id, words = secrets.token_bytes(32), [secrets.token_bytes(32) for _ in range(8)]
    arguments = (dispute_id, accounts.esp.address, words, bytes(32))
    onchain = bazaar.read("FingerprintDisputes", "attestationOf", *arguments)
    assert attestation_of(*arguments) == onchain
