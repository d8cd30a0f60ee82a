"""Emergency vehicle warning EVW (紧急车辆提醒): one drives to an emergency behind or is about to cross: make way.

Told are those ahead on its carriageway as far as it gets in ``ahead_s``, and those whose way through a junction conflicts
with its own (the map's conflicts) and who would be there at the time. Who is on its lanes moves to the right, where
there is a lane, else to the left; who is beside stays there. The opposite carriageway is told nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.downstream import Downstream, downstream
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.upstream import backwards
from jinyun.hdmap import Map
from jinyun.hdmap.precise import Conflict
from jinyun.shapes import ADVICE

MOST = 64
"""Emergency vehicles at once; more are no emergency but bad input."""
LEFT, STAY, RIGHT = -1.0, 0.0, 1.0
"""Values of the advice."""
LEAST_REACH_M = 60.0
_BOTH = (("first", "second"), ("second", "first"))
BESIDE_M = 100.0
"""Those who come to a junction on its way are looked for so far beyond its reach."""


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who makes way for whom; ``value`` is the side: 1 right, -1 left, 0 stay or wait."""
    speed = scene.speed_mps
    those = np.flatnonzero(scene.on_duty & (scene.located.lane >= 0) & (speed >= parameters["least_mps"]))[:MOST]
    if not len(those):
        return NOTHING
    roads, said = scene.roadway.roads, []
    back = backwards(roads)
    others = scene.driven & ~scene.on_duty & (scene.located.lane >= 0)
    x, y = scene.tracks["x_m"], scene.tracks["y_m"]
    for row in those.tolist():
        reach_m = max(float(speed[row]) * parameters["ahead_s"], LEAST_REACH_M)
        box_m = reach_m + BESIDE_M  # nobody farther off as the crow flies is nearer by road
        near = np.flatnonzero(others & (np.abs(x - x[row]) <= box_m) & (np.abs(y - y[row]) <= box_m))
        down = downstream(row, scene.located, scene.paths, roads, back, reach_m)
        said += [
            _ahead(scene, row, near, down, reach_m, speed, parameters),
            _crossing(scene, row, near, down, speed, parameters),
        ]
    return np.concatenate(said) if said else np.empty(0, ADVICE)


def _ahead(
    scene: Scene, row: int, near: NDArray[np.int64], down: Downstream, reach_m: float, speed: NDArray[np.float64],
    parameters: Parameters,
) -> NDArray[np.void]:  # fmt: skip
    """Return advice to those ahead on its carriageway."""
    located, roads = scene.located, scene.roadway.roads
    lane = located.lane[near]
    gap = down.metres[lane] + located.s_m[near] - scene.half_length_m[near] - scene.half_length_m[row]
    with np.errstate(invalid="ignore"):
        told = (gap > 0) & (gap <= reach_m) & (down.probability[lane] >= parameters["probability"])
    rows, lane, gap = near[told], lane[told], gap[told]
    on_way = ~down.beside[lane]
    side = np.where((roads.right[lane] < 0) & (roads.left[lane] >= 0), LEFT, RIGHT)
    after = gap / np.maximum(speed[row] - speed[rows], 1.0)
    return advice(
        scene.id[rows], about=scene.id[row], urgency=np.where(on_way & (after <= parameters["warn_s"]), Urgency.WARN, 1),
        x_m=scene.tracks["x_m"][row], y_m=scene.tracks["y_m"][row], after_s=after,
        probability=down.probability[lane], value=np.where(on_way, side, STAY),
    )  # fmt: skip


_last: list[tuple[Map, tuple[NDArray[np.int64], NDArray[np.int64]]]] = []


def _rivals(map: Map) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which links cross or merge with link ``i``: rows ``first[i]`` to ``first[i + 1]``; kept for the last map."""
    if not (_last and _last[0][0] is map):
        table = map.conflicts
        real = table["kind"] != Conflict.DIVERGING
        one, two = (np.concatenate([table[a][real], table[b][real]]).astype(np.int64) for a, b in _BOTH)
        first = np.concatenate([[0], np.cumsum(np.bincount(one, minlength=len(map.links["via"])))])
        _last[:] = [(map, (first.astype(np.int64), two[np.argsort(one, kind="stable")]))]
    return _last[0][1]


def _through(scene: Scene, near: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return who of those comes to a junction, by which link (row) it goes through, and the metres to it."""
    roads = scene.roadway.roads
    of_lane = np.full(len(roads.first), -1, np.int64)
    via = scene.map.links["via"]
    of_lane[via[via >= 0]] = np.flatnonzero(via >= 0)
    rows = near[scene.best[near] >= 0]
    lanes = scene.paths.lane[scene.best[rows]]
    inner = np.where(lanes >= 0, roads.inner[lanes], False)
    inner[:, 0] = False  # who is in the junction is through
    at = np.argmax(inner, axis=1)
    some = inner.any(axis=1)
    rows, lanes, at = rows[some], lanes[some], at[some]
    length = np.where(lanes >= 0, roads.extent_m[lanes], 0.0)
    length[np.arange(lanes.shape[1])[None, :] >= at[:, None]] = 0.0
    link = of_lane[lanes[np.arange(len(rows)), at]]
    known = link >= 0
    return rows[known], link[known], (length.sum(axis=1) - scene.located.s_m[rows])[known]


def _crossing(
    scene: Scene, row: int, near: NDArray[np.int64], down: Downstream, speed: NDArray[np.float64], parameters: Parameters
) -> NDArray[np.void]:  # fmt: skip
    """Return advice to those whose way through a junction conflicts with its own."""
    via = scene.map.links["via"]
    with np.errstate(invalid="ignore"):
        mine = (via >= 0) & (down.metres[via] > 0) & (down.probability[via] >= parameters["probability"])
    meets, (first, other) = np.full(len(via), np.inf), _rivals(scene.map)
    for its in np.flatnonzero(mine & ~down.beside[via]).tolist():
        those = other[first[its] : first[its + 1]]
        meets[those] = np.minimum(meets[those], down.metres[via[its]] / speed[row])
    if not np.isfinite(meets).any():
        return NOTHING
    rows, link, metres = _through(scene, near)
    when, v = meets[link], speed[rows]
    own = (metres - scene.half_length_m[rows]) / np.maximum(v, 1.0)
    waits = (v < parameters["standing_mps"]) & (own <= parameters["near_s"])
    told = (when <= parameters["crossing_s"]) & ((np.abs(own - when) <= parameters["apart_s"]) | waits)
    return advice(
        scene.id[rows[told]], about=scene.id[row], urgency=Urgency.WARN, x_m=scene.tracks["x_m"][row],
        y_m=scene.tracks["y_m"][row], after_s=when[told], value=STAY,
    )  # fmt: skip


ABOUT = Application(
    id="EVW", zh="紧急车辆提醒", en="Emergency vehicle warning", day=1,
    reads=("tracks", "reports", "paths", "map"), receivers="vehicle", messages=("rsi",),
    says_zh="紧急车辆接近，请避让", says_en="Emergency vehicle: make way", unit="", advise=advise,
)  # fmt: skip
