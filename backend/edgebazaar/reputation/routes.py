"""REST: reputations of service providers."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.permissions import permission
from edgebazaar.reputation.engine.fixed_point import WAD, FixedOpinion
from edgebazaar.reputation.epochs.routes import router as epochs
from edgebazaar.reputation.service import (
    MAXIMUM_POINTS,
    Reputation,
    ReputationService,
    SeriesPoint,
    mean_expectation,
)
from edgebazaar.schemas import (
    EXAMPLE_ACCOUNT,
    AddressText,
    HashText,
    Moment,
    Origin,
    WadText,
    account_text,
)

router = APIRouter(prefix="/reputations", tags=["reputations"], responses=PROBLEM_RESPONSES)
routers = [router, epochs]


class CountsView(BaseModel):
    """A pair's interactions by recency and outcome."""

    recent_positive: int = Field(examples=[6])
    recent_negative: int = Field(examples=[1])
    older_positive: int = Field(examples=[4])
    older_negative: int = Field(examples=[1])


class OpinionView(BaseModel):
    """A binomial opinion; the three add up to 1e18."""

    belief: WadText
    disbelief: WadText
    uncertainty: WadText

    @classmethod
    def of(cls, opinion: FixedOpinion) -> Self:
        """From the engine's opinion."""
        return cls(
            belief=str(opinion.belief),
            disbelief=str(opinion.disbelief),
            uncertainty=str(opinion.uncertainty),
        )


class ReputationView(BaseModel):
    """What a rater may expect of a subject."""

    rater: AddressText
    subject: AddressText
    recommenders: list[str] = Field(examples=[[EXAMPLE_ACCOUNT]])
    counts: CountsView
    own: OpinionView = Field(description="The rater's own opinion.")
    fused: OpinionView = Field(description="After fusion with the recommenders' opinions.")
    expectation: WadText = Field(description="Expected trust, 1e18 fixed point.")
    expected_trust: float = Field(description="The same from 0 to 1.", examples=[0.6655])
    evaluated_at: Moment
    block_number: int = Field(examples=[1234])

    @classmethod
    def of(cls, found: Reputation) -> Self:
        """From the service's answer."""
        counts = found.counts
        return cls(
            rater=found.rater,
            subject=found.subject,
            recommenders=list(found.recommenders),
            counts=CountsView(
                recent_positive=counts.recent_positive,
                recent_negative=counts.recent_negative,
                older_positive=counts.older_positive,
                older_negative=counts.older_negative,
            ),
            own=OpinionView.of(found.own),
            fused=OpinionView.of(found.fused),
            expectation=str(found.expectation),
            expected_trust=found.expectation / WAD,
            evaluated_at=Moment.of(found.head.timestamp),
            block_number=found.head.number,
        )


class SubjectView(BaseModel):
    """A subject as all of its raters see it."""

    subject: AddressText
    raters: list[ReputationView]
    mean_expectation: WadText | None = Field(description="Null while nobody has rated it.")
    mean_trust: float | None = Field(examples=[0.6655])


class PointView(BaseModel):
    """How a subject stands after one interaction with it."""

    rater: AddressText
    positive: bool
    reference: HashText = Field(description="The task or sale.")
    expectations: dict[str, str] = Field(description="Expected trust by rater, 1e18 fixed point.")
    mean: WadText
    mean_trust: float = Field(examples=[0.6655])
    origin: Origin

    @classmethod
    def of(cls, point: SeriesPoint) -> Self:
        """From the service's answer."""
        row = point.interaction
        return cls(
            rater=account_text(row["rater"]),
            positive=row["positive"],
            reference=row["reference"],
            expectations={rater: str(value) for rater, value in point.expectations.items()},
            mean=str(point.mean),
            mean_trust=point.mean / WAD,
            origin=Origin.of(row),
        )


class SeriesView(BaseModel):
    """A subject's reputation over time, oldest point first."""

    subject: AddressText
    points: list[PointView]


def _service(context: Context) -> ReputationService:
    return ReputationService(context.engine, context.deployment)


@router.get("/{subject}", **permission("public"))
def get_subject(subject: str, context: ContextDependency) -> SubjectView:
    """A subject as each of its raters sees it, all other raters being recommenders."""
    found = _service(context).reputations_of(subject)
    mean = mean_expectation(found) if found else None
    return SubjectView(
        subject=account_text(subject),
        raters=[ReputationView.of(one) for one in found],
        mean_expectation=None if mean is None else str(mean),
        mean_trust=None if mean is None else mean / WAD,
    )


@router.get("/{subject}/series", **permission("public"))
def get_series(
    subject: str,
    context: ContextDependency,
    limit: Annotated[
        int, Query(ge=1, le=MAXIMUM_POINTS, description="Most points, the latest ones.")
    ] = 200,
) -> SeriesView:
    """A subject's reputation after each interaction with it."""
    points = _service(context).series(subject, limit)
    return SeriesView(
        subject=account_text(subject), points=[PointView.of(point) for point in points]
    )


@router.get("/{rater}/{subject}", **permission("public"))
def get_reputation(
    rater: str,
    subject: str,
    context: ContextDependency,
    recommenders: Annotated[
        list[str] | None,
        Query(description="Whose opinions to fuse in; all other raters if left out."),
    ] = None,
) -> ReputationView:
    """One rater's view of a subject, equal to the contract's at the same block."""
    return ReputationView.of(_service(context).reputation(rater, subject, recommenders))
