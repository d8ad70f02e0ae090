"""`edgebazaar watch`: the watchtower at a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

watch_commands = typer.Typer(no_args_is_help=False)

DirectoryOption = Annotated[
    Path,
    typer.Option(help="Folder of what the watchtower keeps: one database for each chain."),
]
_DEFAULT_DIRECTORY = Path("var/watch")


@watch_commands.callback(invoke_without_command=True)
def watch(
    context: typer.Context,
    rpc_url: Annotated[
        list[str] | None,
        typer.Option(
            "--rpc-url",
            envvar="EDGEBAZAAR_WATCH_RPC_URLS",
            help="JSON-RPC address of a chain. Give it twice to watch two.",
        ),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            envvar="EDGEBAZAAR_WATCH_KEY_FILE",
            help="File with the private key, 0x-hex, that pays the fees on every chain. Use one "
            "that nothing else uses; it needs coins and no rights.",
        ),
    ] = None,
    manifests: Annotated[
        Path, typer.Option(help="Folder of the manifests <chain id>.json, one for each chain.")
    ] = Path("deployments"),
    confirmations: Annotated[
        list[int] | None,
        typer.Option(
            help="Blocks, its own included, from which on a block counts as final. Once for all "
            "chains (12 if left out), or once for each in the order of --rpc-url.",
        ),
    ] = None,
    fee_limit: Annotated[
        str,
        typer.Option(
            help="Most that one transaction's gas may cost, in ether; a dearer one waits."
        ),
    ] = "0.01",
    party: Annotated[
        list[str] | None,
        typer.Option(
            help="Watch only locks that this account sends or receives; give it once for each. "
            "Everybody's locks if left out, and then anybody's locks cost your fees.",
        ),
    ] = None,
    directory: DirectoryOption = _DEFAULT_DIRECTORY,
    poll: Annotated[float, typer.Option(help="Seconds between two looks at a chain.")] = 2.0,
) -> None:
    """Claim and refund hashed-timelock locks in time, on one chain or across two.

    When a secret has been revealed and its block is final, every open lock of the same hashlock is
    claimed for its receiver; when a timelock has passed, the lock is refunded to its sender. Nobody
    else can be paid, so no key of the parties is needed.

    May be killed at any time: start it again with the same --directory and it goes on. Logs are
    JSON lines; 'watch status' says how it stands. See docs/two-chains.md.

    Example: edgebazaar watch --rpc-url http://127.0.0.1:8545 --rpc-url http://127.0.0.1:9545
    --key-file watch.key
    """
    if context.invoked_subcommand is not None:
        return
    from edgebazaar.exchange.watch.command import run_watch

    run_watch(
        rpc_urls=rpc_url or [],
        key_file=key_file,
        manifests=manifests,
        confirmations=confirmations or [12],
        fee_limit=fee_limit,
        parties=party or [],
        directory=directory,
        poll_seconds=poll,
    )


@watch_commands.command("status")
def status(
    directory: DirectoryOption = _DEFAULT_DIRECTORY,
    json_output: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how far the watchtower is, what it did and what is due.

    Exit code 1 if half of the time to claim some lock is over.
    """
    from edgebazaar.exchange.watch.command import show_status

    if show_status(directory, json_output):
        raise typer.Exit(1)


@watch_commands.command("check")
def check(
    hashlock: Annotated[str, typer.Argument(help="Hashlock of the exchange, 32 bytes as 0x-hex.")],
    timelock: Annotated[
        int | None,
        typer.Option(help="Timelock meant for the second lock, unix time; the latest if left out."),
    ] = None,
    reaction: Annotated[
        int, typer.Option(help="Seconds in which each party, or its watchtower, surely acts.")
    ] = 600,
    clock_tolerance: Annotated[
        int, typer.Option(help="Seconds that a block's time may be wrong.")
    ] = 15,
    block_time: Annotated[
        list[str] | None,
        typer.Option(
            help="Longest seconds between blocks as <chain id>=<seconds>; give it once for each "
            "chain. The mean of the newest blocks if left out.",
        ),
    ] = None,
    directory: DirectoryOption = _DEFAULT_DIRECTORY,
) -> None:
    """Say whether the second lock of an exchange across two chains may be made.

    Also until when the secret may be revealed. Needs a watchtower of both chains. Exit code 1 if
    the lock must not be made.
    """
    from edgebazaar.exchange.watch.command import show_advice

    allowed = show_advice(
        directory,
        hashlock,
        timelock=timelock,
        reaction_seconds=reaction,
        clock_tolerance_seconds=clock_tolerance,
        block_times=block_time or [],
    )
    if not allowed:
        raise typer.Exit(1)
