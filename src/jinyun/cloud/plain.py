"""Plain sightings: fusion over a recording that anybody can write as JSON, and its tracks as JSON that anybody can score.

A recording is a JSON list of objects, an object with such a list under ``sightings``, or lines with an object each; what the
objects hold is told in ``docs/fusion.md``. What cannot be used is named by line or element, field and reason, and skipped.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud import twin
from jinyun.cloud.tracking import report
from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGHTING, SIGNAL, Finding, Kind
from jinyun.zone import Projection

MOST_BYTES = 1 << 30
MOST_SIGHTINGS = 3_000_000
MOST_LINE = 1 << 16
"""Characters of one line."""
MOST_TOLD = 100
"""Refusals that are told one by one; the rest are counted."""
MOST_SENDERS = 100_000
GAP_US = 5_000_000
"""A silence longer than this is leapt over: no track outlives it."""
FARTHEST_M = 200_000.0
KINDS = {kind.name.lower(): int(kind) for kind in Kind}
NUMBERS = ("speed_mps", "length_m", "width_m", "height_m", "position_sd_m")
"""Optional measurements and their bounds: 0 to :data:`LARGEST`."""
LARGEST = {"speed_mps": 150.0, "length_m": 100.0, "width_m": 20.0, "height_m": 20.0, "position_sd_m": 1000.0}


class PlainError(ValueError):
    """The file is no recording that can be read; the message names it and the reason."""


class _Refused(ValueError):
    """One sighting cannot be used: field and reason."""


@dataclass(slots=True)
class Recording:
    """The sightings of one file in the order of their receipt, who sent them, and what had to be left out."""

    path: Path
    rows: NDArray[np.void]
    senders: list[str]
    projection: Projection | None  # None: the file is in metres of its own plane
    refused: int = 0
    told: list[dict[str, str]] = field(default_factory=list)


def read(path: Path) -> Recording:
    """Return the recording in ``path``; raises :class:`PlainError`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise PlainError(f"{path}: over {MOST_BYTES >> 20} MB")
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise PlainError(f"{path}: {error.strerror}") from None
    reader = _Reader(path)
    for where, value in _objects(path, text):
        reader.take(where, value)
    return reader.recording()


