"""Red-light violation warning RLVW (闯红灯预警): somebody will pass the stop line at red unless it brakes now.

The light must be red, or yellow and red before the vehicle is there. Warned is whose deceleration needed to stop no more than
``over_m`` beyond the line (v²/2d, from the least speed that its track allows) has become ``braking_mps2`` or more while it
brakes less than ``share`` of it. Not warned: who turns where no light rules, whose light turns green before it arrives as it
drives now, and who is behind somebody that stops.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.known import known
from jinyun.cloud.apps.scene import Scene
from jinyun.shapes import Light

LEAST_M = 0.5


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who will pass at red; ``value`` is the deceleration that stops it at the line, ``place`` the stop line."""
    to, tracks = scene.lit, scene.tracks
    speed = tracks["speed_mps"].astype(np.float64)
    asked = (to.group >= 0) & (to.certainty >= parameters["certainty"]) & (to.line_m > 0) & ~scene.on_duty
    asked &= tracks["seen_by"] > 0  # not a track that nobody has seen for a second
    rows = np.flatnonzero(asked & (speed >= parameters["least_mps"]))
    if not len(rows):
        return NOTHING
    light, left = (column[to.group[rows]] for column in scene.light)
    metres, v = np.maximum(to.line_m[rows], LEAST_M), speed[rows]
    accel = scene.accel_mps2[rows]
    arrives = _arrival_s(metres, v, np.minimum(accel, 0.0))
    doubt = known(tracks["speed_sd_mps"][rows], parameters["speed_sd_mps"])
    needed = np.maximum(v - 2 * doubt, 0.0) ** 2 / (2 * (metres + parameters["over_m"]))
    red = (light == Light.RED) & ((arrives < left - parameters["margin_s"]) | ~np.isfinite(left))
    closing = (light == Light.YELLOW) & (arrives > left + parameters["margin_s"])
    brakes = -accel >= parameters["share"] * needed
    wrong = (red | closing) & (needed >= parameters["braking_mps2"]) & ~brakes & np.isfinite(arrives)
    violates = np.zeros(len(tracks), np.bool_)
    violates[rows] = wrong
    leader = scene.ahead.row[rows]
    before_line = (leader >= 0) & (scene.ahead.gap_m[rows] < metres)
    wrong &= ~before_line | violates[leader]
    rows, needed, arrives = rows[wrong], needed[wrong], arrives[wrong]
    line = scene.roadway.roads.line[to.lane[rows]]
    lines = scene.map.stop_lines
    return advice(
        scene.id[rows], place=line, urgency=np.where(needed >= parameters["act_mps2"], Urgency.ACT, Urgency.WARN),
        x_m=(lines["x1_m"][line] + lines["x2_m"][line]) / 2, y_m=(lines["y1_m"][line] + lines["y2_m"][line]) / 2,
        after_s=arrives, probability=to.certainty[rows] * tracks["existence"][rows], value=needed,
    )  # fmt: skip


def _arrival_s(
    metres: NDArray[np.float64], speed: NDArray[np.float64], accel: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return when one is there that goes on braking as now; infinity where it stops before."""
    with np.errstate(invalid="ignore", divide="ignore"):
        root = speed**2 + 2 * accel * metres
        braking = np.where(root >= 0, (np.sqrt(np.maximum(root, 0)) - speed) / accel, np.inf)
        return np.where(accel < -0.05, braking, metres / speed)


ABOUT = Application(
    id="RLVW", zh="闯红灯预警", en="Red-light violation warning", day=1,
    reads=("tracks", "lit", "light", "ahead"), receivers="vehicle", messages=("rsi", "rsc"),
    says_zh="前方红灯，请停车", says_en="Red light ahead: stop", unit="m/s²", advise=advise, behaviour="stop",
)  # fmt: skip
