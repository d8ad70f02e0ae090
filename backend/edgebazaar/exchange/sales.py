"""Sales of content on this chain, and payout credits: reads, and calls of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, select

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.clock import indexed_head
from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.content.service import ContentService
from edgebazaar.db import read_scope
from edgebazaar.db.paging import RowPage, row_page
from edgebazaar.db.rows import one_row
from edgebazaar.errors import Conflict, Forbidden, InvalidInput
from edgebazaar.exchange.assets import require_preimage
from edgebazaar.exchange.hashlocks import require_unused
from edgebazaar.exchange.tables import payout_credit, sale
from edgebazaar.values import hash_key, parse_bytes32, parse_uint, require_state, to_hex

Row = Mapping[str, Any]
STATES = ("open", "settled", "refunded")


def terms_of(row: Row) -> dict[str, Any]:
    """The Terms of AtomicSale for a row, exactly as they were emitted."""
    return {
        "buyer": row["buyer"],
        "seller": row["seller"],
        "tokenId": int(row["content_hash"], 16),
        "price": row["price"],
        "hashlock": row["hashlock"],
        "timelock": row["timelock"],
    }


class SaleService:
    """Use cases of sales.

    Args:
        engine: Database engine.
        contracts: The deployed contracts.
    """

    def __init__(self, engine: Engine, contracts: ContractSet) -> None:
        self._engine = engine
        self._contents = ContentService(engine, contracts)

    def sale(self, sale_id: str) -> Row:
        """One sale.

        Raises:
            InvalidInput: If `sale_id` is no id.
            NotFound: If there is none.
        """
        key = hash_key(sale_id, "sale_id")
        with read_scope(self._engine) as session:
            return one_row(session, sale.c.sale_id, key, "sale")

    def sales(
        self,
        *,
        buyer: str | None = None,
        seller: str | None = None,
        content_hash: str | None = None,
        state: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> RowPage:
        """Sales, newest first.

        Raises:
            InvalidInput: For a malformed filter or cursor.
        """
        statement = select(sale)
        for name, account in {"buyer": buyer, "seller": seller}.items():
            if account is not None:
                statement = statement.where(sale.c[name] == checksum_address(account, name))
        if content_hash is not None:
            statement = statement.where(sale.c.content_hash == hash_key(content_hash, "content"))
        if state is not None:
            require_state(state, STATES)
            statement = statement.where(sale.c.state == state)
        key = [sale.c.block_number, sale.c.log_index]
        with read_scope(self._engine) as session:
            return row_page(session, statement, key, limit=limit, after=after)

    def open(
        self,
        buyer: str,
        content_hash: str,
        *,
        price: str | int,
        hashlock: str,
        timelock: int,
    ) -> ContractCall:
        """The buyer's call that pays the price into escrow; the seller is the present owner.

        Args:
            buyer: Who pays.
            content_hash: What is bought.
            price: Wei, royalty included.
            hashlock: sha256 of the key that the seller will reveal.
            timelock: First second of refund, unix time.

        Raises:
            NotFound: If the content is not registered.
            InvalidInput: For a malformed or impossible term.
            Conflict: If the buyer owns it, it was removed, or the hashlock was used before.
        """
        row = self._contents.content(content_hash)
        if row["owner"] == buyer.lower():
            raise Conflict(f"{buyer} owns content {row['content_hash']} already")
        if row["removed"]:
            raise Conflict(
                f"content {row['content_hash']} was removed as a copy", field="content_hash"
            )
        amount = parse_uint(price, "price", minimum=1)
        key = to_hex(parse_bytes32(hashlock, "hashlock", zero_allowed=False))
        until = parse_uint(timelock, "timelock", bits=40, unit="seconds")
        with read_scope(self._engine) as session:
            now = indexed_head(session).timestamp
            require_unused(session, key)
        if until <= now:
            raise InvalidInput(
                "timelock", f"{until} is in the past", f"Give a unix time after {now}"
            )
        terms = {
            "buyer": buyer,
            "seller": row["owner"],
            "tokenId": int(row["content_hash"], 16),
            "price": amount,
            "hashlock": key,
            "timelock": until,
        }
        return ContractCall("AtomicSale", "open", (terms,), value=amount)

    def settle(self, seller: str, sale_id: str, preimage: str) -> ContractCall:
        """The seller's call that hands over content and key, and is paid.

        Raises:
            NotFound: If there is no such sale.
            Forbidden: If the caller is not its seller, or owns the content no longer.
            Conflict: If it is closed, its timelock has passed, or the content is not free.
            InvalidInput: If the preimage does not open it.
        """
        row = self._open_sale(sale_id)
        if row["seller"] != seller.lower():
            raise Forbidden(
                f"sale {row['sale_id']} is {row['seller']}'s", mend="Sign in as its seller."
            )
        with read_scope(self._engine) as session:
            now = indexed_head(session).timestamp
        if now >= row["timelock"]:
            raise Conflict(
                f"the timelock {row['timelock']} has passed", mend="Only a refund is possible now."
            )
        self._contents.require_free(self._contents.content(row["content_hash"]), seller)
        secret = parse_bytes32(preimage, "preimage")
        require_preimage(secret, row["hashlock"])
        return ContractCall("AtomicSale", "settle", (terms_of(row), secret))

    def refund(self, sale_id: str) -> ContractCall:
        """Anybody's call that pays the buyer back from the timelock on.

        Raises:
            NotFound: If there is no such sale.
            Conflict: If it is closed.
        """
        return ContractCall("AtomicSale", "refund", (terms_of(self._open_sale(sale_id)),))

    def _open_sale(self, sale_id: str) -> Row:
        row = self.sale(sale_id)
        if row["state"] != "open":
            raise Conflict(f"sale {row['sale_id']} is {row['state']} already")
        return row


class PayoutService:
    """Credits of parties that were to be paid while somebody else called.

    Args:
        engine: Database engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def credit(self, account: str) -> int:
        """Wei that waits for an account.

        Raises:
            InvalidInput: If `account` is no address.
        """
        address = checksum_address(account, "account")
        statement = select(payout_credit.c.amount).where(payout_credit.c.account == address)
        with read_scope(self._engine) as session:
            return session.execute(statement).scalar_one_or_none() or 0

    def withdraw(self, account: str) -> ContractCall:
        """Anybody's call that pays an account its whole credit.

        Raises:
            Conflict: If there is none.
        """
        if self.credit(account) == 0:
            raise Conflict(f"nothing waits for {account}", field="account")
        return ContractCall("Payouts", "withdraw", (checksum_address(account, "account"),))
