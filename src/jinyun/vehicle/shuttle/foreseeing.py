"""Foreseeing others (预测): where each will be in the next eight seconds, by the lanes that lead on from where it is.

Vehicles and cycles go on along their lane and, where it forks, along each of up to three ways; their speed is kept, or
what their braking of now makes of it. People, and whoever is on no lane, go on straight. Nothing here is shared with the
cloud, which foresees for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map
from jinyun.shapes import Kind

TICK_S, TICKS = 0.4, 21
WAYS = 3
NEAR_M = 95.0
"""Who is farther from the shuttle is not foreseen."""
FOR_MOTORS = (LaneKind.CAR, LaneKind.BUS, LaneKind.INNER)
FOR_CYCLES = (LaneKind.BICYCLE, LaneKind.INNER_BICYCLE, LaneKind.CAR, LaneKind.INNER)
OFF_LANE_M = {Kind.MOTOR: 2.4, Kind.NON_MOTOR: 2.0}
"""Farther off a lane's middle one is not on it."""
BRAKING_MPS2 = -0.6
"""Gentler slowing is not foreseen to go on."""
HELD_S = 2.5
"""So long braking is foreseen to go on."""
Floats = NDArray[np.float64]
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Ways that others may take: ``of`` is the row of the object, ``x_m``, ``y_m``, ``heading_rad`` (n, TICKS).

    ``to_junction_m`` is how far before the junction ahead on that way its front is (negative: in it, infinity: none near).
    """

    of: NDArray[np.int64]
    x_m: Floats
    y_m: Floats
    heading_rad: Floats
    to_junction_m: Floats
    junction: NDArray[np.int32]


class Foreseer:
    """The map's lanes as the kernel needs them."""

    def __init__(self, map: Map) -> None:
        self._map = map
        lanes = map.lanes
        self._tables = (
            lanes["first"].astype(np.int64), lanes["count"].astype(np.int64),
            np.ascontiguousarray(map.points["x_m"]), np.ascontiguousarray(map.points["y_m"]),
            map.successors_first["row"].astype(np.int64), map.successors["lane"].astype(np.int64),
            lanes["junction"].astype(np.int32), np.ascontiguousarray(lanes["kind"]),
        )  # fmt: skip

    def __call__(self, objects: NDArray[np.void]) -> Foreseen:
        """Return the ways of every object (:data:`jinyun.vehicle.shuttle.objects.OBJECT`)."""
        n = len(objects)
        lane, off, s = np.full(n, -1, np.int32), np.zeros(n), np.zeros(n)
        for kind, kinds in ((Kind.MOTOR, FOR_MOTORS), (Kind.NON_MOTOR, FOR_CYCLES)):
            rows = np.flatnonzero(objects["kind"] == kind)
            if len(rows):
                x, y, heading = (objects[name][rows] for name in ("x_m", "y_m", "heading_rad"))
                lane[rows], off[rows], s[rows] = self._map.nearest_lane(x, y, heading, kinds)
                lane[rows[np.abs(off[rows]) > OFF_LANE_M[kind]]] = -1
        most = WAYS * n
        out = [np.zeros((most, TICKS)) for _ in range(3)]
        of, to_junction, junction = np.zeros(most, np.int64), np.full(most, np.inf), np.full(most, -1, np.int32)
        many = _foresee(
            objects["x_m"].copy(), objects["y_m"].copy(), objects["heading_rad"].copy(), objects["speed_mps"].copy(),
            objects["accel_mps2"].copy(), objects["length_m"].copy(), objects["kind"] == Kind.NON_MOTOR,
            lane.astype(np.int64), off, s, *self._tables, of, *out, to_junction, junction,
        )  # fmt: skip
        x, y, heading = (table[:many] for table in out)
        return Foreseen(of[:many], x, y, heading, to_junction[:many], junction[:many])


@_compiled
def _gone(v: float, a: float, t: float) -> float:
    if a >= BRAKING_MPS2:
        return v * t
    held = min(t, HELD_S, v / -a)
    after = v + a * held
    return v * held + 0.5 * a * held * held + after * (t - held)


