"""The embedded chain: Anvil or Ganache, with state that survives a restart, ended with us.

A keeper thread starts the process, takes snapshots of Anvil's state and starts the process again
from the last snapshot if it dies. Ganache keeps its own database.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO

import structlog

from edgebazaar.chain.node_commands import NodeKind, NodeOptions
from edgebazaar.chain.rpc import RpcClient, RpcError, RpcUnavailable, from_quantity
from edgebazaar.chain.snapshots import SnapshotStore
from edgebazaar.errors import ConfigurationError, Unavailable

TEST_MNEMONIC = "test test test test test test test test test test test junk"
"""The mnemonic that every development chain knows; for chains without a directory only."""

_LAUNCHER = Path(__file__).with_name("node_launcher.py")
_STOP_SECONDS = 30.0
_HANDOVER_SECONDS = 15.0
_SNAPSHOT_SHARE = 20  # at most a twentieth of the time goes into snapshots
_MAXIMUM_RESTARTS = 5

logger = structlog.get_logger(__name__)


class NodePortBusy(ConfigurationError):
    """Something else listens on the node's port."""

    code = "port-busy"

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} is in use",
            mend="Set EDGEBAZAAR_NODE_PORT to a free port (0 takes any), or stop what uses it",
            field="EDGEBAZAAR_NODE_PORT",
        )


class NodeFailed(Unavailable):
    """The embedded node did not start, or ended without being asked to."""

    code = "node-failed"


