"""Lanelet2: lanes, ways and neighbours as the lanelet2 library reads them, and what each element of a map becomes."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest

from jinyun import hdmap
from jinyun.hdmap import LaneKind, Map, MapError, Turn
from jinyun.hdmap.precise import Bay
from jinyun.hdmap.reading import georeference
from tests.conftest import shared
from tests.hdmap import lanelets

NAME = "maps/autoware_intersection_lanelet2.osm"


@pytest.fixture(scope="module")
def intersection() -> Map:
    return hdmap.read(shared(NAME))


@pytest.fixture(scope="module")
def library() -> tuple[Any, Any]:
    """Return the lanelet2 library's map and its routing graph for vehicles."""
    lanelet2 = pytest.importorskip("lanelet2", reason="the lanelet2 library has no build for this machine")
    origin = lanelet2.io.Origin(35.6417, 139.7485)
    found, _ = lanelet2.io.loadRobust(str(shared(NAME)), lanelet2.projection.UtmProjector(origin))
    rules = lanelet2.traffic_rules
    its = rules.create(rules.Locations.Germany, rules.Participants.Vehicle)
    return found, lanelet2.routing.RoutingGraph(found, its)


def test_lanes_lengths_ways_and_neighbours_are_those_of_the_library(
    intersection: Map, library: tuple[Any, Any]
) -> None:
    import lanelet2

    found, graph = library
    ids = intersection.lanes["id"].tolist()
    assert set(ids) == {str(one.id) for one in found.laneletLayer}
    ours, theirs = 0.0, 0.0
    for one in found.laneletLayer:
        row = intersection.lane_row(str(one.id))
        after = {ids[k] for k in intersection.successors_of(row)}
        assert after == {str(other.id) for other in graph.following(one)}
        beside = graph.left(one) or graph.adjacentLeft(one)
        left = int(intersection.lanes["left"][row])
        assert (ids[left] if left >= 0 else None) == (str(beside.id) if beside else None)
        length = lanelet2.geometry.length2d(one)
        ours, theirs = ours + float(intersection.lanes["length_m"][row]), theirs + length
        # the library draws its middle line through other points, and in UTM, 0.02 % larger here than true metres
        assert intersection.lanes["length_m"][row] == pytest.approx(length, rel=0.009)
    assert ours == pytest.approx(theirs, rel=0.0003)


def test_every_point_of_a_border_lies_where_pyproj_puts_it(intersection: Map, library: tuple[Any, Any]) -> None:
    own = pyproj.Proj(str(intersection.about["projection"][0]))
    text = shared(NAME).read_text()
    place = {
        id: (float(lon), float(lat)) for id, lat, lon in re.findall(r'<node id="(\d+)" lat="(.*?)" lon="(.*?)"', text)
    }
    for one in library[0].laneletLayer:
        left, right = intersection.borders(intersection.lane_row(str(one.id)))
        for ours, theirs in ((left, one.leftBound), (right, one.rightBound)):
            x, y = own(*np.array([place[str(p.id)] for p in theirs]).T)
            away = np.hypot(ours[:, 0][:, None] - x, ours[:, 1][:, None] - y).min(axis=0)
            assert away.max() < 0.01  # local_x and local_y have centimetres' own noise against lat and lon


def test_intersection_areas_are_junctions_and_lights_govern_their_lanes(
    intersection: Map, library: tuple[Any, Any]
) -> None:
    table = intersection.junctions
    assert table["id"][table["control"] != "fringe"].tolist() == ["4132", "4133"]
    assert table["control"][:2].tolist() == ["signal", "priority"]
    inner = [int(v) for v in intersection.lanes["id"][intersection.lanes["kind"] == LaneKind.INNER]]
    lights: dict[int, set[frozenset[int]]] = {
        id: {frozenset(light.id for light in rule.trafficLights) for rule in one.trafficLights()}
        for id in inner
        for one in [library[0].laneletLayer[id]]
    }
    links = intersection.links
    shown: dict[int, int] = {}
    for via, group in zip(links["via"].tolist(), links["group"].tolist(), strict=True):
        if via >= 0:
            shown[int(intersection.lanes["id"][via])] = group
    for a in shown:
        assert (shown[a] >= 0) == bool(lights[a])
        for b in shown:
            if lights[a] and lights[b]:
                assert (shown[a] == shown[b]) == (lights[a] == lights[b])
    turns = intersection.links["turn"][intersection.links["via"] >= 0]
    tags = [
        library[0].laneletLayer[int(intersection.lanes["id"][v])].attributes for v in links["via"][links["via"] >= 0]
    ]
    names = {Turn.STRAIGHT: "straight", Turn.LEFT: "left", Turn.RIGHT: "right"}
    assert [names[Turn(t)] for t in turns.tolist()] == [tag["turn_direction"] for tag in tags]


