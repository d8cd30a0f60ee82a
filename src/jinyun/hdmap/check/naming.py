"""What messages need of a map: unique numbers of junctions, movements that are what they are called, a place on Earth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from jinyun.hdmap.check.rule import FAULT, WARNING, Found, rule
from jinyun.hdmap.check.view import View, turned
from jinyun.hdmap.precise import LaneKind, Turn

STRAIGHT_DEG = 60.0
"""What is called straight on turns by no more."""
TURN_DEG = 5.0
"""What is called a turn turns by no less."""
SAID: dict[int, str] = {Turn.STRAIGHT: "straight on", Turn.LEFT: "left", Turn.RIGHT: "right", Turn.U_TURN: "back"}


@rule(
    "junction.number",
    FAULT,
    "路口编号在区域内应唯一且非零",
    "A junction's number must be unique in its region and not 0",
)
def number(view: View) -> Iterator[Found]:
    junctions = view.map.junctions
    seen: dict[int, int] = {}
    for row, node in enumerate(junctions["node"].tolist()):
        if node == 0 or node in seen:
            told = f"has the number {node}, as {view.junction(seen[node])}" if node else "has the number 0"
            yield Found(view.junction(row), told, float(junctions["x_m"][row]), float(junctions["y_m"][row]))
        seen.setdefault(node, row)


@rule("link.turn", WARNING, "转向标识应与几何一致", "A movement must turn the way it is called")
def turn(view: View) -> Iterator[Found]:
    links, lanes = view.map.links, view.map.lanes
    rows = np.flatnonzero((links["via"] >= 0) & np.isin(lanes["kind"][links["start"]], (LaneKind.CAR, LaneKind.BUS)))
    circle = np.append(view.map.junctions["control"] == "roundabout", False)  # there everything turns
    rows = rows[~circle[view.map.edges["end"][lanes["edge"][links["start"][rows]]]]]
    by = np.degrees(turned(view.headings[1][links["start"][rows]], view.headings[0][links["end"][rows]]))
    called = links["turn"][rows]
    bad = ((called == Turn.STRAIGHT) & (np.abs(by) > STRAIGHT_DEG)) | (
        (called == Turn.LEFT) & (by > -TURN_DEG) & (by < 150)
    )
    bad |= ((called == Turn.RIGHT) & (by < TURN_DEG) & (by > -150)) | ((called == Turn.U_TURN) & (np.abs(by) < 90))
    for k in np.flatnonzero(bad):
        start, end = links["start"][rows[k]], links["end"][rows[k]]
        at = view.last[start]
        way = "right" if by[k] > 0 else "left"
        yield Found(f"link from {lanes['id'][start]} to {lanes['id'][end]}",
                    f"is called {SAID.get(int(called[k]), 'several')} and turns by {abs(by[k]):.0f} degrees to the {way}",
                    float(view.x[at]), float(view.y[at]))  # fmt: skip


@rule("map.place", WARNING, "地图应有地理参考", "A map must say where on Earth it lies")
def place(view: View) -> Iterator[Found]:
    if not np.isfinite(view.map.about["lon"][0]) or not np.isfinite(view.map.about["lat"][0]):
        yield Found("map", "has no georeference: MAP messages and positions in degrees need one", 0.0, 0.0)


RULES = (number, turn, place)
