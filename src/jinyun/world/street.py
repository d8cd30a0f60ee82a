"""The street itself: a SUMO simulation of the zone at 10 Hz whose population stays as the zone says, for hours.

Options that matter (measured): an action step of 0.5 s and lane changes of 3 s make motion smooth and cheap; gaps
below ``minGap`` are no collisions; a vehicle that is stuck for minutes leaves the street instead of jumping ahead.
libsumo is one simulation per process, so a process holds at most one :class:`Street`.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import sumo  # type: ignore[import-untyped]
from numpy.typing import NDArray

from jinyun import hdmap
from jinyun.hdmap import Map
from jinyun.shapes import Kind
from jinyun.world import routes
from jinyun.world.bodies import (
    BODIES,
    CARS,
    CYCLES,
    DOING,
    HAZARD_LAMPS,
    LEFT_LAMP,
    RIGHT_LAMP,
    SIGNALS,
    STEERED,
    TRUCKS,
    Body,
)  # fmt: skip
from jinyun.world.motion import MOST, STEP_S, Motion, Snapshot
from jinyun.zone import Traffic, Zone

__all__ = [
    "BODIES", "DOING", "HAZARD_LAMPS", "LEFT_LAMP", "MOST", "RIGHT_LAMP", "STEP_S", "Body", "Snapshot", "Street",
]  # fmt: skip

SETTLE_STEPS = 200
"""Steps run without the clock after everyone has been put on the street, so that it looks lived-in at once."""
STUCK_S = 180

_LAMPS = np.array([sum(lamp for bit, lamp in SIGNALS if its & bit) for its in range(8)], np.uint16)
"""The lamps of each combination of SUMO's signals."""


