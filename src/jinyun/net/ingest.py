"""Bulk ingest: read the broker in blocks, many messages a system call, without an object's ceremony per message.

The NATS client protocol is lines and lengths: ``MSG subject sid [reply] size CRLF payload CRLF``, ``PING CRLF``,
``+OK``, ``-ERR text``, ``INFO json``. General clients spend 10-20 microseconds a message on callbacks and tasks; here a
block from the socket becomes one list. Control traffic stays with ``nats-py``.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import NamedTuple

from jinyun.net.broker import INTERNAL_USER, MAX_PAYLOAD, TOKEN

MAX_WAITING = 200_000
"""Messages kept for the next window at most; beyond it the oldest block goes, and is counted in ``shed``."""


class Arrival(NamedTuple):
    """One message as it came: when (int64 us UTC, one stamp per block), on which subject, its bytes."""

    receive_us: int
    subject: str
    payload: bytes


class IngestError(ConnectionError):
    """The broker said something that is not its protocol, or refused us."""


class BlockReader(asyncio.Protocol):
    """Subscribes to ``subjects`` and gathers what arrives; :meth:`take` hands it over.

    ``publish`` writes on the same connection. After a lost connection :attr:`closed` is set; make a new reader then.
    """

    def __init__(self, subjects: list[str], name: str, token: str | None = None) -> None:
        self.subjects, self.name, self._token = subjects, name, token
        self.closed = asyncio.Event()
        self.error = ""
        self.shed = 0
        self.bytes_in = 0
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._waiting: list[Arrival] = []
        self._subject_names: dict[bytes, str] = {}
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        hello: dict[str, object] = {"verbose": False, "pedantic": False, "headers": False, "name": self.name}
        hello |= {"lang": "jinyun", "version": "1"}
        if self._token:
            hello |= {"user": INTERNAL_USER, "pass": self._token}
        lines = [f"CONNECT {json.dumps(hello)}"]
        lines += [f"SUB {subject} {sid}" for sid, subject in enumerate(self.subjects, 1)]
        transport.write(("\r\n".join([*lines, "PING"]) + "\r\n").encode())

    def connection_lost(self, error: Exception | None) -> None:
        self.error = self.error or (str(error) if error else "the broker closed the connection")
        self.closed.set()
        if not self._ready.done():
            self._ready.set_exception(IngestError(self.error))
            self._ready.exception()  # seen here: whoever waits gets it, nobody else is told at exit

    def data_received(self, data: bytes) -> None:
        now_us = time.time_ns() // 1000
        self.bytes_in += len(data)
        if self._rest:
            data = self._rest + data
        try:
            at = self._parse(data, now_us)
        except IngestError as error:
            self.error = str(error)
            self.close()
            return
        self._rest = data[at:]
        if len(self._waiting) > MAX_WAITING:
            over = len(self._waiting) - MAX_WAITING
            del self._waiting[:over]
            self.shed += over

    def _parse(self, data: bytes, now_us: int) -> int:
        """Take the whole messages of ``data``; return where the first unfinished one begins."""
        at, end = 0, len(data)
        names, waiting = self._subject_names, self._waiting
        while True:
            line_end = data.find(b"\r\n", at)
            if line_end < 0:
                if end - at > 4096:
                    raise IngestError(f"a line of over 4096 bytes: {data[at : at + 40]!r}")
                return at
            if data.startswith(b"MSG ", at):
                words = data[at + 4 : line_end].split(b" ")
                try:
                    size = int(words[-1])
                except ValueError:
                    raise IngestError(f"not a message line: {data[at:line_end]!r}") from None
                payload_end = line_end + 2 + size
                if size > MAX_PAYLOAD * 4:
                    raise IngestError(f"a message of {size} bytes")
                if payload_end + 2 > end:
                    return at
                subject = names.get(words[0])
                if subject is None:
                    if len(names) > 100_000:
                        names.clear()
                    subject = names[words[0]] = words[0].decode("utf-8", "replace")
                waiting.append(Arrival(now_us, subject, data[line_end + 2 : payload_end]))
                at = payload_end + 2
                continue
            line = data[at:line_end]
            at = line_end + 2
            if line == b"PING":
                assert self._transport is not None
                self._transport.write(b"PONG\r\n")
            elif line == b"PONG":
                if not self._ready.done():
                    self._ready.set_result(None)
            elif line.startswith(b"-ERR"):
                raise IngestError(line[4:].decode("utf-8", "replace").strip().strip("'"))

    def take(self) -> list[Arrival]:
        """Return what arrived since the last call."""
        taken, self._waiting = self._waiting, []
        return taken

    def publish(self, subject: str, payload: bytes) -> None:
        """Publish one message; silently nothing after the connection is lost."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.writelines([f"PUB {subject} {len(payload)}\r\n".encode(), payload, b"\r\n"])

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def ready(self) -> None:
        """Wait until the broker has taken the subscriptions."""
        await self._ready


async def open_reader(host: str, port: int, subjects: list[str], name: str, timeout_s: float = 5.0) -> BlockReader:
    """Return a connected reader; raises ``OSError`` or :class:`IngestError`."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        _, reader = await loop.create_connection(lambda: BlockReader(subjects, name, os.environ.get(TOKEN)), host, port)
        await reader.ready()
    return reader
