"""Cuts a TCP stream into frames of GB/T 32960.3 and finds the next frame after garbage."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinyun.net.gbt32960.packet import COMMANDS, HEADER, MAX_DATA, GbtError, bcc

MAX_FRAME = HEADER + MAX_DATA + 1
PATIENCE = 64
"""So many beginnings in a row that turn out to be no frame, and the stream is given up."""
_BEGINNING = re.compile(rb"(?:##|\$\$)(?:[%b]|\Z)|[#$]\Z" % re.escape(bytes(COMMANDS)))
"""Two start marks and a command that the standard knows, or what the next bytes may yet make one."""


class StreamReader:
    """Takes bytes as they come and gives whole frames whose checksum is right.

    What lies between frames is skipped and counted in ``skipped`` (bytes); what began like a frame and was too large or
    had a wrong checksum, in ``refused``, the newest with its ``reason``.
    """

    def __init__(self, max_frame: int = MAX_FRAME) -> None:
        self.max_frame = max_frame
        self.skipped = self.refused = 0
        self.reason = ""
        self._rest = b""
        self._in_a_row = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the frames that ``data`` completes.

        Raises :class:`GbtError` after :data:`PATIENCE` refusals in a row: whoever sends that is not worth the search.
        """
        data = self._rest + data if self._rest else data
        at, end = 0, len(data)
        try:
            while True:
                found = _BEGINNING.search(data, at)
                begin = found.start() if found else end
                self.skipped += begin - at
                at = begin
                if end - at < HEADER:
                    return
                size = HEADER + int.from_bytes(data[at + 22 : at + 24], "big") + 1
                if size <= self.max_frame:
                    if at + size > end:
                        return
                    frame = data[at : at + size]
                    if bcc(frame[2:-1]) == frame[-1]:
                        self._in_a_row = 0
                        at += size
                        yield frame
                        continue
                    self._refuse("checksum: a frame whose checksum is wrong")
                else:
                    self._refuse(f"length: a frame of {size} bytes, at most {self.max_frame}")
                at += 1
                self.skipped += 1
        finally:
            self._rest = data[at:]

    def _refuse(self, reason: str) -> None:
        self.reason = reason
        self.refused += 1
        self._in_a_row += 1
        if self._in_a_row >= PATIENCE:
            raise GbtError("stream", f"{self._in_a_row} refused in a row, the last by {reason}")
