"""A small market on a real chain: everything the pages show has happened, through the client."""

from __future__ import annotations

import hashlib
import io
import secrets
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

from edgebazaar.app import Backend, running_backend, running_server
from edgebazaar.client import TransactionFailed
from edgebazaar.demo import auction
from edgebazaar.demo.actors import Cast, create_cast
from edgebazaar.demo.auction import run_auction
from edgebazaar.demo.enrolment import enrol
from edgebazaar.demo.generation import Delivered, event_argument, order
from edgebazaar.demo.plagiarism import plagiarise
from edgebazaar.demo.registration import register, registration, upload_preview
from edgebazaar.demo.report import Report, Step
from edgebazaar.settings import load_settings
from edgebazaar.tasks.agent import Offer, PatternGenerator, ProviderAgent

ETHER = 10**18
BIDDERS = 4
TASKS_OF_A_PRODUCER = 3
COMMIT_SECONDS, PHASE_SECONDS = 15, 8
HOSTILE_URI = "javascript:alert(document.domain)//<script>document.title='taken'</script>\"'>"


@dataclass(frozen=True)
class Market:
    """What is on the chain.

    Attributes:
        url: Address of the backend.
        backend: The running backend.
        cast: Everybody with a key.
        works: Contents by their producers, registered and with public pictures.
        hostile: A registered content whose URI tries to run a script.
        task, sale, lock, challenge, round, audit: One id of each.
        failed: Id of a transaction that the chain refused.
        deployment_transaction: Hash of a transaction that was not handed in here.
    """

    url: str
    backend: Backend
    cast: Cast
    works: list[Delivered]
    hostile: str
    task: str
    sale: str
    lock: str
    challenge: str
    round: str
    audit: str
    failed: str
    deployment_transaction: str

    @property
    def owner(self) -> str:
        return self.works[0].producer.address

    def jpeg_copy(self, work: Delivered, folder: Path) -> Path:
        """The picture of a work, compressed and resized, as a file."""
        png = self.cast.operator.client.get(f"/contents/{work.content_hash}/preview")
        path = folder / "copy.jpg"
        with Image.open(io.BytesIO(png)) as image:
            image.convert("RGB").resize((400, 400)).save(path, "JPEG", quality=70)
        return path


@contextmanager
def running_market(folder: Path) -> Iterator[Market]:
    """The market while the block runs."""
    settings = load_settings(
        data_directory=folder,
        block_time=0.2,
        node_port=0,
        api_port=0,
        profile="demo",
    )
    with (
        running_backend(settings) as backend,
        running_server(settings, backend.application) as url,
    ):
        everybody = create_cast(settings, url)
        cast = replace(
            everybody,
            vehicles=everybody.vehicles[:BIDDERS],
            simulators=everybody.simulators[:BIDDERS],
        )
        try:
            yield _play(backend, url, cast, folder)
        finally:
            everybody.close()


def _play(backend: Backend, url: str, cast: Cast, folder: Path) -> Market:
    report = Report(folder / "report.json", Console(quiet=True))
    step = Step(0, "scene")
    enrol(cast, report)
    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr(auction, "_COMMIT_SECONDS", COMMIT_SECONDS)
        patch.setattr(auction, "_PHASE_SECONDS", PHASE_SECONDS)
        # A round mostly waits for its phases, so the rest goes on beside it.
        elsewhere = Report(folder / "auction.json", Console(quiet=True))
        round_ended = pool.submit(run_auction, cast, backend.context.rpc, elsewhere)
        works = _generate(cast, step)
        _register(cast, works, step)
        sale = _sell(cast, works[0])
        lock = _lock(cast, works[1])
        failed = _be_refused(cast)
        plagiarise(cast, report, works)
        round_ended.result()
    audit = cast.auditor.client.post("/audits", {"briefs": [one.brief for one in works]})
    reader = cast.operator.client
    deployed = next(iter(backend.context.deployment.contracts.values()))
    hostile = next(
        one["content_hash"] for one in reader.pages("/contents") if one["uri"] == HOSTILE_URI
    )
    return Market(
        url=url,
        backend=backend,
        cast=cast,
        works=works,
        hostile=hostile,
        task=_first(reader, "/tasks")["task_id"],
        sale=sale,
        lock=lock,
        challenge=_first(reader, "/challenges")["challenge_id"],
        round=_first(reader, "/auctions")["round_id"],
        audit=audit["audit_id"],
        failed=failed,
        deployment_transaction=str(deployed.transaction),
    )


