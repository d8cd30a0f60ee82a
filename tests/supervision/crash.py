"""A staged crash for tests: two cars meet, and all of it is in a record as a zone writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from jinyun.net import columns
from jinyun.net.block import Arrival, Block
from jinyun.record.frames import IDENTITY
from jinyun.record.key import Key
from jinyun.record.writing import Recorder

T0_US = 1_795_000_000_000_000
CRASH_S = 95.0
"""After the beginning of the record."""
DTYPES = {"id": np.uint32, "kind": np.uint8, "class": np.uint8, "seen_by": np.uint8, "sources": np.uint8}


def tracks(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Return the columns of a frame's tracks; what a row does not say is that of an ordinary car."""
    car = {"id": 0, "kind": 1, "class": 10, "seen_by": 2, "sources": 1, "x_m": 0, "y_m": 0, "heading_deg": 90.0,
           "speed_mps": 10.0, "length_m": 4.6, "width_m": 1.8, "height_m": 1.5, "position_sd_m": 0.3}  # fmt: skip
    table = {name: np.array([(car | row)[name] for row in rows], DTYPES.get(name, np.float32)) for name in car}
    return table | {"age_ms": np.zeros(len(rows), np.uint16)}


def signals(rows: list[tuple[int, int, int]]) -> dict[str, Any]:
    """Return the columns of a frame's signals: (node, phase, light)."""
    table = np.array(rows, np.int64).reshape(-1, 3)
    return {"node": table[:, 0].astype(np.uint16), "phase": table[:, 1].astype(np.uint8),
            "light": table[:, 2].astype(np.uint8), "remaining_ds": np.full(len(table), 65_535, np.uint16)}  # fmt: skip


def at(t_s: float) -> list[dict[str, float]]:
    """Return both cars t_s after the beginning: one drives east at 10 m/s into one that stands, and stops there."""
    x = min(10.0 * (t_s - CRASH_S), 1.2) - 4.6
    return [
        {"id": 7, "x_m": x, "speed_mps": 10.0 if x < -3.41 else 0.0, "seen_by": 3, "sources": 2},
        {"id": 9, "x_m": 0.0, "speed_mps": 0.0},
        {"id": 11, "x_m": 30.0, "y_m": 20.0, "kind": 3, "speed_mps": 1.2, "length_m": 0.5, "width_m": 0.5},
    ]


def packed(t_s: float, seq: int) -> bytes:
    t_us = T0_US + round(t_s * 1e6)
    tables = {"tracks": tracks(at(t_s)), "signals": signals([(1, 2, 3)]), "advice": {}}
    return columns.pack(tables, {"kind": "frame", "seq": seq, "t_us": t_us, "zone": "science-city"})


def items(vehicle: str, lon: float, t_us: int) -> Arrival:
    """Return a message of the ten items, as a test vehicle sends it."""
    said = {"vehicle": vehicle, "t_ms": t_us // 1000, "mode": "automated", "lon": lon, "lat": 29.6, "speed_mps": 10.0,
            "accel_mps2": 0.0, "heading_deg": 90.0, "perception": {}, "lights": 0, "video_outside": f"{vehicle}/front",
            "video_inside": f"{vehicle}/cabin"}  # fmt: skip
    return Arrival(t_us, f"jinyun.science-city.obu.{vehicle}.up.items", json.dumps(said).encode())


def record(folder: Path, key: Key | None = None, seconds: float = 130.0) -> None:
    """Write the record of the crash: ten frames a second, a message of each car, and two vehicles' data items."""
    recorder = Recorder(folder, {"zone": "science-city", "simulated": True, "map": "some"}, key=key)
    named = np.zeros(1, IDENTITY)
    named["track"], named["vehicle_id"] = 7, 0xA1
    for tick in range(1, int(seconds * 10)):
        now_us = T0_US + tick * 100_000
        said = [Arrival(now_us - 5000, f"jinyun.science-city.obu.car-{n}.up.bsm", bytes([n]) * 60) for n in (7, 9)]
        if tick % 5 == 0:
            said += [items("NEAR", 106.3, now_us), items("FAR", 106.35, now_us)]
        recorder.turn(Block.of(said), now_us, [], [packed(tick / 10, tick)], tick, 100_000)
        if tick % 10 == 0:
            listed = [{"id": 1, "rule": "device.silent", "source": "rsu/R1", "reason": "nothing received",
                       "opened_us": T0_US + 80_000_000, "last_us": now_us}]  # fmt: skip
            recorder.second(now_us, {"episodes": listed if tick > 800 else []}, named)
        if tick % 200 == 0:
            recorder.flush()
    recorder.close()
