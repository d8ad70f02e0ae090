"""What ended rounds owe: computed from bids and result, proven to AuctionHouse, collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, select

from edgebazaar.auctions.engine.entitlements import (
    Entitlement,
    EntitlementTree,
    refunded_entitlements,
    settled_entitlements,
)
from edgebazaar.auctions.engine.fixed_point import (
    RoundBid,
    Submarket,
    VehicleScore,
    settle_round,
)
from edgebazaar.auctions.rounds import engine_terms
from edgebazaar.auctions.tables import auction_collection
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.db import read_scope
from edgebazaar.errors import Conflict, InvalidInput, NotFound

Row = Mapping[str, Any]
Kind = Literal["bid", "income", "penalties", "advance"]
BATCH = 100
"""Entitlements that one transaction pays at most: about 5 million gas."""


@dataclass(frozen=True, slots=True)
class Owed:
    """An entitlement and what became of it.

    Attributes:
        entitlement: Index, account and wei.
        kind: Of a bid, or the beneficiary's income, the treasury's penalties, the operator's
            unused advance.
        proof: Siblings up to the round's root.
        collected: Row of its collection, None while it waits.
    """

    entitlement: Entitlement
    kind: Kind
    proof: Sequence[bytes]
    collected: Row | None


class CollectionService:
    """Use cases of entitlements.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        self._treasury = str(contracts.deployment.profile["treasury"])

    def owed(self, row: Row, bids: Sequence[Row]) -> list[Owed]:
        """Everything that an ended round owed or owes, in the order of the tree; else nothing.

        Raises:
            Conflict: If bids and result do not give the root that the contract keeps.
        """
        if row["entitlement_root"] is None:
            return []
        entitlements = self._entitlements(row, bids)
        tree = EntitlementTree.of(entitlements)
        if "0x" + tree.root.hex() != row["entitlement_root"]:
            raise Conflict(
                f"the bids of round {row['round_id']} do not give its root of entitlements",
                mend="Wait until the round is indexed as a whole, or rebuild the read model.",
            )
        statement = select(auction_collection).where(
            auction_collection.c.round_id == row["round_id"]
        )
        with read_scope(self._engine) as session:
            rows = [dict(found) for found in session.execute(statement).mappings()]
        collected = {found["position"]: found for found in rows}
        return [
            Owed(
                one,
                _kind(row, one.index, len(bids)),
                tree.proof(one.index),
                collected.get(one.index),
            )
            for one in entitlements
        ]

    def collect(self, row: Row, bids: Sequence[Row], indices: Sequence[int] | None) -> ContractCall:
        """Anybody's call that pays what a round owes; only the accounts that are owed are paid.

        Args:
            row: The round.
            bids: All of its bids.
            indices: Which entitlements; None for the next 100 that wait.

        Raises:
            NotFound: If the round has no such entitlement.
            Conflict: If the round has not ended, or nothing of this waits.
            InvalidInput: For too many at once.
        """
        owed = self.owed(row, bids)
        if not owed:
            raise Conflict(
                f"round {row['round_id']} is {row['state']}",
                mend="There is something to collect once it is settled or refunded.",
            )
        if indices is None:
            waiting = [one for one in owed if one.collected is None and one.entitlement.amount]
            chosen = waiting[:BATCH]
        else:
            chosen = [self._waiting(owed, index) for index in sorted(set(indices))]
        if not chosen:
            raise Conflict(f"round {row['round_id']} owes nothing any more")
        if len(chosen) > BATCH:
            raise InvalidInput(
                "indices", f"has {len(chosen)} items", f"Give at most {BATCH} at once"
            )
        if len(chosen) == 1:
            arguments = (row["round_id"], _struct(chosen[0]), list(chosen[0].proof))
            return ContractCall("AuctionHouse", "collect", arguments)
        tree = EntitlementTree.of([one.entitlement for one in owed])
        proof, flags = tree.multiproof([one.entitlement.index for one in chosen])
        arguments_of_many = (row["round_id"], [_struct(one) for one in chosen], proof, flags)
        return ContractCall("AuctionHouse", "collectMany", arguments_of_many)

    @staticmethod
    def _waiting(owed: Sequence[Owed], index: int) -> Owed:
        if not 0 <= index < len(owed):
            raise NotFound("entitlement", str(index))
        one = owed[index]
        if one.collected is not None:
            raise Conflict(
                f"entitlement {index} was collected in {one.collected['transaction_hash']}"
            )
        return one

    def _entitlements(self, row: Row, bids: Sequence[Row]) -> tuple[Entitlement, ...]:
        terms = engine_terms(row)
        bidders = [bid["bidder"] for bid in bids]
        engine_bids = [RoundBid(Submarket(bid["submarket"]), bid["amount"]) for bid in bids]
        if row["state"] == "refunded":
            return refunded_entitlements(terms, engine_bids, bidders, operator=row["operator"])
        scores = [
            VehicleScore(int(one["proportional"]), int(one["additive"]), one["simulation_seconds"])
            for one in row["scores"] or ()
        ]
        return settled_entitlements(
            settle_round(terms, engine_bids, scores),
            bidders,
            beneficiary=row["beneficiary"],
            treasury=self._treasury,
            operator=row["operator"],
        )


def _kind(row: Row, index: int, bids: int) -> Kind:
    if index < bids:
        return "bid"
    if row["state"] == "refunded":
        return "advance"
    kinds: tuple[Kind, ...] = ("income", "penalties", "advance")
    return kinds[index - bids]


def _struct(one: Owed) -> dict[str, Any]:
    entitlement = one.entitlement
    return {
        "index": entitlement.index,
        "account": entitlement.account,
        "amount": entitlement.amount,
    }
