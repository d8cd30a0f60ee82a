"""What stands on and beside the roads: signals and their controllers, stop lines, crosswalks, parking, tunnels.

A signal group becomes a controller whose name tells junction and phase. Its signals stand on the approach roads before
the stop line, with the place of the head itself as ``positionInertial``. Where only some of the ways on from a lane
belong to a group, the signal is valid for the lanes inside the junction instead.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

import numpy as np

from jinyun.hdmap import curve
from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import Bay, Map
from jinyun.hdmap.writing.opendrive.linkage import Network

CAR_LIGHT, WALK_LIGHT, STOP_LINE = "1000001", "1000002", "294"
"""Signal types: OpenDRIVE's own for lights, the German catalogue's for a stop line."""
OBLIQUE_M = 20.0
"""A road along a crossing counts as farther away by this than one across it."""
BEYOND = 10.0
"""What lies beyond a road's end counts as so many times farther away."""
SAMPLE_M, NEAR = 5.0, 24
"""Distance of the places by which near roads are found, and how many are looked at."""
LINE = ("x1", "y1", "x2", "y2")
BESIDE_M = 0.5
STOP_LINE_M = 1.0
SAME_LINE_M = 0.5
CAR_Z_M, WALK_Z_M, LIGHT_WIDTH_M = 5.5, 2.5, 0.3


@dataclass
class Standing:
    """Elements by road (its place in the list) and by row of the junction."""

    signals: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    references: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    objects: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    controllers: list[tuple[int, str, str]] = field(default_factory=list)
    """Row of a signal group, its name, and the elements that say which lights are its."""
    of_junction: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    lights: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By row of a signal group: the ids of its lights."""
    count: int = 0

    def id(self) -> int:
        """Return an id that no signal or object has yet."""
        self.count += 1
        return self.count


def standing(network: Network) -> Standing:
    """Return everything that stands on the roads."""
    done, hosts, heads = Standing(), _Hosts(network), _heads(network.map)
    _car_lights(network, heads, done)
    _walk_lights(network, heads, hosts, done)
    _controllers(network.map, done)
    _stop_lines(network, done)
    _crossings(network, hosts, done)
    _bays(network, hosts, done)
    _stops(network, done)
    _tunnels(network, done)
    return done


def number(value: float) -> str:
    """Return metres or radians in a tenth of a millimetre or of a milliradian."""
    return format(round(value, 4) + 0.0, ".10g")


class _Hosts:
    """The roads outside junctions, for what hangs on the road that is nearest."""

    def __init__(self, network: Network) -> None:
        rows = [row for row in range(len(network.roads)) if network.inside[row] < 0] or range(len(network.roads))
        self._roads = list(rows)
        self._reference = [network.roads[row].reference for row in self._roads]
        place, of = [], []
        for k, reference in enumerate(self._reference):
            s = np.linspace(0, reference.length_m, max(int(reference.length_m / SAMPLE_M), 1) + 1)
            place.append(reference.place(s, np.zeros(len(s))))
            of.append(np.full(len(s), k))
        self._places, self._of = np.vstack(place), np.concatenate(of)

    def near(self, x_m: float, y_m: float, across_rad: float | None = None) -> tuple[int, float, float, float]:
        """Return road, station, offset to the left and the road's direction there; rather a road that leads across."""
        away = np.hypot(self._places[:, 0] - x_m, self._places[:, 1] - y_m)
        near = np.unique(self._of[np.argsort(away, kind="stable")[:NEAR]]).tolist()
        place = np.array([[x_m, y_m]])
        found = []
        for k in near:
            reference = self._reference[k]
            s, t = reference.project(place)
            x, y, heading, _ = reference.at(s)
            beyond = float(np.hypot(*(reference.place(s, t) - place)[0]))
            cost = math.hypot(float(x[0]) - x_m, float(y[0]) - y_m) + BEYOND * beyond
            if across_rad is not None:
                cost += OBLIQUE_M * abs(math.cos(across_rad - float(heading[0])))
            found.append((cost, self._roads[k], float(s[0]), float(t[0]), float(heading[0])))
        return min(found)[1:]


