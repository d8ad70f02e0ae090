"""Contents, files, tasks and reputations over REST, as a user of the backend meets them."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from capability_market import fresh_secret
from PIL import Image
from running_backend import Market, assert_problem

from edgebazaar.content.engine.canonical import (
    canonical_from_pixels,
    canonical_image,
    canonical_text,
    content_hash,
)
from edgebazaar.content.engine.fingerprint import Fingerprint, image_fingerprint, text_fingerprint
from edgebazaar.content.storage import MAXIMUM_BLOB_BYTES

STORY = "The tide took the old pier in the night, plank by plank, and left the lamps standing. " * 4


def painted(seed: int) -> np.ndarray:
    """A picture with enough structure for a fingerprint."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, size=(8, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((256, 256), Image.Resampling.BICUBIC))


def encoded(pixels: np.ndarray, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format=kind, **options)
    return stream.getvalue()


def register(market: Market, canonical: bytes, fingerprint: Fingerprint) -> str:
    """Commits, has the ESP sign, registers; the content hash."""
    producer, provider = market.client("producer"), market.client("esp")
    key = "0x" + content_hash(canonical).hex()
    salt = "0x" + secrets.token_hex(32)
    producer.act("/contents/commitments/prepare", {"content_hashes": [key], "salt": salt})
    receipt = {
        "producer": producer.address,
        "provider": provider.address,
        "content_hash": key,
        "fingerprint": fingerprint.hexadecimal,
        "fingerprint_scheme": fingerprint.scheme,
        "prompt_commitment": "0x" + secrets.token_hex(32),
        "model_id": "0x" + secrets.token_hex(32),
    }
    typed_data = provider.post("/contents/receipts", receipt)["typed_data"]
    item = {
        "receipt": receipt,
        "receipt_signature": provider.sign_typed_data(typed_data),
        "royalty_bps": 250,
        "uri": "ipfs://example",
    }
    producer.act("/contents/registrations/prepare", {"registrations": [item], "salt": salt})
    return key


def similar(http: httpx.Client, data: bytes, media_type: str) -> httpx.Response:
    return http.post("/contents/similar", files={"file": ("upload", data, media_type)})


def test_image_is_registered_shown_and_found_from_a_compressed_copy(
    market: Market, http: httpx.Client
) -> None:
    # About one random picture in six loses more bits to this JPEG than a copy may.
    pixels = painted(34)
    key = register(market, canonical_from_pixels(pixels), image_fingerprint(pixels))
    assert http.get(f"/contents/{key}").json()["preview"] is None
    assert_problem(http.get(f"/contents/{key}/preview"), 404, "not-found")

    producer = market.client("producer")
    png = encoded(pixels, "PNG")
    with pytest.raises(Exception, match="neither owns nor created"):
        market.client("consumer").request("PUT", f"/contents/{key}/preview", content=png)
    with pytest.raises(Exception, match="another image"):
        jpeg = encoded(pixels, "JPEG", quality=60)
        producer.request("PUT", f"/contents/{key}/preview", content=jpeg)
    metadata = http.get(f"/contents/{key}/metadata").json()
    assert metadata["image"].endswith("/static/logo.svg")
    producer.request("PUT", f"/contents/{key}/preview", content=png)
    metadata = http.get(f"/contents/{key}/metadata").json()
    assert metadata["image"].endswith(f"/api/v1/contents/{key}/preview")
    assert metadata["external_url"].endswith(f"/contents/{key}")
    traits = {one["trait_type"]: one["value"] for one in metadata["attributes"]}
    assert traits["Status"] == "registered"
    assert traits["Creator"] == http.get(f"/contents/{key}").json()["creator"]
    assert metadata["provenance"]["token_id"] == str(int(key, 16))
    assert http.get("/collection").json()["symbol"] == "EBC"
    shown = http.get(f"/contents/{key}/preview")
    assert shown.headers["content-type"] == "image/png"
    assert "0x" + content_hash(canonical_image(shown.content)).hex() == key

    small = np.asarray(Image.fromarray(pixels).resize((200, 200), Image.Resampling.LANCZOS))
    found = similar(http, encoded(small, "JPEG", quality=50), "image/jpeg").json()
    best = found["items"][0]
    assert best["content"]["content_hash"] == key
    assert best["within_threshold"] and best["distance"] <= found["maximum_distance"]
    assert found["content_hash"] != key
    # A mirrored copy is found too, though a challenge would not measure it as one.
    mirrored = similar(http, encoded(np.ascontiguousarray(pixels[:, ::-1]), "PNG"), "image/png")
    best = mirrored.json()["items"][0]
    assert best["content"]["content_hash"] == key
    assert best["least_distance"] < best["distance"]

    detail = http.get(f"/contents/{key}").json()
    assert detail["token_id"] == str(int(key, 16)) and detail["status"] == "available"
    assert [entry["kind"] for entry in detail["history"]] == ["committed", "registered"]
    assert detail["history"][1]["origin"]["time"]["iso"].endswith("Z")
    owned = http.get("/contents", params={"owner": market.address("producer"), "limit": 1})
    assert owned.json()["items"][0]["content_hash"] == key


