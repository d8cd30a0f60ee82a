"""MAP messages: what asn1tools reads from them is the map."""

from functools import cache
from typing import Any

import asn1tools
import numpy as np
import pytest

from jinyun.hdmap import Map, MapError, mapdata, mapdata_parts
from jinyun.hdmap.message import MOST_BYTES, MOST_POINTS, POINT_ERROR_M, Dialect, offset_ll, size_bytes
from jinyun.net import csae
from jinyun.net.csae.asn1 import text
from tests import oracle
from tests.hdmap.drawn import lanes_of


def nodes_of(map: Map) -> list[int]:
    return np.flatnonzero(map.junctions["signalised"] | (map.junctions["control"] == "zebra")).tolist()


def places(map: Map, node: dict[str, Any], points: list[dict[str, Any]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    lon = [(node["refPos"]["long"] + p["posOffset"]["offsetLL"][1]["lon"]) / 1e7 for p in points]
    lat = [(node["refPos"]["lat"] + p["posOffset"]["offsetLL"][1]["lat"]) / 1e7 for p in points]
    return np.column_stack(map.project(lon, lat))


def away(line: np.ndarray[Any, Any], point: np.ndarray[Any, Any]) -> float:
    start, way = line[:-1], np.diff(line, axis=0)
    along = np.clip(((point - start) * way).sum(1) / np.maximum((way**2).sum(1), 1e-12), 0, 1)
    return float(np.linalg.norm(point - start - along[:, None] * way, axis=1).min())


def test_every_message_fits_one_frame_and_reads_back_alike(precise_map: Map) -> None:
    for junction in nodes_of(precise_map):
        for part in mapdata_parts(precise_map, junction):
            data = csae.encode("mapFrame", part)
            assert len(data) <= MOST_BYTES
            assert csae.decode(data) == ("mapFrame", part)


def test_asn1tools_reads_the_same(precise_map: Map) -> None:
    codec = oracle.compiled()
    for junction in nodes_of(precise_map)[::4]:
        for part in mapdata_parts(precise_map, junction):
            assert codec.decode("MessageFrame", csae.encode("mapFrame", part)) == ("mapFrame", part)


def test_the_parts_together_are_the_whole(precise_map: Map) -> None:
    for junction in nodes_of(precise_map):
        whole = mapdata(precise_map, junction)["nodes"][0]
        links = [link for part in mapdata_parts(precise_map, junction) for link in part["nodes"][0]["inLinks"]]
        assert links == whole["inLinks"]
        assert whole["id"]["id"] == precise_map.junctions["node"][junction]


@cache
def codec_of(dialect: Dialect) -> Any:
    return asn1tools.compile_string(text(dialect), "uper")


def decoded(map: Map, junction: int, dialect: Dialect = "A") -> tuple[dict[str, Any], dict[int, list[dict[str, Any]]]]:
    """Return the node and the lanes by upstream node, as asn1tools reads them from all parts of the message."""
    lanes: dict[int, list[dict[str, Any]]] = {}
    node: dict[str, Any] = {}
    for part in mapdata_parts(map, junction, dialect):
        _, value = codec_of(dialect).decode("MessageFrame", csae.encode("mapFrame", part, dialect))
        (node,) = value["nodes"]
        for link in node.get("inLinks", ()):
            lanes.setdefault(link["upstreamNodeId"]["id"], []).extend(link["lanes"])
    return node, lanes


@pytest.mark.parametrize("dialect", ["A", "B"])
def test_no_lane_lies_farther_off_than_the_stated_bound(precise_map: Map, dialect: Dialect) -> None:
    """What asn1tools decodes, against every point of the lanes of the map and of every place between two of them."""
    worst, lanes_seen, cut = 0.0, 0, 0
    for junction in range(len(precise_map.junctions["id"])):
        node, by_upstream = decoded(precise_map, junction, dialect)
        for approach in precise_map.approaches.of(junction):
            said = by_upstream[int(precise_map.junctions["node"][approach.upstream])]
            assert [lane["laneID"] for lane in said] == list(range(1, len(approach.lanes) + 1))
            for lane, chain in zip(said, approach.chains, strict=True):
                line = places(precise_map, node, lane["points"])
                real = np.vstack([precise_map.lane_line(part) for part in chain])
                begin = int(np.argmin(np.hypot(*(real - line[0]).T)))
                cut += begin > 0
                assert begin == 0 or len(line) == MOST_POINTS
                worst = max(worst, *(away(line, p) for p in real[begin:]), *(away(real, p) for p in line))
                lanes_seen += 1
    assert lanes_seen > 800 and cut < 25
    assert worst <= POINT_ERROR_M


def test_the_size_foretold_is_that_of_the_encoding_or_a_little_more(precise_map: Map) -> None:
    for junction in nodes_of(precise_map):
        for part in mapdata_parts(precise_map, junction):
            (node,) = part["nodes"]
            foretold = sum(map(size_bytes, node["inLinks"]))
            alone = len(csae.encode("mapFrame", {**part, "nodes": [{k: v for k, v in node.items() if k != "inLinks"}]}))
            assert -1 <= foretold - (len(csae.encode("mapFrame", part)) - alone) <= 8 * len(node["inLinks"])


def test_the_other_layout_holds_eight_connections_and_always_names_the_width(precise_map: Map) -> None:
    for junction in nodes_of(precise_map):
        for part in mapdata_parts(precise_map, junction, "B"):
            data = csae.encode("mapFrame", part, "B")
            assert len(data) <= MOST_BYTES
            for link in part["nodes"][0]["inLinks"]:
                assert link["linkWidth"] > 0
                assert all(len(lane.get("connectsTo", ())) <= 8 for lane in link["lanes"])


def test_a_link_that_is_too_large_alone_shares_its_lanes_out(precise_map: Map) -> None:
    junction = precise_map.junction_row("A5")
    (whole,) = mapdata(precise_map, junction)["nodes"]
    parts = mapdata_parts(precise_map, junction, most_bytes=300)
    assert all(len(csae.encode("mapFrame", part)) <= 300 for part in parts)
    lanes: dict[int, list[dict[str, Any]]] = {}
    for part in parts:
        for link in part["nodes"][0]["inLinks"]:
            lanes.setdefault(link["upstreamNodeId"]["id"], []).extend(link["lanes"])
    assert lanes == {link["upstreamNodeId"]["id"]: link["lanes"] for link in whole["inLinks"]}
    with pytest.raises(ValueError, match=r"one lane needs \d+ bytes"):
        mapdata_parts(precise_map, junction, most_bytes=60)


def test_a_connection_names_the_lane_by_the_number_that_its_own_junction_gives_it(precise_map: Map) -> None:
    """The lane a movement leads onto, followed to its end, is the lane of that number in the MAP of the node there."""
    row_of = {int(node): row for row, node in enumerate(precise_map.junctions["node"])}
    seen = 0
    for junction in nodes_of(precise_map):
        for approach in precise_map.approaches.of(junction):
            (node,) = mapdata(precise_map, junction)["nodes"]
            link = next(
                link for link in node["inLinks"]
                if link["upstreamNodeId"]["id"] == precise_map.junctions["node"][approach.upstream]
            )  # fmt: skip
            for lane, value in zip(approach.lanes, link["lanes"], strict=True):
                ends = {int(precise_map.links["end"][way]) for way in precise_map.ways_on.get(lane, [])}
                for connection in value.get("connectsTo", ()):
                    to = row_of[connection["remoteIntersection"]["id"]]
                    number = connection["connectingLane"]["lane"]
                    there = [a for a in precise_map.approaches.of(to) if ends & {row for c in a.chains for row in c}]
                    assert any(ends & set(a.chains[number - 1]) for a in there if len(a.chains) >= number)
                    seen += 1
    assert seen > 1000


def test_a_map_without_a_place_on_earth_makes_no_message() -> None:
    map = lanes_of([[(0, 0), (10, 0)]], edge=[0], tables={
        "junctions": {"id": ["J"], "node": [1], "x_m": [0.0], "y_m": [0.0]}, "about": {"lon": [np.nan], "lat": [np.nan]},
    })  # fmt: skip
    with pytest.raises(MapError, match="drawn: has no georeference"):
        mapdata(map, 0)


def test_links_come_from_neighbours_and_lead_to_neighbours(precise_map: Map) -> None:
    numbers = set(precise_map.junctions["node"].tolist())
    neighbours = {
        frozenset((str(a), str(b)))
        for a, b in zip(precise_map.sections["start"], precise_map.sections["end"], strict=True)
    }
    name = {int(n): str(id) for n, id in zip(precise_map.junctions["node"], precise_map.junctions["id"], strict=True)}
    for junction in nodes_of(precise_map):
        node = mapdata(precise_map, junction)["nodes"][0]
        own = str(precise_map.junctions["id"][junction])
        for link in node["inLinks"]:
            upstream = link["upstreamNodeId"]["id"]
            assert upstream in numbers
            assert frozenset((name[upstream].rstrip("+-"), own)) in neighbours or name[upstream][-1] in "+-"
            for lane in link["lanes"]:
                for connection in lane.get("connectsTo", ()):
                    assert connection["remoteIntersection"]["id"] in numbers
                    assert connection["remoteIntersection"]["id"] != node["id"]["id"]
            assert [lane["laneID"] for lane in link["lanes"]] == list(range(1, len(link["lanes"]) + 1))


def test_phases_are_those_of_the_junction_and_all_vehicle_phases_occur(precise_map: Map) -> None:
    for junction in nodes_of(precise_map):
        if not precise_map.junctions["signalised"][junction]:
            continue
        node = mapdata(precise_map, junction)["nodes"][0]
        named = {
            connection["phaseId"]
            for link in node["inLinks"]
            for lane in link["lanes"]
            for connection in lane.get("connectsTo", ())
        }
        of = precise_map.groups["junction"] == junction
        vehicles = set(precise_map.groups["phase"][of & ~precise_map.groups["walkers"]].tolist())
        assert named == vehicles


def test_lanes_are_numbered_from_the_left(precise_map: Map) -> None:
    node = mapdata(precise_map, precise_map.junction_row("A5"))["nodes"][0]
    for link in node["inLinks"]:
        ends = [places(precise_map, node, lane["points"]) for lane in link["lanes"]]
        way = ends[0][-1] - ends[0][-2]
        right = np.array([way[1], -way[0]]) / np.linalg.norm(way)
        across = [float((line[-1] - ends[0][-1]) @ right) for line in ends]
        assert across == sorted(across)


def test_a_bus_lane_says_so(precise_map: Map) -> None:
    """On the boulevard the outermost lane is for buses; at the crossing in mid-block it still is."""
    node = mapdata(precise_map, precise_map.junction_row("Z5"))["nodes"][0]
    kinds = {lane["laneAttributes"]["laneType"] for link in node["inLinks"] for lane in link["lanes"]}
    assert ("vehicle", (b"\x10", 8)) in kinds
    assert ("bikeLane", (b"\x00\x00", 16)) in kinds


@pytest.mark.parametrize(
    ("lon", "lat", "form"),
    [
        (0, 0, "position-LL1"), (2047, -2048, "position-LL1"), (2048, 0, "position-LL2"), (0, -2049, "position-LL2"),
        (-8192, 8191, "position-LL2"), (32767, 1, "position-LL3"), (-131073, 0, "position-LL5"),
        (2097152, 0, "position-LL6"),
    ],
)  # fmt: skip
def test_an_offset_takes_the_shortest_form_that_holds_it(lon: int, lat: int, form: str) -> None:
    assert offset_ll(lon, lat) == (form, {"lon": lon, "lat": lat})


def test_an_offset_beyond_all_forms_is_refused() -> None:
    with pytest.raises(ValueError, match="too far"):
        offset_ll(9_000_000, 0)
