"""Plans of CIP and CVM: ten thousand random situations at the reference zone's junctions without lights, driven and judged.

A situation is two to eight vehicles that come to one junction by ways of chance, with speeds, lengths and turns of chance;
about one in six has no unit and drives on as it likes within what the profile lets it. What the planner proposes is driven here
from piece to piece, sampled every 0.08 s, and every pair of bodies is held against each other by the axes of their edges
(separating axes; Gottschalk, Lin, Manocha 1996). Nothing of that is shared with the planner.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import hdmap, zone
from jinyun.bench.machine import describe
from jinyun.cloud.apps import parameters
from jinyun.cloud.cooperation.reserving import Driver, Other, Plan, reserve
from jinyun.cloud.cooperation.ways import Way, ways
from jinyun.cloud.prediction import roadway
from jinyun.hdmap import LaneKind

Floats = NDArray[np.float64]
SITUATIONS = 10_000
STEP_S = 0.08
BEFORE_M = 12.0, 70.0
REACH_M, LEAST_M = 110.0, 75.0
APART_M = 14.0
"""Least distance between two on one lane."""
TOLD = 0.85
LONG = 0.15
"""Share of those who have a unit, and of long vehicles."""


def measure(situations: int = SITUATIONS, seed: int = 1) -> dict[str, Any]:
    """Plan and drive so many situations; ``conflicts`` counts those in which two bodies overlap at any instant."""
    here = zone.load(zone.find())
    map, rng = hdmap.open(here), np.random.default_rng(seed)
    roads, given = roadway(map).roads, parameters(here.profile, "CIP")
    arms = _arms(map)
    t = np.arange(0.0, given["horizon_s"] * 0.6, STEP_S)
    planned = refused = conflicts = made = 0
    spent = 0.0
    while made < situations:
        junction = int(rng.choice(list(arms)))
        drivers, others, true = _situation(map, roads, rng, arms[junction], given)
        if len(drivers) + len(others) < 2:
            continue
        made += 1
        began = time.thread_time()
        found = reserve(map, drivers, others, given)
        spent += time.thread_time() - began
        planned, refused = planned + len(found.plans), refused + len(found.refused)
        told = [_body(plan.driver.way, _gone(plan, t), plan.driver) for plan in found.plans]
        free = [
            _body(way, _free(other.speed_mps, accel, given, t), other)
            for other, (way, accel) in zip(others, true, strict=True)
        ]
        pairs = [(a, b) for k, a in enumerate(told) for b in told[k + 1 :] + free]
        conflicts += any(bool(_overlap(a, b).any()) for a, b in pairs)
    figures = {
        "situations": made, "plans": planned, "refused": refused, "conflicts": conflicts,
        "ms_a_situation": round(spent / made * 1000, 3),
    }  # fmt: skip
    return {"bench": "reserving", "machine": describe(), "figures": figures, "peers": {}}


def _arms(map: hdmap.Map) -> dict[int, list[int]]:
    """Return the lanes that lead to each junction without lights, of those with three or more."""
    found: dict[int, set[int]] = {}
    links, lanes = map.links, map.lanes
    for link in np.flatnonzero(links["via"] >= 0).tolist():
        start = int(links["start"][link])
        junction = int(map.edges["end"][lanes["edge"][start]])
        if junction < 0 or map.junctions["signalised"][junction]:
            continue
        if lanes["kind"][start] == LaneKind.CAR and lanes["length_m"][start] >= LEAST_M:
            found.setdefault(junction, set()).add(start)
    return {junction: sorted(its) for junction, its in found.items() if len(its) >= 3}


def _situation(
    map: hdmap.Map, roads: Any, rng: np.random.Generator, arms: list[int], given: dict[str, float]
) -> tuple[list[Driver], list[Other], list[tuple[Way, float]]]:
    """Return drivers, others, and by which way and with which acceleration the others really go."""
    drivers: list[Driver] = []
    others: list[Other] = []
    true: list[tuple[Way, float]] = []
    track = 0
    for lane in rng.permutation(arms)[: rng.integers(2, 5)].tolist():
        before, leader, leader_m = float(rng.uniform(*BEFORE_M)), 0, 0.0
        told = bool(rng.random() < TOLD)
        for _ in range(int(rng.integers(1, 3)) if told else 1):
            if before > float(map.lanes["length_m"][lane]) - 4.0:
                break
            its = ways(map, roads, lane, float(map.lanes["length_m"][lane]) - before, REACH_M)
            if not its:
                break
            track += 1
            half, wide = (5.9, 1.25) if rng.random() < LONG else (2.3, 0.9)
            speed, way = float(rng.uniform(0.0, 11.0)), its[int(rng.integers(len(its)))]
            if told:
                ahead = (leader, before - leader_m) if leader else (0, float("inf"))
                drivers.append(Driver(track, way, speed, half, wide, bool(rng.random() < 0.1), *ahead))
                leader, leader_m = track, before
            else:
                slack = given["slack_mps2"]
                others.append(Other(tuple(its), speed, half, wide, slack))
                true.append((way, float(rng.uniform(-slack, slack))))
            before += float(rng.uniform(APART_M, 40.0))
    return drivers, others, true


def _gone(plan: Plan, t: Floats) -> Floats:
    """Return how far a plan has led at each instant; NaN once its junction is left."""
    rows = plan.motion
    k = np.clip(np.searchsorted(rows[:, 0], t, side="right") - 1, 0, None)
    dt = t - rows[k, 0]
    return np.where(t <= plan.out_s, rows[k, 1] + rows[k, 2] * dt + rows[k, 3] * dt**2 / 2, np.nan)


def _free(speed: float, accel: float, given: dict[str, float], t: Floats) -> Floats:
    """Return how far one has gone that speeds up or slows down within what the profile lets it."""
    low, high = given["others_least"] * speed, given["others_most_mps"]
    change = (high - speed) / accel if accel > 0 else (speed - low) / max(-accel, 1e-9)
    part = np.minimum(t, max(change, 0.0))
    gone: Floats = speed * part + accel * part**2 / 2 + np.maximum(speed + accel * part, 0.0) * (t - part)
    return gone


def _body(way: Way, gone: Floats, one: Driver | Other) -> tuple[Floats, float, float]:
    """Return (east, north, course) at each instant, NaN beyond the way's end, and half of length and width."""
    legs = np.diff(way.line, axis=0)
    ends = np.append(0.0, np.cumsum(np.hypot(legs[:, 0], legs[:, 1])))
    leg = np.clip(np.searchsorted(ends, gone, side="right") - 1, 0, len(legs) - 1)
    x, y = (np.interp(gone, ends, way.line[:, axis]) for axis in range(2))
    places = np.column_stack([x, y, np.arctan2(legs[leg, 0], legs[leg, 1])])
    places[~(gone <= ends[-1])] = np.nan
    return places, one.half_length_m, one.half_width_m


def _overlap(a: tuple[Floats, float, float], b: tuple[Floats, float, float]) -> NDArray[np.bool_]:
    """Return when two bodies overlap: no edge of either parts them."""
    apart = np.zeros(len(a[0]), np.bool_)
    with np.errstate(invalid="ignore"):
        for (own, length, width), (other, its_length, its_width) in ((a, b), (b, a)):
            s, c = np.sin(own[:, 2]), np.cos(own[:, 2])
            dx, dy = other[:, 0] - own[:, 0], other[:, 1] - own[:, 1]
            st, ct = np.abs(np.sin(other[:, 2] - own[:, 2])), np.abs(np.cos(other[:, 2] - own[:, 2]))
            apart |= np.abs(dx * s + dy * c) > length + ct * its_length + st * its_width
            apart |= np.abs(dx * c - dy * s) > width + st * its_length + ct * its_width
        return ~apart & np.isfinite(a[0][:, 0] + b[0][:, 0])
