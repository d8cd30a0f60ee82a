"""Green-wave speed advice GLOSA (绿波车速引导): at which speed one arrives at the light while it is green.

The green to come is known from the light's own countdown and, beyond the present light, from the junction's program
in the map. Tried are speeds in steps of 5 km/h, never above the limit, reached with an everyday acceleration; taken is the one
nearest to the present speed with which one arrives within the green, late enough for the queue to have left: a start loss and a
saturation headway for each that stands there (Webster 1958; Highway Capacity Manual). No advice where the countdown is
unknown or has been wrong by more than ``error_s``, where the lane's limit or the way at the junction is not known.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.lit import GREEN, program
from jinyun.cloud.apps.scene import Scene
from jinyun.shapes import Light

Floats = NDArray[np.float64]
STEP_KMH = 5.0
QUEUE_MOST = 15
"""So many are counted in a queue; behind more nobody is advised."""
QUEUE_LOOKED = 40
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who is advised which speed (``value``, km/h); ``after_s`` is the arrival, ``place`` the stop line."""
    to, tracks = scene.lit, scene.tracks
    speed, limit = tracks["speed_mps"].astype(np.float64), scene.limit_mps
    asked = (to.group >= 0) & (to.certainty >= parameters["certainty"]) & np.isfinite(limit) & ~scene.on_duty
    asked &= (
        (to.line_m >= parameters["near_m"]) & (to.line_m <= parameters["far_m"]) & (speed >= parameters["least_mps"])
    )
    if scene.foretold_s is not None:
        wrong = scene.foretold_s[np.maximum(to.group, 0)] if len(scene.foretold_s) else np.zeros(len(speed))
        asked &= ~(wrong > parameters["error_s"])
    asked[asked] = np.isfinite(scene.light[1][to.group[asked]])
    rows = np.flatnonzero(asked)
    if not len(rows):
        return NOTHING
    queued, held = _queue(scene, rows, parameters["stopped_mps"])
    clear = np.where(queued > 0, parameters["start_s"] + parameters["headway_s"] * queued, 0.0)
    opens, closes = _greens(scene, to.group[rows], clear, parameters["margin_s"])
    steps = np.arange(parameters["slowest_kmh"], 121.0, STEP_KMH) / 3.6
    top = np.where(held, np.maximum(speed[scene.ahead.row[rows]], speed[rows]), np.inf)
    top = np.minimum(top, limit[rows] + 1e-6)
    best, when = np.full(len(rows), -1), np.full(len(rows), np.nan)
    _choose(to.line_m[rows], speed[rows], top, opens, closes, steps, parameters["pace_mps2"], best, when)
    told = (best >= 0) & (queued < QUEUE_MOST)
    rows, best, when = rows[told], best[told], when[told]
    line, lines = scene.roadway.roads.line[to.lane[rows]], scene.map.stop_lines
    return advice(
        scene.id[rows], place=line, urgency=Urgency.INFORM, x_m=(lines["x1_m"][line] + lines["x2_m"][line]) / 2,
        y_m=(lines["y1_m"][line] + lines["y2_m"][line]) / 2, after_s=when, probability=to.certainty[rows],
        value=np.rint(steps[best] * 3.6 / STEP_KMH) * STEP_KMH,
    )  # fmt: skip


def _greens(scene: Scene, group: NDArray[np.int32], clear_s: Floats, margin_s: float) -> tuple[Floats, Floats]:
    """Return from when until when one may arrive, shape (n, 2): in this green or the next; NaN where nobody knows."""
    light, left = (column[group] for column in scene.light)
    its = program(scene.map)
    cycle, green = its.cycle_s[group], its.green_s[group]
    opens, closes = np.full((len(group), 2), np.nan), np.full((len(group), 2), np.nan)
    now, red = np.isin(light, GREEN), light == Light.RED
    opens[now, 0], closes[now, 0] = clear_s[now], left[now] - margin_s
    opens[now, 1] = left[now] + cycle[now] - green[now] + clear_s[now] + margin_s
    opens[red, 1] = left[red] + clear_s[red] + margin_s
    begins = np.where(now, left + cycle - green, left)
    closes[:, 1] = np.where(now | red, begins + green - margin_s, np.nan)
    return opens, closes


def _queue(scene: Scene, rows: NDArray[np.int64], stopped_mps: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return how many stand between each and its line, and whether somebody drives before it whom it cannot pass."""
    speed, lane, leader = scene.tracks["speed_mps"].astype(np.float64), scene.lit.lane, scene.ahead.row
    count = np.zeros(len(rows), np.int64)
    _count(rows, leader, lane, speed, stopped_mps, count)
    at = leader[rows]
    return count, (at >= 0) & (lane[at] == lane[rows]) & (speed[at] >= stopped_mps)


@_compiled
def _count(
    rows: NDArray[np.int64], leader: NDArray[np.int32], lane: NDArray[np.int32], speed: Floats, stopped_mps: float,
    count: NDArray[np.int64],
) -> None:  # fmt: skip
    for k in range(len(rows)):
        at = leader[rows[k]]
        for _ in range(QUEUE_LOOKED):
            if at < 0 or lane[at] != lane[rows[k]] or count[k] == QUEUE_MOST:
                break
            count[k] += speed[at] < stopped_mps
            at = leader[at]


@_compiled
def _choose(
    metres: Floats, speed: Floats, top: Floats, opens: Floats, closes: Floats, steps: Floats, pace_mps2: float,
    best: NDArray[np.int64], when: Floats,
) -> None:  # fmt: skip
    """Enter the speed nearest to the present one by which each arrives in this green, else in the next, and its arrival."""
    for i in range(len(metres)):
        for k in range(2):
            nearest = np.inf
            for n in range(len(steps)):
                if steps[n] > top[i]:
                    break
                away = abs(steps[n] - speed[i])
                if away >= nearest:
                    continue
                arrives = _arrival_s(metres[i], speed[i], steps[n], pace_mps2)
                if opens[i, k] <= arrives <= closes[i, k]:
                    nearest, best[i], when[i] = away, n, arrives
            if best[i] >= 0:
                break


@_compiled
def _arrival_s(metres: float, speed: float, wanted: float, pace_mps2: float) -> float:
    """Return when one is there that takes up the wanted speed at a steady pace and keeps it."""
    ramp_s = abs(wanted - speed) / pace_mps2
    ramp_m = (wanted + speed) / 2 * ramp_s
    if ramp_m < metres:
        return float(ramp_s + (metres - ramp_m) / wanted)
    signed = pace_mps2 if wanted >= speed else -pace_mps2
    return float((np.sqrt(max(speed * speed + 2 * signed * metres, 0.0)) - speed) / signed)


ABOUT = Application(
    id="GLOSA", zh="绿波车速引导", en="Green light optimal speed advice", day=1,
    reads=("tracks", "lit", "light", "ahead", "posted", "foretold_s"), receivers="vehicle", messages=("rsi", "rsc"),
    says_zh="建议车速{value:.0f}公里/小时，{after_s:.0f}秒后绿灯通过",
    says_en="Drive {value:.0f} km/h to pass at green in {after_s:.0f} s", unit="km/h", advise=advise,
    behaviour="recommended-speed",
)  # fmt: skip
