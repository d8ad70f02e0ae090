"""The inputs of a round's scores as the operator publishes them on chain.

And the scores that follow from them.

Anyone who has the bytes of a ``ScoresPublished`` event gets the same scores: the market is drawn
from its parameters and seed, and scores are rounded so coarsely (1e-9) that the last bit of a
platform's logarithm does not matter. Vehicles' values are private and take no part; they show only
in their bids.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import orjson
import rfc8785

from edgebazaar.auctions.engine.fixed_point import WAD, VehicleScore
from edgebazaar.auctions.engine.market import MarketParameters, draw_market
from edgebazaar.auctions.engine.scoring import assess

FORMAT = "edgebazaar/market/1"
MAXIMUM_ROWS = 1_000
"""Most vehicles, simulators and tasks: whoever audits a round has to draw the whole market."""
LEAST_PREFERENCE_EXPONENT = 1.01
"""Closer to 1, drawing from the Zipf distribution takes for ever."""
_SCORE_DIGITS = 9
_SCORE_UNIT = WAD // 10**_SCORE_DIGITS
NO_SCORE = VehicleScore(0, 0, 0)
"""Of a bidder that the inputs do not list."""


@dataclass(frozen=True, slots=True)
class PublishedInputs:
    """What the scores of a round are computed from.

    Attributes:
        vehicles: Accounts of the vehicles, in the order of the market's rows.
        parameters: Of the market; ``parameters.vehicles`` is their number.
        seed: Of the market draw, 0 to 2**53 - 1.
        brand_weight: Value of a brand impression relative to a performance one, 0 or more.

    Raises:
        ValueError: the list and the number of vehicles differ, or a value is out of range.
    """

    vehicles: tuple[str, ...]
    parameters: MarketParameters
    seed: int
    brand_weight: float = 1.0

    def __post_init__(self) -> None:
        if len(self.vehicles) != self.parameters.vehicles:
            raise ValueError(
                f"vehicles lists {len(self.vehicles)} accounts for "
                f"{self.parameters.vehicles} vehicles; give one for each"
            )
        for name in ("vehicles", "simulators", "tasks"):
            if getattr(self.parameters, name) > MAXIMUM_ROWS:
                raise ValueError(
                    f"{name} is {getattr(self.parameters, name)}; give at most {MAXIMUM_ROWS}"
                )
        if self.parameters.preference_exponent < LEAST_PREFERENCE_EXPONENT:
            raise ValueError(
                f"preference_exponent is {self.parameters.preference_exponent!r}; "
                f"give at least {LEAST_PREFERENCE_EXPONENT}"
            )
        if len({account.lower() for account in self.vehicles}) != len(self.vehicles):
            raise ValueError("vehicles repeats an account; list each once")
        if not 0 <= self.seed < 2**53:
            raise ValueError(f"seed is {self.seed}; give 0 to 2**53 - 1")
        if not (math.isfinite(self.brand_weight) and self.brand_weight >= 0):
            raise ValueError(f"brand_weight is {self.brand_weight!r}; give 0 or more")

    def to_bytes(self) -> bytes:
        """Canonical JSON (RFC 8785), as it goes on chain."""
        document: dict[str, Any] = {
            "format": FORMAT,
            "vehicles": list(self.vehicles),
            "parameters": asdict(self.parameters),
            "seed": self.seed,
            "brand_weight": self.brand_weight,
        }
        return rfc8785.dumps(document)

    @classmethod
    def from_bytes(cls, data: bytes) -> PublishedInputs:
        """Reads what :meth:`to_bytes` wrote.

        Raises:
            ValueError: the bytes are no document of this format.
        """
        document = orjson.loads(data)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ValueError(f"inputs are not of format {FORMAT}")
        vehicles, given = document.get("vehicles"), document.get("parameters")
        if not isinstance(vehicles, list) or not all(isinstance(one, str) for one in vehicles):
            raise ValueError("vehicles must be a list of accounts")
        known = {field.name: field.type for field in fields(MarketParameters)}
        if not isinstance(given, dict) or set(given) != set(known):
            raise ValueError(f"parameters must be exactly {', '.join(sorted(known))}")
        # Canonical JSON writes 20.0 as 20, so whole floats come back as integers.
        typed: dict[str, Any] = {
            name: int(value) if known[name] == "int" else float(value)
            for name, value in given.items()
        }
        return cls(
            tuple(vehicles),
            MarketParameters(**typed),
            int(document["seed"]),
            float(document["brand_weight"]),
        )


def score_vehicles(
    inputs: PublishedInputs, bidders: Sequence[str], *, alpha: int, maximum_seconds: int
) -> tuple[VehicleScore, ...]:
    """Scores of online bids in the order of their commitments (rule (b) of spec 02 section 2).

    Args:
        inputs: As published.
        bidders: Account of each online bid.
        alpha: Price factor of the round in wad.
        maximum_seconds: Most simulation seconds that a score may state.
    """
    assessment = assess(
        draw_market(inputs.parameters, inputs.seed),
        brand_weight=inputs.brand_weight,
        alpha=alpha / WAD,
    )
    row_of = {account.lower(): row for row, account in enumerate(inputs.vehicles)}
    scores = []
    for bidder in bidders:
        row = row_of.get(bidder.lower())
        if row is None:
            scores.append(NO_SCORE)
            continue
        proportional = round(float(assessment.proportional[row]), _SCORE_DIGITS)
        seconds = int(round(float(assessment.durations[row].sum()), _SCORE_DIGITS))
        scores.append(
            VehicleScore(
                proportional=round(proportional * 10**_SCORE_DIGITS) * _SCORE_UNIT,
                additive=0,
                simulation_seconds=min(seconds, maximum_seconds),
            )
        )
    return tuple(scores)
