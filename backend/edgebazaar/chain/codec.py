"""Values to ABI bytes and back, by parameter name.

Structs come out as dictionaries and go in as dictionaries or tuples; addresses come out with
checksum. A value that does not fit is refused with the path to it, like `terms.asset.amountOrId`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import is_address, is_checksum_formatted_address, to_checksum_address
from eth_utils.address import is_checksum_address as has_valid_checksum

from edgebazaar.chain.abi_text import decode, encode
from edgebazaar.errors import InvalidInput

Parameter = Mapping[str, Any]

_ARRAY = re.compile(r"^(?P<item>.+)\[(?P<length>\d*)\]$")


def type_of(parameter: Parameter) -> str:
    """The canonical ABI type of a parameter, tuples spelled out."""
    return str(collapse_if_tuple(dict(parameter)))


def signature_of(entry: Mapping[str, Any]) -> str:
    """Name and types of a function, event or error, as they are hashed."""
    return f"{entry['name']}({','.join(type_of(item) for item in entry['inputs'])})"


def encode_values(
    parameters: Sequence[Parameter], values: Sequence[Any] | Mapping[str, Any], what: str
) -> bytes:
    """Encode values for these parameters.

    Args:
        parameters: ABI parameters.
        values: One value each in order, or a dictionary by name.
        what: What is called, for errors.

    Raises:
        InvalidInput: If a value is missing, left over, or does not fit its type.
    """
    ordered = _ordered(parameters, values, what)
    fitted = [
        _fit(parameter, value, parameter.get("name") or str(index))
        for index, (parameter, value) in enumerate(zip(parameters, ordered, strict=True))
    ]
    return bytes(encode([type_of(parameter) for parameter in parameters], fitted))


def decode_values(parameters: Sequence[Parameter], data: bytes) -> dict[str, Any]:
    """Decode ABI bytes into a dictionary by name (by position where a parameter has none).

    Raises:
        DecodingError: If the bytes are not those of these parameters.
    """
    values = decode([type_of(parameter) for parameter in parameters], data)
    return {
        parameter.get("name") or str(index): name_members(parameter, value)
        for index, (parameter, value) in enumerate(zip(parameters, values, strict=True))
    }


def name_members(parameter: Parameter, value: Any) -> Any:
    """A decoded value with tuples as dictionaries and addresses with checksum."""
    kind = str(parameter["type"])
    if array := _ARRAY.match(kind):
        item = {**parameter, "type": array["item"]}
        return [name_members(item, element) for element in value]
    if kind == "tuple":
        return {
            component["name"]: name_members(component, element)
            for component, element in zip(parameter["components"], value, strict=True)
        }
    return to_checksum_address(value) if kind == "address" else value


def decode_topic(parameter: Parameter, topic: bytes) -> Any:
    """The value of an indexed event argument; for types of no fixed size its 32-byte hash."""
    kind = str(parameter["type"])
    if kind in {"string", "bytes", "tuple"} or _ARRAY.match(kind):
        return topic
    return name_members(parameter, decode([kind], topic)[0])


def _ordered(
    parameters: Sequence[Parameter], values: Sequence[Any] | Mapping[str, Any], path: str
) -> list[Any]:
    if isinstance(values, Mapping):
        names = [str(parameter["name"]) for parameter in parameters]
        if missing := [name for name in names if name not in values]:
            raise InvalidInput(path, f"lacks {', '.join(missing)}")
        if unknown := [str(name) for name in values if name not in names]:
            raise InvalidInput(path, f"has no {', '.join(unknown)}", f"It has {', '.join(names)}")
        return [values[name] for name in names]
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise InvalidInput(path, f"takes a tuple or a dictionary, got {values!r}")
    if len(values) != len(parameters):
        names = [str(parameter["name"]) for parameter in parameters]
        raise InvalidInput(
            path, f"takes {len(parameters)} values ({', '.join(names)}), got {len(values)}"
        )
    return list(values)


def _fit(parameter: Parameter, value: Any, path: str) -> Any:
    kind = str(parameter["type"])
    if array := _ARRAY.match(kind):
        return _fit_array(parameter, array, value, path)
    if kind == "tuple":
        components = parameter["components"]
        members = _ordered(components, value, path)
        return tuple(
            _fit(component, member, f"{path}.{component['name']}")
            for component, member in zip(components, members, strict=True)
        )
    if kind == "address":
        return _fit_address(value, path)
    if kind.startswith(("uint", "int")):
        return _fit_integer(kind, value, path)
    if kind.startswith("bytes"):
        return _fit_bytes(kind, value, path)
    if kind == "bool" and not isinstance(value, bool):
        raise InvalidInput(path, f"takes true or false, got {value!r}")
    if kind == "string" and not isinstance(value, str):
        raise InvalidInput(path, f"takes text, got {value!r}")
    return value


def _fit_array(parameter: Parameter, array: re.Match[str], value: Any, path: str) -> list[Any]:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        raise InvalidInput(path, f"takes a list, got {value!r}")
    if array["length"] and len(value) != int(array["length"]):
        raise InvalidInput(path, f"takes {array['length']} items, got {len(value)}")
    item = {**parameter, "type": array["item"]}
    return [_fit(item, element, f"{path}[{index}]") for index, element in enumerate(value)]


def _fit_address(value: Any, path: str) -> str:
    if not isinstance(value, str) or not is_address(value):
        raise InvalidInput(path, f"takes an address, got {value!r}", "Give 0x and 40 hex digits")
    if is_checksum_formatted_address(value) and not has_valid_checksum(value):
        raise InvalidInput(path, f"{value} has a wrong checksum", "Check it for a typing mistake")
    return value


def _fit_integer(kind: str, value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput(path, f"takes an integer, got {value!r}")
    bits = int(kind.removeprefix("u").removeprefix("int"))
    low, high = (0, 2**bits - 1) if kind[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if not low <= value <= high:
        raise InvalidInput(path, f"{value} does not fit {kind}", f"Give {low} to {high}")
    return value


def _fit_bytes(kind: str, value: Any, path: str) -> bytes:
    if isinstance(value, str) and value.startswith("0x"):
        try:
            value = bytes.fromhex(value[2:])
        except ValueError:
            raise InvalidInput(path, f"{value!r} is no hexadecimal text") from None
    if not isinstance(value, bytes | bytearray | memoryview):
        raise InvalidInput(path, f"takes bytes, got {value!r}")
    length = kind.removeprefix("bytes")
    if length and len(value) != int(length):
        # Solidity would pad a short value silently; a short hash is always a mistake.
        raise InvalidInput(path, f"takes {length} bytes, got {len(value)}")
    return bytes(value)


__all__ = [
    "DecodingError",
    "Parameter",
    "decode_topic",
    "decode_values",
    "encode_values",
    "name_members",
    "signature_of",
    "type_of",
]
