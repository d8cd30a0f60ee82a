"""The cloud at work: reads the broker in windows, steps the twin each 100 ms, publishes frames and its own account.

``python -m jinyun.cloud`` is one such process. It survives the broker: while that is away it keeps its state, tries again
several times a second and says so.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from pathlib import Path

from jinyun.cloud import twin
from jinyun.cloud.brokerlog import BrokerLog
from jinyun.cloud.live import Cloud
from jinyun.cloud.rawlog import RawLog
from jinyun.net import topics
from jinyun.net.ingest import BlockReader, IngestError, open_reader
from jinyun.shapes import Finding
from jinyun.state import write_json
from jinyun.zone import Zone

WINDOW_S = 0.02
STATUS_US = 1_000_000
RETRY_S = 0.2
DRAIN_QUIET_S = 0.3
DRAIN_LONGEST_S = 3.0


async def serve(zone: Zone, host: str, nats_port: int, state_dir: Path, record: Path | None, simulated: bool) -> None:
    """Run the cloud until SIGTERM; then take what is still on its way, write the totals and return."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    cloud = Cloud(zone, simulated=simulated)
    cloud.decoder.warm()
    refusals = BrokerLog(state_dir / "log" / "broker.log")
    log = RawLog(record) if record else None
    reader: BlockReader | None = None
    tick_us = time.time_ns() // 1000 // twin.TICK_US * twin.TICK_US
    status_us = tick_us - STATUS_US  # the first word follows the first frame
    quiet_since = time.monotonic()
    stopping_since: float | None = None
    while True:
        if reader is None or reader.closed.is_set():
            reader = await _connect(zone, host, nats_port, cloud, stop)
        await asyncio.sleep(WINDOW_S)
        block = reader.take() if reader else None
        if block is not None:
            quiet_since = time.monotonic()
            cloud.take(block)
            if log is not None:
                log.append(block.arrivals())
            replies, cloud.replies = cloud.replies, []
            for topic, payload in replies:
                if reader is not None:
                    reader.publish(topics.subject_of(topic), payload)
        if reader is not None:
            cloud.shed = reader.shed
        now_us = time.time_ns() // 1000
        if now_us - tick_us >= twin.TICK_US or now_us < tick_us - twin.TICK_US:
            tick_us = now_us // twin.TICK_US * twin.TICK_US
            packed = cloud.tick(now_us)
            if reader is not None:
                reader.publish(topics.frame_subject(zone.id), packed)
            cloud.published(time.time_ns() // 1000)
        if now_us - status_us >= STATUS_US or now_us < status_us:
            status_us = now_us
            cloud.episodes.note(refusals.findings(now_us))
            _tell(cloud, reader, now_us, state_dir)
        if stop.is_set():
            stopping_since = stopping_since or time.monotonic()
            quiet = time.monotonic() - quiet_since
            if quiet > DRAIN_QUIET_S or time.monotonic() - stopping_since > DRAIN_LONGEST_S:
                break
    cloud.tick(time.time_ns() // 1000)
    cloud.published(time.time_ns() // 1000)
    _tell(cloud, reader, time.time_ns() // 1000, state_dir)
    if log is not None:
        log.close()
    if reader is not None:
        reader.close()


def _tell(cloud: Cloud, reader: BlockReader | None, now_us: int, state_dir: Path) -> None:
    account = cloud.account(now_us)
    if reader is not None:
        reader.publish(topics.status_subject(cloud.zone.id), json.dumps(account, ensure_ascii=False).encode())
    write_json(state_dir / "cloud.json", account)


async def _connect(zone: Zone, host: str, port: int, cloud: Cloud, stop: asyncio.Event) -> BlockReader | None:
    """Return a connected reader, or None after one try that failed (the caller's loop goes on and tries again)."""
    try:
        return await open_reader(host, port, topics.up_subjects(zone.id), "jinyun-cloud")
    except (OSError, IngestError, TimeoutError) as error:
        now_us = time.time_ns() // 1000
        reason = f"no broker at {host}:{port} ({error or type(error).__name__}); trying again"
        cloud.episodes.note([Finding("broker.away", "broker", "link", reason, now_us, "fault")])
        if not stop.is_set():
            await asyncio.sleep(RETRY_S)
        return None
