"""A relayer process that dies by SIGKILL at a named step."""

from __future__ import annotations

import os
import signal

from eth_account import Account

from edgebazaar.chain.contracts import ContractSet, Deployment
from edgebazaar.chain.outbox import Relayer, RelayerSettings
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.db import create_database_engine

#: Every step of a submission, in order.
STEPS = ("checked", "signed", "reserved", "sent", "broadcast", "mined", "settled")


def relay_until_killed(
    database_url: str, rpc_url: str, deployment: Deployment, key: bytes, step: str
) -> None:
    def checkpoint(reached: str) -> None:
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    relayer = Relayer(
        create_database_engine(database_url),
        RpcClient(rpc_url),
        ContractSet(deployment),
        [Account.from_key(key)],
        RelayerSettings(batch_size=4, rebroadcast_seconds=0.5),
        checkpoint,
    )
    relayer.run()