def _objects(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    """Yield (where, value) of every sighting in the text; what is no JSON comes as the error."""
    start = text.lstrip()[:1]
    whole: Any = None
    if start == "[" or start == "{":
        try:
            whole = json.loads(text)
        except (ValueError, RecursionError) as error:
            if start == "[":
                raise PlainError(f"{path}: {error}") from None
    if isinstance(whole, dict) and isinstance(whole.get("sightings"), list):
        whole = whole["sightings"]
    if isinstance(whole, list):
        yield from ((f"element {number}", value) for number, value in enumerate(whole, 1))
        return
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if len(line) > MOST_LINE:
            yield f"line {number}", _Refused(f"over {MOST_LINE} characters")
            continue
        try:
            yield f"line {number}", json.loads(line)
        except (ValueError, RecursionError) as error:
            yield f"line {number}", _Refused(str(error))


class _Reader:
    """Turns objects into rows one by one, and remembers what it could not use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = np.zeros(1024, SIGHTING)
        self.count = 0
        self.senders: dict[str, int] = {}
        self.numbers: dict[tuple[int, str], int] = {}
        self.projection: Projection | None = None
        self.degrees: bool | None = None
        self.refused = 0
        self.told: list[dict[str, str]] = []

    def take(self, where: str, value: Any) -> None:
        """Take one sighting, or note why not."""
        if self.count >= MOST_SIGHTINGS:
            raise PlainError(f"{self.path}: over {MOST_SIGHTINGS} sightings; cut it into parts")
        if self.count == len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
        try:
            if isinstance(value, _Refused):
                raise value
            self._fill(self.rows[self.count : self.count + 1], value)
        except _Refused as error:
            self.refused += 1
            if len(self.told) < MOST_TOLD:
                self.told.append({"where": where, "reason": str(error)})
            return
        self.count += 1

    def _fill(self, row: NDArray[np.void], value: Any) -> None:
        if not isinstance(value, dict):
            raise _Refused(f"is no object but {type(value).__name__}")
        t_us = _whole(value, "t_us", 0, 1 << 60)
        received_us = _whole(value, "receive_us", 0, 1 << 60) if "receive_us" in value else t_us
        if abs(received_us - t_us) > 86_400_000_000:
            raise _Refused("receive_us: over a day from t_us")
        by = value.get("by", "road")
        if by not in ("road", "itself"):
            raise _Refused(f"by: {by!r} is neither 'road' nor 'itself'")
        kind = value.get("kind", "unknown")
        if not isinstance(kind, str) or kind not in KINDS:
            raise _Refused(f"kind: {kind!r} is none of {', '.join(KINDS)}")
        x_m, y_m = self._place(value)
        measured = {name: _number(value, name, 0.0, LARGEST[name]) for name in NUMBERS}
        heading = _number(value, "heading_deg", -360.0, 360.0)
        source = value.get("source")
        if not isinstance(source, str) or not 0 < len(source) <= 64:
            raise _Refused(f"source: {source!r} is no name of 1 to 64 characters")
        if source not in self.senders and len(self.senders) >= MOST_SENDERS:
            raise _Refused(f"source: over {MOST_SENDERS} senders")
        its = self.senders.setdefault(source, len(self.senders))
        row["source"], row["participant"] = its, self._number_of(its, value)
        row["by"] = SEEN_BY_ITSELF if by == "itself" else SEEN_BY_ROAD
        row["kind"], row["classification"] = KINDS[kind], _whole(value, "class", 0, 255) if "class" in value else 0
        row["vehicle_id"] = row["participant"] if by == "itself" else 0
        row["event_us"], row["receive_us"], row["x_m"], row["y_m"] = t_us, received_us, x_m, y_m
        row["heading_rad"] = math.radians(heading % 360.0)
        for name, number in measured.items():
            row[name] = number

    def _place(self, value: dict[str, Any]) -> tuple[float, float]:
        degrees = "lon" in value or "lat" in value
        if self.degrees is not None and degrees != self.degrees:
            raise _Refused("place: the file's first sighting states its place in the other form (lon, lat or x_m, y_m)")
        names = ("lon", "lat") if degrees else ("x_m", "y_m")
        bounds = (180.0, 85.0) if degrees else (1e7, 1e7)
        one, two = (_number(value, name, -bound, bound) for name, bound in zip(names, bounds, strict=True))
        if math.isnan(one) or math.isnan(two):
            raise _Refused(f"{names[0] if math.isnan(one) else names[1]}: is missing")
        self.degrees = degrees
        if degrees:
            if self.projection is None:
                self.projection = Projection(one, two)
            x_m, y_m = self.projection(one, two)
            if not (abs(x_m) < FARTHEST_M and abs(y_m) < FARTHEST_M):
                raise _Refused(f"place: over {FARTHEST_M / 1000:.0f} km from the file's first")
            return float(x_m), float(y_m)
        return one, two

    def _number_of(self, source: int, value: dict[str, Any]) -> int:
        """Return a number for what a sender calls its object; without a name every sighting is of another."""
        name = value.get("object")
        if name is None:
            name = "itself" if value.get("by") == "itself" else f"\0{self.count}"
        elif isinstance(name, bool) or not isinstance(name, int | str) or len(str(name)) > 64:
            raise _Refused(f"object: {str(name)[:40]!r} is no number or name of up to 64 characters")
        return self.numbers.setdefault((source, str(name)), len(self.numbers) + 1)

    def recording(self) -> Recording:
        """Return what was read, in the order of receipt."""
        rows = self.rows[: self.count]
        if not self.count:
            reason = self.told[0] if self.told else {"where": "file", "reason": "is empty"}
            raise PlainError(f"{self.path}: no sighting in it that can be used ({reason['where']}: {reason['reason']})")
        order = np.argsort(rows["receive_us"], kind="stable")
        return Recording(self.path, rows[order], list(self.senders), self.projection, self.refused, self.told)


def _whole(value: dict[str, Any], name: str, least: int, most: int) -> int:
    number = value.get(name)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise _Refused(f"{name}: {str(number)[:40]!r} is no whole number" if name in value else f"{name}: is missing")
    if not least <= number <= most:
        raise _Refused(f"{name}: {str(number)[:40]} is not within {least} to {most}")
    return number


def _number(value: dict[str, Any], name: str, least: float, most: float) -> float:
    """Return an optional number, NaN where it is not stated."""
    number = value.get(name)
    if number is None:
        return math.nan
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise _Refused(f"{name}: {str(number)[:40]!r} is no number")
    if not least <= number <= most:  # also refuses NaN and what no float can hold
        raise _Refused(f"{name}: {str(number)[:40]} is not within {least:g} to {most:g}")
    return float(number)


@dataclass(slots=True)
class Fused:
    """What a fusion gave besides its frames."""

    frames: int = 0
    tracks: int = 0
    shown_max: int = 0
    late: int = 0
    duplicate: int = 0
    findings: list[Finding] = field(default_factory=list)


def fuse(recording: Recording, keep: Callable[[int, NDArray[np.void]], None]) -> Fused:
    """Run the twin over a recording, a frame each 100 ms of its time; ``keep`` is given each frame's instant and tracks."""
    state, rows, result = twin.State(), recording.rows, Fused()
    receive_us = rows["receive_us"]
    signals = np.empty(0, SIGNAL)
    ids: set[int] = set()
    at, now_us = 0, int(receive_us[0]) // twin.TICK_US * twin.TICK_US
    while at < len(rows):
        if receive_us[at] - now_us > GAP_US:
            now_us = int(receive_us[at]) // twin.TICK_US * twin.TICK_US
        now_us += twin.TICK_US
        end = int(np.searchsorted(receive_us, now_us, "right"))
        frame = twin.step(state, rows[at:end], signals, now_us)
        at = end
        ids.update(frame.tracks["id"].tolist())
        result.shown_max = max(result.shown_max, len(frame.tracks))
        keep(now_us, frame.tracks)
    result.frames, result.tracks = state.seq, len(ids)
    result.late, result.duplicate = state.tracks.late, state.tracks.duplicate
    result.findings = report.findings(state.tracks, lambda row: recording.senders[row], now_us)
    return result


def as_json(tracks: NDArray[np.void], projection: Projection | None) -> list[dict[str, Any]]:
    """Return tracks as plain objects: the names of ``docs/nomenclature.md``, degrees outside, unknown left out."""
    out: list[dict[str, Any]] = []
    names = {kind: name for name, kind in KINDS.items()}
    lon, lat = projection.inverse(tracks["x_m"], tracks["y_m"]) if projection else (None, None)
    numbers = ("speed_mps", "length_m", "width_m", "height_m", "position_sd_m", "accel_mps2", "existence")
    for index, row in enumerate(tracks):
        one: dict[str, Any] = {"id": int(row["id"]), "kind": names[int(row["kind"])]}
        one |= {"x_m": round(float(row["x_m"]), 3), "y_m": round(float(row["y_m"]), 3)}
        if lon is not None and lat is not None:
            one |= {"lon": round(float(lon[index]), 8), "lat": round(float(lat[index]), 8)}
        one |= {"heading_deg": round(math.degrees(row["heading_rad"]), 2)}
        one |= {name: round(float(row[name]), 3) for name in numbers}
        one |= {"yaw_rate_dps": round(math.degrees(row["yaw_rps"]), 2), "sources": int(row["sources"])}
        one |= {"last_us": int(row["last_us"])}
        out.append({key: value for key, value in one.items() if value == value})
    return out


def command(path: Path, out: Path | None, whole: bool) -> dict[str, Any]:
    """Fuse the file and return the account; with ``whole`` also the frames, with ``out`` those are written there line by line.

    Raises :class:`PlainError` for a file that cannot be read, ``OSError`` where ``out`` cannot be written.
    """
    recording = read(path)
    frames: list[dict[str, Any]] = []
    with out.open("w", encoding="utf-8") if out else nullcontext() as file:

        def keep(t_us: int, tracks: NDArray[np.void]) -> None:
            if whole or file:
                frame = {"t_us": t_us, "tracks": as_json(tracks, recording.projection)}
                if whole:
                    frames.append(frame)
                if file:
                    file.write(json.dumps(frame) + "\n")

        fused = fuse(recording, keep)
    projection = recording.projection
    account: dict[str, Any] = {
        "file": str(path),
        "sightings": len(recording.rows),
        "refused": recording.refused,
        "reasons": recording.told,
        "senders": len(recording.senders),
        "frame_count": fused.frames,
        "tracks": fused.tracks,
        "shown_max": fused.shown_max,
        "late": fused.late,
        "duplicate": fused.duplicate,
        "origin": [projection.lon_deg, projection.lat_deg] if projection else None,
        "findings": [{"rule": one.rule, "source": one.source, "reason": one.reason} for one in fused.findings],
    }
    return account | {"frames": frames} if whole else account
