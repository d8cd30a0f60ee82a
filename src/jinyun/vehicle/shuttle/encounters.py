"""Encounters (交会): who drives ahead on the way, who will cross it and when, and who of them must be let go.

Everybody's foreseen ways are laid beside the guideline. Who is on the way and goes with it is *ahead*; who comes onto it
later is an encounter, with the stretch of the way it takes and the seconds from when until when. People are always let
go, cycles when turning across them, vehicles where they cannot stop any more or where no signal orders the junction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.shapes import Kind
from jinyun.vehicle.shuttle.body import FRONT_M, REAR_M, WIDTH_M
from jinyun.vehicle.shuttle.foreseeing import TICK_S, TICKS, Foreseen
from jinyun.vehicle.shuttle.guideline import STEP_M, Crossing, Guideline

BACK_M, ON_M = 25.0, 95.0
"""Of the guideline, so much behind and ahead of the rear axle is looked at."""
BESIDE_M = 0.35
"""Room to the side within which somebody counts as on the way."""
PERSON_BESIDE_M = 0.7
WITH_RAD = 0.75
"""Who goes within this angle of the way goes with it."""
CAN_STOP_MPS2 = 3.2
"""A driver who could still stop for its red with this braking is taken to do so."""
NEAR_KERB_M = 1.3
"""Who stands so near to a crossing's carriageway is about to cross it where walkers may."""
WALKING_MPS = 1.2
WAITS_S = 4.0
"""Who has stood beside a crossing for longer does not mean to cross."""
AHEAD_BRAKE_MPS2 = 1.9
"""How hard who drives ahead may brake without anybody being surprised; harder braking is answered with a firmer level."""
Floats = NDArray[np.float64]
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, slots=True)
class Gate:
    """A stretch of the way (metres from the rear axle now) that somebody takes from ``t_in_s`` until ``t_out_s``."""

    object: int  # row
    in_m: float
    out_m: float
    t_in_s: float
    t_out_s: float
    yields: bool  # whether it must be let go
    reason: str


@dataclass(frozen=True, slots=True)
class Laid:
    """Foreseen ways beside the guideline, (n, TICKS): metres from the rear axle, offset to the right, half extents, angle."""

    s_m: Floats
    d_m: Floats
    along_m: Floats
    across_m: Floats
    angle_rad: Floats


@_compiled
def _lay(
    x: Floats, y: Floats, h: Floats, half_l: Floats, half_w: Floats, gx: Floats, gy: Floats, gh: Floats, start: int,
    count: int, s_first: float, out_s: Floats, out_d: Floats, out_a: Floats, out_c: Floats, out_t: Floats,
) -> None:  # fmt: skip
    n = len(gx)
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            best, at = 1e18, 0
            for m in range(0, count, 6):
                q = (start + m) % n
                away = (gx[q] - x[i, k]) ** 2 + (gy[q] - y[i, k]) ** 2
                if away < best:
                    best, at = away, m
            out_d[i, k] = np.inf
            if best > 400.0:
                continue
            for m in range(max(at - 6, 0), min(at + 7, count)):
                q = (start + m) % n
                away = (gx[q] - x[i, k]) ** 2 + (gy[q] - y[i, k]) ** 2
                if away < best:
                    best, at = away, m
            q = (start + at) % n
            sin, cos = np.sin(gh[q]), np.cos(gh[q])
            dx, dy = x[i, k] - gx[q], y[i, k] - gy[q]
            along = dx * sin + dy * cos
            if (at == 0 and along < -1.0) or (at == count - 1 and along > 1.0):
                continue
            out_s[i, k] = s_first + at * STEP_M + along
            out_d[i, k] = dx * cos - dy * sin
            turn = (h[i, k] - gh[q] + np.pi) % (2 * np.pi) - np.pi
            c, s = abs(np.cos(turn)), abs(np.sin(turn))
            out_a[i, k] = c * half_l[i] + s * half_w[i]
            out_c[i, k] = s * half_l[i] + c * half_w[i]
            out_t[i, k] = turn


def lay(line: Guideline, s_m: float, objects: NDArray[np.void], foreseen: Foreseen) -> Laid:
    """Return the foreseen ways beside the guideline from station ``s_m`` (rear axle)."""
    shape = foreseen.x_m.shape
    out = [np.zeros(shape) for _ in range(5)]
    start = int(np.floor((s_m - BACK_M) / STEP_M))
    _lay(
        foreseen.x_m, foreseen.y_m, foreseen.heading_rad, objects["length_m"][foreseen.of] / 2,
        objects["width_m"][foreseen.of] / 2, line.x_m, line.y_m, line.heading_rad, start % len(line.x_m),
        int((BACK_M + ON_M) / STEP_M), start * STEP_M - s_m, *out,
    )  # fmt: skip
    return Laid(*out)


