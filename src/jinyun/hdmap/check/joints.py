"""Where one lane follows on another they must meet: no gap, no kink, no jump of width or height."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jinyun.hdmap.check.rule import FAULT, WARNING, Found, rule
from jinyun.hdmap.check.view import View, turned

GAP_M = 0.3
"""A lane that begins farther from the end of the one before does not follow on it."""
KINK_DEG, INNER_KINK_DEG = 20.0, 45.0
"""A sharper turn from one lane to the next is none that wheels make; ways through junctions are drawn more freely."""
OPENING_M = 10.0
"""A shorter piece between lanes outside junctions leads aside to a lane that opens there: one changes to it."""
BEND_DEG = 50.0
"""A sharper turn at one point of a lane is none."""
SHORT_M = 0.05
"""Pieces shorter than this have no direction worth the name."""
STEP_M = 0.6
"""A border that jumps sideways by more is not there on the street."""
HEIGHT_M = 0.3
"""A step in the road that no wheel takes."""
SLOPE = 0.15
"""Steeper is no street of a city."""
SLOPE_OVER_M = 5.0


@rule("lane.gap", FAULT, "后继车道的起点应与本车道终点重合", "A lane must begin where the one before it ends")
def gap(view: View) -> Iterator[Found]:
    before, after = view.pairs
    a, b = view.last[before], view.first[after]
    away = np.hypot(view.x[a] - view.x[b], view.y[a] - view.y[b])
    for k in np.flatnonzero(away > GAP_M):
        yield Found(view.lane(before[k]), f"ends {away[k]:.2f} m from where {view.lane(after[k])} begins, which follows it",
                    float(view.x[a[k]]), float(view.y[a[k]]))  # fmt: skip


@rule(
    "lane.kink",
    WARNING,
    "车道衔接处航向应连续",
    "Direction must not break from one lane to the next, nor within a lane",
)
def kink(view: View) -> Iterator[Found]:
    before, after = view.pairs
    by = np.degrees(np.abs(turned(view.headings[1][before], view.headings[0][after])))
    inner = view.inside[before] | view.inside[after]
    short = view.map.points["s_m"][view.last] < OPENING_M
    opens = ~inner & (short[before] | short[after])
    for k in np.flatnonzero((by > np.where(inner, INNER_KINK_DEG, KINK_DEG)) & ~opens):
        at = view.first[after[k]]
        yield Found(view.lane(before[k]), f"meets {view.lane(after[k])} at an angle of {by[k]:.0f} degrees",
                    float(view.x[at]), float(view.y[at]))  # fmt: skip
    starts, dx, dy, length = view.steps
    heading = np.arctan2(dx, dy)
    same = (starts[1:] == starts[:-1] + 1) & (length[1:] > SHORT_M) & (length[:-1] > SHORT_M)
    same &= view.ridden[view.lane_of_point[starts[1:]]]
    by = np.degrees(np.abs(turned(heading[:-1], heading[1:])))
    for k in np.flatnonzero(same & (by > BEND_DEG)):
        at = starts[k + 1]
        yield Found(view.lane(view.lane_of_point[at]), f"turns by {by[k]:.0f} degrees at one point",
                    float(view.x[at]), float(view.y[at]))  # fmt: skip


@rule(
    "lane.border-step", WARNING, "相接车道的边线应连续", "The borders of a lane must go on where the next lane begins"
)
def border_step(view: View) -> Iterator[Found]:
    """Only where exactly one lane follows on exactly one: where lanes part or join, borders do."""
    before, after = view.pairs
    n = len(view.first)
    single = (np.bincount(before, minlength=n)[before] == 1) & (np.bincount(after, minlength=n)[after] == 1)
    before, after = before[single], after[single]
    a, b = view.last[before], view.first[after]
    points = view.map.points
    step = np.zeros(len(a))
    for side in ("left", "right"):
        away = np.hypot(
            points[f"{side}_x_m"][a] - points[f"{side}_x_m"][b], points[f"{side}_y_m"][a] - points[f"{side}_y_m"][b]
        )
        step = np.maximum(step, away)
    gap_m = np.hypot(view.x[a] - view.x[b], view.y[a] - view.y[b])
    for k in np.flatnonzero((step > STEP_M) & (gap_m <= GAP_M)):
        yield Found(view.lane(before[k]), f"has a border that jumps by {step[k]:.2f} m where {view.lane(after[k])} begins",
                    float(view.x[a[k]]), float(view.y[a[k]]))  # fmt: skip


@rule("lane.height-step", WARNING, "车道高程应连续、坡度应合理", "The road must have no steps and no walls")
def height_step(view: View) -> Iterator[Found]:
    before, after = view.pairs
    a, b = view.last[before], view.first[after]
    up = np.abs(view.z[a] - view.z[b])
    for k in np.flatnonzero(up > HEIGHT_M):
        yield Found(view.lane(before[k]), f"ends {up[k]:.2f} m above or below {view.lane(after[k])}, which follows it",
                    float(view.x[a[k]]), float(view.y[a[k]]))  # fmt: skip
    starts, _, _, length = view.steps
    rise = np.abs(view.z[starts + 1] - view.z[starts])
    steep = (rise > SLOPE * np.maximum(length, SLOPE_OVER_M)) & view.ridden[view.lane_of_point[starts]]
    told: set[int] = set()
    for k in np.flatnonzero(steep):
        lane = int(view.lane_of_point[starts[k]])
        if lane not in told:
            told.add(lane)
            yield Found(view.lane(lane), f"rises or falls by {rise[k]:.1f} m over {length[k]:.1f} m",
                        float(view.x[starts[k]]), float(view.y[starts[k]]))  # fmt: skip


RULES = (gap, kink, border_step, height_step)
