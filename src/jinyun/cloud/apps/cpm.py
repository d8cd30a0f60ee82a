"""Cooperative platooning management CPM (协作式车辆编队管理): platoons as their vehicles tell them, and the distance they keep.

The cloud follows who leads, joins and leaves by CLPMM (:mod:`jinyun.cloud.cooperation.platoons`). Who follows too near or has
fallen back is told the speed that closes the difference gently: the rule is a least distance and a time gap.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.cooperation import agreements, platoons

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.hearing import Heard
    from jinyun.cloud.cooperation.state import State


def hear(state: State, heard: Heard) -> None:
    """Take one CLPMM."""
    known: platoons.Platoons = state.kept.setdefault("CPM", platoons.Platoons())
    known.hear(heard)


def cooperate(state: State, scene: Scene, parameters: Parameters) -> None:
    """Let go of who is silent, and tell who does not keep the distance."""
    known: platoons.Platoons | None = state.kept.get("CPM")
    if known is None:
        return
    known.expire(scene.t_us, int(parameters["silent_s"] * 1e6))
    key = "CPM", 0
    if scene.t_us - state.planned_us.get(key, 0) < parameters["every_s"] * 1e6:
        return
    state.planned_us[key] = scene.t_us
    for platoon in known.by_pid.values():
        line = platoon.line()
        for first, second in pairwise(line):
            _keep(state, scene, state.row_of_vehicle(first), state.row_of_vehicle(second), parameters)


def _keep(state: State, scene: Scene, front: int, row: int, parameters: Parameters) -> None:
    """Tell one that follows another where its distance is not as the rule has it."""
    if min(front, row) < 0 or scene.located.lane[front] < 0 or scene.located.lane[row] < 0:
        return
    x, y = scene.tracks["x_m"], scene.tracks["y_m"]
    gap = float(np.hypot(x[front] - x[row], y[front] - y[row]) - scene.half_length_m[front] - scene.half_length_m[row])
    speed = float(scene.tracks["speed_mps"][row])
    wanted = parameters["gap_m"] + parameters["gap_s"] * speed
    if not np.isfinite(gap + speed):
        return
    off = (gap - wanted) / wanted
    if abs(off) <= parameters["tolerated"]:
        return
    behaviour = "speed-up" if off > 0 else "slow-down"
    state.ledger.counts["CPM", behaviour] += 1
    suggestion = agreements.Suggestion(
        int(scene.tracks["vehicle_id"][row]), (behaviour,), "", 2 * parameters["every_s"]
    )
    state.suggest("CPM", suggestion, scene.t_us)


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return nothing: what a platoon is told goes to its vehicles."""
    return NOTHING


ABOUT = Application(
    id="CPM", zh="协作式车辆编队管理", en="Cooperative platooning management", day=2, reads=("tracks", "asked"),
    receivers="vehicle", messages=("rsc",), says_zh="保持车队间距", says_en="Keep the distance in the platoon", unit="",
    advise=advise,
)  # fmt: skip
