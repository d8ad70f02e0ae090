"""The `edgebazaar` command: run the backend, deploy, audit, and use the marketplace.

Imports are lazy, so that `--help` answers at once. An expected error is one line on standard error
and exit code 2.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from edgebazaar.client.commands import content_commands, market_commands
from edgebazaar.errors import EdgeBazaarError
from edgebazaar.exchange.watch.commands import watch_commands

app = typer.Typer(
    name="edgebazaar",
    help="A ledger and marketplace for AI-generated content and edge AI services.\n\n"
    "Settings come from the environment as EDGEBAZAAR_… (see docs/settings.md) or a .env file.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
index_app = typer.Typer(help="The read model that is derived from the chain.", no_args_is_help=True)
app.add_typer(index_app, name="index")
app.add_typer(content_commands, name="content")
app.add_typer(market_commands, name="market")
app.add_typer(watch_commands, name="watch")

RpcOption = Annotated[
    str | None,
    typer.Option("--rpc-url", help="JSON-RPC address of the chain; the embedded node if left out."),
]


@app.command()
def up() -> None:
    """Start chain, contracts, database, workers, API and pages; stay until Ctrl-C.

    Where EDGEBAZAAR_RPC_URL names a chain, that chain is used instead of the embedded node.
    """
    from edgebazaar.app import claim_api_port, running_backend, running_server
    from edgebazaar.console import console, deployment_line, show_addresses, wait_for_interrupt
    from edgebazaar.settings import load_settings

    settings = claim_api_port(load_settings())
    with (
        running_backend(settings, deployment_line) as backend,
        running_server(settings, backend.application) as url,
    ):
        show_addresses(url)
        console.print("\nCtrl-C stops everything.")
        wait_for_interrupt()


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after the lifecycle instead of staying up.")
    ] = False,
    images: Annotated[
        Path | None,
        typer.Option(
            help="Folder of your own photographs to use as content instead of generated pictures.",
            exists=True,
            file_okay=False,
            readable=True,
        ),
    ] = None,
    tasks: Annotated[int, typer.Option(min=30, help="Generation tasks to run.")] = 36,
) -> None:
    """Run the whole lifecycle on a chain of its own and report it to var/demo/report.json.

    Exit code 0 only if every step and every audit held.
    """
    from edgebazaar.demo.run import run_demo

    raise typer.Exit(run_demo(once=once, images=images, tasks=tasks))


@app.command()
def deploy(
    rpc_url: RpcOption = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="What to deploy, and its parameters: default, demo, or payments (only what a "
            "chain needs on which the price of an exchange across two chains is locked)."
        ),
    ] = None,
) -> None:
    """Deploy the contracts, or finish a deployment that was interrupted; never twice.

    Needs EDGEBAZAAR_ADMINISTRATOR_KEY. Writes deployments/<chain id>.json.
    """
    from edgebazaar.chain import deploy as deployment
    from edgebazaar.console import deployment_line, print_deployment
    from edgebazaar.settings import load_settings

    settings = load_settings(rpc_url=rpc_url, profile=profile)
    _require_chain(settings.rpc_url)
    print_deployment(
        deployment.deploy(
            settings.rpc_url,
            settings.keys.administrator,
            settings.deployment_profile,
            settings.manifest_directory,
            deployment_line,
        )
    )


@app.command()
def verify(
    rpc_url: RpcOption = None,
    sourcify: Annotated[
        str | None, typer.Option(help="Address of a Sourcify server to submit the sources to.")
    ] = None,
    blockscout: Annotated[
        str | None, typer.Option(help="Address of a Blockscout explorer to submit them to.")
    ] = None,
    patience: Annotated[
        float, typer.Option(help="Seconds to wait for each verdict of a service.", min=1)
    ] = 300,
) -> None:
    """Compare the contracts on the chain with the compiled ones, and publish their sources.

    Without a service only the byte code is compared. Submitting again changes nothing. Exit code 1
    if a service does not confirm every contract exactly.
    """
    from edgebazaar.settings import load_settings
    from edgebazaar.source_commands import run_verify

    settings = load_settings(rpc_url=rpc_url, sourcify_url=sourcify, blockscout_url=blockscout)
    _require_chain(settings.rpc_url)
    if not run_verify(settings, patience):
        raise typer.Exit(1)


@app.command()
def explorer(
    what: Annotated[
        str,
        typer.Argument(
            help="Transaction hash, token id or content hash, address, or a contract's name."
        ),
    ],
    kind: Annotated[
        str | None, typer.Option(help="What it is: transaction, token or contract.")
    ] = None,
    chain_id: Annotated[
        int | None, typer.Option(help="Chain id; asked of the chain if left out.")
    ] = None,
    rpc_url: RpcOption = None,
) -> None:
    """Print the pages of block explorers that show a transaction, a token or a contract.

    EDGEBAZAAR_EXPLORERS names explorers of a chain of your own.
    """
    from edgebazaar.settings import load_settings
    from edgebazaar.source_commands import run_explorer

    settings = load_settings(rpc_url=rpc_url)
    if chain_id is None:
        _require_chain(settings.rpc_url)
    run_explorer(settings, what, kind, chain_id)


@app.command("call")
def call_view(
    contract: Annotated[str, typer.Argument(help="Name of a contract, such as ReputationLedger.")],
    function: Annotated[str, typer.Argument(help="Name of a view function, such as opinionOf.")],
    arguments: Annotated[
        list[str] | None, typer.Argument(help="Its arguments; lists and structs as JSON.")
    ] = None,
    rpc_url: RpcOption = None,
) -> None:
    """Ask a deployed contract something; prints JSON.

    Example: edgebazaar call Membership isActive 0x70997970C51812dc3A010C7d01b50e0d17dc79C8
    """
    import orjson

    from edgebazaar.chain.contracts import Deployment
    from edgebazaar.chain.control import ControlPlane
    from edgebazaar.chain.rpc import RpcClient, from_quantity
    from edgebazaar.settings import load_settings

    settings = load_settings(rpc_url=rpc_url)
    _require_chain(settings.rpc_url)
    with RpcClient(settings.rpc_url) as rpc:
        chain_id = from_quantity(rpc.call("eth_chainId"))
    deployment = Deployment.load(Deployment.path(settings.manifest_directory, chain_id))
    answer = ControlPlane(settings.rpc_url, deployment).read(contract, function, arguments or [])
    typer.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())


@app.command()
def audit(
    rpc_url: RpcOption = None,
    blobs: Annotated[
        Path | None, typer.Option(help="Folder of content blobs, to recompute fingerprints.")
    ] = None,
    briefs: Annotated[
        Path | None,
        typer.Option(help="JSON list of disclosed {prompt, salt, seed}, to replay generations."),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Recompute every off-chain result from chain data alone; exit code 1 if anything differs.

    Asks a node and nobody else: neither the backend nor its database.
    """
    from edgebazaar.audit.command import run_audit_command

    if not run_audit_command(rpc_url, blobs, briefs, json_output):
        raise typer.Exit(1)


