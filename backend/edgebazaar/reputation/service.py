"""Reputations from indexed interaction records, by the engine that equals the contract's views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, select
from sqlalchemy.orm import Session

from edgebazaar.addresses import checksum_address
from edgebazaar.chain.clock import IndexedHead, indexed_head
from edgebazaar.chain.manifest import Deployment
from edgebazaar.db import read_scope
from edgebazaar.errors import InvalidInput
from edgebazaar.reputation.engine.fixed_point import (
    MAXIMUM_RECOMMENDERS,
    FixedOpinion,
    FixedWeights,
)
from edgebazaar.reputation.engine.ledger import InteractionBook
from edgebazaar.reputation.engine.windows import InteractionCounts
from edgebazaar.reputation.tables import interaction

MAXIMUM_POINTS = 1000


@dataclass(frozen=True, slots=True)
class Reputation:
    """What a rater may expect of a subject, at the last indexed block.

    Attributes:
        rater: Whose view it is; checksummed.
        subject: Who is judged; checksummed.
        recommenders: Whose opinions were fused in, ascending.
        counts: The rater's own interactions with the subject.
        own: The rater's own opinion.
        fused: The opinion after fusion.
        expectation: Expected trust, 1e18 fixed point.
        head: Block at which all of this holds.
    """

    rater: str
    subject: str
    recommenders: tuple[str, ...]
    counts: InteractionCounts
    own: FixedOpinion
    fused: FixedOpinion
    expectation: int
    head: IndexedHead


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """How a subject stands after one interaction with it.

    Attributes:
        interaction: Row of the interaction.
        expectations: Fused expectation by rater (1e18 fixed point), all other raters being its
            recommenders; raters by address.
        mean: Mean over the raters, rounded down.
    """

    interaction: Mapping[str, Any]
    expectations: dict[str, int]
    mean: int


class ReputationService:
    """Reads of reputations; nothing here touches the chain.

    Args:
        engine: Database engine.
        deployment: Whose ledger's weights and window length hold.
    """

    def __init__(self, engine: Engine, deployment: Deployment) -> None:
        self._engine = engine
        profile = deployment.profile
        weights: Mapping[str, Any] = profile["weights"]
        self._window_seconds = int(profile["window_seconds"])
        self._weights = FixedWeights(**{name: int(value) for name, value in weights.items()})

    def reputation(
        self, rater: str, subject: str, recommenders: Sequence[str] | None = None
    ) -> Reputation:
        """The rater's view of a subject, as ReputationLedger.reputationOf answers at that block.

        Args:
            rater: Whose view.
            subject: Who is judged.
            recommenders: Whose opinions to fuse in; None for all others that have rated the
                subject, the 16 with most records of it if there are more.

        Raises:
            InvalidInput: For a malformed address, more than 16 recommenders, a repeated one, or
                the rater itself.
        """
        judge = checksum_address(rater, "rater")
        judged = checksum_address(subject, "subject")
        with read_scope(self._engine) as session:
            head = indexed_head(session)
            if recommenders is None:
                chosen = self._recommenders(session, judge, judged)
            else:
                chosen = _parse_recommenders(recommenders, judge)
            book = self._book(session, [judge, *chosen])
        return self._evaluate(book, judge, judged, chosen, head)

    def reputations_of(self, subject: str) -> list[Reputation]:
        """The views of everybody who has rated a subject, by address of the rater.

        Raises:
            InvalidInput: If `subject` is no address.
        """
        judged = checksum_address(subject, "subject")
        with read_scope(self._engine) as session:
            head = indexed_head(session)
            raters = self._raters(session, judged)
            book = self._book(session, raters)
        return [
            self._evaluate(book, rater, judged, _others(raters, rater), head) for rater in raters
        ]

    def mean_expectations(self, subjects: Sequence[str]) -> dict[str, int]:
        """Mean expectation over raters by subject, lower-case; unrated ones are left out."""
        wanted = [checksum_address(subject, "subjects") for subject in subjects]
        statement = select(interaction.c.subject, interaction.c.rater).where(
            interaction.c.subject.in_(wanted)
        )
        with read_scope(self._engine) as session:
            head = indexed_head(session)
            pairs = {(row.subject, row.rater) for row in session.execute(statement.distinct())}
            book = self._book(session, sorted({rater for _, rater in pairs}))
        means = {}
        for subject in wanted:
            raters = sorted(rater for rated, rater in pairs if rated == subject.lower())
            if raters:
                means[subject.lower()] = _mean(_expectations(book, subject, raters, head.timestamp))
        return means

    def series(self, subject: str, limit: int = 200) -> list[SeriesPoint]:
        """How a subject stood after each interaction with it, oldest first.

        Args:
            subject: Who is judged.
            limit: Most points, the latest ones; at most 1000.

        Raises:
            InvalidInput: If `subject` is no address or `limit` out of range.
        """
        judged = checksum_address(subject, "subject")
        if not 1 <= limit <= MAXIMUM_POINTS:
            raise InvalidInput("limit", f"{limit} is out of range", f"Give 1 to {MAXIMUM_POINTS}")
        with read_scope(self._engine) as session:
            raters = self._raters(session, judged)
            rows = self._interactions(session, raters)
        total = sum(row.subject == judged.lower() for row in rows)
        book = InteractionBook(self._window_seconds, self._weights)
        points: list[SeriesPoint] = []
        seen: list[str] = []
        passed = 0
        for row in rows:
            _record(book, row)
            if row.subject != judged.lower():
                continue
            rater = checksum_address(row.rater, "rater")
            if rater not in seen:
                seen = sorted([*seen, rater], key=str.lower)
            passed += 1
            if passed > total - limit:
                points.append(_point(book, row, judged, seen))
        return points

    def _recommenders(self, session: Session, rater: str, subject: str) -> list[str]:
        statement = select(interaction.c.rater).where(interaction.c.subject == subject)
        return _most_frequent(list(session.execute(statement).scalars()), rater)

    def _raters(self, session: Session, subject: str) -> list[str]:
        statement = (
            select(interaction.c.rater)
            .where(interaction.c.subject == subject)
            .distinct()
            .order_by(interaction.c.rater)
        )
        return [checksum_address(rater, "rater") for rater in session.execute(statement).scalars()]

    def _interactions(self, session: Session, raters: Sequence[str]) -> list[Row[Any]]:
        statement = (
            select(interaction)
            .where(interaction.c.rater.in_(raters))
            .order_by(interaction.c.block_number, interaction.c.log_index)
        )
        return list(session.execute(statement))

    def _book(self, session: Session, raters: Sequence[str]) -> InteractionBook:
        book = InteractionBook(self._window_seconds, self._weights)
        for row in self._interactions(session, raters):
            _record(book, row)
        return book

    @staticmethod
    def _evaluate(
        book: InteractionBook,
        rater: str,
        subject: str,
        recommenders: Sequence[str],
        head: IndexedHead,
    ) -> Reputation:
        fused, expectation = book.reputation(rater, subject, recommenders, head.timestamp)
        return Reputation(
            rater,
            subject,
            tuple(recommenders),
            book.counts(rater, subject, head.timestamp),
            book.opinion(rater, subject, head.timestamp),
            fused,
            expectation,
            head,
        )


def mean_expectation(reputations: Sequence[Reputation]) -> int:
    """Mean expectation over raters, 1e18 fixed point, rounded down; there must be one at least."""
    return _mean([one.expectation for one in reputations])


def _record(book: InteractionBook, row: Row[Any]) -> None:
    book.record(row.rater, row.subject, positive=row.positive, timestamp=row.block_timestamp)


def _point(
    book: InteractionBook, row: Row[Any], subject: str, raters: Sequence[str]
) -> SeriesPoint:
    values = _expectations(book, subject, raters, row.block_timestamp)
    expectations = dict(zip(raters, values, strict=True))
    return SeriesPoint(dict(row._mapping), expectations, _mean(values))


def _expectations(
    book: InteractionBook, subject: str, raters: Sequence[str], timestamp: int
) -> list[int]:
    return [
        book.reputation(rater, subject, _others(raters, rater), timestamp)[1] for rater in raters
    ]


def _mean(values: Sequence[int]) -> int:
    return sum(values) // len(values)


def _others(raters: Sequence[str], rater: str) -> list[str]:
    # All of them count; beyond what the ledger fuses, those of the lowest addresses.
    return [other for other in raters if other != rater][:MAXIMUM_RECOMMENDERS]


def _most_frequent(raters: Sequence[str], excluded: str) -> list[str]:
    counts: dict[str, int] = {}
    for rater in raters:
        if rater != excluded.lower():
            counts[rater] = counts.get(rater, 0) + 1
    chosen = sorted(counts, key=lambda rater: (-counts[rater], rater))[:MAXIMUM_RECOMMENDERS]
    return [checksum_address(rater, "rater") for rater in sorted(chosen)]


def _parse_recommenders(recommenders: Sequence[str], rater: str) -> list[str]:
    parsed = [
        checksum_address(account, f"recommenders[{index}]")
        for index, account in enumerate(recommenders)
    ]
    if len(parsed) > MAXIMUM_RECOMMENDERS:
        raise InvalidInput(
            "recommenders",
            f"has {len(parsed)} accounts",
            f"Name at most {MAXIMUM_RECOMMENDERS} accounts",
        )
    if rater in parsed:
        raise InvalidInput(
            "recommenders", "names the rater", "Leave it out; its own evidence counts already"
        )
    if len(set(parsed)) != len(parsed):
        raise InvalidInput("recommenders", "repeats an account", "Name each account once")
    return sorted(parsed, key=str.lower)
