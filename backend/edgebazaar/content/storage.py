"""Bytes by their sha256 in a local folder: ciphertexts of deliveries and public previews."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from edgebazaar.errors import InvalidInput, NotFound

MAXIMUM_BLOB_BYTES = 16 * 1024 * 1024
_DIGEST = re.compile(r"(0x)?[0-9a-fA-F]{64}")


class BlobStorage:
    """A content-addressed folder; what a name stands for can never change.

    Args:
        folder: Where blobs lie; made at the first write.
        maximum_bytes: Larger blobs are refused.
    """

    def __init__(self, folder: Path, maximum_bytes: int = MAXIMUM_BLOB_BYTES) -> None:
        self._folder = folder
        self._maximum_bytes = maximum_bytes

    @property
    def maximum_bytes(self) -> int:
        """Size in bytes that is still taken."""
        return self._maximum_bytes

    def put(self, data: bytes) -> str:
        """Keeps bytes and returns their sha256 as 0x-hex; the same ones again change nothing.

        The blob is whole or absent after a crash at any moment.

        Raises:
            InvalidInput: If there is nothing, or too much.
        """
        if not data:
            raise InvalidInput("body", "is empty", "Send the bytes to keep as the request body")
        if len(data) > self._maximum_bytes:
            raise InvalidInput(
                "body", f"has {len(data)} bytes", f"Send at most {self._maximum_bytes} bytes"
            )
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        # A file that a failing disk has changed is mended by whoever brings the bytes again.
        if not path.exists() or path.read_bytes() != data:
            self._write(path, data)
        return "0x" + digest

    def get(self, sha256: str) -> bytes:
        """The bytes of a digest.

        Raises:
            InvalidInput: If `sha256` is no digest.
            NotFound: If there are none, or the file no longer has its digest.
        """
        if not _DIGEST.fullmatch(sha256):
            raise InvalidInput(
                "sha256", f"{sha256[:80]!r} is no digest", "Give 0x and 64 hexadecimal digits"
            )
        digest = sha256.removeprefix("0x").lower()
        try:
            data = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise NotFound("blob", "0x" + digest) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise NotFound("intact blob", "0x" + digest, "Upload it again")
        return data

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
