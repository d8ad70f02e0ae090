"""Settings: defaults, the environment, and errors that name the variable."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from edgebazaar.chain.keys import derive_account, load_or_create_mnemonic
from edgebazaar.errors import ConfigurationError
from edgebazaar.settings import load_settings

KEYS = {name: "0x" + f"{index:02x}" * 32 for index, name in enumerate(("a", "b", "c"), 1)}


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("EDGEBAZAAR_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_defaults_are_an_embedded_chain_and_a_file_database() -> None:
    settings = load_settings()
    assert settings.embedded
    assert settings.node_kind == "anvil"
    assert settings.database_url == "sqlite:///var/edgebazaar.db"
    assert settings.manifest_directory == Path("var/deployments")
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.public_domain == "127.0.0.1:8000"


def test_the_environment_is_read_and_overrides_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBAZAAR_API_PORT", "8123")
    monkeypatch.setenv("EDGEBAZAAR_DATA_DIRECTORY", "elsewhere")
    monkeypatch.setenv("EDGEBAZAAR_NODE_PORT", "")
    settings = load_settings(node_kind="ganache", api_host="0.0.0.0", chain_id=None)
    assert settings.api_port == 8123
    assert settings.public_url == "http://127.0.0.1:8123"
    assert settings.database_url == "sqlite:///elsewhere/edgebazaar.db"
    assert settings.node_kind == "ganache"
    assert settings.node_port == 8545
    assert load_settings(api_port=9000).api_port == 9000


def test_a_dotenv_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("EDGEBAZAAR_CONFIRMATIONS=7\nOTHER=1\n")
    assert load_settings().confirmations == 7


def test_a_chain_of_ones_own_has_its_manifests_in_the_repository() -> None:
    settings = load_settings(rpc_url="http://chain.example:8545/")
    assert not settings.embedded
    assert settings.rpc_url == "http://chain.example:8545"
    assert settings.manifest_directory == Path("deployments")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        load_settings().api_port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"node_port": 70000}, "EDGEBAZAAR_NODE_PORT: .*65535"),
        ({"node_kind": "geth"}, "EDGEBAZAAR_NODE_KIND: .*anvil.*ganache"),
        ({"block_time": 0}, "EDGEBAZAAR_BLOCK_TIME: .*greater than 0"),
        ({"rpc_url": "localhost:8545"}, "EDGEBAZAAR_RPC_URL: .*http://127"),
        ({"explorer_url": "https://x.example/"}, r"EDGEBAZAAR_EXPLORER_URL: .*\{transaction\}"),
        (
            {"profile": "x"},
            "EDGEBAZAAR_PROFILE: there is no profile 'x'; use default, demo, payments",
        ),
        ({"relayer_key": "0x12"}, "EDGEBAZAAR_RELAYER_KEY: it is no private key"),
        (
            {"rpc_url": "http://x.example", "relayer_key": KEYS["a"]},
            "needs EDGEBAZAAR_ADMINISTRATOR_KEY, EDGEBAZAAR_OPERATOR_KEY too",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load_settings(**values)


def test_a_key_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "0x" + "5e" * 31  # a byte short
    with pytest.raises(ConfigurationError) as caught:
        load_settings(operator_key=secret)
    assert "5e5e" not in str(caught.value)
    assert KEYS["a"] not in repr(load_settings(operator_key=KEYS["a"]))


class TestKeys:
    def test_given_keys_are_used(self) -> None:
        settings = load_settings(
            rpc_url="http://chain.example",
            administrator_key=KEYS["a"],
            operator_key=KEYS["b"],
            relayer_key=KEYS["c"],
        )
        keys = settings.keys
        assert keys.administrator.key.hex() == KEYS["a"][2:]
        assert keys.relayer.key.hex() == KEYS["c"][2:]
        assert settings.administrator_address == keys.administrator.address

    def test_a_missing_key_is_named(self) -> None:
        settings = load_settings(rpc_url="http://chain.example")
        with pytest.raises(ConfigurationError, match=r"EDGEBAZAAR_ADMINISTRATOR_KEY: .*64 hex"):
            _ = settings.keys
        with pytest.raises(ConfigurationError, match="only the embedded node"):
            _ = settings.mnemonic

    def test_the_embedded_chain_has_keys_of_its_own_that_stay(self, tmp_path: Path) -> None:
        first = load_settings(data_directory=tmp_path / "one")
        again = load_settings(data_directory=tmp_path / "one")
        other = load_settings(data_directory=tmp_path / "two")
        assert first.keys.administrator.address == again.keys.administrator.address
        assert first.keys.administrator.address != other.keys.administrator.address
        addresses = {
            first.keys.administrator.address,
            first.keys.operator.address,
            first.keys.relayer.address,
            derive_account(first.mnemonic, 3).address,
        }
        assert len(addresses) == 4
        mode = (tmp_path / "one" / "chain" / "mnemonic").stat().st_mode
        assert stat.S_IMODE(mode) == 0o600

    def test_a_damaged_mnemonic_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "mnemonic"
        path.write_text("twelve words that are none of the list at all really not")
        with pytest.raises(ConfigurationError, match="no valid mnemonic"):
            load_or_create_mnemonic(path)

    def test_accounts_are_those_that_every_wallet_derives(self) -> None:
        mnemonic = "test test test test test test test test test test test junk"
        expected = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
        assert derive_account(mnemonic, 1).address == expected
