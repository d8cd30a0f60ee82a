"""What became of everybody (真值轨迹): the street's truth as lives, one after the other, and who was there at each instant.

A life is one participant's presence without a gap, ten times a second. Its station is the way it really went, so that one can
ask where it would be had it gone the same way faster, slower or on and on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.world.street import Snapshot

Floats = NDArray[np.float64]
FRAME_S = 0.1


@dataclass(frozen=True)
class Lives:
    """Columns by life, and by row: row ``first[i] + k`` is life ``i`` at frame ``begin[i] + k``."""

    number: NDArray[np.int64]
    kind: NDArray[np.uint8]
    classification: NDArray[np.uint8]
    length_m: Floats
    width_m: Floats
    begin: NDArray[np.int64]
    first: NDArray[np.int64]  # one more than there are lives
    x_m: Floats
    y_m: Floats
    heading_rad: Floats
    speed_mps: Floats
    accel_mps2: Floats
    lane: NDArray[np.int32]  # the simulation's own, -1 none
    connected: Floats  # by life: it is connected where this share or more of the vehicles are
    doing: NDArray[np.void]
    s_m: Floats  # by row: the way gone since the life began
    at_first: NDArray[np.int64]  # by frame: rows at_row[at_first[f] : at_first[f + 1]] are there
    at_row: NDArray[np.int64]

    @property
    def frames(self) -> int:
        return len(self.at_first) - 1

    @property
    def life(self) -> NDArray[np.int64]:
        """The life of each row."""
        return np.repeat(np.arange(len(self.number)), np.diff(self.first))

    @property
    def frame(self) -> NDArray[np.int64]:
        """The frame of each row."""
        life = self.life
        return self.begin[life] + np.arange(len(life)) - self.first[life]

    def row(self, life: NDArray[np.int64], frame: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of lives at frames, -1 where they are not there."""
        at = frame - self.begin[life]
        there = (at >= 0) & (at < self.first[life + 1] - self.first[life])
        return np.where(there, self.first[life] + at, -1)


@dataclass
class Recorder:
    """Takes the street frame by frame and gives its lives at the end."""

    rows: list[dict[str, NDArray[Any]]] = field(default_factory=list)

    def note(self, now: Snapshot, lane: NDArray[np.int32], connected: Floats) -> None:
        """Note one frame; ``lane`` and ``connected`` (see :class:`Lives`) stand beside the participants."""
        self.rows.append(
            {
                "frame": np.full(len(now.number), len(self.rows)), "number": now.number.astype(np.int64), "kind": now.kind,
                "classification": now.classification, "length_m": now.length_m, "width_m": now.width_m, "x_m": now.x_m,
                "y_m": now.y_m, "heading_rad": now.heading_rad, "speed_mps": now.speed_mps,
                "accel_mps2": now.accel_mps2.copy(), "lane": lane, "connected": connected, "doing": now.doing,
            }
        )  # fmt: skip

    def lives(self) -> Lives:
        """Return everybody's lives."""
        return lives({name: np.concatenate([row[name] for row in self.rows]) for name in self.rows[0]}, len(self.rows))


def lives(rows: dict[str, NDArray[Any]], frames: int) -> Lives:
    """Return the lives of rows in any order: the columns of :class:`Recorder`, one row for each participant and frame."""
    order = np.lexsort((rows["frame"], rows["number"]))
    its = {name: values[order] for name, values in rows.items()}
    new = np.ones(len(order), np.bool_)
    new[1:] = (np.diff(its["number"]) != 0) | (np.diff(its["frame"]) != 1)
    start = np.flatnonzero(new)
    step = np.zeros(len(order))
    step[1:] = np.hypot(np.diff(its["x_m"]), np.diff(its["y_m"]))
    step[new] = 0.0
    gone = np.cumsum(step)
    s = gone - np.repeat(gone[start], np.diff(np.append(start, len(order))))
    by_frame = np.argsort(its["frame"], kind="stable")
    return Lives(
        **{name: its[name][start] for name in ("number", "kind", "classification", "length_m", "width_m", "connected")},
        begin=its["frame"][start], first=np.append(start, len(order)),
        **{name: its[name] for name in ("x_m", "y_m", "heading_rad", "speed_mps", "accel_mps2", "lane", "doing")},
        s_m=s, at_first=np.searchsorted(its["frame"][by_frame], np.arange(frames + 1)), at_row=by_frame,
    )  # fmt: skip
