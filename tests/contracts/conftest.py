"""The whole contract set, deployed as a deployment does it, and members in every role."""

import time
from types import SimpleNamespace

import contract_support as support
import pytest
from brownie import accounts, web3
from challenge_cases import FINGERPRINT, Case, open_case, token_of, with_distance
from eth_utils import keccak
from web3.middleware import Web3Middleware

MEMBERS = {
    "producer": support.PRODUCER,
    "second_producer": support.PRODUCER,
    "provider": support.PROVIDER,
    "second_provider": support.PROVIDER,
    "consumer": support.CONSUMER,
    "second_consumer": support.CONSUMER,
    "vehicle": support.VEHICLE,
    "second_vehicle": support.VEHICLE,
    "roadside_unit": support.ROADSIDE_UNIT,
    "simulator": support.MODEL_PROVIDER,
    "second_simulator": support.MODEL_PROVIDER,
    "auditor": support.AUDITOR,
    "operator": support.OPERATOR,
    "second_operator": support.OPERATOR,
}
OTHERS = ("administrator", "stranger", "relayer", "treasury")


class PatientReceipts(Web3Middleware):
    """Asks again for a receipt that is not there yet.

    Anvil counts a sender's nonce up before it files the receipt, and brownie takes a transaction
    for dropped when it sees the one without the other.
    """

    seconds = 2.0

    def wrap_make_request(self, make_request):
        def request(method, params):
            response = make_request(method, params)
            end = time.monotonic() + self.seconds
            while (
                method == "eth_getTransactionReceipt"
                and "error" not in response
                and response.get("result") is None
                and time.monotonic() < end
            ):
                time.sleep(0.01)
                response = make_request(method, params)
            return response

        return request


@pytest.fixture(scope="session", autouse=True)
def patient_receipts():
    web3.middleware_onion.add(PatientReceipts)


@pytest.fixture(autouse=True)
def isolation(fn_isolation):
    """Every test starts from the state that its module's fixtures left."""


@pytest.fixture(scope="module")
def deployer(module_isolation):
    return accounts[0]


@pytest.fixture(scope="module")
def people(deployer):
    """Accounts with known keys by name, all with coins; the members among them not yet admitted."""
    found = {}
    for index, name in enumerate((*MEMBERS, *OTHERS)):
        account = accounts.add(keccak(text=f"EdgeBazaar contract tests: {name}"))
        accounts[1 + index % 8].transfer(account, 10**21)
        found[name] = account
    return SimpleNamespace(**found)


