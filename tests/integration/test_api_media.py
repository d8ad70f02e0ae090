"""Bodies that are too large, and files that are hostile: refused with a reason, nothing kept."""

from __future__ import annotations

import json
import socket
import struct
import zlib
from collections.abc import Iterator

import httpx
import pytest
from running_backend import Market, assert_problem

from edgebazaar.api.errors import MAXIMUM_BODY_BYTES

HASH = "0x" + "21" * 32
FILE_PART = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'

# Size


def test_a_body_that_says_it_is_too_large_is_not_read(http: httpx.Client) -> None:
    request = http.build_request("POST", "/sessions/nonces")
    request.headers["content-length"] = str(MAXIMUM_BODY_BYTES + 1)
    host, port = http.base_url.host, http.base_url.port
    answer = raw_answer(host, port or 80, request)
    assert answer.startswith(b"HTTP/1.1 413 ")
    document = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert document["code"] == "body-too-large" and str(MAXIMUM_BODY_BYTES) in document["mend"]


@pytest.mark.parametrize(
    ("path", "media_type", "start"),
    [
        ("/api/v1/sessions/nonces", "application/json", b"["),
        ("/api/v1/contents/similar", "multipart/form-data; boundary=cut", FILE_PART),
        ("/similar", "multipart/form-data; boundary=cut", FILE_PART),
        ("/api/v1/contents/blobs", "application/octet-stream", b"\x00"),
    ],
)
def test_a_body_that_turns_out_too_large_is_not_kept(
    market: Market, http: httpx.Client, path: str, media_type: str, start: bytes
) -> None:
    def body() -> Iterator[bytes]:
        # No length is stated: only counting tells.
        yield start
        for _ in range(MAXIMUM_BODY_BYTES // 2**20 + 2):
            yield b" " * 2**20

    headers = market.session_of("consumer") | {"content-type": media_type}
    with market.unchanged():
        response = http.post(market.url + path, content=body(), headers=headers)
        code = "invalid-input" if path.endswith("/blobs") else "body-too-large"
        assert response.status_code in {413, 422}, response.text
        assert_problem(response, response.status_code, code, "body")


def raw_answer(host: str, port: int, request: httpx.Request) -> bytes:
    """What the server says to headers alone."""
    head = f"{request.method} {request.url.raw_path.decode()} HTTP/1.1\r\n"
    for name, value in request.headers.items():
        head += f"{name}: {value}\r\n"
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(head.replace("keep-alive", "close").encode() + b"\r\n")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


# Media


def png(width: int, height: int, body: bytes) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def good_png() -> bytes:
    rows = b"".join(b"\x00" + bytes((x * y) % 256 for x in range(192)) for y in range(64))
    return png(64, 64, zlib.compress(rows))


HOSTILE = {
    "nothing": (b"", "image/png"),
    "nothing-unnamed": (b"", "application/octet-stream"),
    "truncated": (good_png()[:-40], "image/png"),
    "header-only": (good_png()[:33], "image/png"),
    "bomb": (png(60_000, 60_000, zlib.compress(bytes(1000))), "image/png"),
    "bomb-of-zeros": (png(30_000, 30_000, zlib.compress(bytes(30_000_000))), "image/png"),
    "long-line": (png(2**31 - 1, 1, zlib.compress(b"\x00")), "image/png"),
    "no-pixels": (png(0, 0, zlib.compress(b"")), "image/png"),
    "text-as-png": (b"I am no image at all.", "image/png"),
    "html-as-jpeg": (b"<html><script>alert(1)</script></html>", "image/jpeg"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    "binary-as-text": (bytes(range(256)), "text/plain"),
    "blank-text": (b" \n\t ", "text/plain"),
    "unknown": (b"\x7fELF" + bytes(100), "application/octet-stream"),
    "broken-crc": (good_png().replace(b"IDAT", b"IDAX"), "image/png"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_a_clear_problem(market: Market, http: httpx.Client, name: str) -> None:
    data, media_type = HOSTILE[name]
    with market.unchanged():
        response = http.post("/contents/similar", files={"file": ("file.png", data, media_type)})
        document = assert_problem(response, 422, "invalid-input", "file")
    assert document["mend"]
    assert "object at" not in document["detail"] and "Traceback" not in response.text


def test_a_good_file_is_none(http: httpx.Client) -> None:
    response = http.post("/contents/similar", files={"file": ("a.png", good_png(), "image/png")})
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "file"),
        ({"fingerprint": HASH}, "file"),
        ({"fingerprint": "0x12", "fingerprint_scheme": "65537"}, "fingerprint"),
        ({"fingerprint": HASH, "fingerprint_scheme": "-1"}, "fingerprint_scheme"),
        ({"fingerprint": HASH, "fingerprint_scheme": "x"}, "fingerprint_scheme"),
        ({"fingerprint": HASH, "fingerprint_scheme": "65537", "limit": "0"}, "limit"),
        ({"fingerprint": HASH, "fingerprint_scheme": "65537", "limit": "101"}, "limit"),
    ],
)
def test_a_search_with_wrong_terms(http: httpx.Client, data: dict[str, str], field: str) -> None:
    assert_problem(http.post("/contents/similar", data=data), 422, "invalid-input", field)


def test_an_empty_blob_is_refused(market: Market, http: httpx.Client) -> None:
    with market.unchanged():
        response = http.post("/contents/blobs", content=b"", headers=market.session_of("consumer"))
        assert_problem(response, 422, "invalid-input", "body")
