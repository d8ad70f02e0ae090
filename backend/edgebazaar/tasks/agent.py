"""The agent of an edge service provider.

A process of its own that works over REST with its own key.

It holds no state that matters: the key of a delivery follows from its private key and the task, so
an agent that is killed and started again goes on where the chain says it is.
"""

from __future__ import annotations

import hashlib
import hmac
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import structlog

from edgebazaar.client import ApiProblem, EdgeBazaarClient, TransactionFailed
from edgebazaar.content.engine.canonical import canonical_from_pixels, canonical_image, content_hash
from edgebazaar.content.engine.delivery import ciphertext_root, encrypt, hashlock
from edgebazaar.content.engine.fingerprint import IMAGE_PDQ_V1, fingerprint
from edgebazaar.content.engine.generator import MODEL_NAME, generate_image, model_id
from edgebazaar.errors import ConfigurationError, InvalidInput, Unavailable
from edgebazaar.values import to_hex

Json = dict[str, Any]
_IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
STAKE_IN_MINIMA = 2
"""What an agent pledges: the minimum again covers the tasks that it works on."""
_log = structlog.get_logger(__name__)


class Generator(Protocol):
    """Makes content from a brief."""

    @property
    def model(self) -> bytes:
        """32-byte id of the model."""

    def generate(self, prompt: str, seed: int) -> bytes:
        """Canonical bytes of an image."""


class PatternGenerator:
    """The built-in generator: replayable bit for bit."""

    model = model_id()

    def generate(self, prompt: str, seed: int) -> bytes:
        """Canonical bytes of the picture for a prompt and seed."""
        return canonical_from_pixels(generate_image(prompt, seed))


class FolderGenerator:
    """Delivers images of a folder instead of generating: the seed picks the file.

    Raises:
        InvalidInput: If the folder has no images.
    """

    model = model_id("edgebazaar-folder")

    def __init__(self, folder: Path) -> None:
        self._files = image_files(folder)

    def generate(self, prompt: str, seed: int) -> bytes:
        """Canonical bytes of the image that the seed picks; the prompt does not matter."""
        return canonical_image(self._files[seed % len(self._files)].read_bytes())


