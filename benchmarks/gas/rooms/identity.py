"""Membership and the forwarder of signed requests."""

from __future__ import annotations

import hashlib

from benchmarks.gas.budgets import Budget
from benchmarks.gas.world import START, YEAR, GasWorld, account
from edgebazaar.chain.contracts import ContractCall
from edgebazaar.chain.typed_data import (
    ForwardRequest,
    forwarder_nonce,
    sign_typed_data,
    typed_data_for_forward_request,
    typed_data_for_voucher,
)

PRODUCER = 1
CERTIFICATE = hashlib.sha256(b"certificate").digest()
BUDGETS: dict[str, Budget] = {
    # What the same call costs its author, and 25,000.
    "commit, relayed as a signed request": Budget(52_265 + 25_000),
}


def measure(world: GasWorld) -> None:
    """Admissions, a revocation, a change of administrators, relayed requests."""
    owner, newcomer, invited = world.administrator, account(250), account(251)
    admission = (newcomer.address, PRODUCER, START + YEAR, CERTIFICATE)
    world.measure("admit a member", owner, "Membership", "admit", *admission)
    world.measure("renew a membership", owner, "Membership", "admit", *admission)
    voucher = {
        "account": invited.address,
        "roles": PRODUCER,
        "expiresAt": START + YEAR,
        "certificateHash": CERTIFICATE,
        "serial": CERTIFICATE,
        "deadline": START + YEAR,
    }
    signature = sign_typed_data(owner.key, typed_data_for_voucher(world.contracts, voucher))
    world.measure("admit by voucher", invited, "Membership", "admitByVoucher", voucher, signature)
    world.measure("revoke a membership", owner, "Membership", "revoke", invited.address)
    relaying(world)
    successor = account(252)
    world.measure(
        "offer the administration", owner, "Membership", "transferOwnership", successor.address
    )
    world.measure("take the administration", successor, "Membership", "acceptOwnership")


def relaying(world: GasWorld) -> None:
    """One and the same call, by its author, relayed, and in a batch of requests."""
    (producer,) = world.new_members(1, PRODUCER)

    def commit(index: int) -> ContractCall:
        return ContractCall("ProofOfAIGC", "commit", (hashlib.sha256(bytes([index])).digest(),))

    world.relay("commit, first relayed request of an account", producer, commit(1))
    world.relay("commit, relayed as a signed request", producer, commit(2))
    nonce = forwarder_nonce(world.rpc, world.contracts, producer.address)
    requests = []
    for index in range(10):
        typed_data = typed_data_for_forward_request(
            world.contracts,
            producer.address,
            commit(10 + index),
            nonce + index,
            START + YEAR,
            200_000,
        )
        execution = ForwardRequest.from_typed_data(typed_data).execution(
            sign_typed_data(producer.key, typed_data)
        )
        requests.append(execution.arguments[0])
    world.measure(
        "commit, 10 relayed at once, each",
        world.administrator,
        "TrustedForwarder",
        "executeBatch",
        requests,
        producer.address,
        per=10,
    )
