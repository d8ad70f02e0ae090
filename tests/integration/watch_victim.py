"""A watchtower process that dies by SIGKILL at a named step of sending a claim."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from eth_account import Account

from edgebazaar.exchange.watch.chain import ChainSettings, WatchedChain
from edgebazaar.exchange.watch.tower import Watchtower


def watch_until_killed(
    urls: Sequence[str], manifests: Path, directory: Path, key: bytes, party: str, step: str
) -> None:
    def checkpoint(reached: str) -> None:
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    chains = [
        WatchedChain(
            ChainSettings(url, confirmations=2, maximum_fee=10**16, poll_seconds=0.05),
            manifests,
            directory,
            Account.from_key(key),
            frozenset({party.lower()}),
            checkpoint,
        )
        for url in urls
    ]
    Watchtower(chains).run(threading.Event())
