"""Signal groups of a read map: which ways each light is for, their numbers, their heads, stop lines and programs.

A group is what the signals of one approach show alike. Its number is SPAT's ``PhaseID`` (T/CSAE 53), given as in
:mod:`jinyun.hdmap.phases`: approaches clockwise from north, on each straight on before left before right, then the
crossings clockwise, from the western one. So it depends on where things are and not on their order in the file.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.phases import MOST_PHASES
from jinyun.hdmap.precise import LaneKind, Turn
from jinyun.hdmap.reading.draft import DraftCrossing, DraftSignal
from jinyun.hdmap.tables import Columns, from_rows
from jinyun.shapes import Light

if TYPE_CHECKING:
    from jinyun.hdmap.reading.assembling import Rows

STOP_LINE_BACK_M = 1.0
"""Where a lane's stop line lies if the file does not say."""
BEFORE_JUNCTION_M = 60.0
"""A signal for drivers belongs to the junction that follows within this distance of the end of its lane."""
WALKERS_REACH_M = 12.0
"""A light for walkers belongs to the crossing that ends this near."""
JUNCTION_REACH_M = 40.0
_ORDER = {Turn.STRAIGHT: 0, Turn.LEFT: 1, Turn.RIGHT: 2, Turn.U_TURN: 3}
_STOPPING = (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE)


@dataclass
class Signals:
    """The tables that come of signals, and the phase of each crossing that has one."""

    groups: Columns = field(default_factory=dict)
    steps: Columns = field(default_factory=dict)
    lights: Columns = field(default_factory=dict)
    heads: Columns = field(default_factory=dict)
    stop_lines: Columns = field(default_factory=dict)
    crossing_phase: dict[str, int] = field(default_factory=dict)


@dataclass
class Group:
    """One group of a junction while it is put together; ``arm`` is the edge it is for, or the crossing."""

    walkers: bool
    arm: str
    heading: float
    signals: list[DraftSignal] = field(default_factory=list)
    links: list[int] = field(default_factory=list)
    side: float = 0.0
    rank: dict[str, int] = field(default_factory=dict)
    """Of each signal's id: the least goes for all where lights differ, straight on before left before right."""


def signals(rows: Rows) -> Signals:
    """Return the signal tables; fills in ``group`` of the links and the junctions' columns."""
    made = Signals()
    found = _grouped(rows)
    groups: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    lights: list[int] = []
    for junction in sorted(found):
        ordered = _numbered(rows, _few(rows, list(found[junction].values())), junction)
        rows.junctions["first_group"][junction], rows.junctions["groups"][junction] = len(groups), len(ordered)
        rows.junctions["signalised"][junction] = True
        if rows.junctions["control"][junction] not in ("crossing", "roundabout"):
            rows.junctions["control"][junction] = "signal"
        phases = _phases(ordered)
        for phase, group in zip(phases, ordered, strict=True):
            turns = 0
            for link in group.links:
                turns |= int(rows.links["turn"][link])
                rows.links["group"][link] = len(groups)
            if group.walkers:
                made.crossing_phase[group.arm] = phase
            groups.append({
                "junction": junction, "phase": phase, "walkers": group.walkers, "turns": turns,
                "heading_rad": group.heading,
            })  # fmt: skip
            standing = dict.fromkeys(head for signal in group.signals for head in signal.heads)
            for x, y, z, heading in standing:
                heads.append(
                    {"x_m": x, "y_m": y, "z_m": z, "heading_rad": heading, "junction": junction, "phase": phase}
                )
        _program(rows, junction, ordered, steps, lights)
    made.groups, made.heads, made.steps = (
        from_rows("groups", groups),
        from_rows("heads", heads),
        from_rows("steps", steps),
    )
    made.lights = from_rows("lights", [{"light": light} for light in lights])
    made.stop_lines = _stop_lines(rows, made.groups)
    return made


