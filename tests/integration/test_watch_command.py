"""`edgebazaar watch` as a process and at a terminal: what it refuses, says, survives, advises."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from eth_account.signers.local import LocalAccount
from two_chains import (
    CLAIMED,
    CONTENT_CHAIN,
    HOUR,
    OPEN,
    PAYMENT_CHAIN,
    Exchange,
    TwoChains,
    fee_payer,
    wait_for,
)

from edgebazaar.cli import main
from edgebazaar.exchange.watch.status import read_status


class Command(Protocol):
    """`edgebazaar` with these arguments: exit code, standard output, standard error."""

    def __call__(self, *arguments: object) -> tuple[int, str, str]: ...


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command in this process, as its entry point does."""
    monkeypatch.setenv("COLUMNS", "200")
    for name in [name for name in os.environ if name.startswith("EDGEBAZAAR_")]:
        monkeypatch.delenv(name)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["edgebazaar", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.fixture
def payer(two_chains: TwoChains) -> LocalAccount:
    return fee_payer(two_chains)


@pytest.fixture
def key_file(payer: LocalAccount, tmp_path: Path) -> Path:
    path = tmp_path / "watch.key"
    path.write_text(f"0x{payer.key.hex()}\n")
    return path


@pytest.fixture
def options(two_chains: TwoChains, key_file: Path, tmp_path: Path) -> list[object]:
    """Everything that a watchtower of both chains needs."""
    urls = [two_chains.content.rpc.url, two_chains.payment.rpc.url]
    return [
        *(part for url in urls for part in ("--rpc-url", url)),
        *("--key-file", key_file),
        *("--manifests", two_chains.manifests),
        *("--directory", tmp_path / "watch"),
        *("--confirmations", 2, "--poll", 0.05),
    ]


@contextmanager
def process(options: list[object], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The watchtower as a process of its own; ended at the latest with the block."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            [sys.executable, "-m", "edgebazaar", "watch", *map(str, options)],
            stdout=output,
            stderr=output,
        )
    try:
        yield started
    finally:
        started.kill()
        started.wait(30)


def lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def events(log: Path) -> list[object]:
    return [line["event"] for line in lines(log)]


@pytest.mark.timeout(300)
def test_it_goes_on_after_kill_9_says_how_it_stands_and_ends_in_order(
    two_chains: TwoChains,
    payer: LocalAccount,
    options: list[object],
    run: Command,
    tmp_path: Path,
) -> None:
    exchange = two_chains.exchange()
    exchange.lock_content()
    exchange.lock_price()
    head = two_chains.content.head()
    log, directory = tmp_path / "log", tmp_path / "watch"
    with process([*options, "--party", exchange.buyer.address], log) as first:
        wait_for(lambda: log.exists() and "watching" in events(log), "the first summary")
        wait_for(lambda: read_status(directory).chains[0].block >= head, "the lock to be seen")
        assert read_status(directory).running
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    exchange.reveal()
    assert not read_status(directory).running
    assert exchange.states() == (OPEN, CLAIMED)
    with process([*options, "--party", exchange.buyer.address], log) as second:
        wait_for(lambda: exchange.states() == (CLAIMED, CLAIMED), "the claim for the buyer")
        done = {"act": f"watch claim {exchange.first}", "chain": CONTENT_CHAIN}
        wait_for(
            lambda: any(
                line["event"] == "transaction"
                and line["state"] == "confirmed"
                and done.items() <= line.items()
                for line in lines(log)
            ),
            "the log to say so",
        )
        code, out, _ = run("watch", "status", "--directory", directory, "--json")
        assert code == 0
        status = json.loads(out)
        assert status["running"]
        assert status["due"] == []
        content, payment = status["chains"]
        assert (content["chain_id"], payment["chain_id"]) == (CONTENT_CHAIN, PAYMENT_CHAIN)
        assert content["sent"] == {"confirmed": 1}
        assert content["gas_used"] > 21_000
        assert payment["sent"] == {}
        code, _, err = run("watch", *options)
        assert (code, err.count("\n")) == (2, 1)
        assert "held by another process" in err
        second.send_signal(signal.SIGTERM)
        assert second.wait(20) == 0
    exchange.assert_outcome(traded=True)
    assert two_chains.content.nonce(payer) == 1
    code, out, _ = run("watch", "status", "--directory", directory)
    assert code == 0
    assert "not running" in out
    assert "1 confirmed" in out


@pytest.mark.slow
def test_status_fails_while_a_claim_is_late(
    two_chains: TwoChains, options: list[object], run: Command, tmp_path: Path
) -> None:
    exchange = two_chains.exchange()
    exchange.lock_content()
    exchange.lock_price()
    exchange.reveal()
    two_chains.jump_to(exchange.first_timelock - HOUR)
    log, directory = tmp_path / "log", tmp_path / "watch"
    limit = ("--fee-limit", "0.000000000000021")  # 21,000 wei: too little for any claim
    with process([*options, *limit, "--party", exchange.buyer.address], log):
        wait_for(lambda: log.exists() and "held up" in events(log), "the claim to be held up")
        assert "half of the time to claim is over" in events(log)
        code, out, _ = run("watch", "status", "--directory", directory)
    assert code == 1
    assert exchange.first in out
    assert "half of the time is over" in out
    assert exchange.states() == (OPEN, CLAIMED)


@pytest.fixture
def locked(two_chains: TwoChains, options: list[object], tmp_path: Path) -> Exchange:
    """Content locked, nothing answered, and a watchtower that has seen it."""
    exchange = two_chains.exchange()
    exchange.lock_content()
    head = two_chains.content.head()
    log, directory = tmp_path / "log", tmp_path / "watch"
    with process([*options, "--party", exchange.buyer.address], log):
        wait_for(
            lambda: (
                log.exists()
                and "watching" in events(log)
                and read_status(directory).chains[0].block >= head
            ),
            "the lock to be seen",
        )
    return exchange


def test_check_says_whether_the_second_lock_may_be_made(
    locked: Exchange, run: Command, tmp_path: Path
) -> None:
    hashlock = "0x" + locked.terms(locked.seller, locked.buyer, locked.price)["hashlock"].hex()
    where = ("--directory", tmp_path / "watch")
    times = ("--block-time", f"{CONTENT_CHAIN}=2", "--block-time", f"{PAYMENT_CHAIN}=12")
    code, out, err = run("watch", "check", hashlock, *where, *times)
    # 2 * 12 s until the reveal is final, 600 s to react, 2 * 2 s for the claim, 15 s for each clock
    assert "658 s" in out, err
    assert locked.first in out
    assert "yes" in out
    assert code == 0
    late = locked.first_timelock - 657
    code, out, _ = run("watch", "check", hashlock, "--timelock", late, *where, *times)
    assert "too little time is left between the two timelocks" in out
    assert code == 1
    code, _, err = run("watch", "check", "0x" + "77" * 32, *where)
    assert (code, err.count("\n")) == (2, 1)
    code, _, err = run("watch", "check", hashlock, *where, "--block-time", "soon")
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--rpc-url": None}, "no chain is named"),
        ({"--key-file": None}, "nobody pays the fees"),
        ({"--key-file": "missing.key"}, "cannot be read"),
        ({"--manifests": "nowhere"}, "there is no nowhere"),
        ({"--confirmations": 0}, "0 is not 1 to 1000"),
        ({"--fee-limit": "much"}, "is no amount of ether"),
        ({"--fee-limit": "-1"}, "is no amount of ether"),
        ({"--fee-limit": "NaN"}, "is no amount of ether"),
        ({"--party": "0x12"}, "--party"),
        ({"--poll": 0}, "--poll"),
        ({"--rpc-url": "http://127.0.0.1:9"}, "does not answer"),
    ],
)
def test_a_wrong_option_is_one_line(
    run: Command, options: list[object], changes: dict[str, object], words: str
) -> None:
    given: list[object] = []
    for name, value in zip(options[::2], options[1::2], strict=True):
        if name not in changes:
            given += [name, value]
    for name, value in changes.items():
        given += [] if value is None else [name, value]
    code, _, err = run("watch", *given)
    assert code == 2
    assert err.startswith("edgebazaar: ")
    assert err.count("\n") == 1
    assert words in err


