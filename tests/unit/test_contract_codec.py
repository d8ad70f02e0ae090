"""Contract access without a chain: encoding, decoding, errors, typed data, deployment profiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from web3 import Web3

from edgebazaar.chain import codec
from edgebazaar.chain.artifacts import CONTRACT_NAMES, load_artifact, load_custom_errors
from edgebazaar.chain.contracts import (
    ContractCall,
    ContractSet,
    DeployedContract,
    Deployment,
    decode_error,
)
from edgebazaar.chain.profiles import PROFILES, DeploymentProfile, profile_named
from edgebazaar.chain.rpc import RpcError
from edgebazaar.chain.typed_data import (
    ForwardRequest,
    digest,
    recover_signer,
    sign_typed_data,
    typed_data_for_forward_request,
    typed_data_for_receipt,
    typed_data_for_voucher,
)
from edgebazaar.errors import ConfigurationError, InvalidInput, NotFound

ADDRESSES = {name: to_checksum_address(keccak(text=name)[:20]) for name in CONTRACT_NAMES}
SOMEBODY = to_checksum_address("0x" + "ab" * 20)


@pytest.fixture(scope="module")
def contracts() -> ContractSet:
    deployed = {
        name: DeployedContract(address, index, "0x" + "00" * 32, {}, "")
        for index, (name, address) in enumerate(ADDRESSES.items())
    }
    return ContractSet(Deployment(31337, "0x" + "11" * 32, SOMEBODY, SOMEBODY, {}, {}, deployed))


addresses = st.binary(min_size=20, max_size=20).map(to_checksum_address)
words = st.binary(min_size=32, max_size=32)


def unsigned(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


receipts = st.fixed_dictionaries(
    {
        "producer": addresses,
        "provider": addresses,
        "contentHash": words,
        "fingerprint": words,
        "fingerprintScheme": unsigned(32),
        "promptCommitment": words,
        "modelId": words,
    }
)
registrations = st.fixed_dictionaries(
    {
        "receipt": receipts,
        "receiptSignature": st.binary(max_size=70),
        "royaltyBps": unsigned(16),
        "uri": st.text(max_size=40),
    }
)


RECEIPT_ORDER = (
    "producer",
    "provider",
    "contentHash",
    "fingerprint",
    "fingerprintScheme",
    "promptCommitment",
    "modelId",
)


def as_tuples(items: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Registrations as tuples in the order of the Solidity struct."""
    return [
        (
            tuple(item["receipt"][name] for name in RECEIPT_ORDER),
            item["receiptSignature"],
            item["royaltyBps"],
            item["uri"],
        )
        for item in items
    ]


