"""Who belongs to the consortium: reads on the members' table, calls that admit and revoke."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, and_, select

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.clock import indexed_head
from edgebazaar.chain.contracts import ContractCall
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.errors import Conflict, InvalidInput, NotFound
from edgebazaar.identity.roles import bitmap_of, role_by_name
from edgebazaar.identity.tables import member, voucher
from edgebazaar.values import ZERO_ADDRESS, parse_bytes, parse_bytes32, parse_uint, to_hex

Row = Mapping[str, Any]
SIGNATURE_BYTES = 65


class MemberService:
    """Use cases of membership.

    Args:
        engine: Database engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # Reads

    def member(self, account: str) -> Row:
        """The record of an account.

        Raises:
            InvalidInput: If `account` is no address.
            NotFound: If it was never admitted.
        """
        address = checksum_address(account, "account")
        row = self._find(address)
        if row is None:
            raise NotFound("member", address, "Ask the administrator for admission")
        return row

    def members(
        self,
        *,
        role: str | None = None,
        active: bool | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> RowPage:
        """Members by account, as they stand at the last indexed block.

        Args:
            role: Only those whose record holds this role.
            active: Only those that are (or are not) admitted, unrevoked and unexpired.
            limit: Most rows.
            after: Cursor of the page before.

        Raises:
            InvalidInput: For an unknown role or cursor.
        """
        statement = select(member)
        if role is not None:
            bit = int(role_by_name(role))
            statement = statement.where(member.c.roles.bitwise_and(bit) == bit)
        with read_scope(self._engine) as session:
            if active is not None:
                condition = _active_at(indexed_head(session).timestamp)
                statement = statement.where(condition if active else ~condition)
            return row_page(
                session,
                statement,
                [member.c.account],
                limit=limit,
                after=after,
                descending=False,
            )

    def time(self) -> int:
        """Time of the last indexed block, at which activity is judged."""
        with read_scope(self._engine) as session:
            return indexed_head(session).timestamp

    def is_active(self, account: str, now: int) -> bool:
        """Whether an account is admitted, not revoked and not expired at a unix time."""
        row = self._find(account)
        return row is not None and is_active_row(row, now)

    def has_role(self, account: str, role: str, now: int) -> bool:
        """Whether an account is an active member with a role, by the role's name."""
        bit = int(role_by_name(role))
        row = self._find(account)
        return row is not None and is_active_row(row, now) and bool(row["roles"] & bit)

    def is_voucher_used(self, serial: bytes) -> bool:
        """Whether a voucher's serial has admitted somebody already."""
        statement = select(voucher.c.serial).where(voucher.c.serial == to_hex(serial))
        with read_scope(self._engine) as session:
            return session.execute(statement).one_or_none() is not None

    # Calls

    def admit(
        self, account: str, roles: Sequence[str], expires_at: int, certificate_hash: str
    ) -> ContractCall:
        """The administrator's call that admits an account or replaces its record.

        Raises:
            InvalidInput: For a malformed or zero account, unknown or no roles, or a past expiry.
        """
        terms = self._admission(account, roles, expires_at, certificate_hash)
        return ContractCall("Membership", "admit", terms)

    def revoke(self, account: str) -> ContractCall:
        """The administrator's call that ends a membership.

        Raises:
            NotFound: If the account was never admitted.
            Conflict: If it is no active member now.
        """
        row = self.member(account)
        if not is_active_row(row, self.time()):
            raise Conflict(
                f"{account} is no active member",
                mend="Nothing needs to be revoked.",
                field="account",
            )
        return ContractCall("Membership", "revoke", (checksum_address(account, "account"),))

    def voucher_terms(
        self,
        account: str,
        roles: Sequence[str],
        expires_at: int,
        certificate_hash: str,
        deadline: int,
        serial: str | None = None,
    ) -> dict[str, Any]:
        """The members of a voucher for the administrator to sign (EIP-712).

        Args:
            account: Who is to be admitted.
            roles: Names of its roles.
            expires_at: First second in which the membership no longer holds.
            certificate_hash: sha256 of the member's certificate, 0x-hex.
            deadline: Last second in which the voucher is accepted.
            serial: 32 bytes as 0x-hex; a random one if None.

        Raises:
            InvalidInput: As :meth:`admit`, or a deadline in the past or a used serial.
        """
        address, bitmap, expiry, certificate = self._admission(
            account, roles, expires_at, certificate_hash
        )
        number = secrets.token_bytes(32) if serial is None else parse_bytes32(serial, "serial")
        if self.is_voucher_used(number):
            raise InvalidInput("serial", "was used already", "Leave it out for a fresh one")
        until = parse_uint(deadline, "deadline", bits=40, unit="seconds")
        if until < self.time():
            raise InvalidInput("deadline", f"{until} is in the past", "Give a later unix time")
        return {
            "account": address,
            "roles": bitmap,
            "expiresAt": expiry,
            "certificateHash": certificate,
            "serial": number,
            "deadline": until,
        }

    def admit_by_voucher(self, terms: Mapping[str, Any], signature: str) -> ContractCall:
        """Anybody's call that admits an account under the administrator's signed voucher.

        Args:
            terms: As :meth:`voucher_terms` gave them.
            signature: The administrator's EIP-712 signature, 0x-hex.

        Raises:
            InvalidInput: If the signature is malformed.
        """
        signed = parse_bytes(signature, "signature", length=SIGNATURE_BYTES)
        return ContractCall("Membership", "admitByVoucher", (dict(terms), signed))

    def _admission(
        self, account: str, roles: Sequence[str], expires_at: int, certificate_hash: str
    ) -> tuple[str, int, int, bytes]:
        address = checksum_address(account, "account")
        if address == ZERO_ADDRESS:
            raise InvalidInput("account", "is the zero address", "Give the member's address")
        bitmap = bitmap_of(roles)
        expiry = parse_uint(expires_at, "expires_at", bits=40, unit="seconds")
        now = self.time()
        if expiry <= now:
            raise InvalidInput(
                "expires_at", f"{expiry} is in the past", f"Give a unix time after {now}"
            )
        return address, bitmap, expiry, parse_bytes32(certificate_hash, "certificate_hash")

    def _find(self, account: str) -> Row | None:
        statement = select(member).where(member.c.account == account)
        with read_scope(self._engine) as session:
            row = session.execute(statement).mappings().one_or_none()
            return dict(row) if row is not None else None


def is_active_row(row: Row, now: int) -> bool:
    """Whether a member's record holds at a unix time."""
    return bool(row["revoked_at"] == 0 and row["expires_at"] > now)


def active_with_role(role: str, now: int) -> Select[Any]:
    """Query for the accounts that are active members with a role, for other capabilities' filters.

    Args:
        role: Name of the role.
        now: Unix time at which they are active.
    """
    bit = int(role_by_name(role))
    holds = member.c.roles.bitwise_and(bit) == bit
    return select(member.c.account).where(_active_at(now), holds)


def _active_at(now: int) -> ColumnElement[bool]:
    return and_(member.c.revoked_at == 0, member.c.expires_at > now)
