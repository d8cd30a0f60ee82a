"""NTRIP (网络差分数据): a client that reads corrections from a caster and comes back when the link breaks.

Both versions are understood: 1.0 answers ``ICY 200 OK`` and streams, 2.0 is HTTP/1.1, streamed or in chunks. An answer other
than these ends the try with the caster's own words. Time between two tries doubles up to a minute.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from jinyun.net.rtcm import Frame, Splitter

AGENT = "NTRIP Jinyun"
MOST_HEAD, MOST_TABLE, MOST_CHUNK = 16_384, 2_000_000, 1_000_000
READ = 4_096
FIRST_S, LONGEST_S = 1.0, 60.0
SILENT_S = 30.0
"""A caster that says nothing for so long is left."""


class NtripError(Exception):
    """The caster refuses, or is none."""


class Station(NamedTuple):
    """One line of a caster's list of stations (STR): its mountpoint, what it is called, sends, and where it stands."""

    mountpoint: str
    identifier: str
    format: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Caster:
    """Where corrections come from; user and word only where the caster wants them."""

    host: str
    port: int = 2101
    mountpoint: str = ""
    user: str = ""
    word: str = ""


def asking(caster: Caster, mountpoint: str) -> bytes:
    """Return the request for a mountpoint, "" for the list of stations."""
    lines = [
        f"GET /{mountpoint} HTTP/1.1", f"Host: {caster.host}:{caster.port}", "Ntrip-Version: Ntrip/2.0",
        f"User-Agent: {AGENT}", "Connection: close",
    ]  # fmt: skip
    if caster.user:
        lines.append("Authorization: Basic " + base64.b64encode(f"{caster.user}:{caster.word}".encode()).decode())
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def stations_of(text: str) -> list[Station]:
    """Return the stations of a source table; lines that are none are left out."""
    found = []
    for line in text.splitlines():
        parts = line.split(";")
        if parts[0] == "STR" and len(parts) >= 11:
            try:
                found.append(Station(parts[1], parts[2], parts[3], float(parts[9]), float(parts[10])))
            except ValueError:
                continue
    return found


async def stations(caster: Caster, within_s: float = 10.0) -> list[Station]:
    """Return the caster's stations; raises :class:`NtripError`, ``OSError``, ``TimeoutError``."""
    async with asyncio.timeout(within_s):
        reader, writer = await asyncio.open_connection(caster.host, caster.port, limit=MOST_HEAD)
        try:
            writer.write(asking(caster, ""))
            await writer.drain()
            first, chunked = await _head(reader)
            if not first.startswith(("SOURCETABLE 200", "HTTP/1.1 200", "HTTP/1.0 200")):
                raise NtripError(first)
            text = b""
            async for piece in _body(reader, chunked, within_s):
                text += piece
                if len(text) > MOST_TABLE:
                    raise NtripError(f"the list of stations is longer than {MOST_TABLE} octets")
            return stations_of(text.decode("utf-8", "replace"))
        finally:
            writer.close()


class Client:
    """Reads one mountpoint for as long as it runs, and tells how that goes."""

    def __init__(
        self, caster: Caster, take: Callable[[list[Frame]], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, silent_s: float = SILENT_S,
    ) -> None:  # fmt: skip
        """``take`` gets frames as they come; ``sleep`` waits between two tries."""
        self.caster, self._take, self._sleep, self._silent_s = caster, take, sleep, silent_s
        self.frames = self.skipped = self.tries = 0
        self.trouble = ""
        """Why the last try ended."""

    async def run(self) -> None:
        """Read until cancelled."""
        wait = FIRST_S
        while True:
            self.tries += 1
            before = self.frames
            try:
                await self._read()
                self.trouble = "the caster closed the stream"
            except (OSError, NtripError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
                self.trouble = str(error) or type(error).__name__
            wait = FIRST_S if self.frames > before else min(wait * 2, LONGEST_S)
            await self._sleep(wait)

    async def _read(self) -> None:
        splitter = Splitter()
        async with asyncio.timeout(self._silent_s):
            reader, writer = await asyncio.open_connection(self.caster.host, self.caster.port, limit=MOST_HEAD)
        try:
            writer.write(asking(self.caster, self.caster.mountpoint))
            async with asyncio.timeout(self._silent_s):
                await writer.drain()
                first, chunked = await _head(reader, self.caster.mountpoint)
            if not first.startswith(("ICY 200", "HTTP/1.1 200", "HTTP/1.0 200")):
                raise NtripError(first)
            async for piece in _body(reader, chunked, self._silent_s):
                before = splitter.skipped
                frames = splitter.take(piece)
                self.skipped += splitter.skipped - before
                self.frames += len(frames)
                if frames:
                    self._take(frames)
        finally:
            writer.close()


async def _head(reader: asyncio.StreamReader, mountpoint: str = "") -> tuple[str, bool]:
    """Return the first line of an answer and whether what follows is in chunks; an ICY answer may have no more lines."""
    first = (await reader.readline()).decode("latin-1").strip()
    if first.startswith("ICY"):
        return first, False
    if not first.startswith(("HTTP/", "SOURCETABLE")):
        raise NtripError(first[:200] or "no answer")
    chunked, gone = False, len(first)
    while (line := (await reader.readline()).decode("latin-1").strip()) != "":
        gone += len(line)
        if gone > MOST_HEAD:
            raise NtripError("the answer's head does not end")
        name, _, value = line.partition(":")
        chunked |= name.lower() == "transfer-encoding" and "chunked" in value.lower()
        if mountpoint and name.lower() == "content-type" and "sourcetable" in value.lower():
            raise NtripError(f"the caster has no mountpoint {mountpoint}")
    if mountpoint and first.startswith("SOURCETABLE"):
        raise NtripError(f"the caster has no mountpoint {mountpoint}")
    return first, chunked


async def _body(reader: asyncio.StreamReader, chunked: bool, silent_s: float) -> AsyncIterator[bytes]:
    """Yield the octets of an answer until it ends; a stream that is silent too long raises ``TimeoutError``."""
    while True:
        async with asyncio.timeout(silent_s):
            if not chunked:
                piece = await reader.read(READ)
            else:
                line = (await reader.readline()).split(b";")[0].strip()
                try:
                    size = int(line, 16) if line else 0
                except ValueError:
                    raise NtripError(f"a chunk of length {line[:20]!r}") from None
                if not 0 <= size <= MOST_CHUNK:
                    raise NtripError(f"a chunk of {size} octets")
                piece = await reader.readexactly(size) if size else b""
                if size:
                    await reader.readexactly(2)
        if not piece:
            return
        yield piece
