"""Pages of block explorers, by chain and by what is looked for."""

from dataclasses import dataclass
from typing import Any

import pytest

from edgebazaar.chain.manifest import DeployedContract, Deployment
from edgebazaar.chain.source.explorers import Explorer, explorers_of, parse_explorers
from edgebazaar.chain.source.lookup import recognise
from edgebazaar.errors import InvalidInput, NotFound

REGISTER = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0"
WORD = "0x" + "0a" * 32
DEPLOYMENT = Deployment(
    chain_id=1,
    genesis_hash=WORD,
    deployer=REGISTER,
    administrator=REGISTER,
    profile={},
    compiler={},
    contracts={"ProofOfAIGC": DeployedContract(REGISTER, 1, WORD, {}, "")},
)


@dataclass
class Chain:
    """Knows these transactions and these tokens."""

    transactions: tuple[str, ...] = ()
    tokens: tuple[int, ...] = ()

    def call(self, method: str, params: Any = ()) -> Any:
        if method == "eth_getTransactionByHash":
            return {} if params[0] in self.transactions else None
        assert method == "eth_call"
        token = int(params[0]["data"][-64:], 16)
        creator = REGISTER[2:] if token in self.tokens else "00" * 20
        return "0x" + "00" * 12 + creator


@pytest.mark.parametrize(
    ("chain_id", "kind", "value", "pages"),
    [
        (
            1,
            "transaction",
            WORD,
            [f"https://etherscan.io/tx/{WORD}", f"https://eth.blockscout.com/tx/{WORD}"],
        ),
        (
            11155111,
            "token",
            "7",
            [
                f"https://sepolia.etherscan.io/nft/{REGISTER}/7",
                f"https://eth-sepolia.blockscout.com/token/{REGISTER}/instance/7",
            ],
        ),
        (
            84532,
            "contract",
            REGISTER,
            [
                f"https://sepolia.basescan.org/address/{REGISTER}#code",
                f"https://base-sepolia.blockscout.com/address/{REGISTER}?tab=contract",
            ],
        ),
        (56, "transaction", WORD, [f"https://bscscan.com/tx/{WORD}"]),
        (31337, "transaction", WORD, []),
    ],
)
def test_known_chains_have_their_explorers(chain_id, kind, value, pages):
    assert [one.page(kind, value, REGISTER) for one in explorers_of(chain_id)] == pages


def test_a_consortium_names_its_own_explorers_which_come_first():
    own = "blockscout=http://explorer.example:4000/, etherscan=https://scan.example"
    explorers = explorers_of(1, own)
    assert explorers[:2] == (
        Explorer("blockscout", "http://explorer.example:4000"),
        Explorer("etherscan", "https://scan.example"),
    )
    assert len(explorers) == 4
    assert parse_explorers(" ") == ()


@pytest.mark.parametrize("text", ["explorer.example", "other=https://x.example", "blockscout=x"])
def test_a_malformed_explorer_is_refused_with_an_example(text):
    with pytest.raises(InvalidInput, match="blockscout=https://"):
        parse_explorers(text)


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("ProofOfAIGC", None, ("contract", REGISTER)),
        (REGISTER.lower(), None, ("contract", REGISTER)),
        ("42", None, ("token", "42")),
        (WORD, "transaction", ("transaction", WORD)),
        (WORD, "token", ("token", str(int(WORD, 16)))),
    ],
)
def test_what_is_meant_is_recognised_without_a_chain(text, kind, expected):
    assert recognise(text, DEPLOYMENT, None, kind) == expected


def test_the_chain_tells_whether_a_hash_is_a_transaction_or_a_token():
    token = int(WORD, 16)
    assert recognise(WORD, DEPLOYMENT, Chain(transactions=(WORD,))) == ("transaction", WORD)
    assert recognise(WORD, DEPLOYMENT, Chain(tokens=(token,))) == ("token", str(token))
    with pytest.raises(NotFound, match="--kind"):
        recognise(WORD, DEPLOYMENT, Chain())
    with pytest.raises(InvalidInput, match="--kind"):
        recognise(WORD, DEPLOYMENT, None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("Nothing", None), ("0x12", None), ("-1", None), (str(2**256), None), (WORD, "contract")],
)
def test_what_is_nothing_of_the_kind_is_refused(text, kind):
    with pytest.raises(InvalidInput, match="ProofOfAIGC"):
        recognise(text, DEPLOYMENT, None, kind)
