"""The indexer on a real chain under reorganisations: its rows are those of a clean run."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator

import pytest
from eth_account.signers.local import LocalAccount
from market_accounts import Accounts
from outbox_support import chain_nonce
from sqlalchemy import BigInteger, Column, Engine, Integer, MetaData, Table, func, select

from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.chain.deploy import deploy
from edgebazaar.chain.indexer import (
    IndexedEvent,
    Indexer,
    IndexerSettings,
    ProjectionError,
    ProjectionRegistry,
    ProjectionWriter,
    chain_block,
    chain_event,
    wait_for_indexed_block,
)
from edgebazaar.chain.indexer.tables import indexer_cursor, projection_undo
from edgebazaar.chain.node import TEST_MNEMONIC, EmbeddedNode
from edgebazaar.chain.profiles import PROFILES
from edgebazaar.chain.rpc import RpcClient, from_quantity, to_data, to_quantity
from edgebazaar.chain.transactions import transact
from edgebazaar.db import Address, Bytes32, Uint256, read_scope, session_scope
from edgebazaar.db.locks import LockHeld, process_lock
from edgebazaar.errors import Conflict

# Tables of the test: members as they are, every admission, and a count of all events by kind.
tables = MetaData()
member = Table(
    "test_member",
    tables,
    Column("account", Address, primary_key=True),
    Column("roles", Integer, nullable=False),
    Column("expires_at", Uint256, nullable=False),
    Column("admissions", Integer, nullable=False, default=1),
)
admission = Table(
    "test_admission",
    tables,
    Column("block_number", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("account", Address, nullable=False, index=True),
    Column("certificate_hash", Bytes32, nullable=False),
)
TABLES = (member, admission)
COMPARED = (chain_block, chain_event, *TABLES)


def project_members(event: IndexedEvent, writer: ProjectionWriter) -> None:
    match event.event:
        case "MemberAdmitted":
            account = event.arguments["account"]
            before = writer.get(member, account)
            writer.upsert(
                member,
                {
                    "account": account,
                    "roles": event.arguments["roles"],
                    "expires_at": event.arguments["expiresAt"],
                    "admissions": 1 if before is None else before["admissions"] + 1,
                },
            )
            writer.insert(
                admission,
                {
                    "block_number": event.block_number,
                    "log_index": event.log_index,
                    "account": account,
                    "certificate_hash": event.arguments["certificateHash"],
                },
            )
        case "MemberRevoked":
            writer.delete(member, {"account": event.arguments["account"]})


def registry() -> ProjectionRegistry:
    made = ProjectionRegistry()
    made.register("Membership", project_members, TABLES)
    return made


@pytest.fixture(scope="module")
def own_node() -> Iterator[EmbeddedNode]:
    """A node of this module's own, which it may set back."""
    with EmbeddedNode(block_time=0.1, mnemonic=TEST_MNEMONIC) as running:
        yield running


@pytest.fixture(scope="module")
def own_rpc(own_node: EmbeddedNode) -> Iterator[RpcClient]:
    with RpcClient(own_node.url) as client:
        yield client


@pytest.fixture(scope="module")
def own_contracts(
    own_node: EmbeddedNode, own_rpc: RpcClient, tmp_path_factory: pytest.TempPathFactory
) -> ContractSet:
    directory = tmp_path_factory.mktemp("indexer")
    administrator = Accounts.derive().administrator
    contracts = ContractSet(deploy(own_node.url, administrator, PROFILES["demo"], directory))
    own_rpc.call("evm_setIntervalMining", [0])
    return contracts


@pytest.fixture
def projected(engine: Engine) -> Engine:
    """The database with the test's own tables."""
    tables.create_all(engine)
    return engine


def new_indexer(rpc: RpcClient, contracts: ContractSet, engine: Engine, **settings: int) -> Indexer:
    return Indexer(rpc, contracts, engine, registry(), IndexerSettings(**settings))


