"""What was advised (建议台账): the episodes of each application as the frames showed them, the last of each kept.

Frames tell what advice is open, row by row of the catalogue; an episode begins with the first frame that shows it and is
closed by the first that does not. A cloud that was started again counts its episodes anew: what was open is closed then.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.net import columns

KEPT = 200
"""Episodes of one application, those that are open included, the newest."""

_NEEDED = {"episode", "application", "receiver", "about", "urgency", "x_m", "y_m", "after_s", "value"}
_OPEN = np.dtype([("episode", np.uint32), ("application", np.uint8), ("urgency", np.uint8)])


@dataclass(slots=True)
class Episode:
    """One advice to one receiver; its place and numbers are those of when it was most urgent."""

    episode: int
    receiver: int
    about: int
    urgency: int
    x_m: float
    y_m: float
    after_s: float
    value: float
    opened_us: int
    closed_us: int | None = None

    def told(self) -> dict[str, Any]:
        """Return it as JSON has it: what is not known is null."""
        said = ((name, getattr(self, name)) for name in self.__slots__)
        return {name: None if isinstance(value, float) and not isfinite(value) else value for name, value in said}


class Advised:
    """The last episodes of each application; :meth:`take` each live frame."""

    def __init__(self) -> None:
        self._of: dict[int, deque[Episode]] = {}
        self._running: dict[int, Episode] = {}
        self._open: NDArray[np.void] = np.empty(0, _OPEN)
        self._seq = -1

    def of(self, application: int) -> list[dict[str, Any]]:
        """Return the episodes of an application (row of the catalogue), the newest first."""
        return [episode.told() for episode in reversed(self._of.get(application, ()))]

    def take(self, frame: bytes) -> None:
        """Note what a frame opens, makes more urgent and closes; what is no frame, or tells no advice, changes nothing."""
        try:
            meta, tables = columns.unpack(frame)
            seq, t_us = int(meta["seq"]), int(meta["t_us"])
        except (columns.ColumnsError, KeyError, TypeError, ValueError):
            return
        advice = tables.get("advice", {})
        if not advice.keys() >= _NEEDED:
            return
        now = np.empty(len(advice["episode"]), _OPEN)
        for name in _OPEN.names or ():
            now[name] = advice[name]
        order = np.argsort(now["episode"], kind="stable")
        now = now[order]
        before = self._open if seq > self._seq else self._open[:0]
        same = sooner = np.zeros(len(now), np.bool_)
        stays = np.zeros(len(self._open), np.bool_)
        if len(before):
            at = np.minimum(np.searchsorted(before["episode"], now["episode"]), len(before) - 1)
            near = before[at]
            same = (near["episode"] == now["episode"]) & (near["application"] == now["application"])
            sooner = same & (now["urgency"] > near["urgency"])
            now["urgency"][same] = np.maximum(now["urgency"][same], near["urgency"][same])
            stays[at[same]] = True
        for number in self._open["episode"][~stays].tolist():
            if (over := self._running.pop(number, None)) is not None:
                over.closed_us = t_us
        for row in np.flatnonzero(~same).tolist():
            self._begin(advice, int(order[row]), t_us)
        for row in np.flatnonzero(sooner).tolist():
            self._turn(self._running[int(now["episode"][row])], advice, int(order[row]))
        self._open, self._seq = now, seq

    def _begin(self, advice: dict[str, NDArray[Any]], row: int, t_us: int) -> None:
        number = int(advice["episode"][row])
        episode = Episode(number, 0, 0, 0, np.nan, np.nan, np.nan, np.nan, t_us)
        self._turn(episode, advice, row)
        self._running[number] = episode
        self._of.setdefault(int(advice["application"][row]), deque(maxlen=KEPT)).append(episode)

    def _turn(self, episode: Episode, advice: dict[str, NDArray[Any]], row: int) -> None:
        episode.receiver, episode.about = int(advice["receiver"][row]), int(advice["about"][row])
        episode.urgency = int(advice["urgency"][row])
        episode.x_m, episode.y_m = round(float(advice["x_m"][row]), 2), round(float(advice["y_m"][row]), 2)
        episode.after_s, episode.value = round(float(advice["after_s"][row]), 2), round(float(advice["value"][row]), 2)
