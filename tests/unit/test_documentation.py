"""The pages under docs/ name what the code has: paths, permissions, errors, events, settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest

from edgebazaar.api.context import Context
from edgebazaar.api.factory import create_application
from edgebazaar.chain.artifacts import CONTRACT_NAMES, load_artifact
from edgebazaar.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "SECURITY.md"])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
ROW = re.compile(r"^\| (GET|POST|PUT|DELETE|PATCH) \| `([^`]+)` \| (\S+) \|", re.MULTILINE)


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def abi_names(kind: str) -> set[str]:
    return {
        entry["name"]
        for contract in CONTRACT_NAMES
        for entry in load_artifact(contract).abi
        if entry["type"] == kind
    }


def test_rest_page_lists_exactly_the_paths_with_their_permissions() -> None:
    # The schema does not depend on what a request handler would reach.
    schema: dict[str, Any] = create_application(cast(Context, None)).openapi()
    served = {
        (method.upper(), path.removeprefix("/api/v1"), operation["x-permission"])
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    }
    assert set(ROW.findall(page("rest.md"))) == served


def test_contracts_page_names_every_error_of_our_contracts() -> None:
    text = page("contracts.md")
    own = {name for name in abi_names("error") if "_" in name}
    missing = {name for name in own if name not in text and f"_{name.split('_', 1)[1]}" not in text}
    assert own
    assert not missing


def test_contracts_page_names_every_event_that_openzeppelin_does_not_define() -> None:
    foreign = {"EIP712DomainChanged", "ExecutedForwardRequest"} | {
        name for name in abi_names("event") if name.startswith("Ownership")
    }
    text = page("contracts.md")
    assert {name for name in abi_names("event") - foreign if name not in text} == set()


def test_contracts_page_names_every_function_that_changes_state() -> None:
    functions = {
        entry["name"]
        for contract in CONTRACT_NAMES
        for entry in load_artifact(contract).abi
        if entry["type"] == "function" and entry["stateMutability"] in {"nonpayable", "payable"}
    }
    text = page("contracts.md")
    assert {name for name in functions if f"`{name}" not in text} == set()


def test_settings_page_names_every_setting_with_its_default() -> None:
    rows = dict(
        re.findall(rf"^\| `({PREFIX}[A-Z_]+)` \| ([^|]+?) \|", page("settings.md"), re.MULTILINE)
    )
    for name, field in Settings.model_fields.items():
        shown = rows.get(PREFIX + name.upper())
        assert shown is not None, f"{name} is not on the page"
        if field.default not in ("", None):
            assert shown.strip("`") == str(field.default)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text("utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        found = (path.parent / name).resolve() if name else path
        assert found.exists(), f"{target} leads nowhere"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text("utf-8"), re.MULTILINE)
            anchors = {
                re.sub(r"[^\w -]", "", one).strip().lower().replace(" ", "-") for one in headings
            }
            assert anchor in anchors, f"{target} names no heading"
