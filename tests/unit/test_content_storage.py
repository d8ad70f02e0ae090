"""Blobs lie under their digest, whole or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from edgebazaar.content.storage import BlobStorage
from edgebazaar.errors import InvalidInput, NotFound


def test_blob_comes_back_by_its_digest_in_any_notation(tmp_path: Path) -> None:
    storage = BlobStorage(tmp_path / "blobs")
    sha256 = storage.put(b"ciphertext")
    assert sha256 == "0x" + hashlib.sha256(b"ciphertext").hexdigest()
    assert storage.put(b"ciphertext") == sha256
    for notation in (sha256, sha256[2:], sha256.upper().replace("0X", "0x")):
        assert storage.get(notation) == b"ciphertext"
    files = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert [path.name for path in files] == [sha256[2:]]


def test_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = BlobStorage(tmp_path)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("edgebazaar.content.storage.os.fsync", fail)
        with pytest.raises(OSError, match="disk full"):
            storage.put(b"ciphertext")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert storage.get(storage.put(b"ciphertext")) == b"ciphertext"


def test_changed_file_is_not_handed_out_and_can_be_put_again(tmp_path: Path) -> None:
    storage = BlobStorage(tmp_path)
    sha256 = storage.put(b"ciphertext")
    (tmp_path / sha256[2:4] / sha256[2:]).write_bytes(b"other")
    with pytest.raises(NotFound, match="intact"):
        storage.get(sha256)
    storage.put(b"ciphertext")
    assert storage.get(sha256) == b"ciphertext"


def test_limits_and_names_are_checked(tmp_path: Path) -> None:
    storage = BlobStorage(tmp_path, maximum_bytes=4)
    assert storage.get(storage.put(b"1234")) == b"1234"
    for data in (b"", b"12345"):
        with pytest.raises(InvalidInput) as refusal:
            storage.put(data)
        assert refusal.value.field == "body"
    for name in ("", "../secret", "0x" + "0" * 63, "0x" + "g" * 64):
        with pytest.raises(InvalidInput):
            storage.get(name)
    with pytest.raises(NotFound):
        storage.get("0x" + "0" * 64)
