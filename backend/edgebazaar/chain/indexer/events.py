"""An event of one of our contracts, as projections and event streams get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edgebazaar.chain.manifest import as_json_value


@dataclass(frozen=True, slots=True)
class IndexedEvent:
    """A decoded event and its place in the chain.

    Attributes:
        contract: Name of the contract.
        event: Name of the event.
        arguments: Values by name, as `ContractSet.decode_log` gives them.
        block_number: Number of its block.
        block_hash: Hash of its block, lower-case 0x text.
        block_timestamp: Unix seconds of its block.
        transaction_hash: Hash of its transaction, lower-case 0x text.
        log_index: Position in its block.
        address: Address of the contract, lower-case 0x text.
    """

    contract: str
    event: str
    arguments: dict[str, Any]
    block_number: int
    block_hash: str
    block_timestamp: int
    transaction_hash: str
    log_index: int
    address: str

    @property
    def key(self) -> str:
        """Text that sorts in the order of the chain; names the event until a reorganisation takes
        it.
        """
        return event_key(self.block_number, self.log_index)


def event_key(block_number: int, log_index: int) -> str:
    """The sortable name of an event, e.g. for the id of a server-sent event."""
    return f"{block_number:012d}/{log_index:06d}"


def jsonable(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Event arguments for JSON: integers as decimal text, bytes as 0x-hex, structs as objects."""
    return {name: as_json_value(value) for name, value in arguments.items()}
