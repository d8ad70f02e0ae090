"""A random market of one roadside unit: vehicles with digital-twin tasks, and simulators.

Parameters and distributions of paper 001 section V-A, as corrected in spec 02 sections 3 and 4.
Units: time in seconds, data in megabytes, work in gigacycles per megabyte, rates in megabits per
second, power in milliwatts.  Money is in units of the vehicles' values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MEGABITS_PER_MEGABYTE = 8.0
SMALLEST_SIMULATION_MEGABYTES = 1e-3
"""One kilobyte, the size that every simulation has at least when its time is reckoned."""
SMALLEST_NOISE = 1e-9
SMALLEST_PREFERENCE_THRESHOLD = 0.05


@dataclass(frozen=True, slots=True)
class MarketParameters:
    """Sizes and distributions of a market; ``a to b`` means uniform.

    Raises:
        ValueError: a size or an upper bound is out of range.
    """

    vehicles: int = 30
    simulators: int = 30
    """Performance simulators; the brand comes on top."""
    tasks: int = 1
    """Digital-twin tasks of each vehicle."""
    uplink_megahertz: float = 20.0
    downlink_megahertz: float = 20.0
    vehicle_processor_gigahertz: float = 3.6
    """Processor that executes digital-twin tasks."""
    simulation_processor_gigahertz: float = 19.0
    """Processor that renders simulations."""
    maximum_gain: float = 1.0
    maximum_vehicle_milliwatts: float = 1.0
    maximum_roadside_milliwatts: float = 5.0
    maximum_task_megabytes: float = 0.5
    maximum_task_gigacycles: float = 2.0
    earliest_deadline: float = 1.0
    latest_deadline: float = 1.5
    maximum_simulation_megabytes: float = 2.5
    maximum_simulation_gigacycles: float = 5.0
    preference_exponent: float = 2.0
    """Of the Zipf distribution of preferences."""
    preference_cap: int = 20
    preference_jitter: float = 1e-6
    """Relative; breaks ties among integer preferences, for the theory needs continuous values."""
    least_accuracy: float = 0.4
    """Of generation, uniform from here to ``greatest_accuracy``."""
    greatest_accuracy: float = 0.6
    preference_threshold: float = 0.53
    """theta, the share of a preference that a generated simulation has to meet."""
    synchronisation_surplus: float = 0.99
    """R2 of the movement prediction: surplus of synchronising a twin per unit of value."""

    def __post_init__(self) -> None:
        for name in ("vehicles", "tasks"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; give at least 1")
        if self.simulators < 0:
            raise ValueError(f"simulators is {self.simulators}; give 0 or more")
        for name in (
            "uplink_megahertz",
            "downlink_megahertz",
            "vehicle_processor_gigahertz",
            "simulation_processor_gigahertz",
            "preference_cap",
        ):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)!r}; give a number above 0")
        if not self.preference_exponent > 1:
            raise ValueError(
                f"preference_exponent is {self.preference_exponent!r}; give a number above 1"
            )
        for low, high in (
            ("earliest_deadline", "latest_deadline"),
            ("least_accuracy", "greatest_accuracy"),
        ):
            if not 0 <= getattr(self, low) <= getattr(self, high):
                raise ValueError(f"{low} must be from 0 to {high}; swap or raise the two")


@dataclass(frozen=True, slots=True)
class Market:
    """One draw.  I vehicles, N tasks each, K performance simulators; column 0 is the brand.

    Attributes:
        values: (I,) private value of a vehicle for each unit of match quality and of service.
        deadlines: (I, N) seconds.
        task_megabytes: (I, N).
        task_gigacycles: (I, N) per megabyte.
        preferences: (I, K+1) of vehicle i for simulator k.
        accuracies: (I, K+1) of generation for that pair.
        simulation_megabytes: (K+1,).
        simulation_gigacycles: (K+1,) per megabyte.
        uplink_megabits: (I,) per second.
        downlink_megabits: (I,) per second.
        preference_threshold: theta.
        synchronisation_surplus: R2, (I,).
        vehicle_processor_gigahertz: executes digital-twin tasks.
        simulation_processor_gigahertz: renders simulations.
    """

    values: Floats
    deadlines: Floats
    task_megabytes: Floats
    task_gigacycles: Floats
    preferences: Floats
    accuracies: Floats
    simulation_megabytes: Floats
    simulation_gigacycles: Floats
    uplink_megabits: Floats
    downlink_megabits: Floats
    preference_threshold: float
    synchronisation_surplus: Floats
    vehicle_processor_gigahertz: float
    simulation_processor_gigahertz: float

    def __post_init__(self) -> None:
        vehicles, tasks = self.deadlines.shape
        simulators = self.simulation_megabytes.shape[0]
        expected = {
            "values": (vehicles,),
            "task_megabytes": (vehicles, tasks),
            "task_gigacycles": (vehicles, tasks),
            "preferences": (vehicles, simulators),
            "accuracies": (vehicles, simulators),
            "simulation_gigacycles": (simulators,),
            "uplink_megabits": (vehicles,),
            "downlink_megabits": (vehicles,),
            "synchronisation_surplus": (vehicles,),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}; give {shape}")
        for name in (*expected, "deadlines", "simulation_megabytes"):
            array = getattr(self, name)
            if not np.all(np.isfinite(array) & (array >= 0)):
                raise ValueError(f"{name} must hold finite numbers of 0 or more")
        if simulators < 1:
            raise ValueError("simulation_megabytes is empty; column 0 must be the brand")


def shannon_rate(megahertz: float, signal: Floats, noise: Floats) -> Floats:
    """``B log2(1 + signal / noise)`` in megabits per second; signal and noise in milliwatts."""
    rate: Floats = megahertz * np.log2(1 + signal / noise)
    return rate


def draw_market(parameters: MarketParameters, seed: int | np.random.Generator) -> Market:
    """Draw a market.

    Args:
        parameters: sizes and distributions.
        seed: a seed, or a generator that draws a sequence of markets.
    """
    rng = np.random.default_rng(seed)
    p = parameters
    vehicles, columns = p.vehicles, p.simulators + 1
    # The paper draws noise power from a normal distribution, half of it negative.
    noise = np.abs(rng.standard_normal(vehicles)) + SMALLEST_NOISE
    gain = rng.uniform(0, p.maximum_gain, vehicles)
    uplink = gain * rng.uniform(0, p.maximum_vehicle_milliwatts, vehicles)
    downlink = gain * rng.uniform(0, p.maximum_roadside_milliwatts, vehicles)
    wishes = np.minimum(rng.zipf(p.preference_exponent, (vehicles, columns)), p.preference_cap)
    jitter = 1 + p.preference_jitter * rng.random((vehicles, columns))
    task_shape = (vehicles, p.tasks)
    return Market(
        values=rng.random(vehicles),
        deadlines=rng.uniform(p.earliest_deadline, p.latest_deadline, task_shape),
        task_megabytes=rng.uniform(0, p.maximum_task_megabytes, task_shape),
        task_gigacycles=rng.uniform(0, p.maximum_task_gigacycles, task_shape),
        preferences=wishes * jitter,
        accuracies=rng.uniform(p.least_accuracy, p.greatest_accuracy, (vehicles, columns)),
        simulation_megabytes=rng.uniform(0, p.maximum_simulation_megabytes, columns),
        simulation_gigacycles=rng.uniform(0, p.maximum_simulation_gigacycles, columns),
        uplink_megabits=shannon_rate(p.uplink_megahertz, uplink, noise),
        downlink_megabits=shannon_rate(p.downlink_megahertz, downlink, noise),
        preference_threshold=max(p.preference_threshold, SMALLEST_PREFERENCE_THRESHOLD),
        synchronisation_surplus=np.full(vehicles, p.synchronisation_surplus),
        vehicle_processor_gigahertz=p.vehicle_processor_gigahertz,
        simulation_processor_gigahertz=p.simulation_processor_gigahertz,
    )
