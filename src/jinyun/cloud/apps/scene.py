"""The scene (场景): all that applications know of one frame, with what several of them ask of it worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.relations.ahead import Ahead, ahead
from jinyun.cloud.apps.relations.along import Along, along
from jinyun.cloud.apps.relations.beside import Beside, beside
from jinyun.cloud.apps.relations.known import known
from jinyun.cloud.apps.relations.lit import Lit, lit
from jinyun.cloud.apps.relations.meeting import Meetings, meetings
from jinyun.cloud.lanes import Located
from jinyun.cloud.prediction import Paths, Roadway, lights
from jinyun.cloud.roadevents import NOTHING, Posted
from jinyun.cloud.upstream import Coming, coming
from jinyun.hdmap import Map
from jinyun.shapes import Kind

LEFT_LAMP, RIGHT_LAMP, HAZARD_LAMPS = 1 << 6, 1 << 5, 1 << 4
"""Bits of ``lights`` in REPORT: bits 2, 3 and 4 of nine, counted from the highest."""
EVENTS = {
    "hazard_lights": 1 << 12, "abs": 1 << 10, "traction_loss": 1 << 9, "stability": 1 << 8, "hard_braking": 1 << 5,
    "flat_tyre": 1 << 2, "disabled": 1 << 1, "air_bag": 1 << 0,
}  # fmt: skip
"""Bits of ``events`` in REPORT (VehicleEventFlags, 13 bits counted from the highest)."""
LOSING_CONTROL = EVENTS["abs"] | EVENTS["traction_loss"] | EVENTS["stability"]
AT_WORK = 2 | 4 | 8
"""Bits of REPORT's ``braking``: traction control, anti-lock brakes, stability control."""

IN_USE = 2
"""SirenInUse and LightbarInUse: in use."""
RESPONDING = (1, 3)
"""ResponseType: emergency, pursuit."""
EMERGENCY_CLASSES = (60, 69)
"""BasicVehicleClass of emergency vehicles, from and to."""

UNIT = np.dtype([("x_m", np.float64), ("y_m", np.float64), ("node", np.int32), ("junction", np.int32)])
"""A roadside unit of the zone: its place, the node whose messages it sends and that junction's row; -1 none."""