def _heads(map: Map) -> dict[tuple[int, int], list[int]]:
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row, key in enumerate(zip(map.heads["junction"].tolist(), map.heads["phase"].tolist(), strict=True)):
        found[key].append(row)
    return found


def _heading(map: Map, head: int) -> float:
    """Return a head's direction counter-clockwise from east."""
    return math.remainder(math.pi / 2 - float(map.heads["heading_rad"][head]), 2 * math.pi)


def _light(network: Network, done: Standing, group: int, road: int, s: float, t: float, numbers: list[int],
           head: int | None, orientation: str = "+") -> None:  # fmt: skip
    map, id = network.map, done.id()
    walkers = bool(map.groups["walkers"][group])
    inertial, z = "", WALK_Z_M if walkers else CAR_Z_M
    if head is not None:
        x, y, height = (float(map.heads[key][head]) for key in ("x_m", "y_m", "z_m"))
        laid = network.roads[road]
        z = height - float(np.interp(s, laid.z_s_m, laid.z_m))
        turn = number(_heading(map, head))
        inertial = f'<positionInertial x="{number(x)}" y="{number(y)}" z="{number(height)}" hdg="{turn}"/>'
    done.lights[group].append(id)
    done.signals[road].append(
        f'<signal id="{id}" name={quoteattr(_label(map, group))} s="{number(s)}" t="{number(t)}" zOffset="{number(z)}" '
        f'dynamic="yes" orientation="{orientation}" type="{WALK_LIGHT if walkers else CAR_LIGHT}" subtype="-1" '
        f'height="0" width="{LIGHT_WIDTH_M}">{_validity(numbers)}{inertial}</signal>'
    )


def _label(map: Map, group: int) -> str:
    junction = map.junctions["id"][map.groups["junction"][group]]
    return f"{junction} phase {int(map.groups['phase'][group])}"


def _validity(numbers: list[int]) -> str:
    return "".join(f'<validity fromLane="{n}" toLane="{n}"/>' for n in sorted(set(numbers), reverse=True))


def _car_lights(network: Network, heads: dict[tuple[int, int], list[int]], done: Standing) -> None:
    map = network.map
    groups_from: dict[int, set[int]] = defaultdict(set)
    links_of: dict[int, list[int]] = defaultdict(list)
    for link, (start, group) in enumerate(zip(map.links["start"].tolist(), map.links["group"].tolist(), strict=True)):
        groups_from[start].add(group)
        if group >= 0 and not map.groups["walkers"][group]:
            links_of[group].append(link)
    for group, links in sorted(links_of.items()):
        before: dict[int, list[int]] = defaultdict(list)  # numbers of lanes by road
        within: dict[int, list[int]] = defaultdict(list)
        for link in links:
            start, via = int(map.links["start"][link]), int(map.links["via"][link])
            whole = len(groups_from[start]) == 1 or via not in network.lane
            road, lane = network.lane[start if whole else via]
            (before if whole else within)[road].append(lane)
        key = int(map.groups["junction"][group]), int(map.groups["phase"][group])
        standing: list[int | None] = [*heads.get(key, ())] or [None]
        for k, (road, numbers) in enumerate(before.items()):
            laid = network.roads[road]
            s = max(laid.reference.length_m - STOP_LINE_M, 0.0)
            t = float(laid.border(len(laid.lanes), np.array([s]))[0]) - BESIDE_M
            for head in standing if k == 0 else standing[:1]:
                _light(network, done, group, road, s, t, numbers, head)
        for road, numbers in within.items():
            t = float(network.roads[road].t_m[-1, 0]) - BESIDE_M
            if not done.lights[group]:
                for head in standing:
                    _light(network, done, group, road, 0.0, t, numbers, head)
                continue
            done.references[road].append(
                f'<signalReference id="{done.lights[group][0]}" s="0" t="{number(t)}" orientation="+">'
                f"{_validity(numbers)}</signalReference>"
            )


