"""OpenDRIVE: lanes, ways and junctions as netconvert reads them, and what each element of a file becomes."""

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import sumo
import sumolib

from jinyun import hdmap
from jinyun.hdmap import LaneKind, Map, MapError, Turn
from jinyun.hdmap.precise import Bay
from tests.conftest import shared
from tests.hdmap import xodr

MAPS = ("esmini_fabriksgatan_traffic_lights", "esmini_multi_intersections")


def converted(path: Path, folder: Path) -> Any:
    """Return netconvert's own reading of an OpenDRIVE file; every lane says of which road and lane it is made."""
    out = folder / "net.xml"
    command = [str(Path(sumo.SUMO_HOME) / "bin" / "netconvert"), "--opendrive-files", str(path), "-o", str(out),
               "--offset.disable-normalization", "--output.original-names", "--no-turnarounds",
               "--opendrive.min-width", "0.01", "--no-warnings"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "SUMO_HOME": sumo.SUMO_HOME})
    return sumolib.net.readNet(str(out), withInternal=True)


def of_roads(map: Map, rows: np.ndarray) -> list[str]:
    """Return netconvert's original names of lanes: road and number of the lane."""
    return ["_".join(np.array(str(id).split("."))[[0, 2]]) for id in map.lanes["id"][rows]]


@pytest.mark.parametrize("name", MAPS)
def test_lanes_lengths_and_ways_are_those_that_netconvert_reads(name: str, tmp_path: Path) -> None:
    map = hdmap.read(shared(f"maps/{name}.xodr"))
    net = converted(shared(f"maps/{name}.xodr"), tmp_path)
    theirs: dict[str | None, float] = {}
    for edge in net.getEdges():
        for lane in edge.getLanes():  # a connection that waits within a junction is cut in two: pieces add up
            theirs[lane.getParam("origId")] = theirs.get(lane.getParam("origId"), 0.0) + lane.getLength()
    driven = np.flatnonzero(np.isin(map.lanes["kind"], (LaneKind.CAR, LaneKind.INNER)))
    ours = dict(zip(of_roads(map, driven), map.lanes["length_m"][driven].tolist(), strict=True))
    # Where a lane of road 202 or 209 begins, netconvert puts a node of 8 m whose lanes it does not name
    unnamed = theirs.pop(None, 0.0)
    assert set(ours) == set(theirs)
    for id, length in ours.items():  # within junctions netconvert takes smooth curves of its own
        assert length == pytest.approx(theirs[id], abs=8.4 if id.startswith(("202_", "209_")) else 0.75), id
    assert sum(ours.values()) == pytest.approx(sum(theirs.values()) + unnamed, rel=0.001)
    outside = np.flatnonzero(map.lanes["kind"] == LaneKind.CAR)
    named = {edge.getID().lstrip("-").split("#")[0] for edge in net.getEdges(withInternal=False)}
    assert set(map.edges["road"][map.lanes["edge"][outside]].tolist()) == named
    connections = {
        (one.getFromLane().getParam("origId"), one.getToLane().getParam("origId"))
        for edge in net.getEdges(withInternal=False)
        for others in edge.getOutgoing().values()
        for one in others
    }
    ways = np.flatnonzero(map.lanes["kind"][map.links["start"]] == LaneKind.CAR)
    starts, ends = of_roads(map, map.links["start"][ways]), of_roads(map, map.links["end"][ways])
    assert set(zip(starts, ends, strict=True)) == {
        (a, b) for a, b in connections if a != b
    }  # a lane leads on to itself


@pytest.mark.parametrize(("name", "junctions"), [(MAPS[0], {"4"}), (MAPS[1], {"146", "148", "150", "152", "154"})])
def test_junctions_are_those_of_the_file_and_have_signals_where_netconvert_sees_them(
    name: str, junctions: set[str], tmp_path: Path
) -> None:
    map = hdmap.read(shared(f"maps/{name}.xodr"))
    table = map.junctions
    real = table["control"] != "fringe"
    assert set(table["id"][real].tolist()) == junctions
    net = converted(shared(f"maps/{name}.xodr"), tmp_path)
    lights = {node.getID() for node in net.getNodes() if node.getType() == "traffic_light"} & junctions
    assert set(table["id"][table["signalised"]].tolist()) == lights == junctions
    ends = {node.getID() for node in net.getNodes() if len(node.getOutgoing()) + len(node.getIncoming()) in (1, 2)}
    dead = {id for id in ends if id not in junctions and "." in id and id.split(".")[1] in ("end", "begin")}
    assert (~real).sum() == len(dead)


