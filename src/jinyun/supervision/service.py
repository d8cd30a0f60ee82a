"""Supervision at work: a process beside the cloud that listens to test vehicles and frames, packs events, keeps the record.

``python -m jinyun.supervision`` is one such process. It dies alone and comes back alone: what it knows stands in the ledger.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinyun import hdmap
from jinyun.hdmap import opening
from jinyun.net import columns, parts, topics
from jinyun.net.ingest import BlockReader, IngestError, open_reader
from jinyun.parent import end_asked
from jinyun.record import compacting, key, retention
from jinyun.state import read_json, write_json
from jinyun.supervision import simulated
from jinyun.supervision.deadlines import day_of
from jinyun.supervision.events import Event
from jinyun.supervision.evidence.pack import FOLDER, PackError, make
from jinyun.supervision.ledger import Ledger
from jinyun.supervision.supervising import Beside, Supervisor
from jinyun.zone import Zone

LOOK_S = 0.05
TELL_US, KEEP_US = 1_000_000, 20_000_000
RETRY_S = 0.2
MARGIN_S = 2.0
"""After an event's last second so long passes until its pack is made: the record is a second behind."""
MOST_PACKS_AN_HOUR = 60
"""Packs that are made by themselves; beyond it events are entered and packed when somebody asks."""
WISHES = "wishes"
Besides = Callable[[Zone, hdmap.Map | None], Sequence[Beside]]


class _Work:
    """What runs beside the listening: packs and columns, one after the other."""

    def __init__(self, zone: Zone, map: hdmap.Map | None, state_dir: Path, ledger: Ledger) -> None:
        self.zone, self.map, self.state_dir, self.ledger = zone, map, state_dir, ledger
        self.pool = ThreadPoolExecutor(1, "supervision")
        self.waiting: list[Event] = []
        self.made_us: list[int] = []
        self.after_us = int((zone.profile["record.after_event_s"].value + MARGIN_S) * 1e6)
        self.before_us = int(zone.profile["record.before_event_s"].value * 1e6)
        self._kept: Future[None] | None = None

    def record(self) -> Path | None:
        where = read_json(self.state_dir / "recording.json")
        return Path(where["folder"]) if where and Path(where["folder"]).is_dir() else None

    def ask(self, event: Event, now_us: int, by_hand: bool = False) -> None:
        """Have an event packed when its last second is recorded; what it needs is held until then."""
        self.made_us = [at for at in self.made_us if now_us - at < 3_600_000_000]
        if not by_hand and len(self.made_us) >= MOST_PACKS_AN_HOUR:
            return
        self.made_us.append(now_us)
        if (folder := self.record()) is not None:
            retention.hold(folder, event.id, event.t_us - self.before_us, event.t_us + self.after_us)
            self.waiting.append(event)

    def go_on(self, now_us: int) -> None:
        due = [event for event in self.waiting if now_us - event.t_us > self.after_us]
        self.waiting = [event for event in self.waiting if event not in due]
        for event in due:
            self.pool.submit(self._pack, event)

    def _pack(self, event: Event) -> None:
        folder = self.record()
        body = self.ledger.event(event.id) or {}
        entry = {name: body.get(name) for name in ("zh", "en", "tracks", "x_m", "y_m", "lon", "lat")}
        try:
            if folder is None:
                raise PackError("there is no record")
            make(self.zone, self.map, folder, event, self.state_dir / FOLDER / event.id, key.own(self.state_dir))
            self.ledger.happened(event.id, event.kind, event.t_us, event.vehicle, entry | {"pack": event.id})
        except Exception as error:  # one event that cannot be packed costs no other its pack
            self.ledger.happened(
                event.id, event.kind, event.t_us, event.vehicle, entry | {"pack": None, "why": str(error)[:300]}
            )
        finally:
            if folder is not None:
                retention.release(folder, event.id)

    def keep(self, now_us: int) -> None:
        """Bring sealed segments into columns and let go what is too old, where that is not at work already."""
        if self._kept is None or self._kept.done():
            self._kept = self.pool.submit(self._keep, now_us)

    def _keep(self, now_us: int) -> None:
        folder = self.record()
        if folder is None:
            return
        keeping = retention.Keeping.of(self.zone.profile)
        compacting.take_segments(folder, self.zone.project.inverse)
        compacting.close_hours(folder, now_us)
        if (read_json(self.state_dir / "recording.json") or {}).get("ring"):
            compacting.let_positions_go(folder, now_us - int((keeping.positions_s or 0) * 1e6))
        for path in (self.state_dir / FOLDER).glob("*"):
            event = self.ledger.event(path.name)
            if event is not None and now_us - event["t_us"] > (keeping.events_s or 0) * 1e6:
                shutil.rmtree(path, ignore_errors=True)

    def wishes(self, now_us: int) -> None:
        """Take up what the centre asks to be packed: a file a wish."""
        for path in sorted((self.state_dir / FOLDER / WISHES).glob("*.json"))[:10]:
            wish = read_json(path)
            path.unlink(missing_ok=True)
            if isinstance(wish, dict) and (event := _wished(wish)) is not None:
                self.ask(event, now_us, by_hand=True)

    def close(self) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)


