"""A centre without a cloud: the pages as they are served, with frames that a test makes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn

from jinyun.centre.app import create
from jinyun.cloud.apps import CATALOGUE
from jinyun.cloud.twin import ADVICE_COLUMNS
from jinyun.net import columns
from tests.conftest import wait_for
from tests.hdmap.reference import reference

ROW = {about.id: row for row, about in enumerate(CATALOGUE)}
CARS = ((1, 0.0, 0.0), (2, 0.0, 30.0))
"""Id and place of who stands on the street: one south of the other, both heading north."""


class Alone:
    """What the centre is shown, ten times a second; :attr:`advice` may be set at any time."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.centre, self.loop = app.state.centre, loop
        self.page = ""
        self.advice: Sequence[Mapping[str, float]] = ()
        self.account: Mapping[str, Any] = {}
        self.seq = 0

    def show(self) -> None:
        """Show one frame, and the account of a cloud that is well."""
        self.seq += 1
        frame = self.frame()
        work = [{"id": id, "open": 0, "opened": 12, "cost_ms": 0.25} for id in ROW]
        self.centre.hub.show(frame)
        self.centre.advised.take(frame)
        self.centre.account.take({"applications": work, **self.account})

    def frame(self) -> bytes:
        id, x_m, y_m = np.array(CARS).T
        n = len(CARS)
        tracks = {
            "id": id.astype(np.uint32), "kind": np.ones(n, np.uint8), "x_m": x_m.astype(np.float32),
            "y_m": y_m.astype(np.float32), "heading_deg": np.zeros(n, np.float32), "speed_mps": np.zeros(n, np.float32),
            "class": np.full(n, 10, np.uint8), "length_m": np.full(n, 4.6, np.float32),
            "width_m": np.full(n, 1.8, np.float32), "height_m": np.full(n, 1.5, np.float32),
        }  # fmt: skip
        advice = {
            name: np.array([row.get(name, np.nan if as_type == np.float32 else 0) for row in self.advice], as_type)
            for name, as_type in ADVICE_COLUMNS.items()
        }
        meta = {
            "kind": "frame", "seq": self.seq, "t_us": time.time_ns() // 1000, "zone": self.centre.zone.id,
            "clock": "live", "simulated": True, "map": True,
        }  # fmt: skip
        return columns.pack({"tracks": tracks, "advice": advice}, meta)


@contextmanager
def alone(state: Path) -> Iterator[Alone]:
    """Serve the reference zone's pages on a free port, with frames, until the block ends."""
    loop = asyncio.new_event_loop()
    app = create(reference()[0], state, "nats://127.0.0.1:9")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=2))
    found = Alone(app, loop)

    async def serve() -> None:
        await server.serve()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        while left:  # once is not always heard: a cancellation is lost where what it interrupts ends at the same moment
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=1.0)

    serving = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(0.1):
            loop.call_soon_threadsafe(found.show)

    ticking = threading.Thread(target=tick)
    serving.start()
    try:
        wait_for(lambda: server.started, 30, "the centre serves")
        found.page = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
        ticking.start()
        yield found
    finally:
        stop.set()
        if ticking.ident is not None:
            ticking.join()
        server.should_exit = True
        serving.join()
        loop.close()
