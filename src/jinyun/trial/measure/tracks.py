"""A run as columns on one clock: the one under test and the others, in the plane and along the mission's way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jinyun.trial.driver.interface import Mission
from jinyun.trial.driver.seat import Seat
from jinyun.trial.scenario.model import Entity
from jinyun.trial.storyboard.play import Played

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Track:
    """One participant's columns, NaN while it is not there; places are those of the middle of its box."""

    entity: Entity
    x: Floats
    y: Floats
    h: Floats
    v: Floats
    a: Floats
    s: Floats
    """Along the mission's way, of the middle."""
    d: Floats
    row: NDArray[np.int64]
    """Rows of the record, -1 while it is not there."""


@dataclass(frozen=True)
class Tracks:
    """All columns of a run."""

    t: Floats
    dt: float
    own: Track
    others: dict[str, Track]
    mission: Mission
    front: Floats
    """Where the front of the one under test is along the way."""

    def gap(self, name: str) -> Floats:
        """Return the free distance along the way to somebody ahead whose box overlaps across the way; NaN elsewhere."""
        other = self.others[name]
        half_s, half_d = _halves(other, self.mission)
        half_own = self.own.entity.width_m / 2
        beside = np.abs(other.d - self.own.d) < half_d + half_own
        gap = other.s - half_s - self.front
        return np.where(beside & (other.s > self.own.s), gap, np.nan)

    def along(self, name: str) -> Floats:
        """Return somebody's speed along the way."""
        other = self.others[name]
        return other.v * np.cos(other.h - _direction(self.mission, other.s))


def _direction(mission: Mission, s: Floats) -> Floats:
    return np.interp(np.nan_to_num(s), mission.s_m, mission.h_rad)


def _halves(track: Track, mission: Mission) -> tuple[Floats, Floats]:
    turn = track.h - _direction(mission, track.s)
    c, s = np.abs(np.cos(turn)), np.abs(np.sin(turn))
    length, width = track.entity.length_m, track.entity.width_m
    return (length * c + width * s) / 2, (length * s + width * c) / 2


def tracks_of(played: Played, seat: Seat, dt: float) -> Tracks:
    """Return the columns of a run that a driver drove."""
    assert seat.mission is not None, "nobody drove"
    steps = np.rint(played.rows["t_s"] / dt).astype(np.int64)
    count = int(steps.max()) + 1 if len(steps) else 0
    t: Floats = np.arange(count, dtype=np.float64) * dt
    made = {}
    for number, entity in enumerate(played.entities):
        of = track_of(played, number, steps, count)
        s, d = _project(seat.mission, of.x, of.y)
        made[entity.name] = replace(of, s=s, d=d)
    own = made.pop(seat.name)
    front = own.s + own.entity.length_m / 2
    return Tracks(t, dt, own, made, seat.mission, front)


def track_of(played: Played, number: int, steps: NDArray[np.int64], count: int) -> Track:
    """Return one participant's columns, not yet along any way; ``steps`` are those of all rows, ``count`` the most of them."""
    entity = played.entities[number]
    its = np.flatnonzero(played.rows["actor"] == number)
    row = np.full(count, -1, np.int64)
    row[steps[its]] = its
    columns = []
    for key in ("x_m", "y_m", "h_rad", "v_mps", "a_mps2"):
        column = np.full(count, np.nan)
        column[steps[its]] = played.rows[key][its]
        columns.append(column)
    x, y, h, v, a = columns
    x, y = x + entity.centre_x_m * np.cos(h), y + entity.centre_x_m * np.sin(h)
    nowhere = np.full(count, np.nan)
    return Track(entity, x, y, h, v, a, nowhere, nowhere, row)


def _project(mission: Mission, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return lengths along the way and offsets for many places; the way is a line of short pieces."""
    s, d = np.full(len(x), np.nan), np.full(len(x), np.nan)
    there = np.flatnonzero(np.isfinite(x))
    if not len(there):
        return s, d
    bend = mission.curvature_1pm
    if float(np.abs(bend).max()) < 1e-9:  # a straight way needs no search
        h = mission.h_rad[0]
        ex, ey = x[there] - mission.x_m[0], y[there] - mission.y_m[0]
        s[there] = mission.s_m[0] + ex * np.cos(h) + ey * np.sin(h)
        d[there] = -ex * np.sin(h) + ey * np.cos(h)
        return s, d
    away = (mission.x_m[None, :] - x[there, None]) ** 2 + (mission.y_m[None, :] - y[there, None]) ** 2
    k = away.argmin(axis=1)
    h = mission.h_rad[k]
    ex, ey = x[there] - mission.x_m[k], y[there] - mission.y_m[k]
    along = ex * np.cos(h) + ey * np.sin(h)
    s[there], d[there] = mission.s_m[k] + along, -ex * np.sin(h) + ey * np.cos(h)
    return s, d
