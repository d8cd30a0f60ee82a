"""What the partitions know of the senders (各分区所知的发送方), as one: the scorecard judges senders by it.

A number is a confirmed track's where any partition says so. How far a sender is off is learnt by each partition from what it
is told of that sender; of several the one with the most to go by counts. It is told twice a second: the scorecard judges
what was said over half a second ago.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud import tracking
from jinyun.cloud.tracking import trust
from jinyun.cloud.tracking.table import LINK, LINKS, STATE
from jinyun.rows import as_bytes, joined, taken

TOLD_US = 500_000
KEPT_US = 2_000_000
"""What a partition said longer ago than this before the newest word is not counted."""
TRUST = np.dtype([("source", np.uint32), ("trust", np.float64, (trust.COLUMNS,))])
"""What is believed of one sender: its row, and the columns of :mod:`jinyun.cloud.tracking.trust`."""


def told(tracks: tracking.Tracks) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Return (LINK rows: by which numbers confirmed tracks are called, TRUST rows of the roadside senders)."""
    confirmed = tracks.rows["alive"] & tracks.rows["confirmed"]
    links = taken(tracks.links, confirmed).reshape(-1)
    heard = np.flatnonzero(tracks.trust[:, trust.LOOKS] > 0)
    believed = np.zeros(len(heard), TRUST)
    believed["source"], believed["trust"] = heard, tracks.trust[heard]
    return taken(links, links["last_us"] != 0), believed


@dataclass(slots=True)
class Senders:
    """What each partition said last of the senders, and when."""

    _links: dict[int, tuple[int, NDArray[np.void]]] = field(default_factory=dict)
    _trust: dict[int, tuple[int, NDArray[np.void]]] = field(default_factory=dict)

    def take(self, part: int, t_us: int, rows: NDArray[np.void]) -> None:
        """Take what a partition says as of ``t_us``: LINK or TRUST rows."""
        (self._links if rows.dtype == LINK else self._trust)[part] = (t_us, rows)

    def known(self) -> tracking.Tracks:
        """Return a table that knows of the senders what one process would; its tracks have no more than their numbers."""
        newest_us = max((t_us for t_us, _ in self._links.values()), default=0)
        links = joined([rows for t_us, rows in self._links.values() if newest_us - t_us <= KEPT_US], LINK)
        believed = joined([rows for t_us, rows in self._trust.values() if newest_us - t_us <= KEPT_US], TRUST)
        its = tracking.Tracks(rows=np.zeros(len(links), STATE), links=np.zeros((len(links), LINKS), LINK))
        its.rows["alive"] = its.rows["confirmed"] = True
        as_bytes(its.links)[:, 0] = as_bytes(links)
        if len(believed):
            its.known_up_to(int(believed["source"].max()))
        best = believed[np.lexsort((believed["trust"][:, trust.LOOKS], believed["trust"][:, trust.NORMAL]))]
        its.trust[best["source"]] = best["trust"]  # of one sender's rows the last, which weighs most
        return its