def _walk_lights(network: Network, heads: dict[tuple[int, int], list[int]], hosts: _Hosts, done: Standing) -> None:
    map = network.map
    for group in np.flatnonzero(map.groups["walkers"]).tolist():
        key = int(map.groups["junction"][group]), int(map.groups["phase"][group])
        for head in heads.get(key, ()):
            x, y = float(map.heads["x_m"][head]), float(map.heads["y_m"][head])
            road, s, t, heading = hosts.near(x, y)
            forward = math.cos(_heading(map, head) - heading) >= 0
            _light(network, done, group, road, s, t, [], head, "+" if forward else "-")


def _controllers(map: Map, done: Standing) -> None:
    for group, lights in sorted(done.lights.items()):
        junction = int(map.groups["junction"][group])
        control = "".join(f'<control signalId="{light}" type="0"/>' for light in lights)
        done.controllers.append((group, _label(map, group), control))
        done.of_junction[junction].append(f'<controller id="{group + 1}" type="0" sequence="0"/>')


def _stop_lines(network: Network, done: Standing) -> None:
    map = network.map
    lines: dict[tuple[int, int], list[tuple[int, float, int]]] = defaultdict(list)
    for row, lane in enumerate(map.stop_lines["lane"].tolist()):
        if lane not in network.lane:
            continue
        road, number_of = network.lane[lane]
        x, y = ((map.stop_lines[f"{k}1_m"][row] + map.stop_lines[f"{k}2_m"][row]) / 2 for k in "xy")
        total = network.roads[road].reference.length_m
        at, _ = network.roads[road].reference.project(np.array([[x, y]]), np.array([total]))
        lines[road, round(float(at[0]) / SAME_LINE_M)].append((number_of, float(at[0]), row))
    for (road, _), lanes in lines.items():
        s = min(sum(s for _, s, _ in lanes) / len(lanes), network.roads[road].reference.length_m)
        told = "".join(
            f'<line lane="{n}"' + "".join(f' {k}="{number(float(map.stop_lines[f"{k}_m"][row]))}"' for k in LINE) + "/>"
            for n, _, row in lanes
        )
        done.signals[road].append(
            f'<signal id="{done.id()}" name="StopLine" s="{number(s)}" t="0" zOffset="0" dynamic="no" orientation="+" '
            f'type="{STOP_LINE}" subtype="-1" country="DE" countryRevision="2017">'
            f'{_validity([n for n, _, _ in lanes])}<userData code="jinyun">{told}</userData></signal>'
        )


def _crossings(network: Network, hosts: _Hosts, done: Standing) -> None:
    map = network.map
    for row, id in enumerate(map.crossings["id"].tolist()):
        first, count = int(map.crossings["first"][row]), int(map.crossings["count"][row])
        line = np.column_stack([map.crossing_points[k][first : first + count] for k in ("x_m", "y_m")])
        half = float(map.crossings["width_m"][row]) / 2
        outline = _outline(line, half)
        middle = (line[0] + line[-1]) / 2
        dx, dy = (line[-1] - line[0]).tolist()
        road, s, t, heading = hosts.near(float(middle[0]), float(middle[1]), math.atan2(dy, dx))
        reference = network.roads[road].reference
        origin = reference.place(np.array([s]), np.array([t]))[0]
        c, n = math.cos(heading), math.sin(heading)
        corners = "".join(
            f'<cornerLocal u="{number(c * x + n * y)}" v="{number(c * y - n * x)}" z="0" height="0"/>'
            for x, y in (outline - origin).tolist()
        )
        done.objects[road].append(
            f'<object type="crosswalk" id="{done.id()}" name={quoteattr(id)} s="{number(s)}" t="{number(t)}" zOffset="0" '
            f'orientation="none" hdg="0" length="{number(math.hypot(dx, dy))}" width="{number(2 * half)}" height="0">'
            f'<outlines><outline id="0" outer="true" closed="true">{corners}</outline></outlines>'
            f'<userData code="jinyun"><crossing id={quoteattr(id)}{_of(map, row)}/></userData></object>'
        )


