"""The map as a SUMO net (``.net.xml``): written whole, so that lanes and ways lie where the map has them.

SUMO's own compiler draws junctions anew; this writer does not ask it. What the format has no place for: borders (a lane
has one width), signal heads, stop lines, bays, areas that are no junctions, which sections are open for tests; a
crossing whose junction nobody knows is left out. Junctions without a signal program are written as such without lights.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from jinyun.hdmap import curve, plain
from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import LaneKind, Map
from jinyun.hdmap.writing import georeference
from jinyun.hdmap.writing.sumo import walking, yielding
from jinyun.hdmap.writing.sumo.network import LEAST_M, SPEED_MPS, Network, Node, legal, line_of, network
from jinyun.shapes import Light

__all__ = ["legal", "network", "write"]

LETTERS = {
    Light.PROTECTED_GREEN: "G", Light.PERMISSIVE_GREEN: "g", Light.FLASHING_GREEN: "g", Light.YELLOW: "y",
    Light.RED: "r", Light.FLASHING_RED: "s", Light.FLASHING_YELLOW: "o", Light.DARK: "O", Light.UNAVAILABLE: "O",
}  # fmt: skip
"""SUMO's letters for T/CSAE 53 LightState."""
WALKING_MPS = 2.78
_USES = {
    LaneKind.CAR: "car", LaneKind.BUS: "bus", LaneKind.BICYCLE: "bike", LaneKind.SIDEWALK: "walk",
}  # fmt: skip


def write(map: Map, path: Path) -> Network:
    """Write the map as a SUMO net; return what was written."""
    made = network(map)
    walking.furnish(map, made)
    _number_signals(map, made)
    for node in made.nodes:
        node.foes = yielding.foes(node)
        node.gives_way = yielding.responses(map, node)
    body = [
        *(line for node in made.nodes for line in _inner_edges(node)), *_edges(map, made),
        *(line for node in made.nodes for line in _program(map, node)),
        *(line for node in made.nodes for line in _junction(map, made, node)),
        *(line for node in made.nodes for line in _connections(map, made, node)),
    ]  # fmt: skip
    text = "\n".join([
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<net version="1.20" walkingareas="true" limitTurnSpeed="5.50">', _location(map), *body, "</net>", "",
    ])  # fmt: skip
    path.write_text(text, encoding="utf-8")
    return made


def _location(map: Map) -> str:
    x, y = map.points["x_m"], map.points["y_m"]
    west, south, east, north = (float(of) for of in (x.min(), y.min(), x.max(), y.max()))
    bounds = f"{west:.2f},{south:.2f},{east:.2f},{north:.2f}"
    projection = georeference.proj(map)
    own = bounds
    if projection is not None:
        lon, lat = map.project.inverse([west, east], [south, north])
        own = f"{lon[0]:.7f},{lat[0]:.7f},{lon[1]:.7f},{lat[1]:.7f}"
    return (
        f'    <location netOffset="0.00,0.00" convBoundary="{bounds}" origBoundary="{own}" '
        f"projParameter={quoteattr(projection or '!')}/>"
    )


def _number_signals(map: Map, made: Network) -> None:
    """Give the ways and crossings with a light their number in the states of their node's program."""
    for node in made.nodes:
        if node.junction < 0 or not map.junctions["steps"][node.junction]:
            continue
        lit = [item for item in node.inner if item.group >= 0]
        for number, item in enumerate(lit):
            item.signal = number


def _shape(line: Line) -> str:
    if len(line) and np.abs(line[:, 2]).max() >= 5e-4:
        return " ".join(f"{x:.3f},{y:.3f},{z:.3f}" for x, y, z in line)
    return " ".join(f"{x:.3f},{y:.3f}" for x, y, _ in line)


def _lane(name: str, index: int, users: str, speed_mps: float, length_m: float, width_m: float, line: Line) -> str:
    return (
        f'        <lane id={quoteattr(name)} index="{index}" {users} speed="{speed_mps:.3f}" '
        f'length="{max(length_m, LEAST_M):.3f}" width="{width_m:.3f}" shape="{_shape(line)}"/>'
    )


