"""Bounties for whoever completes a lock: reads, deposits, completions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, select

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.errors import Conflict, InvalidInput
from edgebazaar.exchange.incentives.tables import LOCK_STATES, completion_bounty
from edgebazaar.exchange.service import LockService
from edgebazaar.values import hash_key, parse_uint

Row = Mapping[str, Any]
ENDINGS = LOCK_STATES[2:]


class BountyService:
    """Use cases of completion bounties.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        self._locks = LockService(engine, contracts)

    def bounties(
        self,
        *,
        lock_id: str | None = None,
        depositor: str | None = None,
        waiting: bool | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> RowPage:
        """Bounties, newest first; `waiting` tells those not paid yet from the others.

        Raises:
            InvalidInput: For a malformed filter or cursor.
        """
        table = completion_bounty
        statement = select(table)
        if lock_id is not None:
            statement = statement.where(table.c.lock_id == hash_key(lock_id, "lock_id"))
        if depositor is not None:
            statement = statement.where(
                table.c.depositor == checksum_address(depositor, "depositor")
            )
        if waiting is not None:
            statement = statement.where(table.c.amount > 0 if waiting else table.c.amount == 0)
        order = [table.c.block_number, table.c.log_index]
        with read_scope(self._engine) as session:
            return row_page(session, statement, order, limit=limit, after=after)

    def deposit(self, lock_id: str, ending: str, amount: str | int) -> ContractCall:
        """Anybody's call that adds to its bounty for one ending of an open lock.

        Raises:
            NotFound: If there is no such lock.
            Conflict: If it is closed.
            InvalidInput: If the ending is none, or the amount zero or malformed.
        """
        row = self._locks.lock(lock_id)
        if row["state"] != "open":
            raise Conflict(f"lock {row['lock_id']} is {row['state']} already")
        value = parse_uint(amount, "amount", minimum=1)
        arguments = (row["lock_id"], self._ending(ending))
        return ContractCall("CompletionBounties", "deposit", arguments, value=value)

    def claim(self, lock_id: str, preimage: str) -> ContractCall:
        """The call that claims a lock for its receiver and earns every bounty for that.

        Raises:
            NotFound: If there is no such lock.
            Conflict: If it is closed, its timelock has passed, or nothing waits for its claim.
            InvalidInput: If the preimage does not open it.
        """
        terms, secret = self._locks.claim(lock_id, preimage).arguments
        return self._complete(lock_id, "claimed", "claim", (terms, secret))

    def refund(self, lock_id: str) -> ContractCall:
        """The call that refunds a lock to its sender and earns every bounty for that.

        Raises:
            NotFound: If there is no such lock.
            Conflict: If it is closed, or nothing waits for its refund.
        """
        return self._complete(lock_id, "refunded", "refund", self._locks.refund(lock_id).arguments)

    def take_back(self, lock_id: str, depositor: str, ending: str) -> ContractCall:
        """Anybody's call that pays an unearned bounty back once the lock is closed.

        Raises:
            NotFound: If there is no such lock.
            Conflict: If it is open, or nothing waits.
            InvalidInput: For a malformed account or ending.
        """
        row = self._locks.lock(lock_id)
        account, kind = checksum_address(depositor, "depositor"), self._ending(ending)
        if row["state"] == "open":
            raise Conflict(
                f"lock {row['lock_id']} is open", mend="Take it back once the lock is closed."
            )
        if account not in self._depositors(row["lock_id"], kind):
            raise Conflict(f"{account} has no bounty there", field="depositor")
        arguments = (row["lock_id"], account, kind)
        return ContractCall("CompletionBounties", "takeBack", arguments)

    def _complete(
        self, lock_id: str, ending: str, function: str, arguments: tuple[Any, ...]
    ) -> ContractCall:
        key = hash_key(lock_id, "lock_id")
        depositors = self._depositors(key, self._ending(ending))
        if not depositors:
            raise Conflict(
                f"no bounty waits for lock {key} to be {ending}",
                mend=f"Use the lock's own {function}.",
            )
        return ContractCall("CompletionBounties", function, (*arguments, depositors))

    def _depositors(self, lock_id: str, ending: int) -> list[str]:
        table = completion_bounty
        statement = select(table.c.depositor, table.c.amount).where(
            table.c.lock_id == lock_id, table.c.ending == ending
        )
        with read_scope(self._engine) as session:
            rows = session.execute(statement.order_by(table.c.depositor)).all()
        return [checksum_address(row.depositor, "depositor") for row in rows if row.amount]

    @staticmethod
    def _ending(ending: str) -> int:
        if ending not in ENDINGS:
            raise InvalidInput(
                "ending", f"a lock does not end as {ending!r}", f"Use {' or '.join(ENDINGS)}"
            )
        return LOCK_STATES.index(ending)
