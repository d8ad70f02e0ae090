"""What the outbox checks without a chain: signatures, signed transactions, a node's words."""

from __future__ import annotations

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from edgebazaar.chain.outbox import InvalidRequest, RelayedRequest
from edgebazaar.chain.outbox.broadcast import Answer, classify
from edgebazaar.chain.outbox.forward import forward_request_digest, recover_signer, with_legacy_v
from edgebazaar.chain.outbox.requests import intrinsic_gas, parse_raw_transaction
from edgebazaar.chain.rpc import RpcError
from edgebazaar.chain.typed_data import digest

USER = Account.from_key(bytes([7]) * 32)
TARGET = "0x" + "5b" * 20
FORWARDER = "0x" + "f0" * 20


def typed_data(
    chain_id: int, gas: int, nonce: int, deadline: int, data: bytes
) -> dict[str, object]:
    """The message as a wallet gets it, built by hand from OpenZeppelin's definition."""
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "ForwardRequest": [
                {"name": "from", "type": "address"},
                {"name": "to", "type": "address"},
                {"name": "value", "type": "uint256"},
                {"name": "gas", "type": "uint256"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint48"},
                {"name": "data", "type": "bytes"},
            ],
        },
        "primaryType": "ForwardRequest",
        "domain": {
            "name": "EdgeBazaar",
            "version": "1",
            "chainId": str(chain_id),
            "verifyingContract": FORWARDER,
        },
        "message": {
            "from": USER.address,
            "to": TARGET,
            "value": "0",
            "gas": str(gas),
            "nonce": str(nonce),
            "deadline": str(deadline),
            "data": "0x" + data.hex(),
        },
    }


@settings(max_examples=40, deadline=None)
@given(
    chain_id=st.integers(1, 2**31),
    gas=st.integers(0, 2**63 - 1),
    nonce=st.integers(0, 2**256 - 1),
    deadline=st.integers(0, 2**48 - 1),
    data=st.binary(max_size=200),
)
def test_digest_is_that_of_the_typed_data(
    chain_id: int, gas: int, nonce: int, deadline: int, data: bytes
) -> None:
    message = typed_data(chain_id, gas, nonce, deadline, data)
    fast = forward_request_digest(
        chain_id, FORWARDER, USER.address.lower(), TARGET, data, gas, nonce, deadline
    )
    assert fast == digest(message)
    request = RelayedRequest.from_typed_data(message, b"")
    assert (request.chain_id, request.gas, request.nonce) == (chain_id, gas, nonce)
    assert (request.deadline, request.data, request.forwarder) == (deadline, data, FORWARDER)


def test_signer_is_recovered_whatever_the_wallet_ends_with() -> None:
    wanted = USER.address.lower()
    signed = USER.unsafe_sign_hash(bytes(32)).signature
    modern = signed[:64] + bytes([signed[64] - 27])
    assert recover_signer(bytes(32), with_legacy_v(signed)) == wanted
    assert recover_signer(bytes(32), with_legacy_v(modern)) == wanted
    assert with_legacy_v(modern) == signed


@pytest.mark.parametrize(
    "signature", [b"", bytes(64), bytes(65), bytes(64) + b"\x1b", b"\xff" * 64 + b"\x1b", bytes(66)]
)
def test_nonsense_has_no_signer(signature: bytes) -> None:
    assert recover_signer(bytes(32), with_legacy_v(signature)) is None


@pytest.mark.parametrize("part", ["message", "domain"])
def test_document_that_is_no_request_is_refused(part: str) -> None:
    message = typed_data(1, 1, 1, 1, b"")
    del message[part]
    with pytest.raises(InvalidRequest) as caught:
        RelayedRequest.from_typed_data(message, b"")
    assert caught.value.field == "typed_data"


@pytest.mark.parametrize(
    "fees",
    [
        {"gasPrice": 5},
        {"gasPrice": 5, "type": 1, "accessList": []},
        {"maxFeePerGas": 9, "maxPriorityFeePerGas": 1, "type": 2},
    ],
    ids=["legacy", "access list", "dynamic fee"],
)
@pytest.mark.parametrize("to", [TARGET, None])
def test_signed_transactions_are_read(fees: dict[str, object], to: str | None) -> None:
    fields = {"chainId": 31337, "nonce": 300, "gas": 100_000, "value": 2**70, "data": b"\0ab"}
    if to is not None:
        fields["to"] = Account.from_key(bytes([8]) * 32).address
    signed = USER.sign_transaction(fields | fees)
    parsed = parse_raw_transaction(bytes(signed.raw_transaction))
    assert parsed.sender == USER.address.lower()
    assert parsed.to == (None if to is None else str(fields["to"]).lower())
    assert (parsed.chain_id, parsed.nonce, parsed.gas) == (31337, 300, 100_000)
    assert (parsed.value, parsed.data) == (2**70, b"\0ab")
    assert parsed.hash == "0x" + signed.hash.hex().removeprefix("0x")


def test_transaction_without_chain_is_refused() -> None:
    signed = USER.sign_transaction(
        {"nonce": 0, "to": USER.address, "value": 0, "gas": 21_000, "gasPrice": 1}
    )
    with pytest.raises(InvalidRequest, match="replayed"):
        parse_raw_transaction(bytes(signed.raw_transaction))


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_and_never_crash(raw: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_raw_transaction(raw)


def test_intrinsic_gas() -> None:
    assert intrinsic_gas(b"") == 21_000
    assert intrinsic_gas(b"\0\1") == 21_000 + 10 + 40
    assert intrinsic_gas(bytes(32), creates=True) == 21_000 + 4 * 32 + 32_000 + 2


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("transaction already imported", Answer.TAKEN),  # Anvil
        ("already known", Answer.TAKEN),  # geth
        ("Known transaction", Answer.TAKEN),  # Besu
        ("nonce too low", Answer.NONCE_USED),
        ("nonce too low: next nonce 5, tx nonce 3", Answer.NONCE_USED),
        (
            "the tx doesn't have the correct nonce. account has nonce of: 6 tx has nonce of: 5",
            Answer.NONCE_USED,
        ),
        (
            "the tx doesn't have the correct nonce. account has nonce of: 5 tx has nonce of: 6",
            Answer.RETRY,
        ),
        ("replacement transaction underpriced", Answer.UNDERPRICED),
        ("max fee per gas less than block base fee", Answer.UNDERPRICED),
        ("Insufficient funds for gas * price + value", Answer.UNFUNDED),
        ("sender doesn't have enough funds to send tx", Answer.UNFUNDED),
        ("intrinsic gas too low", Answer.REJECTED),
        ("invalid sender", Answer.REJECTED),
        ("exceeds block gas limit", Answer.GAS_LIMIT),
        ("txpool is full", Answer.RETRY),
        ("something nobody has said before", Answer.RETRY),
    ],
)
def test_words_of_nodes(message: str, meaning: Answer) -> None:
    assert classify(RpcError(-32000, message)) is meaning
