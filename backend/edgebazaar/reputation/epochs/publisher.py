"""The operator's duty: an epoch for every window, and an answer to every demand for a leaf.

A process of its own that works over REST with the operator's key. It holds no state: what is to be
done follows from the chain, so that it may be stopped and started again.
"""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import structlog

from edgebazaar.client import ApiProblem, EdgeBazaarClient, TransactionFailed
from edgebazaar.errors import ConfigurationError, Unavailable

_log = structlog.get_logger(__name__)


class EpochPublisher:
    """Publishes epochs and answers demands.

    Args:
        client: Signed-in client with an operator's key.
    """

    def __init__(self, client: EdgeBazaarClient) -> None:
        self._client = client
        self._window_seconds = int(client.get("/deployment")["profile"]["window_seconds"])

    def serve(self, stop: threading.Event, *, pause: float = 0.5) -> None:
        """Works until `stop` is set; neither a refusal nor a silent backend ends it."""
        while not stop.is_set():
            try:
                self.work_once()
            except Unavailable as error:
                _log.warning("backend does not answer", error=str(error))
            except (ApiProblem, TransactionFailed) as error:
                # Most often the window went on between the look and the transaction.
                _log.warning("epoch step failed", error=str(error))
            stop.wait(pause)

    def work_once(self) -> bool:
        """Publishes what is due and answers what is demanded; whether anything was done.

        Raises:
            ApiProblem: If the backend refuses.
            TransactionFailed: If the contract does.
        """
        now = int(self._client.get("/health")["time"])
        window, passed = divmod(now, self._window_seconds)
        found = self._client.get("/epochs", limit=1)["items"]
        present = found[0] if found and found[0]["window"] == window else None
        if present is None or present["state"] == "voided":
            if passed >= self._window_seconds // 2:
                return False
            self._client.act("/epochs/prepare")
            _log.info("epoch published", window=window)
            return True
        return self._answer(window)

    def _answer(self, window: int) -> bool:
        demands = self._client.get(f"/epochs/{window}")["demands"]
        waiting = [one["index"] for one in demands if one["state"] == "open"]
        for index in waiting:
            self._client.act(f"/epochs/{window}/leaves/{index}/answer/prepare")
            _log.info("leaf shown", window=window, index=index)
        return bool(waiting)


def run_publisher(api: str, key_file: Path) -> None:
    """Runs a publisher until SIGINT or SIGTERM.

    Raises:
        ConfigurationError: If the key file holds no private key.
    """
    try:
        client = EdgeBazaarClient(api, key_file.read_text("utf-8").strip(), timeout=120.0)
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
        print(f"publishing epochs as {client.address}", flush=True)
        EpochPublisher(client).serve(stop)
