"""What travels between the cloud's end and the partitions: one window's sightings there, one tick's beliefs back.

Layout (little-endian): ``JYE1 | u32 shape | u16 partition | u16 0 | u32 0 | u64 epoch | u64 fence | u64 number | i64 t_us |
rows``. ``shape`` is a checksum of the rows' layout: two versions that differ in it refuse each other instead of misreading.
An epoch is one life of the cloud's end: its rows of senders hold for that life alone. A fence rises with each new owner of a
partition. Subjects: ``jinyun.{zone}.engine.{partition}.in`` and ``.out``, ``jinyun.{zone}.engine.again`` for what was missed.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.engine.partition import BELIEF
from jinyun.cloud.engine.senders import TRUST
from jinyun.cloud.tracking.table import LINK
from jinyun.rows import copied
from jinyun.shapes import SIGHTING

_HEAD = struct.Struct("<4sIHHIQQQq")
MAGIC = b"JYE1"


class WireError(ValueError):
    """The bytes are no message of the engine, or of another version's; the message says which."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One window of one partition, or what it believes at a tick: which, whose and of when, and the rows."""

    part: int
    epoch: int
    fence: int
    number: int  # of the window in the partition's row of windows, without gaps
    t_us: int
    rows: NDArray[np.void]


def _shape(dtype: np.dtype[np.void]) -> int:
    return zlib.crc32(repr(dtype.descr).encode())


_SHAPES = {_shape(dtype): dtype for dtype in (SIGHTING, BELIEF, LINK, TRUST)}
_SHAPE_OF = {dtype: shape for shape, dtype in _SHAPES.items()}


def pack(turn: Turn) -> bytes:
    """Return the bytes of a turn; its rows are SIGHTING or BELIEF, or LINK or TRUST of the senders."""
    head = _HEAD.pack(
        MAGIC, _SHAPE_OF[turn.rows.dtype], turn.part, 0, 0, turn.epoch, turn.fence, turn.number, turn.t_us
    )
    return b"".join((head, octets(turn.rows)))


def octets(rows: NDArray[np.void]) -> memoryview:
    """Return the bytes of rows, where they lie if they lie one after another."""
    return (rows if rows.flags.c_contiguous else copied(rows)).view(np.uint8).data


def unpack(data: bytes) -> Turn:
    """Return the turn; raises :class:`WireError`."""
    if len(data) < _HEAD.size or data[:4] != MAGIC:
        raise WireError("no message of the engine")
    _, shape, part, _, _, epoch, fence, number, t_us = _HEAD.unpack_from(data)
    dtype = _SHAPES.get(shape)
    if dtype is None:
        raise WireError("rows of another version: cloud and workers must be of one")
    if (len(data) - _HEAD.size) % dtype.itemsize:
        raise WireError(f"{len(data) - _HEAD.size} bytes are no whole rows of {dtype.itemsize}")
    return Turn(part, epoch, fence, number, t_us, np.frombuffer(data, dtype, offset=_HEAD.size))


def in_subject(zone: str, part: int) -> str:
    """Return where a partition is told what was seen."""
    return f"jinyun.{zone}.engine.{part}.in"


def out_subject(zone: str, part: int | None = None) -> str:
    """Return where a partition tells what it believes; without one, where all do."""
    return f"jinyun.{zone}.engine.{'*' if part is None else part}.out"


def senders_subject(zone: str, part: int | None = None) -> str:
    """Return where a partition tells what it knows of the senders; without one, where all do."""
    return f"jinyun.{zone}.engine.{'*' if part is None else part}.senders"


def again_subject(zone: str) -> str:
    """Return where a worker asks for windows that it missed.

    ``{"part", "epoch", "after"}`` (JSON); each window after that number is told again on the partition's own subject.
    """
    return f"jinyun.{zone}.engine.again"


def turn_subject(zone: str, part: int | None = None) -> str:
    """Return where the log ticks for each partition; its consumer is the lease."""
    return f"jinyun.{zone}.lease.{'*' if part is None else part}"


def alive_subject(zone: str) -> str:
    """Return where workers say that they are there (JSON: name, partitions, host, pid), three times a second."""
    return f"jinyun.{zone}.engine.alive"
