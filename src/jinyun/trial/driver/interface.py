"""The interface of a system under test: a mission at the beginning, an observation and a command each step.

Places are metres in the scenario's plane, ``h_rad`` counter-clockwise from east. ``s_m`` runs along the lane that the mission
begins in, ``d_m`` to its left. Everything that a driver gets is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Trouble = Literal["sensor", "domain", "intervene"]


@dataclass(frozen=True, slots=True)
class Light:
    """A signal ahead as it is known now; ``remaining_s`` only where a message tells it."""

    id: str
    line_m: float
    """Where its stop line lies along the mission's lane."""
    state: str
    remaining_s: float = math.nan
    heard: bool = False
    """Known only by message."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What holds on a stretch of the way: a limit, a crossing, a hazard, a closed lane, a queue, an advised speed."""

    kind: str
    s_m: float
    end_m: float
    speed_mps: float = math.nan
    lane: int = 0
    """Lanes to the left of the mission's lane."""
    heard: bool = False
    """Known only by message."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Another participant; ``s_m`` and ``d_m`` are of the middle of its box."""

    name: str
    kind: str
    x_m: float
    y_m: float
    h_rad: float
    v_mps: float
    a_mps2: float
    length_m: float
    width_m: float
    s_m: float
    d_m: float
    vs_mps: float
    """Speed along the mission's lane."""
    vd_mps: float
    """Speed to the left of it."""
    heard: bool = False
    """Known only by message (V2X), not by its own sensors."""
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Own:
    """The vehicle itself; the place is its rear axle's, ``front_m`` is where its front is along the lane."""

    x_m: float
    y_m: float
    h_rad: float
    v_mps: float
    a_mps2: float
    s_m: float
    d_m: float
    turned_rad: float
    """Heading against the lane's."""
    front_m: float
    length_m: float
    width_m: float
    wheelbase_m: float


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known at one instant."""

    t_s: float
    own: Own
    seen: tuple[Seen, ...]
    lights: tuple[Light, ...]
    posted: tuple[Posted, ...]
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True)
class Mission:
    """What is known from the beginning: the way, the map beside it, and what shall be done."""

    s_m: Floats
    x_m: Floats
    y_m: Floats
    h_rad: Floats
    curvature_1pm: Floats
    left_m: Floats
    """Drivable width to the left of the lane's middle where traffic runs the same way."""
    right_m: Floats
    opposite_m: Floats
    """The same to the left, lanes of oncoming traffic included."""
    lane_width_m: float
    limit_mps: Floats
    wanted_mps: float
    arrive_m: float = math.nan
    stop_m: float = math.nan
    stop_d_m: float = 0.0
    change_by_m: float = math.nan
    change_d_m: float = 0.0
    length_m: float = 4.3
    width_m: float = 1.9
    front_m: float = 3.5
    """From the rear axle to the front."""
    wheelbase_m: float = 2.7

    def at(self, column: Floats, s_m: float) -> float:
        """Return a column's value at a length along the way."""
        step = self.s_m[1] - self.s_m[0]
        k = min(max(int((s_m - self.s_m[0]) / step), 0), len(self.s_m) - 1)
        return float(column[k])


@dataclass(frozen=True, slots=True)
class Command:
    """What the vehicle shall do until the next step."""

    accel_mps2: float
    curvature_1pm: float
    lamps: Literal["", "left", "right", "hazard"] = ""
    request: Literal["", "takeover", "minimal risk", "released"] = ""
    """``takeover``: a human shall take over; ``released``: the human who intervened has the vehicle."""


class Driver(Protocol):
    """A system under test; the same calls must give the same commands."""

    name: str
    version: str

    def begin(self, mission: Mission) -> None:
        """Take a new mission and forget all before."""
        ...

    def drive(self, observation: Observation) -> Command:
        """Return what to do now."""
        ...


Make = Callable[[], Driver]
"""Makes a driver; each concrete case gets its own."""


@dataclass(frozen=True)
class Offer:
    """A driver that can be chosen by name."""

    name: str
    zh: str
    en: str
    make: Make
    lacks: frozenset[str] = field(default_factory=frozenset)
    """Abilities that it is made to lack."""