def leads(
    laid: Laid, foreseen: Foreseen, objects: NDArray[np.void], from_d: float, to_d: float, over_m: float, gap_m: float
) -> tuple[Floats, NDArray[np.int64]]:
    """Return who drives or stands ahead on a path that goes from one offset to another within ``over_m``.

    Rows as :func:`jinyun.vehicle.shuttle.pacing.profile` takes them, and the row of the object each is.
    """
    s, d, along, across, angle = laid.s_m, laid.d_m, laid.along_m, laid.across_m, laid.angle_rad
    looked = 5 if gap_m > 0 else 1  # ticks: who will be on the way within 1.6 s and goes with it is ahead
    person = (objects["kind"] == Kind.PEDESTRIAN)[foreseen.of]
    room = np.where(person, PERSON_BESIDE_M, BESIDE_M)[:, None]
    u = np.clip(s[:, :looked] / max(over_m, 1.0), 0, 1)
    path_d = from_d + (to_d - from_d) * (u * u * u * (10 - 15 * u + 6 * u * u))
    on = np.abs(d[:, :looked] - path_d) < across[:, :looked] + WIDTH_M / 2 + room
    going = np.abs(angle[:, :looked]) < WITH_RAD
    stands = (objects["speed_mps"] < 0.4)[foreseen.of][:, None]
    against = np.abs(angle[:, :looked]) > np.pi - WITH_RAD
    ahead = s[:, :looked] + along[:, :looked] > FRONT_M * 0.5
    hit = on & ahead & (going | stands | against)
    hit[:, 1:] &= (s[:, :1] - along[:, :1] > FRONT_M - 0.5) & (
        s[:, :1] > FRONT_M
    )  # to come in from beside is the other's care
    rows, found, whom = np.flatnonzero(hit.any(axis=1)), [], []
    taken: set[int] = set()
    for i in rows.tolist():
        its = int(foreseen.of[i])
        if its in taken:
            continue
        taken.add(its)
        k = int(np.argmax(hit[i]))
        speed = float(objects["speed_mps"][its] * np.cos(angle[i, k])) if abs(angle[i, k]) < np.pi / 2 else 0.0
        rear = float(s[i, 0] - along[i, 0])
        if k > 0:  # what it takes until it is on the way
            rear = min(rear, float(s[i, k] - along[i, k]) - speed * k * TICK_S)
        accel = float(objects["accel_mps2"][its])
        accel = accel if accel < -0.8 else 0.0
        found.append((rear, max(speed, 0.0), accel, max(AHEAD_BRAKE_MPS2, -accel), gap_m))
        whom.append(its)
    return np.array(found, np.float64).reshape(-1, 5), np.array(whom, np.int64)


def gates(
    laid: Laid, foreseen: Foreseen, objects: NDArray[np.void], line: Guideline, s_m: float, at_d: float,
    ahead_of: NDArray[np.int64], turning: NDArray[np.bool_], ordered: dict[int, bool],
) -> list[Gate]:  # fmt: skip
    """Return who comes onto the way later; ``ahead_of`` are rows of objects that are ahead already.

    ``turning`` says for each column of the guideline whether the shuttle turns there; ``ordered`` of each junction ahead
    whether its signal orders it (others' red can be trusted).
    """
    found: list[Gate] = []
    person = (objects["kind"] == Kind.PEDESTRIAN)[foreseen.of]
    room = np.where(person, PERSON_BESIDE_M, BESIDE_M + 0.25)[:, None]
    on = (np.abs(laid.d_m - at_d) < laid.across_m + WIDTH_M / 2 + room) & (laid.s_m + laid.along_m > -REAR_M)
    n = len(line.x_m)
    for i in np.flatnonzero(on.any(axis=1)).tolist():
        its = int(foreseen.of[i])
        if its in ahead_of:
            continue
        kind, speed = int(objects["kind"][its]), float(objects["speed_mps"][its])
        ticks = np.flatnonzero(on[i])
        first = int(ticks[0])
        s_on, along = laid.s_m[i, ticks], laid.along_m[i, ticks]
        comes_with = abs(laid.angle_rad[i, first]) < WITH_RAD and kind != Kind.PEDESTRIAN
        if comes_with and laid.s_m[i, 0] < FRONT_M and abs(laid.d_m[i, 0]) > 1.2:
            continue  # from beside or behind into the way: its own care
        if comes_with and laid.s_m[i, 0] + laid.along_m[i, 0] < FRONT_M:
            continue  # follows us
        if speed < 0.3 and kind != Kind.PEDESTRIAN:
            continue
        in_m, out_m = float((s_on - along).min()), float((s_on + along).max())
        t_in = max(first - 0.5, 0) * TICK_S
        t_out = (float(ticks[-1]) + 0.5) * TICK_S if ticks[-1] < TICKS - 1 else 30.0
        if comes_with:
            out_m = min(out_m, in_m + 12.0)
        k = int((s_m + max(float(s_on[0]), 0.0)) / STEP_M) % n
        junction = int(foreseen.junction[i])
        yields, reason = _must(
            kind,
            speed,
            bool(turning[k]),
            float(foreseen.to_junction_m[i]),
            ordered.get(junction, True),
            t_in,
            comes_with,
        )
        found.append(Gate(its, in_m, out_m, t_in, t_out, yields, reason))
    return found


