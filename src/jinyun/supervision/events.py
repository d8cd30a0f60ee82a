"""Events (事件) found in the frames: bodies that touch, hard braking, driving over a stop line at red.

A frame is what the cloud believed; so an event is a finding that asks to be looked at, with the frames and the raw messages
that stand behind it, never a verdict. Each kind has its rule here and its numbers in the profile. What a single frame seems
to show is held against what followed: a track that leaps to another body brakes in its speed alone, two tracks of one body
slide through each other, and who turns right at red may.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from jinyun.cloud.quality.stoplines import StopLines
from jinyun.hdmap import Map, Turn
from jinyun.shapes import Kind, Light
from jinyun.supervision.outlines import against, fronts, gap_m, gaps_m
from jinyun.zone import Profile

Columns = Mapping[str, NDArray[Any]]
DEPTH = 34
"""Frames that are looked back."""
BRAKED_OVER = 15
"""Frames over which speed and way must fall, each for itself: over less, filters that lag and catch up look like braking."""
CHORD = (-2, 3)
"""Frames about an instant between whose places the way is taken."""
KNOWN_FOR = 10
"""Frames that a participant was known before: a new track's speed and outline are still being found."""
LATER = 5
"""Frames after which it is looked who is fast again."""
REBOUND = 0.3
"""Who is faster again by this share of the fall half a second later has not braked."""
FASTEST_FROM_MPS = 6.5
APART_M = 0.5
"""Who touches now was so far apart within the last second: two tracks of one body never were."""
OVERLAP_M = 0.3
"""Outlines are taken so much smaller on each side: places are known that well."""
FARTHEST_M = 20.0
JUDGED_AFTER, TOUCHING = 5, 3
"""A touch is judged so many frames after it began, and is one if the outlines overlapped in so many of them."""
SPENT = 0.5
"""Bodies that meet lose speed against each other: by this share at least; tracks that slide through each other do not."""
OLDEST_MS = 300
"""Whoever was not seen for so long is where it is thought to be, and touches nobody."""
RED_FOR = 10
"""Frames that a light must have been red before somebody crosses, and stay so after it: one second."""
RUNNING_MPS = 2.0
STANDS_MPS = 0.5
BESIDE_M = 0.75
"""So far to each side a way is also looked at: where another lane's light would do, nobody is told to have run the first."""
INSIDE_M = 20.0
"""So far beyond its line somebody has driven into the junction, and one who turns right has turned."""
TURNED_RAD = np.radians(35.0)
INSIDE_FRAMES = 150
EMERGENCY = range(60, 70)
"""BasicVehicleClass of emergency vehicles."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something to be looked at: what, when, where, who."""

    kind: str  # contact | hard-braking | red-light | takeover | disengagement | fault | section-exit
    t_us: int
    x_m: float
    y_m: float
    tracks: tuple[int, ...]
    zh: str
    en: str
    vehicle: str = ""  # of a test vehicle

    @property
    def id(self) -> str:
        """A name that sorts by time and can stand in a path."""
        at = datetime.fromtimestamp(self.t_us / 1e6, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3].replace(".", "")
        who = "-".join(map(str, self.tracks[:2])) or "".join(c if c.isalnum() else "_" for c in self.vehicle)
        return f"{at}Z-{self.kind}-{who}"


@dataclass(slots=True)
class _Touch:
    """Two outlines that overlap, until it is known what came of it."""

    frame: int
    t_us: int
    against_mps: float
    x_m: float
    y_m: float
    overlapped: int = 1


@dataclass(slots=True)
class _Inside:
    """Somebody who crossed a stop line at red, until it is known where to."""

    frame: int
    t_us: int
    x_m: float
    y_m: float
    course_rad: float
    key: tuple[int, int]
    may_turn_right: bool


