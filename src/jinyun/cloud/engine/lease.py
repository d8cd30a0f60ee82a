"""Leases (租约): who owns a partition. The broker decides, by one pinned consumer of JetStream for each partition.

A consumer with the policy ``pinned_client`` serves one client until that client stops asking for ``TTL_S``. Being served is
the lease: whoever is, owns the partition until ``TTL_S`` after it asked last, by its own monotonic clock; so a worker that
stood still knows that it may have lost it before it says anything. No membership, election or assignment is written here.

A clustered broker whose node led the log dies answers nobody for some seconds, while what is published goes on. An owner that
asks in time and is told that nobody answers keeps its partition for ``GRACE_S``: nobody else can have got it meanwhile, and if
somebody did, that one's fence is newer and ours is not believed (:mod:`.spread`).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError

from jinyun.cloud.engine import wire
from jinyun.cloud.engine.line import Heard, Line

TTL_S = 0.7
"""The broker gives the lease to another when its owner has not asked for so long."""
ASK_S = 0.2
"""An owner, and who waits, asks this often."""
GRACE_S = 15.0
"""An owner goes on so long while the log has no leader; an election takes some seconds."""
_NOBODY, _ANOTHER, _NOTHING = "503", "423", "408"
"""What is said when no leader hears the asking, when its pin is not the one that is served, and when there was no tick."""
_BATCH = 16
_GROUP = "owner"


def stream_of(zone: str) -> str:
    return f"JINYUN_LEASE_{zone.replace('-', '_').upper()}"


def replicas(link: Client) -> int:
    """Return on how many nodes of its broker this client's logs are kept: three of a cluster, else the one that there is."""
    return 3 if link._server_info.get("cluster") else 1


async def found(link: Client, zone: str, parts: int) -> None:
    """Make the log's ticks and the consumers that are the leases, unless they are there. Raises ``NatsError``."""
    stream = stream_of(zone)
    await _api(
        link,
        f"STREAM.CREATE.{stream}",
        {
            "name": stream, "subjects": [wire.turn_subject(zone)], "storage": "memory", "retention": "limits",
            "discard": "old", "max_msgs_per_subject": 4, "max_age": 5_000_000_000,
            "num_replicas": replicas(link),
        },
    )  # fmt: skip
    for part in range(parts):
        await _api(
            link,
            f"CONSUMER.CREATE.{stream}.P{part}.{wire.turn_subject(zone, part)}",
            {
                "stream_name": stream,
                "config": {
                    "name": f"P{part}", "durable_name": f"P{part}", "filter_subject": wire.turn_subject(zone, part),
                    "ack_policy": "none", "deliver_policy": "new", "mem_storage": True, "max_waiting": 128,
                    "priority_policy": "pinned_client", "priority_groups": [_GROUP],
                    "priority_timeout": int(TTL_S * 1e9),
                },
            },
        )  # fmt: skip


async def _api(link: Client, what: str, body: dict[str, Any]) -> None:
    answer = json.loads((await link.request(f"$JS.API.{what}", json.dumps(body).encode(), timeout=3)).data)
    if "error" in answer:
        raise NatsError(f"{what}: {answer['error'].get('description')}")


class Lease:
    """One partition's lease as one worker holds or wants it."""

    def __init__(self, line: Line, zone: str, part: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.part = part
        self._line, self._clock = line, clock
        self._next = f"$JS.API.CONSUMER.MSG.NEXT.{stream_of(zone)}.P{part}"
        self._unpin = f"$JS.API.CONSUMER.UNPIN.{stream_of(zone)}.P{part}"
        self._inbox = f"_INBOX.{secrets.token_hex(11)}"
        self._pin: str | None = None
        self._asked_s = self._before_s = 0.0
        self._until_s = 0.0
        self._unled_s = float("-inf")  # when nobody answered an asking last
        line.listen(self._inbox, self._hear)

    @property
    def held(self) -> bool:
        """Whether this worker owns the partition now."""
        now = self._clock()
        if self._pin is None:
            return False
        return now < self._until_s or (self.unled and now < self._until_s + GRACE_S)

    @property
    def unled(self) -> bool:
        """Whether we asked in time and the log had nobody to answer."""
        now = self._clock()
        return now - self._unled_s < TTL_S and now - self._asked_s < TTL_S

    def keep(self, wanted: bool) -> None:
        """Ask for the lease where it is ``wanted``, held or not; give it back where it no longer is. Each ``ASK_S``."""
        if wanted:
            self._ask()
        elif self._pin is not None:
            self.give_back()

    def _ask(self) -> None:
        body: dict[str, Any] = {"batch": _BATCH, "expires": int(TTL_S * 1e9), "group": _GROUP}
        if self._pin:
            body["id"] = self._pin
        self._before_s, self._asked_s = self._asked_s, self._clock()
        self._line.say(self._next, json.dumps(body).encode(), self._inbox)

    def _hear(self, message: Heard) -> None:
        status = message.status()
        if status == _NOBODY:
            self._unled_s = self._clock()
        elif status == _ANOTHER and self._pin:
            # A new leader does not know the old one's pins: who was the owner asks it once more, and has so long to be served.
            renewed = self._clock() - self._unled_s < GRACE_S
            self._pin = "" if renewed else None
            if renewed:
                self._until_s = self._clock() + TTL_S
                self._ask()
        pin = message.header("Nats-Pin-Id") or (self._pin if status == _NOTHING else None)
        if pin:
            self._pin = pin
            # Counted from the last asking but one: the last may still be on its way, and the broker counts from its receipt.
            self._until_s = self._before_s + TTL_S

    def give_back(self) -> None:
        """Let another have it at once."""
        if self.held:
            self._line.say(self._unpin, json.dumps({"group": _GROUP}).encode())
        self._pin = None
