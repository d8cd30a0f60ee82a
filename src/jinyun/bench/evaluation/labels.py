"""What should have been said (标注): events and instants of one application, made from the true future alone.

An instant of a receiver is *must* (advice is due), *clear* (advice would be wrong), or neither: a band between the two,
in which nothing is judged, and what lies too near the end of the truth. Runs of *must* are events; *hard* marks the clear
instants that nearly are not. Every application's labels are made by a function of its own in the modules beside this one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.bench.evaluation.lives import Lives

UNKNOWN, CLEAR, BAND, MUST = -1, 0, 1, 2
MERGED = 15
"""Frames without *must* that do not part an event."""
LEAST = 3
"""Frames of *must* that make an event."""
EVENT = np.dtype(
    [
        ("receiver", np.int64), ("life", np.int64), ("about", np.int64), ("first", np.int64), ("last", np.int64),
        ("peak", np.int64),
    ]
)  # fmt: skip
"""One event: whose (number and life), about whom (number, 0 nobody), first and last frame of *must*, when it is too late."""


@dataclass(frozen=True)
class Labels:
    """The labels of one application: EVENT rows, and by row of lives the state and whether it is a hard one."""

    events: NDArray[np.void]
    state: NDArray[np.int8]
    hard: NDArray[np.bool_]

    @property
    def band_share(self) -> float:
        """Share of the receivers' judged instants that are neither."""
        judged = self.state[self.state >= 0]
        return float(np.mean(judged == BAND)) if len(judged) else float("nan")

    def hard_runs(self, lives: Lives) -> int:
        """Return how many hard negatives there are: runs of hard instants, of one receiver."""
        rows = np.flatnonzero(self.hard & (self.state == CLEAR))
        return len(runs(lives, rows))


def runs(lives: Lives, rows: NDArray[np.int64], merged: int = MERGED) -> NDArray[np.int64]:
    """Return (first, last) positions in ``rows`` (ascending) of each run of one life with no gap above ``merged`` frames."""
    if not len(rows):
        return np.empty((0, 2), np.int64)
    life, frame = lives.life[rows], lives.frame[rows]
    cut = np.flatnonzero((np.diff(life) != 0) | (np.diff(frame) > merged)) + 1
    return np.column_stack([np.append(0, cut), np.append(cut, len(rows)) - 1])


def labelled(
    lives: Lives, rows: NDArray[np.int64], must: NDArray[np.bool_], clear: NDArray[np.bool_], hard: NDArray[np.bool_], *,
    peak: ArrayLike, about: ArrayLike = -1, known: ArrayLike = True, least: int = LEAST,
) -> Labels:  # fmt: skip
    """Return the labels of judged ``rows`` of lives, columns beside them.

    ``peak`` is the frame at which it is too late, told at each *must*; ``about`` the life it is about, -1 for none. Of an
    event, both are those of its first instant. An event that lasts fewer than ``least`` instants is none: band.
    """
    peak, about = np.broadcast_to(peak, rows.shape), np.broadcast_to(about, rows.shape)
    state = np.full(len(lives.x_m), UNKNOWN, np.int8)
    state[rows] = np.where(must, MUST, np.where(clear, CLEAR, BAND))
    state[rows[~np.broadcast_to(known, rows.shape) & ~must]] = UNKNOWN
    at = np.flatnonzero(must)
    events = []
    frame, life = lives.frame, lives.life
    for begin, end in runs(lives, rows[at]).tolist():
        some = at[begin : end + 1]
        if len(some) < least:
            state[rows[some]] = BAND
            continue
        first = some[0]
        whom = int(about[first])
        events.append(
            (
                int(lives.number[life[rows[first]]]), int(life[rows[first]]), int(lives.number[whom]) if whom >= 0 else 0,
                int(frame[rows[first]]), int(frame[rows[some[-1]]]), int(peak[first]),
            )
        )  # fmt: skip
    flagged = np.zeros(len(lives.x_m), np.bool_)
    flagged[rows] = hard
    return Labels(np.array(events, EVENT), state, flagged)
