"""Meetings from the view of each of the two (会遇): who meets whom, how far each is from the place, whence it comes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.relations.braking import gone_m
from jinyun.cloud.apps.relations.known import known
from jinyun.cloud.apps.relations.meeting import Meetings
from jinyun.cloud.prediction import Paths
from jinyun.cloud.prediction.roadway import Roads
from jinyun.hdmap import Turn

Floats = NDArray[np.float64]
LEFT_RAD = -0.8
"""A way that bends so far in the junction turns left."""
Rows = NDArray[np.int32]


class Encounters(NamedTuple):
    """Columns, each meeting twice: ``host`` and ``other`` are rows of tracks, ``*_path`` rows of paths.

    ``*_room_m`` is how far the front is from the place along its way, ``angle_rad`` the other's course seen from the host's.
    """

    host: Rows
    other: Rows
    host_path: Rows
    other_path: Rows
    probability: Floats
    after_s: Floats
    x_m: Floats
    y_m: Floats
    angle_rad: Floats
    host_in_s: Floats
    host_out_s: Floats
    other_in_s: Floats
    other_out_s: Floats
    host_room_m: Floats
    other_room_m: Floats

    @property
    def pet_s(self) -> Floats:
        """Post-encroachment time as predicted, NaN where the ways do not cross."""
        with np.errstate(invalid="ignore"):
            return np.maximum(self.other_in_s - self.host_out_s, self.host_in_s - self.other_out_s)


def encounters(meetings: Meetings, rows: NDArray[np.bool_], tracks: NDArray[np.void], paths: Paths) -> Encounters:
    """Return some of the meetings, each from either side."""
    m = [np.asarray(getattr(meetings, name))[rows] for name in (
        "first", "second", "first_path", "second_path", "probability", "after_s", "x_m", "y_m", "angle_rad",
        "first_in_s", "first_out_s", "second_in_s", "second_out_s",
    )]  # fmt: skip
    first, second, first_path, second_path, probability, after, x, y, angle, in_1, out_1, in_2, out_2 = m
    host, other = np.concatenate([first, second]), np.concatenate([second, first])
    host_path, other_path = np.concatenate([first_path, second_path]), np.concatenate([second_path, first_path])
    after = np.concatenate([after, after])
    host_in, other_in = np.concatenate([in_1, in_2]), np.concatenate([in_2, in_1])
    speed = tracks["speed_mps"]
    rooms = (
        gone_m(paths, path, known(speed[who]), np.where(np.isfinite(its), its, after))
        for who, path, its in ((host, host_path, host_in), (other, other_path, other_in))
    )
    return Encounters(
        host, other, host_path, other_path, np.concatenate([probability, probability]), after, np.concatenate([x, x]),
        np.concatenate([y, y]), np.concatenate([angle, -angle]), host_in, np.concatenate([out_1, out_2]), other_in,
        np.concatenate([out_2, out_1]), *rooms,
    )  # fmt: skip


def bend_rad(path: Rows, paths: Paths, roads: Roads) -> Floats:
    """Return how far each way turns in its first junction, to the right; 0 where it passes none."""
    if not len(roads.heading):
        return np.zeros(len(path))
    rows = len(roads.heading) - 1
    last = roads.heading[np.clip(roads.first + roads.points - 1, 0, rows)]
    own = np.append(np.where(roads.inner, last - roads.heading[np.minimum(roads.first, rows)], 0.0), 0.0)
    lanes = paths.lane[path]
    inner = np.append(roads.inner, False)[lanes]
    seen = np.cumsum(inner, axis=1)
    beyond = np.cumsum((seen > 0) & ~inner, axis=1) > 0
    turned: Floats = np.where(inner & ~beyond, own[lanes], 0.0).sum(axis=1)
    return turned


def turns_left(path: Rows, paths: Paths, roads: Roads) -> NDArray[np.bool_]:
    """Return which ways turn left in their first junction: as the map's link says, or by how far they bend there.

    A slow one's way may end in the middle of its turn, before it has bent far.
    """
    says = (paths.turn[path] & (Turn.LEFT | Turn.U_TURN)) > 0
    left: NDArray[np.bool_] = says | (bend_rad(path, paths, roads) <= LEFT_RAD)
    return left


def approach_rad(path: Rows, paths: Paths, roads: Roads) -> Floats:
    """Return the course at which each way enters its first junction, NaN where it passes none."""
    lanes = paths.lane[path]
    inner = np.append(roads.inner, False)[lanes]
    at = lanes[np.arange(len(path)), np.argmax(inner, axis=1)] if len(path) else np.empty(0, np.int32)
    course = np.append(roads.heading[np.minimum(roads.first, max(len(roads.heading) - 1, 0))], np.nan)[at] if len(
        roads.heading) else np.full(len(path), np.nan)  # fmt: skip
    return np.where(inner.any(axis=1), course, np.nan)
