"""The cloud at work: reads the broker in windows, steps the twin each 100 ms, publishes frames and its own account.

``python -m jinyun.cloud`` is one such process. It survives the broker: while that is away it keeps its state, tries again
several times a second and says so.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import time
from pathlib import Path
from typing import Any

from jinyun import hdmap
from jinyun.cloud import twin
from jinyun.cloud.adviser import Adviser
from jinyun.cloud.brokerlog import BrokerLog
from jinyun.cloud.corrections import Relay
from jinyun.cloud.engine.line import Line
from jinyun.cloud.engine.spread import Spread
from jinyun.cloud.engine.tiles import Tiling
from jinyun.cloud.live import Cloud
from jinyun.cloud.quality.rollups import FOLDER
from jinyun.cloud.recording import Recording
from jinyun.cloud.warm import warm
from jinyun.net import parts, topics
from jinyun.net.ingest import BlockReader, IngestError, open_reader
from jinyun.parent import end_asked
from jinyun.record.writing import RecordError
from jinyun.shapes import Finding
from jinyun.state import write_json
from jinyun.zone import Zone

BREATH_S = 0.0005
"""After a window's end so long passes until it is taken: what was received in it has been read by then."""
STATUS_US = 1_000_000
SIGNALS_US = 5_000_000
"""Time between two accounts of what the signals' messages are worth."""
SWEEP_US = 600_000_000
"""To look for what holds only itself takes a tenth of a second where thousands of senders are known: only this often."""
SWEEP_AFTER = (10_000, 50, 1_000_000)
"""Thresholds of the interpreter's own looking: the young often, all of it not at all (:mod:`gc`)."""
RETRY_S = 0.2
ADVISER_S = 15.0
"""The picture waits so long for the applications when it begins, and does without them then."""
DRAIN_QUIET_S = 0.3
DRAIN_LONGEST_S = 3.0


async def serve(
    zone: Zone,
    host: str,
    nats_port: int,
    state_dir: Path,
    record: Path | None,
    simulated: bool,
    ring: bool = True,
    partitions: int = 0,
) -> None:
    """Run the cloud until SIGTERM; then take what is still on its way, write the totals and return.

    Everything is recorded to ``record``; without it the last of it to a ring in the state folder, unless not ``ring``.
    With ``partitions`` the fusion is left to workers (:mod:`jinyun.cloud.engine`).
    """
    stop = end_asked()
    map = hdmap.open(zone)
    cloud = Cloud(zone, simulated=simulated, map=map, folder=state_dir / FOLDER)
    adviser = Adviser(zone.folder, cloud.decoder.sources, zone.id)
    cloud.ask_beside(adviser)
    warm(zone, map, advised=False)
    adviser.wait(ADVISER_S)
    _sweep()
    gc.set_threshold(*SWEEP_AFTER)
    refusals = BrokerLog(state_dir / "log" / "broker.log")
    recording = _recording(cloud, map, state_dir, record) if record or ring else None
    reader: BlockReader | None = None
    relay = Relay(zone, lambda subject, payload: _publish(reader, subject, payload, 0), os.environ)
    relay.start()
    engine: asyncio.Task[None] | None = None
    if partitions:
        line = Line(f"nats://{host}:{nats_port}", "jinyun-cloud-engine")
        spread = Spread(zone.id, Tiling(partitions), line.say)
        spread.listen(line)
        cloud.fuse_in(spread)
        engine = asyncio.create_task(line.keep())
    signals_us = swept_us = time.time_ns() // 1000
    status_us = signals_us - STATUS_US  # the first word follows the first frame
    quiet_since = time.monotonic()
    stopping_since: float | None = None
    while True:
        if reader is None or reader.closed.is_set():
            reader = await _connect(zone, host, nats_port, cloud, stop)
        await asyncio.sleep(_to_the_next_window_s(cloud.window_us))
        block = reader.take() if reader else None
        if block is not None:
            quiet_since = time.monotonic()
        turn_us = time.time_ns() // 1000
        frames = cloud.fuse(block, turn_us)
        cloud.fused(time.time_ns() // 1000)
        for packed in frames:
            _publish(reader, topics.frame_subject(zone.id), packed, cloud.twin.seq)
        if frames:
            cloud.published(time.time_ns() // 1000)
        cloud.judge()
        replies, cloud.replies = cloud.replies, []
        if recording is not None:
            recording.turn(cloud, block, turn_us, frames, replies)
        for topic, payload in replies:
            _publish(reader, topics.subject_of(topic), payload, 0)
        if reader is not None:
            cloud.shed = reader.shed
        now_us = time.time_ns() // 1000
        if now_us - status_us >= STATUS_US or now_us < status_us:
            status_us = now_us
            cloud.episodes.note(refusals.findings(now_us))
            account = _tell(cloud, reader, now_us, state_dir)
            if recording is not None:
                cloud.episodes.note(recording.second(cloud, now_us, account))
        if now_us - signals_us >= SIGNALS_US or now_us < signals_us:
            signals_us = now_us
            write_json(state_dir / "signals.json", {"zone": zone.id, "t_us": now_us, **cloud.truth.summary()})
        if now_us - swept_us >= SWEEP_US or now_us < swept_us:
            swept_us = now_us
            _sweep()
        if stop.is_set():
            stopping_since = stopping_since or time.monotonic()
            quiet = time.monotonic() - quiet_since
            if quiet > DRAIN_QUIET_S or time.monotonic() - stopping_since > DRAIN_LONGEST_S:
                break
    block, turn_us = reader.take() if reader else None, time.time_ns() // 1000 + twin.TICK_US
    frames = cloud.advance(block, turn_us)
    if recording is not None:
        recording.turn(cloud, block, turn_us, frames, [])
    cloud.published(time.time_ns() // 1000)
    _tell(cloud, reader, time.time_ns() // 1000, state_dir)
    adviser.close()
    relay.stop()
    if recording is not None:
        recording.close()
    if engine is not None:
        engine.cancel()
        await asyncio.gather(engine, return_exceptions=True)
    if reader is not None:
        reader.close()


def _sweep() -> None:
    """Let go of what holds only itself; what lives then is not looked through again and again."""
    gc.collect()
    gc.freeze()


def _to_the_next_window_s(window_us: int) -> float:
    """Return how long it is to the end of the running window, and a breath more."""
    return (window_us - time.time_ns() // 1000 % window_us) / 1e6 + BREATH_S


def _publish(reader: BlockReader | None, subject: str, message: bytes, number: int) -> None:
    if reader is not None:
        for payload in parts.cut(message, number):
            reader.publish(subject, payload)


def _tell(cloud: Cloud, reader: BlockReader | None, now_us: int, state_dir: Path) -> dict[str, Any]:
    account = cloud.account(now_us)
    told = json.dumps(account, ensure_ascii=False).encode()
    _publish(reader, topics.status_subject(cloud.zone.id), told, now_us // STATUS_US)
    write_json(state_dir / "cloud.json", account)
    return account


def _recording(cloud: Cloud, map: hdmap.Map, state_dir: Path, folder: Path | None) -> Recording | None:
    """Return the record, None where there can be none: the zone works without it, and says so."""
    try:
        return Recording(cloud, map, state_dir, folder)
    except RecordError as error:
        cloud.episodes.note([Finding("record.away", "record", "disk", str(error), time.time_ns() // 1000, "fault")])
        return None


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
