"""Stores and hands out the two private documents of a task.

Each checked against what the chain committed to.
"""

from __future__ import annotations

from typing import Any, Literal

from eth_utils.crypto import keccak
from sqlalchemy import Engine, insert, select

from edgebazaar.db import read_scope, session_scope
from edgebazaar.errors import Conflict, Forbidden, InvalidInput, NotFound
from edgebazaar.tasks.documents.tables import task_document

Kind = Literal["brief", "receipt"]


def prompt_commitment(prompt: str, salt: bytes) -> bytes:
    """keccak256 of the prompt's UTF-8 bytes and a 32-byte salt, as a task's terms hold it.

    Raises:
        InvalidInput: If the salt has another length or the prompt is empty.
    """
    if len(salt) != 32:
        raise InvalidInput("salt", f"{len(salt)} bytes long", "Give 32 bytes as 0x-hex")
    if not prompt.strip():
        raise InvalidInput("prompt", "empty", "Say what is to be generated")
    return keccak(prompt.encode() + salt)


class DocumentService:
    """The private documents of tasks.

    Args:
        engine: database engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def store(
        self, task_id: str, kind: Kind, author: str, document: dict[str, Any], now: int
    ) -> None:
        """Keeps a document; the same one again changes nothing.

        Raises:
            Conflict: If the task has another document of this kind already.
        """
        with session_scope(self._engine) as session:
            present = session.execute(self._row(task_id, kind)).mappings().one_or_none()
            if present is None:
                session.execute(
                    insert(task_document).values(
                        task_id=task_id,
                        kind=kind,
                        author=author,
                        document=document,
                        stored_at=now,
                    )
                )
            elif present["document"] != document:
                raise Conflict(
                    f"task {task_id} has another {kind} already",
                    mend="Post a new task if it should differ.",
                    field="document",
                )

    def read(
        self, task_id: str, kind: Kind, reader: str, allowed: set[str | None]
    ) -> dict[str, Any]:
        """A document for one of the task's two parties.

        Raises:
            Forbidden: If the reader is neither.
            NotFound: If there is none yet.
        """
        if reader not in allowed:
            raise Forbidden(
                f"the {kind} of task {task_id} is for its producer and its provider only",
                mend="Sign in as one of the two.",
            )
        with read_scope(self._engine) as session:
            present = session.execute(self._row(task_id, kind)).mappings().one_or_none()
        if present is None:
            raise NotFound(f"{kind} of task", task_id, "Its author has not handed it in yet")
        document: dict[str, Any] = present["document"]
        return document

    @staticmethod
    def _row(task_id: str, kind: Kind) -> Any:
        return select(task_document).where(
            task_document.c.task_id == task_id, task_document.c.kind == kind
        )
