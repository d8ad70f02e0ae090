"""The indexer on a chain full of events, against web3.py reading and decoding the same ones.

The indexer stores blocks, events and projections in an SQLite file, with its undo log; web3.py only
decodes. Run it with `python -m benchmarks.indexer`.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from web3 import HTTPProvider, Web3

from benchmarks.chain import Market, new_accounts, running_market
from benchmarks.measure import duration, print_machine, print_table, seconds_of
from edgebazaar.app import projection_registry
from edgebazaar.chain.artifacts import load_artifact
from edgebazaar.chain.contracts import ContractCall
from edgebazaar.chain.indexer import Indexer, IndexerSettings
from edgebazaar.chain.rpc import from_quantity
from edgebazaar.db import create_database_engine, upgrade_database

COMMITMENTS = 1_500
CREDIT_CALLS = 30
CREDITS_EACH = 100
PRODUCER = 1
EVENTS = COMMITMENTS + CREDIT_CALLS * CREDITS_EACH
SQLITE_RUNS = 2


def fill(market: Market) -> None:
    """Thousands of commitments and credits."""
    producers = new_accounts(10)
    market.admit(producers, PRODUCER)
    commitments = [
        (producers[i % len(producers)], ContractCall("ProofOfAIGC", "commit", (os.urandom(32),)))
        for i in range(COMMITMENTS)
    ]
    market.mine(market.sign(commitments))
    credited = [one.address for one in new_accounts(CREDITS_EACH)]
    many = ContractCall("Payouts", "creditMany", (credited, [1] * CREDITS_EACH), value=CREDITS_EACH)
    market.mine(market.sign([(producers[0], many)] * CREDIT_CALLS, gas=5_000_000))


def index_afresh(market: Market) -> None:
    """Reads the whole chain into a new SQLite database."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_database_engine(f"sqlite:///{Path(folder) / 'benchmark.db'}")
        upgrade_database(engine)
        settings = IndexerSettings(start_block=market.contracts.deployment.first_block)
        Indexer(market.rpc, market.contracts, engine, projection_registry(), settings).sync()
        engine.dispose()


def decode_with_web3(market: Market) -> int:
    """Reads and decodes the two contracts' events with web3.py; their number."""
    web3 = Web3(HTTPProvider(market.url))
    decoded = 0
    for name, event in (("ProofOfAIGC", "ContentCommitted"), ("Payouts", "Credited")):
        address = Web3.to_checksum_address(market.contracts.address(name))
        contract = web3.eth.contract(address, abi=load_artifact(name).abi)
        logs = getattr(contract.events, event)().get_logs(from_block=0)
        decoded += len(logs)
    return decoded


def read_raw(market: Market) -> int:
    """Reads all logs and decodes them with this package, storing nothing."""
    query = {"fromBlock": "0x0", "toBlock": "latest", "address": market.contracts.addresses()}
    logs = market.rpc.call("eth_getLogs", [query])
    return sum(market.contracts.decode_log(log) is not None for log in logs)


def main() -> None:
    """Print the table."""
    with running_market(block_time=0.2) as market:
        fill(market)
        blocks = from_quantity(market.rpc.call("eth_blockNumber"))
        if decode_with_web3(market) != EVENTS:
            raise AssertionError("web3.py does not see all events")
        theirs = seconds_of(lambda: decode_with_web3(market), 3) / EVENTS
        total = read_raw(market)
        decoding = seconds_of(lambda: read_raw(market), 3) / total
        indexing = seconds_of(lambda: index_afresh(market), SQLITE_RUNS) / total
    print_machine()
    print_table(
        f"Reading {total:,} events in {blocks} blocks from Anvil (ratio above 1: faster)",
        ("work", "events/s", "an event", "ratio to web3.py"),
        [
            [name, int(1 / seconds), duration(seconds), f"{theirs / seconds:.2f}"]
            for name, seconds in (
                ("web3.py get_logs: read and decode", theirs),
                ("edgebazaar: read and decode", decoding),
                ("edgebazaar indexer: read, decode, project, store in SQLite", indexing),
            )
        ],
    )


if __name__ == "__main__":
    main()
