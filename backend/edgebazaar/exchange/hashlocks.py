"""A hashlock serves once: its preimage is public after the first exchange."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from edgebazaar.errors import Conflict
from edgebazaar.exchange.tables import exchange_lock, sale
from edgebazaar.tasks.service import is_delivery_hashlock


def require_unused(session: Session, hashlock: str) -> None:
    """Refuses a hashlock that any lock, sale or delivery ever had.

    Raises:
        Conflict: If one had.
    """
    in_lock = select(exchange_lock.c.lock_id).where(exchange_lock.c.hashlock == hashlock)
    in_sale = select(sale.c.sale_id).where(sale.c.hashlock == hashlock)
    used = (
        session.execute(in_lock.limit(1)).one_or_none() is not None
        or session.execute(in_sale.limit(1)).one_or_none() is not None
        or is_delivery_hashlock(session, hashlock)
    )
    if used:
        raise Conflict(
            f"hashlock {hashlock} was used before",
            mend="Take a fresh random 32-byte preimage and give its sha256.",
            field="hashlock",
        )
