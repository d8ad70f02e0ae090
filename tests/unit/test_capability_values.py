"""Values at the edges: what goes in comes out, and what does not fit names its field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebazaar.errors import InvalidInput
from edgebazaar.values import (
    bytes_to_text,
    content_key,
    hash_key,
    iso_time,
    parse_bytes,
    parse_bytes32,
    parse_text,
    parse_uint,
    printable_text,
    text_to_bytes,
    to_hex,
)


@given(st.binary(max_size=300))
def test_any_bytes_survive_as_text(data: bytes) -> None:
    assert text_to_bytes(bytes_to_text(data)) == data
    printable_text(data).encode("utf-8")


@given(st.binary(min_size=32, max_size=32))
def test_hashes_come_back_in_lower_case(value: bytes) -> None:
    assert parse_bytes32(to_hex(value), "x") == value
    assert hash_key("0x" + value.hex().upper(), "x") == to_hex(value)
    assert parse_bytes(to_hex(value), "x", length=32) == value
    assert content_key(int.from_bytes(value, "big")) == to_hex(value)


@given(st.integers(min_value=0, max_value=2**256 - 1))
def test_whole_numbers_come_back(value: int) -> None:
    assert parse_uint(str(value), "x") == parse_uint(value, "x") == value


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1e18", "0x10", " 1", "١", "1" * 79, True, None])
def test_what_is_no_whole_number_is_refused(text: object) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_uint(text, "price")  # type: ignore[arg-type]
    assert refusal.value.field == "price" and refusal.value.mend


@pytest.mark.parametrize(("value", "bits", "minimum"), [(256, 8, 0), (0, 8, 1), (2**256, 256, 0)])
def test_numbers_out_of_range_are_refused(value: int, bits: int, minimum: int) -> None:
    with pytest.raises(InvalidInput, match="out of range"):
        parse_uint(value, "price", bits=bits, minimum=minimum)


@pytest.mark.parametrize(
    "text", ["", "00" * 32, "0x" + "00" * 31, "0x" + "zz" * 32, "0x" + "0" * 65]
)
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="not a 32-byte value"):
        parse_bytes32(text, "hashlock")


def test_zero_is_refused_where_it_has_no_meaning() -> None:
    assert parse_bytes32("0x" + "00" * 32, "salt") == bytes(32)
    with pytest.raises(InvalidInput, match="is zero"):
        parse_bytes32("0x" + "00" * 32, "hashlock", zero_allowed=False)


def test_text_is_measured_in_bytes() -> None:
    assert parse_text("é" * 128, "uri", maximum_bytes=256) == "é" * 128
    with pytest.raises(InvalidInput, match="257 bytes"):
        parse_text("é" * 128 + "x", "uri", maximum_bytes=256)
    with pytest.raises(InvalidInput, match="surrogate"):
        parse_text("\ud800", "uri", maximum_bytes=256)


def test_times_are_utc_and_never_overflow() -> None:
    assert iso_time(0) == "1970-01-01T00:00:00Z"
    assert iso_time(1_700_000_000) == "2023-11-14T22:13:20Z"
    assert iso_time(2**40 - 1) == "9999-12-31T23:59:59Z"
