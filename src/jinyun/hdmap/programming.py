"""Signal programs by rule for a map that has lights and no programs (default fixed-time plans 默认配时).

OpenDRIVE and Lanelet2 say where signals hang and whom they govern, not when they change. A junction's groups are put
into stages: groups that cannot be green together are in different ones; a left turn may share the stage of those who
come against it, and turns that of people on the crossing they come over. A group of which anybody has to give way to
another group that is green then shows a permissive green, a round one. What it is not: traffic engineering; a zone with
real signals gets its programs from them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from math import ceil, pi, radians

import numpy as np

from jinyun.hdmap import curve, precise
from jinyun.hdmap.conflicts import path_of
from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import Conflict, Map, Turn
from jinyun.hdmap.signals import ALL_RED_S, WALK_S, WALKING_MPS, YELLOW_S
from jinyun.hdmap.tables import filled
from jinyun.shapes import Light

FACING_RAD = radians(140)
"""Approaches that meet at a wider angle come against each other."""
LEAST_GREEN_S, PER_LANE_S, MOST_GREEN_S = 16, 5, 36
LEAST_ALONE_S = 8
"""Where only one approach has green, so that nobody waits too long for his turn."""
WIDEST_M = 26.0
"""Who walks over a wider road has an island in its middle."""
UNKNOWN_WALK_M = 14.0
"""Where nobody knows where the people of a group cross: a road of four lanes."""


@dataclass
class _Group:
    row: int
    walkers: bool
    heading_rad: float
    links: list[int] = field(default_factory=list)
    lanes: set[int] = field(default_factory=set)
    walk_m: float = 0.0
    green: int = int(Light.PROTECTED_GREEN)


def programmed(map: Map) -> Map:
    """Return the map with a program for every junction that has signal groups and none; the same map if all have one."""
    bare = np.flatnonzero((map.junctions["groups"] > 0) & (map.junctions["steps"] == 0))
    if not len(bare):
        return map
    together = _Together(map)
    junctions = {key: values.copy() for key, values in map.junctions.items()}
    steps = {key: values.tolist() for key, values in map.steps.items()}
    lights: list[int] = map.lights["light"].tolist()
    for junction in bare.tolist():
        groups = together.groups(junction)
        program = _program(_stages(groups, together), groups)
        junctions["first_step"][junction], junctions["steps"][junction] = len(steps["junction"]), len(program)
        junctions["cycle_s"][junction] = sum(seconds for seconds, _ in program)
        for seconds, shown in program:
            steps["junction"].append(junction)
            steps["duration_s"].append(seconds)
            steps["first_light"].append(len(lights))
            lights += shown
    made = replace(
        map, junctions=junctions, steps=filled("steps", steps), lights=filled("lights", {"light": lights}),
        about={key: values.copy() for key, values in map.about.items()},
    )  # fmt: skip
    made.about["revision"] = np.array([precise.revision_of(made)])
    return made


class _Together:
    """Which groups of a junction may be green together."""

    def __init__(self, map: Map) -> None:
        self._map = map
        self._links: dict[int, list[int]] = defaultdict(list)
        for link, group in enumerate(map.links["group"].tolist()):
            if group >= 0:
                self._links[group].append(link)
        c = map.conflicts
        meets = c["kind"] != Conflict.DIVERGING
        self._meet = set(zip(c["first"][meets].tolist(), c["second"][meets].tolist(), strict=True))

    def groups(self, junction: int) -> list[_Group]:
        """Return the groups of a junction in the order of their rows."""
        map, first = self._map, int(self._map.junctions["first_group"][junction])
        found = []
        for row in range(first, first + int(map.junctions["groups"][junction])):
            group = _Group(row, bool(map.groups["walkers"][row]), float(map.groups["heading_rad"][row]))
            group.links = self._links[row]
            group.lanes = {int(map.links["start"][link]) for link in group.links}
            for crossing in self._crossings(junction, row):
                group.walk_m = max(group.walk_m, curve.length_m(self._line(crossing)))
            if group.walkers and not group.walk_m:
                group.walk_m = UNKNOWN_WALK_M
            found.append(group)
        return found

    def may(self, one: _Group, other: _Group) -> bool:
        """Return whether two groups may be green together; who has to give way then shows a permissive green."""
        if one.walkers and other.walkers:
            return True
        if one.walkers or other.walkers:
            walkers, drivers = (one, other) if one.walkers else (other, one)
            return not self._over(walkers, drivers, turning=False)
        facing = abs((one.heading_rad - other.heading_rad + pi) % (2 * pi) - pi) > FACING_RAD
        turn = self._map.links["turn"]
        for a in one.links:
            for b in other.links:
                if (min(a, b), max(a, b)) not in self._meet:
                    continue
                if (turn[a] | turn[b]) & Turn.RIGHT:
                    continue
                if not facing or turn[a] & turn[b] & Turn.STRAIGHT:
                    return False
        return True

    def yields(self, group: _Group, others: list[_Group]) -> bool:
        """Return whether any way of a group of drivers meets those of others who are green with it."""
        if group.walkers:
            return False
        for other in others:
            if other is group:
                continue
            if other.walkers and self._over(other, group, turning=True):
                return True
            if any((min(a, b), max(a, b)) in self._meet for a in group.links for b in other.links):
                return True
        return False

    def _over(self, walkers: _Group, drivers: _Group, turning: bool) -> bool:
        """Return whether those of ``drivers`` who turn (or who go straight on) come over the crossings of ``walkers``.

        Where nobody knows where people walk, everybody comes over it.
        """
        map = self._map
        crossings = self._crossings(int(map.groups["junction"][walkers.row]), walkers.row)
        for link in drivers.links:
            if bool(map.links["turn"][link] & Turn.STRAIGHT) is turning:
                continue
            if not crossings:
                return True
            way = self._way(link)
            if any(curve.meet(self._line(crossing), way) is not None for crossing in crossings):
                return True
        return False

    def _way(self, link: int) -> Line:
        map = self._map
        through = path_of(link, map.links, map.successors_first["row"], map.successors["lane"])
        lanes = [int(map.links["start"][link]), *through, int(map.links["end"][link])]
        return np.vstack([map.lane_line(lane) for lane in lanes])

    def _crossings(self, junction: int, row: int) -> list[int]:
        crossings = self._map.crossings
        own = (crossings["junction"] == junction) & (crossings["phase"] == self._map.groups["phase"][row])
        return np.flatnonzero(own).tolist() if self._map.groups["walkers"][row] else []

    def _line(self, crossing: int) -> Line:
        first, count = (int(self._map.crossings[key][crossing]) for key in ("first", "count"))
        return np.column_stack([self._map.crossing_points[key][first : first + count] for key in ("x_m", "y_m")])


def _stages(groups: list[_Group], together: _Together) -> list[list[_Group]]:
    """Return the stages: each group in one, the widest approaches first, people with whom they may cross."""
    left = sorted(groups, key=lambda group: (group.walkers, -len(group.lanes), group.row))
    stages: list[list[_Group]] = []
    while left:
        stage = [left.pop(0)]
        for group in list(left):
            if all(together.may(group, other) for other in stage):
                stage.append(group)
                left.remove(group)
        stages.append(stage)
    for stage in stages:
        for group in stage:
            group.green = int(Light.PERMISSIVE_GREEN if together.yields(group, stage) else Light.PROTECTED_GREEN)
    return stages


def _program(stages: list[list[_Group]], groups: list[_Group]) -> list[tuple[float, list[int]]]:
    """Return the steps: seconds, and the light of each group."""
    steps: list[tuple[float, list[int]]] = []

    def shown(green: list[_Group], light: Light | None = None) -> list[int]:
        own = {group.row for group in green}
        return [
            (group.green if light is None or group.walkers else int(light)) if group.row in own else int(Light.RED)
            for group in groups
        ]

    for stage in stages:
        drivers = [group for group in stage if not group.walkers]
        walkers = [group for group in stage if group.walkers]
        lanes = max((len(group.lanes) for group in drivers), default=0)
        least_s = LEAST_GREEN_S if len(drivers) > 1 else LEAST_ALONE_S
        green_s = min(least_s + PER_LANE_S * lanes, MOST_GREEN_S) if drivers else 0
        clear_s = ceil(min(max((group.walk_m for group in walkers), default=0.0), WIDEST_M) / WALKING_MPS)
        if walkers:
            green_s = max(green_s, WALK_S + clear_s)
            steps.append((float(green_s - clear_s), shown(stage)))
        if not walkers or clear_s:
            steps.append((float(clear_s if walkers else green_s), shown(drivers)))
        if drivers:
            steps.append((float(YELLOW_S), shown(drivers, Light.YELLOW)))
            steps.append((float(ALL_RED_S), shown([])))
    return steps
