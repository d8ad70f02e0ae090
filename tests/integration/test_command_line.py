"""The `edgebazaar` command as a process: output, exit codes, and one line for what goes wrong."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from market_history import History
from running_backend import Market, commitment, fresh_hash
from source_services import BlockscoutDouble, SourcifyDouble, serving

from edgebazaar.cli import main


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Command(Protocol):
    """The command with these arguments and no settings but those given."""

    def __call__(self, *arguments: str | Path, **environment: str) -> Result: ...


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Runs the command in this process, as its entry point does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str | Path, **environment: str) -> Result:
        for name in [name for name in os.environ if name.startswith("EDGEBAZAAR_")]:
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["edgebazaar", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Result(int(ended.value.code or 0), out, err)

    return run


def run_process(*arguments: str | Path, **environment: str) -> Result:
    """The same in a process of its own."""
    clean = {key: one for key, one in os.environ.items() if not key.startswith("EDGEBAZAAR_")}
    done = subprocess.run(
        [sys.executable, "-m", "edgebazaar", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**clean, "COLUMNS": "200", **environment},
    )
    return Result(done.returncode, done.stdout, done.stderr)


def node_of(day_market: Market) -> dict[str, str]:
    """Settings that name the running chain and its manifest."""
    assert day_market.backend.node is not None
    return {
        "EDGEBAZAAR_RPC_URL": day_market.backend.node.url,
        "EDGEBAZAAR_DEPLOYMENT_DIRECTORY": str(day_market.context.settings.manifest_directory),
    }


def assert_one_line(result: Result, *words: str) -> None:
    """That an expected error is one line on standard error with exit code 2."""
    assert result.returncode == 2, (result.stdout, result.stderr)
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("edgebazaar: "), result.stderr
    for word in words:
        assert word in lines[0], lines[0]
    assert result.stdout.strip() == ""


@contextmanager
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


# Audits


def test_an_audit_of_the_running_chain_holds(
    day_market: Market, history: History, tmp_path: Path
) -> None:
    briefs = tmp_path / "briefs.json"
    entries = [
        {"prompt": one.prompt, "salt": "0x" + one.salt.hex(), "seed": one.seed}
        for one in history.briefs.values()
    ]
    briefs.write_text(json.dumps(entries))
    blobs = day_market.context.settings.data_directory / "blobs"
    options = ("--blobs", blobs, "--briefs", briefs, "--json")
    result = run_process("audit", *options, **node_of(day_market))
    assert result.returncode == 0, (result.stdout, result.stderr)
    report = json.loads(result.stdout)
    assert report["holds"] and report["chain_id"] == day_market.context.deployment.chain_id
    checks = {check["name"]: check for check in report["checks"]}
    assert checks["contents"]["checked"] == 10 and checks["contents"]["skipped"] == 0
    assert result.stderr == ""


def test_an_audit_for_people_shows_a_line_for_each_check(
    day_market: Market, history: History, run: Command
) -> None:
    result = run("audit", **node_of(day_market))
    assert result.returncode == 0, (result.stdout, result.stderr)
    assert result.stdout.count("holds") == 8 and "3 not disclosed" in result.stdout


def test_an_audit_that_finds_a_difference_ends_with_1(
    day_market: Market, history: History, tmp_path: Path, run: Command
) -> None:
    """The manifest says another threshold than the contracts were deployed with."""
    source = day_market.context.settings.manifest_directory
    for path in source.glob("*.json"):
        manifest = json.loads(path.read_text())
        manifest["profile"]["schemes"] = {scheme: 0 for scheme in manifest["profile"]["schemes"]}
        (tmp_path / path.name).write_text(json.dumps(manifest))
    settings = node_of(day_market) | {"EDGEBAZAAR_DEPLOYMENT_DIRECTORY": str(tmp_path)}
    result = run("audit", **settings)
    assert result.returncode == 1, (result.stdout, result.stderr)
    assert "DIFFERS" in result.stdout and "verdict" in result.stdout
    assert "Traceback" not in result.stderr


def test_an_audit_of_nothing_says_what_is_missing(
    day_market: Market, tmp_path: Path, run: Command
) -> None:
    settings = node_of(day_market)
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    wrong = tmp_path / "wrong.json"
    wrong.write_text('[{"prompt": 5}]')
    for briefs in (broken, wrong, tmp_path / "absent.json"):
        result = run("audit", "--briefs", briefs, **settings)
        assert_one_line(result, "--briefs", briefs.name)
    elsewhere = settings | {"EDGEBAZAAR_DEPLOYMENT_DIRECTORY": str(tmp_path / "nowhere")}
    assert_one_line(run("audit", **elsewhere), "nowhere")
    silent = settings | {"EDGEBAZAAR_RPC_URL": "http://127.0.0.1:9"}
    assert_one_line(run("audit", **silent), "127.0.0.1:9")
    assert_one_line(run("audit", "--rpc-url", "nonsense"), "EDGEBAZAAR_RPC_URL", "http://")


# The marketplace


def test_lists_as_tables_and_as_json(day_market: Market, history: History, run: Command) -> None:
    api = ("--api", day_market.url)
    contents = run("content", "list", "--json", *api)
    assert contents.returncode == 0, contents.stderr
    listed = {row["content_hash"] for row in json.loads(contents.stdout)}
    assert set(history.contents.values()) <= listed
    table = run("market", "esps", *api)
    assert table.returncode == 0, table.stderr
    assert day_market.address("esp") in table.stdout and "expected trust" in table.stdout
    tasks = run("market", "tasks", "--state", "closed", "--json", *api)
    assert [row["task_id"] for row in json.loads(tasks.stdout)] == [history.tasks[2]]
    auctions = run("market", "auctions", *api)
    assert history.round_id in auctions.stdout


def test_one_content_and_its_likes(
    day_market: Market, history: History, tmp_path: Path, run: Command
) -> None:
    api = ("--api", day_market.url)
    original = history.contents["original"]
    shown = run("content", "show", original, *api)
    assert shown.returncode == 0, shown.stderr
    kinds = [entry["kind"] for entry in json.loads(shown.stdout)["history"]]
    assert kinds[:2] == ["committed", "registered"] and "sale_settled" in kinds
    picture = tmp_path / "picture.png"
    preview = day_market.client("stranger").get(f"/contents/{original}/preview")
    picture.write_bytes(preview)
    found = run("content", "similar", picture, "--json", *api)
    assert found.returncode == 0, found.stderr
    nearest = json.loads(found.stdout)["items"][0]
    assert nearest["content"]["content_hash"] == original and nearest["distance"] == 0


def test_an_act_signs_with_the_key_file_and_waits(
    day_market: Market, tmp_path: Path, run: Command
) -> None:
    key = tmp_path / "producer.key"
    key.write_text(day_market.key("producer") + "\n")
    options = ("--key-file", key, "--api", day_market.url)
    path = "/contents/commitments/prepare"
    done = run("market", "act", path, json.dumps(commitment()), *options)
    assert done.returncode == 0, done.stderr
    final = json.loads(done.stdout)
    assert final["state"] == "confirmed" and final["sender"] == day_market.address("producer")
    shown = run("market", "transaction", final["hash"], "--api", day_market.url)
    assert json.loads(shown.stdout) == final
    assert day_market.key("producer")[2:] not in done.stdout + done.stderr


def test_what_goes_wrong_is_one_line(day_market: Market, tmp_path: Path, run: Command) -> None:
    api = ("--api", day_market.url)
    key = tmp_path / "stranger.key"
    key.write_text(day_market.key("stranger"))
    no_key = tmp_path / "no.key"
    no_key.write_text("swordfish")
    path = "/contents/commitments/prepare"
    body = json.dumps(commitment())
    assert_one_line(run("content", "show", fresh_hash(), *api), "no content")
    assert_one_line(run("content", "show", "0x12", *api), "content_hash", "64 hexadecimal")
    assert_one_line(run("market", "tasks", "--state", "lost", *api), "state", "posted")
    assert_one_line(run("market", "act", path, body, *api), "--key-file")
    with_key = ("--key-file", key, *api)
    assert_one_line(run("market", "act", path, "{", *with_key), "BODY", "JSON")
    assert_one_line(run("market", "act", path, body, *with_key), "role producer")
    wrong_key = run("market", "act", path, body, "--key-file", no_key, *api)
    assert_one_line(wrong_key, "private key", "64 hexadecimal")
    assert "swordfish" not in wrong_key.stderr
    assert_one_line(run("market", "esps", "--api", "http://127.0.0.1:9"), "127.0.0.1:9")


# Chain and read model


def test_verify_and_index_status(day_market: Market, run: Command) -> None:
    settings = node_of(day_market)
    verified = run("verify", **settings)
    assert verified.returncode == 0, verified.stderr
    assert "Every contract in" in verified.stdout
    database = {"EDGEBAZAAR_DATABASE_URL": day_market.context.settings.database_url}
    status = run("index", "status", **settings, **database)
    assert status.returncode == 0, status.stderr
    assert "lag" in status.stdout


def test_verify_publishes_to_the_named_services(day_market: Market, run: Command) -> None:
    settings = node_of(day_market)
    contracts = day_market.context.deployment.contracts
    with serving(SourcifyDouble()) as sourcify, serving(BlockscoutDouble()) as blockscout:
        names = {"EDGEBAZAAR_SOURCIFY_URL": sourcify.url}
        published = run("verify", "--blockscout", blockscout.url, **settings, **names)
        assert published.returncode == 0, published.stderr
        assert published.stdout.count(" exact ") == 2 * len(contracts)
        assert len(sourcify.submitted) == len(blockscout.submitted) == len(contracts)
        blockscout.partial.add(contracts["Payouts"].address)
        half = run("verify", "--blockscout", blockscout.url, "--patience", "2", **settings)
        assert half.returncode == 1
        (line,) = [line for line in half.stdout.splitlines() if " partial " in line]
        assert "Payouts" in line


def test_explorer_prints_pages_of_transaction_token_and_contract(
    day_market: Market, history: History, run: Command
) -> None:
    settings = node_of(day_market) | {"EDGEBAZAAR_EXPLORERS": "blockscout=https://e.example"}
    deployment = day_market.context.deployment
    register = deployment.address("ProofOfAIGC")
    transaction = deployment.contracts["Payouts"].transaction
    for what, page in (
        (transaction, f"/tx/{transaction}"),
        ("Payouts", f"/address/{deployment.address('Payouts')}?tab=contract"),
        ("7", f"/token/{register}/instance/7"),
    ):
        shown = run("explorer", what, **settings)
        assert shown.returncode == 0, shown.stderr
        assert shown.stdout.split() == [f"https://e.example{page}"]
    assert_one_line(run("explorer", "0x" + "00" * 32, **settings), "no transaction or token")
    assert_one_line(run("explorer", "7", **node_of(day_market)), "EDGEBAZAAR_EXPLORERS")
    assert_one_line(run("explorer", "7"), "no chain is named")
    assert_one_line(run("explorer", "7", "--kind", "x", **settings), "transaction, token, contract")


def test_settings_that_do_not_fit_are_one_line(
    day_market: Market, tmp_path: Path, run: Command
) -> None:
    assert_one_line(run("deploy"), "no chain is named", "--rpc-url")
    assert_one_line(run("verify"), "no chain is named")
    assert_one_line(run("index", "status"), "EDGEBAZAAR_RPC_URL")
    settings = node_of(day_market)
    assert_one_line(run("deploy", **settings), "EDGEBAZAAR_ADMINISTRATOR_KEY")
    wrong = run("deploy", EDGEBAZAAR_ADMINISTRATOR_KEY="0xswordfish", **settings)
    assert_one_line(wrong, "EDGEBAZAAR_ADMINISTRATOR_KEY", "private key")
    assert "swordfish" not in wrong.stderr
    assert_one_line(run("up", EDGEBAZAAR_API_PORT="90000"), "EDGEBAZAAR_API_PORT")
    assert_one_line(run("up", EDGEBAZAAR_PROFILE="large"), "EDGEBAZAAR_PROFILE", "demo")


def test_a_busy_port_is_named_and_nothing_stays_behind(tmp_path: Path, run: Command) -> None:
    folders = {"EDGEBAZAAR_DATA_DIRECTORY": str(tmp_path / "var")}
    with busy_port() as port:
        taken = run("up", EDGEBAZAAR_NODE_PORT=str(port), **folders)
        assert_one_line(taken, str(port), "EDGEBAZAAR_NODE_PORT")
        quick = {"EDGEBAZAAR_NODE_PORT": "0", "EDGEBAZAAR_BLOCK_TIME": "0.1"}
        api = run_process("up", EDGEBAZAAR_API_PORT=str(port), **quick, **folders)
        assert api.returncode == 2 and "Traceback" not in api.stderr
        assert "EDGEBAZAAR_API_PORT" in api.stderr.strip().splitlines()[-1]
    listing = subprocess.run(["ps", "axo", "args"], capture_output=True, text=True, check=True)
    assert str(tmp_path) not in listing.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"], ["market", "--help"]])
def test_help(arguments: list[str], run: Command) -> None:
    result = run(*arguments)
    assert result.returncode == 0 and "Usage" in result.stdout
