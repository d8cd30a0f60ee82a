"""The record: how fast messages are written beside the live path, and how soon a day of positions answers.

Writing is measured as the thread of the record spends it: processor time of that thread and of handing over, for messages of
a BSM's size whose content cannot be packed, with hashing, packing and the disk's syncs. Positions are a synthetic day
(``seconds`` of it) of participants who drive, stop, turn and leave, ten positions a second each; both copies are written
as the compacting does it, and questions are asked of files the system has not kept in memory for us where it can be told.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from jinyun.bench.machine import describe
from jinyun.net.block import Block
from jinyun.record import positions, queries
from jinyun.record.compacting import stamp
from jinyun.record.positions import BY_PLACE, BY_VEHICLE, FOLDER, HOUR_US, POSITION
from jinyun.record.writing import Recorder

DAY_S = 86_400
AT_ONCE = 117
"""Participants at once: with ten positions a second each, a day has over a hundred million."""
STAY_S = 600
"""How long each is there."""
T0_US = 1_795_046_400_000_000
PAYLOAD, SUBJECT = 110, b"jinyun.science-city.obu.car-1234.up.bsm"
WINDOW, WINDOWS = 4000, 500
ASKED = 15
LON, LAT, SIDE_E7 = 106.30, 29.60, 900_000


def _windows(rng: np.random.Generator) -> list[Block]:
    """Return a few different windows of messages, as a socket gives them."""
    made = []
    size = len(SUBJECT) + PAYLOAD
    for _ in range(8):
        octets = np.frombuffer(rng.bytes(WINDOW * size), np.uint8).reshape(WINDOW, size).copy()
        octets[:, : len(SUBJECT)] = np.frombuffer(SUBJECT, np.uint8)
        at = np.arange(WINDOW, dtype=np.int64) * size
        lengths = np.full(WINDOW, len(SUBJECT), np.int64), np.full(WINDOW, PAYLOAD, np.int64)
        made.append(Block(octets.tobytes(), at, lengths[0], at + len(SUBJECT), lengths[1], np.zeros(WINDOW, np.int64)))
    return made


def _writing(folder: Path) -> dict[str, float]:
    windows = _windows(np.random.default_rng(1))
    recorder = Recorder(folder, {"bench": "record"})
    began, own = time.perf_counter(), time.thread_time()
    for number in range(WINDOWS):
        now_us = T0_US + number * 20_000
        block = windows[number % len(windows)]
        block.receive_us = np.full(WINDOW, now_us, np.int64)
        recorder.turn(block, now_us, [], [], 0, 100_000)
        if number % 25 == 24:
            recorder.flush()
    handing_s = time.thread_time() - own
    recorder.close()
    wall_s = time.perf_counter() - began
    stored = sum(path.stat().st_size for path in folder.glob("*.jyr"))
    return {
        "write_per_s": recorder.written / (recorder.cpu_s + handing_s),
        "write_wall_per_s": recorder.written / wall_s,
        "write_bytes_per_message": stored / recorder.written,
        "message_bytes": PAYLOAD + len(SUBJECT),
    }


def hour(number: int, seconds: int) -> NDArray[np.void]:
    """Return so many seconds of one synthetic hour: participants in turn, each there for ten minutes."""
    rng = np.random.default_rng(number)
    ticks = min(seconds, STAY_S) * 10
    parts = []
    for turn in range(-(-seconds // STAY_S)):
        rows = np.zeros((AT_ONCE, ticks), POSITION)
        steps = np.arange(ticks)
        rows["t_us"] = T0_US + number * HOUR_US + (turn * STAY_S * 10 + steps) * 100_000
        rows["id"] = (1 + np.arange(AT_ONCE) + AT_ONCE * (turn + 6 * number))[:, None]
        # a third are known vehicles that come back all day
        vehicle = np.where(np.arange(AT_ONCE) % 3 == 0, 0x0A00_0000_0000_0000 + np.arange(AT_ONCE), 0)
        rows["vehicle"] = vehicle[:, None]
        target = rng.uniform(0, 16, (AT_ONCE, ticks // 100 + 1)) * (rng.random((AT_ONCE, ticks // 100 + 1)) > 0.25)
        speed = np.maximum(np.repeat(target, 100, axis=1)[:, :ticks], 0)
        speed = uniform_filter1d(speed, 50, axis=1)  # nobody changes speed at once
        turning = np.repeat(rng.normal(0, 0.15, (AT_ONCE, ticks // 100 + 1)), 100, axis=1)[:, :ticks]
        heading = rng.uniform(0, 2 * np.pi, (AT_ONCE, 1)) + np.cumsum(turning * 0.1 * (speed > 1), axis=1)
        # the fused picture wanders by centimetres, smoothly
        wander = np.cumsum(rng.normal(0, 0.02, (2, AT_ONCE, ticks)), axis=2)
        east = np.cumsum(speed * np.sin(heading) * 0.1, axis=1) + wander[0]
        north = np.cumsum(speed * np.cos(heading) * 0.1, axis=1) + wander[1]
        start = rng.integers(-SIDE_E7, SIDE_E7, (2, AT_ONCE, 1)) / 2
        rows["lon_e7"] = np.rint(LON * 1e7 + start[0] + east * 103.3)
        rows["lat_e7"] = np.rint(LAT * 1e7 + start[1] + north * 90.0)
        rows["speed_cmps"] = np.rint((speed + rng.normal(0, 0.03, speed.shape)) * 100)
        rows["heading_cdeg"] = np.rint(np.degrees(heading + rng.normal(0, 0.002, speed.shape)) * 100) % 36_000
        rows["kind"] = 1
        rows["classification"] = 10
        parts.append(rows.reshape(-1))
    found = np.concatenate(parts)
    found["tile"] = positions.tile_of(found["lon_e7"], found["lat_e7"])
    return found


def _columns(folder: Path, seconds: float) -> dict[str, float]:
    target = folder / FOLDER
    target.mkdir()
    count, spent_s, made = 0, 0.0, [0, 0]
    for number in range(-(-int(seconds) // 3600)):
        rows = hour(number, min(3600, int(seconds) - 3600 * number))
        name = stamp(T0_US + number * HOUR_US, False)
        began = time.perf_counter()
        positions.write(target / f"{name}.{BY_PLACE}.parquet", positions.by_place(rows))
        positions.write(target / f"{name}.{BY_VEHICLE}.parquet", positions.by_vehicle(rows), BY_VEHICLE)
        spent_s += time.perf_counter() - began
        count += len(rows)
        for k, order in enumerate((BY_PLACE, BY_VEHICLE)):
            made[k] += (target / f"{name}.{order}.parquet").stat().st_size
    return {
        "positions": count, "columns_per_s": count / spent_s, "bytes_per_position": sum(made) / count,
        "by_place_bytes_per_position": made[0] / count, "by_vehicle_bytes_per_position": made[1] / count,
    }  # fmt: skip


def _asking(folder: Path, seconds: float) -> dict[str, float]:
    rng = np.random.default_rng(7)
    box_s, day_s, box_rows, day_rows = [], [], [], []
    end_us = T0_US + int(seconds * 1e6)
    for _ in range(ASKED):
        lon, lat = LON + rng.uniform(-0.02, 0.02), LAT + rng.uniform(-0.02, 0.02)
        from_us = T0_US + int(rng.uniform(0, max(seconds - 300, 1)) * 1e6)
        began = time.perf_counter()
        box = (lon - 0.0103, lat - 0.009, lon + 0.0103, lat + 0.009)
        found = queries.in_box(folder, *box, from_us, from_us + 300_000_000)
        box_s.append(time.perf_counter() - began)
        box_rows.append(len(found))
        vehicle = 0x0A00_0000_0000_0000 + 3 * int(rng.integers(AT_ONCE // 3))
        began = time.perf_counter()
        found = queries.of_vehicle(folder, vehicle, T0_US, end_us)
        day_s.append(time.perf_counter() - began)
        day_rows.append(len(found))
    return {
        "box_query_s": statistics.median(box_s), "box_query_worst_s": max(box_s), "box_query_rows": statistics.median(box_rows),
        "vehicle_day_query_s": statistics.median(day_s), "vehicle_day_query_worst_s": max(day_s),
        "vehicle_day_query_rows": statistics.median(day_rows),
    }  # fmt: skip


def measure(seconds: float = DAY_S) -> dict[str, Any]:
    """Return the figures of writing and asking; ``seconds`` of a day are made, in a folder that is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="jinyun-bench-record-"))
    try:
        figures = _writing(folder / "raw")
        figures |= _columns(folder, seconds)
        figures |= _asking(folder, seconds)
    finally:
        shutil.rmtree(folder)
    return {
        "bench": "record",
        "machine": describe(),
        "figures": {name: round(value, 4) for name, value in figures.items()},
        "peers": {},
    }
