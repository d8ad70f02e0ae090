"""The compiled contracts that the package carries: ABI, byte code, compiler, source hashes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from edgebazaar.errors import ConfigurationError

CONTRACT_NAMES = (
    "TrustedForwarder",
    "Membership",
    "Payouts",
    "ReputationLedger",
    "ReputationEpochs",
    "ProofOfAIGC",
    "ArbitratorPanel",
    "Challenges",
    "HashedTimelock",
    "AtomicSale",
    "TaskBoard",
    "AuctionHouse",
    "ExchangePremiums",
    "CompletionBounties",
    "FingerprintDisputes",
)
"""The contracts of the product in the order of deployment."""

ARTIFACT_FOLDER = Path(__file__).parent / "artifacts"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract.

    Attributes:
        name: Name of the contract.
        source_name: Path of its source below the repository.
        abi: Its interface as the compiler wrote it.
        creation_bytecode: Code of the creating transaction, without constructor arguments.
        runtime_bytecode: Code that stands at its address, with zeros where immutable values go.
        immutable_ranges: Start and length of every immutable value in the runtime code.
        compiler: Version and settings of the compiler.
        source_hash: SHA-256 (hex) over all sources that the contract was compiled from.
    """

    name: str
    source_name: str
    abi: tuple[Mapping[str, Any], ...]
    creation_bytecode: bytes
    runtime_bytecode: bytes
    immutable_ranges: tuple[tuple[int, int], ...]
    compiler: Mapping[str, Any]
    source_hash: str

    def constructor_inputs(self) -> tuple[Mapping[str, Any], ...]:
        """The constructor's parameters; empty where the contract declares no constructor."""
        for entry in self.abi:
            if entry["type"] == "constructor":
                return tuple(entry["inputs"])
        return ()

    def runtime_matches(self, code: bytes) -> bool:
        """Whether code on chain is this contract's, whatever its immutable values are."""
        return len(code) == len(self.runtime_bytecode) and self._masked(code) == self._masked(
            self.runtime_bytecode
        )

    def _masked(self, code: bytes) -> bytes:
        masked = bytearray(code)
        for start, length in self.immutable_ranges:
            masked[start : start + length] = bytes(length)
        return bytes(masked)


@cache
def load_artifact(name: str) -> Artifact:
    """Load the artifact of a contract.

    Raises:
        ConfigurationError: If the package carries none of that name, or it needs linking.
    """
    document = _read(f"{name}.json")
    if document["link_references"]:
        raise ConfigurationError(
            f"{name} needs external libraries, which deployment does not link",
            mend="Make the functions of its libraries internal",
        )
    ranges = sorted(
        (int(place["start"]), int(place["length"]))
        for places in document["immutable_references"].values()
        for place in places
    )
    return Artifact(
        name=document["contract_name"],
        source_name=document["source_name"],
        abi=tuple(document["abi"]),
        creation_bytecode=bytes.fromhex(document["creation_code"][2:]),
        runtime_bytecode=bytes.fromhex(document["runtime_code"][2:]),
        immutable_ranges=tuple(ranges),
        compiler=document["compiler"],
        source_hash=document["source_hash"],
    )


def load_metadata(name: str) -> str:
    """A contract's metadata as the compiler wrote it, JSON; its hash is part of the code.

    Raises:
        ConfigurationError: If the package carries no contract of that name.
    """
    return str(_read(f"{name}.json")["metadata"])


def load_standard_input() -> dict[str, Any]:
    """The compiler's standard JSON input of all contracts, with every source."""
    return _read("standard_input.json")


@cache
def load_custom_errors() -> Mapping[bytes, Mapping[str, Any]]:
    """Every custom error of all contracts and libraries: 4-byte selector -> name and inputs."""
    return {
        bytes.fromhex(selector[2:]): {"type": "error", **description}
        for selector, description in _read("errors.json").items()
    }


def _read(file_name: str) -> dict[str, Any]:
    path = ARTIFACT_FOLDER / file_name
    try:
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"the package carries no compiled {path.stem}", mend="Run `make build` in a checkout"
        ) from error
    return document
