"""Edge service providers: reads on stake, offer and load; calls that change them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, select
from sqlalchemy.orm import Session

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.clock import indexed_head
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.errors import Conflict, InvalidInput, NotFound
from edgebazaar.identity.service import active_with_role
from edgebazaar.tasks.tables import provider, task
from edgebazaar.values import parse_uint

Row = Mapping[str, Any]
GWEI = 10**9


class ProviderService:
    """Use cases of providers.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        profile = contracts.deployment.profile
        self._minimum_stake = int(profile["minimum_stake"])
        self._bond = int(profile["delivery_bond"])
        self._dispute_window = int(profile["dispute_window"])

    @property
    def minimum_stake(self) -> int:
        """Stake in wei from which a provider is eligible."""
        return self._minimum_stake

    def provider(self, account: str) -> Row:
        """One provider, with `active` (an active member with the role) and `eligible`.

        Raises:
            InvalidInput: If `account` is no address.
            NotFound: If it never staked nor offered.
        """
        address = checksum_address(account, "account")
        with read_scope(self._engine) as session:
            statement = self._statement(indexed_head(session).timestamp)
            row = (
                session.execute(statement.where(provider.c.account == address))
                .mappings()
                .one_or_none()
            )
            liabilities = self._liabilities(session, [] if row is None else [row["account"]])
        if row is None:
            raise NotFound("ESP", address, "It appears here once it staked or stated an offer")
        return self._judged(dict(row), liabilities)

    def providers(
        self, *, eligible: bool | None = None, limit: int = 50, after: str | None = None
    ) -> RowPage:
        """Providers by account, as :meth:`provider` gives them.

        Args:
            eligible: Only those that may (or may not) be assigned tasks.
            limit: Most rows.
            after: Cursor of the page before.

        Raises:
            InvalidInput: For a foreign cursor.
        """
        with read_scope(self._engine) as session:
            now = indexed_head(session).timestamp
            statement = self._statement(now)
            if eligible is not None:
                fit = _is_active(now) & (provider.c.stake >= self._minimum_stake)
                statement = statement.where(fit if eligible else ~fit)
            page = row_page(
                session,
                statement,
                [provider.c.account],
                limit=limit,
                after=after,
                descending=False,
            )
            liabilities = self._liabilities(session, [row["account"] for row in page.rows])
        return RowPage([self._judged(row, liabilities) for row in page.rows], page.next)

    def candidates(self, producer: str, fee: int, deliver_by: int) -> list[str]:
        """Providers that would take a task as things stand, checksummed, ascending by address.

        Args:
            producer: Who asks; a provider never works for itself.
            fee: Fee in wei.
            deliver_by: Last second of an on-time delivery, unix time.
        """
        with read_scope(self._engine) as session:
            now = indexed_head(session).timestamp
            statement = (
                self._statement(now)
                .where(
                    _is_active(now),
                    provider.c.stake >= self._minimum_stake,
                    provider.c.minimum_fee <= fee,
                    provider.c.minimum_duration <= deliver_by - now,
                    provider.c.open_tasks < provider.c.capacity,
                    provider.c.account != producer,
                )
                .order_by(provider.c.account)
            )
            rows = session.execute(statement).mappings().all()
            liabilities = self._liabilities(session, [row["account"] for row in rows])
        needed = self._minimum_stake + self.cover(fee)
        return [
            checksum_address(row["account"], "account")
            for row in rows
            if row["stake"] >= needed + liabilities[row["account"]]
        ]

    def cover(self, fee: int) -> int:
        """Wei of a stake that one task of this fee binds: fee and bond, in whole gwei."""
        return -(-(fee + self._bond) // GWEI) * GWEI

    def stake(self, amount: str | int) -> ContractCall:
        """A provider's call that adds to its stake.

        Raises:
            InvalidInput: If the amount is not above zero.
        """
        value = parse_uint(amount, "amount", bits=96, minimum=1)
        return ContractCall("TaskBoard", "stake", (), value=value)

    def unstake(self, account: str, amount: str | int) -> ContractCall:
        """A provider's call that takes stake back.

        Raises:
            NotFound: If it never staked.
            InvalidInput: If the amount is zero or exceeds the stake.
            Conflict: While it works on tasks, or one may complain about them.
        """
        row = self.provider(account)
        value = parse_uint(amount, "amount", bits=96, minimum=1)
        if value > row["stake"]:
            raise InvalidInput(
                "amount", f"{value} wei exceeds the stake", f"Give at most {row['stake']} wei"
            )
        if row["open_tasks"]:
            raise Conflict(
                f"{row['open_tasks']} tasks are open",
                mend="Deliver and settle them first, or wait until they are closed.",
            )
        if row["liability"]:
            raise Conflict(
                f"{row['liability']} wei answer for deliveries that may be complained about",
                mend=f"Take no tasks and wait; at most {2 * self._dispute_window} seconds.",
            )
        return ContractCall("TaskBoard", "unstake", (value,))

    def set_offer(
        self, minimum_fee: str | int, minimum_duration: int, capacity: int
    ) -> ContractCall:
        """A provider's call that states what it takes on.

        Raises:
            InvalidInput: For a number out of range.
        """
        arguments = (
            parse_uint(minimum_fee, "minimum_fee", bits=96),
            parse_uint(minimum_duration, "minimum_duration", bits=32, unit="seconds"),
            parse_uint(capacity, "capacity", bits=16, unit="tasks"),
        )
        return ContractCall("TaskBoard", "setOffer", arguments)

    def _liabilities(self, session: Session, accounts: Sequence[str]) -> dict[str, int]:
        """Cover of each account's tasks that are open, or settled in this window or the last."""
        window = indexed_head(session).timestamp // self._dispute_window
        since = (window - 1) * self._dispute_window
        statement = select(task.c.provider, task.c.fee).where(
            task.c.provider.in_(accounts),
            task.c.state.in_(("assigned", "delivered", "accepted"))
            | ((task.c.state == "settled") & (task.c.state_since >= since)),
        )
        sums = dict.fromkeys(accounts, 0)
        for account, fee in session.execute(statement):
            sums[account] += self.cover(fee)
        return sums

    def _judged(self, row: Mapping[str, Any], liabilities: Mapping[str, int]) -> dict[str, Any]:
        active = bool(row["active"])
        enough = row["stake"] >= self._minimum_stake
        return {
            **row,
            "active": active,
            "eligible": active and enough,
            "liability": liabilities[row["account"]],
        }

    @staticmethod
    def _statement(now: int) -> Select[Any]:
        return select(provider, _is_active(now).label("active"))


def _is_active(now: int) -> ColumnElement[bool]:
    return provider.c.account.in_(active_with_role("edge_service_provider", now))