def _users(kind: LaneKind, beside_cycles: bool = False) -> str:
    return plain.users(_USES[kind], beside_cycles)


def _inner_edges(node: Node) -> list[str]:
    lines = []
    for way in node.ways:
        lane = _lane(
            f"{way.name}_0", 0, _users(way.kind), way.speed_mps, curve.length_m(way.line), way.width_m, way.line
        )
        lines += [f'    <edge id="{way.name}" function="internal">', lane, "    </edge>"]
    for crossing in node.crossings:
        over = " ".join(crossing.over)
        length = curve.length_m(crossing.line)
        lane = _lane(
            f"{crossing.name}_0", 0, 'allow="pedestrian"', WALKING_MPS, length, crossing.width_m, crossing.line
        )
        lines += [f'    <edge id="{crossing.name}" function="crossing" crossingEdges={quoteattr(over)}>', lane]
        lines += ["    </edge>"]
    for area in node.areas:
        length = curve.length_m(area.outline)
        lane = _lane(f"{area.name}_0", 0, 'allow="pedestrian"', WALKING_MPS, length, area.width_m, area.outline)
        lines += [f'    <edge id="{area.name}" function="walkingarea">', lane, "    </edge>"]
    return lines


def _edges(map: Map, made: Network) -> list[str]:
    lines = []
    for edge, name, away, to in made.edges:
        rows = made.lanes_of[edge]
        kinds = [LaneKind(int(map.lanes["kind"][row])) for row in rows]
        ends = f"from={quoteattr(made.nodes[away].id)} to={quoteattr(made.nodes[to].id)}"
        road = str(map.edges["road"][edge])
        lines.append(f'    <edge id={quoteattr(name)} {ends} name={quoteattr(road)} priority="-1">')
        for index, (row, kind) in enumerate(zip(rows, kinds, strict=True)):
            limit, length, width = (float(map.lanes[key][row]) for key in ("speed_limit_mps", "length_m", "width_m"))
            speed = limit if np.isfinite(limit) and limit > 0 else SPEED_MPS
            users = _users(kind, LaneKind.BICYCLE in kinds)
            lines.append(_lane(made.lane_name[row], index, users, speed, length, width, line_of(map, row)))
        lines.append("    </edge>")
    return lines


def _program(map: Map, node: Node) -> list[str]:
    lit = [item for item in node.inner if item.signal >= 0]
    if not lit:
        return []
    junctions, row = map.junctions, node.junction
    first, group = int(junctions["first_step"][row]), int(junctions["first_group"][row])
    offset = float(junctions["offset_s"][row])
    giving = {
        item.signal: {node.inner[k].signal for k in of} for item, of in zip(node.inner, node.gives_way, strict=True)
    }
    lines = [f'    <tlLogic id={quoteattr(node.id)} type="static" programID="0" offset="{offset:g}">']
    for step in range(first, first + int(junctions["steps"][row])):
        light = int(map.steps["first_light"][step])
        state = [LETTERS[Light(int(map.lights["light"][light + item.group - group]))] for item in lit]
        green = {signal for signal, letter in enumerate(state) if letter in "Gg"}
        yields = {item.group for item in lit if state[item.signal] in "Gg" and giving[item.signal] & green}
        for item in lit:  # who gives way to another green has no right of way, whatever its group shows, and he alone
            if state[item.signal] in "Gg" and item.group in yields:
                state[item.signal] = "g" if giving[item.signal] & green else "G"
        lines.append(f'        <phase duration="{float(map.steps["duration_s"][step]):g}" state="{"".join(state)}"/>')
    return [*lines, "    </tlLogic>"]


