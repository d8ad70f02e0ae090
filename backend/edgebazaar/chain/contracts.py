"""Typed access to the deployed contracts: encode calls, decode results, events and errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from edgebazaar.chain import codec
from edgebazaar.chain.abi_text import printable
from edgebazaar.chain.artifacts import load_artifact, load_custom_errors
from edgebazaar.chain.manifest import DeployedContract, Deployment
from edgebazaar.chain.rpc import RpcClient, RpcError, from_data, to_data, to_quantity
from edgebazaar.errors import EdgeBazaarError, NotFound

PANIC_REASONS = {
    0x01: "assertion failed",
    0x11: "arithmetic overflow or underflow",
    0x12: "division by zero",
    0x21: "value out of range of the enum",
    0x22: "storage byte array incorrectly encoded",
    0x31: "pop on an empty array",
    0x32: "array index out of bounds",
    0x41: "too much memory allocated",
    0x51: "call of an uninitialised internal function",
}
"""Meaning of Solidity's panic codes."""

_ERROR_STRING = keccak(b"Error(string)")[:4]
_PANIC = keccak(b"Panic(uint256)")[:4]
_STRING_INPUT = ({"name": "message", "type": "string"},)
_PANIC_INPUT = ({"name": "code", "type": "uint256"},)


@dataclass(frozen=True, slots=True)
class ContractCall:
    """A call of one of the product's contracts.

    Attributes:
        contract: Name of the contract.
        function: Name of the function, or its full signature where it is overloaded.
        arguments: Arguments in order; structs as dictionaries or tuples.
        value: Wei sent along.
    """

    contract: str
    function: str
    arguments: tuple[Any, ...] = ()
    value: int = 0


@dataclass(frozen=True, slots=True)
class DecodedEvent:
    """An event of one of the product's contracts."""

    contract: str
    event: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DecodedCall:
    """A transaction's call of one of the product's contracts."""

    contract: str
    function: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DecodedError:
    """Why a call reverted.

    Attributes:
        name: Name of the custom error; `Error` for a text, `Panic` for a panic, `Revert` for a bare
            revert, `Unknown` for bytes no contract here declares.
        arguments: Its values by name.
    """

    name: str
    arguments: dict[str, Any]

    @property
    def text(self) -> str:
        """One line for a person."""
        if self.name == "Error":
            return str(self.arguments["message"])
        values = ", ".join(f"{name}={_show(value)}" for name, value in self.arguments.items())
        return f"{self.name}({values})"


class CallReverted(EdgeBazaarError):
    """A read or a simulated call reverts.

    Attributes:
        error: The decoded reason.
    """

    code = "call-reverted"

    def __init__(self, what: str, error: DecodedError) -> None:
        super().__init__(f"{what} reverts with {error.text}")
        self.error = error