class EmbeddedNode:
    """A chain of our own; a context manager that starts and stops it.

    Args:
        directory: Where its state lies; None for a chain that is forgotten at the end.
        kind: `anvil` or `ganache`.
        port: TCP port on the loopback interface, 0 for any free one.
        chain_id: Chain id.
        block_time: Seconds between blocks.
        mnemonic: From which the funded accounts derive.
        accounts: Number of funded accounts.
        balance_ether: Balance of each, in ether.
        snapshot_interval: Seconds between snapshots of Anvil's state; more if one takes long.

    Raises:
        NodePortBusy: On start, if the port is taken.
        ConfigurationError: On start, if the program is missing or the directory is in use.
        NodeFailed: On start, if the program ends or does not answer.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        kind: NodeKind = "anvil",
        port: int = 0,
        chain_id: int = 31337,
        block_time: float = 1.0,
        mnemonic: str = TEST_MNEMONIC,
        accounts: int = 100,
        balance_ether: int = 100_000,
        snapshot_interval: float = 5.0,
    ) -> None:
        self.options = NodeOptions(
            kind, port or free_port(), chain_id, block_time, mnemonic, accounts, balance_ether
        )
        self.url = f"http://127.0.0.1:{self.options.port}"
        self._scratch = tempfile.TemporaryDirectory() if directory is None else None
        self.directory = (directory or Path(self._scratch.name if self._scratch else "")).absolute()
        self.log_path = self.directory / f"{kind}.log"
        self._durable = directory is not None
        self._interval = snapshot_interval
        self._store = SnapshotStore(self.directory)
        self._history = self.directory / "history"
        self._rpc = RpcClient(self.url, timeout=60.0)
        self._lock_file: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._saving = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of the node, None while it does not run."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    def start(self, timeout: float = 60.0) -> EmbeddedNode:
        """Start the node and wait until it answers."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock_file = _lock_directory(self.directory)
        try:
            _require_free(self.options.port)
            # The kernel ties the node's life to the thread that starts it, so that thread stays.
            self._keeper = threading.Thread(target=self._keep, name="chain-node", daemon=True)
            self._keeper.start()
            atexit.register(self.stop)
            self.wait_ready(timeout)
        except BaseException:
            self.stop()
            raise
        return self

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Wait until the node answers.

        Raises:
            NodeFailed: If it ended, or does not answer in time.
        """
        deadline = time.monotonic() + timeout
        while not self._ready.wait(0.02):
            self.check()
            if time.monotonic() > deadline:
                raise NodeFailed(
                    f"{self.options.kind} does not answer after {timeout:g} s",
                    mend=self._log_hint(),
                )

    def check(self) -> None:
        """Raise what ended the node, if it ended without being asked to.

        Raises:
            NodeFailed: With the last lines of its log.
        """
        if self._failure is not None:
            raise self._failure

    def snapshot(self) -> None:
        """Store Anvil's state now. Ganache's database is always up to date."""
        if self._durable and self.options.kind == "anvil":
            with self._saving:
                self._store.save(self._rpc)

    def stop(self) -> None:
        """Stop the node, keeping its state. Does nothing where it is stopped already."""
        self._stopping.set()
        keeper = self._keeper
        if keeper is not None and keeper is not threading.current_thread():
            self._terminate()
            keeper.join()
        self._keeper = None
        atexit.unregister(self.stop)
        self._rpc.close()
        if self._lock_file is not None:
            shutil.rmtree(self._history, ignore_errors=True)
            self._lock_file.close()
            self._lock_file = None
        if self._scratch is not None:
            self._scratch.cleanup()

    def __enter__(self) -> EmbeddedNode:
        return self if self._keeper is not None else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _keep(self) -> None:
        restarts = 0
        try:
            while not self._stopping.is_set():
                process = self._process = self._spawn()
                self._await_answer(process)
                self._watch(process)
                if self._stopping.is_set():
                    break
                restarts += 1
                if restarts > _MAXIMUM_RESTARTS:
                    raise self._ended_unasked()
                logger.warning(
                    "chain node ended, starting it again", kind=self.options.kind, restart=restarts
                )
                self._ready.clear()
        except BaseException as error:
            self._failure = error
            self._terminate()
        finally:
            if self._durable and self.options.kind == "anvil" and self._stopping.is_set():
                self._store.adopt_exit_dump()

    def _spawn(self) -> subprocess.Popen[bytes]:
        options, durable = self.options, self._durable
        if options.kind == "anvil":
            # Gigabytes in an hour of short blocks, useless to the next process, and left behind by
            # one that was killed.
            shutil.rmtree(self._history, ignore_errors=True)
            command = options.anvil_command(
                history=self._history,
                load_state=self._store.prepare_load() if durable else None,
                dump_state=self._store.exit_dump if durable else None,
            )
        else:
            command = options.ganache_command(
                database=self.directory / "ganache" if durable else None
            )
        lock = self._lock_file.fileno() if self._lock_file else -1
        with self.log_path.open("ab") as log:
            # Its own session: Ctrl-C reaches us alone, and we stop it once all else is done. It
            # shares the lock, so that nobody starts on its directory before it has ended.
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(lock,),
            )

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        while not self._stopping.is_set():
            if process.poll() is not None:
                raise self._ended_unasked()
            try:
                chain_id = from_quantity(self._rpc.call("eth_chainId"))
            except (RpcUnavailable, RpcError):
                time.sleep(0.02)
                continue
            if chain_id != self.options.chain_id:
                raise NodePortBusy(self.options.port)
            self._store.finish_load()
            self.snapshot()
            self._ready.set()
            return

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Take snapshots until the process ends."""
        pause = self._interval
        while not self._stopping.is_set():
            try:
                process.wait(timeout=pause)
                return
            except subprocess.TimeoutExpired:
                pass
            started = time.monotonic()
            try:
                self.snapshot()
            except (RpcUnavailable, RpcError, OSError) as error:
                logger.warning("no snapshot of the chain", error=str(error))
            pause = max(self._interval, _SNAPSHOT_SHARE * (time.monotonic() - started))
        self._terminate()

    def _terminate(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _ended_unasked(self) -> NodeFailed | NodePortBusy:
        words = self._last_words()
        if "address already in use" in words.lower() or "EADDRINUSE" in words:
            return NodePortBusy(self.options.port)
        status = self._process.returncode if self._process else None
        return NodeFailed(
            f"{self.options.kind} ended with status {status}: {words or 'without a word'}",
            mend=self._log_hint(),
        )

    def _last_words(self) -> str:
        try:
            lines = self.log_path.read_text("utf-8", errors="replace").strip().splitlines()
        except FileNotFoundError:
            return ""
        return " ".join(line.strip() for line in lines[-3:])

    def _log_hint(self) -> str:
        return f"Its log is {self.log_path}" if self._durable else ""


def free_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _require_free(port: int) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            raise NodePortBusy(port) from None


def _lock_directory(directory: Path) -> IO[bytes]:
    file = (directory / "lock").open("ab")
    deadline = time.monotonic() + _HANDOVER_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return file
        except BlockingIOError:
            # A node whose program was killed may still be writing down its state.
            if time.monotonic() > deadline:
                file.close()
                raise ConfigurationError(
                    f"another process runs the chain of {directory}",
                    mend="Stop it, or set EDGEBAZAAR_DATA_DIRECTORY to another folder",
                    field="EDGEBAZAAR_DATA_DIRECTORY",
                ) from None
            time.sleep(0.1)
