"""Signal and MAP truth: one object that takes what was decoded and says what is wrong with lights and maps, and how good.

    truth = SignalTruth(zone, map, name_of)
    findings = truth.take([Spat(tables, rows, receive_us, event_us)], [MapHeard(row, receive_us, frame)], now_us)
    findings += truth.frame(frame)       # what drives, against what is told
    truth.summary()

It depends on its arguments alone, so live, replay and tests run the same code with another clock. Nothing a sender can send
makes it raise; every table has a bound, and what is silent for ten minutes is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from jinyun.cloud.quality import conflict, lights
from jinyun.cloud.quality.agreement import Agreement
from jinyun.cloud.quality.broadcast import RECEIVED, Broadcast
from jinyun.cloud.quality.countdown import Countdowns
from jinyun.cloud.quality.layout import Ground, Node
from jinyun.cloud.quality.movement import Movements
from jinyun.cloud.quality.prediction import Predictions
from jinyun.cloud.quality.received import MapHeard, ReceivedMaps
from jinyun.cloud.quality.spat import Heard, Spat, heard
from jinyun.cloud.quality.stations import Stations
from jinyun.cloud.quality.telling import CODE, SUBJECT, Telling
from jinyun.cloud.quality.transitions import BEFORE, LIGHT, Transitions
from jinyun.hdmap import Map
from jinyun.shapes import Finding, Frame
from jinyun.zone import Zone

__all__ = ["MapHeard", "SignalTruth", "Spat"]

Teller = Callable[[list[int]], tuple[str, str, str]]
SECOND_US = 1_000_000
CONFLICT = 40
"""Code of an event beside those of the parts."""


class SignalTruth:
    """What the zone's signal and map messages are worth.

    ``map`` is the zone's precise map (None: only what is received counts), ``name_of`` the sender's name by its row in the
    decoder's table of sources (``rsu/R1``).
    """

    def __init__(self, zone: Zone, map: Map | None, name_of: Callable[[int], str]) -> None:
        profile = zone.profile
        self._name_of = name_of
        self._ground = Ground(map) if map is not None else None
        self.stations = Stations()
        self.maps = ReceivedMaps(profile)
        self.broadcast = Broadcast(self.stations, profile)
        self.transitions = Transitions(self.stations, profile)
        self.countdowns = Countdowns(self.stations, profile)
        self.predictions = Predictions(self.stations, profile)
        self.agreement = Agreement(
            self.stations, self.transitions, self.broadcast, self.maps, self._ground, zone.project, name_of
        )
        self.movements = (
            Movements(self._ground, self.stations, self.transitions, self.agreement, profile) if self._ground else None
        )
        self._telling = Telling()
        self._second_us = 0
        self.findings = 0

    def take(self, spats: Sequence[Spat], maps: Sequence[MapHeard], now_us: int) -> list[Finding]:
        """Take the SPAT and MAP of a window, in the order they came; return what was found.

        Silence is a finding, too: call it, or :meth:`frame`, at least once a second, with empty lists if need be.
        """
        found: list[Finding] = []
        for source, node, rule, severity, reason in self.maps.take(maps):
            if seen := self._telling.due((rule, source, node), now_us):
                found.append(self._finding(source, node, -1, (rule, severity, reason), now_us, seen))
        for spat in spats:
            if len(spat.tables["intersections"]["parent"]):
                found += self._take(heard(spat), now_us)
        for source, node in self.stations.refused:
            if seen := self._telling.due(("spat.node.many", source), now_us):
                told = "spat.node.many", "fault", "speaks for more junctions than one sender may"
                found.append(self._finding(source, node, -1, told, now_us, seen))
        self.stations.refused.clear()
        found += self._second(now_us)
        self.findings += len(found)
        return found

    def frame(self, frame: Frame) -> list[Finding]:
        """Take a frame of the twin, ten a second; return what its vehicles show of lights and maps.

        Frames whose tracks lie elsewhere than the zone's map (a recording of another place) must not be given.
        """
        found = self._second(frame.t_us)
        if self.movements is not None:
            for row, phase, rule, severity, reason in self.movements.frame(frame.tracks, frame.t_us):
                found.append(self._of_station(row, phase, (rule, severity, reason), frame.t_us))
        self.findings += len(found)
        return found

    def _take(self, here: Heard, now_us: int) -> list[Finding]:
        station, group = self.stations.at(here)
        self.agreement.renew(self.stations.fresh, now_us)
        self.stations.fresh.clear()
        fresh, before, sent = self.broadcast.take(here, station)
        changed, lit = self.transitions.take(here, group, fresh, before)
        counted = self.countdowns.take(here, group, fresh, changed)
        self.predictions.take(here, group, fresh, changed)
        burnt = self.transitions.state[:, BEFORE]
        pairs = conflict.pairs_of(here, fresh, group, burnt, self.stations.bit, self.agreement.mask)
        found: list[Finding] = []
        for event in sent.tolist():
            found += self._tell(event[SUBJECT], -1, event[CODE], self.broadcast.told, event, now_us)
        for part, events in ((self.transitions, lit), (self.countdowns, counted)):
            for event in events.tolist():
                row, phase = int(self.stations.station[event[SUBJECT]]), int(self.stations.phase[event[SUBJECT]])
                found += self._tell(row, phase, event[CODE], part.told, event, now_us)
        for pair in pairs.tolist():
            row = int(self.stations.station[pair[0]])
            numbered = (
                (int(self.stations.phase[group]), light) for group, light in zip(pair[:2], pair[2:4], strict=True)
            )
            (a, light_a), (b, light_b) = sorted(numbered)
            if seen := self._telling.due((row, a, CONFLICT, b), now_us):
                found.append(self._clash(row, a, light_a, b, light_b, now_us, seen))
        return found

    def _clash(self, row: int, a: int, light_a: int, b: int, light_b: int, now_us: int, seen: int) -> Finding:
        """Return the finding of two phases released together."""
        layout = self.agreement.layout_of(row)
        ways = layout.conflicts.text(a, b) if layout else ""
        reason = f"phase {a} is {lights.NAMES[light_a]} and phase {b} {lights.NAMES[light_b]}: {ways}"
        one = self._of_station(row, -1, ("signal.conflict", "fault", reason), now_us, seen)
        return replace(one, field=f"{one.field} phases {a}, {b}")

    def _tell(self, row: int, phase: int, cause: object, told: Teller, event: list[int], now_us: int) -> list[Finding]:
        """Return the finding of an event, nothing where its cause was told less than a second ago."""
        seen = self._telling.due((row, phase, cause), now_us)
        return [self._of_station(row, phase, told(event), now_us, seen)] if seen else []

    def _of_station(self, row: int, phase: int, told: tuple[str, str, str], now_us: int, count: int = 1) -> Finding:
        return self._finding(int(self.stations.source[row]), self.stations.node_at(row), phase, told, now_us, count)

    def _finding(
        self, source: int, node: Node, phase: int, told: tuple[str, str, str], now_us: int, count: int = 1
    ) -> Finding:
        rule, severity, reason = told
        at = self._ground.row_of.get(node, -1) if self._ground else -1
        name = f"{self._ground.name(at)}: " if self._ground and at >= 0 else ""
        field = f"node {node[0]}/{node[1]}" + (f" phase {phase}" if phase >= 0 else "")
        return Finding(rule, self._name_of(source), field, name + reason, now_us, severity, count)

    def _second(self, now_us: int) -> list[Finding]:
        """Return what can be said once a second, of time that has passed; nothing in between."""
        if abs(now_us - self._second_us) < SECOND_US:
            return []
        self._second_us = now_us
        found: list[Finding] = []
        for row, *told in self.broadcast.second(now_us):
            found.append(self._of_station(row, -1, (told[0], told[1], told[2]), now_us))
        self.agreement.renew(set(), now_us)
        for row, phase, rule, severity, reason in self.agreement.second(now_us):
            found.append(self._of_station(row, phase, (rule, severity, reason), now_us))
        for source, node, rule, severity, reason in (*self.maps.second(now_us), *self.agreement.of_maps(now_us)):
            found.append(self._finding(source, node, -1, (rule, severity, reason), now_us))
        if self.movements is not None:
            for row, phase, rule, severity, reason in self.movements.second(now_us):
                found.append(self._of_station(row, phase, (rule, severity, reason), now_us))
            for source, node, rule, severity, reason in self.movements.undescribed():
                found.append(self._finding(source, node, -1, (rule, severity, reason), now_us))
        for group, rule, severity, reason in self.predictions.second():
            row, phase = int(self.stations.station[group]), int(self.stations.phase[group])
            found.append(self._of_station(row, phase, (rule, severity, reason), now_us))
        self.stations.forget(now_us)
        return found

    def summary(self) -> dict[str, Any]:
        """Return the state of every station and its phases; ``docs/signal-quality.md`` says what each member is."""
        rows = []
        for row in self.stations.alive():
            node = self.stations.node_at(row)
            layout = self.agreement.layout_of(row)
            at = self._ground.row_of.get(node, -1) if self._ground else -1
            rows.append(
                {
                    "source": self._name_of(int(self.stations.source[row])),
                    "region": node[0],
                    "node": node[1],
                    "junction": self._ground.name(at) if self._ground else "",
                    "last_us": int(self.broadcast.state[row, RECEIVED]),
                    "rate_hz": self.broadcast.rate_hz(row, self._second_us),
                    "map": "" if layout is None else "zone" if layout.source < 0 else self._name_of(layout.source),
                    "phases": [self._phase(group) for group in self.stations.groups_at(row)],
                }
            )
        return {"stations": rows, "maps": len(self.maps.maps), "findings": self.findings}

    def _phase(self, group: int) -> dict[str, Any]:
        return {
            "phase": int(self.stations.phase[group]),
            "whom": ("unknown", "vehicles", "walkers")[int(self.transitions.whom[group])],
            "light": lights.NAMES[int(self.transitions.state[group, LIGHT])],
            "prediction": self.predictions.summary(group),
            "crossed_on": dict(self.movements.summary(group)) if self.movements else {},
        }
