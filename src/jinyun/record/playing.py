"""Playing a record (回放): frames by their instant, found by the heads of blocks alone, so that a day is scrubbed at once."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from jinyun.record import frames
from jinyun.record.frames import Packed
from jinyun.record.segment import Block, Kind, heads, listing, load


class Place(NamedTuple):
    """Where a block of frames lies: its first and last instant, its file, its first byte."""

    first_us: int
    last_us: int
    path: Path
    at: int


@dataclass(slots=True)
class _Known:
    bytes: int
    places: list[Place]


class Reel:
    """The frames of a record; :meth:`renew` takes in what has been written since."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places: list[Place] = []
        self._known: dict[Path, _Known] = {}
        self._block: tuple[Place, list[Packed]] | None = None
        self.renew()

    def renew(self) -> None:
        """Look at segments that are new or have grown, and let go of those that are not there any more."""
        known: dict[Path, _Known] = {}
        for path in listing(self.folder):
            try:
                size = path.stat().st_size
                before = self._known.get(path)
                if before is None or before.bytes != size:
                    found = [Place(h.first_us, h.last_us, path, h.at) for h in heads(path) if h.kind == Kind.FRAMES]
                    before = _Known(size, found)
                known[path] = before
            except OSError:
                continue  # let go in this very moment
        self._known = known
        self.places = sorted(place for one in known.values() for place in one.places)

    @property
    def span_us(self) -> tuple[int, int]:
        """The first and the last instant of which there is a frame; (0, 0) for none."""
        return (self.places[0].first_us, max(place.last_us for place in self.places)) if self.places else (0, 0)

    def gaps(self, least_us: int = 2_000_000) -> list[tuple[int, int]]:
        """Return the spans within the record of which there is no frame."""
        found, end_us = [], self.places[0].first_us if self.places else 0
        for place in self.places:
            if place.first_us - end_us > least_us:
                found.append((end_us, place.first_us))
            end_us = max(end_us, place.last_us)
        return found

    def _frames(self, place: Place) -> list[Packed]:
        if self._block is None or self._block[0] != place:
            try:
                block: Block = load(place.path, place.at)
                self._block = place, list(frames.unpack(block.content()))
            except (OSError, ValueError):
                self._block = place, []
        return self._block[1]

    def at(self, t_us: int) -> Packed | None:
        """Return the last frame that is not after an instant, None where there is none."""
        index = bisect_right(self.places, t_us, key=lambda place: place.first_us) - 1
        while index >= 0:
            earlier = [frame for frame in self._frames(self.places[index]) if frame.t_us <= t_us]
            if earlier:
                return earlier[-1]
            index -= 1
        return None

    def after(self, t_us: int) -> Packed | None:
        """Return the first frame after an instant, None where there is none."""
        index = max(bisect_right(self.places, t_us, key=lambda place: place.first_us) - 1, 0)
        for place in self.places[index:]:
            if place.last_us > t_us:
                for frame in self._frames(place):
                    if frame.t_us > t_us:
                        return frame
        return None
