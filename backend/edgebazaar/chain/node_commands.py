"""How Anvil and Ganache are started: where their programs are, and with which options."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgebazaar.errors import ConfigurationError

NodeKind = Literal["anvil", "ganache"]

GAS_LIMIT = 1_000_000_000
"""Gas of a block of the embedded chain: bursts of transactions fit into one."""

_PLATFORMS = {"linux": "linux", "darwin": "darwin", "win32": "win32"}
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """What an embedded node runs with.

    Attributes:
        kind: Which program.
        port: TCP port on the loopback interface.
        chain_id: Chain id.
        block_time: Seconds between blocks.
        mnemonic: From which the funded accounts derive.
        accounts: Number of funded accounts.
        balance_ether: Balance of each, in ether.
    """

    kind: NodeKind
    port: int
    chain_id: int
    block_time: float
    mnemonic: str
    accounts: int
    balance_ether: int

    def anvil_command(
        self, *, history: Path, load_state: Path | None, dump_state: Path | None
    ) -> list[str]:
        """The command that starts Anvil, which keeps the states of older blocks in `history`.

        Blocks come at an interval, never with each transaction: that mode loses transactions
        under load.
        """
        command = [str(anvil_program()), "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--chain-id", str(self.chain_id), "--block-time", f"{self.block_time:g}"]
        command += ["--gas-limit", str(GAS_LIMIT), "--hardfork", "shanghai"]
        command += ["--slots-in-an-epoch", "1", "--mnemonic", self.mnemonic, "--quiet"]
        command += ["--accounts", str(self.accounts), "--balance", str(self.balance_ether)]
        command += ["--cache-path", str(history)]
        if load_state is not None:
            command += ["--load-state", str(load_state)]
        if dump_state is not None:
            # Without a far interval it would also rewrite the file in place every minute.
            command += ["--dump-state", str(dump_state), "--state-interval", str(10 * 365 * 86400)]
        return command

    def ganache_command(self, *, database: Path | None) -> list[str]:
        """The command that starts Ganache."""
        program, script = ganache_program()
        command = [str(program), str(script), "--server.host", "127.0.0.1"]
        command += ["--server.port", str(self.port), "--chain.chainId", str(self.chain_id)]
        command += ["--chain.networkId", str(self.chain_id), "--chain.hardfork", "shanghai"]
        command += ["--miner.blockTime", f"{self.block_time:g}"]
        command += ["--miner.blockGasLimit", hex(GAS_LIMIT), "--miner.callGasLimit", hex(GAS_LIMIT)]
        command += ["--wallet.mnemonic", self.mnemonic, "--logging.quiet"]
        command += ["--wallet.totalAccounts", str(self.accounts)]
        command += ["--wallet.defaultBalance", str(self.balance_ether)]
        if database is not None:
            command += ["--database.dbPath", str(database)]
        return command


def anvil_program() -> Path:
    """The Anvil program itself, not npm's launcher, so that signals reach it.

    Raises:
        ConfigurationError: If it is not installed.
    """
    system = _PLATFORMS.get(sys.platform, sys.platform)
    machine = _MACHINES.get(platform.machine().lower(), platform.machine().lower())
    suffix = ".exe" if system == "win32" else ""
    package = Path("@foundry-rs") / f"anvil-{system}-{machine}" / "bin" / f"anvil{suffix}"
    for modules in _module_folders():
        if os.access(program := modules / package, os.X_OK):
            return program
    if found := shutil.which("anvil"):
        return Path(found)
    raise ConfigurationError(
        "Anvil is not installed",
        mend="Run `make setup`, or set EDGEBAZAAR_RPC_URL to use a chain of your own",
        field="EDGEBAZAAR_NODE_KIND",
    )


def ganache_program() -> tuple[Path, Path]:
    """Node.js and Ganache's script.

    Raises:
        ConfigurationError: If one of them is not installed.
    """
    node = shutil.which("node")
    for modules in _module_folders():
        script = modules / "ganache" / "dist" / "node" / "cli.js"
        if node and script.is_file():
            return Path(node), script
    raise ConfigurationError(
        "Ganache is not installed" if node else "Node.js is not installed",
        mend="Run `make setup`, or set EDGEBAZAAR_NODE_KIND=anvil",
        field="EDGEBAZAAR_NODE_KIND",
    )


def _module_folders() -> Iterator[Path]:
    starts = (Path.cwd(), Path(__file__).resolve().parents[3])
    for start in starts:
        for folder in (start, *start.parents):
            if (modules := folder / "node_modules").is_dir():
                yield modules
