"""The signals of a running zone (信号运行): where each is in its plan, orders to controllers, what they came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map
from jinyun.road.signals import order
from jinyun.road.signals.control import Demand, Want
from jinyun.road.signals.network import Network
from jinyun.road.signals.order import Order
from jinyun.road.signals.plan import GREEN, position
from jinyun.shapes import Kind
from jinyun.zone import Zone

UNKNOWN_DS = 65_535
NEAR_M, STANDS_MPS = 90.0, 1.0
Table = Mapping[str, NDArray[Any]]


class Signals:
    """The zone's signals as frames show them."""

    def __init__(self, zone: Zone, map: Map) -> None:
        self.zone, self.map = zone, map
        self.network = Network.of(map, zone.profile, zone.signals.actuated)
        self._unit = {rsu.node: rsu.id for rsu in zone.rsus if rsu.node is not None and rsu.junction is not None}
        self._gap_s = zone.profile["road.signals.gap_s"].value
        self._names = {int(n): (zh, en) for n, zh, en in zip(
            map.junctions["node"].tolist(), map.junctions["zh"].tolist(), map.junctions["en"].tolist(), strict=True)
        }  # fmt: skip
        self.places: dict[int, tuple[int, float]] = {}
        self.lights: dict[tuple[int, int], tuple[str, float]] = {}
        """Light in a word and seconds left, by (node, phase)."""
        self.t_us = 0
        self.ordered = 0

    def look(self, signals: Table, t_us: int) -> None:
        """Take the signals of a frame."""
        self.t_us, self.places, self.lights = t_us, {}, {}
        node, phase, light = (signals[name].astype(np.int64) for name in ("node", "phase", "light"))
        left = np.where(signals["remaining_ds"] == UNKNOWN_DS, np.nan, signals["remaining_ds"] / 10.0)
        for n, p, shown, seconds in zip(node.tolist(), phase.tolist(), light.tolist(), left.tolist(), strict=True):
            word = "green" if shown in GREEN else "yellow" if shown in (7, 8) else "red" if shown == 3 else "dark"
            self.lights[n, p] = word, seconds
        for n in np.unique(node).tolist():
            junction = self.network.junctions.get(n)
            if junction is None:
                continue
            plan, rows = junction.plan, node == n
            at = {p: k for k, p in enumerate(plan.phase.tolist())}
            shown, ends = np.full(len(plan.phase), -1), np.full(len(plan.phase), np.nan)
            for p, its, seconds in zip(phase[rows].tolist(), light[rows].tolist(), left[rows].tolist(), strict=True):
                if p in at:
                    shown[at[p]], ends[at[p]] = its, seconds
            place = position(plan, shown, ends)
            if place is not None:
                self.places[n] = place

    def step(self, tracks: Table, wants: Mapping[int, list[Want]]) -> list[tuple[str, bytes]]:
        """Return the orders that are due, as (MQTT topic, payload)."""
        demand: dict[int, dict[int, Demand]] | None = None

        def demand_of(node: int) -> Mapping[int, Demand]:
            nonlocal demand
            if demand is None:
                demand = self._demand(tracks)
            return demand.get(node, {})

        changes = self.network.step(self.t_us / 1e6, self.places, wants, demand_of)
        found = []
        for change in changes:
            unit = self._unit.get(change.node)
            if unit is not None:
                written = order.write(Order(change.node, change.step, change.left_s, change.why, self.t_us))
                found.append((order.topic(self.zone.id, unit), written))
        self.ordered += len(found)
        return found

    def _demand(self, tracks: Table) -> dict[int, dict[int, Demand]]:
        """Return who stands before each light, and whether somebody reaches it within the gap, by node and phase."""
        motor = tracks["kind"] == Kind.MOTOR
        if not motor.any():
            return {}
        x, y = tracks["x_m"][motor].astype(np.float64), tracks["y_m"][motor].astype(np.float64)
        speed = np.nan_to_num(tracks["speed_mps"][motor].astype(np.float64))
        heading = np.radians(tracks["heading_deg"][motor].astype(np.float64))
        lane, _, s = self.map.nearest_lane(x, y, heading, (LaneKind.CAR, LaneKind.BUS))
        line, metres = self.map.to_stop_line(lane, s)
        near = (line >= 0) & (metres >= 0) & (metres <= NEAR_M)
        found: dict[int, dict[int, Demand]] = {}
        stop = self.map.stop_lines
        for row, far, mps in zip(line[near].tolist(), metres[near].tolist(), speed[near].tolist(), strict=True):
            node = int(self.map.junctions["node"][stop["junction"][row]])
            of = found.setdefault(node, {})
            before = of.get(int(stop["phase"][row]), Demand())
            stands = mps < STANDS_MPS
            soon = stands or far <= mps * self._gap_s
            of[int(stop["phase"][row])] = Demand(before.queue + stands, before.soon or soon)
        return found

    def told(self) -> dict[str, Any]:
        """Return the signals for pages: each junction's step and who has it, and the sum of all requests."""
        rows = []
        for node, (step, left_s) in sorted(self.places.items()):
            junction = self.network.junctions[node]
            zh, en = self._names.get(node, ("", ""))
            grant = junction.grant
            rows.append({
                "node": node, "id": junction.plan.id, "zh": zh, "en": en, "step": step, "left_s": round(left_s, 1),
                "steps": len(junction.plan.seconds), "shift_s": round(junction.shift_s, 1), "actuated": junction.actuated,
                "grant": None if grant is None else {
                    "phase": grant.want.phase, "why": grant.want.why.value, "form": grant.form,
                    "arrives_s": round(max(grant.want.arrives_s - self.t_us / 1e6, 0.0), 1),
                },
                "ledger": junction.ledger.told(),
            })  # fmt: skip
        return {"t_us": self.t_us, "ordered": self.ordered, "ledger": self.network.told(), "junctions": rows}