def _must(
    kind: int, speed: float, turning: bool, to_junction_m: float, ordered: bool, t_in: float, comes_with: bool
) -> tuple[bool, str]:
    if kind == Kind.PEDESTRIAN:
        return True, "yield_pedestrian"
    unstoppable = to_junction_m < speed * speed / (2 * CAN_STOP_MPS2)
    if kind == Kind.NON_MOTOR:
        return turning or unstoppable or not ordered, "yield_cycle"
    if not ordered:
        return True, "yield_vehicle"
    return unstoppable and t_in < 4.5 and not comes_with, "yield_vehicle"


def on_crossing(
    crossing: Crossing, objects: NDArray[np.void], at_m: float, way_xy: tuple[float, float], walkers_go: bool
) -> list[Gate]:
    """Return the people on a crossing (or about to step onto it) who have not passed the shuttle's way yet.

    ``at_m`` is where the crossing begins, from the rear axle now; ``way_xy`` the middle of the way on the crossing.
    """
    x0, y0, x1, y1 = crossing.ends
    long = float(np.hypot(x1 - x0, y1 - y0))
    ux, uy = (x1 - x0) / long, (y1 - y0) / long
    people = np.flatnonzero(objects["kind"] != Kind.MOTOR)
    if not len(people):
        return []
    dx, dy = objects["x_m"][people] - x0, objects["y_m"][people] - y0
    along, across = dx * ux + dy * uy, dx * uy - dy * ux
    mine = (way_xy[0] - x0) * ux + (way_xy[1] - y0) * uy
    speed = objects["speed_mps"][people]
    go = np.sin(objects["heading_rad"][people]) * ux + np.cos(objects["heading_rad"][people]) * uy
    pace = go * speed  # along the crossing, from its first end
    wide = crossing.width_m / 2 + 0.8
    walks = objects["kind"][people] == Kind.PEDESTRIAN
    on = (np.abs(across) < wide) & (along > -NEAR_KERB_M) & (along < long + NEAR_KERB_M) & walks
    inside = (along > 0.2) & (along < long - 0.2)
    found = []
    for k in np.flatnonzero(on).tolist():
        to_go = float(mine - along[k])
        standing = speed[k] < 0.35
        if standing:
            waits = not inside[k]
            if (waits and (not walkers_go or float(objects["standing_s"][people[k]]) > WAITS_S)) or abs(to_go) > 9.0:
                continue
            toward = True if waits else abs(to_go) < 4.5
        else:
            toward = pace[k] * to_go > 0 or abs(to_go) < WIDTH_M / 2 + PERSON_BESIDE_M
        if not toward:
            continue
        at_pace = max(abs(float(pace[k])), WALKING_MPS if standing else 0.5)
        half = WIDTH_M / 2 + PERSON_BESIDE_M
        t_in = max((abs(to_go) - half) / at_pace, 0.0)
        t_out = 30.0 if standing else (abs(to_go) + half) / at_pace
        found.append(
            Gate(
                int(people[k]), at_m, at_m + crossing.out_m - crossing.s_m, t_in, t_out + 0.3, True, "yield_pedestrian"
            )
        )
    return found
