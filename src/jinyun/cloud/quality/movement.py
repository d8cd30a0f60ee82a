"""What drives, against what is told: vehicles at stop lines against the light, and from lane to lane against the MAP.

A vehicle that crosses a stop line on red ran it, or the light is not what SPAT says. One cannot tell by one vehicle; by the
last fifty of a signal group one can: few are drivers, many are the data. Not counted are crossings within a second of a
change (nobody's clock and place are that good), right turns under a full red light (allowed, 实施条例, article 38), vehicles
that stop again inside the junction (waiting areas, 待转区), vehicles that stand, and emergency vehicles.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.quality import lights
from jinyun.cloud.quality.agreement import Agreement, Layout, Told
from jinyun.cloud.quality.following import Followed
from jinyun.cloud.quality.layout import NO_PHASE, Ground, Node
from jinyun.cloud.quality.stations import Stations
from jinyun.cloud.quality.stoplines import StopLines
from jinyun.cloud.quality.transitions import BEFORE, BEFORE_SINCE, LAST, LIGHT, SINCE, Transitions
from jinyun.hdmap import Turn
from jinyun.rows import taken
from jinyun.shapes import Kind, Light
from jinyun.zone import Profile

MOVES_MPS = 1.0
"""Slower ones do not cross a line: the place of one that stands wavers."""
STANDS_MPS = 0.5
LENGTH_M = 4.5
"""Length of a vehicle of unknown length: what crosses is its front."""
APART_US = 500_000
"""Places farther apart in time are not joined to a way; a SPAT older than this does not tell the light."""
MARGIN_US = 1_000_000
GONE_US, LONGEST_US = 3_000_000, 120_000_000
BEHIND_M, FAR_BEHIND_M, CERTAIN = 1.0, 25.0, 0.8
"""So far along a lane, and so sure of it, a vehicle has left the junction by that lane; farther on it may have changed."""
LAST_PASSAGES, LAST_DRIVES = 50, 200
LANE_SHARE = 0.2
"""Share of the drives from a lane to a road from which a lane of that road belongs to the way."""
MOST_INSIDE = 5_000
EMERGENCY = range(60, 70)
"""BasicVehicleClass of emergency vehicles."""
GREEN, YELLOW, RED = "green", "yellow", "red"
_COLOURS = dict.fromkeys(lights.GREENS, GREEN) | {Light.YELLOW: YELLOW, Light.RED: RED}


@dataclass(slots=True)
class _Inside:
    """A vehicle that crossed a stop line, until it is known where to."""

    line: int
    t_us: int
    speed_mps: float
    shown: list[tuple[int, NDArray[np.int64], NDArray[np.int64]]]  # station, its groups, their lights at that instant
    seen_us: int
    emergency: bool
    stood: bool = False


@dataclass(slots=True)
class _Passed:
    """What crossed under one signal group."""

    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_PASSAGES))
    all: dict[str, int] = field(default_factory=dict)
    unjudged: list[str] = field(default_factory=list)  # red crossings not told yet


class Movements:
    """Vehicles between stop line and exit, and what they showed of lights and maps."""

    def __init__(
        self, ground: Ground, stations: Stations, transitions: Transitions, agreement: Agreement, profile: Profile
    ) -> None:
        self._ground, self._stations, self._transitions, self._agreement = ground, stations, transitions, agreement
        self._lines = StopLines(ground.map)
        self._most_red, self._least = (
            profile["signal.observed_red_most"].value,
            int(profile["signal.observed_least"].value),
        )
        region = int(ground.map.about["region"][0])
        self._node: list[Node] = [(region, int(node)) for node in ground.map.junctions["node"]]
        self._line_of = {int(lane): line for line, lane in enumerate(self._lines.lane)}
        self._followed = Followed(ground.map)
        self._fronts, self._t_us = np.empty((0, 2)), 0
        self._ids = np.empty(0, np.int64)
        self._inside: dict[int, _Inside] = {}
        self._passed: dict[int, _Passed] = {}
        self._drives: dict[int, deque[int]] = {}  # by lane: the lanes last driven to
        self._judged_by: dict[Node, Layout] = {}  # whose MAP the drives of a junction are held against
        self._wrong: dict[int, tuple[int, str]] = {}  # group -> when last shown, reason
        self.drives = 0
        stations.on_clear.append(self._clear)

    def _clear(self, stations: list[int], groups: list[int]) -> None:
        for group in groups:
            self._passed.pop(group, None)
            self._wrong.pop(group, None)

    def frame(self, tracks: NDArray[np.void], t_us: int) -> list[Told]:
        """Take the tracks of one frame; return what they show."""
        found: list[Told] = []
        known = np.isfinite(tracks["heading_rad"]) & np.isfinite(tracks["speed_mps"])
        rows = np.flatnonzero((tracks["kind"] == Kind.MOTOR) & known)
        motor = taken(tracks, rows[np.argsort(tracks["id"][rows], kind="stable")])
        ids, heading = motor["id"].astype(np.int64), motor["heading_rad"].astype(np.float64)
        half = np.where(np.isfinite(motor["length_m"]), motor["length_m"], LENGTH_M) / 2
        fronts = np.column_stack([motor["x_m"] + half * np.sin(heading), motor["y_m"] + half * np.cos(heading)])
        if 0 < t_us - self._t_us <= APART_US and len(ids) and len(self._ids):
            at = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
            moving = np.flatnonzero((self._ids[at] == ids) & (motor["speed_mps"] > MOVES_MPS))
            before, now = self._fronts[at[moving]], fronts[moving]
            who, line, share = self._lines.crossed(*(np.ascontiguousarray(c) for c in (*before.T, *now.T)))
            for i, crossed, part in zip(moving[who].tolist(), line.tolist(), share.tolist(), strict=True):
                crossed_us = self._t_us + round(part * (t_us - self._t_us))
                self._enter(int(ids[i]), crossed, crossed_us, motor[i], t_us)
        self._ids, self._fronts, self._t_us = ids, fronts, t_us
        return found + self._look(motor, self._followed.look(ids, motor, t_us), t_us)

    def _enter(self, id: int, line: int, crossed_us: int, track: Any, t_us: int) -> None:
        """Note that a vehicle crossed the stop line of the road it was on, with all lights of that junction."""
        lane, junction = self._followed.lane_of(id), self._lines.junction[line]
        edge = self._ground.map.lanes["edge"]
        if lane < 0 or edge[lane] != edge[self._lines.lane[line]] or len(self._inside) >= MOST_INSIDE:
            return  # a way through a junction that meets the line of another arm
        line = self._line_of.get(lane, line)
        shown = []
        for station in self._stations.by_node.get(self._node[int(junction)], []):
            groups = np.array(self._stations.groups_at(station), np.int64)
            if len(groups):
                shown.append((station, groups, self._transitions.state[groups]))
        emergency = int(track["classification"]) in EMERGENCY
        self._inside[id] = _Inside(line, crossed_us, float(track["speed_mps"]), shown, t_us, emergency)

    def _look(self, motor: NDArray[np.void], due: NDArray[np.bool_], t_us: int) -> list[Told]:
        """Find those behind their junction, of those whose lane was looked for now, and let go of those that vanished."""
        found: list[Told] = []
        edges, edge_of = self._ground.map.edges, self._ground.map.lanes["edge"]
        for id, inside in list(self._inside.items()):
            row = self._followed.row(id)
            if row < 0:
                if t_us - inside.seen_us > GONE_US:
                    del self._inside[id]
                continue
            inside.seen_us = t_us
            if not due[row]:
                continue
            inside.stood |= bool(motor["speed_mps"][row] < STANDS_MPS)
            lane, along, certainty = self._followed.at(row)
            left = lane >= 0 and edges["start"][edge_of[lane]] == self._lines.junction[inside.line]
            if left and along >= BEHIND_M and (certainty >= CERTAIN or along > FAR_BEHIND_M):
                found += self._conclude(inside, lane if certainty >= CERTAIN else -1)
                del self._inside[id]
            elif t_us - inside.t_us > LONGEST_US:
                del self._inside[id]
        return found

    def _conclude(self, inside: _Inside, onto: int) -> list[Told]:
        """Settle a vehicle that left its junction: the lane it left by (-1 unknown) says which light it had to obey."""
        line = inside.line
        lane, node = int(self._lines.lane[line]), self._node[int(self._lines.junction[line])]
        found: list[Told] = []
        if onto >= 0:
            self._drives.setdefault(lane, deque(maxlen=LAST_DRIVES)).append(onto)
            self.drives += 1
        for station, groups, shown in inside.shown:
            layout = self._agreement.layout_of(station)
            if layout is None or inside.emergency:
                continue
            way = next((way for way in layout.ways if way.lane == lane and onto in way.onto), None)
            phase = way.phase if way else int(self._lines.phase[line])
            turn = way.turn if way else int(self._lines.turn[line])
            at = [k for k, group in enumerate(groups.tolist()) if self._stations.phase[group] == phase]
            if phase in NO_PHASE or not at or self._stations.node_at(station) != node:
                continue
            group = int(groups[at[0]])
            colour = self._colour(shown[at[0]], self._transitions.state[group], inside.t_us)
            if colour == RED and (inside.stood or (turn & Turn.RIGHT and phase not in layout.conflicts.arrow)):
                continue
            if colour:
                since = shown[at[0], SINCE]
                told = f"a vehicle at {inside.speed_mps:.1f} m/s {(inside.t_us - since) / 1e6:.1f} s after red began"
                found += self._passage(station, phase, group, colour, told, inside.t_us)
        return found

    @staticmethod
    def _colour(shown: NDArray[np.int64], now: NDArray[np.int64], t_us: int) -> str:
        """Return the colour a vehicle saw by what was told before it crossed and since, "" where that cannot be said."""
        if abs(int(shown[LAST]) - t_us) > APART_US or shown[SINCE] == 0:
            return ""
        light = shown[LIGHT] if shown[SINCE] <= t_us else shown[BEFORE]
        changes = [int(shown[SINCE]), *(int(now[column]) for column in (SINCE, BEFORE_SINCE) if now[column])]
        near = min(abs(t_us - change) for change in changes)
        return _COLOURS.get(Light(int(light)), "") if near >= MARGIN_US else ""

    def _passage(self, station: int, phase: int, group: int, colour: str, told: str, t_us: int) -> list[Told]:
        """Count a passage; return red ones that are drivers' doing, and remember groups whose light is wrong."""
        passed = self._passed.setdefault(group, _Passed())
        passed.last.append(colour)
        passed.all[colour] = passed.all.get(colour, 0) + 1
        if colour == RED:
            passed.unjudged.append(told)
            del passed.unjudged[:-LAST_PASSAGES]
        n, red = len(passed.last), passed.last.count(RED)
        if n < self._least:
            return []
        if red >= self._most_red * n:
            reason = (
                f"{red} of the last {n} vehicles crossed its stop lines on red, {self._most_red:.0%} shows wrong data"
            )
            self._wrong[group] = t_us, reason
            passed.unjudged.clear()
            return []
        self._wrong.pop(group, None)
        if not passed.unjudged:
            return []
        reason = f"{passed.unjudged[-1]}; {red} of the last {n} on red"
        passed.unjudged.clear()
        return [(station, phase, "driving.red_light", "info", reason)]

    def second(self, now_us: int) -> list[Told]:
        """Return the signal groups that vehicles show to be wrong; once a second."""
        found: list[Told] = []
        for group, (last_us, reason) in list(self._wrong.items()):
            if now_us - last_us > 600_000_000:
                del self._wrong[group]
                continue
            row = int(self._stations.station[group])
            found.append((row, int(self._stations.phase[group]), "signal.observed", "fault", reason))
        return found

    def undescribed(self) -> list[tuple[int, Node, str, str, str]]:
        """Return the ways that vehicles drive and the MAP does not have: sender, junction, rule, severity, reason."""
        found = []
        lanes = self._ground.map.lanes
        for lane, drives in self._drives.items():
            node = self._node[int(self._ground.map.edges["end"][lanes["edge"][lane]])]
            layout = self._agreement.layout_at(-1, node)
            if layout is None:
                continue
            if self._judged_by.get(node) is not layout:
                self._judged_by[node] = layout
                for other in self._ground.into(self._ground.row_of[node]):
                    self._drives.get(other, deque()).clear()
                continue
            allowed = {row for way in layout.ways if way.lane == lane for row in way.onto}
            if not allowed and any(way.lane < 0 and not way.walkers for way in layout.ways):
                continue  # the MAP's lanes could not all be found on the street: it may be this one
            found += [(layout.source, node, *told) for told in self._strange(lane, drives, allowed)]
        return found

    def _strange(self, lane: int, drives: deque[int], allowed: set[int]) -> list[tuple[str, str, str]]:
        lanes = self._ground.map.lanes
        roads = {int(lanes["edge"][row]) for row in allowed}
        onto_road: dict[int, int] = {}
        strange: dict[int, int] = {}
        for onto in drives:
            road = int(lanes["edge"][onto])
            onto_road[road] = onto_road.get(road, 0) + 1
            if onto not in allowed:
                strange[onto] = strange.get(onto, 0) + 1
        found = []
        for onto, n in strange.items():
            road = int(lanes["edge"][onto])
            if n >= self._least and (road not in roads or n >= LANE_SHARE * onto_road[road]):
                reason = (
                    f"{n} of the last {len(drives)} vehicles from lane {lanes['id'][lane]} drove to lane "
                    f"{lanes['id'][onto]}; the MAP has no such connection"
                )
                found.append(("map.connection", "warning", reason))
        return found

    def summary(self, group: int) -> Mapping[str, int]:
        """Return how many vehicles crossed under a group on each colour."""
        passed = self._passed.get(group)
        return dict(passed.all) if passed else {}
