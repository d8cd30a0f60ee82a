"""Probe data collection PDS (浮动数据采集): speeds, travel times and hard braking by lane and minute, without ids.

What connected vehicles tell in BSM is summed (:mod:`jinyun.cloud.cooperation.probes`); the sums are asked for by
``state.kept["PDS"].query(...)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.cooperation.probes import Probes

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.state import State


def cooperate(state: State, scene: Scene, parameters: Parameters) -> None:
    """Sum up one frame."""
    probes: Probes = state.kept.setdefault("PDS", Probes())
    probes.take(scene, parameters)


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return nothing: what is collected is data, not advice."""
    return NOTHING


ABOUT = Application(
    id="PDS", zh="浮动数据采集", en="Probe data collection", day=2, reads=("tracks", "map"), receivers="unit", messages=(),
    says_zh="浮动数据采集", says_en="Probe data collected", unit="", advise=advise,
)  # fmt: skip
