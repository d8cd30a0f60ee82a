"""Everybody of a recorded drive on one clock: ten times a second, from the first to the last row of the one judged."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.trial.fault import TrialError
from jinyun.trial.measure import boxes
from jinyun.trial.recorded.table import Floats, Table
from jinyun.trial.scenario.model import Entity
from jinyun.trial.storyboard.play import ROW, STEP_S, Played

GAP_S = 1.5
"""Between rows that are farther apart nothing is said."""
NEAR_M = 120.0
"""Who never comes so near to the one judged is left out."""
TOUCH_M = 30.0
LONGEST_S = 3 * 3600.0
SLOPE = 2
"""Acceleration, where it is not told, is the slope of the speed over so many steps to either side."""
STANDS_M = 0.02
"""Who moves less within a step keeps the heading it has."""


@dataclass(frozen=True)
class Drive:
    """A recorded drive on its clock; the one judged is the first participant."""

    table: Table
    played: Played
    limit_mps: Floats
    """The limit that the record itself tells, by step; NaN where none."""
    begin_s: float
    """The record's own time at the first step."""
    gaps: tuple[tuple[float, float], ...]
    """(when, for how long) the record of the one judged is silent."""

    @property
    def own(self) -> str:
        return self.played.entities[0].name


def on_clock(table: Table, own: str | None = None) -> Drive:
    """Return a drive as seen from one participant; raises :class:`TrialError` where nobody says which."""
    number = _chosen(table, own)
    order = np.argsort(table.columns["t_s"], kind="stable")
    who = table.who[order]
    sorted_ = {key: column[order] for key, column in table.columns.items()}
    mine = who == number
    t = sorted_["t_s"][mine]
    begin, last = float(t[0]), float(t[-1])
    if last - begin < 2 * STEP_S:
        raise TrialError(f"{table.source}: {table.names[number]}: {last - begin:.2f} s are no drive")
    if last - begin > LONGEST_S:
        raise TrialError(f"{table.source}: longer than {LONGEST_S / 3600:.0f} h: judge it in pieces")
    count = math.floor((last - begin) / STEP_S + 1e-6) + 1
    pauses = np.diff(t)
    gaps = tuple((round(float(t[k] - begin), 3), round(float(pauses[k]), 3)) for k in np.flatnonzero(pauses > GAP_S))
    seen = {number: _columns(sorted_, mine, begin, count)}
    limit = seen[number]["limit_mps"]
    for other in range(len(table.names)):
        if other != number and (its := who == other).any():
            columns = _columns(sorted_, its, begin, count)
            away = np.hypot(columns["x_m"] - seen[number]["x_m"], columns["y_m"] - seen[number]["y_m"])
            if (away <= NEAR_M).any():
                seen[other] = columns
    entities = tuple(table.bodies[k] for k in seen)
    rows = _rows(list(seen.values()), count)
    lights = tuple((max(t - begin, 0.0), id, state) for t, id, state in _lights(table, begin))
    played = Played(entities, rows, (), "record", _contacts(entities, list(seen.values())), lights)
    return Drive(table, played, limit, begin, gaps)


def _chosen(table: Table, own: str | None) -> int:
    wanted = own if own is not None else "Ego" if "Ego" in table.names else None
    if wanted is None and len(table.names) == 1:
        return 0
    if wanted is None:
        raise TrialError(f"{table.source}: who of {len(table.names)} is to be judged? ({', '.join(table.names[:12])})")
    if wanted not in table.names:
        raise TrialError(f"{table.source}: no participant {wanted!r}; there are {', '.join(table.names[:12])}")
    return table.names.index(wanted)


def _lights(table: Table, begin: float) -> list[tuple[float, str, str]]:
    """Return the states of signals, of those before the drive only the last."""
    before: dict[str, tuple[float, str, str]] = {}
    after = []
    for one in table.lights:
        if one[0] <= begin:
            before[one[1]] = one
        else:
            after.append(one)
    return [*before.values(), *after]


