"""Cooperative vehicle merging CVM (协作式车辆汇入): who comes from a ramp gets a time to merge that is proven.

A vehicle tells in VIR that it drives in from a ramp (rampIn); the cloud answers in RSC with a proven plan
(:mod:`jinyun.cloud.cooperation.reserving`). Those on the main road who tell that they go straight on are planned too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.cooperation import passing, requests

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.state import State


def cooperate(state: State, scene: Scene, parameters: Parameters) -> None:
    """Plan who means to merge."""
    passing.step("CVM", requests.Ask.MERGE, "cooperativeVehMerging", state, scene, parameters)


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return what is agreed; ``value`` is the planned speed (m/s), ``after_s`` until the line, ``place`` the junction."""
    rows: NDArray[np.void] = scene.asked.get("CVM", NOTHING)
    return rows


ABOUT = Application(
    id="CVM", zh="协作式车辆汇入", en="Cooperative vehicle merging", day=2,
    reads=("tracks", "map", "asked"), receivers="vehicle", messages=("rsc",),
    says_zh="约 {after_s:.0f} 秒后汇入，按引导行驶", says_en="Merge in {after_s:.0f} s as guided", unit="m/s",
    advise=advise,
)  # fmt: skip
