"""Pages of content: the gallery, a content's history, the search for copies, challenges."""

from __future__ import annotations

import base64
import io
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, Response
from PIL import Image

from edgebazaar.api.context import Context, ContextDependency
from edgebazaar.content import challenge_routes, routes
from edgebazaar.content.challenge_models import ChallengeView
from edgebazaar.content.challenge_tables import STATES as CHALLENGE_STATES
from edgebazaar.content.challenges import ChallengeService
from edgebazaar.content.models import ContentView, SimilarView
from edgebazaar.content.recognition import (
    MAXIMUM_UPLOAD_BYTES,
    MAXIMUM_UPLOAD_PIXELS,
    RecognitionService,
)
from edgebazaar.content.service import STATUSES
from edgebazaar.errors import InvalidInput, NotFound
from edgebazaar.tasks import routes as tasks
from edgebazaar.web.rendering import following, given, render

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

GALLERY_SIZE = 24
_THUMBNAIL = (320, 320)

HISTORY_TITLES = {
    "committed": "Committed, before anybody saw it",
    "registered": "Registered under the ESP's receipt",
    "transferred": "Changed owner",
    "frozen_for_exchange": "Frozen for an exchange",
    "released_from_exchange": "Released from the exchange",
    "frozen_for_challenge": "Frozen while a challenge is open",
    "released_from_challenge": "Released from the challenge",
    "removed": "Removed as a copy",
    "challenge_opened": "Challenge opened",
    "challenge_contested": "Challenge contested by the owner",
    "challenge_decided": "Challenge decided, provisionally",
    "challenge_appealed": "Verdict appealed",
    "challenge_ruled": "Arbitrator ruled",
    "challenge_conceded": "Challenge conceded by the owner",
    "challenge_closed": "Challenge closed: another one removed the copy",
    "challenge_upheld": "Challenge upheld",
    "challenge_rejected": "Challenge rejected",
    "sale_opened": "A buyer paid into escrow",
    "sale_settled": "Sold",
    "sale_refunded": "Sale refunded",
    "locked": "Locked for an exchange",
    "lock_claimed": "Lock claimed",
    "lock_refunded": "Lock refunded",
}
CHALLENGE_ENDINGS = {
    "conceded": "Conceded: the owner gave the copy up, the deposit returned",
    "upheld": "Upheld: the copy is removed",
    "rejected": "Rejected: the deposit is lost",
    "closed": "Closed: another challenge removed the copy, all amounts returned",
}
_KINDS = {1: "image (PDQ)", 2: "text (SimHash)"}


@router.get("/contents")
def gallery(
    request: Request,
    context: ContextDependency,
    after: str | None = None,
    status: str | None = None,
    owner: str | None = None,
    creator: str | None = None,
    provider: str | None = None,
    order: str = "newest",
) -> Response:
    """Registered works, with filters."""
    people = {"owner": given(owner), "creator": given(creator), "provider": given(provider)}
    page = routes.list_contents(
        context,
        limit=GALLERY_SIZE,
        after=after,
        status=given(status),
        order="oldest" if order == "oldest" else "newest",
        **people,
    )
    return render(
        request,
        "contents.html",
        works=page.items,
        next=following(request, page.next),
        after=after,
        status=given(status),
        statuses=STATUSES,
        order=order,
        people=people,
    )


@router.get("/contents/{content_hash}")
def content(content_hash: str, request: Request, context: ContextDependency) -> Response:
    """One work: picture, facts and its whole history."""
    work = routes.get_content(content_hash, context)
    made_by = tasks.list_tasks(context, limit=1, content=work.content_hash).items
    return render(
        request,
        "content.html",
        work=work,
        scheme=scheme_text(work.fingerprint_scheme),
        titles=HISTORY_TITLES,
        task=made_by[0] if made_by else None,
    )


@router.get("/similar")
def similarity_form(request: Request) -> Response:
    """The form of the search for copies."""
    return render(request, "similar.html", found=None, problem=None, upload=None)


@router.post("/similar")
def similarity_search(
    request: Request,
    context: ContextDependency,
    file: Annotated[UploadFile | None, File()] = None,
    include_removed: Annotated[bool, Form()] = False,
) -> Response:
    """The registered works nearest to an uploaded file; the file itself is not kept."""
    try:
        if file is None or not file.filename:
            raise InvalidInput("file", "no file was chosen", "Choose an image or a text file")
        data = file.file.read(MAXIMUM_UPLOAD_BYTES + 1)
        service = RecognitionService(
            context.engine, context.contracts, routes.blob_storage(context)
        )
        query = service.query_of_file(data, _declared_type(file))
        nearest = service.similar(query, limit=12, include_removed=include_removed)
    except InvalidInput as error:
        return render(
            request, "similar.html", http_status=422, found=None, problem=error, upload=None
        )
    return render(
        request,
        "similar.html",
        found=SimilarView.of(nearest),
        problem=None,
        upload={"name": file.filename, "picture": _thumbnail(data)},
    )


@router.get("/challenges")
def challenges(
    request: Request,
    context: ContextDependency,
    after: str | None = None,
    state: str | None = None,
) -> Response:
    """Challenges, newest first."""
    page = challenge_routes.list_challenges(context, limit=20, after=after, state=given(state))
    return render(
        request,
        "challenges.html",
        pairs=[_pair(context, one) for one in page.items],
        next=following(request, page.next),
        after=after,
        state=given(state),
        states=CHALLENGE_STATES,
        deposit=ChallengeService(context.engine, context.contracts).deposit,
    )


@router.get("/challenges/{challenge_id}")
def challenge(challenge_id: str, request: Request, context: ContextDependency) -> Response:
    """One challenge with both works side by side."""
    found = challenge_routes.get_challenge(challenge_id, context)
    return render(request, "challenge.html", pair=_pair(context, found), endings=CHALLENGE_ENDINGS)


def scheme_text(scheme: int) -> str:
    """A fingerprint scheme in words."""
    kind = _KINDS.get(scheme >> 16, f"kind {scheme >> 16}")
    return f"{kind}, version {scheme & 0xFFFF}"


def _pair(context: Context, found: ChallengeView) -> dict[str, Any]:
    return {
        "challenge": found,
        "original": _work(context, found.original),
        "duplicate": _work(context, found.duplicate),
    }


def _work(context: Context, content_hash: str) -> ContentView | None:
    try:
        return routes.get_content(content_hash, context)
    except NotFound:
        return None


def _declared_type(file: UploadFile) -> str:
    declared = file.content_type or ""
    return declared if declared.startswith(("image/", "text/")) else ""


def _thumbnail(data: bytes) -> str | None:
    """A small PNG of an uploaded image as a data address; None for a text."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAXIMUM_UPLOAD_PIXELS:
                return None
            small = image.convert("RGB")
            small.thumbnail(_THUMBNAIL)
    except (OSError, ValueError):
        return None
    buffer = io.BytesIO()
    small.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
