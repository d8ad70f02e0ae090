"""The people and machines of the demo, each with its own key and its own client."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from edgebazaar.chain.keys import FIRST_ACTOR_INDEX, derive_account
from edgebazaar.client import EdgeBazaarClient
from edgebazaar.settings import Settings

VEHICLES = 30
SIMULATORS = 30
_PARALLEL = 12


@dataclass
class Actor:
    """Somebody with a key.

    Attributes:
        name: Name in the report.
        roles: Role names.
        key: Private key, 0x-hex; worth nothing outside the embedded chain.
        api: Address of the backend.
        organisation: Legal name in the certificate.
    """

    name: str
    roles: tuple[str, ...]
    key: str
    api: str
    organisation: str
    certificate_hash: str = field(default="0x" + "0" * 64)

    @cached_property
    def client(self) -> EdgeBazaarClient:
        """The actor's client, not signed in yet."""
        return EdgeBazaarClient(self.api, self.key, timeout=120.0, wait_seconds=180.0)

    @property
    def address(self) -> str:
        """Checksummed address."""
        return self.client.address

    def act(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One write from preparation to confirmation."""
        return self.client.act(path, body)


@dataclass(frozen=True)
class Cast:
    """Everybody in the demo."""

    administrator: Actor
    operator: Actor
    producers: tuple[Actor, ...]
    providers: tuple[Actor, ...]
    consumers: tuple[Actor, ...]
    plagiarist: Actor
    roadside_unit: Actor
    brand: Actor
    auditor: Actor
    vehicles: tuple[Actor, ...]
    simulators: tuple[Actor, ...]

    @property
    def principals(self) -> list[Actor]:
        """Those the administrator admits one by one."""
        return [
            self.operator,
            *self.producers,
            *self.providers,
            *self.consumers,
            self.plagiarist,
            self.roadside_unit,
            self.brand,
            self.auditor,
        ]

    @property
    def bidders(self) -> list[Actor]:
        """Those who join under a voucher."""
        return [*self.vehicles, *self.simulators]

    @property
    def everybody(self) -> list[Actor]:
        """All actors, the administrator first."""
        return [self.administrator, *self.principals, *self.bidders]

    def sign_in(self) -> None:
        """Opens everybody's session."""
        in_parallel(lambda actor: actor.client.sign_in(), self.everybody)

    def close(self) -> None:
        """Closes everybody's connections."""
        for actor in self.everybody:
            actor.client.close()


def in_parallel(function: Any, items: Sequence[Any]) -> list[Any]:
    """The results of a function over items, several at a time; the first error ends it."""
    with ThreadPoolExecutor(_PARALLEL) as pool:
        return list(pool.map(function, items))


def create_cast(settings: Settings, api: str) -> Cast:
    """The demo's cast, with keys derived from the embedded chain's own mnemonic."""
    index = FIRST_ACTOR_INDEX

    def actor(name: str, *roles: str) -> Actor:
        nonlocal index
        key = "0x" + bytes(derive_account(settings.mnemonic, index).key).hex()
        index += 1
        return Actor(name, roles, key, api, name.replace("-", " ").title())

    def own(name: str, account: Any, *roles: str) -> Actor:
        return Actor(name, roles, "0x" + bytes(account.key).hex(), api, name.title())

    return Cast(
        administrator=own("administrator", settings.keys.administrator),
        operator=own("operator", settings.keys.operator, "operator"),
        producers=tuple(actor(f"producer-{n}", "producer", "consumer") for n in (1, 2, 3)),
        providers=tuple(actor(f"esp-{n}", "edge_service_provider") for n in (1, 2, 3)),
        consumers=tuple(actor(f"consumer-{n}", "consumer") for n in (1, 2)),
        plagiarist=actor("plagiarist", "producer"),
        roadside_unit=actor("roadside-unit", "roadside_unit"),
        brand=actor("brand-simulator", "model_provider"),
        auditor=actor("auditor", "auditor"),
        vehicles=tuple(actor(f"vehicle-{n}", "vehicle") for n in range(1, VEHICLES + 1)),
        simulators=tuple(
            actor(f"simulator-{n}", "model_provider") for n in range(1, SIMULATORS + 1)
        ),
    )
