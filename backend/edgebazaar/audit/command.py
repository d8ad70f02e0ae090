"""`edgebazaar audit`: the audit at a terminal, from a node alone."""

from __future__ import annotations

from pathlib import Path

import orjson
import typer
from rich.progress import Progress

from edgebazaar.audit.blobs import BlobFolder
from edgebazaar.audit.engine.contents import Brief
from edgebazaar.audit.service import AuditReport, ContentSource, run_audit
from edgebazaar.chain.contracts import ContractSet, Deployment
from edgebazaar.chain.rpc import RpcClient, from_quantity
from edgebazaar.console import console
from edgebazaar.errors import InvalidInput
from edgebazaar.settings import load_settings


def read_briefs(path: Path) -> dict[bytes, Brief]:
    """Disclosed briefs by prompt commitment.

    Raises:
        InvalidInput: If the file is not a JSON list of {prompt, salt, seed}.
    """
    try:
        entries = orjson.loads(path.read_bytes())
        briefs = [
            Brief(entry["prompt"], bytes.fromhex(entry["salt"].removeprefix("0x")), entry["seed"])
            for entry in entries
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(
            "--briefs",
            f"{path} is not usable ({error})",
            "Give a JSON list of {prompt, salt, seed}",
        ) from error
    return {brief.commitment: brief for brief in briefs}


def run_audit_command(
    rpc_url: str | None, blobs: Path | None, briefs: Path | None, json_output: bool
) -> bool:
    """Runs and prints an audit; whether everything holds."""
    settings = load_settings(rpc_url=rpc_url)
    url = settings.rpc_url or f"http://127.0.0.1:{settings.node_port}"
    contents: ContentSource | None = BlobFolder(blobs) if blobs else None
    disclosed = read_briefs(briefs) if briefs else None
    with RpcClient(url) as rpc, Progress(console=console, disable=json_output) as progress:
        chain_id = from_quantity(rpc.call("eth_chainId"))
        deployment = Deployment.load(Deployment.path(settings.manifest_directory, chain_id))
        bar = progress.add_task("audit")

        def show(what: str, done: int, total: int) -> None:
            progress.update(bar, description=what, completed=done, total=total)

        report = run_audit(
            rpc, ContractSet(deployment), contents=contents, briefs=disclosed, progress=show
        )
        progress.update(bar, description="audit", completed=1, total=1)
    if json_output:
        typer.echo(orjson.dumps(report.as_document(), option=orjson.OPT_INDENT_2).decode())
    else:
        print_report(report)
    return report.holds


def print_report(report: AuditReport) -> None:
    """The checks, a line each, and every difference."""
    console.print(f"chain {report.chain_id} to block {report.head}: {report.events} events")
    for check in report.checks:
        verdict = "[green]holds[/green]" if check.holds else "[red]DIFFERS[/red]"
        skipped = f", {check.skipped} not disclosed" if check.skipped else ""
        console.print(f"  {verdict}  {check.name:<20} {check.checked} compared{skipped}")
        for finding in check.findings:
            console.print(f"           {finding.subject}")
            console.print(
                f"             expected {finding.expected}\n             found    {finding.found}"
            )
