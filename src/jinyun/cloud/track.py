"""Tracks: from the sightings of a tick to what the cloud believes of every participant.

Each sighting is carried to the frame's instant with its own speed and heading, gated, joined to a track (by the number
its sender gave it, by the BSM id, else by place, globally within one sender) and taken into a filter of place and
velocity. A track is confirmed by a second sighting or by the participant's own report, and ended by time alone: never by
counting calls.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, TRACK, Kind

LATEST_US = 500_000
"""A sighting older than this at the frame's instant goes to the record only."""
SHOWN_US = 1_000_000
"""A track is published while its newest sighting is younger than this."""
KEPT_US = 3_000_000
"""A confirmed track waits this long for its object to come out of an occlusion."""
TENTATIVE_US = 600_000
RECENT_US = 1_000_000
DEFAULT_SD_M = 1.0
"""Assumed where a sender states no accuracy."""
SPEED_SD_MPS = 0.5
ACCELERATION_SD = {Kind.UNKNOWN: 2.5, Kind.MOTOR: 2.5, Kind.NON_MOTOR: 1.5, Kind.PEDESTRIAN: 1.0, Kind.RSU: 0.1}
_ACCELERATION_SD = np.array([ACCELERATION_SD[Kind(k)] for k in range(5)])
GATE_SIGMAS = 4.0
GATE_FLOOR_M = 2.0
GATE_CEILING_M = 12.0

_STATE = np.dtype(
    [
        *[(name, TRACK[name]) for name in TRACK.names or ()],
        ("vx", np.float64), ("vy", np.float64),
        ("pp", np.float64), ("pv", np.float64), ("vv", np.float64),  # covariance, the same for east and north
        ("t_us", np.int64), ("self_us", np.int64), ("road_us", np.int64),
        ("confirmed", np.bool_), ("alive", np.bool_),
    ]
)  # fmt: skip


@dataclass(slots=True)
class Tracks:
    """All tracks (rows of a growing table), and which sender's number stands for which row."""

    rows: NDArray[np.void] = field(default_factory=lambda: np.zeros(256, _STATE))
    links: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)  # (source, number) -> row, last us
    vehicles: dict[int, int] = field(default_factory=dict)  # BSM id -> row
    next_id: int = 1
    late: int = 0
    duplicate: int = 0

    def alive(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.rows["alive"])


