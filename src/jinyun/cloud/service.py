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

from jinyun import hdmap
from jinyun.cloud import twin
from jinyun.cloud.brokerlog import BrokerLog
from jinyun.cloud.live import WINDOW_US, Cloud
from jinyun.cloud.quality.rollups import FOLDER
from jinyun.cloud.rawlog import RawLog
from jinyun.cloud.warm import warm
from jinyun.net import parts, topics
from jinyun.net.ingest import BlockReader, IngestError, open_reader
from jinyun.shapes import Finding
from jinyun.state import write_json
from jinyun.zone import Zone

BREATH_S = 0.0005
"""After a window's end so long passes until it is taken: what was received in it has been read by then."""
STATUS_US = 1_000_000
SIGNALS_US = 5_000_000
"""Time between two accounts of what the signals' messages are worth."""
RETRY_S = 0.2
DRAIN_QUIET_S = 0.3
DRAIN_LONGEST_S = 3.0


async def serve(zone: Zone, host: str, nats_port: int, state_dir: Path, record: Path | None, simulated: bool) -> None:
    """Run the cloud until SIGTERM; then take what is still on its way, write the totals and return."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    map = hdmap.open(zone)
    warm(zone, map)
    cloud = Cloud(zone, simulated=simulated, map=map, folder=state_dir / FOLDER)
    refusals = BrokerLog(state_dir / "log" / "broker.log")
    log = RawLog(record) if record else None
    reader: BlockReader | None = None
    signals_us = time.time_ns() // 1000
    status_us = signals_us - STATUS_US  # the first word follows the first frame
    quiet_since = time.monotonic()
    stopping_since: float | None = None
    while True:
        if reader is None or reader.closed.is_set():
            reader = await _connect(zone, host, nats_port, cloud, stop)
        await asyncio.sleep(_to_the_next_window_s())
        block = reader.take() if reader else None
        if block is not None:
            quiet_since = time.monotonic()
            if log is not None:
                log.append(block)
        frames = cloud.advance(block, time.time_ns() // 1000)
        cloud.fused(time.time_ns() // 1000)
        for packed in frames:
            _publish(reader, topics.frame_subject(zone.id), packed, cloud.twin.seq)
        if frames:
            cloud.published(time.time_ns() // 1000)
        replies, cloud.replies = cloud.replies, []
        for topic, payload in replies:
            _publish(reader, topics.subject_of(topic), payload, 0)
        if reader is not None:
            cloud.shed = reader.shed
        now_us = time.time_ns() // 1000
        if now_us - status_us >= STATUS_US or now_us < status_us:
            status_us = now_us
            cloud.episodes.note(refusals.findings(now_us))
            _tell(cloud, reader, now_us, state_dir)
        if now_us - signals_us >= SIGNALS_US or now_us < signals_us:
            signals_us = now_us
            write_json(state_dir / "signals.json", {"zone": zone.id, "t_us": now_us, **cloud.truth.summary()})
        if stop.is_set():
            stopping_since = stopping_since or time.monotonic()
            quiet = time.monotonic() - quiet_since
            if quiet > DRAIN_QUIET_S or time.monotonic() - stopping_since > DRAIN_LONGEST_S:
                break
    cloud.advance(reader.take() if reader else None, time.time_ns() // 1000 + twin.TICK_US)
    cloud.published(time.time_ns() // 1000)
    _tell(cloud, reader, time.time_ns() // 1000, state_dir)
    if log is not None:
        log.close()
    if reader is not None:
        reader.close()


def _to_the_next_window_s() -> float:
    """Return how long it is to the end of the running window, and a breath more."""
    return (WINDOW_US - time.time_ns() // 1000 % WINDOW_US) / 1e6 + BREATH_S


def _publish(reader: BlockReader | None, subject: str, message: bytes, number: int) -> None:
    if reader is not None:
        for payload in parts.cut(message, number):
            reader.publish(subject, payload)


def _tell(cloud: Cloud, reader: BlockReader | None, now_us: int, state_dir: Path) -> None:
    account = cloud.account(now_us)
    told = json.dumps(account, ensure_ascii=False).encode()
    _publish(reader, topics.status_subject(cloud.zone.id), told, now_us // STATUS_US)
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
