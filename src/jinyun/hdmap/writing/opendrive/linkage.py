"""Which road leads to which, in OpenDRIVE's words: links of roads and lanes, junctions and their connections.

Lanes inside a junction of the map become connecting roads where each has one road before and at most one after it.
Where lanes branch or merge without such a junction, the roads meet in a direct junction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from jinyun.hdmap.precise import LaneKind, Map
from jinyun.hdmap.writing.opendrive.laying import Laid, lay

UNWRITTEN = (LaneKind.AREA, LaneKind.CROSSING)
"""Kinds of lanes that are no lanes in OpenDRIVE: walking areas are not carried, crossings are objects."""
START, END = "start", "end"
Pairs = list[tuple[int, int]]


@dataclass(frozen=True)
class Link:
    """What a road meets at an end: a ``road`` at its ``contact``, or a ``junction``; ``id`` is OpenDRIVE's."""

    kind: str
    id: int
    contact: str = ""


@dataclass(frozen=True)
class Connection:
    """A connection of a junction: ``pairs`` of lane numbers of the road that comes in and of the other one."""

    incoming: int
    other: int
    contact: str
    pairs: Pairs


@dataclass
class Junction:
    """A junction of the file; ``row`` is the map's, -1 for a direct one made where lanes branch."""

    id: int
    row: int
    connections: list[Connection] = field(default_factory=list)


@dataclass
class Network:
    """Roads (id is the place in the list plus one), where each lane is, and how everything hangs together."""

    map: Map
    roads: list[Laid]
    lane: dict[int, tuple[int, int]] = field(default_factory=dict)
    inside: list[int] = field(default_factory=list)
    """Row of the junction that a road is a connecting road of, -1 for none."""
    before: dict[int, Link] = field(default_factory=dict)
    after: dict[int, Link] = field(default_factory=dict)
    lane_before: dict[int, list[int]] = field(default_factory=dict)
    """By row of a lane: the numbers of the lanes of the road before that lead to it."""
    lane_after: dict[int, list[int]] = field(default_factory=dict)
    junctions: list[Junction] = field(default_factory=list)


def network(map: Map) -> Network:
    """Return the map's lanes as roads with everything that links them."""
    kind = map.lanes["kind"]
    written = [e for e in range(len(map.edges["id"])) if kind[map.edges["first"][e]] not in UNWRITTEN]
    pairs = _pairs(map)
    before, after = _by_lane(pairs, 1), _by_lane(pairs, 0)
    edge_of, inner = map.lanes["edge"].tolist(), (map.lanes["junction"] >= 0).tolist()

    def joined(lane: int) -> object:
        if not inner[lane]:
            return None
        return {edge_of[one] for one in before[lane]}, {edge_of[one] for one in after[lane]}

    found = _placed(map, lay(map, written, joined))
    if torn := _torn(found, before, after, inner):
        again = lay(map, sorted(torn), lambda lane: lane)
        kept = [road for road in found.roads if edge_of[road.lanes[0]] not in torn]
        found = _placed(map, sorted([*kept, *again], key=lambda road: (edge_of[road.lanes[0]], -road.lanes[0])))
    _link(found, pairs, before, after)
    return found


def _pairs(map: Map) -> Pairs:
    kind = map.lanes["kind"].tolist()
    return [
        (lane, follower)
        for lane in range(len(kind))
        if kind[lane] not in UNWRITTEN
        for follower in map.successors_of(lane).tolist()
        if kind[follower] not in UNWRITTEN
    ]


def _by_lane(pairs: Pairs, column: int) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for pair in pairs:
        found[pair[column]].append(pair[1 - column])
    return found


def _placed(map: Map, roads: list[Laid]) -> Network:
    network = Network(map, roads)
    for road, laid in enumerate(roads):
        network.lane.update({lane: (road, -1 - k) for k, lane in enumerate(laid.lanes) if lane >= 0})
        network.inside.append(int(map.lanes["junction"][laid.lanes[0]]))
    return network


def _roads_of(network: Network, lanes: Iterable[int]) -> set[int]:
    return {network.lane[lane][0] for lane in lanes}


def _neighbours(network: Network, road: int, of: dict[int, list[int]]) -> set[int]:
    return _roads_of(network, (other for lane in network.roads[road].lanes for other in of.get(lane, ())))


def _torn(network: Network, before: dict[int, list[int]], after: dict[int, list[int]], inner: list[bool]) -> set[int]:
    """Return the edges inside junctions whose lanes come from or lead to several roads."""
    return {
        int(network.map.lanes["edge"][laid.lanes[0]])
        for road, laid in enumerate(network.roads)
        if inner[laid.lanes[0]]
        and len([lane for lane in laid.lanes if lane >= 0]) > 1
        and max(len(_neighbours(network, road, of)) for of in (before, after)) > 1
    }


