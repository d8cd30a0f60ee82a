"""At signals every movement must have its group, every lane its stop line, every group its head, and no greens may meet."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.check.rule import FAULT, WARNING, Found, Rows, rule
from jinyun.hdmap.check.view import View, turned
from jinyun.hdmap.precise import Conflict, LaneKind, Turn
from jinyun.shapes import Light

ACROSS_DEG = 50.0
"""A stop line that meets its lane at a flatter angle does not lie across it."""
BEFORE_M = 40.0
"""A stop line farther before the end of its lane is that of something else."""
KERB_M = 2.0
"""So near to the end of a crossing people wait, they do not walk."""
BESIDE_M = 2.0
"""A stop line whose middle lies farther beside its lane's end is that of another lane."""


def _name(view: View, link: int) -> str:
    links, lanes = view.map.links, view.map.lanes
    return f"link from {lanes['id'][links['start'][link]]} to {lanes['id'][links['end'][link]]}"


def _links_at_signals(view: View) -> tuple[Rows, Rows]:
    """Return the links of vehicles at signalised junctions, and the junction of every link."""
    links, lanes = view.map.links, view.map.lanes
    junction = view.map.edges["end"][lanes["edge"][links["start"]]]
    signalised = np.append(view.map.junctions["signalised"], False)
    at = signalised[junction] & np.isin(lanes["kind"][links["start"]], (LaneKind.CAR, LaneKind.BUS))
    at &= lanes["kind"][links["end"]] != LaneKind.CROSSING
    return np.flatnonzero(at), junction


@rule(
    "signal.group-missing",
    FAULT,
    "信号路口的每个通行方向应有信号组",
    "Every movement at a signal must have a signal group",
)
def group_missing(view: View) -> Iterator[Found]:
    rows, junction = _links_at_signals(view)
    links = view.map.links
    for link in rows[(links["group"][rows] < 0) & (links["turn"][rows] != Turn.RIGHT)]:
        at = view.last[links["start"][link]]
        yield Found(_name(view, link), f"has no signal group at {view.junction(int(junction[link]))}, which has signals",
                    float(view.x[at]), float(view.y[at]))  # fmt: skip


@rule(
    "signal.right-free",
    WARNING,
    "右转未受信号控制，请确认",
    "A right turn at a signal without a group: is it meant to be free?",
)
def right_free(view: View) -> Iterator[Found]:
    rows, junction = _links_at_signals(view)
    links = view.map.links
    for link in rows[(links["group"][rows] < 0) & (links["turn"][rows] == Turn.RIGHT)]:
        at = view.last[links["start"][link]]
        yield Found(_name(view, link), f"turns right without a signal group at {view.junction(int(junction[link]))}",
                    float(view.x[at]), float(view.y[at]))  # fmt: skip


@rule("signal.no-groups", FAULT, "信号路口应有信号组", "A junction with signals must have signal groups")
def no_groups(view: View) -> Iterator[Found]:
    junctions = view.map.junctions
    have = np.unique(view.map.groups["junction"])
    for row in np.setdiff1d(np.flatnonzero(junctions["signalised"]), have):
        yield Found(view.junction(int(row)), "has signals but no signal group", float(junctions["x_m"][row]),
                    float(junctions["y_m"][row]))  # fmt: skip


@rule("stop-line.missing", FAULT, "信号路口的进口车道应有停止线", "A lane that ends at a signal must have a stop line")
def line_missing(view: View) -> Iterator[Found]:
    rows, junction = _links_at_signals(view)
    start = view.map.links["start"]
    has = np.zeros(len(view.first), bool)
    has[view.map.stop_lines["lane"]] = True
    free = (view.map.links["turn"] == Turn.RIGHT) & (view.map.links["group"] < 0)
    lanes, which = np.unique(start[rows[~free[rows]]], return_index=True)
    for lane, k in zip(lanes.tolist(), which.tolist(), strict=True):
        if not has[lane]:
            at = view.last[lane]
            where = view.junction(int(junction[int(rows[~free[rows]][k])]))
            yield Found(view.lane(lane), f"ends at {where}, which has signals, without a stop line",
                        float(view.x[at]), float(view.y[at]))  # fmt: skip


@rule("stop-line.place", WARNING, "停止线应横跨其车道末端", "A stop line must lie across the end of its lane")
def line_place(view: View) -> Iterator[Found]:
    lines = view.map.stop_lines
    lane = lines["lane"]
    at = view.last[lane]
    x, y = (lines["x1_m"] + lines["x2_m"]) / 2, (lines["y1_m"] + lines["y2_m"]) / 2
    heading = view.headings[1][lane]
    east, north = np.sin(heading), np.cos(heading)
    dx, dy = x - view.x[at], y - view.y[at]
    along, aside = dx * east + dy * north, dx * north - dy * east
    across = np.arctan2(lines["x2_m"] - lines["x1_m"], lines["y2_m"] - lines["y1_m"])
    angle = np.degrees(np.abs(turned(heading, across)))
    angle = np.minimum(angle, 180 - angle)
    for k in np.flatnonzero(
        (angle < ACROSS_DEG) | (along < -BEFORE_M) | (along > BESIDE_M) | (np.abs(aside) > BESIDE_M)
    ):
        told = f"meets it at {angle[k]:.0f} degrees, {-along[k]:.1f} m before its end and {abs(aside[k]):.1f} m beside"
        yield Found(f"stop line of {view.lane(int(lane[k]))}", told, float(x[k]), float(y[k]))


