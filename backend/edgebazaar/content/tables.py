"""The content register from ProofOfAIGC, and all projections of this room."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
)

from edgebazaar.chain.indexer import IndexedEvent, ProjectionRegistry, ProjectionWriter
from edgebazaar.content.arbitration_tables import (
    arbitration_dispute,
    arbitration_vote,
    project_panel,
)
from edgebazaar.content.challenge_tables import (
    content_challenge,
    content_challenge_evidence,
    project_challenges,
)
from edgebazaar.content.dispute_tables import content_dispute, project_disputes
from edgebazaar.content.history import add_history, content_event
from edgebazaar.db import Address, Bytes32, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp
from edgebazaar.values import ZERO_ADDRESS, content_key, text_to_bytes, to_hex

content_commitment = Table(
    "content_commitment",
    metadata,
    Column("commitment", Bytes32, primary_key=True),
    Column("producer", Address, nullable=False),
    Column("committed_block", BigInteger, nullable=False),
    *event_columns(),
    Index(None, "producer", "committed_block"),
    comment="Commitments to content; `content` names the one that its registration fulfilled.",
)

content = Table(
    "content",
    metadata,
    Column("content_hash", Bytes32, primary_key=True, comment="sha256; the token id as a number"),
    Column("producer", Address, nullable=False),
    Column("provider", Address, nullable=False, index=True),
    Column("fingerprint", Bytes32, nullable=False),
    Column("fingerprint_scheme", BigInteger, nullable=False),
    Column("prompt_commitment", Bytes32, nullable=False),
    Column("model_id", Bytes32, nullable=False),
    Column("creator", Address, nullable=False, index=True),
    Column("royalty_bps", Integer, nullable=False),
    Column("committed_block", BigInteger, nullable=False),
    Column("registered_block", BigInteger, nullable=False),
    Column(
        "commitment",
        Bytes32,
        nullable=False,
        index=True,
        comment="which the registration fulfilled",
    ),
    Column("uri", LargeBinary, nullable=False, comment="bytes as emitted, UTF-8 if honest"),
    Column("owner", Address, nullable=False, index=True),
    Column("removed", Boolean, nullable=False),
    Column("challenged", Boolean, nullable=False),
    Column("disputed", Boolean, nullable=False, comment="its fingerprint is in dispute"),
    Column("exchange", Address, nullable=True, comment="custodian while frozen for an exchange"),
    Column("block_hash", Bytes32, nullable=False, comment="of the registration's block"),
    *event_columns(),
    Index(None, "block_number", "log_index"),
    comment="Every registered content with its record, whole, and its present owner and status.",
)

content_preview = Table(
    "content_preview",
    metadata,
    Column("content_hash", Bytes32, primary_key=True),
    Column("sha256", Bytes32, nullable=False, comment="of the stored PNG"),
    Column("uploaded_by", Address, nullable=False),
    Column("uploaded_at", BigInteger, nullable=False),
    comment="Public images that owners uploaded; no projection, never rebuilt.",
)


def _project_registration(event: IndexedEvent, writer: ProjectionWriter) -> None:
    record = event.arguments
    receipt = record["receipt"]
    key = to_hex(receipt["contentHash"])
    writer.insert(
        content,
        {
            "content_hash": key,
            "producer": receipt["producer"],
            "provider": receipt["provider"],
            "fingerprint": receipt["fingerprint"],
            "fingerprint_scheme": receipt["fingerprintScheme"],
            "prompt_commitment": receipt["promptCommitment"],
            "model_id": receipt["modelId"],
            "creator": receipt["producer"],
            "royalty_bps": record["royaltyBps"],
            "committed_block": record["committedBlock"],
            "registered_block": event.block_number,
            "commitment": record["commitment"],
            "uri": text_to_bytes(record["uri"]),
            # The mint goes to the creator in the same transaction, so its Transfer adds nothing.
            "owner": receipt["producer"],
            "removed": False,
            "challenged": False,
            "disputed": False,
            "exchange": None,
            "block_hash": event.block_hash,
            **event_stamp(event),
        },
    )
    add_history(
        event,
        writer,
        key,
        "registered",
        {"creator": receipt["producer"], "provider": receipt["provider"]},
    )


def project_register(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of ProofOfAIGC; approvals and the binding of custodians are no matter."""
    arguments = event.arguments
    if event.event == "ContentCommitted":
        writer.upsert(
            content_commitment,
            {
                "commitment": to_hex(arguments["commitment"]),
                "producer": arguments["producer"],
                "committed_block": event.block_number,
                **event_stamp(event),
            },
        )
        return
    if event.event == "ContentRegistered":
        _project_registration(event, writer)
        return
    # Events of ERC-721 call it `id`.
    token_id = arguments.get("tokenId", arguments.get("id"))
    if token_id is None:
        return
    key = content_key(token_id)
    changes: dict[str, Any]
    details: dict[str, Any] = {}
    match event.event:
        case "Transfer":
            if arguments["from"].lower() == ZERO_ADDRESS:
                return
            kind, changes = "transferred", {"owner": arguments["to"]}
            details = {"from": arguments["from"], "to": arguments["to"]}
        case "ContentFrozenForExchange":
            kind, changes = "frozen_for_exchange", {"exchange": arguments["exchange"]}
            details = {"exchange": arguments["exchange"]}
        case "ContentReleasedFromExchange":
            kind, changes = "released_from_exchange", {"exchange": None}
            details = {"exchange": arguments["exchange"], "to": arguments["to"]}
        case "ContentFrozenForChallenge":
            kind, changes = "frozen_for_challenge", {"challenged": True}
        case "ContentReleasedFromChallenge":
            kind, changes = "released_from_challenge", {"challenged": False}
        case "ContentFrozenForDispute":
            kind, changes = "frozen_for_dispute", {"disputed": True}
        case "ContentReleasedFromDispute":
            kind, changes = "released_from_dispute", {"disputed": False}
        case "ContentRemoved":
            kind, changes = "removed", {"removed": True, "challenged": False}
        case _:
            return
    writer.update(content, key, changes)
    add_history(event, writer, key, kind, details)


def register(registry: ProjectionRegistry) -> None:
    """Hands this capability's projections to the indexer."""
    registry.register(
        "ProofOfAIGC", project_register, tables=[content_commitment, content, content_event]
    )
    registry.register("FingerprintDisputes", project_disputes, tables=[content_dispute])
    registry.register(
        "Challenges",
        project_challenges,
        tables=[content_challenge, content_challenge_evidence, content_event],
    )
    registry.register(
        "ArbitratorPanel", project_panel, tables=[arbitration_dispute, arbitration_vote]
    )