class TestCalls:
    @settings(max_examples=60, deadline=None)
    @given(items=st.lists(registrations, max_size=3), salt=words)
    def test_nested_structs_survive_a_round_trip_and_equal_web3(
        self, contracts: ContractSet, items: list[dict[str, Any]], salt: bytes
    ) -> None:
        data = contracts.encode(ContractCall("ProofOfAIGC", "register", (items, salt)))
        tuples = ContractCall("ProofOfAIGC", "register", (as_tuples(items), salt))
        assert contracts.encode(tuples) == data
        reference = Web3().eth.contract(abi=load_artifact("ProofOfAIGC").abi)
        expected = reference.encode_abi("register", args=[as_tuples(items), salt])
        assert data.hex() == expected[2:]
        decoded = contracts.decode_call(ADDRESSES["ProofOfAIGC"], data)
        assert decoded is not None
        assert decoded.function == "register"
        assert decoded.arguments == {"registrations": items, "salt": salt}

    def test_an_overloaded_function_is_named_by_its_signature(self, contracts: ContractSet) -> None:
        signature = "safeTransferFrom(address,address,uint256,bytes)"
        arguments = (SOMEBODY, SOMEBODY, 5, b"x")
        data = contracts.encode(ContractCall("ProofOfAIGC", signature, arguments))
        assert data[:4] == keccak(text=signature)[:4]
        with pytest.raises(NotFound, match=r"Name one of safeTransferFrom\(address,address"):
            contracts.encode(ContractCall("ProofOfAIGC", "safeTransferFrom", arguments))

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ((SOMEBODY, 1, 2), r"Membership\.admit: takes 4 values \(account, roles, expiresAt"),
            (("0x1234", 1, 2, bytes(32)), "account: takes an address"),
            ((SOMEBODY.swapcase(), 1, 2, bytes(32)), "account: .*"),
            ((SOMEBODY, 2**16, 2, bytes(32)), "roles: 65536 does not fit uint16"),
            ((SOMEBODY, -1, 2, bytes(32)), "roles: -1 does not fit uint16"),
            ((SOMEBODY, "1", 2, bytes(32)), "roles: takes an integer"),
            ((SOMEBODY, True, 2, bytes(32)), "roles: takes an integer"),
            ((SOMEBODY, 1, 2, bytes(31)), "certificateHash: takes 32 bytes, got 31"),
            ((SOMEBODY, 1, 2, "0xzz"), "certificateHash: .* no hexadecimal"),
        ],
    )
    def test_a_value_that_does_not_fit_is_named(
        self, contracts: ContractSet, arguments: tuple[Any, ...], words: str
    ) -> None:
        with pytest.raises(InvalidInput, match=words):
            contracts.encode(ContractCall("Membership", "admit", arguments))

    def test_the_path_into_a_struct_is_named(self, contracts: ContractSet) -> None:
        voucher = {
            "account": SOMEBODY,
            "roles": 1,
            "expiresAt": 2**40,
            "certificateHash": bytes(32),
            "serial": bytes(32),
            "deadline": 1,
        }
        call = ContractCall("Membership", "hashVoucher", (voucher,))
        with pytest.raises(InvalidInput, match=r"voucher\.expiresAt: .* does not fit uint40"):
            contracts.encode(call)
        del voucher["serial"]
        with pytest.raises(InvalidInput, match="voucher: lacks serial"):
            contracts.encode(call)
        with pytest.raises(InvalidInput, match="voucher: has no sereal"):
            contracts.encode(
                replace(call, arguments=({**voucher, "serial": bytes(32), "sereal": 1},))
            )

    def test_foreign_calls_are_not_decoded(self, contracts: ContractSet) -> None:
        assert contracts.decode_call(SOMEBODY, bytes(4)) is None
        assert contracts.decode_call(None, b"") is None
        assert contracts.decode_call(ADDRESSES["Payouts"], b"\x01\x02\x03\x04") is None
        truncated = contracts.encode(ContractCall("Membership", "isActive", (SOMEBODY,)))[:-1]
        assert contracts.decode_call(ADDRESSES["Membership"], truncated) is None

    def test_unknown_names_are_refused(self, contracts: ContractSet) -> None:
        with pytest.raises(NotFound, match=r"no contract Bazaar\. There are TrustedForwarder"):
            contracts.encode(ContractCall("Bazaar", "open"))
        with pytest.raises(NotFound, match=r"no function Payouts\.open"):
            contracts.encode(ContractCall("Payouts", "open"))

    def test_several_outputs_come_as_a_tuple(self, contracts: ContractSet) -> None:
        data = codec.encode_values(
            [{"name": name, "type": kind} for name, kind in (("a", "uint8"), ("b", "uint24"))]
            + [{"name": "c", "type": "bytes32"}],
            (2, 7, b"\x05" * 32),
            "result",
        )
        call = ContractCall("AuctionHouse", "roundOf", (bytes(32),))
        assert contracts.decode_result(call, data) == (2, 7, b"\x05" * 32)


