"""Distances, routes, reach and stop lines, against scipy's searches over SUMO's own net and against hand counting."""

from __future__ import annotations

import numpy as np
import pytest
import sumolib
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from sumolib.geomhelper import polyLength

from jinyun.hdmap import LaneKind, Map, curve
from jinyun.hdmap.route import BICYCLES, BUSES, CARS
from tests.hdmap.drawn import lanes_of

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]


def ladder() -> Map:
    """Two lanes of 100 m side by side (0 right, 1 left); 0 leads on to 2 (50 m), 1 leads back to its own beginning (3)."""
    lines = [[(0, 0), (100, 0)], [(0, 3), (100, 3)], [(100, 0), (150, 0)], [(100, 3), (100, 53), (0, 53), (0, 3)]]
    return lanes_of(lines, edge=[0, 0, 1, 2], index=[0, 1, 0, 0], after=[(0, 2), (1, 3), (3, 1)], speed_mps=10)


def test_a_way_ahead_on_the_same_lane_is_the_difference_of_stations() -> None:
    assert ladder().ways.distance_m(0, 20.0, 0, 70.0) == pytest.approx([50.0])


def test_a_way_back_on_the_same_lane_goes_round() -> None:
    assert ladder().ways.distance_m(1, 70.0, 1, 20.0) == pytest.approx([30 + 200 + 20])
    assert np.isnan(ladder().ways.distance_m(0, 70.0, 0, 20.0, changes=False))


def test_a_change_of_lane_takes_no_metres_but_may_be_forbidden() -> None:
    assert ladder().ways.distance_m(1, 20.0, 2, 10.0) == pytest.approx([90])
    assert np.isnan(ladder().ways.distance_m(1, 20.0, 2, 10.0, changes=False))
    assert np.isnan(ladder().ways.distance_m(1, 20.0, 2, 10.0, most_m=80))


def test_no_lane_and_no_station_have_no_distance() -> None:
    assert np.isnan(ladder().ways.distance_m([-1, 0, 0], [0.0, np.nan, 0.0], [0, 0, -1], 1.0)).all()


def test_a_route_names_its_lanes_changes_metres_and_seconds() -> None:
    route = ladder().route(1, 20.0, 2, 10.0)
    assert route is not None
    assert route.lanes.tolist() == [1, 0, 2] and route.changed.tolist() == [False, True, False]
    assert (route.length_m, route.time_s, route.cost) == pytest.approx((90, 9, 12))
    round_ = ladder().route(1, 70.0, 1, 20.0)
    assert round_ is not None and round_.lanes.tolist() == [1, 3, 1] and round_.length_m == pytest.approx(250)
    beside = ladder().route(0, 10.0, 1, 30.0, by="length")
    assert beside is not None and beside.lanes.tolist() == [0, 1]
    assert (beside.length_m, beside.cost) == pytest.approx((20, 50))


def test_no_way_is_no_route() -> None:
    assert ladder().route(2, 0.0, 0, 10.0) is None
    assert ladder().route(1, 0.0, 2, 10.0, change_cost=np.inf) is None


def test_a_row_that_is_no_lane_is_refused() -> None:
    with pytest.raises(IndexError, match="lanes 0 to 3, not 0 and 9"):
        ladder().route(0, 0.0, 9, 0.0)


def test_lanes_within_reach_with_time_of_arrival_and_how_far() -> None:
    reach = ladder().reachable([0, -1, 1], [60.0, 0.0, 95.0], 7.5)
    assert reach.first.tolist() == [0, 3, 3, 6]
    assert reach.lane.tolist() == [0, 2, 3, 1, 3, 2]
    assert reach.arrival_s == pytest.approx([0, 4, 7, 0, 0.5, 3.5])  # a change takes 3 s
    assert reach.until_m == pytest.approx([100, 35, 5, 100, 70, 40])


def test_reach_without_changes_stays_on_the_lanes_that_follow() -> None:
    reach = ladder().reachable([0], [60.0], 7.5, changes=False)
    assert reach.lane.tolist() == [0, 2] and reach.until_m == pytest.approx([100, 35])
    slow = ladder().reachable([0], [60.0], 7.5, changes=False, speed_mps=5.0)
    assert slow.lane.tolist() == [0] and slow.until_m == pytest.approx([97.5])


@pytest.fixture(scope="module")
def network(precise_map: Map) -> tuple[list[str], dict[str, int], list[tuple[str, str]], dict[str, float]]:
    """SUMO's own lanes and connections, and how long their lines are."""
    net = sumolib.net.readNet(str(precise_map.net_file), withInternal=True)
    lanes = [lane for edge in net.getEdges() for lane in edge.getLanes()]
    ids = [lane.getID() for lane in lanes]
    ways = []
    for lane in lanes:
        for connection in lane.getOutgoing():
            ways.append((lane.getID(), connection.getViaLaneID() or connection.getToLane().getID()))
    return ids, {id: k for k, id in enumerate(ids)}, ways, {lane.getID(): polyLength(lane.getShape()) for lane in lanes}


