"""One partition's fusion: the sightings of its tiles and their rim in, what it believes out; and its state as bytes."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud import tracking
from jinyun.cloud.engine.tiles import Tiling
from jinyun.cloud.tracking import trust
from jinyun.cloud.tracking.chain import NUMBERS
from jinyun.cloud.tracking.table import LINK, LINKS, PASS, STATE
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

_PACKED = pa.Codec("lz4")
_HEAD = struct.Struct("<4sIIQ")  # magic, checksum of the bytes that follow, bytes of the description, bytes unpacked
_MAGIC = b"JYS1"
_TABLES = {
    "at": (np.dtype(np.int64), ()), "rows": (STATE, ()), "chains": (np.dtype(np.float64), (NUMBERS,)),
    "links": (LINK, (LINKS,)), "passes": (np.dtype(np.float64), (PASS,)), "heard": (np.dtype(np.int64), ()),
    "trust": (np.dtype(np.float64), trust.blank(1).shape[1:]),
}  # fmt: skip
"""Of a state, in this order: what each row of a table is."""
_SHAPE = zlib.crc32(repr([(name, dtype.descr, inner) for name, (dtype, inner) in _TABLES.items()]).encode())
_COUNTS = ("next_id", "late", "duplicate", "excess", "unplaced", "settled_us")
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
        # A step costs a quarter of a millisecond, whoever is there.
        if len(sightings) or self.tracks.rows["alive"].any():
            tracking.take(self.tracks, sightings, now_us)
        self.until_us = now_us
        self.number += 1

    def beliefs(self, tiling: Tiling) -> NDArray[np.void]:
        """Return what is believed as of the last window: BELIEF rows by id, those of the rim too."""
        alive = self.tracks.alive()
        if not len(alive):
            return np.empty(0, BELIEF)
        tracks = tracking.published(self.tracks, self.until_us)
        rows = np.zeros(len(tracks), BELIEF)
        as_bytes(rows["track"])[:], rows["part"] = as_bytes(tracks), self.part
        rows["owned"] = tiling.owner(tracks["x_m"], tracks["y_m"]) == self.part
        ids = self.tracks.rows["id"][alive]
        order = np.argsort(ids)
        numbers = rows["numbers"]
        _called(self.tracks.links, alive[order], ids[order], tracks["id"], self.until_us - RECENT_US, numbers)
        return rows

    def checkpoint(self) -> bytes:
        """Return the whole state as bytes, of living tracks and of senders that were heard alone."""
        its = self.tracks
        alive = its.alive()
        heard = np.flatnonzero(its.trust[:, trust.SEEN_US] > 0)
        tables = (
            alive.astype(np.int64), taken(its.rows, alive), its.chains.take(alive, axis=0), taken(its.links, alive),
            its.passes.take(alive, axis=0), heard.astype(np.int64), its.trust[heard],
        )  # fmt: skip
        about = {"shape": _SHAPE, "part": self.part, "until_us": self.until_us, "number": self.number}
        about |= {"size": len(its.rows), "alive": len(alive), "senders": len(its.trust), "heard": len(heard)}
        about |= {name: int(getattr(its, name)) for name in _COUNTS}
        described = json.dumps(about).encode()
        plain = b"".join(table.reshape(-1).view(np.uint8).data for table in tables)
        content = described + bytes(_PACKED.compress(plain, asbytes=True))
        return _HEAD.pack(_MAGIC, zlib.crc32(content), len(described), len(plain)) + content

    @classmethod
    def restored(cls, data: bytes) -> Partition:
        """Return the partition of a checkpoint; raises :class:`CheckpointError`.

        Tracks stand in the rows in which they stood, so that what follows is the same to the bit.
        """
        try:
            magic, checksum, length, size = _HEAD.unpack_from(data)
            content = memoryview(data)[_HEAD.size :]
            if magic != _MAGIC or zlib.crc32(content) != checksum:
                raise ValueError("damaged, or none at all")
            if size > MOST_BYTES:
                raise ValueError(f"{size} bytes are more than a partition has")
            about = json.loads(bytes(content[:length]))
            if about["shape"] != _SHAPE:
                raise ValueError("of another version")
            plain = _PACKED.decompress(content[length:], decompressed_size=size, asbytes=True)
            its = tracking.Tracks()
            for name in _COUNTS:
                setattr(its, name, int(about[name]))
            found, at = {}, 0
            for name, (dtype, inner) in _TABLES.items():
                count = int(about["heard" if name in ("heard", "trust") else "alive"])
                row = (
                    np.frombuffer(plain, np.dtype((dtype, inner)), count, at) if count else np.empty((0, *inner), dtype)
                )
                found[name], at = row, at + row.nbytes
            its.trust = trust.blank(int(about["senders"]))
            its.trust[found["heard"]] = found["trust"]
            for name in ("rows", "chains", "links", "passes"):
                table = np.zeros((int(about["size"]), *found[name].shape[1:]), found[name].dtype)
                table[found["at"]] = found[name]
                setattr(its, name, table)
            return cls(int(about["part"]), its, int(about["until_us"]), int(about["number"]))
        except (ValueError, KeyError, IndexError, TypeError, struct.error, pa.ArrowException) as error:
            raise CheckpointError(f"no checkpoint of a partition: {error}") from None


@njit(cache=True)
def _called(
    links: Any,
    alive: NDArray[np.int64],
    ids: NDArray[np.uint32],
    of: NDArray[np.uint32],
    since_us: int,
    numbers: NDArray[np.uint64],
) -> None:
    """Write by which numbers senders call each track of ``of`` lately; ``alive`` are rows by their ``ids``, both ascending."""
    k = 0
    for i in range(len(of)):
        while ids[k] != of[i]:
            k += 1
        for n in range(links.shape[1]):
            link = links[alive[k], n]
            if link.last_us != 0 and link.last_us > since_us:
                said = (np.uint64(link.source) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
                numbers[i, n] = said ^ link.participant
