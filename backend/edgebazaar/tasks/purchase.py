"""What a producer's client does with a delivery: check it, open it, complain if it is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from edgebazaar.client import EdgeBazaarClient
from edgebazaar.content.engine.delivery import decrypt, verify_ciphertext
from edgebazaar.content.engine.delivery_complaint import Commitment, find_complaint
from edgebazaar.tasks.models import ComplaintRequest

Json = dict[str, Any]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a key opened.

    Attributes:
        content: The content that was promised, None if it is something else.
        complaint: The transaction that got fee and bond back, None if there was no reason.
    """

    content: bytes | None
    complaint: Json | None


class Purchase:
    """One delivered task of the signed-in producer.

    Args:
        client: The producer's client.
        task: The task as the API gives it, from state `delivered` on.
    """

    def __init__(self, client: EdgeBazaarClient, task: Json) -> None:
        delivery = task["delivery"]
        self._client = client
        self._locator = delivery["locator"]
        self._promised = Commitment(
            bytes.fromhex(delivery["ciphertext_root"][2:]),
            bytes.fromhex(delivery["content_hash"][2:]),
            delivery["content_size"],
        )
        self._ciphertext: bytes | None = None

    def fetch(self) -> bytes:
        """The ciphertext from the backend, checked; only what passes should be accepted.

        Whatever the key opens later is then either the content promised or can be shown not to be.

        Raises:
            DeliveryMismatchError: It is not what the provider committed to.
        """
        ciphertext: bytes = self._client.get(self._locator.removeprefix("/api/v1"))
        promised = self._promised
        verify_ciphertext(ciphertext, promised.ciphertext_root, promised.content_size)
        self._ciphertext = ciphertext
        return ciphertext

    def open(self, settled: Json) -> Opened:
        """Decrypts with the revealed key, and complains at once if something else comes out.

        Args:
            settled: The task as the API gives it, settled.

        Raises:
            DeliveryMismatchError: The ciphertext has to be fetched again, and is no longer the one.
            ApiProblem, TransactionFailed: The complaint did not go through.
        """
        ciphertext = self._ciphertext if self._ciphertext is not None else self.fetch()
        key = bytes.fromhex(settled["preimage"][2:])
        evidence = find_complaint(ciphertext, key, self._promised)
        if evidence is None:
            return Opened(decrypt(ciphertext, key), None)
        task_id = settled["task_id"]
        _log.warning("delivery is not what was promised", task=task_id, chunk=evidence.index)
        path = f"/tasks/{task_id}/complaint/prepare"
        complaint = self._client.act(path, ComplaintRequest.of(evidence).model_dump())
        return Opened(None, complaint)
