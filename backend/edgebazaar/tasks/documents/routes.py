"""REST for the private documents of a task."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import select

from edgebazaar.addresses import checksum_address
from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.permissions import permission
from edgebazaar.chain.typed_data import recover_signer, typed_data_for_receipt
from edgebazaar.db import read_scope
from edgebazaar.errors import Forbidden, InvalidInput, NotFound
from edgebazaar.schemas import (
    EXAMPLE_ACCOUNT,
    EXAMPLE_HASH,
    EXAMPLE_OTHER_ACCOUNT,
    EXAMPLE_OTHER_HASH,
)
from edgebazaar.tasks.documents.service import DocumentService, prompt_commitment
from edgebazaar.tasks.tables import task

router = APIRouter(prefix="/tasks", tags=["tasks"], responses=PROBLEM_RESPONSES)
Hash = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{64}$")]


class Brief(BaseModel):
    """What the provider is to generate; only the two parties ever see it."""

    prompt: str = Field(min_length=1, max_length=4000, examples=["a misty harbour at dawn"])
    salt: Hash = Field(
        description="The salt of the prompt commitment in the task's terms.",
        examples=[EXAMPLE_HASH],
    )
    seed: int = Field(
        ge=0,
        lt=2**63,
        description="Seed of the generator, so it can be replayed.",
        examples=[1000],
    )


class ReceiptFields(BaseModel):
    """The EIP-712 receipt of a provider, as the register checks it."""

    producer: str = Field(examples=[EXAMPLE_ACCOUNT])
    provider: str = Field(examples=[EXAMPLE_OTHER_ACCOUNT])
    content_hash: Hash = Field(examples=[EXAMPLE_OTHER_HASH])
    fingerprint: Hash = Field(examples=[EXAMPLE_HASH])
    fingerprint_scheme: int = Field(ge=1, lt=2**32, examples=[65537])
    prompt_commitment: Hash = Field(examples=[EXAMPLE_HASH])
    model_id: Hash = Field(examples=[EXAMPLE_HASH])

    def message(self) -> dict[str, Any]:
        """The receipt under the names of the signed EIP-712 fields."""
        return {
            "producer": self.producer,
            "provider": self.provider,
            "contentHash": self.content_hash,
            "fingerprint": self.fingerprint,
            "fingerprintScheme": self.fingerprint_scheme,
            "promptCommitment": self.prompt_commitment,
            "modelId": self.model_id,
        }


class SignedReceipt(BaseModel):
    """A receipt with the provider's signature."""

    receipt: ReceiptFields
    signature: Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{130}$")] = Field(
        examples=["0x" + "1b" * 65]
    )


@router.put("/{task_id}/brief", status_code=204, **permission("role:producer"))
def store_brief(
    task_id: Hash, brief: Brief, account: CurrentAccount, context: ContextDependency
) -> None:
    """Hands the provider its brief; it must be what the task's terms commit to."""
    row = _task(context, task_id)
    _require(row["producer"], account, "producer")
    commitment = "0x" + prompt_commitment(brief.prompt, bytes.fromhex(brief.salt[2:])).hex()
    if commitment != row["prompt_commitment"]:
        raise InvalidInput(
            "prompt",
            "not what the task's terms commit to",
            "Give the prompt and salt that were posted with the task",
        )
    _documents(context).store(
        row["task_id"], "brief", account, brief.model_dump(), int(time.time())
    )


@router.get("/{task_id}/brief", **permission("session"))
def read_brief(task_id: Hash, account: CurrentAccount, context: ContextDependency) -> Brief:
    """The brief, for the task's producer and its assigned provider."""
    row = _task(context, task_id)
    document = _documents(context).read(row["task_id"], "brief", account, _parties(row))
    return Brief.model_validate(document)


@router.put("/{task_id}/receipt", status_code=204, **permission("role:edge_service_provider"))
def store_receipt(
    task_id: Hash, signed: SignedReceipt, account: CurrentAccount, context: ContextDependency
) -> None:
    """Hands the producer the signed receipt that a registration needs."""
    row = _task(context, task_id)
    _require(row["provider"], account, "assigned provider")
    receipt = signed.receipt
    agreed = {
        "provider": (checksum_address(receipt.provider, "receipt.provider"), account),
        "producer": (
            checksum_address(receipt.producer, "receipt.producer"),
            checksum_address(row["producer"], "producer"),
        ),
        "prompt_commitment": (receipt.prompt_commitment.lower(), row["prompt_commitment"]),
        "content_hash": (receipt.content_hash.lower(), row["content_hash"]),
    }
    for field, (given, required) in agreed.items():
        if given != required:
            raise InvalidInput(
                f"receipt.{field}",
                f"is {given}",
                f"The task says {required or 'not delivered yet'}",
            )
    typed_data = typed_data_for_receipt(context.contracts, receipt.message())
    try:
        signer = recover_signer(typed_data, bytes.fromhex(signed.signature[2:]))
    except ValueError:
        signer = "nobody: it is malformed"
    if signer != account:
        raise InvalidInput(
            "signature", f"is by {signer}", "Sign the receipt with the provider's own key"
        )
    _documents(context).store(
        row["task_id"], "receipt", account, signed.model_dump(), int(time.time())
    )


@router.get("/{task_id}/receipt", **permission("session"))
def read_receipt(
    task_id: Hash, account: CurrentAccount, context: ContextDependency
) -> SignedReceipt:
    """The receipt, for the task's producer and its provider."""
    row = _task(context, task_id)
    document = _documents(context).read(row["task_id"], "receipt", account, _parties(row))
    return SignedReceipt.model_validate(document)


def _documents(context: Context) -> DocumentService:
    return DocumentService(context.engine)


def _task(context: Context, task_id: str) -> dict[str, Any]:
    with read_scope(context.engine) as session:
        row = (
            session.execute(select(task).where(task.c.task_id == task_id.lower()))
            .mappings()
            .one_or_none()
        )
    if row is None:
        raise NotFound("task", task_id, "It may not be indexed yet; try again in a second")
    return dict(row)


def _parties(row: dict[str, Any]) -> set[str | None]:
    return {
        checksum_address(row[name], name) if row[name] else None
        for name in ("producer", "provider")
    }


def _require(party: str | None, account: str, name: str) -> None:
    if party is None or checksum_address(party, name) != account:
        raise Forbidden(f"{account} is not the task's {name}", mend=f"Sign in as the {name}.")
