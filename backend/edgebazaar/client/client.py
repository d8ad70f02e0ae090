"""The client: sign in, prepare, sign, submit, wait.

Example:
    >>> with EdgeBazaarClient("http://127.0.0.1:8000", key="0x…") as client:  # doctest: +SKIP
    ...     client.sign_in()
    ...     client.act("/contents/commits/prepare", {"content_hashes": [h], "salt": s})
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import httpx
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from edgebazaar.errors import ConfigurationError, EdgeBazaarError, Unavailable

Json = dict[str, Any]
FINAL_STATES = frozenset({"confirmed", "reverted", "refused", "failed", "replaced"})


class ApiProblem(EdgeBazaarError):
    """The API answered with an RFC 9457 problem.

    Attributes:
        status: HTTP status.
        document: The whole problem document.
    """

    def __init__(self, status: int, document: Json) -> None:
        super().__init__(
            str(document.get("detail", document)),
            mend=str(document.get("mend", "")),
            field=document.get("field"),
        )
        self.code = str(document.get("code", "http-error"))
        self.status = status
        self.document = document


class TransactionFailed(EdgeBazaarError):
    """A transaction ended without its effect.

    Attributes:
        transaction: The transaction resource, with the decoded reason.
    """

    code = "transaction-failed"

    def __init__(self, transaction: Json) -> None:
        reason = transaction.get("error") or {}
        super().__init__(
            f"transaction {transaction['id']} is {transaction['state']}: "
            f"{reason.get('message', 'no reason given')}"
        )
        self.transaction = transaction


class EdgeBazaarClient:
    """A user of one EdgeBazaar backend.

    Args:
        base_url: Root of the backend, without `/api/v1`.
        key: The user's private key as 0x-hex; None for a client that only reads.
        timeout: Seconds for one HTTP request.
        wait_seconds: Longest wait for a transaction's outcome.
        transport: For tests that serve the application in-process.

    Raises:
        ConfigurationError: If `key` is no private key.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        wait_seconds: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") + "/api/v1", timeout=timeout, transport=transport
        )
        self._account = _account_of(key) if key else None
        self._wait_seconds = wait_seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the HTTP connections."""
        self._http.close()

    @property
    def address(self) -> str:
        """Checksummed address of the user.

        Raises:
            EdgeBazaarError: If the client has no key.
        """
        return str(self._signer().address)

    # Requests

    def request(self, method: str, path: str, **arguments: Any) -> Any:
        """One request under `/api/v1`; the decoded JSON body, or the bytes of another media type.

        Raises:
            ApiProblem: If the API answers with a problem.
            Unavailable: If it does not answer.
        """
        try:
            response = self._http.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise Unavailable(
                f"the backend at {self._http.base_url} does not answer ({error})",
                mend="Check the address and that 'edgebazaar up' runs there",
            ) from error
        if response.is_success:
            if not response.content:
                return None
            is_json = "json" in response.headers.get("content-type", "")
            return response.json() if is_json else response.content
        try:
            document = response.json()
        except ValueError:
            document = {"detail": response.text or response.reason_phrase}
        raise ApiProblem(response.status_code, document)

    def get(self, path: str, **query: Any) -> Any:
        """A GET; query parameters that are None are left out."""
        return self.request("GET", path, params={k: v for k, v in query.items() if v is not None})

    def post(self, path: str, body: Json | None = None) -> Any:
        """A POST of a JSON body."""
        return self.request("POST", path, json=body or {})

    def pages(self, path: str, **query: Any) -> Iterator[Json]:
        """All items of a list, page after page."""
        after: str | None = None
        while True:
            page = self.get(path, after=after, **query)
            yield from page["items"]
            after = page.get("next")
            if after is None:
                return

    # Signing

    def sign_in(self) -> str:
        """Opens a session (EIP-4361) and uses it from now on; the token."""
        challenge = self.post("/sessions/nonces", {"account": self.address})
        signed = self._signer().sign_message(encode_defunct(text=challenge["message"]))
        session = self.post(
            "/sessions",
            {"message": challenge["message"], "signature": "0x" + signed.signature.hex()},
        )
        self._http.headers["authorization"] = f"Bearer {session['token']}"
        return str(session["token"])

    def sign_typed_data(self, typed_data: Json) -> str:
        """Signature of an EIP-712 document as 0x-hex."""
        signed = self._signer().sign_message(encode_typed_data(full_message=typed_data))
        return "0x" + bytes(signed.signature).hex()

    # Writes

    def prepare(
        self, path: str, body: Json | None = None, *, own_transaction: bool = False
    ) -> Json:
        """Asks for an action to sign.

        `own_transaction` asks for a transaction instead of a relayed request.
        """
        query = {"own_transaction": "true"} if own_transaction else {}
        prepared: Json = self.request("POST", path, json=body or {}, params=query)
        return prepared

    def submit(self, prepared: Json) -> Json:
        """Signs a prepared action and hands it in; the transaction resource, not final yet."""
        if prepared["kind"] == "typed_data":
            body: Json = {
                "kind": "relayed",
                "request": prepared["request"],
                "signature": self.sign_typed_data(prepared["typed_data"]),
            }
        else:
            signed = self._signer().sign_transaction(prepared["transaction"])
            body = {"kind": "raw", "raw_transaction": "0x" + signed.raw_transaction.hex()}
        submitted: Json = self.post("/transactions", body)
        return submitted

    def act(self, path: str, body: Json | None = None, *, own_transaction: bool = False) -> Json:
        """Prepares, signs, submits and waits; the confirmed transaction resource.

        Raises:
            ApiProblem: If the API refuses the request.
            TransactionFailed: If the transaction reverts or is refused.
        """
        submitted = self.submit(self.prepare(path, body, own_transaction=own_transaction))
        return self.wait(submitted["id"])

    def wait(self, transaction: str) -> Json:
        """Waits until a transaction is final and its events are indexed.

        Raises:
            TransactionFailed: If it ended without effect, or does not end in time.
        """
        resource: Json = {}

        def final() -> bool:
            nonlocal resource
            resource = self.get(f"/transactions/{transaction}")
            return resource["state"] in FINAL_STATES and (
                resource["state"] != "confirmed" or bool(resource["indexed"])
            )

        if not self.poll(final):
            raise TransactionFailed({**resource, "error": {"message": "no outcome in time"}})
        if resource["state"] != "confirmed":
            raise TransactionFailed(resource)
        return resource

    def now(self) -> int:
        """Unix seconds from which to count a deadline on chain.

        The later one of this machine's clock and the last indexed block's time, for a chain may
        run ahead: Ganache gives each block a second of its own, however fast they come.
        """
        return max(int(time.time()), int(self.get("/health")["time"]))

    def poll(self, ready: Callable[[], bool], *, seconds: float | None = None) -> bool:
        """Calls `ready` until it is true or the time is over; whether it became true."""
        end = time.monotonic() + (seconds if seconds is not None else self._wait_seconds)
        pause = 0.05
        while not ready():
            if time.monotonic() > end:
                return False
            time.sleep(pause)
            pause = min(pause * 1.3, 0.5)
        return True

    def _signer(self) -> Any:
        if self._account is None:
            raise EdgeBazaarError(
                "this client only reads", mend="Give it the private key of a member"
            )
        return self._account


def _account_of(key: str) -> Any:
    try:
        return Account.from_key(key)
    except Exception:
        # The cause may show the key.
        raise ConfigurationError(
            "it is no private key", mend="Give 0x and 64 hexadecimal digits", field="key"
        ) from None
