"""A part's link to the broker (部件与枢纽的连接) for what is not read in blocks: it lives as long as the part does."""

from __future__ import annotations

import os
from typing import Any

import nats
from nats.aio.client import Client

from jinyun.net.broker import INTERNAL_USER, TOKEN


async def link_to(url: str, name: str, wait_s: float = 0.2, ping_s: int = 2, **more: Any) -> Client:
    """Return a client of the broker at ``url`` (nodes of a clustered one with commas between them).

    A broker that goes is tried again for ever, every ``wait_s``, and silently: that it is away is told elsewhere. A guarded one
    is told the parts' token. Raises ``nats.errors.Error`` or ``OSError`` where there is none at the beginning.
    """
    token = os.environ.get(TOKEN)
    return await nats.connect(
        url.split(","), name=name, max_reconnect_attempts=-1, reconnect_time_wait=wait_s, ping_interval=ping_s,
        max_outstanding_pings=2, allow_reconnect=True, error_cb=_quiet,
        **({"user": INTERNAL_USER, "password": token} if token else {}), **more,
    )  # fmt: skip


async def _quiet(error: Exception) -> None:
    """The client's own notes of every failed try are not repeated."""
