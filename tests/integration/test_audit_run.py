"""The audit of a real day: it holds on the truth, and finds every single value that is changed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from market_history import History
from running_backend import Market

from edgebazaar.auctions.words import bid_word, unpack_bid
from edgebazaar.audit.blobs import BlobFolder
from edgebazaar.audit.engine.auctions import check_auctions
from edgebazaar.audit.engine.balances import check_balances, expected_balances
from edgebazaar.audit.engine.challenges import check_challenges
from edgebazaar.audit.engine.checks import (
    CheckResult,
    check_epochs,
    check_records,
    check_selections,
)
from edgebazaar.audit.engine.contents import Brief, check_contents
from edgebazaar.audit.reader import ChainEvent, ChainReader
from edgebazaar.audit.service import run_audit
from edgebazaar.chain.rpc import RpcClient, to_quantity
from edgebazaar.reputation.engine.fixed_point import FixedWeights

Events = list[ChainEvent]
Change = Callable[[Any], Any]


@dataclass
class Evidence:
    """What the chain says about the day, and how to check it."""

    events: Events
    reader: ChainReader
    profile: Mapping[str, Any]
    balances: Mapping[str, int]
    contents: BlobFolder
    briefs: Mapping[bytes, Brief]

    @property
    def weights(self) -> FixedWeights:
        return FixedWeights(**{key: int(one) for key, one in self.profile["weights"].items()})

    def check(self, name: str, events: Sequence[ChainEvent]) -> CheckResult:
        match name:
            case "selections":
                return check_selections(
                    events,
                    block_hash=lambda number: self.reader.header(number).hash,
                    window_seconds=int(self.profile["window_seconds"]),
                    weights=self.weights,
                )
            case "epochs":
                return check_epochs(events, int(self.profile["window_seconds"]), self.weights)
            case "records":
                return check_records(events)
            case "challenges":
                schemes = self.profile["schemes"].items()
                limits = {int(scheme): int(limit) for scheme, limit in schemes}
                names = ("challenge_deposit", "challenge_maximum_deposit")
                return check_challenges(events, limits, *(int(self.profile[one]) for one in names))
            case "contents":
                return check_contents(events, self.contents.canonical, self.briefs)
            case "auctions":
                return check_auctions(events, self.profile["treasury"])
            case _:
                return check_balances(events, self.balances)


CHECKS = ("selections", "records", "epochs", "challenges", "contents", "auctions", "balances")


@pytest.fixture(scope="module")
def evidence(day_market: Market, history: History) -> Evidence:
    context = day_market.context
    reader = ChainReader(context.rpc, context.contracts)
    named = {name: one.address for name, one in context.deployment.contracts.items()}
    return Evidence(
        events=reader.events(),
        reader=reader,
        profile=context.deployment.profile,
        balances=reader.balances(named),
        contents=BlobFolder(context.settings.data_directory / "blobs"),
        briefs=history.briefs,
    )


def places(events: Events, event: str) -> list[int]:
    return [place for place, one in enumerate(events) if one.event == event]


def changed(value: Any, path: Sequence[Any], change: Change) -> Any:
    """A copy of nested arguments with one value changed."""
    if not path:
        return change(value)
    first, *rest = path
    copy = list(value) if isinstance(value, list | tuple) else dict(value)
    copy[first] = changed(copy[first], rest, change)
    return copy


def tampered(events: Events, place: int, path: Sequence[Any], change: Change) -> Events:
    one = events[place]
    other = replace(one, arguments=changed(one.arguments, path, change))
    assert other.arguments != one.arguments
    return [*events[:place], other, *events[place + 1 :]]


def more(value: int) -> int:
    return value + 1


def opposite(value: bool) -> bool:
    return not value


def another_account(_: str) -> str:
    return "0x" + "5A" * 20


def another_hash(value: bytes) -> bytes:
    return bytes(len(value) - 1) + b"\x01"


def one_bit(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


# On the truth


def test_the_day_has_something_of_everything(evidence: Evidence) -> None:
    counted = {one.event: len(places(evidence.events, one.event)) for one in evidence.events}
    for event, least in {
        "TaskAssigned": 3,
        "EpochPublished": 1,
        "TaskSettled": 2,
        "TaskClosed": 1,
        "SaleSettled": 1,
        "InteractionRecorded": 4,
        "ChallengeDecided": 2,
        "ChallengeEnded": 2,
        "ContentRegistered": 3,
        "Locked": 2,
        "Claimed": 1,
        "BidCommitted": 5,
        "RoundSettled": 1,
        "EntitlementCollected": 3,
    }.items():
        assert counted.get(event, 0) >= least, event
    verdicts = {
        evidence.events[place].arguments["upheld"]
        for place in places(evidence.events, "ChallengeDecided")
    }
    assert verdicts == {True, False}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_holds_on_the_truth(evidence: Evidence, name: str) -> None:
    result = evidence.check(name, evidence.events)
    assert result.holds, result.findings
    assert result.checked >= 3


def test_every_content_is_recomputed_and_the_generated_ones_replayed(evidence: Evidence) -> None:
    result = evidence.check("contents", evidence.events)
    # Two with prompt, replay, hash and fingerprint; the copy with hash and fingerprint only.
    assert result.checked == 2 * 4 + 2 and result.skipped == 0


def test_content_of_which_nothing_is_disclosed_counts_as_skipped(evidence: Evidence) -> None:
    result = check_contents(evidence.events, lambda _: None, {})
    assert (result.checked, result.skipped) == (0, 3) and result.holds


def test_the_held_amounts_are_not_zero(evidence: Evidence) -> None:
    expected = expected_balances(evidence.events)
    assert expected["HashedTimelock"] == 701
    assert expected["AuctionHouse"] > 0 and expected["TaskBoard"] > 0


# On anything else

TAMPERED: list[tuple[str, str, Sequence[Any], Change]] = [
    ("selections", "TaskAssigned", ["provider"], another_account),
    ("selections", "TaskAssigned", ["seed"], one_bit),
    ("selections", "TaskAssigned", ["selection", "expectations", 0], more),
    ("selections", "TaskAssigned", ["selection", "expectations", 1], more),
    ("epochs", "EpochPublished", ["epoch", "root"], one_bit),
    ("epochs", "EpochPublished", ["epoch", "leaves"], more),
    ("epochs", "EpochPublished", ["epoch", "previous"], one_bit),
    ("epochs", "InteractionRecorded", ["positive"], opposite),
    ("balances", "EpochPublished", ["epoch", "bond"], more),
    ("records", "InteractionRecorded", ["rater"], another_account),
    ("records", "InteractionRecorded", ["subject"], another_account),
    ("records", "InteractionRecorded", ["positive"], opposite),
    ("records", "InteractionRecorded", ["reference_"], another_hash),
    ("records", "TaskClosed", ["outcome"], lambda _: 1),
    ("records", "TaskSettled", ["outcome"], lambda _: 2),
    ("records", "TaskSettled", ["provider"], another_account),
    ("challenges", "ChallengeDecided", ["distance"], more),
    ("challenges", "ChallengeDecided", ["maximumDistance"], more),
    ("challenges", "ChallengeDecided", ["originalStands"], opposite),
    ("challenges", "ChallengeDecided", ["upheld"], opposite),
    ("challenges", "ChallengeEnded", ["state"], lambda state: 13 - state),
    ("challenges", "ChallengeEnded", ["paidToChallenger"], more),
    ("challenges", "ChallengeEnded", ["paidToAccused"], more),
    ("challenges", "ChallengeEnded", ["paidToTreasury"], more),
    ("challenges", "ChallengeContested", ["bond"], more),
    ("challenges", "ChallengeOpened", ["deposit"], more),
    ("contents", "ContentRegistered", ["receipt", "fingerprint"], one_bit),
    ("auctions", "ScoresPublished", ["scores", 0], lambda word: word + (1 << 128)),
    ("auctions", "ScoresPublished", ["scores", 1], lambda word: word + (1 << 32)),
    ("auctions", "ScoresPublished", ["scores", 2], more),
    ("auctions", "ScoresPublished", ["inputsHash"], one_bit),
    ("auctions", "ScoresPublished", ["inputs"], lambda value: value.replace(b"5", b"6")),
    ("auctions", "ScoresPublished", ["inputs"], lambda value: value[:-1]),
    ("auctions", "RoundSettled", ["result", "onlineIndex"], more),
    ("auctions", "RoundSettled", ["result", "onlinePrice"], more),
    ("auctions", "RoundSettled", ["result", "offlineIndex"], lambda value: value ^ 1),
    ("auctions", "RoundSettled", ["result", "offlinePrice"], more),
    ("auctions", "RoundSettled", ["result", "simulationSeconds"], more),
    ("auctions", "RoundSettled", ["result", "penalties"], more),
    ("auctions", "RoundSettled", ["entitlements"], one_bit),
    ("auctions", "EntitlementCollected", ["amount"], more),
    ("auctions", "EntitlementCollected", ["account"], another_account),
    ("auctions", "RoundOpened", ["terms", "penaltyBps"], more),
    ("auctions", "RoundOpened", ["terms", "alpha"], lambda value: value + 10**17),
    ("balances", "StakeChanged", ["stake"], more),
    ("balances", "EntitlementCollected", ["amount"], more),
    ("balances", "Locked", ["terms", "asset", "amountOrId"], more),
]


@pytest.mark.parametrize(
    ("check", "event", "path", "change"),
    TAMPERED,
    ids=[f"{event}.{'.'.join(map(str, path))}" for _, event, path, _ in TAMPERED],
)
def test_a_single_changed_value_is_found(
    evidence: Evidence, check: str, event: str, path: Sequence[Any], change: Change
) -> None:
    found = [
        place
        for place in places(evidence.events, event)
        # A uniform draw records no expectations.
        if "expectations" not in path or evidence.events[place].arguments["selection"]["epoch"]
    ]
    assert found
    # Of amounts only the last word counts: an earlier stake is overwritten, a claimed lock is gone.
    for place in found[-1:] if check == "balances" else found:
        result = evidence.check(check, tampered(evidence.events, place, path, change))
        assert not result.holds, place
        for finding in result.findings:
            assert finding.subject and finding.expected != finding.found


def test_a_changed_record_changes_the_later_selections_too(evidence: Evidence) -> None:
    first = places(evidence.events, "InteractionRecorded")[0]
    events = tampered(evidence.events, first, ["positive"], opposite)
    assert not evidence.check("selections", events).holds


@pytest.mark.parametrize("event", ["InteractionRecorded", "TaskSettled", "SaleSettled"])
def test_a_missing_or_a_repeated_record_is_found(evidence: Evidence, event: str) -> None:
    for place in places(evidence.events, event):
        missing = [*evidence.events[:place], *evidence.events[place + 1 :]]
        assert not evidence.check("records", missing).holds
        if event == "InteractionRecorded":
            twice = [*evidence.events, evidence.events[place]]
            assert not evidence.check("records", twice).holds


@pytest.mark.parametrize("difference", [-1, 1])
def test_a_balance_off_by_one_wei_is_found_at_every_contract(
    evidence: Evidence, difference: int
) -> None:
    for name in evidence.balances:
        wrong = {**evidence.balances, name: evidence.balances[name] + difference}
        result = check_balances(evidence.events, wrong)
        assert [finding.subject for finding in result.findings] == [f"{name} balance in wei"]


def test_a_bid_that_sets_the_price_cannot_be_changed(evidence: Evidence) -> None:
    (place,) = places(evidence.events, "RoundSettled")
    bids = evidence.events[place].arguments["bids"]
    winner = evidence.events[place].arguments["result"]["onlineIndex"]
    found = 0
    for index, bid in enumerate(map(unpack_bid, bids)):
        if not bid.opened or index == winner:
            continue
        word = bid_word(bid.bidder, bid.submarket, bid.amount * 100)
        raised = tampered(evidence.events, place, ["bids", index], lambda _, word=word: word)
        found += not evidence.check("auctions", raised).holds
    assert found >= 2, "a much higher losing bid would have won"
    sealed = bid_word(unpack_bid(bids[winner]).bidder, 0, None)
    hidden = tampered(evidence.events, place, ["bids", winner], lambda _: sealed)
    assert not evidence.check("auctions", hidden).holds


@pytest.mark.parametrize("wrong", ["prompt", "seed"])
def test_a_brief_that_does_not_replay_is_found(evidence: Evidence, wrong: str) -> None:
    commitment, brief = next(iter(evidence.briefs.items()))
    other = replace(brief, **{wrong: brief.seed + 1 if wrong == "seed" else brief.prompt + "!"})
    result = check_contents(evidence.events, lambda _: None, {commitment: other})
    subjects = " ".join(finding.subject for finding in result.findings)
    assert "replay" in subjects
    assert ("prompt" in subjects) is (wrong == "prompt")


def test_content_that_is_not_what_was_registered_is_found(evidence: Evidence) -> None:
    another = next(
        evidence.contents.canonical(one.arguments["receipt"]["contentHash"])
        for one in evidence.events
        if one.event == "ContentRegistered"
    )
    assert another is not None
    result = check_contents(evidence.events, lambda _: another, {})
    # The first is right; of the other two, hash and fingerprint differ, but for the copy's print.
    assert len(result.findings) >= 3


# From end to end


class LyingNode(RpcClient):
    """A node that changes what it is asked for."""

    def __init__(self, url: str, method: str, lie: Change) -> None:
        super().__init__(url)
        self._method, self._lie = method, lie

    def call(self, method: str, params: Any = ()) -> Any:
        answer = super().call(method, params)
        return self._lie(answer) if method == self._method else answer

    def batch(self, calls: Any, **options: Any) -> Any:
        answers = super().batch(calls, **options)
        asked = [method for method, _ in calls]
        return [
            self._lie(answer) if method == self._method else answer
            for method, answer in zip(asked, answers, strict=True)
        ]


def without_last_record(day_market: Market) -> Change:
    topic = (
        "0x" + day_market.context.contracts.topic("ReputationLedger", "InteractionRecorded").hex()
    )

    def drop(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        last = max(place for place, log in enumerate(logs) if log["topics"][0] == topic)
        return [*logs[:last], *logs[last + 1 :]]

    return drop


def last_digit(answer: str) -> str:
    return answer[:-1] + format(int(answer[-1], 16) ^ 1, "x")


@pytest.mark.parametrize(
    ("method", "broken"),
    [
        ("eth_getLogs", {"interaction records", "reputations", "reputation epochs"}),
        ("eth_call", {"reputations"}),
        ("eth_getBalance", {"contract balances"}),
    ],
)
def test_a_node_that_lies_is_caught(
    day_market: Market, history: History, method: str, broken: set[str]
) -> None:
    lie = (
        without_last_record(day_market)
        if method == "eth_getLogs"
        else (lambda one: to_quantity(int(one, 16) + 1))
        if method == "eth_getBalance"
        else last_digit
    )
    with LyingNode(day_market.backend.node.url, method, lie) as node:
        report = run_audit(node, day_market.context.contracts)
    assert not report.holds
    assert {check.name for check in report.checks if not check.holds} == broken


def test_the_whole_audit_holds_over_rest(day_market: Market, history: History) -> None:
    day_market.wait_indexed()
    briefs = [
        {"prompt": one.prompt, "salt": "0x" + one.salt.hex(), "seed": one.seed}
        for one in history.briefs.values()
    ]
    auditor = day_market.client("auditor")
    report = auditor.post("/audits", {"briefs": briefs})
    assert report["holds"] and all(check["holds"] for check in report["checks"]), report
    assert report["auditor"] == day_market.address("auditor")
    checked = {check["name"]: check["checked"] for check in report["checks"]}
    assert len(checked) == 8 and min(checked.values()) > 0 and checked["contents"] == 10
    header = day_market.context.rpc.call(
        "eth_getBlockByNumber", [to_quantity(report["head"]), False]
    )
    assert header["hash"] == report["head_hash"]
    assert auditor.get(f"/audits/{report['audit_id']}") == report
    assert auditor.get("/audits")["items"][0] == report


def test_an_audit_of_an_earlier_head_ignores_what_came_later(
    day_market: Market, evidence: Evidence
) -> None:
    (settled,) = [one for one in evidence.events if one.event == "SaleSettled"]
    report = run_audit(
        day_market.context.rpc, day_market.context.contracts, head=settled.block_number - 1
    )
    assert report.holds, [check.findings for check in report.checks]
    assert report.events < len(evidence.events)


def test_briefs_are_named_by_their_commitment() -> None:
    salt = secrets.token_bytes(32)
    assert Brief("a", salt, 1).commitment != Brief("a", salt[::-1], 1).commitment
    assert Brief("a", salt, 1).commitment == Brief("a", salt, 2).commitment
