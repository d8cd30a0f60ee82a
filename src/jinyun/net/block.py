"""Blocks: many messages as they came from the broker, in one buffer, without an object for each.

The NATS client protocol is lines and lengths: ``MSG subject sid [reply] size CRLF payload CRLF``, ``PING CRLF``,
``PONG CRLF``, ``+OK``, ``-ERR text``, ``INFO json``. A compiled scan finds where subjects and payloads lie; a table of
known subjects, compared byte for byte, tells whose each is. General clients spend 10 to 20 microseconds a message on that.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

LONGEST_LINE = 4096
"""Bytes of a protocol line at most."""
_CR, _LF, _SPACE, _ZERO, _NINE = 13, 10, 32, 48, 57
DONE, FULL, BAD_LINE, BAD_SIZE, ERROR_LINE = range(5)
"""How a scan ended: at an unfinished message, with its arrays full, or at something that is not the protocol."""


class Arrival(NamedTuple):
    """One message as it came: when (int64 us UTC), on which subject, its bytes."""

    receive_us: int
    subject: str
    payload: bytes


@dataclass(slots=True)
class Block:
    """Messages in one buffer: where each subject and payload lies, and when each was received."""

    data: bytes
    subject_at: NDArray[np.int64]
    subject_length: NDArray[np.int64]
    payload_at: NDArray[np.int64]
    payload_length: NDArray[np.int64]
    receive_us: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.payload_at)

    @property
    def buffer(self) -> NDArray[np.uint8]:
        return np.frombuffer(self.data, np.uint8)

    def arrival(self, index: int) -> Arrival:
        """Return one message as an object."""
        subject = self.data[self.subject_at[index] : self.subject_at[index] + self.subject_length[index]]
        payload = self.data[self.payload_at[index] : self.payload_at[index] + self.payload_length[index]]
        return Arrival(int(self.receive_us[index]), subject.decode("utf-8", "replace"), payload)

    def part(self, first: int, end: int) -> Block:
        """Return the messages from ``first`` to before ``end``; the buffer is shared."""
        places = (self.subject_at, self.subject_length, self.payload_at, self.payload_length, self.receive_us)
        return Block(self.data, *(np.ascontiguousarray(column[first:end]) for column in places))

    def arrivals(self) -> Iterator[Arrival]:
        """Yield every message as an object."""
        return map(self.arrival, range(len(self)))

    @classmethod
    def of(cls, arrivals: Sequence[Arrival]) -> Block:
        """Return a block of messages that are objects."""
        subjects = [arrival.subject.encode() for arrival in arrivals]
        parts = [
            part for subject, arrival in zip(subjects, arrivals, strict=True) for part in (subject, arrival.payload)
        ]
        lengths = np.fromiter(map(len, parts), np.int64, len(parts))
        at = np.cumsum(lengths) - lengths
        receive_us = np.fromiter((arrival.receive_us for arrival in arrivals), np.int64, len(arrivals))
        own, their = at[::2].copy(), at[1::2].copy()  # kernels are compiled for columns without strides
        return cls(b"".join(parts), own, lengths[::2].copy(), their, lengths[1::2].copy(), receive_us)

    @classmethod
    def join(cls, blocks: Sequence[Block]) -> Block:
        """Return several blocks as one."""
        if len(blocks) == 1:
            return blocks[0]
        bases = np.cumsum([0, *(len(block.data) for block in blocks)])[:-1]

        def put(name: str, shifted: bool) -> NDArray[np.int64]:
            columns = [
                getattr(block, name) + (base if shifted else 0) for block, base in zip(blocks, bases, strict=True)
            ]
            return np.concatenate(columns) if columns else np.empty(0, np.int64)

        return cls(
            b"".join(block.data for block in blocks),
            put("subject_at", True),
            put("subject_length", False),
            put("payload_at", True),
            put("payload_length", False),
            put("receive_us", False),
        )


@njit(cache=True)
def scan(data: NDArray[np.uint8], most: int, longest: int) -> tuple[NDArray[np.int64], int, int, int, int, int]:
    """Find the whole messages of ``data``: (places, how many, where the first unfinished begins, pings, pongs, how it ended).

    The rows of places (4, ``most``) are subject offset, subject length, payload offset, payload length. At most ``most``
    messages are taken; one of more than ``longest`` bytes is not the broker's.
    """
    places = np.empty((4, most), np.int64)
    count, at, end, pings, pongs = 0, 0, len(data), 0, 0
    while count < most:
        line = at
        while line + 1 < end and not (data[line] == _CR and data[line + 1] == _LF):
            line += 1
        if line + 1 >= end:
            return places, count, at, pings, pongs, BAD_LINE if end - at > LONGEST_LINE else DONE
        if line - at > 8 and data[at] == 77 and data[at + 1] == 83 and data[at + 2] == 71 and data[at + 3] == _SPACE:
            subject_end = at + 4
            while subject_end < line and data[subject_end] != _SPACE:
                subject_end += 1
            digit, size, unit = line - 1, 0, 1
            while digit > subject_end and _ZERO <= data[digit] <= _NINE and unit < 10**12:
                size += (data[digit] - _ZERO) * unit
                unit *= 10
                digit -= 1
            if unit == 1 or data[digit] != _SPACE or size > longest:
                return places, count, at, pings, pongs, BAD_SIZE
            if line + 2 + size + 2 > end:
                return places, count, at, pings, pongs, DONE
            places[0, count], places[1, count] = at + 4, subject_end - at - 4
            places[2, count], places[3, count] = line + 2, size
            count += 1
            at = line + 2 + size + 2
            continue
        if line - at == 4 and data[at] == 80 and data[at + 1] == 73:
            pings += 1
        elif line - at == 4 and data[at] == 80 and data[at + 1] == 79:
            pongs += 1
        elif data[at] == 45:
            return places, count, at, pings, pongs, ERROR_LINE
        at = line + 2
    return places, count, at, pings, pongs, FULL


@njit(cache=True)
def _hash(data: NDArray[np.uint8], at: int, length: int, seed: np.uint64) -> np.uint64:
    value = seed
    for i in range(at, at + length):
        value = (value ^ np.uint64(data[i])) * np.uint64(0x100000001B3)
        value ^= value >> np.uint64(29)
    return value


@njit(cache=True)
def _look_up(
    data: NDArray[np.uint8],
    at: NDArray[np.int64],
    length: NDArray[np.int64],
    seed: np.uint64,
    slots: NDArray[np.int64],
    pool: NDArray[np.uint8],
    pool_at: NDArray[np.int64],
    pool_length: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the entry of each subject, -1 where it is not known."""
    found = np.full(len(at), -1, np.int64)
    mask = np.uint64(len(slots) - 1)
    for i in range(len(at)):
        slot = _hash(data, at[i], length[i], seed) & mask
        while slots[slot] >= 0:
            entry = slots[slot]
            same = pool_length[entry] == length[i]
            if same:
                base = pool_at[entry]
                for k in range(length[i]):
                    if pool[base + k] != data[at[i] + k]:
                        same = False
                        break
            if same:
                found[i] = entry
                break
            slot = (slot + np.uint64(1)) & mask
    return found


