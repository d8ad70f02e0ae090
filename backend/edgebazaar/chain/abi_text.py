"""ABI encoding that gives back every string unchanged, be it UTF-8 or not.

A Solidity string holds any bytes. If one that is no UTF-8 could not be decoded, whoever emits it
would stop the indexer for everybody; if it came back changed, a struct rebuilt from it would not
have its hash. Bytes that are no UTF-8 become lone surrogates (PEP 383) and return as they were.
"""

from __future__ import annotations

from typing import Any

from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.encoding import TextStringEncoder, encode_uint_256
from eth_abi.registry import BaseEquals
from eth_abi.registry import registry as default_registry

_ERRORS = "surrogateescape"
_WORD_BYTES = 32


class _AnyStringEncoder(TextStringEncoder):
    @classmethod
    def encode(cls, value: str) -> bytes:
        cls.validate_value(value)  # type: ignore[no-untyped-call]
        data = value.encode("utf-8", _ERRORS)
        padding = bytes(-len(data) % _WORD_BYTES)
        return bytes(encode_uint_256(len(data))) + data + padding


class _AnyStringDecoder(StringDecoder):
    def __init__(self, handle_string_errors: str = _ERRORS) -> None:
        super().__init__(handle_string_errors)  # type: ignore[no-untyped-call]


def _codec() -> ABICodec:
    registry = default_registry.copy()  # type: ignore[no-untyped-call]
    registry.unregister("string")
    is_string = BaseEquals("string")  # type: ignore[no-untyped-call]
    registry.register(is_string, _AnyStringEncoder, _AnyStringDecoder, label="string")
    return ABICodec(registry)


_CODEC = _codec()
encode = _CODEC.encode
decode = _CODEC.decode


def printable(value: Any) -> Any:
    """A decoded string for people and JSON, with replacement characters; others unchanged."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-8", _ERRORS).decode("utf-8", "replace")