class TestEvents:
    def log(self, contract: str, event: str, indexed: list[bytes], data: bytes) -> dict[str, Any]:
        entry = next(
            item
            for item in load_artifact(contract).abi
            if item["type"] == "event" and item["name"] == event
        )
        topics = [keccak(text=codec.signature_of(entry)), *indexed]
        return {
            "address": ADDRESSES[contract].lower(),
            "topics": ["0x" + topic.hex() for topic in topics],
            "data": "0x" + data.hex(),
        }

    def test_arguments_come_in_the_order_of_declaration(self, contracts: ContractSet) -> None:
        data = codec.encode_values(
            [{"name": name, "type": kind} for name, kind in (("a", "uint40"), ("b", "address"))],
            (77, SOMEBODY),
            "data",
        )
        account = bytes(12) + bytes.fromhex(SOMEBODY[2:])
        event = contracts.decode_log(self.log("Membership", "MemberRevoked", [account], data))
        assert event is not None
        assert (event.contract, event.event) == ("Membership", "MemberRevoked")
        assert list(event.arguments.items()) == [
            ("account", SOMEBODY),
            ("revokedAt", 77),
            ("administrator", SOMEBODY),
        ]

    @settings(max_examples=40, deadline=None)
    @given(receipt=receipts, creator=addresses, uri=st.text(max_size=50), block=unsigned(40))
    def test_nested_structs_come_as_dictionaries(
        self,
        contracts: ContractSet,
        receipt: dict[str, Any],
        creator: str,
        uri: str,
        block: int,
    ) -> None:
        record = {
            "receipt": receipt,
            "royaltyBps": 250,
            "committedBlock": block,
            "commitment": receipt["promptCommitment"],
            "uri": uri,
        }
        inputs = next(
            item["inputs"]
            for item in load_artifact("ProofOfAIGC").abi
            if item.get("name") == "ContentRegistered"
        )
        data = codec.encode_values(inputs[2:], tuple(record.values()), "record")
        indexed = [receipt["contentHash"], bytes(12) + bytes.fromhex(creator[2:])]
        event = contracts.decode_log(self.log("ProofOfAIGC", "ContentRegistered", indexed, data))
        assert event is not None
        assert event.arguments["tokenId"] == int.from_bytes(receipt["contentHash"], "big")
        assert event.arguments["creator"] == creator
        assert {name: event.arguments[name] for name in record} == record

    def test_foreign_and_anonymous_logs_are_left_out(self, contracts: ContractSet) -> None:
        known = self.log("Membership", "VoucherUsed", [bytes(32), bytes(32)], b"")
        assert contracts.decode_log(known) is not None
        assert contracts.decode_log({**known, "address": SOMEBODY}) is None
        assert contracts.decode_log({**known, "topics": []}) is None
        assert contracts.decode_log({**known, "topics": ["0x" + "77" * 32]}) is None
        assert contracts.decode_log({**known, "topics": known["topics"][:1]}) is None

    def test_every_event_is_found_by_its_topic(self, contracts: ContractSet) -> None:
        for name in CONTRACT_NAMES:
            for entry in load_artifact(name).abi:
                if entry["type"] == "event":
                    topic = keccak(text=codec.signature_of(entry))
                    assert contracts.topic(name, entry["name"]) == topic
        with pytest.raises(NotFound, match=r"Payouts\.Nothing"):
            contracts.topic("Payouts", "Nothing")


class TestErrors:
    def test_every_custom_error_is_decoded_by_its_selector(self) -> None:
        assert len(load_custom_errors()) > 150
        for selector, entry in load_custom_errors().items():
            assert keccak(text=codec.signature_of(entry))[:4] == selector
            body = bytes(32 * 40)
            if all(not item["type"].endswith(("bytes", "string", "]")) for item in entry["inputs"]):
                assert decode_error(selector + body).name == entry["name"]

    def test_values_are_shown(self) -> None:
        data = keccak(text="Membership_MissingRole(address,uint16)")[:4]
        data += bytes(12) + bytes.fromhex(SOMEBODY[2:]) + (2).to_bytes(32, "big")
        error = decode_error(data)
        assert error.arguments == {"account": SOMEBODY, "role": 2}
        assert error.text == f"Membership_MissingRole(account={SOMEBODY}, role=2)"

    def test_solidity_and_unknown_errors(self) -> None:
        text = codec.encode_values([{"name": "message", "type": "string"}], ("no",), "error")
        assert decode_error(bytes.fromhex("08c379a0") + text).text == "no"
        panic = decode_error(bytes.fromhex("4e487b71") + (0x11).to_bytes(32, "big"))
        assert panic.arguments["reason"] == "arithmetic overflow or underflow"
        assert decode_error(b"").name == "Revert"
        assert decode_error(b"\x12\x34\x56\x78").name == "Unknown"
        assert decode_error(bytes.fromhex("08c379a0")).name == "Unknown"

    @pytest.mark.parametrize(
        ("message", "data", "expected"),
        [
            ("execution reverted", "0x1234", b"\x12\x34"),
            ("execution reverted", None, b""),
            ("VM Exception while processing transaction: revert", {"data": "0x12"}, b"\x12"),
            ("VM execution error", "Reverted 0xabcd", b"\xab\xcd"),
            ("insufficient funds", None, None),
        ],
    )
    def test_revert_data_is_found_as_nodes_give_it(
        self, message: str, data: Any, expected: bytes | None
    ) -> None:
        assert RpcError(3, message, data).revert_data == expected


