"""Speed limits: there, and such as somebody would put up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jinyun.hdmap.check.rule import FAULT, WARNING, Found, rule
from jinyun.hdmap.check.view import View
from jinyun.hdmap.precise import LaneKind

LEAST_KMH, MOST_KMH = 5.0, 130.0
"""Limits beyond these are a wrong unit or a slip of the pen."""
DROP_KMH = 45.0
"""A limit that falls by more from one lane to the next leaves drivers no room to brake."""


@rule("speed.absent", WARNING, "机动车道应有限速", "A lane for vehicles must have a speed limit")
def absent(view: View) -> Iterator[Found]:
    """One finding for all lanes of an edge."""
    limit, edge = view.map.lanes["speed_limit_mps"], view.map.lanes["edge"]
    bad = np.flatnonzero(
        np.isin(view.map.lanes["kind"], (LaneKind.CAR, LaneKind.BUS)) & ~view.inside & ~np.isfinite(limit)
    )
    for e in np.unique(edge[bad]):
        rows = bad[edge[bad] == e]
        lanes = ", ".join(str(view.map.lanes["id"][row]) for row in rows[:6]) + (" ..." if len(rows) > 6 else "")
        yield Found(view.lane(int(rows[0])), f"has no speed limit (lanes {lanes})", *view.middle(int(rows[0])))


@rule("speed.implausible", FAULT, "限速值应合理", "A speed limit must be one that somebody would put up")
def implausible(view: View) -> Iterator[Found]:
    kmh = view.map.lanes["speed_limit_mps"].astype(np.float64) * 3.6
    for row in np.flatnonzero(view.driven & np.isfinite(kmh) & ((kmh < LEAST_KMH) | (kmh > MOST_KMH))):
        yield Found(view.lane(row), f"has a limit of {kmh[row]:.0f} km/h", *view.middle(int(row)))


@rule("speed.drop", WARNING, "相接车道的限速不得骤降", "A speed limit must not fall at once by more than one can brake")
def drop(view: View) -> Iterator[Found]:
    before, after = view.pairs
    kmh = view.map.lanes["speed_limit_mps"].astype(np.float64) * 3.6
    fall = kmh[before] - kmh[after]
    for k in np.flatnonzero((fall > DROP_KMH) & view.driven[before]):
        at = view.first[after[k]]
        yield Found(view.lane(after[k]), f"has a limit of {kmh[after[k]]:.0f} km/h, {view.lane(before[k])} before it "
                    f"{kmh[before[k]]:.0f} km/h", float(view.x[at]), float(view.y[at]))  # fmt: skip


RULES = (absent, implausible, drop)
