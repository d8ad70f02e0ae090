"""Step 5: a plagiarist registers a compressed, resized copy.

Search finds it, a challenge removes it.
"""

from __future__ import annotations

import hashlib
import io
import secrets
from typing import Any

from PIL import Image

from edgebazaar.content.engine.canonical import canonical_image, content_hash
from edgebazaar.content.engine.fingerprint import IMAGE_PDQ_V1, fingerprint
from edgebazaar.content.engine.generator import model_id
from edgebazaar.demo.actors import Actor, Cast
from edgebazaar.demo.generation import Delivered, event_argument
from edgebazaar.demo.registration import register, registration
from edgebazaar.demo.report import Report, Step, StepFailed
from edgebazaar.tasks.documents.service import prompt_commitment

_QUALITY = 60
_SCALE = 0.75
_STATEMENT = b"My work was generated from my own prompt; the two do not resemble each other."


def plagiarise(cast: Cast, report: Report, delivered: list[Delivered]) -> None:
    """Runs the step."""
    with report.step("Defend: a copy is found, challenged and removed") as step:
        original = next(one for one in delivered if one.producer is cast.producers[1])
        # The first work of producer 2 was sold in step 4; its creator may challenge all the same.
        copy = _copy(cast.operator.client.get(f"/contents/{original.content_hash}/preview"))
        copied = _register_copy(cast, copy, step)
        report.say("the plagiarist registered a JPEG-compressed copy at three quarters of the size")
        _find(cast, copy, original.content_hash, copied, step, report)
        right = _open(original.producer, original.content_hash, copied, step)
        wrong = _challenge_wrongly(cast, delivered, step, report)
        # The plagiarist says nothing; both verdicts wait out the time for an appeal together.
        _decide(cast.auditor, wrong["challenge_id"], step)
        _decide(cast.auditor, right["challenge_id"], step)
        _check_upheld(cast, right, copied, step, report)
        _check_rejected(cast, wrong, step, report)


def _copy(preview: bytes) -> bytes:
    with Image.open(io.BytesIO(preview)) as image:
        size = (round(image.width * _SCALE), round(image.height * _SCALE))
        output = io.BytesIO()
        image.convert("RGB").resize(size).save(output, "JPEG", quality=_QUALITY)
    return output.getvalue()


def _register_copy(cast: Cast, copy: bytes, step: Step) -> str:
    # A provider that colludes signs a receipt for what it did not generate.
    accomplice, plagiarist = cast.providers[0], cast.plagiarist
    canonical = canonical_image(copy)
    commitment = prompt_commitment("my own idea", secrets.token_bytes(32))
    fields: dict[str, Any] = {
        "producer": plagiarist.address,
        "provider": accomplice.address,
        "content_hash": "0x" + content_hash(canonical).hex(),
        "fingerprint": fingerprint(IMAGE_PDQ_V1, canonical).hexadecimal,
        "fingerprint_scheme": IMAGE_PDQ_V1,
        "prompt_commitment": "0x" + commitment.hex(),
        "model_id": "0x" + model_id("undisclosed").hex(),
    }
    typed_data = accomplice.client.post("/contents/receipts", fields)["typed_data"]
    signature = accomplice.client.sign_typed_data(typed_data)
    register(plagiarist, [registration({"receipt": fields, "signature": signature})], step)
    plagiarist.client.request("PUT", f"/contents/{fields['content_hash']}/preview", content=copy)
    return str(fields["content_hash"])


def _find(cast: Cast, copy: bytes, original: str, copied: str, step: Step, report: Report) -> None:
    found = cast.operator.client.request(
        "POST", "/contents/similar", files={"file": ("copy.jpg", copy)}, data={"limit": "5"}
    )
    near = {
        item["content"]["content_hash"]: item["distance"]
        for item in found["items"]
        if item["within_threshold"]
    }
    step.facts["similar"] = {"distance": near.get(original), "threshold": found["maximum_distance"]}
    step.require(
        set(near) == {original, copied}, "similarity search finds the original of the copy"
    )
    report.say(
        f"similarity search finds the original at {near[original]} of 256 bits "
        f"(threshold {found['maximum_distance']})"
    )