def _grouped(rows: Rows) -> dict[int, dict[tuple[bool, str, str], Group]]:
    """Return the groups of each junction by (walkers, arm, what they share)."""
    found: dict[int, dict[tuple[bool, str, str], Group]] = defaultdict(dict)
    best: dict[int, tuple[int, tuple[int, tuple[bool, str, str]]]] = {}
    from_lane: dict[int, list[int]] = defaultdict(list)
    via_lane: dict[int, list[int]] = defaultdict(list)
    for link, (start, via) in enumerate(zip(rows.links["start"].tolist(), rows.links["via"].tolist(), strict=True)):
        from_lane[start].append(link)
        via_lane[via].append(link)
    crossings = _Crossings(rows)
    for signal in rows.draft.signals:
        if signal.walkers:
            _walkers(rows, signal, crossings, found)
            continue
        chosen: dict[int, int] = {}
        for id in dict.fromkeys(signal.lanes):
            lane = rows.lane.get(id)
            if lane is None:
                continue
            if rows.lanes["junction"][lane] >= 0:
                chosen |= dict.fromkeys(via_lane[lane], 2)
            else:
                for last in _before_junction(rows, lane):
                    chosen |= {link: chosen.get(link, 0) for link in from_lane[last]}
        if signal.turns:
            chosen = {link: rank + 1 for link, rank in chosen.items() if int(rows.links["turn"][link]) & signal.turns}
        if not chosen:
            rows.source.ignored["signal for no way through a junction"] += 1
            continue
        for link, rank in chosen.items():
            start = int(rows.links["start"][link])
            junction = _junction_of(rows, link)
            if junction < 0:
                continue
            arm = str(rows.edges["id"][rows.lanes["edge"][start]])
            key = False, arm, signal.group or f"turns {signal.turns} of {_lanes_within(rows, signal)}"
            if key not in found[junction]:
                found[junction][key] = Group(False, arm, _heading_of_arm(rows, start))
            group = found[junction][key]
            if signal.id not in group.rank:
                group.signals.append(signal)
            group.rank[signal.id] = min(_rank(rows, link), group.rank.get(signal.id, 99))
            if link not in best or best[link][0] < rank:
                best[link] = rank, (junction, key)
    for link, (_, (junction, key)) in sorted(best.items()):
        found[junction][key].links.append(link)
    for junction, groups in list(found.items()):
        found[junction] = {key: group for key, group in groups.items() if group.links or group.walkers}
        if not found[junction]:
            del found[junction]
    return found


def _rank(rows: Rows, link: int) -> int:
    """Return how a movement stands among those of its approach: drivers before cyclists, straight on first."""
    bicycle = rows.lanes["kind"][rows.links["start"][link]] == LaneKind.BICYCLE
    return _ORDER.get(Turn(int(rows.links["turn"][link])), 4) + (10 if bicycle else 0)


def _lanes_within(rows: Rows, signal: DraftSignal) -> str:
    """Return what tells apart signals of one approach without a group: those inside the junction have their own way."""
    inside = [id for id in signal.lanes if id in rows.lane and rows.lanes["junction"][rows.lane[id]] >= 0]
    return " ".join(sorted(inside))


def _junction_of(rows: Rows, link: int) -> int:
    via = int(rows.links["via"][link])
    if via >= 0:
        return int(rows.lanes["junction"][via])
    return int(rows.edges["end"][rows.lanes["edge"][rows.links["start"][link]]])


def _before_junction(rows: Rows, lane: int) -> list[int]:
    """Return the last lanes before junctions within reach of a lane's end."""
    reached, waiting, seen = [], [(lane, 0.0)], {lane}
    while waiting:
        at, away = waiting.pop()
        if rows.edges["end"][rows.lanes["edge"][at]] >= 0:
            reached.append(at)
            continue
        for after in rows.after.get(at, ()):
            further = away + float(rows.lanes["length_m"][after])
            if after not in seen and further < BEFORE_JUNCTION_M and rows.lanes["junction"][after] < 0:
                seen.add(after)
                waiting.append((after, further))
    return reached