def _wished(wish: dict[str, Any]) -> Event | None:
    try:
        place = float(wish["x_m"]), float(wish["y_m"])
        tracks = tuple(int(track) for track in wish["tracks"])
        return Event(
            str(wish["kind"]), int(wish["t_us"]), *place, tracks, str(wish["zh"]), str(wish["en"]), str(wish["vehicle"])
        )
    except (KeyError, TypeError, ValueError):
        return None


async def serve(
    zone: Zone, host: str, nats_port: int, state_dir: Path, besides: Besides = lambda zone, map: []
) -> None:
    """Listen until SIGTERM; ``besides`` makes what is to hear everything beside supervision."""
    stop = end_asked()
    (state_dir / FOLDER / WISHES).mkdir(parents=True, exist_ok=True)
    map = hdmap.open(zone)
    ledger = Ledger(state_dir)
    now_us = time.time_ns() // 1000
    if map is not None:
        simulated.hand_in(zone, map, ledger, day_of(datetime.fromtimestamp(now_us / 1e6, UTC)), now_us)
    supervisor = Supervisor(zone, map, ledger, now_us, besides(zone, map))
    if supervisor.sections is not None:
        supervisor.sections.states = state_dir / "growth" / opening.FILE
    work = _Work(zone, map, state_dir, ledger)
    reader: BlockReader | None = None
    joiner = parts.Joiner()
    told_us = kept_us = 0
    while not stop.is_set():
        if reader is None or reader.closed.is_set():
            reader, joiner = await _connect(zone, host, nats_port), parts.Joiner()
        await asyncio.sleep(LOOK_S)
        _take(supervisor, joiner, reader)
        now_us = time.time_ns() // 1000
        for event in supervisor.to_pack:
            work.ask(event, now_us)
        supervisor.to_pack.clear()
        work.go_on(now_us)
        if not 0 <= now_us - told_us < TELL_US:
            told_us = now_us
            supervisor.roll(now_us)
            work.wishes(now_us)
            write_json(state_dir / "supervision.json", supervisor.status(now_us))
        if not 0 <= now_us - kept_us < KEEP_US:
            kept_us = now_us
            work.keep(now_us)
    supervisor.roll(time.time_ns() // 1000, at_once=True)
    work.close()
    if reader is not None:
        reader.close()


def _take(supervisor: Supervisor, joiner: parts.Joiner, reader: BlockReader | None) -> None:
    block = reader.take() if reader is not None else None
    if block is None:
        return
    for arrival in block.arrivals():
        if arrival.subject == topics.frame_subject(supervisor.zone.id):
            if whole := joiner.take(arrival.payload):
                try:
                    meta, tables = columns.unpack(whole)
                    supervisor.frame(int(meta["t_us"]), tables["tracks"], tables["signals"])
                except (columns.ColumnsError, KeyError):
                    continue
        elif (route := topics.route(arrival.subject)) is not None:
            supervisor.items(f"{route.kind}/{route.device}", arrival.payload, arrival.receive_us)


async def _connect(zone: Zone, host: str, port: int) -> BlockReader | None:
    subjects = [topics.frame_subject(zone.id), f"jinyun.{zone.id}.obu.*.up.{topics.TEST_ITEMS}"]
    try:
        return await open_reader(host, port, subjects, "jinyun-supervision")
    except (OSError, IngestError, TimeoutError):
        await asyncio.sleep(RETRY_S)
        return None
