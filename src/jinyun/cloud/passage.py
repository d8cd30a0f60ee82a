"""Passage (交接): values handed to another process through memory that both hold; one word on a socket says so.

One value is under way each direction at a time: who has put one waits for the other's before it puts the next. Arrays are
copied as they lie (pickle, protocol 5, buffers apart), so a frame of thousands of tracks costs two copies and no more.
"""

from __future__ import annotations

import mmap
import os
import pickle
import socket
import struct
from typing import Any

ALIGNED = 64
"""Buffers begin at multiples of so many bytes."""
SMALLEST = 1 << 16
_COUNT = struct.Struct("<Q")


class PassageClosed(ConnectionError):
    """The other process has ended."""


class _Memory:
    """A piece of memory by its file descriptor; it grows, and both processes look again when it has."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._map: mmap.mmap | None = None

    def view(self, size: int) -> mmap.mmap:
        """Return it, at least ``size`` bytes long."""
        if self._map is None or len(self._map) < size:
            if self._map is not None:
                self._map.close()
                self._map = None
            if os.fstat(self.fd).st_size < size:
                os.ftruncate(self.fd, max(SMALLEST, 1 << (size - 1).bit_length()))
            self._map = mmap.mmap(self.fd, os.fstat(self.fd).st_size)
        return self._map

    def close(self) -> None:
        if self._map is not None:
            self._map.close()
        os.close(self.fd)


class Passage:
    """One end. The two memories are each other's: what one end writes to the other reads from."""

    def __init__(self, link: socket.socket, out: int, into: int) -> None:
        self.link = link
        self._out, self._into = _Memory(out), _Memory(into)

    @classmethod
    def pair(cls) -> tuple[Passage, tuple[int, int, int]]:
        """Return one end and the descriptors (socket, out, in) of the other, which a child inherits; close them then."""
        own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        there, back = (os.memfd_create(name) for name in ("jinyun-there", "jinyun-back"))
        return cls(own, there, back), (other.detach(), os.dup(back), os.dup(there))

    @classmethod
    def inherited(cls, descriptors: tuple[int, int, int]) -> Passage:
        """Return the end that a starter's :meth:`pair` meant for this process."""
        link, out, into = descriptors
        return cls(socket.socket(fileno=link), out, into)

    def put(self, value: Any) -> None:
        """Hand a value over; raises :class:`PassageClosed`."""
        buffers: list[pickle.PickleBuffer] = []
        head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
        pieces = [memoryview(head), *(buffer.raw() for buffer in buffers)]
        sizes = struct.pack(f"<{len(pieces)}Q", *(len(piece) for piece in pieces))
        at, places = _aligned(_COUNT.size + len(sizes)), []
        for piece in pieces:
            places.append(at)
            at = _aligned(at + len(piece))
        memory = self._out.view(at)
        memory[: _COUNT.size] = _COUNT.pack(len(pieces))
        memory[_COUNT.size : _COUNT.size + len(sizes)] = sizes
        for place, piece in zip(places, pieces, strict=True):
            memory[place : place + len(piece)] = piece
        try:
            self.link.send(_COUNT.pack(at))
        except OSError as error:
            raise PassageClosed(str(error)) from error

    def get(self, wait_s: float | None = None) -> Any:
        """Return the value that the other end has put, None where none comes within ``wait_s`` (None: for ever).

        Raises :class:`PassageClosed` when the other process has ended.
        """
        self.link.settimeout(wait_s)
        try:
            word = self.link.recv(_COUNT.size)
        except (TimeoutError, BlockingIOError):
            return None
        except OSError as error:
            raise PassageClosed(str(error)) from error
        if len(word) < _COUNT.size:
            raise PassageClosed("the other process has ended")
        memory = self._into.view(_COUNT.unpack(word)[0])
        count = _COUNT.unpack(memory[: _COUNT.size])[0]
        sizes = struct.unpack(f"<{count}Q", memory[_COUNT.size : _COUNT.size * (1 + count)])
        at, pieces = _aligned(_COUNT.size * (1 + count)), []
        for size in sizes:
            pieces.append(bytearray(memoryview(memory)[at : at + size]))
            at = _aligned(at + size)
        return pickle.loads(pieces[0], buffers=pieces[1:])

    def close(self) -> None:
        """Let go of everything; the other end finds its passage closed."""
        self.link.close()
        self._out.close()
        self._into.close()


def _aligned(at: int) -> int:
    return -(-at // ALIGNED) * ALIGNED
