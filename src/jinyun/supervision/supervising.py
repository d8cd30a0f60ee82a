"""Supervising (监管): each test vehicle's data items held against its declaration as they come, and events packed.

No socket and no clock of its own, so that tests drive it: items and frames in, breaches, events and what to pack out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np

from jinyun.hdmap import Map
from jinyun.supervision import kinds
from jinyun.supervision.deadlines import day_of
from jinyun.supervision.driving import Driving, Occurrence
from jinyun.supervision.events import Columns, Event, Watch
from jinyun.supervision.items import Items, ItemsError, read
from jinyun.supervision.ledger import Ledger
from jinyun.supervision.papers import Declaration, Vehicle
from jinyun.supervision.rules import Breach, conduct, data
from jinyun.supervision.sections import Sections
from jinyun.zone import Zone

MOST_VEHICLES = 20_000
ROLL_US = 60_000_000
PACKED = frozenset({"contact", "takeover", "disengagement", "fault", "section-exit", "asked"})
"""Events that are packed by themselves; of the others any is packed when somebody asks."""


@dataclass(slots=True)
class _Vehicle:
    driving: Driving
    declaration: Declaration | None = None
    stage: str = "test"
    on_section: bool = True
    complete: data.Coming | None = None
    refused: int = 0
    breaches: list[Breach] = field(default_factory=list)


class Beside(Protocol):
    """Hears all that a supervisor hears, and enters its own into the ledger once a minute."""

    def items(self, said: Items) -> None:
        """Take one message of the ten items."""
        ...

    def frame(self, t_us: int, tracks: Columns, signals: Columns) -> None:
        """Take one frame."""
        ...

    def events(self, events: Sequence[Event]) -> None:
        """Take what is to be looked at in a frame."""
        ...

    def roll(self, now_us: int, ledger: Ledger, declaration_of: Mapping[str, str]) -> None:
        """Enter what was gathered; ``declaration_of`` names the declaration under which each vehicle drives."""
        ...


class Supervisor:
    """All test vehicles of a zone; what is ``besides`` hears everything too."""

    def __init__(
        self, zone: Zone, map: Map | None, ledger: Ledger, now_us: int, besides: Sequence[Beside] = ()
    ) -> None:
        self.zone, self.ledger, self.besides = zone, ledger, besides
        self.sections = Sections(map, zone.profile["supervision.section_beyond_m"].value) if map is not None else None
        self.watch = Watch(map, zone.profile)
        self.to_pack: list[Event] = []
        self.refused: dict[str, str] = {}
        self._vehicles: dict[str, _Vehicle] = {}
        self._quiet_us = int(zone.profile["supervision.event_quiet_s"].value * 1e6)
        self._rolled_us = now_us
        self._papers: dict[str, Declaration] = {}
        self.renew(now_us)

    def renew(self, now_us: int) -> None:
        """Read the papers again: which vehicle drives under which declaration today; and which sections are open."""
        if self.sections is not None:
            self.sections.renew()
        today = day_of(datetime.fromtimestamp(now_us / 1e6, UTC))
        plate_of = {one.vin: one.plate for one in self.ledger.papers(Vehicle)}
        self._papers = {}
        for paper in self.ledger.papers(Declaration):
            if paper.begins <= today <= paper.ends and paper.plate_until is not None and paper.plate_until >= today:
                self._papers[paper.vin] = paper
                if plate := plate_of.get(paper.vin):
                    self._papers[plate] = paper

    def items(self, source: str, payload: bytes, receive_us: int) -> list[Event]:
        """Take one message of the ten items and return what happened; what is wrong with it is kept for its sender."""
        try:
            said = read(payload, receive_us)
        except ItemsError as error:
            if len(self.refused) < MOST_VEHICLES:
                self.refused[source] = str(error)
            return []
        vehicle = self._vehicles.get(said.vehicle)
        if vehicle is None:
            if len(self._vehicles) >= MOST_VEHICLES:
                return []
            vehicle = self._vehicles[said.vehicle] = _Vehicle(Driving(said.vehicle))
        vehicle.declaration = self._papers.get(said.vehicle)
        vehicle.stage = vehicle.declaration.stage if vehicle.declaration else "test"
        for beside in self.besides:
            beside.items(said)
        events = [self._event(one) for one in vehicle.driving.take(said) if one.kind != "planned"]
        return self._entered(events + self._conduct(vehicle, said))

    def _conduct(self, vehicle: _Vehicle, said: Items) -> list[Event]:
        if (
            said.lon is not None
            and said.lat is not None
            and self.sections is not None
            and vehicle.declaration is not None
        ):
            x_m, y_m = self.zone.project(np.array([said.lon]), np.array([said.lat]))
            vehicle.on_section = self.sections.holds(vehicle.declaration.roads, float(x_m[0]), float(y_m[0]))
        moment = conduct.Moment(
            said.vehicle, vehicle.stage, said.mode or "manual", vehicle.on_section, vehicle.declaration is not None,
            said.away_s, said.strangers, said.goods,
        )  # fmt: skip
        checks: tuple[Callable[..., list[Breach]], ...] = (
            conduct.driver_watches, conduct.nobody_else_is_aboard, conduct.automated_stays_inside,
        )  # fmt: skip
        vehicle.breaches = [breach for check in checks for breach in check(moment, self.zone.profile)]
        events = []
        for breach in vehicle.breaches:
            words = breach.reason.zh, breach.reason.en
            if self.ledger.breached(breach.rule, breach.subject, breach.field, words, said.t_us, self._quiet_us):
                kind = "section-exit" if breach.rule == conduct.SECTION else breach.field
                events.append(self._happened(kind, said, *words))
        return events

    def _happened(self, kind: str, said: Items, zh: str, en: str) -> Event:
        x_m = y_m = 0.0
        if said.lon is not None and said.lat is not None:
            x, y = self.zone.project(np.array([said.lon]), np.array([said.lat]))
            x_m, y_m = float(x[0]), float(y[0])
        return Event(kind, said.t_us, x_m, y_m, (), zh, en, said.vehicle)

    def _event(self, one: Occurrence) -> Event:
        x_m = y_m = 0.0
        if one.lon is not None and one.lat is not None:
            x, y = self.zone.project(np.array([one.lon]), np.array([one.lat]))
            x_m, y_m = float(x[0]), float(y[0])
        zh, en, _ = kinds.of(one.kind)
        return Event(one.kind, one.t_us, x_m, y_m, (), f"{zh}：{one.what}", f"{en}: {one.what}", one.vehicle)

    def frame(self, t_us: int, tracks: Columns, signals: Columns) -> list[Event]:
        """Take one frame and return what is to be looked at in it."""
        found = self.watch.take(t_us, tracks, signals)
        for beside in self.besides:
            beside.frame(t_us, tracks, signals)
            beside.events(found)
        return self._entered(found)

    def _entered(self, events: list[Event]) -> list[Event]:
        for event in events:
            lon, lat = self.zone.project.inverse(np.array([event.x_m]), np.array([event.y_m]))
            body = {
                "zh": event.zh, "en": event.en, "tracks": list(event.tracks), "x_m": event.x_m, "y_m": event.y_m,
                "lon": round(float(lon[0]), 7), "lat": round(float(lat[0]), 7), "pack": None,
            }  # fmt: skip
            self.ledger.happened(event.id, event.kind, event.t_us, event.vehicle, body)
            if event.kind in PACKED and len(self.to_pack) < 1000:
                self.to_pack.append(event)
        return events

    def roll(self, now_us: int, at_once: bool = False) -> list[Breach]:
        """Once a minute: bring hours and kilometres into the ledger, and judge how the data came."""
        if 0 <= now_us - self._rolled_us < ROLL_US and not at_once:
            return []
        self._rolled_us = now_us
        day = day_of(datetime.fromtimestamp(now_us / 1e6, UTC)).isoformat()
        under = {name: one.declaration.id for name, one in self._vehicles.items() if one.declaration is not None}
        for beside in self.besides:
            beside.roll(now_us, self.ledger, under)
        found: list[Breach] = []
        for name, vehicle in list(self._vehicles.items()):
            coming, tally = vehicle.driving.roll(now_us)
            vehicle.complete = coming
            self.ledger.drove(name, day, vehicle.declaration.id if vehicle.declaration else "", tally)
            found += data.items_come(coming, self.zone.profile)
            last = vehicle.driving.last
            if last is None or now_us - last.t_us > 60 * ROLL_US:
                del self._vehicles[name]
        for breach in found:
            words = breach.reason.zh, breach.reason.en
            self.ledger.breached(breach.rule, breach.subject, breach.field, words, now_us, 2 * ROLL_US)
        self.refused.clear()
        self.renew(now_us)
        return found

    def status(self, now_us: int) -> dict[str, Any]:
        """Return every test vehicle as it is now, for the pages."""
        rows = []
        for name, vehicle in self._vehicles.items():
            last = vehicle.driving.last
            if last is None:
                continue
            coming = vehicle.complete or vehicle.driving.coming(now_us)
            rows.append({
                "vehicle": name, "mode": last.mode, "lon": last.lon, "lat": last.lat, "speed_mps": last.speed_mps,
                "t_us": last.t_us, "age_s": round((now_us - last.t_us) / 1e6, 2), "items": sorted(last.present),
                "declaration": vehicle.declaration.id if vehicle.declaration else None, "on_section": vehicle.on_section,
                "complete_share": round(min(coming.with_first_four / max(coming.seconds, 1), 1.0), 4),
                "longest_gap_s": round(coming.longest_gap_s, 2), "breaches": [one.as_json() for one in vehicle.breaches],
            })  # fmt: skip
        return {"t_us": now_us, "zone": self.zone.id, "vehicles": rows, "refused": dict(self.refused)}
