"""The other end of GB/T 32960.3: a vehicle or an enterprise platform that connects, logs in and reports.

For the simulated street, for tests, and as an example of a sender. One command at a time: it is sent again where no answer
comes, as the standard wants it, and given up after the third time.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from typing import Any

from jinyun.net.gbt32960.body import Item
from jinyun.net.gbt32960.packet import COMMAND, GbtError, Packet, beijing_time, decode, encode
from jinyun.net.gbt32960.stream import StreamReader

ANSWER_S = 1.0
TRIES = 3
WAITING = 100
"""Commands from the platform that are kept for whoever asks."""


class Silence(TimeoutError):
    """No answer came, however often the command was sent."""


class Client:
    """One connection, made by :func:`connect`; every deed returns the answer, whose ``response`` is 1 where it was taken.

    ``vin`` is the vehicle's or the platform's own identification; a platform names the vehicle with ``vin=`` in each deed.
    Raises :class:`Silence` where no answer comes, ``ConnectionError`` where the connection is gone. ``resent`` counts what
    was sent again; ``orders`` holds commands that came from the other side.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, vin: str, edition: int, answer_s: float, tries: int,
        now_us: Callable[[], int],
    ) -> None:  # fmt: skip
        self.vin, self.edition, self.answer_s, self.tries = vin, edition, answer_s, tries
        self.now_us = now_us
        self.resent = 0
        self.orders: asyncio.Queue[Packet] = asyncio.Queue(WAITING)
        self._writer = writer
        self._serials: dict[str, int] = {}
        self._one = asyncio.Lock()
        self._awaited: tuple[Callable[[Packet], bool], asyncio.Future[Packet]] | None = None
        self._listening = asyncio.create_task(self._listen(reader))

    # -- deeds ------------------------------------------------------------------------------------------------------------

    async def login(self, iccid: str = "", codes: tuple[str, ...] = (), vin: str = "") -> Packet:
        """Log a vehicle in; ``codes`` are those of its packs."""
        data: dict[str, Any] = {"serial": self._serial(vin or self.vin), "iccid": iccid, "codes": codes}
        if self.edition == 2016:
            data["code_length"] = max(map(len, codes), default=0)
        else:
            data["packs_per_system"] = (len(codes),) if codes else ()
        return await self.send(1, data, vin)

    async def logout(self, vin: str = "") -> Packet:
        return await self.send(4, {"serial": self._serials.get(vin or self.vin, 0)}, vin)

    async def report(self, items: list[Item], event_us: int | None = None, vin: str = "") -> Packet:
        """Send items of now, or of ``event_us``."""
        return await self.send(2, {"items": items}, vin, event_us)

    async def reissue(self, items: list[Item], event_us: int, vin: str = "") -> Packet:
        """Send items of ``event_us`` that could not be sent then."""
        return await self.send(3, {"items": items}, vin, event_us)

    async def heartbeat(self) -> Packet:
        return await self.send(7)

    async def time_sync(self) -> int | None:
        """Return the platform's time (us UTC, whole seconds), None where it does not tell."""
        return (await self.send(8)).event_us

    async def platform_login(self, user: str, password: str) -> Packet:
        data = {"serial": self._serial(""), "user": user, "password": password, "rule": 1}
        return await self.send(5, data)

    async def platform_logout(self) -> Packet:
        return await self.send(6, {"serial": self._serials.get("", 0)})

    async def activate(self, chip: str, public_key: bytes, signature: bytes) -> Packet:
        """Send an activation (2025); the answer is an activation response with ``result`` and ``info``, or a refusal."""
        return await self.send(9, {"chip": chip, "public_key": public_key, "vin": self.vin, "signature": signature})

    async def send(
        self, command: int, data: dict[str, Any] | None = None, vin: str = "", event_us: int | None = None
    ) -> Packet:
        """Send a command and return its answer."""
        untimed = command in (7, 8)
        stamp = None if untimed else beijing_time(self.now_us() if event_us is None else event_us)
        packet = Packet(self.edition, command, COMMAND, (vin or self.vin).ljust(17, "\0"), time=stamp, data=data or {})
        return await self.exchange(encode(packet), lambda answer: _answers(answer, packet))

    async def exchange(self, frame: bytes, is_answer: Callable[[Packet], bool]) -> Packet:
        """Send ``frame`` until a packet comes for which ``is_answer`` is true, at most ``tries`` times."""
        async with self._one:
            if self._listening.done():
                raise ConnectionResetError("the connection is closed")
            answer: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()
            self._awaited = is_answer, answer
            try:
                for attempt in range(self.tries):
                    self.resent += attempt > 0
                    self._writer.write(frame)
                    await self._writer.drain()
                    done, _ = await asyncio.wait((answer,), timeout=self.answer_s)
                    if done:
                        return answer.result()
                raise Silence(f"no answer to command 0x{frame[2]:02X} after {self.tries} times {self.answer_s:g} s")
            finally:
                self._awaited = None

    async def close(self) -> None:
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listening
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    # -- what comes -------------------------------------------------------------------------------------------------------

    def _serial(self, vin: str) -> int:
        """Return the next serial number of a login: 1 to 65531, then anew."""
        self._serials[vin] = serial = self._serials.get(vin, 0) % 65_531 + 1
        return serial

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        stream = StreamReader()
        error: Exception = ConnectionResetError("the other side closed the connection")
        try:
            while data := await reader.read(16_384):
                for frame in stream.feed(data):
                    with contextlib.suppress(GbtError):
                        self._heard(decode(frame))
        except (OSError, GbtError) as cause:
            error = ConnectionResetError(str(cause))
        if self._awaited is not None and not self._awaited[1].done():
            self._awaited[1].set_exception(error)

    def _heard(self, packet: Packet) -> None:
        if self._awaited is not None and self._awaited[0](packet):
            if not self._awaited[1].done():
                self._awaited[1].set_result(packet)
        elif packet.response == COMMAND and not self.orders.full():
            self.orders.put_nowait(packet)


def _answers(answer: Packet, packet: Packet) -> bool:
    """Return whether ``answer`` is to ``packet``: the same command, vehicle and time; an activation's has its own command."""
    if answer.vin != packet.vin:
        return False
    if packet.command == 9 and answer.command == 0x0A:
        return True
    same = answer.command == packet.command and answer.response != COMMAND
    return same and (packet.time is None or answer.time is None or answer.time == packet.time)


async def connect(
    host: str,
    port: int,
    vin: str,
    *,
    edition: int = 2016,
    answer_s: float = ANSWER_S,
    tries: int = TRIES,
    tls: ssl.SSLContext | None = None,
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
) -> Client:
    """Return a connected client; raises ``OSError``."""
    reader, writer = await asyncio.open_connection(host, port, ssl=tls)
    return Client(reader, writer, vin, edition, answer_s, tries, now_us)
