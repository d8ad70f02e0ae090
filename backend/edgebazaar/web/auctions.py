"""Pages of auction rounds: terms, phases, bids, and why the winner won."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from edgebazaar.api.context import ContextDependency
from edgebazaar.auctions import routes
from edgebazaar.auctions.engine.fixed_point import RoundTerms, Submarket, VehicleScore
from edgebazaar.auctions.models import BidView, RoundDetail
from edgebazaar.auctions.models import RoundTerms as StatedTerms
from edgebazaar.web.charts import Bid, offline_chart, online_chart
from edgebazaar.web.rendering import following, given, render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

STATES = ("open", "scored", "declared", "settled", "refunded")
_PHASES = (
    ("commit", "Sealed bids", "bidders commit, with deposits", "commit_until"),
    ("score", "Scores", "the operator publishes what the vehicles are worth", "score_until"),
    ("declare", "Openings", "the operator declares which bids it can open", "declare_until"),
    ("open", "Own openings", "bidders open what it left out", "open_until"),
    ("settle", "Settlement", "the contract finds winners and prices", "settle_until"),
)


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of a round.

    Attributes:
        title: Its name.
        text: What happens in it.
        until: Unix time at which it ends.
        standing: done, now or ahead.
    """

    title: str
    text: str
    until: int
    standing: str


@router.get("/auctions")
def auction_list(
    request: Request,
    context: ContextDependency,
    after: str | None = None,
    state: str | None = None,
) -> Response:
    """Rounds, newest first."""
    page = routes.list_rounds(context, limit=20, after=after, state=given(state))
    return render(
        request,
        "auctions.html",
        rounds=page.items,
        next=following(request, page.next),
        after=after,
        state=given(state),
        states=STATES,
    )


@router.get("/auctions/{round_id}")
def auction(round_id: str, request: Request, context: ContextDependency) -> Response:
    """One round with all of its bids."""
    found = routes.get_round(round_id, context)
    terms = _terms(found.terms)
    bids = _bids(found.bid_list)
    result = found.result
    return render(
        request,
        "auction.html",
        round=found,
        phases=_phases(found),
        online=online_chart(terms, bids, result.online_index if result else None),
        offline=offline_chart(terms, bids, result.offline_index if result else None),
        counts={
            market.name.lower(): sum(bid.submarket == market.name.lower() for bid in found.bid_list)
            for market in Submarket
        },
    )


def _phases(found: RoundDetail) -> list[Phase]:
    names = [name for name, *_ in _PHASES]
    ended = found.phase not in names
    now = len(names) if ended else names.index(found.phase)
    return [
        Phase(
            title,
            text,
            getattr(found.terms, limit).unix,
            "done" if place < now else "now" if place == now else "ahead",
        )
        for place, (_, title, text, limit) in enumerate(_PHASES)
    ]


def _terms(terms: StatedTerms) -> RoundTerms:
    return RoundTerms(
        online_deposit=int(terms.online_deposit),
        offline_deposit=int(terms.offline_deposit),
        online_reserve=int(terms.online_reserve),
        offline_reserve=int(terms.offline_reserve),
        brand_price=int(terms.brand_price),
        alpha=int(terms.alpha),
        maximum_seconds=terms.maximum_seconds,
        penalty_bps=terms.penalty_bps,
        has_brand=terms.brand is not None,
    )


def _bids(bid_list: Sequence[BidView]) -> list[Bid]:
    return [
        Bid(
            index=bid.index,
            bidder=bid.bidder,
            submarket=Submarket[bid.submarket.upper()],
            amount=int(bid.amount),
            score=None
            if bid.score is None
            else VehicleScore(
                int(bid.score.proportional), int(bid.score.additive), bid.score.simulation_seconds
            ),
        )
        for bid in bid_list
        if bid.amount is not None
    ]
