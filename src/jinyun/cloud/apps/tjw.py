"""Traffic jam warning TJW (前方拥堵提醒): vehicles creep or stand close behind each other on the way ahead.

A jam is a row of at least ``least_vehicles`` on the lanes of their ways, each slower than ``slow_mps`` and no farther than
``gap_m`` behind the next, over ``least_m``. A row that waits for a light is none, nor one that such a light has just let go,
as long as one green lets all of them pass: a start loss and a saturation headway for each (Highway Capacity Manual).
Those are told whose way leads into its tail.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.lit import program
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.upstream import Stretches, backwards, coming, upstream

MOST = 64
"""Jams at once; the longest."""
DOUBLINGS = 10


class Jams(NamedTuple):
    """One a row: its first and its last vehicle (rows of tracks), how many and how long."""

    head: NDArray[np.int64]
    tail: NDArray[np.int64]
    vehicles: NDArray[np.int64]
    metres: NDArray[np.float64]


def jams(scene: Scene, parameters: Parameters) -> Jams:
    """Return the jams of a scene, the longest first."""
    n, ahead = len(scene), scene.ahead
    speed = scene.tracks["speed_mps"].astype(np.float64)
    slow = scene.driven & (scene.located.lane >= 0) & (speed < parameters["slow_mps"])
    rows = np.flatnonzero(slow)
    if len(rows) < parameters["least_vehicles"]:
        return Jams(rows[:0], rows[:0], rows[:0], np.zeros(0))
    leader = ahead.row[rows].astype(np.int64)
    with np.errstate(invalid="ignore"):
        follows = (leader >= 0) & slow[leader] & (ahead.gap_m[rows] <= parameters["gap_m"])
    behind, leader = rows[follows], leader[follows]
    head, away = np.arange(n), np.zeros(n)
    head[behind] = leader
    away[behind] = ahead.gap_m[behind] + scene.half_length_m[behind] + scene.half_length_m[leader]
    for _ in range(DOUBLINGS):
        away[behind] += away[head[behind]]
        further = head[head[behind]]
        if np.array_equal(further, head[behind]):
            break
        head[behind] = further
    away[behind[head[head[behind]] != head[behind]]] = 0.0  # a ring has no head
    count = np.bincount(head[rows], minlength=n)
    order = rows[np.lexsort((away[rows], head[rows]))]
    tail = order[np.append(head[order][1:] != head[order][:-1], True)]
    heads = head[tail]
    long = away[tail] + scene.half_length_m[tail] + scene.half_length_m[heads]
    fit = (count[heads] >= parameters["least_vehicles"]) & (long >= parameters["least_m"])
    heads, tail, long = heads[fit], tail[fit], long[fit]
    stays = ~_waits_for_light(scene, heads, count[heads], parameters)
    heads, tail, long = heads[stays], tail[stays], long[stays]
    first = np.argsort(-long, kind="stable")[:MOST]
    return Jams(heads[first], tail[first], count[heads[first]], long[first])


def _waits_for_light(
    scene: Scene, heads: NDArray[np.int64], count: NDArray[np.int64], parameters: Parameters
) -> NDArray[np.bool_]:
    """Return which rows stand at a light, or start behind those who do, and are gone after its next green."""
    to, leader = scene.lit, scene.ahead.row[heads]
    group = to.group[heads]
    at_line = to.line_m[heads] <= parameters["at_line_m"]
    before = (leader >= 0) & ((to.lane[leader] == to.lane[heads]) | (to.lane[leader] < 0))
    starts = before & (scene.ahead.gap_m[heads] <= parameters["starting_m"])
    green = program(scene.map).green_s[group] if len(scene.map.groups["phase"]) else np.full(len(heads), np.nan)
    needs = parameters["start_s"] + parameters["headway_s"] * count
    waits: NDArray[np.bool_] = (group >= 0) & (at_line | starts) & ~(needs > green)
    return waits


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who comes to a jam; ``value`` is the metres to its tail, ``place`` the road (row of ``edges``) where that is."""
    if len(scene) < parameters["least_vehicles"]:
        return NOTHING
    found = jams(scene, parameters)
    if not len(found.tail):
        return NOTHING
    located, roads = scene.located, scene.roadway.roads
    lane, s_m = located.lane[found.tail], located.s_m[found.tail]
    rear = np.clip(s_m - scene.half_length_m[found.tail], 0.0, None)
    place = np.arange(len(lane), dtype=np.int32)
    to = upstream(roads, backwards(roads), Stretches(place, lane, rear, rear), parameters["far_m"])
    speed = scene.tracks["speed_mps"].astype(np.float64)
    come = coming(
        located, scene.paths, roads, to, scene.driven & (speed >= parameters["least_mps"]), parameters["far_m"]
    )
    front = come.metres - scene.half_length_m[come.track]
    after = np.maximum(front, 0.0) / speed[come.track]
    told = (front > 0) & (come.probability >= parameters["probability"]) & (after <= parameters["ahead_s"])
    rows, which, front, after = come.track[told], found.tail[come.place[told]], front[told], after[told]
    return advice(
        scene.id[rows], place=scene.map.lanes["edge"][located.lane[which]],
        urgency=np.where(after <= parameters["warn_s"], Urgency.WARN, Urgency.INFORM), x_m=scene.tracks["x_m"][which],
        y_m=scene.tracks["y_m"][which], after_s=after, probability=come.probability[told], value=front,
    )  # fmt: skip


ABOUT = Application(
    id="TJW", zh="前方拥堵提醒", en="Traffic jam warning", day=1, reads=("tracks", "ahead", "lit", "light", "paths"),
    receivers="vehicle", messages=("rsi", "rsc"), says_zh="前方{value:.0f}米拥堵，请减速",
    says_en="Traffic jam {value:.0f} m ahead: slow down", unit="m", advise=advise,
    behaviour="slow-down",
)  # fmt: skip
