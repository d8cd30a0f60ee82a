"""The map in the words of MAP messages: T/CSAE 53-2020 ``MapData`` as values for :func:`jinyun.net.csae.encode`.

China's MAP describes nodes and the directed links that enter them: each link names its upstream node, its lanes run
from the entry line to the stop line, and each lane says to which junctions it connects and under which signal phase.
Lanes are numbered from 1 on the left, in the direction of travel. Values follow asn1tools' conventions: CHOICE as
(name, value), BIT STRING as (bytes, bits), enumerations as names.

Lines are thinned so that no point of the map lies farther than 0.2 m from what the message says
(:data:`POINT_ERROR_M`); a lane that would need more than the 31 points of a PointList begins so much nearer to its
stop line.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from jinyun.hdmap import curve
from jinyun.hdmap.fault import MapError
from jinyun.hdmap.precise import LaneKind, Map, Turn

Value = dict[str, Any]
MOST_BYTES = 1200
"""One message fits one radio frame with room for its security header."""
POINT_ERROR_M = 0.2
"""Farthest that a lane of the map lies from its line in the message."""
POINT_TOLERANCE_M = 0.1
"""How exactly lines are thinned where there are points enough."""
ROUGH_TOLERANCE_M = 0.18
"""How exactly where there are not; rounding to 1e-7 degrees adds 0.01 m at most."""
MOST_POINTS, MOST_LANES, MOST_LINKS, MOST_MOVEMENTS, MOST_SPEED = 31, 32, 32, 32, 8191
"""Limits of PointList, LaneList, LinkList, MovementList and Speed (T/CSAE 53-2020)."""
MOST_CONNECTIONS = {"A": 16, "B": 8}
"""Limit of ConnectsToList in the two layouts (docs/dialects.md)."""
HEADER_BYTES = 28
"""More than a message needs before its first link, without the node's name."""
Dialect = Literal["A", "B"]
_MANEUVERS = {Turn.STRAIGHT: 0x8000, Turn.LEFT: 0x4000, Turn.RIGHT: 0x2000, Turn.U_TURN: 0x1000}
_OFFSETS = ((2048, "position-LL1"), (8192, "position-LL2"), (32768, "position-LL3"), (131072, "position-LL4"),
            (2097152, "position-LL5"), (8388608, "position-LL6"))  # fmt: skip


def mapdata(map: Map, junction: int, dialect: Dialect = "A") -> Value:
    """Return MapData of one junction (row of ``map.junctions``) with all links that enter it, whatever its size.

    Raises :class:`jinyun.hdmap.MapError` where the map's metres are no places on Earth.
    """
    return _message(_node(map, junction), _links(map, junction, dialect)[:MOST_LINKS])


def mapdata_parts(map: Map, junction: int, dialect: Dialect = "A", *, most_bytes: int = MOST_BYTES) -> list[Value]:
    """Return MapData of one junction in as many messages as needed for each to stay within ``most_bytes``.

    Every part names the node. A link stands in one part, unless it alone is too large: then its lanes are shared out over
    several, each with the link's name. Raises as :func:`mapdata`, and ``ValueError`` where not even one lane fits.
    """
    node = _node(map, junction)
    parts: list[list[Value]] = [[]]
    most = most_bytes - HEADER_BYTES - len(node.get("name", ""))
    room = most
    for whole in _links(map, junction, dialect):
        for link in _pieces(whole, most):
            size = size_bytes(link)
            if parts[-1] and (size > room or len(parts[-1]) == MOST_LINKS):
                parts.append([])
                room = most
            parts[-1].append(link)
            room -= size
    return [_message(node, links) for links in parts]


def _pieces(link: Value, most_bytes: int) -> list[Value]:
    """Return the link, or links of the same name that share its lanes out so that each is small enough."""
    lanes = link["lanes"]
    if size_bytes(link) <= most_bytes and len(lanes) <= MOST_LANES:
        return [link]
    if len(lanes) < 2:
        raise ValueError(f"a link with one lane needs {size_bytes(link)} bytes, more than {most_bytes}")
    half = len(lanes) // 2
    found: list[Value] = []
    for its in (lanes[:half], lanes[half:]):
        named = {_movement_key(connection) for lane in its for connection in lane.get("connectsTo", ())}
        movements = [m for m in link.get("movements", ()) if _movement_key(m) in named]
        piece = {key: value for key, value in link.items() if key not in ("movements", "lanes", "points")}
        piece["points"] = link["points"]
        found += _pieces(piece | ({"movements": movements} if movements else {}) | {"lanes": its}, most_bytes)
    return found


def _movement_key(value: Value) -> tuple[int, int]:
    return value["remoteIntersection"]["id"], value.get("phaseId", 0)


