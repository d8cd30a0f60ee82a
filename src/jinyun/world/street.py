"""The street itself: a SUMO simulation of the zone at 10 Hz whose population stays as the zone says, for hours.

Options that matter (measured): an action step of 0.5 s and lane changes of 3 s make motion smooth and cheap; gaps
below ``minGap`` are no collisions; a vehicle that is stuck for minutes leaves the street instead of jumping ahead.
libsumo is one simulation per process, so a process holds at most one :class:`Street`.
"""

from __future__ import annotations

import math
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import sumo  # type: ignore[import-untyped]
from numpy.typing import NDArray

from jinyun import hdmap
from jinyun.hdmap import Map
from jinyun.shapes import Kind
from jinyun.world import routes
from jinyun.zone import Traffic, Zone

STEP_S = 0.1
SETTLE_STEPS = 200
"""Steps run without the clock after everyone has been put on the street, so that it looks lived-in at once."""
STUCK_S = 180
MOST = 8192
LEAP_M = {Kind.MOTOR: 0.45, Kind.NON_MOTOR: 0.3, Kind.PEDESTRIAN: 0.12}
"""A step beyond what speed and heading explain by more than this is a leap of the model, not of the participant."""
CATCH_UP_MPS = {Kind.MOTOR: 1.5, Kind.NON_MOTOR: 1.2, Kind.PEDESTRIAN: 0.8}
"""How fast a participant is led back to the model's place after a leap."""
LEAP_MOST_M = 15.0
LEAST_BEND_M, LEAST_TURN_RAD = 4.5, 0.002
"""A motor vehicle drives no narrower bend, and turns by no more in a step where it stands."""
SMOOTH = 0.25
"""Share of each step's newly computed acceleration and yaw rate in the smoothed one (low pass of about 0.35 s)."""


@dataclass(frozen=True)
class Body:
    """A type of participant: its class in SUMO and in T/CSAE 53, and its size."""

    sumo_class: str
    kind: Kind
    classification: int
    length_m: float
    width_m: float
    height_m: float
    share: float
    traits: str


STEERED = 'lcMaxSpeedLatStanding="0" lcMaxSpeedLatFactor="0.15"'
"""Nobody slides aside: across the lane a car moves by its wheels, at most so much of its speed (8.5 degrees)."""
BODIES = {
    "sedan": Body("passenger", Kind.MOTOR, 10, 4.75, 1.83, 1.46, 0.46, 'accel="2.4" decel="2.8" tau="1.3" sigma="0.3"'),
    "suv": Body("passenger", Kind.MOTOR, 10, 4.72, 1.90, 1.70, 0.32, 'accel="2.3" decel="2.8" tau="1.3" sigma="0.3"'),
    "hatchback": Body(
        "passenger", Kind.MOTOR, 10, 4.05, 1.74, 1.52, 0.14, 'accel="2.3" decel="2.8" tau="1.3" sigma="0.3"'
    ),
    "van": Body("delivery", Kind.MOTOR, 20, 5.35, 1.99, 2.30, 0.08, 'accel="2.0" decel="2.7" tau="1.3" sigma="0.3"'),
    "lorry": Body(
        "truck", Kind.MOTOR, 27, 8.20, 2.45, 3.45, 0.7, 'accel="1.2" decel="2.4" tau="1.5" sigma="0.3" maxSpeed="22"'
    ),
    "heavy": Body(
        "truck", Kind.MOTOR, 28, 11.8, 2.50, 3.80, 0.3, 'accel="1.0" decel="2.2" tau="1.6" sigma="0.3" maxSpeed="21"'
    ),
    "bus": Body(
        "bus", Kind.MOTOR, 54, 12.0, 2.55, 3.20, 0, 'accel="1.1" decel="2.2" tau="1.5" sigma="0.3" maxSpeed="17"'
    ),
    "shuttle": Body(
        "bus", Kind.MOTOR, 50, 5.90, 2.06, 2.65, 0, 'accel="1.1" decel="2.2" tau="1.5" sigma="0" maxSpeed="11.2"'
    ),
    "bicycle": Body("bicycle", Kind.NON_MOTOR, 85, 1.75, 0.62, 1.65, 0.5, 'maxSpeed="4.6" sigma="0.6"'),
    "ebike": Body("bicycle", Kind.NON_MOTOR, 85, 1.80, 0.70, 1.65, 0.5, 'maxSpeed="6.9" accel="1.4" sigma="0.5"'),
    "walker": Body("pedestrian", Kind.PEDESTRIAN, 82, 0.5, 0.55, 1.70, 1, ""),
}
"""Sizes are typical ones of the Chinese market; classification codes are T/CSAE 53 BasicVehicleClass."""
_CARS = ("sedan", "suv", "hatchback", "van")
_TRUCKS = ("lorry", "heavy")
_CYCLES = ("bicycle", "ebike")


