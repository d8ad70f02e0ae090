"""Services that check published sources: Sourcify (API v2) and Blockscout (API v2), by HTTP.

Both are asked first whether they know the contract already, so that submitting again changes
nothing. Requests that a service is too busy for are repeated.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import httpx
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
)

from edgebazaar.chain.source.submissions import Submission
from edgebazaar.errors import Unavailable

Outcome = Literal["exact", "partial", "failed"]
LICENSE = "apache_2_0"
"""The contracts' licence as Blockscout calls it."""

_ATTEMPTS = 4
_TOO_BUSY = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a service says about one contract.

    Attributes:
        contract: Name of the contract.
        address: Its address.
        outcome: `exact` if code and metadata match, `partial` if only the code does, else `failed`.
        detail: What the service said, or that it knew the contract before.
    """

    contract: str
    address: str
    outcome: Outcome
    detail: str


class VerificationService(Protocol):
    """One service, at one address."""

    name: str

    def verify(self, submission: Submission) -> Verdict:
        """Submit a contract and wait for the verdict."""


class _Busy(Exception):
    """The service asks to come again later."""


class _HttpService:
    """What both services have in common: an address, patience, and readable failures."""

    name = "service"

    def __init__(self, url: str, *, patience: float = 300.0, pause: float = 3.0) -> None:
        self.url = url.rstrip("/")
        self._patience = patience
        self._pause = pause
        self._client = httpx.Client(timeout=60.0, follow_redirects=True)

    def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request.

        Raises:
            Unavailable: If nothing answers, or the service stays too busy.
        """
        waits = Retrying(
            retry=retry_if_exception_type(_Busy),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential(multiplier=self._pause, max=60),
            reraise=True,
        )
        try:
            return waits(self._ask_once, method, path, **options)
        except (httpx.HTTPError, _Busy) as error:
            raise Unavailable(
                f"{self.name} at {self.url} does not answer ({error})", mend="Try again later"
            ) from error

    def _ask_once(self, method: str, path: str, **options: Any) -> httpx.Response:
        response = self._client.request(method, self.url + path, **options)
        if response.status_code in _TOO_BUSY:
            raise _Busy(f"HTTP {response.status_code}")
        return response

    def _until(self, deadline: float) -> bool:
        """Wait a moment; False once the patience is used up."""
        if time.monotonic() >= deadline:
            return False
        time.sleep(self._pause)
        return True


class SourcifyService(_HttpService):
    """A server of Sourcify's API v2."""

    name = "Sourcify"

    def verify(self, submission: Submission) -> Verdict:
        """Submit the standard JSON input unless an exact match is known, and wait for the job.

        Raises:
            Unavailable: If the service does not answer.
        """
        known = self._known(submission)
        if known == "exact":
            return Verdict(submission.name, submission.address, "exact", "known already")
        answer = self._ask(
            "POST",
            f"/v2/verify/{submission.chain_id}/{submission.address}",
            json={
                "stdJsonInput": submission.standard_input,
                "compilerVersion": submission.compiler,
                "contractIdentifier": submission.identifier,
                "creationTransactionHash": submission.transaction,
            },
        )
        document = _document(answer)
        if answer.status_code == httpx.codes.CONFLICT and known is not None:
            return Verdict(submission.name, submission.address, known, "known already")
        if answer.status_code != httpx.codes.ACCEPTED or "verificationId" not in document:
            return _failed(submission, answer, document)
        return self._await(submission, str(document["verificationId"]))

    def _known(self, submission: Submission) -> Outcome | None:
        answer = self._ask("GET", f"/v2/contract/{submission.chain_id}/{submission.address}")
        if answer.status_code != httpx.codes.OK:
            return None
        return _SOURCIFY_MATCHES.get(_document(answer).get("match"))

    def _await(self, submission: Submission, job: str) -> Verdict:
        deadline = time.monotonic() + self._patience
        while True:
            answer = self._ask("GET", f"/v2/verify/{job}")
            document = _document(answer)
            if answer.status_code != httpx.codes.OK:
                return _failed(submission, answer, document)
            if document.get("isJobCompleted"):
                break
            if not self._until(deadline):
                return _late(submission, self._patience)
        if error := document.get("error"):
            detail = (
                f"{error.get('message', 'no reason given')} ({error.get('customCode', 'error')})"
            )
            return Verdict(submission.name, submission.address, "failed", detail)
        match = (document.get("contract") or {}).get("match")
        outcome = _SOURCIFY_MATCHES.get(match)
        if outcome is None:
            return Verdict(submission.name, submission.address, "failed", "no match")
        return Verdict(submission.name, submission.address, outcome, str(match))


_SOURCIFY_MATCHES: dict[object, Outcome] = {"exact_match": "exact", "match": "partial"}


class BlockscoutService(_HttpService):
    """A Blockscout explorer with its API v2."""

    name = "Blockscout"

    def verify(self, submission: Submission) -> Verdict:
        """Submit the standard JSON input unless it is verified in full, and wait until it is.

        Raises:
            Unavailable: If the service does not answer.
        """
        if self._standing(submission) == "exact":
            return Verdict(submission.name, submission.address, "exact", "known already")
        standard_input = json.dumps(submission.standard_input).encode()
        answer = self._ask(
            "POST",
            f"/api/v2/smart-contracts/{submission.address}/verification/via/standard-input",
            data={
                "compiler_version": f"v{submission.compiler}",
                "contract_name": submission.identifier,
                "autodetect_constructor_args": "false",
                "constructor_args": submission.constructor_arguments.hex(),
                "license_type": LICENSE,
            },
            files={"files[0]": ("standard_input.json", standard_input, "application/json")},
        )
        document = _document(answer)
        known = str(document.get("message", "")).lower().startswith("already verified")
        if answer.status_code != httpx.codes.OK and not known:
            return _failed(submission, answer, document)
        deadline = time.monotonic() + self._patience
        while (outcome := self._standing(submission)) is None:
            if not self._until(deadline):
                return _late(submission, self._patience)
        return Verdict(submission.name, submission.address, outcome, "verified")

    def _standing(self, submission: Submission) -> Outcome | None:
        answer = self._ask("GET", f"/api/v2/smart-contracts/{submission.address}")
        document = _document(answer)
        if answer.status_code != httpx.codes.OK or not document.get("is_verified"):
            return None
        return "partial" if document.get("is_partially_verified") else "exact"


def verify_all(
    service: VerificationService, submissions: Iterable[Submission]
) -> Iterable[Verdict]:
    """The verdict on each contract, one after the other; what does not answer has failed."""
    for submission in submissions:
        try:
            yield service.verify(submission)
        except Unavailable as error:
            yield Verdict(submission.name, submission.address, "failed", str(error))


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _failed(submission: Submission, answer: httpx.Response, document: dict[str, Any]) -> Verdict:
    reason = document.get("message") or answer.reason_phrase or "no reason given"
    detail = f"HTTP {answer.status_code}: {reason}"
    return Verdict(submission.name, submission.address, "failed", detail)


def _late(submission: Submission, patience: float) -> Verdict:
    detail = f"no verdict within {patience:.0f} s; ask again later, what was submitted is kept"
    return Verdict(submission.name, submission.address, "failed", detail)
