"""Frames that leave out what has not changed (增量帧): what a participant is comes once a second, where it is each time.

Each tenth frame is a key: it stands whole. Those between name it in ``meta.base`` and hold of each track only what moves; a
table ``bodies`` has what the tracks are that the key does not know or knew otherwise. One of them needs the key alone, so a
viewer may skip as many as it likes; who has not got the key gets whole frames until the next.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.net import columns

BODY = ("kind", "class", "length_m", "width_m", "height_m")
"""Columns of ``tracks`` that hardly ever change."""
KEY_EVERY = 10


class Offer(NamedTuple):
    """One frame in both forms; ``base`` is the number of the key that the short one needs, or of the frame that is one."""

    whole: bytes
    short: bytes | None
    base: int


class Deltas:
    """Makes the short form of each frame, where it is shorter."""

    def __init__(self) -> None:
        self._base = -1
        self._of: tuple[Any, ...] = ()
        self._id: NDArray[np.uint32] = np.empty(0, np.uint32)
        self._bodies: dict[str, NDArray[Any]] = {}

    def offer(self, frame: bytes) -> Offer:
        """Return a frame in both forms; one that cannot be read, or has no bodies, is whole alone."""
        try:
            meta, tables = columns.unpack(frame)
            seq, of, tracks = (
                int(meta["seq"]),
                (meta.get("zone"), meta.get("clock"), meta.get("label")),
                tables["tracks"],
            )
            ids, bodies = tracks["id"], {name: tracks[name] for name in BODY}
        except (columns.ColumnsError, KeyError, TypeError, ValueError):
            self._base = -1
            return Offer(frame, None, -1)
        if self._base < 0 or of != self._of or not self._base < seq < self._base + KEY_EVERY:
            order = np.argsort(ids, kind="stable")
            self._base, self._of, self._id = seq, of, ids[order]
            self._bodies = {name: column[order] for name, column in bodies.items()}
            return Offer(frame, None, seq)
        at = np.minimum(np.searchsorted(self._id, ids), max(len(self._id) - 1, 0))
        same = self._id[at] == ids if len(self._id) else np.zeros(len(ids), np.bool_)
        for name, column in bodies.items():
            if len(self._id):
                known = self._bodies[name][at]
                same &= (column == known) | ((column != column) & (known != known))  # unknown stays unknown
        new = np.flatnonzero(~same)
        moves = {name: column for name, column in tracks.items() if name not in BODY}
        told = {"id": ids[new], **{name: column[new] for name, column in bodies.items()}}
        short = columns.pack({**tables, "tracks": moves, "bodies": told}, {**meta, "base": self._base})
        return Offer(frame, short if len(short) < len(frame) else None, self._base)
