"""Reads blocks and their logs so that what comes back belongs to one chain, whatever happens
meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgebazaar.chain.contracts import ContractSet
from edgebazaar.chain.indexer.events import IndexedEvent
from edgebazaar.chain.rpc import RpcClient, from_quantity, to_quantity


@dataclass(frozen=True, slots=True)
class Block:
    """What the indexer keeps of a block; hashes are lower-case 0x text."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class BlockRange:
    """Consecutive blocks with the events of our contracts in them, in order."""

    blocks: list[Block]
    events: list[IndexedEvent]


class ChainMoved(Exception):
    """The chain reorganised while it was read; nothing of what was read may be used."""


def read_block(rpc: RpcClient, number: int) -> Block | None:
    """A block by number, None where the chain has none."""
    return _block(rpc.call("eth_getBlockByNumber", [to_quantity(number), False]))


def read_head(rpc: RpcClient) -> int:
    """Number of the newest block."""
    return from_quantity(rpc.call("eth_blockNumber"))


def read_hashes(rpc: RpcClient, numbers: Sequence[int]) -> dict[int, str | None]:
    """Hashes of blocks by number, None where the chain has none."""
    answers = rpc.batch(
        [("eth_getBlockByNumber", [to_quantity(number), False]) for number in numbers]
    )
    return {
        number: None if answer is None else answer["hash"].lower()
        for number, answer in zip(numbers, answers, strict=True)
    }


def read_range(
    rpc: RpcClient, contracts: ContractSet, first: int, last: int, parent_hash: str | None
) -> BlockRange:
    """Blocks `first` to `last` and the events in them.

    Headers come first, then the logs, then the last header again: were a log missing because the
    chain changed in between, that hash would have changed as well.

    Args:
        rpc: The chain.
        contracts: Whose events to read.
        first: First block.
        last: Last block; it must exist.
        parent_hash: Hash that the first block must follow; None accepts any.

    Raises:
        ChainMoved: If the parts do not fit together.
    """
    answers = rpc.batch(
        [("eth_getBlockByNumber", [to_quantity(n), False]) for n in range(first, last + 1)]
    )
    blocks = [block for answer in answers if (block := _block(answer)) is not None]
    if len(blocks) != last - first + 1:
        raise ChainMoved
    for block in blocks:
        if parent_hash is not None and block.parent_hash != parent_hash:
            raise ChainMoved
        parent_hash = block.hash
    logs = rpc.call(
        "eth_getLogs",
        [
            {
                "fromBlock": to_quantity(first),
                "toBlock": to_quantity(last),
                "address": contracts.addresses(),
            }
        ],
    )
    end = read_block(rpc, last)
    if end is None or end.hash != blocks[-1].hash:
        raise ChainMoved
    return BlockRange(blocks, _events(contracts, {block.number: block for block in blocks}, logs))


def _events(
    contracts: ContractSet, blocks: Mapping[int, Block], logs: Sequence[Mapping[str, Any]]
) -> list[IndexedEvent]:
    events = []
    for log in logs:
        number = from_quantity(log["blockNumber"])
        block = blocks.get(number)
        if block is None or log["blockHash"].lower() != block.hash:
            raise ChainMoved
        decoded = contracts.decode_log(log)
        if decoded is None:
            continue
        events.append(
            IndexedEvent(
                contract=decoded.contract,
                event=decoded.event,
                arguments=decoded.arguments,
                block_number=number,
                block_hash=block.hash,
                block_timestamp=block.timestamp,
                transaction_hash=log["transactionHash"].lower(),
                log_index=from_quantity(log["logIndex"]),
                address=log["address"].lower(),
            )
        )
    events.sort(key=lambda event: (event.block_number, event.log_index))
    return events


def _block(answer: Mapping[str, Any] | None) -> Block | None:
    if answer is None:
        return None
    return Block(
        number=from_quantity(answer["number"]),
        hash=answer["hash"].lower(),
        parent_hash=answer["parentHash"].lower(),
        timestamp=from_quantity(answer["timestamp"]),
    )
