"""REST for audits: run one, read what earlier ones found."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import RowMapping, insert, select

from edgebazaar.addresses import checksum_address
from edgebazaar.api.auth import CurrentAccount
from edgebazaar.api.context import ContextDependency
from edgebazaar.api.errors import PROBLEM_RESPONSES
from edgebazaar.api.pagination import AfterQuery, LimitQuery, Page, fetch_page, page_of
from edgebazaar.api.permissions import permission
from edgebazaar.audit.blobs import BlobFolder
from edgebazaar.audit.engine.contents import Brief
from edgebazaar.audit.service import run_audit
from edgebazaar.audit.tables import audit_report
from edgebazaar.db import read_scope, session_scope
from edgebazaar.errors import NotFound
from edgebazaar.schemas import EXAMPLE_HASH

router = APIRouter(prefix="/audits", tags=["audits"], responses=PROBLEM_RESPONSES)
routers = [router]


class DisclosedBrief(BaseModel):
    """A prompt that its producer disclosed, so that the generation can be replayed."""

    prompt: str = Field(min_length=1, max_length=4000, examples=["a misty harbour at dawn"])
    salt: Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{64}$")] = Field(
        examples=[EXAMPLE_HASH]
    )
    seed: int = Field(ge=0, lt=2**63, examples=[1000])


class AuditRequest(BaseModel):
    """What to audit with."""

    briefs: list[DisclosedBrief] = Field(default_factory=list, max_length=1000)


class FindingView(BaseModel):
    """A difference."""

    subject: str
    expected: str
    found: str


class CheckView(BaseModel):
    """One check of an audit."""

    name: str
    statement: str
    holds: bool
    checked: int
    skipped: int
    findings: list[FindingView]


class AuditView(BaseModel):
    """An audit of the chain up to a block."""

    audit_id: str
    auditor: str
    finished_at: int
    chain_id: int
    head: int
    head_hash: str
    events: int
    holds: bool
    checks: list[CheckView]


@router.post("", status_code=201, **permission("role:auditor"))
def run(body: AuditRequest, account: CurrentAccount, context: ContextDependency) -> AuditView:
    """Recomputes every off-chain result from chain data and keeps the report.

    Takes seconds to minutes.
    """
    briefs = [
        Brief(entry.prompt, bytes.fromhex(entry.salt[2:]), entry.seed) for entry in body.briefs
    ]
    report = run_audit(
        context.rpc,
        context.contracts,
        contents=BlobFolder(Path(context.settings.data_directory) / "blobs"),
        briefs={brief.commitment: brief for brief in briefs},
    )
    audit_id = str(uuid.uuid4())
    with session_scope(context.engine) as session:
        session.execute(
            insert(audit_report).values(
                audit_id=audit_id,
                auditor=account,
                finished_at=int(time.time()),
                head=report.head,
                holds=report.holds,
                report=report.as_document(),
            )
        )
    return read(audit_id, context)


@router.get("", **permission("public"))
def list_audits(
    context: ContextDependency, limit: LimitQuery = 20, after: AfterQuery = None
) -> Page[AuditView]:
    """Audits, newest first."""
    with read_scope(context.engine) as session:
        rows, cursor = fetch_page(
            session.connection(),
            select(audit_report),
            [audit_report.c.finished_at, audit_report.c.audit_id],
            limit=limit,
            after=after,
        )
    return page_of(rows, cursor, _view)


@router.get("/{audit_id}", **permission("public"))
def read(audit_id: str, context: ContextDependency) -> AuditView:
    """One audit with every difference it found."""
    with read_scope(context.engine) as session:
        row = (
            session.execute(select(audit_report).where(audit_report.c.audit_id == audit_id))
            .mappings()
            .one_or_none()
        )
    if row is None:
        raise NotFound("audit", audit_id)
    return _view(row)


def _view(row: RowMapping) -> AuditView:
    return AuditView(
        audit_id=row["audit_id"],
        auditor=checksum_address(row["auditor"], "auditor"),
        finished_at=row["finished_at"],
        **row["report"],
    )