def _challenge_wrongly(
    cast: Cast, delivered: list[Delivered], step: Step, report: Report
) -> dict[str, Any]:
    """A challenge of unrelated content, which its owner contests with a bond."""
    earlier = next(one for one in delivered if one.producer is cast.producers[0])
    later = [one for one in delivered if one.producer is cast.producers[2]][-1]
    challenge = _open(earlier.producer, earlier.content_hash, later.content_hash, step)
    owner = next(actor for actor in cast.everybody if actor.address == challenge["accused"])
    statement = {"evidence_hash": "0x" + hashlib.sha256(_STATEMENT).hexdigest(), "evidence_uri": ""}
    contested = owner.act(f"/challenges/{challenge['challenge_id']}/contest/prepare", statement)
    step.record(f"{owner.name} contests a wrong challenge", contested)
    answered = _read(owner, challenge["challenge_id"])
    step.require(answered["bond"] == challenge["deposit"], "the owner's bond equals the deposit")
    report.say("another challenge is wrong, and the owner contests it with a bond")
    return answered


def _check_upheld(
    cast: Cast, challenge: dict[str, Any], duplicate: str, step: Step, report: Report
) -> None:
    ended = _finalise(cast.auditor, challenge["challenge_id"], step)
    step.require(ended["state"] == "upheld", "the challenge is upheld")
    step.require(
        ended["paid_to_challenger"] == challenge["deposit"],
        "the deposit returns to the challenger",
    )
    status = cast.operator.client.get(f"/contents/{duplicate}")["status"]
    step.require(status == "removed", "the copy is removed from the register")
    report.say(f"the challenge is upheld at distance {ended['distance']}: the copy is removed")


def _check_rejected(cast: Cast, challenge: dict[str, Any], step: Step, report: Report) -> None:
    ended = _finalise(cast.auditor, challenge["challenge_id"], step)
    step.require(ended["state"] == "rejected", "a challenge of unrelated content is rejected")
    compensation = int(ended["paid_to_accused"]) - int(ended["bond"])
    lost = compensation + int(ended["paid_to_treasury"])
    step.require(
        lost == int(challenge["deposit"]) and ended["paid_to_challenger"] == "0",
        "the wrong challenger loses the whole deposit",
    )
    status = cast.operator.client.get(f"/contents/{challenge['duplicate']}")["status"]
    step.require(status == "available", "the content that was challenged wrongly is free again")
    report.say(
        f"the wrong challenge (distance {ended['distance']}) loses its deposit: "
        f"{compensation / 10**18:g} ether to the accused, the rest is burned"
    )


def _open(challenger: Actor, original: str, duplicate: str, step: Step) -> dict[str, Any]:
    opened = challenger.act("/challenges/prepare", {"original": original, "duplicate": duplicate})
    step.record(f"{challenger.name} opens a challenge", opened)
    return _read(challenger, event_argument(opened, "ChallengeOpened", "challengeId"))


def _decide(caller: Actor, identifier: str, step: Step) -> None:
    challenge = _read(caller, identifier)
    if challenge["state"] == "open":
        _await_block(caller, challenge["answer_by"]["unix"])
    decided = caller.act(f"/challenges/{identifier}/decision/prepare")
    step.record(f"{caller.name} has the challenge decided", decided)


def _finalise(caller: Actor, identifier: str, step: Step) -> dict[str, Any]:
    _await_block(caller, _read(caller, identifier)["final_at"]["unix"])
    ended = caller.act(f"/challenges/{identifier}/finalisation/prepare")
    step.record(f"{caller.name} has the final verdict carried out", ended)
    return _read(caller, identifier)


def _read(caller: Actor, identifier: str) -> dict[str, Any]:
    challenge: dict[str, Any] = caller.client.get(f"/challenges/{identifier}")
    return challenge


def _await_block(caller: Actor, timestamp: int) -> None:
    def arrived() -> bool:
        return bool(caller.client.get("/health")["time"] >= timestamp)

    if not caller.client.poll(arrived, seconds=60):
        raise StepFailed(f"the chain did not reach {timestamp}")
