"""REST: contents and their files."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile

from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.pagination import AfterQuery, LimitQuery, Page
from edgebazaar.api.permissions import permission
from edgebazaar.api.prepared import OwnTransaction, PreparedAction, prepare
from edgebazaar.chain.typed_data import typed_data_for_receipt
from edgebazaar.content.challenge_routes import challenges
from edgebazaar.content.dispute_routes import router as disputes
from edgebazaar.content.metadata import CollectionMetadata, TokenMetadata
from edgebazaar.content.models import (
    CommitRequest,
    ContentDetail,
    ContentEvent,
    ContentView,
    MetadataBaseRequest,
    ReceiptDraft,
    ReceiptFields,
    RegisterRequest,
    SimilarView,
    StoredBlob,
    TransferRequest,
)
from edgebazaar.content.recognition import MAXIMUM_UPLOAD_BYTES, RecognitionService
from edgebazaar.content.service import ContentService, leaf_of
from edgebazaar.content.storage import MAXIMUM_BLOB_BYTES, BlobStorage
from edgebazaar.errors import InvalidInput
from edgebazaar.schemas import EXAMPLE_HASH
from edgebazaar.values import to_hex

contents = APIRouter(prefix="/contents", tags=["contents"], responses=PROBLEM_RESPONSES)
collection = APIRouter(prefix="/collection", tags=["contents"], responses=PROBLEM_RESPONSES)
routers = [contents, collection, challenges, disputes]

_IMMUTABLE = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
}


def blob_storage(context: Context) -> BlobStorage:
    """The folder of blobs of a backend."""
    return BlobStorage(context.settings.data_directory / "blobs")


def _contents(context: Context) -> ContentService:
    return ContentService(context.engine, context.contracts)


def _recognition(context: Context) -> RecognitionService:
    return RecognitionService(context.engine, context.contracts, blob_storage(context))


async def _raw_body(request: Request) -> bytes:
    # Counted while it comes in: a sender that states no length must not fill the memory either.
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAXIMUM_BLOB_BYTES:
            raise InvalidInput(
                "body",
                f"has more than {MAXIMUM_BLOB_BYTES} bytes",
                f"Send at most {MAXIMUM_BLOB_BYTES} bytes",
            )
        chunks.append(chunk)
    return b"".join(chunks)


RawBody = Annotated[bytes, Depends(_raw_body)]


def _raw(arguments: dict[str, Any], media_type: str) -> dict[str, Any]:
    body = {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}
    extra = {**arguments["openapi_extra"], "requestBody": {"required": True, **body}}
    return {**arguments, "openapi_extra": extra}


@contents.post("/blobs", status_code=201, **_raw(permission("session"), "application/octet-stream"))
def store_blob(
    data: RawBody, account: CurrentAccount, context: ContextDependency, response: Response
) -> StoredBlob:
    """Keeps bytes under their sha256, such as the ciphertext of a delivery."""
    sha256 = blob_storage(context).put(data)
    location = f"/api/v1/contents/blobs/{sha256}"
    response.headers["Location"] = location
    return StoredBlob(sha256=sha256, size=len(data), location=location)


@contents.get(
    "/blobs/{sha256}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
    **permission("public"),
)
def get_blob(sha256: str, context: ContextDependency) -> Response:
    """The bytes of a digest."""
    data = blob_storage(context).get(sha256)
    headers = {**_IMMUTABLE, "Content-Disposition": "attachment"}
    return Response(data, media_type="application/octet-stream", headers=headers)


@contents.post("/similar", **permission("public"))
def find_similar(
    context: ContextDependency,
    file: Annotated[
        UploadFile | None, File(description="An image or a UTF-8 text, at most 16 MiB.")
    ] = None,
    fingerprint: Annotated[
        str | None,
        Form(description="Instead of a file: 32 bytes as 0x-hex.", examples=[EXAMPLE_HASH]),
    ] = None,
    fingerprint_scheme: Annotated[
        int | None, Form(description="Scheme of the former.", examples=[65537])
    ] = None,
    limit: Annotated[int, Form(description="Most contents, 1 to 100.", examples=[10])] = 10,
    include_removed: Annotated[bool, Form(description="Also contents removed as copies.")] = False,
) -> SimilarView:
    """The registered contents nearest to a file or a fingerprint, judged as a challenge would."""
    service = _recognition(context)
    if file is not None and fingerprint is None:
        data = file.file.read(MAXIMUM_UPLOAD_BYTES + 1)
        query = service.query_of_file(data, file.content_type or "")
    elif fingerprint is not None and fingerprint_scheme is not None and file is None:
        query = service.query_of_fingerprint(fingerprint, fingerprint_scheme)
    else:
        raise InvalidInput(
            "file",
            "there must be either a file, or a fingerprint with its scheme",
            "Send multipart form data with `file`, or `fingerprint` and `fingerprint_scheme`",
        )
    found = service.similar(query, limit=limit, include_removed=include_removed)
    return SimilarView.of(found)


@contents.get("", **permission("public"))
def list_contents(
    context: ContextDependency,
    limit: LimitQuery = 50,
    after: AfterQuery = None,
    creator: str | None = None,
    owner: str | None = None,
    provider: str | None = None,
    status: Annotated[
        str | None, Query(description="available, challenged, in_exchange or removed.")
    ] = None,
    order: Literal["newest", "oldest"] = "newest",
) -> Page[ContentView]:
    """Registered contents by time of registration."""
    page = _contents(context).contents(
        creator=creator,
        owner=owner,
        provider=provider,
        status=status,
        newest_first=order == "newest",
        limit=limit,
        after=after,
    )
    return Page(items=[ContentView.of(row) for row in page.rows], next=page.next)


@contents.get("/{content_hash}", **permission("public"))
def get_content(content_hash: str, context: ContextDependency) -> ContentDetail:
    """One content with its whole history."""
    service = _contents(context)
    row = service.content(content_hash)
    history = [ContentEvent.of(entry) for entry in service.history(row)]
    return ContentDetail.of(row, history=history)


@contents.get("/{content_hash}/metadata", **permission("public"))
def get_token_metadata(content_hash: str, context: ContextDependency) -> TokenMetadata:
    """ERC-721 metadata of a content, where `tokenURI` points."""
    row = _contents(context).content(content_hash)
    record_hash = to_hex(leaf_of(row))
    return TokenMetadata.of(row, record_hash, context.contracts, context.settings.public_url)


@collection.get("", **permission("public"))
def get_collection_metadata(context: ContextDependency) -> CollectionMetadata:
    """ERC-7572 metadata of the register, where `contractURI` points."""
    return CollectionMetadata.at(context.settings.public_url)


@collection.post("/metadata/prepare", **permission("administrator"))
def prepare_metadata_base(
    body: MetadataBaseRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the statement on chain of where token metadata is served."""
    base = context.settings.public_url if body.base is None else body.base
    call = _contents(context).set_metadata_base(base)
    return prepare(context, account, call, own_transaction)


