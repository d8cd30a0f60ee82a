"""What the map knows and OpenDRIVE has no words for, as ``userData`` of code ``jinyun`` beside what it belongs to.

Other programs pass it over; :mod:`jinyun.hdmap.reading.opendrive.beyond` takes it up again: ids, numbers of junctions and
phases, neighbours that lie on different roads, middle lines that do not run halfway between their borders, signal
programs, sections of roads and which of them are open for tests, stops, outlines of areas.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

import numpy as np

from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import Map
from jinyun.hdmap.writing.misfit import farthest_m
from jinyun.hdmap.writing.opendrive.laying import Laid, straight
from jinyun.hdmap.writing.opendrive.linkage import Network
from jinyun.hdmap.writing.opendrive.standing import number

MIDDLE_M = 0.02
"""A middle line that runs halfway between the borders within this is not told."""
MIDDLE_STEP_M = 0.2
"""A middle line is measured at places that are no farther apart."""
MIDDLE_FIT_M = 0.004
"""What is told of it is straight between places within this."""
SAME_LENGTH_M = 0.005
"""A lane whose length is that of its middle line within this has it not told."""


@dataclass
class Beyond:
    """What is asked of the map again and again while it is written."""

    network: Network
    turns: dict[int, int] = field(default_factory=dict)
    """By row of a lane inside a junction: the turn of the ways that begin with it."""

    def __post_init__(self) -> None:
        links = self.network.map.links
        found: dict[int, set[int]] = defaultdict(set)
        for via, turn in zip(links["via"].tolist(), links["turn"].tolist(), strict=True):
            found[via].add(turn)
        self.turns = {via: turns.pop() for via, turns in found.items() if via >= 0 and len(turns) == 1}

    def of_road(self, road: int) -> str:
        """Return what belongs to a road: the edge that it is or is part of."""
        map = self.network.map
        lane = next(lane for lane in self.network.roads[road].lanes if lane >= 0)
        edge, section = int(map.lanes["edge"][lane]), int(map.lanes["section"][lane])
        told = {"id": str(map.edges["id"][edge]), "road": str(map.edges["road"][edge])}
        for key in ("start", "end"):
            if (row := int(map.edges[key][edge])) >= 0:
                told[key] = str(map.junctions["id"][row])
        junction = int(map.lanes["junction"][lane])
        if (
            junction >= 0 and self.network.inside[road] != junction
        ):  # a way that OpenDRIVE's junctions have no place for
            told["inside"] = str(map.junctions["id"][junction])
        if section >= 0:
            told["section"] = str(section)
        if map.lanes["open"][lane]:
            told["open"] = "true"
        return wrapped(f"<edge{_attributes(told)}/>")

    def of_lane(self, laid: Laid, k: int) -> str:
        """Return what belongs to the lane that is strip ``k`` of a road."""
        map, row = self.network.map, laid.lanes[k]
        told = {"id": str(map.lanes["id"][row]), "index": str(int(map.lanes["index"][row]))}
        if (left := int(map.lanes["left"][row])) in self.network.lane:
            told["left"] = str(map.lanes["id"][left])
        if row in self.turns:
            told["turn"] = str(self.turns[row])
            if map.lanes["junction"][row] < 0:  # it joins two lanes where there is no junction
                told["within"] = "true"
        length = float(map.lanes["length_m"][row])
        last = int(map.lanes["first"][row]) + int(map.lanes["count"][row]) - 1
        if abs(length - float(map.points["s_m"][last])) > SAME_LENGTH_M:
            told["length"] = number(length)
        return wrapped(f"<lane{_attributes(told)}/>{_middle(map, laid, k)}")

    def of_junction(self, row: int) -> str:
        """Return what belongs to a junction of the map, its signal program among it."""
        map = self.network.map
        first, steps = int(map.junctions["first_step"][row]), int(map.junctions["steps"][row])
        program = ""
        if steps:
            group, groups = int(map.junctions["first_group"][row]), int(map.junctions["groups"][row])
            phases = " ".join(str(int(phase)) for phase in map.groups["phase"][group : group + groups])
            program = f'<program offset="{number(float(map.junctions["offset_s"][row]))}" phases="{phases}">'
            for step in range(first, first + steps):
                begin = int(map.steps["first_light"][step])
                lights = " ".join(str(int(light)) for light in map.lights["light"][begin : begin + groups])
                program += f'<step seconds="{number(float(map.steps["duration_s"][step]))}" lights="{lights}"/>'
            program += "</program>"
        return wrapped(_junction(map, row) + program)

    def of_group(self, row: int) -> str:
        """Return what belongs to the controller of a signal group."""
        groups, ids = self.network.map.groups, self.network.map.junctions["id"]
        told = {"junction": str(ids[groups["junction"][row]]), "phase": str(int(groups["phase"][row]))}
        return wrapped(f"<group{_attributes(told)}/>")

    def of_map(self) -> Iterator[str]:
        """Yield what belongs to nothing that OpenDRIVE has: ends of the network, sections, outlines of areas."""
        map = self.network.map
        written = {junction.row for junction in self.network.junctions}
        yield '<userData code="jinyun">'
        yield f'<map region="{int(map.about["region"][0])}"/>'
        yield from (_junction(map, row) for row in range(len(map.junctions["id"])) if row not in written)
        for row in range(len(map.sections["road"])):
            told = {key: str(map.sections[key][row]) for key in ("road", "start", "end")}
            told |= {key: "true" for key in ("open", "tunnel") if map.sections[key][row]}
            told |= {"id": str(row), "length": number(float(map.sections["length_m"][row]))}
            yield f"<section{_attributes(told)}>{_places(map.section_line(row))}</section>"
        for row, (kind, junction) in enumerate(
            zip(map.areas["kind"].tolist(), map.areas["junction"].tolist(), strict=True)
        ):
            told = {"kind": str(kind)} | ({"junction": str(map.junctions["id"][junction])} if junction >= 0 else {})
            points = slice(int(map.areas["first"][row]), int(map.areas["first"][row]) + int(map.areas["count"][row]))
            outline = np.column_stack([map.area_points[key][points] for key in ("x_m", "y_m")])
            yield f"<area{_attributes(told)}>{_places(outline)}</area>"
        yield "</userData>"


def wrapped(content: str) -> str:
    """Return elements of ours as user data."""
    return f'<userData code="jinyun">{content}</userData>'


def _attributes(told: dict[str, str]) -> str:
    return "".join(f" {key}={quoteattr(value)}" for key, value in told.items())


def _numbers(values: Iterable[float]) -> str:
    return " ".join(number(value) for value in values)


def _places(line: Line) -> str:
    return _numbers(line[:, :2].ravel().tolist())


def _junction(map: Map, row: int) -> str:
    table = map.junctions
    told = {key: str(table[key][row]) for key in ("id", "node", "control", "zh", "en") if str(table[key][row])}
    x, y = float(table["x_m"][row]), float(table["y_m"][row])
    if math.isfinite(x) and math.isfinite(y):
        told |= {"x": number(x), "y": number(y)}
    return f"<junction{_attributes(told)}/>"


def _middle(map: Map, laid: Laid, k: int) -> str:
    """Return how far aside (left is positive) a middle line runs of what lies halfway between the road's borders."""
    line = map.lane_line(laid.lanes[k])
    halfway = (laid.t_m[k] + laid.t_m[k + 1]) / 2
    total = laid.reference.length_m
    s = np.unique(np.concatenate([laid.s_m, np.linspace(0, total, max(int(total / MIDDLE_STEP_M), 1) + 1)]))
    made = laid.reference.place(s, np.interp(s, laid.s_m, halfway))
    if max(farthest_m(made, line), farthest_m(line, made)) < MIDDLE_M:
        return ""
    steps = np.hypot(*np.diff(line, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    fine = np.unique(np.concatenate([along, np.linspace(0, along[-1], max(int(along[-1] / MIDDLE_STEP_M), 1) + 1)]))
    places = np.column_stack([np.interp(fine, along, line[:, axis]) for axis in (0, 1)])
    at, t = laid.reference.project(places, fine / max(along[-1], 1e-9) * total)
    aside = t - np.interp(at, laid.s_m, halfway)
    rising = np.append(True, np.diff(np.maximum.accumulate(at)) > 1e-3)
    at, aside = at[rising], aside[rising]
    kept = straight(at, aside[None, :], MIDDLE_FIT_M)
    return f"<middle>{_numbers(np.column_stack([at[kept], aside[kept]]).ravel().tolist())}</middle>"
