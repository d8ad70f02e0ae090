"""Settings: one frozen object, read once from the environment or `.env`, and passed down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from eth_account import Account
from eth_account.signers.local import LocalAccount
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from edgebazaar.chain.keys import (
    ADMINISTRATOR_INDEX,
    OPERATOR_INDEX,
    RELAYER_INDEX,
    derive_account,
    load_or_create_mnemonic,
)
from edgebazaar.chain.node_commands import NodeKind
from edgebazaar.chain.profiles import PROFILES, DeploymentProfile, profile_named
from edgebazaar.errors import ConfigurationError

PREFIX = "EDGEBAZAAR_"
_DEFAULT_API_PORT = 8000

Port = Annotated[int, Field(ge=0, le=65535)]


@dataclass(frozen=True, slots=True)
class Keys:
    """The accounts that the product itself signs with; never a user's.

    Attributes:
        administrator: Deploys, owns Membership, admits and revokes members.
        operator: Runs auction rounds and other acts of the operator.
        relayer: Submits members' signed requests and pays for them.
    """

    administrator: LocalAccount
    operator: LocalAccount
    relayer: LocalAccount


class Settings(BaseSettings):
    """All settings; each is read from the environment as its name with `EDGEBAZAAR_` before it.

    Build it with {load_settings}, which words errors for a person.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    rpc_url: str = ""
    """JSON-RPC address of the chain; empty for an embedded node."""
    node_kind: NodeKind = "anvil"
    """Program of the embedded node."""
    node_port: Port = 8545
    """Port of the embedded node, 0 for any free one."""
    chain_id: Annotated[int, Field(gt=0, lt=2**53)] = 31337
    """Chain id of the embedded node."""
    block_time: Annotated[float, Field(gt=0, le=600)] = 1.0
    """Seconds between blocks of the embedded node."""
    snapshot_interval: Annotated[float, Field(gt=0)] = 5.0
    """Seconds between snapshots of the embedded node."""
    api_host: str = "127.0.0.1"
    """Interface that the API listens on."""
    api_port: Port = _DEFAULT_API_PORT
    """Port that the API listens on, 0 for any free one."""
    public_url: str = ""
    """Address under which people reach the API; from host and port where empty."""
    data_directory: Path = Path("var")
    """Folder of everything that runs leave behind."""
    database_url: str = ""
    """SQLAlchemy address of the database; an SQLite file in the data directory where empty."""
    deployment_directory: Path | None = None
    """Folder of manifests; in the data directory for the embedded node, else `deployments`."""
    profile: str = "default"
    """Parameters that contracts are deployed with, by name."""
    confirmations: Annotated[int, Field(ge=1, le=1000)] = 1
    """Blocks, its own included, after which a transaction counts as settled."""
    explorer_url: str = ""
    """Address of a block explorer's transaction page with `{transaction}` in it; empty for none."""
    explorers: str = ""
    """Explorers of a consortium's own chain, `family=address`, separated by commas."""
    sourcify_url: str = ""
    """Address of a Sourcify server that sources are submitted to; empty for none."""
    blockscout_url: str = ""
    """Address of a Blockscout explorer that sources are submitted to; empty for none."""
    administrator_key: SecretStr | None = None
    """Private key of the administrator, 0x-hex; derived for the embedded node."""
    operator_key: SecretStr | None = None
    """Private key of the operator, 0x-hex; derived for the embedded node."""
    relayer_key: SecretStr | None = None
    """Private key of the relayer, 0x-hex; derived for the embedded node."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: dict[str, Any]) -> dict[str, Any]:
        filled = dict(values)
        data_directory = Path(filled.get("data_directory") or "var")
        if not filled.get("database_url"):
            filled["database_url"] = f"sqlite:///{data_directory / 'edgebazaar.db'}"
        if not filled.get("public_url"):
            host, port = filled.get("api_host"), filled.get("api_port")
            filled["public_url"] = _address(host or "127.0.0.1", port)
        if not filled.get("deployment_directory"):
            embedded = not filled.get("rpc_url")
            filled["deployment_directory"] = (
                data_directory / "deployments" if embedded else Path("deployments")
            )
        return filled

    @field_validator("rpc_url", "public_url", "sourcify_url", "blockscout_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError(f"{value!r} is no address; give one like http://127.0.0.1:8545")
        return value.rstrip("/")

    @field_validator("explorer_url")
    @classmethod
    def _check_explorer(cls, value: str) -> str:
        if value and "{transaction}" not in value:
            raise ValueError(
                "it lacks {transaction}; give one like https://explorer.example/tx/{transaction}"
            )
        return value

    @field_validator("profile")
    @classmethod
    def _check_profile(cls, value: str) -> str:
        if value not in PROFILES:
            raise ValueError(f"there is no profile {value!r}; use {', '.join(PROFILES)}")
        return value

    @field_validator("administrator_key", "operator_key", "relayer_key")
    @classmethod
    def _check_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            Account.from_key(value.get_secret_value())
        except Exception:
            # The cause may show the key.
            raise ValueError("it is no private key; give 0x and 64 hexadecimal digits") from None
        return value

    @model_validator(mode="after")
    def _check_keys(self) -> Self:
        names = ("administrator_key", "operator_key", "relayer_key")
        missing = [PREFIX + name.upper() for name in names if getattr(self, name) is None]
        if missing and not self.embedded and len(missing) < len(names):
            raise ValueError(f"a chain of your own needs {', '.join(missing)} too")
        return self

    def address_of(self, port: int) -> str:
        """Address of the API at a port, the default one for 0."""
        return _address(self.api_host, port)

    @property
    def embedded(self) -> bool:
        """Whether the chain is a node of our own."""
        return not self.rpc_url

    @property
    def public_domain(self) -> str:
        """Host and port of the public address, as sign-in messages name it."""
        return urlsplit(self.public_url).netloc

    @property
    def chain_directory(self) -> Path:
        """Folder of the embedded node's state and mnemonic."""
        return self.data_directory / "chain"

    @property
    def manifest_directory(self) -> Path:
        """Folder of deployment manifests."""
        return self.deployment_directory or Path("deployments")

    @property
    def deployment_profile(self) -> DeploymentProfile:
        """Parameters that contracts are deployed with."""
        return profile_named(self.profile)

    @cached_property
    def mnemonic(self) -> str:
        """The embedded node's mnemonic; created at first use.

        Raises:
            ConfigurationError: If the chain is not an embedded node.
        """
        if not self.embedded:
            raise ConfigurationError("only the embedded node has a mnemonic")
        return load_or_create_mnemonic(self.chain_directory / "mnemonic")

    @cached_property
    def keys(self) -> Keys:
        """The accounts that the product signs with.

        Raises:
            ConfigurationError: If the chain is not an embedded node and a key is not given.
        """
        return Keys(
            administrator=self._account("administrator_key", ADMINISTRATOR_INDEX),
            operator=self._account("operator_key", OPERATOR_INDEX),
            relayer=self._account("relayer_key", RELAYER_INDEX),
        )

    @property
    def administrator_address(self) -> str:
        """Address of the administrator, with checksum."""
        return str(self.keys.administrator.address)

    def _account(self, name: str, index: int) -> LocalAccount:
        secret: SecretStr | None = getattr(self, name)
        if secret is not None:
            account: LocalAccount = Account.from_key(secret.get_secret_value())
            return account
        if self.embedded:
            return derive_account(self.mnemonic, index)
        raise ConfigurationError(
            f"the chain at {self.rpc_url} needs it",
            mend="Give the private key as 0x and 64 hexadecimal digits",
            field=PREFIX + name.upper(),
        )


def _address(host: str, port: object) -> str:
    # The port may still be text that nobody has checked.
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
    return f"http://{shown}:{port if port not in (None, '', 0, '0') else _DEFAULT_API_PORT}"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings from the environment; `overrides` go before it.

    Raises:
        ConfigurationError: Naming the first variable that is wrong, and how to mend it.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        field = PREFIX + str(first["loc"][0]).upper() if first["loc"] else None
        problem = first["msg"].removeprefix("Value error, ")
        raise ConfigurationError(problem, field=field) from None
