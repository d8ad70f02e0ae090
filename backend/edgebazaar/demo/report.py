"""The demo's report: steps with their transactions, balances before and after, audits.

Also what the terminal shows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from edgebazaar.errors import EdgeBazaarError

Json = dict[str, Any]


class StepFailed(EdgeBazaarError):
    """Something in the lifecycle did not turn out as it must."""

    code = "step-failed"


@dataclass
class Step:
    """One step of the lifecycle."""

    number: int
    title: str
    seconds: float = 0.0
    held: bool = False
    facts: Json = field(default_factory=dict)
    transactions: list[Json] = field(default_factory=list)
    error: str | None = None

    def record(self, what: str, transaction: Json) -> Json:
        """Notes a confirmed transaction and hands it on."""
        self.transactions.append(
            {
                "what": what,
                "hash": transaction["hash"],
                "block": transaction["block_number"],
                "gas_used": transaction["gas_used"],
                "by": transaction["sender"],
            }
        )
        return transaction

    def require(self, condition: bool, what: str) -> None:
        """Notes that something holds.

        Raises:
            StepFailed: If it does not.
        """
        if not condition:
            raise StepFailed(f"step {self.number} ({self.title}): not so: {what}")
        self.facts.setdefault("checked", []).append(what)


class Report:
    """Collects the steps and writes the file.

    Args:
        path: Where the report goes.
        console: Where progress goes.
    """

    def __init__(self, path: Path, console: Console) -> None:
        self.path = path
        self.console = console
        self.steps: list[Step] = []
        self.balances_before: dict[str, int] = {}
        self.balances_after: dict[str, int] = {}
        self.conservation: Json = {}
        self.audit: Json = {}
        self.deployment: Json = {}

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Runs one step; its time, outcome and error are noted whatever happens."""
        step = Step(len(self.steps) + 1, title)
        self.steps.append(step)
        self.console.print(f"\n[bold]{step.number} {title}[/bold]")
        started = time.monotonic()
        try:
            yield step
            step.held = True
        except Exception as error:
            step.error = f"{type(error).__name__}: {error}"
            raise
        finally:
            step.seconds = round(time.monotonic() - started, 2)
            self.write()
        self.console.print(
            f"  [green]held[/green] in {step.seconds:.1f} s, {len(step.transactions)} transactions"
        )

    def say(self, text: str) -> None:
        """One line of progress."""
        self.console.print(f"  {text}")

    @property
    def holds(self) -> bool:
        """Whether all seven steps and every audit held."""
        return (
            len(self.steps) == 7
            and all(step.held for step in self.steps)
            and bool(self.audit.get("holds"))
            and bool(self.conservation.get("holds"))
        )

    def document(self) -> Json:
        """The report as JSON; money in wei as decimal strings."""
        return {
            "holds": self.holds,
            "deployment": self.deployment,
            "steps": [
                {
                    "number": step.number,
                    "title": step.title,
                    "held": step.held,
                    "seconds": step.seconds,
                    "error": step.error,
                    "facts": step.facts,
                    "transactions": step.transactions,
                }
                for step in self.steps
            ],
            "balances": {
                name: {"before": str(before), "after": str(self.balances_after.get(name, ""))}
                for name, before in self.balances_before.items()
            },
            "conservation": self.conservation,
            "audit": self.audit,
        }

    def write(self) -> None:
        """Writes the report so far."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(orjson.dumps(self.document(), option=orjson.OPT_INDENT_2))
