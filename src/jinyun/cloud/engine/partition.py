"""One partition's fusion: the sightings of its tiles and their rim in, what it believes out; and its state as bytes."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jinyun.cloud import tracking
from jinyun.cloud.engine.tiles import Tiling
from jinyun.cloud.tracking import trust
from jinyun.cloud.tracking.table import LINKS
from jinyun.rows import as_bytes, taken
from jinyun.shapes import TRACK

BELIEF = np.dtype(
    [
        ("track", TRACK),
        ("part", np.uint16),
        ("owned", np.bool_),  # its place lies in the partition's own tiles
        ("numbers", np.uint64, (LINKS,)),  # by which numbers senders call it, mixed with who says so; 0 none
    ]
)
"""Belief 所信: a track as one partition sees it, in its tiles or in the rim."""

_PACKED = pa.Codec("zstd", compression_level=1)
_SIZE = struct.Struct("<Q")
MOST_BYTES = 1 << 30
"""Of a state, unpacked."""
RECENT_US = 1_000_000
"""Senders' numbers older than this say nothing of who a track is."""


class CheckpointError(ValueError):
    """The bytes are not a partition's state."""


@dataclass(slots=True)
class Partition:
    """The fusion of one partition, as of ``until_us``; ``number`` counts the windows that it has taken."""

    part: int
    tracks: tracking.Tracks = field(default_factory=tracking.Tracks)
    until_us: int = 0
    number: int = 0

    def take(self, sightings: NDArray[np.void], now_us: int) -> None:
        """Take one window's SIGHTING rows, as of ``now_us``."""
        tracking.take(self.tracks, sightings, now_us)
        self.until_us = now_us
        self.number += 1

    def beliefs(self, tiling: Tiling) -> NDArray[np.void]:
        """Return what is believed as of the last window: BELIEF rows by id, those of the rim too."""
        tracks = tracking.published(self.tracks, self.until_us)
        rows = np.zeros(len(tracks), BELIEF)
        as_bytes(rows["track"])[:], rows["part"] = as_bytes(tracks), self.part
        rows["owned"] = tiling.owner(tracks["x_m"], tracks["y_m"]) == self.part
        table = self.tracks.rows
        alive = np.flatnonzero(table["alive"])
        order = alive[np.argsort(table["id"][alive])]
        its = order[np.searchsorted(table["id"][order], tracks["id"])]
        links = taken(self.tracks.links, its)
        said = (links["source"].astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        fresh = (links["last_us"] != 0) & (self.until_us - links["last_us"] < RECENT_US)
        rows["numbers"] = np.where(fresh, said ^ links["participant"], 0)
        return rows

    def checkpoint(self) -> bytes:
        """Return the whole state as bytes, of living tracks and of senders that were heard alone."""
        its = self.tracks
        alive = its.alive()
        heard = np.flatnonzero(its.trust[:, trust.SEEN_US] > 0)
        held = io.BytesIO()
        np.savez(
            held, rows=taken(its.rows, alive), chains=its.chains[alive], links=taken(its.links, alive),
            passes=its.passes[alive], at=alive, size=len(its.rows), heard=heard, trust=its.trust[heard], senders=len(its.trust),
            counts=[self.part, self.until_us, self.number, its.next_id, its.late, its.duplicate, its.excess, its.unplaced,
                    its.settled_us],
        )  # fmt: skip
        plain = held.getbuffer()
        return _SIZE.pack(len(plain)) + bytes(_PACKED.compress(plain, asbytes=True))

    @classmethod
    def restored(cls, data: bytes) -> Partition:
        """Return the partition of a checkpoint; raises :class:`CheckpointError`.

        Tracks stand in the rows in which they stood, so that what follows is the same to the bit.
        """
        try:
            (size,) = _SIZE.unpack_from(data)
            if size > MOST_BYTES:
                raise ValueError(f"{size} bytes are more than a partition has")
            plain = _PACKED.decompress(data[_SIZE.size :], decompressed_size=size, asbytes=True)
            with np.load(io.BytesIO(plain), allow_pickle=False) as held:
                found = dict(held.items())
            part, until_us, number, next_id, late, duplicate, excess, unplaced, settled_us = map(int, found["counts"])
            its = tracking.Tracks(
                next_id=next_id, late=late, duplicate=duplicate, excess=excess, unplaced=unplaced, settled_us=settled_us
            )
            its.trust = trust.blank(int(found["senders"]))
            its.trust[found["heard"]] = found["trust"]
            for name in ("rows", "chains", "links", "passes"):
                table = np.zeros((int(found["size"]), *found[name].shape[1:]), found[name].dtype)
                table[found["at"]] = found[name]
                setattr(its, name, table)
        except (
            ValueError,
            KeyError,
            IndexError,
            OSError,
            EOFError,
            struct.error,
            zipfile.BadZipFile,
            pa.ArrowException,
        ) as error:
            raise CheckpointError(f"no checkpoint of a partition: {error}") from None
        return cls(part, its, until_us, number)