def compatible(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return where two kinds can be the same object: equal, or either unknown."""
    result: NDArray[np.bool_] = (a == b) | (a == Kind.UNKNOWN) | (b == Kind.UNKNOWN)
    return result


def predict(tracks: Tracks, now_us: int) -> None:
    """Carry every track to ``now_us`` at constant velocity, its uncertainty grown by its class's acceleration."""
    at = tracks.alive()
    state = tracks.rows[at]
    dt = (now_us - state["t_us"]) / 1e6
    state["x_m"] += state["vx"] * dt
    state["y_m"] += state["vy"] * dt
    q = _ACCELERATION_SD[state["kind"]] ** 2
    pp, pv, vv = state["pp"], state["pv"], state["vv"]
    state["pp"] = pp + 2 * dt * pv + dt**2 * vv + q * dt**4 / 4
    state["pv"] = pv + dt * vv + q * dt**3 / 2
    state["vv"] = vv + q * dt**2
    state["t_us"] = now_us
    tracks.rows[at] = state


def take(tracks: Tracks, sightings: NDArray[np.void], now_us: int) -> None:
    """Bring ``sightings`` (SIGHTING rows since the last call) into ``tracks``, as of ``now_us``."""
    predict(tracks, now_us)
    sightings = _usable(tracks, sightings, now_us)
    if len(sightings):
        x, y, variance = _carried(sightings, now_us)
        row_of = _associate(tracks, sightings, x, y, variance, now_us)
        _update(tracks, sightings, x, y, variance, row_of, now_us)
    merged = _merge(tracks, now_us)
    _end(tracks, now_us, merged)


def published(tracks: Tracks, now_us: int) -> NDArray[np.void]:
    """Return the TRACK rows that belong into the frame of ``now_us``, ordered by id."""
    state = tracks.rows[tracks.alive()]
    state = state[state["confirmed"] & (now_us - state["last_us"] <= SHOWN_US)]
    out = np.zeros(len(state), TRACK)
    for name in TRACK.names or ():
        out[name] = state[name]
    recent = now_us - RECENT_US
    out["seen_by"] = np.where(state["self_us"] > recent, SEEN_BY_ITSELF, 0) | np.where(
        state["road_us"] > recent, SEEN_BY_ROAD, 0
    )
    out["position_sd_m"] = np.sqrt(state["pp"])
    return out[np.argsort(out["id"], kind="stable")]


def _usable(tracks: Tracks, sightings: NDArray[np.void], now_us: int) -> NDArray[np.void]:
    """Drop what is too late and what came twice, count both; the newest of one sender and number stays."""
    fresh = now_us - sightings["event_us"] <= LATEST_US
    tracks.late += int((~fresh).sum())
    sightings = sightings[fresh]
    order = np.lexsort((sightings["event_us"], sightings["participant"], sightings["source"]))
    sightings = sightings[order]
    if len(sightings) > 1:
        same = (sightings["source"][1:] == sightings["source"][:-1]) & (
            sightings["participant"][1:] == sightings["participant"][:-1]
        )
        tracks.duplicate += int((same & (sightings["event_us"][1:] == sightings["event_us"][:-1])).sum())
        sightings = sightings[np.append(~same, True)]
    return sightings


def _carried(
    sightings: NDArray[np.void], now_us: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return each sighting's place at ``now_us`` by its own motion, with its variance (m2)."""
    dt = (now_us - sightings["event_us"]) / 1e6
    speed = np.nan_to_num(sightings["speed_mps"].astype(np.float64))
    heading = np.nan_to_num(sightings["heading_rad"].astype(np.float64))
    x = sightings["x_m"] + np.sin(heading) * speed * dt
    y = sightings["y_m"] + np.cos(heading) * speed * dt
    sd = sightings["position_sd_m"].astype(np.float64)
    sd = np.where(np.isfinite(sd), np.maximum(sd, 0.05), DEFAULT_SD_M)
    return x, y, sd**2 + (SPEED_SD_MPS * dt) ** 2


def _gate_m(variance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum(GATE_FLOOR_M + GATE_SIGMAS * np.sqrt(variance), GATE_CEILING_M)


def _associate(
    tracks: Tracks,
    sightings: NDArray[np.void],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    variance: NDArray[np.float64],
    now_us: int,
) -> NDArray[np.intp]:
    """Return the row of each sighting's track; tracks are made where there is none."""
    row_of = np.full(len(sightings), -1, np.intp)
    rows = tracks.rows
    sources, numbers = sightings["source"].tolist(), sightings["participant"].tolist()
    for index, key in enumerate(zip(sources, numbers, strict=True)):
        link = tracks.links.get(key)
        if link is None and sightings["vehicle_id"][index]:
            row = tracks.vehicles.get(int(sightings["vehicle_id"][index]))
            link = (row, 0) if row is not None else None
        if link is not None and rows["alive"][link[0]]:
            row_of[index] = link[0]
    linked = np.flatnonzero(row_of >= 0)
    if len(linked):  # a number that jumped to another place is no longer that object
        state = rows[row_of[linked]]
        distance = np.hypot(x[linked] - state["x_m"], y[linked] - state["y_m"])
        off = (distance > 2 * _gate_m(variance[linked] + state["pp"])) | ~compatible(
            sightings["kind"][linked], state["kind"]
        )
        row_of[linked[off]] = -1
        self_off = linked[off & (sightings["by"][linked] == SEEN_BY_ITSELF)]
        for index in self_off:
            tracks.vehicles.pop(int(sightings["vehicle_id"][index]), None)
    # Cars speak for one object each, so all of them are matched at once; an RSU's objects among themselves.
    group = np.where(sightings["by"] == SEEN_BY_ITSELF, -1, sightings["source"].astype(np.int64))
    for sender in np.unique(group[row_of < 0]):
        members = np.flatnonzero((group == sender) & (row_of < 0))
        taken = row_of[(group == sender) & (row_of >= 0)]
        row_of[members] = _by_place(tracks, sightings, members, x, y, variance, taken)
        for index in members[row_of[members] < 0]:
            row_of[index] = _begin(tracks, sightings[index], x[index], y[index], variance[index], now_us)
    for key, row, vehicle in zip(
        zip(sources, numbers, strict=True), row_of.tolist(), sightings["vehicle_id"].tolist(), strict=True
    ):
        tracks.links[key] = (row, now_us)
        if vehicle:
            tracks.vehicles[vehicle] = row
    return row_of


def _by_place(
    tracks: Tracks,
    sightings: NDArray[np.void],
    members: NDArray[np.intp],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    variance: NDArray[np.float64],
    taken: NDArray[np.intp],
) -> NDArray[np.intp]:
    """Join sightings of one sender to tracks that sender has not named, each to at most one, at least total distance."""
    result = np.full(len(members), -1, np.intp)
    free = np.setdiff1d(tracks.alive(), taken)
    if not len(free):
        return result
    state = tracks.rows[free]
    tree = cKDTree(np.column_stack([state["x_m"], state["y_m"]]))
    near = tree.query_ball_point(np.column_stack([x[members], y[members]]), GATE_CEILING_M)
    columns = sorted({column for found in near for column in found})
    if not columns:
        return result
    at = state[columns]
    distance = np.hypot(x[members][:, None] - at["x_m"], y[members][:, None] - at["y_m"])
    gate = _gate_m(variance[members][:, None] + at["pp"])
    possible = (distance <= gate) & compatible(sightings["kind"][members][:, None], at["kind"][None, :])
    # A car that reports itself is one object: it cannot be joined to the track of another that does.
    itself = sightings["by"][members] == SEEN_BY_ITSELF
    possible &= ~(
        itself[:, None] & (at["self_us"] > 0) & (at["vehicle_id"] != sightings["vehicle_id"][members][:, None])
    )
    cost = np.where(possible, distance / gate, 1e6)
    chosen, which = linear_sum_assignment(cost)
    good = cost[chosen, which] < 1e6
    result[chosen[good]] = free[np.array(columns)[which[good]]]
    return result


def _begin(tracks: Tracks, sighting: np.void, x: float, y: float, variance: float, now_us: int) -> int:
    """Make a track of one sighting and return its row."""
    free = np.flatnonzero(~tracks.rows["alive"])
    if not len(free):
        tracks.rows = np.concatenate([tracks.rows, np.zeros(len(tracks.rows), _STATE)])
        free = np.flatnonzero(~tracks.rows["alive"])
    row = int(free[0])
    new = np.zeros((), _STATE)
    for name in ("kind", "classification", "vehicle_id", "length_m", "width_m", "height_m", "heading_rad"):
        new[name] = sighting[name]
    new["id"], tracks.next_id = tracks.next_id, tracks.next_id % 0xFFFF_FFFF + 1
    new["x_m"], new["y_m"], new["pp"] = x, y, variance
    known = np.isfinite(sighting["speed_mps"]) and np.isfinite(sighting["heading_rad"])
    if known:
        new["vx"] = sighting["speed_mps"] * np.sin(sighting["heading_rad"])
        new["vy"] = sighting["speed_mps"] * np.cos(sighting["heading_rad"])
    new["vv"] = SPEED_SD_MPS**2 if known else (3.0 if sighting["kind"] == Kind.PEDESTRIAN else 15.0) ** 2
    new["t_us"], new["first_us"], new["last_us"] = now_us, sighting["event_us"], sighting["event_us"]
    new["alive"] = True
    tracks.rows[row] = new
    return row


def _update(
    tracks: Tracks,
    sightings: NDArray[np.void],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    variance: NDArray[np.float64],
    row_of: NDArray[np.intp],
    now_us: int,
) -> None:
    """Filter place and velocity, one round per further sighting of the same track."""
    order = np.argsort(row_of, kind="stable")
    rows, starts, counts = np.unique(row_of[order], return_index=True, return_counts=True)
    tracks.rows["sources"][rows] = np.minimum(counts, 255)
    for turn in range(int(counts.max())):
        has = counts > turn
        at, seen = rows[has], order[starts[has] + turn]
        state, sighting = tracks.rows[at], sightings[seen]
        # Confirmed by a second look at another time, by another sender, or by its own word.
        state["confirmed"] |= (
            (sighting["event_us"] > state["first_us"]) | (turn > 0) | (sighting["by"] == SEEN_BY_ITSELF)
        )
        gain_p = state["pp"] / (state["pp"] + variance[seen])
        gain_v = state["pv"] / (state["pp"] + variance[seen])
        off_x, off_y = x[seen] - state["x_m"], y[seen] - state["y_m"]
        state["x_m"] += gain_p * off_x
        state["y_m"] += gain_p * off_y
        state["vx"] += gain_v * off_x
        state["vy"] += gain_v * off_y
        state["vv"] -= gain_v * state["pv"]
        state["pv"] *= 1 - gain_p
        state["pp"] *= 1 - gain_p
        _take_velocity(state, sighting)
        for name in ("length_m", "width_m", "height_m"):
            known = np.isfinite(sighting[name])
            fresh = known & ~np.isfinite(state[name])
            state[name] = np.where(
                fresh, sighting[name], np.where(known, 0.9 * state[name] + 0.1 * sighting[name], state[name])
            )
        state["kind"] = np.where(state["kind"] == Kind.UNKNOWN, sighting["kind"], state["kind"])
        itself = sighting["by"] == SEEN_BY_ITSELF
        better = (sighting["classification"] > 0) & (itself | (state["classification"] == 0))
        state["classification"] = np.where(better, sighting["classification"], state["classification"])
        state["vehicle_id"] = np.where(sighting["vehicle_id"] > 0, sighting["vehicle_id"], state["vehicle_id"])
        state["last_us"] = np.maximum(state["last_us"], sighting["event_us"])
        state["self_us"] = np.where(itself, sighting["event_us"], state["self_us"])
        state["road_us"] = np.where(~itself, sighting["event_us"], state["road_us"])
        tracks.rows[at] = state
    state = tracks.rows[rows]
    state["speed_mps"] = np.hypot(state["vx"], state["vy"])
    course = np.arctan2(state["vx"], state["vy"]) % (2 * np.pi)
    # A standing object keeps the heading its senders state; a moving one without any points where it goes.
    moving = (state["speed_mps"] > 1.0) & (~np.isfinite(state["heading_rad"]) | (state["kind"] == Kind.PEDESTRIAN))
    state["heading_rad"] = np.where(moving, course, state["heading_rad"])
    tracks.rows[rows] = state


def _take_velocity(state: NDArray[np.void], sighting: NDArray[np.void]) -> None:
    """Filter the stated velocity and heading into ``state`` where the sighting has them."""
    speed, heading = sighting["speed_mps"].astype(np.float64), sighting["heading_rad"].astype(np.float64)
    known = np.isfinite(speed) & np.isfinite(heading)
    noise = np.where(known, SPEED_SD_MPS**2, np.inf)
    gain_v = state["vv"] / (state["vv"] + noise)
    gain_p = state["pv"] / (state["vv"] + noise)
    off_x = np.where(known, np.nan_to_num(speed * np.sin(heading)) - state["vx"], 0.0)
    off_y = np.where(known, np.nan_to_num(speed * np.cos(heading)) - state["vy"], 0.0)
    state["x_m"] += gain_p * off_x
    state["y_m"] += gain_p * off_y
    state["vx"] += gain_v * off_x
    state["vy"] += gain_v * off_y
    state["pp"] -= gain_p * state["pv"]
    state["pv"] *= 1 - gain_v
    state["vv"] *= 1 - gain_v
    with_heading = np.isfinite(heading)
    had = np.isfinite(state["heading_rad"])
    turn = (np.nan_to_num(heading) - np.nan_to_num(state["heading_rad"]) + np.pi) % (2 * np.pi) - np.pi
    smoothed = np.where(had, np.nan_to_num(state["heading_rad"]) + 0.4 * turn, heading) % (2 * np.pi)
    state["heading_rad"] = np.where(with_heading, smoothed, state["heading_rad"])


def _merge(tracks: Tracks, now_us: int) -> bool:
    """Join pairs of tracks that are one object: same place and velocity, and no sender tells them apart."""
    merged = False
    alive = tracks.alive()
    if len(alive) < 2:
        return merged
    state = tracks.rows[alive]
    pairs = cKDTree(np.column_stack([state["x_m"], state["y_m"]])).query_pairs(2.0, output_type="ndarray")
    if not len(pairs):
        return merged
    a, b = state[pairs[:, 0]], state[pairs[:, 1]]
    alike = compatible(a["kind"], b["kind"]) & (np.hypot(a["vx"] - b["vx"], a["vy"] - b["vy"]) < 1.5)
    alike &= ~((a["self_us"] > 0) & (b["self_us"] > 0) & (a["vehicle_id"] != b["vehicle_id"]))
    if not alike.any():
        return merged
    senders: dict[int, set[int]] = {}
    for (source, _), (row, last_us) in tracks.links.items():
        if now_us - last_us < RECENT_US:
            senders.setdefault(row, set()).add(source)
    for first, second in alive[pairs[alike]].tolist():
        rows = tracks.rows
        if not (rows["alive"][first] and rows["alive"][second]):
            continue
        if senders.get(first, set()) & senders.get(second, set()):
            continue
        keep, drop = (first, second) if rows["id"][first] < rows["id"][second] else (second, first)
        for name in ("self_us", "road_us", "last_us", "vehicle_id"):
            rows[name][keep] = max(rows[name][keep], rows[name][drop])
        rows["confirmed"][keep] |= rows["confirmed"][drop]
        rows["alive"][drop] = False
        for key, (row, last_us) in list(tracks.links.items()):
            if row == drop:
                tracks.links[key] = (keep, last_us)
        if rows["vehicle_id"][keep]:
            tracks.vehicles[int(rows["vehicle_id"][keep])] = keep
        senders.setdefault(keep, set()).update(senders.pop(drop, set()))
        merged = True
    return merged


def _end(tracks: Tracks, now_us: int, merged: bool) -> None:
    """End tracks nobody has seen for their time, and forget the numbers that stood for them."""
    rows = tracks.rows
    limit = np.where(rows["confirmed"], KEPT_US, TENTATIVE_US)
    gone = rows["alive"] & (now_us - rows["last_us"] > limit)
    if gone.any():
        rows["alive"][gone] = False
    if merged or gone.any() or len(tracks.links) > 4 * len(rows):
        tracks.links = {
            key: link for key, link in tracks.links.items() if rows["alive"][link[0]] and now_us - link[1] <= KEPT_US
        }
        tracks.vehicles = {vehicle: row for vehicle, row in tracks.vehicles.items() if rows["alive"][row]}
