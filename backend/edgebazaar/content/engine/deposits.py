"""What a challenge takes: the twin of ChallengeRules in contracts/content."""

from __future__ import annotations

MAXIMUM_DOUBLINGS = 128
MAXIMUM_URI_BYTES = 256
MAXIMUM_OPEN = 4
"""Most challenges that are open against one content at a time."""


def deposit_after(deposit: int, maximum_deposit: int, rejections: int) -> int:
    """Deposit after so many rejected challenges of one challenger against one content.

    It doubles with each of them, up to the maximum.

    Args:
        deposit: Of a first challenge, wei.
        maximum_deposit: Where it stops growing, wei.
        rejections: 0 or more.
    """
    return min(deposit << min(rejections, MAXIMUM_DOUBLINGS), maximum_deposit)


def shares(state: str, deposit: int, bond: int) -> tuple[int, int, int]:
    """Who gets what at the end: challenger, accused, treasury, wei.

    Of what is lost the other party gets half, rounded down.

    Args:
        state: How the challenge ended.
        deposit: Of the challenger.
        bond: Of the accused, 0 unless it contested.
    """
    match state:
        case "upheld":
            return deposit + bond // 2, 0, bond - bond // 2
        case "rejected":
            return 0, bond + deposit // 2, deposit - deposit // 2
    return deposit, bond, 0
