"""Challenges, their evidence and how they ended, from the contract Challenges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table

from edgebazaar.chain.indexer import IndexedEvent, ProjectionWriter
from edgebazaar.content.history import add_history
from edgebazaar.db import Address, Bytes32, Uint256, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp
from edgebazaar.values import content_key, text_to_bytes, to_hex

OPEN_STATES = ("open", "contested", "decided", "appealed")
ENDINGS = ("conceded", "upheld", "rejected", "closed")
STATES = (*OPEN_STATES, *ENDINGS)
"""States of a challenge, in the order of IChallenges.State after None."""

content_challenge = Table(
    "content_challenge",
    metadata,
    Column("challenge_id", Bytes32, primary_key=True),
    Column("challenger", Address, nullable=False, index=True),
    Column("accused", Address, nullable=False, index=True),
    Column("original", Bytes32, nullable=False, index=True),
    Column("duplicate", Bytes32, nullable=False, index=True),
    Column("attempt", Uint256, nullable=False, comment="of this challenger against the duplicate"),
    Column("deposit", Uint256, nullable=False),
    Column("bond", Uint256, nullable=True, comment="of the accused, once contested"),
    Column("state", String(16), nullable=False, comment=f"one of {', '.join(STATES)}"),
    Column("answer_by", BigInteger, nullable=False, comment="first second after the window"),
    Column("verdict", Boolean, nullable=True, comment="whether provisionally upheld"),
    Column("distance", Integer, nullable=True, comment="bits of 256 that differ"),
    Column("maximum_distance", Integer, nullable=True, comment="0 where nothing compares"),
    Column("original_stands", Boolean, nullable=True, comment="earlier, and not removed itself"),
    Column("final_at", BigInteger, nullable=True, comment="from when the verdict is final"),
    Column("appellant", Address, nullable=True),
    Column("appeal_cost", Uint256, nullable=True),
    Column("rule_by", BigInteger, nullable=True, comment="until when a ruling is accepted"),
    Column("ruling", Boolean, nullable=True, comment="whether the arbitrator upholds"),
    Column("paid_to_challenger", Uint256, nullable=True),
    Column("paid_to_accused", Uint256, nullable=True),
    Column("paid_to_treasury", Uint256, nullable=True),
    Column("ended_at", BigInteger, nullable=True),
    Column("ended_transaction_hash", Bytes32, nullable=True),
    *event_columns(),
    comment="Challenges with both records' hashes, their times and amounts, and how they ended.",
)

content_challenge_evidence = Table(
    "content_challenge_evidence",
    metadata,
    Column("challenge_id", Bytes32, primary_key=True),
    *event_columns(primary_key=True),
    Column("party", Address, nullable=False),
    Column("evidence_hash", Bytes32, nullable=False),
    Column("evidence_uri", LargeBinary, nullable=False, comment="as emitted, UTF-8 if honest"),
    comment="Statements of challenger and accused.",
)


def _project_opening(event: IndexedEvent, writer: ProjectionWriter) -> None:
    arguments = event.arguments
    original = content_key(arguments["originalTokenId"])
    duplicate = content_key(arguments["duplicateTokenId"])
    identifier = to_hex(arguments["challengeId"])
    writer.insert(
        content_challenge,
        {
            "challenge_id": identifier,
            "challenger": arguments["challenger"],
            "accused": arguments["accused"],
            "original": original,
            "duplicate": duplicate,
            "attempt": arguments["attempt"],
            "deposit": arguments["deposit"],
            "state": "open",
            "answer_by": arguments["answerBy"],
            **event_stamp(event),
        },
    )
    _add_histories(event, writer, identifier, "challenge_opened", {})


def _add_histories(
    event: IndexedEvent,
    writer: ProjectionWriter,
    identifier: str,
    kind: str,
    more: Mapping[str, Any],
) -> None:
    """One entry for each of the two contents."""
    row = writer.get(content_challenge, identifier)
    if row is None:
        return
    pair = {"original": row["original"], "duplicate": row["duplicate"]}
    for key in pair.values():
        add_history(event, writer, key, kind, {"challenge_id": identifier, **pair, **more})


def project_challenges(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of Challenges."""
    arguments = event.arguments
    if event.event == "ChallengeOpened":
        _project_opening(event, writer)
        return
    identifier = to_hex(arguments["challengeId"])
    changes: dict[str, Any]
    details: dict[str, Any] = {}
    match event.event:
        case "EvidenceSubmitted":
            evidence = {
                "challenge_id": identifier,
                "party": arguments["party"],
                "evidence_hash": to_hex(arguments["evidenceHash"]),
                "evidence_uri": text_to_bytes(arguments["evidenceUri"]),
                **event_stamp(event),
            }
            writer.insert(content_challenge_evidence, evidence)
            return
        case "ChallengeContested":
            kind, changes = "challenge_contested", {"state": "contested", "bond": arguments["bond"]}
        case "ChallengeDecided":
            details = {
                "upheld": arguments["upheld"],
                "distance": arguments["distance"],
                "maximum_distance": arguments["maximumDistance"],
            }
            kind = "challenge_decided"
            changes = {
                "state": "decided",
                "verdict": arguments["upheld"],
                "distance": arguments["distance"],
                "maximum_distance": arguments["maximumDistance"],
                "original_stands": arguments["originalStands"],
                "final_at": arguments["finalAt"],
            }
        case "ChallengeAppealed":
            details = {"appellant": arguments["appellant"]}
            kind = "challenge_appealed"
            changes = {
                "state": "appealed",
                "appellant": arguments["appellant"],
                "appeal_cost": arguments["cost"],
                "rule_by": arguments["ruleBy"],
            }
        case "ChallengeRuled":
            details = {"upheld": arguments["upheld"]}
            kind, changes = "challenge_ruled", {"ruling": arguments["upheld"]}
        case "ChallengeEnded":
            state = STATES[arguments["state"] - 1]
            kind = f"challenge_{state}"
            changes = {
                "state": state,
                "paid_to_challenger": arguments["paidToChallenger"],
                "paid_to_accused": arguments["paidToAccused"],
                "paid_to_treasury": arguments["paidToTreasury"],
                "ended_at": event.block_timestamp,
                "ended_transaction_hash": event.transaction_hash,
            }
        case _:
            return
    writer.update(content_challenge, identifier, changes)
    _add_histories(event, writer, identifier, kind, details)
