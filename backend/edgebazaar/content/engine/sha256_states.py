"""States of SHA-256 on the way through a content, which hashlib does not show.

A state is the 32 bytes that the digest of the last block would be.  OpenSSL's own functions give
them at full speed where Python is linked with it; otherwise the rounds run in Python (FIPS 180-4
section 6.2), a hundred times slower and equal.
"""

from __future__ import annotations

import ctypes
import struct
from functools import cache
from typing import Any

INITIAL_STATE = bytes.fromhex("6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19")
BLOCK_BYTES = 64
_MASK = 0xFFFFFFFF
_ROUND_CONSTANTS = struct.unpack(
    ">64I",
    bytes.fromhex(
        "428a2f9871374491b5c0fbcfe9b5dba53956c25b59f111f1923f82a4ab1c5ed5"
        "d807aa9812835b01243185be550c7dc372be5d7480deb1fe9bdc06a7c19bf174"
        "e49b69c1efbe47860fc19dc6240ca1cc2de92c6f4a7484aa5cb0a9dc76f988da"
        "983e5152a831c66db00327c8bf597fc7c6e00bf3d5a7914706ca635114292967"
        "27b70a852e1b21384d2c6dfc53380d13650a7354766a0abb81c2c92e92722c85"
        "a2bfe8a1a81a664bc24b8b70c76c51a3d192e819d6990624f40e3585106aa070"
        "19a4c1161e376c082748774c34b0bcb5391c0cb34ed8aa4a5b9cca4f682e6ff3"
        "748f82ee78a5636f84c878148cc7020890befffaa4506cebbef9a3f7c67178f2"
    ),
)


class _OpensslContext(ctypes.Structure):
    """SHA256_CTX of openssl/sha.h."""

    _fields_ = (
        ("h", ctypes.c_uint32 * 8),
        ("length_low", ctypes.c_uint32),
        ("length_high", ctypes.c_uint32),
        ("data", ctypes.c_uint32 * 16),
        ("number", ctypes.c_uint32),
        ("digest_length", ctypes.c_uint32),
    )


def states_before_chunks(content: bytes, chunk_bytes: int) -> list[bytes]:
    """State before each chunk of a content; the first is :data:`INITIAL_STATE`.

    Args:
        content: at least one byte.
        chunk_bytes: bytes of every chunk but the last, a multiple of 64.

    Raises:
        ValueError: the content is empty, or the chunks are no whole blocks.
    """
    if not content:
        raise ValueError("content is empty; there is no chunk")
    if chunk_bytes <= 0 or chunk_bytes % BLOCK_BYTES:
        raise ValueError(f"chunk_bytes is {chunk_bytes}; give a multiple of {BLOCK_BYTES}")
    library = _openssl()
    # The last chunk may be partial, and no state follows it.
    whole = (len(content) - 1) // chunk_bytes
    if library is None:
        return _states_in_python(content, chunk_bytes, whole)
    context = _OpensslContext()
    library.SHA256_Init(ctypes.byref(context))
    states = [INITIAL_STATE]
    for place in range(whole):
        chunk = content[place * chunk_bytes : (place + 1) * chunk_bytes]
        library.SHA256_Update(ctypes.byref(context), chunk, ctypes.c_size_t(chunk_bytes))
        states.append(struct.pack(">8I", *context.h))
    return states


def absorb(state: bytes, blocks: bytes) -> bytes:
    """State after some whole blocks.

    Raises:
        ValueError: the last block is partial.
    """
    if len(blocks) % BLOCK_BYTES:
        raise ValueError(f"{len(blocks)} bytes are no whole blocks of {BLOCK_BYTES}")
    words = list(struct.unpack(">8I", state))
    for start in range(0, len(blocks), BLOCK_BYTES):
        words = _compress(words, blocks[start : start + BLOCK_BYTES])
    return struct.pack(">8I", *words)


def padded(tail: bytes, total: int) -> bytes:
    """The last bytes of a message of `total` bytes, with the padding that ends it."""
    zeros = (119 - total % BLOCK_BYTES) % BLOCK_BYTES
    return tail + b"\x80" + bytes(zeros) + struct.pack(">Q", total * 8)


@cache
def _openssl() -> Any:
    """The library that hashlib is linked with, None where it does not show these functions."""
    try:
        import _hashlib

        library = ctypes.CDLL(_hashlib.__file__)
        context = _OpensslContext()
        library.SHA256_Init(ctypes.byref(context))
        library.SHA256_Update(ctypes.byref(context), bytes(64), ctypes.c_size_t(64))
    except (ImportError, OSError, AttributeError):
        return None
    fits = struct.pack(">8I", *context.h) == absorb(INITIAL_STATE, bytes(64))
    return library if fits else None


def _states_in_python(content: bytes, chunk_bytes: int, whole: int) -> list[bytes]:
    states = [INITIAL_STATE]
    for place in range(whole):
        chunk = content[place * chunk_bytes : (place + 1) * chunk_bytes]
        states.append(absorb(states[-1], chunk))
    return states


def _turned(word: int, places: int) -> int:
    return (word >> places | word << (32 - places)) & _MASK


def _compress(state: list[int], block: bytes) -> list[int]:
    schedule = list(struct.unpack(">16I", block))
    for t in range(16, 64):
        early, late = schedule[t - 15], schedule[t - 2]
        first = _turned(early, 7) ^ _turned(early, 18) ^ early >> 3
        second = _turned(late, 17) ^ _turned(late, 19) ^ late >> 10
        schedule.append((schedule[t - 16] + first + schedule[t - 7] + second) & _MASK)
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(_ROUND_CONSTANTS, schedule, strict=True):
        first = h + (_turned(e, 6) ^ _turned(e, 11) ^ _turned(e, 25)) + (g ^ e & (f ^ g))
        first += constant + word
        second = (_turned(a, 2) ^ _turned(a, 13) ^ _turned(a, 22)) + (a & b | c & (a | b))
        a, b, c, d, e, f, g, h = (
            *((first + second) & _MASK, a, b, c),
            *((d + first) & _MASK, e, f, g),
        )
    return [(old + new) & _MASK for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True)]
