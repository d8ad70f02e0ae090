"""Pages of block explorers for a transaction, a token or a contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from edgebazaar.errors import InvalidInput

Family = Literal["etherscan", "blockscout"]
Kind = Literal["transaction", "token", "contract"]

_PATHS: dict[Family, dict[Kind, str]] = {
    "etherscan": {
        "transaction": "/tx/{value}",
        "token": "/nft/{register}/{value}",
        "contract": "/address/{value}#code",
    },
    "blockscout": {
        "transaction": "/tx/{value}",
        "token": "/token/{register}/instance/{value}",
        "contract": "/address/{value}?tab=contract",
    },
}

_ETHERSCAN = {
    1: "etherscan.io",
    10: "optimistic.etherscan.io",
    56: "bscscan.com",
    97: "testnet.bscscan.com",
    100: "gnosisscan.io",
    137: "polygonscan.com",
    5000: "mantlescan.xyz",
    8453: "basescan.org",
    42161: "arbiscan.io",
    42220: "celoscan.io",
    59144: "lineascan.build",
    80002: "amoy.polygonscan.com",
    84532: "sepolia.basescan.org",
    421614: "sepolia.arbiscan.io",
    534352: "scrollscan.com",
    560048: "hoodi.etherscan.io",
    11155111: "sepolia.etherscan.io",
    11155420: "sepolia-optimism.etherscan.io",
}
_BLOCKSCOUT = {
    1: "eth.blockscout.com",
    10: "explorer.optimism.io",
    100: "gnosis.blockscout.com",
    137: "polygon.blockscout.com",
    8453: "base.blockscout.com",
    42161: "arbitrum.blockscout.com",
    42220: "celo.blockscout.com",
    84532: "base-sepolia.blockscout.com",
    560048: "eth-hoodi.blockscout.com",
    11155111: "eth-sepolia.blockscout.com",
}


@dataclass(frozen=True, slots=True)
class Explorer:
    """One block explorer.

    Attributes:
        family: How its pages are addressed.
        url: Its address, without a path of its own.
    """

    family: Family
    url: str

    def page(self, kind: Kind, value: str, register: str) -> str:
        """Address of a page.

        Args:
            kind: What the page shows.
            value: Transaction hash, token id in decimal digits, or address.
            register: Address of the contract that the tokens belong to.
        """
        return self.url + _PATHS[self.family][kind].format(value=value, register=register)


def parse_explorers(text: str) -> tuple[Explorer, ...]:
    """Explorers of one's own: `family=address`, several separated by commas.

    Raises:
        InvalidInput: If the family is not known or the address is none.
    """
    found = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        family, _, url = entry.partition("=")
        parts = urlsplit(url)
        if family not in _PATHS or parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidInput(
                "explorers",
                f"{entry!r} is no explorer",
                "Write blockscout=https://explorer.example or etherscan=https://explorer.example",
            )
        found.append(
            Explorer("etherscan" if family == "etherscan" else "blockscout", url.rstrip("/"))
        )
    return tuple(found)


def explorers_of(chain_id: int, own: str = "") -> tuple[Explorer, ...]:
    """The explorers of a chain: one's own first, then those that are known.

    Raises:
        InvalidInput: If `own` is malformed, see {parse_explorers}.
    """
    return parse_explorers(own) + tuple(_known(chain_id))


def _known(chain_id: int) -> Iterator[Explorer]:
    if chain_id in _ETHERSCAN:
        yield Explorer("etherscan", f"https://{_ETHERSCAN[chain_id]}")
    if chain_id in _BLOCKSCOUT:
        yield Explorer("blockscout", f"https://{_BLOCKSCOUT[chain_id]}")