def test_stop_lines_are_the_parts_of_the_file_s_that_lie_across_each_lane(intersection: Map) -> None:
    lines = intersection.stop_lines
    assert len(lines["lane"]) == 10 and (lines["phase"] > 0).all()
    for row, lane in enumerate(lines["lane"].tolist()):
        wide = np.hypot(lines["x1_m"][row] - lines["x2_m"][row], lines["y1_m"][row] - lines["y2_m"][row])
        assert wide == pytest.approx(float(intersection.lanes["width_m"][lane]), rel=0.35)
        end = intersection.lane_line(lane)[-1]
        middle = (lines["x1_m"] + lines["x2_m"])[row] / 2, (lines["y1_m"] + lines["y2_m"])[row] / 2
        assert np.hypot(*(end - middle)) < 30


def test_what_is_not_held_is_counted(intersection: Map) -> None:
    text = shared(NAME).read_text()
    assert intersection.ignored["way type=guard_rail"] == text.count('v="guard_rail"')
    assert intersection.ignored["regulatory_element subtype=right_of_way"] == text.count('v="right_of_way"')
    # that of a drive's lanelet which nothing leads to, and of two rules that no lanelet names
    assert intersection.ignored["stop line of no lane before a junction"] == 3


@pytest.fixture(scope="module")
def crossing(tmp_path_factory: pytest.TempPathFactory) -> tuple[Map, dict[str, int]]:
    text, ids = lanelets.crossing()
    path = tmp_path_factory.mktemp("lanelets") / "crossing.osm"
    path.write_text(text)
    map = hdmap.read(path)
    return map, {name: map.lane_row(str(id)) for name, id in ids.items()}


def test_borders_are_turned_the_way_a_lanelet_leads(crossing: tuple[Map, dict[str, int]]) -> None:
    map, row = crossing
    left, right = map.borders(row["na"])
    assert left.tolist() == [[-1.75, -40], [-1.75, -8]] and right.tolist() == [[1.75, -40], [1.75, -8]]
    left, right = map.borders(row["e2b"])
    assert left.tolist() == [[-8, 3.5], [8, 3.5]] and right.tolist() == [[-8, 0], [8, 0]]
    assert map.points["z_m"].tolist() == [7.5] * len(map.points["z_m"])


def test_without_tags_lanelets_that_cross_make_the_junction(crossing: tuple[Map, dict[str, int]]) -> None:
    map, row = crossing
    assert map.junctions["control"].tolist().count("signal") == 1
    inside = {name for name, lane in row.items() if map.lanes["junction"][lane] >= 0} - {"x"}
    assert inside == {"e1b", "e2b", "nb", "yb"}
    assert map.lanes["kind"][[row["e1b"], row["yb"], row["ya"]]].tolist() == [
        LaneKind.INNER, LaneKind.INNER_BICYCLE, LaneKind.BICYCLE,
    ]  # fmt: skip
    ways = {(a, b, via) for a, b, via in zip(*(map.links[k].tolist() for k in ("start", "end", "via")), strict=True)}
    assert ways == {(row[f"{k}a"], row[f"{k}c"], row[f"{k}b"]) for k in ("e1", "e2", "n", "y")}
    assert (map.junctions["control"] == "fringe").sum() == 4


def test_lanes_that_share_a_border_are_neighbours(crossing: tuple[Map, dict[str, int]]) -> None:
    map, row = crossing
    assert map.lanes["left"][row["e1a"]] == row["e2a"] and map.lanes["right"][row["e2a"]] == row["e1a"]
    assert map.lanes["left"][row["ya"]] == row["na"]
    assert map.lanes["edge"][row["e1a"]] == map.lanes["edge"][row["e2a"]]
    assert map.lanes["index"][[row["e1a"], row["e2a"]]].tolist() == [0, 1]


def test_rules_give_speed_light_and_stop_line(crossing: tuple[Map, dict[str, int]]) -> None:
    map, row = crossing
    limits = [round(float(map.lanes["speed_limit_mps"][row[name]]), 2) for name in ("e1a", "e2a", "na")]
    assert limits == [13.89, 13.9, 8.33]
    assert math.isnan(map.lanes["speed_limit_mps"][row["ya"]])
    group = {map.links["start"][k]: map.links["group"][k] for k in range(len(map.links["start"]))}
    assert group[row["na"]] == 0 and group[row["e1a"]] == -1
    assert map.heads["heading_rad"].tolist() == pytest.approx([0.0])
    assert (map.heads["x_m"][0], map.heads["y_m"][0], map.heads["z_m"][0]) == pytest.approx((0, 12, 8.1))
    stop = map.stop_lines["lane"].tolist().index(row["na"])
    ends = [float(map.stop_lines[key][stop]) for key in ("x1_m", "y1_m", "x2_m", "y2_m")]
    assert ends == pytest.approx([-1.75, -9.5, 1.75, -9.5])  # of the line over both lanes the part before this one
    assert map.stop_lines["phase"][stop] == 1