def test_turns_are_as_the_arms_lie(tmp_path: Path) -> None:
    map = hdmap.read(shared(f"maps/{MAPS[1]}.xodr"))
    net = converted(shared(f"maps/{MAPS[1]}.xodr"), tmp_path)
    bits = {"s": Turn.STRAIGHT, "l": Turn.LEFT, "r": Turn.RIGHT, "L": Turn.LEFT, "R": Turn.RIGHT, "t": Turn.U_TURN}
    theirs = {
        (one.getFromLane().getParam("origId"), one.getToLane().getParam("origId")): bits[one.getDirection()]
        for edge in net.getEdges(withInternal=False)
        for others in edge.getOutgoing().values()
        for one in others
    }
    through = np.flatnonzero(map.links["via"] >= 0)
    through = through[map.lanes["kind"][map.links["start"][through]] == LaneKind.CAR]
    pairs = zip(of_roads(map, map.links["start"][through]), of_roads(map, map.links["end"][through]), strict=True)
    for pair, turn in zip(pairs, map.links["turn"][through].tolist(), strict=True):
        assert turn == theirs[pair], pair


def test_what_is_not_held_is_counted() -> None:
    map = hdmap.read(shared(f"maps/{MAPS[0]}.xodr"))
    text = shared(f"maps/{MAPS[0]}.xodr").read_text()
    assert map.ignored["roadMark"] == text.count("<roadMark ")
    assert map.ignored["userData"] == text.count("<userData ")
    assert map.ignored["lane type=border"] == text.count('type="border"')
    assert json.loads(str(map.about["ignored"][0])) == map.ignored


@pytest.fixture(scope="module")
def tee(tmp_path_factory: pytest.TempPathFactory) -> Map:
    path = tmp_path_factory.mktemp("tee") / "tee.xodr"
    path.write_text(xodr.crossroads())
    return hdmap.read(path)


def links(map: Map) -> dict[tuple[str, str], tuple[str, int, int]]:
    """Return via, turn and phase of each way on, by lanes; phase 0 without a signal."""
    ids = [*map.lanes["id"].tolist(), ""]
    phase = [*map.groups["phase"].tolist(), 0]
    columns = (map.links[key].tolist() for key in ("start", "end", "via", "turn", "group"))
    return {(ids[a], ids[b]): (ids[via], turn, phase[group]) for a, b, via, turn, group in zip(*columns, strict=True)}


def test_a_junction_of_the_1_8_edition_leads_where_its_connections_say(tee: Map) -> None:
    through = {pair: (via, turn) for pair, (via, turn, _) in links(tee).items() if via}
    assert through == {
        ("1.0.-1", "2.0.-1"): ("11.0.-1", Turn.STRAIGHT), ("2.0.1", "1.0.1"): ("12.0.-1", Turn.STRAIGHT),
        ("1.0.-1", "3.0.-1"): ("13.0.-1", Turn.RIGHT), ("3.0.1", "1.0.1"): ("14.0.-1", Turn.LEFT),
        ("3.0.1", "2.0.-1"): ("15.0.-1", Turn.RIGHT), ("2.0.1", "3.0.-1"): ("16.0.-1", Turn.LEFT),
    }  # fmt: skip


def test_a_direct_junction_leads_on_without_lanes_of_its_own(tee: Map) -> None:
    direct = {pair for pair, (via, *_) in links(tee).items() if not via}
    assert direct == {("2.0.-1", "4.0.-1"), ("2.0.-1", "5.0.-1"), ("4.0.1", "2.0.1")}
    row = tee.junction_row("8")
    assert tee.edges["end"][tee.edges["id"] == "2.0+"] == row
    assert tee.junctions["control"][row] == "priority" and tee.junctions["en"][row] == "Split"


