"""JSON forms of contents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from eth_utils.address import is_address
from pydantic import BaseModel, Field

from edgebazaar.content.engine.fingerprint import IMAGE_PDQ_V1
from edgebazaar.content.recognition import SimilarContents
from edgebazaar.content.service import Status, status_of
from edgebazaar.schemas import (
    EXAMPLE_ACCOUNT,
    EXAMPLE_HASH,
    EXAMPLE_OTHER_ACCOUNT,
    EXAMPLE_OTHER_HASH,
    AddressText,
    HashText,
    Origin,
    account_text,
    optional_account_text,
)
from edgebazaar.values import printable_text, to_hex

Scheme = Annotated[
    int,
    Field(description="Kind << 16 | version; 65537 image PDQ.", examples=[IMAGE_PDQ_V1]),
]


class ContentView(BaseModel):
    """A registered content."""

    content_hash: HashText = Field(description="sha256 of the canonical bytes.")
    token_id: str = Field(
        description="The same as the decimal id of the token.",
        examples=[str(int(EXAMPLE_HASH, 16))],
    )
    status: Status
    owner: AddressText
    creator: AddressText
    producer: AddressText
    provider: AddressText = Field(description="ESP that generated it.")
    fingerprint: HashText
    fingerprint_scheme: Scheme
    prompt_commitment: HashText
    model_id: HashText
    royalty_bps: int = Field(description="Hundredths of a percent of later sales.", examples=[500])
    committed_block: int = Field(description="Priority of the work.", examples=[1230])
    registered_block: int = Field(examples=[1234])
    uri: str = Field(examples=["ipfs://bafy..."])
    exchange: AddressText | None = Field(description="Custodian while in an exchange.")
    preview: str | None = Field(
        description="Path of the public image.",
        examples=[f"/api/v1/contents/{EXAMPLE_HASH}/preview"],
    )
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any], **more: Any) -> Self:
        """From a row; `more` for what a subclass adds."""
        path = f"/api/v1/contents/{row['content_hash']}/preview"
        return cls(
            content_hash=row["content_hash"],
            token_id=str(int(row["content_hash"], 16)),
            status=status_of(row),
            owner=account_text(row["owner"]),
            creator=account_text(row["creator"]),
            producer=account_text(row["producer"]),
            provider=account_text(row["provider"]),
            fingerprint=row["fingerprint"],
            fingerprint_scheme=row["fingerprint_scheme"],
            prompt_commitment=row["prompt_commitment"],
            model_id=row["model_id"],
            royalty_bps=row["royalty_bps"],
            committed_block=row["committed_block"],
            registered_block=row["registered_block"],
            uri=printable_text(row["uri"]),
            exchange=optional_account_text(row["exchange"]),
            preview=path if row["preview_sha256"] else None,
            origin=Origin.of(row),
            **more,
        )


class ContentEvent(BaseModel):
    """One entry of a content's history."""

    kind: str = Field(examples=["sale_settled"])
    details: dict[str, Any]
    origin: Origin

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row."""
        details = {
            name: account_text(value) if isinstance(value, str) and is_address(value) else value
            for name, value in row["details"].items()
        }
        return cls(kind=row["kind"], details=details, origin=Origin.of(row))


class ContentDetail(ContentView):
    """A content with its whole history, oldest entry first."""

    history: list[ContentEvent]


class ReceiptFields(BaseModel):
    """What a provider attests."""

    producer: AddressText = Field(examples=[EXAMPLE_ACCOUNT])
    provider: AddressText = Field(examples=[EXAMPLE_OTHER_ACCOUNT])
    content_hash: HashText
    fingerprint: HashText
    fingerprint_scheme: Scheme
    prompt_commitment: HashText
    model_id: HashText


class ReceiptDraft(BaseModel):
    """A receipt that waits for the provider's signature."""

    typed_data: dict[str, Any] = Field(description="Sign with eth_signTypedData_v4.")


class CommitRequest(BaseModel):
    """Which contents to commit to, without showing them to anybody but this backend."""

    content_hashes: list[str] = Field(min_length=1, examples=[[EXAMPLE_OTHER_HASH]])
    salt: HashText


class MetadataBaseRequest(BaseModel):
    """Where metadata of tokens is served."""

    base: str | None = Field(
        default=None,
        description="Public address; this market's own if left out, empty to take it back.",
        examples=["https://market.example"],
    )


class RegistrationItem(BaseModel):
    """A content to register."""

    receipt: ReceiptFields
    receipt_signature: str = Field(
        description="The provider's EIP-712 signature, 0x-hex.", examples=["0x" + "1b" * 65]
    )
    royalty_bps: int = Field(default=0, description="At most 1000.", examples=[500])
    uri: str = Field(default="", description="At most 256 bytes.", examples=["ipfs://bafy..."])


class RegisterRequest(BaseModel):
    """The committed contents, in the order of the commitment."""

    registrations: list[RegistrationItem] = Field(min_length=1)
    salt: HashText


class TransferRequest(BaseModel):
    """To whom a content goes."""

    to: AddressText


class SimilarItem(BaseModel):
    """A registered content near the query."""

    distance: int = Field(description="Differing bits of 256, as a challenge measures.")
    least_distance: int = Field(description="The least over turns and mirrorings of the query.")
    similarity: float = Field(description="1 - distance / 256.")
    within_threshold: bool = Field(description="Whether a challenge would find a copy.")
    content: ContentView


class SimilarView(BaseModel):
    """Contents near the query, nearest first."""

    fingerprint: HashText
    fingerprint_scheme: Scheme
    quality: int | None = Field(
        description="0 to 100; below 50 an image says little.", examples=[100]
    )
    reliable: bool
    content_hash: HashText | None = Field(description="sha256 of the uploaded content.")
    maximum_distance: int | None = Field(examples=[31])
    searched: int = Field(description="Number of contents compared.", examples=[120])
    items: list[SimilarItem]

    @classmethod
    def of(cls, found: SimilarContents) -> Self:
        """From the service's answer."""
        query, maximum = found.query, found.maximum_distance
        return cls(
            fingerprint=to_hex(query.fingerprints[0]),
            fingerprint_scheme=query.scheme,
            quality=query.quality,
            reliable=query.reliable,
            content_hash=to_hex(query.content_hash) if query.content_hash else None,
            maximum_distance=maximum,
            searched=found.searched,
            items=[
                SimilarItem(
                    distance=match.distance,
                    least_distance=match.least_distance,
                    similarity=1 - match.distance / 256,
                    within_threshold=maximum is not None and match.distance <= maximum,
                    content=ContentView.of(row),
                )
                for match, row in found.matches
            ],
        )


class StoredBlob(BaseModel):
    """Bytes that are kept."""

    sha256: HashText
    size: int
    location: str = Field(description="Path to fetch them from.")
