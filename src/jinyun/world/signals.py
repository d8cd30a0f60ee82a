"""What signal controllers say: SPAT (T/CSAE 53-2020) with a countdown, from the lights as they stand in the simulation.

Programs are fixed-time, so minimum, maximum and likely end of a light are one, and the countdown is exact. The light
that burns comes first, then the ones that follow it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

import numpy as np

from jinyun.hdmap import Map
from jinyun.world.clock import minute_of_year, second_mark

AHEAD = 2
"""Lights told for each phase: the one that burns and the one to come."""
MOST_MARK = 36_000
UNKNOWN_MARK = 36_001
FIXED_TIME = (b"\x04\x00", 16)
CERTAIN = 200
LIGHTS = (
    "unavailable", "dark", "flashing-red", "red", "flashing-green", "permissive-green", "protected-green", "yellow",
    "flashing-yellow",
)  # fmt: skip


@dataclass(frozen=True)
class _Phase:
    id: int
    begins_s: list[float]  # instants in the cycle at which a light begins, the first may be before 0
    lights: list[int]


class Signals:
    """The signal programs of all junctions, ready to be told."""

    def __init__(self, map: Map) -> None:
        self._step_begins: dict[int, list[float]] = {}
        self._cycle: dict[int, float] = {}
        self._phases: dict[int, list[_Phase]] = {}
        self._node: dict[int, int] = {}
        for row in np.flatnonzero(map.junctions["steps"] > 0).tolist():
            first, steps = int(map.junctions["first_step"][row]), int(map.junctions["steps"][row])
            seconds = map.steps["duration_s"][first : first + steps]
            begins = np.concatenate([[0.0], np.cumsum(seconds)])
            self._step_begins[row] = begins[:-1].tolist()
            self._cycle[row] = float(begins[-1])
            self._node[row] = int(map.junctions["node"][row])
            group, n = int(map.junctions["first_group"][row]), int(map.junctions["groups"][row])
            at = map.steps["first_light"][first : first + steps]
            self._phases[row] = [
                _phase(int(map.groups["phase"][group + k]), begins, map.lights["light"][at + k]) for k in range(n)
            ]

    def node(self, row: int) -> int:
        """Return the number of the junction's node, NodeReferenceID.id."""
        return self._node[row]

    def position_s(self, row: int, step: int, left_s: float) -> float:
        """Return the place in the cycle of a junction that is in ``step`` of its program for ``left_s`` more seconds."""
        begins, cycle = self._step_begins[row], self._cycle[row]
        end = begins[step + 1] if step + 1 < len(begins) else cycle
        return end - left_s

    def states(self, row: int, position_s: float) -> list[tuple[int, list[tuple[int, float, float]]]]:
        """Return for each phase its number and the lights from now on: (light, begins in, ends in seconds)."""
        cycle = self._cycle[row]
        position = position_s % cycle
        told = []
        for phase in self._phases[row]:
            n = len(phase.lights)
            if n == 1:
                told.append((phase.id, [(phase.lights[0], 0.0, float("inf"))]))
                continue
            k = bisect_right(phase.begins_s, position) - 1
            if k < 0:
                k += n
            coming, begin = [], 0.0
            for ahead in range(AHEAD):
                following = (k + ahead + 1) % n
                end = (phase.begins_s[following] - position) % cycle
                while end <= begin:
                    end += cycle
                coming.append((phase.lights[(k + ahead) % n], begin, end))
                begin = end
            told.append((phase.id, coming))
        return told

    def spat(self, row: int, region: int, position_s: float, utc_us: int, count: int) -> dict[str, Any]:
        """Return SPAT of one junction at an instant, as values for :func:`jinyun.net.csae.encode`."""
        minute, mark = minute_of_year(utc_us), second_mark(utc_us)
        phases = [
            {"id": id, "phaseStates": [_state(light, begin, end) for light, begin, end in lights]}
            for id, lights in self.states(row, position_s)
        ]
        junction = {
            "intersectionId": {"region": region, "id": self._node[row]}, "status": FIXED_TIME, "moy": minute,
            "timeStamp": mark, "phases": phases,
        }  # fmt: skip
        return {"msgCnt": count, "moy": minute, "timeStamp": mark, "intersections": [junction]}


def _phase(id: int, begins: np.ndarray[Any, np.dtype[np.float64]], lights: np.ndarray[Any, Any]) -> _Phase:
    """Return a phase with equal lights of neighbouring steps made one, across the cycle's seam too."""
    change = [k for k in range(len(lights)) if lights[k] != lights[k - 1]]
    if not change:
        return _Phase(id, [0.0], [int(lights[0])])
    return _Phase(id, [float(begins[k]) for k in change], [int(lights[k]) for k in change])


def _state(light: int, begins_s: float, ends_s: float) -> dict[str, Any]:
    begin = min(round(begins_s * 10), MOST_MARK)
    end = UNKNOWN_MARK if ends_s == float("inf") else min(round(ends_s * 10), MOST_MARK)
    if begin or end == UNKNOWN_MARK:
        timing = {"startTime": begin, "likelyEndTime": end, "timeConfidence": CERTAIN}
    else:  # the light that burns: a fixed program ends it neither earlier nor later
        timing = {
            "startTime": 0, "minEndTime": end, "maxEndTime": end, "likelyEndTime": end, "timeConfidence": CERTAIN,
        }  # fmt: skip
    return {"light": LIGHTS[light], "timing": ("counting", timing)}