def test_signals_govern_what_their_place_orientation_and_arrow_say(tee: Map) -> None:
    by_way = {pair: phase for pair, (via, _, phase) in links(tee).items() if via}
    straight, right = by_way["1.0.-1", "2.0.-1"], by_way["1.0.-1", "3.0.-1"]
    assert straight != right and 0 not in (straight, right)  # the arrow to the right has a light of its own
    assert by_way["2.0.1", "1.0.1"] == by_way["2.0.1", "3.0.-1"] not in (0, straight, right)
    assert by_way["3.0.1", "1.0.1"] == by_way["3.0.1", "2.0.-1"] not in (0, straight, right)
    groups = tee.groups
    assert groups["phase"].tolist() == [
        1,
        2,
        3,
        4,
        5,
    ]  # clockwise from north by where cars come from: east, south, west
    degrees = np.round(np.degrees(groups["heading_rad"][:4])).tolist()
    assert [d % 360 for d in degrees] == [271, 1, 91, 91]  # UTM's north and true north differ by 0.6 degrees here
    assert groups["turns"][2:4].tolist() == [Turn.STRAIGHT, Turn.RIGHT]
    assert groups["walkers"].tolist() == [False] * 4 + [True]


def test_heads_stand_where_signals_stand(tee: Map) -> None:
    own = pyproj.Proj(str(tee.about["projection"][0]))
    utm = pyproj.Proj("+proj=utm +zone=48 +ellps=WGS84")
    x, y = own(*utm(625000.5 - 12, 3275000.25 - 4, inverse=True))
    away = np.hypot(tee.heads["x_m"] - x, tee.heads["y_m"] - y)
    head = int(np.argmin(away))
    assert away[head] < 0.01
    assert tee.heads["z_m"][head] == pytest.approx(
        204.5
    )  # 200 by the header's offset, 4 above the road, half its height
    assert math.degrees(tee.heads["heading_rad"][head]) == pytest.approx(
        90, abs=2
    )  # of who obeys it; UTM's north turns
    assert sorted(tee.heads["phase"].tolist()) == [1, 2, 3, 4, 5, 5]  # s3 shows its light to two approaches


def test_a_stop_line_lies_where_the_file_says_or_before_the_lane_s_end(tee: Map) -> None:
    stop = {str(tee.lanes["id"][lane]): row for row, lane in enumerate(tee.stop_lines["lane"].tolist())}
    assert set(stop) == {"1.0.-1", "2.0.1", "3.0.1"}
    for id, back in (("1.0.-1", 4.0), ("2.0.1", 1.0)):
        row, lane = stop[id], tee.lane_row(id)
        x, y = ((tee.stop_lines[f"{key}1_m"][row] + tee.stop_lines[f"{key}2_m"][row]) / 2 for key in "xy")
        middle = np.array([x, y])
        assert np.hypot(*(tee.lane_line(lane)[-1] - middle)) == pytest.approx(back, abs=0.01)
    wide = np.hypot(tee.stop_lines["x1_m"] - tee.stop_lines["x2_m"], tee.stop_lines["y1_m"] - tee.stop_lines["y2_m"])
    assert np.allclose(wide, 3.5, atol=0.01)


def test_crosswalks_cross_the_road_and_have_the_light_beside_them(tee: Map) -> None:
    crossings = tee.crossings
    assert len(crossings["id"]) == 2
    for row in range(2):
        first = int(crossings["first"][row])
        x, y = (tee.crossing_points[key][first : first + 2] for key in ("x_m", "y_m"))
        length, width = np.hypot(x[1] - x[0], y[1] - y[0]), float(crossings["width_m"][row])
        assert (round(length, 2), round(width, 2)) in ((7.0, 3.0), (7.0, 4.0))
        assert abs(math.sin(math.atan2(x[1] - x[0], y[1] - y[0]))) < 0.05  # across a road that leads east
        assert tee.lanes["kind"][crossings["lane"][row]] == LaneKind.CROSSING
        assert crossings["junction"][row] == tee.junction_row("9")
    assert sorted(crossings["phase"].tolist()) == [0, 5]


def test_parking_spaces_are_bays_and_repeat(tee: Map) -> None:
    bays = tee.bays
    assert bays["kind"].tolist() == [Bay.PARKING] * 4 + [Bay.CHARGING]
    steps = np.hypot(np.diff(bays["x_m"][:4]), np.diff(bays["y_m"][:4]))
    assert np.allclose(steps, 6, atol=0.01)
    assert (bays["length_m"][0], bays["width_m"][4]) == (6.0, 2.5)
    assert np.degrees(bays["heading_rad"][[0, 4]]) == pytest.approx([90, 0], abs=2)
    assert tee.lanes["id"][bays["lane"][0]] == "1.0.-1"


