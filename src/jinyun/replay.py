"""``jinyun replay``: recordings through the cloud's own path, with their own clock.

Beside a running zone the frames go to its broker and its page shows them, marked as a replay. With ``--json`` nothing is
shown and it runs as fast as it goes. Decoding, twin and findings are the live ones; only the clock is another.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import os
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.cloud import account, twin
from jinyun.cloud.decode import Decoder
from jinyun.cloud.live import Cloud
from jinyun.cloud.recordings import Recording, RecordingError, open_recording
from jinyun.net import parts, topics
from jinyun.net.authority import AuthorityError, hint, parts_token
from jinyun.net.block import Arrival, Block
from jinyun.net.ingest import BlockReader, IngestError, open_reader
from jinyun.shapes import Finding
from jinyun.state import read_json, state_dir

GAP_US = 5_000_000
"""A silence longer than this in a recording is leapt over: no track outlives it."""
STATUS_EVERY = 10
"""Frames between two accounts of what a replay found."""
NEAR_M = 50_000.0
"""A recording from farther away than this is shown without the zone's map, around its own place."""


class ReplayError(Exception):
    """The recordings cannot be played; one clear line."""


def replay(files: list[Path], zone_name: str | None, speed: float | None, as_json: bool) -> dict[str, Any]:
    """Play ``files`` together, in the order of their times, and return the summary of what was in them."""
    zone = zones.load(zones.find(zone_name))
    try:
        recordings = [open_recording(path, zone.id) for path in files]
    except RecordingError as error:
        raise ReplayError(str(error)) from None
    if as_json:
        return asyncio.run(_play(zone, recordings, speed, None))
    running = read_json(state_dir(zone.id) / "run.json")
    if not running or not _alive(running.get("pid")):
        raise ReplayError(f"zone {zone.id} does not run here: start jinyun run --no-world beside this, or use --json")
    print(f"replaying on {running.get('page') or running['nats']} (Ctrl-C ends it)", flush=True)
    return asyncio.run(_play(zone, recordings, speed or 1.0, running["nats"]))


