"""Premiums, early exits and bounties through the API, as clients use them."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import httpx
import pytest
from market_history import argument
from running_backend import Market

from edgebazaar.client.client import ApiProblem

COIN = {"kind": "native", "amount_or_id": "1000"}
PRICE = {"kind": "native", "amount_or_id": "2000"}


def fresh() -> tuple[str, str]:
    """A preimage and its hashlock."""
    preimage = secrets.token_bytes(32)
    return "0x" + preimage.hex(), "0x" + hashlib.sha256(preimage).hexdigest()


def agreement(market: Market, hashlock: str) -> dict[str, Any]:
    """What both parties agreed on: who stakes what, until when, on which two locks."""
    start = market.now()
    return {
        "leader": market.address("producer"),
        "asset": COIN,
        "expected_asset": PRICE,
        "hashlock": hashlock,
        "timelock": start + 9000,
        "answer_timelock": start + 1200,
        "leader_premium": "300",
        "follower_premium": "200",
        "join_until": start + 300,
        "answer_until": start + 600,
    }


def lock_first(market: Market, terms: dict[str, Any]) -> str:
    """The leader's lock as agreed; its id."""
    opened = market.client("producer").act(
        "/exchanges/locks/prepare",
        {
            "receiver": market.address("consumer"),
            "asset": terms["asset"],
            "hashlock": terms["hashlock"],
            "timelock": terms["timelock"],
            "expected_asset": terms["expected_asset"],
        },
    )
    return str(argument(opened, "Locked", "lockId"))


def test_premiums_follow_an_exchange_from_deposit_to_settlement(
    market: Market, http: httpx.Client
) -> None:
    leader, follower = market.client("producer"), market.client("consumer")
    preimage, hashlock = fresh()
    terms = agreement(market, hashlock)
    with pytest.raises(ApiProblem, match="answer_timelock"):
        follower.act(
            "/exchanges/premiums/prepare", {**terms, "answer_timelock": terms["join_until"]}
        )
    deposited = follower.act("/exchanges/premiums/prepare", terms)
    key = str(argument(deposited, "PremiumsDeposited", "premiumsId"))
    with pytest.raises(ApiProblem, match="FirstLockNotOpen"):
        leader.act(f"/exchanges/premiums/{key}/join/prepare")

    # The ids were known before the locks were opened.
    first = lock_first(market, terms)
    shown = http.get(f"/exchanges/premiums/{key}").json()
    assert (shown["state"], shown["first_lock"]) == ("deposited", first)
    with pytest.raises(ApiProblem, match="wait for"):
        follower.act(f"/exchanges/premiums/{key}/join/prepare")
    leader.act(f"/exchanges/premiums/{key}/join/prepare")
    answered = follower.act(
        f"/exchanges/locks/{first}/answer/prepare",
        {"asset": PRICE, "timelock": terms["answer_timelock"]},
    )
    linked = str(argument(answered, "Locked", "lockId"))
    assert linked == shown["linked_lock"]

    follower.act(f"/exchanges/premiums/{key}/settlement/prepare")
    answered_state = http.get(f"/exchanges/premiums/{key}").json()
    assert (answered_state["state"], answered_state["paid_to_follower"]) == ("answered", "200")
    leader.act(f"/exchanges/locks/{linked}/claim/prepare", {"preimage": preimage})
    leader.act(f"/exchanges/premiums/{key}/settlement/prepare")
    closed = http.get("/exchanges/premiums", params={"lock_id": linked}).json()["items"]
    assert [(one["premiums_id"], one["state"], one["paid_to_leader"]) for one in closed] == [
        (key, "closed", "300")
    ]
    assert closed[0]["closed_at"] is not None
    with pytest.raises(ApiProblem, match="are closed"):
        follower.act(f"/exchanges/premiums/{key}/settlement/prepare")


def test_both_parties_leave_a_lock_by_their_signatures(market: Market, http: httpx.Client) -> None:
    leader, follower = market.client("producer"), market.client("consumer")
    lock = lock_first(market, agreement(market, fresh()[1]))
    exit_ = http.get(f"/exchanges/locks/{lock}/exit").json()
    assert (exit_["sender"], exit_["receiver"]) == (leader.address, follower.address)
    with pytest.raises(ApiProblem, match="InvalidExitSignature"):
        leader.act(f"/exchanges/locks/{lock}/exit/prepare")
    consent = {"receiver_signature": follower.sign_typed_data(exit_["typed_data"])}
    leader.act(f"/exchanges/locks/{lock}/exit/prepare", consent)
    assert http.get(f"/exchanges/locks/{lock}").json()["state"] == "refunded"
    with pytest.raises(ApiProblem, match="refunded already"):
        leader.act(f"/exchanges/locks/{lock}/exit/prepare", consent)


def test_a_watcher_earns_the_bounty_for_a_claim(market: Market, http: httpx.Client) -> None:
    patron, watcher = market.client("consumer"), market.client("stranger")
    preimage, hashlock = fresh()
    lock = lock_first(market, agreement(market, hashlock))
    route = f"/exchanges/locks/{lock}/bounties"
    with pytest.raises(ApiProblem, match="no bounty waits"):
        watcher.act(f"{route}/claim/prepare", {"preimage": preimage})
    for ending, amount in (("claimed", "7"), ("refunded", "5")):
        patron.act(f"{route}/prepare", {"ending": ending, "amount": amount})
    with pytest.raises(ApiProblem, match="ending"):
        patron.act(f"{route}/prepare", {"ending": "open", "amount": "1"})
    back = {"depositor": patron.address, "ending": "refunded"}
    with pytest.raises(ApiProblem, match="is open"):
        patron.act(f"{route}/return/prepare", back)
    earned = watcher.act(f"{route}/claim/prepare", {"preimage": preimage})
    assert argument(earned, "BountyEarned", "completer") == watcher.address
    patron.act(f"{route}/return/prepare", back)
    listed = http.get("/exchanges/bounties", params={"lock_id": lock}).json()["items"]
    assert {(one["ending"], one["amount"], one["earned_by"]) for one in listed} == {
        ("claimed", "0", watcher.address),
        ("refunded", "0", None),
    }
    waiting = http.get("/exchanges/bounties", params={"lock_id": lock, "waiting": True})
    assert waiting.json()["items"] == []
