"""The stage (舞台): what deeds ask of the street, and how they direct its drivers.

A deed holds a vehicle at a speed, lets it brake, and gives it back to its driver. What the simulation cannot show is laid over
its picture (:mod:`.picture`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map
from jinyun.world.staging.deed import Act
from jinyun.world.staging.picture import Overlay
from jinyun.world.street import STEP_S, Snapshot, Street

ALL_CHECKS, NO_CHECKS, ONLY_THE_ONE_AHEAD = 31, 32, 39
"""SUMO's speed modes: as a driver should, regardless of everything, regardless of lights and of who has priority."""
OWN_CHANGES, NO_CHANGES = 1621, 0
"""SUMO's lane change modes: as a driver should, only what it is told and regardless of others."""


@dataclass(slots=True)
class Stage:
    """A street, its map and what is staged on it at this instant."""

    street: Street
    map: Map
    rng: np.random.Generator
    watched: NDArray[np.float64]
    """Places (m) near which most people cross, so that somebody may see them; anywhere if there are none."""
    overlay: Overlay = field(default_factory=Overlay)
    busy: set[int] = field(default_factory=set)
    now: Snapshot | None = None
    row: dict[int, int] = field(default_factory=dict)
    here: set[str] = field(default_factory=set)
    turns: list[int] | None = None
    """Links that turn left over the way of somebody from the arm opposite, once they are known."""

    @property
    def vehicle(self) -> Any:
        """SUMO's vehicles."""
        return self.street.api.vehicle

    @property
    def time_s(self) -> float:
        """Simulated seconds."""
        return float(self.street.api.simulation.getTime())

    # -- asking ---------------------------------------------------------------------------------------------------

    def there(self, id: str) -> bool:
        """Return whether a vehicle is on the street."""
        return id in self.here

    def speed(self, id: str) -> float:
        """Return the speed of a vehicle (m/s)."""
        return float(self.vehicle.getSpeed(id))

    def leader(self, id: str, far_m: float) -> tuple[str, float]:
        """Return who is ahead and the gap bumper to bumper; ("", infinity) for nobody."""
        found = self.vehicle.getLeader(id, far_m)
        if not found or not found[0]:
            return "", float("inf")
        return found[0], float(found[1]) + float(self.vehicle.getMinGap(id))

    def followed(self, id: str, far_m: float) -> bool:
        """Return whether somebody drives so close behind."""
        found = self.vehicle.getFollower(id, far_m)
        return bool(found and found[0] in self.here and 0 < found[1] < far_m)

    def lane_of(self, id: str) -> int:
        """Return the map's row of the lane that a vehicle is on, -1 in a junction."""
        lane = self.vehicle.getLaneID(id)
        return -1 if not lane or lane.startswith(":") else int(self.map.lane_row(lane))

    def to_end_m(self, id: str) -> float:
        """Return the way from the front of a vehicle to the end of its lane (m)."""
        vehicle = self.vehicle
        return float(self.street.api.lane.getLength(vehicle.getLaneID(id))) - float(vehicle.getLanePosition(id))

    def rightmost(self, id: str) -> bool:
        """Return whether no other lane of motor vehicles is between it and the side of the road."""
        right = int(self.map.lanes["right"][self.map.lane_row(self.vehicle.getLaneID(id))])
        return right < 0 or self.map.lanes["kind"][right] not in (LaneKind.CAR, LaneKind.BUS)

    def lane_ahead(self, now: Snapshot, row: int, far_m: float) -> tuple[float, float, float] | None:
        """Return the place on the vehicle's lane ``far_m`` ahead of its middle and the lane's course there, None beyond it."""
        id = f"v{int(now.number[row])}"
        at = self.lane_of(id)
        if at < 0 or self.map.lanes["kind"][at] != LaneKind.CAR:
            return None
        first, count = int(self.map.lanes["first"][at]), int(self.map.lanes["count"][at])
        s = self.map.points["s_m"][first : first + count]
        want = float(self.vehicle.getLanePosition(id)) - float(now.length_m[row]) / 2 + far_m
        if not want < float(s[-1]) - 12:
            return None
        x, y = (self.map.points[name][first : first + count] for name in ("x_m", "y_m"))
        k = max(int(np.searchsorted(s, want)) - 1, 0)
        course = float(np.arctan2(x[k + 1] - x[k], y[k + 1] - y[k]))
        return float(np.interp(want, s, x)), float(np.interp(want, s, y)), course

    # -- directing ------------------------------------------------------------------------------------------------

    def hold(self, id: str, speed_mps: float, mode: int) -> None:
        """Let a vehicle drive at a speed, heeding what ``mode`` says, and change no lane."""
        vehicle = self.vehicle
        vehicle.setActionStepLength(id, STEP_S)
        vehicle.setSpeedMode(id, mode)
        vehicle.setLaneChangeMode(id, NO_CHANGES)
        vehicle.setSpeed(id, speed_mps)

    def behave(self, id: str) -> None:
        """Give a vehicle back to its driver."""
        if self.there(id):
            vehicle = self.vehicle
            vehicle.setSpeedMode(id, ALL_CHECKS)
            vehicle.setLaneChangeMode(id, OWN_CHANGES)
            vehicle.setSpeed(id, -1)

    def slower(self, id: str, decel_mps2: float, to_mps: float = 0.0) -> None:
        """Brake for one step, regardless of everything."""
        self.hold(id, max(self.speed(id) - decel_mps2 * STEP_S, to_mps), NO_CHECKS)

    def brake(self, id: str, decel_mps2: float, to_mps: float, while_leader: bool = False) -> Act:
        """Brake so hard until ``to_mps``, or until the one ahead is no slower."""
        while self.there(id):
            speed = self.speed(id)
            ahead, gap = self.leader(id, 60) if while_leader else ("", 0.0)
            slow_enough = while_leader and (not ahead or speed <= self.speed(ahead) + 0.3 or gap > 25)
            if speed <= to_mps + 0.05 or slow_enough:
                return
            self.slower(id, decel_mps2, to_mps)
            yield