def _node(map: Map, junction: int) -> Value:
    if not np.isfinite(map.about["lon"][0]):
        raise MapError(
            f"{map.about['source'][0]}: has no georeference: its metres are no places on Earth (give an origin)"
        )
    lon, lat = map.junction_degrees
    node: Value = {
        "id": _reference(map, junction),
        "refPos": {"lat": int(lat[junction]), "long": int(lon[junction])},
    }
    name = str(map.junctions["id"][junction]).encode("ascii", "replace").decode()[:63]
    return {"name": name, **node} if name else node


def _message(node: Value, links: list[Value]) -> Value:
    return {"msgCnt": 0, "nodes": [{**node, "inLinks": links} if links else node]}


def _reference(map: Map, junction: int) -> Value:
    return {"region": int(map.about["region"][0]), "id": int(map.junctions["node"][junction])}


def _links(map: Map, junction: int, dialect: Dialect) -> list[Value]:
    onward = map.ways_on
    links = []
    for approach in map.approaches.of(junction):
        lanes = approach.lanes
        limits = map.lanes["speed_limit_mps"][list(lanes)]
        width = map.lanes["width_m"][list(lanes)].astype(np.float64)
        movements: dict[tuple[int, int], Value] = {}
        for lane in lanes:
            for way in onward.get(lane, []):
                to, phase = map.approaches.number(int(map.links["end"][way]))[0], _phase(map, way)
                if to >= 0 and (to, phase) not in movements:
                    movement: Value = {"remoteIntersection": _reference(map, to)}
                    movements[to, phase] = movement | ({"phaseId": phase} if phase else {})
        link: Value = {"upstreamNodeId": _reference(map, approach.upstream)}
        if np.isfinite(limits).any():
            link["speedLimits"] = [_limit(float(np.nanmax(limits)))]
        link["linkWidth"] = _centimetres(float(np.nansum(width)))
        link["points"] = _points(map, junction, approach.chains[(len(lanes) - 1) // 2])
        if movements:
            link["movements"] = list(movements.values())[:MOST_MOVEMENTS]
        values = [
            _lane(map, junction, number, lane, chain, onward.get(lane, [])[: MOST_CONNECTIONS[dialect]])
            for number, (lane, chain) in enumerate(zip(lanes, approach.chains, strict=True), start=1)
        ]
        links.append(link | {"lanes": values})
    return links


def _lane(map: Map, junction: int, number: int, lane: int, chain: tuple[int, ...], ways: list[int]) -> Value:
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
        to, onto = map.approaches.number(int(map.links["end"][way]))
        if to < 0:
            continue
        connection: Value = {"remoteIntersection": _reference(map, to)}
        if onto:
            connection["connectingLane"] = {"lane": onto, "maneuver": _maneuvers(turn)}
        phase = _phase(map, way)
        connections.append(connection | ({"phaseId": phase} if phase else {}))
    value: Value = {
        "laneID": number,
        "laneWidth": _centimetres(float(map.lanes["width_m"][lane])),
        "laneAttributes": {"laneType": lane_type},
        "maneuvers": _maneuvers(turns),
    }
    if connections:
        value["connectsTo"] = connections
    return value | {"points": _points(map, junction, chain)}


def _phase(map: Map, link: int) -> int:
    group = int(map.links["group"][link])
    return int(map.groups["phase"][group]) if group >= 0 else 0


def _maneuvers(turns: int) -> tuple[bytes, int]:
    bits = sum(mask for turn, mask in _MANEUVERS.items() if turns & turn)
    return bits.to_bytes(2, "big"), 12


def _limit(speed_mps: float) -> Value:
    return {"type": "vehicleMaxSpeed", "speed": min(max(round(speed_mps / 0.02), 0), MOST_SPEED)}


def _centimetres(width_m: float) -> int:
    return min(max(round(width_m * 100), 0), 32767) if np.isfinite(width_m) else 0


def _points(map: Map, junction: int, chain: tuple[int, ...]) -> list[Value]:
    first, count = map.lanes["first"], map.lanes["count"]
    rows = np.concatenate([np.arange(first[lane], first[lane] + count[lane]) for lane in chain]).astype(np.intp)
    line = np.column_stack([map.points["x_m"][rows], map.points["y_m"][rows]])
    kept = curve.corners(line, POINT_TOLERANCE_M)
    if len(kept) > MOST_POINTS:
        kept = curve.corners(line, ROUGH_TOLERANCE_M)[-MOST_POINTS:]
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


def size_bytes(link: Value) -> int:
    """Return an upper bound of a link's encoded size."""
    bits = 7 + 33 + 22 + 15 + 10 + 42 * len(link.get("movements", ())) + _points_bits(link["points"])
    for lane in link["lanes"]:
        bits += 70 + 64 * len(lane.get("connectsTo", ())) + _points_bits(lane["points"])
    return bits // 8 + 1


def _points_bits(points: list[Value]) -> int:
    return 5 + sum(5 + {"position-LL1": 24, "position-LL2": 28, "position-LL3": 32, "position-LL4": 36,
                        "position-LL5": 44, "position-LL6": 48}[p["posOffset"]["offsetLL"][0]] for p in points)  # fmt: skip
