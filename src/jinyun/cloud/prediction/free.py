"""Those who follow no lane: vehicles off the map by turn rate and acceleration, people on foot by where they head.

A walker near a crossing may go over it, now or when its light lets them; nothing tells them to, so it is one
hypothesis beside walking on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.prediction.roadway import Floats, Roads
from jinyun.cloud.prediction.ways import ACROSS, ALONG, HEADING, NEVER, SPEED, X, Y

TURN_FADE_S, ACCEL_FADE_S = 2.0, 1.2
"""How long a turn and an acceleration last off the map."""
MOST_TURN_RPS = 0.8
STEPS = 5
"""Steps between two samples."""
ACCEL_SD_MPS2, TURN_SD_RPS, SIDEWAYS_MPS, STILL_SHARE = 0.9, 0.12, 0.1, 0.2
"""Spread of what a vehicle off the map does next, and the share of it of one that stands."""
WALKER_SD_MPS2, SIDEWAYS_WALKER_MPS, STANDING_SHARE = 0.1, 0.15, 0.4
"""Spread of what somebody on foot does next, either way, and the share of it of who stands."""
STANDING_MPS = 0.3
WALK_MPS = 1.3
"""Walking speed of who stands still (GB 50647: 1.0 to 1.4)."""
NEAR_M, LATEST_M = 6.0, 2.5
"""A crossing's end is near within this; who stands within the second may set out."""
TOWARDS_RAD = 0.7
"""Who walks to a crossing heads so near to its end, or along it."""
START_S = 1.0
"""From green to the first step."""
SETS_OUT, SETS_OUT_UNSURE = 0.6, 0.3
"""Share of those standing at a crossing who set out when its light lets them, and where nobody knows its light."""
GOES_OVER, TURNS_OVER = 0.6, 0.2
"""Share of those walking to a crossing who go over it, when they head along it and when they would have to turn."""
LEAST_REST, LEAST_CHANCE = 0.1, 0.05
"""What is left for not crossing, and the least that is worth a hypothesis."""
RED, YELLOW = 3, 7  # shapes.Light
WALK, CROSS, WAIT = 5, 6, 7  # prediction.Manner
MOST_CROSSINGS = 2
"""Crossings of one walker."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _turned(a: float) -> float:
    return (a + np.pi) % (2 * np.pi) - np.pi


@_compiled
def coast(
    who: NDArray[np.int64], px: Floats, py: Floats, v0: Floats, course: Floats, accel: Floats, yaw: Floats,
    place_sd: Floats, speed_sd: Floats, heading_sd: Floats, turn_fade_s: float, accel_fade_s: float, t_s: Floats, begin: int,
    samples: Floats,
) -> None:  # fmt: skip
    """Enter the path of each vehicle of ``who`` that no lane guides, from row ``begin`` on.

    Turn rate and acceleration fade exponentially. Who heads nobody knows where stays, within a circle of its speed.
    """
    steps = len(t_s) * STEPS
    length_s, turned, gained = np.empty(steps), np.empty(steps), np.empty(steps)  # the same for everybody
    now = 0.0
    for k in range(len(t_s)):
        dt = (t_s[k] - now) / STEPS
        for step in range(k * STEPS, (k + 1) * STEPS):
            length_s[step] = dt
            turned[step] = np.expm1(-(now + dt / 2) / turn_fade_s)
            now += dt
            gained[step] = np.expm1(-now / accel_fade_s)
    for n in range(len(who)):
        i, h = who[n], begin + n
        cx, cy, headed = px[i], py[i], np.isfinite(course[i])
        turn = min(max(yaw[i], -MOST_TURN_RPS), MOST_TURN_RPS) * turn_fade_s
        gain = accel[i] * accel_fade_s
        v = v0[i]
        for k in range(len(t_s)):
            for step in range(k * STEPS, (k + 1) * STEPS):
                then = max(v0[i] - gain * gained[step], 0.0)
                if headed:
                    middle, way_m = course[i] - turn * turned[step], (v + then) / 2 * length_s[step]
                    cx += way_m * np.sin(middle)
                    cy += way_m * np.cos(middle)
                v = then
            t, it = t_s[k], samples[h, k]
            it[X], it[Y], it[SPEED] = cx, cy, v
            it[HEADING] = (course[i] - turn * np.expm1(-t / turn_fade_s)) % (2 * np.pi)
            still = STILL_SHARE if v0[i] < STANDING_MPS and v < STANDING_MPS else 1.0
            rate = speed_sd[i] if headed else speed_sd[i] + v0[i]
            it[ALONG] = np.sqrt(place_sd[i] ** 2 + (rate * t) ** 2 + (still * ACCEL_SD_MPS2 * t * t / 2) ** 2)
            aside = v0[i] * t * (heading_sd[i] + TURN_SD_RPS * t / 2)
            across = np.sqrt(place_sd[i] ** 2 + (SIDEWAYS_MPS * t) ** 2 + aside**2)
            it[ACROSS] = across if headed else it[ALONG]


@_compiled
def walk(
    who: NDArray[np.int64], px: Floats, py: Floats, v0: Floats, course: Floats, place_sd: Floats, speed_sd: Floats,
    road: Roads, light: NDArray[np.uint8], left_s: Floats, t_s: Floats, begin: int,
    of: NDArray[np.int32], manner: NDArray[np.uint8], probability: Floats, samples: Floats,
) -> int:  # fmt: skip
    """Enter the paths of the people of ``who`` from row ``begin`` on: over up to two crossings, and as they go; return
    the row after the last."""
    row = begin
    for n in range(len(who)):
        i = who[n]
        headed = np.isfinite(course[i])
        standing = v0[i] < STANDING_MPS or not headed
        rest, found = 1.0, 0
        for c in range(len(road.end_x)):
            for end in range(2):
                dx, dy = road.end_x[c, end] - px[i], road.end_y[c, end] - py[i]
                if not (abs(dx) <= NEAR_M and abs(dy) <= NEAR_M) or found == MOST_CROSSINGS:
                    continue
                wait_s, chance = _setting_out(road, c, end, dx, dy, v0[i], course[i], standing, light, left_s, t_s[-1])
                chance = min(chance, rest - LEAST_REST)
                if chance < LEAST_CHANCE:
                    continue
                found += 1
                rest -= chance
                _over(road, c, end, px[i], py[i], v0[i], standing, wait_s, t_s, samples, row)
                for k in range(len(t_s)):
                    _spread(place_sd[i], speed_sd[i], t_s[k], 1.0, samples[row, k])
                of[row], manner[row], probability[row] = i, CROSS, chance
                row += 1
        v = 0.0 if standing else v0[i]
        east, north = (np.sin(course[i]), np.cos(course[i])) if headed else (0.0, 0.0)
        for k in range(len(t_s)):
            gone = v * t_s[k]
            samples[row, k, X], samples[row, k, Y] = px[i] + east * gone, py[i] + north * gone
            samples[row, k, HEADING], samples[row, k, SPEED] = course[i], v
            _spread(place_sd[i], speed_sd[i], t_s[k], STANDING_SHARE if standing else 1.0, samples[row, k])
        of[row], manner[row], probability[row] = i, WAIT if standing else WALK, rest
        row += 1
    return row


@_compiled
def _setting_out(
    road: Roads, c: int, end: int, dx: float, dy: float, v: float, course: float, standing: bool,
    light: NDArray[np.uint8], left_s: Floats, horizon_s: float,
) -> tuple[float, float]:  # fmt: skip
    """Return (seconds that the light holds one at an end of a crossing, how likely one ``dx, dy`` from it goes over)."""
    over_x, over_y = road.end_x[c, 1 - end] - road.end_x[c, end], road.end_y[c, 1 - end] - road.end_y[c, end]
    length, away = np.sqrt(over_x * over_x + over_y * over_y), np.sqrt(dx * dx + dy * dy)
    if (
        length < 1.0 or away > NEAR_M or dx * over_x + dy * over_y < -0.5 * length
    ):  # already on it: walking on is crossing
        return 0.0, 0.0
    g, wait_s = road.crossing_group[c], 0.0
    if g >= 0 and light[g] == RED:
        wait_s = left_s[g] + START_S
    elif g >= 0 and light[g] == YELLOW:
        wait_s = NEVER
    if standing:
        if away > LATEST_M or g < 0 or wait_s > horizon_s:
            return wait_s, 0.0
        return wait_s, SETS_OUT if light[g] != 0 else SETS_OUT_UNSURE
    over = np.arctan2(over_x, over_y)
    to = np.arctan2(dx, dy) if away > 1.0 else over
    if abs(_turned(course - to)) > TOWARDS_RAD or abs(_turned(course - over)) > np.pi / 2:
        return wait_s, 0.0
    return wait_s, GOES_OVER if abs(_turned(course - over)) < TOWARDS_RAD else TURNS_OVER


@_compiled
def _over(
    road: Roads, c: int, end: int, px: float, py: float, v0: float, standing: bool, wait_s: float, t_s: Floats,
    samples: Floats, row: int,
) -> None:  # fmt: skip
    """Enter the way to an end of a crossing, held there by its light, and over it."""
    ax, ay = road.end_x[c, end], road.end_y[c, end]
    dx, dy = ax - px, ay - py
    over_x, over_y = road.end_x[c, 1 - end] - ax, road.end_y[c, 1 - end] - ay
    length, away = np.sqrt(over_x * over_x + over_y * over_y), np.sqrt(dx * dx + dy * dy)
    v = max(v0, WALK_MPS) if standing else v0
    reach_s = 0.0 if standing else away / v
    for k in range(len(t_s)):
        t = t_s[k]
        if standing:
            begun = max(wait_s, START_S)
            gone, moving = v * max(t - begun, 0.0), t > begun
        else:
            begun = max(wait_s, reach_s)
            gone, moving = v * min(t, reach_s) + v * max(t - begun, 0.0), t <= reach_s or t > begun
        if gone < away:
            samples[row, k, X], samples[row, k, Y] = px + dx * gone / away, py + dy * gone / away
            samples[row, k, HEADING] = np.arctan2(dx, dy) % (2 * np.pi)
        else:
            more = (gone - away) / length
            samples[row, k, X], samples[row, k, Y] = ax + over_x * more, ay + over_y * more
            samples[row, k, HEADING] = np.arctan2(over_x, over_y) % (2 * np.pi)
        samples[row, k, SPEED] = v if moving else 0.0


@_compiled
def _spread(place: float, rate: float, t: float, share: float, it: Floats) -> None:
    own = share * WALKER_SD_MPS2 * t * t / 2
    it[ALONG] = np.sqrt(place * place + (share * rate * t) ** 2 + own * own)
    it[ACROSS] = np.sqrt(place * place + (SIDEWAYS_WALKER_MPS * share * t) ** 2 + own * own)
