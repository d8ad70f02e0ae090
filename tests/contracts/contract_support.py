"""What the contract tests share: roles, signatures, relayed calls, content, exact errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

from brownie import chain, compile_source, web3
from brownie.exceptions import VirtualMachineError
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from edgebazaar.content.engine.records import merkle_proof, record_leaf

PRODUCER, PROVIDER, CONSUMER, VEHICLE = 1, 2, 4, 8
ROADSIDE_UNIT, MODEL_PROVIDER, AUDITOR, OPERATOR = 16, 32, 64, 128

ZERO_ADDRESS = "0x" + 40 * "0"
ZERO_BYTES = bytes(32)
DAY = 24 * 3600
IMAGE_SCHEME, TEXT_SCHEME, UNJUDGED_SCHEME = 1 << 16 | 1, 2 << 16 | 1, 7 << 16 | 1
THRESHOLDS = {IMAGE_SCHEME: 60, TEXT_SCHEME: 12}
DEPOSIT = 10**17 + 1  # odd, so that halving it has a remainder
ANSWER_WINDOW, FINALITY_PERIOD, RULING_PERIOD = 600, 900, 1200
MAXIMUM_DEPOSIT, APPEAL_COST, PANEL_QUORUM = 5 * DEPOSIT, 10**16 + 1, 2
CHALLENGE_RULES = (
    *(DEPOSIT, MAXIMUM_DEPOSIT, ANSWER_WINDOW, FINALITY_PERIOD, RULING_PERIOD),
    *(300, 3600),
)
DISPUTE_BOND, RECEIPT_PENALTY, DUTY_PENALTY = 10**17 + 3, 10**18 + 7, 5 * 10**16
DISPUTE_RULES = (DISPUTE_BOND, RECEIPT_PENALTY, DUTY_PENALTY, 3600, 1800)
SAFETY_MARGIN, MINIMUM_STAKE, WINDOW_SECONDS = 3600, 10**18, 7 * DAY
EPOCH_BOND, ANSWER_SECONDS = 10**18, 6 * 3600
# Not of whole gwei, so that rounding shows.
DELIVERY_BOND, DISPUTE_WINDOW = 10**17 + 1, 2 * DAY
WEIGHTS = (6 * 10**17, 4 * 10**17, 4 * 10**17, 6 * 10**17)

TYPES = {
    "Voucher": "address account,uint16 roles,uint40 expiresAt,bytes32 certificateHash,"
    "bytes32 serial,uint40 deadline",
    "Receipt": "address producer,address provider,bytes32 contentHash,bytes32 fingerprint,"
    "uint32 fingerprintScheme,bytes32 promptCommitment,bytes32 modelId",
    "Exit": "bytes32 lockId",
    "ForwardRequest": "address from,address to,uint256 value,uint256 gas,uint256 nonce,"
    "uint48 deadline,bytes data",
}


def digest(label: object) -> bytes:
    """A hash that tests can name: keccak256 of the label's text."""
    return keccak(text=str(label))


def now() -> int:
    """Time of the newest block."""
    return chain[-1].timestamp


def next_block_at(timestamp: int) -> None:
    """Give the next block, with the transaction that makes it, this time."""
    web3.provider.make_request("evm_setNextBlockTimestamp", [timestamp])


def mine_at(timestamp: int) -> None:
    """Mine an empty block of this time."""
    next_block_at(timestamp)
    chain.mine()


@contextmanager
def fails_with(error: str, *values: object) -> Iterator[None]:
    """Pass only if the block reverts with exactly this custom error and these values."""
    listed = ", ".join(
        str(value).lower() if str(value).startswith("0x") else str(value) for value in values
    )
    try:
        yield
    except VirtualMachineError as refusal:
        message = str(refusal.revert_msg).removeprefix("revert: ")
        assert message == f"{error}: {listed}", f"refused with {message!r}"
    else:
        raise AssertionError(f"went through, expected {error}")


@cache
def mock(name: str, file: str = "Wallets.sol"):
    """A contract from tests/contracts/mocks, compiled on first use."""
    source = (Path(__file__).parent / "mocks" / file).read_text("utf-8")
    return compile_source(source, solc_version="0.8.37", evm_version="shanghai")[name]


def typed_data(contract, kind: str, values: tuple) -> dict:
    """A struct of `TYPES` as EIP-712 typed data under the domain that the contract states."""
    _, name, version, chain_id, address, _, _ = contract.eip712Domain()
    fields = [
        dict(zip(("type", "name"), one.split(), strict=True)) for one in TYPES[kind].split(",")
    ]
    return {
        "domain_data": {
            "name": name,
            "version": version,
            "chainId": chain_id,
            "verifyingContract": address,
        },
        "message_types": {kind: fields},
        "message_data": {field["name"]: value for field, value in zip(fields, values, strict=True)},
    }


