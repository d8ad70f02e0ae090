"""`edgebazaar demo`: the whole lifecycle on a chain of its own, with a report at the end."""

from __future__ import annotations

import shutil
from pathlib import Path

from edgebazaar.app import Backend, claim_api_port, running_backend, running_server
from edgebazaar.chain.node_commands import NodeKind
from edgebazaar.console import console, deployment_line, show_addresses, wait_for_interrupt
from edgebazaar.demo import accounting
from edgebazaar.demo.actors import create_cast
from edgebazaar.demo.auction import run_auction
from edgebazaar.demo.enrolment import enrol
from edgebazaar.demo.generation import run_tasks, running_providers
from edgebazaar.demo.plagiarism import plagiarise
from edgebazaar.demo.registration import register_contents
from edgebazaar.demo.report import Report, StepFailed
from edgebazaar.demo.trade import trade
from edgebazaar.errors import EdgeBazaarError, InvalidInput
from edgebazaar.settings import Settings, load_settings
from edgebazaar.tasks.agent import image_files

# Ganache gives every block a second of its own, so faster blocks would run away from the clock.
_BLOCK_TIMES: dict[NodeKind, float] = {"anvil": 0.2, "ganache": 1.0}


def run_demo(*, once: bool, images: Path | None = None, tasks: int = 36) -> int:
    """Runs the demo on a fresh chain; exit code 0 only if every step and every audit held."""
    if images is not None:
        _require_enough(images, tasks)
    settings = claim_api_port(_demo_settings())
    _clear(settings)
    report = Report(settings.data_directory / "report.json", console)
    console.print("[bold]EdgeBazaar demo[/bold]: chain, contracts, database, API, ESPs, lifecycle")
    with (
        running_backend(settings, deployment_line) as backend,
        running_server(settings, backend.application) as url,
    ):
        report.deployment = {
            "chain_id": backend.context.deployment.chain_id,
            "contracts": {
                name: one.address for name, one in backend.context.deployment.contracts.items()
            },
        }
        try:
            run_lifecycle(backend, url, report, images=images, tasks=tasks)
        except EdgeBazaarError as error:
            console.print(f"\n[red]The lifecycle stopped:[/red] {error}")
        report.write()
        _summary(report, url)
        if not once:
            console.print("\nCtrl-C stops everything.")
            wait_for_interrupt()
    return 0 if report.holds else 1


def run_lifecycle(
    backend: Backend, url: str, report: Report, *, images: Path | None = None, tasks: int = 36
) -> None:
    """The seven steps on a running backend.

    Raises:
        EdgeBazaarError: If a step does not turn out as it must; the report says which.
    """
    context = backend.context
    cast = create_cast(context.settings, url)
    try:
        start = accounting.head(context.rpc)
        report.balances_before = accounting.balances(
            context.rpc, accounting.accounts(cast, context), start
        )
        enrol(cast, report)
        with running_providers(cast, images) as agents:
            delivered = run_tasks(cast, report, agents, tasks)
        if len({one.content_hash for one in delivered}) < len(delivered):
            raise StepFailed("two tasks delivered the same content", mend="Give more images.")
        register_contents(cast, report, delivered)
        trade(cast, report, delivered)
        plagiarise(cast, report, delivered)
        run_auction(cast, context.rpc, report)
        accounting.audit(cast, context, report, delivered, start, generated=images is None)
    finally:
        cast.close()


def _require_enough(images: Path, tasks: int) -> None:
    found = len(image_files(images))
    if found < tasks:
        raise InvalidInput(
            "--images",
            f"{images} has {found} images for {tasks} tasks",
            f"Name a folder with at least {tasks}, for equal content is registered only once",
        )


def _demo_settings() -> Settings:
    chosen = load_settings(profile="demo")
    return load_settings(
        profile="demo",
        block_time=_BLOCK_TIMES[chosen.node_kind],
        data_directory=chosen.data_directory / "demo",
    )


def _clear(settings: Settings) -> None:
    # The demo's balances and report begin at block zero, so an earlier demo's chain must go.
    for name in ("chain", "deployments", "blobs"):
        shutil.rmtree(settings.data_directory / name, ignore_errors=True)
    for path in settings.data_directory.glob("edgebazaar.db*"):
        path.unlink()


def _summary(report: Report, url: str) -> None:
    verdict = (
        "[green]Everything held.[/green]" if report.holds else "[red]Not everything held.[/red]"
    )
    transactions = sum(len(step.transactions) for step in report.steps)
    console.print(f"\n{verdict} {len(report.steps)} steps, {transactions} transactions.")
    console.print(f"  Report         {report.path}")
    show_addresses(url)