@pytest.fixture(scope="module")
def system(deployer, people, project):
    """All contracts, bound to each other, and every member of `people` admitted."""
    sender = {"from": deployer}
    forwarder = project.TrustedForwarder.deploy(sender)
    membership = project.Membership.deploy(people.administrator, forwarder, sender)
    payouts = project.Payouts.deploy(forwarder, sender)
    ledger = project.ReputationLedger.deploy(support.WEIGHTS, support.WINDOW_SECONDS, sender)
    registry = project.ProofOfAIGC.deploy(
        membership,
        forwarder,
        [*support.THRESHOLDS, support.UNJUDGED_SCHEME],
        sender,
    )
    panel = project.ArbitratorPanel.deploy(
        membership, forwarder, payouts, support.APPEAL_COST, support.PANEL_QUORUM, sender
    )
    challenges = project.Challenges.deploy(
        registry,
        membership,
        payouts,
        forwarder,
        people.treasury,
        panel,
        support.CHALLENGE_RULES,
        list(support.THRESHOLDS),
        list(support.THRESHOLDS.values()),
        sender,
    )
    timelock = project.HashedTimelock.deploy(
        membership, forwarder, registry, payouts, support.SAFETY_MARGIN, sender
    )
    sale = project.AtomicSale.deploy(membership, forwarder, registry, payouts, ledger, sender)
    epochs = project.ReputationEpochs.deploy(
        membership,
        forwarder,
        payouts,
        ledger,
        people.treasury,
        support.EPOCH_BOND,
        support.ANSWER_SECONDS,
        sender,
    )
    board = project.TaskBoard.deploy(
        membership,
        forwarder,
        payouts,
        ledger,
        epochs,
        support.MINIMUM_STAKE,
        support.DELIVERY_BOND,
        support.DISPUTE_WINDOW,
        sender,
    )
    house = project.AuctionHouse.deploy(membership, forwarder, payouts, people.treasury, sender)
    premiums = project.ExchangePremiums.deploy(membership, forwarder, timelock, payouts, sender)
    bounties = project.CompletionBounties.deploy(forwarder, timelock, payouts, sender)
    disputes = project.FingerprintDisputes.deploy(
        membership,
        forwarder,
        registry,
        payouts,
        board,
        people.treasury,
        support.DISPUTE_RULES,
        sender,
    )
    registry.bindDisputes(disputes, sender)
    board.bindDisputes(disputes, sender)
    registry.bindCustodians(timelock, sale, challenges, sender)
    ledger.bindSources(board, sale, sender)
    for name, role in MEMBERS.items():
        support.admit(membership, people, getattr(people, name), role)
    return SimpleNamespace(
        forwarder=forwarder,
        membership=membership,
        payouts=payouts,
        ledger=ledger,
        epochs=epochs,
        registry=registry,
        panel=panel,
        challenges=challenges,
        timelock=timelock,
        sale=sale,
        board=board,
        house=house,
        premiums=premiums,
        bounties=bounties,
        disputes=disputes,
    )


@pytest.fixture(scope="module")
def project(deployer):
    """The compiled contracts."""
    from brownie.project import get_loaded_projects

    return get_loaded_projects()[0]


@pytest.fixture
def work(people):
    """A piece of content of `people.producer`, not yet committed."""
    return support.Work(people.producer, people.provider, b"a picture", fingerprint=0b1011)


@pytest.fixture
def challenge_rules():
    """`IChallenges.Rules` with some of them changed."""
    names = ("deposit", "maximum", "answer", "finality", "ruling", "least", "most")

    def changed(**changes):
        return tuple((dict(zip(names, support.CHALLENGE_RULES, strict=True)) | changes).values())

    return changed


@pytest.fixture
def original(system, people, work):
    """Record of the producer's work."""
    return support.register(system.registry, work.but(fingerprint=FINGERPRINT))[0]


@pytest.fixture
def copy_of(system, people, work, original):
    """Registers a later work of the second producer and returns its record."""

    def later(bits: int = 0, **changes):
        copy = work.but(
            producer=people.second_producer, content=b"a copy", fingerprint=with_distance(bits)
        )
        return support.register(system.registry, copy.but(**changes))[0]

    return later


@pytest.fixture
def opened(system, people, original, copy_of):
    """Opens the producer's challenge against a new work of a distance."""

    def by_producer(bits: int = 0, **changes) -> Case:
        return open_case(system.challenges, original, copy_of(bits, **changes), people.producer)

    return by_producer


@pytest.fixture
def holders(system, people, work):
    """Members who hold an original each, of the second producer's first to the last."""

    def given(count: int) -> list[tuple]:
        named = (people.consumer, people.vehicle, people.roadside_unit, people.operator)
        found = []
        for index, holder in enumerate([*named, people.auditor][:count]):
            mine = work.but(content=b"original %d" % index, fingerprint=FINGERPRINT)
            (record,) = support.register(system.registry, mine)
            system.registry.transferFrom(
                people.producer, holder, token_of(record), {"from": mine.producer}
            )
            found.append((holder, record))
        return found

    return given


@pytest.fixture
def acting():
    """Lets a test act as a contract that the others know, which the chain for tests allows."""

    def act_as(contract):
        web3.provider.make_request("anvil_setBalance", [contract.address, hex(10**18)])
        return accounts.at(contract.address, force=True)

    return act_as
