"""Messages longer than the broker takes, in parts: cut here, put together there.

A part begins ``JYP1 | u32 number | u16 index | u16 parts`` (little-endian). A message that fits goes as it is.
"""

from __future__ import annotations

import struct

MAGIC = b"JYP1"
_HEAD = struct.Struct("<4sIHH")
PART_BYTES = 200_000
"""Content of one part: below the broker's limit of a message."""
MOST_PARTS = 256


def cut(message: bytes, number: int) -> list[bytes]:
    """Return ``message`` as one or more payloads; ``number`` tells messages apart. Raises ``ValueError`` beyond 51 MB."""
    if len(message) <= PART_BYTES and not message.startswith(MAGIC):
        return [message]
    count = -(-len(message) // PART_BYTES)
    if count > MOST_PARTS:
        raise ValueError(f"{len(message)} bytes are more than {MOST_PARTS} parts")
    number &= 0xFFFFFFFF
    return [
        _HEAD.pack(MAGIC, number, index, count) + message[index * PART_BYTES : (index + 1) * PART_BYTES]
        for index in range(count)
    ]


class Joiner:
    """Puts parts together again, one message at a time: parts of an older message that never came whole are let go."""

    def __init__(self) -> None:
        self._number, self._parts = -1, [b""]
        self._missing = 0

    def take(self, payload: bytes) -> bytes | None:
        """Return the whole message that ``payload`` completes, None where parts are still missing."""
        if not payload.startswith(MAGIC):
            return payload
        if len(payload) < _HEAD.size:
            return None
        _, number, index, count = _HEAD.unpack_from(payload)
        if not 0 <= index < count <= MOST_PARTS:
            return None
        if number != self._number or count != len(self._parts):
            self._number, self._parts, self._missing = number, [b""] * count, count
        if not self._parts[index]:
            self._parts[index] = payload[_HEAD.size :]
            self._missing -= 1
        if self._missing:
            return None
        whole = b"".join(self._parts)
        self._number, self._parts = -1, [b""]
        return whole
