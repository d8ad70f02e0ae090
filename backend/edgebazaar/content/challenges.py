"""Challenges of near-copies: reads on the projection, calls that open and settle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, or_, select

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.content.engine.similarity import hamming_distance
from edgebazaar.content.service import ContentService, record_of
from edgebazaar.content.tables import content_challenge
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.errors import Conflict, Forbidden, InvalidInput, NotFound
from edgebazaar.values import hash_key, require_state

Row = Mapping[str, Any]
STATES = ("open", "upheld", "rejected")


class ChallengeService:
    """Use cases of challenges.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        self._contents = ContentService(engine, contracts)
        self._deposit = int(contracts.deployment.profile["challenge_deposit"])

    @property
    def deposit(self) -> int:
        """What a challenger pledges, wei."""
        return self._deposit

    def challenge(self, challenge_id: str) -> Row:
        """One challenge.

        Raises:
            InvalidInput: If `challenge_id` is no id.
            NotFound: If there is none.
        """
        key = hash_key(challenge_id, "challenge_id")
        statement = select(content_challenge).where(content_challenge.c.challenge_id == key)
        with read_scope(self._engine) as session:
            row = session.execute(statement).mappings().one_or_none()
        if row is None:
            raise NotFound("challenge", key)
        return dict(row)

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
        deposit, and may.

        Raises:
            InvalidInput: If both are the same content, or their fingerprints do not compare.
            NotFound: If one is not registered.
            Forbidden: If the challenger is neither creator nor owner of the original.
            Conflict: If the original is not strictly earlier, or one is removed or challenged.
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
        if second["removed"] or second["challenged"]:
            state = "removed" if second["removed"] else "challenged"
            raise Conflict(f"the duplicate is {state} already", field="duplicate")
        return ContractCall(
            "Challenges", "open", (record_of(first), record_of(second)), value=self._deposit
        )

    def settle(self, challenge_id: str) -> ContractCall:
        """Anybody's call that has the chain measure the similarity and pay the deposit out.

        Raises:
            NotFound: If there is no such challenge.
            Conflict: If it is settled already.
        """
        row = self.challenge(challenge_id)
        if row["state"] != "open":
            raise Conflict(f"challenge {row['challenge_id']} is {row['state']} already")
        original = self._contents.content(row["original"])
        duplicate = self._contents.content(row["duplicate"])
        arguments = (
            record_of(original),
            record_of(duplicate),
            row["challenger"],
            row["accused"],
            row["attempt"],
        )
        return ContractCall("Challenges", "settle", arguments)
