"""Hashed-timelock locks, sales and payout credits, projected from their contracts' events."""

from __future__ import annotations

from typing import Literal

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from edgebazaar.chain.indexer import IndexedEvent, ProjectionRegistry, ProjectionWriter
from edgebazaar.content.history import add_history, content_event
from edgebazaar.db import Address, Bytes32, Uint256, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp
from edgebazaar.exchange.incentives import tables as incentives
from edgebazaar.values import content_key, to_hex

AssetKind = Literal["native", "token", "foreign_non_fungible", "content"]
ASSET_KINDS: tuple[AssetKind, ...] = ("native", "token", "foreign_non_fungible", "content")
CONTENT_KIND = ASSET_KINDS.index("content")

exchange_lock = Table(
    "exchange_lock",
    metadata,
    Column("lock_id", Bytes32, primary_key=True),
    Column("sender", Address, nullable=False, index=True),
    Column("receiver", Address, nullable=False, index=True),
    Column("asset_kind", Integer, nullable=False, comment="index into ASSET_KINDS"),
    Column("asset_token", Address, nullable=False),
    Column("asset_amount_or_id", Uint256, nullable=False),
    Column("hashlock", Bytes32, nullable=False, index=True),
    Column("timelock", BigInteger, nullable=False),
    Column("expected", Bytes32, nullable=False),
    Column("first_lock", Bytes32, nullable=False, index=True),
    Column("guarded_content", Uint256, nullable=False),
    Column("state", String(16), nullable=False, comment="open, claimed or refunded"),
    Column("preimage", Bytes32, nullable=True, comment="public since the claim"),
    Column("closed_by", Address, nullable=True),
    Column("closed_at", BigInteger, nullable=True),
    Column("closed_transaction_hash", Bytes32, nullable=True),
    *event_columns(),
    Index(None, "block_number", "log_index"),
    comment="Locks with their whole terms, so that nobody needs to keep them to claim or refund.",
)

sale = Table(
    "sale",
    metadata,
    Column("sale_id", Bytes32, primary_key=True),
    Column("buyer", Address, nullable=False, index=True),
    Column("seller", Address, nullable=False, index=True),
    Column("content_hash", Bytes32, nullable=False, index=True),
    Column("price", Uint256, nullable=False),
    Column("hashlock", Bytes32, nullable=False, index=True),
    Column("timelock", BigInteger, nullable=False),
    Column("state", String(16), nullable=False, comment="open, settled or refunded"),
    Column("preimage", Bytes32, nullable=True, comment="public since the settlement"),
    Column("royalty_receiver", Address, nullable=True),
    Column("royalty", Uint256, nullable=True),
    Column("paid_to_seller", Uint256, nullable=True),
    Column("closed_at", BigInteger, nullable=True),
    Column("closed_transaction_hash", Bytes32, nullable=True),
    *event_columns(),
    Index(None, "block_number", "log_index"),
    comment="Sales of content on this chain with their whole terms.",
)

payout_credit = Table(
    "payout_credit",
    metadata,
    Column("account", Address, primary_key=True),
    Column("amount", Uint256, nullable=False),
    *event_columns(),
    comment="What waits in Payouts for accounts that did not call.",
)


def project_locks(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of HashedTimelock."""
    arguments = event.arguments
    if "lockId" not in arguments:
        return
    identifier = to_hex(arguments["lockId"])
    if event.event == "Locked":
        terms = arguments["terms"]
        asset = terms["asset"]
        writer.insert(
            exchange_lock,
            {
                "lock_id": identifier,
                "sender": terms["sender"],
                "receiver": terms["receiver"],
                "asset_kind": asset["kind"],
                "asset_token": asset["token"],
                "asset_amount_or_id": asset["amountOrId"],
                "hashlock": terms["hashlock"],
                "timelock": terms["timelock"],
                "expected": terms["expected"],
                "first_lock": terms["firstLock"],
                "guarded_content": terms["guardedContent"],
                "state": "open",
                **event_stamp(event),
            },
        )
        if asset["kind"] == CONTENT_KIND:
            details = {"lock_id": identifier, "sender": terms["sender"], "to": terms["receiver"]}
            add_history(event, writer, content_key(asset["amountOrId"]), "locked", details)
        return
    if event.event not in {"Claimed", "Refunded"}:
        return
    claimed = event.event == "Claimed"
    writer.update(
        exchange_lock,
        identifier,
        {
            "state": "claimed" if claimed else "refunded",
            "preimage": to_hex(arguments["preimage"]) if claimed else None,
            "closed_by": arguments["caller"],
            "closed_at": event.block_timestamp,
            "closed_transaction_hash": event.transaction_hash,
        },
    )
    row = writer.get(exchange_lock, identifier)
    if row is not None and row["asset_kind"] == CONTENT_KIND:
        kind = "lock_claimed" if claimed else "lock_refunded"
        key = content_key(row["asset_amount_or_id"])
        add_history(event, writer, key, kind, {"lock_id": identifier})


def project_sales(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of AtomicSale."""
    arguments = event.arguments
    if "saleId" not in arguments:
        return
    identifier = to_hex(arguments["saleId"])
    closed = {
        "closed_at": event.block_timestamp,
        "closed_transaction_hash": event.transaction_hash,
    }
    match event.event:
        case "SaleOpened":
            terms = arguments["terms"]
            key = content_key(terms["tokenId"])
            writer.insert(
                sale,
                {
                    "sale_id": identifier,
                    "buyer": terms["buyer"],
                    "seller": terms["seller"],
                    "content_hash": key,
                    "price": terms["price"],
                    "hashlock": terms["hashlock"],
                    "timelock": terms["timelock"],
                    "state": "open",
                    **event_stamp(event),
                },
            )
            details = {
                "sale_id": identifier,
                "buyer": terms["buyer"],
                "seller": terms["seller"],
                "price": str(terms["price"]),
            }
            add_history(event, writer, key, "sale_opened", details)
        case "SaleSettled":
            writer.update(
                sale,
                identifier,
                {
                    "state": "settled",
                    "preimage": to_hex(arguments["preimage"]),
                    "royalty_receiver": arguments["royaltyReceiver"],
                    "royalty": arguments["royalty"],
                    "paid_to_seller": arguments["paidToSeller"],
                    **closed,
                },
            )
            _add_sale_end(event, writer, identifier, "sale_settled")
        case "SaleRefunded":
            writer.update(sale, identifier, {"state": "refunded", **closed})
            _add_sale_end(event, writer, identifier, "sale_refunded")


def _add_sale_end(
    event: IndexedEvent, writer: ProjectionWriter, identifier: str, kind: str
) -> None:
    row = writer.get(sale, identifier)
    if row is not None:
        details = {"sale_id": identifier, "buyer": row["buyer"], "price": str(row["price"])}
        add_history(event, writer, row["content_hash"], kind, details)


def project_payouts(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of Payouts."""
    if event.event not in {"Credited", "Withdrawn"}:
        return
    account = event.arguments["account"].lower()
    present = writer.get(payout_credit, account)
    amount = present["amount"] if present else 0
    if event.event == "Credited":
        amount += event.arguments["amount"]
    else:
        amount -= event.arguments["amount"]
    writer.upsert(payout_credit, {"account": account, "amount": amount, **event_stamp(event)})


def register(registry: ProjectionRegistry) -> None:
    """Hands this capability's projections to the indexer."""
    registry.register("HashedTimelock", project_locks, tables=[exchange_lock, content_event])
    registry.register("AtomicSale", project_sales, tables=[sale, content_event])
    registry.register("Payouts", project_payouts, tables=[payout_credit])
    incentives.register(registry)
