"""The map against sumolib's own reading of the compiled net, and the town's stated counts."""

from collections import Counter
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import sumolib

from jinyun.hdmap import LaneKind, Map, curve
from jinyun.zone import Zone


@cache
def oracle(path: str) -> Any:
    return sumolib.net.readNet(path, withInternal=True, withPedestrianConnections=True)


@pytest.fixture
def net(precise_map: Map) -> Any:
    return oracle(str(precise_map.net_file))


def sharp(net: Any) -> set[str]:
    """Return the lanes within junctions of ways that bend by more than 60 degrees in a point."""
    found = set()
    for edge in net.getEdges(withInternal=False):
        for lane in edge.getLanes():
            for way in lane.getOutgoing():
                if not way.getViaLaneID() or not (lane.allows("passenger") or lane.allows("bicycle")):
                    continue
                lanes = [lane, net.getLane(way.getViaLaneID())]
                while lanes[-1] != way.getToLane():
                    onward = lanes[-1].getOutgoing()[0]
                    lanes.append(net.getLane(onward.getViaLaneID()) if onward.getViaLaneID() else onward.getToLane())
                shapes = [np.array(one.getShape())[:, :2] for one in lanes]
                for a, b in pairwise(shapes):
                    back, ahead = a[-1] - a[-2], b[1] - b[0]
                    if back @ ahead < 0.5 * np.hypot(*back) * np.hypot(*ahead):
                        found |= {one.getID() for one in lanes[1:-1]}
    return found


def test_every_lane_has_the_length_width_and_shape_that_sumolib_reads(precise_map: Map, net: Any) -> None:
    lanes = {lane.getID(): lane for edge in net.getEdges(withInternal=True) for lane in edge.getLanes()}
    assert set(lanes) == set(precise_map.lanes["id"].tolist())
    bent = sharp(net)
    assert len(bent) < 20
    for row, id in enumerate(precise_map.lanes["id"].tolist()):
        lane = lanes[id]
        if id in bent:  # a right angle in a point is made a curve
            assert curve.length_m(precise_map.lane_line(row)) == pytest.approx(
                precise_map.lanes["length_m"][row], rel=0.05
            )
            continue
        assert precise_map.lanes["length_m"][row] == pytest.approx(lane.getLength(), abs=1e-6)
        shape = np.array(lane.getShape())
        if precise_map.lanes["kind"][row] == LaneKind.INNER_BICYCLE:  # at roundabouts the net's own jump by a metre
            assert np.abs(precise_map.lane_line(row) - shape).max() < 1.01
            continue
        assert np.allclose(precise_map.lane_line(row), shape, atol=1e-6)
        if not id.startswith(":"):  # within junctions a lane is as wide as those it joins
            assert precise_map.lanes["width_m"][row] == pytest.approx(lane.getWidth(), abs=1e-3)


def test_every_edge_has_as_many_lanes_for_the_same_users(precise_map: Map, net: Any) -> None:
    of = precise_map.lanes["edge"]
    for edge in net.getEdges(withInternal=False):
        row = int(np.flatnonzero(precise_map.edges["id"] == edge.getID())[0])
        kinds = Counter(precise_map.lanes["kind"][of == row].tolist())
        lanes = edge.getLanes()
        walked = sum(
            lane.getPermissions() == {"pedestrian"} or lane.getPermissions() == ("pedestrian",) for lane in lanes
        )
        assert kinds[LaneKind.SIDEWALK] == walked
        driven = sum(lane.allows("passenger") for lane in lanes)
        assert kinds[LaneKind.CAR] == driven
        assert sum(kinds.values()) == len(lanes)


def test_links_lead_where_sumolib_says(precise_map: Map, net: Any) -> None:
    ids = precise_map.lanes["id"]
    ours = {
        (str(ids[a]), str(ids[b]))
        for a, b in zip(precise_map.links["start"], precise_map.links["end"], strict=True)
        if not str(ids[a]).startswith(":") and not str(ids[b]).startswith(":")
    }
    theirs = {
        (connection.getFromLane().getID(), connection.getToLane().getID())
        for edge in net.getEdges(withInternal=False)
        for connections in edge.getOutgoing().values()
        for connection in connections
        if not connection.getTo().getID().startswith(":")
    }
    assert ours == theirs


def test_turns_are_those_of_the_net(precise_map: Map, net: Any) -> None:
    letters = {"s": 1, "l": 2, "r": 4, "t": 8}
    ids = precise_map.lanes["id"]
    turn = {
        (str(ids[a]), str(ids[b])): int(t)
        for a, b, t in zip(precise_map.links["start"], precise_map.links["end"], precise_map.links["turn"], strict=True)
    }
    for edge in net.getEdges(withInternal=False):
        for connections in edge.getOutgoing().values():
            for c in connections:
                if not c.getTo().getID().startswith(":"):
                    assert turn[c.getFromLane().getID(), c.getToLane().getID()] == letters[c.getDirection().lower()]


