"""Handing messages to the broker when they are due: one connection for each roadside unit, one for all cars.

There is no thread: whoever computes lets the sender ``breathe`` between two pieces of work, so that a message leaves
within a few milliseconds of its instant, whatever else is going on. (A thread waits for the interpreter's lock at each
system call; hundreds of those a tick made messages late by a quarter of a second.)
"""

from __future__ import annotations

import heapq
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from numpy.typing import ArrayLike

from jinyun.net.csae import batch
from jinyun.net.mqtt import Publisher

TOGETHER_S = 0.003
"""Messages due so soon after one that is due leave with it."""
LATEST_S = 2.0
"""A message that could not leave within this time is dropped: nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and how it is spoken to."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


class Message(NamedTuple):
    """One message and the monotonic instant at which it leaves."""

    due_s: float
    sender: str
    kind: str
    topic: str
    payload: bytes


def encoded(frame: str, columns: Mapping[str, Mapping[str, ArrayLike]]) -> list[bytes]:
    """Return the messages of columns; raises ``ValueError`` with the column whose number no message can carry."""
    made = batch.encode(frame, columns)
    if (made.verdict == batch.OK).all():
        return made.frames()
    bad = int((made.verdict != batch.OK).argmax())
    raise ValueError(f"{frame}: {made.misfit(bad)} of message {bad} does not fit")


class Sender:
    """Sends messages when they are due; ``sent`` counts, by kind, those that a connected socket took."""

    def __init__(self, broker: Broker, zone: str, senders: Iterable[str]) -> None:
        self.sent: Counter[str] = Counter({kind: 0 for kind in ("bsm", "rsm", "spat", "map")})
        self._publishers = {
            name: Publisher(broker.host, broker.port, f"street-{zone}-{name}", tls=broker.tls) for name in senders
        }
        self._waiting: list[tuple[float, int, Message]] = []
        self._number = 0

    def put(self, message: Message) -> None:
        """Take a message to be sent when it is due, and send what is due by now."""
        self._number += 1
        heapq.heappush(self._waiting, (message.due_s, self._number, message))
        self.breathe()

    def breathe(self) -> None:
        """Send what is due by now."""
        if not self._waiting or self._waiting[0][0] > time.monotonic():
            return
        now = time.monotonic()
        kinds: dict[str, Counter[str]] = {}
        while self._waiting and self._waiting[0][0] <= now + TOGETHER_S:
            message = heapq.heappop(self._waiting)[2]
            if message.due_s > now - LATEST_S:
                self._publishers[message.sender].publish(message.topic, message.payload)
                kinds.setdefault(message.sender, Counter())[message.kind] += 1
        for sender, count in kinds.items():
            if self._publishers[sender].flush():
                self.sent.update(count)

    def wait(self, until_s: float, stop: threading.Event) -> None:
        """Send what falls due until the monotonic instant ``until_s``, or until ``stop`` is set."""
        while not stop.is_set():
            self.breathe()
            now = time.monotonic()
            following = min(until_s, self._waiting[0][0]) if self._waiting else until_s
            if now >= until_s:
                return
            stop.wait(max(following - now, 0.0005))

    def close(self) -> None:
        """Send what is due, forget the rest, and close the connections."""
        self.breathe()
        self._waiting.clear()
        for publisher in self._publishers.values():
            publisher.close()
