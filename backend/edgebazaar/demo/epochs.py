"""The operator's reputation epochs while tasks run, and what selections make of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edgebazaar.client import ApiProblem, EdgeBazaarClient
from edgebazaar.demo.actors import Actor, Cast
from edgebazaar.demo.report import StepFailed
from edgebazaar.reputation.engine.fixed_point import BASE_RATE
from edgebazaar.reputation.epochs.publisher import EpochPublisher
from edgebazaar.tasks.engine.selection import SelectionPolicy, selection_weights


@contextmanager
def publishing(cast: Cast) -> Iterator[None]:
    """The operator publishes an epoch for every window while the block runs."""
    stop = threading.Event()
    # A client of its own, for the operator acts elsewhere at the same time.
    with EdgeBazaarClient(cast.operator.api, cast.operator.key, timeout=120.0) as client:
        client.sign_in()
        publisher = EpochPublisher(client)
        thread = threading.Thread(
            target=publisher.serve, args=(stop,), kwargs={"pause": 0.2}, name="epochs", daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(timeout=120)


def await_final_epoch(cast: Cast) -> dict[str, Any]:
    """Waits for an epoch that holds all that is recorded by now and can no longer be disputed.

    Raises:
        StepFailed: If none comes in time.
    """
    client = cast.operator.client
    window_seconds = int(client.get("/deployment")["profile"]["window_seconds"])
    present = int(client.get("/health")["time"]) // window_seconds
    found: list[dict[str, Any]] = []

    def is_final() -> bool:
        epochs = client.get("/epochs", limit=10)["items"]
        found[:] = [one for one in epochs if one["state"] == "final" and one["window"] > present]
        return bool(found)

    if not client.poll(is_final, seconds=180 + 3 * window_seconds):
        raise StepFailed(f"no reputation epoch after window {present} became final in time")
    return found[0]


def chance_of_selection(
    cast: Cast, provider: Actor, epoch: dict[str, Any], temperature: int
) -> float:
    """Mean chance over the producers that a provider is drawn by an epoch's expectations."""
    chances = []
    for producer in cast.producers:
        expectations = [_expectation(cast, epoch, producer, one) for one in cast.providers]
        weights = selection_weights(SelectionPolicy.SOFTMAX_REPUTATION, expectations, temperature)
        chances.append(weights[cast.providers.index(provider)] / sum(weights))
    return sum(chances) / len(chances)


def _expectation(cast: Cast, epoch: dict[str, Any], producer: Actor, provider: Actor) -> int:
    for rater in (producer.address, "nobody"):
        path = f"/epochs/{epoch['window']}/leaves/{rater}/{provider.address}"
        try:
            return int(cast.operator.client.get(path)["expectation"])
        except ApiProblem as problem:
            if problem.status != 404:
                raise
    return BASE_RATE
