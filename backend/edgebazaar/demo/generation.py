"""Step 2: generation tasks between producers and ESPs while reputations form.

One ESP turns bad half-way.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebazaar.client import ApiProblem, TransactionFailed
from edgebazaar.demo.actors import Actor, Cast
from edgebazaar.demo.epochs import await_final_epoch, chance_of_selection, publishing
from edgebazaar.demo.report import Report, Step, StepFailed
from edgebazaar.tasks.documents.service import prompt_commitment
from edgebazaar.tasks.purchase import Purchase

FEE = 10**16
TEMPERATURE = 10**17
_ON_TIME_SECONDS = 12
_CLOSE_SECONDS = 60
_WINDOW_SECONDS = 120
_UNKNOWN_TRUST = 0.5
_ASSIGNMENT_ATTEMPTS = 5
_SUBJECTS = (
    "a lighthouse above a calm sea", "autumn leaves on wet stone", "neon rain in a night market",
    "desert dunes at dusk", "a coral reef in clear water", "frost on a window",
    "a violet nebula", "terraced rice fields", "molten glass in a furnace",
    "a foggy mountain pass", "tulip fields in spring", "an abandoned railway tunnel",
)  # fmt: skip


@dataclass(frozen=True)
class Delivered:
    """Content that a producer got for its fee.

    Attributes:
        producer: Who owns it.
        canonical: Canonical bytes.
        content_hash: Its sha256, 0x-hex.
        receipt: The provider's signed receipt, as the API gives it.
        brief: Prompt, salt and seed, for the audit.
    """

    producer: Actor
    canonical: bytes
    content_hash: str
    receipt: dict[str, Any]
    brief: dict[str, Any]


class ProviderProcess:
    """An ESP's agent in a process of its own.

    Which can be stopped and started with another behaviour.
    """

    def __init__(self, actor: Actor, folder: Path, images: Path | None) -> None:
        self._actor = actor
        self._key_file = folder / f"{actor.name}.key"
        self._key_file.write_text(actor.key, "utf-8")
        self._key_file.chmod(0o600)
        self._log = folder / f"{actor.name}.log"
        self._images = images
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, bad: bool = False) -> None:
        """Starts the agent; a bad one delivers late from now on."""
        command = [sys.executable, "-m", "edgebazaar", "esp"]
        command += ["--api", self._actor.api, "--key-file", str(self._key_file)]
        if self._images:
            command += ["--images", str(self._images)]
        if bad:
            command += ["--lazy-after", "0"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def stop(self) -> None:
        """Ends the agent and waits for it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def failure(self) -> str | None:
        """Last words of an agent that ended by itself."""
        if self._process is None or self._process.poll() is None:
            return None
        return self._log.read_text("utf-8", errors="replace")[-500:]