@rule("signal.head-missing", WARNING, "每个信号组应有灯头位置", "Every signal group must have a head somewhere")
def head_missing(view: View) -> Iterator[Found]:
    groups, heads, junctions = view.map.groups, view.map.heads, view.map.junctions
    have = set(zip(heads["junction"].tolist(), heads["phase"].tolist(), strict=True))
    for junction, phase in zip(groups["junction"].tolist(), groups["phase"].tolist(), strict=True):
        if (junction, phase) not in have:
            yield Found(view.junction(junction), f"has no signal head for phase {phase}", float(junctions["x_m"][junction]),
                        float(junctions["y_m"][junction]))  # fmt: skip


@rule(
    "signal.phase-number",
    FAULT,
    "相位号在路口内应唯一且为1至255",
    "Phase numbers must be 1 to 255 and unique at a junction",
)
def phase_number(view: View) -> Iterator[Found]:
    groups, junctions = view.map.groups, view.map.junctions
    seen: set[tuple[int, int]] = set()
    for junction, phase in zip(groups["junction"].tolist(), groups["phase"].tolist(), strict=True):
        if (junction, phase) in seen or phase == 0:
            told = f"has two signal groups of phase {phase}" if phase else "has a group of phase 0"
            yield Found(view.junction(junction), told,
                        float(junctions["x_m"][junction]), float(junctions["y_m"][junction]))  # fmt: skip
        seen.add((junction, phase))


@rule(
    "signal.conflict",
    FAULT,
    "相互冲突的通行方向不得同时绿灯",
    "Movements that cross must not have protected green together",
)
def conflict(view: View) -> Iterator[Found]:
    """Of those that need not give way: straight on, walkers, and turns that have a signal of their own.

    Who turns on a green that others share gives way to who goes straight on or walks (道路交通安全法实施条例第38条).
    """
    conflicts, links, groups, junctions = view.map.conflicts, view.map.links, view.map.groups, view.map.junctions
    a, b = links["group"][conflicts["first"]], links["group"][conflicts["second"]]
    rows = np.flatnonzero((conflicts["kind"] != Conflict.DIVERGING) & (a >= 0) & (b >= 0) & (a != b))
    firm = np.isin(links["turn"], (Turn.STRAIGHT, 0)) & ~_rides(view)
    own = links["group"] >= 0
    firm[own] |= (
        (groups["turns"][links["group"][own]] == Turn.LEFT) & (links["turn"][own] == Turn.LEFT) & ~_rides(view)[own]
    )
    rows = rows[firm[conflicts["first"][rows]] & firm[conflicts["second"][rows]]]
    rows = rows[~_at_kerb(view, rows)]
    together = _green_together(view)
    told: set[tuple[int, int]] = set()
    for k in rows:
        pair = min(int(a[k]), int(b[k])), max(int(a[k]), int(b[k]))
        if pair not in together or pair in told:
            continue
        told.add(pair)
        junction = int(groups["junction"][pair[0]])
        yield Found(view.junction(junction), f"shows protected green to phases {groups['phase'][pair[0]]} and "
                    f"{groups['phase'][pair[1]]} at once, though {_name(view, int(conflicts['first'][k]))} and "
                    f"{_name(view, int(conflicts['second'][k]))} meet",
                    float(junctions["x_m"][junction]), float(junctions["y_m"][junction]))  # fmt: skip


def _at_kerb(view: View, rows: Rows) -> NDArray[np.bool_]:
    """Return whether a conflict with walkers lies where they wait, at an end of their crossing."""
    conflicts, end = view.map.conflicts, view.map.links["end"]
    at_kerb = np.zeros(len(rows), bool)
    for side in ("first", "second"):
        lane = end[conflicts[side][rows]]
        s, length = conflicts[f"{side}_s_m"][rows], view.map.points["s_m"][view.last[lane]]
        walks = view.map.lanes["kind"][lane] == LaneKind.CROSSING
        at_kerb |= walks & ((s < KERB_M) | (s > length - KERB_M))
    return at_kerb


def _rides(view: View) -> NDArray[np.bool_]:
    """Return whether each link is one of bicycles: they cross a junction in two steps where they turn left."""
    rides: NDArray[np.bool_] = view.map.lanes["kind"][view.map.links["start"]] == LaneKind.BICYCLE
    return rides


def _green_together(view: View) -> set[tuple[int, int]]:
    """Return the pairs of groups that show protected green in one step of their program."""
    junctions, steps, lights = view.map.junctions, view.map.steps, view.map.lights["light"]
    found: set[tuple[int, int]] = set()
    for junction in range(len(junctions["id"])):
        first_group, many = int(junctions["first_group"][junction]), int(junctions["groups"][junction])
        for step in range(
            int(junctions["first_step"][junction]),
            int(junctions["first_step"][junction] + junctions["steps"][junction]),
        ):
            at = int(steps["first_light"][step])
            green = first_group + np.flatnonzero(lights[at : at + many] == Light.PROTECTED_GREEN)
            found.update((int(a), int(b)) for n, a in enumerate(green) for b in green[n + 1 :])
    return found


RULES = (group_missing, right_free, no_groups, line_missing, line_place, head_missing, phase_number, conflict)
