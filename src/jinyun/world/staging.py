"""Dangerous behaviour on the simulated street (危险行为编排), which its drivers alone never show: staged by kind and by rate.

Somebody does not brake for the one ahead, brakes hard for nothing, runs a red light, goes without yielding, changes lane
regardless, stands still in a lane, steps out before a car, rides across, drives to an emergency, overtakes into oncoming
traffic, or loses control. Each is a :class:`Deed`, which those who measure may read beside what became of it; when it is over
the driver behaves again. Vehicles are directed through the simulation; people and cyclists who cross are no part of it and are
laid over its picture, so that drivers see them only as late as the deed lets them. Simulated, all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map
from jinyun.shapes import Kind
from jinyun.world.cars import EVENT_HARD_BRAKING, shares
from jinyun.world.street import BODIES, DOING, HAZARD_LAMPS, LEFT_LAMP, RIGHT_LAMP, STEP_S, Snapshot, Street

KINDS = (
    "unheeding", "hard_braking", "red_light", "not_yielding", "heedless_change", "standing", "stepping_out",
    "riding_across", "emergency", "overtaking", "losing_control",
)  # fmt: skip
"""What is staged; deeds of the kinds are begun in turn."""
ALL_CHECKS, NO_CHECKS, ONLY_THE_ONE_AHEAD = 31, 32, 39
"""SUMO's speed modes: as a driver should, regardless of everything, regardless of lights and of who has priority."""
OWN_CHANGES, NO_CHANGES = 1621, 0
"""SUMO's lane change modes: as a driver should, only what it is told and regardless of others."""
CONNECTED_SHARE, PREFERRED = 0.1, 0.6
"""Deeds look for one of the tenth of vehicles that are always connected, so often, before they take anybody."""
EVENT_HAZARD, EVENT_ABS, EVENT_STABILITY = 1 << 12, 1 << 10, 1 << 8
SIREN, EMERGENCY = 2, 1
WATCHED_M = 120.0
LOOKED_AT = 60
"""Vehicles asked whether a deed is possible for them, in one step."""
Act = Iterator[None]


@dataclass(slots=True)
class Deed:
    """One staged deed: what, by whom (number), against whom (0 nobody), from when until when (simulated seconds)."""

    kind: str
    by: int
    other: int
    begin_s: float
    end_s: float = float("nan")


@dataclass(slots=True)
class _Actor:
    """Somebody laid over the picture."""

    slot: int
    number: int
    body: str
    x_m: float
    y_m: float
    heading_rad: float
    speed_mps: float = 0.0
    accel_mps2: float = 0.0


