"""On which lane is a participant (车道级匹配): by place and heading, and where it is a track, by where it was.

:meth:`jinyun.hdmap.Map.nearest_lane` answers for a place alone. :func:`match` weighs how far a place lies off a lane
against its noise, the lane's width and the heading; with a :class:`History` also whether the lane it was on leads there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.hdmap.nearest import places

if TYPE_CHECKING:
    from jinyun.hdmap.precise import Map

KEPT = 4
"""Lanes that a history keeps for each participant."""
SD_M = 0.5
"""Noise of a place where nobody states it, one standard deviation per axis."""
LEAST_SD_M = 0.1
"""No place is taken for more exact than this: lanes themselves are not."""


@dataclass(frozen=True, slots=True)
class Match:
    """Columns of equal length: row of ``lanes`` (-1 none within 25 m), offset to the right of its middle line, station,
    and the share of the likelihood that this lane has among all near ones (NaN for none)."""

    lane: NDArray[np.int32]
    offset_m: NDArray[np.float64]
    s_m: NDArray[np.float64]
    certainty: NDArray[np.float64]


class History:
    """Where each of ``participants`` was when last matched: plain columns, to be kept and copied beside the tracks.

    ``lane`` (n, 4) with the likeliest first and -1 for none, ``s_m``, ``score`` (natural logarithms, 0 the likeliest) and
    ``at_m`` (n, 2), the last place.
    """

    def __init__(self, participants: int) -> None:
        self.lane = np.full((participants, KEPT), -1, np.int32)
        self.s_m = np.zeros((participants, KEPT))
        self.score = np.zeros((participants, KEPT))
        self.at_m = np.full((participants, 2), np.nan)

    def __len__(self) -> int:
        return len(self.lane)

    def forget(self, rows: ArrayLike) -> None:
        """Let ``rows`` begin anew, for other participants."""
        gone = np.asarray(rows)
        self.lane[gone], self.at_m[gone] = -1, np.nan


def match(
    map: Map,
    x_m: ArrayLike,
    y_m: ArrayLike,
    heading_rad: ArrayLike | None = None,
    *,
    sd_m: ArrayLike | None = None,
    kinds: Sequence[int] | None = None,
    history: History | None = None,
    rows: ArrayLike | None = None,
) -> Match:
    """Return the likeliest lane of each place.

    ``sd_m`` is the places' noise (one standard deviation per axis; NaN or None: 0.5 m). With ``history`` place ``i`` is
    that of participant ``rows[i]`` (default ``i``) and the history moves on; places of one participant follow each
    other in time. Raises ``IndexError`` where ``rows`` are not those of the history.
    """
    from jinyun.hdmap import lanehistory  # numba takes a second to load: not before a question is asked

    x, y, heading = places(x_m, y_m, heading_rad)
    n = len(x)
    noise = np.broadcast_to(np.asarray(SD_M if sd_m is None else sd_m, np.float64), x.shape)
    noise = np.maximum(np.where(np.isfinite(noise), noise, SD_M), LEAST_SD_M)
    if history is None:
        history, slots = History(0), np.full(n, -1, np.int64)
    else:
        slots = np.arange(n) if rows is None else np.ascontiguousarray(rows, np.int64)
        if slots.shape != x.shape or (n and (slots.min() < 0 or slots.max() >= len(history))):
            raise IndexError(f"{n} places need rows of a history of {len(history)}")
    found = Match(np.full(n, -1, np.int32), np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan))
    index = map.index
    lanehistory.match(
        x, y, heading, noise, index.half_m, index.extent_m, index.wanted(kinds),
        index.pieces, index.lane, index.cells, index.named, index.blocks,
        map.lanes["left"], map.lanes["right"],
        map.successors_first["row"], map.successors["lane"],
        slots, history.lane, history.s_m, history.score, history.at_m,
        found.lane, found.offset_m, found.s_m, found.certainty,
    )  # fmt: skip
    return found
