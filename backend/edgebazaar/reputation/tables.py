"""Interaction records of settled work, projected from ReputationLedger."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Table

from edgebazaar.chain.indexer import IndexedEvent, ProjectionRegistry, ProjectionWriter
from edgebazaar.db import Address, Bytes32, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp
from edgebazaar.reputation.epochs.tables import register as register_epochs

interaction = Table(
    "interaction",
    metadata,
    *event_columns(primary_key=True),
    Column("rater", Address, nullable=False),
    Column("subject", Address, nullable=False, index=True),
    Column("positive", Boolean, nullable=False),
    Column("reference", Bytes32, nullable=False, comment="task or sale"),
    Column("source", Address, nullable=False, comment="contract that recorded it"),
    Column("window", BigInteger, nullable=False, comment="block time // window length"),
    Index(None, "rater", "subject"),
    comment="Every interaction record, in chain order.",
)


def project(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of ReputationLedger."""
    if event.event != "InteractionRecorded":
        return
    arguments = event.arguments
    writer.insert(
        interaction,
        {
            **event_stamp(event),
            "rater": arguments["rater"],
            "subject": arguments["subject"],
            "positive": arguments["positive"],
            "reference": arguments["reference_"],
            "source": arguments["source"],
            "window": arguments["window"],
        },
    )


def register(registry: ProjectionRegistry) -> None:
    """Hands this capability's projections to the indexer."""
    registry.register("ReputationLedger", project, tables=[interaction])
    register_epochs(registry)
