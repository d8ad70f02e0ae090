"""Epochs and demands for their leaves, projected from ReputationEpochs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, String, Table

from edgebazaar.chain.indexer import IndexedEvent, ProjectionRegistry, ProjectionWriter
from edgebazaar.db import Address, Bytes32, Uint256, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp
from edgebazaar.values import to_hex

FAULTS = ("wrong_leaf", "missing_leaf", "disorder", "unanswered")
"""Why an epoch was voided, by the number that the contract gives it."""

reputation_epoch = Table(
    "reputation_epoch",
    metadata,
    Column("window", BigInteger, primary_key=True, autoincrement=False),
    *event_columns(),
    Column("previous", Bytes32, nullable=False),
    Column("root", Bytes32, nullable=False),
    Column("leaves", BigInteger, nullable=False),
    Column("publisher", Address, nullable=False),
    Column("bond", Uint256, nullable=False),
    Column("bond_withdrawn", Boolean, nullable=False, default=False),
    Column("fault", String(16), nullable=True, comment="null while the epoch stands"),
    Column("prover", Address, nullable=True),
    comment="The last publication of each window.",
)

epoch_demand = Table(
    "epoch_demand",
    metadata,
    Column("epoch_hash", Bytes32, primary_key=True),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    *event_columns(),
    Column("window", BigInteger, nullable=False, index=True),
    Column("demander", Address, nullable=False),
    Column("answer_by", BigInteger, nullable=False),
    Column("state", String(10), nullable=False, comment="open, answered or reclaimed"),
    comment="Leaves that somebody paid to see.",
)


def project(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of ReputationEpochs."""
    arguments = event.arguments
    match event.event:
        case "EpochPublished":
            epoch = arguments["epoch"]
            columns = ("window", "previous", "root", "leaves", "publisher", "bond")
            writer.upsert(
                reputation_epoch,
                {name: epoch[name] for name in columns}
                | {"bond_withdrawn": False, "fault": None, "prover": None}
                | event_stamp(event),
            )
        case "EpochVoided":
            changes = {"fault": FAULTS[arguments["fault"]], "prover": arguments["prover"]}
            writer.update(reputation_epoch, arguments["window"], changes)
        case "BondWithdrawn":
            writer.update(reputation_epoch, arguments["window"], {"bond_withdrawn": True})
        case "LeafDemanded":
            writer.upsert(
                epoch_demand,
                {
                    "epoch_hash": arguments["epochHash"],
                    "leaf_index": arguments["index"],
                    "window": arguments["window"],
                    "demander": arguments["demander"],
                    "answer_by": arguments["answerBy"],
                    "state": "open",
                    **event_stamp(event),
                },
            )
        case "LeafOpened":
            key = _demand_key(arguments["epochHash"], arguments["opened"]["index"])
            writer.update(epoch_demand, key, {"state": "answered"})
        case "FeeReclaimed":
            key = _demand_key(arguments["epochHash"], arguments["index"])
            writer.update(epoch_demand, key, {"state": "reclaimed"})


def _demand_key(epoch_hash: bytes, index: int) -> dict[str, object]:
    return {"epoch_hash": to_hex(epoch_hash), "leaf_index": index}


def register(registry: ProjectionRegistry) -> None:
    """Hands this capability's projections to the indexer."""
    registry.register("ReputationEpochs", project, tables=[reputation_epoch, epoch_demand])
