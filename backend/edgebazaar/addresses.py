"""Account addresses at the edges: any notation in, EIP-55 checksum out."""

from __future__ import annotations

from eth_utils.address import is_address, is_checksum_address, to_checksum_address

from edgebazaar.errors import InvalidInput


def checksum_address(text: str, field: str) -> str:
    """The EIP-55 form of an address.

    Args:
        text: Address as `0x` and 40 hex digits; mixed case must be a valid checksum.
        field: Name of the input, for the error.

    Raises:
        InvalidInput: If it is no address, or a mixed-case one with a wrong checksum.
    """
    if not text.startswith("0x") or not is_address(text):
        raise InvalidInput(field, f"{text!r} is no address", "Give 0x and 40 hexadecimal digits")
    mixed = text[2:] not in {text[2:].lower(), text[2:].upper()}
    if mixed and not is_checksum_address(text):
        raise InvalidInput(
            field, f"{text} has a wrong checksum", "Check the address for a typing mistake"
        )
    return to_checksum_address(text)
