"""A row of the permission matrix: one function, who may call it, how all others are refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contract_support import (
    AUDITOR,
    CONSUMER,
    MODEL_PROVIDER,
    OPERATOR,
    PRODUCER,
    PROVIDER,
    ROADSIDE_UNIT,
    VEHICLE,
    relay_request,
)
from permission_world import World

HOLDS = {
    "producer": PRODUCER,
    "provider": PROVIDER,
    "second_provider": PROVIDER,
    "consumer": CONSUMER,
    "vehicle": VEHICLE,
    "roadside_unit": ROADSIDE_UNIT,
    "simulator": MODEL_PROVIDER,
    "auditor": AUDITOR,
    "operator": OPERATOR,
}
CONTRACTS = frozenset(
    {"timelock", "sale", "challenges", "board", "house", "registry", "panel", "disputes"},
)
EVERYBODY = CONTRACTS | {
    *HOLDS,
    *("administrator", "stranger", "treasury", "relayer", "deployer", "revoked", "expired"),
}
Refusal = Callable[[World, str], tuple]


@dataclass(frozen=True)
class Row:
    """One function, tried by every caller.

    `arguments` gives what follows the function's name, for a caller's address; `refusal` the error
    and its values for a caller's name that is not in `allowed`.
    """

    contract: str
    signature: str
    arguments: Callable[[World, str], tuple]
    allowed: frozenset[str] = EVERYBODY
    refusal: Refusal | None = None
    value: int | Callable[[World], int] = 0
    note: str = ""
    instance: Callable[[World], Any] | None = None

    @property
    def name(self) -> str:
        return f"{self.contract}.{self.signature}"

    def call(self, world: World, caller: str) -> tuple[Any, tuple, int]:
        """The function, its arguments and the value to send with them."""
        contract = self.instance(world) if self.instance else contracts(world)[self.contract]
        function, types = self.signature.rstrip(")").split("(", 1)
        method = getattr(contract, function)
        if function == "safeTransferFrom":
            method = method[types]
        value = self.value(world) if callable(self.value) else self.value
        return method, self.arguments(world, world.callers[caller]), value

    def attempt(self, world: World, caller: str) -> None:
        """Make the call on the present state, without changing it."""
        method, arguments, value = self.call(world, caller)
        method.call(*arguments, {"from": world.callers[caller], "value": value})

    def attempt_relayed(self, world: World, caller: str) -> None:
        """Let the caller sign the call and a relayer make it."""
        method, arguments, value = self.call(world, caller)
        account = getattr(world.people, caller)
        signed = relay_request(world.system, account, method, arguments, value)
        sender = {"from": world.people.relayer, "value": value}
        world.system.forwarder.execute.call(signed, sender)


def contracts(world: World) -> dict[str, Any]:
    """The deployed contracts by the name of their source."""
    return {contract._name: contract for contract in vars(world.system).values()}


# --- how callers are refused --------------------------------------------------------------------


def lacks(role: int) -> Refusal:
    """Active members miss the role, all others are no active members."""

    def refusal(world: World, caller: str) -> tuple:
        if caller in HOLDS:
            return ("Membership_MissingRole", world.callers[caller], role)
        return ("Membership_NotActive", world.callers[caller])

    return refusal


def member_or(refusal_of_members: Refusal) -> Refusal:
    """Members are refused for another reason than not being members."""

    def refusal(world: World, caller: str) -> tuple:
        if caller in HOLDS:
            return refusal_of_members(world, caller)
        return ("Membership_NotActive", world.callers[caller])

    return refusal


def error(name: str, *values: object) -> Refusal:
    """The error names the caller, then what it should have been."""

    def refusal(world: World, caller: str) -> tuple:
        further = (value(world) if callable(value) else value for value in values)
        return (name, world.callers[caller], *further)

    return refusal


def no_stake(world: World, caller: str) -> tuple:
    """Working providers get no stake back, all others have none."""
    if caller == "provider":
        return ("TaskBoard_TasksOpen", world.callers[caller], 3)
    return ("TaskBoard_StakeTooSmall", 0, 1)


def who(name: str) -> Callable[[World], str]:
    """The address of a caller."""
    return lambda world: world.callers[name]
