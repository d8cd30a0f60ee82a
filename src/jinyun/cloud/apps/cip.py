"""Cooperative intersection passing CIP (协作式交叉口通行): cars that ask pass a junction without lights by appointment.

A vehicle tells in VIR which way it means to go through; the cloud answers in RSC with a proven plan
(:mod:`jinyun.cloud.cooperation.reserving`): where to be when, how fast. Cars without a unit are constraints, never receivers.
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
    """Plan who means to pass a junction without lights."""
    passing.step("CIP", requests.Ask.PASS, "no-signalIntersectionPassing", state, scene, parameters)


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return what is agreed; ``value`` is the planned speed (m/s), ``after_s`` until the line, ``place`` the junction."""
    rows: NDArray[np.void] = scene.asked.get("CIP", NOTHING)
    return rows


ABOUT = Application(
    id="CIP", zh="协作式交叉口通行", en="Cooperative intersection passing", day=2,
    reads=("tracks", "map", "asked"), receivers="vehicle", messages=("rsc",),
    says_zh="约 {after_s:.0f} 秒后通过路口，按引导行驶", says_en="Pass the junction in {after_s:.0f} s as guided", unit="m/s",
    advise=advise,
)  # fmt: skip
