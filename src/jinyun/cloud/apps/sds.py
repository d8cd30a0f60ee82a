"""Sensor data sharing SDS (感知数据共享): who asks about a stretch of road is told in SSM of whom the road sees there.

A vehicle asks in VIR (sensorSharing, paths with a radius). It is told of those that do not tell of themselves, by numbers that
stay, in messages of bounded size, as long as its request stands.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.cooperation import requests, sharing

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.state import State


def cooperate(state: State, scene: Scene, parameters: Parameters) -> None:
    """Tell those who ask, as often as it is due."""
    said: dict[requests.Key, int] = state.kept.setdefault("SDS", {})
    for key in [key for key in said if key not in state.board.standing]:
        del said[key]
    for request in state.board.of(requests.Ask.SHARE):
        row = state.row_of(request, scene)
        if row < 0 or scene.t_us - said.get(request.key, 0) < parameters["every_s"] * 1e6:
            continue
        said[request.key] = scene.t_us
        paths = [
            (line, min(radius, parameters["radius_m"]))
            for line, radius in sharing.region(request.info, scene.map.project)
        ]
        rows = sharing.told(scene, row, paths, int(parameters["most"]))
        x, y = (float(scene.tracks[name][row]) for name in ("x_m", "y_m"))
        state.ledger.counts["SDS", "told"] += len(rows)
        size = int(parameters["most_a_message"])
        for first in range(0, len(rows), size):
            write = partial(sharing.message, scene.tracks[rows[first : first + size]], x, y)
            state.tell("SDS", "ssm", request.vehicle, write)


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return nothing: what is shared is data, not advice."""
    return NOTHING


ABOUT = Application(
    id="SDS", zh="感知数据共享", en="Sensor data sharing", day=2, reads=("tracks", "asked"), receivers="vehicle",
    messages=("ssm",), says_zh="感知数据共享", says_en="Sensor data shared", unit="", advise=advise,
)  # fmt: skip
