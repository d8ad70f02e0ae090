"""Members, contents, similarity and challenges on a real chain, indexed into a real database."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from capability_market import Market, flipped
from market_accounts import Accounts
from sqlalchemy import Engine

from edgebazaar.chain.contracts import ContractSet
from edgebazaar.chain.rpc import RpcClient
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


@pytest.fixture
def market(engine: Engine, contracts: ContractSet, rpc: RpcClient) -> Market:
    return Market(engine, contracts, rpc)


def test_member_is_admitted_by_voucher_once_and_revoked(market: Market, accounts: Accounts) -> None:
    members = MemberService(market.engine)
    newcomer = "0x" + secrets.token_hex(20)
    terms = members.voucher_terms(
        newcomer,
        ["consumer", "vehicle"],
        market.now() + 1000,
        "0x" + "ab" * 32,
        market.now() + 600,
    )
    signature = sign_typed_data(
        accounts.administrator.key, typed_data_for_voucher(market.contracts, terms)
    )
    market.act(accounts.stranger, members.admit_by_voucher(terms, "0x" + signature.hex()))
    row = members.member(newcomer)
    assert names_of(row["roles"]) == ["consumer", "vehicle"]
    assert row["certificate_hash"] == "0x" + "ab" * 32
    assert members.has_role(newcomer, "vehicle", market.now())
    assert not members.has_role(newcomer, "producer", market.now())
    serial = "0x" + terms["serial"].hex()
    with pytest.raises(InvalidInput, match="used already"):
        members.voucher_terms(
            newcomer, ["vehicle"], market.now() + 9, "0x" + "00" * 32, market.now() + 9, serial
        )
    market.act(accounts.administrator, members.revoke(newcomer))
    assert not members.is_active(newcomer, market.now())
    assert not market.read("Membership", "isActive", newcomer)
    with pytest.raises(Conflict, match="no active member"):
        members.revoke(newcomer)


def test_members_are_paged_by_role(market: Market, accounts: Accounts) -> None:
    members = MemberService(market.engine)
    first = members.members(role="producer", active=True, limit=1)
    rest = members.members(role="producer", active=True, limit=200, after=first.next)
    found = {row["account"] for row in [*first.rows, *rest.rows]}
    assert len(first.rows) == 1 and rest.next is None
    assert {accounts.producer.address.lower(), accounts.second_producer.address.lower()} <= found
    assert accounts.esp.address.lower() not in found
    with pytest.raises(InvalidInput, match="no role is called"):
        members.members(role="king")


def test_registered_content_has_the_record_of_the_chain(market: Market, accounts: Accounts) -> None:
    key = market.register(accounts.producer, accounts.esp, uri="ipfs://ünïcode/\x00")
    row = market.contents.content(key)
    # The contract hashes the struct rebuilt from the row; it passes only if every byte is right.
    market.read("ProofOfAIGC", "requireRecord", record_of(row))
    assert row["owner"] == accounts.producer.address.lower()
    assert status_of(row) == "available"
    assert [entry["kind"] for entry in market.contents.history(row)] == ["committed", "registered"]

    market.act(
        accounts.producer,
        market.contents.transfer(accounts.producer.address, key, accounts.consumer.address),
    )
    moved = market.contents.content(key)
    assert moved["owner"] == market.read("ProofOfAIGC", "ownerOf", int(key, 16)).lower()
    assert market.contents.history(moved)[-1]["kind"] == "transferred"
    with pytest.raises(Forbidden, match="belongs to"):
        market.contents.transfer(accounts.producer.address, key, accounts.esp.address)


def test_registration_needs_its_commitment_and_a_new_hash(
    market: Market, accounts: Accounts
) -> None:
    key = market.register(accounts.producer, accounts.esp)
    with pytest.raises(Conflict, match="registered already"):
        market.contents.commit(accounts.producer.address, [key], "0x" + "01" * 32)
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
        market.contents.register(accounts.producer.address, [item], "0x" + "01" * 32)
    with pytest.raises(InvalidInput) as refusal:
        market.contents.register(
            accounts.producer.address, [{**item, "royalty_bps": 1001}], "0x" + "01" * 32
        )
    assert refusal.value.field == "registrations[0].royalty_bps"


def test_near_copy_is_found_challenged_and_removed(
    market: Market, accounts: Accounts, tmp_path: Any
) -> None:
    fingerprint = secrets.token_bytes(32)
    original = market.register(accounts.producer, accounts.esp, fingerprint=fingerprint)
    copy = market.register(
        accounts.second_producer, accounts.esp, fingerprint=flipped(fingerprint, 20)
    )
    search = RecognitionService(market.engine, market.contracts, BlobStorage(tmp_path / "blobs"))
    query = search.query_of_fingerprint("0x" + fingerprint.hex(), IMAGE_PDQ_V1)
    found = search.similar(query, limit=2)
    assert [(match.content_hash, match.distance) for match, _ in found.matches] == [
        (original, 0),
        (copy, 20),
    ]
    challenges = ChallengeService(market.engine, market.contracts)
    with pytest.raises(Forbidden, match="neither created nor owns"):
        challenges.open(accounts.consumer.address, original, copy)
    with pytest.raises(Conflict, match="not before"):
        challenges.open(accounts.second_producer.address, copy, original)
    opened = market.act(
        accounts.producer, challenges.open(accounts.producer.address, original, copy)
    )
    identifier = "0x" + opened["ChallengeOpened"]["challengeId"].hex()
    assert status_of(market.contents.content(copy)) == "challenged"
    with pytest.raises(Conflict, match="challenged"):
        market.contents.transfer(accounts.second_producer.address, copy, accounts.esp.address)

    market.act(accounts.stranger, challenges.settle(identifier))
    row = challenges.challenge(identifier)
    assert (row["state"], row["distance"]) == ("upheld", 20)
    assert row["deposit_returned"] == challenges.deposit
    removed = market.contents.content(copy)
    assert status_of(removed) == "removed"
    assert market.read("ProofOfAIGC", "statusOf", int(copy, 16))["removed"]
    kinds = [entry["kind"] for entry in market.contents.history(removed)]
    assert {"challenge_opened", "challenge_upheld", "removed"} <= set(kinds)
    # A removed copy is no answer to what resembles a file, unless asked for.
    again = search.similar(query, limit=1)
    assert [match.content_hash for match, _ in again.matches] == [original]
    assert copy in {
        match.content_hash
        for match, _ in search.similar(query, limit=2, include_removed=True).matches
    }
    listed = challenges.challenges(state="upheld", content_hash=original)
    assert [entry["challenge_id"] for entry in listed.rows] == [identifier]


def test_wrong_challenge_loses_the_deposit(market: Market, accounts: Accounts) -> None:
    fingerprint = secrets.token_bytes(32)
    original = market.register(accounts.producer, accounts.esp, fingerprint=fingerprint)
    other = market.register(
        accounts.second_producer, accounts.esp, fingerprint=flipped(fingerprint, 128)
    )
    challenges = ChallengeService(market.engine, market.contracts)
    call = challenges.open(accounts.producer.address, original, other)
    identifier = market.act(accounts.producer, call)["ChallengeOpened"]["challengeId"]
    market.act(accounts.stranger, challenges.settle("0x" + identifier.hex()))
    row = challenges.challenge("0x" + identifier.hex())
    assert (row["state"], row["distance"]) == ("rejected", 128)
    assert row["deposit_returned"] == 0
    assert row["compensation"] + row["forfeited"] == row["deposit"] == challenges.deposit
    assert status_of(market.contents.content(other)) == "available"
    with pytest.raises(Conflict, match="already"):
        challenges.settle("0x" + identifier.hex())


def test_lists_filter_by_owner_and_status(market: Market, accounts: Accounts) -> None:
    keys = [market.register(accounts.producer, accounts.esp) for _ in range(3)]
    newest = market.contents.contents(creator=accounts.producer.address, limit=3)
    assert [row["content_hash"] for row in newest.rows] == keys[::-1]
    oldest = market.contents.contents(newest_first=False, limit=200)
    places = [(row["block_number"], row["log_index"]) for row in oldest.rows]
    assert places == sorted(places)
    available = market.contents.contents(status="available", limit=200).rows
    assert set(keys) <= {row["content_hash"] for row in available}
    with pytest.raises(InvalidInput, match="no status"):
        market.contents.contents(status="lost")
    with pytest.raises(NotFound):
        market.contents.content("0x" + "77" * 32)


def test_uri_that_is_no_utf8_stops_nobody(market: Market, accounts: Accounts) -> None:
    fingerprint = secrets.token_bytes(32)
    original = market.register(accounts.producer, accounts.esp, fingerprint=fingerprint)
    # The same bytes a contract wallet could send: half a character, then a byte that never occurs.
    hostile = b"ipfs://\xc3\xff".decode("utf-8", "surrogateescape")
    copy = market.register(
        accounts.second_producer, accounts.esp, fingerprint=fingerprint, uri=hostile
    )
    row = market.contents.content(copy)
    assert row["uri"] == b"ipfs://\xc3\xff"
    assert ContentView.of(row).model_dump_json().startswith("{")
    challenges = ChallengeService(market.engine, market.contracts)
    call = challenges.open(accounts.producer.address, original, copy)
    identifier = market.act(accounts.producer, call)["ChallengeOpened"]["challengeId"]
    market.act(accounts.producer, challenges.settle("0x" + identifier.hex()))
    assert status_of(market.contents.content(copy)) == "removed"
