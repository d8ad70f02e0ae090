"""Step 3: producers register what they got, under the providers' receipts.

Commit first, then register.
"""

from __future__ import annotations

import secrets
from typing import Any

from edgebazaar.content.engine.canonical import png_from_canonical
from edgebazaar.demo.actors import Actor, Cast
from edgebazaar.demo.generation import Delivered
from edgebazaar.demo.report import Report, Step

ROYALTY_BPS = 500


def register_contents(cast: Cast, report: Report, delivered: list[Delivered]) -> None:
    """Runs the step."""
    with report.step("Register: Proof-of-AIGC under the ESPs' receipts") as step:
        for producer in cast.producers:
            own = [one for one in delivered if one.producer is producer]
            register(producer, [registration(one.receipt) for one in own], step)
            for one in own:
                upload_preview(producer, one)
            report.say(f"{producer.name} registered {len(own)} works in one transaction")
        registered = {row["content_hash"]: row for row in cast.operator.client.pages("/contents")}
        step.facts["registered"] = len(registered)
        for one in delivered:
            row = registered.get(one.content_hash)
            if row is None or row["owner"] != one.producer.address:
                step.require(False, f"{one.content_hash} belongs to {one.producer.name}")
        step.require(
            set(registered) == {one.content_hash for one in delivered},
            "every delivered content is registered to its producer, and nothing else is",
        )


def registration(signed: dict[str, Any]) -> dict[str, Any]:
    """One item of a registration call from a signed receipt."""
    return {
        "receipt": signed["receipt"],
        "receipt_signature": signed["signature"],
        "royalty_bps": ROYALTY_BPS,
        "uri": f"urn:sha256:{signed['receipt']['content_hash'][2:]}",
    }


def register(producer: Actor, registrations: list[dict[str, Any]], step: Step) -> None:
    """Commits to contents and registers them in a later block."""
    salt = "0x" + secrets.token_hex(32)
    hashes = [item["receipt"]["content_hash"] for item in registrations]
    step.record(
        f"{producer.name} commits to {len(hashes)} works",
        producer.act("/contents/commitments/prepare", {"content_hashes": hashes, "salt": salt}),
    )
    step.record(
        f"{producer.name} registers {len(hashes)} works",
        producer.act(
            "/contents/registrations/prepare", {"registrations": registrations, "salt": salt}
        ),
    )


def upload_preview(producer: Actor, one: Delivered) -> None:
    """Shows the content to everybody: a PNG with exactly the registered pixels."""
    producer.client.request(
        "PUT",
        f"/contents/{one.content_hash}/preview",
        content=png_from_canonical(one.canonical),
    )
