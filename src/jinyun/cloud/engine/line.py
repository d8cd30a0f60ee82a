"""A worker's line to the broker (工作节点的连接): what is seen in, what is believed out, and the leases.

Messages are read where they lie and handed over at once, without a task or a queue for each; what is said in one turn of the
loop goes out as one. A line that is lost, or answers nothing for two seconds, is made anew, at the next node of a clustered
broker; what is said meanwhile is said to nobody. What is kept and asked for stays with ``nats-py``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable
from functools import partial
from itertools import cycle
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from jinyun.net.broker import INTERNAL_USER, MAX_PAYLOAD, TOKEN

ROOM = 8 * MAX_PAYLOAD
"""Bytes read at once at most."""
PING_S, UNANSWERED = 1.0, 2
CONNECT_S, RETRY_S = 2.0, 0.1
HERE, PORT = "127.0.0.1", 4222
"""Where a URL does not say."""


class Heard(NamedTuple):
    """One message: its subject, its bytes, and its headers as they came (empty where it had none)."""

    subject: str
    payload: bytes
    headers: bytes

    def status(self) -> str:
        """Return the number by which the broker says how an asking went, empty where it does not."""
        words = self.headers[: self.headers.find(b"\r\n")].split(None, 2) if self.headers else []
        return words[1].decode("ascii", "replace") if len(words) > 1 else ""

    def header(self, name: str) -> str:
        """Return a header's value, empty where there is none."""
        for line in self.headers.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name.lower().encode():
                return value.strip().decode("ascii", "replace")
        return ""


Hear = Callable[[Heard], None]


class Line:
    """The line of one worker; ``url`` names the broker, the nodes of a clustered one with commas between them."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self._places = [urlsplit(one if "://" in one else f"nats://{one}") for one in url.split(",")]
        self._listening: dict[int, tuple[str, Hear]] = {}
        self._number = 0
        self._said: list[bytes] = []
        self._wire: _Wire | None = None

    def listen(self, subject: str, hear: Hear) -> int:
        """Have ``hear`` called with what comes on a subject, on every line to come as well; return the number to end it by."""
        self._number += 1
        self._listening[self._number] = (subject, hear)
        self._put(f"SUB {subject} {self._number}\r\n".encode())
        return self._number

    def end(self, number: int) -> None:
        """Listen no more."""
        if self._listening.pop(number, None) is not None:
            self._put(f"UNSUB {number}\r\n".encode())

    def say(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Publish one message; silently nothing while there is no line."""
        self._put(f"PUB {subject} {reply}{' ' * bool(reply)}{len(payload)}\r\n".encode(), payload, b"\r\n")

    def _put(self, *pieces: bytes) -> None:
        if self._wire is None:
            return
        if not self._said:
            asyncio.get_running_loop().call_soon(self._send)
        self._said += pieces

    def _send(self) -> None:
        said, self._said = self._said, []
        if self._wire is not None and said:
            self._wire.write(said)

    def take(self, number: int, message: Heard) -> None:
        """Hand over what came for a subscription."""
        listening = self._listening.get(number)
        if listening is not None:
            listening[1](message)

    def opened(self, wire: _Wire, user: str | None, password: str | None) -> None:
        """Say who we are and what we listen to."""
        hello: dict[str, Any] = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True}
        hello |= {"name": self.name, "lang": "jinyun", "version": "1", "protocol": 1}
        token = os.environ.get(TOKEN)
        if token:
            hello |= {"user": INTERNAL_USER, "pass": token}
        elif user:
            hello |= {"user": user, "pass": password or ""}
        lines = [f"CONNECT {json.dumps(hello)}"]
        lines += [f"SUB {subject} {number}" for number, (subject, _) in self._listening.items()]
        wire.write([("\r\n".join([*lines, "PING"]) + "\r\n").encode()])
        self._wire, self._said = wire, []

    async def keep(self) -> None:
        """Hold the line until cancelled."""
        loop = asyncio.get_running_loop()
        wire: _Wire | None = None
        try:
            for place in cycle(self._places):
                wire = _Wire(self, place.username, place.password)
                with contextlib.suppress(OSError, TimeoutError):
                    async with asyncio.timeout(CONNECT_S):
                        await loop.create_connection(partial(_same, wire), place.hostname or HERE, place.port or PORT)
                    await wire.until_lost()
                self._wire = None
                await asyncio.sleep(RETRY_S)
        finally:
            if wire is not None:
                self._send()
                wire.close()


def _same(wire: _Wire) -> _Wire:
    return wire


class _Wire(asyncio.BufferedProtocol):
    """One connection: what comes is read into one buffer and taken from where it lies."""

    def __init__(self, line: Line, user: str | None, password: str | None) -> None:
        self._line, self._user, self._password = line, user, password
        self._room = bytearray(ROOM)
        self._begin = self._end = 0  # what has come and is not taken yet
        self._transport: asyncio.Transport | None = None
        self._lost = asyncio.Event()
        self._pings = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._lost.set()

    def write(self, pieces: list[bytes]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.writelines(pieces)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    async def until_lost(self) -> None:
        """Ask now and then whether anybody is there; return when nobody is."""
        while not self._lost.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), PING_S)
            if self._pings >= UNANSWERED:
                if self._transport is not None:
                    self._transport.abort()
                return
            self._pings += 1
            self.write([b"PING\r\n"])

    def get_buffer(self, sizehint: int) -> memoryview:
        if self._begin == self._end:
            self._begin = self._end = 0
        elif self._begin and ROOM - self._end < ROOM // 2:
            left = self._room[self._begin : self._end]
            self._room[: len(left)] = left
            self._begin, self._end = 0, len(left)
        return memoryview(self._room)[self._end :]

    def buffer_updated(self, count: int) -> None:
        self._end += count
        room, at, end = self._room, self._begin, self._end
        while (line_end := room.find(b"\r\n", at, end)) >= 0:
            word = bytes(room[at : at + 4])
            content = line_end + 2
            if word in (b"MSG ", b"HMSG"):
                words = room[at:line_end].split()
                size = int(words[-1])
                if size > ROOM // 4:
                    self._give_up()
                    return
                if content + size + 2 > end:
                    break
                headers = int(words[-2]) if word == b"HMSG" else 0
                whole = content + size
                message = Heard(
                    words[1].decode("utf-8", "replace"),
                    bytes(memoryview(room)[content + headers : whole]),
                    bytes(room[content : content + headers]),
                )
                self._begin = at = whole + 2
                self._line.take(int(words[2]), message)
                continue
            if word == b"PING":
                self.write([b"PONG\r\n"])
            elif word == b"PONG":
                self._pings = 0
            elif word == b"INFO" and self._line._wire is not self:
                self._line.opened(self, self._user, self._password)
            elif word == b"-ERR":
                self._give_up()
                return
            self._begin = at = content
        if at == self._begin and end - at >= ROOM // 2:
            self._give_up()  # no line, and no message, is that long

    def _give_up(self) -> None:
        """End a line on which something is said that is not the protocol, or that we are refused."""
        if self._transport is not None:
            self._transport.abort()