def image_files(folder: Path) -> list[Path]:
    """The images below a folder, sorted.

    Raises:
        InvalidInput: If there is none.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _IMAGE_SUFFIXES)
    if not files:
        raise InvalidInput(
            "images", f"{folder} has no images", "Name a folder with PNG or JPEG files"
        )
    return files


@dataclass(frozen=True, slots=True)
class Offer:
    """What the agent takes on.

    Attributes:
        stake: Wei pledged.
        minimum_fee: Least fee in wei.
        minimum_duration: Least seconds for a task.
        capacity: Most tasks at a time.
    """

    stake: int
    minimum_fee: int = 1
    minimum_duration: int = 1
    capacity: int = 8


class ProviderAgent:
    """Takes assigned tasks, generates, delivers encrypted and settles against the key.

    Args:
        client: Signed-in client with the provider's key.
        secret: 32 bytes only the provider knows; delivery keys follow from it.
        generator: Makes the content.
        is_lazy: Whether the agent lets the n-th task (from 0) it works on run late.
    """

    def __init__(
        self,
        client: EdgeBazaarClient,
        secret: bytes,
        generator: Generator,
        is_lazy: Callable[[int], bool] = lambda _: False,
    ) -> None:
        self._client = client
        self._secret = secret
        self._generator = generator
        self._is_lazy = is_lazy
        self._taken = 0
        self._late: dict[str, bool] = {}

    def prepare_to_serve(self, offer: Offer) -> None:
        """Pledges the stake and states the offer, as far as the chain does not show them yet."""
        present = self._present()
        if present is None or int(present["stake"]) < offer.stake:
            missing = offer.stake - (int(present["stake"]) if present else 0)
            self._client.act("/esps/stake/prepare", {"amount": str(missing)})
        wanted = (str(offer.minimum_fee), offer.minimum_duration, offer.capacity)
        if present is None or wanted != (
            present["minimum_fee"],
            present["minimum_duration"],
            present["capacity"],
        ):
            self._client.act(
                "/esps/offer/prepare",
                {
                    "minimum_fee": str(offer.minimum_fee),
                    "minimum_duration": offer.minimum_duration,
                    "capacity": offer.capacity,
                },
            )

    def serve(self, stop: threading.Event, *, pause: float = 0.15) -> None:
        """Works until `stop` is set; neither a bad task nor a silent backend ends the agent."""
        while not stop.is_set():
            try:
                did = self.work_once()
            except Unavailable as error:
                _log.warning("backend does not answer", error=str(error))
                did = False
            if not did:
                stop.wait(pause)

    def work_once(self) -> bool:
        """One round over the tasks that wait for this provider; whether anything was done."""
        did = False
        for state, step in (("accepted", self._settle), ("assigned", self._deliver)):
            waiting = self._client.pages("/tasks", provider=self._client.address, state=state)
            for task in list(waiting):
                try:
                    did = step(task) or did
                except (ApiProblem, TransactionFailed) as error:
                    _log.warning("task step failed", task=task["task_id"], error=str(error))
        return did

    def _present(self) -> Json | None:
        try:
            found: Json = self._client.get(f"/esps/{self._client.address}")
        except ApiProblem as problem:
            if problem.status == 404:
                return None
            raise
        return found

    def _key(self, task_id: str) -> bytes:
        return hmac.digest(self._secret, bytes.fromhex(task_id[2:]), "sha256")

    def _deliver(self, task: Json) -> bool:
        task_id = task["task_id"]
        if self._waits_on_purpose(task):
            return False
        brief = self._brief(task_id)
        if brief is None:
            return False
        canonical = self._generator.generate(brief["prompt"], int(brief["seed"]))
        key = self._key(task_id)
        ciphertext = encrypt(canonical, key)
        stored = self._client.request("POST", "/contents/blobs", content=ciphertext)
        self._client.act(
            f"/tasks/{task_id}/delivery/prepare",
            {
                "hashlock": to_hex(hashlock(key)),
                "ciphertext_root": to_hex(ciphertext_root(ciphertext)),
                "content_hash": to_hex(content_hash(canonical)),
                "content_size": len(canonical),
                "locator": stored["location"],
            },
        )
        self._hand_in_receipt(task, canonical)
        return True

    def _waits_on_purpose(self, task: Json) -> bool:
        task_id = task["task_id"]
        if task_id not in self._late:
            self._late[task_id] = self._is_lazy(self._taken)
            self._taken += 1
        return self._late[task_id] and time.time() <= task["deliver_by"]["unix"] + 1

    def _brief(self, task_id: str) -> Json | None:
        try:
            brief: Json = self._client.get(f"/tasks/{task_id}/brief")
        except ApiProblem as problem:
            if problem.status == 404:
                return None
            raise
        return brief

    def _hand_in_receipt(self, task: Json, canonical: bytes) -> None:
        fields = {
            "producer": task["producer"],
            "provider": self._client.address,
            "content_hash": to_hex(content_hash(canonical)),
            "fingerprint": fingerprint(IMAGE_PDQ_V1, canonical).hexadecimal,
            "fingerprint_scheme": IMAGE_PDQ_V1,
            "prompt_commitment": task["prompt_commitment"],
            "model_id": to_hex(self._generator.model),
        }
        typed_data = self._client.post("/contents/receipts", fields)["typed_data"]
        self._client.request(
            "PUT",
            f"/tasks/{task['task_id']}/receipt",
            json={"receipt": fields, "signature": self._client.sign_typed_data(typed_data)},
        )

    def _settle(self, task: Json) -> bool:
        key = self._key(task["task_id"])
        self._client.act(f"/tasks/{task['task_id']}/settlement/prepare", {"preimage": to_hex(key)})
        return True


def run_agent(
    api: str, key_file: Path, *, images: Path | None = None, lazy_after: int | None = None
) -> None:
    """Runs an agent until SIGINT or SIGTERM.

    Raises:
        ConfigurationError: If the key file holds no private key.
    """
    key = key_file.read_text("utf-8").strip()
    try:
        # A slow chain is no reason to give up a task.
        client = EdgeBazaarClient(api, key, timeout=120.0, wait_seconds=300.0)
    except Exception as error:
        # The cause may show the key.
        raise ConfigurationError(
            f"{key_file} holds no private key", mend="Write 0x and 64 hexadecimal digits into it"
        ) from error
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with client:
        client.sign_in()
        generator = FolderGenerator(images) if images else PatternGenerator()
        secret = hashlib.sha256(b"edgebazaar/delivery" + bytes.fromhex(key.removeprefix("0x")))
        agent = ProviderAgent(
            client,
            secret.digest(),
            generator,
            lambda number: lazy_after is not None and number >= lazy_after,
        )
        agent.prepare_to_serve(Offer(stake=STAKE_IN_MINIMA * _minimum_stake(client)))
        print(f"serving as {client.address} with {images or MODEL_NAME}", flush=True)
        agent.serve(stop)


def _minimum_stake(client: EdgeBazaarClient) -> int:
    return int(client.get("/deployment")["profile"]["minimum_stake"])
