"""The stops of a running zone (智慧站台运行): line vehicles followed, arrivals foretold, who waits, what people are told."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map
from jinyun.road.signals.network import Network
from jinyun.road.stop.course import Ribbon, ribbons
from jinyun.road.stop.eta import Arrival, Timing, ahead
from jinyun.road.stop.following import Vehicle, move, stand
from jinyun.road.stop.pace import Pace
from jinyun.shapes import Kind
from jinyun.zone import Zone

CLASSES = {"shuttle": 50, "bus": 54}
"""T/CSAE 53 BasicVehicleClass of a line's vehicles."""
WAITS_M, WAITS_MPS = 12.0, 0.6
LOST_S = 5.0
QUEUE_M, QUEUE_MPS = 90.0, 1.0
ERRORS = 200
CROWD = (4, 10)
"""People waiting from which a stop is busy, and full."""
ERROR_AT_S = (300.0, 600.0)
Table = Mapping[str, NDArray[Any]]


class Stops:
    """The zone's lines and stops; :meth:`look` at a frame once a second."""

    def __init__(self, zone: Zone, map: Map) -> None:
        self.zone, self.map = zone, map
        self.ribbons: list[Ribbon] = ribbons(zone, map)
        self.pace = {ribbon.line.id: Pace(dwell_s=ribbon.line.dwell_s) for ribbon in self.ribbons}
        self._ribbon = {ribbon.line.id: ribbon for ribbon in self.ribbons}
        self.vehicles: dict[int, Vehicle] = {}
        self.waiting: dict[str, int] = {}
        self.t_s = 0.0
        self.errors: dict[float, deque[float]] = {at: deque(maxlen=ERRORS) for at in ERROR_AT_S}
        self._foretold: dict[tuple[int, str], deque[tuple[float, float]]] = {}
        self._timings: dict[int, Timing] = {}
        self._queue_of: dict[tuple[int, int], int] = {}
        self._pending: list[int] = []
        self._places = {stop.id: (stop.x_m, stop.y_m) for stop in zone.stops}

    def look(
        self, tracks: Table, t_us: int, places: Mapping[int, tuple[int, float]], network: Network, t_signals_us: int
    ) -> None:
        """Take the tracks of a frame and foretell all arrivals; ``places`` are where signals are at ``t_signals_us``."""
        self.notice(tracks, t_us, places, network, t_signals_us)
        while self.foretell():
            pass

    def notice(
        self, tracks: Table, t_us: int, places: Mapping[int, tuple[int, float]], network: Network, t_signals_us: int
    ) -> None:
        """Take the tracks of a frame; arrivals are foretold by :meth:`foretell`, one vehicle's at a time."""
        self.t_s = t_us / 1e6
        self._timings = {
            node: Timing(network.junctions[node].plan, step, left, t_signals_us / 1e6)
            for node, (step, left) in places.items()
        }
        self._queue_of = self._queues(tracks)
        self._follow(tracks, self._timings)
        self._count_waiting(tracks)
        for vehicle in self.vehicles.values():
            come_to = stand(self._ribbon[vehicle.line], vehicle, self.t_s, self.pace[vehicle.line])
            if come_to:
                self._judge(vehicle, come_to)
        self._pending = list(self.vehicles)

    def foretell(self) -> bool:
        """Foretell the arrivals of one vehicle of the last frame; return whether there are more to be foretold."""
        if self._pending:
            vehicle = self.vehicles[self._pending.pop()]
            vehicle.arrivals = ahead(
                self._ribbon[vehicle.line], vehicle.s_m, vehicle.speed_mps, self.t_s, self.t_s - vehicle.stood_s,
                self._timings, self._queue_of, self.pace[vehicle.line], vehicle.track, vehicle.served,
            )  # fmt: skip
            for one in vehicle.arrivals:
                if one.t_s - self.t_s <= ERROR_AT_S[-1] + 120:
                    self._foretold.setdefault((vehicle.track, one.stop), deque(maxlen=900)).append((self.t_s, one.t_s))
        return bool(self._pending)

    def _follow(self, tracks: Table, timings: Mapping[int, Timing]) -> None:
        """Find each line vehicle on its line again, and new ones."""
        rows = np.flatnonzero(np.isin(tracks["class"], list(CLASSES.values())))
        for row in rows.tolist():
            track, kind = int(tracks["id"][row]), int(tracks["class"][row])
            x, y = float(tracks["x_m"][row]), float(tracks["y_m"][row])
            heading, speed = float(tracks["heading_deg"][row]), float(np.nan_to_num(tracks["speed_mps"][row]))
            known = self.vehicles.get(track)
            for ribbon in self.ribbons:
                if CLASSES[ribbon.line.kind] != kind or (known is not None and known.line != ribbon.line.id):
                    continue
                s = ribbon.locate(x, y, np.radians(heading), known.s_m if known is not None else float("nan"))
                if np.isfinite(s):
                    if known is None:
                        known = Vehicle(track, ribbon.line.id, s, x, y, speed, heading, self.t_s, self.t_s)
                        self.vehicles[track] = known
                    if ribbon.loop and known.s_m - s > ribbon.length_m / 2:
                        known.began_s = self.t_s  # a round is over
                    move(ribbon, known, s, speed, self.t_s, timings, self.pace[ribbon.line.id])
                    known.s_m, known.x_m, known.y_m = s, x, y
                    known.speed_mps, known.heading_deg, known.seen_s = speed, heading, self.t_s
                    break
        for track in [id for id, one in self.vehicles.items() if self.t_s - one.seen_s > LOST_S]:
            self.pace[self.vehicles.pop(track).line].forget(track)
            for key in [key for key in self._foretold if key[0] == track]:
                del self._foretold[key]

    def _judge(self, vehicle: Vehicle, stop: str) -> None:
        """Hold what was foretold of a stop against the arrival there, which is now."""
        for told_s, at_s in self._foretold.pop((vehicle.track, stop), ()):
            for horizon in ERROR_AT_S:
                if abs(self.t_s - told_s - horizon) < 0.6:
                    self.errors[horizon].append(at_s - self.t_s)

    def _queues(self, tracks: Table) -> dict[tuple[int, int], int]:
        """Return how many stand before each light, in the fullest of its lanes."""
        slow = (tracks["kind"] == Kind.MOTOR) & (np.nan_to_num(tracks["speed_mps"]) < QUEUE_MPS)
        x, y = (tracks[name][slow].astype(np.float64) for name in ("x_m", "y_m"))
        if not len(x):
            return {}
        heading = np.radians(tracks["heading_deg"][slow].astype(np.float64))
        lane, _, s = self.map.nearest_lane(x, y, heading, (LaneKind.CAR, LaneKind.BUS))
        line, metres = self.map.to_stop_line(lane, s)
        near = (line >= 0) & (metres >= 0) & (metres <= QUEUE_M)
        by: dict[tuple[int, int], dict[int, int]] = {}
        stop = self.map.stop_lines
        for row, of in zip(line[near].tolist(), lane[near].tolist(), strict=True):
            node = int(self.map.junctions["node"][stop["junction"][row]])
            lanes = by.setdefault((node, int(stop["phase"][row])), {})
            lanes[of] = lanes.get(of, 0) + 1
        return {key: max(lanes.values()) for key, lanes in by.items()}

    def _count_waiting(self, tracks: Table) -> None:
        """Count who stands on foot near each stop."""
        on_foot = (tracks["kind"] == Kind.PEDESTRIAN) & (np.nan_to_num(tracks["speed_mps"]) < WAITS_MPS)
        x, y = tracks["x_m"][on_foot], tracks["y_m"][on_foot]
        self.waiting = {
            id: int((np.hypot(x - at[0], y - at[1]) <= WAITS_M).sum()) for id, at in self._places.items()
        }  # fmt: skip

    # -- what is said ------------------------------------------------------------------------------------------------

    def told(self) -> dict[str, Any]:
        """Return the stops, lines and vehicles for pages and feeds."""
        by_stop: dict[str, list[dict[str, Any]]] = {stop.id: [] for stop in self.zone.stops}
        lines = {ribbon.line.id: ribbon.line for ribbon in self.ribbons}
        for vehicle in self.vehicles.values():
            ribbon = self._ribbon[vehicle.line]
            last = ribbon.stops[-1].stop
            if vehicle.stop:
                here = {
                    "line": vehicle.line,
                    "vehicle": vehicle.track,
                    "at_us": round(self.t_s * 1e6),
                    "standing": True,
                }
                by_stop[vehicle.stop].append({**here, "toward": last if not ribbon.loop else vehicle.stop})
            for one in vehicle.arrivals:
                by_stop[one.stop].append({
                    "line": vehicle.line, "vehicle": vehicle.track, **_span(one), "standing": False,
                    "toward": last if not ribbon.loop else "",
                })  # fmt: skip
        served = {stop: [line.id for line in lines.values() if stop in line.stops] for stop in by_stop}
        return {
            "t_us": round(self.t_s * 1e6),
            "lines": [
                {"id": line.id, "zh": line.zh, "en": line.en, "kind": line.kind, "colour": line.colour,
                 "stops": list(line.stops)}
                for line in lines.values()
            ],
            "stops": [
                {"id": stop.id, "zh": stop.zh, "en": stop.en, "lon": stop.lon, "lat": stop.lat, "smart": stop.smart,
                 "waiting": self.waiting.get(stop.id, 0), "crowd": self._crowd(stop.id), "step_free": stop.step_free,
                 "lines": served[stop.id], "arrivals": sorted(by_stop[stop.id], key=lambda one: one["at_us"])[:8]}
                for stop in self.zone.stops
            ],
            "vehicles": [
                {"id": v.track, "line": v.line, "x_m": round(v.x_m, 1), "y_m": round(v.y_m, 1), "stop": v.stop,
                 "speed_mps": round(v.speed_mps, 1), "heading_deg": round(v.heading_deg, 1), "s_m": round(v.s_m, 1),
                 "seen_us": round(v.seen_s * 1e6), "began_us": round(v.began_s * 1e6), "dwell_s": lines[v.line].dwell_s,
                 "arrivals": [{"stop": one.stop, **_span(one)} for one in v.arrivals]}
                for v in self.vehicles.values()
            ],
            "alerts": self.alerts(),
            "errors": {f"{at / 60:g}_min": _share(errors) for at, errors in self.errors.items()},
        }  # fmt: skip

    def _crowd(self, stop: str) -> str:
        n = self.waiting.get(stop, 0)
        return "full" if n >= CROWD[1] else "busy" if n >= CROWD[0] else "calm"

    def alerts(self) -> list[dict[str, Any]]:
        """Return what passengers should know: lines that have no vehicle."""
        found: list[dict[str, Any]] = []
        for ribbon in self.ribbons:
            if not any(v.line == ribbon.line.id for v in self.vehicles.values()):
                found.append({
                    "id": f"none-{ribbon.line.id}", "line": ribbon.line.id, "effect": "NO_SERVICE",
                    "zh": f"{ribbon.line.zh}：线路上暂无车辆", "en": f"{ribbon.line.en}: no vehicle on the line now",
                })  # fmt: skip
        return found


def _span(one: Arrival) -> dict[str, int]:
    return {"at_us": round(one.t_s * 1e6), "early_us": round(one.early_s * 1e6), "late_us": round(one.late_s * 1e6)}


def _share(errors: deque[float]) -> dict[str, float | int | None]:
    values = np.abs(np.array(errors))
    known = len(values) >= 5
    return {"n": len(values), "p90_s": round(float(np.percentile(values, 90)), 1) if known else None}
