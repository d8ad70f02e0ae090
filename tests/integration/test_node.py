"""The embedded node: state over restarts and crashes, ports, and that it always ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from edgebazaar.chain.node import EmbeddedNode, NodeFailed, NodePortBusy, free_port
from edgebazaar.chain.node_commands import NodeKind
from edgebazaar.chain.rpc import RpcClient, RpcUnavailable, from_quantity
from edgebazaar.chain.snapshots import SnapshotStore
from edgebazaar.errors import ConfigurationError

KINDS: tuple[NodeKind, ...] = ("anvil", "ganache")
FAST = 0.1


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def send_wei(rpc: RpcClient, amount: int = 1) -> tuple[str, str]:
    """Send some wei to a new address and wait for it; returns receiver and transaction."""
    sender = rpc.call("eth_accounts")[0]
    receiver = "0x" + os.urandom(20).hex()
    request = {"from": sender, "to": receiver, "value": hex(amount), "gas": "0x5208"}
    transaction = rpc.call("eth_sendTransaction", [request])
    assert eventually(lambda: rpc.call("eth_getTransactionReceipt", [transaction]) is not None)
    return receiver, transaction


def balance(rpc: RpcClient, address: str) -> int:
    return from_quantity(rpc.call("eth_getBalance", [address, "latest"]))


@pytest.mark.parametrize("kind", KINDS)
def test_state_survives_a_restart(kind: NodeKind, tmp_path: Path) -> None:
    with EmbeddedNode(tmp_path, kind=kind, block_time=FAST) as node, RpcClient(node.url) as rpc:
        genesis = rpc.call("eth_getBlockByNumber", ["0x0", False])["hash"]
        receiver, transaction = send_wei(rpc, 12345)
        block = rpc.call("eth_getTransactionReceipt", [transaction])["blockHash"]
    with EmbeddedNode(tmp_path, kind=kind, block_time=FAST) as node, RpcClient(node.url) as rpc:
        assert rpc.call("eth_getBlockByNumber", ["0x0", False])["hash"] == genesis
        assert balance(rpc, receiver) == 12345
        assert rpc.call("eth_getTransactionReceipt", [transaction])["blockHash"] == block
        height = from_quantity(rpc.call("eth_blockNumber"))
        assert eventually(lambda: from_quantity(rpc.call("eth_blockNumber")) > height)


def test_states_of_older_blocks_go_with_the_node(tmp_path: Path) -> None:
    # Anvil writes them after thousands of blocks, far too many for a test.
    left_behind = tmp_path / "history" / "anvil-state-1" / "0x01.json"
    left_behind.parent.mkdir(parents=True)
    left_behind.touch()
    with EmbeddedNode(tmp_path, block_time=FAST) as node:
        assert not left_behind.exists()
        command = psutil.Process(node.pid).cmdline()
        assert command[command.index("--cache-path") + 1] == str(tmp_path / "history")
        left_behind.parent.mkdir(parents=True)
        left_behind.touch()
        with pytest.raises(ConfigurationError):
            EmbeddedNode(tmp_path, block_time=FAST).start()
        assert left_behind.exists()  # the refused one leaves the first one's alone
    assert not (tmp_path / "history").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_blocks_come_at_an_interval_and_never_with_a_transaction(
    kind: NodeKind, tmp_path: Path
) -> None:
    with EmbeddedNode(tmp_path, kind=kind, block_time=2.0) as node, RpcClient(node.url) as rpc:
        height = from_quantity(rpc.call("eth_blockNumber"))
        assert eventually(lambda: from_quantity(rpc.call("eth_blockNumber")) > height)
        accounts = rpc.call("eth_accounts")
        request = {"from": accounts[0], "to": accounts[1], "value": "0x1", "gas": "0x5208"}
        transactions = [rpc.call("eth_sendTransaction", [request]) for _ in range(3)]
        assert rpc.call("eth_getTransactionReceipt", [transactions[-1]]) is None
        assert eventually(
            lambda: rpc.call("eth_getTransactionReceipt", [transactions[-1]]) is not None
        )
        blocks = rpc.batch([("eth_getTransactionReceipt", [item]) for item in transactions])
        assert len({receipt["blockNumber"] for receipt in blocks}) == 1


def test_anvil_killed_by_force_comes_back_with_its_last_snapshot(tmp_path: Path) -> None:
    node = EmbeddedNode(tmp_path, block_time=FAST, snapshot_interval=3600).start()
    with node, RpcClient(node.url) as rpc:
        receiver, _ = send_wei(rpc, 777)
        node.snapshot()
        lost, _ = send_wei(rpc, 888)
        killed = node.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: node.pid not in {None, killed})
        node.wait_ready()
        assert eventually(lambda: _answers(rpc))
        assert balance(rpc, receiver) == 777
        assert balance(rpc, lost) == 0


def test_ganache_killed_by_force_comes_back_with_its_state(tmp_path: Path) -> None:
    with (
        EmbeddedNode(tmp_path, kind="ganache", block_time=FAST) as node,
        RpcClient(node.url) as rpc,
    ):
        receiver, _ = send_wei(rpc, 777)
        killed = node.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: node.pid not in {None, killed} and _answers(rpc))
        assert balance(rpc, receiver) == 777


@pytest.mark.timeout(300)
def test_snapshots_are_taken_at_an_interval(tmp_path: Path) -> None:
    with (
        EmbeddedNode(tmp_path, block_time=FAST, snapshot_interval=0.2) as node,
        RpcClient(node.url) as rpc,
    ):
        receiver, _ = send_wei(rpc, 999)
        snapshot = SnapshotStore(tmp_path).snapshot
        written = {snapshot.stat().st_mtime_ns}

        def two_more_written() -> bool:
            written.add(snapshot.stat().st_mtime_ns)
            return len(written) > 2

        # The second began after the transaction. A slow disk stretches the interval many times.
        assert eventually(two_more_written, seconds=120)
        killed = node.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: node.pid not in {None, killed} and _answers(rpc))
        assert balance(rpc, receiver) == 999


@pytest.mark.parametrize("content", [b"", b'{"block":{"number":"0x1"', b"[]"])
def test_an_exit_dump_that_is_not_whole_is_ignored(tmp_path: Path, content: bytes) -> None:
    with EmbeddedNode(tmp_path, block_time=FAST) as node, RpcClient(node.url) as rpc:
        receiver, _ = send_wei(rpc, 5)
    SnapshotStore(tmp_path).exit_dump.write_bytes(content)
    with EmbeddedNode(tmp_path, block_time=FAST) as node, RpcClient(node.url) as rpc:
        assert balance(rpc, receiver) == 5


def test_a_damaged_snapshot_is_refused_and_kept(tmp_path: Path) -> None:
    snapshot = SnapshotStore(tmp_path).snapshot
    snapshot.write_bytes(b"damaged from outside")
    with pytest.raises(ConfigurationError, match=r"state\.json\.gz is damaged.*backup"):
        EmbeddedNode(tmp_path, block_time=FAST).start()
    assert snapshot.read_bytes() == b"damaged from outside"


@pytest.mark.parametrize("kind", KINDS)
def test_a_busy_port_is_named_with_its_setting(kind: NodeKind, tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(NodePortBusy, match=f"EDGEBAZAAR_NODE_PORT: port {port} is in use"):
            EmbeddedNode(tmp_path, kind=kind, port=port).start()


def test_one_directory_serves_one_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgebazaar.chain.node._HANDOVER_SECONDS", 0.3)
    with (
        EmbeddedNode(tmp_path, block_time=FAST),
        pytest.raises(ConfigurationError, match="EDGEBAZAAR_DATA_DIRECTORY"),
    ):
        EmbeddedNode(tmp_path, block_time=FAST).start()


def test_a_node_that_cannot_run_says_why(tmp_path: Path) -> None:
    node = EmbeddedNode(tmp_path, block_time=FAST, mnemonic="not twelve words of the list")
    with pytest.raises(NodeFailed, match="anvil ended with status"):
        node.start()
    assert node.pid is None


def test_a_node_without_directory_leaves_nothing_behind() -> None:
    with EmbeddedNode(block_time=FAST) as node:
        directory, process = node.directory, psutil.Process(node.pid)
        assert directory.is_dir()
    assert not directory.exists()
    assert not process.is_running()


OWNER = """
import json, signal, sys, threading, time
from pathlib import Path
from edgebazaar.chain.node import EmbeddedNode
from edgebazaar.chain.rpc import RpcClient

