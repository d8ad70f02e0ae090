"""Tasks, their history, and the providers that work on them, projected from TaskBoard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from edgebazaar.chain.indexer import IndexedEvent, ProjectionRegistry, ProjectionWriter
from edgebazaar.db import Address, Bytes32, CanonicalJson, Uint256, metadata
from edgebazaar.db.event_columns import event_columns, event_stamp
from edgebazaar.values import ZERO_ADDRESS, text_to_bytes, to_hex

Policy = Literal["softmax_reputation", "highest_reputation", "uniform", "direct"]
POLICIES: tuple[Policy, ...] = ("softmax_reputation", "highest_reputation", "uniform", "direct")
OUTCOMES = ("none", "on_time", "late", "failed", "not_accepted", "refuted")

provider = Table(
    "provider",
    metadata,
    Column("account", Address, primary_key=True),
    Column("stake", Uint256, nullable=False),
    Column("minimum_fee", Uint256, nullable=False),
    Column("minimum_duration", BigInteger, nullable=False, comment="seconds"),
    Column("capacity", Integer, nullable=False, comment="most tasks at a time"),
    Column("open_tasks", Integer, nullable=False),
    Column("assigned", Integer, nullable=False, comment="tasks ever assigned"),
    Column("on_time", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("not_accepted", Integer, nullable=False),
    Column("refuted", Integer, nullable=False, comment="deliveries shown to be wrong"),
    Column("earned", Uint256, nullable=False, comment="fees of settled tasks, wei"),
    *event_columns(),
    comment="Edge service providers: stake, offer, load and outcomes.",
)

task = Table(
    "task",
    metadata,
    Column("task_id", Bytes32, primary_key=True),
    Column("producer", Address, nullable=False, index=True),
    Column("prompt_commitment", Bytes32, nullable=False),
    Column("fee", Uint256, nullable=False),
    Column("deliver_by", BigInteger, nullable=False),
    Column("close_at", BigInteger, nullable=False),
    Column("accept_window", BigInteger, nullable=False),
    Column("reveal_window", BigInteger, nullable=False),
    Column("policy", Integer, nullable=False, comment="index into POLICIES"),
    Column("temperature", Uint256, nullable=False, comment="1e18 fixed point"),
    Column("salt", Bytes32, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("state_since", BigInteger, nullable=False, comment="block time of the last step"),
    Column("posted_block_hash", Bytes32, nullable=False, comment="the seed follows from it"),
    Column("provider", Address, nullable=True, index=True),
    Column("seed", Bytes32, nullable=True),
    Column("selection", CanonicalJson, nullable=True),
    Column("delivered_at", BigInteger, nullable=True),
    Column("accepted_at", BigInteger, nullable=True),
    Column("hashlock", Bytes32, nullable=True),
    Column("ciphertext_root", Bytes32, nullable=True),
    Column("content_hash", Bytes32, nullable=True, index=True),
    Column("content_size", BigInteger, nullable=True, comment="bytes"),
    Column("locator", LargeBinary, nullable=True, comment="bytes as emitted, UTF-8 if honest"),
    Column("preimage", Bytes32, nullable=True, comment="the content key, public since settlement"),
    Column("outcome", String(16), nullable=True, comment="one of OUTCOMES once ended"),
    *event_columns(),
    Index(None, "block_number", "log_index"),
    comment="Tasks with their whole terms, selection, delivery and outcome.",
)

task_event = Table(
    "task_event",
    metadata,
    Column("task_id", Bytes32, primary_key=True),
    *event_columns(primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("details", CanonicalJson, nullable=False),
    comment="What happened to a task, step by step.",
)

_NEW_PROVIDER: dict[str, Any] = {
    "stake": 0,
    "minimum_fee": 0,
    "minimum_duration": 0,
    "capacity": 0,
    "open_tasks": 0,
    "assigned": 0,
    "on_time": 0,
    "late": 0,
    "failed": 0,
    "not_accepted": 0,
    "refuted": 0,
    "earned": 0,
}


def _change_provider(
    event: IndexedEvent,
    writer: ProjectionWriter,
    account: str,
    changes: Mapping[str, Any],
    steps: Mapping[str, int],
) -> None:
    """Sets columns to `changes` and moves counters by `steps`, on a fresh row if there is none."""
    key = account.lower()
    row = {**_NEW_PROVIDER, **(writer.get(provider, key) or {}), **changes}
    for column, step in steps.items():
        row[column] += step
    writer.upsert(provider, {**row, "account": key, **event_stamp(event)})


def _add_step(
    event: IndexedEvent, writer: ProjectionWriter, identifier: str, kind: str, **details: Any
) -> None:
    stamp = event_stamp(event)
    writer.insert(task_event, {"task_id": identifier, **stamp, "kind": kind, "details": details})


def project(event: IndexedEvent, writer: ProjectionWriter) -> None:
    """Applies one event of TaskBoard."""
    arguments = event.arguments
    if event.event == "OfferChanged":
        changes = {
            "minimum_fee": arguments["minimumFee"],
            "minimum_duration": arguments["minimumDuration"],
            "capacity": arguments["capacity"],
        }
        _change_provider(event, writer, arguments["provider"], changes, {})
    elif event.event == "StakeChanged":
        _change_provider(event, writer, arguments["provider"], {"stake": arguments["stake"]}, {})
    elif "taskId" in arguments:
        _project_task(event, writer, to_hex(arguments["taskId"]))


def _project_task(event: IndexedEvent, writer: ProjectionWriter, identifier: str) -> None:
    arguments = event.arguments
    match event.event:
        case "TaskPosted":
            _post(event, writer, identifier)
        case "TaskAssigned":
            selection = arguments["selection"]
            changes = {
                "state": "assigned",
                "state_since": event.block_timestamp,
                "provider": arguments["provider"],
                "seed": arguments["seed"],
                "selection": {
                    "candidates": list(selection["candidates"]),
                    "expectations": [str(value) for value in selection["expectations"]],
                    "epoch": selection["epoch"],
                },
            }
            writer.update(task, identifier, changes)
            steps = {"open_tasks": 1, "assigned": 1}
            _change_provider(event, writer, arguments["provider"], {}, steps)
            _add_step(event, writer, identifier, "assigned", provider=arguments["provider"])
        case "TaskDelivered":
            delivery = arguments["delivery"]
            changes = {
                "state": "delivered",
                "state_since": event.block_timestamp,
                "delivered_at": arguments["deliveredAt"],
                "hashlock": delivery["hashlock"],
                "ciphertext_root": delivery["ciphertextRoot"],
                "content_hash": delivery["contentHash"],
                "content_size": delivery["contentSize"],
                "locator": text_to_bytes(delivery["locator"]),
            }
            writer.update(task, identifier, changes)
            content_hash = to_hex(delivery["contentHash"])
            _add_step(event, writer, identifier, "delivered", content_hash=content_hash)
        case "TaskAccepted":
            changes = {
                "state": "accepted",
                "state_since": event.block_timestamp,
                "accepted_at": arguments["acceptedAt"],
            }
            writer.update(task, identifier, changes)
            _add_step(event, writer, identifier, "accepted")
        case "TaskSettled" | "TaskClosed":
            _end(event, writer, identifier)
        case "TaskRefunded":
            _refund(event, writer, identifier)


def _post(event: IndexedEvent, writer: ProjectionWriter, identifier: str) -> None:
    terms = event.arguments["terms"]
    writer.insert(
        task,
        {
            "task_id": identifier,
            "producer": terms["producer"],
            "prompt_commitment": terms["promptCommitment"],
            "fee": terms["fee"],
            "deliver_by": terms["deliverBy"],
            "close_at": terms["closeAt"],
            "accept_window": terms["acceptWindow"],
            "reveal_window": terms["revealWindow"],
            "policy": terms["policy"],
            "temperature": terms["temperature"],
            "salt": terms["salt"],
            "state": "posted",
            "state_since": event.block_timestamp,
            "posted_block_hash": event.block_hash,
            **event_stamp(event),
        },
    )
    _add_step(event, writer, identifier, "posted", fee=str(terms["fee"]))


def _end(event: IndexedEvent, writer: ProjectionWriter, identifier: str) -> None:
    arguments = event.arguments
    settled = event.event == "TaskSettled"
    outcome = OUTCOMES[arguments["outcome"]]
    account = arguments["provider"]
    changes: dict[str, Any] = {
        "state": "settled" if settled else "closed",
        "state_since": event.block_timestamp,
        "outcome": outcome,
    }
    if settled:
        changes["preimage"] = arguments["preimage"]
    writer.update(task, identifier, changes)
    if account.lower() != ZERO_ADDRESS:
        steps = {"open_tasks": -1}
        if outcome != "none":
            steps[outcome] = 1
        if settled:
            steps["earned"] = arguments["fee"]
        _change_provider(event, writer, account, {}, steps)
    paid = {"fee": str(arguments["fee"])} if settled else {"refund": str(arguments["refund"])}
    _add_step(event, writer, identifier, changes["state"], outcome=outcome, **paid)


def _refund(event: IndexedEvent, writer: ProjectionWriter, identifier: str) -> None:
    """A settled task turns out wrong: its first outcome no longer counts as one of the provider."""
    arguments = event.arguments
    row = writer.get(task, identifier) or {}
    changes = {"state": "refunded", "state_since": event.block_timestamp, "outcome": "refuted"}
    writer.update(task, identifier, changes)
    steps = {str(row["outcome"]): -1, "refuted": 1, "earned": -arguments["fee"]}
    _change_provider(event, writer, arguments["provider"], {}, steps)
    paid = {"fee": str(arguments["fee"]), "bond": str(arguments["bond"])}
    _add_step(event, writer, identifier, "refunded", chunk=arguments["chunk"], **paid)


def register(registry: ProjectionRegistry) -> None:
    """Hands this capability's projections to the indexer."""
    registry.register("TaskBoard", project, tables=[provider, task, task_event])