class TestTypedData:
    KEY = "0x" + "42" * 32

    def test_a_forward_request_becomes_the_forwarder_call(self, contracts: ContractSet) -> None:
        sender = Account.from_key(self.KEY).address
        call = ContractCall("Membership", "revoke", (SOMEBODY,), value=10**19)
        data = typed_data_for_forward_request(contracts, sender, call, 3, 1900000000, 250000)
        assert data["message"]["value"] == str(10**19)
        signature = sign_typed_data(self.KEY, data)
        assert recover_signer(data, signature) == sender
        request = ForwardRequest.from_typed_data(data)
        execution = request.execution(signature)
        assert execution.value == 10**19
        decoded = contracts.decode_call(ADDRESSES["TrustedForwarder"], contracts.encode(execution))
        assert decoded is not None
        inner = decoded.arguments["request"]
        assert inner["from"] == sender
        assert inner["signature"] == signature
        assert inner["data"] == contracts.encode(call)

    def test_each_domain_names_its_contract(self, contracts: ContractSet) -> None:
        voucher = typed_data_for_voucher(
            contracts,
            {
                "account": SOMEBODY,
                "roles": 1,
                "expiresAt": 2,
                "certificateHash": bytes(32),
                "serial": bytes(32),
                "deadline": 3,
            },
        )
        receipt = typed_data_for_receipt(
            contracts,
            {
                "producer": SOMEBODY,
                "provider": SOMEBODY,
                "contentHash": bytes(32),
                "fingerprint": bytes(32),
                "fingerprintScheme": 65537,
                "promptCommitment": bytes(32),
                "modelId": bytes(32),
            },
        )
        assert voucher["domain"]["verifyingContract"] == ADDRESSES["Membership"]
        assert receipt["domain"]["name"] == "EdgeBazaar ProofOfAIGC"
        assert len({digest(voucher), digest(receipt)}) == 2


class TestProfiles:
    def test_arguments_fit_every_constructor(self) -> None:
        for name in CONTRACT_NAMES:
            arguments = PROFILES["default"].constructor_arguments(
                name, administrator=SOMEBODY, addresses=ADDRESSES
            )
            codec.encode_values(load_artifact(name).constructor_inputs(), arguments, name)

    def test_arguments_stand_at_the_parameter_of_their_name(self) -> None:
        meanings = {
            "membership": "Membership",
            "payouts": "Payouts",
            "registry": "ProofOfAIGC",
            "ledger": "ReputationLedger",
            "forwarder": "TrustedForwarder",
        }
        checked = 0
        for name in CONTRACT_NAMES:
            arguments = PROFILES["default"].constructor_arguments(
                name, administrator=SOMEBODY, addresses=ADDRESSES
            )
            inputs = load_artifact(name).constructor_inputs()
            for parameter, value in zip(inputs, arguments, strict=True):
                meaning = meanings.get(parameter["name"].strip("_").lower())
                if meaning is not None:
                    assert value == ADDRESSES[meaning], f"{name}.{parameter['name']}"
                    checked += 1
        assert checked >= 20

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({"weight_recent": 1}, "weight_recent: and weight_older do not add up"),
            ({"weight_negative": 1}, "weight_positive: and weight_negative"),
            ({"safety_margin": 0}, "safety_margin: 0 is not above zero"),
            ({"schemes": {65537: 257}}, "distance 257 of 65537"),
        ],
    )
    def test_parameters_that_cannot_work_are_refused(
        self, values: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(InvalidInput, match=words):
            DeploymentProfile(**values)

    def test_an_unknown_profile_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="Use default, demo, payments"):
            profile_named("production")


def test_a_contract_that_the_package_lacks_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"no compiled Bazaar.*make build"):
        load_artifact("Bazaar")