class SubjectTable:
    """Known subjects, numbered in the order they were first seen; looked up a block at a time.

    The hash is seeded anew in each process and every hit is compared byte for byte, so no sender can be taken for another.
    """

    def __init__(self, size: int = 1024) -> None:
        self._seed = np.uint64(secrets.randbits(64))
        self._clear(size)

    def _clear(self, size: int) -> None:
        self._slots = np.full(2 * size, -1, np.int64)
        self._at = np.zeros(size, np.int64)
        self._length = np.zeros(size, np.int64)
        self._pool = np.zeros(64 * size, np.uint8)
        self._used = 0
        self.count = 0

    def clear(self) -> None:
        """Forget every subject."""
        self._clear(len(self._at))

    def find(self, block: Block) -> NDArray[np.int64]:
        """Return the number of each message's subject, -1 where it is not known."""
        return _look_up(
            block.buffer,
            block.subject_at,
            block.subject_length,
            self._seed,
            self._slots,
            self._pool,
            self._at,
            self._length,
        )

    def add(self, subject: bytes) -> int:
        """Make a subject known and return its number."""
        if self.count == len(self._at):
            self._grow()
        end = self._used + len(subject)
        if end > len(self._pool):
            self._pool = np.concatenate([self._pool, np.zeros(max(len(self._pool), len(subject)), np.uint8)])
        self._pool[self._used : end] = np.frombuffer(subject, np.uint8)
        number = self.count
        self._at[number], self._length[number] = self._used, len(subject)
        self._used = end
        self.count += 1
        self._enter(number)
        return number

    def _enter(self, number: int) -> None:
        mask = len(self._slots) - 1
        slot = int(_hash(self._pool, int(self._at[number]), int(self._length[number]), self._seed)) & mask
        while self._slots[slot] >= 0:
            slot = (slot + 1) & mask
        self._slots[slot] = number

    def _grow(self) -> None:
        size = 2 * len(self._at)
        self._at, self._length = (
            np.concatenate([column, np.zeros_like(column)]) for column in (self._at, self._length)
        )
        self._slots = np.full(2 * size, -1, np.int64)
        for number in range(self.count):
            self._enter(number)