@contents.post("/commitments/prepare", **permission("role:producer"))
def prepare_commitment(
    body: CommitRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares a commitment, which fixes the priority of contents before anybody sees them."""
    call = _contents(context).commit(account, body.content_hashes, body.salt)
    return prepare(context, account, call, own_transaction)


@contents.post("/receipts", **permission("public"))
def draft_receipt(body: ReceiptFields, context: ContextDependency) -> ReceiptDraft:
    """The typed data that a provider signs after it generated a content."""
    receipt = _contents(context).receipt(body.model_dump())
    return ReceiptDraft(typed_data=typed_data_for_receipt(context.contracts, receipt))


@contents.post("/registrations/prepare", **permission("role:producer"))
def prepare_registration(
    body: RegisterRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares the registration of contents that were committed in an earlier block."""
    items = [item.model_dump() for item in body.registrations]
    call = _contents(context).register(account, items, body.salt)
    return prepare(context, account, call, own_transaction)


@contents.post("/{content_hash}/transfer/prepare", **permission("session"))
def prepare_transfer(
    content_hash: str,
    body: TransferRequest,
    account: CurrentAccount,
    context: ContextDependency,
    own_transaction: OwnTransaction = False,
) -> PreparedAction:
    """Prepares a gift of a content to another account."""
    call = _contents(context).transfer(account, content_hash, body.to)
    return prepare(context, account, call, own_transaction)


@contents.put("/{content_hash}/preview", **_raw(permission("session"), "image/*"))
def put_preview(
    content_hash: str, data: RawBody, account: CurrentAccount, context: ContextDependency
) -> StoredBlob:
    """Makes a content's image public; its pixels must be exactly those that were registered."""
    service = _recognition(context)
    sha256 = service.keep_preview(account, content_hash, data, int(time.time()))
    size = len(blob_storage(context).get(sha256))
    location = f"/api/v1/contents/{content_hash.lower()}/preview"
    return StoredBlob(sha256=sha256, size=size, location=location)


@contents.get(
    "/{content_hash}/preview",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
    **permission("public"),
)
def get_preview(content_hash: str, context: ContextDependency) -> Response:
    """The public image of a content."""
    png = _recognition(context).preview(content_hash)
    return Response(png, media_type="image/png", headers=_IMMUTABLE)
