"""Openings that bidders hand to a round's operator: checked, durable, shown to it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, delete, insert, select

from edgebazaar.auctions.commitments import commitment_of
from edgebazaar.auctions.tables import SUBMARKETS, auction_bid, auction_opening
from edgebazaar.auctions.words import AMOUNT_BITS
from edgebazaar.db import read_scope, session_scope
from edgebazaar.errors import Conflict, Forbidden, InvalidInput, NotFound
from edgebazaar.values import hash_key, parse_bytes32, parse_uint, to_hex

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a bid's commitment hides.

    Attributes:
        index: Position of the bid in the round's chain.
        submarket: Number of its submarket.
        amount: Wei; per second in the offline submarket.
        salt: 32 bytes, 0x-hex.
    """

    index: int
    submarket: int
    amount: int
    salt: str


class OpeningService:
    """Use cases of openings.

    Args:
        engine: Database engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def check(self, row: Row, bidder: str, index: int, amount: str | int, salt: str) -> Opening:
        """An opening that is true to the commitment of the caller's own bid.

        Args:
            row: The round.
            bidder: Who opens.
            index: Position of the bid.
            amount: Wei; per second in the offline submarket.
            salt: 32 bytes, 0x-hex.

        Raises:
            NotFound: If the round has no such bid.
            Forbidden: If the bid is another's.
            InvalidInput: If amount and salt are not those committed to.
        """
        bid = self._bid(row["round_id"], parse_uint(index, "index", bits=31, unit="position"))
        if bid["bidder"] != bidder.lower():
            raise Forbidden(f"bid {index} is {bid['bidder']}'s", mend="Sign in as its bidder.")
        value = parse_uint(amount, "amount", bits=AMOUNT_BITS)
        secret = to_hex(parse_bytes32(salt, "salt"))
        if self._commitment(bid, value, secret) != bid["commitment"]:
            raise InvalidInput(
                "amount",
                f"with this salt is not what bid {index} committed to",
                "Give exactly the amount and salt that the commitment was computed from",
            )
        return Opening(bid["position"], bid["submarket"], value, secret)

    def keep(
        self, row: Row, bidder: str, index: int, amount: str | int, salt: str, now: int
    ) -> Opening:
        """Takes an opening for the operator; durable when this returns, the same again is no error.

        Raises:
            NotFound, Forbidden, InvalidInput: As :meth:`check`.
            Conflict: Before the scores are published, as the operator must not know bids when it
                scores, or after its declaration.
        """
        if row["state"] != "scored":
            raise Conflict(
                f"round {row['round_id']} is {row['state']}; openings are taken while it is scored",
                mend="Wait until the operator has published its scores."
                if row["state"] == "open"
                else "Open the bid yourself on chain while its time lasts.",
            )
        opening = self.check(row, bidder, index, amount, salt)
        key = (auction_opening.c.round_id == row["round_id"]) & (
            auction_opening.c.position == opening.index
        )
        values = {"bidder": bidder.lower(), "amount": opening.amount, "salt": opening.salt}
        with session_scope(self._engine) as session:
            statement = select(*(auction_opening.c[name] for name in values)).where(key)
            present = session.execute(statement).mappings().one_or_none()
            if present is None or dict(present) != values:
                # What was there is that of a bid which a reorganisation took.
                session.execute(delete(auction_opening).where(key))
                session.execute(
                    insert(auction_opening).values(
                        round_id=row["round_id"],
                        position=opening.index,
                        received_at=now,
                        **values,
                    )
                )
        return opening

    def received(self, round_id: str) -> list[Row]:
        """All openings of a round that fit its present bids, by position.

        A reorganisation of the chain may have put other bids into their places.
        """
        joined = auction_opening.join(
            auction_bid,
            (auction_opening.c.round_id == auction_bid.c.round_id)
            & (auction_opening.c.position == auction_bid.c.position),
        )
        statement = (
            select(auction_opening, auction_bid.c.commitment, auction_bid.c.submarket)
            .select_from(joined)
            .where(
                auction_opening.c.round_id == hash_key(round_id, "round_id"),
                auction_opening.c.bidder == auction_bid.c.bidder,
            )
            .order_by(auction_opening.c.position)
        )
        with read_scope(self._engine) as session:
            rows = [dict(row) for row in session.execute(statement).mappings()]
        return [
            row
            for row in rows
            if self._commitment(row, row["amount"], row["salt"]) == row["commitment"]
        ]

    def _bid(self, round_id: str, position: int) -> Row:
        statement = select(auction_bid).where(
            auction_bid.c.round_id == round_id, auction_bid.c.position == position
        )
        with read_scope(self._engine) as session:
            bid = session.execute(statement).mappings().one_or_none()
        if bid is None:
            raise NotFound("bid", f"{position} in round {round_id}")
        return dict(bid)

    def _commitment(self, bid: Row, amount: int, salt: str) -> str:
        submarket = SUBMARKETS[bid["submarket"]]
        return commitment_of(bid["round_id"], bid["bidder"], submarket, amount, salt)
