"""Members, contents, similarity and challenges on a real chain, indexed into a real database."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import pytest
from capability_market import Market, flipped
from eth_account.signers.local import LocalAccount
from market_accounts import Accounts

from edgebazaar.chain.contracts import ContractCall
from edgebazaar.chain.typed_data import sign_typed_data, typed_data_for_voucher
from edgebazaar.content.challenges import ChallengeService
from edgebazaar.content.engine.fingerprint import IMAGE_PDQ_V1
from edgebazaar.content.models import ContentView
from edgebazaar.content.recognition import RecognitionService
from edgebazaar.content.service import record_of, status_of
from edgebazaar.content.storage import BlobStorage
from edgebazaar.errors import Conflict, Forbidden, InvalidInput, NotFound
from edgebazaar.identity.roles import names_of
from edgebazaar.identity.service import MemberService


def test_member_is_admitted_by_voucher_once_and_revoked(bazaar: Market, accounts: Accounts) -> None:
    members = MemberService(bazaar.engine)
    newcomer = "0x" + secrets.token_hex(20)
    terms = members.voucher_terms(
        newcomer,
        ["consumer", "vehicle"],
        bazaar.now() + 1000,
        "0x" + "ab" * 32,
        bazaar.now() + 600,
    )
    signature = sign_typed_data(
        accounts.administrator.key, typed_data_for_voucher(bazaar.contracts, terms)
    )
    bazaar.act(accounts.stranger, members.admit_by_voucher(terms, "0x" + signature.hex()))
    row = members.member(newcomer)
    assert names_of(row["roles"]) == ["consumer", "vehicle"]
    assert row["certificate_hash"] == "0x" + "ab" * 32
    assert members.has_role(newcomer, "vehicle", bazaar.now())
    assert not members.has_role(newcomer, "producer", bazaar.now())
    serial = "0x" + terms["serial"].hex()
    with pytest.raises(InvalidInput, match="used already"):
        members.voucher_terms(
            newcomer, ["vehicle"], bazaar.now() + 9, "0x" + "00" * 32, bazaar.now() + 9, serial
        )
    bazaar.act(accounts.administrator, members.revoke(newcomer))
    assert not members.is_active(newcomer, bazaar.now())
    assert not bazaar.read("Membership", "isActive", newcomer)
    with pytest.raises(Conflict, match="no active member"):
        members.revoke(newcomer)


def test_members_are_paged_by_role(bazaar: Market, accounts: Accounts) -> None:
    members = MemberService(bazaar.engine)
    first = members.members(role="producer", active=True, limit=1)
    rest = members.members(role="producer", active=True, limit=200, after=first.next)
    found = {row["account"] for row in [*first.rows, *rest.rows]}
    assert len(first.rows) == 1 and rest.next is None
    assert {accounts.producer.address.lower(), accounts.second_producer.address.lower()} <= found
    assert accounts.esp.address.lower() not in found
    with pytest.raises(InvalidInput, match="no role is called"):
        members.members(role="king")


def test_registered_content_has_the_record_of_the_chain(bazaar: Market, accounts: Accounts) -> None:
    key = bazaar.register(accounts.producer, accounts.esp, uri="ipfs://ünïcode/\x00")
    row = bazaar.contents.content(key)
    # The contract hashes the struct rebuilt from the row; it passes only if every byte is right.
    bazaar.read("ProofOfAIGC", "requireRecord", record_of(row))
    assert row["owner"] == accounts.producer.address.lower()
    assert status_of(row) == "available"
    assert [entry["kind"] for entry in bazaar.contents.history(row)] == ["committed", "registered"]

    bazaar.act(
        accounts.producer,
        bazaar.contents.transfer(accounts.producer.address, key, accounts.consumer.address),
    )
    moved = bazaar.contents.content(key)
    assert moved["owner"] == bazaar.read("ProofOfAIGC", "ownerOf", int(key, 16)).lower()
    assert bazaar.contents.history(moved)[-1]["kind"] == "transferred"
    with pytest.raises(Forbidden, match="belongs to"):
        bazaar.contents.transfer(accounts.producer.address, key, accounts.esp.address)


def test_registration_needs_its_commitment_and_a_new_hash(
    bazaar: Market, accounts: Accounts
) -> None:
    key = bazaar.register(accounts.producer, accounts.esp)
    with pytest.raises(Conflict, match="registered already"):
        bazaar.contents.commit(accounts.producer.address, [key], "0x" + "01" * 32)
    item: dict[str, Any] = {
        "receipt": {
            "producer": accounts.producer.address,
            "provider": accounts.esp.address,
            "content_hash": "0x" + secrets.token_hex(32),
            "fingerprint": "0x" + secrets.token_hex(32),
            "fingerprint_scheme": IMAGE_PDQ_V1,
            "prompt_commitment": "0x" + "02" * 32,
            "model_id": "0x" + "03" * 32,
        },
        "receipt_signature": "0x" + "1b" * 65,
        "royalty_bps": 0,
        "uri": "",
    }
    with pytest.raises(Conflict, match="no commitment"):
        bazaar.contents.register(accounts.producer.address, [item], "0x" + "01" * 32)
    with pytest.raises(InvalidInput) as refusal:
        bazaar.contents.register(
            accounts.producer.address, [{**item, "royalty_bps": 1001}], "0x" + "01" * 32
        )
    assert refusal.value.field == "registrations[0].royalty_bps"


def test_near_copy_is_found_challenged_and_removed(
    bazaar: Market, accounts: Accounts, tmp_path: Any
) -> None:
    fingerprint = secrets.token_bytes(32)
    original = bazaar.register(accounts.producer, accounts.esp, fingerprint=fingerprint)
    copy = bazaar.register(
        accounts.second_producer, accounts.esp, fingerprint=flipped(fingerprint, 20)
    )
    search = RecognitionService(bazaar.engine, bazaar.contracts, BlobStorage(tmp_path / "blobs"))
    query = search.query_of_fingerprint("0x" + fingerprint.hex(), IMAGE_PDQ_V1)
    found = search.similar(query, limit=2)
    assert [(match.content_hash, match.distance) for match, _ in found.matches] == [
        (original, 0),
        (copy, 20),
    ]
    challenges = ChallengeService(bazaar.engine, bazaar.contracts)
    with pytest.raises(Forbidden, match="neither created nor owns"):
        challenges.open(accounts.consumer.address, original, copy)
    with pytest.raises(Conflict, match="not before"):
        challenges.open(accounts.second_producer.address, copy, original)
    opened = bazaar.act(
        accounts.producer, challenges.open(accounts.producer.address, original, copy)
    )
    identifier = "0x" + opened["ChallengeOpened"]["challengeId"].hex()
    assert status_of(bazaar.contents.content(copy)) == "challenged"
    with pytest.raises(Conflict, match="challenged"):
        bazaar.contents.transfer(accounts.second_producer.address, copy, accounts.esp.address)

    row = carried_through(bazaar, accounts, challenges, identifier)
    assert (row["state"], row["distance"]) == ("upheld", 20)
    assert row["paid_to_challenger"] == challenges.deposit
    removed = bazaar.contents.content(copy)
    assert status_of(removed) == "removed"
    assert bazaar.read("ProofOfAIGC", "statusOf", int(copy, 16))["removed"]
    kinds = [entry["kind"] for entry in bazaar.contents.history(removed)]
    assert {
        "challenge_opened",
        "challenge_decided",
        "challenge_upheld",
        "removed",
    } <= set(kinds)
    # A removed copy is no answer to what resembles a file, unless asked for.
    again = search.similar(query, limit=1)
    assert [match.content_hash for match, _ in again.matches] == [original]
    assert copy in {
        match.content_hash
        for match, _ in search.similar(query, limit=2, include_removed=True).matches
    }
    listed = challenges.challenges(state="upheld", content_hash=original)
    assert [entry["challenge_id"] for entry in listed.rows] == [identifier]


def test_wrong_challenge_loses_the_deposit(bazaar: Market, accounts: Accounts) -> None:
    fingerprint = secrets.token_bytes(32)
    original = bazaar.register(accounts.producer, accounts.esp, fingerprint=fingerprint)
    other = bazaar.register(
        accounts.second_producer, accounts.esp, fingerprint=flipped(fingerprint, 128)
    )
    challenges = ChallengeService(bazaar.engine, bazaar.contracts)
    call = challenges.open(accounts.producer.address, original, other)
    identifier = opened_by(bazaar, accounts.producer, call)
    row = carried_through(bazaar, accounts, challenges, identifier)
    assert (row["state"], row["distance"]) == ("rejected", 128)
    assert row["paid_to_challenger"] == 0
    assert row["paid_to_accused"] + row["paid_to_treasury"] == row["deposit"] == challenges.deposit
    assert status_of(bazaar.contents.content(other)) == "available"
    with pytest.raises(Conflict, match="already"):
        challenges.finalise(identifier)
    again = challenges.open(accounts.producer.address, original, other)
    assert again.value == 2 * challenges.deposit
    assert challenges.deposit_of(other, accounts.consumer.address) == challenges.deposit


def test_the_accused_concedes_and_keeps_everything_else(bazaar: Market, accounts: Accounts) -> None:
    fingerprint = secrets.token_bytes(32)
    original = bazaar.register(accounts.producer, accounts.esp, fingerprint=fingerprint)
    copy = bazaar.register(accounts.second_producer, accounts.esp, fingerprint=fingerprint)
    challenges = ChallengeService(bazaar.engine, bazaar.contracts)
    call = challenges.open(accounts.producer.address, original, copy)
    identifier = opened_by(bazaar, accounts.producer, call)
    with pytest.raises(Conflict, match="challenges the duplicate already"):
        challenges.open(accounts.producer.address, original, copy)
    with pytest.raises(Forbidden, match="is not accused"):
        challenges.concede(accounts.producer.address, identifier)
    with pytest.raises(Conflict, match="no verdict yet"):
        challenges.finalise(identifier)
    bazaar.act(
        accounts.second_producer, challenges.concede(accounts.second_producer.address, identifier)
    )
    row = challenges.challenge(identifier)
    paid = (row["paid_to_challenger"], row["paid_to_accused"], row["paid_to_treasury"])
    assert (row["state"], paid) == ("conceded", (challenges.deposit, 0, 0))
    assert status_of(bazaar.contents.content(copy)) == "removed"


def test_a_contested_copy_costs_the_bond_and_closes_the_other_challenge(
    bazaar: Market, accounts: Accounts
) -> None:
    fingerprint = secrets.token_bytes(32)
    first = bazaar.register(accounts.producer, accounts.esp, fingerprint=fingerprint)
    second = bazaar.register(accounts.second_producer, accounts.esp, fingerprint=fingerprint)
    copy = bazaar.register(accounts.second_producer, accounts.esp, fingerprint=fingerprint)
    challenges = ChallengeService(bazaar.engine, bazaar.contracts)
    owner = accounts.second_producer
    call = challenges.open(accounts.producer.address, first, copy)
    identifier = opened_by(bazaar, accounts.producer, call)
    other = opened_by(bazaar, owner, challenges.open(owner.address, second, copy))
    statement = ("0x" + "11" * 32, "ipfs://statement")
    with pytest.raises(Forbidden, match="no party"):
        challenges.submit_evidence(accounts.consumer.address, identifier, *statement)
    with pytest.raises(InvalidInput, match="evidence_uri"):
        challenges.contest(owner.address, identifier, statement[0], "x" * 257)
    bazaar.act(owner, challenges.contest(owner.address, identifier, *statement))
    evidence = challenges.submit_evidence(accounts.producer.address, identifier, *statement)
    bazaar.act(accounts.producer, evidence)
    parties = [entry["party"] for entry in challenges.evidence(identifier)]
    assert parties == [owner.address.lower(), accounts.producer.address.lower()]
    with pytest.raises(Conflict, match="contested already"):
        challenges.concede(owner.address, identifier)
    row = carried_through(bazaar, accounts, challenges, identifier)
    deposit = challenges.deposit
    assert row["state"] == "upheld"
    assert row["paid_to_challenger"] == deposit + deposit // 2
    assert row["paid_to_accused"] + row["paid_to_challenger"] + row["paid_to_treasury"] == (
        2 * deposit
    )
    with pytest.raises(Conflict, match="removed the content already"):
        challenges.decide(other)
    bazaar.act(accounts.stranger, challenges.finalise(other))
    closed = challenges.challenge(other)
    assert (closed["state"], closed["paid_to_challenger"]) == ("closed", deposit)


def opened_by(bazaar: Market, account: LocalAccount, call: ContractCall) -> str:
    """Opens a challenge; its id."""
    return "0x" + bazaar.act(account, call)["ChallengeOpened"]["challengeId"].hex()


def carried_through(
    bazaar: Market, accounts: Accounts, challenges: ChallengeService, identifier: str
) -> Mapping[str, Any]:
    """Has a challenge decided and finalised as soon as either may be; its row."""
    row = challenges.challenge(identifier)
    if row["state"] == "open":
        bazaar.wait_until(row["answer_by"])
    bazaar.act(accounts.stranger, challenges.decide(identifier))
    bazaar.wait_until(challenges.challenge(identifier)["final_at"])
    bazaar.act(accounts.stranger, challenges.finalise(identifier))
    return challenges.challenge(identifier)


def test_lists_filter_by_owner_and_status(bazaar: Market, accounts: Accounts) -> None:
    keys = [bazaar.register(accounts.producer, accounts.esp) for _ in range(3)]
    newest = bazaar.contents.contents(creator=accounts.producer.address, limit=3)
    assert [row["content_hash"] for row in newest.rows] == keys[::-1]
    oldest = bazaar.contents.contents(newest_first=False, limit=200)
    places = [(row["block_number"], row["log_index"]) for row in oldest.rows]
    assert places == sorted(places)
    available = bazaar.contents.contents(status="available", limit=200).rows
    assert set(keys) <= {row["content_hash"] for row in available}
    with pytest.raises(InvalidInput, match="no status"):
        bazaar.contents.contents(status="lost")
    with pytest.raises(NotFound):
        bazaar.contents.content("0x" + "77" * 32)


def test_uri_that_is_no_utf8_stops_nobody(bazaar: Market, accounts: Accounts) -> None:
    fingerprint = secrets.token_bytes(32)
    original = bazaar.register(accounts.producer, accounts.esp, fingerprint=fingerprint)
    # The same bytes a contract wallet could send: half a character, then a byte that never occurs.
    hostile = b"ipfs://\xc3\xff".decode("utf-8", "surrogateescape")
    copy = bazaar.register(
        accounts.second_producer, accounts.esp, fingerprint=fingerprint, uri=hostile
    )
    row = bazaar.contents.content(copy)
    assert row["uri"] == b"ipfs://\xc3\xff"
    assert ContentView.of(row).model_dump_json().startswith("{")
    challenges = ChallengeService(bazaar.engine, bazaar.contracts)
    call = challenges.open(accounts.producer.address, original, copy)
    identifier = opened_by(bazaar, accounts.producer, call)
    carried_through(bazaar, accounts, challenges, identifier)
    assert status_of(bazaar.contents.content(copy)) == "removed"