def _heading_of_arm(rows: Rows, lane: int) -> float:
    """Return the direction in which the edge of a lane ends: one for all of its lanes."""
    return float(rows.headings[1][int(rows.edges["first"][rows.lanes["edge"][lane]])])


class _Crossings:
    """The crossings of the draft by where they end."""

    def __init__(self, rows: Rows) -> None:
        self.by_id = {crossing.id: crossing for crossing in rows.draft.crossings}
        self._of = [crossing for crossing in rows.draft.crossings for _ in (0, 1)]
        ends = [crossing.line[k, :2] for crossing in rows.draft.crossings for k in (0, -1)]
        self._ends = np.array(ends).reshape(-1, 2)

    def near(self, x_m: float, y_m: float) -> DraftCrossing | None:
        """Return the crossing that ends nearest to a place, None where none does within reach."""
        if not self._of:
            return None
        away = np.hypot(*(self._ends - (x_m, y_m)).T)
        return self._of[int(np.argmin(away))] if away.min() < WALKERS_REACH_M else None


def _walkers(
    rows: Rows, signal: DraftSignal, crossings: _Crossings, found: dict[int, dict[tuple[bool, str, str], Group]]
) -> None:
    crossing = crossings.by_id.get(signal.crossing)
    if crossing is None and signal.heads:
        x, y = np.mean([head[:2] for head in signal.heads], axis=0).tolist()
        crossing = crossings.near(x, y)
    junction = rows.junction.get(crossing.junction if crossing else signal.junction, -1)
    if junction < 0 and signal.heads and len(rows.junctions["id"]):
        away = np.hypot(rows.junctions["x_m"] - signal.heads[0][0], rows.junctions["y_m"] - signal.heads[0][1])
        away = np.where(rows.junctions["control"] == "fringe", np.inf, away)
        junction = int(np.argmin(away)) if np.nanmin(away) < JUNCTION_REACH_M else -1
    if junction < 0:
        rows.source.ignored["signal for walkers away from a junction"] += 1
        return
    if crossing is not None:
        key, (dx, dy) = (True, crossing.id, ""), (crossing.line[-1] - crossing.line[0])[:2]
        heading = math.atan2(dx, dy)
    else:
        key, heading = (True, f"signal {signal.group or signal.id}", ""), signal.heads[0][3] if signal.heads else 0.0
    group = found[junction].setdefault(key, Group(True, key[1], heading))
    group.signals.append(signal)


def _few(rows: Rows, groups: list[Group]) -> list[Group]:
    """Return at most 16 groups, as SPAT holds: one for each approach, and then the last ones together, if need be."""
    if len(groups) <= MOST_PHASES:
        return groups
    rows.source.ignored["signal group beyond the 16 of a junction"] += len(groups) - MOST_PHASES
    by_arm: dict[tuple[bool, str], Group] = {}
    for group in groups:
        one = by_arm.setdefault((group.walkers, group.arm), Group(group.walkers, group.arm, group.heading))
        one.signals += group.signals
        one.links += group.links
        one.rank |= group.rank
    fewer = sorted(by_arm.values(), key=lambda group: group.walkers)
    while len(fewer) > MOST_PHASES:
        last = fewer.pop()
        fewer[-1].signals += last.signals
        fewer[-1].links += last.links
        fewer[-1].rank |= last.rank
    return fewer


def _numbered(rows: Rows, groups: list[Group], junction: int) -> list[Group]:
    """Return the groups in the order of their phase numbers."""
    middle = np.array([rows.junctions["x_m"][junction], rows.junctions["y_m"][junction]])
    for group in groups:
        side = group.heading + math.pi
        crossing = next((one for one in rows.draft.crossings if one.id == group.arm), None) if group.walkers else None
        if crossing is not None:
            side = _round_the_middle(crossing, middle)
        elif group.walkers and group.signals[0].heads:
            side = math.atan2(*(np.array(group.signals[0].heads[0][:2]) - middle))
        group.side = round(side % (2 * math.pi), 3) % (2 * math.pi)

    def order(group: Group) -> tuple[bool, float, str, int, int]:
        first = min((_rank(rows, link) for link in group.links), default=0)
        return group.walkers, group.side, group.arm, first, min(group.links, default=0)

    return sorted(groups, key=order)


