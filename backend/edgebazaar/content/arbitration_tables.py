"""Appeals before the panel of auditors, and their votes, from the contract ArbitratorPanel."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

from edgebazaar.chain.indexer import IndexedEvent, ProjectionWriter
from edgebazaar.db import Address, Bytes32, Uint256, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp
from edgebazaar.values import to_hex

RULINGS = ("none", "upheld", "rejected")
"""Rulings in the order of IArbitrable.Ruling."""

arbitration_dispute = Table(
    "arbitration_dispute",
    metadata,
    Column("arbitrable", Address, primary_key=True, comment="contract that asked"),
    Column("dispute_id", Bytes32, primary_key=True, comment="a challenge's id, if of Challenges"),
    Column("appellant", Address, nullable=False),
    Column("respondent", Address, nullable=False),
    Column("price", Uint256, nullable=False),
    Column("vote_by", BigInteger, nullable=False, comment="first second without votes"),
    Column("rule_by", BigInteger, nullable=False, comment="first second too late for a ruling"),
    Column("upheld_votes", Integer, nullable=False),
    Column("rejected_votes", Integer, nullable=False),
    Column("ruling", String(16), nullable=True, comment="once counted; none without a majority"),
    Column("share", Uint256, nullable=True, comment="wei that each voter earned"),
    Column("returned", Uint256, nullable=True, comment="wei back to the appellant"),
    *event_columns(),
    comment="Disputes that a contract brought before the panel.",
)

arbitration_vote = Table(
    "arbitration_vote",
    metadata,
    Column("arbitrable", Address, primary_key=True),
    Column("dispute_id", Bytes32, primary_key=True),
    Column("auditor", Address, primary_key=True),
    Column("ruling", String(16), nullable=False),
    Column("is_paid", Boolean, nullable=False),
    *event_columns(),
    comment="Votes of auditors.",
)


def project_panel(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of ArbitratorPanel."""
    arguments = event.arguments
    arbitrable = arguments.get("arbitrable")
    if arbitrable is None:
        return
    dispute_id = to_hex(arguments["disputeId"])
    key = {"arbitrable": arbitrable, "dispute_id": dispute_id}
    match event.event:
        case "RulingRequested":
            row = {
                **key,
                "appellant": arguments["appellant"],
                "respondent": arguments["respondent"],
                "price": arguments["price"],
                "vote_by": arguments["voteBy"],
                "rule_by": arguments["ruleBy"],
                "upheld_votes": 0,
                "rejected_votes": 0,
                **event_stamp(event),
            }
            writer.insert(arbitration_dispute, row)
        case "VoteCast":
            ruling = RULINGS[arguments["ruling"]]
            vote = {**key, "auditor": arguments["auditor"], "ruling": ruling, "is_paid": False}
            writer.insert(arbitration_vote, {**vote, **event_stamp(event)})
            dispute = writer.get(arbitration_dispute, key)
            if dispute is not None:
                column = f"{ruling}_votes"
                changes = {column: dispute[column] + 1}
                writer.update(arbitration_dispute, key, changes)
        case "DisputeConcluded":
            changes = {
                "ruling": RULINGS[arguments["ruling"]],
                "share": arguments["share"],
                "returned": arguments["returned"],
            }
            writer.update(arbitration_dispute, key, changes)
        case "ShareCollected":
            place = {**key, "auditor": arguments["auditor"]}
            writer.update(arbitration_vote, place, {"is_paid": True})