def _junction(map: Map, made: Network, node: Node) -> list[str]:
    arriving = [made.lane_name[row] for edge in node.arriving for row in made.lanes_of[edge]]
    if not arriving and not any(way for way in node.ways) and not _leaves(made, node):
        return []
    lanes = [*arriving, *(f"{area.name}_0" for area in node.areas)]
    inner = [f"{item.name}_0" for item in node.inner]
    kind = "priority"
    if any(item.signal >= 0 for item in node.inner):
        kind = "traffic_light"
    elif not node.ways:
        kind = "dead_end"
    outline = _shape(_outline(map, made, node))
    line = (
        f'    <junction id={quoteattr(node.id)} type="{kind}" x="{node.x_m:.3f}" y="{node.y_m:.3f}" '
        f'incLanes={quoteattr(" ".join(lanes))} intLanes={quoteattr(" ".join(inner))} shape="{outline}"'
    )
    if not inner:
        return [line + "/>"]
    width = len(inner)
    requests = [
        f'        <request index="{k}" response="{_bits(gives_way, width)}" foes="{_bits(foes, width)}" cont="0"/>'
        for k, (foes, gives_way) in enumerate(zip(node.foes, node.gives_way, strict=True))
    ]
    return [line + ">", *requests, "    </junction>"]


def _leaves(made: Network, node: Node) -> bool:
    return any(made.nodes[away] is node for _, _, away, _ in made.edges)


def _bits(of: set[int], width: int) -> str:
    return "".join("1" if width - 1 - k in of else "0" for k in range(width))


def _outline(map: Map, made: Network, node: Node) -> Line:
    """Return the junction's outline where the map has one, else the ends of the lanes about it."""
    if node.junction >= 0:
        for row in np.flatnonzero((map.areas["junction"] == node.junction) & (map.areas["kind"] == 0)).tolist():
            first, count = int(map.areas["first"][row]), int(map.areas["count"][row])
            own = np.column_stack([map.area_points[key][first : first + count] for key in ("x_m", "y_m")])
            return np.column_stack([own, np.zeros(len(own))])
    corners = [line_of(map, row)[-1] for edge in node.arriving for row in made.lanes_of[edge]]
    corners += [line_of(map, way.end)[0] for way in node.ways]
    return np.vstack(corners) if corners else np.array([[node.x_m, node.y_m, 0.0]])


def _connections(map: Map, made: Network, node: Node) -> list[str]:
    place = {row: made.lane_name[row].rpartition("_") for row in made.lane_name}
    lines = []

    def light(signal: int) -> str:
        return f'tl={quoteattr(node.id)} linkIndex="{signal}" ' if signal >= 0 else ""

    for number, way in enumerate(node.ways):
        (start, _, i), (end, _, j) = place[way.start], place[way.end]
        minor = bool(node.gives_way[number])
        state = ("o" if minor else "O") if way.signal >= 0 else ("m" if minor else "M")
        ends = f'from={quoteattr(start)} to={quoteattr(end)} fromLane="{i}" toLane="{j}"'
        lines.append(
            f'    <connection {ends} via="{way.name}_0" {light(way.signal)}dir="{way.direction}" state="{state}"/>'
        )
        ends = f'from="{way.name}" to={quoteattr(end)} fromLane="0" toLane="{j}"'
        lines.append(f'    <connection {ends} dir="{way.direction}" state="M"/>')
    for area in node.areas:
        for crossing in (node.crossings[position] for position in area.onto):
            lines.append(_step(area.name, crossing.name, light(crossing.signal)))
        lines += [_step(node.crossings[position].name, area.name) for position in area.off]
        for row in area.arriving:
            lines.append(_step(place[row][0], area.name, start_lane=place[row][2]))
        for row in area.leaving:
            lines.append(_step(area.name, place[row][0], end_lane=place[row][2]))
    return lines


def _step(start: str, end: str, light: str = "", start_lane: str = "0", end_lane: str = "0") -> str:
    ends = f'from={quoteattr(start)} to={quoteattr(end)} fromLane="{start_lane}" toLane="{end_lane}"'
    return f'    <connection {ends} {light}dir="s" state="M"/>'
