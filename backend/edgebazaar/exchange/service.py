"""Hashed-timelock locks: reads on the projection; calls that lock, answer, claim and refund."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, select

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.clock import indexed_head
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.chain.typed_data import TypedData, typed_data_for_exit
from edgebazaar.content.service import ContentService
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.errors import Conflict, Forbidden, InvalidInput, NotFound
from edgebazaar.exchange.assets import Asset, parse_asset, require_preimage
from edgebazaar.exchange.hashlocks import require_unused
from edgebazaar.exchange.tables import CONTENT_KIND, exchange_lock
from edgebazaar.values import (
    ZERO_ADDRESS,
    ZERO_HASH,
    content_key,
    hash_key,
    parse_bytes,
    parse_bytes32,
    parse_uint,
    require_state,
    to_hex,
)

Row = Mapping[str, Any]
STATES = ("open", "claimed", "refunded")


def terms_of(row: Row) -> dict[str, Any]:
    """The Terms of HashedTimelock for a row, exactly as they were emitted."""
    return {
        "sender": row["sender"],
        "receiver": row["receiver"],
        "asset": {
            "kind": row["asset_kind"],
            "token": row["asset_token"],
            "amountOrId": row["asset_amount_or_id"],
        },
        "hashlock": row["hashlock"],
        "timelock": row["timelock"],
        "expected": row["expected"],
        "firstLock": row["first_lock"],
        "guardedContent": row["guarded_content"],
    }


class LockService:
    """Use cases of hashed-timelock locks.

    Whether a refund's time has come is left to the contract, whose clock is ahead of the read
    model's; what is too late already (a claim after the timelock) is refused here.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        self._contracts = contracts
        self._contents = ContentService(engine, contracts)
        self._registry = contracts.address("ProofOfAIGC")
        self._safety_margin = int(contracts.deployment.profile["safety_margin"])

    # Reads

    @property
    def safety_margin(self) -> int:
        """Seconds by which a first lock's timelock must outlast its answer's."""
        return self._safety_margin

    def lock(self, lock_id: str) -> Row:
        """One lock, with the ids of the locks that answer it under `answers`.

        Raises:
            InvalidInput: If `lock_id` is no id.
            NotFound: If there is none.
        """
        key = hash_key(lock_id, "lock_id")
        table = exchange_lock
        answers = select(table.c.lock_id).where(table.c.first_lock == key).order_by(table.c.lock_id)
        with read_scope(self._engine) as session:
            row = (
                session.execute(select(table).where(table.c.lock_id == key))
                .mappings()
                .one_or_none()
            )
            if row is None:
                raise NotFound("lock", key)
            return {**row, "answers": list(session.execute(answers).scalars())}

    def locks(
        self,
        *,
        sender: str | None = None,
        receiver: str | None = None,
        state: str | None = None,
        hashlock: str | None = None,
        first_lock: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> RowPage:
        """Locks, newest first.

        Raises:
            InvalidInput: For a malformed filter or cursor.
        """
        table = exchange_lock
        statement = select(table)
        for name, account in {"sender": sender, "receiver": receiver}.items():
            if account is not None:
                statement = statement.where(table.c[name] == checksum_address(account, name))
        for name, value in {"hashlock": hashlock, "first_lock": first_lock}.items():
            if value is not None:
                statement = statement.where(table.c[name] == hash_key(value, name))
        if state is not None:
            require_state(state, STATES)
            statement = statement.where(table.c.state == state)
        with read_scope(self._engine) as session:
            return row_page(
                session,
                statement,
                [table.c.block_number, table.c.log_index],
                limit=limit,
                after=after,
            )

    # Calls

    def open(
        self,
        sender: str,
        *,
        receiver: str,
        asset: Mapping[str, Any],
        hashlock: str,
        timelock: int,
        expected_asset: Mapping[str, Any] | None = None,
    ) -> ContractCall:
        """The call that opens a first or single lock.

        Args:
            sender: Who locks.
            receiver: Who is paid against the preimage.
            asset: What is locked, see :func:`parse_asset`.
            hashlock: sha256 of a fresh 32-byte preimage.
            timelock: First second of refund, unix time.
            expected_asset: What an answering lock must hold; None for a single lock.

        Raises:
            InvalidInput: For a malformed or impossible term.
            Conflict: If the hashlock was used before, or the content is not free.
            Forbidden: If the sender does not own the content.
        """
        locked = parse_asset(asset, self._registry)
        expected = ZERO_HASH
        if expected_asset is not None:
            expected = to_hex(parse_asset(expected_asset, self._registry, "expected_asset").hash)
        key = to_hex(parse_bytes32(hashlock, "hashlock", zero_allowed=False))
        until = self._future(timelock)
        to = self._receiver(receiver, sender)
        self._require_owned(locked, sender)
        with read_scope(self._engine) as session:
            require_unused(session, key)
        terms = {
            "sender": sender,
            "receiver": to,
            "asset": locked.struct,
            "hashlock": key,
            "timelock": until,
            "expected": expected,
            "firstLock": ZERO_HASH,
            "guardedContent": 0,
        }
        return ContractCall("HashedTimelock", "lock", (terms,), value=locked.value)

    def answer(
        self,
        sender: str,
        first_lock: str,
        *,
        asset: Mapping[str, Any],
        timelock: int,
    ) -> ContractCall:
        """The call that opens the lock which answers a first one.

        Parties, hashlock and guarded content follow from the first lock.

        Raises:
            NotFound: If there is no such first lock.
            Forbidden: If it was not opened for `sender`.
            Conflict: If it is not open, expects no answer, or is answered already.
            InvalidInput: If asset or timelock do not fit it.
        """
        first = self.lock(first_lock)
        if first["receiver"] != sender.lower():
            raise Forbidden(
                f"lock {first['lock_id']} is for {first['receiver']}",
                mend="Sign in as its receiver.",
            )
        self._require_answerable(first)
        locked = parse_asset(asset, self._registry)
        if to_hex(locked.hash) != first["expected"]:
            raise InvalidInput(
                "asset",
                "is not what the first lock expects",
                "Lock exactly the asset agreed on: same kind, contract and amount or id",
            )
        until = self._future(timelock)
        latest = first["timelock"] - self._safety_margin
        if until > latest:
            raise InvalidInput(
                "timelock",
                f"{until} leaves less than {self._safety_margin} seconds to claim the first lock",
                f"Give at most {latest}",
            )
        self._require_owned(locked, sender)
        is_content = first["asset_kind"] == CONTENT_KIND
        terms = {
            "sender": sender,
            "receiver": first["sender"],
            "asset": locked.struct,
            "hashlock": first["hashlock"],
            "timelock": until,
            "expected": ZERO_HASH,
            "firstLock": first["lock_id"],
            "guardedContent": first["asset_amount_or_id"] if is_content else 0,
        }
        arguments = (terms, terms_of(first))
        return ContractCall("HashedTimelock", "lockLinked", arguments, value=locked.value)

    def claim(self, lock_id: str, preimage: str) -> ContractCall:
        """Anybody's call that pays the receiver against the preimage.

        Raises:
            NotFound: If there is no such lock.
            Conflict: If it is closed or its timelock has passed.
            InvalidInput: If the preimage does not open it.
        """
        row = self._open_lock(lock_id)
        with read_scope(self._engine) as session:
            now = indexed_head(session).timestamp
        if now >= row["timelock"]:
            raise Conflict(
                f"the timelock {row['timelock']} has passed", mend="Only a refund is possible now."
            )
        secret = parse_bytes32(preimage, "preimage")
        require_preimage(secret, row["hashlock"])
        return ContractCall("HashedTimelock", "claim", (terms_of(row), secret))

    def refund(self, lock_id: str) -> ContractCall:
        """Anybody's call that pays the sender back from the timelock on.

        Raises:
            NotFound: If there is no such lock.
            Conflict: If it is closed.
        """
        return ContractCall("HashedTimelock", "refund", (terms_of(self._open_lock(lock_id)),))

    def exit_typed_data(self, lock_id: str) -> TypedData:
        """What both parties sign to leave a lock early.

        Raises:
            NotFound: If there is no such lock.
            Conflict: If it is closed.
        """
        return typed_data_for_exit(self._contracts, self._open_lock(lock_id)["lock_id"])

    def exit(
        self, lock_id: str, *, sender_signature: str = "0x", receiver_signature: str = "0x"
    ) -> ContractCall:
        """The call that refunds the sender early, as both parties consent.

        Args:
            lock_id: The lock.
            sender_signature: The sender's, over :meth:`exit_typed_data`; empty if it calls itself.
            receiver_signature: The receiver's, likewise.

        Raises:
            NotFound: If there is no such lock.
            Conflict: If it is closed.
            InvalidInput: If a signature is no 0x-hex.
        """
        signatures = (
            parse_bytes(sender_signature, "sender_signature"),
            parse_bytes(receiver_signature, "receiver_signature"),
        )
        terms = terms_of(self._open_lock(lock_id))
        return ContractCall("HashedTimelock", "exit", (terms, *signatures))

    def _open_lock(self, lock_id: str) -> Row:
        row = self.lock(lock_id)
        if row["state"] != "open":
            raise Conflict(f"lock {row['lock_id']} is {row['state']} already")
        return row

    def _require_answerable(self, first: Row) -> None:
        if first["state"] != "open":
            raise Conflict(f"lock {first['lock_id']} is {first['state']} already")
        if first["expected"] == ZERO_HASH:
            raise Conflict(
                f"lock {first['lock_id']} expects no answer",
                mend="Open a lock of your own, or ask for one that states `expected_asset`.",
            )
        # Strangers can open locks with the same hashlock; only a real answer or a preimage that is
        # out stands in the way of this one.
        table = exchange_lock
        answered = (table.c.first_lock == first["lock_id"]) & (table.c.state != "refunded")
        statement = select(table.c.lock_id).where(
            table.c.hashlock == first["hashlock"], answered | table.c.preimage.is_not(None)
        )
        with read_scope(self._engine) as session:
            present = session.execute(statement.limit(1)).scalar_one_or_none()
        if present is not None:
            raise Conflict(
                f"lock {present} answers it or shows its preimage already",
                mend="Agree on a fresh hashlock; a preimage serves one exchange.",
            )

    def _require_owned(self, asset: Asset, sender: str) -> None:
        if asset.kind == "content":
            row = self._contents.content(content_key(asset.amount_or_id))
            self._contents.require_free(row, sender)

    def _future(self, timelock: int) -> int:
        until = parse_uint(timelock, "timelock", bits=40, unit="seconds")
        with read_scope(self._engine) as session:
            now = indexed_head(session).timestamp
        if until <= now:
            raise InvalidInput(
                "timelock", f"{until} is in the past", f"Give a unix time after {now}"
            )
        return until

    @staticmethod
    def _receiver(receiver: str, sender: str) -> str:
        to = checksum_address(receiver, "receiver")
        if to in {ZERO_ADDRESS, sender}:
            raise InvalidInput(
                "receiver", "is the zero address or the sender", "Name the counterparty"
            )
        return to
