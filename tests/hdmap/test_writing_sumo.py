"""SUMO nets as written: sumolib reads them as the map has them, SUMO runs on them, netconvert takes them.

What is not compared, for the format has no place for it, is told in :mod:`jinyun.hdmap.writing.sumo`.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sumo
import sumolib

from jinyun import hdmap
from jinyun.hdmap import LaneKind, Map, Turn
from jinyun.hdmap.writing import sumo as writer
from jinyun.shapes import Light
from tests.conftest import shared
from tests.hdmap.reference import reference

SHARED = ["esmini_fabriksgatan_traffic_lights.xodr", "esmini_multi_intersections.xodr",
          "autoware_intersection_lanelet2.osm"]  # fmt: skip
OUTSIDE = (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE, LaneKind.SIDEWALK)
USERS = {LaneKind.CAR: "passenger", LaneKind.BUS: "bus", LaneKind.BICYCLE: "bicycle", LaneKind.SIDEWALK: "pedestrian"}
LETTERS = {Turn.STRAIGHT: "s", Turn.LEFT: "l", Turn.RIGHT: "r", Turn.U_TURN: "t"}


@dataclass
class Written:
    """A map, its net file, what the writer calls each lane, and the net as sumolib reads it."""

    map: Map
    file: Path
    name: dict[int, str]
    net: Any


@pytest.fixture(scope="module", params=["science-city", *SHARED])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    name = request.param
    map = reference()[1] if name == "science-city" else hdmap.read(shared(f"maps/{name}"))
    file = tmp_path_factory.mktemp("sumo") / "map.net.xml"
    hdmap.write(map, file)
    net = sumolib.net.readNet(str(file), withInternal=True, withPrograms=True, withPedestrianConnections=True)
    return Written(map, file, writer.network(map).lane_name, net)


def apart_m(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Return the farthest that a corner of one line lies from the other, both ways."""

    def far(points: np.ndarray[Any, Any], line: np.ndarray[Any, Any]) -> float:
        a, step = line[:-1], np.diff(line, axis=0)
        square = np.maximum((step**2).sum(axis=1), 1e-12)
        along = np.clip(((points[:, None] - a) * step).sum(axis=2) / square, 0, 1)
        nearest = a + along[..., None] * step
        return float(np.hypot(*np.moveaxis(points[:, None] - nearest, 2, 0)).min(axis=1).max())

    return max(far(one, other), far(other, one))


def test_every_lane_outside_junctions_is_there_where_and_as_long_as_the_map_has_it(written: Written) -> None:
    map, net = written.map, written.net
    outside = np.isin(map.lanes["kind"], OUTSIDE) & (map.lanes["junction"] < 0)
    outside &= ~np.char.startswith(map.lanes["id"], ":")  # inside a node that is no junction: SUMO's own name says so
    assert set(written.name) == set(np.flatnonzero(outside).tolist())
    assert len({*written.name.values()}) == len(written.name)
    edges = net.getEdges(withInternal=False)
    assert sum(edge.getLaneNumber() for edge in edges) == len(written.name)
    for row, name in written.name.items():
        lane = net.getLane(name)
        shape = np.array([(x, y) for x, y, *_ in lane.getShape()])
        assert apart_m(shape, map.lane_line(row)) < 0.05, name
        assert lane.getLength() == pytest.approx(float(map.lanes["length_m"][row]), abs=0.05), name
        assert lane.getWidth() == pytest.approx(float(map.lanes["width_m"][row]), abs=0.001)
        limit = float(map.lanes["speed_limit_mps"][row])
        assert np.isnan(limit) or lane.getSpeed() == pytest.approx(limit, abs=0.001)
        assert lane.allows(USERS[LaneKind(int(map.lanes["kind"][row]))])