def _register(cast: Cast, works: list[Delivered], step: Step) -> None:
    for producer in cast.producers:
        own = [one for one in works if one.producer is producer]
        items = [registration(one.receipt) for one in own]
        if producer is cast.producers[2]:
            items[-1]["uri"] = HOSTILE_URI
        register(producer, items, step)
        for one in own:
            upload_preview(producer, one)


def _generate(cast: Cast, step: Step) -> list[Delivered]:
    """Some tasks of each producer, worked on by agents in threads of this process."""
    stop = threading.Event()
    stake = int(cast.operator.client.get("/deployment")["profile"]["minimum_stake"])
    agents = [
        ProviderAgent(
            actor.client,
            hashlib.sha256(actor.key.encode()).digest(),
            PatternGenerator(),
            # The first provider runs late now and then, so that reputations differ.
            is_lazy=lambda number, first=actor is cast.providers[0]: first and number % 2 == 1,
        )
        for actor in cast.providers
    ]
    for agent in agents:
        agent.prepare_to_serve(Offer(stake=2 * stake))
    threads = [threading.Thread(target=agent.serve, args=(stop,)) for agent in agents]
    for thread in threads:
        thread.start()
    try:
        with ThreadPoolExecutor(len(cast.producers)) as pool:
            shares = pool.map(
                lambda place: [
                    order(cast.producers[place], step, place * TASKS_OF_A_PRODUCER + number)[0]
                    for number in range(TASKS_OF_A_PRODUCER)
                ],
                range(len(cast.producers)),
            )
            return [one for share in shares for one in share]
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _sell(cast: Cast, work: Delivered) -> str:
    preimage = secrets.token_bytes(32)
    opened = cast.consumers[0].act(
        "/exchanges/sales/prepare",
        {
            "content_hash": work.content_hash,
            "price": str(ETHER // 2),
            "hashlock": "0x" + hashlib.sha256(preimage).hexdigest(),
            "timelock": int(time.time()) + 600,
        },
    )
    sale = str(event_argument(opened, "SaleOpened", "saleId"))
    work.producer.act(
        f"/exchanges/sales/{sale}/settlement/prepare", {"preimage": "0x" + preimage.hex()}
    )
    return sale


def _lock(cast: Cast, work: Delivered) -> str:
    locked = work.producer.act(
        "/exchanges/locks/prepare",
        {
            "receiver": cast.consumers[1].address,
            "asset": {"kind": "content", "amount_or_id": str(int(work.content_hash, 16))},
            "hashlock": "0x" + hashlib.sha256(secrets.token_bytes(32)).hexdigest(),
            "timelock": int(time.time()) + 3600,
            "expected_asset": {"kind": "native", "amount_or_id": str(ETHER)},
        },
    )
    return str(event_argument(locked, "Locked", "lockId"))


def _be_refused(cast: Cast) -> str:
    """A claim that somebody else made first: prepared in time, refused by the contract."""
    preimage = secrets.token_bytes(32)
    locked = cast.consumers[0].act(
        "/exchanges/locks/prepare",
        {
            "receiver": cast.producers[0].address,
            "asset": {"kind": "native", "amount_or_id": str(ETHER // 4)},
            "hashlock": "0x" + hashlib.sha256(preimage).hexdigest(),
            "timelock": int(time.time()) + 3600,
        },
    )
    path = f"/exchanges/locks/{event_argument(locked, 'Locked', 'lockId')}/claim/prepare"
    clients = [cast.producers[0].client, cast.consumers[1].client]
    prepared = [one.prepare(path, {"preimage": "0x" + preimage.hex()}) for one in clients]
    first, second = (one.submit(action) for one, action in zip(clients, prepared, strict=True))
    clients[0].wait(first["id"])
    with pytest.raises(TransactionFailed):
        clients[1].wait(second["id"])
    return str(second["id"])


def _first(reader: Any, path: str) -> dict[str, Any]:
    first: dict[str, Any] = reader.get(path, limit=1)["items"][0]
    return first
