"""Print the requirements of an extra, one a line: brownie and the provers are locked apart.

`python scripts/contracts_requirements.py [extra]`, `contracts` by default.
"""

import sys
import tomllib
from pathlib import Path

extra = sys.argv[1] if len(sys.argv) > 1 else "contracts"
project = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text("utf-8"))
print("\n".join(project["project"]["optional-dependencies"][extra]))
