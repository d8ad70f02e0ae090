"""Parameters that the contracts are deployed with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from edgebazaar.chain.artifacts import CONTRACT_NAMES
from edgebazaar.errors import InvalidInput
from edgebazaar.values import ZERO_ADDRESS

ETHER = 10**18
FIXED_POINT_ONE = 10**18
DAY = 86400
BURN_ADDRESS = "0x000000000000000000000000000000000000dEaD"
IMAGE_PDQ_V1 = (1 << 16) | 1
"""Fingerprint scheme of images: PDQ, version 1."""
TEXT_SIMHASH_V1 = (2 << 16) | 1
"""Fingerprint scheme of texts: SimHash, version 1."""
MAXIMUM_DISPUTE_WINDOW = 30 * 86400
PAYMENT_CONTRACTS = ("TrustedForwarder", "Membership", "Payouts", "HashedTimelock")
"""What a chain needs on which only payments are locked, see docs/two-chains.md."""


@dataclass(frozen=True, slots=True)
class DeploymentProfile:
    """One set of parameters; fixed for good at deployment.

    Attributes:
        name: Name of the profile.
        treasury: Receives forfeited deposits and penalties; by default nobody (burned).
        challenge_deposit: Deposit of a first challenge, wei.
        challenge_maximum_deposit: Where doubling it for rejected challenges stops, wei.
        answer_window: Seconds in which the accused may concede or contest a challenge.
        finality_period: Seconds in which a verdict may be appealed.
        ruling_period: Seconds that an arbitrator has.
        minimum_period: Least of each of these three, seconds.
        maximum_period: Most of each of these three, seconds.
        appeal_cost: What an appeal to the panel of auditors costs, wei.
        panel_quorum: Least number of auditors' votes that rule.
        schemes: Largest Hamming distance (0-256 bits) that counts as a copy, by fingerprint scheme.
        safety_margin: Seconds by which a first lock outlasts the lock that answers it.
        minimum_stake: Stake from which an ESP is eligible, wei.
        delivery_bond: What an ESP pays beyond the fee for a wrong delivery, wei.
        dispute_window: Seconds from settlement in which a delivery may be complained about.
        window_seconds: Length of a window of reputation, seconds.
        epoch_bond: Bond of a published reputation epoch, wei.
        epoch_answer_seconds: Seconds within which a demanded leaf of an epoch is shown; at most an
            eighth of a window.
        weight_recent: Weight of recent interactions, 1e18 fixed point; with `weight_older`
            adds up to 1.
        weight_older: Weight of older interactions.
        weight_positive: Weight of positive interactions; with `weight_negative` adds to 1.
        weight_negative: Weight of negative interactions.
        dispute_bond: What an asserter of a false fingerprint pledges, wei.
        receipt_penalty: What an ESP loses that signed a false fingerprint, wei, at most its stake
            beyond its liability for deliveries.
        duty_penalty: What a drawn ESP loses that does not attest, wei, limited likewise.
        commit_window: Seconds from a draw in which the drawn commit.
        reveal_window: Seconds after it in which they reveal.
        contracts: Which contracts are deployed, in the order of deployment; by default all.
    """

    name: str = "default"
    treasury: str = BURN_ADDRESS
    challenge_deposit: int = ETHER // 10
    challenge_maximum_deposit: int = 32 * ETHER // 10
    answer_window: int = DAY
    finality_period: int = 2 * DAY
    ruling_period: int = 3 * DAY
    minimum_period: int = DAY
    maximum_period: int = 3 * DAY
    appeal_cost: int = ETHER // 20
    panel_quorum: int = 3
    schemes: Mapping[int, int] = field(
        default_factory=lambda: MappingProxyType({IMAGE_PDQ_V1: 31, TEXT_SIMHASH_V1: 72})
    )
    safety_margin: int = 7200
    minimum_stake: int = ETHER
    delivery_bond: int = ETHER // 100
    dispute_window: int = DAY
    window_seconds: int = 7 * DAY
    epoch_bond: int = ETHER
    epoch_answer_seconds: int = 6 * 3600
    weight_recent: int = 6 * FIXED_POINT_ONE // 10
    weight_older: int = 4 * FIXED_POINT_ONE // 10
    weight_positive: int = 4 * FIXED_POINT_ONE // 10
    weight_negative: int = 6 * FIXED_POINT_ONE // 10
    dispute_bond: int = ETHER // 10
    receipt_penalty: int = ETHER
    duty_penalty: int = ETHER // 20
    commit_window: int = 6 * 3600
    reveal_window: int = 6 * 3600
    contracts: tuple[str, ...] = CONTRACT_NAMES

    def __post_init__(self) -> None:
        """Refuse what a constructor would refuse, before anything is deployed."""
        for first, second in (
            ("weight_recent", "weight_older"),
            ("weight_positive", "weight_negative"),
        ):
            if getattr(self, first) + getattr(self, second) != FIXED_POINT_ONE:
                raise InvalidInput(first, f"and {second} do not add up to 1e18", "Correct one")
        for name in (
            "safety_margin",
            "window_seconds",
            "minimum_stake",
            "challenge_deposit",
            "panel_quorum",
            *("dispute_bond", "receipt_penalty", "commit_window", "reveal_window"),
        ):
            if getattr(self, name) <= 0:
                raise InvalidInput(name, f"{getattr(self, name)} is not above zero")
        if not 0 < self.epoch_answer_seconds <= self.window_seconds // 8:
            raise InvalidInput(
                "epoch_answer_seconds",
                f"{self.epoch_answer_seconds} is not 1 to an eighth of window_seconds",
            )
        if self.epoch_bond < 100:
            raise InvalidInput("epoch_bond", f"{self.epoch_bond} wei is below 100")
        if self.challenge_maximum_deposit < self.challenge_deposit:
            raise InvalidInput("challenge_maximum_deposit", "is less than challenge_deposit")
        for name in ("answer_window", "finality_period", "ruling_period"):
            if not self.minimum_period <= getattr(self, name) <= self.maximum_period:
                raise InvalidInput(
                    name,
                    f"{getattr(self, name)} is not between minimum_period {self.minimum_period} "
                    f"and maximum_period {self.maximum_period}",
                )
        if not 0 < self.dispute_window <= MAXIMUM_DISPUTE_WINDOW:
            raise InvalidInput("dispute_window", f"{self.dispute_window} is not 1 s to 30 days")
        if self.delivery_bond < 0:
            raise InvalidInput("delivery_bond", f"{self.delivery_bond} is below zero")
        for scheme, distance in self.schemes.items():
            if not 0 < distance <= 256:
                raise InvalidInput("schemes", f"distance {distance} of {scheme} is not 1 to 256")
        known: dict[str, str] = {}
        for name in self.contracts:
            # Raises where a contract is unknown, or comes before one that it needs.
            self.constructor_arguments(name, administrator=ZERO_ADDRESS, addresses=known)
            known[name] = ZERO_ADDRESS

    def constructor_arguments(
        self, contract: str, *, administrator: str, addresses: Mapping[str, str]
    ) -> tuple[Any, ...]:
        """Constructor arguments of a contract, given the addresses of those before it.

        Raises:
            InvalidInput: If profiles deploy no such contract, or one that it needs is missing.
        """
        schemes = sorted(self.schemes)
        weights = {
            "recent": self.weight_recent,
            "older": self.weight_older,
            "positive": self.weight_positive,
            "negative": self.weight_negative,
        }

        def at(name: str) -> str:
            if name not in addresses:
                raise InvalidInput(
                    "contracts", f"{contract} needs {name}", f"List {name} before {contract}"
                )
            return addresses[name]

        match contract:
            case "TrustedForwarder":
                return ()
            case "Payouts":
                return (at("TrustedForwarder"),)
            case "Membership":
                return (administrator, at("TrustedForwarder"))
            case "ReputationLedger":
                return (weights, self.window_seconds)
            case "ReputationEpochs":
                return (
                    at("Membership"),
                    at("TrustedForwarder"),
                    at("Payouts"),
                    at("ReputationLedger"),
                    self.treasury,
                    self.epoch_bond,
                    self.epoch_answer_seconds,
                )
            case "ProofOfAIGC":
                return (at("Membership"), at("TrustedForwarder"), schemes)
            case "ArbitratorPanel":
                return (
                    at("Membership"),
                    at("TrustedForwarder"),
                    at("Payouts"),
                    self.appeal_cost,
                    self.panel_quorum,
                )
            case "Challenges":
                return (
                    at("ProofOfAIGC"),
                    at("Membership"),
                    at("Payouts"),
                    at("TrustedForwarder"),
                    self.treasury,
                    at("ArbitratorPanel"),
                    {
                        "deposit": self.challenge_deposit,
                        "maximumDeposit": self.challenge_maximum_deposit,
                        "answerWindow": self.answer_window,
                        "finalityPeriod": self.finality_period,
                        "rulingPeriod": self.ruling_period,
                        "minimumPeriod": self.minimum_period,
                        "maximumPeriod": self.maximum_period,
                    },
                    schemes,
                    [self.schemes[scheme] for scheme in schemes],
                )
            case "HashedTimelock":
                return (
                    at("Membership"),
                    at("TrustedForwarder"),
                    # Without a register it locks coins and tokens, and refuses content.
                    addresses.get("ProofOfAIGC", ZERO_ADDRESS),
                    at("Payouts"),
                    self.safety_margin,
                )
            case "AtomicSale":
                return (
                    at("Membership"),
                    at("TrustedForwarder"),
                    at("ProofOfAIGC"),
                    at("Payouts"),
                    at("ReputationLedger"),
                )
            case "TaskBoard":
                return (
                    at("Membership"),
                    at("TrustedForwarder"),
                    at("Payouts"),
                    at("ReputationLedger"),
                    at("ReputationEpochs"),
                    self.minimum_stake,
                    self.delivery_bond,
                    self.dispute_window,
                )
            case "AuctionHouse":
                return (at("Membership"), at("TrustedForwarder"), at("Payouts"), self.treasury)
            case "ExchangePremiums":
                return (
                    at("Membership"),
                    at("TrustedForwarder"),
                    at("HashedTimelock"),
                    at("Payouts"),
                )
            case "CompletionBounties":
                return (at("TrustedForwarder"), at("HashedTimelock"), at("Payouts"))
            case "FingerprintDisputes":
                return (
                    at("Membership"),
                    at("TrustedForwarder"),
                    at("ProofOfAIGC"),
                    at("Payouts"),
                    at("TaskBoard"),
                    self.treasury,
                    {
                        "bond": self.dispute_bond,
                        "receiptPenalty": self.receipt_penalty,
                        "dutyPenalty": self.duty_penalty,
                        "commitWindow": self.commit_window,
                        "revealWindow": self.reveal_window,
                    },
                )
        raise InvalidInput("contract", f"{contract} is not deployed by profiles")

    def as_document(self) -> dict[str, Any]:
        """The profile as the manifest writes it; `contracts` only where some are left out."""
        left_out = len(self.contracts) < len(CONTRACT_NAMES)
        return {
            **({"contracts": list(self.contracts)} if left_out else {}),
            "name": self.name,
            "treasury": self.treasury,
            "challenge_deposit": str(self.challenge_deposit),
            "challenge_maximum_deposit": str(self.challenge_maximum_deposit),
            "answer_window": self.answer_window,
            "finality_period": self.finality_period,
            "ruling_period": self.ruling_period,
            "minimum_period": self.minimum_period,
            "maximum_period": self.maximum_period,
            "appeal_cost": str(self.appeal_cost),
            "panel_quorum": self.panel_quorum,
            "schemes": {str(scheme): self.schemes[scheme] for scheme in sorted(self.schemes)},
            "safety_margin": self.safety_margin,
            "minimum_stake": str(self.minimum_stake),
            "delivery_bond": str(self.delivery_bond),
            "dispute_window": self.dispute_window,
            "window_seconds": self.window_seconds,
            "epoch_bond": str(self.epoch_bond),
            "epoch_answer_seconds": self.epoch_answer_seconds,
            "fingerprint_disputes": {
                "bond": str(self.dispute_bond),
                "receipt_penalty": str(self.receipt_penalty),
                "duty_penalty": str(self.duty_penalty),
                "commit_window": self.commit_window,
                "reveal_window": self.reveal_window,
            },
            "weights": {
                "recent": str(self.weight_recent),
                "older": str(self.weight_older),
                "positive": str(self.weight_positive),
                "negative": str(self.weight_negative),
            },
        }


PROFILES = MappingProxyType(
    {
        "default": DeploymentProfile(),
        # Short times, so that a demonstration sees timelocks run out and windows pass.
        "demo": DeploymentProfile(
            name="demo",
            safety_margin=4,
            dispute_window=60,
            window_seconds=16,
            epoch_answer_seconds=2,
            answer_window=6,
            finality_period=2,
            ruling_period=600,
            minimum_period=1,
            panel_quorum=1,
            commit_window=6,
            reveal_window=6,
        ),
        "payments": DeploymentProfile(name="payments", contracts=PAYMENT_CONTRACTS),
    }
)
"""Profiles by name."""


def profile_named(name: str) -> DeploymentProfile:
    """The profile of that name.

    Raises:
        InvalidInput: If there is none.
    """
    try:
        return PROFILES[name]
    except KeyError:
        raise InvalidInput(
            "EDGEBAZAAR_PROFILE", f"there is no profile {name!r}", f"Use {', '.join(PROFILES)}"
        ) from None
