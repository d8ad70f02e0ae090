"""Content bytes from a backend's blob folder, for audits."""

from __future__ import annotations

import hashlib
from pathlib import Path

from edgebazaar.content.engine.canonical import canonical_image


class BlobFolder:
    """Content from the previews in a blob folder, found by the hash of their canonical bytes.

    Args:
        folder: Blob folder of a backend.
    """

    def __init__(self, folder: Path) -> None:
        self._by_hash: dict[bytes, Path] = {}
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            canonical = _canonical_or_none(path)
            if canonical is not None:
                self._by_hash[hashlib.sha256(canonical).digest()] = path

    def canonical(self, content_hash: bytes) -> bytes | None:
        """Canonical bytes with this hash, None if the folder has none."""
        path = self._by_hash.get(content_hash)
        return _canonical_or_none(path) if path else None


def _canonical_or_none(path: Path) -> bytes | None:
    try:
        return canonical_image(path.read_bytes())
    except ValueError:
        return None