class Watch:
    """Looks at one frame after the other; one event of a kind and a participant in ``supervision.event_quiet_s``.

    Events are told up to a second (red lights: until the junction is entered) after their instant, once what follows bears
    them out.
    """

    def __init__(self, map: Map | None, profile: Profile) -> None:
        self.lines = StopLines(map) if map is not None and len(map.stop_lines["x1_m"]) else None
        self.node_of = map.junctions["node"] if map is not None else np.empty(0, np.int64)
        self.hard_mps2 = profile["supervision.hard_braking_mps2"].value
        self.gap_m = profile["supervision.contact_gap_m"].value
        self.against_mps = profile["supervision.contact_speed_mps"].value
        self.quiet_us = int(profile["supervision.event_quiet_s"].value * 1e6)
        self._past: deque[tuple[int, Columns]] = deque(maxlen=DEPTH)
        self._told: dict[tuple[str, int], int] = {}
        self._red: dict[tuple[int, int], int] = {}
        self._touching: dict[tuple[int, int], _Touch] = {}
        self._inside: dict[int, _Inside] = {}
        self._frame = 0

    def take(self, t_us: int, tracks: Columns, signals: Columns) -> list[Event]:
        """Return what is to be looked at, as a frame bears it out; one that is not newer than the last begins anew."""
        if self._past and not 0 < t_us - self._past[-1][0] < 1_000_000:
            for kept in (self._past, self._red, self._touching, self._inside):
                kept.clear()
        self._frame += 1
        self._lights(signals)
        found: list[Event] = []
        if self._past:
            found += self._contacts(t_us, tracks)
            found += self._red_light(t_us, tracks)
        self._past.append((t_us, tracks))
        found += self._braking()
        if len(self._told) > 10_000:
            self._told = {key: at for key, at in self._told.items() if t_us - at < self.quiet_us}
        return [event for event in found if self._is_new(event)]

    def _is_new(self, event: Event) -> bool:
        keys = [(event.kind, track) for track in event.tracks]
        new = all(event.t_us - self._told.get(key, -(2**62)) >= self.quiet_us for key in keys)
        for key in keys:
            self._told[key] = event.t_us
        return new

    # -- hard braking --------------------------------------------------------------------------------------------------

    def _braking(self) -> list[Event]:
        """Return who had braked hard half a second ago: by its speed, by its places, and not fast again since."""
        if len(self._past) < BRAKED_OVER + LATER + KNOWN_FOR + 1:
            return []
        then_at, fast_at = -1 - LATER, -1 - LATER - BRAKED_OVER
        needed = [self._past[at] for at in (-1, then_at, fast_at)]
        needed += [self._past[at + k] for at in (fast_at, then_at) for k in CHORD]
        ids = self._past[fast_at - KNOWN_FOR][1]["id"]
        for _, frame in needed:
            ids = np.intersect1d(ids, frame["id"])
        if not len(ids):
            return []
        rows = [_rows(frame["id"], ids) for _, frame in needed]
        now, then, fast = ((needed[k][1], rows[k]) for k in range(3))
        then_us, seconds = needed[1][0], max((needed[1][0] - needed[2][0]) / 1e6, 0.1)
        speed_now, speed_then, speed_fast = (
            frame["speed_mps"][row].astype(np.float64) for frame, row in (now, then, fast)
        )
        drop = speed_fast - speed_then
        before, after = (
            _way(needed[k][1], rows[k], needed[k + 1][1], rows[k + 1])
            / max((needed[k + 1][0] - needed[k][0]) / 1e6, 0.1)
            for k in (3, 5)
        )
        fall = np.minimum(drop, before - after) / seconds
        hard = (
            (fall >= self.hard_mps2) & (speed_fast >= FASTEST_FROM_MPS) & (then[0]["kind"][then[1]] == Kind.MOTOR)
            & (speed_now - speed_then <= REBOUND * drop)
        )  # fmt: skip
        return [
            self._event(
                "hard-braking", then_us, then[0], (int(row),), f"减速度 {mps2:.1f} m/s²", f"braked with {mps2:.1f} m/s2"
            )
            for row, mps2 in zip(then[1][hard], fall[hard], strict=True)
        ]

    # -- contact -------------------------------------------------------------------------------------------------------

    def _contacts(self, t_us: int, tracks: Columns) -> list[Event]:
        overlapping = self._overlapping(tracks)
        ids = tracks["id"]
        for a, b in overlapping.tolist():
            pair = (int(ids[a]), int(ids[b]))
            touch = self._touching.get(pair)
            if touch is not None:
                touch.overlapped += 1
            elif len(self._touching) < 1000 and self._came_together(tracks, a, b):
                mps = max(self._against_before(pair), against(tracks, a, tracks, b))
                self._touching[pair] = _Touch(self._frame, t_us, mps, float(tracks["x_m"][a]), float(tracks["y_m"][a]))
        found = []
        for pair, touch in list(self._touching.items()):
            if self._frame - touch.frame < JUDGED_AFTER:
                continue
            if self._frame - touch.frame > JUDGED_AFTER:
                if not any(int(ids[a]) == pair[0] and int(ids[b]) == pair[1] for a, b in overlapping.tolist()):
                    del self._touching[pair]  # parted: who touches again is looked at again
                continue
            rows = [np.flatnonzero(ids == id) for id in pair]
            if touch.overlapped < TOUCHING or not all(len(row) for row in rows):
                continue
            left = against(tracks, int(rows[0][0]), tracks, int(rows[1][0]))
            if touch.against_mps >= self.against_mps and left <= (1 - SPENT) * touch.against_mps:
                zh = f"轮廓相触，相对速度 {touch.against_mps:.1f} m/s"
                en = f"outlines touch at {touch.against_mps:.1f} m/s against each other"
                found.append(Event("contact", touch.t_us, touch.x_m, touch.y_m, pair, zh, en))
        return found

    def _overlapping(self, tracks: Columns) -> NDArray[np.int64]:
        """Return the rows (a, b) of outlines that overlap, one of them a motor vehicle, both seen just now."""
        none = np.empty((0, 2), np.int64)
        if len(tracks["id"]) < 2:
            return none
        place = np.column_stack([tracks["x_m"], tracks["y_m"]]).astype(np.float64)
        if not np.isfinite(place).all():
            return none
        half = np.nan_to_num(np.hypot(tracks["length_m"], tracks["width_m"]).astype(np.float64), nan=0.7) / 2
        reach = min(FARTHEST_M, 2 * float(np.max(half, initial=3.0)))
        pairs = cKDTree(place).query_pairs(reach, output_type="ndarray").astype(np.int64)
        a, b = pairs.T if len(pairs) else none.T
        near = np.hypot(*(place[a] - place[b]).T) <= half[a] + half[b]
        motor = tracks["kind"] == Kind.MOTOR
        fresh = tracks["age_ms"] <= OLDEST_MS
        pairs = pairs[near & (motor[a] | motor[b]) & fresh[a] & fresh[b]] if len(pairs) else none
        if not len(pairs):
            return none
        overlap: NDArray[np.int64] = pairs[gaps_m(tracks, pairs[:, 0], pairs[:, 1], OVERLAP_M) <= self.gap_m]
        return overlap

    def _came_together(self, tracks: Columns, a: int, b: int) -> bool:
        """Return whether both were known a second ago, and apart at some time since."""
        if len(self._past) < KNOWN_FOR:
            return False
        apart = False
        for frame in list(self._past)[-KNOWN_FOR:]:
            rows = [np.flatnonzero(frame[1]["id"] == tracks["id"][row]) for row in (a, b)]
            if not all(len(row) for row in rows):
                return False
            apart |= gap_m(frame[1], int(rows[0][0]), int(rows[1][0]), OVERLAP_M) > APART_M
        return apart

    def _against_before(self, pair: tuple[int, int]) -> float:
        """Return how fast two moved against each other in the frame before this one (m/s)."""
        before = self._past[-1][1]
        rows = [np.flatnonzero(before["id"] == id) for id in pair]
        return against(before, int(rows[0][0]), before, int(rows[1][0])) if all(len(row) for row in rows) else 0.0

    # -- red light -----------------------------------------------------------------------------------------------------

    def _lights(self, signals: Columns) -> None:
        red: dict[tuple[int, int], int] = {}
        lit = zip(signals["node"].tolist(), signals["phase"].tolist(), signals["light"].tolist(), strict=True)
        for node, phase, light in lit:
            if light == Light.RED:
                red[node, phase] = self._red.get((node, phase), 0) + 1
        self._red = red

    def _red_light(self, t_us: int, tracks: Columns) -> list[Event]:
        if self.lines is None:
            return []
        found = self._driven_in(tracks)
        _, before = self._past[-1]
        rows, old = _same(tracks["id"], before["id"])
        driving = (
            (tracks["kind"][rows] == Kind.MOTOR) & (tracks["speed_mps"][rows] >= RUNNING_MPS)
            & np.isfinite(tracks["heading_deg"][rows]) & np.isfinite(before["heading_deg"][old])
            & ~np.isin(tracks["class"][rows], EMERGENCY)
        )  # fmt: skip
        rows, old = rows[driving], old[driving]
        (x0, y0), (x1, y1) = fronts(before, old), fronts(tracks, rows)
        who, line, _ = self.lines.crossed(x0, y0, x1, y1)
        for k, at in zip(who.tolist(), line.tolist(), strict=True):
            id, junction = int(tracks["id"][rows[k]]), int(self.lines.junction[at])
            key = int(self.node_of[junction]), int(self.lines.phase[at])
            if id in self._inside or self._red.get(key, 0) <= RED_FOR or len(self._inside) >= 10_000:
                continue
            ends = (x0[k], y0[k], x1[k], y1[k])
            if self._known(id) and self._is_red_beside(ends, junction):
                self._inside[id] = _Inside(
                    self._frame, t_us, float(x1[k]), float(y1[k]), float(np.arctan2(*self.lines._ahead[at])), key,
                    bool(self.lines.turn[at] & Turn.RIGHT),
                )  # fmt: skip
        return found

    def _known(self, id: int) -> bool:
        return len(self._past) >= KNOWN_FOR and bool((self._past[-KNOWN_FOR][1]["id"] == id).any())

    def _is_red_beside(self, ends: tuple[float, float, float, float], junction: int) -> bool:
        """Return whether every line of the junction that the way crosses is red, also a little to either side."""
        assert self.lines is not None
        x0, y0, x1, y1 = ends
        length = max(float(np.hypot(x1 - x0, y1 - y0)), 1e-6)
        east, north = (y1 - y0) / length * BESIDE_M, -(x1 - x0) / length * BESIDE_M
        side = np.array([-1.0, 1.0])
        _, lines, _ = self.lines.crossed(x0 + side * east, y0 + side * north, x1 + side * east, y1 + side * north)
        keys = [
            (int(self.node_of[junction]), int(self.lines.phase[line]))
            for line in lines.tolist()
            if int(self.lines.junction[line]) == junction
        ]
        return all(self._red.get(key, 0) > RED_FOR for key in keys)

    def _driven_in(self, tracks: Columns) -> list[Event]:
        """Return who, having crossed at red, drove into the junction and neither stopped in it nor turned right as it may."""
        found = []
        for id, inside in list(self._inside.items()):
            frames = self._frame - inside.frame
            row = np.flatnonzero(tracks["id"] == id)
            turned_green = frames <= RED_FOR and inside.key not in self._red
            if turned_green or not len(row) or frames > INSIDE_FRAMES or tracks["speed_mps"][row[0]] < STANDS_MPS:
                del self._inside[id]
                continue
            (x,), (y,) = fronts(tracks, row[:1])
            if frames <= RED_FOR or np.hypot(x - inside.x_m, y - inside.y_m) < INSIDE_M:
                continue
            del self._inside[id]
            turned = np.radians(float(tracks["heading_deg"][row[0]])) - inside.course_rad
            turned = (turned + np.pi) % (2 * np.pi) - np.pi
            if inside.may_turn_right and turned > TURNED_RAD:
                continue
            node, phase = inside.key
            zh, en = (
                f"红灯通过停止线：路口 {node} 相位 {phase}",
                f"crossed the stop line at red: node {node}, phase {phase}",
            )
            found.append(Event("red-light", inside.t_us, inside.x_m, inside.y_m, (id,), zh, en))
        return found

    def _event(self, kind: str, t_us: int, tracks: Columns, rows: tuple[int, ...], zh: str, en: str) -> Event:
        first = rows[0]
        ids = tuple(int(tracks["id"][row]) for row in rows)
        return Event(kind, t_us, float(tracks["x_m"][first]), float(tracks["y_m"][first]), ids, zh, en)


def _same(ids: NDArray[Any], before: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of who is in both frames, in the new one and in the old one."""
    _, new, old = np.intersect1d(ids, before, assume_unique=True, return_indices=True)
    return new.astype(np.int64), old.astype(np.int64)


def _rows(ids: NDArray[Any], of: NDArray[Any]) -> NDArray[np.int64]:
    """Return the rows in which ``of``, all of them there, stand in ``ids``."""
    order = np.argsort(ids, kind="stable")
    return order[np.searchsorted(ids[order], of)].astype(np.int64)


def _way(before: Columns, a: NDArray[np.int64], after: Columns, b: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how far apart the places of the same participants are in two frames (m)."""
    east, north = (after[name][b].astype(np.float64) - before[name][a] for name in ("x_m", "y_m"))
    way: NDArray[np.float64] = np.hypot(east, north)
    return way
