"""Put a Solidity compiler where py-solc-x, brownie and forge look for it: `.solc/solc-v<version>`.

A native compiler is preferred: one that py-solc-x installed earlier in the user's home, or, where
EDGEBAZAAR_NATIVE_SOLC=1 asks for it, one downloaded now. Without either the shim over the npm
package serves: it is the same compiler and emits the same byte code, and set-up then reaches
nothing but package registries.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

import solcx
from solcx.install import BINARY_DOWNLOAD_BASE

ROOT = Path(__file__).resolve().parents[1]
REACH_SECONDS = 5.0


def is_native(compiler: Path) -> bool:
    """Whether this file is a compiler that runs here and not the shim."""
    if not compiler.is_file() or compiler.read_bytes()[:2] == b"#!":
        return False
    try:
        answer = subprocess.run(
            [compiler, "--version"], capture_output=True, timeout=30, check=False
        )
    except OSError:
        return False
    return answer.returncode == 0


def download(version: str, folder: Path) -> Path | None:
    """Download the native compiler; None where its host cannot be reached within five seconds."""
    host = urlparse(BINARY_DOWNLOAD_BASE).hostname
    try:
        socket.create_connection((host, 443), timeout=REACH_SECONDS).close()
        solcx.install_solc(version, solcx_binary_path=folder)
    except (
        OSError,
        solcx.exceptions.SolcInstallationError,
        solcx.exceptions.DownloadError,
    ) as error:
        print(f"-- no native compiler ({error}); the npm package compiles instead")
        return None
    return folder / f"solc-v{version}"


def main(version: str) -> None:
    """Install or link the compiler of this version; a second run changes nothing."""
    folder = ROOT / ".solc"
    folder.mkdir(exist_ok=True)
    target = folder / f"solc-v{version}"
    if target.exists() and not target.is_symlink() and is_native(target):
        target.touch()
        return
    target.unlink(missing_ok=True)
    standing = Path.home() / ".solcx" / target.name
    if is_native(standing):
        print(f"-- compiler: native solc {version}, already installed for this user")
        target.symlink_to(standing)
    elif os.environ.get("EDGEBAZAAR_NATIVE_SOLC") == "1" and download(version, folder):
        print(f"-- compiler: native solc {version}, downloaded")
    else:
        print(
            f"-- compiler: solc {version} of npm (EDGEBAZAAR_NATIVE_SOLC=1 downloads a native one)"
        )
        target.symlink_to(Path("..") / "scripts" / "solc" / target.name)


if __name__ == "__main__":
    main(sys.argv[1])
