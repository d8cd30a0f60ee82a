"""Driving (自动驾驶): one shuttle's senses, decisions and commands put together; :meth:`Shuttle.step` twenty times a second.

It is given what its sensors list, what the radio brings (RSM, SPAT) and where it believes itself to be; it returns what
drive and steering are to do. Plans are renewed five times a second and tracked between.
"""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map
from jinyun.vehicle.shuttle import behaviour, encounters, posted, sampling, saying
from jinyun.vehicle.shuttle.announced import Announced
from jinyun.vehicle.shuttle.behaviour import State, Verdict
from jinyun.vehicle.shuttle.body import FRONT_M, REAR_M, Pose
from jinyun.vehicle.shuttle.encounters import Gate, Laid
from jinyun.vehicle.shuttle.foreseeing import Foreseen, Foreseer
from jinyun.vehicle.shuttle.fusing import Book, fused, read_rsm
from jinyun.vehicle.shuttle.guideline import STEP_M, Guideline, StopLine, project
from jinyun.vehicle.shuttle.lights import Lights, Lit
from jinyun.vehicle.shuttle.limits import TOP_MPS, slow_ahead, slow_stretches
from jinyun.vehicle.shuttle.modes import Mode, Modes
from jinyun.vehicle.shuttle.objects import OBJECT
from jinyun.vehicle.shuttle.pacing import FAR_M, STANDSTILL_M, STEPS, profile
from jinyun.vehicle.shuttle.passing import Passing
from jinyun.vehicle.shuttle.posted import Posted, StopSigns
from jinyun.vehicle.shuttle.sampling import LEVELS, Trajectory
from jinyun.vehicle.shuttle.tracking import track
from jinyun.zone import Projection