def _phases(ordered: list[Group]) -> list[int]:
    """Return the numbers of groups: those that the file tells, where it tells one and another of each."""
    told = [{signal.phase for signal in group.signals} for group in ordered]
    numbers = [phases.pop() if len(phases) == 1 else 0 for phases in told]
    return numbers if all(numbers) and len(set(numbers)) == len(numbers) else list(range(1, len(ordered) + 1))


def _round_the_middle(crossing: DraftCrossing, middle: NDArray[np.float64]) -> float:
    """Return where who walks counter-clockwise round the junction comes from, whichever way the crossing is drawn."""
    line = crossing.line[:, :2]
    way, inwards = line[-1] - line[-2], middle - line.mean(axis=0)
    if way[0] * inwards[1] - way[1] * inwards[0] < 0:
        way = line[0] - line[1]
    return math.atan2(way[0], way[1]) + math.pi


def _program(rows: Rows, junction: int, ordered: list[Group], steps: list[dict[str, Any]], lights: list[int]) -> None:
    program = rows.draft.junctions[str(rows.junctions["id"][junction])].program
    rows.junctions["first_step"][junction], rows.junctions["steps"][junction] = len(steps), len(program)
    rows.junctions["cycle_s"][junction] = sum(seconds for seconds, _ in program)
    # where one signal of a group gives way, the group does
    yields = {id for _, shown in program for id, light in shown.items() if light == Light.PERMISSIVE_GREEN}
    for seconds, shown in program:
        steps.append({"junction": junction, "duration_s": seconds, "first_light": len(lights)})
        for group in ordered:
            ids = [signal.id for signal in group.signals if signal.id in shown]
            main = min(ids, key=lambda id: (group.rank.get(id, 0), id not in yields)) if ids else ""
            lights.append(shown[main] if ids else int(Light.UNAVAILABLE))


def _stop_lines(rows: Rows, groups: Columns) -> Columns:
    """Return a stop line for each lane before a junction with signals, and those that the file has elsewhere."""
    onward: dict[int, list[int]] = defaultdict(list)
    for link, start in enumerate(rows.links["start"].tolist()):
        onward[start].append(link)
    table: list[dict[str, Any]] = []
    for row, lane in enumerate(rows.draft.lanes):
        junction = int(rows.edges["end"][rows.lanes["edge"][row]])
        told = rows.draft.stop_lines.get(lane.id)
        if junction < 0 or rows.lanes["kind"][row] not in _STOPPING:
            rows.source.ignored["stop line away from a junction"] += told is not None
            continue
        control = rows.junctions["control"][junction]
        ways = onward[row]
        if told is None and (control not in ("signal", "crossing", "zebra") or not ways):
            continue
        main = min(ways, key=lambda link: (_ORDER.get(Turn(int(rows.links["turn"][link])), 4), link), default=-1)
        group = int(rows.links["group"][main]) if main >= 0 else -1
        turns = 0
        for link in ways:
            turns |= int(rows.links["turn"][link])
        x1, y1, x2, y2 = told if told is not None else _default_line(rows, row)
        table.append({
            "x1_m": x1, "y1_m": y1, "x2_m": x2, "y2_m": y2, "junction": junction, "lane": row, "turn": turns,
            "phase": int(groups["phase"][group]) if group >= 0 else 0,
        })  # fmt: skip
    return from_rows("stop_lines", table)


def _default_line(rows: Rows, row: int) -> tuple[float, float, float, float]:
    first, count = int(rows.lanes["first"][row]), int(rows.lanes["count"][row])
    s = rows.points["s_m"][first : first + count]
    at = max(float(s[-1]) - STOP_LINE_BACK_M, 0.0)
    (x1, x2), (y1, y2) = (
        [float(np.interp(at, s, rows.border(row, side)[:, k])) for side in ("left", "right")] for k in (0, 1)
    )
    return x1, y1, x2, y2