def test_tunnels_speeds_and_neighbours(tee: Map, tmp_path: Path) -> None:
    assert set(tee.lanes["id"][tee.lanes["tunnel"]].tolist()) == {"1.0.-1", "1.0.1", "1.0.-2", "1.0.2"}
    path = tmp_path / "every.xodr"
    path.write_text(xodr.every_kind())
    map = hdmap.read(path)
    limit = {
        id: round(float(map.lanes["speed_limit_mps"][map.lane_row(id)]) * 3.6, 2) for id in map.lanes["id"].tolist()
    }
    assert limit["7.0.-1"] == 50 and limit["7.1.-1"] == 48.28 and limit["7.1.1"] == 40
    left = {id: int(map.lanes["left"][map.lane_row(id)]) for id in map.lanes["id"].tolist()}
    assert [left[id] for id in ("7.0.-3", "7.0.-2", "7.0.-1", "7.0.1")] == [
        map.lane_row("7.0.-2"), map.lane_row("7.0.-1"), -1, -1,
    ]  # fmt: skip
    assert map.lanes["right"][map.lane_row("7.0.1")] == map.lane_row("7.0.2")  # a sidewalk to the right of the way back
    assert map.successors_of(map.lane_row("7.1.1")).tolist() == [map.lane_row("7.0.1")]
    assert map.lanes["length_m"][map.lane_row("7.0.-2")] == pytest.approx(115.3, abs=0.1)  # not from 0


def test_driving_on_the_left_turns_the_lanes_round(tmp_path: Path) -> None:
    lanes = xodr.lanes("1 driving 3 >", "-1 driving 3 >")
    path = tmp_path / "left.xodr"
    path.write_text(
        f'<OpenDRIVE><header revMinor="7"/>{xodr.road(1, (0.0, 0.0, 0.0), 50.0, lanes, rule="LHT")}</OpenDRIVE>'
    )
    map = hdmap.read(path)
    along = map.lane_line(map.lane_row("1.0.1"))
    assert along[0].tolist() == [0, 1.5] and along[-1].tolist() == [50, 1.5]
    against = map.lane_line(map.lane_row("1.0.-1"))
    assert against[0].tolist() == [50, -1.5] and against[-1].tolist() == [0, -1.5]


def test_links_that_lead_nowhere_are_counted(tmp_path: Path) -> None:
    text = (
        xodr.crossroads()
        .replace('elementId="8"', 'elementId="18"')
        .replace('connectingRoad="12"', 'connectingRoad="99"')
    )
    (tmp_path / "tee.xodr").write_text(text)
    map = hdmap.read(tmp_path / "tee.xodr")
    assert map.ignored["road link to a junction that is not there"] == 3
    assert map.ignored["connection of a road that is not there"] == 1


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('length="90.0"', 'length="91.9"', "tee.xodr: road 1: is 91.9 m long, its plan view 90"),
        ('curvature="-0.1"', 'curvature="x"', "road 13 geometry 0: curvature of arc is 'x', not a number"),
        (
            'contactPoint="start"><laneLink',
            'contactPoint="top"><laneLink',
            "contactPoint is 'top', neither start nor end",
        ),
        ('s="88.0"', 's="188.0"', "road 1 signal s1: stands at s=188 of a road of 90 m"),
        ("<line/>", "", "road 1 geometry 0: has no line, arc, spiral, poly3 or paramPoly3"),
        ('id="-2" type="sidewalk"', 'id="-1" type="sidewalk"', "road 1 laneSection 0: a lane's id comes twice"),
        ('x="-100.0"', 'x="nan"', "road 1 geometry 0: x of geometry is 'nan', not a number"),
        ('<road id="2"', '<road id="1"', "road 1: comes twice"),
        ('from="-1"', 'from="one"', "from of laneLink is 'one', not a whole number"),
        ('a="3.5"', 'a="9e99"', "a number of width is beyond 1e+07"),
    ],
)
def test_a_broken_file_is_told_by_file_element_and_reason(was: str, becomes: str, told: str, tmp_path: Path) -> None:
    text = xodr.crossroads()
    assert was in text
    (tmp_path / "tee.xodr").write_text(text.replace(was, becomes, 1))
    with pytest.raises(MapError) as error:
        hdmap.read(tmp_path / "tee.xodr")
    assert str(error.value).startswith("tee.xodr: ")
    assert told in str(error.value)
