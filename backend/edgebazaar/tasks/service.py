"""Tasks: reads on the projection, and calls of every step but the assignment."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.clock import indexed_head
from edgebazaar.chain.contracts import ContractCall
from edgebazaar.content.engine.delivery_complaint import (
    Commitment,
    Evidence,
    UnfitEvidenceError,
    refutes,
)
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.db.rows import one_row
from edgebazaar.errors import Conflict, Forbidden, InvalidInput
from edgebazaar.tasks.tables import POLICIES, task, task_event
from edgebazaar.values import (
    bytes_to_text,
    hash_key,
    parse_bytes32,
    parse_text,
    parse_uint,
    require_state,
    to_hex,
)

Row = Mapping[str, Any]
STATES = ("posted", "assigned", "delivered", "accepted", "settled", "closed", "refunded")
MAXIMUM_LOCATOR_BYTES = 256
MAXIMUM_WINDOW_SECONDS = 30 * 86400


def terms_of(row: Row) -> dict[str, Any]:
    """The Terms of TaskBoard for a row, exactly as they were emitted."""
    return {
        "producer": row["producer"],
        "promptCommitment": row["prompt_commitment"],
        "fee": row["fee"],
        "deliverBy": row["deliver_by"],
        "closeAt": row["close_at"],
        "acceptWindow": row["accept_window"],
        "revealWindow": row["reveal_window"],
        "policy": row["policy"],
        "temperature": row["temperature"],
        "salt": row["salt"],
    }


def delivery_of(row: Row) -> dict[str, Any]:
    """The Delivery of TaskBoard for the row of a delivered task."""
    return {
        "hashlock": row["hashlock"],
        "ciphertextRoot": row["ciphertext_root"],
        "contentHash": row["content_hash"],
        "contentSize": row["content_size"],
        "locator": bytes_to_text(row["locator"]),
    }


def is_delivery_hashlock(session: Session, hashlock: str) -> bool:
    """Whether any delivery ever had a hashlock; its preimage is or will be public."""
    statement = select(task.c.task_id).where(task.c.hashlock == hashlock).limit(1)
    return session.execute(statement).one_or_none() is not None


class TaskService:
    """Use cases of tasks.

    Whether a window for closing has begun is left to the contract, whose clock is ahead of the read
    model's; what is too late already is refused here.

    Args:
        engine: Database engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # Reads

    def task(self, task_id: str) -> Row:
        """One task.

        Raises:
            InvalidInput: If `task_id` is no id.
            NotFound: If there is none.
        """
        key = hash_key(task_id, "task_id")
        with read_scope(self._engine) as session:
            return one_row(session, task.c.task_id, key, "task")

    def history(self, row: Row) -> list[Row]:
        """What happened to a task, oldest first."""
        statement = (
            select(task_event)
            .where(task_event.c.task_id == row["task_id"])
            .order_by(task_event.c.block_number, task_event.c.log_index)
        )
        with read_scope(self._engine) as session:
            return [dict(found) for found in session.execute(statement).mappings()]

    def tasks(
        self,
        *,
        producer: str | None = None,
        provider: str | None = None,
        state: str | None = None,
        content_hash: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> RowPage:
        """Tasks, newest first.

        Raises:
            InvalidInput: For a malformed filter or cursor.
        """
        statement = select(task)
        for name, account in {"producer": producer, "provider": provider}.items():
            if account is not None:
                statement = statement.where(task.c[name] == checksum_address(account, name))
        if content_hash is not None:
            statement = statement.where(task.c.content_hash == hash_key(content_hash, "content"))
        if state is not None:
            require_state(state, STATES)
            statement = statement.where(task.c.state == state)
        key = [task.c.block_number, task.c.log_index]
        with read_scope(self._engine) as session:
            return row_page(session, statement, key, limit=limit, after=after)

    # Calls

    def post(self, producer: str, fields: Mapping[str, Any]) -> ContractCall:
        """The producer's call that posts a task and pays its fee into escrow.

        Args:
            producer: Who asks and pays.
            fields: prompt_commitment, fee (wei), deliver_by and close_at (unix times),
                accept_window and reveal_window (seconds), policy (name), temperature (1e18 fixed
                point), salt (32 bytes, random if None).

        Raises:
            InvalidInput: For a malformed or impossible term.
        """
        policy = fields["policy"]
        if policy not in POLICIES:
            raise InvalidInput(
                "policy", f"no policy is called {policy!r}", f"Use {', '.join(POLICIES)}"
            )
        temperature = parse_uint(
            fields.get("temperature") or 0, "temperature", unit="1e18 fixed point"
        )
        if policy == "softmax_reputation" and temperature == 0:
            raise InvalidInput(
                "temperature", "is zero", "Give a softmax temperature above zero, such as 10^17"
            )
        deliver_by = parse_uint(fields["deliver_by"], "deliver_by", bits=40, unit="seconds")
        close_at = parse_uint(fields["close_at"], "close_at", bits=40, unit="seconds")
        now = self._now()
        if deliver_by <= now:
            raise InvalidInput(
                "deliver_by", f"{deliver_by} is in the past", f"Give a unix time after {now}"
            )
        if close_at < deliver_by:
            raise InvalidInput(
                "close_at", f"{close_at} is before deliver_by", f"Give at least {deliver_by}"
            )
        salt = fields.get("salt")
        fee = parse_uint(fields["fee"], "fee", minimum=1)
        terms = {
            "producer": producer,
            "promptCommitment": parse_bytes32(
                fields["prompt_commitment"], "prompt_commitment", zero_allowed=False
            ),
            "fee": fee,
            "deliverBy": deliver_by,
            "closeAt": close_at,
            "acceptWindow": _window(fields["accept_window"], "accept_window"),
            "revealWindow": _window(fields["reveal_window"], "reveal_window"),
            "policy": POLICIES.index(policy),
            "temperature": temperature,
            "salt": secrets.token_bytes(32) if salt is None else parse_bytes32(salt, "salt"),
        }
        return ContractCall("TaskBoard", "post", (terms,), value=fee)

    def deliver(
        self,
        provider: str,
        task_id: str,
        *,
        hashlock: str,
        ciphertext_root: str,
        content_hash: str,
        content_size: int,
        locator: str,
    ) -> ContractCall:
        """The assigned provider's call that commits to key, ciphertext and content.

        Raises:
            NotFound, Forbidden, Conflict: If there is no such task, it is another's, or not due.
            InvalidInput: For a malformed field.
        """
        row = self._in_state(task_id, "assigned")
        _require_party(row, "provider", provider)
        if self._now() >= row["close_at"]:
            raise Conflict(
                f"task {row['task_id']} can no longer be delivered",
                mend="It counts as failed; nothing can be done.",
            )
        lock = parse_bytes32(hashlock, "hashlock", zero_allowed=False)
        with read_scope(self._engine) as session:
            if is_delivery_hashlock(session, to_hex(lock)):
                raise Conflict(
                    f"hashlock {to_hex(lock)} was used before",
                    mend="Encrypt each delivery with a fresh key and give its sha256.",
                    field="hashlock",
                )
        delivery = {
            "hashlock": lock,
            "ciphertextRoot": parse_bytes32(ciphertext_root, "ciphertext_root", zero_allowed=False),
            "contentHash": parse_bytes32(content_hash, "content_hash", zero_allowed=False),
            "contentSize": parse_uint(content_size, "content_size", bits=40, minimum=1),
            "locator": parse_text(locator, "locator", maximum_bytes=MAXIMUM_LOCATOR_BYTES),
        }
        return ContractCall("TaskBoard", "deliver", (terms_of(row), delivery))

    def accept(self, producer: str, task_id: str) -> ContractCall:
        """The producer's call that confirms possession of the ciphertext.

        Raises:
            NotFound, Forbidden, Conflict: If there is no such task, it is another's, or not due.
        """
        row = self._in_state(task_id, "delivered")
        _require_party(row, "producer", producer)
        self._require_before(row, row["delivered_at"] + row["accept_window"])
        return ContractCall("TaskBoard", "accept", (terms_of(row),))

    def settle(self, provider: str, task_id: str, preimage: str) -> ContractCall:
        """The provider's call that reveals the content key and is paid.

        Raises:
            NotFound, Forbidden, Conflict: If there is no such task, it is another's, or not due.
            InvalidInput: If the preimage does not open the delivery's hashlock.
        """
        row = self._in_state(task_id, "accepted")
        _require_party(row, "provider", provider)
        self._require_before(row, row["accepted_at"] + row["reveal_window"])
        key = parse_bytes32(preimage, "preimage")
        if "0x" + hashlib.sha256(key).hexdigest() != row["hashlock"]:
            raise InvalidInput(
                "preimage",
                "does not open the hashlock",
                "Give the key the content is encrypted with",
            )
        return ContractCall("TaskBoard", "settle", (terms_of(row), delivery_of(row), key))

    def complain(self, task_id: str, evidence: Evidence, dispute_window: int) -> ContractCall:
        """Anybody's call that gets fee and bond back to the producer of a wrong delivery.

        Args:
            task_id: A settled task.
            evidence: The wrong step, see
                :func:`~edgebazaar.content.engine.delivery_complaint.find_complaint`.
            dispute_window: Seconds from settlement in which the chain hears complaints.

        Raises:
            NotFound, Conflict: If there is no such task, it is not settled, or the time is over.
            InvalidInput: If the evidence is not of the delivery, or shows nothing wrong.
        """
        row = self._in_state(task_id, "settled")
        limit = row["state_since"] + dispute_window
        if self._now() >= limit:
            raise Conflict(f"the dispute window of task {row['task_id']} ended at {limit}")
        promised = Commitment(
            bytes.fromhex(row["ciphertext_root"][2:]),
            bytes.fromhex(row["content_hash"][2:]),
            row["content_size"],
        )
        key = bytes.fromhex(row["preimage"][2:])
        try:
            wrong = refutes(promised, key, evidence)
        except UnfitEvidenceError as error:
            raise InvalidInput(
                "evidence", str(error), "Make it of the accepted ciphertext"
            ) from error
        if not wrong:
            raise InvalidInput(
                "index",
                f"the step of chunk {evidence.index} is right",
                "Decrypt and compare: find_complaint names the wrong chunk if there is one",
            )
        shown = {
            "index": evidence.index,
            "state": evidence.state,
            "chunk": evidence.chunk,
            "proof": list(evidence.proof),
            "nextState": evidence.next_state,
            "nextChunkHash": evidence.next_chunk_hash,
            "nextProof": list(evidence.next_proof),
        }
        arguments = (terms_of(row), delivery_of(row), row["preimage"], shown)
        return ContractCall("TaskBoard", "complain", arguments)

    def close(self, task_id: str) -> ContractCall:
        """Anybody's call that ends a task which did not go on in time, and returns the fee.

        Raises:
            NotFound: If there is no such task.
            Conflict: If it has ended.
        """
        row = self.task(task_id)
        if row["state"] in {"settled", "closed", "refunded"}:
            raise Conflict(f"task {row['task_id']} is {row['state']} already")
        return ContractCall("TaskBoard", "close", (terms_of(row),))

    def _in_state(self, task_id: str, state: str) -> Row:
        row = self.task(task_id)
        if row["state"] != state:
            raise Conflict(
                f"task {row['task_id']} is {row['state']}, not {state}",
                mend="See its history for what comes next.",
            )
        return row

    def _require_before(self, row: Row, limit: int) -> None:
        if self._now() >= limit:
            raise Conflict(
                f"the time for this step of task {row['task_id']} ended at {limit}",
                mend="Anybody may close the task now.",
            )

    def _now(self) -> int:
        with read_scope(self._engine) as session:
            return indexed_head(session).timestamp


def _require_party(row: Row, party: str, account: str) -> None:
    if row[party] != account.lower():
        raise Forbidden(
            f"the {party} of task {row['task_id']} is {row[party]}", mend="Sign in as that account."
        )


def _window(value: Any, field: str) -> int:
    seconds = parse_uint(value, field, bits=40, minimum=1, unit="seconds")
    if seconds > MAXIMUM_WINDOW_SECONDS:
        raise InvalidInput(
            field, f"{seconds} seconds are too long", f"Give at most {MAXIMUM_WINDOW_SECONDS}"
        )
    return seconds