def sign_typed(signer, contract, kind: str, values: tuple) -> bytes:
    """Sign a struct of `TYPES` with an account's key (EIP-712)."""
    data = typed_data(contract, kind, values)
    return bytes(Account.sign_typed_data(signer.private_key, **data).signature)


def typed_digest(contract, kind: str, values: tuple) -> bytes:
    """What is signed of a struct of `TYPES`, by the Python library's reading of EIP-712."""
    message = encode_typed_data(**typed_data(contract, kind, values))
    return keccak(b"\x19" + message.version + message.header + message.body)


def relay_request(
    system: SimpleNamespace, account, call, arguments: tuple, value: int = 0, signer=None
) -> tuple:
    """A contract call in the name of `account` for the forwarder, signed by it or by `signer`."""
    target = call._address
    data = bytes.fromhex(call.encode_input(*arguments).removeprefix("0x"))
    gas, nonce, deadline = 3_000_000, system.forwarder.nonces(account), now() + DAY
    request = (account.address, target, value, gas, nonce, deadline, data)
    signature = sign_typed(signer or account, system.forwarder, "ForwardRequest", request)
    return (account.address, target, value, gas, deadline, data, signature)


def relay(system: SimpleNamespace, signer, call, arguments: tuple, relayer, value: int = 0):
    """Submit a contract call that `signer` signed and `relayer` pays for (ERC-2771)."""
    request = relay_request(system, signer, call, arguments, value)
    return system.forwarder.execute(request, {"from": relayer, "value": value})


def admit(membership, people, account, role: int) -> None:
    """Admit an account for a year."""
    membership.admit(
        account, role, now() + 365 * DAY, digest(account), {"from": people.administrator}
    )


@dataclass(frozen=True)
class Work:
    """A piece of content before its registration."""

    producer: object
    provider: object
    content: bytes
    fingerprint: int = 0
    scheme: int = IMAGE_SCHEME
    royalty_bps: int = 500
    uri: str = "https://content.example/1"

    @property
    def content_hash(self) -> bytes:
        return sha256(self.content).digest()

    @property
    def token_id(self) -> int:
        return int.from_bytes(self.content_hash, "big")

    @property
    def receipt(self) -> tuple:
        return (
            self.producer.address,
            self.provider.address,
            self.content_hash,
            self.fingerprint.to_bytes(32, "big"),
            self.scheme,
            digest("prompt and salt"),
            digest("model"),
        )

    def but(self, **changes) -> "Work":
        """The same work with some fields changed."""
        return replace(self, **changes)

    def registration(self, registry, signer=None) -> tuple:
        """The item for `register`, its receipt signed by the provider or by somebody else."""
        signature = sign_typed(signer or self.provider, registry, "Receipt", self.receipt)
        return (self.receipt, signature, self.royalty_bps, self.uri)


def commit(registry, works: list[Work], salt: bytes = ZERO_BYTES, producer=None) -> bytes:
    """Commit to works in a block of its own; returns the commitment."""
    producer = producer or works[0].producer
    commitment = registry.commitmentOf(producer, [work.content_hash for work in works], salt)
    registry.commit(commitment, {"from": producer})
    return commitment


def register(registry, *works: Work) -> list[tuple]:
    """Commit to works and register them; returns their records."""
    commit(registry, list(works))
    items = [work.registration(registry) for work in works]
    transaction = registry.register(items, ZERO_BYTES, {"from": works[0].producer})
    return records_of(transaction)


def records_of(transaction) -> list[tuple]:
    """The records of all content that a transaction registered, with their proofs."""
    events = transaction.events["ContentRegistered"]
    leaves = [leaf(event) for event in events]
    return [
        (
            as_tuple(event["receipt"]),
            event["royaltyBps"],
            event["committedBlock"],
            event["commitment"],
            event["uri"],
            tuple(merkle_proof(leaves, index)),
        )
        for index, event in enumerate(events)
    ]


def leaf(event) -> bytes:
    """What stands in the Merkle tree of a registration for a record."""
    return record_leaf(event["receipt"], event["royaltyBps"], event["uri"].encode())


def as_tuple(value):
    """A decoded struct as the nested tuple that a call takes."""
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (tuple, list)):
        return value
    return tuple(as_tuple(item) for item in value)


def balances(*accounts) -> list[int]:
    """Balances in wei."""
    return [account.balance() for account in accounts]