@dataclass(slots=True)
class Staging:
    """A street on which deeds are staged; :meth:`step` moves it on by 0.1 s and returns who is where."""

    street: Street
    map: Map
    seed: int
    per_minute: float = 12.0
    kinds: tuple[str, ...] = KINDS
    watched: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    """Places (m) near which most people cross, so that somebody may see them; anywhere if there are none."""
    deeds: list[Deed] = field(default_factory=list)
    _rng: np.random.Generator = field(init=False)
    _acts: list[tuple[Deed, Act]] = field(default_factory=list)
    _busy: set[int] = field(default_factory=set)
    _rested: dict[int, float] = field(default_factory=dict)
    _due: dict[str, float] = field(default_factory=dict)
    _doing: dict[int, dict[str, int]] = field(default_factory=dict)
    _aside: dict[int, tuple[float, float]] = field(default_factory=dict)
    _actors: dict[int, _Actor] = field(default_factory=dict)
    _now: Snapshot | None = None
    _row: dict[int, int] = field(default_factory=dict)
    _here: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """``per_minute`` deeds of each kind; raises ``ValueError`` for kinds there are not."""
        unknown = set(self.kinds) - set(KINDS)
        if unknown:
            raise ValueError(f"nothing is staged as {sorted(unknown)}; there are {', '.join(KINDS)}")
        self._rng = np.random.default_rng([self.seed, 7])
        every = 60.0 / self.per_minute
        self._due = {kind: every * (k + 1) / len(self.kinds) for k, kind in enumerate(self.kinds)}
        self._due = {kind: due + self.street.api.simulation.getTime() for kind, due in self._due.items()}

    # -- moving on ------------------------------------------------------------------------------------------------

    def step(self) -> Snapshot:
        """Let every deed act, begin those that are due, move the street on and lay over it what it does not know."""
        if self._now is not None:
            self._act(self._now)
        now = self._now = self._laid(self.street.step())
        self._row = {number: row for row, number in enumerate(now.number.tolist())}
        return now

    def _act(self, now: Snapshot) -> None:
        self._here = set(self.street.api.vehicle.getIDList())
        going = []
        for deed, act in self._acts:
            if next(act, "over") is None:
                going.append((deed, act))
            else:
                deed.end_s = now.time_s
                for number in (deed.by, deed.other):
                    self._busy.discard(number)
                    self._rested[number] = now.time_s + 20.0
        self._acts = going
        for kind, due in self._due.items():
            if now.time_s >= due:
                begun = self._begin(kind, now)
                self._due[kind] = now.time_s + (60.0 / self.per_minute * self._rng.uniform(0.7, 1.3) if begun else 0.5)

    def _begin(self, kind: str, now: Snapshot) -> bool:
        """Look for somebody for whom the deed is possible and let it begin; return whether there was one."""
        way = getattr(self, f"_{kind}")
        for row in self._candidates(now):
            number = int(now.number[row])
            found = way(f"v{number}", row, now)
            if found is None:
                continue
            by, other, act = found
            deed = Deed(kind, by, other, now.time_s)
            self.deeds.append(deed)
            self._busy |= {by, other} - {0}
            if next(act, "over") is None:
                self._acts.append((deed, act))
            return True
        return False

    def _candidates(self, now: Snapshot) -> list[int]:
        """Return rows of cars that drive by themselves, in an order of chance; the ones always connected first, often."""
        cars = np.flatnonzero((now.kind == Kind.MOTOR) & (now.speed_mps > 5.0) & np.isin(now.classification, (10, 20)))
        cars = self._rng.permutation(cars)
        if self._rng.random() < PREFERRED:
            cars = cars[np.argsort(shares(now.number[cars], 1) >= CONNECTED_SHARE, kind="stable")]
        free = [
            int(row) for row in cars.tolist()
            if int(now.number[row]) not in self._busy and self._rested.get(int(now.number[row]), 0.0) < now.time_s
            and f"v{int(now.number[row])}" in self._here
        ]  # fmt: skip
        return free[:LOOKED_AT]

    def _laid(self, now: Snapshot) -> Snapshot:
        """Return the picture with those aside of their place, with what they do, and with the actors."""
        row = {number: k for k, number in enumerate(now.number.tolist())}
        doing, x, y = now.doing.copy(), now.x_m.copy(), now.y_m.copy()
        for number, words in self._doing.items():
            if number in row:
                for name, value in words.items():
                    doing[name][row[number]] = doing[name][row[number]] | value
        heading = now.heading_rad.copy()
        for number, (aside_m, turned_rad) in self._aside.items():
            if number in row:
                k = row[number]
                x[k] += aside_m * np.cos(heading[k])
                y[k] -= aside_m * np.sin(heading[k])
                heading[k] += turned_rad
        now = replace(now, doing=doing, x_m=x, y_m=y, heading_rad=heading)
        return self._joined(now, list(self._actors.values())) if self._actors else now

    def _joined(self, now: Snapshot, actors: list[_Actor]) -> Snapshot:
        bodies = [BODIES[a.body] for a in actors]
        more: dict[str, Any] = {
            "slot": [a.slot for a in actors], "number": [a.number for a in actors], "kind": [b.kind for b in bodies],
            "classification": [b.classification for b in bodies], "x_m": [a.x_m for a in actors],
            "y_m": [a.y_m for a in actors], "heading_rad": [a.heading_rad for a in actors],
            "speed_mps": [a.speed_mps for a in actors], "accel_mps2": [a.accel_mps2 for a in actors],
            "yaw_rate_rps": [0.0] * len(actors), "length_m": [b.length_m for b in bodies],
            "width_m": [b.width_m for b in bodies], "height_m": [b.height_m for b in bodies],
            "doing": np.zeros(len(actors), DOING),
        }  # fmt: skip
        joined: dict[str, Any] = {
            f.name: getattr(now, f.name) for f in fields(Snapshot) if f.name not in more
        } | {
            name: np.concatenate([getattr(now, name), np.asarray(values, getattr(now, name).dtype)])
            for name, values in more.items()
        }  # fmt: skip
        joined["persons"] = now.persons + sum(b.kind == Kind.PEDESTRIAN for b in bodies)
        return Snapshot(**joined)

    # -- what deeds ask -------------------------------------------------------------------------------------------

    def _there(self, id: str) -> bool:
        return id in self._here

    def _behave(self, id: str) -> None:
        if self._there(id):
            vehicle = self.street.api.vehicle
            vehicle.setSpeedMode(id, ALL_CHECKS)
            vehicle.setLaneChangeMode(id, OWN_CHANGES)
            vehicle.setSpeed(id, -1)

    def _leader(self, id: str, far_m: float) -> tuple[str, float]:
        """Return who is ahead and the gap bumper to bumper; ("", infinity) for nobody."""
        found = self.street.api.vehicle.getLeader(id, far_m)
        if not found or not found[0]:
            return "", float("inf")
        return found[0], float(found[1]) + float(self.street.api.vehicle.getMinGap(id))

    def _followed(self, id: str, far_m: float) -> bool:
        """Return whether somebody drives so close behind."""
        found = self.street.api.vehicle.getFollower(id, far_m)
        return bool(found and found[0] in self._here and 0 < found[1] < far_m)

    def _met(self, row: int, now: Snapshot, far_m: float, after_s: float) -> bool:
        """Return whether somebody comes across to where the vehicle is ``far_m`` on, at about that time."""
        h = now.heading_rad[row]
        x, y = now.x_m[row] + (far_m + 8) * np.sin(h), now.y_m[row] + (far_m + 8) * np.cos(h)
        dx, dy = x - now.x_m, y - now.y_m
        metres, v = np.hypot(dx, dy), np.maximum(now.speed_mps, 0.1)
        heads = dx * np.sin(now.heading_rad) + dy * np.cos(now.heading_rad) > 0.9 * metres
        across = np.cos(now.heading_rad - h) < 0.6
        comes = heads & across & (now.kind == Kind.MOTOR) & (v > 4) & (np.abs(metres / v - after_s) < 2.5)
        return bool(comes.any())

    def _rightmost(self, id: str) -> bool:
        """Return whether no other lane of motor vehicles is between it and the side of the road."""
        right = int(self.map.lanes["right"][self.map.lane_row(self.street.api.vehicle.getLaneID(id))])
        return right < 0 or self.map.lanes["kind"][right] not in (LaneKind.CAR, LaneKind.BUS)

    def _hold(self, id: str, speed_mps: float, mode: int) -> None:
        vehicle = self.street.api.vehicle
        vehicle.setActionStepLength(id, STEP_S)
        vehicle.setSpeedMode(id, mode)
        vehicle.setLaneChangeMode(id, NO_CHANGES)
        vehicle.setSpeed(id, speed_mps)

    def _lane_ahead(self, now: Snapshot, row: int, far_m: float) -> tuple[float, float, float] | None:
        """Return the place on the vehicle's lane ``far_m`` ahead of its middle and the lane's course there, None beyond it."""
        api = self.street.api.vehicle
        id = f"v{int(now.number[row])}"
        lane = api.getLaneID(id)
        if lane.startswith(":") or not lane:
            return None
        at = self.map.lane_row(lane)
        if self.map.lanes["kind"][at] != LaneKind.CAR:
            return None
        first, count = int(self.map.lanes["first"][at]), int(self.map.lanes["count"][at])
        s = self.map.points["s_m"][first : first + count]
        want = float(api.getLanePosition(id)) - float(now.length_m[row]) / 2 + far_m
        if not want < float(s[-1]) - 12:
            return None
        x, y = (self.map.points[name][first : first + count] for name in ("x_m", "y_m"))
        k = max(int(np.searchsorted(s, want)) - 1, 0)
        course = float(np.arctan2(x[k + 1] - x[k], y[k + 1] - y[k]))
        return float(np.interp(want, s, x)), float(np.interp(want, s, y)), course

    # -- the deeds: whether one is possible here, and what is done ------------------------------------------------------

    def _unheeding(self, id: str, row: int, now: Snapshot) -> tuple[int, int, Act] | None:
        leader, gap = self._leader(id, 70)
        if not leader.startswith("v") or leader not in self._here:
            return None
        speed, its = float(now.speed_mps[row]), float(self.street.api.vehicle.getSpeed(leader))
        other = int(leader[1:])
        if speed < 7 or speed - its < 3.5 or not 2.2 < gap / (speed - its) < 6 or other in self._busy:
            return None
        return int(id[1:]), other, self._drive_on(id, leader, speed, float(self._rng.uniform(0.6, 1.3)))

    def _drive_on(self, id: str, leader: str, speed_mps: float, until_s: float) -> Act:
        self._hold(id, speed_mps, NO_CHECKS)
        for _ in range(90):
            yield
            if not self._there(id) or not self._there(leader):
                break
            ahead, gap = self._leader(id, 80)
            closing = speed_mps - float(self.street.api.vehicle.getSpeed(leader))
            if ahead != leader or closing < 1.0 or gap / max(closing, 0.1) < until_s:
                break
        yield from self._brake(id, 8.0, 0.0, while_leader=True)
        self._behave(id)

    def _brake(self, id: str, decel_mps2: float, to_mps: float, while_leader: bool = False) -> Act:
        """Brake so hard until ``to_mps``, or until the one ahead is no slower."""
        vehicle = self.street.api.vehicle
        while self._there(id):
            speed = float(vehicle.getSpeed(id))
            ahead, gap = self._leader(id, 60) if while_leader else ("", 0.0)
            slow_enough = while_leader and (not ahead or speed <= float(vehicle.getSpeed(ahead)) + 0.3 or gap > 25)
            if speed <= to_mps + 0.05 or slow_enough:
                return
            self._hold(id, max(speed - decel_mps2 * STEP_S, to_mps), NO_CHECKS)
            yield

    def _hard_braking(self, id: str, row: int, now: Snapshot) -> tuple[int, int, Act] | None:
        speed = float(now.speed_mps[row])
        ahead, gap = self._leader(id, 40)
        follower, behind = self.street.api.vehicle.getFollower(id, 45)
        if speed < 9 or not follower.startswith("v") or follower not in self._here or (ahead and gap < 25):
            return None
        other, its = int(follower[1:]), float(self.street.api.vehicle.getSpeed(follower))
        if other in self._busy or its < 7 or not 0.6 < (behind + 2) / its < 2.6:
            return None
        inattentive_s = float(self._rng.uniform(0.8, 1.6))
        return int(id[1:]), other, self._brake_for_nothing(id, follower, inattentive_s)

    def _brake_for_nothing(self, id: str, follower: str, inattentive_s: float) -> Act:
        number = int(id[1:])
        began = float(self.street.api.simulation.getTime())
        self._hold(follower, float(self.street.api.vehicle.getSpeed(follower)), NO_CHECKS)
        released = False
        for _ in self._brake(id, float(self._rng.uniform(5.5, 7.5)), 1.5):
            self._doing[number] = {"events": EVENT_HARD_BRAKING}
            if not released and float(self.street.api.simulation.getTime()) - began > inattentive_s:
                self._behave(follower)
                released = True
            yield
        self._doing.pop(number, None)
        if not released:
            self._behave(follower)
        if self._there(id):
            self._hold(id, 1.5, NO_CHECKS)
        for _ in range(20):
            yield
        self._behave(id)

    def _red_light(self, id: str, row: int, now: Snapshot) -> tuple[int, int, Act] | None:
        speed = float(now.speed_mps[row])
        lights = self.street.api.vehicle.getNextTLS(id)
        if not lights or speed < 7:
            return None
        light, _, far, state = lights[0]
        _, gap = self._leader(id, 90)
        if state != "r" or not 2.2 < far / speed < 6 or gap < far + 8:
            return None
        if self.street.api.trafficlight.getNextSwitch(light) - now.time_s < far / speed + 1:
            return None
        links = self.street.api.vehicle.getNextLinks(id)
        held = speed if links and links[0][6] == "s" else min(speed, 9.0)
        if self._rng.random() < 0.7 and not self._met(row, now, far, far / held + 0.5):
            return None
        return int(id[1:]), 0, self._go_regardless(id, held, far, ONLY_THE_ONE_AHEAD)

    def _not_yielding(self, id: str, row: int, now: Snapshot) -> tuple[int, int, Act] | None:
        speed = float(now.speed_mps[row])
        vehicle = self.street.api.vehicle
        lane = vehicle.getLaneID(id)
        if not lane or lane.startswith(":"):
            return None
        far = float(self.street.api.lane.getLength(lane)) - float(vehicle.getLanePosition(id))
        links = vehicle.getNextLinks(id)
        if not links or not 1.5 < far / speed < 5:
            return None
        _, priority, _, has_foe, _, state, direction, _ = links[0]
        _, gap = self._leader(id, 60)
        if priority or state in "rRyY" or (direction == "s" and not has_foe) or direction == "t" or gap < far + 6:
            return None
        held = min(speed, 11.0 if direction == "s" else 7.0)
        if not self._met(row, now, far, far / held + 0.5):
            return None
        return int(id[1:]), 0, self._go_regardless(id, held, far, ONLY_THE_ONE_AHEAD)

    def _go_regardless(self, id: str, speed_mps: float, far_m: float, mode: int) -> Act:
        self._hold(id, speed_mps, mode)
        for _ in range(int((far_m / speed_mps + 3.5) / STEP_S)):
            yield
            if not self._there(id):
                return
        self._behave(id)

    def _heedless_change(self, id: str, row: int, now: Snapshot) -> tuple[int, int, Act] | None:
        vehicle = self.street.api.vehicle
        lane = vehicle.getLaneID(id)
        if not lane or lane.startswith(":"):
            return None
        at = self.map.lane_row(lane)
        if float(self.map.lanes["length_m"][at]) - float(vehicle.getLanePosition(id)) < 4.5 * float(now.speed_mps[row]):
            return None
        h = now.heading_rad[row]
        dx, dy = now.x_m - now.x_m[row], now.y_m - now.y_m[row]
        along, across = dx * np.sin(h) + dy * np.cos(h), dx * np.cos(h) - dy * np.sin(h)
        same_way = np.cos(now.heading_rad - h) > 0.95
        faster = now.speed_mps - now.speed_mps[row]
        behind = (along > -6 - np.maximum(faster, 0) * 2.5) & (along < -1.0)
        for side, step in (("left", 1), ("right", -1)):
            target = int(self.map.lanes[side][at])
            if target < 0 or self.map.lanes["kind"][target] != LaneKind.CAR:
                continue
            beside = behind & same_way & (np.abs(across + step * 3.4) < 1.2) & (now.kind == Kind.MOTOR)
            if beside.any():
                other = int(now.number[np.flatnonzero(beside)[0]])
                if other not in self._busy:
                    return int(id[1:]), other, self._change_to(id, step, bool(self._rng.random() < 0.6))
        return None

    def _change_to(self, id: str, step: int, lamp: bool) -> Act:
        """Go over the border beside, with the lamp on or without, notice who is there and swerve back."""
        number = int(id[1:])
        pace = float(self.street.api.vehicle.getSpeed(id))
        self._hold(id, pace, ALL_CHECKS)
        reach_m, over_s, back_s = float(self._rng.uniform(1.8, 2.5)), float(self._rng.uniform(1.8, 2.8)), 1.5
        if lamp:
            self._doing[number] = {"lights": LEFT_LAMP if step > 0 else RIGHT_LAMP}
            for _ in range(12):
                yield
        t = 0.0
        while t < over_s + back_s and self._there(id):
            share = min(t / over_s, (over_s + back_s - t) / back_s, 1.0)
            slope = 6 * share * (1 - share) / (over_s if t < over_s else -back_s)
            turned = -step * float(np.arctan2(reach_m * slope, max(pace, 3.0)))
            self._aside[number] = (-step * reach_m * share * share * (3 - 2 * share), turned)
            yield
            t += STEP_S
        self._aside.pop(number, None)
        self._doing.pop(number, None)
        self._behave(id)

    def _standing(self, id: str, row: int, now: Snapshot) -> tuple[int, int, Act] | None:
        _, gap = self._leader(id, 40)
        if gap < 35 or self._lane_ahead(now, row, 70) is None or now.speed_mps[row] < 6 or not self._followed(id, 90):
            return None
        return int(id[1:]), 0, self._stand(id, bool(self._rng.random() < 0.75), float(self._rng.uniform(14, 26)))

    def _stand(self, id: str, lamps: bool, seconds: float) -> Act:
        number = int(id[1:])
        yield from self._brake(id, 2.5, 0.0)
        if lamps:
            self._doing[number] = {"lights": HAZARD_LAMPS, "events": EVENT_HAZARD}
        if self._there(id):
            self._hold(id, 0.0, NO_CHECKS)
        for _ in range(round(seconds / STEP_S)):
            yield
            if not self._there(id):
                break
        self._doing.pop(number, None)
        self._behave(id)

    def _stepping_out(self, id: str, row: int, now: Snapshot) -> tuple[int, int, Act] | None:
        return self._crossing(id, row, now, "walker", float(self._rng.uniform(1.2, 2.4)), 5.0)

    def _riding_across(self, id: str, row: int, now: Snapshot) -> tuple[int, int, Act] | None:
        return self._crossing(id, row, now, "ebike", float(self._rng.uniform(2.5, 4.5)), 11.0)

    def _crossing(
        self, id: str, row: int, now: Snapshot, body: str, pace_mps: float, from_m: float
    ) -> tuple[int, int, Act] | None:
        speed = float(now.speed_mps[row])
        needed_s = from_m / pace_mps
        far = speed * (needed_s + 1.5)
        place = self._lane_ahead(now, row, far)
        _, gap = self._leader(id, far + 10)
        if speed < 7 or place is None or gap < far + 10 or not self._rightmost(id):
            return None
        away = np.hypot(self.watched[:, 0] - place[0], self.watched[:, 1] - place[1])
        if away.min(initial=np.inf) > WATCHED_M and len(away) and self._rng.random() < 0.9:
            return None
        slot, number = self.street.admit()
        x, y, course = place
        actor = _Actor(
            slot, number, body, x + from_m * np.cos(course), y - from_m * np.sin(course),
            (course - np.pi / 2) % (2 * np.pi),
        )  # fmt: skip
        stops_short = bool(self._rng.random() < 0.4)
        sees_s = float(self._rng.uniform(0.7, 1.5))
        return int(id[1:]), number, self._cross(id, actor, (x, y), pace_mps, from_m, stops_short, sees_s)

    def _cross(
        self, id: str, actor: _Actor, place: tuple[float, float], pace_mps: float, from_m: float, stops_short: bool,
        sees_s: float,
    ) -> Act:  # fmt: skip
        """Stand beside the lane, set out as the car comes, and cross it or stop short of it; the driver sees it late."""
        self._actors[actor.number] = actor
        went, braked = 0.0, False
        begins_s = from_m / pace_mps - float(self._rng.uniform(-0.1, 0.5))
        for _ in range(200):
            yield
            row = self._row.get(int(id[1:]))
            now = self._now
            if row is None or now is None or not self._there(id):
                break
            dx, dy = place[0] - now.x_m[row], place[1] - now.y_m[row]
            h, speed = now.heading_rad[row], float(now.speed_mps[row])
            left_m = float(dx * np.sin(h) + dy * np.cos(h) - now.length_m[row] / 2)
            wanted = pace_mps if left_m < max(speed, 1.0) * begins_s or went > 0 else 0.0
            if stops_short and went > from_m - 3.2:
                wanted = 0.0
            change = float(np.clip(wanted - actor.speed_mps, -0.35, 0.35))
            actor.speed_mps, actor.accel_mps2 = actor.speed_mps + change, change / STEP_S
            went += actor.speed_mps * STEP_S
            actor.x_m += actor.speed_mps * STEP_S * np.sin(actor.heading_rad)
            actor.y_m += actor.speed_mps * STEP_S * np.cos(actor.heading_rad)
            in_the_way = from_m - 3.0 < went < from_m + 2.0 and not stops_short
            if in_the_way and left_m > -1 and left_m < speed * sees_s and speed > 0.5:
                self._hold(id, max(speed - 8.0 * STEP_S, 0.0), NO_CHECKS)
                braked = True
            elif braked and not in_the_way:
                self._behave(id)
                braked = False
            if went > 2 * from_m or left_m < -40:
                break
        self._behave(id)
        for _ in range(15):
            yield
        self._actors.pop(actor.number, None)
        self.street.dismiss(actor.slot)

    def _emergency(self, id: str, row: int, now: Snapshot) -> tuple[int, int, Act] | None:
        ahead, _ = self._leader(id, 90)
        if now.speed_mps[row] < 7 or ahead not in self._here:
            return None
        return int(id[1:]), 0, self._hurry(id)

    def _hurry(self, id: str) -> Act:
        vehicle, number = self.street.api.vehicle, int(id[1:])
        factor = float(vehicle.getSpeedFactor(id))
        vehicle.setSpeedFactor(id, 1.4)
        vehicle.setSpeedMode(id, 7)
        self._doing[number] = {"response": EMERGENCY, "siren": SIREN, "lightbar": SIREN}
        for _ in range(400):
            yield
            if not self._there(id):
                break
        self._doing.pop(number, None)
        if self._there(id):
            vehicle.setSpeedFactor(id, factor)
        self._behave(id)

    def _overtaking(self, id: str, row: int, now: Snapshot) -> tuple[int, int, Act] | None:
        lane = self.street.api.vehicle.getLaneID(id)
        if not lane or lane.startswith(":"):
            return None
        at = self.map.lane_row(lane)
        one = (self.map.lanes["edge"] == self.map.lanes["edge"][at]) & (self.map.lanes["kind"] <= LaneKind.BUS)
        speed = float(now.speed_mps[row])
        slow, gap = self._leader(id, 40)
        if one.sum() != 1 or slow not in self._here or self._lane_ahead(now, row, 100) is None or speed < 5:
            return None
        if int(slow[1:]) in self._busy:
            return None
        act = self._overtake(id, slow, gap, float(self.map.lanes["width_m"][at]) + 0.2, bool(self._rng.random() < 0.6))
        return int(id[1:]), int(slow[1:]), act

    def _overtake(self, id: str, slow: str, gap_m: float, aside_m: float, lamp: bool) -> Act:
        """Go over to the oncoming lane, by the slow one ahead, and come back."""
        number, slow_mps = int(id[1:]), 4.0
        pace = float(self._rng.uniform(9, 11))
        out_s, done = 2.0, 0.0
        there_s = max((gap_m + 14.0) / (pace - slow_mps) - out_s, 0.5)
        if lamp:
            self._doing[number] = {"lights": LEFT_LAMP}
        self._hold(slow, slow_mps, ONLY_THE_ONE_AHEAD)
        self._hold(id, pace, NO_CHECKS)
        while done < 2 * out_s + there_s and self._there(id):
            share = min(done / out_s, (2 * out_s + there_s - done) / out_s, 1.0)
            slope = 6 * share * (1 - share) / out_s * (1 if done < out_s else -1) if share < 1 else 0.0
            self._aside[number] = (
                -aside_m * share * share * (3 - 2 * share), -float(np.arctan2(aside_m * slope, pace)),
            )  # fmt: skip
            yield
            done += STEP_S
        self._aside.pop(number, None)
        self._doing.pop(number, None)
        if self._there(id):  # the simulation has it behind the slow one still; put where it is, it is ahead
            vehicle = self.street.api.vehicle
            vehicle.moveTo(id, vehicle.getLaneID(id), vehicle.getLanePosition(id))
        self._behave(id)
        self._behave(slow)

    def _losing_control(self, id: str, row: int, now: Snapshot) -> tuple[int, int, Act] | None:
        if now.speed_mps[row] < 9 or self._lane_ahead(now, row, 50) is None or not self._followed(id, 70):
            return None
        return int(id[1:]), 0, self._swerve(id)

    def _swerve(self, id: str) -> Act:
        number = int(id[1:])
        speed = float(self.street.api.vehicle.getSpeed(id))
        for k in range(28):
            if not self._there(id):
                break
            t = k * STEP_S
            grows = min(t / 0.8, 1.0) * min((2.8 - t) / 0.8, 1.0)
            self._aside[number] = (0.7 * grows * float(np.sin(4.0 * t)), 0.12 * grows * float(np.cos(4.0 * t)))
            self._doing[number] = {"events": EVENT_ABS | EVENT_STABILITY, "braking": 4 | 8}
            self._hold(id, max(speed - 2.5 * t, 3.0), NO_CHECKS)
            yield
        self._aside.pop(number, None)
        for _ in range(5):
            yield
        self._doing.pop(number, None)
        self._behave(id)


def by_kind(deeds: list[Deed]) -> Mapping[str, int]:
    """Return how many deeds of each kind there were."""
    return {kind: sum(deed.kind == kind for deed in deeds) for kind in KINDS}
