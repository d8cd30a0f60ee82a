"""Bulk ingest: read the broker in blocks, many messages a system call (:mod:`jinyun.net.block`).

Control traffic stays with ``nats-py``.
"""

from __future__ import annotations

import asyncio
import json
import os
import time

import numpy as np

from jinyun.net import block
from jinyun.net.block import Arrival, Block
from jinyun.net.broker import INTERNAL_USER, MAX_PAYLOAD, TOKEN

__all__ = ["Arrival", "Block", "BlockReader", "IngestError", "open_reader"]

MAX_WAITING = 200_000
"""Messages kept for the next window at most; beyond it the oldest block goes, and is counted in ``shed``."""
AT_ONCE = 16_384
"""Messages taken from the buffer by one scan."""


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
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._waiting: list[Block] = []
        self._count = 0
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
        data = self._rest + data if self._rest else data
        ended = block.FULL
        while ended == block.FULL:
            places, count, at, pings, pongs, ended = block.scan(np.frombuffer(data, np.uint8), AT_ONCE, 4 * MAX_PAYLOAD)
            if count:
                at_us = np.full(count, now_us, np.int64)
                found = places[:, :count]
                self._waiting.append(Block(data[:at], found[0], found[1], found[2], found[3], at_us))
                self._count += count
            self._answer(pings, pongs)
            data = data[at:]
        self._rest = data
        if ended != block.DONE:
            self.error = _complaint(ended, data)
            self.close()
        while self._count > MAX_WAITING:
            gone = len(self._waiting.pop(0))
            self._count -= gone
            self.shed += gone

    def _answer(self, pings: int, pongs: int) -> None:
        if pings and self._transport is not None:
            self._transport.write(b"PONG\r\n" * pings)
        if pongs and not self._ready.done():
            self._ready.set_result(None)

    def take(self) -> Block | None:
        """Return what arrived since the last call, None where nothing did."""
        taken, self._waiting, self._count = self._waiting, [], 0
        return Block.join(taken) if taken else None

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


def _complaint(ended: int, data: bytes) -> str:
    line = data[:80].split(b"\r\n")[0].decode("utf-8", "replace")
    if ended == block.ERROR_LINE:
        return line[4:].strip().strip("'")
    if ended == block.BAD_LINE:
        return f"a line of over {block.LONGEST_LINE} bytes: {line[:40]!r}"
    return f"not a message line: {line!r}"


async def open_reader(
    host: str, port: int, subjects: list[str], name: str, timeout_s: float = 5.0, token: str | None = None
) -> BlockReader:
    """Return a connected reader; raises ``OSError`` or :class:`IngestError`.

    ``token`` is the parts' secret of a guarded zone; without it the one in the environment counts.
    """
    token = token or os.environ.get(TOKEN)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        _, reader = await loop.create_connection(lambda: BlockReader(subjects, name, token), host, port)
        await reader.ready()
    return reader
