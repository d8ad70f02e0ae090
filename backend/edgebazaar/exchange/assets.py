"""What can be locked: kinds of assets, and the hash that a counterparty must match."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from edgebazaar.addresses import checksum_address
from edgebazaar.errors import InvalidInput
from edgebazaar.exchange.tables import ASSET_KINDS
from edgebazaar.values import ZERO_ADDRESS, parse_bytes32, parse_uint


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset of HashedTimelock.

    Attributes:
        kind: One of ASSET_KINDS.
        token: Contract of the asset; zero for the native coin, the register for content.
        amount_or_id: Amount in the smallest unit, or the token id.
    """

    kind: str
    token: str
    amount_or_id: int

    @property
    def value(self) -> int:
        """Wei to send along when it is locked."""
        return self.amount_or_id if self.kind == "native" else 0

    @property
    def struct(self) -> dict[str, Any]:
        """The Asset of HashedTimelock."""
        return {
            "kind": ASSET_KINDS.index(self.kind),
            "token": self.token,
            "amountOrId": self.amount_or_id,
        }

    @property
    def hash(self) -> bytes:
        """keccak256(abi.encode(asset)), as a first lock's `expected` states it."""
        members = (ASSET_KINDS.index(self.kind), self.token, self.amount_or_id)
        return bytes(keccak(encode(["(uint8,address,uint256)"], [members])))


def parse_asset(fields: Mapping[str, Any], registry: str, field: str = "asset") -> Asset:
    """An asset from a request.

    Args:
        fields: kind; amount_or_id as decimal text, or the content hash for content; token for
            foreign assets.
        registry: Address of the content register.
        field: Path to these fields, for errors.

    Raises:
        InvalidInput: For an unknown kind, a missing or superfluous token, or an amount of zero.
    """
    kind = fields["kind"]
    if kind not in ASSET_KINDS:
        raise InvalidInput(
            f"{field}.kind", f"no asset is of kind {kind!r}", f"Use {', '.join(ASSET_KINDS)}"
        )
    fixed = {"native": ZERO_ADDRESS, "content": registry}.get(kind)
    given = fields.get("token")
    if fixed is None:
        if not given:
            raise InvalidInput(f"{field}.token", "is missing", "Name the contract of the token")
        token = checksum_address(given, f"{field}.token")
        if token == registry:
            raise InvalidInput(
                f"{field}.token", "is the content register", "Use kind `content` for content"
            )
    else:
        token = fixed
        if given and checksum_address(given, f"{field}.token") != fixed:
            raise InvalidInput(f"{field}.token", f"does not belong to {kind}", "Leave it out")
    text = str(fields["amount_or_id"])
    where = f"{field}.amount_or_id"
    if kind == "content" and text.startswith("0x"):
        amount = int.from_bytes(parse_bytes32(text, where), "big")
    else:
        amount = parse_uint(text, where, unit="units")
    if amount == 0 and kind != "foreign_non_fungible":
        raise InvalidInput(where, "is zero", "Give an amount above zero")
    return Asset(kind, token, amount)


def require_preimage(preimage: bytes, hashlock: str) -> None:
    """Refuses a preimage that does not open a hashlock.

    Raises:
        InvalidInput: If sha256 of the preimage differs.
    """
    if "0x" + hashlib.sha256(preimage).hexdigest() != hashlock:
        raise InvalidInput(
            "preimage", "does not open the hashlock", "Give the 32 bytes whose sha256 it is"
        )
