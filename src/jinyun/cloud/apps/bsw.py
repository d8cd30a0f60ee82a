"""Blind spot and lane change warning BSW/LCW (盲区预警/变道预警): somebody is, or will be, where a driver changes to.

A driver means to change by its lamp, or changes already by its drift (its hypothesis CHANGE, or a speed across the lane that
takes its middle over the border within ``look_s``). A lamp is not for who stands beside, but a drift is. It is warned of who
is abreast or in the zone behind its rear bumper, and of who comes up from behind within ``closing_s``: the zones and the time
are those kinds that ISO 17387:2008 names for lane change decision aids, the numbers are the profile's. A lamp before a turn
at a junction is no lane change, nor is one that blinks on both sides.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.scene import HAZARD_LAMPS, LEFT_LAMP, RIGHT_LAMP, Scene
from jinyun.cloud.prediction import Manner
from jinyun.hdmap import Turn
from jinyun.shapes import Kind

LAMPS = (LEFT_LAMP, RIGHT_LAMP)
TURNS = (Turn.LEFT | Turn.U_TURN, Turn.RIGHT)


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who must not change to the lane beside; ``value`` is the gap to the other, 0 abreast (m)."""
    hosts = scene.driven & scene.along.keeps
    hosts &= (scene.speed_mps >= parameters["least_mps"]) & ~scene.loose
    said = [_side(scene, parameters, hosts, side) for side in range(2)] if hosts.any() else []
    return np.concatenate(said) if said else NOTHING


def _side(scene: Scene, parameters: Parameters, hosts: NDArray[np.bool_], side: int) -> NDArray[np.void]:
    tracks, paths, beside, along = scene.tracks, scene.paths, scene.beside, scene.along
    rows = np.flatnonzero(hosts & (beside.lane[:, side] >= 0))
    lane, first = scene.located.lane[rows], paths.first[rows]
    drifts = (paths.manner[first] == Manner.CHANGE) & (paths.probability[first] >= parameters["changes"])
    drifts &= paths.lane[first, 0] == beside.lane[rows, side]
    # nobody is taken to change over to where somebody is; whose body goes there all the same is the one to be warned
    toward = -1.0 if side == 0 else 1.0
    offset, aside = toward * scene.located.offset_m[rows], toward * along.aside_mps[rows]
    with np.errstate(invalid="ignore"):
        drifts &= aside >= parameters["over_mps"]
        half = scene.roadway.roads.half_m[lane]
        drifts |= (aside >= parameters["drift_mps"]) & (offset + aside * parameters["look_s"] >= half)
    lights = scene.reports["lights"][rows]
    lamp = ((lights & (LEFT_LAMP | RIGHT_LAMP)) == LAMPS[side]) & ((lights & HAZARD_LAMPS) == 0)
    if lamp.any():
        share = np.bincount(paths.track, paths.probability * ((paths.turn & TURNS[side]) > 0), len(tracks))[rows]
        with np.errstate(invalid="ignore"):
            end_m = scene.roadway.roads.extent_m[lane] - scene.located.s_m[rows]
            lamp &= ~((share >= parameters["turns"]) & (end_m <= parameters["turn_m"]))
    rows, drifts = rows[drifts | lamp], drifts[drifts | lamp]
    if not len(rows):
        return NOTHING
    speed = scene.speed_mps
    behind, behind_m = beside.behind[rows, side], beside.behind_m[rows, side]
    front, front_m = beside.ahead[rows, side], beside.ahead_m[rows, side]
    counts = along.keeps & (scene.driven | (tracks["kind"] == Kind.NON_MOTOR))
    closing = speed[behind] - speed[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        comes_s = np.where(closing > 0.5, np.maximum(behind_m, 0.0) / closing, np.inf)
        leaves = (behind_m > parameters["clear_m"]) & (closing < -parameters["falls_back_mps"])
        blind = (behind_m <= parameters["zone_m"]) & ~leaves
        rear = (behind >= 0) & counts[behind] & (blind | (comes_s <= parameters["closing_s"]))
        # one that stands in a queue beside is seen, and passed, but by whose body goes there all the same
        rear &= (speed[behind] >= parameters["other_mps"]) | (drifts & (behind_m <= 0))
        abreast = (front >= 0) & counts[front] & (front_m < 0)
        abreast &= (speed[front] >= parameters["other_mps"]) | drifts
    warned = rear | abreast
    other, gap = np.where(rear, behind, front)[warned], np.where(rear, behind_m, front_m)[warned]
    after = np.where(rear & ~(behind_m <= 0), comes_s, 0.0)[warned]
    rows = rows[warned]
    return advice(
        tracks["id"][rows], about=tracks["id"][other], urgency=np.where(drifts[warned], Urgency.ACT, Urgency.WARN),
        x_m=tracks["x_m"][other], y_m=tracks["y_m"][other], after_s=np.where(np.isfinite(after), after, np.nan),
        probability=tracks["existence"][other], value=np.maximum(gap, 0.0),
    )  # fmt: skip


ABOUT = Application(
    id="BSW", zh="盲区预警/变道预警", en="Blind spot and lane change warning", day=1,
    reads=("tracks", "beside", "along", "paths", "reports"), receivers="vehicle", messages=("rsi",),
    says_zh="侧后方 {value:.0f} 米有来车，请勿变道", says_en="Vehicle beside, {value:.0f} m behind: do not change lanes",
    unit="m", advise=advise,
)  # fmt: skip
