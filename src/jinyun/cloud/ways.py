"""Ways: by its subject alone, which message of whom each one of a block is; known subjects cost nanoseconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.sources import Sources
from jinyun.net import topics
from jinyun.net.block import Arrival, Block, SubjectTable

OTHER_WAY = -1
"""What a message is that is no bare frame of a known sender in our dialect."""
MAX_SUBJECTS = 400_000


class Ways:
    """The known subjects of one zone, and what each stands for."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._subjects = SubjectTable()
        self._way = np.empty((0, 2), np.int64)  # which message by number, or OTHER_WAY; row of the sender

    def of(self, block: Block) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return (which message by number, or OTHER_WAY; row of the sender) of each message of a block."""
        if self._subjects.count > MAX_SUBJECTS:
            self.clear()
        known = self._subjects.find(block)
        if (known < 0).any():
            for index in np.flatnonzero(known < 0):
                subject = block.arrival(int(index)).subject.encode()[:256]
                self._learn(subject)
            known = self._subjects.find(block)
        way = np.where(known[:, None] >= 0, self._way[np.maximum(known, 0)], (OTHER_WAY, 0)) if len(self._way) else None
        if way is None:
            return np.full(len(block), OTHER_WAY, np.int64), np.zeros(len(block), np.int64)
        return way[:, 0].copy(), way[:, 1].copy()

    def _learn(self, subject: bytes) -> None:
        if self._subjects.find(Block.of([Arrival(0, subject.decode("utf-8", "replace"), b"")]))[0] >= 0:
            return  # the window holds it twice
        route = topics.route(subject.decode("utf-8", "replace"))
        source = self.sources.find(route.kind, route.device) if route is not None and route.scheme == "plain" else None
        number = self._subjects.add(subject)
        if number >= len(self._way):
            self._way = np.concatenate([self._way, np.full((max(256, len(self._way)), 2), OTHER_WAY, np.int64)])
        plain = route is not None and source is not None and route.message in topics.MESSAGES
        self._way[number] = (
            topics.MESSAGES.index(route.message) if plain and route else OTHER_WAY, source.row if source else 0
        )  # fmt: skip

    def slow(self, row: int) -> None:
        """Take what one sender sends from now on message by message."""
        self._way[self._way[:, 1] == row, 0] = OTHER_WAY

    def clear(self) -> None:
        """Forget every subject."""
        self._subjects.clear()
        self._way = self._way[:0]
