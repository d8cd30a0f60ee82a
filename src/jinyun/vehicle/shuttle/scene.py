"""The scene (座舱画面): what the cabin's display is told ten times a second, as one container of columns.

Tables: ``objects`` (id, kind, class, seen_by, x_m, y_m, heading_rad, speed_mps, length_m, width_m, height_m), ``path`` (x_m,
y_m, speed_mps, after_s: the planned way of the rear axle), ``ways`` (object: row of ``objects``, way, x_m, y_m: where others
are foreseen), ``lights`` (node, phase, light, remaining_s (NaN unknown), by, x_m, y_m: at the stop lines ahead). The rest
stands in the container's ``meta``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from jinyun.net import columns
from jinyun.vehicle.shuttle.behaviour import REASONS
from jinyun.vehicle.shuttle.body import LENGTH_M, MIDDLE_M, WIDTH_M, Pose
from jinyun.vehicle.shuttle.driving import Shuttle
from jinyun.vehicle.shuttle.pacing import DT_S

SHOWN_M = 80.0
WAY_TICKS = slice(0, 13, 2)
"""Others' ways are shown for 4.8 s, a point each 0.8 s."""
LEAST_MPS = 0.6
MOST_WAYS = 60
LINES_AHEAD_M = 160.0


def scene(shuttle: Shuttle, pose: Pose, t_us: int, now_s: float, told: dict[str, Any]) -> bytes:
    """Return the container of now; ``told`` is what who runs the line adds to ``meta`` (names, stops, passengers)."""
    objects = shuttle.objects
    near = np.hypot(objects["x_m"] - pose.x_m, objects["y_m"] - pose.y_m) <= SHOWN_M
    row_of = np.where(near, np.cumsum(near) - 1, -1)
    shown = objects[near]
    table = {
        name: shown[name].astype(np.float32)
        for name in ("x_m", "y_m", "heading_rad", "speed_mps", "length_m", "width_m", "height_m")
    }
    table |= {"id": shown["id"].astype(np.int64), "kind": shown["kind"], "class": shown["classification"],
              "seen_by": shown["seen_by"]}  # fmt: skip
    middle = pose.ahead(MIDDLE_M)
    code = shuttle.reason
    zh, en = REASONS.get(code, (code, code))
    meta = {
        "kind": "cabin", "t_us": t_us, "simulated": True, "state": shuttle.state.value, "reason": code,
        "reason_zh": zh, "reason_en": en, "mode": shuttle.modes.mode.value,
        "asks": shuttle.modes.open[1] if shuttle.modes.open else None,
        "x_m": round(middle[0], 3), "y_m": round(middle[1], 3), "heading_rad": round(pose.heading_rad, 5),
        "speed_mps": round(pose.speed_mps, 2), "accel_mps2": round(pose.accel_mps2, 2),
        "length_m": LENGTH_M, "width_m": WIDTH_M, "docked": shuttle.docked_s is not None,
        "to_stop_m": round(shuttle.to_halt_m(), 1), "stop": shuttle.line.halts[shuttle.halt].id, "road": shuttle.road,
        "plan_ms": round(shuttle.plan_ms[-1], 1) if shuttle.plan_ms else None, **told,
    }  # fmt: skip
    tables = {
        "objects": table,
        "path": _path(shuttle, now_s),
        "ways": _ways(shuttle, row_of),
        "lights": _lights(shuttle, now_s),
    }
    return columns.pack(tables, meta)


def _path(shuttle: Shuttle, now_s: float) -> dict[str, Any]:
    plan = shuttle.plan
    if plan is None:
        none = np.zeros(0, np.float32)
        return {"x_m": none, "y_m": none, "speed_mps": none, "after_s": none}
    s = plan.s_m[::2]
    last = max(float(s[-1]), float(s[0]) + 1.0)
    even = np.linspace(float(s[0]), last, 24)
    d = np.array([plan.offset(at)[0] for at in even])
    x, y, _ = shuttle.line.place(even, d)
    rising = np.maximum.accumulate(plan.s_m)
    after = np.interp(even, rising, np.arange(len(rising)) * DT_S) - (now_s - plan.begins_s)
    speed = np.interp(even, rising, plan.speed_mps)
    return {
        "x_m": x.astype(np.float32), "y_m": y.astype(np.float32), "speed_mps": speed.astype(np.float32),
        "after_s": after.astype(np.float32),
    }  # fmt: skip


def _ways(shuttle: Shuttle, row_of: np.ndarray[Any, Any]) -> dict[str, Any]:
    foreseen = shuttle.foreseen
    empty = {"object": np.zeros(0, np.uint16), "way": np.zeros(0, np.uint16), "x_m": np.zeros(0, np.float32),
             "y_m": np.zeros(0, np.float32)}  # fmt: skip
    if foreseen is None or not len(foreseen.of):
        return empty
    moves = (shuttle.objects["speed_mps"][foreseen.of] > LEAST_MPS) & (row_of[foreseen.of] >= 0)
    rows = np.flatnonzero(moves)[:MOST_WAYS]
    if not len(rows):
        return empty
    x, y = foreseen.x_m[rows, WAY_TICKS], foreseen.y_m[rows, WAY_TICKS]
    points = x.shape[1]
    return {
        "object": np.repeat(row_of[foreseen.of[rows]], points).astype(np.uint16),
        "way": np.repeat(np.arange(len(rows)), points).astype(np.uint16),
        "x_m": x.reshape(-1).astype(np.float32), "y_m": y.reshape(-1).astype(np.float32),
    }  # fmt: skip


def _lights(shuttle: Shuttle, now_s: float) -> dict[str, Any]:
    rows = []
    for line in shuttle.line.stop_lines:
        ahead = shuttle.line.ahead(shuttle.s_m, line.s_m)
        if line.phase and ahead < LINES_AHEAD_M:
            lit = shuttle.lights.now(line.node, line.phase, now_s)
            x, y, _ = shuttle.line.place(line.s_m, 0.0)
            rows.append((line.node, line.phase, lit.light, lit.remaining_s, lit.by, float(x), float(y), ahead))
    rows.sort(key=lambda row: row[-1])
    cells = list(zip(*rows, strict=True)) if rows else [()] * 8
    kinds = (np.uint16, np.uint8, np.uint8, np.float32, np.uint8, np.float32, np.float32, np.float32)
    names = ("node", "phase", "light", "remaining_s", "by", "x_m", "y_m", "ahead_m")
    return {name: np.array(cell, kind) for name, cell, kind in zip(names, cells, kinds, strict=True)}
