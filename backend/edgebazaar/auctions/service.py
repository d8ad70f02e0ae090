"""Auction rounds: reads on the projection, and the calls of operator and bidders."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, select

from edgebazaar.addresses import checksum_address
from edgebazaar.auctions.commitments import submarket_index
from edgebazaar.auctions.openings import OpeningService
from edgebazaar.auctions.rounds import (
    deposit_of,
    phase_of,
    require_operator,
    score_words,
    terms_of,
)
from edgebazaar.auctions.tables import SUBMARKETS, auction_bid, auction_round
from edgebazaar.auctions.terms import parse_terms
from edgebazaar.auctions.words import bid_word, bidding_word, score_word, terms_hash
from edgebazaar.chain.clock import indexed_head
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.errors import Conflict, Forbidden, InvalidInput, NotFound
from edgebazaar.identity.service import MemberService
from edgebazaar.values import hash_key, parse_bytes, parse_bytes32, parse_uint, require_state

Row = Mapping[str, Any]
STATES = ("open", "scored", "declared", "settled", "refunded")
BIDDER_ROLES = {"online": "vehicle", "offline": "model_provider"}
WORD_BITS = 256


class AuctionService:
    """Use cases of auction rounds.

    Whether a phase has begun is left to the contract, whose clock is ahead of the read model's;
    what is too late already is refused here.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        self._members = MemberService(engine)
        self._openings = OpeningService(engine)

    # Reads

    def round(self, round_id: str) -> Row:
        """One round, with its `phase` at the last indexed block.

        Raises:
            InvalidInput: If `round_id` is no id.
            NotFound: If there is none.
        """
        key = hash_key(round_id, "round_id")
        with read_scope(self._engine) as session:
            now = indexed_head(session).timestamp
            statement = select(auction_round).where(auction_round.c.round_id == key)
            found = session.execute(statement).mappings().one_or_none()
        if found is None:
            raise NotFound("auction round", key)
        row = dict(found)
        return {**row, "phase": phase_of(row, now)}

    def rounds(
        self,
        *,
        state: str | None = None,
        operator: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> RowPage:
        """Rounds, newest first, each with its `phase`.

        Raises:
            InvalidInput: For a malformed filter or cursor.
        """
        table = auction_round
        statement = select(table)
        if state is not None:
            require_state(state, STATES)
            statement = statement.where(table.c.state == state)
        if operator is not None:
            statement = statement.where(table.c.operator == checksum_address(operator, "operator"))
        with read_scope(self._engine) as session:
            now = indexed_head(session).timestamp
            page = row_page(
                session,
                statement,
                [table.c.block_number, table.c.log_index],
                limit=limit,
                after=after,
            )
        return RowPage([{**row, "phase": phase_of(row, now)} for row in page.rows], page.next)

    def bids(self, round_id: str) -> list[Row]:
        """All bids of a round in the order of commitment."""
        statement = (
            select(auction_bid)
            .where(auction_bid.c.round_id == hash_key(round_id, "round_id"))
            .order_by(auction_bid.c.position)
        )
        with read_scope(self._engine) as session:
            return [dict(row) for row in session.execute(statement).mappings()]

    # Calls of bidders

    def commit_bid(
        self, bidder: str, round_id: str, submarket: str, commitment: str
    ) -> ContractCall:
        """The bidder's call that commits a sealed bid and pays its deposit.

        Args:
            bidder: Who bids.
            round_id: The round.
            submarket: `online` (vehicles) or `offline` (model providers).
            commitment: As :func:`edgebazaar.auctions.commitments.commitment_of` gives it.

        Raises:
            NotFound: If there is no such round.
            InvalidInput: For an unknown submarket or a malformed commitment.
            Forbidden: If the bidder lacks the submarket's role.
            Conflict: If the round takes no bids any more.
        """
        row = self.round(round_id)
        index = submarket_index(submarket)
        sealed = parse_bytes32(commitment, "commitment", zero_allowed=False)
        role = BIDDER_ROLES[submarket]
        if not self._members.has_role(bidder, role, self._members.time()):
            raise Forbidden(
                f"{bidder} is no active {role.replace('_', ' ')}, as {submarket} bids need",
                mend="Ask the administrator for the role.",
            )
        if row["phase"] != "commit":
            raise Conflict(
                f"round {row['round_id']} takes no bids any more", mend="Wait for the next round."
            )
        if row["bids"] >= row["maximum_bids"]:
            raise Conflict(f"round {row['round_id']} is full", mend="Wait for the next round.")
        terms = terms_of(row)
        arguments = (bidding_word(terms), terms_hash(terms), index, sealed)
        return ContractCall("AuctionHouse", "commitBid", arguments, value=deposit_of(row, index))

    def open_own_bid(
        self, bidder: str, round_id: str, index: int, amount: str | int, salt: str
    ) -> ContractCall:
        """The bidder's call that opens a bid which the operator left out of its declaration.

        Raises:
            NotFound: If there is no such round or bid.
            Forbidden: If the bid is another's.
            InvalidInput: If amount and salt are not those committed to.
            Conflict: If nothing is declared yet, the bid is, or the time is over.
        """
        row = self.round(round_id)
        opening = self._openings.check(row, bidder, index, amount, salt)
        if row["state"] != "declared":
            raise Conflict(
                f"round {row['round_id']} is {row['state']}",
                mend="Bidders open their own bids after the operator's declaration only.",
            )
        if row["phase"] != "open":
            raise Conflict(f"the time to open bids ended at {row['open_until']}")
        if _is_set(_words(row), index):
            raise Conflict(f"the operator declared bid {index}; it must open it itself")
        arguments = (
            terms_of(row),
            index,
            opening.submarket,
            opening.amount,
            opening.salt,
            _words(row),
        )
        return ContractCall("AuctionHouse", "openOwnBid", arguments)

    def refund_all(self, round_id: str) -> ContractCall:
        """Anybody's call that returns all deposits when the operator missed one of its times.

        Raises:
            NotFound: If there is no such round.
            Conflict: If it has ended.
        """
        row = self.round(round_id)
        if row["phase"] == "ended":
            raise Conflict(f"round {row['round_id']} is {row['state']} already")
        bids = [_sealed(bid) for bid in self.bids(row["round_id"])]
        return ContractCall("AuctionHouse", "refundAll", (terms_of(row), bids))

    # Calls of the operator

    def open_round(self, operator: str, fields: Mapping[str, Any]) -> ContractCall:
        """The operator's call that opens a round and advances the brand's price.

        Args:
            operator: Who runs the round.
            fields: See :func:`edgebazaar.auctions.terms.parse_terms`; salt is random if None.

        Raises:
            InvalidInput: For a malformed or impossible term.
        """
        now = self._members.time()
        salt = fields.get("salt")
        terms = {
            "operator": operator,
            **parse_terms(fields, now),
            "salt": secrets.token_bytes(32) if salt is None else parse_bytes32(salt, "salt"),
        }
        if not self._members.has_role(terms["beneficiary"], "roadside_unit", now):
            raise InvalidInput(
                "beneficiary", "is no active roadside unit", "Name one that is a member"
            )
        advance = terms["brandPrice"] * terms["maximumSeconds"]
        return ContractCall("AuctionHouse", "openRound", (terms,), value=advance)

    def publish_scores(
        self, operator: str, round_id: str, scores: Sequence[Mapping[str, Any]], inputs: str
    ) -> ContractCall:
        """The operator's call that fixes the scores of all online bids before it can see one.

        Args:
            operator: Who runs the round.
            round_id: The round.
            scores: proportional (1e18 fixed point), additive (wei), simulation_seconds; one for
                each online bid in the order of commitment.
            inputs: What they were computed from, 0x-hex.

        Raises:
            NotFound, Forbidden, Conflict: No such round, another's, or not due.
            InvalidInput: For a malformed score or another number of them.
        """
        row = require_operator(self.round(round_id), operator)
        self._require_state(row, "open", "score_until")
        online = SUBMARKETS.index("online")
        bids = sum(bid["submarket"] == online for bid in self.bids(row["round_id"]))
        if len(scores) != bids:
            raise InvalidInput(
                "scores", f"has {len(scores)} items for {bids} online bids", "Give one for each"
            )
        words = [
            _parse_score(score, index, row["maximum_seconds"]) for index, score in enumerate(scores)
        ]
        data = parse_bytes(inputs, "inputs")
        digest = hashlib.sha256(data).digest()
        arguments = (terms_of(row), words, digest, data)
        return ContractCall("AuctionHouse", "publishScores", arguments)

    def declare_openings(self, operator: str, round_id: str) -> ContractCall:
        """The operator's call that declares all bids whose openings it received.

        Raises:
            NotFound, Forbidden, Conflict: No such round, another's, or not due.
        """
        row = require_operator(self.round(round_id), operator)
        self._require_state(row, "scored", "declare_until")
        words = [0] * -(-row["bids"] // WORD_BITS)
        for opening in self._openings.received(row["round_id"]):
            position = opening["position"]
            words[position // WORD_BITS] |= 1 << (position % WORD_BITS)
        return ContractCall("AuctionHouse", "declareOpenings", (terms_of(row), words))

    def settle(self, operator: str, round_id: str) -> ContractCall:
        """The operator's call that has the chain find winners, prices and what everybody is owed.

        Raises:
            NotFound, Forbidden, Conflict: No such round, another's, not due, or a declared bid
                cannot be opened.
        """
        row = require_operator(self.round(round_id), operator)
        self._require_state(row, "declared", "settle_until")
        words = _words(row)
        received = {
            opening["position"]: opening for opening in self._openings.received(row["round_id"])
        }
        bids = []
        for bid in self.bids(row["round_id"]):
            position = bid["position"]
            if _is_set(words, position):
                if position not in received:
                    raise Conflict(
                        f"bid {position} was declared but its opening is not here",
                        mend="Ask its bidder for the opening, or let the round run out.",
                    )
                bids.append(_opened(bid, received[position]["amount"], received[position]["salt"]))
            elif bid["own_amount"] is not None:
                bids.append(_opened(bid, bid["own_amount"], bid["own_salt"]))
            else:
                bids.append(_sealed(bid))
        arguments = (terms_of(row), bids, score_words(row), words)
        return ContractCall("AuctionHouse", "settle", arguments)

    def _require_state(self, row: Row, state: str, limit: str) -> None:
        if row["state"] != state:
            raise Conflict(
                f"round {row['round_id']} is {row['state']}, not {state}",
                mend="See its phase for what comes next.",
            )
        if self._members.time() >= row[limit]:
            raise Conflict(
                f"the time for this ended at {row[limit]}", mend="Anybody may have all refunded."
            )


def _words(row: Row) -> list[int]:
    return [int(word) for word in row["bitmap"] or ()]


def _is_set(words: Sequence[int], index: int) -> bool:
    return bool(words[index // WORD_BITS] >> (index % WORD_BITS) & 1)


def _sealed(bid: Row) -> dict[str, Any]:
    return {
        "word": bid_word(bid["bidder"], bid["submarket"], None),
        "secret": bid["commitment"],
    }


def _opened(bid: Row, amount: int, salt: str) -> dict[str, Any]:
    return {"word": bid_word(bid["bidder"], bid["submarket"], amount), "secret": salt}


def _parse_score(score: Mapping[str, Any], index: int, maximum_seconds: int) -> int:
    where = f"scores[{index}]."
    seconds = parse_uint(
        score["simulation_seconds"], f"{where}simulation_seconds", bits=32, unit="seconds"
    )
    if seconds > maximum_seconds:
        raise InvalidInput(
            f"{where}simulation_seconds",
            f"{seconds} exceeds the round's maximum",
            f"Give at most {maximum_seconds}",
        )
    return score_word(
        parse_uint(
            score["proportional"], f"{where}proportional", bits=128, unit="1e18 fixed point"
        ),
        parse_uint(score["additive"], f"{where}additive", bits=96),
        seconds,
    )
