"""Metadata of tokens and of the collection, as wallets and marketplaces read them.

ERC-721 metadata with the attributes, external link and picture that marketplaces agree on, and
ERC-7572 for the collection. What it says follows from events; `provenance` names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, Field

from edgebazaar.chain.contracts import ContractSet
from edgebazaar.chain.profiles import IMAGE_PDQ_V1, TEXT_SIMHASH_V1
from edgebazaar.schemas import EXAMPLE_ACCOUNT, EXAMPLE_HASH, AddressText, HashText, account_text

SCHEME_NAMES = {IMAGE_PDQ_V1: "image, PDQ version 1", TEXT_SIMHASH_V1: "text, SimHash version 1"}
REGISTER = "ProofOfAIGC"
_SITE = "https://market.example"


class Attribute(BaseModel):
    """One trait, as marketplaces show and filter by it."""

    trait_type: str = Field(examples=["Creator"])
    value: str | int = Field(examples=[EXAMPLE_ACCOUNT])
    display_type: str | None = Field(default=None, examples=["number"])


class Provenance(BaseModel):
    """Where on the chain all of it can be checked."""

    chain_id: int = Field(examples=[31337])
    contract: AddressText
    token_id: str = Field(examples=[str(int(EXAMPLE_HASH, 16))])
    content_hash: HashText
    record_hash: HashText = Field(description="Leaf of the record in its commitment's tree.")
    commitment: HashText
    committed_block: int = Field(description="Priority of the work.", examples=[1230])
    registered_block: int = Field(examples=[1234])
    transaction_hash: HashText = Field(description="Of the registration.")
    fingerprint: HashText
    model_id: HashText
    prompt_commitment: HashText


class TokenMetadata(BaseModel):
    """ERC-721 metadata of one content."""

    name: str = Field(examples=["EdgeBazaar content 0x9f86d081"])
    description: str
    image: str = Field(
        description="The public picture, or the market's sign where the owner shows none.",
        examples=[f"{_SITE}/api/v1/contents/{EXAMPLE_HASH}/preview"],
    )
    external_url: str = Field(examples=[f"{_SITE}/contents/{EXAMPLE_HASH}"])
    attributes: list[Attribute]
    provenance: Provenance

    @classmethod
    def of(
        cls, row: Mapping[str, Any], record_hash: str, contracts: ContractSet, site: str
    ) -> Self:
        """From a content's row.

        Args:
            row: As :meth:`ContentService.content` returns it.
            record_hash: Leaf of its record.
            contracts: The deployed contracts.
            site: Public address of this market, without a slash at its end.
        """
        key = row["content_hash"]
        scheme = row["fingerprint_scheme"]
        kind = SCHEME_NAMES.get(scheme, str(scheme))
        picture = f"/api/v1/contents/{key}/preview" if row["preview_sha256"] else "/static/logo.svg"
        block = {"display_type": "number"}
        return cls(
            name=f"EdgeBazaar content {key[:10]}",
            description=(
                f"AI-generated content ({kind}), committed in block {row['committed_block']} and "
                f"registered under the receipt of the edge service provider that generated it."
            ),
            image=site + picture,
            external_url=f"{site}/contents/{key}",
            attributes=[
                Attribute(trait_type="Creator", value=account_text(row["creator"])),
                Attribute(trait_type="Edge service provider", value=account_text(row["provider"])),
                Attribute(trait_type="Fingerprint scheme", value=kind),
                Attribute(trait_type="Committed in block", value=row["committed_block"], **block),
                Attribute(trait_type="Status", value=metadata_status(row)),
            ],
            provenance=Provenance(
                chain_id=contracts.chain_id,
                contract=contracts.address(REGISTER),
                token_id=str(int(key, 16)),
                content_hash=key,
                record_hash=record_hash,
                commitment=row["commitment"],
                committed_block=row["committed_block"],
                registered_block=row["registered_block"],
                transaction_hash=row["transaction_hash"],
                fingerprint=row["fingerprint"],
                model_id=row["model_id"],
                prompt_commitment=row["prompt_commitment"],
            ),
        )


class CollectionMetadata(BaseModel):
    """ERC-7572 metadata of the register."""

    name: str = Field(examples=["EdgeBazaar Content"])
    symbol: str = Field(examples=["EBC"])
    description: str
    image: str = Field(examples=[f"{_SITE}/static/logo.svg"])
    external_link: str = Field(examples=[_SITE])

    @classmethod
    def at(cls, site: str) -> Self:
        """For a market at this public address."""
        return cls(
            name="EdgeBazaar Content",
            symbol="EBC",
            description="Registered AI-generated content of a consortium of edge services.",
            image=f"{site}/static/logo.svg",
            external_link=site,
        )


def metadata_status(row: Mapping[str, Any]) -> str:
    """Removed, challenged or registered; the register announces each change (ERC-4906)."""
    if row["removed"]:
        return "removed"
    return "challenged" if row["challenged"] or row["disputed"] else "registered"
