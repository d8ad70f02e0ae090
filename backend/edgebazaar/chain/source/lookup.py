"""Tells what a person means by a hash, a number, an address or a contract's name."""

from __future__ import annotations

import re

from eth_utils.address import to_checksum_address

from edgebazaar.chain.contracts import ContractCall, ContractSet
from edgebazaar.chain.manifest import Deployment
from edgebazaar.chain.rpc import RpcClient
from edgebazaar.chain.source.explorers import Kind
from edgebazaar.errors import InvalidInput, NotFound

REGISTER = "ProofOfAIGC"
"""The contract that tokens belong to."""

_WORD = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_TOKEN_LIMIT = 2**256


def recognise(
    text: str, deployment: Deployment, rpc: RpcClient | None, kind: Kind | None = None
) -> tuple[Kind, str]:
    """What `text` names, and how explorers address it.

    A 32-byte hash may be a transaction or a token (content hash): the chain is asked.

    Args:
        text: Transaction hash, token id (decimal or content hash), address, or contract's name.
        deployment: Contracts known by name.
        rpc: The chain; None if it is not to be asked.
        kind: What it is, if the person said so.

    Raises:
        InvalidInput: If it is none of these, or not of the kind that was named.
        NotFound: If the chain knows neither a transaction nor a token of that hash.
    """
    if kind in {None, "contract"}:
        if text in deployment.contracts:
            return "contract", deployment.address(text)
        if _ADDRESS.fullmatch(text):
            return "contract", to_checksum_address(text)
    if kind in {None, "token"} and text.isascii() and text.isdigit() and int(text) < _TOKEN_LIMIT:
        return "token", str(int(text))
    if _WORD.fullmatch(text) and kind != "contract":
        return _of_word(text.lower(), deployment, rpc, kind)
    raise InvalidInput(
        "what",
        f"{text!r} is no {kind or 'transaction, token or contract'}",
        "Give a transaction hash, a token id or content hash, an address, or one of "
        + ", ".join(deployment.contracts),
    )


def _of_word(
    word: str, deployment: Deployment, rpc: RpcClient | None, kind: Kind | None
) -> tuple[Kind, str]:
    token = str(int(word, 16))
    if kind is not None:
        return kind, word if kind == "transaction" else token
    if rpc is None:
        raise InvalidInput(
            "what",
            f"{word} may be a transaction or a token",
            "Say --kind transaction or --kind token, or name a chain with --rpc-url",
        )
    if rpc.call("eth_getTransactionByHash", [word]) is not None:
        return "transaction", word
    if REGISTER in deployment.contracts:
        question = ContractCall(REGISTER, "creatorOf", (int(word, 16),))
        if int(ContractSet(deployment).read(rpc, question), 16):
            return "token", token
    raise NotFound("transaction or token", word, "Say --kind to have its address all the same")