class ContractSet:
    """The ABI of every contract, bound to the addresses of a deployment.

    Immutable after construction and therefore safe to share between threads.
    """

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._addresses: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._functions: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._selectors: dict[str, dict[bytes, Mapping[str, Any]]] = {}
        self._events: dict[tuple[str, bytes], _EventDecoder] = {}
        for name, deployed in deployment.contracts.items():
            self._register(name, deployed.address)

    @property
    def chain_id(self) -> int:
        """Chain id of the deployment."""
        return self.deployment.chain_id

    def address(self, name: str) -> str:
        """Address of a contract, with checksum."""
        return self.deployment.address(name)

    def name_at(self, address: str | None) -> str | None:
        """Name of the contract at an address, None if it is not one of ours."""
        return self._names.get(address.lower()) if address else None

    def addresses(self) -> list[str]:
        """Addresses of all contracts, as a log filter takes them."""
        return list(self._addresses.values())

    def encode(self, call: ContractCall) -> bytes:
        """The call data of a call.

        Raises:
            NotFound: If there is no such contract or function.
            InvalidInput: If an argument does not fit; names the path to it.
        """
        entry = self.function(call.contract, call.function)
        what = f"{call.contract}.{entry['name']}"
        data = codec.encode_values(entry["inputs"], call.arguments, what)
        return _selector(entry) + data

    def function(self, contract: str, function: str) -> Mapping[str, Any]:
        """ABI entry of a function, by name or by full signature.

        Raises:
            NotFound: If there is none, or the bare name is overloaded.
        """
        self.address(contract)
        functions = self._functions[contract]
        try:
            return functions[function]
        except KeyError:
            similar = [name for name in functions if name.split("(")[0] == function]
            mend = f"Name one of {', '.join(similar)}" if similar else ""
            raise NotFound("function", f"{contract}.{function}", mend) from None

    def decode_result(self, call: ContractCall, data: bytes) -> Any:
        """What a call returned: None, the value itself, or a tuple of several in order."""
        outputs = self.function(call.contract, call.function)["outputs"]
        values = tuple(codec.decode_values(_numbered(outputs), data).values())
        if not outputs:
            return None
        return values[0] if len(values) == 1 else values

    def read(
        self,
        rpc: RpcClient,
        call: ContractCall,
        block: int | str = "latest",
        *,
        sender: str | None = None,
    ) -> Any:
        """Evaluate a call at a block without sending a transaction.

        Returns:
            The value returned (a struct as a dictionary), a tuple where there are several.

        Raises:
            CallReverted: If the call reverts, with the decoded reason.
        """
        request = self.request(call, sender=sender)
        try:
            answer = rpc.call("eth_call", [request, _block(block)])
        except RpcError as error:
            raise self._reverted(call, error) from error
        return self.decode_result(call, from_data(answer))

    def read_many(
        self, rpc: RpcClient, calls: Sequence[ContractCall], block: int | str = "latest"
    ) -> list[Any]:
        """Evaluate many calls in one request; as {read}."""
        answers = rpc.batch(
            [("eth_call", [self.request(call), _block(block)]) for call in calls],
            return_errors=True,
        )
        results = []
        for call, answer in zip(calls, answers, strict=True):
            if isinstance(answer, RpcError):
                raise self._reverted(call, answer) from answer
            results.append(self.decode_result(call, from_data(answer)))
        return results

    def request(self, call: ContractCall, *, sender: str | None = None) -> dict[str, str]:
        """A call as the transaction object of eth_call and eth_estimateGas."""
        request = {"to": self.address(call.contract), "data": to_data(self.encode(call))}
        if call.value:
            request["value"] = to_quantity(call.value)
        if sender:
            request["from"] = sender
        return request

    def decode_log(self, raw_log: Mapping[str, Any]) -> DecodedEvent | None:
        """Decode a log as JSON-RPC gives it; None if it is none of our contracts' events."""
        topics = raw_log["topics"]
        if not topics:
            return None
        decoder = self._events.get((raw_log["address"].lower(), from_data(topics[0])))
        return decoder.decode(raw_log) if decoder else None

    def decode_call(self, to: str | None, data: bytes) -> DecodedCall | None:
        """Decode call data; None if the address is not ours or the function unknown."""
        name = self.name_at(to)
        entry = self._selectors[name].get(data[:4]) if name else None
        if name is None or entry is None:
            return None
        try:
            arguments = codec.decode_values(entry["inputs"], data[4:])
        except codec.DecodingError:
            return None
        return DecodedCall(name, entry["name"], arguments)

    def decode_error(self, data: bytes) -> DecodedError:
        """Decode what a reverted call returned."""
        return decode_error(data)

    def topic(self, contract: str, event: str) -> bytes:
        """First topic of an event, for log filters.

        Raises:
            NotFound: If the contract declares no such event.
        """
        address = self.address(contract).lower()
        for (where, topic), decoder in self._events.items():
            if where == address and decoder.event == event:
                return topic
        raise NotFound("event", f"{contract}.{event}")

    def _register(self, name: str, address: str) -> None:
        abi = load_artifact(name).abi
        self._addresses[name] = to_checksum_address(address)
        self._names[address.lower()] = name
        functions = [entry for entry in abi if entry["type"] == "function"]
        by_name: dict[str, Mapping[str, Any]] = {}
        for entry in functions:
            by_name[codec.signature_of(entry)] = entry
            if sum(other["name"] == entry["name"] for other in functions) == 1:
                by_name[entry["name"]] = entry
        self._functions[name] = by_name
        self._selectors[name] = {_selector(entry): entry for entry in functions}
        for entry in abi:
            if entry["type"] == "event" and not entry.get("anonymous"):
                topic = keccak(text=codec.signature_of(entry))
                self._events[address.lower(), topic] = _EventDecoder(name, entry)

    def _reverted(self, call: ContractCall, error: RpcError) -> EdgeBazaarError:
        data = error.revert_data
        if data is None:
            return error
        return CallReverted(f"{call.contract}.{call.function}", decode_error(data))


