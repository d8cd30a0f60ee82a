"""Recordings: what was once received, read from a file as arrivals with their own times.

A record's folder or one of its segments, raw logs of old (both ``*.jyr``), vendor radar JSON (a list of scans) and lines of hex
(``[UTC_MS ]HEX``, or a JSON list of objects with ``hex``). The content decides, not the name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jinyun.cloud import rawlog
from jinyun.cloud.account import NO_TIME
from jinyun.cloud.sight import event_times_us
from jinyun.net import csae, radar_json, topics
from jinyun.net.block import Arrival
from jinyun.record import messages, segment
from jinyun.record.segment import listing

MAX_TEXT_BYTES = 1 << 30
_LINE = re.compile(r"(?:(\d{12,14})\s+)?([0-9A-Fa-f]+)\Z")
LINE_STEP_US = 100_000


class RecordingError(ValueError):
    """The file is no recording that can be read; the message names it and the reason."""


@dataclass(slots=True)
class Recording:
    """The arrivals of one file, and what had to be said about it."""

    path: Path
    form: str
    arrivals: Iterator[Arrival]
    notes: list[tuple[str, str, str]] = field(default_factory=list)  # rule, field, reason


def open_recording(path: Path, zone: str) -> Recording:
    """Return the recording in ``path``, its topics placed in ``zone``; raises :class:`RecordingError`."""
    if path.is_dir():
        return _record(path, listing(path), zone)
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from None
    if head.startswith(rawlog.MAGIC):
        recording = Recording(path, "raw log", iter(()))
        recording.arrivals = _raw(path, zone, recording)
        return recording
    if head.startswith(segment.MAGIC):
        return _record(path, [path], zone)
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise RecordingError(f"{path}: over {MAX_TEXT_BYTES >> 20} MB of text")
    text = path.read_text("utf-8", "replace")
    if head.lstrip()[:1] in (b"[", b"{"):
        return _json(path, text, zone)
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if not lines:
        raise RecordingError(f"{path}: is empty")
    return _hex_lines(path, lines, zone)


def _raw(path: Path, zone: str, recording: Recording) -> Iterator[Arrival]:
    """Yield a raw log's arrivals; a cut end is noted, and what stands before it is used."""
    try:
        for arrival in rawlog.read(path):
            yield _placed(arrival, zone)
    except rawlog.RawLogError as error:
        recording.notes.append(("record.broken", path.name, str(error)))


def _placed(arrival: Arrival, zone: str) -> Arrival:
    parts = arrival.subject.split(".")
    if len(parts) == 6 and parts[0] == "jinyun" and parts[1] != zone:
        parts[1] = zone
        return arrival._replace(subject=".".join(parts))
    return arrival


def _record(path: Path, segments: list[Path], zone: str) -> Recording:
    """Return the messages of some segments of a record; a broken one is noted, and what stands before the break is used."""
    if not segments:
        raise RecordingError(f"{path}: holds no segment of a record (*.jyr)")
    recording = Recording(path, "record", iter(()))

    def arrivals() -> Iterator[Arrival]:
        for one in segments:
            try:
                for block in segment.blocks(one):
                    if block.kind == segment.Kind.MESSAGES:
                        for arrival in messages.unpack(block.content()).messages.arrivals():
                            yield _placed(arrival, zone)
            except (segment.SegmentError, ValueError) as error:
                recording.notes.append(("record.broken", one.name, str(error)))

    recording.arrivals = arrivals()
    return recording


def _json(path: Path, text: str, zone: str) -> Recording:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"{path}: {error}") from None
    items: list[Any] = content if isinstance(content, list) else [content]
    if items and all(isinstance(item, dict) and "targets" in item for item in items):
        return _radar(path, items, zone)
    if items and all(isinstance(item, dict) and isinstance(item.get("hex"), str) for item in items):
        return _hex_lines(path, [(number, item["hex"]) for number, item in enumerate(items, 1)], zone)
    raise RecordingError(
        f"{path}: JSON of a form that is not known (known: radar scans with targets, objects with hex)"
    )


def _radar(path: Path, scans: list[dict[str, Any]], zone: str) -> Recording:
    stamps = []
    for number, scan in enumerate(scans, 1):
        try:
            stamps.append(int(scan["timeStamp"]))
        except (KeyError, TypeError, ValueError):
            raise RecordingError(f"{path}: scan {number}: timeStamp {scan.get('timeStamp')!r} is no number") from None
    try:
        times, note = radar_json.times_us(stamps)
    except radar_json.RadarError as error:
        raise RecordingError(f"{path}: {error}") from None

    def arrivals() -> Iterator[Arrival]:
        for scan, time_us in zip(scans, times, strict=True):
            device = re.sub(r"[^A-Za-z0-9_-]", "_", str(scan.get("deviceId") or path.stem))[:32]
            yield Arrival(time_us, f"jinyun.{zone}.sensor.{device}.up.radar-json", json.dumps(scan).encode())

    notes = [("clock.form", "timeStamp", note)] if note else []
    return Recording(path, "radar-json", arrivals(), notes)


def _hex_lines(path: Path, lines: list[tuple[int, str]], zone: str) -> Recording:
    recording = Recording(path, "hex", iter(()))
    device = re.sub(r"[^A-Za-z0-9_-]", "_", path.stem)[:32]

    def arrivals() -> Iterator[Arrival]:
        now_us = int(path.stat().st_mtime * 1e6)
        for number, line in lines:
            match = _LINE.match(line)
            if match is None or len(match[2]) % 2:
                recording.notes.append(("line.refused", f"{path.name}:{number}", f"{line[:40]!r} is no [UTC_MS ]HEX"))
                continue
            payload = bytes.fromhex(match[2])
            now_us = int(match[1]) * 1000 if match[1] else _own_time_us(payload, now_us)
            nibble = payload[0] >> 4
            message = topics.MESSAGES[nibble] if nibble < len(topics.MESSAGES) else "rsi"
            kind = "obu" if message == "bsm" else "rsu"
            yield Arrival(now_us, topics.up_topic(zone, kind, device, message).replace("/", "."), payload)

    recording.arrivals = arrivals()
    return recording


def _own_time_us(payload: bytes, before_us: int) -> int:
    """Return when a message without a receive time may have come: by its own second mark, never backwards."""
    try:
        name, value = csae.decode(payload)
    except csae.CsaeError:
        return before_us + LINE_STEP_US
    mark = value.get("secMark", value.get("timeStamp") if name == "spatFrame" else None)
    if name == "rsmFrame":
        mark = max(participant["secMark"] for participant in value["participants"])
    after_us = np.array([before_us + 30_000_000], np.int64)
    stated = int(event_times_us(mark, after_us)[0]) if isinstance(mark, int) else NO_TIME
    return stated if stated >= before_us else before_us + LINE_STEP_US
