"""What a verification service is given about each deployed contract."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from edgebazaar.chain.artifacts import load_artifact, load_metadata, load_standard_input
from edgebazaar.chain.manifest import Deployment
from edgebazaar.chain.rpc import RpcClient, from_data
from edgebazaar.errors import EdgeBazaarError


class CreationMismatch(EdgeBazaarError):
    """A contract was not created with the code that this package carries."""

    code = "creation-mismatch"


@dataclass(frozen=True, slots=True)
class Submission:
    """One contract with all that reproduces its code.

    Attributes:
        name: Name of the contract.
        source_name: Path of its source.
        chain_id: Chain it stands on.
        address: Its address, with checksum.
        transaction: Hash of the creating transaction.
        compiler: Full version of the compiler, such as `0.8.37+commit.a1b2c3d4`.
        standard_input: The compiler's standard JSON input, with the sources of this contract only.
        constructor_arguments: Constructor arguments as they were encoded.
        metadata: The contract's metadata as the compiler wrote it, JSON.
    """

    name: str
    source_name: str
    chain_id: int
    address: str
    transaction: str
    compiler: str
    standard_input: dict[str, Any]
    constructor_arguments: bytes
    metadata: str

    @property
    def identifier(self) -> str:
        """Path and name, as services tell contracts of one input apart."""
        return f"{self.source_name}:{self.name}"


def submissions_of(rpc: RpcClient, deployment: Deployment) -> list[Submission]:
    """What to submit for every contract of a deployment, in the order of deployment.

    Raises:
        CreationMismatch: If a contract was created with other code.
    """
    standard_input = load_standard_input()
    return [_submission(rpc, deployment, name, standard_input) for name in deployment.contracts]


def _submission(
    rpc: RpcClient, deployment: Deployment, name: str, everything: dict[str, Any]
) -> Submission:
    artifact = load_artifact(name)
    contract = deployment.contracts[name]
    metadata = load_metadata(name)
    transaction = rpc.call("eth_getTransactionByHash", [contract.transaction])
    created = b"" if transaction is None else from_data(transaction["input"])
    if not created.startswith(artifact.creation_bytecode):
        raise CreationMismatch(
            f"transaction {contract.transaction} did not create {name} as this package carries it",
            mend="Use the version that deployed it, or deploy this one",
        )
    used = json.loads(metadata)["sources"]
    return Submission(
        name=name,
        source_name=artifact.source_name,
        chain_id=deployment.chain_id,
        address=contract.address,
        transaction=contract.transaction,
        compiler=str(artifact.compiler["version"]),
        standard_input={
            **everything,
            "sources": {path: everything["sources"][path] for path in sorted(used)},
        },
        constructor_arguments=created[len(artifact.creation_bytecode) :],
        metadata=metadata,
    )
