"""A small market's whole day through the API: every kind of mechanism once, for audits to check."""

from __future__ import annotations

import hashlib
import io
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image
from running_backend import Market, fresh_hash, running_market

from edgebazaar.auctions.commitments import commitment_of
from edgebazaar.auctions.engine.market import MarketParameters
from edgebazaar.auctions.engine.published import PublishedInputs, score_vehicles
from edgebazaar.audit.engine.contents import Brief
from edgebazaar.content.engine.canonical import (
    canonical_from_pixels,
    canonical_image,
    png_from_canonical,
)
from edgebazaar.content.engine.delivery import ciphertext_root, encrypt
from edgebazaar.content.engine.fingerprint import IMAGE_PDQ_V1, fingerprint
from edgebazaar.content.engine.generator import generate_image, model_id

_WAD = 10**18
_BIDS = {
    "vehicle": 7 * 10**17,
    "second_vehicle": 5 * 10**17,
    "third_vehicle": 3 * 10**17,
    "model_provider": 5 * 10**16,
    "second_model_provider": 3 * 10**16,
}
_ALPHA = 12 * 10**17
_MAXIMUM_SECONDS = 10


@dataclass
class History:
    """What happened, by id.

    Attributes:
        contents: Content hashes: the original, its copy, another one.
        briefs: What the producer of the generated ones discloses.
        tasks: Settled on time twice, then one that failed.
        transactions: Hashes by step.
    """

    contents: dict[str, str] = field(default_factory=dict)
    briefs: dict[bytes, Brief] = field(default_factory=dict)
    tasks: list[str] = field(default_factory=list)
    sale: str = ""
    locks: list[str] = field(default_factory=list)
    challenges: list[str] = field(default_factory=list)
    round_id: str = ""


@pytest.fixture(scope="session")
def bazaar_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Market, History]]:
    """A backend of its own on which nothing but this day has happened, and what that was."""
    with running_market(tmp_path_factory.mktemp("day")) as market:
        day = History()
        auction = _Auction(market)
        day.round_id = auction.round_id
        auction.bid()
        failing = _Tasks(market).run(day)
        _Contents(market).run(day)
        _trade(market, day)
        auction.finish()
        _Tasks(market).fail(failing)
        _Tasks(market).publish_epoch()
        market.wait_indexed()
        yield market, day


@pytest.fixture(scope="session")
def history(bazaar_day: tuple[Market, History]) -> History:
    return bazaar_day[1]


@pytest.fixture(scope="session")
def day_market(bazaar_day: tuple[Market, History]) -> Market:
    return bazaar_day[0]


def argument(transaction: dict[str, Any], event: str, name: str) -> Any:
    """An argument of a transaction's only event of that name."""
    (found,) = [one for one in transaction["events"] if one["event"] == event]
    return found["arguments"][name]


class _Contents:
    """Registrations, previews and challenges."""

    def __init__(self, market: Market) -> None:
        self.market = market

    def run(self, day: History) -> None:
        original, brief = self._generated("a lighthouse above a calm sea", 11)
        other, other_brief = self._generated("dunes at dusk", 12)
        day.briefs = {one.commitment: one for one in (brief, other_brief)}
        with Image.open(io.BytesIO(png_from_canonical(original))) as image:
            stream = io.BytesIO()
            image.resize((384, 384)).save(stream, "JPEG", quality=60)
        copy = canonical_image(stream.getvalue())
        day.contents = {
            "original": self._register("producer", original, brief.commitment),
            "copy": self._register("second_producer", copy, secrets.token_bytes(32)),
            "other": self._register("second_producer", other, other_brief.commitment),
        }
        # Both are contested, so that both verdicts are given at once.
        for suspect in ("copy", "other"):
            day.challenges.append(self._challenge(day.contents["original"], day.contents[suspect]))
        for identifier in day.challenges:
            self._finalise(identifier)

    @staticmethod
    def _generated(prompt: str, seed: int) -> tuple[bytes, Brief]:
        pixels = generate_image(prompt, seed)
        return canonical_from_pixels(pixels), Brief(prompt, secrets.token_bytes(32), seed)

    def _register(self, producer: str, canonical: bytes, commitment: bytes) -> str:
        market, client = self.market, self.market.client(producer)
        key, salt = "0x" + hashlib.sha256(canonical).hexdigest(), fresh_hash()
        client.act("/contents/commitments/prepare", {"content_hashes": [key], "salt": salt})
        fields = {
            "producer": market.address(producer),
            "provider": market.address("esp"),
            "content_hash": key,
            "fingerprint": fingerprint(IMAGE_PDQ_V1, canonical).hexadecimal,
            "fingerprint_scheme": IMAGE_PDQ_V1,
            "prompt_commitment": "0x" + commitment.hex(),
            "model_id": "0x" + model_id().hex(),
        }
        typed_data = client.post("/contents/receipts", fields)["typed_data"]
        item = {
            "receipt": fields,
            "receipt_signature": market.client("esp").sign_typed_data(typed_data),
            "royalty_bps": 500,
            "uri": "ipfs://example",
        }
        body = {"registrations": [item], "salt": salt}
        client.act("/contents/registrations/prepare", body)
        png = png_from_canonical(canonical)
        client.request("PUT", f"/contents/{key}/preview", content=png)
        return key

    def _challenge(self, original: str, duplicate: str) -> str:
        client = self.market.client("producer")
        body = {"original": original, "duplicate": duplicate}
        opened = client.act("/challenges/prepare", body)
        identifier = str(argument(opened, "ChallengeOpened", "challengeId"))
        statement = {"evidence_hash": fresh_hash(), "evidence_uri": "ipfs://statement"}
        owner = self.market.client("second_producer")
        owner.act(f"/challenges/{identifier}/contest/prepare", statement)
        client.act(f"/challenges/{identifier}/decision/prepare")
        return identifier

    def _finalise(self, identifier: str) -> None:
        client = self.market.client("producer")
        final_at = client.get(f"/challenges/{identifier}")["final_at"]["unix"]
        assert client.poll(lambda: bool(client.get("/health")["time"] >= final_at), seconds=30)
        client.act(f"/challenges/{identifier}/finalisation/prepare")