def test_crosswalks_parking_spaces_and_what_is_left_over(crossing: tuple[Map, dict[str, int]]) -> None:
    map, row = crossing
    assert map.crossings["lane"].tolist() == [row["x"]] and map.crossings["width_m"].tolist() == pytest.approx([3])
    assert (map.bays["kind"][0], map.bays["length_m"][0], map.bays["width_m"][0]) == (Bay.PARKING, 5, 2.5)
    assert map.bays["heading_rad"][0] == pytest.approx(0)
    assert map.ignored["multipolygon subtype=parking"] == 1
    assert math.isnan(map.about["lon"][0]) and "local_x" in map.about["projection"][0]


def test_a_square_of_mgrs_places_local_metres_on_earth(tmp_path: Path) -> None:
    (tmp_path / "square.osm").write_text(lanelets.crossing(square="54SUE")[0])
    map = hdmap.read(tmp_path / "square.osm")
    own = pyproj.Proj(str(map.about["projection"][0]))
    east, north = pyproj.Proj("+proj=utm +zone=54 +ellps=WGS84")(*own(*map.lane_line(0)[0], inverse=True))
    assert (east, north) == pytest.approx((300_000 - 50, 3_900_000 - 1.75), abs=0.001)


@pytest.mark.parametrize(
    "code", ["54SUE", "50TMK", "51RUQ", "48RXS", "33UXP", "56HLH", "19FDV", "1NBA", "31NBA", "30NWF"]
)
def test_the_corner_of_an_mgrs_square_is_where_its_letters_say(code: str) -> None:
    plane = georeference.mgrs_square(code)
    assert plane is not None
    zone, band = int(re.match(r"\d+", code)[0]), code[len(re.match(r"\d+", code)[0])]  # type: ignore[index]
    lon, lat = plane.degrees(50_000.0, 50_000.0)
    assert int((float(lon) + 180) // 6) + 1 == zone
    south = -80 + 8 * "CDEFGHJKLMNPQRSTUVWX".index(band)
    assert south - 1 <= float(lat) <= south + (12 if band == "X" else 8) + 1
    utm = pyproj.Proj(f"+proj=utm +zone={zone} +ellps=WGS84" + ("" if band >= "N" else " +south"))
    east, north = utm(float(lon), float(lat))
    columns = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")[(zone - 1) % 3]
    rows = "ABCDEFGHJKLMNPQRSTUV" if zone % 2 else "FGHJKLMNPQRSTUVABCDE"
    assert columns[int(east // 100_000) - 1] + rows[int(north // 100_000) % 20] == code[-2:]


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('<nd ref="3"/>', '<nd ref="x"/>', "way 1002: names node 'x', which is not there"),
        ('role="left" ref="1006"', 'role="left" ref="6"', "names way '6', which is not there"),
        ('role="right"', 'role="rigth"', "has 0 right borders"),
        ('k="local_x" v="-50.0"', 'k="local_x" v="-5O.0"', "local_x is '-5O.0', not a number of a place on Earth"),
        ('k="speed_limit" v="50"', 'k="speed_limit" v="fifty"', "speed_limit is 'fifty'"),
        ('role="regulatory_element" ref="1021"', 'role="regulatory_element" ref="21"', "names regulatory element '21'"),
        ('v="lanelet"', 'v="lane"', "osm: has neither lanelets nor streets"),
        ('<node id="2"', '<node id="1"', "node 1: comes twice"),
        ("local_x", "local_q", "has neither lat and lon on Earth nor local_x and local_y"),
    ],
)
def test_a_broken_map_is_told_by_file_element_and_reason(was: str, becomes: str, told: str, tmp_path: Path) -> None:
    text, _ = lanelets.crossing()
    assert was in text
    every = was in ('v="lanelet"', "local_x")
    (tmp_path / "crossing.osm").write_text(text.replace(was, becomes) if every else text.replace(was, becomes, 1))
    with pytest.raises(MapError) as error:
        hdmap.read(tmp_path / "crossing.osm")
    assert str(error.value).startswith("crossing.osm: ")
    assert told in str(error.value)