def test_one_chain_twice_is_refused(
    run: Command, options: list[object], two_chains: TwoChains
) -> None:
    url = two_chains.content.rpc.url
    code, _, err = run("watch", "--rpc-url", url, "--rpc-url", url, *options[4:])
    assert (code, err.count("\n")) == (2, 1)
    assert "the same id" in err


def test_status_of_a_folder_without_a_watchtower(run: Command, tmp_path: Path) -> None:
    code, _, err = run("watch", "status", "--directory", tmp_path)
    assert (code, err.count("\n")) == (2, 1)
    assert "no watchtower ever ran" in err


def test_a_chain_for_payments_is_no_chain_for_the_backend(
    run: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EDGEBAZAAR_PROFILE", "payments")
    monkeypatch.setenv("EDGEBAZAAR_API_PORT", "0")
    monkeypatch.setenv("EDGEBAZAAR_DATA_DIRECTORY", str(tmp_path / "var"))
    code, _, err = run("up")
    assert (code, err.count("\n")) == (2, 1)
    assert "ProofOfAIGC" in err
    assert not (tmp_path / "var").exists()


def test_help_teaches(run: Command) -> None:
    code, out, _ = run("watch", "--help")
    assert code == 0
    for word in ("--rpc-url", "--key-file", "--fee-limit", "status", "check", "Example"):
        assert word in out
