"""Which ways a vehicle may take: chains of lanes from where it is, what each light on them asks, and what speaks for each.

A vehicle begins on the lanes it may be on and, where it drifts, on the lane beside; where ways part within reach, each
is one. Where a light is about to stop it or not, both are. No more than :data:`MOST_WAYS` for a vehicle, the likeliest.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.prediction.roadway import Floats, Ints, Roads

HORIZON_S = 5.0
MOST_WAYS, MOST_LANES = 4, 8
"""Ways of one vehicle, and lanes of one way."""
MOST_SEEDS = 3
LEAST_SHARE = 0.03
"""A way less likely than this is not followed up."""
HASTE_MPS2 = 1.5
"""Ways are laid as far as a vehicle gets that picks up speed so."""
ASTRAY_RAD, ASIDE_M = 1.0, 2.0
"""Who heads so far from its lane's course, or is so far beyond its border, does not follow it."""
DRIFT_MPS, LOOK_S = 0.35, 1.2
"""Slower sideways than this is keeping the lane; who would be over the border after so long at its drift, changes."""
DRIFT_SD_M = 0.6
"""How sharply that is told, in metres."""
STOP_YELLOW_MPS2, YELLOW_SPREAD = 3.4, 0.6
"""Braking at which half of the drivers stop at a yellow light, and how sharply they part: from 3.0 (ITE's comfortable
braking) to 3.7 m/s² in observations at junctions."""
STOP_RED_MPS2, RED_SPREAD = 8.0, 0.8
"""The same for a light that is red already: who can stop does, as hard as a dry road lets tyres brake."""
SLACK_M = 1.0
"""So far beyond the line one may come to stand, or be less far before it than the track says."""
LAMP_WEIGHT, LAMP_OFF_WEIGHT = 15.0, 0.35
"""How much more often one turns to the side of a turn lamp, and how much less without one."""
STRAIGHT, LEFT, RIGHT, U_TURN = 1, 2, 4, 8  # hdmap.Turn
LAMP_OFF, LAMP_LEFT, LAMP_RIGHT = 1, 2, 3
FOLLOW, STOP, GO, CHANGE = 1, 2, 3, 4  # prediction.Manner
NEVER = 1e9
X, Y, HEADING, SPEED, ALONG, ACROSS = range(6)
"""Columns of a sample: place, heading, speed, standard deviations."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


class Movers(NamedTuple):
    """Columns of the participants: as their tracks, and where they may be (shape (n, 4), -1 for no lane)."""

    x: Floats
    y: Floats
    speed: Floats
    heading: Floats
    accel: Floats
    half_length: Floats
    rider: NDArray[np.bool_]
    lamp: NDArray[np.uint8]
    lane: Ints
    station: Floats
    score: Floats


class Plans(NamedTuple):
    """Columns of the ways laid, the ways of one participant together."""

    of: Ints  # the participant
    manner: NDArray[np.uint8]
    turn: NDArray[np.uint8]  # at the first junction on the way
    lane: Ints  # (m, MOST_LANES), -1 beyond the last
    start_m: Floats  # station on the first lane
    aside_m: Floats  # offset to the right of it
    drift_mps: Floats  # sideways, to the right
    weight: Floats
    line: Ints  # the stop line ahead, -1 for none in reach
    line_m: Floats  # from the front of the participant along the way to it
    hold_from: Floats  # when that line holds it, seconds from now
    hold_until: Floats


def plans(room: int) -> Plans:
    """Return empty columns for so many ways."""
    return Plans(
        of=np.zeros(room, np.int32), manner=np.zeros(room, np.uint8), turn=np.zeros(room, np.uint8),
        lane=np.full((room, MOST_LANES), -1, np.int32), start_m=np.zeros(room), aside_m=np.zeros(room),
        drift_mps=np.zeros(room), weight=np.zeros(room), line=np.full(room, -1, np.int32), line_m=np.zeros(room),
        hold_from=np.zeros(room), hold_until=np.zeros(room),
    )  # fmt: skip


@_compiled
def row_at(s: Floats, first: int, points: int, station: float) -> int:
    """Return the point of a lane (of two points or more, from row ``first`` on) after which a station lies."""
    low = first
    high = low + points - 2
    while low < high:
        middle = (low + high + 1) // 2
        if s[middle] <= station:
            low = middle
        else:
            high = middle - 1
    return int(low)


@_compiled
def _place_on(
    s: Floats, px: Floats, py: Floats, course: Floats, first: int, points: int, station: float, x: float, y: float
) -> tuple[float, float]:
    """Return (offset to the right, heading of the lane) of a place abreast of a station."""
    p = row_at(s, first, points, station)
    share = (station - s[p]) / max(s[p + 1] - s[p], 1e-9)
    heading = course[p] + share * (course[p + 1] - course[p])
    cx = px[p] + share * (px[p + 1] - px[p])
    cy = py[p] + share * (py[p + 1] - py[p])
    return float((x - cx) * np.cos(heading) - (y - cy) * np.sin(heading)), float(heading)


@_compiled
def _turned(a: float) -> float:
    return (a + np.pi) % (2 * np.pi) - np.pi


@_compiled
def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-min(max(value, -30.0), 30.0))))


@_compiled
def _stopping(speed: float, line_m: float, light: int, left_s: float, reach_m: float) -> tuple[float, float, float]:
    """Return (share of drivers whom the light stops at the line, from when on, until when)."""
    if line_m > reach_m or line_m < -2.0:
        return 0.0, 0.0, 0.0
    room = max(line_m, 0.0) + SLACK_M
    if light == 3:  # red
        if speed < 1.0:
            return 1.0, 0.0, left_s
        if speed * left_s < line_m - 25.0:  # green long before it is there
            return 1.0, 0.0, left_s
        return _logistic((STOP_RED_MPS2 - speed * speed / (2 * room)) / RED_SPREAD), 0.0, left_s
    if light == 7:  # yellow: red follows
        if speed < 1.0:
            return (0.95 if line_m > 0 else 0.0), 0.0, NEVER
        return _logistic((STOP_YELLOW_MPS2 - speed * speed / (2 * room)) / YELLOW_SPREAD), 0.0, NEVER
    if (light == 4 or light == 5 or light == 6) and left_s < HORIZON_S:  # green, yellow soon
        then = line_m - speed * left_s
        if then <= 0 and speed >= 1.0:
            return 0.0, 0.0, 0.0
        share = _logistic((STOP_YELLOW_MPS2 - speed * speed / (2 * (max(then, 0.0) + SLACK_M))) / YELLOW_SPREAD)
        return share, left_s, NEVER
    return 0.0, 0.0, 0.0


@_compiled
def lay(
    movers: Movers, road: Roads, light: NDArray[np.uint8], left_s: Floats, first: NDArray[np.int64], out: Plans
) -> int:
    """Lay the ways of all participants; return how many. ``first[i]`` is the first of participant ``i``.

    ``light`` and ``left_s`` are by signal group: the light that burns and how long still (infinity where nobody knows).
    A participant on no lane that it follows has no way.
    """
    total = 0
    lanes = np.empty((MOST_WAYS, MOST_LANES), np.int32)
    many, begun = np.empty(MOST_WAYS, np.int64), np.empty(MOST_WAYS)
    way_m, chance = np.empty(MOST_WAYS), np.empty(MOST_WAYS)
    aside, drift = np.empty(MOST_WAYS), np.empty(MOST_WAYS)
    line, line_m = np.empty(MOST_WAYS, np.int32), np.empty(MOST_WAYS)
    share, since, until = np.empty(MOST_WAYS), np.empty(MOST_WAYS), np.empty(MOST_WAYS)
    manner, turn = np.empty(MOST_WAYS, np.uint8), np.empty(MOST_WAYS, np.uint8)
    done, taken = np.empty(MOST_WAYS, np.bool_), np.empty(2 * MOST_WAYS, np.bool_)
    for i in range(len(movers.x)):
        first[i] = total
        v, rider = movers.speed[i], movers.rider[i]
        reach_m = v * HORIZON_S + HASTE_MPS2 * HORIZON_S * HORIZON_S / 2 + movers.half_length[i]
        ways = 0
        for k in range(movers.lane.shape[1]):  # the lanes it may be on
            lane = movers.lane[i, k]
            if lane < 0 or ways >= MOST_SEEDS:
                break
            if movers.score[i, k] < np.log(LEAST_SHARE) or road.points[lane] < 2:
                continue
            off, course = _place_on(
                road.s, road.x, road.y, road.heading, road.first[lane], road.points[lane], movers.station[i, k],
                movers.x[i], movers.y[i],
            )  # fmt: skip
            angle = _turned(movers.heading[i] - course)
            if not (abs(angle) <= ASTRAY_RAD and abs(off) <= road.half_m[lane] + ASIDE_M):
                continue
            sideways = v * np.sin(angle)
            weight, to = np.exp(movers.score[i, k]), -1
            if k == 0 and not road.inner[lane] and not rider:
                side = 0.0
                if abs(sideways) > DRIFT_MPS:
                    side = 1.0 if sideways > 0 else -1.0
                elif movers.lamp[i] >= LAMP_LEFT:
                    side = 1.0 if movers.lamp[i] == LAMP_RIGHT else -1.0
                if side != 0.0:
                    to = road.right[lane] if side > 0 else road.left[lane]
                    beyond = side * (off + sideways * LOOK_S) - road.half_m[lane]
                    odds = _logistic(beyond / DRIFT_SD_M) if side * sideways > DRIFT_MPS else 0.1
                    if movers.lamp[i] == LAMP_LEFT or movers.lamp[i] == LAMP_RIGHT:
                        signalled = (movers.lamp[i] == LAMP_RIGHT) == (side > 0)
                        odds = odds * LAMP_WEIGHT / (odds * LAMP_WEIGHT + 1 - odds) if signalled else odds / LAMP_WEIGHT
                    if to >= 0 and odds > LEAST_SHARE and road.points[to] >= 2 and ways + 1 < MOST_WAYS:
                        scale = road.extent_m[to] / max(road.extent_m[lane], 0.1)
                        at = movers.station[i, k] * scale
                        lanes[ways, 0], many[ways], begun[ways], way_m[ways] = to, 1, at, road.extent_m[to] - at
                        chance[ways], manner[ways], turn[ways] = weight * odds, CHANGE, 0
                        aside[ways] = _place_on(
                            road.s, road.x, road.y, road.heading, road.first[to], road.points[to], at, movers.x[i],
                            movers.y[i],
                        )[0]  # fmt: skip
                        drift[ways], line[ways], line_m[ways], share[ways] = sideways, -1, np.inf, 0.0
                        ways += 1
                        weight *= 1 - odds
            lanes[ways, 0], many[ways], begun[ways] = lane, 1, movers.station[i, k]
            way_m[ways] = road.extent_m[lane] - movers.station[i, k]
            chance[ways], manner[ways], turn[ways] = weight, FOLLOW, 0
            aside[ways], drift[ways], line[ways], line_m[ways], share[ways] = off, sideways, -1, np.inf, 0.0
            ways += 1
        whole = 0.0
        for w in range(ways):
            whole += chance[w]
            done[w] = False
        w = 0
        while w < ways:  # lay each one on until it is as long as it must be
            if done[w] or many[w] == MOST_LANES:
                w += 1
                continue
            here = lanes[w, many[w] - 1]
            before = way_m[w] - road.extent_m[here]  # where this lane begins, from the participant
            own_line = road.line_m[here] + before - movers.half_length[i] if road.line[here] >= 0 else np.inf
            a, b = road.after_first[here], road.after_first[here + 1]
            if way_m[w] > reach_m and (line[w] >= 0 or own_line == np.inf or own_line > reach_m):
                done[w] = True
                continue
            best, weights, heaviest = -1, 0.0, 0.0
            held = 1.0
            for row in range(a, b):
                if rider != road.ridden[road.after[row]] and rider == road.ridden[here]:
                    continue
                if road.points[road.after[row]] < 2:
                    continue
                its = _favour(road.prior[row], road.turn[row], movers.lamp[i])
                weights += its
                if its > heaviest:
                    best, heaviest = row, its
                stops = 0.0
                if road.group[row] >= 0 and own_line < np.inf and line[w] < 0:
                    g = road.group[row]
                    stops, _, to_s = _stopping(v, own_line, light[g], left_s[g], reach_m)
                    if to_s < HORIZON_S:
                        stops = 0.0
                held = min(held, stops)
            if best < 0:
                done[w] = True
                continue
            alone = held > 0.98 or way_m[w] > reach_m  # nobody gets to where they part
            base_lanes, base_m, base_chance, fresh = many[w], way_m[w], chance[w], ways
            base_line, base_line_m, base_share = line[w], line_m[w], share[w]
            base_since, base_until, base_turn = since[w], until[w], turn[w]
            for row in range(a, b):
                if row != best and (alone or (rider != road.ridden[road.after[row]] and rider == road.ridden[here])):
                    continue
                onward = road.after[row]
                if road.points[onward] < 2:
                    continue
                part = 1.0 if alone else _favour(road.prior[row], road.turn[row], movers.lamp[i]) / weights
                if row != best and (base_chance * part < LEAST_SHARE * whole or ways >= MOST_WAYS):
                    continue
                n = w
                if row != best:
                    n, ways = ways, ways + 1
                    for k in range(base_lanes):
                        lanes[n, k] = lanes[w, k]
                    begun[n], aside[n], drift[n], manner[n] = begun[w], aside[w], drift[w], manner[w]
                lanes[n, base_lanes], many[n] = onward, base_lanes + 1
                way_m[n], chance[n] = base_m + road.extent_m[onward], base_chance * part
                line[n], line_m[n], share[n] = base_line, base_line_m, base_share
                since[n], until[n] = base_since, base_until
                turn[n] = base_turn if base_turn > 0 else road.turn[row]
                done[n] = False
                if line[n] < 0 and own_line < reach_m and own_line > -2.0 - movers.half_length[i]:
                    line[n], line_m[n], share[n] = road.line[here], own_line, 0.0
                    if road.group[row] >= 0:
                        g = road.group[row]
                        share[n], since[n], until[n] = _stopping(v, own_line, light[g], left_s[g], reach_m)
            if fresh == ways and many[w] == base_lanes:
                done[w] = True
        for c in range(2 * ways):
            taken[c] = False
        for _ in range(MOST_WAYS):  # a light may make two of one; the likeliest of all first
            best, most = -1, 0.0
            for c in range(2 * ways):
                stop = share[c // 2] if line[c // 2] >= 0 else 0.0
                part = stop if c % 2 else 1 - stop
                if not taken[c] and part >= LEAST_SHARE and chance[c // 2] * part > most:
                    best, most = c, chance[c // 2] * part
            if best < 0:
                break
            taken[best] = True
            w, held_there = best // 2, best % 2 == 1
            out.of[total], out.turn[total], out.weight[total] = i, turn[w], most
            for k in range(MOST_LANES):
                out.lane[total, k] = lanes[w, k] if k < many[w] else -1
            out.start_m[total], out.aside_m[total], out.drift_mps[total] = begun[w], aside[w], drift[w]
            out.line[total], out.line_m[total] = line[w], line_m[w]
            out.hold_from[total] = since[w] if held_there else NEVER
            out.hold_until[total] = until[w] if held_there else NEVER
            lit = line[w] >= 0 and share[w] > 0
            out.manner[total] = STOP if held_there else (GO if lit else manner[w])
            total += 1
    first[len(movers.x)] = total
    return total


@_compiled
def _favour(prior: float, turn: int, lamp: int) -> float:
    """Return the weight of a way on in view of a turn lamp."""
    if turn == 0 or lamp == 0 or turn & STRAIGHT:
        return float(prior)
    if lamp == LAMP_OFF:
        return float(prior * LAMP_OFF_WEIGHT)
    towards = (lamp == LAMP_LEFT and turn & (LEFT | U_TURN) > 0) or (lamp == LAMP_RIGHT and turn & RIGHT > 0)
    return float(prior * (LAMP_WEIGHT if towards else 1 / LAMP_WEIGHT))
