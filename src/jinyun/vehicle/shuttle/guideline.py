"""The guideline (引导线): the smoothed middle of the lanes of a line, in columns half a metre apart, with what stands at it.

A line that is a loop has a guideline without end: stations run on, and :meth:`Guideline.at` takes them modulo its length.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve

from jinyun.hdmap import Map
from jinyun.hdmap.fault import MapError
from jinyun.hdmap.route import BUSES
from jinyun.zone import TransitLine, Zone

STEP_M = 0.5
STIFF = 60.0
"""Weight of the third differences against the distance from the lanes' own points: a bend of 10 m is cut by centimetres."""
PEDESTRIAN_WAIT_M = 1.6
"""So far from a crossing's end on the carriageway side somebody is taken to stand at it."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StopLine:
    """Where the front must stop for a junction; ``phase`` 0 where no signal governs the way on."""

    s_m: float
    junction: int
    node: int
    phase: int
    turn: int
    end_m: float  # where the junction is left


@dataclass(frozen=True, slots=True)
class Crossing:
    """A crossing that the guideline passes: the stretch of the line it covers and its two ends, where people wait."""

    s_m: float
    out_m: float
    row: int
    node: int
    phase: int  # 0 unsignalised
    ends: tuple[float, float, float, float]  # x, y of both ends
    width_m: float


@dataclass(frozen=True, slots=True)
class Halt:
    """A stop that is served; ``s_m`` is where the front stands."""

    id: str
    s_m: float


@dataclass(frozen=True, slots=True)
class Guideline:
    """See the module. Columns of equal length; ``right_m`` and ``left_m`` are from the line to the own lane's borders."""

    line: str
    length_m: float
    loop: bool
    x_m: Floats
    y_m: Floats
    heading_rad: Floats
    curvature: Floats
    right_m: Floats
    left_m: Floats
    beside_m: Floats  # width of the lane to the left that leads the same way, 0 none
    limit_mps: Floats
    lane: NDArray[np.int32]
    inside: NDArray[np.bool_]  # in a junction
    stop_lines: tuple[StopLine, ...]
    crossings: tuple[Crossing, ...]
    halts: tuple[Halt, ...]

    def at(self, s_m: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
        """Return x, y, heading and curvature at stations, between the columns linearly."""
        k = np.asarray(s_m, np.float64) / STEP_M
        n = len(self.x_m)
        low = np.floor(k).astype(np.int64)
        u = k - low
        a, b = low % n, (low + 1) % n
        turn = (self.heading_rad[b] - self.heading_rad[a] + np.pi) % (2 * np.pi) - np.pi
        return (
            self.x_m[a] + u * (self.x_m[b] - self.x_m[a]),
            self.y_m[a] + u * (self.y_m[b] - self.y_m[a]),
            self.heading_rad[a] + u * turn,
            self.curvature[a] + u * (self.curvature[b] - self.curvature[a]),
        )

    def place(self, s_m: ArrayLike, d_m: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Return x, y and the line's heading at stations and offsets to the right."""
        x, y, heading, _ = self.at(s_m)
        d = np.asarray(d_m, np.float64)
        return x + d * np.cos(heading), y - d * np.sin(heading), heading

    def ahead(self, from_m: float, to_m: float) -> float:
        """Return the metres from one station to another, forward round a loop (0 to the length)."""
        return (to_m - from_m) % self.length_m if self.loop else to_m - from_m


def guideline(zone: Zone, map: Map, line: TransitLine) -> Guideline:
    """Return the guideline of a line over its stops; raises :class:`MapError` where its stops are not joined by lanes."""
    rows = {str(id): k for k, id in enumerate(map.stops["id"])}
    served = [rows[id] for id in line.stops if id in rows]
    if len(served) < 2 or line.via[0] != line.via[-1]:
        raise MapError(f"zone.toml: lines: {line.id}: an automated shuttle drives a loop of at least two stops")
    way: list[int] = []
    for a, b in zip(served, [*served[1:], served[0]], strict=True):
        found = map.route(
            int(map.stops["lane"][a]), float(map.stops["end_m"][a]), int(map.stops["lane"][b]),
            float(map.stops["end_m"][b]), kinds=BUSES, change_cost=120.0,
        )  # fmt: skip
        if found is None or found.changed.any():
            ends = f"{map.stops['id'][a]} to {map.stops['id'][b]}"
            raise MapError(f"zone.toml: lines: {line.id}: no way over lanes from {ends} without a change of lane")
        way += found.lanes.tolist()[1:]
    return of_lanes(map, way, [str(map.stops["id"][k]) for k in served], line.id)


def of_lanes(map: Map, way: list[int], stops: list[str], name: str) -> Guideline:
    """Return the guideline of a loop over lanes (rows in order, the last leads to the first)."""
    parts = [map.lane_line(row) for row in way]
    xy = np.concatenate([part[:-1] if len(part) > 2 else part[:1] for part in parts])
    owner = np.concatenate([np.full(max(len(p) - 1, 1), row, np.int32) for p, row in zip(parts, way, strict=True)])
    xy, owner = _apart(xy, owner)
    closed = np.concatenate([xy, xy[:1]])
    raw_s = np.append(0.0, np.hypot(*np.diff(closed, axis=0).T).cumsum())
    n = int(np.ceil(raw_s[-1] / STEP_M))
    stations = np.arange(n) * raw_s[-1] / n
    x, y = _smooth(np.interp(stations, raw_s, closed[:, 0]), np.interp(stations, raw_s, closed[:, 1]))
    for _ in range(2):  # the smoothed line is a little shorter: take it in equal steps again
        leg = np.hypot(np.roll(x, -1) - x, np.roll(y, -1) - y)
        s = np.append(0.0, leg.cumsum())
        raw_s, n_new = raw_s * s[-1] / raw_s[-1], round(s[-1] / STEP_M)
        even = np.arange(n_new) * s[-1] / n_new
        x, y = np.interp(even, s, np.append(x, x[0])), np.interp(even, s, np.append(y, y[0]))
    length = n_new * STEP_M
    if abs(length - s[-1]) > STEP_M:
        raise MapError(f"{name}: the guideline of {length:.1f} m does not close")
    dx, dy = np.roll(x, -1) - np.roll(x, 1), np.roll(y, -1) - np.roll(y, 1)
    heading = np.arctan2(dx, dy)
    turn = (np.roll(heading, -1) - np.roll(heading, 1) + np.pi) % (2 * np.pi) - np.pi
    lane = owner[np.clip(np.searchsorted(raw_s, np.arange(n_new) * STEP_M, "right") - 1, 0, len(owner) - 1)]
    half = map.lanes["width_m"][lane].astype(np.float64) / 2
    left = map.lanes["left"][lane]
    inside = map.lanes["junction"][lane] >= 0
    beside = np.where((left >= 0) & ~inside, map.lanes["width_m"][left], 0.0).astype(np.float64)
    limit = map.lanes["speed_limit_mps"][lane].astype(np.float64)
    bare = Guideline(
        name, length, True, x, y, heading, turn / (2 * STEP_M), half, half.copy(), beside,
        np.where(np.isfinite(limit), limit, 40 / 3.6), lane, inside, (), (), (),
    )  # fmt: skip
    return replace(
        bare, stop_lines=_stop_lines(map, bare, way), crossings=_crossings(map, bare), halts=_halts(map, bare, stops)
    )


def _apart(xy: Floats, owner: NDArray[np.int32]) -> tuple[Floats, NDArray[np.int32]]:
    keep = np.append(True, np.hypot(*np.diff(xy, axis=0).T) > 0.05)
    return xy[keep], owner[keep]


def _smooth(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the closed line that lies near the points and changes its curvature slowly."""
    n = len(x)

    def differences(weights: tuple[int, ...], first: int) -> sparse.csr_matrix:
        rows = np.arange(n)
        parts = [(float(c) * np.ones(n), (rows, (rows + k) % n)) for k, c in enumerate(weights, first)]
        return sum((sparse.csr_matrix(part, shape=(n, n)) for part in parts), start=sparse.csr_matrix((n, n)))

    third, second = differences((-1, 3, -3, 1), -1), differences((1, -2, 1), -1)
    system = sparse.eye(n) + (STIFF / STEP_M**3) * 2.0 * third.T @ third + STIFF * second.T @ second * 0.5
    solved = spsolve(system.tocsc(), np.column_stack([x, y]))
    return solved[:, 0], solved[:, 1]


def project(
    line: Guideline, x_m: float, y_m: float, near_m: float | None = None, reach_m: float = 60.0
) -> tuple[float, float]:
    """Return station and offset to the right of the nearest point of the line, looked for about ``near_m`` where given."""
    n = len(line.x_m)
    if near_m is None:
        rows = np.arange(n)
    else:
        wide = int(reach_m / STEP_M)
        rows = (int(near_m / STEP_M) + np.arange(-wide, wide + 1)) % n
    k = int(rows[np.argmin((line.x_m[rows] - x_m) ** 2 + (line.y_m[rows] - y_m) ** 2)])
    heading = line.heading_rad[k]
    dx, dy = x_m - line.x_m[k], y_m - line.y_m[k]
    along = dx * np.sin(heading) + dy * np.cos(heading)
    return float((k * STEP_M + along) % line.length_m), float(dx * np.cos(heading) - dy * np.sin(heading))


def _stop_lines(map: Map, line: Guideline, way: list[int]) -> tuple[StopLine, ...]:
    found = []
    via_of = {(int(a), int(v)): k for k, (a, v) in enumerate(zip(map.links["start"], map.links["via"], strict=True))}
    for here, onward in zip(way, [*way[1:], way[0]], strict=True):
        link = via_of.get((here, onward))
        if link is None:
            continue
        junction = int(map.lanes["junction"][onward])
        rows = np.flatnonzero(map.stop_lines["lane"] == here)
        if junction < 0 or not len(rows):
            continue
        row = int(rows[0])
        x, y = ((map.stop_lines[f"{c}1_m"][row] + map.stop_lines[f"{c}2_m"][row]) / 2 for c in "xy")
        s, _ = project(line, float(x), float(y))
        group = int(map.links["group"][link])
        phase = int(map.groups["phase"][group]) if group >= 0 else 0
        k = int(s / STEP_M)
        while not line.inside[k % len(line.inside)]:
            k += 1
        while line.inside[k % len(line.inside)]:
            k += 1
        found.append(
            StopLine(s, junction, int(map.junctions["node"][junction]), phase, int(map.links["turn"][link]), k * STEP_M)
        )
    return tuple(sorted(found, key=lambda it: it.s_m))


def _crossings(map: Map, line: Guideline) -> tuple[Crossing, ...]:
    found = []
    for row in range(len(map.crossings["id"])):
        first, count = int(map.crossings["first"][row]), int(map.crossings["count"][row])
        x, y = (map.crossing_points[f"{c}_m"][first : first + count] for c in "xy")
        a, b = np.array([x[0], y[0]]), np.array([x[-1], y[-1]])
        along = b - a
        long = float(np.hypot(*along))
        u = ((line.x_m - a[0]) * along[0] + (line.y_m - a[1]) * along[1]) / long
        v = np.abs((line.x_m - a[0]) * along[1] - (line.y_m - a[1]) * along[0]) / long
        half = float(map.crossings["width_m"][row]) / 2
        over = np.flatnonzero((u > 0) & (u < long) & (v <= half))
        if not len(over):
            continue
        gaps = np.flatnonzero(np.diff(over) > 1)
        begins, ends = np.append(0, gaps + 1), np.append(gaps, len(over) - 1)
        junction = int(map.crossings["junction"][row])
        node = int(map.junctions["node"][junction]) if junction >= 0 else 0
        ends_at = (float(a[0]), float(a[1]), float(b[0]), float(b[1]))
        for k, m in zip(over[begins].tolist(), over[ends].tolist(), strict=True):
            phase = max(int(map.crossings["phase"][row]), 0)
            found.append(Crossing(k * STEP_M, m * STEP_M, row, node, phase, ends_at, 2 * half))
    return tuple(sorted(found, key=lambda it: it.s_m))


def _halts(map: Map, line: Guideline, stops: list[str]) -> tuple[Halt, ...]:
    rows = {str(id): k for k, id in enumerate(map.stops["id"])}
    found = []
    for id in stops:
        lane, end = int(map.stops["lane"][rows[id]]), float(map.stops["end_m"][rows[id]])
        middle = map.lane_line(lane)
        s = np.append(0.0, np.hypot(*np.diff(middle, axis=0).T).cumsum())
        x, y = (float(np.interp(end - HALT_BEFORE_END_M, s, middle[:, k])) for k in (0, 1))
        found.append(Halt(id, project(line, x, y)[0]))
    return tuple(found)


HALT_BEFORE_END_M = 2.0
"""The front stands so far before the end of the stop."""
