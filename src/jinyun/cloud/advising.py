"""Advising (协同服务): the applications at work in one zone's cloud: what they see, what holds, what goes down to whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps import CATALOGUE, Applications, Scene
from jinyun.cloud.apps.book import Turned
from jinyun.cloud.apps.scene import HAZARD_LAMPS, LEFT_LAMP, RIGHT_LAMP, UNIT
from jinyun.cloud.apps.speaking import Device, Speaker
from jinyun.cloud.lanes import Located
from jinyun.cloud.newest import Newest
from jinyun.cloud.prediction import Lamp, Paths, Roadway
from jinyun.cloud.roadevents import Posting, RoadEvents
from jinyun.cloud.sources import Source
from jinyun.cloud.window import RsiHeard
from jinyun.hdmap import Map
from jinyun.shapes import REPORT, SEEN_BY_ITSELF, Finding, Frame
from jinyun.zone import Profile, Zone

SPEAKS = np.dtype([("vehicle_id", np.uint64), ("event_us", np.int64), ("source", np.uint32)])
"""Which sender a vehicle is."""
MOST_A_FRAME = 400
"""Episodes that are said in one frame; what is beyond is said in the next."""


class Advising:
    """The applications of a zone with a map, and who listens."""

    def __init__(self, zone: Zone, map: Map, road: Roadway, name_of: Callable[[int], str] = str) -> None:
        self.map, self.road = map, road
        self.road_events = RoadEvents(road, zone.project, name_of)
        for posting, items in ((Posting.SIGN, zone.signs), (Posting.EVENT, zone.hazards), (Posting.TOLL, zone.tolls)):
            self.road_events.declare(posting, items, 0)
        self.foretold_s: NDArray[np.float64] | None = None
        self.applications = Applications(zone.profile)
        self.speaker = Speaker(zone, event_types(zone.profile))
        self.reports, self.speaks = Newest(REPORT), Newest(SPEAKS)
        self.units = _units(zone, map)
        self.turned: Turned | None = None
        self.opened = np.zeros(len(CATALOGUE), np.int64)
        self.said = 0

    def take(
        self, sightings: NDArray[np.void], reports: NDArray[np.void], road: Sequence[RsiHeard] = ()
    ) -> list[Finding]:
        """Note what one window says of vehicles themselves and of the road; return what of it cannot be held."""
        self.reports.take(reports)
        own = sightings[sightings["by"] == SEEN_BY_ITSELF]
        rows = np.zeros(len(own), SPEAKS)
        for name in SPEAKS.names or ():
            rows[name] = own[name]
        self.speaks.take(rows)
        return self.road_events.hear(road)

    def lamps(self, tracks: NDArray[np.void], now_us: int) -> NDArray[np.uint8]:
        """Return the turn lamps of a frame's tracks (``prediction.Lamp``); once a frame, before :meth:`step`."""
        self.reports.settle(now_us)
        self.speaks.settle(now_us)
        said = self.reports.of(tracks["vehicle_id"])
        lights = said["lights"]
        lamp = np.full(len(tracks), Lamp.UNKNOWN, np.uint8)
        known = (said["vehicle_id"] > 0) & (lights & HAZARD_LAMPS == 0)
        lamp[known] = Lamp.OFF
        lamp[known & (lights & LEFT_LAMP > 0)] = Lamp.LEFT
        lamp[known & (lights & RIGHT_LAMP > 0)] = Lamp.RIGHT
        return lamp

    def step(self, frame: Frame, located: Located, paths: Paths) -> NDArray[np.void]:
        """Ask all applications about a frame and return the advice that is open (EPISODE rows)."""
        scene = Scene(
            frame.t_us, frame.tracks, located, paths, frame.signals, self.reports.of(frame.tracks["vehicle_id"]), self.map,
            self.road, self.units, posted=self.road_events.step(frame.t_us), foretold_s=self.foretold_s,
        )  # fmt: skip
        self.turned = self.applications.step(scene)
        self.opened += np.bincount(self.turned.opened["application"], minlength=len(CATALOGUE))
        return self.applications.book.open

    def messages(self, frame: Frame, source_at: Callable[[int], Source | None]) -> list[tuple[str, bytes]]:
        """Return (MQTT topic, payload) of what the last frame changed, to those who have a unit of their own."""
        if self.turned is None or not len(self.turned.said):
            return []
        said = self.turned.said
        said = said[np.argsort(-said["urgency"].astype(np.int16), kind="stable")][:MOST_A_FRAME]
        wanted = np.isin(frame.tracks["id"], said["receiver"])
        speaks = self.speaks.of(frame.tracks["vehicle_id"][wanted])
        device_of: dict[int, Device] = {}
        for id, row in zip(frame.tracks["id"][wanted].tolist(), speaks, strict=True):
            source = source_at(int(row["source"])) if row["vehicle_id"] else None
            if source is not None and source.kind == "obu" and source.device != f"{int(row['vehicle_id']):016x}":
                device_of[id] = Device("obu", source.device, "A")
        spoken = list(self.speaker.messages(said, device_of, frame.t_us))
        self.said += len(spoken)
        return [(one.topic, one.payload) for one in spoken]

    def account(self) -> list[dict[str, Any]]:
        """Return what each application has to show: advice open now, opened so far, its cost a frame."""
        open_now = np.bincount(self.applications.book.open["application"], minlength=len(CATALOGUE))
        return [
            {"id": about.id, "open": int(open_now[row]), "opened": int(self.opened[row]),
             "cost_ms": round(float(self.applications.cost_ms[row]), 3)}
            for row, about in enumerate(CATALOGUE)
        ]  # fmt: skip


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
