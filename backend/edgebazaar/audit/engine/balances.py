"""What every contract should hold according to its events, to the wei."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from edgebazaar.audit.engine.checks import CheckResult, LoggedEvent

_NATIVE = 0
_DEMAND_FEE_DIVISOR = 100


def expected_balances(events: Sequence[LoggedEvent]) -> dict[str, int]:
    """Wei that each contract should hold after these events, by contract name."""
    open_amounts: dict[str, dict[Hashable, int]] = {
        name: {}
        for name in (
            *("HashedTimelock", "AtomicSale", "TaskBoard", "AuctionHouse"),
            *("Challenges", "ArbitratorPanel", "ReputationEpochs"),
            *("ExchangePremiums", "CompletionBounties"),
            "FingerprintDisputes",
        )
    }
    bond = 0
    credits = 0
    stakes: dict[str, int] = {}
    deposits: dict[bytes, tuple[int, int]] = {}
    leader_premiums: dict[bytes | str, int] = {}
    for one in events:
        a = one.arguments
        held = open_amounts.get(one.contract, {})
        match (one.contract, one.event):
            case ("Payouts", "Credited"):
                credits += a["amount"]
            case ("Payouts", "Withdrawn"):
                credits -= a["amount"]
            case ("HashedTimelock", "Locked"):
                asset = a["terms"]["asset"]
                if asset["kind"] == _NATIVE:
                    held[a["lockId"]] = asset["amountOrId"]
            case ("HashedTimelock", "Claimed" | "Refunded"):
                held.pop(a["lockId"], None)
            case ("AtomicSale", "SaleOpened"):
                held[a["saleId"]] = a["terms"]["price"]
            case ("AtomicSale", "SaleSettled" | "SaleRefunded"):
                held.pop(a["saleId"])
            case ("TaskBoard", "StakeChanged"):
                stakes[a["provider"]] = a["stake"]
            case ("TaskBoard", "TaskPosted"):
                held[a["taskId"]] = a["terms"]["fee"]
            case ("TaskBoard", "TaskSettled" | "TaskClosed"):
                held.pop(a["taskId"])
            case ("AuctionHouse", "RoundOpened"):
                held[a["roundId"]] = a["terms"]["brandPrice"] * a["terms"]["maximumSeconds"]
                deposits[a["roundId"]] = a["terms"]["onlineDeposit"], a["terms"]["offlineDeposit"]
            case ("AuctionHouse", "BidCommitted"):
                held[a["roundId"]] += deposits[a["roundId"]][a["submarket"]]
            case ("AuctionHouse", "EntitlementCollected"):
                held[a["roundId"]] -= a["amount"]
            case ("FingerprintDisputes", "DisputeOpened"):
                held[a["disputeId"]] = a["bond"]
            case ("FingerprintDisputes", "DisputeSettled"):
                held.pop(a["disputeId"])
            case ("Challenges", "ChallengeOpened"):
                held[a["challengeId"]] = a["deposit"]
            case ("Challenges", "ChallengeContested"):
                held[a["challengeId"]] += a["bond"]
            case ("Challenges", "ChallengeEnded"):
                held.pop(a["challengeId"])
            case ("ReputationEpochs", "EpochPublished"):
                # One bond stands at a time: that of the epoch before moved on or went back.
                held["bond"] = bond = a["epoch"]["bond"]
            case ("ReputationEpochs", "EpochVoided" | "BondWithdrawn"):
                held.pop("bond")
            case ("ReputationEpochs", "LeafDemanded"):
                held[_demand(a["epochHash"], a["index"])] = bond // _DEMAND_FEE_DIVISOR
            case ("ReputationEpochs", "LeafOpened"):
                held.pop(_demand(a["epochHash"], a["opened"]["index"]))
            case ("ReputationEpochs", "FeeReclaimed"):
                held.pop(_demand(a["epochHash"], a["index"]))
            case ("ArbitratorPanel", "RulingRequested"):
                held[a["arbitrable"], a["disputeId"]] = a["price"]
            case ("ArbitratorPanel", "DisputeConcluded"):
                held[a["arbitrable"], a["disputeId"]] -= a["returned"]
            case ("ArbitratorPanel", "ShareCollected"):
                held[a["arbitrable"], a["disputeId"]] -= a["share"]
            case ("ExchangePremiums", "PremiumsDeposited"):
                terms = a["terms"]
                held[a["premiumsId"]] = terms["followerPremium"]
                leader_premiums[a["premiumsId"]] = terms["leaderPremium"]
            case ("ExchangePremiums", "PremiumsJoined"):
                held[a["premiumsId"]] += leader_premiums[a["premiumsId"]]
            case ("ExchangePremiums", "PremiumsWithdrawn"):
                held.pop(a["premiumsId"])
            case ("ExchangePremiums", "PremiumsSettled"):
                held[a["premiumsId"]] -= a["paidToLeader"] + a["paidToFollower"]
            case ("CompletionBounties", "BountyDeposited"):
                held[a["lockId"]] = held.get(a["lockId"], 0) + a["amount"]
            case ("CompletionBounties", "BountyEarned" | "BountyReturned"):
                held[a["lockId"]] -= a["amount"]
    balances = {name: sum(held.values()) for name, held in open_amounts.items()}
    balances["TaskBoard"] += sum(stakes.values())
    balances["Payouts"] = credits
    for name in ("Membership", "TrustedForwarder", "ProofOfAIGC", "ReputationLedger"):
        balances[name] = 0
    return balances


def _demand(epoch_hash: bytes, index: int) -> bytes:
    return epoch_hash + index.to_bytes(32, "big")


def check_balances(events: Sequence[LoggedEvent], actual: Mapping[str, int]) -> CheckResult:
    """Every contract holds exactly what its open obligations add up to."""
    result = CheckResult(
        "contract balances", "every contract holds exactly the sum of its open obligations"
    )
    for name, expected in sorted(expected_balances(events).items()):
        result.compare(f"{name} balance in wei", expected, actual[name])
    return result
