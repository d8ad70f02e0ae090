"""Reads the whole history of the contracts from a node.

No database, no backend, nobody to trust.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edgebazaar.chain.contracts import ContractSet
from edgebazaar.chain.rpc import RpcClient, from_data, from_quantity, to_quantity

_RANGE = 2_000
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """A decoded event with its place in the chain."""

    contract: str
    event: str
    arguments: Mapping[str, Any]
    block_number: int
    block_timestamp: int
    transaction_hash: str
    log_index: int


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """What audits need of a block."""

    number: int
    hash: bytes
    timestamp: int
    miner: str
    transactions: tuple[str, ...]


class ChainReader:
    """Blocks, events and balances up to a fixed head.

    Args:
        rpc: A node.
        contracts: The deployed contracts.
        head: Last block to consider; the node's latest if None.
    """

    def __init__(self, rpc: RpcClient, contracts: ContractSet, head: int | None = None) -> None:
        self._rpc = rpc
        self._contracts = contracts
        self.head = head if head is not None else from_quantity(rpc.call("eth_blockNumber"))
        self._headers: dict[int, BlockHeader] = {}

    def header(self, number: int) -> BlockHeader:
        """A block's header, fetched once."""
        if number not in self._headers:
            self._fetch_headers([number])
        return self._headers[number]

    def events(self, progress: Progress | None = None) -> list[ChainEvent]:
        """All events of the contracts in chain order."""
        first = self._contracts.deployment.first_block
        logs: list[dict[str, Any]] = []
        for start in range(first, self.head + 1, _RANGE):
            end = min(start + _RANGE - 1, self.head)
            query = {
                "fromBlock": to_quantity(start),
                "toBlock": to_quantity(end),
                "address": self._contracts.addresses(),
            }
            logs.extend(self._rpc.call("eth_getLogs", [query]))
            if progress:
                progress("reading events", end - first + 1, self.head - first + 1)
        self._fetch_headers(sorted({from_quantity(log["blockNumber"]) for log in logs}))
        return [event for log in logs if (event := self._event(log)) is not None]

    def balances(self, accounts: Mapping[str, str]) -> dict[str, int]:
        """Balance in wei at the head of each named account."""
        answers = self._rpc.batch(
            [("eth_getBalance", [account, to_quantity(self.head)]) for account in accounts.values()]
        )
        return {name: from_quantity(answer) for name, answer in zip(accounts, answers, strict=True)}

    def _event(self, log: Mapping[str, Any]) -> ChainEvent | None:
        decoded = self._contracts.decode_log(log)
        if decoded is None:
            return None
        number = from_quantity(log["blockNumber"])
        return ChainEvent(
            decoded.contract,
            decoded.event,
            decoded.arguments,
            number,
            self.header(number).timestamp,
            log["transactionHash"],
            from_quantity(log["logIndex"]),
        )

    def _fetch_headers(self, numbers: list[int]) -> None:
        missing = [number for number in numbers if number not in self._headers]
        for start in range(0, len(missing), _RANGE):
            part = missing[start : start + _RANGE]
            blocks = self._rpc.batch(
                [("eth_getBlockByNumber", [to_quantity(number), False]) for number in part]
            )
            for block in blocks:
                number = from_quantity(block["number"])
                self._headers[number] = BlockHeader(
                    number,
                    from_data(block["hash"]),
                    from_quantity(block["timestamp"]),
                    block["miner"],
                    tuple(block["transactions"]),
                )
