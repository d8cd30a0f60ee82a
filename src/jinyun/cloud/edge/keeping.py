"""What an edge keeps for its centre (边缘留存): a log of all that its devices said, on its disk, of bounded size and age."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

from jinyun.net import topics
from jinyun.net.client import link_to

STREAM = "JINYUN_EDGE"
MOST_BYTES = 768 << 20
"""Bytes kept at most, the oldest go first: below what the broker's logs may have together."""
LONGEST_S = 86_400.0
SAY_S = 1.0


def hello_subject(zone: str, edge: str = "*") -> str:
    """Return where an edge says once a second that it is there and what it keeps (JSON: ``edge``, ``first``, ``last``)."""
    return f"jinyun.{zone}.edge.{edge}"


async def keep(zone: str, edge: str, url: str, stop: asyncio.Event) -> None:
    """Let the edge's broker at ``url`` keep what devices say, and tell the centre so, until ``stop``."""
    link = await link_to(url, f"jinyun-edge-{edge}")
    try:
        while not stop.is_set():
            with contextlib.suppress(NatsError, TimeoutError):
                await _say(link, zone, edge)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), SAY_S)
    finally:
        await link.close()


async def _say(link: Client, zone: str, edge: str) -> None:
    js = link.jetstream(timeout=3)
    try:
        state = (await js.stream_info(STREAM)).state
    except NotFoundError:
        config = StreamConfig(
            name=STREAM, subjects=topics.up_subjects(zone), storage=StorageType.FILE, retention=RetentionPolicy.LIMITS,
            max_bytes=MOST_BYTES, max_age=LONGEST_S,
        )  # fmt: skip
        state = (await js.add_stream(config)).state
    told = {"edge": edge, "first": state.first_seq, "last": state.last_seq, "t_us": time.time_ns() // 1000}
    await link.publish(hello_subject(zone, edge), json.dumps(told).encode())
