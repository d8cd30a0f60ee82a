"""The raw log: every message as it came, with when and on which subject, so any moment can be played again.

A file ``*.jyr`` is ``JYRAW1\\n`` and then records ``u32 length | u32 CRC-32 | i64 receive us | u16 subject length |
subject | payload`` (little-endian; length and CRC cover what follows them). A record cut by a crash ends the reading and
is told, never guessed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from jinyun.net.block import Arrival

MAGIC = b"JYRAW1\n"
SUFFIX = ".jyr"
SEGMENT_BYTES = 256 << 20
_HEAD = struct.Struct("<II")
_STAMP = struct.Struct("<qH")
MAX_RECORD = 1 << 21


class RawLogError(ValueError):
    """The file is no raw log, or a record in it is broken; the message names the byte."""


class RawLog:
    """Writes segments into a folder: a new file each :data:`SEGMENT_BYTES`, named by its first instant."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO | None = None
        self._size = 0

    def append(self, arrivals: Iterable[Arrival]) -> None:
        """Write a window of arrivals with one system call and hand it to the operating system."""
        parts = []
        first_us = 0
        for arrival in arrivals:
            subject = arrival.subject.encode()
            body = _STAMP.pack(arrival.receive_us, len(subject)) + subject + arrival.payload
            parts += [_HEAD.pack(len(body), zlib.crc32(body)), body]
            first_us = first_us or arrival.receive_us
        if not parts:
            return
        if self._file is None or self._size > SEGMENT_BYTES:
            self.close()
            name = datetime.fromtimestamp(first_us / 1e6, UTC).strftime("raw-%Y%m%dT%H%M%S.%fZ") + SUFFIX
            self._file = (self.folder / name).open("wb", buffering=0)
            self._file.write(MAGIC)
            self._size = len(MAGIC)
        block = b"".join(parts)
        self._file.write(block)
        self._size += len(block)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


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
