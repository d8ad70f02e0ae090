"""Column types for what an EVM chain deals in, stored alike by SQLite and PostgreSQL.

Every type normalises: whatever notation goes in, one comes out, so that rows compare equal.
`normalise` is public because the indexer keys rows in memory by the values the database would give
back.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol, runtime_checkable

import orjson
from sqlalchemy import DateTime, Dialect, LargeBinary, String, Text
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

UINT256_LIMIT = 1 << 256


@runtime_checkable
class NormalisingType(Protocol):
    """A column type that maps every accepted notation of a value to the one it reads back as."""

    def normalise(self, value: Any) -> Any:
        """The value as the database would return it."""


class Uint256(TypeDecorator[int]):
    """An unsigned 256-bit integer as 32 bytes, big-endian: sorts as the number does."""

    impl = LargeBinary(32)
    cache_ok = True

    def normalise(self, value: int) -> int:
        """The value itself; ValueError outside [0, 2^256), TypeError for anything but int."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"a Uint256 column takes an int, not {type(value).__name__}")
        if not 0 <= value < UINT256_LIMIT:
            raise ValueError(f"{value} is outside [0, 2^256)")
        return value

    @override
    def process_bind_param(self, value: int | None, dialect: Dialect) -> bytes | None:
        return None if value is None else self.normalise(value).to_bytes(32, "big")

    @override
    def process_result_value(self, value: bytes | None, dialect: Dialect) -> int | None:
        return None if value is None else int.from_bytes(value, "big")


class _Hex(TypeDecorator[str]):
    """Fixed-length bytes as lower-case hex text with 0x, readable in a database shell."""

    impl = String
    cache_ok = True
    length: int
    noun: str

    def __init__(self) -> None:
        super().__init__(2 + 2 * self.length)

    def normalise(self, value: str | bytes) -> str:
        """Lower-case 0x text; ValueError where the length or a digit is wrong."""
        if isinstance(value, bytes | bytearray | memoryview):
            raw = bytes(value)
        elif isinstance(value, str):
            try:
                raw = bytes.fromhex(value.removeprefix("0x"))
            except ValueError:
                raise ValueError(f"{value!r} is no hexadecimal {self.noun}") from None
        else:
            raise TypeError(f"a {self.noun} is str or bytes, not {type(value).__name__}")
        if len(raw) != self.length:
            raise ValueError(f"a {self.noun} has {self.length} bytes, not {len(raw)}")
        return "0x" + raw.hex()

    @override
    def process_bind_param(self, value: str | bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else self.normalise(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return value


class Address(_Hex):
    """An account address: any case or 20 bytes in, lower-case 0x text out."""

    cache_ok = True
    length = 20
    noun = "address"


class Bytes32(_Hex):
    """A 32-byte word (hash, id, commitment): bytes or hex in, lower-case 0x text out."""

    cache_ok = True
    length = 32
    noun = "32-byte word"


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Takes aware datetimes only and returns them in UTC, on SQLite too."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def normalise(self, value: datetime) -> datetime:
        """The instant in UTC; ValueError for a naive datetime."""
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant = self.normalise(value)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CanonicalJson(TypeDecorator[Any]):
    """A JSON value as text with sorted keys: equal values are equal bytes, on both engines."""

    impl = Text
    cache_ok = True

    def normalise(self, value: Any) -> Any:
        """The value as JSON gives it back (tuples become lists, keys are sorted)."""
        return None if value is None else orjson.loads(canonical_json(value))

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else canonical_json(value).decode()

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)

    @override
    def compare_values(self, x: Any, y: Any) -> bool:
        return bool(x == y)


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no white space; integers beyond 64 bits raise TypeError."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


__all__ = [
    "UINT256_LIMIT",
    "Address",
    "Bytes32",
    "CanonicalJson",
    "NormalisingType",
    "Uint256",
    "UtcDateTime",
    "canonical_json",
]