def _link(network: Network, pairs: Pairs, before: dict[int, list[int]], after: dict[int, list[int]]) -> None:
    _open_what_does_not_fit(network, pairs, before, after)
    junction_of: dict[int, Junction] = {}
    for row in network.inside:
        if row >= 0 and row not in junction_of:
            junction_of[row] = Junction(len(junction_of) + 1, row)
    network.junctions = list(junction_of.values())
    between: dict[tuple[int, int], Pairs] = defaultdict(list)
    for a, b in pairs:
        (road, number), (other, its) = network.lane[a], network.lane[b]
        between[road, other].append((number, its))
    meeting: list[tuple[int, int]] = []
    for (road, other), numbers in between.items():
        here, there = network.inside[road], network.inside[other]
        if here < 0 and there < 0:
            meeting.append((road, other))
        elif there >= 0 > here:
            junction = junction_of[there]
            junction.connections.append(Connection(road + 1, other + 1, START, numbers))
            network.after[road] = Link("junction", junction.id)
            network.before[other] = Link("road", road + 1, END)
            _number(network, numbers, road, other, inwards=True)
        elif here >= 0 > there:
            network.after[road] = Link("road", other + 1, START)
            network.before[other] = Link("junction", junction_of[here].id)
            _number(network, numbers, road, other, outwards=True)
        else:
            network.after[road], network.before[other] = Link("road", other + 1, START), Link("road", road + 1, END)
            _number(network, numbers, road, other, inwards=True, outwards=True)
    for ends in _meetings(meeting):
        if len(ends) == 1:
            (road, other) = ends[0]
            network.after[road], network.before[other] = Link("road", other + 1, START), Link("road", road + 1, END)
            _number(network, between[road, other], road, other, inwards=True, outwards=True)
        else:
            network.junctions.append(_direct(network, ends, between))


def _open_what_does_not_fit(
    network: Network, pairs: Pairs, before: dict[int, list[int]], after: dict[int, list[int]]
) -> None:
    """Take those junctions for none whose lanes would be connecting roads with several roads before or after them."""
    opened = {
        network.inside[road]
        for road in range(len(network.roads))
        if network.inside[road] >= 0
        and not (
            len(_neighbours(network, road, before)) == 1 and len(_neighbours(network, road, after)) <= 1
        )
    }  # fmt: skip
    while True:
        inside = [-1 if row in opened else row for row in network.inside]
        meets: dict[tuple[int, str], set[int]] = defaultdict(set)
        for a, b in pairs:
            road, other = network.lane[a][0], network.lane[b][0]
            if inside[road] < 0:
                meets[road, END].add(inside[other])
            if inside[other] < 0:
                meets[other, START].add(inside[road])
        mixed = {row for rows in meets.values() if len(rows) > 1 for row in rows if row >= 0}
        if not mixed:
            network.inside = inside
            return
        opened |= mixed


def _number(
    network: Network, numbers: Pairs, road: int, other: int, inwards: bool = False, outwards: bool = False
) -> None:
    """Note lane numbers: ``inwards`` for the lanes that follow, ``outwards`` for those followed."""
    for number, its in numbers:
        if outwards:
            network.lane_after.setdefault(network.roads[road].lanes[-1 - number], []).append(its)
        if inwards:
            network.lane_before.setdefault(network.roads[other].lanes[-1 - its], []).append(number)


def _meetings(meeting: Pairs) -> list[Pairs]:
    """Return pairs of roads in groups that share an end."""
    parent: dict[tuple[int, str], tuple[int, str]] = {}

    def root(end: tuple[int, str]) -> tuple[int, str]:
        while parent.setdefault(end, end) != end:
            parent[end] = parent[parent[end]]
            end = parent[end]
        return end

    for road, other in meeting:
        parent[root((road, END))] = root((other, START))
    groups: dict[tuple[int, str], Pairs] = defaultdict(list)
    for road, other in meeting:
        groups[root((road, END))].append((road, other))
    return list(groups.values())


def _direct(network: Network, ends: Pairs, between: dict[tuple[int, int], Pairs]) -> Junction:
    """Return a direct junction of the roads that end and begin at one place."""
    junction = Junction(len(network.junctions) + 1, -1)
    leaves: dict[int, int] = defaultdict(int)
    for road, _ in ends:
        leaves[road] += 1
    for road, other in ends:
        network.after[road] = network.before[other] = Link("junction", junction.id)
        numbers = between[road, other]
        if leaves[road] == 1 and sum(o == other for _, o in ends) > 1:  # several roads merge into one
            back = [(its, number) for number, its in numbers]
            junction.connections.append(Connection(other + 1, road + 1, END, back))
        else:
            junction.connections.append(Connection(road + 1, other + 1, START, numbers))
    return junction