def test_text_is_found_from_an_edited_copy(market: Market, http: httpx.Client) -> None:
    story = f"{STORY} {secrets.token_hex(4)}"
    key = register(market, canonical_text(story), text_fingerprint(story))
    found = similar(http, story.replace("lamps", "lanterns", 1).encode(), "text/plain").json()
    assert found["items"][0]["content"]["content_hash"] == key
    assert found["items"][0]["within_threshold"]
    by_number = http.post(
        "/contents/similar",
        data={
            "fingerprint": found["fingerprint"],
            "fingerprint_scheme": str(found["fingerprint_scheme"]),
        },
    )
    assert by_number.json()["items"][0]["distance"] == found["items"][0]["distance"]
    assert by_number.json()["content_hash"] is None


def bomb() -> bytes:
    """A PNG of a few bytes that claims 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def animation() -> bytes:
    frames = [Image.new("RGB", (32, 32), color) for color in ("red", "blue")]
    stream = io.BytesIO()
    frames[0].save(stream, format="GIF", save_all=True, append_images=frames[1:])
    return stream.getvalue()


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"", "image/png"),
        (b"", "text/plain"),
        (b"\x00\x01\x02 no image", "image/png"),
        (b"\x00\xff\xfe", "application/octet-stream"),
        (b"\xff\xfe\xfd", "text/plain"),
        (encoded(painted(1), "PNG")[:-200], "image/png"),
        (bomb(), "image/png"),
        (animation(), "image/gif"),
        (encoded(painted(1)[:2, :2], "PNG"), "image/png"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
    ],
    ids=[
        "empty-image",
        "empty-text",
        "no-image",
        "no-media-type",
        "no-utf8",
        "truncated",
        "bomb",
        "animation",
        "too-small",
        "svg",
    ],
)
def test_hostile_media_is_refused_with_a_clear_problem(
    http: httpx.Client, data: bytes, media_type: str
) -> None:
    document = assert_problem(similar(http, data, media_type), 422, "invalid-input", "file")
    assert document["mend"]


def test_similarity_search_needs_one_clear_query(http: httpx.Client) -> None:
    both = {"fingerprint": "0x" + "00" * 32, "fingerprint_scheme": "65537"}
    png = encoded(painted(1), "PNG")
    refused = http.post("/contents/similar", data=both, files={"file": ("x", png, "image/png")})
    assert_problem(refused, 422, "invalid-input", "file")
    lonely = http.post("/contents/similar", data={"fingerprint": "0x00"})
    assert_problem(lonely, 422, "invalid-input", "file")
    short = http.post("/contents/similar", data={**both, "fingerprint": "0x00"})
    assert_problem(short, 422, "invalid-input", "fingerprint")
    many = http.post("/contents/similar", data={**both, "limit": "101"})
    assert_problem(many, 422, "invalid-input", "limit")


def test_blob_is_kept_under_its_digest(market: Market, http: httpx.Client) -> None:
    data = os.urandom(100_000)
    stored = market.client("esp").request("POST", "/contents/blobs", content=data)
    assert stored["sha256"] == "0x" + hashlib.sha256(data).hexdigest()
    assert stored["size"] == len(data)
    fetched = http.get(stored["location"].removeprefix("/api/v1"))
    assert fetched.content == data
    assert fetched.headers["content-disposition"] == "attachment"
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert_problem(http.get("/contents/blobs/0x" + "00" * 32), 404, "not-found")
    assert_problem(http.get("/contents/blobs/..%2F..%2Fedgebazaar.db"), 404, "not-found")
    assert_problem(http.get("/contents/blobs/etc"), 422, "invalid-input", "sha256")


def test_too_large_and_empty_blobs_are_refused(market: Market, http: httpx.Client) -> None:
    headers = {"authorization": f"Bearer {market.token('esp')}"}

    def endless() -> Iterator[bytes]:
        for _ in range(MAXIMUM_BLOB_BYTES // 2**20 + 1):
            yield bytes(2**20)

    with market.unchanged():
        refused = http.post("/contents/blobs", content=endless(), headers=headers)
        assert_problem(refused, 422, "invalid-input", "body")
        empty = http.post("/contents/blobs", content=b"", headers=headers)
        assert_problem(empty, 422, "invalid-input", "body")
        unsigned = http.post("/contents/blobs", content=b"x")
        assert_problem(unsigned, 401, "session-required")


def test_task_runs_over_rest_and_forms_a_reputation(market: Market, http: httpx.Client) -> None:
    producer, provider = market.client("producer"), market.client("esp")
    if http.get(f"/esps/{provider.address}").status_code == 404:
        provider.act("/esps/stake/prepare", {"amount": str(2 * 10**18)})
        offer = {"minimum_fee": "1", "minimum_duration": 1, "capacity": 50}
        provider.act("/esps/offer/prepare", offer)
    before = http.get(f"/esps/{provider.address}").json()
    assert before["eligible"] and before["active"]
    now = market.now()
    posted = producer.act(
        "/tasks/prepare",
        {
            "prompt_commitment": "0x" + secrets.token_hex(32),
            "fee": "1000",
            "deliver_by": now + 60,
            "close_at": now + 90,
            "accept_window": 60,
            "reveal_window": 60,
            "policy": "direct",
            "temperature": "0",
        },
    )
    task_id = next(e for e in posted["events"] if e["event"] == "TaskPosted")["arguments"]["taskId"]
    waiting = http.get(f"/tasks/{task_id}/selection").json()
    assert waiting["selected"] is None and provider.address in waiting["candidates"]
    producer.act(f"/tasks/{task_id}/assignment/prepare", {"provider": provider.address})
    preimage, hashlock = fresh_secret()
    provider.act(
        f"/tasks/{task_id}/delivery/prepare",
        {
            "hashlock": hashlock,
            "ciphertext_root": "0x" + secrets.token_hex(32),
            "content_hash": "0x" + secrets.token_hex(32),
            "content_size": 1,
            "locator": "/api/v1/contents/blobs/0x00",
        },
    )
    producer.act(f"/tasks/{task_id}/acceptance/prepare")
    provider.act(f"/tasks/{task_id}/settlement/prepare", {"preimage": preimage})

    task = http.get(f"/tasks/{task_id}").json()
    assert (task["state"], task["outcome"], task["preimage"]) == ("settled", "on_time", preimage)
    assert task["delivery"]["hashlock"] == hashlock
    assert [step["kind"] for step in task["history"]][-1] == "settled"
    after = http.get(f"/esps/{provider.address}").json()
    assert after["outcomes"]["on_time"] == before["outcomes"]["on_time"] + 1
    assert int(after["earned"]) == int(before["earned"]) + 1000
    view = http.get(f"/reputations/{producer.address}/{provider.address}").json()
    assert view["counts"]["recent_positive"] >= 1
    masses = [int(view["fused"][name]) for name in ("belief", "disbelief", "uncertainty")]
    assert sum(masses) == 10**18 and view["expected_trust"] > 0.5
    subject = http.get(f"/reputations/{provider.address}").json()
    assert subject["mean_expectation"] == after["expectation"]
    points = http.get(f"/reputations/{provider.address}/series").json()["points"]
    assert points[-1]["reference"] == task_id and points[-1]["positive"]


@pytest.mark.parametrize(
    "path",
    [
        "/members/0x00",
        "/contents/0x00",
        "/challenges/zz",
        "/exchanges/locks/0x1",
        "/exchanges/sales/1",
        "/tasks/task",
        "/auctions/round",
        "/esps/nobody",
        "/reputations/nobody",
        "/payouts/0x",
        "/contents?status=lost",
        "/tasks?state=lost",
        "/auctions?state=lost",
        "/exchanges/locks?state=lost",
        "/exchanges/sales?state=lost",
        "/challenges?state=lost",
        "/members?role=king",
        "/contents?after=%00",
    ],
)
def test_malformed_identifiers_and_filters_name_their_field(http: httpx.Client, path: str) -> None:
    document = assert_problem(http.get(path), 422, "invalid-input")
    assert document["field"] and document["mend"]
