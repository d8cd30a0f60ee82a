"""The map in the words of MAP messages: T/CSAE 53-2020 ``MapData`` as values for :func:`jinyun.net.csae.encode`.

China's MAP describes nodes and the directed links that enter them: each link names its upstream node, its lanes run
from the entry line to the stop line, and each lane says to which junctions it connects and under which signal phase.
Lanes are numbered from 1 on the left, in the direction of travel. Values follow asn1tools' conventions: CHOICE as
(name, value), BIT STRING as (bytes, bits), enumerations as names.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from jinyun.hdmap import curve
from jinyun.hdmap.precise import LaneKind, Map, Turn

Value = dict[str, Any]
MOST_BYTES = 1200
"""One message fits one radio frame with room for its security header."""
POINT_TOLERANCE_M = 0.1
MOST_POINTS = 31
_MANEUVERS = {Turn.STRAIGHT: 0x8000, Turn.LEFT: 0x4000, Turn.RIGHT: 0x2000, Turn.U_TURN: 0x1000}
_OFFSETS = ((2048, "position-LL1"), (8192, "position-LL2"), (32768, "position-LL3"), (131072, "position-LL4"),
            (2097152, "position-LL5"), (8388608, "position-LL6"))  # fmt: skip
_DRIVEN = (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE)


def mapdata(map: Map, junction: int) -> Value:
    """Return MapData of one junction (row of ``map.junctions``) with all links that enter it, whatever its size."""
    return _message(_node(map, junction), _links(map, junction))


def mapdata_parts(map: Map, junction: int) -> list[Value]:
    """Return MapData of one junction in as many messages as needed for each to stay within 1200 bytes.

    Every part names the node and carries whole links; only a single link larger than a message would exceed it.
    """
    parts: list[list[Value]] = [[]]
    room = MOST_BYTES - 40
    for link in _links(map, junction):
        size = _size_bytes(link)
        if parts[-1] and size > room:
            parts.append([])
            room = MOST_BYTES - 40
        parts[-1].append(link)
        room -= size
    return [_message(_node(map, junction), links) for links in parts]


def upstream(map: Map, junction: int) -> dict[int, list[tuple[int, list[int]]]]:
    """Return for each upstream junction the lanes into ``junction``: (last lane, its chain of lanes from upstream on)."""
    found: dict[int, list[tuple[int, list[int]]]] = defaultdict(list)
    before = map.parts_before
    kinds, edge_of = map.lanes["kind"], map.lanes["edge"]
    for edge in np.flatnonzero((map.edges["end"] == junction) & (map.edges["road"] != "")):
        first, count = int(map.edges["first"][edge]), int(map.edges["count"][edge])
        for lane in range(first + count - 1, first - 1, -1):
            if kinds[lane] not in _DRIVEN:
                continue
            chain = [lane]
            while map.edges["start"][edge_of[chain[0]]] < 0 and before.get(chain[0]):
                options = before[chain[0]]
                chain[:0] = [min(options, key=lambda lane: abs(int(map.lanes["index"][lane])))]
            start = _start_of(map, chain, int(edge))
            if start >= 0 and start != junction:
                found[start].append((lane, chain))
    return found


def _start_of(map: Map, chain: list[int], edge: int) -> int:
    """Return the junction where the road into ``edge`` begins, also for a lane that begins on the way (a pocket)."""
    start = int(map.edges["start"][map.lanes["edge"][chain[0]]])
    if start >= 0:
        return start
    road = map.edges["road"][edge]
    name = str(map.edges["id"][edge]).rstrip("pdm")
    for other in np.flatnonzero(map.edges["road"] == road):
        if str(map.edges["id"][other]).rstrip("pdm") == name and map.edges["start"][other] >= 0:
            return int(map.edges["start"][other])
    return -1


def _node(map: Map, junction: int) -> Value:
    lon, lat = map.junction_degrees
    node: Value = {
        "id": _reference(map, junction),
        "refPos": {"lat": int(lat[junction]), "long": int(lon[junction])},
    }
    name = str(map.junctions["id"][junction])
    return {"name": name, **node} if name else node


def _message(node: Value, links: list[Value]) -> Value:
    return {"msgCnt": 0, "nodes": [{**node, "inLinks": links} if links else node]}


def _reference(map: Map, junction: int) -> Value:
    return {"region": int(map.about["region"][0]), "id": int(map.junctions["node"][junction])}


def _links(map: Map, junction: int) -> list[Value]:
    onward = map.ways_on
    links = []
    for start, lanes in sorted(upstream(map, junction).items()):
        numbered = [(number, lane, chain) for number, (lane, chain) in enumerate(lanes, start=1)]
        limits = {float(map.lanes["speed_limit_mps"][lane]) for _, lane, _ in numbered}
        middle = numbered[(len(numbered) - 1) // 2]
        values = [_lane(map, junction, number, lane, chain, onward.get(lane, [])) for number, lane, chain in numbered]
        movements: dict[tuple[int, int], Value] = {}
        for _, lane, _ in numbered:
            for link in onward.get(lane, []):
                to, phase = _downstream(map, int(map.links["end"][link])), _phase(map, link)
                if to >= 0 and (to, phase) not in movements:
                    movement: Value = {"remoteIntersection": _reference(map, to)}
                    movements[to, phase] = movement | ({"phaseId": phase} if phase else {})
        link_value: Value = {
            "upstreamNodeId": _reference(map, start),
            "speedLimits": [_limit(max(limits))],
            "linkWidth": round(sum(float(map.lanes["width_m"][lane]) for _, lane, _ in numbered) * 100),
            "points": _points(map, junction, middle[2]),
        }
        if movements:
            link_value["movements"] = list(movements.values())
        links.append(link_value | {"lanes": values})
    return links


def _lane(map: Map, junction: int, number: int, lane: int, chain: list[int], ways: list[int]) -> Value:
    kind = int(map.lanes["kind"][lane])
    if kind == LaneKind.BICYCLE:
        lane_type: tuple[str, tuple[bytes, int]] = ("bikeLane", (b"\x00\x00", 16))
    else:
        lane_type = ("vehicle", (b"\x10" if kind == LaneKind.BUS else b"\x00", 8))
    turns = 0
    connections: list[Value] = []
    for way in ways:
        turn = Turn(int(map.links["turn"][way]))
        turns |= turn
        to, end = _downstream(map, int(map.links["end"][way])), int(map.links["end"][way])
        if to < 0 or len(connections) == 16:
            continue
        connection: Value = {
            "remoteIntersection": _reference(map, to),
            "connectingLane": {"lane": _number_of(map, end), "maneuver": _maneuvers(turn)},
        }
        phase = _phase(map, way)
        connections.append(connection | ({"phaseId": phase} if phase else {}))
    value: Value = {
        "laneID": number,
        "laneWidth": round(float(map.lanes["width_m"][lane]) * 100),
        "laneAttributes": {"laneType": lane_type},
        "maneuvers": _maneuvers(turns),
    }
    if connections:
        value["connectsTo"] = connections
    return value | {"points": _points(map, junction, chain)}


def _downstream(map: Map, lane: int) -> int:
    """Return the junction at the far end of the road that ``lane`` is on, past all its parts; -1 where there is none."""
    edge = int(map.lanes["edge"][lane])
    for _ in range(4):
        if map.edges["end"][edge] >= 0:
            return int(map.edges["end"][edge])
        rows = range(int(map.edges["first"][edge]), int(map.edges["first"][edge] + map.edges["count"][edge]))
        follow = np.flatnonzero(np.isin(map.links["start"], rows))
        if not len(follow):
            return -1
        edge = int(map.lanes["edge"][map.links["end"][follow[0]]])
    return -1


def _number_of(map: Map, lane: int) -> int:
    """Return the number of a lane on its road, 1 the leftmost."""
    edge = int(map.lanes["edge"][lane])
    last = int(map.edges["first"][edge] + map.edges["count"][edge]) - 1
    return last - lane + 1


def _phase(map: Map, link: int) -> int:
    group = int(map.links["group"][link])
    return int(map.groups["phase"][group]) if group >= 0 else 0


def _maneuvers(turns: int) -> tuple[bytes, int]:
    bits = sum(mask for turn, mask in _MANEUVERS.items() if turns & turn)
    return bits.to_bytes(2, "big"), 12


def _limit(speed_mps: float) -> Value:
    return {"type": "vehicleMaxSpeed", "speed": round(speed_mps / 0.02)}


def _points(map: Map, junction: int, chain: list[int]) -> list[Value]:
    first, count = map.lanes["first"], map.lanes["count"]
    rows = np.concatenate([np.arange(first[lane], first[lane] + count[lane]) for lane in chain]).astype(np.intp)
    line = np.column_stack([map.points["x_m"][rows], map.points["y_m"][rows]])
    tolerance = POINT_TOLERANCE_M
    kept = curve.corners(line, tolerance)
    while len(kept) > MOST_POINTS:
        tolerance *= 1.5
        kept = curve.corners(line, tolerance)
    (lon, lat), (lon_here, lat_here) = map.degrees, map.junction_degrees
    east, north = lon[rows[kept]] - lon_here[junction], lat[rows[kept]] - lat_here[junction]
    return [{"posOffset": {"offsetLL": offset_ll(a, b)}} for a, b in zip(east.tolist(), north.tolist(), strict=True)]


def offset_ll(lon: int, lat: int) -> tuple[str, Value]:
    """Return PositionOffsetLL of an offset in 1e-7 degrees, in the shortest form that holds it; +-0.84 degrees."""
    reach = max(lon, -lon - 1, lat, -lat - 1)
    for limit, name in _OFFSETS:
        if reach < limit:
            return name, {"lon": lon, "lat": lat}
    raise ValueError(f"offset of {lon}, {lat} units of 1e-7 degrees is too far for PositionOffsetLL")


def _size_bytes(link: Value) -> int:
    """Return an upper bound of a link's encoded size."""
    bits = 7 + 33 + 22 + 15 + 10 + 42 * len(link.get("movements", ())) + _points_bits(link["points"])
    for lane in link["lanes"]:
        bits += 70 + 64 * len(lane.get("connectsTo", ())) + _points_bits(lane["points"])
    return bits // 8 + 1


def _points_bits(points: list[Value]) -> int:
    return 5 + sum(5 + {"position-LL1": 24, "position-LL2": 28, "position-LL3": 32, "position-LL4": 36,
                        "position-LL5": 44, "position-LL6": 48}[p["posOffset"]["offsetLL"][0]] for p in points)  # fmt: skip
