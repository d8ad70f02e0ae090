"""Marketplace commands of `edgebazaar`.

Thin over the client, one table or one JSON document each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from edgebazaar.client.client import EdgeBazaarClient
from edgebazaar.errors import ConfigurationError

content_commands = typer.Typer(help="Registered content.", no_args_is_help=True)
market_commands = typer.Typer(
    help="Providers, tasks, auctions, transactions.", no_args_is_help=True
)

ApiOption = Annotated[
    str, typer.Option("--api", envvar="EDGEBAZAAR_API", help="Address of the backend.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
LimitOption = Annotated[int, typer.Option(min=1, help="Most rows.")]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key-file", help="File with your private key, 0x-hex; it stays on this machine."
    ),
]
_DEFAULT_API = "http://127.0.0.1:8000"
_ETHER = 10**18
Row = dict[str, Any]
Columns = dict[str, Callable[[Row], object]]


@content_commands.command("list")
def list_contents(
    api: ApiOption = _DEFAULT_API,
    owner: Annotated[str | None, typer.Option(help="Only content of this account.")] = None,
    status: Annotated[
        str | None, typer.Option(help="available, challenged, in_exchange or removed.")
    ] = None,
    limit: LimitOption = 20,
    json_output: JsonOption = False,
) -> None:
    """List registered content, newest first."""
    _list(
        api,
        "/contents",
        {"owner": owner, "status": status},
        {
            "content": lambda row: row["content_hash"],
            "status": lambda row: row["status"],
            "owner": lambda row: row["owner"],
            "block": lambda row: row["registered_block"],
        },
        limit,
        json_output,
    )


@content_commands.command("show")
def show_content(content_hash: str, api: ApiOption = _DEFAULT_API) -> None:
    """Show one content with its whole history."""
    _show(api, f"/contents/{content_hash}")


@content_commands.command("similar")
def similar_contents(
    file: Annotated[Path, typer.Argument(help="Image or text file.", exists=True, dir_okay=False)],
    api: ApiOption = _DEFAULT_API,
    limit: LimitOption = 10,
    json_output: JsonOption = False,
) -> None:
    """Find the registered contents nearest to a file.

    And whether a challenge would call it a copy.
    """
    with EdgeBazaarClient(api) as client:
        found = client.request(
            "POST",
            "/contents/similar",
            files={"file": (file.name, file.read_bytes())},
            data={"limit": str(limit)},
        )
    if json_output:
        typer.echo(json.dumps(found, indent=2))
        return
    _table(
        found["items"],
        {
            "distance": lambda row: row["distance"],
            "a copy": lambda row: "yes" if row["within_threshold"] else "no",
            "content": lambda row: row["content"]["content_hash"],
            "owner": lambda row: row["content"]["owner"],
        },
    )


@market_commands.command("esps")
def list_esps(
    api: ApiOption = _DEFAULT_API, limit: LimitOption = 20, json_output: JsonOption = False
) -> None:
    """List edge service providers with their outcomes and expected trust."""
    _list(
        api,
        "/esps",
        {},
        {
            "provider": lambda row: row["account"],
            "stake (ether)": lambda row: f"{int(row['stake']) / _ETHER:g}",
            "on time": lambda row: row["outcomes"]["on_time"],
            "late": lambda row: row["outcomes"]["late"],
            "failed": lambda row: row["outcomes"]["failed"],
            "expected trust": lambda row: (
                f"{int(row['expectation']) / _ETHER:.3f}" if row["expectation"] else "not rated"
            ),
        },
        limit,
        json_output,
    )


@market_commands.command("tasks")
def list_tasks(
    api: ApiOption = _DEFAULT_API,
    state: Annotated[
        str | None, typer.Option(help="posted, assigned, delivered, accepted, settled or closed.")
    ] = None,
    limit: LimitOption = 20,
    json_output: JsonOption = False,
) -> None:
    """List generation tasks, newest first."""
    _list(
        api,
        "/tasks",
        {"state": state},
        {
            "task": lambda row: row["task_id"],
            "state": lambda row: row["state"],
            "outcome": lambda row: row["outcome"] or "",
            "provider": lambda row: row["provider"] or "",
        },
        limit,
        json_output,
    )


@market_commands.command("auctions")
def list_auctions(
    api: ApiOption = _DEFAULT_API, limit: LimitOption = 20, json_output: JsonOption = False
) -> None:
    """List auction rounds, newest first."""
    _list(
        api,
        "/auctions",
        {},
        {
            "round": lambda row: row["round_id"],
            "state": lambda row: row["state"],
            "bids": lambda row: row["bids"],
        },
        limit,
        json_output,
    )


@market_commands.command("transaction")
def show_transaction(identifier: str, api: ApiOption = _DEFAULT_API) -> None:
    """Show a transaction by id or hash: state, block, decoded events, decoded reason."""
    _show(api, f"/transactions/{identifier}")


@market_commands.command("act")
def act(
    path: Annotated[
        str, typer.Argument(help="A prepare path, such as /tasks/0x…/closure/prepare.")
    ],
    body: Annotated[str, typer.Argument(help="JSON body.")] = "{}",
    key_file: KeyOption = None,
    api: ApiOption = _DEFAULT_API,
) -> None:
    """Prepare an action, sign it here with your key, submit it and wait for the outcome."""
    if key_file is None or not key_file.is_file():
        raise ConfigurationError(
            "no private key", mend="Give --key-file with a file that holds it", field="--key-file"
        )
    try:
        document = json.loads(body)
    except ValueError as error:
        raise ConfigurationError(
            f"it is no JSON ({error})", mend="Quote it as one argument", field="BODY"
        ) from error
    with EdgeBazaarClient(api, key_file.read_text("utf-8").strip()) as client:
        client.sign_in()
        typer.echo(json.dumps(client.act(path, document), indent=2))


def _show(api: str, path: str) -> None:
    with EdgeBazaarClient(api) as client:
        typer.echo(json.dumps(client.get(path), indent=2))


def _list(api: str, path: str, query: Row, columns: Columns, limit: int, json_output: bool) -> None:
    with EdgeBazaarClient(api) as client:
        rows = list(islice(client.pages(path, **query), limit))
    if json_output:
        typer.echo(json.dumps(rows, indent=2))
    else:
        _table(rows, columns)


def _table(rows: Iterable[Row], columns: Columns) -> None:
    table = Table(*columns, box=None, header_style="bold")
    for row in rows:
        table.add_row(*(str(value(row)) for value in columns.values()))
    Console(highlight=False).print(table)