class _Tasks:
    """Generation tasks between one producer and two providers."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.names = {market.address(name): name for name in ("esp", "second_esp")}

    def run(self, day: History) -> str:
        """Two tasks that end well; the id of a third, assigned, that nobody delivers."""
        stake = self.market.context.deployment.profile["minimum_stake"]
        for name in self.names.values():
            client = self.market.client(name)
            client.act("/esps/stake/prepare", {"amount": str(2 * int(stake))})
            offer = {"minimum_fee": "1", "minimum_duration": 1, "capacity": 5}
            client.act("/esps/offer/prepare", offer)
        for policy in ("uniform", "softmax_reputation"):
            task, provider = self._assigned(policy, seconds=600)
            day.tasks.append(task)
            self._deliver(task, provider)
        self.publish_epoch()
        failing, _ = self._assigned("highest_reputation", seconds=60)
        day.tasks.append(failing)
        return failing

    def publish_epoch(self) -> None:
        """Publishes the reputations as they stand, and waits until nobody can dispute them."""
        seconds = int(self.market.context.deployment.profile["window_seconds"])
        for step in range(2):
            self.market.skip_to((self.market.now() // seconds + 1) * seconds)
            if step == 0:
                self.market.client("operator").act("/epochs/prepare")

    def fail(self, task: str) -> None:
        """Closes a task that was not delivered in time."""
        client = self.market.client("producer")
        self.market.skip_to(client.get(f"/tasks/{task}")["close_at"]["unix"])
        client.act(f"/tasks/{task}/closure/prepare")

    def _assigned(self, policy: str, seconds: int) -> tuple[str, str]:
        client, now = self.market.client("producer"), self.market.now()
        terms = {
            "prompt_commitment": fresh_hash(),
            "fee": "1000000",
            "deliver_by": now + seconds,
            "close_at": now + seconds,
            "accept_window": 600,
            "reveal_window": 600,
            "policy": policy,
        }
        posted = client.act("/tasks/prepare", terms)
        task = str(argument(posted, "TaskPosted", "taskId"))
        assigned = client.act(f"/tasks/{task}/assignment/prepare")
        return task, self.names[argument(assigned, "TaskAssigned", "provider")]

    def _deliver(self, task: str, provider: str) -> None:
        client, content, key = (
            self.market.client(provider),
            secrets.token_bytes(500),
            secrets.token_bytes(32),
        )
        ciphertext = encrypt(content, key)
        blob = client.request("POST", "/contents/blobs", content=ciphertext)
        delivery = {
            "hashlock": "0x" + hashlib.sha256(key).hexdigest(),
            "ciphertext_root": "0x" + ciphertext_root(ciphertext).hex(),
            "content_hash": "0x" + hashlib.sha256(content).hexdigest(),
            "content_size": len(content),
            "locator": blob["location"],
        }
        client.act(f"/tasks/{task}/delivery/prepare", delivery)
        self.market.client("producer").act(f"/tasks/{task}/acceptance/prepare")
        client.act(f"/tasks/{task}/settlement/prepare", {"preimage": "0x" + key.hex()})


def _trade(market: Market, day: History) -> None:
    """A sale that ends, a lock that is claimed and one that stays open."""
    buyer, seller = market.client("consumer"), market.client("producer")
    secret = secrets.token_bytes(32)
    terms = {
        "content_hash": day.contents["original"],
        "price": "5000000",
        "hashlock": "0x" + hashlib.sha256(secret).hexdigest(),
        "timelock": market.now() + 600,
    }
    opened = buyer.act("/exchanges/sales/prepare", terms)
    day.sale = str(argument(opened, "SaleOpened", "saleId"))
    preimage = {"preimage": "0x" + secret.hex()}
    seller.act(f"/exchanges/sales/{day.sale}/settlement/prepare", preimage)
    for place in range(2):
        secret = secrets.token_bytes(32)
        lock = {
            "receiver": market.address("producer"),
            "asset": {"kind": "native", "amount_or_id": str(700 + place)},
            "hashlock": "0x" + hashlib.sha256(secret).hexdigest(),
            "timelock": market.now() + 600,
        }
        locked = buyer.act("/exchanges/locks/prepare", lock)
        day.locks.append(str(argument(locked, "Locked", "lockId")))
        if place == 0:
            preimage = {"preimage": "0x" + secret.hex()}
            seller.act(f"/exchanges/locks/{day.locks[0]}/claim/prepare", preimage)


class _Auction:
    """A round with three vehicles and two simulators, of whom the last never opens its bid."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.operator = market.client("operator")
        self.salts = {name: fresh_hash() for name in _BIDS}
        self.indices: dict[str, int] = {}
        # Wide windows, which are skipped over: a busy machine must not miss one.
        start = market.now()
        self.times = {
            f"{phase}_until": start + 120 * place
            for place, phase in enumerate(("commit", "score", "declare", "open", "settle"), 1)
        }
        terms = {
            "beneficiary": market.address("roadside_unit"),
            "brand": market.address("model_provider"),
            **self.times,
            "online_deposit": str(_WAD),
            "offline_deposit": str(_WAD),
            "online_reserve": "1000",
            "offline_reserve": "1000",
            "brand_price": "1000",
            "alpha": str(_ALPHA),
            "maximum_seconds": _MAXIMUM_SECONDS,
        }
        opened = self.operator.act("/auctions/prepare", terms)
        self.round_id = str(argument(opened, "RoundOpened", "roundId"))

    def bid(self) -> None:
        for name, amount in _BIDS.items():
            submarket = "online" if "vehicle" in name else "offline"
            commitment = commitment_of(
                self.round_id,
                self.market.address(name),
                submarket,
                amount,
                self.salts[name],
            )
            body = {"submarket": submarket, "commitment": commitment}
            committed = self.market.client(name).act(
                f"/auctions/{self.round_id}/bids/prepare", body
            )
            self.indices[name] = int(argument(committed, "BidCommitted", "index"))

    def finish(self) -> None:
        self.market.skip_to(self.times["commit_until"])
        path, vehicles = f"/auctions/{self.round_id}", [n for n in _BIDS if "vehicle" in n]
        inputs = PublishedInputs(
            vehicles=tuple(self.market.address(name) for name in vehicles),
            parameters=MarketParameters(vehicles=len(vehicles), simulators=3, tasks=2),
            seed=5,
        )
        body = {"scores": self._scores(inputs, vehicles), "inputs": "0x" + inputs.to_bytes().hex()}
        self.operator.act(f"{path}/scores/prepare", body)
        for name in list(_BIDS)[:-1]:
            opening = {
                "index": self.indices[name],
                "amount": str(_BIDS[name]),
                "salt": self.salts[name],
            }
            self.market.client(name).post(f"{path}/openings", opening)
        self.operator.act(f"{path}/declaration/prepare")
        self.market.skip_to(self.times["open_until"])
        self.operator.act(f"{path}/settlement/prepare")
        # One for itself, two at once; the rest waits.
        winner = self.market.client("vehicle")
        winner.act(f"{path}/collection/prepare", {"indices": [self.indices["vehicle"]]})
        others = [self.indices[name] for name in ("second_vehicle", "third_vehicle")]
        self.operator.act(f"{path}/collection/prepare", {"indices": others})

    def _scores(self, inputs: PublishedInputs, vehicles: Sequence[str]) -> list[dict[str, Any]]:
        order = sorted(vehicles, key=self.indices.__getitem__)
        scores = score_vehicles(
            inputs,
            [self.market.address(name) for name in order],
            alpha=_ALPHA,
            maximum_seconds=_MAXIMUM_SECONDS,
        )
        return [
            {
                "proportional": str(score.proportional),
                "additive": str(score.additive),
                "simulation_seconds": score.simulation_seconds,
            }
            for score in scores
        ]
