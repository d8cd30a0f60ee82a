"""Compacting (归并): sealed segments become columns of positions, minutes become hours, and what is too old goes.

What has been done is seen from the files alone, so that it may be killed at any moment and begun again.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from jinyun.record import book, positions
from jinyun.record.positions import BY_PLACE, BY_VEHICLE, FOLDER, HOUR_US, MINUTE_US, Inverse
from jinyun.record.segment import listing, number_of
from jinyun.state import read_json, write_json

DONE = "done.json"
MINUTE = re.compile(r"(\d{8}T\d{2})(\d{2})\.by-place\.(\d+)\.parquet\Z")
LATE_US = 5 * MINUTE_US
"""An hour is closed so long after its end: a segment of it may still be open."""


def stamp(t_us: int, minute: bool) -> str:
    """Return how a span that begins at ``t_us`` is called in the names of files."""
    return datetime.fromtimestamp(t_us / 1e6, UTC).strftime("%Y%m%dT%H%M" if minute else "%Y%m%dT%H")


def take_segments(folder: Path, inverse: Inverse, most: int = 20) -> int:
    """Write the columns of sealed segments that have none yet, at most so many; return how many were taken."""
    target = folder / FOLDER
    target.mkdir(exist_ok=True)
    done = int((read_json(target / DONE) or {}).get("segment", 0))
    ends = book.ends(book.read(folder))
    taken = 0
    for path in listing(folder):
        number = number_of(path)
        if number <= done or number not in ends or taken == most:
            continue
        rows = positions.from_segment(path, inverse)
        minutes = rows["t_us"] // MINUTE_US
        for minute in np.unique(minutes).tolist():
            name = f"{stamp(minute * MINUTE_US, True)}.{BY_PLACE}.{number}.parquet"
            positions.write(target / name, positions.by_place(rows[minutes == minute]))
        write_json(target / DONE, {"segment": number})
        taken += 1
    return taken


def close_hours(folder: Path, now_us: int) -> list[str]:
    """Make two files of each hour that is over, and return the hours made."""
    target = folder / FOLDER
    by_hour: dict[str, list[Path]] = {}
    for path in sorted(target.glob(f"*.{BY_PLACE}.*.parquet")):
        if match := MINUTE.match(path.name):
            by_hour.setdefault(match[1], []).append(path)
    made = []
    for hour, paths in by_hour.items():
        begin = datetime.strptime(hour, "%Y%m%dT%H").replace(tzinfo=UTC)
        if now_us - int(begin.timestamp()) * 1_000_000 < HOUR_US + LATE_US:
            continue
        before = [path for path in (target / f"{hour}.{BY_PLACE}.parquet",) if path.exists()]
        rows = positions.read([*before, *paths])
        if before:  # killed between writing and tidying: what stands in both counts once
            rows = np.unique(rows)
        positions.write(target / f"{hour}.{BY_VEHICLE}.parquet", positions.by_vehicle(rows), BY_VEHICLE)
        positions.write(target / f"{hour}.{BY_PLACE}.parquet", positions.by_place(rows))
        for path in paths:
            path.unlink()
        made.append(hour)
    return made


def let_positions_go(folder: Path, older_than_us: int) -> list[str]:
    """Remove the hours that ended before an instant; return the files that went."""
    gone = []
    for path in sorted((folder / FOLDER).glob("*.parquet")):
        if path.name[:11] < stamp(older_than_us - HOUR_US, False):
            path.unlink()
            gone.append(path.name)
    return gone
