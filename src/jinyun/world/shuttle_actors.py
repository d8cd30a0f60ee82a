"""Hard company for a shuttle on trial: people who step out, cars that cut in, lorries that stand in its lane.

Those who step out, in the open or before the nose of a parked bus, are guests of the snapshot whom only the shuttle meets,
and so are these buses; cars and lorries are the simulation's own, told to change lane or to stand. Everything follows from
the seed and from where the shuttle is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jinyun.vehicle.shuttle.body import FRONT_M
from jinyun.vehicle.shuttle.guideline import STEP_M, Guideline
from jinyun.world import shuttle_screens
from jinyun.world.shuttle_screens import columns, parked
from jinyun.world.street import Snapshot, Street

WALK_MPS = (1.1, 1.7)
BEFORE_S = (3.2, 5.2)
"""Somebody steps out when the shuttle would be there in so many seconds."""
FROM_M, TO_M = 6.5, -9.0
"""Offsets from the guideline between which one who steps out walks."""
LEFT_S = (1.8, 2.7)
"""Who comes from behind a bus is in view of the lane when the shuttle would be there in so many seconds at the least."""
FAST_MPS = 11.0
"""That is reckoned with this speed, which it may have by then: no sooner, whether it gains speed or not."""
APART_M = 90.0
"""Buses stand so far from one another, and from lorries and others who step out."""
CUT_IN_EVERY_S = 45.0
CUT_IN_AHEAD_M = (4.0, 16.0)
IN_LANE_M = 0.2
"""Who is farther from the middle of its lane is about to leave it."""
CLEAR_M = 45.0
"""So far from lines and stops people step out and lorries stand."""
LEFT_MODE, USUAL_MODE = 512, 1621
"""SUMO's lane-change modes: obey the request if it is safe; the usual one."""


@dataclass(slots=True)
class _Walker:
    s_m: float
    pace_mps: float
    before_s: float
    behind: bool = False  # a parked bus
    slot: int = -1
    number: int = 0
    d_m: float = FROM_M
    done: bool = False


