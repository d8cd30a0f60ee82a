"""The raw log, the record's form before it had segments (:mod:`jinyun.record`): read still, written no more.

A file ``*.jyr`` is ``JYRAW1\\n`` and then records ``u32 length | u32 CRC-32 | i64 receive us | u16 subject length |
subject | payload`` (little-endian; length and CRC cover what follows them). A record cut by a crash ends the reading and
is told, never guessed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from jinyun.net.block import Arrival

MAGIC = b"JYRAW1\n"
_HEAD = struct.Struct("<II")
_STAMP = struct.Struct("<qH")
MAX_RECORD = 1 << 21


class RawLogError(ValueError):
    """The file is no raw log, or a record in it is broken; the message names the byte."""


def read(path: Path) -> Iterator[Arrival]:
    """Yield the arrivals of a file in the order they were written; raises :class:`RawLogError` at a broken record."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise RawLogError(f"{path}: does not begin with JYRAW1")
        at = len(MAGIC)
        while head := file.read(_HEAD.size):
            if len(head) < _HEAD.size:
                raise RawLogError(f"{path}: cut at byte {at}")
            length, crc = _HEAD.unpack(head)
            if not _STAMP.size <= length <= MAX_RECORD:
                raise RawLogError(f"{path}: a record of {length} bytes at byte {at}")
            body = file.read(length)
            if len(body) < length:
                raise RawLogError(f"{path}: cut at byte {at}")
            if zlib.crc32(body) != crc:
                raise RawLogError(f"{path}: checksum of the record at byte {at} is wrong")
            receive_us, subject_length = _STAMP.unpack_from(body)
            end = _STAMP.size + subject_length
            yield Arrival(receive_us, body[_STAMP.size : end].decode("utf-8", "replace"), body[end:])
            at += _HEAD.size + length
