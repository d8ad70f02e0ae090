"""Recomputes content hashes, fingerprints and whole generations behind the register."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from edgebazaar.audit.engine.checks import CheckResult, LoggedEvent, hexadecimal, of_kind
from edgebazaar.content.engine.canonical import canonical_from_pixels
from edgebazaar.content.engine.fingerprint import fingerprint
from edgebazaar.content.engine.generator import generate_image, model_id


@dataclass(frozen=True, slots=True)
class Brief:
    """What a producer discloses of a generation so that it can be replayed.

    Attributes:
        prompt: The prompt.
        salt: 32-byte salt of the prompt commitment.
        seed: Seed of the generator.
    """

    prompt: str
    salt: bytes
    seed: int

    @property
    def commitment(self) -> bytes:
        """keccak256 of the prompt's UTF-8 bytes and the salt."""
        return keccak(self.prompt.encode() + self.salt)


def check_contents(
    events: Sequence[LoggedEvent],
    canonical_of: Callable[[bytes], bytes | None],
    briefs: Mapping[bytes, Brief],
) -> CheckResult:
    """Every registration whose content or brief is at hand.

    Hash, fingerprint and replayed generation.

    Registrations of which nothing is disclosed are counted as skipped, never as checked.
    """
    result = CheckResult(
        "contents", "hashes and fingerprints follow from the content, the content from its brief"
    )
    for registered in of_kind(events, "ProofOfAIGC", "ContentRegistered"):
        receipt = registered.arguments["receipt"]
        subject = f"content {hexadecimal(receipt['contentHash'])}"
        brief = briefs.get(receipt["promptCommitment"])
        canonical = canonical_of(receipt["contentHash"])
        if brief is not None and receipt["modelId"] == model_id():
            replayed = canonical_from_pixels(generate_image(brief.prompt, brief.seed))
            result.compare(
                f"{subject} prompt",
                hexadecimal(brief.commitment),
                hexadecimal(receipt["promptCommitment"]),
            )
            result.compare(
                f"{subject} replay",
                hexadecimal(hashlib.sha256(replayed).digest()),
                hexadecimal(receipt["contentHash"]),
            )
            canonical = canonical or replayed
        if canonical is None:
            result.skipped += 1
            continue
        result.compare(
            f"{subject} hash",
            hexadecimal(hashlib.sha256(canonical).digest()),
            hexadecimal(receipt["contentHash"]),
        )
        result.compare(
            f"{subject} fingerprint",
            _computed_fingerprint(receipt["fingerprintScheme"], canonical),
            hexadecimal(receipt["fingerprint"]),
        )
    return result


def _computed_fingerprint(scheme: int, canonical: bytes) -> str:
    """The fingerprint as 0x-hex, or why these bytes have none of this scheme.

    Whoever registers a picture as a text must not end everybody's audit.
    """
    try:
        return fingerprint(scheme, canonical).hexadecimal
    except ValueError as error:
        return f"none of scheme {scheme}: {error}"
