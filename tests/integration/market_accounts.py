"""Keys of the integration tests: one account or two for every role, and those without a role."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.chain.keys import derive_account
from edgebazaar.chain.node import TEST_MNEMONIC
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.chain.transactions import transact

ROLES = {
    "producer": 1 << 0,
    "esp": 1 << 1,
    "consumer": 1 << 2,
    "vehicle": 1 << 3,
    "roadside_unit": 1 << 4,
    "model_provider": 1 << 5,
    "auditor": 1 << 6,
    "operator": 1 << 7,
}


@dataclass(frozen=True)
class Accounts:
    """Funded keys; all but the administrator, the relayer and the stranger are admitted members."""

    administrator: LocalAccount
    operator: LocalAccount
    relayer: LocalAccount
    producer: LocalAccount
    second_producer: LocalAccount
    esp: LocalAccount
    second_esp: LocalAccount
    consumer: LocalAccount
    second_consumer: LocalAccount
    vehicle: LocalAccount
    second_vehicle: LocalAccount
    roadside_unit: LocalAccount
    model_provider: LocalAccount
    second_model_provider: LocalAccount
    auditor: LocalAccount
    stranger: LocalAccount

    @classmethod
    def derive(cls) -> Accounts:
        names = list(cls.__dataclass_fields__)
        return cls(*(derive_account(TEST_MNEMONIC, index) for index in range(len(names))))

    def members(self) -> Iterator[tuple[LocalAccount, int]]:
        for name in self.__dataclass_fields__:
            role = ROLES.get(name.removeprefix("second_"))
            if role is not None:
                yield getattr(self, name), role


def admit_members(
    rpc: RpcClient, contracts: ContractSet, accounts: Accounts, seconds: int = 365 * 86400
) -> None:
    """Admit every account that stands for a role."""
    for account, role in accounts.members():
        arguments = (account.address, role, int(time.time()) + seconds, bytes(31) + b"\x01")
        call = ContractCall("Membership", "admit", arguments)
        transact(rpc, contracts, accounts.administrator, call)
