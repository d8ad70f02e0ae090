"""What `edgebazaar watch` does: checks its options, wires the watchtower, prints what it knows."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from decimal import Decimal, InvalidOperation
from pathlib import Path

import orjson
import structlog
from eth_account import Account
from eth_account.signers.local import LocalAccount
from rich.table import Table

from edgebazaar.addresses import checksum_address
from edgebazaar.console import console
from edgebazaar.db.locks import process_lock
from edgebazaar.errors import ConfigurationError, InvalidInput
from edgebazaar.exchange.engine.two_chains import Obstacle
from edgebazaar.exchange.engine.watching import Duty
from edgebazaar.exchange.watch.advice import advise
from edgebazaar.exchange.watch.chain import ChainSettings, WatchedChain
from edgebazaar.exchange.watch.status import LOCK_NAME, Memory, TowerStatus, read_status
from edgebazaar.exchange.watch.tower import Watchtower
from edgebazaar.values import iso_time, parse_bytes32

_ETHER = 10**18
_LONGEST_POLL_SECONDS = 600
_OBSTACLES = {
    Obstacle.FIRST_NOT_OPEN: "the first lock is not open any more",
    Obstacle.FIRST_NOT_FINAL: "the first lock is not final yet: wait",
    Obstacle.PREIMAGE_PUBLIC: "the preimage is public: agree on a fresh hashlock",
    Obstacle.HASHLOCK_DIFFERS: "the hashlocks differ",
    Obstacle.PARTIES_DIFFER: "the parties are not those of the first lock, exchanged",
    Obstacle.ASSET_DIFFERS: "it locks something else than the first lock expects",
    Obstacle.MARGIN_TOO_SMALL: "too little time is left between the two timelocks",
    Obstacle.WINDOW_TOO_SHORT: "too little time is left to see it final and to reveal the secret",
}


def run_watch(
    *,
    rpc_urls: Sequence[str],
    key_file: Path | None,
    manifests: Path,
    confirmations: Sequence[int],
    fee_limit: str,
    parties: Sequence[str],
    directory: Path,
    poll_seconds: float,
) -> None:
    """Watches until SIGINT or SIGTERM.

    Raises:
        EdgeBazaarError: If an option is wrong, a chain does not answer or does not fit its
            manifest, or another watchtower works in the folder.
    """
    settings = _chain_settings(rpc_urls, confirmations, fee_limit, poll_seconds)
    account = _read_key(key_file)
    watched = frozenset(checksum_address(one, "--party").lower() for one in parties)
    _log_json_lines()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    chains = [WatchedChain(one, manifests, directory, account, watched) for one in settings]
    tower = Watchtower(chains)
    with ExitStack() as stack:
        for chain in chains:
            stack.enter_context(process_lock(chain.engine, LOCK_NAME))
        Memory({chain.chain_id: chain.settings.confirmations for chain in chains}, watched).save(
            directory
        )
        structlog.get_logger(__name__).info(
            "started",
            account=account.address,
            balances={str(chain.chain_id): str(chain.balance()) for chain in chains},
        )
        tower.run(stop)


def show_status(directory: Path, json_output: bool) -> bool:
    """Prints the state of a watchtower; whether it is late with something.

    Raises:
        ConfigurationError: If none ever ran in the folder.
    """
    status = read_status(directory)
    if json_output:
        print(orjson.dumps(status.as_document(), option=orjson.OPT_INDENT_2).decode())
    else:
        _print_status(status)
    return status.is_late


def show_advice(
    directory: Path,
    hashlock: str,
    *,
    timelock: int | None,
    reaction_seconds: int,
    clock_tolerance_seconds: int,
    block_times: Sequence[str],
) -> bool:
    """Prints whether a second lock may be made; whether it may.

    Raises:
        EdgeBazaarError: If an option is wrong, or nothing is known of the hashlock.
    """
    advice = advise(
        directory,
        parse_bytes32(hashlock, "hashlock"),
        second_timelock=timelock,
        reaction_seconds=reaction_seconds,
        clock_tolerance_seconds=clock_tolerance_seconds,
        block_seconds_of=dict(_parse_block_time(text) for text in block_times),
    )
    verdict = advice.verdict
    made = advice.second_lock or "not made yet"
    console.print(f"first lock     {advice.first_lock} on chain {advice.first_chain}")
    console.print(f"second lock    {made}, on chain {advice.second_chain}")
    console.print(f"margin         {verdict.margin_seconds} s between the timelocks at least")
    earliest, latest = verdict.earliest_timelock, verdict.latest_timelock
    console.print(f"its timelock   {_time(earliest)} to {_time(latest)}")
    console.print(f"judged         {_time(advice.second_timelock)}")
    if verdict.allowed:
        console.print(f"reveal until   {_time(verdict.reveal_until)}")
        console.print(f"claim until    {_time(verdict.claim_until)}")
    for obstacle in verdict.obstacles:
        console.print(f"[red]no:[/red] {_OBSTACLES[obstacle]}")
    if verdict.allowed:
        console.print("[green]yes[/green]")
    return verdict.allowed


def _chain_settings(
    rpc_urls: Sequence[str], confirmations: Sequence[int], fee_limit: str, poll_seconds: float
) -> list[ChainSettings]:
    if not rpc_urls:
        raise ConfigurationError(
            "no chain is named", mend="Give one or two JSON-RPC addresses", field="--rpc-url"
        )
    if len(confirmations) not in {1, len(rpc_urls)}:
        raise InvalidInput(
            "--confirmations",
            f"is given {len(confirmations)} times for {len(rpc_urls)} chains",
            "Give it once, or once for each --rpc-url",
        )
    if wrong := [depth for depth in confirmations if not 1 <= depth <= 1000]:
        raise InvalidInput("--confirmations", f"{wrong[0]} is not 1 to 1000")
    if not 0 < poll_seconds <= _LONGEST_POLL_SECONDS:
        raise InvalidInput("--poll", f"{poll_seconds:g} is not above 0 and at most 600")
    try:
        maximum_fee = int(Decimal(fee_limit) * _ETHER)
    except (InvalidOperation, OverflowError, ValueError):
        maximum_fee = 0
    if maximum_fee <= 0:
        raise InvalidInput(
            "--fee-limit", f"{fee_limit!r} is no amount of ether", "Give one like 0.01"
        )
    depths = list(confirmations) if len(confirmations) > 1 else [confirmations[0]] * len(rpc_urls)
    return [
        ChainSettings(url, depth, maximum_fee, poll_seconds)
        for url, depth in zip(rpc_urls, depths, strict=True)
    ]


def _read_key(path: Path | None) -> LocalAccount:
    mend = "Name a file with 0x and 64 hexadecimal digits"
    if path is None:
        raise ConfigurationError("nobody pays the fees", mend=mend, field="--key-file")
    try:
        account: LocalAccount = Account.from_key(path.read_text("utf-8").strip())
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be read ({error.strerror})", mend=mend, field="--key-file"
        ) from error
    except Exception:
        # The cause may show the key.
        raise ConfigurationError(
            f"{path} holds no private key", mend=mend, field="--key-file"
        ) from None
    return account


def _parse_block_time(text: str) -> tuple[int, int]:
    chain_id, _, seconds = text.partition("=")
    if not (chain_id.isdecimal() and seconds.isdecimal() and int(seconds)):
        raise InvalidInput(
            "--block-time", f"{text!r} is not <chain id>=<seconds>", "Give it like 1=12"
        )
    return int(chain_id), int(seconds)


def _log_json_lines() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )


def _print_status(status: TowerStatus) -> None:
    console.print("The watchtower is " + ("running." if status.running else "not running."))
    table = Table("chain", "block", "seconds ago", "open locks", "claimed", "refunded", "sent")
    for chain in status.chains:
        locks = [str(chain.locks.get(state, 0)) for state in ("open", "claimed", "refunded")]
        sent = ", ".join(f"{number} {state}" for state, number in sorted(chain.sent.items()))
        seconds = str(chain.age_seconds) if chain.block >= 0 else ""
        table.add_row(str(chain.chain_id), str(chain.block), seconds, *locks, sent)
    console.print(table)
    if status.due:
        due = Table("due", "chain", "lock", "timelock", "")
        for duty in status.due:
            lock = duty.lock
            due.add_row(
                str(duty.kind), str(lock.chain_id), lock.lock_id, _time(lock.timelock), _note(duty)
            )
        console.print(due)


def _note(duty: Duty) -> str:
    if duty.is_late:
        return "half of the time is over"
    return "nobody claimed in time" if duty.is_missed else ""


def _time(unix: int) -> str:
    return f"{unix} ({iso_time(unix)})" if unix > 0 else str(unix)
