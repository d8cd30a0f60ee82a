"""Differential data service DDS (差分数据服务): corrections of a reference station, passed on to all roadside units.

RTCM 3 frames come from a caster (:mod:`jinyun.net.ntrip`) or from a device that sends RTCM up. Each is held against its CRC;
of every message the newest goes down, five in one RTCMcorrections, once a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters
from jinyun.cloud.apps.scene import Scene
from jinyun.net import rtcm
from jinyun.zone import Projection

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.hearing import Heard
    from jinyun.cloud.cooperation.state import State

MOST_OF_ONE = 5
"""Corrections in one message (T/CSAE 157)."""
MOST_NUMBERS = 64


@dataclass
class Corrections:
    """The newest frame of each message number, and counts."""

    newest: dict[int, bytes] = field(default_factory=dict)
    said_us: int = 0
    taken: int = 0
    refused: int = 0
    """Corrections that are no good RTCM 3 frame."""
    passed_on: int = 0


def hear(state: State, heard: Heard) -> None:
    """Take the RTCMcorrections of a device, or ``{"frames": [octets, ...]}`` of a caster's client."""
    kept: Corrections = state.kept.setdefault("DDS", Corrections())
    octets = [one["payload"] for one in heard.value.get("corrections", ())] + list(heard.value.get("frames", ()))
    for one in octets:
        frame = rtcm.whole(bytes(one))
        if frame is None or (frame.number not in kept.newest and len(kept.newest) >= MOST_NUMBERS):
            kept.refused += 1
        else:
            kept.taken += 1
            kept.newest[frame.number] = frame.octets


def cooperate(state: State, scene: Scene, parameters: Parameters) -> None:
    """Pass on what has come since the last time."""
    kept: Corrections | None = state.kept.get("DDS")
    if kept is None or not kept.newest or scene.t_us - kept.said_us < parameters["every_s"] * 1e6:
        return
    kept.said_us = scene.t_us
    frames = sorted(kept.newest.items())
    kept.newest = {}
    for first in range(0, len(frames), MOST_OF_ONE):
        some = frames[first : first + MOST_OF_ONE]
        for unit in range(len(scene.units)):
            state.tell("DDS", "rtcm", 0, partial(_message, some), unit)
            kept.passed_on += len(some)


def _message(frames: list[tuple[int, bytes]], projection: Projection, t_us: int) -> dict[str, Any]:
    return {"corrections": [{"rev": "rtcmRev3-2", "rtcmID": number, "payload": octets} for number, octets in frames]}


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return nothing: corrections are data, not advice."""
    return NOTHING


ABOUT = Application(
    id="DDS", zh="差分数据服务", en="Differential data service", day=2, reads=("units",), receivers="unit",
    messages=("rtcm",), says_zh="差分数据", says_en="Differential corrections", unit="", advise=advise,
)  # fmt: skip