def test_places_on_the_net_have_the_zones_degrees(here: Zone, net: Any) -> None:
    """The net's own projection (through PROJ) and ours are one, within a centimetre."""
    for x, y in ((0.0, 0.0), (-2500.0, 650.0), (1900.0, 2500.0), (-640.0, -2800.0)):
        lon, lat = net.convertXY2LonLat(x, y)
        back = here.project(lon, lat)
        assert (float(back[0]), float(back[1])) == pytest.approx((x, y), abs=0.01)


def test_about_42_km_are_open_for_tests(precise_map: Map, here: Zone, net: Any) -> None:
    assert 41 <= precise_map.open_road_km <= 43
    # recounted: half of both directions' edges, and from where they end to the middle of the junction
    recounted = 0.0
    for road in here.plan.roads:
        if not road.open or road.closed:
            continue
        for edge in net.getEdges(withInternal=False):
            if not edge.getID().startswith(f"{road.id}."):
                continue
            length = edge.getLength()
            shape = np.array(edge.getShape())
            for node, end, inner in ((edge.getFromNode(), 0, 1), (edge.getToNode(), -1, -2)):
                way = shape[end] - shape[inner]
                gap = np.array(node.getCoord()) - shape[end]
                length += max(float(gap @ way) / float(np.linalg.norm(way)), 0.0)
            recounted += length * (1.0 if road.oneway else 0.5)
    assert recounted / 1000 == pytest.approx(precise_map.open_road_km, rel=0.01)


def test_the_town_has_what_it_promises(precise_map: Map) -> None:
    control = Counter(precise_map.junctions["control"].tolist())
    assert control["signal"] >= 24
    assert int(precise_map.junctions["signalised"].sum()) == control["signal"] + control["crossing"]
    assert control["roundabout"] == 1
    assert int(precise_map.crossings["smart"].sum()) >= 12
    assert len(precise_map.stops["id"]) >= 10
    assert precise_map.lanes["length_m"][precise_map.lanes["tunnel"]].max() > 500
    roads = set(precise_map.edges["road"].tolist())
    assert {"ramp1", "ramp2", "ramp3", "ramp4", "express"} <= roads


def test_a_ramp_leaves_and_joins_the_expressway_beside_an_extra_lane(precise_map: Map) -> None:
    edge = {str(id): row for row, id in enumerate(precise_map.edges["id"])}
    assert precise_map.edges["count"][edge["express.0+d"]] == precise_map.edges["count"][edge["express.0+"]] + 1
    lane = precise_map.lane_row("express.0+d_0")
    ends = precise_map.links["end"][precise_map.links["start"] == lane]
    assert [str(precise_map.lanes["id"][end]) for end in ends] == ["ramp1.0+_0"]
    joined = precise_map.links["start"][precise_map.links["end"] == precise_map.lane_row("express.2+m_0")]
    assert [str(precise_map.lanes["id"][start]) for start in joined] == ["ramp2.0+_0"]


def test_the_expressway_passes_over_the_boulevard(precise_map: Map) -> None:
    row = precise_map.lane_row("express.1+_1")
    rows = slice(
        int(precise_map.lanes["first"][row]), int(precise_map.lanes["first"][row] + precise_map.lanes["count"][row])
    )
    assert precise_map.points["z_m"][rows].max() > 6


def test_every_lane_is_reached_and_led_on_except_at_the_edge_of_town(precise_map: Map) -> None:
    driven = np.flatnonzero(np.isin(precise_map.lanes["kind"], [LaneKind.CAR, LaneKind.BUS]))
    starts, ends = set(precise_map.links["start"].tolist()), set(precise_map.links["end"].tolist())
    edge = precise_map.lanes["edge"]
    control = np.append(precise_map.junctions["control"], "")
    for row in driven.tolist():
        if str(precise_map.lanes["id"][row]).startswith(":"):
            continue
        at_end = control[precise_map.edges["end"][edge[row]]]
        at_start = control[precise_map.edges["start"][edge[row]]]
        id = str(precise_map.lanes["id"][row])
        merges_on_the_way = id in ("express.0-m_0", "express.2+m_0")
        assert row in starts or at_end == "fringe" or merges_on_the_way, id
        assert row in ends or at_start == "fringe", id


def test_stops_lie_on_the_side_where_passengers_wait(precise_map: Map, here: Zone) -> None:
    for row, id in enumerate(precise_map.stops["id"].tolist()):
        stop = next(s for s in here.stops if s.id == id)
        lane = int(precise_map.stops["lane"][row])
        line = precise_map.lane_line(lane)
        at = np.array([precise_map.stops["x_m"][row], precise_map.stops["y_m"][row]])
        k = int(np.argmin(np.linalg.norm(line[:-1] - at, axis=1)))
        way = line[k + 1] - line[k]
        waiting = np.array([stop.x_m, stop.y_m]) - at
        assert way[0] * waiting[1] - way[1] * waiting[0] < 0, f"{id} is on the left of its lane"
        assert np.linalg.norm(waiting) < 25
