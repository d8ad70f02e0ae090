"""Runs slither over the contracts; fails on a finding of high or medium impact without a reason.

Reasons stand in `docs/slither.md`, a line of a table for each: detector, where (a contract's
function, or `*`), why it is none. A reason that no finding needs any more fails, too.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REASONS = ROOT / "docs" / "slither.md"
SOURCES = ROOT / "backend" / "edgebazaar" / "chain" / "artifacts" / "standard_input.json"
FOLDER = ROOT / "var" / "prove"
ROW = re.compile(r"\| `([a-z0-9-]+)` \| `([^`]+)` \| (.+) \|")

Finding = tuple[str, str]


def main() -> int:
    """Print every finding with its reason; exit code 1 if one has none or a reason is stale."""
    reasons = {(one[1], one[2]): one[3] for one in map(ROW.fullmatch, lines(REASONS)) if one}
    used: set[Finding] = set()
    unexplained = 0
    for impact, detector, where, text in findings():
        keys = [key for key in ((detector, where), (detector, "*")) if key in reasons]
        used.update(keys[:1])
        unexplained += not keys
        print(f"{impact:6} {detector} {where}\n       {reasons[keys[0]] if keys else text}")
    stale = reasons.keys() - used
    for detector, where in sorted(stale):
        print(f"{REASONS.name}: nothing is found any more by {detector} at {where}")
    print(f"{unexplained} findings without a reason, {len(stale)} reasons without a finding.")
    return 1 if unexplained or stale else 0


def lines(path: Path) -> list[str]:
    """Lines of a text file."""
    return path.read_text("utf-8").splitlines()


def findings() -> list[tuple[str, str, str, str]]:
    """Impact, detector, `Contract.function` and slither's own words of every finding."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    source, report = FOLDER / "slither_input.json", FOLDER / "slither.json"
    document = json.loads(SOURCES.read_text("utf-8"))
    selection = ["abi", "metadata", "devdoc", "userdoc", "evm.bytecode", "evm.deployedBytecode"]
    document["settings"]["outputSelection"] = {"*": {"*": selection, "": ["ast"]}}
    source.write_text(json.dumps(document), "utf-8")
    report.unlink(missing_ok=True)
    done = subprocess.run(
        [
            Path(sys.executable).with_name("slither"),
            source.relative_to(ROOT),
            "--compile-force-framework",
            "solc-json",
            "--solc",
            ".solc/solc-v0.8.37",
            "--filter-paths",
            "node_modules",
            "--exclude-informational",
            "--exclude-low",
            "--exclude-optimization",
            "--json",
            report,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if not report.is_file():
        sys.exit(f"slither failed:\n{done.stderr[-2000:]}")
    results = json.loads(report.read_text("utf-8"))
    if not results["success"] or " analyzed (0 contracts" in done.stderr:
        sys.exit(f"slither failed: {results['error']}\n{done.stderr[-2000:]}")
    print(done.stderr.strip().splitlines()[-1].removeprefix("INFO:Slither:"))
    found = {
        (one["impact"], one["check"], place(one), one["description"].strip().splitlines()[0])
        for one in results["results"].get("detectors", [])
    }
    return sorted(found)


def place(finding: dict) -> str:
    """The function or contract that a finding is about, as `Contract.function`."""
    for element in finding["elements"]:
        names = [element["name"]]
        kind = element["type"]
        parent = element.get("type_specific_fields", {}).get("parent")
        while parent and kind != "contract":
            names.append(parent["name"])
            kind, parent = parent["type"], parent.get("type_specific_fields", {}).get("parent")
        if kind == "contract":
            names.reverse()
            return ".".join(names[:2])
    return "?"


if __name__ == "__main__":
    sys.exit(main())
