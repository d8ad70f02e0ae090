"""Premiums and bounties, projected from their contracts' events."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from edgebazaar.chain.indexer import IndexedEvent, ProjectionRegistry, ProjectionWriter
from edgebazaar.db import Address, Bytes32, Uint256, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp
from edgebazaar.values import to_hex

PREMIUM_STATES = ("none", "deposited", "joined", "answered", "closed")
LOCK_STATES = ("none", "open", "claimed", "refunded")

exchange_premium = Table(
    "exchange_premium",
    metadata,
    Column("premiums_id", Bytes32, primary_key=True),
    Column("leader", Address, nullable=False, index=True),
    Column("follower", Address, nullable=False, index=True),
    Column("leader_premium", Uint256, nullable=False),
    Column("follower_premium", Uint256, nullable=False),
    Column("first_lock", Bytes32, nullable=False, index=True),
    Column("linked_lock", Bytes32, nullable=False, index=True),
    Column("join_until", BigInteger, nullable=False),
    Column("answer_until", BigInteger, nullable=False),
    Column("state", String(16), nullable=False, comment="one of PREMIUM_STATES but none"),
    Column("paid_to_leader", Uint256, nullable=False),
    Column("paid_to_follower", Uint256, nullable=False),
    Column("closed_at", BigInteger, nullable=True),
    *event_columns(),
    Index(None, "block_number", "log_index"),
    comment="Premiums of both parties of two-lock exchanges, with their whole terms.",
)

completion_bounty = Table(
    "completion_bounty",
    metadata,
    Column("lock_id", Bytes32, primary_key=True),
    Column("depositor", Address, primary_key=True),
    Column("ending", Integer, primary_key=True, comment="2 claimed, 3 refunded"),
    Column("amount", Uint256, nullable=False, comment="what waits; zero once it is paid"),
    Column("earned_by", Address, nullable=True, comment="who completed the lock last"),
    *event_columns(),
    Index(None, "block_number", "log_index"),
    comment="Bounties for completing locks, by lock, depositor and ending.",
)


def project_premiums(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of ExchangePremiums."""
    arguments = event.arguments
    identifier = to_hex(arguments["premiumsId"])
    match event.event:
        case "PremiumsDeposited":
            terms = arguments["terms"]
            writer.insert(
                exchange_premium,
                {
                    "premiums_id": identifier,
                    "leader": terms["leader"],
                    "follower": terms["follower"],
                    "leader_premium": terms["leaderPremium"],
                    "follower_premium": terms["followerPremium"],
                    "first_lock": terms["firstLock"],
                    "linked_lock": terms["linkedLock"],
                    "join_until": terms["joinUntil"],
                    "answer_until": terms["answerUntil"],
                    "state": "deposited",
                    "paid_to_leader": 0,
                    "paid_to_follower": 0,
                    **event_stamp(event),
                },
            )
        case "PremiumsJoined":
            writer.update(exchange_premium, identifier, {"state": "joined"})
        case "PremiumsWithdrawn":
            row = writer.get(exchange_premium, identifier)
            paid = row["follower_premium"] if row else 0
            _pay(event, writer, identifier, "closed", 0, paid)
        case "PremiumsSettled":
            state = PREMIUM_STATES[arguments["state"]]
            leader, follower = arguments["paidToLeader"], arguments["paidToFollower"]
            _pay(event, writer, identifier, state, leader, follower)


def _pay(
    event: IndexedEvent,
    writer: ProjectionWriter,
    identifier: str,
    state: str,
    leader: int,
    follower: int,
) -> None:
    row = writer.get(exchange_premium, identifier)
    if row is None:
        return
    changes = {
        "state": state,
        "paid_to_leader": row["paid_to_leader"] + leader,
        "paid_to_follower": row["paid_to_follower"] + follower,
        "closed_at": event.block_timestamp if state == "closed" else None,
    }
    writer.update(exchange_premium, identifier, changes)


def project_bounties(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of CompletionBounties."""
    arguments = event.arguments
    key = {
        "lock_id": to_hex(arguments["lockId"]),
        "depositor": arguments["depositor"].lower(),
        "ending": arguments["ending"],
    }
    row = writer.get(completion_bounty, key)
    waiting = row["amount"] if row else 0
    match event.event:
        case "BountyDeposited":
            changes = {"amount": waiting + arguments["amount"], "earned_by": None}
        case "BountyEarned":
            changes = {"amount": 0, "earned_by": arguments["completer"]}
        case _:
            changes = {"amount": 0, "earned_by": None}
    writer.upsert(completion_bounty, {**key, **changes, **event_stamp(event)})


def register(registry: ProjectionRegistry) -> None:
    """Hands these projections to the indexer."""
    registry.register("ExchangePremiums", project_premiums, tables=[exchange_premium])
    registry.register("CompletionBounties", project_bounties, tables=[completion_bounty])
