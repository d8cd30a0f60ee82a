"""The raw log: every message as it came, with when and on which subject, so any moment can be played again.

A file ``*.jyr`` is ``JYRAW1\\n`` and then records ``u32 length | u32 CRC-32 | i64 receive us | u16 subject length |
subject | payload`` (little-endian; length and CRC cover what follows them). A record cut by a crash ends the reading and
is told, never guessed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.net.block import Arrival, Block

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

    def append(self, block: Block) -> None:
        """Write a window of messages with one system call and hand it to the operating system."""
        if not len(block):
            return
        if self._file is None or self._size > SEGMENT_BYTES:
            self.close()
            first = datetime.fromtimestamp(int(block.receive_us[0]) / 1e6, UTC)
            name = first.strftime("raw-%Y%m%dT%H%M%S.%fZ") + SUFFIX
            self._file = (self.folder / name).open("wb", buffering=0)
            self._file.write(MAGIC)
            self._size = len(MAGIC)
        records = _records(
            block.buffer, block.subject_at, block.subject_length, block.payload_at, block.payload_length,
            block.receive_us, _CRC_TABLE,
        )  # fmt: skip
        self._file.write(records.data)
        self._size += len(records)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _crc_table() -> NDArray[np.uint32]:
    """Return the table of CRC-32 (IEEE 802.3, reflected) for eight bits at a time."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, np.uint32(0xEDB88320) ^ table >> np.uint32(1), table >> np.uint32(1))
    return table.astype(np.uint32)


_CRC_TABLE = _crc_table()


@njit(cache=True)
def _records(
    data: NDArray[np.uint8],
    subject_at: NDArray[np.int64],
    subject_length: NDArray[np.int64],
    payload_at: NDArray[np.int64],
    payload_length: NDArray[np.int64],
    receive_us: NDArray[np.int64],
    table: NDArray[np.uint32],
) -> NDArray[np.uint8]:
    """Return the records of all messages one after the other."""
    n = len(subject_at)
    total = 0
    for i in range(n):
        total += 18 + subject_length[i] + payload_length[i]
    out = np.empty(total, np.uint8)
    at = 0
    for i in range(n):
        subject, payload = subject_length[i], payload_length[i]
        length = 10 + subject + payload
        body = at + 8
        for k in range(8):
            out[body + k] = receive_us[i] >> 8 * k & 255
        out[body + 8], out[body + 9] = subject & 255, subject >> 8 & 255
        for k in range(subject):
            out[body + 10 + k] = data[subject_at[i] + k]
        for k in range(payload):
            out[body + 10 + subject + k] = data[payload_at[i] + k]
        crc = np.uint32(0xFFFFFFFF)
        for k in range(length):
            crc = table[(crc ^ out[body + k]) & np.uint32(255)] ^ (crc >> np.uint32(8))
        crc ^= np.uint32(0xFFFFFFFF)
        for k in range(4):
            out[at + k] = length >> 8 * k & 255
            out[at + 4 + k] = np.int64(crc) >> 8 * k & 255
        at = body + length
    return out


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
