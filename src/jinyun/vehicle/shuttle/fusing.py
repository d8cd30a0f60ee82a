"""Knowing others (感知融合): the shuttle's own object list and the road's RSM become one list of who is around.

Each source keeps a book of its objects under its own numbers, smoothed and carried on to now; an object that several
sources report is one object that several have seen. What only the road reports must have been reported three times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.net.csae import batch
from jinyun.shapes import Kind
from jinyun.vehicle.shuttle.body import LENGTH_M, MIDDLE_M, WIDTH_M, Pose
from jinyun.vehicle.shuttle.objects import BY_CAR, BY_ROAD, OBJECT, SEEN
from jinyun.zone import Projection

KEPT_S = 0.6
"""An object that nobody reports for so long is gone."""
CONFIRMED = 3
"""Reports after which an object that only the road sees is believed."""
PLACE_GAIN, SPEED_GAIN, HEADING_GAIN, ACCEL_GAIN = 0.45, 0.35, 0.35, 0.12
GATE_M = {Kind.MOTOR: 3.0, Kind.NON_MOTOR: 2.0, Kind.PEDESTRIAN: 1.5}
STANDS_MPS = 0.4
MOST_LATE_S = 0.5
"""An older report is of no use."""

_BOOK = np.dtype([*((name, OBJECT[name]) for name in OBJECT.names or ()), ("seen_s", np.float64), ("at_s", np.float64),
                  ("hits", np.int32)])  # fmt: skip


class Book:
    """The objects of one source (or of all roadside units, whose numbers are made one by the caller)."""

    def __init__(self) -> None:
        self.rows: NDArray[np.void] = np.zeros(0, _BOOK)

    def take(self, seen: NDArray[np.void], at_s: NDArray[np.float64]) -> None:
        """Take entries of :data:`SEEN` with distinct numbers, each measured at its own instant."""
        order = np.argsort(seen["number"], kind="stable")
        seen, at_s = seen[order], at_s[order]
        rows = self.rows
        where = np.searchsorted(rows["id"], seen["number"])
        known = np.zeros(len(seen), bool)
        within = where < len(rows)
        known[within] = rows["id"][where[within]] == seen["number"][within]
        k = where[known]
        if len(k):
            self._smooth(k, seen[known], at_s[known])
        new = seen[~known]
        if len(new):
            fresh = np.zeros(len(new), _BOOK)
            for name in SEEN.names or ():
                fresh["id" if name == "number" else name] = new[name]
            fresh["seen_s"] = fresh["at_s"] = at_s[~known]
            fresh["hits"] = 1
            rows = np.concatenate([self.rows, fresh])
            self.rows = rows[np.argsort(rows["id"], kind="stable")]

    def _smooth(self, k: NDArray[np.intp], seen: NDArray[np.void], at_s: NDArray[np.float64]) -> None:
        rows = self.rows
        dt = np.clip(at_s - rows["at_s"][k], 0.0, 1.0)
        reach = rows["speed_mps"][k] * dt
        x = rows["x_m"][k] + reach * np.sin(rows["heading_rad"][k])
        y = rows["y_m"][k] + reach * np.cos(rows["heading_rad"][k])
        off_x, off_y = seen["x_m"] - x, seen["y_m"] - y
        far = np.hypot(off_x, off_y) > 4.0  # another one under the same number, or it leapt
        gain = np.where(far, 1.0, PLACE_GAIN)
        rows["x_m"][k], rows["y_m"][k] = x + gain * off_x, y + gain * off_y
        faster = seen["speed_mps"] - rows["speed_mps"][k]
        rows["speed_mps"][k] += SPEED_GAIN * faster
        accel = np.clip(SPEED_GAIN * faster / np.maximum(dt, 0.05), -8, 4)
        rows["accel_mps2"][k] += ACCEL_GAIN * (accel - rows["accel_mps2"][k])
        turn = (seen["heading_rad"] - rows["heading_rad"][k] + np.pi) % (2 * np.pi) - np.pi
        sharp = np.abs(turn) > 0.8
        rows["heading_rad"][k] = (rows["heading_rad"][k] + np.where(sharp, 1.0, HEADING_GAIN) * turn) % (2 * np.pi)
        for name in ("length_m", "width_m", "height_m"):
            rows[name][k] += 0.2 * (seen[name] - rows[name][k])
        stands = rows["speed_mps"][k] < STANDS_MPS
        rows["standing_s"][k] = np.where(stands, rows["standing_s"][k] + dt, 0.0)
        rows["kind"][k] = seen["kind"]
        rows["at_s"][k] = rows["seen_s"][k] = at_s
        rows["hits"][k] += 1

    def now(self, now_s: float, least: int) -> NDArray[np.void]:
        """Forget who is long unseen; return the others as :data:`OBJECT` rows, carried on to now."""
        rows = self.rows = self.rows[now_s - self.rows["seen_s"] <= KEPT_S]
        rows = rows[rows["hits"] >= least]
        out = np.zeros(len(rows), OBJECT)
        for name in OBJECT.names or ():
            out[name] = rows[name]
        dt = np.clip(now_s - rows["at_s"], 0.0, KEPT_S)
        reach = np.maximum(rows["speed_mps"] * dt + 0.5 * rows["accel_mps2"] * dt * dt, 0.0)
        out["x_m"] += reach * np.sin(rows["heading_rad"])
        out["y_m"] += reach * np.cos(rows["heading_rad"])
        out["speed_mps"] = np.maximum(rows["speed_mps"] + rows["accel_mps2"] * dt, 0.0)
        return out


def read_rsm(
    frames: list[bytes], senders: list[int], receive_us: list[int], project: Projection
) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """Return the participants of RSM frames as :data:`SEEN` rows, and the UTC of each; what cannot be read is left out.

    ``senders`` are small numbers of the roadside units: they make the numbers of several units one set.
    """
    if not frames:
        return np.zeros(0, SEEN), np.zeros(0, np.int64)
    found = batch.decode("rsmFrame", *batch.join(frames))
    heads, people = found.tables["messages"], found.tables["participants"]
    count = np.where(found.verdict == batch.OK, heads["participants"], 0)
    message = np.repeat(np.arange(len(frames)), count)
    lat = (heads["refPos.lat"][message] + people["pos.offsetLL.lat"]) * 1e-7
    lon = (heads["refPos.long"][message] + people["pos.offsetLL.lon"]) * 1e-7
    x, y = project(lon, lat)
    out = np.zeros(len(message), SEEN)
    out["number"] = np.asarray(senders, np.int64)[message] * 65_536 + people["ptcId"]
    out["kind"] = people["ptcType"]
    code = people["vehicleClass.classification"]
    out["classification"] = np.where((code > 0) & (code < 256), code, 0)
    out["x_m"], out["y_m"] = x, y
    speed = people["speed"].astype(np.float64)
    out["speed_mps"] = np.where(speed < 8191, speed * 0.02, 0.0)
    heading = people["heading"].astype(np.float64)
    out["heading_rad"] = np.where(heading < 28800, np.radians(heading * 0.0125), 0.0)
    out["length_m"], out["width_m"] = people["size.length"] * 0.01, people["size.width"] * 0.01
    height = people["size.height"].astype(np.float64)
    out["height_m"] = np.where((height > 0) & (height < 127), height * 0.05, 1.7)
    received = np.asarray(receive_us, np.int64)[message]
    late_ms = (received // 1000 - people["secMark"] + 30_000) % 60_000 - 30_000
    use = (out["kind"] >= Kind.MOTOR) & (out["kind"] <= Kind.PEDESTRIAN) & (np.abs(late_ms) <= MOST_LATE_S * 1000)
    return out[use], (received - late_ms * 1000)[use]


def fused(own: NDArray[np.void], road: NDArray[np.void], pose: Pose) -> NDArray[np.void]:
    """Return one list of ``own`` and ``road`` objects (:data:`OBJECT`): who is in both is there once, seen by both.

    The shuttle itself, which the road reports like anybody else, is left out.
    """
    own, road = own.copy(), road[~_is_self(road, pose)]
    own["seen_by"] = BY_CAR
    road = _once(road)
    road["seen_by"] = BY_ROAD
    if not len(own) or not len(road):
        return np.concatenate([own, road])
    near = _near(own, road)
    a, b = np.nonzero(near < 1.0)
    order = np.argsort(near[a, b], kind="stable")
    taken_own, taken_road = np.zeros(len(own), bool), np.zeros(len(road), bool)
    for k in order.tolist():
        if not taken_own[a[k]] and not taken_road[b[k]]:
            taken_own[a[k]] = taken_road[b[k]] = True
            own["seen_by"][a[k]] |= BY_ROAD
    left = ~taken_road & ~(near < 1.0).any(axis=0)  # a second report of somebody who is known is nobody new
    return np.concatenate([own, road[left]])


def _is_self(objects: NDArray[np.void], pose: Pose) -> NDArray[np.bool_]:
    x, y = pose.ahead(MIDDLE_M)
    dx, dy = objects["x_m"] - x, objects["y_m"] - y
    along = dx * np.sin(pose.heading_rad) + dy * np.cos(pose.heading_rad)
    across = dx * np.cos(pose.heading_rad) - dy * np.sin(pose.heading_rad)
    inside: NDArray[np.bool_] = (np.abs(along) < LENGTH_M / 2 + 0.8) & (np.abs(across) < WIDTH_M / 2 + 0.3)
    return inside


def _near(a: NDArray[np.void], b: NDArray[np.void]) -> NDArray[np.float64]:
    """Return for each pair how far apart the two are, in gates: below 1 they may be one."""
    dx, dy = b["x_m"][None, :] - a["x_m"][:, None], b["y_m"][None, :] - a["y_m"][:, None]
    heading = a["heading_rad"][:, None]
    along, across = dx * np.sin(heading) + dy * np.cos(heading), dx * np.cos(heading) - dy * np.sin(heading)
    gate = np.select([a["kind"] == kind for kind in GATE_M], list(GATE_M.values()), 2.0)[:, None]
    long = gate + np.where(a["kind"] == Kind.MOTOR, a["length_m"] / 4, 0.0)[:, None]
    apart = np.hypot(along / long, across / np.minimum(gate, 1.6))
    same = (a["kind"][:, None] == Kind.MOTOR) == (b["kind"][None, :] == Kind.MOTOR)
    return np.where(same, apart, np.inf)


def _once(road: NDArray[np.void]) -> NDArray[np.void]:
    """Return the road's objects, those that two units report once."""
    if len(road) < 2:
        return road.copy()
    near = _near(road, road)
    units = road["id"] >> 16
    doubled = (near < 0.7) & (units[:, None] < units[None, :])
    return road[~doubled.any(axis=0)].copy()
