"""The way of a mission: the middle of its lane from where it begins, and what lies beside it."""

from __future__ import annotations

import math

import numpy as np

from jinyun.trial.driver.interface import Floats, Mission
from jinyun.trial.road.network import DRIVEN, Network, Road
from jinyun.trial.storyboard.actor import Actor

STEP_M = 0.5
"""Between the points of a way."""
WALK_M = 1.0
BEHIND_M = 30.0
Kept = dict[tuple[object, ...], tuple[Floats, ...]]


def mission_of(actor: Actor, network: Network, length_m: float, wanted_mps: float | None) -> Mission:
    """Return the way of an actor that is placed on a road: ``length_m`` ahead along its lane and its route.

    Where the road ends, the way goes straight on. Lengths begin at the actor's reference point.
    """
    key = (actor.road, actor.lane, round(actor.s_m, 6), actor.rising, tuple(actor.route), length_m)
    kept: Kept = network.kept
    if key not in kept:
        kept[key] = _columns(actor, network, length_m)
    even, x, y, h, curvature, left, right, across, width, limit = kept[key]
    entity = actor.entity
    wanted = (
        wanted_mps if wanted_mps is not None else float(np.nanmax(limit)) if np.isfinite(limit).any() else 100 / 3.6
    )
    return Mission(
        even, x, y, h, curvature, left, right, across, float(width[0]),
        np.where(np.isfinite(limit), limit, wanted), wanted, length_m=entity.length_m, width_m=entity.width_m,
        front_m=entity.centre_x_m + entity.length_m / 2, wheelbase_m=entity.wheelbase_m,
    )  # fmt: skip


def _columns(actor: Actor, network: Network, length_m: float) -> tuple[Floats, ...]:
    """Walk along the lane; return length, place, direction, curvature, widths and limit at even steps."""
    rows = [_beside(network.roads[actor.road], actor.lane, actor.s_m, actor.rising)]
    ghost = Actor(actor.entity, network)
    ghost.put(
        actor.road, actor.s_m, network.roads[actor.road].middle(actor.lane, actor.s_m), actor.lane, 0.0, actor.rising
    )
    ghost.route = list(actor.route)
    c, n = math.cos(ghost.h_rad), math.sin(ghost.h_rad)
    behind = [(ghost.x_m - k * WALK_M * c, ghost.y_m - k * WALK_M * n) for k in range(round(BEHIND_M / WALK_M), 0, -1)]
    places = [(ghost.x_m, ghost.y_m)]
    for _ in range(round(length_m / WALK_M)):
        if not ghost.at_end:
            ghost.v_mps = 1.0
            ghost.advance(WALK_M)
        if ghost.at_end:
            x, y = places[-1]
            places.append((x + WALK_M * math.cos(ghost.h_rad), y + WALK_M * math.sin(ghost.h_rad)))
            rows.append(rows[-1])
            continue
        places.append((ghost.x_m, ghost.y_m))
        rows.append(_beside(network.roads[ghost.road], ghost.lane, ghost.s_m, ghost.rising))
    x, y = np.array(behind + places).T
    table = np.array([rows[0]] * len(behind) + rows)
    h = np.unwrap(np.arctan2(np.gradient(y), np.gradient(x)))
    s = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    s -= s[len(behind)]
    even = np.arange(s[0], s[-1], STEP_M)
    columns: list[Floats] = [np.interp(even, s, column) for column in (x, y, h, *table.T)]
    curvature = np.gradient(columns[2], even)
    if len(curvature) > 8:  # the joints of arcs and lines are not steps for a steering wheel
        curvature = np.convolve(np.pad(curvature, 3, mode="edge"), np.full(7, 1 / 7), mode="valid")
    return even, columns[0], columns[1], columns[2], curvature, *columns[3:]


def _beside(road: Road, lane: int, s_m: float, rising: bool) -> tuple[float, float, float, float, float]:
    """Return the drivable widths left, right and left with oncoming lanes, the lane's width and its limit."""
    section = road.section(s_m).lanes
    middle = road.middle(lane, s_m)
    low = high = None
    whole_low = whole_high = None
    for number, of in section.items():
        if of.kind not in DRIVEN and of.kind != "shoulder":
            continue
        a, b = sorted(road.borders(number, s_m))
        if road.rises(number) == road.rises(lane):
            low, high = a if low is None else min(low, a), b if high is None else max(high, b)
        whole_low, whole_high = (
            (a if whole_low is None else min(whole_low, a)),
            (b if whole_high is None else max(whole_high, b)),
        )
    if low is None or high is None or whole_low is None or whole_high is None:
        return 2.0, 2.0, 2.0, 3.5, math.nan
    left, right = (high - middle, middle - low) if rising else (middle - low, high - middle)
    across = whole_high - middle if rising else middle - whole_low
    return left, right, across, road.width(lane, s_m), road.limit_mps(lane, s_m)


def project(mission: Mission, x_m: float, y_m: float, near_m: float | None = None) -> tuple[float, float, float]:
    """Return length along the way, offset to its left and the way's direction for a place.

    With ``near_m`` the nearest point within 30 m of that length is taken.
    """
    lo, hi = 0, len(mission.s_m)
    if near_m is not None:
        step = mission.s_m[1] - mission.s_m[0]
        at = int((near_m - mission.s_m[0]) / step)
        lo, hi = max(at - 60, 0), min(at + 61, hi)
        if hi - lo < 2:
            lo, hi = 0, len(mission.s_m)
    dx, dy = mission.x_m[lo:hi] - x_m, mission.y_m[lo:hi] - y_m
    k = lo + int(np.argmin(dx * dx + dy * dy))
    h = float(mission.h_rad[k])
    ex, ey = x_m - float(mission.x_m[k]), y_m - float(mission.y_m[k])
    along = ex * math.cos(h) + ey * math.sin(h)
    h += float(mission.curvature_1pm[k]) * max(min(along, 1.0), -1.0)
    return float(mission.s_m[k]) + along, -ex * math.sin(h) + ey * math.cos(h), h
