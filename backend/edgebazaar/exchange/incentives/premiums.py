"""Premiums on both legs of a two-lock exchange: reads, and the calls of both parties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from sqlalchemy import Engine, select

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.clock import indexed_head
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.db.rows import one_row
from edgebazaar.errors import Conflict, Forbidden, InvalidInput
from edgebazaar.exchange.assets import parse_asset
from edgebazaar.exchange.incentives.tables import PREMIUM_STATES, exchange_premium
from edgebazaar.values import ZERO_HASH, hash_key, parse_bytes32, parse_uint, require_state, to_hex

Row = Mapping[str, Any]
STATES = PREMIUM_STATES[1:]
_TERMS = "(address,address,(uint8,address,uint256),bytes32,uint40,bytes32,bytes32,uint256)"


def lock_id_of(chain_id: int, timelock: str, terms: Mapping[str, Any]) -> str:
    """Id of a lock before it is opened: keccak256(abi.encode(chain id, contract, terms)).

    Args:
        chain_id: The chain.
        timelock: Address of HashedTimelock.
        terms: Terms of the lock, hashes as 0x-hex.
    """
    asset = terms["asset"]
    words = (
        terms["sender"],
        terms["receiver"],
        (asset["kind"], asset["token"], asset["amountOrId"]),
        bytes.fromhex(terms["hashlock"][2:]),
        terms["timelock"],
        bytes.fromhex(terms["expected"][2:]),
        bytes.fromhex(terms["firstLock"][2:]),
        terms["guardedContent"],
    )
    return to_hex(keccak(encode(["uint256", "address", _TERMS], [chain_id, timelock, words])))


def terms_of(row: Row) -> dict[str, Any]:
    """The Terms of ExchangePremiums for a row, exactly as they were emitted."""
    return {
        "leader": row["leader"],
        "follower": row["follower"],
        "leaderPremium": row["leader_premium"],
        "followerPremium": row["follower_premium"],
        "firstLock": row["first_lock"],
        "linkedLock": row["linked_lock"],
        "joinUntil": row["join_until"],
        "answerUntil": row["answer_until"],
    }


class PremiumService:
    """Use cases of premiums.

    What the locks' states make due is left to the contract, which is ahead of the read model.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        self._registry = contracts.address("ProofOfAIGC")
        self._timelock = contracts.address("HashedTimelock")
        self._chain_id = contracts.chain_id
        self._safety_margin = int(contracts.deployment.profile["safety_margin"])

    def premium(self, premiums_id: str) -> Row:
        """One pair of premiums.

        Raises:
            InvalidInput: If `premiums_id` is no id.
            NotFound: If there is none.
        """
        key = hash_key(premiums_id, "premiums_id")
        with read_scope(self._engine) as session:
            return one_row(session, exchange_premium.c.premiums_id, key, "pair of premiums")

    def premiums(
        self,
        *,
        leader: str | None = None,
        follower: str | None = None,
        state: str | None = None,
        lock_id: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> RowPage:
        """Pairs of premiums, newest first; `lock_id` is that of either lock.

        Raises:
            InvalidInput: For a malformed filter or cursor.
        """
        table = exchange_premium
        statement = select(table)
        for name, account in {"leader": leader, "follower": follower}.items():
            if account is not None:
                statement = statement.where(table.c[name] == checksum_address(account, name))
        if lock_id is not None:
            key = hash_key(lock_id, "lock_id")
            statement = statement.where((table.c.first_lock == key) | (table.c.linked_lock == key))
        if state is not None:
            require_state(state, STATES)
            statement = statement.where(table.c.state == state)
        order = [table.c.block_number, table.c.log_index]
        with read_scope(self._engine) as session:
            return row_page(session, statement, order, limit=limit, after=after)

    def deposit(
        self,
        follower: str,
        *,
        leader: str,
        asset: Mapping[str, Any],
        expected_asset: Mapping[str, Any],
        hashlock: str,
        timelock: int,
        answer_timelock: int,
        leader_premium: str | int,
        follower_premium: str | int,
        join_until: int,
        answer_until: int,
    ) -> ContractCall:
        """The follower's call that deposits its premium for an exchange agreed on to the last word.

        Args:
            follower: Who will answer with the linked lock.
            leader: Who will open the first lock and holds the secret.
            asset: What the first lock will hold.
            expected_asset: What the linked lock will hold.
            hashlock: Hashlock of both.
            timelock: Timelock of the first lock, unix time.
            answer_timelock: Timelock of the linked lock.
            leader_premium: What the leader stakes, wei.
            follower_premium: What the follower stakes, wei; goes with the call.
            join_until: First second in which the leader can no longer join.
            answer_until: First second in which a missing answer costs the follower its premium.

        Raises:
            InvalidInput: For a malformed or impossible term.
        """
        other = checksum_address(leader, "leader")
        if other == follower:
            raise InvalidInput("leader", "is the follower itself", "Name the counterparty")
        times = self._times(timelock, answer_timelock, join_until, answer_until)
        stake = parse_uint(follower_premium, "follower_premium", minimum=1)
        given = parse_asset(asset, self._registry)
        wanted = parse_asset(expected_asset, self._registry, "expected_asset")
        key = to_hex(parse_bytes32(hashlock, "hashlock", zero_allowed=False))
        first = {
            "sender": other,
            "receiver": follower,
            "asset": given.struct,
            "hashlock": key,
            "timelock": times[3],
            "expected": to_hex(wanted.hash),
            "firstLock": ZERO_HASH,
            "guardedContent": 0,
        }
        first_lock = lock_id_of(self._chain_id, self._timelock, first)
        linked = {
            "sender": follower,
            "receiver": other,
            "asset": wanted.struct,
            "hashlock": key,
            "timelock": times[2],
            "expected": ZERO_HASH,
            "firstLock": first_lock,
            "guardedContent": given.amount_or_id if given.kind == "content" else 0,
        }
        terms = {
            "leader": other,
            "follower": follower,
            "leaderPremium": parse_uint(leader_premium, "leader_premium", minimum=1),
            "followerPremium": stake,
            "firstLock": first_lock,
            "linkedLock": lock_id_of(self._chain_id, self._timelock, linked),
            "joinUntil": times[0],
            "answerUntil": times[1],
        }
        return ContractCall("ExchangePremiums", "deposit", (terms, first, linked), value=stake)

    def join(self, leader: str, premiums_id: str) -> ContractCall:
        """The leader's call that adds its premium, once its first lock is open.

        Raises:
            NotFound: If there is no such pair.
            Forbidden: If the caller is not its leader.
            Conflict: If it is not waiting for the leader.
        """
        row = self.premium(premiums_id)
        if row["leader"] != leader.lower():
            raise Forbidden(
                f"premiums {row['premiums_id']} wait for {row['leader']}",
                mend="Sign in as their leader.",
            )
        self._require(row, "deposited")
        terms = terms_of(row)
        return ContractCall("ExchangePremiums", "join", (terms,), value=row["leader_premium"])

    def withdraw(self, premiums_id: str) -> ContractCall:
        """Anybody's call that pays the follower back whom the leader did not join.

        Raises:
            NotFound: If there is no such pair.
            Conflict: If the leader joined, or it is closed.
        """
        row = self.premium(premiums_id)
        self._require(row, "deposited")
        return ContractCall("ExchangePremiums", "withdraw", (terms_of(row),))

    def settle(self, premiums_id: str) -> ContractCall:
        """Anybody's call that pays what the states of both locks make due.

        Raises:
            NotFound: If there is no such pair.
            Conflict: If the leader has not joined, or it is closed.
        """
        row = self.premium(premiums_id)
        self._require(row, "joined", "answered")
        return ContractCall("ExchangePremiums", "settle", (terms_of(row),))

    def _times(
        self, timelock: int, answer_timelock: int, join_until: int, answer_until: int
    ) -> tuple[int, int, int, int]:
        given = {
            "join_until": join_until,
            "answer_until": answer_until,
            "answer_timelock": answer_timelock,
            "timelock": timelock,
        }
        join, answer, linked, first = (
            parse_uint(value, name, bits=40, unit="seconds") for name, value in given.items()
        )
        with read_scope(self._engine) as session:
            now = indexed_head(session).timestamp
        if join <= now:
            raise InvalidInput(
                "join_until", f"{join} is in the past", f"Give a unix time after {now}"
            )
        if answer <= join:
            raise InvalidInput("answer_until", f"{answer} is not after join_until", "Give a later")
        if linked < answer:
            raise InvalidInput(
                "answer_timelock", f"{linked} is before answer_until", "Give a later one"
            )
        if first < linked + self._safety_margin:
            raise InvalidInput(
                "timelock",
                f"{first} leaves less than {self._safety_margin} seconds after the answer's",
                f"Give at least {linked + self._safety_margin}",
            )
        return join, answer, linked, first

    @staticmethod
    def _require(row: Row, *states: str) -> None:
        if row["state"] not in states:
            raise Conflict(f"premiums {row['premiums_id']} are {row['state']}, not {states[0]}")
