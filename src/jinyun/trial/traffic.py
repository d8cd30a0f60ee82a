"""The SUMO executor: a scenario played among SUMO's own traffic.

The scenario's road becomes a SUMO net (through the map's writer); its participants move as the storyboard says and stand in the
simulation where they are (``moveToXY`` at every step), so that traffic reacts to them; traffic drives by SUMO's own models
and is there for the storyboard too: conditions, contacts and drivers see it. What is recorded of the scenario's
participants is where the simulation has them. Both executors play the same storyboard: a scripted scenario has the same
tracks in both.

libsumo is one simulation a process: two such plays at once need two processes. People and objects stand in the simulation
as small vehicles. Signals of the scenario do not govern the traffic.
"""

from __future__ import annotations

import math
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import hdmap
from jinyun.hdmap.fault import MapError
from jinyun.trial.fault import TrialError
from jinyun.trial.road.network import Network
from jinyun.trial.scenario.model import Entity, Scenario
from jinyun.trial.storyboard.actor import Actor
from jinyun.trial.storyboard.play import LONGEST_S, ROW, STEP_S, Drive, Played, play
from jinyun.trial.storyboard.stage import Stage

PREFIX = "Traffic"
MOST = 500
"""Vehicles of traffic at most."""
CAR = Entity("", "vehicle", "car", 4.5, 1.8, 1.5)
EXACTLY_M = 100.0
"""A participant is matched to a lane within so much; where there is none it stands free in the plane."""
ONWARD = 8
"""Edges of a route beyond the one it begins on: who ends within the next junction is not reckoned with there."""
Each = Callable[[Stage], bool]


@dataclass(frozen=True)
class Among:
    """A scenario as it was played among traffic."""

    played: Played
    """Rows of the scenario's participants are those of the simulation."""
    apart_m: float
    """How far a participant's place in the simulation was from where the storyboard put it, at most."""
    on_lane: float
    """Share of the participants' rows that SUMO had on a lane of its own."""
    entered: int
    """Vehicles of traffic that came onto the road."""


def play_among(
    scenario: Scenario, folder: Path, network: Network, *, traffic: int = 0, seed: int = 1, dt: float = STEP_S,
    most_s: float = LONGEST_S, driven: str | None = None, drive: Drive | None = None, each: Each | None = None,
) -> Among:  # fmt: skip
    """Play a scenario among ``traffic`` vehicles of SUMO's; the same arguments give the same play.

    Raises :class:`TrialError` where the road cannot be made a net.
    """
    if not 0 <= traffic <= MOST:
        raise TrialError(f"traffic is {traffic}; from 0 to {MOST}")
    pool = [replace(CAR, name=f"{PREFIX} {k + 1}") for k in range(traffic)]
    known = {entity.name for entity in scenario.entities}
    if known & {entity.name for entity in pool}:
        raise TrialError(f"{scenario.source}: an entity is named as traffic is")
    whole = replace(scenario, entities=(*scenario.entities, *pool))
    with _begun(folder / scenario.road_file, dt, seed) as api:
        among = _Street(api, scenario.entities, [entity.name for entity in pool], dt, seed)

        def step(stage: Stage) -> bool:
            among.step(stage)
            return each is not None and each(stage)

        played = play(whole, network, dt=dt, most_s=most_s, driven=driven, drive=drive, each=step)
        return among.told(played)


@contextmanager
def _begun(road: Path, dt: float, seed: int) -> Iterator[Any]:
    """Begin SUMO on a road and end it."""
    import sumo  # type: ignore[import-untyped]

    os.environ.setdefault("SUMO_HOME", sumo.SUMO_HOME)
    import libsumo

    with tempfile.TemporaryDirectory() as work:
        net = Path(work) / "road.net.xml"
        try:
            hdmap.write(hdmap.read(road), net)
        except MapError as error:
            raise TrialError(f"{road.name}: cannot be made a SUMO net: {error}") from None
        libsumo.start([
            "sumo", "-n", str(net), "--seed", str(seed), "--step-length", f"{dt:g}", "--lanechange.duration", "3",
            "--collision.mingap-factor", "0", "--collision.action", "none", "--time-to-teleport", "-1",
            "--no-step-log", "true", "--no-warnings", "true", "--xml-validation", "never", "--duration-log.disable", "true",
        ])  # fmt: skip
    try:
        yield libsumo
    finally:
        libsumo.close()


