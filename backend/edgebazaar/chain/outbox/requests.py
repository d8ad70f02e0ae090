"""What may be put into the outbox, and what is checked before it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import rlp
from eth_account import Account
from eth_utils.crypto import keccak

from edgebazaar.chain.outbox.forward import forward_request_digest, recover_signer, with_legacy_v
from edgebazaar.db.types import UINT256_LIMIT
from edgebazaar.errors import InvalidInput

#: Larger transactions are not passed on by the nodes of public networks either.
MAXIMUM_RAW_BYTES = 128 * 1024
_EIP155_OFFSET = 35


class InvalidRequest(InvalidInput):
    """A transaction that the outbox does not take; nothing was stored."""

    code = "invalid-transaction"


@dataclass(frozen=True, slots=True)
class RelayedRequest:
    """A user's signed ERC-2771 request that the relayer submits and pays for.

    Attributes:
        chain_id: Chain of the forwarder.
        forwarder: Address of TrustedForwarder.
        sender: Account in whose name the target is called, and that signed.
        to: Called contract.
        data: Calldata, without the sender that the forwarder appends.
        gas: Gas that the call gets.
        nonce: The sender's nonce at the forwarder.
        deadline: Last Unix second in which the forwarder accepts it.
        signature: 65 bytes over the EIP-712 message.
        value: Must be 0: it is the relayer who would pay it.
        label: What it is for, shown to people.
    """

    chain_id: int
    forwarder: str
    sender: str
    to: str
    data: bytes
    gas: int
    nonce: int
    deadline: int
    signature: bytes
    value: int = 0
    label: str | None = None

    @classmethod
    def from_typed_data(
        cls, typed_data: Mapping[str, Any], signature: bytes, label: str | None = None
    ) -> RelayedRequest:
        """The request that `typed_data_for_forward_request` describes.

        Raises:
            InvalidRequest: If the document is no forward request.
        """
        try:
            message, domain = typed_data["message"], typed_data["domain"]
            return cls(
                chain_id=int(domain["chainId"]),
                forwarder=str(domain["verifyingContract"]),
                sender=str(message["from"]),
                to=str(message["to"]),
                data=bytes.fromhex(str(message["data"]).removeprefix("0x")),
                gas=int(message["gas"]),
                nonce=int(message["nonce"]),
                deadline=int(message["deadline"]),
                signature=signature,
                value=int(message["value"]),
                label=label,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidRequest(
                "typed_data", f"is no forward request ({error!r})", "Submit what prepare returned"
            ) from None


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A transaction that a user signed and pays for: legacy, EIP-2930 or EIP-1559."""

    chain_id: int
    raw: bytes
    label: str | None = None


@dataclass(frozen=True, slots=True)
class DirectRequest:
    """A call that one of the operator's own keys makes.

    Attributes:
        chain_id: Chain to send to.
        signer: Account that signs; the relayer must hold its key.
        to: Called contract or paid account.
        data: Calldata.
        value: Wei sent along.
        gas: Gas limit; None has it estimated, and the call refused where it would revert.
        idempotency_key: Requests with the same key are one; None makes each its own.
        label: What it is for, shown to people.
    """

    chain_id: int
    signer: str
    to: str
    data: bytes
    value: int = 0
    gas: int | None = None
    idempotency_key: str | None = None
    label: str | None = None


Request = RelayedRequest | RawRequest | DirectRequest


@dataclass(frozen=True, slots=True)
class ParsedTransaction:
    """The fields of a signed transaction that the outbox keeps."""

    chain_id: int
    sender: str
    nonce: int
    gas: int
    to: str | None
    value: int
    data: bytes
    hash: str