@app.command()
def esp(
    api: Annotated[str, typer.Option(help="Address of the backend.")] = "http://127.0.0.1:8000",
    key_file: Annotated[
        Path, typer.Option(help="File with the provider's private key, 0x-hex.", exists=True)
    ] = Path("esp.key"),
    images: Annotated[
        Path | None, typer.Option(help="Deliver these images instead of generating.", exists=True)
    ] = None,
    lazy_after: Annotated[
        int | None,
        typer.Option(help="Deliver late from this task on: shows what reputation does about it."),
    ] = None,
) -> None:
    """Run an edge service provider.

    Take tasks, generate, deliver encrypted, settle against the key.
    """
    from edgebazaar.tasks.agent import run_agent

    run_agent(api, key_file, images=images, lazy_after=lazy_after)


@app.command()
def epochs(
    api: Annotated[str, typer.Option(help="Address of the backend.")] = "http://127.0.0.1:8000",
    key_file: Annotated[
        Path, typer.Option(help="File with the operator's private key, 0x-hex.", exists=True)
    ] = Path("operator.key"),
) -> None:
    """Do an operator's duty.

    Publish the reputations at every window's beginning, answer demands for leaves.
    """
    from edgebazaar.reputation.epochs.publisher import run_publisher

    run_publisher(api, key_file)


@index_app.command("status")
def index_status() -> None:
    """Show how far the read model is behind the chain."""
    from edgebazaar.console import print_index_status
    from edgebazaar.settings import load_settings

    print_index_status(load_settings())


@index_app.command("rebuild")
def index_rebuild() -> None:
    """Empty the read model and derive it again from block zero."""
    from edgebazaar.console import rebuild_index
    from edgebazaar.settings import load_settings

    rebuild_index(load_settings())


def _require_chain(rpc_url: str) -> None:
    if not rpc_url:
        from edgebazaar.errors import ConfigurationError

        raise ConfigurationError(
            "no chain is named",
            mend="Give --rpc-url or EDGEBAZAAR_RPC_URL; 'edgebazaar up' deploys on its own node",
        )


def main() -> None:
    """Entry point: expected errors become one line and exit code 2."""
    try:
        app()
    except EdgeBazaarError as error:
        print(f"edgebazaar: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
