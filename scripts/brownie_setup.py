"""Make brownie work from the repository root without any preparation of the shell.

Registers the networks of brownie_networks.yaml, and leaves a start-up file in brownie's environment
that tells it where the compiler and the chains of this checkout stand. Running it again changes
nothing.
"""

import sysconfig
from pathlib import Path

from brownie._cli.networks import _import as import_networks

ROOT = Path(__file__).resolve().parents[1]

# brownie picks its driver for a chain by how the command begins ("anvil", "ganache"), so these have
# to be found by name; and py-solc-x looks for compilers in the user's home unless told otherwise.
START_UP = (
    "import os; "
    "os.environ.setdefault('SOLCX_BINARY_PATH', {compilers!r}); "
    "os.environ['PATH'] = {chains!r} + os.pathsep + os.environ.get('PATH', '')\n"
)


def main() -> None:
    """Write the start-up file and register the networks, replacing earlier versions of both."""
    start_up = START_UP.format(
        compilers=str(ROOT / ".solc"), chains=str(ROOT / "node_modules" / ".bin")
    )
    (Path(sysconfig.get_path("purelib")) / "edgebazaar_brownie.pth").write_text(start_up, "utf-8")
    import_networks(str(ROOT / "scripts" / "brownie_networks.yaml"), replace=True)


if __name__ == "__main__":
    main()
