"""Accounts of the embedded chain: a mnemonic of its own, kept beside the chain's state.

The keys are worth nothing outside the embedded chain. Accounts 0, 1 and 2 are administrator,
operator and relayer; the demo's actors follow.
"""

from __future__ import annotations

import threading
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from edgebazaar.chain.manifest import write_durably
from edgebazaar.errors import ConfigurationError

ADMINISTRATOR_INDEX, OPERATOR_INDEX, RELAYER_INDEX, FIRST_ACTOR_INDEX = 0, 1, 2, 3
"""Places of the product's own accounts, and of the first account free for others."""

_creation = threading.Lock()


def load_or_create_mnemonic(path: Path) -> str:
    """The mnemonic in a file; a new one, readable by the owner only, where there is none.

    Raises:
        ConfigurationError: If the file holds no valid mnemonic.
    """
    Account.enable_unaudited_hdwallet_features()
    with _creation:
        if not path.exists():
            _, phrase = Account.create_with_mnemonic()
            write_durably(path, f"{phrase}\n".encode(), mode=0o600)
    mnemonic = path.read_text("utf-8").strip()
    try:
        derive_account(mnemonic, 0)
    except Exception as error:
        raise ConfigurationError(
            f"{path} holds no valid mnemonic ({error})",
            mend="Restore it, or remove the whole data directory to begin a new chain",
        ) from error
    return mnemonic


def derive_account(mnemonic: str, index: int) -> LocalAccount:
    """Account of a mnemonic by its place, along the path m/44'/60'/0'/0/index."""
    Account.enable_unaudited_hdwallet_features()
    account: LocalAccount = Account.from_mnemonic(mnemonic, account_path=f"m/44'/60'/0'/0/{index}")
    return account
