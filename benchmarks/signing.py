"""Signatures of members: what prepare, submit and the relayer spend on cryptography.

Run it with `python -m benchmarks.signing`.
"""

from __future__ import annotations

from collections.abc import Callable

from eth_account import Account
from eth_keys.backends.coincurve import CoinCurveECCBackend
from eth_keys.backends.native.main import NativeECCBackend
from eth_keys.datatypes import PrivateKey

from benchmarks.measure import duration, print_machine, print_table, seconds_of
from edgebazaar.chain.typed_data import digest, recover_signer, sign_typed_data

ROUNDS = 50
KEY = bytes(31) + b"\x07"
ADDRESS = "0x" + "11" * 20
FORWARD_REQUEST = {
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
        "chainId": "31337",
        "verifyingContract": ADDRESS,
    },
    "message": {
        "from": Account.from_key(KEY).address,
        "to": ADDRESS,
        "value": "0",
        "gas": "500000",
        "nonce": "0",
        "deadline": "1900000000",
        "data": "0x" + "ab" * 36,
    },
}


def rows() -> list[list[str]]:
    """Sign and recover with the library that is installed, against the curve in pure Python."""
    message = digest(FORWARD_REQUEST)
    signature = sign_typed_data(KEY, FORWARD_REQUEST)
    slow_key = PrivateKey(KEY, backend=NativeECCBackend())
    fast_key = PrivateKey(KEY, backend=CoinCurveECCBackend())
    slow_signature = slow_key.sign_msg_hash(message)
    fast_signature = fast_key.sign_msg_hash(message)

    def each(work: Callable[[], object]) -> float:
        def many() -> None:
            for _ in range(ROUNDS):
                work()

        return seconds_of(many, 3) / ROUNDS

    encode = each(lambda: digest(FORWARD_REQUEST))
    pairs = [
        (
            "sign a forward request (EIP-712)",
            each(lambda: sign_typed_data(KEY, FORWARD_REQUEST)),
            "encoding and hashing it alone",
            encode,
        ),
        (
            "recover the signer of one",
            each(lambda: recover_signer(FORWARD_REQUEST, signature)),
            "encoding and hashing it alone",
            encode,
        ),
        (
            "sign a digest (libsecp256k1)",
            each(lambda: fast_key.sign_msg_hash(message)),
            "the curve in pure Python",
            each(lambda: slow_key.sign_msg_hash(message)),
        ),
        (
            "recover from a digest (libsecp256k1)",
            each(lambda: fast_signature.recover_public_key_from_msg_hash(message)),
            "the curve in pure Python",
            each(lambda: slow_signature.recover_public_key_from_msg_hash(message)),
        ),
    ]
    return [
        [what, duration(own), other, duration(theirs), f"{theirs / own:.2f}"]
        for what, own, other, theirs in pairs
    ]


def main() -> None:
    """Print the table."""
    print_machine()
    print_table(
        "Signing (ratio above 1: faster than what it is compared with)",
        ("work", "here", "compared with", "there", "ratio"),
        rows(),
    )


if __name__ == "__main__":
    main()
