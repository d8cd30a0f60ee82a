"""Labels of who comes to what is posted (路侧发布类标注): HLW at dangers, IVS at signs, VNFP at tolls, on lanes of chance.

*Must*: it truly drives over the place, on its lane, within the time that the application is for. *Clear*: it truly reaches
it on no lane of that road within :data:`FREE_S` of driving - waiting at a light before it does not count - and has not
lately. Who passes on the lane beside is neither; of one whom the simulation takes off the street before, nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.evaluation.labels import Labels, labelled
from jinyun.bench.evaluation.lives import FRAME_S, Lives
from jinyun.hdmap import LaneKind, Map
from jinyun.shapes import Kind
from jinyun.zone import Zone
from jinyun.zone.description import Notice

MANY: Mapping[str, int] = {"HLW": 24, "IVS": 24, "VNFP": 24}
"""So many of each are on the street."""
BEFORE_S: Mapping[str, float] = {"HLW": 5.0, "IVS": 3.0, "VNFP": 5.0}
FREE_S, LATELY_S = 14.0, 4.0
LEAST_M, LONG_M, AROUND_M = 160.0, 15.0, 10.0
"""Lanes at least so long hold one, from their middle on for so long; who comes so near to its beginning is there."""
WIDE_M = 1.2
MOVING_MPS, WAITS_MPS = 3.0, 1.0
CODES: Mapping[str, int] = {"HLW": 401, "IVS": 85, "VNFP": 0}
"""An event of GB/T 29100 and a sign of GB 5768.2 that names no danger; no application reads which."""
PRICE_YUAN = 5.0


class Place(NamedTuple):
    """Where something is posted: the lane (row of the map) and the point at which it begins (m)."""

    lane: int
    x_m: float
    y_m: float


def post(zone: Zone, map: Map, seed: int) -> tuple[Zone, dict[str, list[Place]]]:
    """Return the zone with dangers, signs and tolls on lanes of chance, and where they are, by application."""
    rng = np.random.default_rng([seed, 11])
    long = np.flatnonzero((map.lanes["kind"] == LaneKind.CAR) & (map.lanes["length_m"] >= LEAST_M))
    lanes = rng.permutation(long)
    found: dict[str, list[Place]] = {}
    notices: dict[str, tuple[Notice, ...]] = {}
    for id, many in MANY.items():
        its, lanes = lanes[:many].tolist(), lanes[many:]
        rows = [_notice(map, id, k, lane) for k, lane in enumerate(its)]
        found[id], notices[id] = [place for place, _ in rows], tuple(notice for _, notice in rows)
    return replace(zone, hazards=notices["HLW"], signs=notices["IVS"], tolls=notices["VNFP"]), found


def _notice(map: Map, id: str, k: int, lane: int) -> tuple[Place, Notice]:
    first, count = int(map.lanes["first"][lane]), int(map.lanes["count"][lane])
    s, x, y = (map.points[name][first : first + count] for name in ("s_m", "x_m", "y_m"))
    at = float(s[-1]) / 2 + np.linspace(0.0, LONG_M, 4)
    path = [(float(np.interp(one, s, x)), float(np.interp(one, s, y))) for one in at]
    price = PRICE_YUAN if id == "VNFP" else None
    notice = Notice(
        id=f"{id}{k}", zh="", en="", at=path[0], path=path, radius_m=WIDE_M, code=CODES[id], price_yuan=price
    )
    return Place(lane, *path[0]), notice


def posted(lives: Lives, map: Map, places: Mapping[str, list[Place]]) -> dict[str, Labels]:
    """Return the labels of HLW, IVS and VNFP by their ids."""
    return {id: _coming(lives, map, places[id], BEFORE_S[id]) for id in places}


def _coming(lives: Lives, map: Map, places: list[Place], before_s: float) -> Labels:
    n, life = len(lives.x_m), lives.life
    edge = np.append(map.lanes["edge"], -1)[lives.lane]
    on, beside = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    for place in places:
        near = (edge == map.lanes["edge"][place.lane]) & (
            np.hypot(lives.x_m - place.x_m, lives.y_m - place.y_m) <= AROUND_M
        )
        on |= near & (lives.lane == place.lane)
        beside |= near
    free, row = round(FREE_S / FRAME_S), np.arange(n)
    next_on, next_any = _following(lives, on), _following(lives, beside)
    last = np.maximum.accumulate(np.where(beside, row, -1))
    lately = (last >= lives.first[life]) & (row - last <= LATELY_S / FRAME_S)
    hosts = np.flatnonzero(
        (lives.kind[life] == Kind.MOTOR) & (lives.speed_mps >= MOVING_MPS) & (lives.doing["siren"] == 0)
    )
    wait = next_on - row
    must = (wait <= before_s / FRAME_S) & (wait > 0) & ~beside
    driven = np.append(np.cumsum(lives.speed_mps >= WAITS_MPS), np.iinfo(np.int64).max)
    driving = driven[np.minimum(next_any, n)] - driven[row]
    clear = (driving > free) & ~lately
    known = (lives.first[1:][life] - row > free) | (next_any < n)
    hard = clear & (driving <= 2 * free)
    return labelled(
        lives, hosts, must[hosts], clear[hosts], hard[hosts],
        peak=lives.frame[hosts] + np.minimum(wait[hosts], 10_000), known=known[hosts],
    )  # fmt: skip


def _following(lives: Lives, it: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the next row of the same life at which ``it`` holds; far away where it never does."""
    n = len(it)
    following = np.minimum.accumulate(np.where(it, np.arange(n), n)[::-1])[::-1]
    same = following < lives.first[1:][lives.life]
    return np.where(same, following, np.arange(n) + 1_000_000)
