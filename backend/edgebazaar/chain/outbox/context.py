"""What the steps of the relayer share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from sqlalchemy import Engine

from edgebazaar.chain.contracts import ContractSet
from edgebazaar.chain.rpc import RpcClient, RpcError, from_quantity

FALLBACK_PRIORITY_FEE = 10**9


@dataclass(frozen=True, slots=True)
class RelayerSettings:
    """How the relayer works.

    Attributes:
        confirmations: Blocks, its own included, after which a mined transaction is settled; at
            least 1. poll_seconds: Pause between two looks at chain and database when there was
            nothing to do. rebroadcast_seconds: Age after which a transaction that is in no block is
            sent again. batch_size: Transactions in one JSON-RPC request, and taken up in one step.
            maximum_in_flight: Transactions of our own keys that may be under way at once.
            maximum_forward_gas: Most gas that a relayed request may ask for. reorganisation_depth:
            Blocks below the head in which settled transactions are looked after when the chain
            reorganises. maximum_fee: Most wei that the gas of one of our transactions may cost;
            one that may cost more waits unsigned. None sets no limit.
    """

    confirmations: int = 1
    poll_seconds: float = 0.1
    rebroadcast_seconds: float = 5.0
    batch_size: int = 100
    maximum_in_flight: int = 1000
    maximum_forward_gas: int = 10_000_000
    reorganisation_depth: int = 64
    maximum_fee: int | None = None


@dataclass(frozen=True, slots=True)
class OutboxContext:
    """Database, chain and keys of one relayer.

    Attributes:
        signers: Account by lower-case address.
        payer: Address of the account that pays for relayed requests; one of `signers`.
        checkpoint: Called with the name of each step that is done, so that tests can die there.
    """

    engine: Engine
    rpc: RpcClient
    contracts: ContractSet
    signers: Mapping[str, LocalAccount]
    payer: str
    settings: RelayerSettings
    checkpoint: Callable[[str], None]

    @property
    def chain_id(self) -> int:
        """The chain that is sent to."""
        return self.contracts.chain_id


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block. Times are Unix seconds, fees wei per gas."""

    number: int
    hash: str
    timestamp: int
    gas_limit: int
    base_fee: int | None


def read_head(rpc: RpcClient) -> Head:
    """The newest block of the chain."""
    block = rpc.call("eth_getBlockByNumber", ["latest", False])
    base_fee = block.get("baseFeePerGas")
    return Head(
        number=from_quantity(block["number"]),
        hash=block["hash"],
        timestamp=from_quantity(block["timestamp"]),
        gas_limit=from_quantity(block["gasLimit"]),
        base_fee=None if base_fee is None else from_quantity(base_fee),
    )


def fee_fields(rpc: RpcClient, head: Head) -> dict[str, Any]:
    """The fee fields of a transaction signed now.

    The fee cap is twice the base fee plus the tip: the base fee can rise by an eighth a block, so
    the transaction stays valid for at least five full blocks. A chain without base fee gets a
    legacy price, a quarter above the going one.
    """
    if head.base_fee is None:
        return {"gasPrice": from_quantity(rpc.call("eth_gasPrice")) * 5 // 4}
    try:
        tip = from_quantity(rpc.call("eth_maxPriorityFeePerGas"))
    except RpcError:
        tip = FALLBACK_PRIORITY_FEE
    return {
        "type": 2,
        "maxPriorityFeePerGas": tip,
        "maxFeePerGas": 2 * head.base_fee + tip,
    }


def exceeds_fee_limit(settings: RelayerSettings, gas: int, fees: Mapping[str, Any]) -> bool:
    """Whether a transaction with this gas and these fee fields may cost more than the limit."""
    limit = settings.maximum_fee
    return limit is not None and gas * int(fees.get("maxFeePerGas", fees.get("gasPrice"))) > limit
