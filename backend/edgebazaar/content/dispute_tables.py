"""Disputes about fingerprints, from FingerprintDisputes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from edgebazaar.chain.indexer import IndexedEvent, ProjectionWriter
from edgebazaar.db import Address, Bytes32, CanonicalJson, Uint256, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp
from edgebazaar.values import content_key, text_to_bytes, to_hex

OUTCOMES = {3: "false", 4: "true", 5: "lapsed"}
STATES = ("open", "drawn", *OUTCOMES.values())

content_dispute = Table(
    "content_dispute",
    metadata,
    Column("dispute_id", Bytes32, primary_key=True),
    Column("content_hash", Bytes32, nullable=False, index=True),
    Column("fingerprint", Bytes32, nullable=False, comment="as declared"),
    Column("provider", Address, nullable=False, index=True, comment="who signed it"),
    Column("asserter", Address, nullable=False, index=True),
    Column("attempt", Uint256, nullable=False),
    Column("bond", Uint256, nullable=False),
    Column("locator", LargeBinary, nullable=False, comment="of the content's bytes"),
    Column("state", String(16), nullable=False, comment="open, drawn, false, true or lapsed"),
    Column("sample", CanonicalJson, nullable=False, comment="the drawn, in their order"),
    Column("commit_until", BigInteger, nullable=True),
    Column("reveal_until", BigInteger, nullable=True),
    Column("agreeing", Integer, nullable=True, comment="size of the quorum, or of the most"),
    Column("settled_at", BigInteger, nullable=True),
    Column("settled_transaction_hash", Bytes32, nullable=True),
    *event_columns(),
    comment="Assertions that a declared fingerprint is false, and how they ended.",
)


def project_disputes(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of FingerprintDisputes; attestations are on the chain alone."""
    arguments = event.arguments
    match event.event:
        case "DisputeOpened":
            terms = arguments["terms"]
            writer.insert(
                content_dispute,
                {
                    "dispute_id": to_hex(arguments["disputeId"]),
                    "content_hash": content_key(terms["tokenId"]),
                    "fingerprint": terms["fingerprint"],
                    "provider": terms["provider"],
                    "asserter": terms["asserter"],
                    "attempt": terms["attempt"],
                    "bond": arguments["bond"],
                    "locator": text_to_bytes(arguments["locator"]),
                    "state": "open",
                    "sample": [],
                    **event_stamp(event),
                },
            )
        case "SampleDrawn":
            changes = {
                "state": "drawn",
                "sample": list(arguments["sample"]),
                "commit_until": arguments["commitUntil"],
                "reveal_until": arguments["revealUntil"],
            }
            writer.update(content_dispute, to_hex(arguments["disputeId"]), changes)
        case "DisputeSettled":
            ended = {
                "state": OUTCOMES[arguments["outcome"]],
                "agreeing": arguments["agreeing"],
                "settled_at": event.block_timestamp,
                "settled_transaction_hash": event.transaction_hash,
            }
            writer.update(content_dispute, to_hex(arguments["disputeId"]), ended)
