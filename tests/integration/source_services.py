"""Doubles of a Sourcify server and a Blockscout explorer: real HTTP servers that check requests."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMPILER = re.compile(r"\d+\.\d+\.\d+\+commit\.[0-9a-f]{8}")
HASH = re.compile(r"0x[0-9a-f]{64}")

Answer = tuple[int, dict[str, Any]]


class SourceService:
    """One service's state and behaviour, the same for both interfaces.

    Attributes:
        url: Where it listens.
        submitted: Every accepted submission, in order.
        refused: Addresses that do not match, with the reason.
        partial: Addresses of which only the code matches.
        busy: How many requests are answered with 429 before the next is taken.
        rounds: How often a verdict is asked for before it is there.
        polls: How often a verdict was asked for.
    """

    def __init__(self) -> None:
        self.url = ""
        self.submitted: list[dict[str, Any]] = []
        self.refused: dict[str, str] = {}
        self.partial: set[str] = set()
        self.busy = 0
        self.rounds = 1
        self.polls = 0
        self._left: dict[str, int] = {}
        self._lock = threading.Lock()

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        with self._lock:
            if self.busy:
                self.busy -= 1
                return 429, {"message": "too many requests"}
            try:
                return self.respond(method, path, headers, body)
            except AssertionError as error:
                return 400, {"customCode": "invalid_parameter", "message": str(error)}

    def respond(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        raise NotImplementedError

    def take(self, key: str, submission: dict[str, Any]) -> None:
        check_standard_input(submission["stdJsonInput"])
        self.submitted.append(submission)
        self._left[key] = self.rounds

    def is_done(self, key: str) -> bool:
        self.polls += 1
        self._left[key] -= 1
        return self._left[key] <= 0


class SourcifyDouble(SourceService):
    """The part of Sourcify's API v2 that submissions need."""

    def respond(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        if found := re.fullmatch(r"/v2/contract/(\d+)/(0x[0-9a-fA-F]{40})", path):
            assert method == "GET", "only GET is known here"
            match = self.match_of(found[2])
            return (200 if match else 404), {"match": match, "address": found[2]}
        if found := re.fullmatch(r"/v2/verify/(\d+)/(0x[0-9a-fA-F]{40})", path):
            return self.submit(found[2], headers, body)
        if found := re.fullmatch(r"/v2/verify/job-(0x[0-9a-fA-F]{40})", path):
            return 200, self.job(found[1])
        return 404, {"message": "no such route"}

    def submit(self, address: str, headers: Any, body: bytes) -> Answer:
        assert headers["content-type"] == "application/json", "the body is no JSON"
        document = json.loads(body)
        expected = {"stdJsonInput", "compilerVersion", "contractIdentifier"}
        assert expected <= document.keys(), f"it lacks {expected - document.keys()}"
        assert COMPILER.fullmatch(document["compilerVersion"]), "the compiler's version is not full"
        assert HASH.fullmatch(document["creationTransactionHash"]), "no transaction's hash"
        source, name = document["contractIdentifier"].split(":")
        assert source in document["stdJsonInput"]["sources"], f"{source} is not among the sources"
        if self.match_of(address) == "exact_match":
            return 409, {"customCode": "already_verified", "message": "verified already"}
        self.take(address, {**document, "name": name, "address": address})
        return 202, {"verificationId": f"job-{address}"}

    def job(self, address: str) -> dict[str, Any]:
        if not self.is_done(address):
            return {"isJobCompleted": False, "contract": {"match": None}}
        if address in self.refused:
            error = {"customCode": "no_match", "message": self.refused[address]}
            return {"isJobCompleted": True, "error": error, "contract": {"match": None}}
        return {"isJobCompleted": True, "contract": {"match": self.match_of(address)}}

    def match_of(self, address: str) -> str | None:
        if address in self.refused or all(one["address"] != address for one in self.submitted):
            return None
        return "match" if address in self.partial else "exact_match"


class BlockscoutDouble(SourceService):
    """The part of Blockscout's API v2 that submissions need."""

    def respond(self, method: str, path: str, headers: Any, body: bytes) -> Answer:
        contract = r"/api/v2/smart-contracts/(0x[0-9a-fA-F]{40})"
        if found := re.fullmatch(contract, path):
            assert method == "GET", "only GET is known here"
            return self.standing(found[1])
        if found := re.fullmatch(contract + "/verification/via/standard-input", path):
            assert method == "POST", "only POST is known here"
            return self.submit(found[1], headers, body)
        return 404, {"message": "Not found"}

    def submit(self, address: str, headers: Any, body: bytes) -> Answer:
        if address in self.refused:
            return 422, {"message": self.refused[address]}
        parts = multipart(headers["content-type"], body)
        assert COMPILER.fullmatch(parts["compiler_version"].decode().removeprefix("v"))
        assert parts["compiler_version"].startswith(b"v"), "the compiler's version begins with v"
        assert parts["license_type"] == b"apache_2_0"
        assert parts["autodetect_constructor_args"] == b"false"
        source, name = parts["contract_name"].decode().split(":")
        submission = {
            "stdJsonInput": json.loads(parts["files[0]"]),
            "constructor_arguments": bytes.fromhex(parts["constructor_args"].decode()),
            "name": name,
            "address": address,
        }
        assert source in submission["stdJsonInput"]["sources"], f"{source} is not among the sources"
        self.take(address, submission)
        return 200, {"message": "Smart-contract verification started"}

    def standing(self, address: str) -> Answer:
        if all(one["address"] != address for one in self.submitted):
            return 404, {"message": "Not found"}
        if not self.is_done(address):
            return 200, {"is_verified": False}
        return 200, {"is_verified": True, "is_partially_verified": address in self.partial}


def check_standard_input(document: dict[str, Any]) -> None:
    assert document["language"] == "Solidity", "no Solidity"
    assert document["settings"]["optimizer"]["runs"] == 1_000_000, "other settings"
    sources = document["sources"]
    assert sources and all("content" in source for source in sources.values()), "a source is empty"


def multipart(content_type: str, body: bytes) -> dict[str, bytes]:
    """Parts of a multipart body by name."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    assert message.is_multipart(), "no multipart body"
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in message.iter_parts()
    }


@contextmanager
def serving(service: SourceService) -> Iterator[SourceService]:
    """Run a service on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply("GET")

        def do_POST(self) -> None:
            self.reply("POST")

        def reply(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, document = service.answer(method, self.path, self.headers, body)
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        service.url = f"http://127.0.0.1:{server.server_port}"
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