DOING = np.dtype(
    [
        ("lights", np.uint16),  # ExteriorLights, bit 0 of the standard is 1 << 8
        ("events", np.uint16),  # VehicleEventFlags, bit 0 of the standard is 1 << 12
        ("braking", np.uint8),  # bits: 2 traction control at work, 4 anti-lock brakes, 8 stability control
        ("response", np.uint8),  # ResponseType, 0 not in use
        ("siren", np.uint8),  # SirenInUse, 2 in use
        ("lightbar", np.uint8),  # LightbarInUse, 2 in use
    ]
)
"""What a vehicle does beside moving, as its own unit would say it (T/CSAE 53 BSM)."""
LEFT_LAMP, RIGHT_LAMP, HAZARD_LAMPS = 1 << 6, 1 << 5, 1 << 4
_SIGNALS = ((2, LEFT_LAMP), (1, RIGHT_LAMP), (4, HAZARD_LAMPS))
"""Bits of SUMO's vehicle signals and the lamps they are."""


@dataclass(frozen=True)
class Snapshot:
    """Everybody on the street at one instant; columns of equal length, places are the middle of the body."""

    time_s: float
    slot: NDArray[np.int64]  # stays with a participant while it is on the street
    number: NDArray[np.uint32]  # never used twice
    kind: NDArray[np.uint8]
    classification: NDArray[np.uint8]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    heading_rad: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    accel_mps2: NDArray[np.float64]
    yaw_rate_rps: NDArray[np.float64]
    length_m: NDArray[np.float64]
    width_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    vehicles: int
    persons: int
    doing: NDArray[np.void]  # DOING


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
        self._columns: dict[str, NDArray[Any]] = {
            key: np.zeros(MOST, kind)
            for key, kind in (
                ("number", np.uint32), ("kind", np.uint8), ("classification", np.uint8), ("length_m", np.float64),
                ("width_m", np.float64), ("height_m", np.float64), ("speed", np.float64), ("heading", np.float64),
                ("accel", np.float64), ("yaw", np.float64), ("fresh", np.bool_), ("x", np.float64), ("y", np.float64),
                ("off_x", np.float64), ("off_y", np.float64), ("leap", np.float64), ("catch_up", np.float64),
            )
        }  # fmt: skip
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
        names = {"car": _CARS, "truck": _TRUCKS, "bicycle": _CYCLES}[group]
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
        vehicle, person = api.vehicle, api.person
        ids = vehicle.getIDList()
        walkers = person.getIDList()
        rows = [(*vehicle.getPosition(id), vehicle.getAngle(id), vehicle.getSpeed(id)) for id in ids]
        rows += [(*person.getPosition(id), person.getAngle(id), person.getSpeed(id)) for id in walkers]
        slots = self._slots(ids, walkers)
        table = np.array(rows, dtype=np.float64).reshape(-1, 4)
        keep = np.abs(table[:, :2]).max(axis=1) < 1e8 if len(table) else np.zeros(0, bool)
        doing = np.zeros(len(rows), DOING)
        signals = np.fromiter((vehicle.getSignals(id) for id in ids), np.int64, len(ids))
        for bit, lamp in _SIGNALS:
            doing["lights"][: len(ids)] |= np.where(signals & bit, lamp, 0).astype(np.uint16)
        return self._snapshot(time_s, table[keep], slots[keep], int(keep[: len(ids)].sum()), doing[keep])

    def _slots(self, ids: tuple[str, ...], walkers: tuple[str, ...]) -> NDArray[np.int64]:
        slot_of, columns = self._slot_of, self._columns
        everybody = (*ids, *walkers)
        if len(slot_of) > len(everybody) or any(id not in slot_of for id in everybody):
            gone = slot_of.keys() - set(everybody)
            for id in gone:
                self._free.append(slot_of.pop(id))
            for id in everybody:
                if id in slot_of:
                    continue
                slot = slot_of[id] = self._free.pop()
                name = self._sumo.vehicle.getTypeID(id) if id in ids else self._sumo.person.getTypeID(id)
                body = BODIES[name.partition("@")[0]]  # SUMO gives who is directed a type of its own
                grown = 1 + 0.04 * math.sin(int(id[1:]) * 2.399)  # no two cars are quite the same size
                columns["number"][slot] = int(id[1:])
                columns["kind"][slot] = body.kind
                columns["classification"][slot] = body.classification
                columns["length_m"][slot] = body.length_m
                columns["width_m"][slot] = body.width_m
                columns["height_m"][slot] = body.height_m * grown
                columns["leap"][slot], columns["catch_up"][slot] = LEAP_M[body.kind], CATCH_UP_MPS[body.kind]
                columns["fresh"][slot] = True
        return np.fromiter((slot_of[id] for id in everybody), np.int64, len(everybody))

    def _snapshot(
        self, time_s: float, table: NDArray[np.float64], slot: NDArray[np.int64], n: int, doing: NDArray[np.void]
    ) -> Snapshot:
        c = self._columns
        heading, speed = np.radians(table[:, 2]), table[:, 3]
        fresh = c["fresh"][slot]
        turned = (heading - c["heading"][slot] + np.pi) % (2 * np.pi) - np.pi
        # nobody turns where it stands, as the model's cars do that stop between two lanes
        most = np.where(fresh | (c["kind"][slot] != Kind.MOTOR), np.pi, speed * STEP_S / LEAST_BEND_M + LEAST_TURN_RAD)
        turned = np.clip(turned, -most, most)
        heading = np.where(fresh, heading, (c["heading"][slot] + turned) % (2 * np.pi))
        yaw, accel = turned / STEP_S, (speed - c["speed"][slot]) / STEP_S
        c["yaw"][slot] = np.where(fresh, 0.0, c["yaw"][slot] + SMOOTH * (yaw - c["yaw"][slot]))
        c["accel"][slot] = np.where(fresh, 0.0, c["accel"][slot] + SMOOTH * (accel - c["accel"][slot]))
        x, y = self._steadied(table, slot, heading, speed, fresh)
        c["heading"][slot], c["speed"][slot], c["fresh"][slot] = heading, speed, False
        length = c["length_m"][slot]
        back = np.where(np.arange(len(slot)) < n, length / 2, 0.0)
        return Snapshot(
            time_s=time_s, slot=slot, number=c["number"][slot], kind=c["kind"][slot],
            classification=c["classification"][slot], x_m=x - back * np.sin(heading),
            y_m=y - back * np.cos(heading), heading_rad=heading, speed_mps=speed,
            accel_mps2=c["accel"][slot], yaw_rate_rps=c["yaw"][slot], length_m=length, width_m=c["width_m"][slot],
            height_m=c["height_m"][slot], vehicles=n, persons=len(slot) - n,
            doing=doing,
        )  # fmt: skip

    def _steadied(
        self,
        table: NDArray[np.float64],
        slot: NDArray[np.int64],
        heading: NDArray[np.float64],
        speed: NDArray[np.float64],
        fresh: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the places without the model's leaps: a leap is taken back and then made up for at walking pace.

        SUMO moves a walker at the corner of a walking area, and now and then a car that ends a lane change, by metres
        in one step. No body does that, and no tracker should have to believe it.
        """
        c = self._columns
        x, y = table[:, 0], table[:, 1]
        middle = heading - ((heading - c["heading"][slot] + np.pi) % (2 * np.pi) - np.pi) / 2
        reach = (speed + c["speed"][slot]) / 2 * STEP_S
        leap_x, leap_y = x - c["x"][slot] - reach * np.sin(middle), y - c["y"][slot] - reach * np.cos(middle)
        leapt = ~fresh & (np.hypot(leap_x, leap_y) > c["leap"][slot])
        off_x = np.where(fresh, 0.0, c["off_x"][slot]) - np.where(leapt, leap_x, 0.0)
        off_y = np.where(fresh, 0.0, c["off_y"][slot]) - np.where(leapt, leap_y, 0.0)
        away = np.hypot(off_x, off_y)
        left = np.maximum(away - c["catch_up"][slot] * STEP_S, 0.0) / np.maximum(away, 1e-9)
        left[away > LEAP_MOST_M] = 0.0
        c["off_x"][slot], c["off_y"][slot] = off_x * left, off_y * left
        c["x"][slot], c["y"][slot] = x, y
        return x + c["off_x"][slot], y + c["off_y"][slot]

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
