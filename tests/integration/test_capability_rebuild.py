"""Projected rows follow from the event log alone: however it is read, the rows are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from capability_market import Market, fresh_secret
from market_accounts import Accounts
from sqlalchemy import Engine, select

from edgebazaar.app import projection_registry
from edgebazaar.chain.contracts import ContractSet
from edgebazaar.chain.indexer import Indexer, IndexerSettings
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.content.challenges import ChallengeService
from edgebazaar.db import create_database_engine, read_scope, upgrade_database
from edgebazaar.exchange.service import LockService


def rows_up_to(engine: Engine, block: int) -> dict[str, list[tuple[Any, ...]]]:
    """All projected rows, in the order of their keys; nothing may have happened after the block."""
    tables = projection_registry().tables
    with read_scope(engine) as session:
        found = {
            name: [
                tuple(row)
                for row in session.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for name, table in tables.items()
        }
    for name, table in tables.items():
        place = list(table.columns.keys()).index("block_number")
        assert all(row[place] <= block for row in found[name]), name
    return found


def test_rebuilt_and_piecewise_indexed_rows_are_identical(
    engine: Engine, contracts: ContractSet, rpc: RpcClient, accounts: Accounts, tmp_path: Path
) -> None:
    market = Market(engine, contracts, rpc)
    original = market.register(accounts.producer, accounts.esp, fingerprint=bytes(32))
    copy = market.register(accounts.second_producer, accounts.esp, fingerprint=bytes(32))
    challenges = ChallengeService(engine, contracts)
    call = challenges.open(accounts.producer.address, original, copy)
    identifier = market.act(accounts.producer, call)["ChallengeOpened"]["challengeId"]
    statement = ("0x" + "11" * 32, "ipfs://statement")
    accused = accounts.second_producer
    market.act(accused, challenges.contest(accused.address, "0x" + identifier.hex(), *statement))
    market.act(accounts.producer, challenges.decide("0x" + identifier.hex()))
    _, hashlock = fresh_secret()
    call = LockService(engine, contracts).open(
        accounts.producer.address,
        receiver=accounts.consumer.address,
        asset={"kind": "content", "amount_or_id": original},
        hashlock=hashlock,
        timelock=market.now() + 600,
    )
    market.act(accounts.producer, call)
    market.index()
    head = market.indexer.status().cursor or 0
    before = rows_up_to(engine, head)
    assert all(before[name] for name in ("member", "content", "content_event", "exchange_lock"))

    market.indexer.rebuild()
    assert rows_up_to(engine, head) == before

    piecewise = create_database_engine(f"sqlite:///{tmp_path / 'piecewise.db'}")
    upgrade_database(piecewise)
    settings = IndexerSettings(maximum_range=3)
    indexer = Indexer(rpc, contracts, piecewise, projection_registry(), settings)
    while (indexer.status().cursor or 0) < head:
        indexer.sync()
    assert rows_up_to(piecewise, head) == before
    piecewise.dispose()
