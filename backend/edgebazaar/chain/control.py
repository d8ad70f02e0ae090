"""The control plane: web3.py contract objects of a deployment.

For people at a terminal or in a notebook.

The data plane (outbox, indexer, API) sends and reads in bulk by raw JSON-RPC; here one call at a
time is asked, and comfort counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from eth_utils.address import to_checksum_address
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.exceptions import ContractLogicError, Web3Exception

from edgebazaar.chain.artifacts import load_artifact
from edgebazaar.chain.contracts import CallReverted, Deployment, decode_error
from edgebazaar.errors import EdgeBazaarError, InvalidInput, NotFound, Unavailable

_READING = frozenset({"view", "pure"})


class ControlPlane:
    """The deployed contracts as web3.py objects.

    Args:
        url: JSON-RPC address of a node.
        deployment: Where the contracts are.
    """

    def __init__(self, url: str, deployment: Deployment) -> None:
        self.web3 = Web3(HTTPProvider(url))
        self._deployment = deployment

    def contract(self, name: str) -> Contract:
        """A contract with its ABI at its address.

        Raises:
            NotFound: If the deployment has no contract of that name.
        """
        address = to_checksum_address(self._deployment.address(name))
        return self.web3.eth.contract(address=address, abi=load_artifact(name).abi)

    def read(self, name: str, function: str, arguments: Sequence[str]) -> Any:
        """Asks a view of a contract, with arguments as a person types them.

        Args:
            name: Name of the contract.
            function: Name of a view function.
            arguments: Text for each parameter: decimal or 0x numbers, 0x-hex bytes and addresses,
                true or false, JSON
                for lists and structs.

        Raises:
            NotFound: If there is no such contract or function.
            InvalidInput: If the function changes state, or an argument does not fit its type.
            CallReverted: If the contract refuses, with its own error.
            Unavailable: If the node does not answer.
        """
        contract = self.contract(name)
        entry = _view(contract, name, function)
        values = _parse(entry, arguments)
        try:
            answer = contract.get_function_by_name(function)(*values).call()
        except ContractLogicError as error:
            raise CallReverted(f"{name}.{function}", decode_error(_revert_data(error))) from error
        except (Web3Exception, TypeError, ValueError) as error:
            raise EdgeBazaarError(f"{name}.{function} cannot be asked: {error}") from error
        except OSError as error:
            raise Unavailable(
                f"the chain does not answer ({error})", mend="Check --rpc-url"
            ) from error
        return _named(entry["outputs"], answer)


def _view(contract: Contract, name: str, function: str) -> Mapping[str, Any]:
    entries: list[Mapping[str, Any]] = [
        dict(entry) for entry in contract.abi if entry["type"] == "function"
    ]
    views = {entry["name"]: entry for entry in entries if entry["stateMutability"] in _READING}
    if function in views:
        return views[function]
    if any(entry["name"] == function for entry in entries):
        raise InvalidInput(
            "function", f"{name}.{function} changes state", "Use 'edgebazaar market act' for that"
        )
    raise NotFound("function", f"{name}.{function}", f"Ask one of {', '.join(sorted(views))}")


def _parse(entry: Mapping[str, Any], arguments: Sequence[str]) -> list[Any]:
    inputs = entry["inputs"]
    if len(arguments) != len(inputs):
        wanted = ", ".join(f"{item['name']} ({item['type']})" for item in inputs)
        raise InvalidInput(
            "arguments", f"{len(arguments)} given, {len(inputs)} needed", f"Give {wanted or 'none'}"
        )
    return [_value(item, text) for item, text in zip(inputs, arguments, strict=True)]


def _value(parameter: Mapping[str, Any], text: str) -> Any:
    kind, name = str(parameter["type"]), str(parameter["name"])
    try:
        if kind.endswith("]") or kind.startswith("tuple"):
            return orjson.loads(text)
        if kind.startswith(("uint", "int")):
            return int(text, 0)
        if kind == "bool":
            return {"true": True, "false": False}[text.lower()]
        if kind == "address":
            return to_checksum_address(text)
        return text
    except (ValueError, KeyError) as error:
        raise InvalidInput(
            name, f"{text!r} is no {kind}", "See the types in docs/contracts.md"
        ) from error


def _revert_data(error: ContractLogicError) -> bytes:
    data = error.data
    return bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else b""


def _named(outputs: Sequence[Mapping[str, Any]], answer: Any) -> Any:
    """What came back as JSON: structs by member name, bytes as hex, large numbers as text."""
    if len(outputs) == 1:
        return _json(outputs[0], answer)
    return {
        str(output["name"] or index): _json(output, value)
        for index, (output, value) in enumerate(zip(outputs, answer, strict=True))
    }


def _json(output: Mapping[str, Any], value: Any) -> Any:
    kind = str(output["type"])
    if kind.endswith("]"):
        item = {**output, "type": kind[: kind.rindex("[")]}
        return [_json(item, one) for one in value]
    if kind == "tuple":
        members = output["components"]
        values = value.values() if isinstance(value, Mapping) else value
        return {
            str(member["name"]): _json(member, one)
            for member, one in zip(members, values, strict=True)
        }
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value
