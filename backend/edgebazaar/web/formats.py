"""How values look to a person: shortened hashes, ether, times, links that are safe to follow."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Any
from urllib.parse import urlsplit

WAD = 10**18
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_DIGITS = re.compile(r"[0-9]{1,78}")
_OWN_PATH = re.compile(r"/api/v1/[A-Za-z0-9/._-]*")
_GRID = 16

_WEI_NAMES = {
    "fee", "price", "stake", "deposit", "reserve", "amount", "value", "compensation", "forfeited",
    "royalty", "refund", "penalties", "depositReturned", "minimumFee", "onlinePrice",
    "offlinePrice", "onlineDeposit", "offlineDeposit", "brandPrice", "onlineReserve",
    "offlineReserve", "paidToSeller",
}  # fmt: skip
_TIME_NAMES = {
    "timelock", "deliverBy", "closeAt", "deadline", "expiresAt", "admittedAt", "revokedAt",
    "deliveredAt", "acceptedAt", "commitUntil", "scoreUntil", "declareUntil", "openUntil",
    "settleUntil", "blockTimestamp", "limit",
}  # fmt: skip
_LEAST_IN_ETHER = 10**12
# 2**256 wei have 78 digits; the usual context would round after 28.
_EXACT = Context(prec=100)
_ABBREVIATIONS = {"esp": "ESP", "uri": "URI", "id": "id", "bps": "basis points"}

TONES = {
    "available": "good",
    "upheld": "good",
    "confirmed": "good",
    "succeeded": "good",
    "settled": "good",
    "claimed": "good",
    "on_time": "good",
    "active": "good",
    "eligible": "good",
    "holds": "good",
    "open": "busy",
    "posted": "busy",
    "assigned": "busy",
    "delivered": "busy",
    "accepted": "busy",
    "scored": "busy",
    "declared": "busy",
    "mined": "busy",
    "pending": "busy",
    "reserved": "busy",
    "broadcast": "busy",
    "challenged": "warn",
    "contested": "busy",
    "decided": "busy",
    "appealed": "warn",
    "conceded": "good",
    "closed": "warn",
    "in_exchange": "busy",
    "late": "warn",
    "replaced": "warn",
    "refunded": "warn",
    "not_accepted": "warn",
    "refuted": "bad",
    "expired": "warn",
    "removed": "bad",
    "rejected": "bad",
    "reverted": "bad",
    "refused": "bad",
    "failed": "bad",
    "revoked": "bad",
    "differs": "bad",
}
"""How a state is coloured; the word itself always stands beside the colour."""


def tone(state: str) -> str:
    """Class of a state's badge: good, busy, warn, bad or plain."""
    return TONES.get(state, "plain")


def short(value: str, head: int = 6, tail: int = 4) -> str:
    """A hash or address with its middle left out; anything short stays whole."""
    return value if len(value) <= head + tail + 3 else f"{value[:head]}…{value[-tail:]}"


def is_address(value: object) -> bool:
    """Whether a value is an address in 0x-hex."""
    return isinstance(value, str) and _ADDRESS.fullmatch(value) is not None


def is_hash(value: object) -> bool:
    """Whether a value is 32 bytes in 0x-hex."""
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def is_wei(name: object, value: object) -> bool:
    """Whether a decoded argument is an amount of money, going by its name."""
    return name in _WEI_NAMES and isinstance(value, str) and _DIGITS.fullmatch(value) is not None


def is_time(name: object, value: object) -> bool:
    """Whether a decoded argument is a unix time, going by its name and size."""
    return name in _TIME_NAMES and isinstance(value, str) and len(value) == 10 and value.isdigit()


def money(wei: str | int) -> str:
    """An amount for reading: in ether, or in wei where ether would be all zeros."""
    if 0 < int(wei) < _LEAST_IN_ETHER:
        return f"{grouped(wei)} wei"
    return f"{ether(wei)} ETH"


def ether(wei: str | int, digits: int = 6) -> str:
    """Wei in ether for reading: at most `digits` significant decimals, `≈` where that rounds."""
    exact = _EXACT.scaleb(Decimal(int(wei)), -18)
    places = digits if exact >= 1 or not exact else digits - exact.adjusted() - 1
    shown = _EXACT.quantize(exact, Decimal((0, (1,), -places)))
    text = f"{shown:,f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text if shown == exact else f"≈ {text}"


def grouped(value: str | int) -> str:
    """A whole number with thin spaces between its thousands."""
    return f"{int(value):,}".replace(",", "\u202f")


def percent(share: float, digits: int = 1) -> str:
    """A share of one in percent."""
    return f"{100 * share:.{digits}f} %"


def wad_number(value: str | int, digits: int = 3) -> str:
    """A 1e18 fixed-point number in decimal."""
    return f"{int(value) / WAD:.{digits}f}"


def words(name: str) -> str:
    """A name of the code in words: `in_exchange` and `inExchange` become `in exchange`."""
    separated = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ")
    return " ".join(_ABBREVIATIONS.get(word.lower(), word.lower()) for word in separated.split())


def date_text(unix: int) -> str:
    """A time for people, in UTC; pages show it in local time where scripts run."""
    moment = datetime.fromtimestamp(min(unix, 253_402_300_799), tz=UTC)
    return moment.strftime("%d %b %Y, %H:%M:%S UTC").lstrip("0")


def duration(seconds: int) -> str:
    """Seconds in the two largest units that fit."""
    parts = []
    for name, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


def safe_link(text: str) -> str | None:
    """The address behind a user's text, if following it runs nothing."""
    if _OWN_PATH.fullmatch(text):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme in {"http", "https"} and parts.hostname else None


def mark_hues(address: str) -> tuple[int, int, int]:
    """Three hues by which an address is recognised at a glance."""
    digest = hashlib.sha256(address.lower().encode()).digest()
    first = int.from_bytes(digest[:2], "big") % 360
    return first, (first + 60 + digest[2] % 120) % 360, digest[3] % 360


def fingerprint_path(fingerprint: str, against: str | None = None) -> str:
    """SVG path of the set bits of a 256-bit fingerprint on a 16 by 16 grid.

    Args:
        fingerprint: 32 bytes, 0x-hex.
        against: Another one; then the bits in which the two differ.
    """
    bits = int(fingerprint, 16) ^ (int(against, 16) if against else 0)
    cells = _GRID * _GRID
    return "".join(
        f"M{place % _GRID} {place // _GRID}h1v1h-1z"
        for place in range(cells)
        if bits >> (cells - 1 - place) & 1
    )


def items_of(value: Any) -> list[tuple[str, Any]]:
    """Name and value pairs of a mapping, in order."""
    return list(value.items()) if isinstance(value, Mapping) else []


FILTERS = {
    "date_text": date_text,
    "duration": duration,
    "ether": ether,
    "fingerprint_path": fingerprint_path,
    "grouped": grouped,
    "items_of": items_of,
    "mark_hues": mark_hues,
    "money": money,
    "percent": percent,
    "safe_link": safe_link,
    "short": short,
    "tone": tone,
    "wad_number": wad_number,
    "words": words,
}
TESTS = {"account_address": is_address, "hash32": is_hash}