# A shell that started the tests in its background has them ignore interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
nodes = []
def start():
    nodes.append(EmbeddedNode(Path(sys.argv[1]), kind=sys.argv[2], block_time=0.1,
                              snapshot_interval=3600).start())
starter = threading.Thread(target=start)  # the starting thread ends, the node must not
starter.start(); starter.join()
print(json.dumps({"pid": nodes[0].pid, "url": nodes[0].url}), flush=True)
if sys.argv[3] == "return":
    sys.exit(0)
time.sleep(600)
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", ["return", "interrupt", "terminate", "kill"])
def test_the_node_ends_with_its_owner_and_keeps_its_state(
    kind: NodeKind, end: str, tmp_path: Path
) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), kind, end],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert owner.stdout is not None
    report = json.loads(owner.stdout.readline())
    node = psutil.Process(report["pid"]) if psutil.pid_exists(report["pid"]) else None
    receiver = None
    if end != "return":
        assert node is not None
        with RpcClient(report["url"]) as rpc:
            receiver, _ = send_wei(rpc, 4321)
        number = {
            "interrupt": signal.SIGINT,
            "terminate": signal.SIGTERM,
            "kill": signal.SIGKILL,
        }
        os.kill(owner.pid, number[end])
    owner.wait(30)
    owner.stdout.close()
    assert node is None or eventually(lambda: not node.is_running() or _is_zombie(node))
    if receiver is not None:
        with (
            EmbeddedNode(tmp_path, kind=kind, block_time=FAST) as again,
            RpcClient(again.url) as rpc,
        ):
            assert balance(rpc, receiver) == 4321


def test_free_ports_can_be_listened_on() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))


def test_a_chain_that_does_not_answer_is_named() -> None:
    port = free_port()
    with (
        RpcClient(f"http://127.0.0.1:{port}") as rpc,
        pytest.raises(RpcUnavailable, match=f"{port} does not answer.*EDGEBAZAAR_RPC_URL"),
    ):
        rpc.call("eth_blockNumber")


def _answers(rpc: RpcClient) -> bool:
    try:
        rpc.call("eth_blockNumber")
    except RpcUnavailable:
        return False
    return True


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
