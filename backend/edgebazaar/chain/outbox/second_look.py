"""Refusals count when they are repeated: a node may have looked at the block before."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from edgebazaar.chain.outbox.states import TransactionState
from edgebazaar.chain.outbox.store import Move


class SecondLook:
    """Holds back a refusal until the same row would be refused on a later block.

    Ganache answers `pending` with its newest block. A request that builds on that block, such as an
    assignment in the block after a posting, would pass in the next one, where it is to be mined.

    Args:
        patience_seconds: Age from which a refusal stands without a later block, for chains that
            mine only when there is something to mine.
        clock: Seconds that only go up.
    """

    def __init__(
        self, patience_seconds: float = 3.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._patience = patience_seconds
        self._clock = clock
        self._first: dict[int, tuple[int, float]] = {}

    def standing(self, head: int, looked_at: Sequence[int], moves: Sequence[Move]) -> list[Move]:
        """The moves of one look without the refusals that do not stand yet.

        Args:
            head: Number of the newest block when the look began.
            looked_at: Sequences of the rows that were looked at.
            moves: What came of it.
        """
        now = self._clock()
        refused = {
            sequence
            for sequence, _, values in moves
            if values.get("state") is TransactionState.REFUSED
        }
        for sequence in set(looked_at) - refused:
            self._first.pop(sequence, None)
        standing = []
        for move in moves:
            sequence = move[0]
            if sequence in refused:
                number, since = self._first.setdefault(sequence, (head, now))
                if head <= number and now - since < self._patience:
                    continue
                del self._first[sequence]
            standing.append(move)
        return standing
