"""Beside supervision: what the rules and measures say of each test vehicle while it drives, day by day into the ledger.

Speed, limit, direction and braking are judged by the vehicle's own data items, wherever it is; what others do about it by the
zone's frames, where the road sees them. A frame is what the cloud believed: a value counts where three frames running bear it
out, and it stands with its instant, so that the record can be looked at. Letting people pass is not judged live.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map
from jinyun.shapes import Kind
from jinyun.supervision.deadlines import day_of
from jinyun.supervision.driving import Tally
from jinyun.supervision.events import Event
from jinyun.supervision.items import Items
from jinyun.supervision.ledger import Ledger, Measure
from jinyun.trial.measure.summary import TTC_BELOW_S
from jinyun.trial.onroad.moment import Bodies, pairs
from jinyun.trial.recorded.ground import of_map
from jinyun.zone import Zone

FRESH_US = 2_000_000
"""Data items that are older say nothing of now."""
LOOK_US = 400_000
"""So often it is looked what road lies beneath a vehicle."""
LINK_M = 4.0
"""So near to where a vehicle says it is, a track is its own."""
SPELL_S = 1.0
"""A limit or a direction is broken where it lasts so long."""
AGAINST = -0.5
MOVING_MPS = 0.5
BORNE_OUT = 3
"""Frames running that must bear a value out."""
ASKED_S = 8.0
"""Times to collision beyond this are of no interest."""
LENGTH_M, WIDTH_M = 4.5, 1.8
"""Of who has no size."""
Columns = Mapping[str, NDArray[Any]]


@dataclass(slots=True)
class _Spell:
    """Something that is judged once it has lasted."""

    since_us: int | None = None
    told: bool = False

    def seen(self, is_so: bool, t_us: int) -> bool:
        """Return whether it has just lasted long enough."""
        if not is_so:
            self.since_us, self.told = None, False
            return False
        self.since_us = t_us if self.since_us is None else self.since_us
        if self.told or t_us - self.since_us < SPELL_S * 1e6:
            return False
        self.told = True
        return True


@dataclass(slots=True)
class _Vehicle:
    last: Items | None = None
    track: int | None = None
    worst: dict[str, Measure] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    fast: _Spell = field(default_factory=_Spell)
    against: _Spell = field(default_factory=_Spell)
    brakes: bool = False
    running: dict[int, list[tuple[float, float, float]]] = field(default_factory=dict)
    frame_us: int = 0
    looked_us: int = 0


class OnRoad:
    """What supervision has beside it: the same calls as they come, and the ledger at each roll."""

    def __init__(self, zone: Zone, map: Map | None) -> None:
        self.zone = zone
        self.over_kmh = zone.profile["trial.speed_over_kmh"].value
        self.calm_mps2 = zone.profile["trial.calm_braking_mps2"].value
        self._ground = of_map(map) if map is not None else None
        self._vehicles: dict[str, _Vehicle] = {}

    # -- the vehicle's own word ----------------------------------------------------------------------------------------

    def items(self, said: Items) -> None:
        """Take one message of the ten items."""
        vehicle = self._vehicles.setdefault(said.vehicle, _Vehicle())
        before, vehicle.last = vehicle.last, said
        if before is None or not 0 < said.t_us - before.t_us <= FRESH_US:
            return
        seconds = (said.t_us - before.t_us) / 1e6
        self._sum(vehicle, "judged_s", seconds, said.t_us)
        if said.accel_mps2 is not None:
            self._most(vehicle, "braking_max_mps2", -said.accel_mps2, said.t_us)
            hard = -said.accel_mps2 > self.calm_mps2
            self._count(vehicle, "hard-braking", hard and not vehicle.brakes)
            vehicle.brakes = hard
        self._on_ground(vehicle, said, seconds)

    def _on_ground(self, vehicle: _Vehicle, said: Items, seconds: float) -> None:
        """Judge speed and direction on the road beneath; ``seconds`` are those since the message before."""
        if self._ground is None or said.lon is None or said.lat is None or said.speed_mps is None:
            return
        since_us = said.t_us - vehicle.looked_us
        if 0 <= since_us < LOOK_US:
            return
        vehicle.looked_us = said.t_us
        seconds = since_us / 1e6 if 0 < since_us <= FRESH_US else seconds
        x, y = self.zone.project(np.array([said.lon]), np.array([said.lat]))
        h = np.array([math.nan if said.heading_deg is None else math.radians(90 - said.heading_deg)])
        under = self._ground(x, y, h)
        limit, along = float(under.limit_mps[0]), float(under.along[0])
        if math.isfinite(limit):
            over = (said.speed_mps - limit) * 3.6
            self._most(vehicle, "over_limit_max_kmh", max(over, 0.0), said.t_us)
            self._sum(vehicle, "limit_known_s", seconds, said.t_us)
            if over > self.over_kmh:
                self._sum(vehicle, "over_limit_s", seconds, said.t_us)
            self._count(vehicle, "speed-limit", vehicle.fast.seen(over > self.over_kmh, said.t_us))
        wrong = along < AGAINST and said.speed_mps > MOVING_MPS
        self._count(vehicle, "wrong-way", vehicle.against.seen(wrong, said.t_us))

    # -- the zone's frames ---------------------------------------------------------------------------------------------

    def frame(self, t_us: int, tracks: Columns, signals: Columns) -> None:
        """Take one frame."""
        names = [
            name
            for name, one in self._vehicles.items()
            if one.last is not None and abs(t_us - one.last.t_us) <= FRESH_US
        ]
        if not names or not len(tracks["id"]):
            return
        h = np.radians(90 - tracks["heading_deg"].astype(np.float64))
        size = (
            np.nan_to_num(tracks[key].astype(np.float64), nan=usual)
            for key, usual in (("length_m", LENGTH_M), ("width_m", WIDTH_M))
        )
        bodies = Bodies(
            tracks["x_m"].astype(np.float64), tracks["y_m"].astype(np.float64), h,
            np.nan_to_num(tracks["speed_mps"].astype(np.float64)), *size,
        )  # fmt: skip
        own = [
            (name, row)
            for name in names
            if (row := self._own_row(self._vehicles[name], t_us, tracks, bodies)) is not None
        ]
        if not own:
            return
        found = pairs(bodies, np.array([row for _, row in own], np.int64))
        for k, (name, _) in enumerate(own):
            mine = found.own == k
            self._near(self._vehicles[name], t_us, tracks["id"][found.other[mine]].tolist(),
                       found.ttc_s[mine], found.headway_s[mine], found.drac_mps2[mine])  # fmt: skip

    def _own_row(self, vehicle: _Vehicle, t_us: int, tracks: Columns, bodies: Bodies) -> int | None:
        """Return the row of a vehicle's own track: the motor vehicle nearest to where it is by its own word."""
        said = vehicle.last
        if said is None or said.lon is None or said.lat is None:
            return None
        x, y = self.zone.project(said.lon, said.lat)
        reach = (said.speed_mps or 0.0) * (t_us - said.t_us) / 1e6
        course = math.radians(said.heading_deg or 0.0)
        away = np.hypot(
            bodies.x - (float(x) + reach * math.sin(course)), bodies.y - (float(y) + reach * math.cos(course))
        )
        away = np.where(tracks["kind"] == Kind.MOTOR, away, np.inf)
        known = np.flatnonzero((tracks["id"] == (vehicle.track or 0)) & (away < LINK_M))
        row = int(known[0]) if len(known) else int(np.argmin(away))
        vehicle.track = int(tracks["id"][row]) if away[row] < LINK_M else None
        return row if vehicle.track is not None else None

    def _near(
        self, vehicle: _Vehicle, t_us: int, ids: list[int], ttc: NDArray[np.float64], headway: NDArray[np.float64],
        drac: NDArray[np.float64],
    ) -> None:  # fmt: skip
        """Take what one frame says of a vehicle and those near it."""
        apart_us, vehicle.frame_us = t_us - vehicle.frame_us, t_us
        if not 0 < apart_us < 1_000_000:
            vehicle.running.clear()
            return
        self._sum(vehicle, "seen_s", apart_us / 1e6, t_us)
        moving = vehicle.last is not None and (vehicle.last.speed_mps or 0.0) > MOVING_MPS
        running: dict[int, list[tuple[float, float, float]]] = {}
        exposed = False
        for id, *values in zip(ids, ttc.tolist(), headway.tolist(), drac.tolist(), strict=True):
            if not (values[0] < ASKED_S or math.isfinite(values[1])):
                continue
            past = running[id] = [*vehicle.running.get(id, []), (values[0], values[1], values[2])][-BORNE_OUT:]
            if len(past) < BORNE_OUT:
                continue
            about = str(id)
            exposed |= self._least(vehicle, "ttc_min_s", max(one[0] for one in past), t_us, about) <= TTC_BELOW_S
            if moving:
                self._least(vehicle, "headway_min_s", max(one[1] for one in past), t_us, about)
                self._most(vehicle, "drac_max_mps2", min(one[2] for one in past), t_us, about)
        vehicle.running = running
        if exposed:
            self._sum(vehicle, "ttc_below_s", apart_us / 1e6, t_us)

    def events(self, events: Sequence[Event]) -> None:
        """Take what supervision found in a frame: whose track it was counts it."""
        for event in events:
            if event.kind not in ("red-light", "contact"):
                continue
            for vehicle in self._vehicles.values():
                if vehicle.track in event.tracks:
                    self._count(vehicle, event.kind, True)

    # -- sums ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _count(vehicle: _Vehicle, kind: str, happened: bool) -> None:
        if happened:
            vehicle.counts[kind] = vehicle.counts.get(kind, 0) + 1

    @staticmethod
    def _least(vehicle: _Vehicle, name: str, value: float, t_us: int, about: str = "") -> float:
        """Keep a least value; return it as given, infinite where it is none."""
        if not math.isfinite(value):
            return math.inf
        before = vehicle.worst.get(name)
        if before is None or value < before.value:
            vehicle.worst[name] = Measure(name, "least", value, t_us, about)
        return value

    @staticmethod
    def _most(vehicle: _Vehicle, name: str, value: float, t_us: int, about: str = "") -> None:
        before = vehicle.worst.get(name)
        if math.isfinite(value) and (before is None or value > before.value):
            vehicle.worst[name] = Measure(name, "most", value, t_us, about)

    @staticmethod
    def _sum(vehicle: _Vehicle, name: str, value: float, t_us: int) -> None:
        before = vehicle.worst.get(name)
        vehicle.worst[name] = Measure(name, "sum", value + (before.value if before else 0.0), t_us)

    def roll(self, now_us: int, ledger: Ledger, declaration_of: Mapping[str, str]) -> None:
        """Bring what was gathered since the last time into the ledger."""
        day = day_of(datetime.fromtimestamp(now_us / 1e6, UTC)).isoformat()
        for name, vehicle in list(self._vehicles.items()):
            if vehicle.worst:
                ledger.measured(name, day, list(vehicle.worst.values()))
            if vehicle.counts:
                counts = {f"rule-{kind}": count for kind, count in vehicle.counts.items()}
                ledger.drove(name, day, declaration_of.get(name, ""), Tally(counts=counts))
            vehicle.worst, vehicle.counts = {}, {}
            if vehicle.last is not None and now_us - vehicle.last.t_us > 3600 * 1_000_000:
                del self._vehicles[name]
