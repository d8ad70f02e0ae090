"""JSON-RPC to an Ethereum node over HTTP: single calls, batches, typed errors.

Synchronous and thread-safe. A request that never reached the node is sent again; one that may have
reached it is sent again only where a second execution changes nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from edgebazaar.errors import EdgeBazaarError, Unavailable

_IDEMPOTENT_PREFIXES = ("eth_get", "net_", "web3_", "debug_trace", "trace_", "ots_")
_IDEMPOTENT_METHODS = frozenset(
    {
        "eth_blockNumber",
        "eth_call",
        "eth_chainId",
        "eth_estimateGas",
        "eth_feeHistory",
        "eth_gasPrice",
        "eth_maxPriorityFeePerGas",
        "eth_syncing",
    }
)
_ATTEMPTS = 4


class RpcError(EdgeBazaarError):
    """The node answered a request with an error.

    Attributes:
        rpc_code: The JSON-RPC error code (3 or -32000 for a reverted call, as nodes differ).
        message: The node's words.
        data: The node's error data, as it came.
    """

    code = "chain-refused"

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"the chain answered: {message} (code {code})")
        self.rpc_code = code
        self.message = message
        self.data = data

    @property
    def revert_data(self) -> bytes | None:
        """What a reverted call returned, empty for a bare revert; None if this is no revert."""
        found = _find_hex(self.data)
        if found is not None:
            return found
        return b"" if "revert" in self.message.lower() else None


class RpcUnavailable(Unavailable):
    """The node cannot be reached, or what answers is no Ethereum node."""

    code = "chain-unavailable"


class RpcClient:
    """A client of one JSON-RPC endpoint; share one between threads.

    Args:
        url: Address of the endpoint, `http://` or `https://`.
        timeout: Seconds to wait for an answer.
    """

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        self.url = url
        self._ids = itertools.count(1)
        loopback = urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}
        self._http = httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(timeout, 5.0)),
            headers={"content-type": "application/json"},
            # A proxy named by the environment is right for a remote node and never for our own.
            trust_env=not loopback,
        )

    def call(self, method: str, params: Sequence[Any] = ()) -> Any:
        """Call one method and return its result.

        Raises:
            RpcError: If the node refuses.
            RpcUnavailable: If the node does not answer.
        """
        request = self._request(method, params)
        answer = self._post(request, idempotent=_is_idempotent(method))
        if not isinstance(answer, dict):
            raise RpcUnavailable(f"{self.url} answered {method} with something else than JSON-RPC")
        return _result(answer)

    def batch(
        self, calls: Sequence[tuple[str, Sequence[Any]]], *, return_errors: bool = False
    ) -> list[Any]:
        """Call many methods in one request and return their results in the order asked.

        Args:
            calls: Pairs of method and parameters.
            return_errors: Put an `RpcError` in the place of a refused call instead of raising it.

        Raises:
            RpcError: If the node refuses a call and `return_errors` is false.
            RpcUnavailable: If the node does not answer, or leaves a call out.
        """
        if not calls:
            return []
        requests = [self._request(method, params) for method, params in calls]
        idempotent = all(_is_idempotent(method) for method, _ in calls)
        answers = self._post(requests, idempotent=idempotent)
        if isinstance(answers, dict) and "error" in answers:
            _result(answers)
        by_id = {answer.get("id"): answer for answer in answers if isinstance(answer, dict)}
        results: list[Any] = []
        for request in requests:
            answer = by_id.get(request["id"])
            if answer is None:
                raise RpcUnavailable(f"{self.url} left {request['method']} of a batch unanswered")
            try:
                results.append(_result(answer))
            except RpcError as error:
                if not return_errors:
                    raise
                results.append(error)
        return results

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> RpcClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _request(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}

    def _post(self, body: Any, *, idempotent: bool) -> Any:
        content = orjson.dumps(body)

        def may_repeat(error: BaseException) -> bool:
            never_arrived = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
            return never_arrived or (idempotent and isinstance(error, httpx.TransportError))

        retrying = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential(multiplier=0.05, max=1.0) + wait_random(0, 0.05),
            retry=retry_if_exception(may_repeat),
            reraise=True,
        )
        try:
            response = retrying(self._http.post, self.url, content=content)
            return orjson.loads(response.content)
        except httpx.HTTPError as error:
            raise RpcUnavailable(
                f"the chain at {self.url} does not answer ({str(error) or type(error).__name__})",
                mend="Start it, or correct EDGEBAZAAR_RPC_URL",
            ) from error
        except orjson.JSONDecodeError as error:
            raise RpcUnavailable(
                f"{self.url} answered with HTTP {response.status_code} and no JSON",
                mend="Correct EDGEBAZAAR_RPC_URL: it names no Ethereum JSON-RPC endpoint",
            ) from error


def to_quantity(value: int) -> str:
    """An integer as JSON-RPC writes it."""
    return hex(value)


def from_quantity(text: str) -> int:
    """An integer from JSON-RPC's hexadecimal form."""
    return int(text, 16)


def to_data(value: bytes) -> str:
    """Bytes as JSON-RPC writes them."""
    return "0x" + value.hex()


def from_data(text: str) -> bytes:
    """Bytes from JSON-RPC's hexadecimal form."""
    return bytes.fromhex(text[2:])


def _is_idempotent(method: str) -> bool:
    return method in _IDEMPOTENT_METHODS or method.startswith(_IDEMPOTENT_PREFIXES)


def _result(answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    if not isinstance(error, dict):
        raise RpcError(-32603, str(error))
    raise RpcError(int(error.get("code", -32603)), str(error.get("message", "")), error.get("data"))


def _find_hex(data: Any) -> bytes | None:
    # Anvil and geth give the hex itself, others nest it; Parity prefixes "Reverted ".
    if isinstance(data, str):
        text = data.removeprefix("Reverted ")
        if text.startswith("0x"):
            try:
                return bytes.fromhex(text[2:])
            except ValueError:
                return None
    if isinstance(data, dict):
        for key in ("data", "result", "return", "output"):
            if (found := _find_hex(data.get(key))) is not None:
                return found
    return None
