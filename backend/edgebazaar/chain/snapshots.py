"""Durable snapshots of Anvil's state.

Anvil itself rewrites its state file in place, so a crash in the middle leaves a file it refuses to
load. Here a snapshot is written beside and renamed. A file that Anvil dumped when it ended in an
orderly way is newer than any snapshot and is taken over, provided that it is whole.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson

from edgebazaar.chain.manifest import write_durably
from edgebazaar.chain.rpc import RpcClient, from_data
from edgebazaar.errors import ConfigurationError

_COMPRESSION_LEVEL = 1  # a snapshot is written often and read once


class SnapshotStore:
    """The snapshots of one chain in one folder.

    Args:
        folder: Where they lie; belongs to one node at a time.
    """

    def __init__(self, folder: Path) -> None:
        self.snapshot = folder / "state.json.gz"
        self.exit_dump = folder / "exit-state.json"
        self.loaded = folder / "loaded-state.json"

    def save(self, rpc: RpcClient) -> int:
        """Ask a running Anvil for its state and store it; returns the size in bytes."""
        content = from_data(rpc.call("anvil_dumpState"))
        write_durably(self.snapshot, content)
        return len(content)

    def adopt_exit_dump(self) -> bool:
        """Make what Anvil dumped when it ended the snapshot; false if it dumped nothing whole."""
        try:
            content = self.exit_dump.read_bytes()
        except FileNotFoundError:
            return False
        whole = _is_state(content)
        if whole:
            write_durably(self.snapshot, gzip.compress(content, _COMPRESSION_LEVEL))
        self.exit_dump.unlink()
        return whole

    def prepare_load(self) -> Path | None:
        """The file that Anvil should load, None for a new chain.

        Raises:
            ConfigurationError: If the snapshot was damaged from outside.
        """
        self.adopt_exit_dump()
        if not self.snapshot.exists():
            return None
        try:
            content = gzip.decompress(self.snapshot.read_bytes())
        except (OSError, EOFError) as error:
            raise self._damaged(str(error)) from error
        if not _is_state(content):
            raise self._damaged("no state of a chain")
        self.loaded.write_bytes(content)
        return self.loaded

    def finish_load(self) -> None:
        """Remove what {prepare_load} wrote, once Anvil has read it."""
        self.loaded.unlink(missing_ok=True)

    def _damaged(self, problem: str) -> ConfigurationError:
        return ConfigurationError(
            f"the chain's snapshot {self.snapshot} is damaged ({problem})",
            mend="Restore it from a backup, or remove the data directory to begin a new chain",
        )


def _is_state(content: bytes) -> bool:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and "best_block_number" in document
