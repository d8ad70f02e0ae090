"""Challenges of near-copies: reads on the projection, and the calls of all who take part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, func, or_, select

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.clock import indexed_head
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.content.challenge_tables import (
    OPEN_STATES,
    STATES,
    content_challenge,
    content_challenge_evidence,
)
from edgebazaar.content.engine.deposits import MAXIMUM_OPEN, MAXIMUM_URI_BYTES, deposit_after
from edgebazaar.content.engine.similarity import hamming_distance
from edgebazaar.content.service import ContentService, record_of
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.db.rows import one_row
from edgebazaar.errors import Conflict, Forbidden, InvalidInput
from edgebazaar.values import hash_key, parse_bytes32, parse_text, require_state

Row = Mapping[str, Any]


def terms_of(row: Row) -> dict[str, Any]:
    """The Terms of Challenges for a row, exactly as they were emitted."""
    return {
        "originalTokenId": int(row["original"], 16),
        "duplicateTokenId": int(row["duplicate"], 16),
        "challenger": row["challenger"],
        "accused": row["accused"],
        "attempt": row["attempt"],
    }


class ChallengeService:
    """Use cases of challenges.

    Whether a window has begun to be over is left to the contract, whose clock is ahead of the read
    model's; what is over there is over for good and refused here.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        self._contents = ContentService(engine, contracts)
        self._profile = contracts.deployment.profile

    @property
    def deposit(self) -> int:
        """What a first challenge takes, wei."""
        return int(self._profile["challenge_deposit"])

    @property
    def periods(self) -> dict[str, int]:
        """Seconds to answer, to appeal and to rule."""
        names = ("answer_window", "finality_period", "ruling_period")
        return {name: int(self._profile[name]) for name in names}

    def deposit_of(self, duplicate: str, challenger: str) -> int:
        """What this challenger's next challenge against a content takes, wei.

        Raises:
            InvalidInput: If `duplicate` is no hash or `challenger` no address.
        """
        table = content_challenge
        statement = select(func.count()).where(
            table.c.duplicate == hash_key(duplicate, "duplicate"),
            table.c.challenger == checksum_address(challenger, "challenger"),
            table.c.state == "rejected",
        )
        with read_scope(self._engine) as session:
            rejections = session.execute(statement).scalar_one()
        maximum = int(self._profile["challenge_maximum_deposit"])
        return deposit_after(self.deposit, maximum, rejections)

    def evidence(self, challenge_id: str) -> Sequence[Row]:
        """Statements of both parties, oldest first."""
        table = content_challenge_evidence
        statement = (
            select(table)
            .where(table.c.challenge_id == hash_key(challenge_id, "challenge_id"))
            .order_by(table.c.block_number, table.c.log_index)
        )
        with read_scope(self._engine) as session:
            return [dict(row) for row in session.execute(statement).mappings()]

    def challenge(self, challenge_id: str) -> Row:
        """One challenge.

        Raises:
            InvalidInput: If `challenge_id` is no id.
            NotFound: If there is none.
        """
        key = hash_key(challenge_id, "challenge_id")
        with read_scope(self._engine) as session:
            return one_row(session, content_challenge.c.challenge_id, key, "challenge")

    def challenges(
        self,
        *,
        state: str | None = None,
        challenger: str | None = None,
        accused: str | None = None,
        content_hash: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> RowPage:
        """Challenges, newest first.

        Raises:
            InvalidInput: For a malformed filter or cursor.
        """
        table = content_challenge
        statement = select(table)
        if state is not None:
            require_state(state, STATES)
            statement = statement.where(table.c.state == state)
        if challenger is not None:
            statement = statement.where(
                table.c.challenger == checksum_address(challenger, "challenger")
            )
        if accused is not None:
            statement = statement.where(table.c.accused == checksum_address(accused, "accused"))
        if content_hash is not None:
            key = hash_key(content_hash, "content")
            statement = statement.where(or_(table.c.original == key, table.c.duplicate == key))
        with read_scope(self._engine) as session:
            return row_page(
                session,
                statement,
                [table.c.block_number, table.c.log_index],
                limit=limit,
                after=after,
            )

    def distance(self, first: Row, second: Row) -> int | None:
        """Bits in which two contents' fingerprints differ; None for different schemes."""
        if first["fingerprint_scheme"] != second["fingerprint_scheme"]:
            return None
        return hamming_distance(
            bytes.fromhex(first["fingerprint"][2:]), bytes.fromhex(second["fingerprint"][2:])
        )

    def open(self, challenger: str, original: str, duplicate: str) -> ContractCall:
        """The call that pledges the deposit and freezes a presumed copy.

        A distance above the threshold is no reason to refuse: who challenges wrongly loses the
        deposit, and may. What could only be rejected, the contract leaves to its verdict; here it
        is refused before it costs anything.

        Raises:
            InvalidInput: If both are the same content, or their fingerprints do not compare.
            NotFound: If one is not registered.
            Forbidden: If the challenger is neither creator nor owner of the original.
            Conflict: If the original is not strictly earlier, or one is removed, or no further
                challenge can be opened against the duplicate.
        """
        first = self._contents.content(original)
        second = self._contents.content(duplicate)
        if first["content_hash"] == second["content_hash"]:
            raise InvalidInput(
                "duplicate", "is the original itself", "Name the later, similar content"
            )
        if challenger.lower() not in {first["creator"], first["owner"]}:
            raise Forbidden(
                f"{challenger} neither created nor owns {first['content_hash']}",
                mend="Only the original's creator or owner may challenge a copy of it.",
                field="original",
            )
        if first["committed_block"] >= second["committed_block"]:
            raise Conflict(
                f"the original was committed in block {first['committed_block']}, not before the "
                f"duplicate's {second['committed_block']}",
                mend="Only a strictly earlier content can be the original.",
                field="original",
            )
        scheme = first["fingerprint_scheme"]
        if scheme != second["fingerprint_scheme"]:
            raise InvalidInput(
                "duplicate",
                f"has fingerprint scheme {second['fingerprint_scheme']}, the original {scheme}",
                "Only fingerprints of one scheme compare",
            )
        if first["removed"]:
            raise Conflict("the original was itself removed", field="original")
        if second["removed"]:
            raise Conflict("the duplicate is removed already", field="duplicate")
        self._require_place(challenger, second["content_hash"])
        return ContractCall(
            "Challenges",
            "open",
            (int(first["content_hash"], 16), int(second["content_hash"], 16)),
            value=self.deposit_of(duplicate, challenger),
        )

    def concede(self, account: str, challenge_id: str) -> ContractCall:
        """The accused's call that gives a copy up, at once and without loss of money.

        Raises:
            NotFound: If there is no such challenge.
            Forbidden: If the account is not the accused.
            Conflict: If it is too late to answer, or the accused no longer owns the content.
        """
        row = self._answerable(account, challenge_id)
        if self._contents.content(row["duplicate"])["owner"] != row["accused"]:
            raise Conflict(
                f"{account} no longer owns the content",
                mend="Who received it in an exchange waits for the verdict; the accused may "
                "contest it.",
            )
        return ContractCall("Challenges", "concede", (terms_of(row),))

    def contest(
        self, account: str, challenge_id: str, evidence_hash: str, evidence_uri: str
    ) -> ContractCall:
        """The accused's call that denies, with a statement and a bond equal to the deposit.

        Raises:
            NotFound: If there is no such challenge.
            InvalidInput: For a malformed statement.
            Forbidden: If the account is not the accused.
            Conflict: If it is too late to answer.
        """
        row = self._answerable(account, challenge_id)
        statement = _statement(evidence_hash, evidence_uri)
        return ContractCall(
            "Challenges", "contest", (terms_of(row), *statement), value=row["deposit"]
        )

    def submit_evidence(
        self, account: str, challenge_id: str, evidence_hash: str, evidence_uri: str
    ) -> ContractCall:
        """A party's call that adds a statement.

        Raises:
            NotFound: If there is no such challenge.
            InvalidInput: For a malformed statement.
            Forbidden: If the account is neither challenger nor accused.
            Conflict: If the challenge has ended.
        """
        row = self._of_party(account, self._in(challenge_id, OPEN_STATES))
        statement = _statement(evidence_hash, evidence_uri)
        return ContractCall("Challenges", "submitEvidence", (terms_of(row), *statement))

    def decide(self, challenge_id: str) -> ContractCall:
        """Anybody's call that has the chain measure the similarity.

        Raises:
            NotFound: If there is no such challenge.
            Conflict: If it is decided already, or another challenge removed its content.
        """
        row = self._in(challenge_id, ("open", "contested"))
        original = self._contents.content(row["original"])
        duplicate = self._not_removed(row)
        arguments = (terms_of(row), record_of(original), record_of(duplicate))
        return ContractCall("Challenges", "decide", arguments)

    def appeal(self, account: str, challenge_id: str) -> ContractCall:
        """A party's call that asks the arbitrator to overrule the provisional verdict.

        Raises:
            NotFound: If there is no such challenge.
            Forbidden: If the account is neither challenger nor accused.
            Conflict: If there is nothing to appeal against, or not any more.
        """
        row = self._of_party(account, self._in(challenge_id, ("decided",)))
        self._not_removed(row)
        self._require_before(row["final_at"], "the verdict became final")
        cost = int(self._profile["appeal_cost"])
        return ContractCall("Challenges", "appeal", (terms_of(row),), value=cost)

    def finalise(self, challenge_id: str) -> ContractCall:
        """Anybody's call that carries a final verdict out, or closes what another one settled.

        Raises:
            NotFound: If there is no such challenge.
            Conflict: If it has ended, or has no verdict yet.
        """
        row = self._in(challenge_id, OPEN_STATES)
        removed = self._contents.content(row["duplicate"])["removed"]
        if not removed and row["verdict"] is None:
            raise Conflict(
                f"challenge {row['challenge_id']} has no verdict yet",
                mend="Have it decided first; anybody may once the owner answered or its time is "
                "over.",
            )
        return ContractCall("Challenges", "finalise", (terms_of(row),))

    def _in(self, challenge_id: str, states: Sequence[str]) -> Row:
        row = self.challenge(challenge_id)
        if row["state"] not in states:
            raise Conflict(f"challenge {row['challenge_id']} is {row['state']} already")
        return row

    def _of_party(self, account: str, row: Row) -> Row:
        if account.lower() not in {row["challenger"], row["accused"]}:
            raise Forbidden(
                f"{account} is no party of challenge {row['challenge_id']}",
                mend="Only its challenger and its accused may do this.",
            )
        return row

    def _answerable(self, account: str, challenge_id: str) -> Row:
        row = self._in(challenge_id, ("open",))
        if account.lower() != row["accused"]:
            raise Forbidden(
                f"{account} is not accused by challenge {row['challenge_id']}",
                mend=f"Only {row['accused']} may answer it.",
            )
        self._not_removed(row)
        self._require_before(row["answer_by"], "the time to answer ended")
        return row

    def _not_removed(self, row: Row) -> Row:
        duplicate = self._contents.content(row["duplicate"])
        if duplicate["removed"]:
            raise Conflict(
                "another challenge removed the content already",
                mend="Finalise this challenge: its amounts return.",
            )
        return duplicate

    def _require_before(self, deadline: int, what: str) -> None:
        with read_scope(self._engine) as session:
            head = indexed_head(session)
        if head.timestamp >= deadline:
            raise Conflict(f"{what} at {deadline}; the newest block is of {head.timestamp}")

    def _require_place(self, challenger: str, duplicate: str) -> None:
        table = content_challenge
        statement = select(table.c.challenger).where(
            table.c.duplicate == duplicate, table.c.state.in_(OPEN_STATES)
        )
        with read_scope(self._engine) as session:
            standing = set(session.execute(statement).scalars())
        if challenger.lower() in standing:
            raise Conflict(
                f"{challenger} challenges the duplicate already",
                mend="Wait until that challenge has ended.",
                field="duplicate",
            )
        if len(standing) >= MAXIMUM_OPEN:
            raise Conflict(
                f"{MAXIMUM_OPEN} challenges stand against the duplicate already",
                mend="Wait until one of them has ended.",
                field="duplicate",
            )


def _statement(evidence_hash: str, evidence_uri: str) -> tuple[bytes, str]:
    return (
        parse_bytes32(evidence_hash, "evidence_hash"),
        parse_text(evidence_uri, "evidence_uri", maximum_bytes=MAXIMUM_URI_BYTES),
    )
