"""Advising (协同服务): the applications at work in one zone's cloud: what they see, what holds, what goes down to whom."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps import CATALOGUE, Applications, Scene
from jinyun.cloud.apps.book import Turned
from jinyun.cloud.apps.chpvp import Lights
from jinyun.cloud.apps.scene import HAZARD_LAMPS, LEFT_LAMP, RIGHT_LAMP, UNIT
from jinyun.cloud.apps.speaking import Device, Speaker
from jinyun.cloud.cooperation import conducting, instructions
from jinyun.cloud.cooperation.hearing import Heard
from jinyun.cloud.cooperation.negotiating import Negotiator
from jinyun.cloud.cooperation.state import State
from jinyun.cloud.lanes import Lanes, Located
from jinyun.cloud.newest import Newest
from jinyun.cloud.prediction import Lamp, Paths, Roadway, predict
from jinyun.cloud.roadevents import Posted, Posting, RoadEvents
from jinyun.cloud.sources import Source
from jinyun.cloud.window import RsiHeard
from jinyun.hdmap import Map
from jinyun.net import topics
from jinyun.rows import taken
from jinyun.shapes import REPORT, SEEN_BY_ITSELF, Finding, Frame
from jinyun.zone import Profile, Zone

SPEAKS = np.dtype([("vehicle_id", np.uint64), ("event_us", np.int64), ("source", np.uint32)])
"""Which sender a vehicle is."""
MOST_HEARD = 1_000
"""Messages that ask for something, taken in one frame; what is beyond is not heard."""
MOST_A_FRAME = 400
"""Episodes that are said in one frame; what is beyond is said in the next."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One frame and what goes with it."""

    frame: Frame
    reports: NDArray[np.void]  # REPORT beside the tracks
    speaks: NDArray[np.void]  # SPEAKS of everybody, ordered by ``vehicle_id``
    heard: list[Heard]
    posted: Posted
    foretold_s: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the applications made of a frame."""

    t_us: int
    located: Located | None  # None, as the paths, where they stay in another process
    paths: Paths | None
    open: NDArray[np.void]  # EPISODE: the advice that is open
    messages: list[tuple[str, bytes]]  # (MQTT topic, payload) down to devices
    findings: list[Finding]
    predict_s: float
    advise_s: float


class Advising:
    """The applications of a zone with a map, and who listens.

    Of one frame after the other: :meth:`take` and :meth:`hear` what came, :meth:`asked`, :meth:`answer`.
    """

    def __init__(self, zone: Zone, map: Map, road: Roadway, name_of: Callable[[int], str] = str) -> None:
        self.zone_id, self.map, self.road = zone.id, map, road
        self.road_events = RoadEvents(road, zone.project, name_of)
        for posting, items in ((Posting.SIGN, zone.signs), (Posting.EVENT, zone.hazards), (Posting.TOLL, zone.tolls)):
            self.road_events.declare(posting, items, 0)
        self.foretold_s: NDArray[np.float64] | None = None
        self.lanes = Lanes(map)
        self.applications = Applications(zone.profile)
        self.speaker = Speaker(zone, event_types(zone.profile))
        self.reports, self.speaks = Newest(REPORT), Newest(SPEAKS)
        self.units = _units(zone, map)
        self.cooperation, self.negotiator = State(), Negotiator(zone)
        self._heard: list[Heard] = []
        self._faults: list[Finding] = []
        try:
            self.cooperation.kept["DLM"] = instructions.load(zone.folder, map)
        except instructions.InstructionError as error:
            self._faults.append(Finding("zone.lanes", zone.id, instructions.FILE, str(error), 0, "fault"))
        self.turned: Turned | None = None
        self.opened = np.zeros(len(CATALOGUE), np.int64)
        self.said = 0

    def take(
        self, sightings: NDArray[np.void], reports: NDArray[np.void], road: Sequence[RsiHeard] = ()
    ) -> list[Finding]:
        """Note what one window says of vehicles themselves and of the road; return what of it cannot be held."""
        return self.note(reports, speaking(sightings), road)

    def note(self, reports: NDArray[np.void], speaks: NDArray[np.void], road: Sequence[RsiHeard] = ()) -> list[Finding]:
        """Do as :meth:`take` does, with who speaks (SPEAKS) found already."""
        self.reports.take(reports)
        self.speaks.take(speaks)
        return self.road_events.hear(road)

    def hear(self, heard: Iterable[Heard]) -> None:
        """Note who asks for what, as far as one frame can hold."""
        self._heard += heard
        del self._heard[MOST_HEARD:]

    def asked(self, frame: Frame) -> Asked:
        """Return a frame with what was said of its tracks up to its instant."""
        for newest in (self.reports, self.speaks):
            newest.settle(frame.t_us)
        heard, self._heard = self._heard, []
        reports, posted = self.reports.of(frame.tracks["vehicle_id"]), self.road_events.step(frame.t_us)
        return Asked(frame, reports, self.speaks.rows, heard, posted, self.foretold_s)

    def answer(self, asked: Asked, source_at: Callable[[int], Source | None]) -> Answer:
        """Locate and predict the tracks of a frame, ask all applications, and write what they say to whom."""
        frame, began = asked.frame, time.perf_counter()
        located = self.lanes.step(frame.tracks)
        paths = predict(
            frame.tracks, frame.signals, self.road, frame.t_us, lamps=lamps(asked.reports), history=self.lanes.history
        )
        predicted = time.perf_counter()
        agreed: dict[str, NDArray[np.void]] = {}
        scene = Scene(
            frame.t_us, frame.tracks, located, paths, frame.signals, asked.reports, self.map, self.road, self.units,
            asked=agreed, posted=asked.posted, foretold_s=asked.foretold_s,
        )  # fmt: skip

        def sender(vehicle: int) -> int:
            return _sender(asked.speaks, vehicle)

        self.cooperation, out = conducting.step(self.cooperation, scene, asked.heard, sender, self.applications.of_each)
        agreed |= conducting.shown(self.cooperation, scene)
        self.negotiator.take(out)
        self.turned = self.applications.step(scene)
        self.opened += np.bincount(self.turned.opened["application"], minlength=len(CATALOGUE))
        messages = self._messages(asked, self.turned, source_at)
        messages += self._lights(frame.t_us)
        messages += self.negotiator.messages(lambda vehicle: source_at(sender(vehicle)), frame.t_us)
        findings = [
            Finding("application.failed", self.zone_id, id, reason, frame.t_us, "fault")
            for id, reason in (self.applications.failed | self.cooperation.failed).items()
        ]
        findings += [replace(one, t_us=frame.t_us) for one in self._faults]
        self._faults = []
        advise_s = time.perf_counter() - predicted
        return Answer(
            frame.t_us, located, paths, self.applications.book.open, messages, findings, predicted - began, advise_s
        )

    def _messages(
        self, asked: Asked, turned: Turned, source_at: Callable[[int], Source | None]
    ) -> list[tuple[str, bytes]]:
        """Return what a frame changed as messages to those who have a unit of their own, the most urgent first."""
        said = turned.said
        if not len(said):
            return []
        said = said[np.argsort(-said["urgency"].astype(np.int16), kind="stable")][:MOST_A_FRAME]
        wanted = np.flatnonzero(np.isin(asked.frame.tracks["id"], said["receiver"]))
        device_of: dict[int, Device] = {}
        tracks = asked.frame.tracks
        for id, vehicle in zip(tracks["id"][wanted].tolist(), tracks["vehicle_id"][wanted].tolist(), strict=True):
            source = source_at(_sender(asked.speaks, vehicle))
            if source is not None and source.kind == "obu" and source.device != f"{vehicle:016x}":
                device_of[id] = Device("obu", source.device, "A")
        spoken = list(self.speaker.messages(said, device_of, asked.frame.t_us))
        self.said += len(spoken)
        return [(one.topic, one.payload) for one in spoken]

    def _lights(self, t_us: int) -> list[tuple[str, bytes]]:
        """Return who of those who may asks for a light, and whose request has ended, for whoever controls the lights."""
        lights: Lights | None = self.cooperation.kept.get("CHPVP")
        if lights is None or not (lights.standing or lights.ended):
            return []
        told = {
            "t_us": t_us,
            "standing": [
                {"vehicle": one.key[0], "number": one.key[2], "node": one.node, "phase": one.phase,
                 "arrives_us": one.arrives_us, "level": one.level, "on_duty": one.on_duty}
                for one in lights.take()
            ],
            "ended": [{"vehicle": key[0], "number": key[2], "how": how} for key, how in lights.ended],
        }  # fmt: skip
        return [(topics.priority_subject(self.zone_id).replace(".", "/"), json.dumps(told).encode())]

    def account(self) -> list[dict[str, Any]]:
        """Return what each application has to show: advice open now, opened so far, its cost a frame."""
        open_now = np.bincount(self.applications.book.open["application"], minlength=len(CATALOGUE))
        return [
            {"id": about.id, "open": int(open_now[row]), "opened": int(self.opened[row]),
             "cost_ms": round(float(self.applications.cost_ms[row]), 3),
             **({"negotiated": self.cooperation.ledger.told(about.id)} if about.day == 2 else {})}
            for row, about in enumerate(CATALOGUE)
        ]  # fmt: skip


def speaking(sightings: NDArray[np.void]) -> NDArray[np.void]:
    """Return who says something of itself in sightings, as SPEAKS."""
    own = taken(sightings, sightings["by"] == SEEN_BY_ITSELF)
    rows = np.zeros(len(own), SPEAKS)
    for name in SPEAKS.names or ():
        rows[name] = own[name]
    return rows


def _sender(speaks: NDArray[np.void], vehicle: int) -> int:
    """Return the row of the sender that a vehicle is, -1 for one that says nothing of itself."""
    at = int(np.searchsorted(speaks["vehicle_id"], np.uint64(vehicle)))
    known = vehicle > 0 and at < len(speaks) and int(speaks["vehicle_id"][at]) == vehicle
    return int(speaks["source"][at]) if known else -1


def lamps(reports: NDArray[np.void]) -> NDArray[np.uint8]:
    """Return the turn lamps (``prediction.Lamp``) that vehicles report."""
    lights = reports["lights"]
    lamp = np.full(len(reports), Lamp.UNKNOWN, np.uint8)
    known = (reports["vehicle_id"] > 0) & (lights & HAZARD_LAMPS == 0)
    lamp[known] = Lamp.OFF
    lamp[known & (lights & LEFT_LAMP > 0)] = Lamp.LEFT
    lamp[known & (lights & RIGHT_LAMP > 0)] = Lamp.RIGHT
    return lamp


def event_types(profile: Profile) -> dict[str, float]:
    """Return ``eventType`` of RSI by application (``app.fcw.event_type``), "" for all others (``app.event_type``)."""
    found = {"": profile["app.event_type"].value}
    for about in CATALOGUE:
        key = f"app.{about.id.lower()}.event_type"
        if key in profile:
            found[about.id.lower()] = profile[key].value
    return found


def _units(zone: Zone, map: Map) -> NDArray[np.void]:
    rows = np.zeros(len(zone.rsus), UNIT)
    row_of = {str(id): row for row, id in enumerate(map.junctions["id"])}
    for k, rsu in enumerate(zone.rsus):
        rows[k] = (rsu.x_m, rsu.y_m, rsu.node if rsu.node is not None else -1, row_of.get(rsu.junction or "", -1))
    return rows
