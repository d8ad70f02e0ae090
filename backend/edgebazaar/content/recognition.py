"""From an uploaded file to the registered contents that resemble it; and public previews."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from sqlalchemy import Engine, delete, insert

from edgebazaar.chain.contracts import ContractSet
from edgebazaar.content.engine.canonical import (
    ContentFormatError,
    canonical_image,
    canonical_text,
    content_hash,
    pixels_from_canonical,
    png_from_canonical,
)
from edgebazaar.content.engine.fingerprint import (
    IMAGE_KIND,
    MINIMUM_IMAGE_QUALITY,
    dihedral_fingerprints,
    text_fingerprint,
)
from edgebazaar.content.search import Match, similarity_index
from edgebazaar.content.service import ContentService
from edgebazaar.content.storage import BlobStorage
from edgebazaar.content.tables import content_preview
from edgebazaar.db import session_scope
from edgebazaar.errors import Forbidden, InvalidInput, NotFound
from edgebazaar.values import parse_bytes32, parse_uint, to_hex

Kind = Literal["image", "text"]
MAXIMUM_UPLOAD_BYTES = 16 * 1024 * 1024
MAXIMUM_UPLOAD_PIXELS = 16_000_000
MAXIMUM_MATCHES = 100
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for.

    Attributes:
        scheme: Fingerprint scheme.
        fingerprints: The fingerprint itself, then those of the turns and mirrorings of an image.
        quality: 0 (says nothing) to 100, None where only the fingerprint is known.
        content_hash: sha256 of the canonical bytes, None where only the fingerprint is known.
    """

    scheme: int
    fingerprints: tuple[bytes, ...]
    quality: int | None = None
    content_hash: bytes | None = None

    @property
    def reliable(self) -> bool:
        """Whether there is enough detail for a fingerprint to mean something."""
        is_image = self.scheme >> 16 == IMAGE_KIND
        return self.quality is None or not is_image or self.quality >= MINIMUM_IMAGE_QUALITY


@dataclass(frozen=True, slots=True)
class SimilarContents:
    """Contents near a query.

    Attributes:
        query: What was searched for.
        maximum_distance: Largest distance at which a challenge is upheld; None if none is known.
        searched: Number of contents compared.
        matches: Nearest first, with the row of each content.
    """

    query: Query
    maximum_distance: int | None
    searched: int
    matches: list[tuple[Match, Mapping[str, Any]]]


