"""Reputation epochs through the API: the operator's duty, proofs, and a demand for a leaf."""

from __future__ import annotations

from contextlib import suppress

import pytest
from running_backend import Market

from edgebazaar.client import ApiProblem, TransactionFailed
from edgebazaar.reputation.engine.epochs import leaf_of_struct, root_of_path
from edgebazaar.reputation.epochs.publisher import EpochPublisher


def next_window(market: Market) -> int:
    """Lets the next window begin; its index."""
    seconds = int(market.context.deployment.profile["window_seconds"])
    window = market.now() // seconds + 1
    market.skip_to(window * seconds)
    return window


def test_the_publisher_publishes_once_a_window(day_market: Market) -> None:
    market, operator = day_market, day_market.client("operator")
    publisher = EpochPublisher(operator)
    window = next_window(market)
    assert publisher.work_once()
    assert not publisher.work_once()
    epoch = operator.get(f"/epochs/{window}")
    assert (epoch["state"], epoch["is_right"]) == ("pending", True)
    assert epoch["root"] == epoch["right_root"] and epoch["leaves"] > 0
    assert operator.get("/epochs", limit=1)["items"][0]["window"] == window


@pytest.mark.timeout(300)
def test_the_publisher_answers_demands(day_market: Market) -> None:
    market, operator = day_market, day_market.client("operator")
    publisher = EpochPublisher(operator)
    # The demonstration's time to answer is two seconds, which a busy machine may miss.
    for _ in range(8):
        window = next_window(market)
        publisher.work_once()
        market.client("consumer").act(f"/epochs/{window}/leaves/1/demand/prepare")
        with suppress(ApiProblem, TransactionFailed):
            publisher.work_once()
        (demand,) = operator.get(f"/epochs/{window}")["demands"]
        if demand["state"] == "answered":
            return
    pytest.fail("none of eight demands was answered")


def test_a_leaf_comes_with_the_path_to_the_root(day_market: Market) -> None:
    client = day_market.client("consumer")
    window = next_window(day_market)
    task = next(one for one in client.pages("/tasks", state="settled"))
    for rater in (task["producer"], "nobody"):
        leaf = client.get(f"/epochs/{window}/leaves/{rater}/{task['provider']}")
        masses = {name: leaf[name] for name in ("belief", "disbelief", "uncertainty")}
        struct = {**leaf, "rater": leaf["rater"] or "0x" + "0" * 40, "opinion": masses}
        path = [bytes.fromhex(one[2:]) for one in leaf["path"]]
        root = root_of_path(leaf_of_struct(struct).hash, leaf["index"], path)
        assert "0x" + root.hex() == leaf["root"]
        assert sum(int(mass) for mass in masses.values()) == 10**18


def test_a_right_leaf_is_not_taken_for_wrong(day_market: Market) -> None:
    client, operator = day_market.client("consumer"), day_market.client("operator")
    window = next_window(day_market)
    operator.act("/epochs/prepare")
    task = next(one for one in client.pages("/tasks", state="settled"))
    leaf = client.get(f"/epochs/{window}/leaves/nobody/{task['provider']}")
    fields = ("index", "rater", "subject", "expectation", "belief", "disbelief", "uncertainty")
    body = {name: leaf[name] for name in (*fields, "recommenders", "path")}
    with pytest.raises(ApiProblem, match="is right"):
        client.act(f"/epochs/{window}/disproof/prepare", body)
    with pytest.raises(ApiProblem, match="does not lead to the root"):
        client.act(f"/epochs/{window}/disproof/prepare", {**body, "expectation": "1"})
