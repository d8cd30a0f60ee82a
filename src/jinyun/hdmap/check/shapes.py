"""What one lane alone must look like: borders that do not cross, a width somebody can drive on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jinyun.hdmap.check.rule import FAULT, WARNING, Floats, Found, Rows, rule
from jinyun.hdmap.check.view import View
from jinyun.hdmap.nearest import LONGEST_LANE_M
from jinyun.hdmap.precise import LaneKind

MOST_PIECES = 400
"""A border of more pieces is looked at in stretches of so many."""
NARROW_M = {LaneKind.CAR: 2.3, LaneKind.BUS: 2.5, LaneKind.BICYCLE: 0.7}
"""Narrower lanes are not made for what they are said to be for."""
WIDE_M = 8.0
"""A wider lane is two, or none."""
JUMP_M = 1.5
"""A width that changes by more within :data:`JUMP_OVER_M` is no taper."""
JUMP_OVER_M = 2.0
SHORT_M = 0.2
"""A lane shorter than this is left over from drawing."""


@rule(
    "lane.border-crossing",
    FAULT,
    "车道边线不得自相交或左右相交",
    "A lane's borders must not cross themselves or each other",
)
def border_crossing(view: View) -> Iterator[Found]:
    points = view.map.points
    left, right = (np.column_stack([points[f"{side}_x_m"], points[f"{side}_y_m"]]) for side in ("left", "right"))
    for row in np.flatnonzero(view.ridden & (view.last - view.first >= 2)):
        for begin in range(int(view.first[row]), int(view.last[row]), MOST_PIECES):
            part = slice(begin, min(begin + MOST_PIECES, int(view.last[row])) + 1)
            for a, b, said in (
                (left[part], left[part], "left border crosses itself"),
                (right[part], right[part], "right border crosses itself"),
                (left[part], right[part], "borders cross each other"),
            ):
                at = _crossing(a, b, a is b)
                if at is not None:
                    yield Found(view.lane(row), f"its {said}", *at)


def _crossing(a: Floats, b: Floats, same: bool) -> tuple[float, float] | None:
    """Return a place where two lines cross inside their pieces; of one line with itself, pieces that touch do not count."""
    i, j = np.triu_indices(len(a) - 1, 2) if same else (v.ravel() for v in np.indices((len(a) - 1, len(b) - 1)))
    low_a, high_a = np.minimum(a[:-1], a[1:]), np.maximum(a[:-1], a[1:])
    low_b, high_b = np.minimum(b[:-1], b[1:]), np.maximum(b[:-1], b[1:])
    near = ((low_a[i] <= high_b[j]) & (low_b[j] <= high_a[i])).all(axis=1)
    i, j = i[near], j[near]
    u, v = a[i + 1] - a[i], b[j + 1] - b[j]
    w = b[j] - a[i]
    cross = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    safe = np.where(np.abs(cross) < 1e-12, np.inf, cross)
    s, t = (w[:, 0] * v[:, 1] - w[:, 1] * v[:, 0]) / safe, (w[:, 0] * u[:, 1] - w[:, 1] * u[:, 0]) / safe
    edge = 1e-6
    hit = np.flatnonzero((s > edge) & (s < 1 - edge) & (t > edge) & (t < 1 - edge))
    if not len(hit):
        return None
    at = a[i[hit[0]]] + s[hit[0]] * u[hit[0]]
    return float(at[0]), float(at[1])


@rule("lane.width", WARNING, "车道宽度应合理", "A lane must be as wide as what goes on it, and no wider than one lane")
def width(view: View) -> Iterator[Found]:
    middle = (view.first + view.last) // 2
    widths, kind = view.map.lanes["width_m"].astype(np.float64), view.map.lanes["kind"]
    least = np.zeros(len(widths))
    for of, narrow in NARROW_M.items():
        least[kind == of] = narrow
    bad = view.ridden & ((widths < least) | (widths > WIDE_M) | ~np.isfinite(widths))
    for row in np.flatnonzero(bad):
        at = middle[row]
        yield Found(view.lane(row), f"is {widths[row]:.2f} m wide", float(view.x[at]), float(view.y[at]))


@rule("lane.width-jump", WARNING, "车道宽度不得突变", "A lane's width must not jump")
def width_jump(view: View) -> Iterator[Found]:
    starts, _, _, length = view.steps
    change = np.abs(view.width[starts + 1] - view.width[starts])
    lane = view.lane_of_point[starts]
    sudden = (change > JUMP_M) & (length < JUMP_OVER_M) & view.ridden[lane] & ~view.inside[lane]
    for k in np.flatnonzero(sudden):
        yield Found(view.lane(lane[k]), f"changes its width by {change[k]:.2f} m within {length[k]:.2f} m",
                    float(view.x[starts[k]]), float(view.y[starts[k]]))  # fmt: skip
    before, after = _alone(view)
    a, b = view.last[before], view.first[after]
    change = np.abs(view.width[a] - view.width[b])
    for k in np.flatnonzero(change > JUMP_M):
        yield Found(view.lane(before[k]), f"is {view.width[a[k]]:.2f} m wide at its end, {view.lane(after[k])} after it "
                    f"{view.width[b[k]]:.2f} m", float(view.x[a[k]]), float(view.y[a[k]]))  # fmt: skip


def _alone(view: View) -> tuple[Rows, Rows]:
    """Return the pairs of lanes outside junctions of which one follows on the other alone."""
    before, after = view.pairs
    n = len(view.first)
    alone = (np.bincount(before, minlength=n)[before] == 1) & (np.bincount(after, minlength=n)[after] == 1)
    alone &= ~view.inside[before] & ~view.inside[after]
    return before[alone], after[alone]


@rule("lane.length", WARNING, "车道长度应合理", "A lane must be longer than a foot and shorter than a country")
def length(view: View) -> Iterator[Found]:
    metres = view.map.points["s_m"][view.last]
    outside = view.ridden & ~view.inside & (metres < SHORT_M)
    for row in np.flatnonzero(outside | (metres > LONGEST_LANE_M)):
        yield Found(view.lane(row), f"is {metres[row]:.2f} m long", *view.middle(int(row)))


RULES = (border_crossing, width, width_jump, length)