def _alive(pid: Any) -> bool:
    try:
        os.kill(int(pid), 0)
    except (TypeError, ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True


def _place(zone: zones.Zone, arrivals: list[Arrival]) -> tuple[float, float] | None:
    """Return the middle (lon, lat) of what the first arrivals saw, None where they saw nothing."""
    seen = Decoder(lambda lon, lat: (lon, lat)).decode(arrivals).sightings
    return (float(np.median(seen["x_m"])), float(np.median(seen["y_m"]))) if len(seen) else None


async def _play(
    zone: zones.Zone, recordings: list[Recording], speed: float | None, nats_url: str | None
) -> dict[str, Any]:
    merged: Iterator[Arrival] = heapq.merge(*(r.arrivals for r in recordings), key=lambda arrival: arrival.receive_us)
    first = list(islice(merged, 200))
    if not first:
        reasons = "; ".join(reason for r in recordings for _, _, reason in r.notes) or "nothing in it"
        raise ReplayError(f"nothing to play: {reasons}")
    place = _place(zone, first)
    away = False
    if place is not None:
        x_m, y_m = zone.project(np.array([place[0]]), np.array([place[1]]))
        away = float(np.hypot(x_m, y_m)[0]) > NEAR_M
    cloud = Cloud(zone, clock="replay", simulated=False, map=None if away else hdmap.open(zone))
    if away and place is not None:
        cloud.decoder.project = zones.Projection(*place)
        cloud.meta |= {"origin": list(place), "map": False}
    names = ", ".join(recording.path.name for recording in recordings)
    cloud.meta |= {"label": {"zh": names, "en": names}}
    link: BlockReader | None = None
    if nats_url:
        parts = urlsplit(nats_url)
        try:
            token = parts_token(zone.id)
            link = await open_reader(
                parts.hostname or "127.0.0.1", parts.port or 4222, [], "jinyun-replay", token=token
            )
        except AuthorityError as error:
            raise ReplayError(str(error)) from None
        except (OSError, IngestError, TimeoutError) as error:
            raise ReplayError(f"no broker at {nats_url}: {error}{hint(zone.id)}") from None
    watcher = _Watcher()
    await _drive(cloud, chain(first, merged), speed, link, watcher)
    if link is not None:
        link.close()
    for recording in recordings:
        notes = [
            Finding(rule, recording.path.name, place, why, watcher.last_us) for rule, place, why in recording.notes
        ]
        cloud.episodes.note(notes)
    return watcher.summary(cloud, recordings)


class _Watcher:
    """What a replay has shown: which tracks, over which span, how late by the senders' own stamps."""

    def __init__(self) -> None:
        self.tracks: set[int] = set()
        self.first_us = self.last_us = 0
        self.messages = 0

    def saw(self, cloud: Cloud) -> None:
        rows = cloud.twin.tracks.rows
        self.tracks.update(rows["id"][rows["alive"] & rows["confirmed"]].tolist())

    def summary(self, cloud: Cloud, recordings: list[Recording]) -> dict[str, Any]:
        sources = cloud.decoder.sources
        findings = cloud.episodes.listing(limit=1000)
        refused = [row for row in findings if row["rule"].endswith(".refused")]
        return {
            "files": [{"path": str(r.path), "form": r.form} for r in recordings],
            "frames": self.messages,
            "items": cloud.decoder.items,
            "twin_frames": cloud.twin.seq,
            "participants": len(self.tracks),
            "participants_max": cloud.participants_max,
            "span_s": round((self.last_us - self.first_us) / 1e6, 3),
            "late": sources.tally(account.LATE),
            "late_unused": cloud.twin.tracks.late,
            "duplicate": cloud.twin.tracks.duplicate + sources.tally(account.DUPLICATE),
            "lost": sources.tally(account.LOST),
            "refused": cloud.decoder.refused + sum(note[0] == "line.refused" for r in recordings for note in r.notes),
            "reasons": [{key: row[key] for key in ("source", "field", "reason", "count")} for row in refused],
            "findings": [{key: row[key] for key in ("rule", "source", "field", "reason", "count")} for row in findings],
            "received": {kind: count for kind, count in cloud.decoder.received.items() if count},
        }


async def _drive(
    cloud: Cloud, arrivals: Iterator[Arrival], speed: float | None, link: BlockReader | None, watcher: _Watcher
) -> None:
    """Let the recording's clock run: a window of arrivals, a tick, a frame, and so on to its end."""
    loop = asyncio.get_running_loop()
    window: list[Arrival] = []
    tick_us = began_us = 0
    began = loop.time()
    for arrival in arrivals:
        if not tick_us:
            tick_us = began_us = arrival.receive_us // twin.TICK_US * twin.TICK_US
            watcher.first_us = arrival.receive_us
        watcher.messages += 1
        watcher.last_us = max(watcher.last_us, arrival.receive_us)
        if arrival.receive_us - tick_us > GAP_US:
            _step(cloud, window, tick_us + twin.TICK_US, link, watcher)
            leap_us = (arrival.receive_us - tick_us) // twin.TICK_US * twin.TICK_US - twin.TICK_US
            window, began_us, tick_us = [], began_us + leap_us, tick_us + leap_us
        while arrival.receive_us - tick_us >= twin.TICK_US:
            tick_us += twin.TICK_US
            if speed is not None:
                await asyncio.sleep(max(0.0, (tick_us - began_us) / 1e6 / speed - (loop.time() - began)))
            _step(cloud, window, tick_us, link, watcher)
            window = []
        window.append(arrival)
    _step(cloud, window, tick_us + twin.TICK_US, link, watcher)


def _step(cloud: Cloud, window: list[Arrival], tick_us: int, link: BlockReader | None, watcher: _Watcher) -> None:
    for packed in cloud.advance(Block.of(window) if window else None, tick_us):
        watcher.saw(cloud)
        if link is None:
            continue
        for payload in parts.cut(packed, cloud.twin.seq):
            link.publish(topics.replay_frame_subject(cloud.zone.id), payload)
        if cloud.twin.seq % STATUS_EVERY == 0:
            account = json.dumps(cloud.account(tick_us), ensure_ascii=False).encode()
            for payload in parts.cut(account, tick_us // twin.TICK_US):
                link.publish(topics.replay_status_subject(cloud.zone.id), payload)
