"""One participant while a scenario plays: its state, and how it moves along its road when nobody says otherwise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from jinyun.trial.road.network import Network, Onward
from jinyun.trial.scenario.model import Entity

GLIDE_M = 0.05
"""Below this step a change of direction by sideways motion is not worked out: it would be noise."""


@dataclass
class Actor:
    """A participant; the place is its reference point's, ``h_rad`` counter-clockwise from east."""

    entity: Entity
    network: Network
    x_m: float = 0.0
    y_m: float = 0.0
    h_rad: float = 0.0
    v_mps: float = 0.0
    a_mps2: float = 0.0
    aside_mps: float = 0.0
    road: str = ""
    s_m: float = 0.0
    lane: int = 0
    offset_m: float = 0.0
    rising: bool = True
    free: bool = False
    """Whether it moves in the plane (a trajectory, a driver) and its road coordinates only follow."""
    present: bool = True
    placed: bool = False
    driven: bool = False
    """Whether a system under test drives it."""
    odometer_m: float = 0.0
    route: list[tuple[str, bool]] = field(default_factory=list)
    """Roads to take next, each with whether it is travelled up."""
    at_end: bool = False
    standing_s: float = 0.0
    ended_s: float = 0.0
    offroad_s: float = 0.0
    turned_rad: float = 0.0
    """Heading against that of its lane."""
    previous_v: float = 0.0
    wanted_m: float | None = None
    """Offset within the lane that an action asks for at the end of this step."""

    @property
    def name(self) -> str:
        return self.entity.name

    @property
    def t_m(self) -> float:
        """Offset from the reference line."""
        road = self.network.roads.get(self.road)
        return 0.0 if road is None else self._middle(self.lane, self.s_m) + self.offset_m

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of its box."""
        ahead = self.entity.centre_x_m
        return self.x_m + ahead * math.cos(self.h_rad), self.y_m + ahead * math.sin(self.h_rad)

    def corners(self) -> list[tuple[float, float]]:
        """Return the four corners of its box."""
        x, y = self.centre
        c, s = math.cos(self.h_rad), math.sin(self.h_rad)
        a, b = self.entity.length_m / 2, self.entity.width_m / 2
        return [(x + i * a * c - j * b * s, y + i * a * s + j * b * c) for i, j in ((1, 1), (1, -1), (-1, -1), (-1, 1))]

    def _middle(self, lane: int, s_m: float) -> float:
        road = self.network.roads[self.road]
        try:
            return road.middle(lane, s_m)
        except KeyError:
            return road.middle(max(road.section(s_m).lanes, key=lambda n: n if lane > 0 else -n, default=0), s_m)

    def put(self, road: str, s_m: float, t_m: float, lane: int | None, turned_rad: float, rising: bool | None) -> None:
        """Be at a place of a road; ``lane`` None finds it; ``rising`` None goes as the lane goes."""
        of = self.network.roads[road]
        self.road, self.s_m = road, s_m
        self.lane = of.lane_at(s_m, t_m) if lane is None else lane
        self.offset_m = t_m - self._middle(self.lane, s_m)
        self.rising = of.rises(self.lane) if rising is None else rising
        self.turned_rad, self.free, self.placed, self.at_end = turned_rad, False, True, False
        self._settle()

    def put_free(self, x_m: float, y_m: float, h_rad: float) -> None:
        """Be at a place in the plane."""
        self.x_m, self.y_m, self.h_rad, self.placed, self.at_end = x_m, y_m, h_rad, True, False
        self.road = ""
        self.locate()

    def locate(self) -> None:
        """Find road, station and lane of a place in the plane."""
        road = self.network.roads.get(self.road)
        if road is not None:
            s, t = road.station(self.x_m, self.y_m, self.s_m)
            lane = road.lane_at(s, t)
            if 1e-6 < s < road.length_m - 1e-6 and lane != 0:
                self.s_m, self.lane, self.offset_m = s, lane, t - road.middle(lane, s)
                return
        found = self.network.find(self.x_m, self.y_m)
        if found is None:
            self.road = ""
            return
        road = self.network.roads[found.road]
        p = road.place(found.s_m, 0.0)
        along = math.cos(self.h_rad - p.h_rad) >= 0
        self.road, self.s_m, self.lane, self.rising = found.road, found.s_m, found.lane, along
        self.offset_m = found.t_m - road.middle(found.lane, found.s_m)

    def _settle(self) -> None:
        road = self.network.roads[self.road]
        p = road.place(self.s_m, self.t_m)
        self.x_m, self.y_m = p.x_m, p.y_m
        self.h_rad = p.h_rad + (0.0 if self.rising else math.pi) + self.turned_rad

    def curvature(self) -> float:
        """Return the curvature of the reference line where it is [1/m], positive to the left of rising stations."""
        road = self.network.roads[self.road]
        a, b = road.place(self.s_m - 0.5, 0.0).h_rad, road.place(self.s_m + 0.5, 0.0).h_rad
        return b - a

    def advance(self, dt: float, offset_m: float | None = None) -> None:
        """Move on by ``dt`` at its speed along its lane, going over to ``offset_m`` within it."""
        if self.road not in self.network.roads:
            self.x_m += self.v_mps * dt * math.cos(self.h_rad)
            self.y_m += self.v_mps * dt * math.sin(self.h_rad)
            self.odometer_m += abs(self.v_mps) * dt
            return
        before = self.t_m
        step = self.v_mps * dt
        aside = 0.0 if offset_m is None else offset_m - self.offset_m
        along = (
            math.copysign(math.sqrt(max(step * step - aside * aside, 0.0)), step) if abs(aside) < abs(step) else step
        )
        shrink = max(1 - self.curvature() * before, 0.05)
        self.s_m += (along if self.rising else -along) / shrink
        if offset_m is not None:
            self.offset_m = offset_m
        road = self.network.roads[self.road]
        self._follow_sections()
        crossed = False
        if not 0 <= self.s_m <= road.length_m:
            crossed = True
            self._over_the_end()
        if not crossed and abs(step) > GLIDE_M / 100 and self.v_mps > 0:
            sideways = self.t_m - before
            self.turned_rad = (
                math.atan2(sideways if self.rising else -sideways, abs(along)) if abs(sideways) > 1e-9 else 0.0
            )
        self.aside_mps = (self.t_m - before) / dt if dt and not crossed else 0.0
        self.odometer_m += abs(step)
        self._settle()

    def _follow_sections(self) -> None:
        road = self.network.roads[self.road]
        s = min(max(self.s_m, 0.0), road.length_m)
        if len(road.sections) > 1 and self.lane not in road.section(s).lanes and self.lane != 0:
            back = s - 1.0 if self.rising else s + 1.0
            self.lane = self.network.through(road, self.lane, min(max(back, 0.0), road.length_m), s)

    def _over_the_end(self) -> None:
        road = self.network.roads[self.road]
        beyond = self.s_m - road.length_m if self.s_m > road.length_m else -self.s_m
        going_up = self.s_m > road.length_m
        self.s_m = road.length_m if going_up else 0.0
        chosen = self.choose(self.network.onward(self.road, self.lane, going_up), going_up)
        if chosen is None:
            self.at_end = True
            self.v_mps = 0.0
            return
        offset = self.offset_m if (chosen.rising == going_up) else -self.offset_m
        if self.rising != going_up:  # it rolls backwards
            self.rising = not chosen.rising
        else:
            self.rising = chosen.rising
        self.road, self.lane, self.offset_m = chosen.road, chosen.lane, offset
        length = self.network.roads[chosen.road].length_m
        self.s_m = min(beyond, length) if chosen.rising else max(length - beyond, 0.0)

    def choose(self, ways: Sequence[Onward], going_up: bool) -> Onward | None:
        """Return the way on: the route's next road, else the one that turns least."""
        if self.route:
            while self.route and self.route[0][0] == self.road:
                self.route.pop(0)
            if self.route:
                wanted, up = self.route[0]
                for way in ways:
                    if way.road == wanted:
                        return way
                lanes = self.network.roads[self.road].section(self.s_m).lanes
                for lane in sorted((n for n in lanes if n * self.lane > 0), key=lambda n: abs(n - self.lane)):
                    for way in self.network.onward(self.road, lane, going_up):
                        if way.road == wanted and way.rising == up:
                            return way
        if not ways:
            return None
        return min(ways, key=lambda way: (abs(self.network.turn_rad(way)), way.road, way.lane))
