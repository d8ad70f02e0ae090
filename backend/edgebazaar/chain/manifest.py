"""The manifest of a deployment: what stands where on one chain, and how it came there.

Lies in `<directory>/<chain id>.json`. Integers that may exceed 53 bits are decimal strings in the
file.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgebazaar.chain.abi_text import printable
from edgebazaar.errors import ConfigurationError, NotFound

MANIFEST_FORMAT = 1


@dataclass(frozen=True, slots=True)
class DeployedContract:
    """One contract on chain.

    Attributes:
        address: Its address, with checksum.
        block: Number of the block that created it.
        transaction: Hash of the creating transaction.
        arguments: Constructor arguments by name, as the manifest writes them.
        source_hash: SHA-256 over the sources of the byte code that stands there.
    """

    address: str
    block: int
    transaction: str
    arguments: Mapping[str, Any]
    source_hash: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """A finished deployment of all contracts on one chain.

    Attributes:
        chain_id: Chain id.
        genesis_hash: Hash of block 0; tells chains of one id apart.
        deployer: Account that created the contracts.
        administrator: Owner of Membership at deployment.
        profile: Parameters that the contracts were created with.
        compiler: Version and settings of the compiler.
        contracts: Contract by name.
        bindings: Transaction and block of each binding call, by `Contract.function`.
    """

    chain_id: int
    genesis_hash: str
    deployer: str
    administrator: str
    profile: Mapping[str, Any]
    compiler: Mapping[str, Any]
    contracts: Mapping[str, DeployedContract]
    bindings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def first_block(self) -> int:
        """Block of the earliest contract: where indexing begins."""
        return min(contract.block for contract in self.contracts.values())

    def address(self, name: str) -> str:
        """Address of a contract, with checksum.

        Raises:
            NotFound: If the deployment has no contract of that name.
        """
        try:
            return self.contracts[name].address
        except KeyError:
            raise NotFound("contract", name, f"There are {', '.join(self.contracts)}") from None

    @staticmethod
    def path(directory: Path, chain_id: int) -> Path:
        """Where the manifest of a chain lies."""
        return directory / f"{chain_id}.json"

    @classmethod
    def load(cls, path: Path) -> Deployment:
        """Read a finished manifest.

        Raises:
            ConfigurationError: If there is none, or the deployment was interrupted.
        """
        document = read_manifest(path)
        if document is None:
            raise ConfigurationError(f"there is no {path}", mend="Run `edgebazaar deploy` first")
        if not document["complete"]:
            raise ConfigurationError(
                f"the deployment of {path} was interrupted", mend="Run `edgebazaar deploy` again"
            )
        return cls.from_document(document)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Deployment:
        """The deployment that a manifest's content describes."""
        return cls(
            chain_id=document["chain_id"],
            genesis_hash=document["genesis_hash"],
            deployer=document["deployer"],
            administrator=document["administrator"],
            profile=document["profile"],
            compiler=document["compiler"],
            contracts={
                name: DeployedContract(
                    address=entry["address"],
                    block=entry["block"],
                    transaction=entry["transaction"],
                    arguments=entry["arguments"],
                    source_hash=entry["source_hash"],
                )
                for name, entry in document["contracts"].items()
            },
            bindings=document["bindings"],
        )


def read_manifest(path: Path) -> dict[str, Any] | None:
    """Content of a manifest, finished or not; None where there is none.

    Raises:
        ConfigurationError: If the file is not a manifest that this version reads.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} is no JSON ({error})", mend="Restore it, or remove it and deploy anew"
        ) from error
    if not isinstance(document, dict) or document.get("format") != MANIFEST_FORMAT:
        raise ConfigurationError(
            f"{path} is no deployment manifest of format {MANIFEST_FORMAT}",
            mend="Restore it, or remove it and deploy anew",
        )
    return document


def write_durably(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace a file so that a crash at any moment leaves the old content or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_manifest(path: Path, document: Mapping[str, Any]) -> None:
    """Write a manifest durably."""
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    write_durably(path, text.encode())


def as_json_value(value: Any) -> Any:
    """An argument as the manifest writes it: hex for bytes, decimal text for integers."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {name: as_json_value(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [as_json_value(item) for item in value]
    return value
