"""Values at the edges: 0x-hex, wei and times from text to what the inside uses, and back.

Inside are `bytes`, `int` and unix seconds; JSON shows 0x-hex in lower case, wei as decimal text and
times as ISO-8601 in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime

from edgebazaar.errors import InvalidInput

_HEX32 = re.compile(r"0x[0-9a-fA-F]{64}")
_DECIMAL = re.compile(r"[0-9]{1,78}")
ZERO_HASH = "0x" + "00" * 32
ZERO_ADDRESS = "0x" + "00" * 20


def to_hex(value: bytes) -> str:
    """Lower-case 0x-hex of bytes."""
    return "0x" + value.hex()


def content_key(token_id: int) -> str:
    """Key of a content for its token id: the same 256 bits as 0x-hex."""
    return to_hex(token_id.to_bytes(32, "big"))


def require_state(state: str, states: Collection[str]) -> None:
    """Refuses the name of a state that no row can have.

    Raises:
        InvalidInput: Naming the states that there are.
    """
    if state not in states:
        raise InvalidInput("state", f"no state is called {state!r}", f"Use {', '.join(states)}")


def parse_bytes32(text: str, field: str, *, zero_allowed: bool = True) -> bytes:
    """32 bytes from 0x-hex.

    Raises:
        InvalidInput: If the text is anything else, or zero where zero has no meaning.
    """
    if not _HEX32.fullmatch(text):
        raise InvalidInput(
            field, f"{text!r} is not a 32-byte value", "Give 0x and 64 hexadecimal digits"
        )
    value = bytes.fromhex(text[2:])
    if not zero_allowed and not any(value):
        raise InvalidInput(field, "is zero", "Give a value other than zero")
    return value


def hash_key(text: str, field: str) -> str:
    """A 32-byte identifier as the tables keep it: lower-case 0x-hex.

    Raises:
        InvalidInput: As :func:`parse_bytes32`.
    """
    return to_hex(parse_bytes32(text, field))


def parse_bytes(text: str, field: str, *, length: int | None = None) -> bytes:
    """Bytes of any or of one length from 0x-hex.

    Raises:
        InvalidInput: If the text is no hex, or has another length.
    """
    try:
        if not text.startswith("0x"):
            raise ValueError("no prefix")
        value = bytes.fromhex(text[2:])
    except (AttributeError, ValueError):
        raise InvalidInput(
            field, f"{str(text)[:20]!r} is not hexadecimal", "Give 0x and an even number of digits"
        ) from None
    if length is not None and len(value) != length:
        raise InvalidInput(
            field, f"has {len(value)} bytes", f"Give exactly {length} bytes as 0x-hex"
        )
    return value


def parse_uint(
    text: str | int, field: str, *, bits: int = 256, minimum: int = 0, unit: str = "wei"
) -> int:
    """A whole number from decimal text.

    Args:
        text: Decimal digits, or a number already.
        field: Name of the input, for the error.
        bits: Width of the contract's type; the value stays below 2**bits.
        minimum: Least value allowed.
        unit: Unit named in the error.

    Raises:
        InvalidInput: If it is no whole number or out of range.
    """
    if isinstance(text, bool) or (not isinstance(text, int) and not _DECIMAL.fullmatch(str(text))):
        raise InvalidInput(
            field, f"{str(text)[:40]!r} is not a whole number", f"Give {unit} as decimal digits"
        )
    value = int(text)
    if not minimum <= value < 2**bits:
        raise InvalidInput(
            field,
            f"{value} {unit} is out of range",
            f"Give at least {minimum} and less than 2^{bits} {unit}",
        )
    return value


def parse_text(text: str, field: str, *, maximum_bytes: int) -> str:
    """Text whose UTF-8 fits the contract's limit.

    Raises:
        InvalidInput: If it is longer, or has half a surrogate pair.
    """
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as problem:
        raise InvalidInput(
            field, f"has half a surrogate pair at character {problem.start}", "Remove it"
        ) from None
    if size > maximum_bytes:
        raise InvalidInput(field, f"has {size} bytes", f"Give at most {maximum_bytes} bytes")
    return text


def iso_time(unix: int) -> str:
    """ISO-8601 in UTC with a Z, for unix seconds.

    Times past the year 9999, which uint40 allows, show as the last second that calendars know.
    """
    latest = 253_402_300_799
    return datetime.fromtimestamp(min(unix, latest), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def text_to_bytes(text: str) -> bytes:
    """UTF-8 of a string from an event; any bytes a Solidity string holds come back unchanged."""
    return text.encode("utf-8", "surrogateescape")


def bytes_to_text(value: bytes) -> str:
    """The exact inverse of :func:`text_to_bytes`."""
    return value.decode("utf-8", "surrogateescape")


def printable_text(value: bytes) -> str:
    """Text for people and JSON: what is no UTF-8 shows as the replacement character."""
    return value.decode("utf-8", "replace")
