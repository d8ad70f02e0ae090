"""Interaction counters by time window, the twin of the reputation ledger's storage.

A window is ``timestamp // window_seconds``.  The current and the previous window count as
recent, everything before as older (spec 01 section 6, timeliness).  The ledger moves counters
along only when a pair is touched; :meth:`WindowedCounts.advanced` makes the same step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

MAXIMUM_COUNT = 2**28 - 1
"""Largest value of one stored counter; a step beyond it is refused."""
MAXIMUM_SUBJECTS = 2**24 - 1
"""Most distinct subjects of one rater."""


def _count(name: str, value: int) -> None:
    if value < 0:
        raise ValueError(f"{name} is {value}; give a count of 0 or more")
    if value > MAXIMUM_COUNT:
        raise OverflowError(
            f"{name} would be {value}; a counter holds at most {MAXIMUM_COUNT}, "
            "rate this subject from another account or start a new ledger"
        )


@dataclass(frozen=True, slots=True)
class InteractionCounts:
    """Plain numbers of interactions, split by window and outcome; each 0 or more.

    Raises:
        ValueError: a count is negative.
    """

    recent_positive: int = 0
    recent_negative: int = 0
    older_positive: int = 0
    older_negative: int = 0

    def __post_init__(self) -> None:
        for name in ("recent_positive", "recent_negative", "older_positive", "older_negative"):
            value = getattr(self, name)
            if value < 0:
                raise ValueError(f"{name} is {value}; give a count of 0 or more")

    @property
    def total(self) -> int:
        """All interactions, unweighted."""
        return (
            self.recent_positive + self.recent_negative + self.older_positive + self.older_negative
        )


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """Outcomes within one window; each 0 to :data:`MAXIMUM_COUNT`."""

    positive: int = 0
    negative: int = 0

    def __post_init__(self) -> None:
        _count("positive", self.positive)
        _count("negative", self.negative)

    def __add__(self, other: OutcomeCounts) -> OutcomeCounts:
        return OutcomeCounts(self.positive + other.positive, self.negative + other.negative)


@dataclass(frozen=True, slots=True)
class WindowedCounts:
    """Counters of one (rater, subject) pair, or of one rater over all subjects."""

    window: int = 0
    current: OutcomeCounts = OutcomeCounts()
    previous: OutcomeCounts = OutcomeCounts()
    older: OutcomeCounts = OutcomeCounts()

    def advanced(self, window: int) -> WindowedCounts:
        """The counters as read in ``window``.

        Raises:
            ValueError: ``window`` lies before the stored one.
            OverflowError: an older counter would pass :data:`MAXIMUM_COUNT`.
        """
        if window < self.window:
            raise ValueError(
                f"window {window} is before the stored window {self.window}; "
                "replay events in chain order"
            )
        if window == self.window:
            return self
        if window == self.window + 1:
            return WindowedCounts(window, OutcomeCounts(), self.current, self.older + self.previous)
        return WindowedCounts(
            window, OutcomeCounts(), OutcomeCounts(), self.older + self.previous + self.current
        )

    def recorded(self, positive: bool, window: int) -> WindowedCounts:
        """The counters after one more interaction in ``window``.

        Raises:
            ValueError, OverflowError: as in :meth:`advanced`, or the current counter is full.
        """
        moved = self.advanced(window)
        step = OutcomeCounts(1, 0) if positive else OutcomeCounts(0, 1)
        return replace(moved, current=moved.current + step)

    def counts(self, window: int) -> InteractionCounts:
        """Recent and older interactions as seen in ``window``.

        Reading adds up without the limit of a stored counter, as the ledger's views do.

        Raises:
            ValueError: ``window`` lies before the stored one.
        """
        age = window - self.window
        if age < 0:
            raise ValueError(
                f"window {window} is before the stored window {self.window}; ask for a later one"
            )
        by_age = (self.current, self.previous, self.older)
        recent = by_age[: max(0, 2 - age)]
        older = by_age[max(0, 2 - age) :]
        return InteractionCounts(
            recent_positive=sum(outcome.positive for outcome in recent),
            recent_negative=sum(outcome.negative for outcome in recent),
            older_positive=sum(outcome.positive for outcome in older),
            older_negative=sum(outcome.negative for outcome in older),
        )


@dataclass(frozen=True, slots=True)
class RaterTotals:
    """What one rater has recorded over all subjects, and how many subjects there are."""

    totals: WindowedCounts = WindowedCounts()
    distinct_subjects: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.distinct_subjects <= MAXIMUM_SUBJECTS:
            raise OverflowError(
                f"distinct_subjects would be {self.distinct_subjects}; "
                f"a rater has at most {MAXIMUM_SUBJECTS}, rate from another account"
            )


def window_of(timestamp: int, window_seconds: int) -> int:
    """Index of the window that holds ``timestamp`` (seconds since the epoch, block time).

    Raises:
        ValueError: the timestamp is negative or the window is shorter than a second.
    """
    if timestamp < 0:
        raise ValueError(f"timestamp is {timestamp}; give seconds since the epoch")
    if window_seconds < 1:
        raise ValueError(f"window_seconds is {window_seconds}; give at least 1")
    return timestamp // window_seconds


def record_interaction(
    pair: WindowedCounts, rater: RaterTotals, *, positive: bool, window: int
) -> tuple[WindowedCounts, RaterTotals]:
    """Write one interaction to a pair and to its rater's totals.

    The number of distinct subjects grows with the first interaction of the pair.

    Raises:
        ValueError, OverflowError: as in :meth:`WindowedCounts.recorded`.
    """
    is_first = pair.counts(max(window, pair.window)).total == 0
    return (
        pair.recorded(positive, window),
        RaterTotals(
            rater.totals.recorded(positive, window), rater.distinct_subjects + int(is_first)
        ),
    )
