"""The digest and signer of an ERC-2771 forward request, fast enough to check each one on arrival.

`edgebazaar.chain.typed_data` builds the same message for wallets; a test holds the two equal.
"""

from __future__ import annotations

from functools import lru_cache

from eth_abi.abi import encode
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

#: Domain that the forwarder was built with (contracts/identity/TrustedForwarder.sol).
DOMAIN_NAME = "EdgeBazaar"
DOMAIN_VERSION = "1"

_REQUEST_TYPE_HASH = keccak(
    text="ForwardRequest(address from,address to,uint256 value,uint256 gas,uint256 nonce,"
    "uint48 deadline,bytes data)"
)
_DOMAIN_TYPE_HASH = keccak(
    text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)


@lru_cache(maxsize=16)
def _domain_separator(chain_id: int, forwarder: str) -> bytes:
    return keccak(
        encode(
            ["bytes32", "bytes32", "bytes32", "uint256", "address"],
            [
                _DOMAIN_TYPE_HASH,
                keccak(text=DOMAIN_NAME),
                keccak(text=DOMAIN_VERSION),
                chain_id,
                forwarder,
            ],
        )
    )


def forward_request_digest(
    chain_id: int,
    forwarder: str,
    sender: str,
    to: str,
    data: bytes,
    gas: int,
    nonce: int,
    deadline: int,
    value: int = 0,
) -> bytes:
    """The 32 bytes that the sender of a forward request signs (EIP-712)."""
    struct_hash = keccak(
        encode(
            ["bytes32", "address", "address", "uint256", "uint256", "uint256", "uint48", "bytes32"],
            [_REQUEST_TYPE_HASH, sender, to, value, gas, nonce, deadline, keccak(data)],
        )
    )
    return keccak(b"\x19\x01" + _domain_separator(chain_id, forwarder) + struct_hash)


def with_legacy_v(signature: bytes) -> bytes:
    """The signature ending in 27 or 28, which is all that OpenZeppelin's ECDSA knows.

    Some wallets end it in 0 or 1.
    """
    if len(signature) == 65 and signature[64] < 27:
        return signature[:64] + bytes([signature[64] + 27])
    return signature


def recover_signer(digest: bytes, signature: bytes) -> str | None:
    """Lower-case address that signed the digest; None where the bytes are no signature of it."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    try:
        compact = Signature(signature[:64] + bytes([signature[64] - 27]))
        return compact.recover_public_key_from_msg_hash(digest).to_address()
    except (BadSignature, ValidationError, ValueError):
        return None