@_compiled
def _foresee(
    x: Floats, y: Floats, heading: Floats, speed: Floats, accel: Floats, length: Floats, cycle: NDArray[np.bool_],
    lane: NDArray[np.int64], off: Floats, s: Floats, first: NDArray[np.int64], count: NDArray[np.int64], px: Floats,
    py: Floats, onward_first: NDArray[np.int64], onward: NDArray[np.int64], junction_of: NDArray[np.int32],
    kind: NDArray[np.uint8], of: NDArray[np.int64], out_x: Floats, out_y: Floats, out_h: Floats, to_junction: Floats,
    junction: NDArray[np.int32],
) -> int:  # fmt: skip
    many = 0
    way = np.empty(64, np.int64)
    for n in range(len(x)):
        straight = lane[n] < 0 or speed[n] < 0.3
        forks = 1
        fork_at = -1
        if not straight:  # where does the way fork first, within what will be driven?
            here, left = lane[n], _gone(speed[n], accel[n], TICK_S * (TICKS - 1)) + s[n] + 20.0
            for _ in range(30):
                many_on = onward_first[here + 1] - onward_first[here]
                a, b = first[here], first[here] + count[here] - 1
                for p in range(a, b):
                    left -= np.hypot(px[p + 1] - px[p], py[p + 1] - py[p])
                if left <= 0 or many_on == 0:
                    break
                if many_on > 1:
                    fork_at, forks = here, min(many_on, WAYS)
                    break
                here = onward[onward_first[here]]
        for choice in range(forks):
            of[many] = n
            if straight:
                for k in range(TICKS):
                    reach = _gone(speed[n], accel[n], k * TICK_S)
                    out_x[many, k] = x[n] + reach * np.sin(heading[n])
                    out_y[many, k] = y[n] + reach * np.cos(heading[n])
                    out_h[many, k] = heading[n]
                if lane[n] >= 0 and junction_of[lane[n]] >= 0:
                    to_junction[many], junction[many] = -1.0, junction_of[lane[n]]
                many += 1
                continue
            length_way, here = 0, lane[n]
            while length_way < 60:
                way[length_way] = here
                length_way += 1
                if onward_first[here + 1] == onward_first[here]:
                    break
                pick = choice if here == fork_at else 0
                here = onward[onward_first[here] + pick]
            if junction_of[lane[n]] >= 0:
                to_junction[many], junction[many] = -1.0, junction_of[lane[n]]
            at_lane, p, done = 0, first[lane[n]], 0.0
            walked = 0.0
            last_h = heading[n]
            for k in range(TICKS):
                want = s[n] + _gone(speed[n], accel[n], k * TICK_S)
                ended = False
                while True:
                    row = way[at_lane]
                    b = first[row] + count[row] - 1
                    if p >= b:
                        if at_lane + 1 >= length_way:
                            ended = True
                            break
                        at_lane += 1
                        p = first[way[at_lane]]
                        if junction_of[way[at_lane]] >= 0 and junction[many] < 0:
                            junction[many] = junction_of[way[at_lane]]
                            to_junction[many] = walked - s[n] - length[n] / 2
                        continue
                    leg = np.hypot(px[p + 1] - px[p], py[p + 1] - py[p])
                    if walked + leg >= want:
                        break
                    walked += leg
                    p += 1
                row = way[at_lane]
                if ended:
                    p = first[row] + count[row] - 2
                    leg = max(np.hypot(px[p + 1] - px[p], py[p + 1] - py[p]), 1e-6)
                    done = want - walked + leg
                else:
                    leg = max(np.hypot(px[p + 1] - px[p], py[p + 1] - py[p]), 1e-6)
                    done = want - walked
                hx, hy = (px[p + 1] - px[p]) / leg, (py[p + 1] - py[p]) / leg
                t = k * TICK_S
                d = off[n] * max(1.0 - t / 3.0, 0.0)
                out_x[many, k] = px[p] + hx * done + d * hy
                out_y[many, k] = py[p] + hy * done - d * hx
                out_h[many, k] = np.arctan2(hx, hy)
                if ended:
                    p = b
            # The body where it is now, whatever the lane says.
            out_x[many, 0], out_y[many, 0], out_h[many, 0] = x[n], y[n], last_h
            many += 1
    return many
