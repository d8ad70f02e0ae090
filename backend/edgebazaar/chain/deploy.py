"""Deployment of a profile's contracts, the same for `edgebazaar deploy`, brownie and the demo.

Every step is one transaction. What it will be (nonce, hash, fees, address to come) is on disk
before it is sent, and the same signed transaction is rebuilt from that on resumption, so that no
interruption deploys anything twice. Running it again over a finished deployment verifies it against
the chain.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from rlp import encode as rlp_encode

from edgebazaar.chain import codec
from edgebazaar.chain.artifacts import CONTRACT_NAMES, load_artifact
from edgebazaar.chain.contracts import decode_error
from edgebazaar.chain.manifest import (
    MANIFEST_FORMAT,
    Deployment,
    as_json_value,
    read_manifest,
    write_manifest,
)
from edgebazaar.chain.profiles import DeploymentProfile
from edgebazaar.chain.rpc import RpcClient, RpcError, from_data, from_quantity, to_data
from edgebazaar.chain.transactions import (
    TransactionFailed,
    broadcast,
    plan_transaction,
    rebuild_transaction,
    wait_for_receipt,
)
from edgebazaar.errors import ConfigurationError, EdgeBazaarError

BINDINGS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("ProofOfAIGC", "bindCustodians", ("HashedTimelock", "AtomicSale", "Challenges")),
    ("ReputationLedger", "bindSources", ("TaskBoard", "AtomicSale")),
    ("ProofOfAIGC", "bindDisputes", ("FingerprintDisputes",)),
    ("TaskBoard", "bindDisputes", ("FingerprintDisputes",)),
)
"""Calls after creation: contract, function, contracts whose addresses are the arguments."""

Phase = Literal["planned", "sent", "mined", "recorded", "standing"]


@dataclass(frozen=True, slots=True)
class DeploymentProgress:
    """What deployment just did.

    Attributes:
        step: Name of a contract, or `Contract.function` of a binding call.
        phase: `planned` (on disk), `sent`, `mined`, `recorded` (on disk), or `standing` if an
            earlier run did it.
        number: Number of the step, from 1.
        total: Number of steps.
        address: Contract concerned.
        transaction: Hash of the transaction.
        block: Block of the transaction, None before it is mined.
    """

    step: str
    phase: Phase
    number: int
    total: int
    address: str
    transaction: str
    block: int | None = None


class DeploymentMismatch(EdgeBazaarError):
    """The manifest does not describe what is on the chain, or what is asked for."""

    code = "deployment-mismatch"


def deploy(
    rpc_url: str,
    signer: LocalAccount,
    profile: DeploymentProfile,
    directory: Path,
    progress: Callable[[DeploymentProgress], None] | None = None,
    *,
    administrator: str | None = None,
    receipt_timeout: float = 600.0,
) -> Deployment:
    """Deploy what is not deployed yet and return the verified deployment.

    Args:
        rpc_url: The chain.
        signer: Account that creates the contracts and pays.
        profile: Parameters.
        directory: Where the manifest `<chain id>.json` lies.
        progress: Told about every phase of every step.
        administrator: Owner of Membership, the signer by default.
        receipt_timeout: Seconds to wait for each transaction.

    Raises:
        DeploymentMismatch: If the manifest does not fit chain, code, profile or signer.
        TransactionFailed: If a step reverts or is not mined in time; run again to resume.
        RpcUnavailable: If the chain does not answer.
    """
    with RpcClient(rpc_url) as rpc:
        chain_id = from_quantity(rpc.call("eth_chainId"))
        path = Deployment.path(directory, chain_id)
        with _exclusive(path):
            run = _Run(
                rpc, signer, profile, path, progress, administrator or signer.address, chain_id
            )
            return run.complete(receipt_timeout)


def verify(rpc: RpcClient, deployment: Deployment) -> None:
    """Compare a deployment with the chain and with the compiled contracts.

    Raises:
        DeploymentMismatch: Naming every contract that differs, and what to do.
    """
    chain_id = from_quantity(rpc.call("eth_chainId"))
    if chain_id != deployment.chain_id:
        raise DeploymentMismatch(
            f"the manifest is of chain {deployment.chain_id}, the node runs chain {chain_id}",
            mend="Correct EDGEBAZAAR_RPC_URL, or use the manifest of this chain",
        )
    names = list(deployment.profile.get("contracts", CONTRACT_NAMES))
    if missing := [name for name in names if name not in deployment.contracts]:
        raise DeploymentMismatch(
            f"the manifest lacks {', '.join(missing)}", mend="Deploy into another directory"
        )
    codes = rpc.batch(
        [("eth_getCode", [deployment.contracts[name].address, "latest"]) for name in names]
    )
    receipts = rpc.batch(
        [
            ("eth_getTransactionReceipt", [binding["transaction"]])
            for binding in deployment.bindings.values()
        ]
    )
    problems = [
        f"{step} never happened on this chain"
        for step, receipt in zip(deployment.bindings, receipts, strict=True)
        if receipt is None or from_quantity(receipt["status"]) == 0
    ]
    for name, code in zip(names, codes, strict=True):
        deployed, artifact = deployment.contracts[name], load_artifact(name)
        if deployed.source_hash != artifact.source_hash:
            problems.append(f"{name} was deployed from other sources")
        elif not from_data(code):
            problems.append(f"no code stands at {deployed.address} ({name})")
        elif not artifact.runtime_matches(from_data(code)):
            problems.append(f"other code than {name} stands at {deployed.address}")
    if problems:
        raise DeploymentMismatch(
            "the manifest does not match: " + "; ".join(problems),
            mend="Use the chain and the version it was made for, or deploy anew into another "
            "directory (EDGEBAZAAR_DEPLOYMENT_DIRECTORY)",
        )


class _Run:
    """One run over the steps of a deployment; the document is what is on disk at any time."""

    def __init__(
        self,
        rpc: RpcClient,
        signer: LocalAccount,
        profile: DeploymentProfile,
        path: Path,
        progress: Callable[[DeploymentProgress], None] | None,
        administrator: str,
        chain_id: int,
    ) -> None:
        self._rpc = rpc
        self._signer = signer
        self._profile = profile
        self._path = path
        self._progress = progress
        self._administrator = to_checksum_address(administrator)
        self._document = self._open_document(chain_id)
        self._contracts: dict[str, dict[str, Any]] = self._document["contracts"]
        self._bindings = [
            binding for binding in BINDINGS if {binding[0], *binding[2]} <= set(profile.contracts)
        ]
        self._total = len(profile.contracts) + len(self._bindings)

    def complete(self, receipt_timeout: float) -> Deployment:
        """Carry out every step that is not carried out yet, then verify the whole."""
        if self._document["complete"] and (standing := self._standing()) is not None:
            return standing
        contracts = self._profile.contracts
        for number, name in enumerate(contracts, 1):
            arguments = self._profile.constructor_arguments(
                name, administrator=self._administrator, addresses=self._addresses()
            )
            artifact = load_artifact(name)
            inputs = artifact.constructor_inputs()
            data = artifact.creation_bytecode + codec.encode_values(inputs, arguments, name)
            named = {
                parameter["name"]: as_json_value(value)
                for parameter, value in zip(inputs, arguments, strict=True)
            }
            extra = {"arguments": named, "source_hash": artifact.source_hash}
            self._ensure(number, name, self._contracts, None, data, extra, receipt_timeout)
        for number, (name, function, targets) in enumerate(self._bindings, len(contracts) + 1):
            entry = next(item for item in load_artifact(name).abi if item.get("name") == function)
            addresses = self._addresses()
            values = codec.encode_values(
                entry["inputs"], [addresses[target] for target in targets], function
            )
            data = keccak(text=codec.signature_of(entry))[:4] + values
            step, bindings = f"{name}.{function}", self._document["bindings"]
            self._ensure(number, step, bindings, addresses[name], data, {}, receipt_timeout)
        if not self._document["complete"]:
            self._document["complete"] = True
            self._save()
        deployment = Deployment.from_document(self._document)
        verify(self._rpc, deployment)
        return deployment

    def _standing(self) -> Deployment | None:
        """The finished deployment if all of it is on the chain; None if a part is missing.

        A chain that was set back (a reorganisation, an older snapshot of the embedded chain) lost
        the newest steps; the loop over them then says whether the same transactions bring them
        back.
        """
        deployment = Deployment.from_document(self._document)
        try:
            verify(self._rpc, deployment)
        except DeploymentMismatch:
            return None
        steps = [*self._contracts.items(), *self._document["bindings"].items()]
        for number, (step, entry) in enumerate(steps, 1):
            self._tell(number, step, entry, "standing")
        return deployment

    def _ensure(
        self,
        number: int,
        step: str,
        entries: dict[str, Any],
        to: str | None,
        data: bytes,
        extra: dict[str, Any],
        receipt_timeout: float,
    ) -> None:
        """Carry out one step, or find that an earlier run did."""
        entry = entries.get(step)
        if entry is not None and extra.get("source_hash") != entry.get("source_hash"):
            raise self._mismatch(f"{step} was deployed from other sources")
        receipt = self._receipt(entry) if entry else None
        if entry and receipt is None and self._is_void(entry):
            if entry["block"] is not None:
                raise self._mismatch(f"transaction {entry['transaction']} of {step} is gone")
            entry = None
        if entry is None:
            plan = plan_transaction(self._rpc, self._signer, to, data)
            entry = entries[step] = {
                "address": to or _address_of_creation(self._signer.address, plan["nonce"]),
                "block": None,
                "transaction": to_data(rebuild_transaction(self._signer, plan, to, data).hash),
                **extra,
                "plan": plan,
            }
            self._save()
            self._tell(number, step, entry, "planned")
        if receipt is None:
            signed = rebuild_transaction(self._signer, entry["plan"], to, data)
            if to_data(signed.hash) != entry["transaction"]:
                raise self._mismatch(f"{step} was planned with another signer or other arguments")
            broadcast(self._rpc, signed)
            self._tell(number, step, entry, "sent")
            receipt = wait_for_receipt(self._rpc, entry["transaction"], receipt_timeout, step)
        block = from_quantity(receipt["blockNumber"])
        if from_quantity(receipt["status"]) == 0:
            del entries[step]
            self._save()
            raise TransactionFailed(
                f"{step} was reverted in block {block} ({self._reason(to, data, block)})",
                mend="Correct the cause and run it again: what stands already is kept",
            )
        if entry["block"] == block:
            self._tell(number, step, entry, "standing")
            return
        self._tell(number, step, entry, "mined", block)
        entry["block"] = block
        self._save()
        self._tell(number, step, entry, "recorded")

    def _receipt(self, entry: dict[str, Any]) -> dict[str, Any] | None:
        receipt: dict[str, Any] | None = self._rpc.call(
            "eth_getTransactionReceipt", [entry["transaction"]]
        )
        return receipt

    def _is_void(self, entry: dict[str, Any]) -> bool:
        """Whether another transaction has used up the nonce of a planned one that is not mined."""
        used = from_quantity(
            self._rpc.call("eth_getTransactionCount", [self._signer.address, "latest"])
        )
        # Asked again: it may have been mined between the two questions.
        return used > entry["plan"]["nonce"] and self._receipt(entry) is None

    def _reason(self, to: str | None, data: bytes, block: int) -> str:
        request = {"from": self._signer.address, "data": to_data(data)}
        if to is not None:
            request["to"] = to
        try:
            self._rpc.call("eth_call", [request, hex(block)])
        except RpcError as error:
            revert_data = error.revert_data
            return error.message if revert_data is None else decode_error(revert_data).text
        return "it would pass now"

    def _open_document(self, chain_id: int) -> dict[str, Any]:
        genesis = self._rpc.call("eth_getBlockByNumber", ["0x0", False])["hash"]
        first = load_artifact(CONTRACT_NAMES[0])
        expected: dict[str, Any] = {
            "format": MANIFEST_FORMAT,
            "chain_id": chain_id,
            "genesis_hash": genesis,
            "deployer": self._signer.address,
            "administrator": self._administrator,
            "profile": self._profile.as_document(),
            "compiler": dict(first.compiler),
        }
        document = read_manifest(self._path)
        if document is None:
            return {**expected, "complete": False, "contracts": {}, "bindings": {}}
        if document["chain_id"] != chain_id:
            raise self._mismatch(f"it is of chain {document['chain_id']}, not {chain_id}")
        if document["genesis_hash"] != genesis:
            raise self._mismatch("it is of another chain of the same id (block 0 differs)")
        if document["profile"] != expected["profile"]:
            raise self._mismatch(
                f"it was made with other parameters (profile {document['profile'].get('name')})"
            )
        if document["administrator"] != self._administrator:
            raise self._mismatch(f"its administrator is {document['administrator']}")
        if document["deployer"] != self._signer.address:
            raise self._mismatch(f"its deployer is {document['deployer']}")
        return document

    def _mismatch(self, problem: str) -> DeploymentMismatch:
        return DeploymentMismatch(
            f"{self._path} does not fit: {problem}",
            mend="Use the chain, settings and version it was made with, or deploy anew: into "
            "another directory (EDGEBAZAAR_DEPLOYMENT_DIRECTORY), or after removing that file",
        )

    def _addresses(self) -> dict[str, str]:
        return {name: entry["address"] for name, entry in self._contracts.items()}

    def _save(self) -> None:
        write_manifest(self._path, self._document)

    def _tell(
        self,
        number: int,
        step: str,
        entry: dict[str, Any],
        phase: Phase,
        block: int | None = None,
    ) -> None:
        if self._progress is not None:
            self._progress(
                DeploymentProgress(
                    step=step,
                    phase=phase,
                    number=number,
                    total=self._total,
                    address=entry["address"],
                    transaction=entry["transaction"],
                    block=entry["block"] if block is None else block,
                )
            )


def _address_of_creation(creator: str, nonce: int) -> str:
    """Address of the contract that an account creates with a nonce (CREATE)."""
    return to_checksum_address(keccak(rlp_encode([bytes.fromhex(creator[2:]), nonce]))[12:])


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f".{path.stem}.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"another process is deploying into {path.parent}", mend="Wait until it has ended"
            ) from None
        yield