@dataclass(frozen=True)
class Scene:
    """One frame as applications see it; all columns are in the order of ``tracks``."""

    t_us: int
    tracks: NDArray[np.void]  # TRACK
    located: Located  # lane, station, offset of each track
    paths: Paths  # where each may be in the next five seconds
    signals: NDArray[np.void]  # SIGNAL
    reports: NDArray[np.void]  # REPORT of each track, zeros where it says nothing
    map: Map
    roadway: Roadway
    units: NDArray[np.void]  # UNIT: the zone's roadside units
    asked: Mapping[str, Any] = field(default_factory=dict)  # requests that stand open beyond the frame
    posted: Posted = NOTHING  # events, signs and tolls that hold, on lanes, and from where one gets to them
    foretold_s: NDArray[np.float64] | None = None  # by group: 95 % error of the end told before (s), NaN unknown

    def __len__(self) -> int:
        return len(self.tracks)

    @property
    def id(self) -> NDArray[np.uint32]:
        """Track ids."""
        ids: NDArray[np.uint32] = self.tracks["id"]
        return ids

    @cached_property
    def driven(self) -> NDArray[np.bool_]:
        """Who is a motor vehicle (or unknown and as large as one)."""
        kind, length = self.tracks["kind"], self.tracks["length_m"]
        of_all: NDArray[np.bool_] = (kind == Kind.MOTOR) | ((kind == Kind.UNKNOWN) & (length >= 3.0))
        return of_all

    @cached_property
    def speed_mps(self) -> NDArray[np.float64]:
        """The speed of each; 0 where nobody knows it."""
        return known(self.tracks["speed_mps"])

    @cached_property
    def accel_mps2(self) -> NDArray[np.float64]:
        """The acceleration of each; 0 where nobody knows it."""
        return known(self.tracks["accel_mps2"])

    @cached_property
    def on_duty(self) -> NDArray[np.bool_]:
        """Who drives to an emergency: siren, emergency response, or light bar on one of the emergency classes."""
        says, kind = self.reports, self.tracks["classification"]
        bar = (says["lightbar"] == IN_USE) & (kind >= EMERGENCY_CLASSES[0]) & (kind <= EMERGENCY_CLASSES[1])
        on: NDArray[np.bool_] = (says["siren"] == IN_USE) | np.isin(says["response"], RESPONDING) | bar
        return on & self.driven

    @cached_property
    def loose(self) -> NDArray[np.bool_]:
        """Who tells that its anti-lock brakes, traction or stability control are at work: it goes where it does not mean to."""
        says = self.reports
        return ((says["braking"] & AT_WORK) > 0) | ((says["events"] & LOSING_CONTROL) > 0)

    @cached_property
    def half_length_m(self) -> NDArray[np.float64]:
        """Half the length of each body; where nobody knows it, that of what it is."""
        return _known(self.tracks["length_m"], self.tracks["kind"], _LENGTH_M) / 2

    @cached_property
    def half_width_m(self) -> NDArray[np.float64]:
        """Half the width of each body; where nobody knows it, that of what it is."""
        return _known(self.tracks["width_m"], self.tracks["kind"], _WIDTH_M) / 2

    @cached_property
    def light(self) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
        """The light of every signal group of the map (0 unknown) and the seconds it still burns (infinity: unknown)."""
        return lights(self.signals, self.roadway.roads, self.t_us)

    @cached_property
    def best(self) -> NDArray[np.int64]:
        """The row of ``paths`` that is each track's likeliest, -1 for none."""
        first = self.paths.first[:-1]
        return np.where(np.diff(self.paths.first) > 0, first, -1)

    @cached_property
    def limit_mps(self) -> NDArray[np.float64]:
        """The speed limit where each is: that of the map's lane, or of a sign that sets a lower one; NaN unknown."""
        known = self.map.lanes["speed_limit_mps"].astype(np.float64)
        lane = self.located.lane
        limit = np.where(lane >= 0, known[np.maximum(lane, 0)], np.nan) if len(known) else np.full(len(lane), np.nan)
        limit[~(limit > 0)] = np.nan
        sets = self.posted.rows["limit_mps"]
        if np.isfinite(sets).any():
            come = self.coming
            here = (come.metres <= 0) & np.isfinite(sets[come.place])
            np.fmin.at(limit, come.track[here], sets[come.place[here]])
        return limit

    @cached_property
    def lit(self) -> Lit:
        """Which light each motor vehicle comes to."""
        return lit(self.located, self.paths, self.roadway.roads, self.half_length_m, self.driven)

    @cached_property
    def coming(self) -> Coming:
        """Which motor vehicles come to which events, signs and tolls; ``place`` is the row of ``posted``."""
        return coming(self.located, self.paths, self.roadway.roads, self.posted.to, self.driven)

    @cached_property
    def along(self) -> Along:
        """How each goes along its lane, and who keeps to it."""
        return along(self.tracks, self.located, self.roadway.roads)

    @cached_property
    def ahead(self) -> Ahead:
        """Who drives ahead of each on its way."""
        return ahead(self.tracks, self.located, self.paths, self.roadway.roads, self.half_length_m)

    @cached_property
    def beside(self) -> Beside:
        """Who is nearest ahead and behind in the lanes beside."""
        before = self.map.predecessors_first["row"], self.map.predecessors["lane"]
        return beside(self.tracks, self.located, self.roadway.roads, self.half_length_m, before)

    @cached_property
    def meetings(self) -> Meetings:
        """Whose ways meet, where, when and how likely."""
        return meetings(self.tracks, self.paths, self.half_length_m, self.half_width_m)


_LENGTH_M = np.array([4.5, 4.5, 1.8, 0.5, 0.5])
_WIDTH_M = np.array([1.8, 1.8, 0.7, 0.6, 0.5])


def _known(values: NDArray[np.float32], kind: NDArray[np.uint8], otherwise: NDArray[np.float64]) -> NDArray[np.float64]:
    known = values.astype(np.float64)
    return np.where(np.isfinite(known) & (known > 0), known, otherwise[np.minimum(kind, len(otherwise) - 1)])