@contextmanager
def running_providers(cast: Cast, images: Path | None) -> Iterator[list[ProviderProcess]]:
    """The agents while the block runs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        agents = [ProviderProcess(actor, folder, images) for actor in cast.providers]
        for agent in agents:
            stack.callback(agent.stop)
            agent.start()
        _await_eligible(cast, agents)
        yield agents


def run_tasks(
    cast: Cast, report: Report, agents: list[ProviderProcess], tasks: int
) -> list[Delivered]:
    """Runs the step; the contents that were delivered."""
    with (
        report.step(f"Generate: {tasks} tasks, one ESP turning bad half-way") as step,
        publishing(cast),
    ):
        before = _Round(cast, step, report, 0, tasks // 2).run()
        epoch = await_final_epoch(cast)
        report.say(f"reputation epoch of window {epoch['window']} is final: selections go by it")
        # The most trusted one turns, for nobody would notice if one that gets no tasks did.
        bad = max(cast.providers, key=lambda actor: _trust(cast, actor))
        trust_before = _trust(cast, bad)
        chance_before = chance_of_selection(cast, bad, epoch, TEMPERATURE)
        report.say(f"{bad.name}, trusted most, turns bad: it delivers late from now on")
        agent = agents[cast.providers.index(bad)]
        agent.stop()
        agent.start(bad=True)
        after = _Round(cast, step, report, tasks // 2, tasks - tasks // 2).run()
        _check_selections(cast, step, epoch, tasks - tasks // 2)
        _check_reputation(cast, step, bad, trust_before, chance_before)
        for agent in agents:
            failure = agent.failure()
            if failure:
                raise StepFailed(f"an ESP's agent ended by itself: {failure}")
        return [*before, *after]


class _Round:
    """Some tasks, spread over the producers, who work side by side."""

    def __init__(self, cast: Cast, step: Step, report: Report, first: int, count: int) -> None:
        self._cast, self._step, self._report = cast, step, report
        self._numbers = list(range(first, first + count))
        self._lock = threading.Lock()
        self._done = 0

    def run(self) -> list[Delivered]:
        producers = self._cast.producers
        shares = [self._numbers[place :: len(producers)] for place in range(len(producers))]
        with ThreadPoolExecutor(len(producers)) as pool:
            results = pool.map(self._work, producers, shares)
            return [one for share in results for one in share]

    def _work(self, producer: Actor, numbers: list[int]) -> list[Delivered]:
        return [self._one(producer, number) for number in numbers]

    def _one(self, producer: Actor, number: int) -> Delivered:
        delivered, provider, outcome = order(producer, self._step, number)
        with self._lock:
            self._done += 1
            name = next(a.name for a in self._cast.providers if a.address == provider)
            self._report.say(
                f"[{number + 1:>2}] {producer.name} <- {name}: {outcome} "
                f"({self._done}/{len(self._numbers)})"
            )
        return delivered


def order(producer: Actor, step: Step, number: int) -> tuple[Delivered, str, str]:
    """One task from posting to decrypted content; with the provider and the outcome."""
    client = producer.client
    brief: dict[str, Any] = {
        "prompt": f"{_SUBJECTS[number % len(_SUBJECTS)]}, study {number + 1}",
        "salt": "0x" + secrets.token_hex(32),
        "seed": 1000 + number,
    }
    commitment = prompt_commitment(brief["prompt"], bytes.fromhex(brief["salt"][2:]))
    now = client.now()
    posted = producer.act(
        "/tasks/prepare",
        {
            "prompt_commitment": "0x" + commitment.hex(),
            "fee": str(FEE),
            "deliver_by": now + _ON_TIME_SECONDS,
            "close_at": now + _CLOSE_SECONDS,
            "accept_window": _WINDOW_SECONDS,
            "reveal_window": _WINDOW_SECONDS,
            "policy": "softmax_reputation",
            "temperature": str(TEMPERATURE),
        },
    )
    task_id = event_argument(posted, "TaskPosted", "taskId")
    step.record(f"post task {number + 1}", posted)
    client.request("PUT", f"/tasks/{task_id}/brief", json=brief)
    step.record(f"assign task {number + 1}", _assign(producer, task_id))
    task = _await_state(producer, task_id, "delivered")
    purchase = Purchase(client, task)
    purchase.fetch()
    step.record(f"accept task {number + 1}", producer.act(f"/tasks/{task_id}/acceptance/prepare"))
    task = _await_state(producer, task_id, "settled")
    opened = purchase.open(task)
    if opened.content is None:
        raise StepFailed(f"task {task_id} was delivered wrong; its fee and bond are back")
    receipt = client.get(f"/tasks/{task_id}/receipt")
    content_hash = task["delivery"]["content_hash"]
    delivered = Delivered(producer, opened.content, content_hash, receipt, brief)
    return delivered, task["provider"], task["outcome"]


def _assign(producer: Actor, task_id: str) -> dict[str, Any]:
    """Assigns the selected provider.

    Evidence is void once another epoch is published, which happens every few seconds here; then
    the selection is made anew.
    """
    for _ in range(_ASSIGNMENT_ATTEMPTS - 1):
        try:
            return producer.act(f"/tasks/{task_id}/assignment/prepare")
        except (ApiProblem, TransactionFailed):
            if producer.client.get(f"/tasks/{task_id}")["state"] != "posted":
                raise
    return producer.act(f"/tasks/{task_id}/assignment/prepare")


def event_argument(transaction: dict[str, Any], event: str, argument: str) -> Any:
    """An argument of a transaction's event.

    Raises:
        StepFailed: If the transaction has no such event.
    """
    for one in transaction["events"]:
        if one["event"] == event:
            return one["arguments"][argument]
    raise StepFailed(f"transaction {transaction['hash']} has no event {event}")


def _await_state(producer: Actor, task_id: str, state: str) -> dict[str, Any]:
    task: dict[str, Any] = {}

    def arrived() -> bool:
        nonlocal task
        task = producer.client.get(f"/tasks/{task_id}")
        return bool(task["state"] == state)

    if not producer.client.poll(arrived, seconds=120):
        raise StepFailed(f"task {task_id} is {task['state']}, not {state}, after two minutes")
    return task


def _await_eligible(cast: Cast, agents: list[ProviderProcess]) -> None:
    client = cast.operator.client

    def ready() -> bool:
        for agent in agents:
            failure = agent.failure()
            if failure:
                raise StepFailed(f"an ESP's agent ended at its start: {failure}")
        eligible = {
            one["account"] for one in client.pages("/esps", eligible="true") if one["capacity"]
        }
        return {actor.address for actor in cast.providers} <= eligible

    if not client.poll(ready, seconds=120):
        raise StepFailed("the ESPs did not become eligible within two minutes")


def _trust(cast: Cast, provider: Actor) -> float:
    trust = cast.operator.client.get(f"/reputations/{provider.address}")["mean_trust"]
    return _UNKNOWN_TRUST if trust is None else float(trust)


def _check_reputation(
    cast: Cast, step: Step, bad: Actor, trust_before: float, chance_before: float
) -> None:
    trust = {actor.name: round(_trust(cast, actor), 4) for actor in cast.providers}
    step.facts["trust"] = trust
    step.facts["trust_before_turning_bad"] = round(trust_before, 4)
    outcomes = cast.operator.client.get(f"/esps/{bad.address}")["outcomes"]
    step.facts["outcomes"] = {bad.name: outcomes}
    step.require(outcomes["late"] > 0, f"{bad.name} delivered late after turning bad")
    step.require(trust[bad.name] < trust_before, f"the reputation of {bad.name} fell")
    others = [value for name, value in trust.items() if name != bad.name]
    step.require(trust[bad.name] < max(others), f"{bad.name} is no longer trusted most")
    chance = chance_of_selection(cast, bad, await_final_epoch(cast), TEMPERATURE)
    step.facts["chance_of_selection"] = {
        "provider": bad.name,
        "before": round(chance_before, 4),
        "after": round(chance, 4),
    }
    step.require(chance < chance_before / 2, f"selection moved away from {bad.name}")


def _check_selections(cast: Cast, step: Step, epoch: dict[str, Any], tasks: int) -> None:
    latest = cast.operator.client.get("/tasks", limit=tasks)["items"]
    named = sorted({task["selection"]["epoch"] for task in latest})
    step.facts["epochs_of_selections"] = named
    step.require(
        named[0] >= epoch["window"], "every later selection goes by a published, final epoch"
    )
