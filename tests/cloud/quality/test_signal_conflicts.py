"""What must not be green together: against netconvert's own table of foes, and drawn cases of merging, curves and people."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
import sumolib

from jinyun.cloud.quality import lights, meeting
from jinyun.cloud.quality.conflict import conflicts, masks
from jinyun.cloud.quality.layout import Ground, Way
from jinyun.hdmap import Map, Turn
from jinyun.shapes import Light
from jinyun.zone import Zone
from tests.hdmap.reference import reference


@pytest.fixture(scope="module")
def town() -> tuple[Zone, Map]:
    return reference()


def test_every_conflict_is_a_foe_of_netconvert_and_no_straight_foe_is_missed(town: tuple[Zone, Map]) -> None:
    map = town[1]
    ground = Ground(map)
    net = sumolib.net.readNet(str(map.net_file), withPrograms=True, withInternal=True, withPedestrianConnections=True)
    ids = [str(id) for id in map.lanes["id"]]
    group = {
        (ids[start], ids[end]): row
        for start, end, row in zip(*(map.links[name].tolist() for name in ("start", "end", "group")), strict=True)
    }
    crossing = {
        ids[lane]: int(phase) for lane, phase in zip(map.crossings["lane"], map.crossings["phase"], strict=True)
    }
    straight = found_pairs = 0
    for light in net.getTrafficLights():
        node, found = net.getNode(light.getID()), conflicts(ground.ways(map.junction_row(light.getID())))
        assert not found.within
        ways: list[tuple[int, int, bool]] = []  # netconvert's number, phase, whether it goes straight on (or walks)
        for start, end, number in light.getConnections():
            connection = next(c for c in start.getOutgoing() if c.getToLane() == end and c.getTLLinkIndex() == number)
            walks = end.getEdge().getFunction() == "crossing"
            phase = crossing[end.getID()] if walks else int(map.groups["phase"][group[start.getID(), end.getID()]])
            cyclist = start.allows("bicycle") and not start.allows("passenger")
            ways.append(
                (node.getLinkIndex(connection), phase, walks or (connection.getDirection() == "s" and not cyclist))
            )
        people = set(crossing[lane] for lane in crossing if lane.startswith(f":{light.getID()}_"))
        foes = set()
        for (i, a, on), (j, b, across) in product(ways, ways):
            if a < b and (node.areFoes(i, j) or node.areFoes(j, i)):
                foes.add((a, b))
                if on and across and not {a, b} <= people:
                    straight += 1
                    assert (a, b) in found.always, (light.getID(), a, b)
        found_pairs += len(found.always) + len(found.arrows)
        assert found.always.keys() | found.arrows.keys() <= foes
    assert straight > 1000 and found_pairs > 700


def way(
    phase: int, turn: int, line: Any, arm: str, lane: str, end: str, bicycle: bool = False, walkers: bool = False
) -> Way:
    points = np.array(line, np.float64)
    return Way(phase, turn, bicycle, walkers, meeting.heading_rad(points, False), -1, (), arm, lane, end, points)


FROM_SOUTH = way(1, Turn.STRAIGHT, [(0, -20), (0, 20)], "south", "s1", "n1")
FROM_WEST = way(2, Turn.STRAIGHT, [(-20, 0), (20, 0)], "west", "w1", "e1")
LEFT_FROM_NORTH = way(3, Turn.LEFT, [(-3, 20), (-3, 5), (2, -1), (20, -2)], "north", "n9", "e1")
RIGHT_FROM_SOUTH = way(4, Turn.RIGHT, [(3, -20), (3, -6), (6, -3), (20, -2)], "south", "s2", "e1")
PEOPLE_EAST = way(5, 0, [(15, -10), (15, 10)], "", "walk", "walk", walkers=True)
PEOPLE_SOUTH = way(6, 0, [(-10, -15), (10, -15)], "", "walk2", "walk2", walkers=True)


def test_streets_that_cross_conflict_and_streets_that_do_not_meet_do_not() -> None:
    assert set(conflicts([FROM_SOUTH, FROM_WEST]).always) == {(1, 2)}
    beside = way(2, Turn.STRAIGHT, [(5, 20), (5, -20)], "north", "n1", "s1")
    found = conflicts([FROM_SOUTH, beside])
    assert not found.always and not found.arrows


def test_ways_that_only_merge_conflict() -> None:
    """Their lines touch at the end alone: a test for proper crossings sees nothing."""
    into = way(2, Turn.LEFT, [(-20, 0), (-5, 0), (0, 5), (0, 20)], "west", "w1", "n1")
    found = conflicts([FROM_SOUTH, into])
    assert found.always == {(1, 2): "straight on from the south and left from the west merge"}


def test_a_curved_turn_is_judged_by_its_curve() -> None:
    """The chord of the turn crosses the straight way; the turn itself passes before it."""
    turn = way(2, Turn.LEFT, [(6, -20), (6, 10), (4, 18), (-4, 19), (-20, 20)], "south2", "s7", "w7")
    passing = way(3, Turn.STRAIGHT, [(-20, -4), (5, 12)], "west", "w1", "x")
    chord = way(2, Turn.LEFT, [(6, -20), (-20, 20)], "south2", "s7", "w7")
    assert not conflicts([turn, passing]).always
    assert set(conflicts([chord, passing]).always) == {(2, 3)}


def test_a_left_turn_gives_way_under_a_full_light_but_not_under_a_protected_arrow() -> None:
    full = way(3, Turn.STRAIGHT, [(-6, 20), (-6, -20)], "north", "n8", "s8")
    assert not conflicts([FROM_SOUTH, LEFT_FROM_NORTH, full]).arrows
    alone = conflicts([FROM_SOUTH, LEFT_FROM_NORTH])
    assert not alone.always and set(alone.arrows) == {(1, 3)} and alone.arrow == {3}


def test_people_conflict_with_the_arm_they_cross_and_with_straight_traffic_into_it() -> None:
    found = conflicts([FROM_SOUTH, FROM_WEST, PEOPLE_EAST, PEOPLE_SOUTH])
    assert set(found.always) == {(1, 2), (2, 5), (1, 6)}


def test_people_and_a_right_turn_share_the_road_it_turns_into_unless_an_arrow_frees_it() -> None:
    with_straight = way(4, Turn.STRAIGHT, [(1, -20), (1, 20)], "south", "s1", "n1")
    assert not conflicts([RIGHT_FROM_SOUTH, with_straight, PEOPLE_EAST]).arrows
    assert set(conflicts([RIGHT_FROM_SOUTH, PEOPLE_EAST]).arrows) == {(4, 5)}


def test_a_phase_that_frees_both_streets_conflicts_within_itself() -> None:
    both = conflicts([FROM_SOUTH, way(1, Turn.STRAIGHT, [(-20, 0), (20, 0)], "west", "w1", "e1")])
    assert set(both.within) == {1} and not both.always


def test_masks_are_symmetric() -> None:
    found = conflicts([FROM_SOUTH, FROM_WEST, LEFT_FROM_NORTH, PEOPLE_EAST, PEOPLE_SOUTH])
    phases = [6, 1, 3, 2, 5]
    table = masks(found, phases)
    for column in (0, 1):
        for i, j in product(range(5), range(5)):
            assert bool(int(table[i, column]) >> j & 1) == bool(int(table[j, column]) >> i & 1)
    assert [bool(row[2]) for row in table] == [False, False, True, False, False]


def test_a_curve_leaves_and_arrives_by_its_headings() -> None:
    line = meeting.curve(np.array([0.0, 0.0]), 0.0, np.array([10.0, 10.0]), np.pi / 2)
    assert abs(np.arctan2(*(line[1] - line[0]))) < 0.3 and abs(np.arctan2(*(line[-1] - line[-2])) - np.pi / 2) < 0.3
    assert meeting.turned_rad(np.radians(359), np.radians(1)) == pytest.approx(np.radians(2))


def test_what_may_follow_what() -> None:
    table = lights.forbidden()
    cars, people, nobody = table[lights.VEHICLES], table[lights.WALKERS], table[lights.UNKNOWN]
    green, red, yellow = Light.PROTECTED_GREEN, Light.RED, Light.YELLOW
    for order in ([red, green, yellow, red], [red, Light.PERMISSIVE_GREEN, green, Light.FLASHING_GREEN, yellow, red]):
        assert not any(cars[a, b] for a, b in pairwise(order))
    assert cars[green, red] and cars[yellow, green] and cars[red, yellow] and not people[green, red]
    assert (
        not table[:, Light.DARK].any()
        and not table[:, Light.FLASHING_YELLOW].any()
        and not table[:, :, Light.DARK].any()
    )
    assert not nobody[green, red], "who knows whether it is a head of people crossing"