class _Street:
    """The simulation while a scenario plays in it."""

    def __init__(self, api: Any, own: tuple[Entity, ...], pool: list[str], dt: float, seed: int) -> None:
        self.api, self.own, self.dt, self.random = api, own, dt, random.Random(seed)
        self.free, self.known, self.entered = list(pool), dict[str, str](), 0
        self.rows: list[tuple[float, int, float, float, float, float]] = []
        self.apart_m, self.lanes = 0.0, 0
        self.placed: set[str] = set()
        api.vehicletype.copy("DEFAULT_VEHTYPE", "scripted")
        api.vehicletype.setVehicleClass("scripted", "ignoring")
        self.edges = [id for id in api.edge.getIDList() if not id.startswith(":")]
        cars = [
            id
            for id in self.edges
            if any("passenger" in _allowed(api, f"{id}_{k}") for k in range(api.edge.getLaneNumber(id)))
        ]
        self.ways = [self._way(id) for id in cars]
        if not self.ways:
            raise TrialError("the road has no lane for cars in SUMO")
        for k, way in enumerate(self.ways):
            api.route.add(f"way {k}", way)

    def _way(self, edge: str) -> list[str]:
        """Return an edge and those that lead straight on from it."""
        way = [edge]
        while len(way) < ONWARD:
            onward = {
                link[0].rpartition("_")[0]
                for k in range(self.api.edge.getLaneNumber(way[-1]))
                for link in self.api.lane.getLinks(f"{way[-1]}_{k}")
            } - set(way)  # fmt: skip
            if not onward:
                break
            way.append(min(onward))
        return way

    def step(self, stage: Stage) -> None:
        """Put everybody where the storyboard has them, let the simulation go on, and take the traffic from it."""
        api, there = self.api, []
        for number, entity in enumerate(self.own):
            actor = stage.actors[entity.name]
            if actor.present and actor.placed:
                there.append((number, actor))
                self._put(actor)
            elif entity.name in self.placed:
                api.vehicle.remove(entity.name)
                self.placed.discard(entity.name)
        first = not self.known and stage.step == 0
        api.simulationStep()
        for number, actor in there:
            self._read(stage.t_s, number, actor)
        if first:
            for name in list(self.free):
                self._enter(name, stage)
            api.simulationStep()  # they are put on the road: the scenario's own stay where they are
            for _, actor in there:
                self._put(actor)
        self._take(stage)

    def _put(self, actor: Actor) -> None:
        api, name = self.api, actor.name
        entity = actor.entity
        if name not in self.placed:
            api.vehicle.add(name, f"way {self._nearest(actor)}", "scripted", departPos="0", departSpeed="0")
            api.vehicle.setLength(name, entity.length_m)
            api.vehicle.setWidth(name, entity.width_m)
            api.vehicle.setSpeedMode(name, 0)
            api.vehicle.setLaneChangeMode(name, 0)
            self.placed.add(name)
        x, y = actor.centre
        front = entity.length_m / 2
        x, y = x + front * math.cos(actor.h_rad), y + front * math.sin(actor.h_rad)
        api.vehicle.moveToXY(name, "", -1, x, y, math.degrees(math.pi / 2 - actor.h_rad) % 360, 2, EXACTLY_M)

    def _nearest(self, actor: Actor) -> int:
        edge = self.api.simulation.convertRoad(actor.x_m, actor.y_m)[0]
        return next((k for k, way in enumerate(self.ways) if way[0] == edge), 0)

    def _read(self, t_s: float, number: int, actor: Actor) -> None:
        """Note where the simulation has a participant."""
        api, name, entity = self.api, actor.name, actor.entity
        if name not in api.vehicle.getIDList():
            raise TrialError(f"{name}: the simulation no longer knows it at {t_s:.2f} s")
        x, y = api.vehicle.getPosition(name)
        h = math.radians(90.0 - api.vehicle.getAngle(name))
        back = entity.length_m / 2 + entity.centre_x_m  # from the front to the reference point
        x, y = x - back * math.cos(h), y - back * math.sin(h)
        self.apart_m = max(self.apart_m, math.hypot(x - actor.x_m, y - actor.y_m))
        self.lanes += bool(api.vehicle.getLaneID(name))
        self.rows.append((round(t_s, 6), number, x, y, math.remainder(h, 2 * math.pi), api.vehicle.getSpeed(name)))

    def _enter(self, name: str, stage: Stage) -> None:
        """Let a vehicle of traffic come onto the road where there is room."""
        k = self.random.randrange(len(self.ways))
        id = f"t{self.entered}"
        self.api.vehicle.add(id, f"way {k}", departPos="random_free", departLane="random", departSpeed="desired")
        self.api.vehicle.setLength(id, CAR.length_m)
        self.api.vehicle.setWidth(id, CAR.width_m)
        self.known[id] = name
        self.free.remove(name)
        self.entered += 1
        stage.actors[name].driven = True  # by the simulation

    def _take(self, stage: Stage) -> None:
        """Put the traffic of the simulation on the stage."""
        api = self.api
        here = set(api.vehicle.getIDList())
        for id, name in list(self.known.items()):
            actor = stage.actors[name]
            if id not in here:
                if actor.placed:
                    actor.present, actor.placed = False, False
                    del self.known[id]
                    self.free.append(name)
                continue
            x, y = api.vehicle.getPosition(id)
            h = math.radians(90.0 - api.vehicle.getAngle(id))
            before = actor.v_mps
            actor.v_mps = api.vehicle.getSpeed(id)
            actor.a_mps2 = (actor.v_mps - before) / self.dt if actor.placed else 0.0
            actor.put_free(x - CAR.length_m / 2 * math.cos(h), y - CAR.length_m / 2 * math.sin(h), h)
            actor.present = actor.free = True

    def told(self, played: Played) -> Among:
        """Return the play, its participants' places as the simulation had them."""
        rows = played.rows.copy()
        seen = {(t, number): place for t, number, *place in self.rows}
        for row in rows:
            place = seen.get((float(row["t_s"]), int(row["actor"])))
            if place is not None:
                row["x_m"], row["y_m"], row["h_rad"] = place[:3]
        share = self.lanes / len(self.rows) if self.rows else math.nan
        return Among(replace(played, rows=_sorted(rows)), self.apart_m, share, self.entered)


def _sorted(rows: NDArray[np.void]) -> NDArray[np.void]:
    found: NDArray[np.void] = rows[np.lexsort((rows["actor"], rows["t_s"]))].astype(ROW)
    return found


def _allowed(api: Any, lane: str) -> tuple[str, ...]:
    """Return the classes that a lane is for: SUMO tells none where all are."""
    return tuple(api.lane.getAllowed(lane)) or ("passenger",)
