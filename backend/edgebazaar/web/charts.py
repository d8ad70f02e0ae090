"""Charts as plain numbers for inline SVG; templates draw them and give the same data as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgebazaar.auctions.engine.fixed_point import (
    RoundTerms,
    Submarket,
    VehicleScore,
    critical_online_price,
    offline_threshold,
    online_score,
)

WIDTH, HEIGHT = 640, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 14, 14, 42
_MAXIMUM_DOTS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: its name and SVG points."""

    name: str
    points: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One marked point."""

    x: float
    y: float
    positive: bool
    title: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """Shares of one over a sequence.

    Attributes:
        mean: The line that matters.
        others: Thin lines behind it.
        dots: Points of the mean line.
        levels: Height and label of the horizontal guides.
        width, height, left, right, bottom: Frame of the drawing.
    """

    mean: Line
    others: tuple[Line, ...]
    dots: tuple[Dot, ...]
    levels: tuple[tuple[float, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


@dataclass(frozen=True, slots=True)
class Step:
    """A value of a line chart at one place of the sequence.

    Attributes:
        mean: Of all raters, 0 to 1.
        by_rater: Of each rater that has rated up to here.
        positive: Whether this interaction went well.
        title: What it was.
    """

    mean: float
    by_rater: dict[str, float]
    positive: bool
    title: str


def trust_chart(steps: Sequence[Step]) -> LineChart | None:
    """Trust after each interaction, oldest at the left; None where there was none."""
    if not steps:
        return None
    raters = sorted({rater for step in steps for rater in step.by_rater})
    mean = [(place, step.mean) for place, step in enumerate(steps)]
    others = [
        Line(
            rater,
            _points(
                [
                    (place, step.by_rater[rater])
                    for place, step in enumerate(steps)
                    if rater in step.by_rater
                ],
                len(steps),
            ),
        )
        for rater in raters
    ]
    dots = [
        Dot(_x(place, len(steps)), _y(step.mean), step.positive, step.title)
        for place, step in enumerate(steps)
    ]
    return LineChart(
        Line("mean", _points(mean, len(steps))),
        tuple(others),
        tuple(dots[-_MAXIMUM_DOTS:]),
        tuple((_y(level / 4), f"{level / 4:.2f}") for level in range(5)),
    )


def _x(place: int, count: int) -> float:
    span = WIDTH - _LEFT - _RIGHT
    return round(_LEFT + span * (place / (count - 1) if count > 1 else 0.5), 2)


def _y(share: float) -> float:
    return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - share), 2)


def _points(values: Sequence[tuple[int, float]], count: int) -> str:
    return " ".join(f"{_x(place, count)},{_y(share)}" for place, share in values)


@dataclass(frozen=True, slots=True)
class Bid:
    """An opened bid of a settled round, as far as a chart needs it."""

    index: int
    bidder: str
    submarket: Submarket
    amount: int
    score: VehicleScore | None


@dataclass(frozen=True, slots=True)
class Bar:
    """A bid's bar; widths in percent of the longest.

    Attributes:
        index: Position of the bid.
        bidder: Whose it is.
        own: Width of the bid itself.
        bonus: Width of what is expected on top.
        bid: The bid as it counts, wei.
        value: What is compared, wei: the score online, the bid offline.
        won: Whether it won.
    """

    index: int
    bidder: str
    own: float
    bonus: float
    bid: int
    value: int
    won: bool


@dataclass(frozen=True, slots=True)
class BarChart:
    """A submarket's bids, best first.

    Attributes:
        bars: Of the bids that were opened.
        hurdle: What the winner had to reach, wei.
        hurdle_at: The same in percent of the longest bar.
        critical: Online: the winner's bid at which its score would equal the hurdle, wei.
    """

    bars: tuple[Bar, ...]
    hurdle: int
    hurdle_at: float
    critical: int | None


def online_chart(terms: RoundTerms, bids: Sequence[Bid], winner: int | None) -> BarChart | None:
    """Scores of the vehicles' bids, best first; None where no bid was opened."""
    scored = []
    for bid in bids:
        if bid.submarket is Submarket.ONLINE and bid.score is not None:
            counted = min(bid.amount, terms.bid_limit(bid.submarket))
            scored.append((bid, counted, online_score(counted, bid.score)))
    if not scored:
        return None
    scored.sort(key=lambda entry: (-entry[2], entry[0].index))
    rivals = [value for bid, _, value in scored if bid.index != winner]
    hurdle = max([terms.online_reserve, *rivals[:1]])
    longest = max(scored[0][2], hurdle, 1)
    critical = None
    for bid, counted, _ in scored:
        if bid.index == winner and bid.score is not None:
            critical = critical_online_price(counted, bid.score, hurdle)
    bars = [
        _bar(bid, counted, value, longest, winner == bid.index) for bid, counted, value in scored
    ]
    return BarChart(tuple(bars), hurdle, _width(hurdle, longest), critical)


def offline_chart(terms: RoundTerms, bids: Sequence[Bid], winner: int | None) -> BarChart | None:
    """The simulators' bids per second, best first; None where no bid was opened."""
    counted = [
        (bid, min(bid.amount, terms.bid_limit(bid.submarket)))
        for bid in bids
        if bid.submarket is Submarket.OFFLINE
    ]
    if not counted:
        return None
    counted.sort(key=lambda entry: (-entry[1], entry[0].index))
    second = counted[1][1] if len(counted) > 1 else 0
    hurdle = offline_threshold(terms, second)
    longest = max(counted[0][1], hurdle, 1)
    bars = [_bar(bid, amount, amount, longest, winner == bid.index) for bid, amount in counted]
    return BarChart(tuple(bars), hurdle, _width(hurdle, longest), None)


def _bar(bid: Bid, counted: int, value: int, longest: int, won: bool) -> Bar:
    own = _width(counted, longest)
    bonus = round(_width(value, longest) - own, 2)
    return Bar(bid.index, bid.bidder, own, max(bonus, 0.0), counted, value, won)


def _width(value: int, longest: int) -> float:
    return round(100 * value / longest, 2)