PLAN_S = 0.2
LOOK_M = 95.0
BEFORE_GATE_M = 1.2
BEFORE_PEOPLE_M = 1.8
DOCKED_M = 0.5
ROUGHLY_M, ROUGHLY_S = 4.0, 4.0
"""One who stands that near to a stop for so long, and for nothing else, is there."""
BLOCKED_S = 90.0
OFF_PATH_M = 0.9
SILENT_S = 1.0
"""Own sensing that says nothing for so long is lost."""
TURNING = 0.03
"""Curvature from which the shuttle turns."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Senses:
    """What came in since the last step: the own object list (None: nothing), and messages with their receipt."""

    objects: NDArray[np.void] | None
    objects_at_s: float
    lights: tuple[tuple[int, int, int], ...] = ()  # node, phase, light as the camera reads it
    rsm: tuple[tuple[bytes, int, int], ...] = ()  # frame, small number of the sender, UTC of receipt
    spat: tuple[bytes, ...] = ()
    rsi: tuple[bytes, ...] = ()
    posted: tuple[Posted, ...] | None = None  # all that is posted ahead and known now; None: nothing new


class Shuttle:
    """One automated shuttle on its guideline."""

    def __init__(
        self, map: Map, line: Guideline, project_: Projection, begin_m: float = 0.0, road: bool = True
    ) -> None:
        self.line, self.modes, self.lights, self.road = line, Modes(), Lights(), road
        self._project, self._foresee = project_, Foreseer(map)
        self._own, self._heard = Book(), Book()
        self.objects: NDArray[np.void] = np.zeros(0, OBJECT)
        self.state, self.reason = State.CRUISE, "cruise"
        self.plan: Trajectory | None = None
        self.foreseen: Foreseen | None = None
        self.gates: list[Gate] = []
        self.s_m, self.d_m = begin_m, 0.0  # of the rear axle; the station runs on round the loop
        self._begin_m = begin_m
        self.halt = self._first_halt(begin_m)
        self.docked_s: float | None = None
        self.hold = False
        """Set by who runs the line while the doors must stay open."""
        self.plan_ms: deque[float] = deque(maxlen=20_000)
        self.plan_cpu_ms: deque[float] = deque(maxlen=20_000)  # without waiting for a processor that others have
        self._planned_s = -1.0
        self._sensed_s: float | None = None
        self._stood_since_s: float | None = None
        self._passing = Passing()
        self._line_stood: dict[int, float] = {}
        self._stopping: set[int] = set()  # nodes whose yellow, or whose green that will end, is being stopped for
        self.posted: tuple[Posted, ...] = ()
        self._announced = Announced(map, line, project_)
        self.holds: tuple[Posted, ...] = ()
        """What is posted and what the road announces, as it holds now."""
        self._signs = StopSigns()
        self.next_light: tuple[StopLine, Lit, float] | None = None
        self.boldly = False
        """Whether a person drives or has allowed to pass: with the same planner, less patient."""
        n = len(line.x_m)
        self._turning = np.abs(line.curvature) > TURNING
        for at in line.stop_lines:
            if at.turn != 1:
                span = (int(at.s_m / STEP_M) + np.arange(int(line.ahead(at.s_m, at.end_m) / STEP_M) + 12)) % n
                self._turning[span] = True
        self._slow = slow_stretches(line)

    # -- one step ------------------------------------------------------------------------------------------------

    def step(self, now_s: float, now_us: int, pose: Pose, senses: Senses) -> tuple[float, float]:
        """Return the commands (acceleration m/s2, steering rad) for now; ``pose`` is what the shuttle believes."""
        self._sense(now_s, now_us, senses)
        station, self.d_m = project(self.line, pose.x_m, pose.y_m, self.s_m % self.line.length_m)
        turn = (station - self.s_m + self.line.length_m / 2) % self.line.length_m - self.line.length_m / 2
        self.s_m += turn
        if pose.speed_mps < 0.05:
            self._stood_since_s = now_s if self._stood_since_s is None else self._stood_since_s
        else:
            self._stood_since_s = None
        self._dock(now_s, pose)
        self.modes.tick(now_s)
        if self.plan is None or now_s - self._planned_s >= PLAN_S - 1e-6:
            begin, begin_cpu = time.perf_counter(), time.thread_time()
            self.plan = self._renew(now_s, pose)
            self.plan_ms.append((time.perf_counter() - begin) * 1000)
            self.plan_cpu_ms.append((time.thread_time() - begin_cpu) * 1000)
            self._planned_s = now_s
        if self._sensed_s is not None and now_s - self._sensed_s > SILENT_S:
            self.modes.request("sensing_lost", now_s, self.odometer_m)
        if abs(self.plan.offset(self.s_m)[0] - self.d_m) > OFF_PATH_M:
            self.modes.request("off_path", now_s, self.odometer_m)
        return track(self.line, self.plan, pose, self.s_m, self.d_m, now_s)

    @property
    def odometer_m(self) -> float:
        """Metres driven along the line since the beginning."""
        return self.s_m - self._begin_m

    def _sense(self, now_s: float, now_us: int, senses: Senses) -> None:
        if senses.objects is not None:
            self._own.take(senses.objects, np.full(len(senses.objects), senses.objects_at_s))
            self._sensed_s = now_s
        if senses.posted is not None:
            self.posted = senses.posted
        for node, phase, light in senses.lights:
            self.lights.see(node, phase, light, now_s)
        if self.road:
            if senses.rsm:
                frames, senders, received = zip(*senses.rsm, strict=True)
                seen, at_us = read_rsm(list(frames), list(senders), list(received), self._project)
                _, last = np.unique(seen["number"][::-1], return_index=True)
                keep = len(seen) - 1 - last
                self._heard.take(seen[keep], now_s + (at_us[keep] - now_us) / 1e6)
            self.lights.hear(list(senses.spat), now_s)
            for payload in senses.rsi:
                self._announced.hear(payload, now_s, now_us)
            self.holds = (*self.posted, *self._announced.posted(now_s, now_us))
        else:
            self.holds = self.posted

    # -- halts ---------------------------------------------------------------------------------------------------

    def _first_halt(self, from_m: float) -> int:
        ahead = [self.line.ahead(from_m + FRONT_M, halt.s_m) for halt in self.line.halts]
        return int(np.argmin(ahead))

    def to_halt_m(self) -> float:
        """Return the metres from the front to where it stands at the next stop (negative a little beyond)."""
        its = self.line.ahead(self.s_m + FRONT_M, self.line.halts[self.halt].s_m)
        return its if its < self.line.length_m - 30.0 else its - self.line.length_m

    def _dock(self, now_s: float, pose: Pose) -> None:
        """Note the arrival at a stop; who runs the line lets it go on by :meth:`depart`."""
        if self.docked_s is not None or pose.speed_mps >= 0.02:
            return
        stood_s = 0.0 if self._stood_since_s is None else now_s - self._stood_since_s
        off_m = abs(self.to_halt_m())
        if off_m < DOCKED_M or (off_m < ROUGHLY_M and stood_s > ROUGHLY_S and self.reason in ("dock", "dwell")):
            self.docked_s = now_s  # a place that was missed is still a stop: its error is told, and people get out

    def depart(self) -> None:
        """Close the doors and go on to the next stop."""
        self.docked_s = None
        self.halt = (self.halt + 1) % len(self.line.halts)

    # -- the plan ------------------------------------------------------------------------------------------------

    def _renew(self, now_s: float, pose: Pose) -> Trajectory:
        own, road = self._own.now(now_s, 1), self._heard.now(now_s, 3)
        known = np.concatenate([fused(own, road, pose), posted.closed(self.holds, self.line, self.s_m, LOOK_M)])
        self.objects = objects = self._near(known, pose)
        self.foreseen = foreseen = self._foresee(objects)
        laid = encounters.lay(self.line, self.s_m, objects, foreseen)
        v, a, d = self._start(now_s, pose)
        goal_d = self.plan.to_d_m if self.plan is not None else 0.0
        leads, whom = encounters.leads(laid, foreseen, objects, d[0], goal_d, 20.0, STANDSTILL_M)
        slow = slow_ahead(self.line, self._slow, self.s_m, LOOK_M + 40)
        slow = np.concatenate([slow, posted.slow_ahead(self.holds, self.line, self.s_m, LOOK_M + 40)])
        free_s = self._unhindered(v, a, slow, leads)
        lines = [(at, self.line.ahead(self.s_m, at.s_m)) for at in self.line.stop_lines]
        lines = sorted((pair for pair in lines if FRONT_M - 0.3 < pair[1] < LOOK_M), key=lambda pair: pair[1])
        stop, reason = self._lines(now_s, lines, leads, free_s, v)
        sign = self._signs.verdict(self.holds, self.line, self.s_m, LOOK_M, v, PLAN_S)
        if sign.stop_m < stop:
            stop, reason = sign.stop_m, sign.reason
        ordered = {}
        for at in self.line.stop_lines:
            lit = self.lights.now(at.node, at.phase, now_s)
            ordered[at.junction] = at.phase > 0 and not lit.dead
        self.gates = self._encounters(now_s, laid, foreseen, objects, goal_d, whom, ordered)
        self.gates.sort(key=lambda gate: gate.in_m)
        if self.docked_s is not None or self.hold:
            stop, reason = min(stop, max(self.to_halt_m(), 0.0)), "dwell"
        elif self.to_halt_m() < LOOK_M and max(self.to_halt_m(), 0.0) < stop and self._passing.whom < 0:
            stop, reason = max(self.to_halt_m(), 0.0), "dock"
        to_line, k = lines[0][1] if lines else LOOK_M + 60, int((self.s_m % self.line.length_m) / STEP_M)
        self._passing.follow(
            self.line, self.s_m, laid, foreseen, objects, leads, whom, to_line, v, goal_d, self.boldly,
            self.docked_s is not None,
        )  # fmt: skip
        shifts = self._passing.shifts(
            self.line, self.s_m, laid, foreseen, objects, leads, to_line, v, d[0], goal_d, self.boldly,
            bool(self._turning[k]),
        )  # fmt: skip
        return self._choose(now_s, v, a, d, stop, reason, shifts, laid, foreseen, objects, slow)

    def _near(self, objects: NDArray[np.void], pose: Pose) -> NDArray[np.void]:
        away = np.hypot(objects["x_m"] - pose.x_m, objects["y_m"] - pose.y_m)
        return objects[away < LOOK_M]

    def _start(self, now_s: float, pose: Pose) -> tuple[float, float, tuple[float, float, float]]:
        """Return speed, acceleration and offset (with derivatives) that the new plan begins with: those of the old one."""
        if self.plan is not None:
            place, speed, accel = self.plan.at(now_s)
            d = self.plan.offset(self.s_m)
            if abs(place - self.s_m) < 0.6 and abs(speed - pose.speed_mps) < 0.7 and abs(d[0] - self.d_m) < 0.4:
                return speed, accel, d
        return pose.speed_mps, min(max(pose.accel_mps2, -7.0), 1.2), (self.d_m, 0.0, 0.0)

    def _offset_s(self, now_s: float) -> float:
        """Return where the plan begins: the old plan's place, so that small errors of tracking are tracked out."""
        if self.plan is not None:
            place, _, _ = self.plan.at(now_s)
            if abs(place - self.s_m) < 0.6:
                return place
        return self.s_m

    def _unhindered(self, v: float, a: float, slow: Floats, leads: Floats) -> Floats:
        """Return where the front is step by step if no line and no encounter holds it."""
        s, speed, accel = np.empty(STEPS + 1), np.empty(STEPS + 1), np.empty(STEPS + 1)
        level = LEVELS[0]
        profile(v, a, FAR_M * 2, TOP_MPS, slow, leads, level[0], level[1], level[2], s, speed, accel)
        return s + FRONT_M

    def _lines(
        self, now_s: float, lines: list[tuple[StopLine, float]], leads: Floats, free_s: Floats, v: float
    ) -> tuple[float, str]:
        """Return how far the front may go for stop lines, and why."""
        best = Verdict(math.inf)
        self.next_light = None
        for at, ahead_m in lines:
            lit = self.lights.now(at.node, at.phase, now_s)
            to_line = ahead_m - FRONT_M
            if self.next_light is None and at.phase:
                self.next_light = at, lit, to_line
            stood = self._line_stood.get(at.node, 0.0)
            if v < 0.05 and to_line < 4.0:
                self._line_stood[at.node] = stood + PLAN_S
            verdict = behaviour.at_line(
                at, lit, to_line, v, behaviour.arrival_s(free_s, ahead_m), stood, at.node in self._stopping
            )
            if verdict.reason in ("red_soon", "yellow_light"):
                self._stopping.add(at.node)
            else:
                self._stopping.discard(at.node)
            if math.isinf(verdict.stop_m) and to_line > 0.2:
                end = ahead_m + self.line.ahead(at.s_m, at.end_m)
                able = v * v / (2 * behaviour.FIRM_MPS2) + 0.3 * v < to_line - behaviour.BEFORE_LINE_M
                if able and not behaviour.room_beyond(ahead_m, end, leads):
                    verdict = Verdict(max(to_line - behaviour.BEFORE_LINE_M, 0.0), "keep_clear")
            if verdict.stop_m < best.stop_m:
                best = verdict
        for node in [node for node in self._line_stood if node not in [at.node for at, _ in lines]]:
            del self._line_stood[node]
        self._stopping &= {at.node for at, _ in lines}
        return best.stop_m, best.reason

    def _encounters(
        self, now_s: float, laid: Laid, foreseen: Foreseen, objects: NDArray[np.void], at_d: float,
        whom: NDArray[np.int64], ordered: dict[int, bool],
    ) -> list[Gate]:  # fmt: skip
        found = encounters.gates(laid, foreseen, objects, self.line, self.s_m, at_d, whom, self._turning, ordered)
        for crossing in self.line.crossings:
            at_m = self.line.ahead(self.s_m, crossing.s_m)
            if at_m > self.line.length_m - 10:
                at_m -= self.line.length_m
            if -8.0 < at_m < 70.0:
                lit = self.lights.now(crossing.node, crossing.phase, now_s)
                x, y, _ = self.line.place((crossing.s_m + crossing.out_m) / 2, at_d)
                # Unknown walkers' light: they may go where it is unsignalised or where the shuttle turns over the crossing.
                k = int(crossing.s_m / STEP_M)
                turns = bool(self._turning[k])
                may = lit.green if lit.by else (crossing.phase == 0 or turns)
                found += encounters.on_crossing(crossing, objects, at_m, (float(x), float(y)), may)
        return found

    def _choose(
        self, now_s: float, v: float, a: float, d: tuple[float, float, float], stop: float, reason: str, shifts: Floats,
        laid: Laid, foreseen: Foreseen, objects: NDArray[np.void], slow: Floats,
    ) -> Trajectory:  # fmt: skip
        begin_m = self._offset_s(now_s)
        ahead = begin_m - self.s_m  # the plan's beginning from the axle now
        must = [gate for gate in self.gates if gate.yields]
        stops = [(stop - ahead, -1)]
        for k, gate in enumerate(self.gates):
            if gate.yields:
                before = BEFORE_PEOPLE_M if gate.reason == "yield_pedestrian" else BEFORE_GATE_M
                its = gate.in_m - FRONT_M - before - ahead
                if its > 0 and its < stops[0][0] - 0.3 and len(stops) < 5:
                    stops.append((its, k))
        wishes: list[tuple[float, float, int, float, int]] = []
        if self.modes.mode is Mode.MINIMAL_RISK:
            stops, wishes = [], [(FAR_M * 2, 0.0, 0, 0.0, -1)]
        for place, k in stops:
            limit = place if math.isfinite(place) else FAR_M * 2
            gently = (1.0, 0.72, 0.5, 0.3) if must else (1.0, 0.6)
            for level, tops in enumerate((gently, (1.0, 0.5), (1.0, 0.5), (1.0, 0.5), (1.0,))):
                wishes += [(limit, TOP_MPS * top, level, 0.4 * (1 - top) if top < 1 else 0.0, k) for top in tops]
        wishes += [(FAR_M * 2, 0.0, level, 1.0, -1) for level in range(len(LEVELS))]
        first, tables, whoms = [0], [], []
        for shift in shifts:
            rows, whom = encounters.leads(laid, foreseen, objects, d[0], float(shift[0]), float(shift[1]), STANDSTILL_M)
            rows[:, 0] -= ahead
            tables.append(rows)
            whoms.append(whom)
            first.append(first[-1] + len(rows))
        leads = np.concatenate(tables) if tables else np.zeros((0, 5))
        gates = np.array(
            [(g.in_m - ahead, g.out_m - ahead, g.t_in_s, g.t_out_s, float(g.yields)) for g in self.gates], np.float64
        ).reshape(-1, 5)
        touches = np.isfinite(laid.d_m[:, :9]).all(axis=1) & ~(
            (laid.s_m[:, 0] + laid.along_m[:, 0] < -REAR_M + 0.5) & (np.abs(laid.angle_rad[:, 0]) < 0.75)
        )
        near = touches & (np.abs(laid.s_m[:, 0]) < 80)
        beside = np.flatnonzero(near)
        curve_at = int((begin_m % self.line.length_m) / STEP_M)
        s, speed, accel = np.empty(STEPS + 1), np.empty(STEPS + 1), np.empty(STEPS + 1)
        chosen = np.zeros(3)
        slow = slow.copy()
        slow[:, :2] -= ahead
        offered = np.array([row[:5] for row in wishes], np.float64)
        samples = sampling.choose(
            v, a, np.array(d), shifts, offered, leads, np.array(first, np.int64), slow, gates,
            laid.s_m[beside] - ahead, laid.d_m[beside], laid.along_m[beside], laid.across_m[beside],
            np.ones(len(beside), np.bool_),
            self.line.curvature, curve_at, LEVELS, stop - ahead, s, speed, accel, chosen,
        )  # fmt: skip
        shift, wish = int(chosen[0]), int(chosen[1])
        to_d, over = float(shifts[shift, 0]), float(shifts[shift, 1])
        plan = Trajectory(
            now_s, begin_m + s, speed, accel, self.s_m, over, to_d, sampling.quintic(d[0], d[1], d[2], to_d, over),
            int(offered[wish, 2]), float(chosen[2]), int(samples), int(offered[wish, 4]),
        )  # fmt: skip
        self.state, self.reason = saying.explain(
            plan, v, self.d_m, self.gates, stop, reason, tables[shift], self._passing, s + ahead, speed, slow,
            self.modes.mode,
        )  # fmt: skip
        if self.reason == "bend" and posted.binds(self.holds, self.line, self.s_m, v):
            self.reason = "posted"
        return plan

    def blocked(self, now_s: float) -> bool:
        """Return whether the shuttle has stood too long for a reason that will not end by itself."""
        if self._stood_since_s is None or self.docked_s is not None or self.state in (State.DWELL, State.STOP_LINE):
            self._blocked_since_s = now_s
            return False
        return now_s - max(self._stood_since_s, self._blocked_since_s) > BLOCKED_S

    _blocked_since_s = 0.0
