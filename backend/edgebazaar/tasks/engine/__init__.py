"""Pure selection mathematics: policies with a replayable draw, load metrics, simulation."""

from edgebazaar.tasks.engine.load import coefficient_of_variation, load_by_provider
from edgebazaar.tasks.engine.selection import (
    Selection,
    SelectionPolicy,
    select,
    selection_weights,
    uniform_integer,
)
from edgebazaar.tasks.engine.simulation import (
    SelectionRule,
    SimulationParameters,
    SimulationResult,
    simulate_selection,
)

__all__ = [
    "Selection",
    "SelectionPolicy",
    "SelectionRule",
    "SimulationParameters",
    "SimulationResult",
    "coefficient_of_variation",
    "load_by_provider",
    "select",
    "selection_weights",
    "simulate_selection",
    "uniform_integer",
]