def test_every_way_on_is_there_and_no_other(written: Written) -> None:
    map, net, name = written.map, written.net, written.name
    driven = map.lanes["kind"][map.links["start"]] != LaneKind.SIDEWALK
    ours = {
        (name[a], name[b], LETTERS[Turn(turn)])
        for a, b, turn in zip(*(map.links[key][driven].tolist() for key in ("start", "end", "turn")), strict=True)
        if a in name and b in name
    }
    theirs = {
        (way.getFromLane().getID(), way.getToLane().getID(), way.getDirection())
        for edge in net.getEdges(withInternal=False)
        for ways in edge.getOutgoing().values()
        for way in ways
        if not way.getFromLane().allows("pedestrian") or way.getFromLane().allows("passenger")
    }
    assert theirs == ours


def test_every_way_through_a_junction_lies_on_the_map_s_lanes(written: Written) -> None:
    map, net = written.map, written.net
    for node in writer.network(map).nodes:
        for way in node.ways:
            link = next(row for row in map.ways_on[way.start] if int(map.links["end"][row]) == way.end)
            lanes = [int(map.links["via"][link])]
            while lanes[-1] >= 0 and way.end not in map.successors_of(lanes[-1]).tolist():
                lanes.append(int(map.successors_of(lanes[-1])[0]))
            if lanes[0] >= 0 and sum(map.lanes["length_m"][lanes]) > 0.2:
                shape = np.array([(x, y) for x, y, *_ in net.getLane(f"{way.name}_0").getShape()])
                assert apart_m(shape, np.vstack([map.lane_line(lane) for lane in lanes])) < 0.05, way.name


def test_lights_of_ways_are_those_of_their_groups(written: Written) -> None:
    map = written.map
    made = writer.network(map)
    lit = {str(map.junctions["id"][row]) for row in np.flatnonzero(map.junctions["steps"] > 0)}
    assert {light.getID() for light in written.net.getTrafficLights()} == lit
    by_node = {node.id: node for node in made.nodes}
    for light in written.net.getTrafficLights():
        node = by_node[light.getID()]
        row = node.junction
        first, groups = int(map.junctions["first_step"][row]), int(map.junctions["first_group"][row])
        program = light.getPrograms()["0"]
        phases = program.getPhases()
        assert [phase.duration for phase in phases] == pytest.approx(
            map.steps["duration_s"][first : first + len(phases)].tolist()
        )
        number = {(start.getID(), end.getID()): index for start, end, index in light.getConnections() if index >= 0}
        for way in (way for way in node.ways if way.group >= 0):
            index = number[written.name[way.start], written.name[way.end]]
            for step, phase in enumerate(phases, start=first):
                shown = Light(int(map.lights["light"][int(map.steps["first_light"][step]) + way.group - groups]))
                green = shown in (Light.PROTECTED_GREEN, Light.PERMISSIVE_GREEN)
                assert (phase.state[index] in "Gg") == green
                assert (phase.state[index] == "y") == (shown == Light.YELLOW)


def test_sumo_takes_the_net_and_so_does_netconvert(written: Written, tmp_path: Path) -> None:
    home = Path(sumo.SUMO_HOME)
    env = {**os.environ, "SUMO_HOME": str(home)}
    for command in (
        ["sumo", "-n", str(written.file), "--end", "5", "--no-step-log", "--xml-validation", "never"],
        ["netconvert", "-s", str(written.file), "-o", str(tmp_path / "again.net.xml"), "--xml-validation", "never"],
    ):
        done = subprocess.run([str(home / "bin" / command[0]), *command[1:]], capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr
        if command[0] == "sumo":
            assert "Error" not in done.stderr and "Warning" not in done.stderr, done.stderr
    again = sumolib.net.readNet(str(tmp_path / "again.net.xml"))
    kept = {lane.getID() for edge in again.getEdges() for lane in edge.getLanes()}
    assert kept == set(written.name.values())


def test_it_lies_where_the_map_lies(written: Written) -> None:
    map, net = written.map, written.net
    if np.isnan(map.about["lon"][0]):
        assert not net.hasGeoProj()
        return
    lon, lat = map.project.inverse(map.points["x_m"][:50], map.points["y_m"][:50])
    places = [net.convertXY2LonLat(x, y) for x, y in zip(map.points["x_m"][:50], map.points["y_m"][:50], strict=True)]
    assert np.abs(np.array(places) - np.column_stack([lon, lat])).max() < 1e-8