def _columns(of: dict[str, Floats], its: NDArray[np.bool_], begin: float, count: int) -> dict[str, Floats]:
    """Return one participant's columns on the clock, NaN where it says nothing."""
    t = of["t_s"][its] - begin
    fresh = np.append(True, np.diff(t) > 1e-6)
    t = t[fresh]
    clock = np.arange(count) * STEP_S
    after = np.clip(np.searchsorted(t, clock - 1e-6), 0, len(t) - 1)
    before = np.clip(np.searchsorted(t, clock + 1e-6, "right") - 1, 0, len(t) - 1)
    there = (clock >= t[0] - 1e-6) & (clock <= t[-1] + 1e-6) & (t[after] - t[before] <= GAP_S)

    def laid(values: Floats) -> Floats:
        return np.where(there, np.interp(clock, t, values), np.nan)

    found = {key: laid(of[key][its][fresh]) for key in ("x_m", "y_m", "v_mps", "a_mps2", "limit_mps")}
    h = of["h_rad"][its][fresh]
    found["h_rad"] = laid(np.unwrap(h)) if np.isfinite(h).all() else _course(found["x_m"], found["y_m"])
    if not np.isfinite(found["v_mps"][there]).all():
        found["v_mps"] = _speed(found["x_m"], found["y_m"], found["h_rad"])
    if not np.isfinite(found["a_mps2"][there]).all():
        found["a_mps2"] = slope(found["v_mps"])
    return found


def _course(x: Floats, y: Floats) -> Floats:
    """Return the direction of motion; who stands keeps what it had, and has before it moves what comes."""
    dx, dy = _ahead(x), _ahead(y)
    moving = np.flatnonzero(np.hypot(dx, dy) > STANDS_M)
    if not len(moving):
        return np.where(np.isfinite(x), 0.0, np.nan)
    last = np.clip(np.searchsorted(moving, np.arange(len(x)), "right") - 1, 0, None)
    return np.where(np.isfinite(x), np.unwrap(np.arctan2(dy, dx)[moving])[last], np.nan)


def _ahead(values: Floats) -> Floats:
    """Return the change per step about each step, one-sided at ends and gaps."""
    change = np.full(len(values) + 1, np.nan)
    change[1:-1] = np.diff(values)
    pair = np.stack([change[:-1], change[1:]])
    known = np.isfinite(pair)
    return np.where(
        known.any(axis=0), np.where(known, pair, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1), np.nan
    )


def _speed(x: Floats, y: Floats, h: Floats) -> Floats:
    return (_ahead(x) * np.cos(h) + _ahead(y) * np.sin(h)) / STEP_S


def slope(v: Floats) -> Floats:
    """Return how fast a column changes [1/s]: between the farthest known steps within ``SLOPE`` to either side."""
    found = np.where(np.isfinite(v), 0.0, np.nan)
    for wide in range(1, SLOPE + 1):  # the widest that is known wins
        for back, on in ((wide - 1, wide), (wide, wide - 1), (wide, wide)):
            if len(v) <= back + on:
                continue
            its = (v[back + on :] - v[: len(v) - back - on]) / ((back + on) * STEP_S)
            part = found[back : len(v) - on]
            known = np.isfinite(its) & np.isfinite(part)
            part[known] = its[known]
    return found


def _rows(columns: list[dict[str, Floats]], count: int) -> NDArray[np.void]:
    parts = []
    for number, of in enumerate(columns):
        steps = np.flatnonzero(np.isfinite(of["x_m"]))
        rows = np.zeros(len(steps), ROW)
        rows["t_s"], rows["actor"] = np.round(steps * STEP_S, 6), number
        for key in ("x_m", "y_m", "v_mps", "a_mps2"):
            rows[key] = of[key][steps]
        rows["h_rad"] = np.remainder(of["h_rad"][steps] + np.pi, 2 * np.pi) - np.pi
        parts.append(rows)
    joined = np.concatenate(parts)
    found: NDArray[np.void] = joined[np.lexsort((joined["actor"], joined["t_s"]))]
    return found


def _contacts(entities: tuple[Entity, ...], columns: list[dict[str, Floats]]) -> tuple[tuple[float, str, str], ...]:
    """Return when boxes of others begin to touch that of the one judged."""
    own, mine = entities[0], columns[0]

    def middle(of: dict[str, Floats], body: Entity) -> tuple[Floats, Floats]:
        return of["x_m"] + body.centre_x_m * np.cos(of["h_rad"]), of["y_m"] + body.centre_x_m * np.sin(of["h_rad"])

    x, y = middle(mine, own)
    found = []
    for body, of in zip(entities[1:], columns[1:], strict=True):
        ox, oy = middle(of, body)
        near = np.flatnonzero(np.hypot(ox - x, oy - y) < TOUCH_M)
        touching = np.zeros(len(x), bool)
        touching[near] = boxes.overlap(
            x[near], y[near], mine["h_rad"][near], own.length_m, own.width_m,
            ox[near], oy[near], of["h_rad"][near], body.length_m, body.width_m,
        )  # fmt: skip
        begins = np.flatnonzero(touching & ~np.append(False, touching[:-1]))
        found += [(round(float(k) * STEP_S, 6), own.name, body.name) for k in begins]
    return tuple(sorted(found))