def contents(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that is derived from the chain."""
    with read_scope(engine) as session:
        return {
            table.name: [
                tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))
            ]
            for table in COMPARED
        }


class Members:
    """Sends admissions and revocations without waiting for them."""

    def __init__(self, rpc: RpcClient, contracts: ContractSet, seed: int) -> None:
        self._rpc = rpc
        self._contracts = contracts
        self._administrator: LocalAccount = Accounts.derive().administrator
        self._random = random.Random(seed)
        self.pool = ["0x" + self._random.randbytes(20).hex() for _ in range(6)]

    def signed(self, nonce: int) -> bytes:
        account = self._random.choice(self.pool)
        arguments = (account, 1 << self._random.randrange(8), 2**39, self._random.randbytes(32))
        call = ContractCall("Membership", "admit", arguments)
        if self._random.random() < 0.3:
            call = ContractCall("Membership", "revoke", (account,))
        return bytes(
            self._administrator.sign_transaction(
                {
                    "chainId": self._contracts.chain_id,
                    "nonce": nonce,
                    "to": self._contracts.address("Membership"),
                    "value": 0,
                    "gas": 300_000,
                    "data": self._contracts.encode(call),
                    "gasPrice": 3 * 10**9,
                }
            ).raw_transaction
        )

    def send(self, count: int) -> None:
        nonce = chain_nonce(self._rpc, self._administrator.address)
        for offset in range(count):
            self._rpc.call("eth_sendRawTransaction", [to_data(self.signed(nonce + offset))])
        self._rpc.call("evm_mine")

    def reorganise(self, depth: int, replacements: int) -> None:
        """Replace the newest blocks; other transactions than before may be in the new ones."""
        head = from_quantity(self._rpc.call("eth_blockNumber"))
        nonce = from_quantity(
            self._rpc.call(
                "eth_getTransactionCount",
                [self._administrator.address, to_quantity(head - depth)],
            )
        )
        blocks = sorted(self._random.randrange(depth) for _ in range(replacements))
        injected = [
            [to_data(self.signed(nonce + index)), block] for index, block in enumerate(blocks)
        ]
        self._rpc.call("anvil_reorg", [depth, injected])


@pytest.mark.parametrize("undo_depth", [64, 3])
def test_after_reorganisations_rows_are_those_of_a_clean_run(
    undo_depth: int, projected: Engine, own_rpc: RpcClient, own_contracts: ContractSet
) -> None:
    choices = random.Random(undo_depth)
    members = Members(own_rpc, own_contracts, seed=undo_depth)
    live = new_indexer(own_rpc, own_contracts, projected, undo_depth=undo_depth)
    for _ in range(30):
        members.send(choices.randrange(1, 4))
        if choices.random() < 0.3:
            own_rpc.call("anvil_mine", [to_quantity(choices.randrange(1, 5))])
        if choices.random() < 0.8:
            live.sync()
        if choices.random() < 0.5:
            members.reorganise(choices.randrange(1, 7), replacements=choices.randrange(3))
    live.sync()
    after_reorganisations = contents(projected)
    with read_scope(projected) as session:
        oldest = session.execute(select(func.min(projection_undo.c.block_number))).scalar()
        cursor = session.execute(select(indexer_cursor)).mappings().one()
    assert cursor["reorganisations"] > 3
    assert oldest is None or oldest > cursor["number"] - undo_depth
    assert all(after_reorganisations.values())

    live.rebuild()
    assert contents(projected) == after_reorganisations
    status = live.status()
    assert status.lag == 0
    assert status.cursor == from_quantity(own_rpc.call("eth_blockNumber"))


def test_shorter_chain_is_followed_down(
    projected: Engine, own_rpc: RpcClient, own_contracts: ContractSet
) -> None:
    members = Members(own_rpc, own_contracts, seed=7)
    members.send(2)
    indexer = new_indexer(own_rpc, own_contracts, projected)
    indexer.sync()
    before = contents(projected)
    snapshot = own_rpc.call("evm_snapshot")
    members.send(3)
    members.send(3)
    indexer.sync()
    assert contents(projected) != before
    own_rpc.call("evm_revert", [snapshot])
    indexer.sync()
    assert contents(projected) == before


def test_another_genesis_starts_from_the_beginning(
    projected: Engine, own_rpc: RpcClient, own_contracts: ContractSet
) -> None:
    indexer = new_indexer(own_rpc, own_contracts, projected)
    indexer.sync()
    rolled_back: list[int] = []
    with EmbeddedNode(block_time=0.1, mnemonic=TEST_MNEMONIC) as fresh, RpcClient(fresh.url) as rpc:
        first = own_contracts.deployment.first_block
        rpc.call("anvil_mine", [to_quantity(first + 3)])
        moved = Indexer(
            rpc,
            own_contracts,
            projected,
            registry(),
            on_rollback=rolled_back.append,
        )
        moved.sync()
        assert rolled_back == [first - 1]
        with read_scope(projected) as session:
            assert session.execute(select(func.count()).select_from(member)).scalar() == 0
            oldest = session.execute(select(func.min(chain_block.c.number))).scalar()
        assert oldest == first
        block = rpc.call("eth_getBlockByNumber", [to_quantity(first), False])
        assert contents(projected)["chain_block"][0][1] == block["hash"]


def test_events_are_announced_after_their_commit(
    projected: Engine, own_rpc: RpcClient, own_contracts: ContractSet
) -> None:
    announced: list[IndexedEvent] = []
    stored: list[int] = []

    def on_commit(events: list[IndexedEvent]) -> None:
        announced.extend(events)
        with read_scope(projected) as session:
            count = select(func.count()).select_from(chain_event)
            stored.append(session.execute(count).scalar_one())

    indexer = Indexer(
        own_rpc,
        own_contracts,
        projected,
        registry(),
        IndexerSettings(poll_seconds=0.02),
        on_commit=on_commit,
    )
    indexer.start()
    try:
        indexer.wait_for_block(from_quantity(own_rpc.call("eth_blockNumber")), timeout=10)
        account = os.urandom(20)
        own_rpc.call("evm_setIntervalMining", [1])
        receipt = transact(
            own_rpc,
            own_contracts,
            Accounts.derive().administrator,
            ContractCall("Membership", "admit", ("0x" + account.hex(), 4, 2**39, bytes(32))),
        )
        own_rpc.call("evm_setIntervalMining", [0])
        number = from_quantity(receipt["blockNumber"])
        assert indexer.wait_for_block(number, timeout=10) >= number
        assert wait_for_indexed_block(projected, number, timeout=10) >= number
    finally:
        own_rpc.call("evm_setIntervalMining", [0])
        indexer.stop()
    (event,) = [event for event in announced if event.block_number == number]
    assert event.event == "MemberAdmitted"
    assert event.transaction_hash == receipt["transactionHash"]
    assert event.block_hash == receipt["blockHash"]
    assert stored[-1] == len(announced)
    with read_scope(projected) as session:
        row = (
            session.execute(
                select(chain_event).where(chain_event.c.transaction_hash == event.transaction_hash)
            )
            .mappings()
            .one()
        )
        assert (
            session.execute(select(member.c.roles).where(member.c.account == account)).scalar_one()
            == 4
        )
    assert row["key"] == event.key
    assert row["arguments"]["roles"] == "4"
    assert row["arguments"]["certificateHash"] == "0x" + "00" * 32


def test_two_indexers_cannot_write(
    projected: Engine, own_rpc: RpcClient, own_contracts: ContractSet
) -> None:
    indexer = new_indexer(own_rpc, own_contracts, projected)
    with process_lock(projected, "indexer"):
        with pytest.raises(LockHeld):
            indexer.rebuild()
        indexer.start()
        time.sleep(0.2)
        assert not indexer.status().leading
    end = time.monotonic() + 10
    while not indexer.status().leading:
        assert time.monotonic() < end
        time.sleep(0.02)
    indexer.stop()

    # Even without the lock, only one of two gets a range in: the other sees that the cursor moved.
    Members(own_rpc, own_contracts, seed=9).send(1)
    barrier = threading.Barrier(2)
    failures: list[Exception] = []

    def sync_at_once() -> None:
        rival = new_indexer(own_rpc, own_contracts, projected)
        barrier.wait()
        try:
            rival.sync()
        except Conflict as error:
            failures.append(error)

    rivals = [threading.Thread(target=sync_at_once) for _ in range(2)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join()
    after = contents(projected)
    new_indexer(own_rpc, own_contracts, projected).rebuild()
    assert contents(projected) == after


def test_database_of_another_deployment_is_refused(
    projected: Engine, own_rpc: RpcClient, own_contracts: ContractSet, contracts: ContractSet
) -> None:
    new_indexer(own_rpc, own_contracts, projected).sync()
    with session_scope(projected) as session:
        session.execute(indexer_cursor.update().values(deployment=bytes(32)))
    with pytest.raises(Conflict, match="another deployment"):
        new_indexer(own_rpc, own_contracts, projected).sync()


def test_failed_projection_leaves_nothing_behind(
    projected: Engine, own_rpc: RpcClient, own_contracts: ContractSet
) -> None:
    Members(own_rpc, own_contracts, seed=11).send(3)
    broken = ProjectionRegistry()

    def project(event: IndexedEvent, writer: ProjectionWriter) -> None:
        project_members(event, writer)
        if event.event == "MemberAdmitted":
            writer.update(member, bytes(20), {"roles": 1})

    broken.register("Membership", project, TABLES)
    start = own_contracts.deployment.first_block
    with pytest.raises(ProjectionError, match="test_member has no row"):
        Indexer(own_rpc, own_contracts, projected, broken).sync()
    assert contents(projected) == {table.name: [] for table in COMPARED}
    new_indexer(own_rpc, own_contracts, projected).sync()
    assert contents(projected)["chain_block"][0][0] == start