class Actors:
    """The company of one shuttle: :meth:`direct` before each step of the street, :meth:`with_guests` after it."""

    def __init__(
        self, street: Street, line: Guideline, seed: int, walkers: int, cut_ins: bool, lorries: int,
        hides: Sequence[float] = (),
    ) -> None:  # fmt: skip
        """``hides`` are stations at which somebody can come from behind a parked bus: half of the walkers do."""
        self._street, self._line = street, line
        self._rng = np.random.default_rng([seed, 31])
        self.hidden = self._apart(hides, walkers // 2)
        places = [s for s in self._clear() if self._far_from_buses(s)]
        spots = self._rng.choice(places, size=walkers - len(self.hidden), replace=False) if walkers else np.zeros(0)
        self._walkers = [
            _Walker(float(s), float(self._rng.uniform(*WALK_MPS)), float(self._rng.uniform(*BEFORE_S)))
            for s in sorted(spots)
        ]
        for s in self.hidden:
            pace = float(self._rng.uniform(*WALK_MPS))
            hidden_s = (shuttle_screens.FROM_M - shuttle_screens.OUT_M) / pace
            before_s = hidden_s + float(self._rng.uniform(*LEFT_S))
            self._walkers.append(_Walker(s, pace, before_s, True, d_m=shuttle_screens.FROM_M))
        slots = [street.admit() for _ in self.hidden]
        self._buses = parked(line, self.hidden, [slot for slot, _ in slots], [number for _, number in slots])
        self._cut_ins, self._cut_at_s, self._cutting = cut_ins, 60.0, ("", 0.0)
        self.lorries: list[tuple[str, float]] = []
        self._to_stand = lorries
        self.stepped_out = self.cut_in = 0

    def _apart(self, stations: Sequence[float], most: int) -> tuple[float, ...]:
        """Return up to ``most`` of the stations, drawn so that none is near another."""
        chosen: list[float] = []
        for s in self._rng.permutation(np.asarray(stations, np.float64)).tolist():
            if len(chosen) < most and all(self._between(s, other) > APART_M for other in chosen):
                chosen.append(s)
        return tuple(sorted(chosen))

    def _between(self, a_m: float, b_m: float) -> float:
        return min(self._line.ahead(a_m, b_m), self._line.ahead(b_m, a_m))

    def _far_from_buses(self, s_m: float) -> bool:
        return all(self._between(s_m, at) > APART_M for at in self.hidden)

    def _clear(self) -> list[float]:
        """Return stations on straight road far from junctions and stops."""
        line = self._line
        marks = [at.s_m for at in line.stop_lines] + [at.end_m for at in line.stop_lines] + [h.s_m for h in line.halts]
        found = []
        for s in np.arange(0, line.length_m, 35.0).tolist():
            near = min(min(line.ahead(s, mark), line.ahead(mark, s)) for mark in marks)
            k = int(s / STEP_M)
            if near > CLEAR_M and abs(line.curvature[k]) < 0.005 and not line.inside[k]:
                found.append(s)
        return found

    def park(self, edges_of: dict[str, list[str]], lane_ids: dict[int, str]) -> None:
        """Let the lorries stand in the shuttle's lane; ``edges_of`` a route from each edge on, ``lane_ids`` by row of lanes."""
        line = self._line
        long = [
            s for s in self._clear()
            if line.beside_m[int(s / STEP_M)] > 0 and self._far_from_buses(s)
            and all(line.ahead(s, at.s_m) > 130 and line.ahead(at.end_m, s) > 70 for at in line.stop_lines)
            and all(line.ahead(s, h.s_m) > 70 and line.ahead(h.s_m, s) > 70 for h in line.halts)
        ]  # fmt: skip
        api = self._street.api
        for s in self._rng.permutation(long)[: self._to_stand].tolist():
            row = int(line.lane[int(s / STEP_M)])
            edge, _, index = lane_ids[row].rpartition("_")
            first = int(np.flatnonzero(line.lane == row)[0]) if row != line.lane[0] or row != line.lane[-1] else 0
            along = s - first * STEP_M
            if along < 20:
                continue
            id = self._street.enter(edges_of[edge], int(index), along, "lorry")
            api.vehicle.setStop(id, edge, along + 1.0, int(index), 1e6)
            self.lorries.append((id, s))

    def direct(self, now: Snapshot, shuttle_id: str, s_m: float, speed_mps: float) -> None:
        """Let people step out and cars cut in; ``s_m`` is the station of the shuttle's rear axle."""
        for walker in self._walkers:
            if walker.done:
                continue
            if walker.slot < 0:
                to_go = self._line.ahead(s_m + FRONT_M, walker.s_m)
                soon_mps = FAST_MPS if walker.behind else max(speed_mps, 3.0)
                if to_go < soon_mps * walker.before_s and speed_mps > 4.0 and to_go > 12.0:
                    walker.slot, walker.number = self._street.admit()
                    self.stepped_out += 1
            else:
                walker.d_m -= walker.pace_mps * 0.1
                if walker.d_m < TO_M:
                    self._street.dismiss(walker.slot)
                    walker.done = True
        if self._cut_ins:
            self._cut(now.time_s, shuttle_id, speed_mps)

    def _cut(self, now_s: float, shuttle_id: str, speed_mps: float) -> None:
        api = self._street.api
        id, until_s = self._cutting
        if id and now_s > until_s:
            if id in api.vehicle.getIDList():
                api.vehicle.setLaneChangeMode(id, USUAL_MODE)
            self._cutting = ("", 0.0)
        if now_s < self._cut_at_s or speed_mps < 5.0 or self._cutting[0]:
            return
        edge, lane = api.vehicle.getRoadID(shuttle_id), api.vehicle.getLaneIndex(shuttle_id)
        if edge.startswith(":") or lane + 1 >= api.edge.getLaneNumber(edge):
            return
        here = api.vehicle.getLanePosition(shuttle_id)
        for other in api.lane.getLastStepVehicleIDs(f"{edge}_{lane + 1}"):
            ahead = api.vehicle.getLanePosition(other) - api.vehicle.getLength(other) - here
            slower = speed_mps - api.vehicle.getSpeed(other)
            room = api.lane.getLength(f"{edge}_{lane}") - here
            if abs(api.vehicle.getLateralLanePosition(other)) > IN_LANE_M or 0 in api.vehicle.getLaneChangeState(
                other, -1
            ):
                continue  # it changes lanes already, or its model has no state yet: told to change, it brings SUMO 1.28 down
            near = CUT_IN_AHEAD_M[0] < ahead < CUT_IN_AHEAD_M[1] and slower < 2.0 and room > 90.0
            if near and _leads_on(api, other, f"{edge}_{lane}"):
                api.vehicle.setLaneChangeMode(other, LEFT_MODE)
                api.vehicle.changeLane(other, lane, 4.0)
                self._cutting, self._cut_at_s = (other, now_s + 6.0), now_s + CUT_IN_EVERY_S
                self.cut_in += 1
                return

    def with_guests(self, now: Snapshot) -> Snapshot:
        """Return the snapshot with the parked buses, and with those who step out among the people."""
        out = [walker for walker in self._walkers if walker.slot >= 0 and not walker.done]
        if not out and not self.hidden:
            return now
        x, y, heading = self._line.place(np.array([w.s_m for w in out]), np.array([w.d_m for w in out]))
        people = columns(
            "walker", x, y, heading - np.pi / 2, np.array([w.pace_mps for w in out], np.float64),
            [w.slot for w in out], [w.number for w in out],
        )  # fmt: skip
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(now, name), self._buses[name], column]) for name, column in people.items()
        }
        return replace(now, vehicles=now.vehicles + len(self.hidden), persons=now.persons + len(out), **joined)


def _leads_on(api: Any, id: str, lane: str) -> bool:
    """Return whether a car can keep to its own way from a lane; one that cannot would stand there until it is taken away."""
    return any(id_ == lane and offset == 0 for id_, _, _, offset, *_ in api.vehicle.getBestLanes(id))
