"""Print the requirements of the `contracts` extra, one a line: brownie's world is locked apart."""

import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text("utf-8"))
print("\n".join(project["project"]["optional-dependencies"]["contracts"]))
