"""EIP-712 typed data that members sign, in the form of `eth_signTypedData_v4`.

Everything is JSON: integers are decimal strings, bytes are hex, so that it passes through a wallet
in a browser unharmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.chain.rpc import RpcClient

TypedData = dict[str, Any]

_DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
_FORWARD_REQUEST = [
    ("from", "address"),
    ("to", "address"),
    ("value", "uint256"),
    ("gas", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint48"),
    ("data", "bytes"),
]
_VOUCHER = [
    ("account", "address"),
    ("roles", "uint16"),
    ("expiresAt", "uint40"),
    ("certificateHash", "bytes32"),
    ("serial", "bytes32"),
    ("deadline", "uint40"),
]
_RECEIPT = [
    ("producer", "address"),
    ("provider", "address"),
    ("contentHash", "bytes32"),
    ("fingerprint", "bytes32"),
    ("fingerprintScheme", "uint32"),
    ("promptCommitment", "bytes32"),
    ("modelId", "bytes32"),
]


@dataclass(frozen=True, slots=True)
class ForwardRequest:
    """An ERC-2771 request: `sender` has somebody else submit and pay for a call.

    Attributes:
        sender: Who acts and signs.
        to: Contract that is called.
        value: Wei that the submitter sends along.
        gas: Gas that the call gets.
        nonce: The forwarder's nonce of the sender.
        deadline: Last second in which the request is accepted.
        data: Call data.
    """

    sender: str
    to: str
    value: int
    gas: int
    nonce: int
    deadline: int
    data: bytes

    @classmethod
    def from_typed_data(cls, typed_data: Mapping[str, Any]) -> ForwardRequest:
        """The request that typed data of {typed_data_for_forward_request} describes."""
        message = typed_data["message"]
        return cls(
            sender=to_checksum_address(message["from"]),
            to=to_checksum_address(message["to"]),
            value=int(message["value"]),
            gas=int(message["gas"]),
            nonce=int(message["nonce"]),
            deadline=int(message["deadline"]),
            data=bytes.fromhex(message["data"][2:]),
        )

    def execution(self, signature: bytes) -> ContractCall:
        """The forwarder call that carries out this request."""
        request = {
            "from": self.sender,
            "to": self.to,
            "value": self.value,
            "gas": self.gas,
            "deadline": self.deadline,
            "data": self.data,
            "signature": signature,
        }
        return ContractCall("TrustedForwarder", "execute", (request,), value=self.value)


def forward_request(
    contracts: ContractSet,
    sender: str,
    call: ContractCall,
    *,
    nonce: int,
    deadline: int,
    gas: int,
) -> ForwardRequest:
    """The request by which `sender` makes this call through the forwarder."""
    return ForwardRequest(
        sender=to_checksum_address(sender),
        to=contracts.address(call.contract),
        value=call.value,
        gas=gas,
        nonce=nonce,
        deadline=deadline,
        data=contracts.encode(call),
    )


def typed_data_for_forward_request(
    contracts: ContractSet,
    sender: str,
    call: ContractCall,
    nonce: int,
    deadline: int,
    gas: int,
) -> TypedData:
    """What `sender` signs so that a relayer may submit this call.

    Args:
        contracts: The deployed contracts.
        sender: Who acts.
        call: What to call.
        nonce: The forwarder's nonce of the sender, {forwarder_nonce}.
        deadline: Last second in which the forwarder accepts it.
        gas: Gas that the call gets.
    """
    request = forward_request(contracts, sender, call, nonce=nonce, deadline=deadline, gas=gas)
    message = {
        "from": request.sender,
        "to": request.to,
        "value": request.value,
        "gas": request.gas,
        "nonce": request.nonce,
        "deadline": request.deadline,
        "data": request.data,
    }
    return _typed_data(
        contracts, "TrustedForwarder", "EdgeBazaar", "ForwardRequest", _FORWARD_REQUEST, message
    )


def typed_data_for_voucher(contracts: ContractSet, voucher: Mapping[str, Any]) -> TypedData:
    """What the administrator signs to admit a member; `voucher` has the members of Voucher."""
    return _typed_data(
        contracts, "Membership", "EdgeBazaar Membership", "Voucher", _VOUCHER, voucher
    )


def typed_data_for_receipt(contracts: ContractSet, receipt: Mapping[str, Any]) -> TypedData:
    """What an ESP signs after generating content; `receipt` has the members of Receipt."""
    return _typed_data(
        contracts, "ProofOfAIGC", "EdgeBazaar ProofOfAIGC", "Receipt", _RECEIPT, receipt
    )


def typed_data_for_exit(contracts: ContractSet, lock_id: str) -> TypedData:
    """What both parties of a lock sign to leave it before its timelock."""
    return _typed_data(
        contracts,
        "HashedTimelock",
        "EdgeBazaar HashedTimelock",
        "Exit",
        [("lockId", "bytes32")],
        {"lockId": lock_id},
    )


def forwarder_nonce(rpc: RpcClient, contracts: ContractSet, account: str) -> int:
    """The forwarder's next nonce of an account."""
    call = ContractCall("TrustedForwarder", "nonces", (account,))
    return int(contracts.read(rpc, call))


def digest(typed_data: Mapping[str, Any]) -> bytes:
    """The 32 bytes that are signed."""
    signable = encode_typed_data(full_message=dict(typed_data))
    return bytes(keccak(b"\x19" + signable.version + signable.header + signable.body))


def sign_typed_data(private_key: bytes | str, typed_data: Mapping[str, Any]) -> bytes:
    """Signature (65 bytes) over typed data."""
    signable = encode_typed_data(full_message=dict(typed_data))
    return bytes(Account.sign_message(signable, private_key).signature)


def recover_signer(typed_data: Mapping[str, Any], signature: bytes) -> str:
    """Address, with checksum, of the account that signed typed data.

    Raises:
        ValueError: If the signature is malformed.
    """
    signable = encode_typed_data(full_message=dict(typed_data))
    try:
        return str(Account.recover_message(signable, signature=signature))
    except (BadSignature, ValidationError) as error:
        raise ValueError(f"it is nobody's signature ({error})") from error


def _typed_data(
    contracts: ContractSet,
    contract: str,
    domain_name: str,
    primary_type: str,
    members: list[tuple[str, str]],
    message: Mapping[str, Any],
) -> TypedData:
    return {
        "types": {
            "EIP712Domain": _DOMAIN_TYPE,
            primary_type: [{"name": name, "type": kind} for name, kind in members],
        },
        "primaryType": primary_type,
        "domain": {
            "name": domain_name,
            "version": "1",
            "chainId": str(contracts.chain_id),
            "verifyingContract": contracts.address(contract),
        },
        "message": {name: _json_form(message[name]) for name, _ in members},
    }


def _json_form(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if isinstance(value, int) else value
