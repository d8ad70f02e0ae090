"""Appeals before the panel of auditors: reads, and the calls of auditors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, select

from edgebazaar.chain.clock import indexed_head
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.content.arbitration_tables import RULINGS, arbitration_dispute, arbitration_vote
from edgebazaar.db import read_scope
from edgebazaar.errors import Conflict, Forbidden, InvalidInput, NotFound
from edgebazaar.values import hash_key

Row = Mapping[str, Any]


class ArbitrationService:
    """Use cases of the panel, for appeals in challenges.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        self._arbitrable = contracts.address("Challenges")

    def dispute(self, challenge_id: str) -> Row:
        """The appeal in a challenge.

        Raises:
            InvalidInput: If `challenge_id` is no id.
            NotFound: If nobody appealed.
        """
        key = hash_key(challenge_id, "challenge_id")
        table = arbitration_dispute
        statement = select(table).where(
            table.c.arbitrable == self._arbitrable, table.c.dispute_id == key
        )
        with read_scope(self._engine) as session:
            row = session.execute(statement).mappings().one_or_none()
        if row is None:
            raise NotFound("appeal in challenge", key)
        return dict(row)

    def votes(self, challenge_id: str) -> Sequence[Row]:
        """Votes on the appeal in a challenge, oldest first."""
        table = arbitration_vote
        statement = (
            select(table)
            .where(
                table.c.arbitrable == self._arbitrable,
                table.c.dispute_id == hash_key(challenge_id, "challenge_id"),
            )
            .order_by(table.c.block_number, table.c.log_index)
        )
        with read_scope(self._engine) as session:
            return [dict(row) for row in session.execute(statement).mappings()]

    def vote(self, auditor: str, challenge_id: str, ruling: str) -> ContractCall:
        """An auditor's vote.

        Raises:
            NotFound: If nobody appealed.
            InvalidInput: If the ruling is neither upheld nor rejected.
            Forbidden: If the auditor is a party.
            Conflict: If it has voted, or the time for votes is over.
        """
        row = self.dispute(challenge_id)
        if ruling not in RULINGS[1:]:
            raise InvalidInput("ruling", f"no ruling is called {ruling!r}", "Use upheld, rejected")
        if auditor.lower() in {row["appellant"], row["respondent"]}:
            raise Forbidden(
                f"{auditor} is a party of challenge {row['dispute_id']}",
                mend="Nobody votes in its own cause.",
            )
        if auditor.lower() in {vote["auditor"] for vote in self.votes(challenge_id)}:
            raise Conflict(f"{auditor} has voted on challenge {row['dispute_id']} already")
        with read_scope(self._engine) as session:
            head = indexed_head(session)
        if head.timestamp >= row["vote_by"]:
            raise Conflict(
                f"votes were accepted until {row['vote_by']}; the newest block is of "
                f"{head.timestamp}"
            )
        arguments = (*self._place(row), RULINGS.index(ruling))
        return ContractCall("ArbitratorPanel", "vote", arguments)

    def conclude(self, challenge_id: str) -> ContractCall:
        """Anybody's call that counts the votes and gives the ruling.

        Raises:
            NotFound: If nobody appealed.
            Conflict: If the votes were counted already.
        """
        row = self.dispute(challenge_id)
        if row["ruling"] is not None:
            raise Conflict(f"the votes on challenge {row['dispute_id']} were counted already")
        return ContractCall("ArbitratorPanel", "conclude", self._place(row))

    def collect(self, auditor: str, challenge_id: str) -> ContractCall:
        """The call that pays an auditor its share.

        Raises:
            NotFound: If nobody appealed.
            Conflict: If the votes are not counted, or the auditor has nothing to collect.
        """
        row = self.dispute(challenge_id)
        if row["ruling"] is None:
            raise Conflict(
                f"the votes on challenge {row['dispute_id']} are not counted yet",
                mend="Have them counted once the time for votes is over.",
            )
        unpaid = {vote["auditor"] for vote in self.votes(challenge_id) if not vote["is_paid"]}
        if auditor.lower() not in unpaid:
            raise Conflict(f"{auditor} has nothing to collect from challenge {row['dispute_id']}")
        return ContractCall("ArbitratorPanel", "collect", (*self._place(row), auditor))

    @staticmethod
    def _place(row: Row) -> tuple[str, bytes]:
        return row["arbitrable"], bytes.fromhex(row["dispute_id"][2:])
