"""The main job, whole: seven audited steps on a real chain with real agents, on either node."""

from __future__ import annotations

import io
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from edgebazaar.app import running_backend, running_server
from edgebazaar.demo.report import Report
from edgebazaar.demo.run import run_lifecycle
from edgebazaar.settings import load_settings

TASKS = 30


@pytest.mark.timeout(1500)
@pytest.mark.parametrize(
    ("kind", "block_time"), [("anvil", 0.2), pytest.param("ganache", 1.0, marks=pytest.mark.slow)]
)
def test_lifecycle_holds(kind: str, block_time: float, tmp_path: Path) -> None:
    settings = load_settings(
        profile="demo",
        node_kind=kind,
        node_port=0,
        api_port=0,
        block_time=block_time,
        data_directory=tmp_path,
    )
    output = io.StringIO()
    report = Report(tmp_path / "report.json", Console(file=output))
    with (
        running_backend(settings) as backend,
        running_server(settings, backend.application) as url,
    ):
        run_lifecycle(backend, url, report, tasks=TASKS)
    report.write()
    document = orjson.loads((tmp_path / "report.json").read_bytes())
    assert document["holds"], output.getvalue()
    assert [step["number"] for step in document["steps"]] == [1, 2, 3, 4, 5, 6, 7]
    assert all(step["held"] for step in document["steps"])
    assert all(
        transaction["hash"] and transaction["block"] > 0
        for step in document["steps"]
        for transaction in step["transactions"]
    )
    assert all(check["holds"] and check["checked"] > 0 for check in document["audit"]["checks"])
    assert (
        document["balances"]["producer-1"]["before"] != document["balances"]["producer-1"]["after"]
    )
