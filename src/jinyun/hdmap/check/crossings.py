"""Crossings, stops and bays lie where they are used: over lanes, on lanes, beside lanes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jinyun.hdmap import conflicts
from jinyun.hdmap.check.rule import FAULT, WARNING, Floats, Found, Rows, rule
from jinyun.hdmap.check.view import View

STOP_M = 3.0
"""A stop's place lies no farther from the middle of its lane."""


@rule("crossing.no-lane", FAULT, "人行横道应跨越行车道", "A crossing must lie over a lane")
def no_lane(view: View) -> Iterator[Found]:
    crossings, places = view.map.crossings, view.map.crossing_points
    ridden = np.flatnonzero(view.ridden)
    for row, (first, count) in enumerate(zip(crossings["first"], crossings["count"], strict=True)):
        x, y = places["x_m"][first : first + count], places["y_m"][first : first + count]
        if len(x) < 2 or not _crosses(view, ridden, x, y):
            yield Found(f"crossing {crossings['id'][row]}", "lies over no lane", float(np.mean(x)), float(np.mean(y)))


def _crosses(view: View, lanes: Rows, x: Floats, y: Floats) -> bool:
    """Return whether a line crosses the middle line of one of ``lanes``."""
    box = view.boxes[lanes]
    near = lanes[(box[:, 0] <= x.max()) & (box[:, 1] >= x.min()) & (box[:, 2] <= y.max()) & (box[:, 3] >= y.min())]
    if not len(near):
        return False
    parts = [np.arange(view.first[lane], view.last[lane] + 1) for lane in near]
    bounds = np.cumsum([0, len(x), *map(len, parts)])
    whole_x, whole_y = (
        np.concatenate([own, *(all_[part] for part in parts)]) for own, all_ in ((x, view.x), (y, view.y))
    )
    gap, _, _ = conflicts.nearest(
        whole_x, whole_y, np.zeros(len(whole_x)), bounds, np.zeros(len(near), np.int64), np.arange(1, len(near) + 1)
    )
    return bool((gap < 1e-9).any())


@rule(
    "crossing.group-missing",
    WARNING,
    "信号路口的人行横道应有信号组",
    "A crossing at a signal should have a signal group",
)
def group_missing(view: View) -> Iterator[Found]:
    crossings, places = view.map.crossings, view.map.crossing_points
    signalised = np.append(view.map.junctions["signalised"], False)
    for row in np.flatnonzero(signalised[crossings["junction"]] & (crossings["phase"] == 0)):
        at, where = int(crossings["first"][row]), view.junction(int(crossings["junction"][row]))
        yield Found(f"crossing {crossings['id'][row]}", f"has no signal group at {where}, which has signals",
                    float(places["x_m"][at]), float(places["y_m"][at]))  # fmt: skip


@rule("stop.place", FAULT, "停靠站应位于其车道上", "A stop must lie on its lane")
def stop_place(view: View) -> Iterator[Found]:
    stops = view.map.stops
    length = np.append(view.map.points["s_m"][view.last], 0.0)
    for row, lane in enumerate(stops["lane"].tolist()):
        x, y = float(stops["x_m"][row]), float(stops["y_m"][row])
        if not 0 <= lane < len(view.first):
            yield Found(f"stop {stops['id'][row]}", "is on no lane", x, y)
            continue
        part = slice(int(view.first[lane]), int(view.last[lane]) + 1)
        bounds = np.array([0, 2, 2 + part.stop - part.start])
        gap, _, _ = conflicts.nearest(
            np.append([x, x], view.x[part]), np.append([y, y + 1e-6], view.y[part]), np.zeros(bounds[-1]), bounds,
            np.array([0]), np.array([1]),
        )  # fmt: skip
        start, end = float(stops["start_m"][row]), float(stops["end_m"][row])
        if gap[0] > STOP_M or not -0.5 <= start < end <= length[lane] + 3:
            yield Found(f"stop {stops['id'][row]}", f"lies {gap[0]:.1f} m from {view.lane(lane)} and takes {start:.0f} to "
                        f"{end:.0f} m of its {length[lane]:.0f} m", x, y)  # fmt: skip


RULES = (no_lane, group_missing, stop_place)
