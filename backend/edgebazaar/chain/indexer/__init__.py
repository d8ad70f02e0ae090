"""The indexer: the chain's events as rows, taken back exactly when the chain reorganises."""

from edgebazaar.chain.indexer.cursor import wait_for_indexed_block
from edgebazaar.chain.indexer.events import IndexedEvent, event_key, jsonable
from edgebazaar.chain.indexer.indexer import Indexer, IndexerSettings, IndexerStatus
from edgebazaar.chain.indexer.projection import (
    Projection,
    ProjectionError,
    ProjectionRegistry,
    ProjectionWriter,
)
from edgebazaar.chain.indexer.tables import chain_block, chain_event

__all__ = [
    "IndexedEvent",
    "Indexer",
    "IndexerSettings",
    "IndexerStatus",
    "Projection",
    "ProjectionError",
    "ProjectionRegistry",
    "ProjectionWriter",
    "chain_block",
    "chain_event",
    "event_key",
    "jsonable",
    "wait_for_indexed_block",
]