@pytest.mark.parametrize("kinds", [CARS, BUSES, BICYCLES])
def test_distances_are_those_that_scipy_finds_in_sumos_net(precise_map: Map, network, kinds) -> None:  # type: ignore[no-untyped-def]
    ids, row, ways, lengths = network
    usable = {
        str(id) for id, kind in zip(precise_map.lanes["id"], precise_map.lanes["kind"], strict=True) if kind in kinds
    }
    pairs = [(row[a], row[b], lengths[a]) for a, b in ways if a in usable and b in usable]
    start, end, cost = zip(*pairs, strict=True)
    graph = coo_array((cost, (start, end)), shape=(len(ids), len(ids))).tocsr()
    rng = np.random.default_rng(3)
    own = [id for id in sorted(usable) if not id.startswith(":")]
    froms, tos = rng.choice(own, 12, replace=False), rng.choice(own, 60, replace=False)
    expected = dijkstra(graph, indices=[row[id] for id in froms])[:, [row[id] for id in tos]]
    a, b = (np.array([precise_map.lane_row(id) for id in some]) for some in (froms, tos))
    found = precise_map.ways.distance_m(
        np.repeat(a, len(b)), 0.0, np.tile(b, len(a)), 0.0, kinds=kinds, changes=False
    ).reshape(expected.shape)
    assert np.isfinite(found).tolist() == np.isfinite(expected).tolist()
    some = np.isfinite(expected)
    assert some.sum() > 50 and found[some] == pytest.approx(expected[some], abs=0.01)


def test_with_changes_the_way_is_as_long_as_sumos_over_edges(precise_map: Map) -> None:
    """sumolib's shortest path knows no lanes, so it may always change: the lengths of the edges are those of the lanes."""
    net = sumolib.net.readNet(str(precise_map.net_file), withInternal=True)
    rng = np.random.default_rng(5)
    cars = np.flatnonzero((precise_map.lanes["kind"] == LaneKind.CAR) & (precise_map.lanes["junction"] < 0))
    cars = cars[[not str(precise_map.lanes["id"][k]).startswith(":") for k in cars]]
    compared = 0
    for a, b in rng.choice(cars, (40, 2)):
        ends = [net.getEdge(str(precise_map.edges["id"][precise_map.lanes["edge"][k]])) for k in (a, b)]
        path, cost = net.getShortestPath(*ends, vClass="passenger", withInternal=True)
        found = precise_map.ways.distance_m(a, 0.0, b, 0.0)[0]
        if path is not None and np.isfinite(found):
            compared += 1
            assert (
                cost - ends[1].getLength()
            ) * 0.97 <= found + 1  # the lanes of an edge are not equally long in a bend
            assert found <= (cost - ends[1].getLength()) * 1.02 + 60  # where bus lanes keep cars from changing
    assert compared > 25


def test_a_route_is_a_chain_of_lanes_that_follow_or_lie_beside_each_other(precise_map: Map) -> None:
    rng = np.random.default_rng(6)
    cars = np.flatnonzero((precise_map.lanes["kind"] == LaneKind.CAR) & (precise_map.lanes["junction"] < 0))
    found = 0
    for a, b in rng.choice(cars, (60, 2)):
        route = precise_map.route(int(a), 0.0, int(b), 1.0)
        if route is None:
            continue
        found += 1
        assert route.lanes[0] == a and route.lanes[-1] == b
        for here, onward, changed in zip(route.lanes[:-1], route.lanes[1:], route.changed[1:], strict=True):
            if changed:
                assert onward in (precise_map.lanes["left"][here], precise_map.lanes["right"][here])
                assert precise_map.lanes["junction"][here] < 0
            else:
                assert onward in precise_map.successors_of(int(here))
        assert route.cost == pytest.approx(route.time_s + 3 * route.changed.sum(), rel=1e-6)
        assert route.length_m >= precise_map.ways.distance_m(a, 0.0, b, 1.0)[0] - 1e-6
    assert found > 30


def test_what_is_within_reach_is_what_the_distance_says(precise_map: Map) -> None:
    rng = np.random.default_rng(7)
    cars = np.flatnonzero((precise_map.lanes["kind"] == LaneKind.CAR) & (precise_map.lanes["junction"] < 0))
    start = rng.choice(cars, 30)
    reach = precise_map.reachable(start, 1.0, 20.0, speed_mps=15.0, changes=False)
    assert len(reach.lane) == len(reach.arrival_s) == len(reach.until_m) == reach.first[-1]
    for k, lane in enumerate(start):
        rows = slice(int(reach.first[k]) + 1, int(reach.first[k + 1]))
        far = precise_map.ways.distance_m(lane, 1.0, reach.lane[rows], 0.0, changes=False)
        assert reach.arrival_s[rows] * 15 == pytest.approx(far, abs=1e-6)
        assert (far <= 300 + 1e-6).all()


def test_the_stop_line_ahead_is_as_far_as_the_lane_is_long(precise_map: Map) -> None:
    line, metres = precise_map.to_stop_line(precise_map.stop_lines["lane"], 0.0)
    assert (line == np.arange(len(line))).all()
    lengths = [curve.length_m(precise_map.lane_line(int(lane))) for lane in precise_map.stop_lines["lane"]]
    assert metres == pytest.approx(np.array(lengths) - 1.0, abs=0.05)


def test_a_lane_whose_next_part_has_the_line_looks_beyond_its_end(precise_map: Map) -> None:
    before, last = precise_map.lane_row("xinghan.0+_3"), precise_map.lane_row("xinghan.0+p_3")
    line, metres = precise_map.to_stop_line([before, last, -1], [30.0, 0.0, 0.0])
    assert line[0] == line[1] >= 0 and line[2] == -1 and np.isnan(metres[2])
    between = precise_map.ways.distance_m(before, 30.0, last, 0.0, changes=False)[0]
    assert metres[0] == pytest.approx(between + metres[1])


def test_whoever_has_run_over_the_line_is_told_so(precise_map: Map) -> None:
    lane = int(precise_map.stop_lines["lane"][0])
    _, metres = precise_map.to_stop_line(lane, curve.length_m(precise_map.lane_line(lane)))
    assert metres[0] == pytest.approx(-1.0, abs=0.1)
