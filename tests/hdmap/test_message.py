"""MAP messages: what asn1tools reads from them is the map."""

from typing import Any

import numpy as np
import pytest

from jinyun.hdmap import Map, mapdata, mapdata_parts
from jinyun.hdmap.message import MOST_BYTES, offset_ll
from jinyun.net import csae
from tests import oracle


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


def test_lanes_lie_where_the_map_has_them_from_upstream_to_the_stop_line(precise_map: Map) -> None:
    """Every lane's points are within 0.2 m of lanes of the map, and its last is the end of a lane at the junction."""
    for junction in nodes_of(precise_map)[::3]:
        node = mapdata(precise_map, junction)["nodes"][0]
        lanes_here = [
            precise_map.lane_line(row)
            for row in np.flatnonzero(precise_map.edges["end"][precise_map.lanes["edge"]] == junction).tolist()
        ]
        for link in node["inLinks"]:
            for lane in link["lanes"]:
                line = places(precise_map, node, lane["points"])
                gaps = [float(np.linalg.norm(line[-1] - other[-1])) for other in lanes_here]
                assert min(gaps) < 0.2
                real = lanes_here[int(np.argmin(gaps))]
                late = [p for p in real if away(line, p) > 0.2]
                assert not late, (precise_map.junctions["id"][junction], lane["laneID"])


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