def _of(map: Map, row: int) -> str:
    """Return the attributes of a crossing that OpenDRIVE has no words for."""
    junction = int(map.crossings["junction"][row])
    lane = int(map.crossings["lane"][row])
    told = f" lane={quoteattr(str(map.lanes['id'][lane]))}" if lane >= 0 else ""
    told += f" junction={quoteattr(str(map.junctions['id'][junction]))}" if junction >= 0 else ""
    return told + (' smart="true"' if map.crossings["smart"][row] else "")


def _outline(line: Line, half_m: float) -> Line:
    """Return the outline of a walk of some width as a ring without its first corner at the end."""
    left, right = (curve.abreast(line, [0], np.full(len(line), side * half_m)) for side in (-1, 1))
    return np.vstack([left, right[::-1]])


def _bays(network: Network, hosts: _Hosts, done: Standing) -> None:
    bays = network.map.bays
    for row, id in enumerate(bays["id"].tolist()):
        road, s, t, heading = hosts.near(float(bays["x_m"][row]), float(bays["y_m"][row]))
        turn = math.remainder(math.pi / 2 - float(bays["heading_rad"][row]) - heading, 2 * math.pi)
        access = "electric" if bays["kind"][row] == Bay.CHARGING else "all"
        done.objects[road].append(
            f'<object type="parkingSpace" id="{done.id()}" name={quoteattr(id)} s="{number(s)}" t="{number(t)}" '
            f'zOffset="0" orientation="none" hdg="{number(turn)}" length="{number(float(bays["length_m"][row]))}" '
            f'width="{number(float(bays["width_m"][row]))}" height="0"><parkingSpace access="{access}"/>'
            f'<userData code="jinyun"><bay id={quoteattr(id)}{_reached(network.map, row)}/></userData></object>'
        )


def _reached(map: Map, row: int) -> str:
    """Return the attribute of a bay that names the lane it is reached from."""
    lane = int(map.bays["lane"][row])
    return f" lane={quoteattr(str(map.lanes['id'][lane]))}" if lane >= 0 else ""


def _stops(network: Network, done: Standing) -> None:
    """Write stops as boxes on their lanes: OpenDRIVE has stations of railways only."""
    stops, lanes = network.map.stops, network.map.lanes
    for row, id in enumerate(stops["id"].tolist()):
        lane = int(stops["lane"][row])
        if lane not in network.lane:
            continue
        road, strip = network.lane[lane]
        laid = network.roads[road]
        start, end = float(stops["start_m"][row]), float(stops["end_m"][row])
        share = (start + end) / 2 / float(lanes["length_m"][lane])
        place = np.array([[float(stops["x_m"][row]), float(stops["y_m"][row])]])
        s, t = (float(v[0]) for v in laid.reference.project(place, np.array([share * laid.reference.length_m])))
        told = (
            f'id={quoteattr(id)} lane={quoteattr(str(lanes["id"][lane]))} start="{number(start)}" end="{number(end)}"'
        )
        done.objects[road].append(
            f'<object type="none" subtype="busStop" id="{done.id()}" name={quoteattr(id)} s="{number(s)}" t="{number(t)}" '
            f'zOffset="0" orientation="+" hdg="0" length="{number(end - start)}" '
            f'width="{number(float(lanes["width_m"][lane]))}" height="0">{_validity([strip])}'
            f'<userData code="jinyun"><stop {told}/></userData></object>'
        )


def _tunnels(network: Network, done: Standing) -> None:
    for road, laid in enumerate(network.roads):
        if network.map.lanes["tunnel"][[lane for lane in laid.lanes if lane >= 0]].all():
            length = number(laid.reference.length_m)
            done.objects[road].append(f'<tunnel id="{done.id()}" s="0" length="{length}" type="standard"/>')
