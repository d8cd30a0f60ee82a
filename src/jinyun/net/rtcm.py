"""RTCM 10403 version 3 frames (差分数据帧): found in a stream of octets and held against their CRC-24Q.

A frame is 0xD3, six reserved bits, ten bits of length, so many octets, and three of CRC over all before. What does not fit is
skipped octet by octet and counted, so that a stream that was cut into falls into step again.
"""

from __future__ import annotations

from typing import NamedTuple

PREAMBLE = 0xD3
HEAD, TAIL = 3, 3
LONGEST = HEAD + 1023 + TAIL
_POLYNOMIAL = 0x1864CFB


def _table() -> tuple[int, ...]:
    rows = []
    for octet in range(256):
        crc = octet << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= _POLYNOMIAL
        rows.append(crc)
    return tuple(rows)


_TABLE = _table()


class Frame(NamedTuple):
    """One frame: the number of its message (first twelve bits of its content) and all its octets."""

    number: int
    octets: bytes


def crc24q(data: bytes) -> int:
    """Return CRC-24Q (Qualcomm) of octets."""
    crc = 0
    for octet in data:
        crc = (crc << 8) & 0xFFFFFF ^ _TABLE[(crc >> 16) ^ octet]
    return crc


def wrap(content: bytes) -> bytes:
    """Return the frame of a content; raises ``ValueError`` beyond 1023 octets."""
    if len(content) > 1023:
        raise ValueError(f"{len(content)} octets, more than 1023")
    head = bytes([PREAMBLE, len(content) >> 8, len(content) & 0xFF]) + content
    return head + crc24q(head).to_bytes(3, "big")


def whole(octets: bytes) -> Frame | None:
    """Return the frame that octets are, exactly; None where they are none."""
    if len(octets) < HEAD + TAIL + 2 or octets[0] != PREAMBLE or octets[1] & 0xFC:
        return None
    if len(octets) != HEAD + TAIL + ((octets[1] & 3) << 8 | octets[2]) or crc24q(octets) != 0:
        return None
    return Frame(octets[3] << 4 | octets[4] >> 4, octets)


class Splitter:
    """Takes a stream piece by piece and gives frames; holds no more than one frame's octets between."""

    def __init__(self) -> None:
        self._left = b""
        self.skipped = 0
        """Octets that belonged to no good frame."""

    def take(self, data: bytes) -> list[Frame]:
        """Return the frames that are whole now."""
        data = self._left + data
        found, at = [], 0
        while len(data) - at >= HEAD:
            if data[at] != PREAMBLE or data[at + 1] & 0xFC:
                nearest = data.find(bytes([PREAMBLE]), at + 1)
                after = nearest if nearest >= 0 else len(data)
                self.skipped += after - at
                at = after
                continue
            length = HEAD + TAIL + ((data[at + 1] & 3) << 8 | data[at + 2])
            if len(data) - at < length:
                break
            frame = whole(data[at : at + length])
            if frame is None:
                self.skipped += 1
                at += 1
            else:
                found.append(frame)
                at += length
        self._left = data[at:]
        return found
