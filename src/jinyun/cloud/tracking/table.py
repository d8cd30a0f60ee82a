"""The table of tracks: one row each, in columns, with what the filter and the association remember of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.tracking.chain import NUMBERS
from jinyun.cloud.tracking.trust import blank
from jinyun.shapes import TRACK

LINKS = 6
"""Senders' numbers that a track remembers; the oldest gives way."""
MOST_TRACKS = 200_000
"""Beyond this nothing new is taken up; it is counted."""

_FILTERED = ("x_m", "y_m", "heading_rad", "speed_mps", "yaw_rps", "accel_mps2")
STATE = np.dtype(
    [
        *[(name, TRACK[name]) for name in TRACK.names or () if name not in _FILTERED],
        # the filter, as of t_us: place, heading and speed, their rates, and how far the participant's own places are off
        ("t_us", np.int64),
        ("x_m", np.float64), ("y_m", np.float64), ("heading_rad", np.float64), ("speed_mps", np.float64),
        ("yaw_rps", np.float64), ("accel_mps2", np.float64), ("bias_x", np.float64), ("bias_y", np.float64),
        ("bias_sd", np.float64),
        # a free participant's velocity and covariance, the same for east and north, and its heading's variance
        ("vx", np.float64), ("vy", np.float64), ("pp", np.float64), ("pv", np.float64), ("vv", np.float64),
        ("hh", np.float64),
        ("guided", np.bool_), ("alive", np.bool_), ("confirmed", np.bool_),
        ("self_us", np.int64), ("road_us", np.int64), ("seen_us", np.int64), ("odds", np.float64), ("period_s", np.float64),
        ("looks", np.uint32), ("rival", np.int64), ("rival_us", np.int64),
    ]
)  # fmt: skip
"""What the twin carries of one participant between frames. ``guided`` ones move along their heading (:mod:`.motion`);
``seen_us`` is the instant of the last frame that had a look at it, whenever that look was taken."""

LINK = np.dtype([("source", np.uint32), ("participant", np.uint64), ("last_us", np.int64)])
"""That a sender calls this track by this number; ``last_us`` 0: none."""

PASS = 34
"""Columns of what a track has gathered about its roadside sender's offset (:mod:`.trust`)."""


@dataclass(slots=True)
class Tracks:
    """All tracks, and what is believed of their senders; the whole memory of the fusion, seconds to minutes deep."""

    rows: NDArray[np.void] = field(default_factory=lambda: np.zeros(256, STATE))
    chains: NDArray[np.float64] = field(default_factory=lambda: np.zeros((256, NUMBERS)))
    links: NDArray[np.void] = field(default_factory=lambda: np.zeros((256, LINKS), LINK))
    passes: NDArray[np.float64] = field(default_factory=lambda: np.zeros((256, PASS)))
    trust: NDArray[np.float64] = field(default_factory=lambda: blank(64))
    next_id: int = 1
    late: int = 0
    duplicate: int = 0
    excess: int = 0  # sightings of one sender and number beyond what one frame can use
    unplaced: int = 0  # looks that found the table full
    seen: NDArray[np.float64] = field(default_factory=lambda: np.zeros((256, 9)))
    settled_us: int = 0  # when the tracks were last compared with each other
    seen_us: int = 0  # the instant that ``seen`` (:func:`.gate.view`) was made for

    def alive(self) -> NDArray[np.intp]:
        """Return the rows of the tracks there are."""
        return np.flatnonzero(self.rows["alive"])

    @property
    def count(self) -> int:
        """How many tracks there are."""
        return int(self.rows["alive"].sum())

    def room_for(self, more: int) -> NDArray[np.intp]:
        """Return the first ``more`` free rows, fewer where the table is full; it grows as needed."""
        free = np.flatnonzero(~self.rows["alive"])
        while len(free) < more and len(self.rows) < MOST_TRACKS:
            for name in ("rows", "chains", "links", "passes"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros_like(old)]))
            free = np.flatnonzero(~self.rows["alive"])
        return free[:more]

    def known_up_to(self, source: int) -> None:
        """Make room for what is believed of the sender in row ``source``."""
        while len(self.trust) <= source:
            self.trust = np.concatenate([self.trust, blank(len(self.trust))])
