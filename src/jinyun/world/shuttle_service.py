"""The automated shuttles of a running zone: driven in the street, run on their lines, and shown in their cabins.

Each sends its scene (:mod:`jinyun.vehicle.shuttle.scene`) ten times a second on its own topic. The safety driver on board is
simulated as well: asked to take over, they do so after a moment, drive with the same planner but less patience, and give
the wheel back.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map
from jinyun.hdmap.courses import Course, courses
from jinyun.net import topics
from jinyun.state import write_json
from jinyun.vehicle.fleet.boarding import Waiting
from jinyun.vehicle.fleet.dispatch import Yard
from jinyun.vehicle.fleet.timetable import timetable
from jinyun.vehicle.fleet.trips import Conductor, Limits
from jinyun.vehicle.shuttle.guideline import Guideline, guideline
from jinyun.vehicle.shuttle.recorder import Recorder
from jinyun.vehicle.shuttle.scene import scene
from jinyun.vehicle.shuttle.vss import signals
from jinyun.vehicle.shuttle.warming import warm
from jinyun.world.batteries import BatteryReports
from jinyun.world.clock import Clock
from jinyun.world.items import TestItems
from jinyun.world.sending import Broker, Message
from jinyun.world.shuttle import Placed, Shuttles
from jinyun.world.shuttle_hearing import Announcements
from jinyun.world.street import STEP_S, Snapshot, Street
from jinyun.zone import Zone

SENDER = "shuttles"
PER_HOUR = 14.0
"""People who come to each stop of an automated line in an hour (simulated)."""
TELL_S = 5.0


class Service:
    """All automated shuttles of a zone; :meth:`step` before each step of the street."""

    def __init__(
        self, zone: Zone, map: Map, street: Street, seed: int, state_dir: Path, broker: Broker | None = None
    ) -> None:
        """``broker`` is where roadside units hear what they are to announce; without it they announce nothing."""
        self._zone, self._map, self._street, self._seed, self._state_dir = zone, map, street, seed, state_dir
        self._shuttles = Shuttles(zone, map, street, seed)
        self._items = TestItems(zone, SENDER)
        self._conductors: dict[str, Conductor] = {}
        self._recorders: dict[str, Recorder] = {}
        self._topics: dict[str, str] = {}
        self._lines = {line.id: line for line in zone.lines}
        self._line_of: dict[str, str] = {}
        self._stops = {stop.id: stop.name for stop in zone.stops}
        self._told_s = self._asked_s = -1e9
        self._seen_takeovers: dict[str, int] = {}
        self._yards: dict[str, Yard | None] = {}
        self._lines_of_course: dict[str, tuple[Course, Guideline]] = {}
        self._reports = BatteryReports(zone, SENDER)
        self._courses = [its for its in courses(zone, map) if its.line.kind == "shuttle" and its.line.automated]
        self._announced = Announcements(zone.id, broker) if broker is not None and self._courses else None
        self._warming: subprocess.Popen[bytes] | None = None
        if self._courses:  # beside the street, which does not wait for a compiler
            argv = [sys.executable, "-m", "jinyun.vehicle.shuttle.warming", "--zone", str(zone.folder)]
            self._warming = subprocess.Popen(argv, stdin=subprocess.PIPE)

    def _enter(self, now_s: float) -> None:
        """Put the automated vehicles on the street, spread over their line's stops."""
        for course in self._courses:
            many = min(course.line.automated, course.line.vehicles)
            line = guideline(self._zone, self._map, course.line)
            if not self._conductors:
                warm(self._map, line, self._zone.project)
            waiting = Waiting([PER_HOUR] * len(line.halts), np.random.default_rng([self._seed, 41]))
            left_s: dict[int, float] = {}
            yard = self._yards[course.line.id] = _yard(self._zone)
            self._lines_of_course[course.line.id] = course, line
            plan = timetable(line, course.line.vehicles, course.line.dwell_s, now_s)
            for k in range(many):
                name = f"{course.line.id}-{k + 1}"
                halt = line.halts[(k * len(line.halts)) // many]
                placed = self._shuttles.add(course, line, halt.s_m, name)
                self._conductors[name] = Conductor(
                    name,
                    placed.shuttle,
                    plan,
                    waiting,
                    course.line.dwell_s,
                    left_s,
                    Limits.of(self._zone.profile),
                    yard,
                )
                self._recorders[name] = Recorder(name, self._state_dir / "shuttles" / name)
                self._topics[name] = topics.cabin_topic(self._zone.id, name)
                self._line_of[name] = course.line.id

    def _is_warm(self, now_s: float) -> bool:
        """Return whether shuttles drive; asked once a second whether they can, and then they enter."""
        if self._conductors:
            return True
        if self._warming is None or now_s - self._asked_s < 1.0:
            return False
        self._asked_s = now_s
        if self._warming.poll() is None:
            return False
        self._end_warming()
        self._enter(now_s)
        return True

    def _end_warming(self) -> None:
        if self._warming is not None:
            self._warming.kill()
            self._warming.wait()
            if self._warming.stdin:
                self._warming.stdin.close()
            self._warming = None

    def __len__(self) -> int:
        return len(self._conductors)

    def step(
        self, now: Snapshot, clock: Clock, messages: list[Message], lights: tuple[NDArray[Any], ...]
    ) -> list[Message]:
        """Drive every shuttle for one step and return the scenes to be sent."""
        if not self._is_warm(now.time_s):
            return []
        due_s = clock.due_s(now.time_s)
        if self._announced is not None:
            messages = [*messages, *self._announced.messages(due_s)]
        self._shuttles.step(now, clock.utc_us(now.time_s), messages, lights, due_s)
        out = []
        for placed in tuple(self._shuttles.all):
            if placed.pose is None:
                continue
            name, conductor = placed.name, self._conductors[placed.name]
            conductor.tick(now.time_s, placed.pose, STEP_S)
            if conductor.charges:
                self._shuttles.retire(name)
                continue
            self._keep(placed, conductor, now.time_s, clock.utc_us(now.time_s))
            if placed.believed is not None:
                told = self._told(name, conductor, placed)
                payload = scene(placed.shuttle, placed.believed, clock.utc_us(now.time_s), now.time_s, told)
                out.append(Message(clock.due_s(now.time_s), SENDER, "scene", self._topics[name], payload))
        out += self._items.messages(self._shuttles.all, now.time_s, clock.utc_us(now.time_s), clock.due_s(now.time_s))
        out += self._reports.messages(
            self._shuttles.all, self._conductors, now.time_s, clock.utc_us(now.time_s), clock.due_s(now.time_s)
        )
        self._charge(now.time_s)
        if now.time_s - self._told_s > TELL_S:
            self._told_s = now.time_s
            self._tell()
        return out

    def _charge(self, now_s: float) -> None:
        """Charge who charges, and bring back to its line's first stop who is to leave."""
        for id, yard in self._yards.items():
            its = [one for name, one in self._conductors.items() if self._line_of[name] == id]
            if yard is None or not any(one.charges for one in its):
                continue
            leaves = yard.tick(max(one.round_kwh for one in its), now_s, STEP_S)
            if leaves is not None:
                course, line = self._lines_of_course[id]
                placed = self._shuttles.add(course, line, line.halts[self._conductors[leaves].first].s_m, leaves)
                self._conductors[leaves].resume(placed.shuttle)
                self._seen_takeovers[leaves] = 0

    def close(self) -> None:
        """Write what recorders have to write, and end what still compiles."""
        self._end_warming()
        if self._announced is not None:
            self._announced.close()
        for recorder in self._recorders.values():
            recorder.close()

    def _told(self, name: str, conductor: Conductor, placed: Placed) -> dict[str, Any]:
        line = self._lines[self._line_of[name]]
        stops = [halt.id for halt in placed.shuttle.line.halts]
        following = [stops[(placed.shuttle.halt + k) % len(stops)] for k in range(3)]
        return {
            "id": name, "zone": self._zone.id, "line": {"id": line.id, "zh": line.zh, "en": line.en, "colour": line.colour},
            "stops": [{"id": id, "zh": self._stops[id].zh, "en": self._stops[id].en} for id in following],
            "passengers": len(conductor.cabin.aboard), "seats": conductor.cabin.seats,
            "charge": round(conductor.battery.share, 3),
        }  # fmt: skip

    def _keep(self, placed: Placed, conductor: Conductor, now_s: float, t_us: int) -> None:
        shuttle, recorder = placed.shuttle, self._recorders[placed.name]
        assert placed.pose is not None
        asks = shuttle.modes.open[1] if shuttle.modes.open else ""
        said = signals(placed.name, shuttle, placed.pose, self._zone.project, conductor.battery.share)
        recorder.note(now_s, t_us, said, len(shuttle.objects), fault=asks)
        many = len(shuttle.modes.takeovers)
        if many > self._seen_takeovers.get(placed.name, 0):
            recorder.event(now_s, f"takeover: {shuttle.modes.takeovers[-1].reason}")
            self._seen_takeovers[placed.name] = many
        if shuttle.state.value == "emergency":
            recorder.event(now_s, "emergency braking")

    def _tell(self) -> None:
        reports = {
            name: {
                "line": self._line_of[name], "charge": round(its.battery.share, 3),
                "passengers": len(its.cabin.aboard), "seats": its.cabin.seats,
                "charges": its.charges, "now": None if its.trip is None else its.trip.report(),
                "trips": [trip.report() for trip in its.trips],
            }
            for name, its in self._conductors.items()
        }  # fmt: skip
        write_json(
            self._state_dir / "fleet.json", {"t_us": time.time_ns() // 1000, "simulated": True, "vehicles": reports}
        )


def _yard(zone: Zone) -> Yard | None:
    """Return the charging place of the zone's shuttles, None where it names none: there batteries last."""
    place = next((one for one in zone.chargers if zone.depot is not None and one.id == zone.depot.place), None)
    return None if place is None else Yard(place.piles, place.power_kw)
