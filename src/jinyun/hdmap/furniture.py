"""What stands on a planned street and no net describes: signal heads (信号灯) and charging bays (充电车位)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.nearest import LaneIndex
from jinyun.hdmap.tables import Columns, from_rows
from jinyun.zone import Charger

CAR_HEAD_M = 5.5
"""Height of a head for drivers: it hangs on an arm over the road beyond the junction."""
WALKERS_HEAD_M = 2.5
"""Height of a head for walkers."""
BEYOND_M = 1.0
"""How far beyond the junction's far edge a head for drivers hangs."""
BAY_LENGTH_M, BAY_WIDTH_M = 5.3, 2.5
"""A bay for a car at right angles to its lane."""
DRIVEN = (0, 1)
CHARGING = 1


def heads(
    lanes: Columns, points: Columns, links: Columns, groups: Columns, crossings: Columns, crossing_points: Columns
) -> Columns:
    """Return the table ``heads``: one for each group of drivers, one at each end of a crossing with a group.

    A head for drivers hangs before its own lanes' ends on the far side of the junction, as they are mounted in China.
    """
    last = (lanes["first"] + lanes["count"]).astype(np.int64) - 1
    at = np.column_stack([points["x_m"], points["y_m"], points["z_m"]])
    end, exit = at[last], at[lanes["first"].astype(np.int64)]
    rows: list[dict[str, Any]] = []
    by_junction: dict[int, list[int]] = {}
    for link in np.flatnonzero(links["group"] >= 0).tolist():
        by_junction.setdefault(int(groups["junction"][links["group"][link]]), []).append(link)
    for junction, its in by_junction.items():
        its_links = np.array(its)
        for group in np.unique(links["group"][its_links]).tolist():
            if groups["walkers"][group]:
                continue
            heading = float(groups["heading_rad"][group])
            way = np.array([np.sin(heading), np.cos(heading)])
            own = its_links[links["group"][its_links] == group]
            arm = its_links[np.cos(groups["heading_rad"][links["group"][its_links]] - heading) > 0.97]
            arm = arm[~groups["walkers"][links["group"][arm]]]
            stop = end[links["start"][own]].mean(axis=0)
            far = float(((exit[links["end"][arm]][:, :2] - stop[:2]) @ way).max()) + BEYOND_M
            x, y = stop[:2] + way * far
            rows.append(_head(x, y, stop[2] + CAR_HEAD_M, heading, junction, int(groups["phase"][group])))
    for row in np.flatnonzero(crossings["phase"] > 0).tolist():
        first = int(crossings["first"][row])
        line = np.column_stack([crossing_points["x_m"], crossing_points["y_m"]])[
            first : first + crossings["count"][row]
        ]
        lane = int(crossings["lane"][row])
        z = float(points["z_m"][lanes["first"][lane]]) if lane >= 0 else 0.0
        for end_of, (dx, dy) in ((line[-1], line[-1] - line[0]), (line[0], line[0] - line[-1])):
            heading = float(np.arctan2(dx, dy))
            junction, phase = int(crossings["junction"][row]), int(crossings["phase"][row])
            rows.append(_head(float(end_of[0]), float(end_of[1]), z + WALKERS_HEAD_M, heading, junction, phase))
    return from_rows("heads", rows)


def _head(x_m: float, y_m: float, z_m: float, heading_rad: float, junction: int, phase: int) -> dict[str, Any]:
    return {"x_m": x_m, "y_m": y_m, "z_m": z_m, "heading_rad": heading_rad, "junction": junction, "phase": phase}


def charging_bays(chargers: Sequence[Charger], lanes: Columns, points: Columns) -> Columns:
    """Return the table ``bays``: one for each pile, in a row along the nearest lane and at right angles to it."""
    if not chargers:
        return from_rows("bays", [])
    index = LaneIndex(lanes, points, np.flatnonzero(np.isin(lanes["kind"], DRIVEN)))
    rows: list[dict[str, Any]] = []
    for charger in chargers:
        lane, along = _beside(index, lanes, points, charger.x_m, charger.y_m)
        for pile in range(charger.piles):
            x, y = np.array([charger.x_m, charger.y_m]) + along * BAY_WIDTH_M * (pile - (charger.piles - 1) / 2)
            rows.append({
                "id": f"{charger.id}-{pile + 1}", "kind": CHARGING, "lane": lane, "x_m": x, "y_m": y,
                "heading_rad": float(np.arctan2(-along[1], along[0])), "length_m": BAY_LENGTH_M,
                "width_m": BAY_WIDTH_M,
            })  # fmt: skip
    return from_rows("bays", rows)


def _beside(
    index: LaneIndex, lanes: Columns, points: Columns, x_m: float, y_m: float
) -> tuple[int, NDArray[np.float64]]:
    """Return the driven lane nearest to a place (-1 where there is none) and its direction there, north without one."""
    lane, _, s = index.nearest(x_m, y_m, None, None)
    row = int(lane[0])
    if row < 0:  # farther than the index looks: the lane whose point is nearest
        driven = np.repeat(np.isin(lanes["kind"], DRIVEN), lanes["count"].astype(np.int64))
        away = np.where(driven, np.hypot(points["x_m"] - x_m, points["y_m"] - y_m), np.inf)
        row = int(np.searchsorted(lanes["first"], int(np.argmin(away)), side="right")) - 1
        s[0] = points["s_m"][int(np.argmin(away))]
    first = int(lanes["first"][row])
    k = int(np.searchsorted(points["s_m"][first : first + lanes["count"][row]], s[0], side="right")) - 1
    k = first + min(max(k, 0), int(lanes["count"][row]) - 2)
    way = np.array([points["x_m"][k + 1] - points["x_m"][k], points["y_m"][k + 1] - points["y_m"][k]])
    unit: NDArray[np.float64] = way / max(float(np.hypot(*way)), 1e-9)
    return row, unit
