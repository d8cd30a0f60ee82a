"""Who would touch whom (真值碰撞): every vehicle driven on along the way it really went, against what others really did.

A host is driven on from each instant twice: with the speed it has, and as it brakes at that instant (until it stands). Its
body is an oriented box, so is everybody's; two touch where no edge of either parts them (separating axes; Gottschalk, Lin,
Manocha 1996). Others are taken from the truth, where they really were at that later instant. What a touch is, is told by
its geometry: from behind, crossing, head-on, or with somebody on foot or on a cycle. Nothing here is shared with the
applications.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.bench.evaluation.lives import FRAME_S, Floats, Lives
from jinyun.shapes import Kind

HORIZON = 60
"""Frames that a host is driven on."""
KNOWN = 36
"""Frames of the way that must be known."""
LEAST_MPS = 1.5
"""A slower vehicle is no host."""
SHRUNK_M, GROWN_M = -0.1, 0.3
"""A body that surely touches, and one that surely does not, differ so much from the true one on every side."""
EARLY_S = (0.0, 1.0, 0.3, 0.3)
"""By class, who crosses surely does not touch only if that also holds so much earlier or later: a post-encroachment time
below a second is a conflict (Allen, Shin, Cooper 1978), neither an event nor clear."""
SAME_WAY_RAD, STANDING_MPS = 0.8, 0.5
"""Touching at a smaller angle, or one that stands on the carriageway, is from behind."""
HEAD_ON_RAD = 2.6
"""Outside junctions, touching at a greater angle is head-on; in them who turns left meets others so too."""
GOES_ON = (0, 20, 30, 0)
"""By class, frames for which another who goes straight on as it does now must not be touched either, to be clear of it."""
AVERTS_MPS2, AVERTS = -4.0, 35
"""Who crosses and truly brakes so hard within so many frames averts what would be: to be clear of it, it must not be touched
within them had it gone on along the way it truly went, at the speed it has."""
CONFLICT_S, CONFLICT_MPS = 1.5, 2.5
"""Who is in the way, though it leaves it again before both touch, with less time to collision at both true speeds than that
(Hayward 1972; Gettman and Head, Surrogate safety measures, FHWA 2003), and not at a creep, is a conflict: not clear."""
BEHIND, ACROSS, VULNERABLE, HEAD_ON = 0, 1, 2, 3
CLASSES = 4
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True)
class Contacts:
    """By host instant (row of lives) and class of contact: seconds until it, infinity for none within the horizon.

    ``held_s`` at the speed and ``kept_s`` with the braking of that instant, with the shrunk bodies; ``near_s`` and
    ``near_kept_s`` the same with the grown ones. ``whom`` is the life that ``kept_s`` is about, ``held_whom`` that of
    ``held_s``; ``closing_mps`` the speed of one against the other then. ``known`` is False where the truth ends within
    :data:`KNOWN` frames.
    """

    row: NDArray[np.int64]
    known: NDArray[np.bool_]
    held_s: Floats
    kept_s: Floats
    near_s: Floats
    near_kept_s: Floats
    whom: NDArray[np.int64]
    held_whom: NDArray[np.int64]
    near_whom: NDArray[np.int64]
    closing_mps: Floats


def contacts(lives: Lives, free: NDArray[np.bool_] | None = None, every: int = 1) -> Contacts:
    """Return what would touch, of every moving motor vehicle at every ``every``-th frame.

    ``free`` says of every row whether it is where ways may cross: in a junction or off the lanes. Ways that cross anywhere
    else lie above each other; None takes every place as one where they may.
    """
    life, frame = lives.life, lives.frame
    host = (lives.kind[life] == Kind.MOTOR) & (lives.speed_mps >= LEAST_MPS) & (frame % every == 0)
    row = np.flatnonzero(host)
    n = len(row)
    times = [np.full((n, CLASSES), np.inf) for _ in range(4)]
    whom = [np.full((n, CLASSES), -1, np.int64) for _ in range(3)]
    closing, known = np.full((n, CLASSES), np.nan), np.zeros(n, np.bool_)
    averts = soon(lives, accelerations(lives) <= AVERTS_MPS2, AVERTS)
    _drive(
        row, life[row], frame[row], lives.first, lives.begin, lives.kind, lives.length_m / 2, lives.width_m / 2, lives.x_m,
        lives.y_m, lives.heading_rad, lives.speed_mps, lives.accel_mps2, lives.s_m, life, lives.at_first, lives.at_row,
        lives.frames, np.ones(len(life), np.bool_) if free is None else free, averts, *times, *whom, closing, known,
    )  # fmt: skip
    held, kept, near, near_kept = times
    kept_whom, held_whom, near_whom = whom
    return Contacts(row, known, held, kept, near, near_kept, kept_whom, held_whom, near_whom, closing)


def accelerations(lives: Lives) -> Floats:
    """Return the acceleration of every row over half a second around it (m/s²), from the true speeds."""
    life, row = lives.life, np.arange(len(lives.x_m))
    before, after = np.maximum(row - 2, lives.first[life]), np.minimum(row + 3, lives.first[life + 1] - 1)
    accel: Floats = (lives.speed_mps[after] - lives.speed_mps[before]) / (np.maximum(after - before, 1) * FRAME_S)
    return accel


def soon(lives: Lives, it: NDArray[np.bool_], frames: int) -> NDArray[np.bool_]:
    """Return of every row whether ``it`` holds at it or at one of the next ``frames`` rows of the same life."""
    n = len(it)
    following = np.minimum.accumulate(np.where(it, np.arange(n), n + frames + 1)[::-1])[::-1]
    return (following - np.arange(n) <= frames) & (following < lives.first[1:][lives.life])


@_compiled
def _drive(
    hosts: NDArray[np.int64], its_life: NDArray[np.int64], its_frame: NDArray[np.int64], first: NDArray[np.int64],
    begin: NDArray[np.int64], kind: NDArray[np.uint8], half_length: Floats, half_width: Floats, x: Floats, y: Floats,
    heading: Floats, speed: Floats, accel: Floats, s: Floats, life: NDArray[np.int64], at_first: NDArray[np.int64],
    at_row: NDArray[np.int64], frames: int, free: NDArray[np.bool_],
    averts: NDArray[np.bool_], held: Floats, kept: Floats, near: Floats,
    near_kept: Floats,
    kept_whom: NDArray[np.int64], held_whom: NDArray[np.int64], near_whom: NDArray[np.int64], closing: Floats,
    known: NDArray[np.bool_],
) -> None:  # fmt: skip
    px, py = np.empty((2, HORIZON + 1)), np.empty((2, HORIZON + 1))
    ph, pv = np.empty((2, HORIZON + 1)), np.empty((2, HORIZON + 1))
    on = np.zeros((2, HORIZON + 1), np.bool_)
    count = np.empty(2, np.int64)
    for n in range(len(hosts)):
        row, i, frame = hosts[n], its_life[n], its_frame[n]
        last = first[i + 1] - 1
        for mode in range(2):
            a = 0.0 if mode == 0 else min(accel[row], 0.0)
            at, steps = row, 0
            for k in range(HORIZON + 1):
                t = k * FRAME_S
                if a < 0.0 and speed[row] + a * t < 0.0:
                    t = -speed[row] / a
                want = s[row] + speed[row] * t + 0.5 * a * t * t
                while at < last and s[at + 1] < want:
                    at += 1
                if at >= last:
                    break
                u = min(max((want - s[at]) / max(s[at + 1] - s[at], 1e-9), 0.0), 1.0)
                px[mode, k], py[mode, k] = x[at] + u * (x[at + 1] - x[at]), y[at] + u * (y[at + 1] - y[at])
                turn = (heading[at + 1] - heading[at] + np.pi) % (2 * np.pi) - np.pi
                ph[mode, k] = heading[at] + u * turn
                pv[mode, k], on[mode, k] = max(speed[row] + a * t, 0.0), free[at]
                steps = k + 1
            count[mode] = steps
        known[n] = frame + KNOWN < frames and count[0] > KNOWN
        if count[0] < 2:
            continue
        reach = np.hypot(half_length[i], half_width[i]) + 1.0
        furthest = 0.0
        for mode in range(2):
            for k in range(count[mode]):
                furthest = max(furthest, np.hypot(px[mode, k] - x[row], py[mode, k] - y[row]))
        for c in range(at_first[frame], at_first[frame + 1]):
            other = at_row[c]
            j = life[other]
            if j == i:
                continue
            there = min(first[j + 1] - 1 - other, HORIZON)
            far = np.hypot(x[other] - x[row], y[other] - y[row])
            around = reach + np.hypot(half_length[j], half_width[j]) + 1.0
            around += EARLY_S[ACROSS] * (speed[row] + speed[other])
            if far > furthest + s[other + there] - s[other] + around:
                continue
            if far < around and _apart(
                x[row], y[row], heading[row], half_length[i], half_width[i], x[other], y[other], heading[other],
                half_length[j], half_width[j], 2 * SHRUNK_M,
            ) <= 0.0:  # fmt: skip
                continue  # they touch already: whatever this is, nobody can be warned of it
            foot = kind[j] != Kind.MOTOR
            for mode in range(2):
                sure, maybe = True, True
                for k in range(1, min(count[mode], there + 1)):
                    now = other + k
                    dx, dy = x[now] - px[mode, k], y[now] - py[mode, k]
                    if dx * dx + dy * dy > around * around:
                        continue
                    gap = _apart(
                        px[mode, k], py[mode, k], ph[mode, k], half_length[i], half_width[i], x[now], y[now],
                        heading[now], half_length[j], half_width[j], 0.0,
                    )  # fmt: skip
                    turn = abs((heading[now] - ph[mode, k] + np.pi) % (2 * np.pi) - np.pi)
                    stands = speed[now] < STANDING_MPS and speed[other] < STANDING_MPS
                    what = VULNERABLE if foot else (BEHIND if turn < SAME_WAY_RAD or stands else ACROSS)
                    if what == ACROSS and turn > HEAD_ON_RAD and not on[mode, k]:
                        what = HEAD_ON
                    if what == ACROSS and not (on[mode, k] or free[now]):
                        continue  # roads that cross elsewhere lie above each other
                    if mode == 0 and what == BEHIND and k * FRAME_S < near[n, what]:
                        closes = pv[mode, k] - speed[now] * np.cos(turn)
                        ahead_m, aside_m = _parted(
                            dx, dy, ph[mode, k], turn, half_length[i], half_width[i], half_length[j], half_width[j]
                        )
                        conflict = aside_m < 0.0 and dx * np.sin(ph[mode, k]) + dy * np.cos(ph[mode, k]) > 0.0
                        if conflict and closes >= CONFLICT_MPS and ahead_m <= CONFLICT_S * closes:
                            near[n, what], near_whom[n, what] = k * FRAME_S, j
                    about = gap
                    if what != BEHIND:
                        about = _apart(
                            px[mode, k], py[mode, k], ph[mode, k], half_length[i] + EARLY_S[what] * pv[mode, k], half_width[i],
                            x[now], y[now], heading[now], half_length[j] + EARLY_S[what] * speed[now], half_width[j], 0.0,
                        )  # fmt: skip
                    if about > 2 * GROWN_M:
                        continue
                    forward = dx * np.sin(ph[mode, k]) + dy * np.cos(ph[mode, k])
                    if what == BEHIND and (forward < 0.0 or pv[mode, k] <= speed[now] * np.cos(turn)):
                        continue  # it is the other that comes from behind
                    if (
                        foot
                        and turn < SAME_WAY_RAD
                        and abs(_aside(dx, dy, ph[mode, k])) > half_width[i] + half_width[j]
                    ):
                        continue  # it rides along beside
                    t = k * FRAME_S
                    if maybe:
                        maybe = False
                        if mode == 0 and t < near[n, what]:
                            near[n, what], near_whom[n, what] = t, j
                        elif mode == 1 and t < near_kept[n, what]:
                            near_kept[n, what] = t
                    if gap <= 2 * SHRUNK_M and sure:
                        sure = False
                        if mode == 0:
                            near[n, what] = min(near[n, what], t)
                        else:
                            near_kept[n, what] = min(near_kept[n, what], t)
                        if what == BEHIND:  # from behind, or has one swerved into the flank of the other?
                            ex, ey = x[now - 1] - px[mode, k - 1], y[now - 1] - py[mode, k - 1]
                            ahead_m, aside_m = _parted(
                                ex, ey, ph[mode, k - 1], heading[now - 1] - ph[mode, k - 1], half_length[i],
                                half_width[i], half_length[j], half_width[j],
                            )  # fmt: skip
                            if aside_m > ahead_m:
                                break
                        if mode == 0 and t < held[n, what]:
                            held[n, what], held_whom[n, what] = t, j
                        elif mode == 1 and t < kept[n, what]:
                            kept[n, what], kept_whom[n, what] = t, j
                            vx = pv[mode, k] * np.sin(ph[mode, k]) - speed[now] * np.sin(heading[now])
                            vy = pv[mode, k] * np.cos(ph[mode, k]) - speed[now] * np.cos(heading[now])
                            closing[n, what] = np.hypot(vx, vy)
                        break
            what = VULNERABLE if foot else ACROSS
            its_way = averts[other] and not foot
            on_way, end = other, first[j + 1] - 1
            for k in range(1, min(count[0], (AVERTS if its_way else GOES_ON[what]) + 1)):
                gone, from_row = speed[other] * k * FRAME_S, other
                if its_way:
                    want = s[other] + gone
                    while on_way < end and s[on_way + 1] < want:
                        on_way += 1
                    gone, from_row = want - s[on_way], on_way
                course = heading[from_row]
                turn = abs((course - ph[0, k] + np.pi) % (2 * np.pi) - np.pi)
                if not foot and not (on[0, k] or free[min(other + k, first[j + 1] - 1)]):
                    break
                if speed[other] < STANDING_MPS or (turn < SAME_WAY_RAD and not foot) or k * FRAME_S >= near[n, what]:
                    break
                gap = _apart(
                    px[0, k], py[0, k], ph[0, k], half_length[i], half_width[i], x[from_row] + gone * np.sin(course),
                    y[from_row] + gone * np.cos(course), course, half_length[j], half_width[j], 0.0,
                )  # fmt: skip
                if gap <= 2 * GROWN_M:
                    near[n, what], near_whom[n, what] = k * FRAME_S, j
                    break


@_compiled
def _aside(dx: float, dy: float, course: float) -> float:
    return float(dx * np.cos(course) - dy * np.sin(course))


@_compiled
def _parted(
    dx: float, dy: float, course: float, turn: float, al: float, aw: float, bl: float, bw: float
) -> tuple[float, float]:
    """Return how far two boxes are apart along the first's course and across it; negative: not along that axis."""
    s, c = abs(np.sin(turn)), abs(np.cos(turn))
    forward, aside = abs(dx * np.sin(course) + dy * np.cos(course)), abs(_aside(dx, dy, course))
    return float(forward - al - c * bl - s * bw), float(aside - aw - s * bl - c * bw)


@_compiled
def _apart(
    ax: float, ay: float, a: float, al: float, aw: float, bx: float, by: float, b: float, bl: float, bw: float,
    least: float,
) -> float:  # fmt: skip
    """Return how far two boxes are apart along the axis that parts them best, less ``least``; negative: they overlap.

    ``a`` and ``b`` are courses clockwise from north, ``al`` and ``aw`` half of a length and of a width.
    """
    dx, dy = bx - ax, by - ay
    s, c = abs(np.sin(b - a)), abs(np.cos(b - a))
    forward, aside = abs(dx * np.sin(a) + dy * np.cos(a)), abs(dx * np.cos(a) - dy * np.sin(a))
    best = max(forward - al - c * bl - s * bw, aside - aw - s * bl - c * bw)
    forward, aside = abs(dx * np.sin(b) + dy * np.cos(b)), abs(dx * np.cos(b) - dy * np.sin(b))
    best = max(best, max(forward - bl - c * al - s * aw, aside - bw - s * al - c * aw))
    return float(best - least)