class _EventDecoder:
    def __init__(self, contract: str, entry: Mapping[str, Any]) -> None:
        self.contract = contract
        self.event = str(entry["name"])
        self._order = [str(item["name"]) for item in entry["inputs"]]
        self._indexed = [item for item in entry["inputs"] if item["indexed"]]
        self._plain = [item for item in entry["inputs"] if not item["indexed"]]

    def decode(self, raw_log: Mapping[str, Any]) -> DecodedEvent | None:
        topics = [from_data(topic) for topic in raw_log["topics"][1:]]
        if len(topics) != len(self._indexed):
            return None
        values = codec.decode_values(self._plain, from_data(raw_log["data"]))
        for parameter, topic in zip(self._indexed, topics, strict=True):
            values[str(parameter["name"])] = codec.decode_topic(parameter, topic)
        arguments = {name: values[name] for name in self._order}
        return DecodedEvent(self.contract, self.event, arguments)


def decode_error(data: bytes) -> DecodedError:
    """Decode what a reverted call returned, by the custom errors of all contracts."""
    if not data:
        return DecodedError("Revert", {})
    selector, body = data[:4], data[4:]
    try:
        if selector == _ERROR_STRING:
            return DecodedError("Error", _printable(codec.decode_values(_STRING_INPUT, body)))
        if selector == _PANIC:
            code = codec.decode_values(_PANIC_INPUT, body)["code"]
            reason = PANIC_REASONS.get(code, "unknown panic")
            return DecodedError("Panic", {"code": code, "reason": reason})
        if entry := load_custom_errors().get(selector):
            values = _printable(codec.decode_values(entry["inputs"], body))
            return DecodedError(entry["name"], values)
    except codec.DecodingError:
        pass
    return DecodedError("Unknown", {"data": data})


def _printable(values: dict[str, Any]) -> dict[str, Any]:
    # Any contract may revert with any bytes as its text.
    return {name: printable(value) for name, value in values.items()}


def _selector(entry: Mapping[str, Any]) -> bytes:
    return bytes(keccak(text=codec.signature_of(entry))[:4])


def _block(block: int | str) -> str:
    return to_quantity(block) if isinstance(block, int) else block


def _numbered(outputs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    # Outputs may share a name or have none; only their order matters here.
    return [{**output, "name": str(index)} for index, output in enumerate(outputs)]


def _show(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def iterate_events(
    contracts: ContractSet, logs: Sequence[Mapping[str, Any]]
) -> Iterator[DecodedEvent]:
    """Decode the logs of a receipt, leaving out those of foreign contracts."""
    for log in logs:
        if (event := contracts.decode_log(log)) is not None:
            yield event


__all__ = [
    "PANIC_REASONS",
    "CallReverted",
    "ContractCall",
    "ContractSet",
    "DecodedCall",
    "DecodedError",
    "DecodedEvent",
    "DeployedContract",
    "Deployment",
    "decode_error",
    "iterate_events",
]
