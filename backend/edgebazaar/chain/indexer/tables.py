"""Tables of the indexer: what it read, how far it is, and how to take the newest blocks back."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, String, Table

from edgebazaar.db import Address, Bytes32, CanonicalJson, metadata

chain_block = Table(
    "chain_block",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Bytes32, nullable=False),
    Column("parent_hash", Bytes32, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    comment="Blocks taken into the projections.",
)

chain_event = Table(
    "chain_event",
    metadata,
    Column("block_number", BigInteger, primary_key=True, autoincrement=False),
    Column("log_index", Integer, primary_key=True, autoincrement=False),
    Column("key", String(19), nullable=False, unique=True, comment="sortable: block/position"),
    Column("block_hash", Bytes32, nullable=False),
    Column("block_timestamp", BigInteger, nullable=False),
    Column("transaction_hash", Bytes32, nullable=False, index=True),
    Column("address", Address, nullable=False),
    Column("contract", String(64), nullable=False),
    Column("event", String(64), nullable=False),
    Column("arguments", CanonicalJson, nullable=False),
    comment="Events of our contracts, decoded.",
)

projection_undo = Table(
    "projection_undo",
    metadata,
    Column("block_number", BigInteger, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("table_name", String(64), nullable=False),
    Column("row_key", CanonicalJson, nullable=False),
    Column("before", CanonicalJson, comment="the row before this block; null: it was not there"),
    comment="What the newest blocks overwrote, so that a reorganisation can put it back.",
)

indexer_cursor = Table(
    "indexer_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("chain_id", BigInteger, nullable=False),
    Column("deployment", Bytes32, nullable=False, comment="names the contracts that are followed"),
    Column("start_block", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False, comment="last block taken; start - 1: none yet"),
    Column("hash", Bytes32, comment="its hash; null: none yet"),
    Column("undo_floor", BigInteger, nullable=False, comment="blocks above can be taken back"),
    Column("reorganisations", Integer, nullable=False),
    CheckConstraint("id = 1", name="single"),
    comment="How far the indexer is; one row, moved in the transaction that writes its blocks.",
)
