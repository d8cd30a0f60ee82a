"""Signal programs by rule: checked lane by lane against geometry, not against the tables that the rule uses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from jinyun import hdmap
from jinyun.hdmap import Map, Turn
from jinyun.hdmap.programming import programmed
from jinyun.shapes import Light
from tests.conftest import shared
from tests.hdmap.reference import reference

SHARED = ["esmini_fabriksgatan_traffic_lights.xodr", "esmini_multi_intersections.xodr",
          "autoware_intersection_lanelet2.osm"]  # fmt: skip
GREEN = (Light.PROTECTED_GREEN, Light.PERMISSIVE_GREEN)
Line = np.ndarray[Any, Any]
SLOWEST_MPS = 1.5
ISLAND_M = 26.0


def bare(map: Map) -> Map:
    """Return the map without its signal programs."""
    from dataclasses import replace

    junctions = {**map.junctions, "steps": np.zeros_like(map.junctions["steps"])}
    tables = {name: {key: column[:0] for key, column in getattr(map, name).items()} for name in ("steps", "lights")}
    return replace(map, junctions=junctions, about=dict(map.about), **tables)


@pytest.fixture(scope="module", params=["science-city", *SHARED])
def given(request: pytest.FixtureRequest) -> Map:
    name = request.param
    map = bare(reference()[1]) if name == "science-city" else hdmap.read(shared(f"maps/{name}"))
    return programmed(map)


def programs(map: Map) -> Iterator[tuple[int, range, list[float], Any]]:
    """Yield (junction, rows of its groups, seconds of its steps, lights by step and group)."""
    for row in np.flatnonzero(map.junctions["groups"] > 0).tolist():
        first, steps = int(map.junctions["first_step"][row]), int(map.junctions["steps"][row])
        group, groups = int(map.junctions["first_group"][row]), int(map.junctions["groups"][row])
        at = map.steps["first_light"][first : first + steps]
        lights = np.array([map.lights["light"][a : a + groups] for a in at])
        yield row, range(group, group + groups), map.steps["duration_s"][first : first + steps].tolist(), lights


def through(map: Map, link: int) -> Line:
    """Return a way through a junction inside it, as one line."""
    lane, end = int(map.links["via"][link]), int(map.links["end"][link])
    lines = []
    while lane >= 0:
        lines.append(map.lane_line(lane))
        onward = map.successors_of(lane).tolist()
        lane = -1 if end in onward or not onward else int(onward[0])
    return np.vstack(lines) if lines else np.zeros((0, 2))


def cross(one: Line, other: Line) -> bool:
    """Return whether two lines cross somewhere within both, by the turning of triangles."""
    if len(one) < 2 or len(other) < 2:
        return False
    p, q, r, s = one[:-1, None], one[1:, None], other[None, :-1], other[None, 1:]

    def turn(a: Line, b: Line, c: Line) -> Line:
        ab, ac = b - a, c - a
        side: Line = np.sign(ab[..., 0] * ac[..., 1] - ab[..., 1] * ac[..., 0])
        return side

    return bool(((turn(p, q, r) * turn(p, q, s) < 0) & (turn(r, s, p) * turn(r, s, q) < 0)).any())


def lines_of(map: Map, group: int, junction: int) -> list[Line]:
    """Return where those go whom a group governs: drivers through the junction, people over their crossings."""
    if not map.groups["walkers"][group]:
        return [through(map, link) for link in np.flatnonzero(map.links["group"] == group).tolist()]
    c = map.crossings
    own = np.flatnonzero((c["junction"] == junction) & (c["phase"] == map.groups["phase"][group])).tolist()
    spans = [slice(int(c["first"][k]), int(c["first"][k] + c["count"][k])) for k in own]
    return [np.column_stack([map.crossing_points[key][span] for key in ("x_m", "y_m")]) for span in spans]


def test_groups_whose_ways_cross_are_never_protected_together(given: Map) -> None:
    crossing_pairs = 0
    for junction, groups, _, lights in programs(given):
        lines = {group: lines_of(given, group, junction) for group in groups}
        for one, other in combinations(groups, 2):
            if given.groups["walkers"][one] and given.groups["walkers"][other]:
                continue
            if any(cross(a, b) for a in lines[one] for b in lines[other]):
                crossing_pairs += 1
                shown = lights[:, [one - groups[0], other - groups[0]]]
                assert not (shown == Light.PROTECTED_GREEN).all(axis=1).any(), (junction, one, other)
    assert crossing_pairs or not given.crossings["id"].size


def test_two_who_go_straight_on_across_each_other_are_never_green_together(given: Map) -> None:
    for junction, groups, _, lights in programs(given):
        for one, other in combinations(groups, 2):
            straight = [
                [
                    through(given, link)
                    for link in np.flatnonzero(given.links["group"] == group).tolist()
                    if given.links["turn"][link] & Turn.STRAIGHT
                ]
                if not given.groups["walkers"][group]
                else lines_of(given, group, junction)
                for group in (one, other)
            ]
            if given.groups["walkers"][one] and given.groups["walkers"][other]:
                continue
            if any(cross(a, b) for a in straight[0] for b in straight[1]):
                shown = np.isin(lights[:, [one - groups[0], other - groups[0]]], GREEN)
                assert not shown.all(axis=1).any(), (junction, one, other)


def test_everybody_gets_green_and_drivers_yellow_after_it_and_red_before_the_next(given: Map) -> None:
    for junction, groups, seconds, lights in programs(given):
        assert sum(seconds) == pytest.approx(float(given.junctions["cycle_s"][junction]))
        assert np.isin(lights, GREEN).any(axis=0).all(), junction
        assert min(seconds) > 0
        after = np.roll(lights, -1, axis=0)
        for column, group in enumerate(groups):
            ends = np.isin(lights[:, column], GREEN) & ~np.isin(after[:, column], GREEN)
            follows = after[ends, column]
            assert (follows == (Light.RED if given.groups["walkers"][group] else Light.YELLOW)).all()
            yellow = lights[:, column] == Light.YELLOW
            assert (after[yellow, column] == Light.RED).all()
            assert all(2 < seconds[k] < 6 for k in np.flatnonzero(yellow))
        moving = np.isin(lights, (*GREEN, Light.YELLOW))
        fresh = np.isin(after, GREEN) & ~np.isin(lights, GREEN)
        drivers = ~given.groups["walkers"][list(groups)]
        for k in np.flatnonzero(fresh[:, drivers].any(axis=1)).tolist():  # who begins finds nobody still going
            assert not moving[k][drivers].any() or (moving[k] == moving[(k + 1) % len(moving)])[drivers].all()


def test_people_have_time_to_set_out_and_to_arrive(given: Map) -> None:
    walked = 0
    for junction, groups, seconds, lights in programs(given):
        for column, group in enumerate(groups):
            if not given.groups["walkers"][group]:
                continue
            green = np.isin(lights[:, column], GREEN)
            steps = np.flatnonzero(green).tolist()
            assert sum(seconds[k] for k in steps) >= 6
            last = steps[-1] if not (green[0] and green[-1]) else steps[np.flatnonzero(np.diff(steps) > 1)[0]]
            clear_s, k = 0.0, (last + 1) % len(seconds)
            lit = np.isin(lights[last], GREEN)
            while (np.isin(lights[k], GREEN) <= lit).all() and k != last:  # until others begin
                clear_s, k = clear_s + seconds[k], (k + 1) % len(seconds)
            lengths = [float(np.hypot(*np.diff(line, axis=0).T).sum()) for line in lines_of(given, group, junction)]
            if lengths:
                walked += 1
                assert clear_s >= min(max(lengths), ISLAND_M) / SLOWEST_MPS, (junction, group)
    assert walked or not given.crossings["id"].size


def test_a_map_that_has_its_programs_keeps_them() -> None:
    map = reference()[1]
    assert programmed(map) is map