class Street:
    """One running simulation; :meth:`step` moves it on by 0.1 s and returns who is where."""

    def __init__(
        self, zone: Zone, map: Map, seed: int | None = None, about: list[str] | None = None, busy: float = 1.0,
        automated: bool = False,
    ) -> None:  # fmt: skip
        """``about``: edges about which alone the street is peopled, as densely as it is there otherwise, times ``busy``.

        ``automated``: the lines' automated vehicles are the caller's (:meth:`enter`); else the simulation drives all.
        """
        if zone.traffic is None:
            raise hdmap.MapError("zone.toml: traffic: the zone has no simulated street")
        self.traffic: Traffic = zone.traffic
        seed = self.traffic.seed if seed is None else seed
        self._rng = np.random.default_rng(seed)
        self._pool = routes.pool(zone, map, self.traffic.seed)
        if about is not None:
            self._pool, shares = routes.around(map, self._pool, about)
            self.traffic = _thinned(self.traffic, shares, busy)
        self._courses = routes.courses(zone, map)
        if automated:
            self._courses = [_driven_by_people(course) for course in self._courses]
        self._stop_edge = {
            str(id): str(map.edges["id"][map.lanes["edge"][lane]])
            for id, lane in zip(map.stops.get("id", ()), map.stops.get("lane", ()), strict=True)
        }
        self._lengths = {str(id): 0.0 for id in map.edges["id"]}
        for edge, length in zip(map.lanes["edge"], map.lanes["length_m"], strict=True):
            self._lengths[str(map.edges["id"][edge])] = float(length)
        self._slot_of: dict[str, int] = {}
        self._free = list(range(MOST - 1, -1, -1))
        self._made = 0
        self._waiting: dict[str, tuple[str, float]] = {}
        self._group: dict[str, str] = {}
        self._motion = Motion()
        self._known: tuple[str, ...] = ()
        self._known_slots = np.zeros(0, np.int64)
        self._sumo = self._begin(map, seed)
        self._fill()

    def _begin(self, map: Map, seed: int) -> Any:
        os.environ.setdefault("SUMO_HOME", sumo.SUMO_HOME)
        import libsumo

        with tempfile.TemporaryDirectory() as work:
            described = Path(work) / "street.add.xml"
            described.write_text(self._description(), encoding="utf-8")
            files = [str(map.net_file.with_name("stops.add.xml")), str(described)]
            libsumo.start(
                [
                    "sumo", "-n", str(map.net_file), "-a", ",".join(files), "--seed", str(seed),
                    "--step-length", str(STEP_S), "--default.action-step-length", "0.5",
                    "--lanechange.duration", "3", "--collision.mingap-factor", "0", "--collision.action", "none",
                    "--time-to-teleport", str(STUCK_S), "--time-to-teleport.remove", "true",
                    "--max-depart-delay", "8", "--no-step-log", "true", "--no-warnings", "true",
                    "--xml-validation", "never", "--duration-log.disable", "true",
                ]
            )  # fmt: skip
        return libsumo

    def _description(self) -> str:
        lines = ["<additional>"]
        for name, body in BODIES.items():
            spread = 'speedFactor="normc(1,0.1,0.75,1.2)"' if body.kind == Kind.MOTOR else ""
            gap = f'minGap="2.0" {STEERED}' if body.kind == Kind.MOTOR else ""
            lines.append(
                f'<vType id="{name}" vClass="{body.sumo_class}" length="{body.length_m}" width="{body.width_m}" '
                f'height="{body.height_m}" {gap} {spread} {body.traits}/>'
            )
        for kind, ways in self._pool.items():
            if kind != "person":
                lines += [f'<route id="{kind}.{k}" edges="{" ".join(way)}"/>' for k, way in enumerate(ways)]
        for course in self._courses:
            repeat = ' repeat="2000"' if course.loop else ""
            for k, (edges, stops) in enumerate(self._starts(course)):
                served = "".join(f'<stop busStop="{stop}" duration="{course.line.dwell_s:g}"/>' for stop in stops)
                lines.append(f'<route id="{course.line.id}.{k}" edges="{" ".join(edges)}"{repeat}>{served}</route>')
        return "\n".join([*lines, "</additional>"])

    # -- who is on the street ------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Put everybody on the street at once, in the middle of their trips, and let them settle."""
        for group, wanted in self._wanted().items():
            for _ in range(wanted):
                self._add(group, midway=True)
        for course in self._courses:
            self._send_out(course, first=True)
        for _ in range(SETTLE_STEPS):
            self._sumo.simulationStep()
        self._keep_up()

    def _wanted(self) -> dict[str, int]:
        trucks = round(self.traffic.vehicles * self.traffic.trucks)
        return {
            "car": self.traffic.vehicles - trucks, "truck": trucks, "bicycle": self.traffic.bicycles,
            "person": self.traffic.persons,
        }  # fmt: skip

    def _keep_up(self) -> None:
        """Let somebody set out for each one who has arrived; called once a second."""
        now = self._sumo.simulation.getTime()
        here = {*self._sumo.vehicle.getIDList(), *self._sumo.person.getIDList()}
        self._waiting = {id: w for id, w in self._waiting.items() if id not in here and now - w[1] < 10}
        self._group = {id: group for id, group in self._group.items() if id in here or id in self._waiting}
        count = dict.fromkeys([*self._wanted(), *(course.line.id for course in self._courses)], 0)
        for group in self._group.values():
            count[group] += 1
        for group, wanted in self._wanted().items():
            for _ in range(min(wanted - count[group], 8)):
                self._add(group)
        for course in self._courses:
            if not course.loop and count[course.line.id] < course.line.vehicles:
                self._send_out(course, first=False)

    def _add(self, group: str, midway: bool = False) -> None:
        kind = group
        if group == "car":
            kind = "through" if self._rng.random() < self.traffic.through else "local"
            if not self._pool[kind]:  # a map with ways of one kind only
                kind = "local" if kind == "through" else "through"
        ways = self._pool[kind]
        if not ways:
            return
        k = int(self._rng.integers(len(ways)))
        way, route = ways[k], f"{kind}.{k}"
        self._made += 1
        if midway and len(way) > 2:
            reach = np.cumsum([self._lengths[edge] for edge in way])
            first = int(np.searchsorted(reach, self._rng.random() * reach[-2]))
            while way[first].startswith(":"):  # a walk begins on a sidewalk
                first -= 1
            way = way[first:]
            route = f"start.{self._made}"
            if kind != "person":
                self._sumo.route.add(route, way)
        now = self._sumo.simulation.getTime()
        if kind == "person":
            id = f"p{self._made}"
            at = float(self._rng.random()) * max(self._lengths[way[0]] - 2, 1)
            self._sumo.person.add(id, way[0], at, typeID="walker")
            self._sumo.person.appendWalkingStage(id, way, float(self._rng.random()) * self._lengths[way[-1]])
        else:
            id = f"v{self._made}"
            inside = midway or kind != "through"
            self._sumo.vehicle.add(
                id, route, typeID=self._type(group), departLane="best", departSpeed="max" if not inside else "avg",
                departPos="random_free" if inside else "base", arrivalPos="max" if kind == "through" else "random",
            )  # fmt: skip
        self._group[id], self._waiting[id] = group, (group, now)

    def _type(self, group: str) -> str:
        names = {"car": CARS, "truck": TRUCKS, "bicycle": CYCLES}[group]
        shares = np.array([BODIES[name].share for name in names])
        return str(self._rng.choice(names, p=shares / shares.sum()))

    def _starts(self, course: routes.Course) -> list[tuple[list[str], list[str]]]:
        """Return the edges and stops of each of a line's vehicles, the first from the beginning, the others midway."""
        reach = np.cumsum([self._lengths[edge] for edge in course.edges])
        halts = [course.edges.index(self._stop_edge[stop]) for stop in course.stops]
        found = []
        for k in range(course.line.vehicles):
            at = int(np.searchsorted(reach, reach[-1] * k / course.line.vehicles))
            while at in halts:  # nobody can begin beyond a stop that is still to be served
                at += 1
            ahead = [stop for stop, halt in zip(course.stops, halts, strict=True) if halt > at]
            if course.loop:
                found.append((course.edges[at:] + course.edges[:at], ahead + course.stops[: len(halts) - len(ahead)]))
            else:
                found.append((course.edges[at:], ahead))
        return found

    def _send_out(self, course: routes.Course, first: bool) -> None:
        """Send a line's vehicles out: along its whole course at the beginning, later from its first node."""
        line, now = course.line, self._sumo.simulation.getTime()
        for k in range(line.vehicles if first else 1):
            self._made += 1
            id = f"v{self._made}"
            self._sumo.vehicle.add(
                id, f"{line.id}.{k}", typeID="shuttle" if line.kind == "shuttle" else "bus", departLane="best",
                departPos="random_free" if first else "base", departSpeed="avg", line=line.id,
            )  # fmt: skip
            self._group[id], self._waiting[id] = line.id, (line.id, now)

    # -- moving on -----------------------------------------------------------------------------------------------

    def step(self) -> Snapshot:
        """Move on by 0.1 s and return the street as it is then."""
        api = self._sumo
        api.simulationStep()
        time_s = api.simulation.getTime()
        if round(time_s / STEP_S) % 10 == 0:
            self._keep_up()
        ids, walkers = api.vehicle.getIDList(), api.person.getIDList()
        raw = api.libsumo._libsumo  # the same functions without a layer of Python that costs as much as they do
        place, angle, speed = raw.vehicle_getPosition, raw.vehicle_getAngle, raw.vehicle_getSpeed
        rows = [(*place(id), angle(id), speed(id)) for id in ids]
        place, angle, speed = raw.person_getPosition, raw.person_getAngle, raw.person_getSpeed
        rows += [(*place(id), angle(id), speed(id)) for id in walkers]
        slots, n = self._slots(ids, walkers), len(ids)
        table = np.array(rows, dtype=np.float64).reshape(-1, 4)
        doing = np.zeros(len(rows), DOING)
        signals = raw.vehicle_getSignals
        doing["lights"][:n] = _LAMPS[np.fromiter((signals(id) for id in ids), np.int64, n) & (len(_LAMPS) - 1)]
        keep = np.abs(table[:, :2]).max(axis=1) < 1e8 if len(table) else np.zeros(0, bool)
        if not keep.all():  # who is on its way to another place is nowhere
            table, slots, n, doing = table[keep], slots[keep], int(keep[:n].sum()), doing[keep]
        return self._motion.snapshot(time_s, table, slots, n, doing)

    def _slots(self, ids: tuple[str, ...], walkers: tuple[str, ...]) -> NDArray[np.int64]:
        everybody = (*ids, *walkers)
        if everybody == self._known:
            return self._known_slots
        slot_of, here = self._slot_of, set(everybody)
        for id in [id for id in slot_of if id not in here]:
            self._free.append(slot_of.pop(id))
        for k, id in enumerate(everybody):
            if id not in slot_of:
                slot = slot_of[id] = self._free.pop()
                kinds = self._sumo.vehicle if k < len(ids) else self._sumo.person
                name = kinds.getTypeID(id).partition("@")[0]  # SUMO gives who is directed a type of its own
                self._motion.begin(slot, int(id[1:]), BODIES[name])
        self._known = everybody
        self._known_slots = np.fromiter((slot_of[id] for id in everybody), np.int64, len(everybody))
        return self._known_slots

    def enter(self, edges: list[str], lane: int, at_m: float, type_id: str = "shuttle", line: str = "") -> str:
        """Put a vehicle of a type on the first of ``edges`` (its front at ``at_m`` of a lane) as soon as there is room.

        Return its id: it is the caller's from then on (:mod:`jinyun.world.shuttle` moves it itself).
        """
        self._made += 1
        id, route = f"v{self._made}", f"own.{self._made}"
        self._sumo.route.add(route, edges)
        self._sumo.vehicle.add(
            id, route, typeID=type_id, departLane=str(lane), departPos=str(at_m), departSpeed="0", line=line
        )
        return id

    @property
    def api(self) -> Any:
        """The running simulation, for who directs it (:mod:`jinyun.world.staging`)."""
        return self._sumo

    def admit(self) -> tuple[int, int]:
        """Return (slot, number) for somebody whom the simulation does not know; :meth:`dismiss` gives the slot back."""
        self._made += 1
        return self._free.pop(), self._made

    def dismiss(self, slot: int) -> None:
        """Take back the slot of somebody who was admitted."""
        self._free.append(slot)

    def put(self, edges: list[str], lane: int, at_m: float, speed_mps: float, body: str) -> int:
        """Put a vehicle on the lane of that index of the first edge, its front ``at_m`` along it; return its number.

        It is there at once, whether there is room for it or not.
        """
        self._made += 1
        vehicle, id = self._sumo.vehicle, f"v{self._made}"
        self._sumo.route.add(f"guest.{self._made}", edges)
        vehicle.add(id, f"guest.{self._made}", typeID=body, departSpeed=f"{speed_mps:.2f}", arrivalPos="max")
        vehicle.moveTo(id, f"{edges[0]}_{lane}", at_m)
        vehicle.setPreviousSpeed(id, speed_mps)
        return self._made

    def withdraw(self, id: str) -> None:
        """Take somebody off the street."""
        if id in self._sumo.vehicle.getIDList():
            self._sumo.vehicle.remove(id)

    def signal_steps(self, lights: list[str]) -> tuple[list[int], list[float]]:
        """Return for each traffic light the step its program is in, and the seconds until the next step."""
        api, now = self._sumo.trafficlight, self._sumo.simulation.getTime()
        return [api.getPhase(light) for light in lights], [api.getNextSwitch(light) - now for light in lights]

    def signal_state(self, light: str) -> str:
        """Return a traffic light's state in SUMO's letters."""
        return str(self._sumo.trafficlight.getRedYellowGreenState(light))

    def close(self) -> None:
        """End the simulation."""
        self._sumo.close()


def _driven_by_people(course: routes.Course) -> routes.Course:
    """Return the course with as many vehicles as the simulation drives; automated ones enter by :meth:`Street.enter`."""
    left = course.line.vehicles - min(course.line.automated, course.line.vehicles)
    return replace(course, line=course.line.model_copy(update={"vehicles": left}))


def _thinned(traffic: Traffic, shares: dict[str, float], busy: float) -> Traffic:
    """Return the traffic of which only those shares of the ways are left, ``busy`` times as dense."""
    through, trucks = traffic.through, traffic.trucks
    cars = (1 - trucks) * (through * shares["through"] + (1 - through) * shares["local"])
    heavy = trucks * shares["truck"]
    return traffic.model_copy(
        update={
            "vehicles": round(traffic.vehicles * (cars + heavy) * busy),
            "trucks": heavy / max(cars + heavy, 1e-9),
            "through": through * shares["through"] / max(cars / max(1 - trucks, 1e-9), 1e-9),
            "bicycles": round(traffic.bicycles * shares["bicycle"] * busy),
            "persons": round(traffic.persons * shares["person"] * busy),
        }
    )
