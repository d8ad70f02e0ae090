"""Building blocks of the REST models: how addresses, hashes, wei and times look in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from eth_utils.address import to_checksum_address
from pydantic import BaseModel, Field

from edgebazaar.values import iso_time

EXAMPLE_ACCOUNT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
EXAMPLE_OTHER_ACCOUNT = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
EXAMPLE_HASH = "0x9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
EXAMPLE_OTHER_HASH = "0x60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"

AddressText = Annotated[
    str, Field(description="Address with EIP-55 checksum.", examples=[EXAMPLE_ACCOUNT])
]
HashText = Annotated[str, Field(description="32 bytes as 0x-hex.", examples=[EXAMPLE_HASH])]
WeiText = Annotated[str, Field(description="Wei as decimal text.", examples=["50000000000000000"])]
WadText = Annotated[
    str,
    Field(description="1e18 fixed point as decimal text.", examples=["665538000000000000"]),
]
OptionalSalt = Annotated[
    str | None, Field(description="32 bytes; random if left out.", examples=[EXAMPLE_HASH])
]
UnixTime = Annotated[int, Field(description="Seconds since the epoch.", examples=[1_900_000_000])]


class Moment(BaseModel):
    """A time of the chain."""

    unix: int = Field(description="Seconds since the epoch.", examples=[1_700_000_000])
    iso: str = Field(description="The same in ISO-8601, UTC.", examples=["2023-11-14T22:13:20Z"])

    @classmethod
    def of(cls, unix: int) -> Self:
        """The moment of a unix time."""
        return cls(unix=unix, iso=iso_time(unix))

    @classmethod
    def of_optional(cls, unix: int | None) -> Self | None:
        """The moment of a unix time, None for None and for the chain's 0, which means never."""
        return cls.of(unix) if unix else None


class Origin(BaseModel):
    """The event behind a resource."""

    block_number: int = Field(examples=[1234])
    log_index: int = Field(examples=[0])
    transaction_hash: HashText
    time: Moment

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From a row with the columns of an event."""
        return cls(
            block_number=row["block_number"],
            log_index=row["log_index"],
            transaction_hash=row["transaction_hash"],
            time=Moment.of(row["block_timestamp"]),
        )


def account_text(address: str) -> str:
    """An address of the database for JSON."""
    return str(to_checksum_address(address))


def optional_account_text(address: str | None) -> str | None:
    """As :func:`account_text`; None stays None."""
    return account_text(address) if address else None


def optional_wei_text(amount: int | None) -> str | None:
    """Wei for JSON; None stays None."""
    return None if amount is None else str(amount)
