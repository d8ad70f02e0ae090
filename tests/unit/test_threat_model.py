"""The threat model names every pitfall, and tests that exist."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "threat-model.md"
PITFALLS = 24
TEST = re.compile(r"`(tests/[\w/.]+)::(\w+)`")


def rows() -> dict[int, str]:
    found = re.findall(r"^\| (\d+) \|(.+)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return {int(number): text for number, text in found}


def names_of(path: Path) -> set[str]:
    text = path.read_text("utf-8")
    if path.suffix == ".sol":
        return set(re.findall(r"function (\w+)\(", text))
    return {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}


def test_every_pitfall_has_a_row_with_a_test():
    assert sorted(rows()) == list(range(1, PITFALLS + 1))
    assert [number for number, text in rows().items() if not TEST.search(text)] == []


def test_every_named_test_exists():
    named = TEST.findall(PAGE.read_text("utf-8"))
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file() or name not in names_of(ROOT / path)
    ]
    assert missing == []
    assert len(named) > PITFALLS


def test_every_named_file_exists():
    paths = re.findall(r"`(tests/[\w/.]+)`", PAGE.read_text("utf-8"))
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_what_is_open_is_among_the_known_limitations():
    limitations = (ROOT / "docs" / "known-limitations.md").read_text("utf-8")
    subjects = {2: "free option"}
    marked = [number for number, text in rows().items() if ": open" in text]
    assert set(marked) <= subjects.keys()
    assert [number for number in marked if subjects[number] not in limitations.lower()] == []


def test_the_backend_sends_no_webhooks():
    """No package but those that speak to a node, a service of the operator's choice or the API."""
    allowed = {"chain/rpc.py", "chain/source/services.py", "client", "tasks"}
    package = ROOT / "backend" / "edgebazaar"
    users = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(
            r"^\s*(import|from) (httpx|requests|aiohttp|urllib\.request)\b", path.read_text(), re.M
        )
    }
    others = {user for user in users if user not in allowed and user.split("/")[0] not in allowed}
    assert others == set()