def checked_signature(request: RelayedRequest, now: int) -> bytes:
    """The signature in the form the forwarder takes, after all checks that need no chain.

    Raises:
        InvalidRequest: Naming the field that is wrong.
    """
    if request.value != 0:
        raise InvalidRequest(
            "value",
            f"is {request.value} wei, which the relayer would pay",
            "Send a transaction of your own for calls that carry value",
        )
    for name, value, limit in (
        ("nonce", request.nonce, UINT256_LIMIT),
        ("gas", request.gas, 1 << 63),
        ("deadline", request.deadline, 1 << 48),
    ):
        if not 0 <= value < limit:
            raise InvalidRequest(name, f"{value} is out of range", f"Give 0 to {limit - 1}")
    if request.deadline < now:
        raise InvalidRequest(
            "deadline", f"{request.deadline} has passed (it is {now})", "Prepare and sign it again"
        )
    signature = with_legacy_v(request.signature)
    if not request_signed_by_sender(request, signature):
        raise InvalidRequest(
            "signature",
            f"is not {request.sender}'s over this request",
            "Sign the typed data that prepare returned, unchanged, with that account",
        )
    return signature


def request_signed_by_sender(request: RelayedRequest, signature: bytes) -> bool:
    """Whether the sender of a forward request signed it."""
    digest = forward_request_digest(
        request.chain_id,
        request.forwarder.lower(),
        request.sender.lower(),
        request.to.lower(),
        request.data,
        request.gas,
        request.nonce,
        request.deadline,
        request.value,
    )
    return recover_signer(digest, signature) == request.sender.lower()


def parse_raw_transaction(raw: bytes) -> ParsedTransaction:
    """The fields and the signer of a signed transaction.

    Raises:
        InvalidRequest: If it is malformed, of a kind not accepted, or replayable on other chains.
    """
    if len(raw) > MAXIMUM_RAW_BYTES:
        raise InvalidRequest(
            "raw", f"has {len(raw)} bytes", f"At most {MAXIMUM_RAW_BYTES} are accepted"
        )
    try:
        fields, chain_id = _transaction_fields(raw)
        nonce, gas, to, value, data = fields
        parsed = ParsedTransaction(
            chain_id=chain_id,
            sender=str(Account.recover_transaction(raw)).lower(),
            nonce=int.from_bytes(nonce, "big"),
            gas=int.from_bytes(gas, "big"),
            to="0x" + to.hex() if to else None,
            value=int.from_bytes(value, "big"),
            data=data,
            hash="0x" + keccak(raw).hex(),
        )
    except InvalidRequest:
        raise
    except Exception as error:  # the libraries raise many kinds for malformed input
        raise InvalidRequest(
            "raw", f"is no signed transaction ({error})", "Give the bytes that the wallet signed"
        ) from None
    needed = intrinsic_gas(parsed.data, creates=parsed.to is None)
    if parsed.gas < needed:
        raise InvalidRequest(
            "raw", f"has a gas limit of {parsed.gas}, it needs {needed}", "Sign it with more gas"
        )
    return parsed


def intrinsic_gas(data: bytes, *, creates: bool = False) -> int:
    """Least gas limit with which a transaction is valid at all (EIP-2028, EIP-3860, EIP-7623).

    Nodes must refuse less, yet Anvil takes such a transaction into its pool and never mines it.
    """
    zeros = data.count(0)
    standard = 4 * zeros + 16 * (len(data) - zeros)
    if creates:
        standard += 32_000 + 2 * -(-len(data) // 32)
    floor = 10 * zeros + 40 * (len(data) - zeros)
    return 21_000 + max(standard, floor)


def _transaction_fields(raw: bytes) -> tuple[list[bytes], int]:
    """Nonce, gas, to, value and data, and the chain id."""
    kind = raw[0] if raw else 0
    if kind in (1, 2):
        fields = rlp.decode(raw[1:])
        gas_price_fields = kind
        start = 1
        chain_id = int.from_bytes(fields[0], "big")
    elif kind >= 0xC0:
        fields = rlp.decode(raw)
        gas_price_fields, start = 1, 0
        v = int.from_bytes(fields[6], "big")
        if v < _EIP155_OFFSET:
            raise InvalidRequest(
                "raw", "names no chain and could be replayed on any", "Sign it with a chain id"
            )
        chain_id = (v - _EIP155_OFFSET) // 2
    else:
        raise InvalidRequest(
            "raw",
            f"is of transaction type {kind}",
            "Use a legacy, EIP-2930 or EIP-1559 transaction",
        )
    gas_at = start + 1 + gas_price_fields
    return [fields[start], *fields[gas_at : gas_at + 4]], chain_id