class RecognitionService:
    """Similarity search and previews.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
        storage: Where previews lie.
    """

    def __init__(self, engine: Engine, contracts: ContractSet, storage: BlobStorage) -> None:
        self._engine = engine
        self._contents = ContentService(engine, contracts)
        self._storage = storage

    def query_of_file(self, data: bytes, media_type: str = "", field: str = "file") -> Query:
        """Fingerprint and hash of an image or a text.

        Args:
            data: The file.
            media_type: As the sender states it; where unclear, an image is tried before a text.
            field: Name of the input, for errors.

        Raises:
            InvalidInput: If it is too large, damaged or neither.
        """
        if len(data) > MAXIMUM_UPLOAD_BYTES:
            raise InvalidInput(
                field, f"has {len(data)} bytes", f"Send at most {MAXIMUM_UPLOAD_BYTES} bytes"
            )
        if media_type.startswith("image/"):
            return _readable(field, lambda: _image_query(data))
        if media_type.startswith("text/"):
            return _readable(field, lambda: _text_query(data))
        try:
            return _image_query(data)
        except ContentFormatError as problem:
            if _looks_like_text(data):
                return _readable(field, lambda: _text_query(data))
            raise _refusal(field, problem) from problem

    def query_of_fingerprint(self, fingerprint: str, scheme: str | int) -> Query:
        """A query by a fingerprint that is known already.

        Raises:
            InvalidInput: If one of the two is malformed.
        """
        return Query(
            parse_uint(scheme, "fingerprint_scheme", bits=32, unit="scheme"),
            (parse_bytes32(fingerprint, "fingerprint"),),
        )

    def similar(
        self, query: Query, *, limit: int = 10, include_removed: bool = False
    ) -> SimilarContents:
        """The registered contents nearest to a query.

        Args:
            query: What to search for.
            limit: Most contents, at most 100.
            include_removed: Also those that a challenge removed.

        Raises:
            InvalidInput: If `limit` is out of range.
        """
        if not 1 <= limit <= MAXIMUM_MATCHES:
            raise InvalidInput("limit", f"{limit} is out of range", f"Give 1 to {MAXIMUM_MATCHES}")
        index = similarity_index(self._engine)
        searched = index.size(self._engine, query.scheme)
        wanted = limit
        while True:
            found = index.search(self._engine, query.scheme, query.fingerprints, wanted)
            matches = self._with_rows(found, include_removed)
            if len(matches) >= limit or len(found) < wanted:
                break
            wanted *= 2
        threshold = self._contents.known_schemes().get(query.scheme)
        return SimilarContents(query, threshold, searched, matches[:limit])

    def keep_preview(self, account: str, key: str, image: bytes, now: int) -> str:
        """Makes a content's image public; the digest of the PNG that is kept.

        Args:
            account: Who uploads: owner or creator of the content.
            key: The content's hash.
            image: An image file with exactly the registered pixels.
            now: Unix time of the upload.

        Raises:
            NotFound: If the content is not registered.
            Forbidden: If the account is neither owner nor creator.
            InvalidInput: If the file is no image, or another one than was registered.
        """
        row = self._contents.content(key)
        if account.lower() not in {row["owner"], row["creator"]}:
            raise Forbidden(
                f"{account} neither owns nor created content {row['content_hash']}",
                mend="Sign in as its owner or creator.",
            )
        canonical = _readable("body", lambda: _canonical_image(image))
        if to_hex(content_hash(canonical)) != row["content_hash"]:
            raise InvalidInput(
                "body",
                "is another image than the registered one",
                "Send it in a lossless format; its pixels must be exactly those registered",
            )
        sha256 = self._storage.put(png_from_canonical(canonical))
        with session_scope(self._engine) as session:
            session.execute(
                delete(content_preview).where(content_preview.c.content_hash == row["content_hash"])
            )
            session.execute(
                insert(content_preview).values(
                    content_hash=row["content_hash"],
                    sha256=sha256,
                    uploaded_by=account,
                    uploaded_at=now,
                )
            )
        return sha256

    def preview(self, key: str) -> bytes:
        """The PNG of a content.

        Raises:
            NotFound: If the content is not registered, or its owner made no image public.
        """
        row = self._contents.content(key)
        if row["preview_sha256"] is None:
            raise NotFound("preview of content", row["content_hash"], "Its owner may upload one")
        return self._storage.get(row["preview_sha256"])

    def _with_rows(
        self, found: Sequence[Match], include_removed: bool
    ) -> list[tuple[Match, Mapping[str, Any]]]:
        rows = self._contents.by_hashes([match.content_hash for match in found])
        return [
            (match, rows[match.content_hash])
            for match in found
            if match.content_hash in rows
            and (include_removed or not rows[match.content_hash]["removed"])
        ]


def _canonical_image(data: bytes) -> bytes:
    return canonical_image(data, maximum_pixels=MAXIMUM_UPLOAD_PIXELS)


def _image_query(data: bytes) -> Query:
    canonical = _canonical_image(data)
    turns = dihedral_fingerprints(pixels_from_canonical(canonical))
    return Query(
        turns[0].scheme,
        tuple(turn.value for turn in turns),
        turns[0].quality,
        content_hash(canonical),
    )


def _text_query(data: bytes) -> Query:
    canonical = canonical_text(data)
    found = text_fingerprint(canonical.decode("utf-8"))
    return Query(found.scheme, (found.value,), found.quality, content_hash(canonical))


def _looks_like_text(data: bytes) -> bool:
    try:
        return "\x00" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _readable(field: str, read: Callable[[], _Result]) -> _Result:
    try:
        return read()
    except ContentFormatError as problem:
        raise _refusal(field, problem) from problem


def _refusal(field: str, problem: ContentFormatError) -> InvalidInput:
    what, _, mend = str(problem).partition("; ")
    return InvalidInput(field, what, mend[:1].upper() + mend[1:])
