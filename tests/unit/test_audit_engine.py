"""The audit's checks on made-up logs: what a real day seldom shows, and what nobody should do."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebazaar.auctions.engine.entitlements import Entitlement, EntitlementTree
from edgebazaar.auctions.engine.market import MarketParameters
from edgebazaar.auctions.engine.published import PublishedInputs, score_vehicles
from edgebazaar.auctions.words import bid_word, score_word
from edgebazaar.audit.engine.auctions import check_auctions
from edgebazaar.audit.engine.balances import check_balances, expected_balances
from edgebazaar.audit.engine.challenges import check_challenges
from edgebazaar.audit.engine.checks import (
    CheckResult,
    check_epochs,
    check_records,
    check_selections,
)
from edgebazaar.audit.engine.contents import check_contents
from edgebazaar.content.engine.fingerprint import IMAGE_PDQ_V1, TEXT_SIMHASH_V1
from edgebazaar.reputation.engine.epochs import EpochRecord, EpochTree
from edgebazaar.reputation.engine.fixed_point import FixedWeights
from edgebazaar.reputation.engine.ledger import InteractionBook

WAD = 10**18
ACCOUNTS = ["0x" + digit * 40 for digit in "123456"]
NO_WINNER = 2**256 - 1


@dataclass(frozen=True)
class Event:
    """An event of a chain that never was."""

    contract: str
    event: str
    arguments: Mapping[str, Any]
    block_number: int = 1
    block_timestamp: int = 1000
    transaction_hash: str = "0x" + "00" * 32


def test_an_empty_log_holds() -> None:
    weights = FixedWeights()
    assert check_records([]).holds and check_auctions_of([]).holds
    assert check_challenges([], {}, 1, 1).holds
    assert check_contents([], lambda _: None, {}).holds
    selections = check_selections(
        [],
        block_hash=lambda _: b"",
        window_seconds=1,
        weights=weights,
    )
    assert selections.holds and selections.checked == 0
    nothing = dict.fromkeys(expected_balances([]), 0)
    assert check_balances([], nothing).holds
    assert not check_balances([], {**nothing, "Membership": 1}).holds


# Balances: what flows in and out, against what is still owed

OPENINGS = {
    "HashedTimelock": (
        "Locked",
        lambda key, amount: {
            "lockId": key,
            "terms": {"asset": {"kind": 0, "token": "", "amountOrId": amount}},
        },
        [("Claimed", "lockId"), ("Refunded", "lockId")],
    ),
    "AtomicSale": (
        "SaleOpened",
        lambda key, amount: {"saleId": key, "terms": {"price": amount}},
        [("SaleSettled", "saleId"), ("SaleRefunded", "saleId")],
    ),
    "TaskBoard": (
        "TaskPosted",
        lambda key, amount: {"taskId": key, "terms": {"fee": amount}},
        [("TaskSettled", "taskId"), ("TaskClosed", "taskId")],
    ),
    "Challenges": (
        "ChallengeOpened",
        lambda key, amount: {"challengeId": key, "deposit": amount},
        [("ChallengeEnded", "challengeId")],
    ),
}


@st.composite
def ledgers(draw: st.DrawFn) -> tuple[list[Event], dict[str, int]]:
    """A log, and the balances that its payments leave when each is booked as it happens."""
    held = dict.fromkeys(expected_balances([]), 0)
    events: list[Event] = []
    open_now: list[tuple[str, bytes, int]] = []
    stakes: dict[str, int] = {}
    for number in range(draw(st.integers(0, 25))):
        action = draw(st.sampled_from(["open", "end", "stake", "credit", "foreign"]))
        amount = draw(st.integers(1, 10**24))
        if action == "open":
            contract = draw(st.sampled_from(sorted(OPENINGS)))
            name, arguments, _ = OPENINGS[contract]
            key = number.to_bytes(32, "big")
            events.append(Event(contract, name, arguments(key, amount)))
            open_now.append((contract, key, amount))
            held[contract] += amount
        elif action == "end" and open_now:
            contract, key, paid = open_now.pop(draw(st.integers(0, len(open_now) - 1)))
            name, field = draw(st.sampled_from(OPENINGS[contract][2]))
            events.append(Event(contract, name, {field: key}))
            held[contract] -= paid
        elif action == "stake":
            provider = draw(st.sampled_from(ACCOUNTS))
            stake = draw(st.integers(0, 10**24))
            events.append(
                Event("TaskBoard", "StakeChanged", {"provider": provider, "stake": stake})
            )
            held["TaskBoard"] += stake - stakes.get(provider, 0)
            stakes[provider] = stake
        elif action == "credit":
            events.append(Event("Payouts", "Credited", {"amount": amount}))
            held["Payouts"] += amount
            if draw(st.booleans()):
                events.append(Event("Payouts", "Withdrawn", {"amount": amount}))
                held["Payouts"] -= amount
        elif action == "foreign":
            asset = {"kind": draw(st.integers(1, 3)), "token": "", "amountOrId": amount}
            terms = {"lockId": number.to_bytes(32, "big"), "terms": {"asset": asset}}
            events.append(Event("HashedTimelock", "Locked", terms))
    return events, held


@settings(max_examples=200)
@given(ledgers(), st.data())
def test_balances_are_what_payments_leave_and_one_wei_more_is_found(
    ledger: tuple[list[Event], dict[str, int]], data: st.DataObject
) -> None:
    events, held = ledger
    result = check_balances(events, held)
    assert result.holds and result.checked == len(held)
    name = data.draw(st.sampled_from(sorted(held)))
    off_by_one = {**held, name: held[name] + data.draw(st.sampled_from([-1, 1]))}
    assert [one.subject for one in check_balances(events, off_by_one).findings] == [
        f"{name} balance in wei"
    ]


def test_a_round_holds_advance_and_deposits_until_they_are_collected() -> None:
    key = bytes(32)
    terms = {"brandPrice": 7, "maximumSeconds": 10, "onlineDeposit": 5, "offlineDeposit": 6}
    opened = Event("AuctionHouse", "RoundOpened", {"roundId": key, "terms": terms})
    bids = [
        Event("AuctionHouse", "BidCommitted", {"roundId": key, "submarket": side})
        for side in (0, 1)
    ]
    assert expected_balances([opened, *bids])["AuctionHouse"] == 81
    for end in ("RoundSettled", "RoundRefunded"):
        ended = Event("AuctionHouse", end, {"roundId": key})
        assert expected_balances([opened, *bids, ended])["AuctionHouse"] == 81
        paid = Event("AuctionHouse", "EntitlementCollected", {"roundId": key, "amount": 31})
        assert expected_balances([opened, *bids, ended, paid])["AuctionHouse"] == 50


# Interaction records


def posted(task: bytes, producer: str = ACCOUNTS[0]) -> Event:
    return Event("TaskBoard", "TaskPosted", {"taskId": task, "producer": producer})


def ended(task: bytes, outcome: int, provider: str = ACCOUNTS[1]) -> Event:
    arguments = {"taskId": task, "provider": provider, "outcome": outcome}
    return Event("TaskBoard", "TaskSettled" if outcome in (1, 2) else "TaskClosed", arguments)


def recorded(task: bytes, positive: bool) -> Event:
    arguments = {
        "rater": ACCOUNTS[0],
        "subject": ACCOUNTS[1],
        "positive": positive,
        "reference_": task,
    }
    return Event("ReputationLedger", "InteractionRecorded", arguments)


@pytest.mark.parametrize(("outcome", "positive"), [(1, True), (2, False), (3, False)])
def test_an_outcome_leaves_the_record_it_deserves(outcome: int, positive: bool) -> None:
    task = secrets.token_bytes(32)
    log = [posted(task), ended(task, outcome), recorded(task, positive)]
    assert check_records(log).holds
    assert not check_records([*log[:2], recorded(task, not positive)]).holds
    assert not check_records(log[:2]).holds


@pytest.mark.parametrize("outcome", [0, 4])
def test_an_outcome_that_is_nobodys_fault_leaves_none(outcome: int) -> None:
    task = secrets.token_bytes(32)
    log = [posted(task), ended(task, outcome)]
    assert check_records(log).holds
    finding = check_records([*log, recorded(task, False)]).findings[0]
    assert finding.expected == "None"


def test_a_refuted_delivery_leaves_a_second_record() -> None:
    task = secrets.token_bytes(32)
    refund = Event("TaskBoard", "TaskRefunded", {"taskId": task, "provider": ACCOUNTS[1]})
    log = [posted(task), ended(task, 1), refund, recorded(task, True), recorded(task, False)]
    assert check_records(log).holds
    assert not check_records(log[:-1]).holds
    assert not check_records([*log[:2], *log[3:]]).holds


def test_a_record_of_nothing_is_found() -> None:
    assert not check_records([recorded(secrets.token_bytes(32), True)]).holds


# Selections


def test_of_a_direct_assignment_only_the_seed_is_checked() -> None:
    task, block = secrets.token_bytes(32), secrets.token_bytes(32)
    terms = {"producer": ACCOUNTS[0], "policy": 3, "temperature": 0}
    posting = Event(
        "TaskBoard", "TaskPosted", {"taskId": task, "producer": ACCOUNTS[0], "terms": terms}, 7
    )

    def check(seed: bytes) -> Any:
        selection = {"candidates": [], "expectations": [], "epoch": 0}
        arguments = {
            "taskId": task,
            "provider": ACCOUNTS[1],
            "seed": seed,
            "selection": selection,
        }
        return check_selections(
            [posting, Event("TaskBoard", "TaskAssigned", arguments, 8)],
            block_hash=lambda number: block if number == 7 else b"",
            window_seconds=20,
            weights=FixedWeights(),
        )

    right = check(keccak(task + block))
    assert right.holds and right.checked == 1
    assert not check(keccak(block + task)).holds


# Reputation epochs


def epoch_log(**changes: Any) -> list[Event]:
    """A record in window 49, the epoch of window 50 that holds it, one of window 51 after it."""
    arguments = {**recorded(bytes(32), True).arguments, "window": 49}
    record = Event("ReputationLedger", "InteractionRecorded", arguments, 1, 990)
    chain = [EpochRecord.first()]
    events: list[Event] = [record]
    for window in (50, 51):
        book = InteractionBook(20)
        book.record(ACCOUNTS[0], ACCOUNTS[1], positive=True, timestamp=990)
        tree = EpochTree(book, window, 20)
        previous = chain[-1].without_bond().hash
        epoch = EpochRecord(previous, tree.root, window, 2, ACCOUNTS[5], 10**18)
        if window == 50:
            epoch = replace(epoch, **changes)
        chain.append(epoch)
        events.append(published_epoch(epoch))
    return events


def published_epoch(epoch: EpochRecord) -> Event:
    arguments = {"window": epoch.window, "epoch": epoch.struct}
    return Event("ReputationEpochs", "EpochPublished", arguments, 2, epoch.window * 20)


def voided_epoch(window: int, fault: int) -> Event:
    return Event("ReputationEpochs", "EpochVoided", {"window": window, "fault": fault}, 3, 1010)


def test_right_epochs_hold_and_a_wrong_one_is_found() -> None:
    result = check_epochs(epoch_log(), 20, FixedWeights())
    assert result.holds and result.checked == 4
    for changes in ({"root": bytes(32)}, {"leaves": 3}, {"previous": b"\1" * 32}):
        assert len(check_epochs(epoch_log(**changes), 20, FixedWeights()).findings) == 1


@pytest.mark.parametrize(
    ("root", "fault", "holds"),
    [
        (b"\1" * 32, 0, True),
        (None, 0, False),
        (None, 3, True),
    ],
)
def test_only_a_wrong_or_an_unanswered_epoch_is_voided(
    root: bytes | None, fault: int, holds: bool
) -> None:
    right = epoch_log()
    record, first, _ = epoch_log(**({} if root is None else {"root": root}))
    log = [record, first, voided_epoch(50, fault), right[1]]
    assert check_epochs(log, 20, FixedWeights()).holds is holds


def test_epochs_hold_one_bond_and_the_fees_of_open_demands() -> None:
    log = epoch_log()
    demand = {"window": 51, "epochHash": bytes(32), "index": 1}
    demanded = Event("ReputationEpochs", "LeafDemanded", demand)
    opened = Event(
        "ReputationEpochs", "LeafOpened", {"epochHash": bytes(32), "opened": {"index": 1}}
    )
    reclaimed = Event("ReputationEpochs", "FeeReclaimed", demand)
    held = [
        (log, WAD),
        ([*log, demanded], WAD + WAD // 100),
        ([*log, demanded, opened], WAD),
        ([*log, demanded, reclaimed, voided_epoch(51, 3)], 0),
        ([*log, Event("ReputationEpochs", "BondWithdrawn", {"window": 51})], 0),
    ]
    for events, amount in held:
        assert expected_balances(events)["ReputationEpochs"] == amount


# Auctions

TERMS = {
    "operator": "0x" + f"{8:040x}",
    "beneficiary": "0x" + f"{9:040x}",
    "brand": "0x" + "00" * 20,
    "onlineDeposit": WAD,
    "offlineDeposit": WAD,
    "onlineReserve": 1,
    "offlineReserve": 1,
    "brandPrice": 0,
    "alpha": 12 * WAD // 10,
    "maximumSeconds": 10,
    "penaltyBps": 1000,
}
INPUTS = PublishedInputs(
    vehicles=tuple(ACCOUNTS[:2]),
    parameters=MarketParameters(vehicles=2, simulators=2, tasks=2),
    seed=3,
)


def round_log(inputs: bytes, scores: list[int], **terms: Any) -> list[Event]:
    key = bytes(32)
    opened = Event("AuctionHouse", "RoundOpened", {"roundId": key, "terms": {**TERMS, **terms}})
    bids = [
        Event("AuctionHouse", "BidCommitted", {"roundId": key, "bidder": one, "submarket": 0})
        for one in ACCOUNTS[:2]
    ]
    published = {
        "roundId": key,
        "inputs": inputs,
        "inputsHash": hashlib.sha256(inputs).digest(),
        "scores": scores,
    }
    return [opened, *bids, Event("AuctionHouse", "ScoresPublished", published)]


def true_scores() -> list[int]:
    scores = score_vehicles(
        INPUTS, ACCOUNTS[:2], alpha=TERMS["alpha"], maximum_seconds=TERMS["maximumSeconds"]
    )
    return [score_word(one.proportional, one.additive, one.simulation_seconds) for one in scores]


TREASURY, OPERATOR, BENEFICIARY = ("0x" + f"{place:040x}" for place in (7, 8, 9))
OWED = [
    *(Entitlement(place, one, WAD * 9 // 10) for place, one in enumerate(ACCOUNTS[:2])),
    Entitlement(2, BENEFICIARY, 0),
    Entitlement(3, TREASURY, 2 * WAD // 10),
    Entitlement(4, OPERATOR, 0),
]


def check_auctions_of(log: Sequence[Event]) -> CheckResult:
    return check_auctions(log, TREASURY)


def test_collections_are_of_what_is_owed_and_once() -> None:
    key = bytes(32)
    opened = Event("AuctionHouse", "RoundOpened", {"roundId": key, "terms": TERMS})
    bids = [
        Event("AuctionHouse", "BidCommitted", {"roundId": key, "bidder": one, "submarket": 0})
        for one in ACCOUNTS[:2]
    ]
    owed = [
        *(Entitlement(place, one, WAD) for place, one in enumerate(ACCOUNTS[:2])),
        Entitlement(2, OPERATOR, 0),
    ]
    root = EntitlementTree.of(owed).root
    refunded = Event("AuctionHouse", "RoundRefunded", {"roundId": key, "entitlements": root})
    log = [opened, *bids, refunded]
    assert check_auctions_of(log).holds

    def collected(index: int, account: str, amount: int) -> Event:
        arguments = {"roundId": key, "index": index, "account": account, "amount": amount}
        return Event("AuctionHouse", "EntitlementCollected", arguments)

    first = collected(0, ACCOUNTS[0], WAD)
    assert check_auctions_of([*log, first]).holds
    for wrong in (first, collected(1, ACCOUNTS[0], WAD), collected(1, ACCOUNTS[1], WAD + 1)):
        assert not check_auctions_of([*log, first, wrong]).holds


def test_scores_follow_from_the_inputs() -> None:
    assert check_auctions_of(round_log(INPUTS.to_bytes(), true_scores())).holds
    swapped = true_scores()[::-1]
    assert not check_auctions_of(round_log(INPUTS.to_bytes(), swapped)).holds


def test_a_round_that_nobody_opens_has_no_winner() -> None:
    log = round_log(INPUTS.to_bytes(), true_scores())
    result = {
        "onlineIndex": NO_WINNER,
        "onlinePrice": 0,
        "offlineIndex": NO_WINNER,
        "offlinePrice": 0,
        "simulationSeconds": 0,
        "penalties": 2 * WAD // 10,
    }
    settled = {
        "roundId": bytes(32),
        "result": result,
        "bids": [bid_word(one, 0, None) for one in ACCOUNTS[:2]],
        "entitlements": EntitlementTree.of(OWED).root,
    }
    check = check_auctions_of([*log, Event("AuctionHouse", "RoundSettled", settled)])
    assert check.holds, check.findings
    short = {**settled, "entitlements": EntitlementTree.of(OWED[:-1]).root}
    assert not check_auctions_of([*log, Event("AuctionHouse", "RoundSettled", short)]).holds
    crowned = {**settled, "result": {**result, "onlineIndex": 0}}
    assert not check_auctions_of([*log, Event("AuctionHouse", "RoundSettled", crowned)]).holds


def hostile_inputs() -> dict[str, bytes]:
    document = orjson.loads(INPUTS.to_bytes())
    parameters = document["parameters"]
    return {
        "empty": b"",
        "no json": b"{",
        "no document": b"[]",
        "null": b"null",
        "no fields": orjson.dumps({"format": document["format"]}),
        "no numbers": orjson.dumps(document | {"seed": "many"}),
        "seed too large": orjson.dumps(document | {"seed": 2**60}),
        "infinite": INPUTS.to_bytes().replace(b'"seed":3', b'"seed":1e400'),
        "accounts that are numbers": orjson.dumps(document | {"vehicles": [1, 2]}),
        "accounts that are lists": orjson.dumps(document | {"vehicles": [[], []]}),
        "vehicles that are a number": orjson.dumps(document | {"vehicles": 2}),
        "parameters that are a list": orjson.dumps(document | {"parameters": list(parameters)}),
        "parameters that are null": orjson.dumps(
            document | {"parameters": dict.fromkeys(parameters)}
        ),
        "negative": orjson.dumps(document | {"parameters": parameters | {"simulators": -1}}),
        "many simulators": orjson.dumps(
            document | {"parameters": parameters | {"simulators": 100_000_000}}
        ),
        "endless": orjson.dumps(
            document | {"parameters": parameters | {"preference_exponent": 1.0000000001}}
        ),
        "gigantic": orjson.dumps(document | {"parameters": parameters | {"simulators": 10**15}}),
        "many tasks": orjson.dumps(document | {"parameters": parameters | {"tasks": 10**12}}),
        "nested": b'{"format":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "brand": orjson.dumps(document | {"brand_weight": -1}),
    }


@pytest.mark.parametrize("name", list(hostile_inputs()))
def test_inputs_that_nobody_can_use_are_a_finding_not_a_failure(name: str) -> None:
    """An operator must not be able to stop everybody's audit by what it publishes."""
    check = check_auctions_of(round_log(hostile_inputs()[name], true_scores()))
    assert [one.subject.rsplit(" ", 1)[1] for one in check.findings] == ["inputs"]
    assert check.findings[0].found.startswith("unusable: ")


# Contents


@pytest.mark.parametrize(
    ("scheme", "canonical"),
    [
        (TEXT_SIMHASH_V1, b"\x00\x00\x00\x01\x00\x00\x00\x01\xff\xfe\xfd"),
        (IMAGE_PDQ_V1, b"a text that somebody registered as a picture"),
        (IMAGE_PDQ_V1, b""),
        (77, b"whatever"),
    ],
)
def test_content_of_another_kind_than_registered_is_a_finding_not_a_failure(
    scheme: int, canonical: bytes
) -> None:
    receipt = {
        "contentHash": hashlib.sha256(canonical).digest(),
        "fingerprint": bytes(32),
        "fingerprintScheme": scheme,
        "promptCommitment": bytes(32),
        "modelId": bytes(32),
    }
    registered = Event("ProofOfAIGC", "ContentRegistered", {"receipt": receipt})
    result = check_contents([registered], lambda _: canonical, {})
    (finding,) = result.findings
    assert finding.subject.endswith("fingerprint")
    assert finding.expected.startswith(f"none of scheme {scheme}: ")
