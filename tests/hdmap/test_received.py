"""A MAP laid over the map: our own is silent at every junction, and each planted fault is named, and nothing else."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from jinyun.hdmap import Map, MapError, mapdata, mapdata_parts
from jinyun.hdmap.message import offset_ll
from jinyun.hdmap.received import compare
from jinyun.net import csae
from jinyun.shapes import Finding
from tests.hdmap.drawn import lanes_of

Value = dict[str, Any]


def every(map: Map) -> Iterator[tuple[int, Value, np.random.Generator]]:
    """Yield each junction that has links, its MapData, and dice of its own."""
    for junction in range(len(map.junctions["id"])):
        value = mapdata(map, junction)
        if value["nodes"][0].get("inLinks"):
            yield junction, value, np.random.default_rng(junction)


def moved(map: Map, value: Value, move: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]) -> Value:
    """Return the message with every point moved; ``move`` takes metres from the node, shape (n, 2)."""
    value = copy.deepcopy(value)
    (node,) = value["nodes"]
    reference = node["refPos"]
    here = np.column_stack(map.project(reference["long"] / 1e7, reference["lat"] / 1e7))
    for link in node["inLinks"]:
        for owner in (link, *link["lanes"]):
            lon, lat = (
                np.array([p["posOffset"]["offsetLL"][1][key] for p in owner["points"]]) + reference[of]
                for key, of in (("lon", "long"), ("lat", "lat"))
            )
            places = move(np.column_stack(map.project(lon / 1e7, lat / 1e7)) - here) + here
            lon, lat = map.project.inverse(places[:, 0], places[:, 1])
            east, north = (
                np.rint(lon * 1e7).astype(int) - reference["long"],
                np.rint(lat * 1e7).astype(int) - reference["lat"],
            )
            owner["points"] = [
                {"posOffset": {"offsetLL": offset_ll(int(a), int(b))}} for a, b in zip(east, north, strict=True)
            ]
    return value


def rules(findings: list[Finding]) -> list[str]:
    return sorted(finding.rule for finding in findings)


def test_our_own_message_is_silent_at_every_junction_after_the_wire_too(precise_map: Map) -> None:
    seen = 0
    for junction in range(len(precise_map.junctions["id"])):
        parts = [csae.decode(csae.encode("mapFrame", part))[1] for part in mapdata_parts(precise_map, junction)]
        assert compare(precise_map, parts) == []
        seen += 1
    assert seen == 92


def test_a_message_shifted_by_one_and_a_half_metres_is_named_with_metres_and_direction(precise_map: Map) -> None:
    for junction, value, dice in every(precise_map):
        bearing = dice.uniform(0, 2 * np.pi)
        by = 1.5 * np.array([np.sin(bearing), np.cos(bearing)])
        findings = compare(precise_map, moved(precise_map, value, lambda places, by=by: places + by))
        assert rules(findings) == ["map.shifted"], (precise_map.junctions["id"][junction], findings)
        found = re.fullmatch(
            r"lies ([\d.]+) m off toward (\d+) degrees \((.+) m east, (.+) m north\)", findings[0].reason
        )
        assert found is not None
        assert float(found[1]) == pytest.approx(1.5, abs=0.15)
        assert abs((float(found[2]) - np.degrees(bearing) + 180) % 360 - 180) < 8
        assert [float(found[3]), float(found[4])] == pytest.approx(by, abs=0.2)
        assert findings[0].severity == "fault" and findings[0].field == f"node {value['nodes'][0]['id']['id']}"


def test_a_shifted_reference_shifts_the_message(precise_map: Map) -> None:
    value = mapdata(precise_map, precise_map.junction_row("A5"))
    value["nodes"][0]["refPos"]["lat"] += 135  # 1.5 m
    (finding,) = compare(precise_map, value)
    assert finding.rule == "map.shifted"
    assert re.match(r"lies 1\.(49|50|51) m off toward (0|1|359|360) degrees", finding.reason)


def test_a_message_turned_by_two_degrees_is_named_with_degrees(precise_map: Map) -> None:
    for junction, value, dice in every(precise_map):
        turn = np.radians(2.0) * dice.choice([-1, 1])
        sine, cosine = np.sin(turn), np.cos(turn)
        matrix = np.array([[cosine, -sine], [sine, cosine]])  # places @ matrix turns clockwise
        findings = compare(precise_map, moved(precise_map, value, lambda places, matrix=matrix: places @ matrix))
        assert rules(findings) == ["map.turned"], (precise_map.junctions["id"][junction], findings)
        found = re.fullmatch(r"is turned by ([\d.]+) degrees (anti)?clockwise", findings[0].reason)
        assert found is not None and float(found[1]) == pytest.approx(2.0, abs=0.1)
        assert bool(found[2]) == (turn < 0)


def test_two_phases_that_are_exchanged_are_both_named(precise_map: Map) -> None:
    seen = 0
    for junction, value, dice in every(precise_map):
        said = {
            connection["phaseId"]
            for link in value["nodes"][0]["inLinks"] for lane in link["lanes"]
            for connection in lane.get("connectsTo", ()) if "phaseId" in connection
        }  # fmt: skip
        if len(said) < 2:
            continue
        one, other = dice.choice(sorted(said), 2, replace=False).tolist()
        exchanged = {one: other, other: one}
        for link in value["nodes"][0]["inLinks"]:
            for entry in (
                *link.get("movements", ()),
                *(c for lane in link["lanes"] for c in lane.get("connectsTo", ())),
            ):
                if "phaseId" in entry:
                    entry["phaseId"] = exchanged.get(entry["phaseId"], entry["phaseId"])
        findings = compare(precise_map, value)
        assert rules(findings) == ["map.phase.number"] * 2, (precise_map.junctions["id"][junction], findings)
        told = sorted(finding.reason.split(" here")[0] for finding in findings)
        assert told == sorted(f"phase {a} of the map is phase {b}" for a, b in exchanged.items())
        seen += 1
    assert seen > 40


def test_two_lanes_that_are_exchanged_are_both_named(precise_map: Map) -> None:
    for junction, value, dice in every(precise_map):
        links = [link for link in value["nodes"][0]["inLinks"] if len(link["lanes"]) > 1]
        link = links[dice.integers(len(links))]
        k = int(dice.integers(len(link["lanes"]) - 1))
        one, other = link["lanes"][k], link["lanes"][k + 1]
        one["laneID"], other["laneID"] = other["laneID"], one["laneID"]
        findings = compare(precise_map, value)
        assert rules(findings) == ["map.lane.number"] * 2, (precise_map.junctions["id"][junction], findings)
        where = f"node {value['nodes'][0]['id']['id']}, link from {link['upstreamNodeId']['id']}, lane "
        assert {finding.field: finding.reason for finding in findings} == {
            f"{where}{k + 1}": f"lies where the map has lane {k + 2}",
            f"{where}{k + 2}": f"lies where the map has lane {k + 1}",
        }


def test_lanes_counted_from_the_right_are_named(precise_map: Map) -> None:
    value = mapdata(precise_map, precise_map.junction_row("A5"))
    link = max(value["nodes"][0]["inLinks"], key=lambda link: len(link["lanes"]))
    many = len(link["lanes"])
    for lane in link["lanes"]:
        lane["laneID"] = many + 1 - lane["laneID"]
    assert many > 4 and rules(compare(precise_map, value)) == ["map.lane.number"] * (many - many % 2)


def test_a_missing_connection_is_named_with_lane_and_node(precise_map: Map) -> None:
    seen = 0
    for junction, value, dice in every(precise_map):
        lanes = [
            (link, lane) for link in value["nodes"][0]["inLinks"] for lane in link["lanes"] if lane.get("connectsTo")
        ]
        if not lanes:
            continue
        link, lane = lanes[dice.integers(len(lanes))]
        gone = lane["connectsTo"][dice.integers(len(lane["connectsTo"]))]["remoteIntersection"]["id"]
        lane["connectsTo"] = [c for c in lane["connectsTo"] if c["remoteIntersection"]["id"] != gone]
        findings = compare(precise_map, value)
        assert rules(findings) == ["map.connection.missing"], (precise_map.junctions["id"][junction], findings)
        assert f"node {gone}," in findings[0].reason
        assert findings[0].field.endswith(f"link from {link['upstreamNodeId']['id']}, lane {lane['laneID']}")
        seen += 1
    assert seen > 60


@pytest.mark.parametrize("numbered_anew", [True, False])
def test_a_lane_left_out_is_named_by_its_number(precise_map: Map, numbered_anew: bool) -> None:
    for junction, value, dice in every(precise_map):
        links = [link for link in value["nodes"][0]["inLinks"] if len(link["lanes"]) > 1]
        link = links[dice.integers(len(links))]
        gone = int(dice.integers(len(link["lanes"])))
        bicycle = link["lanes"][gone]["laneAttributes"]["laneType"][0] == "bikeLane"
        link["lanes"].pop(gone)
        if numbered_anew:
            for number, lane in enumerate(link["lanes"], start=1):
                lane["laneID"] = number
        findings = compare(precise_map, value)
        assert rules(findings) == ["map.lane.count"], (precise_map.junctions["id"][junction], gone, findings)
        n = len(link["lanes"])
        assert findings[0].reason == f"has {n} lanes, the map {n + 1}: lane {gone + 1} of the map is not among them"
        assert findings[0].severity == ("info" if bicycle else "fault")


def test_one_lane_that_is_misplaced_is_named_alone(precise_map: Map) -> None:
    junction = precise_map.junction_row("A5")
    good = mapdata(precise_map, junction)
    way = np.diff(precise_map.lane_line(precise_map.approaches.of(junction)[0].lanes[1])[-2:], axis=0)[0]
    right = 1.2 * np.array([way[1], -way[0]]) / np.hypot(*way)
    bad = moved(precise_map, good, lambda places: places + right)
    good["nodes"][0]["inLinks"][0]["lanes"][1] = bad["nodes"][0]["inLinks"][0]["lanes"][1]
    (finding,) = compare(precise_map, good)
    assert finding.rule == "map.lane.place" and finding.field.endswith("lane 2")
    assert re.fullmatch(r"lies 1\.[12]\d m to the right of the map's lane 2", finding.reason)


def planted(precise_map: Map, change: Callable[[Value], None]) -> list[Finding]:
    value = mapdata(precise_map, precise_map.junction_row("A5"))
    change(value["nodes"][0])
    return compare(precise_map, value, source="rsu/R1", t_us=7)


def test_a_link_left_out_or_from_nowhere_is_named(precise_map: Map) -> None:
    def without(node: Value) -> None:
        node["inLinks"].pop()

    (finding,) = planted(precise_map, without)
    assert finding.rule == "map.link.missing" and (finding.source, finding.t_us) == ("rsu/R1", 7)

    def twice(node: Value) -> None:
        node["inLinks"].append({**copy.deepcopy(node["inLinks"][0]), "upstreamNodeId": {"region": 1, "id": 999}})

    assert rules(planted(precise_map, twice)) == ["map.link.unknown"]


def test_a_link_under_another_nodes_number_is_named(precise_map: Map) -> None:
    def otherwise(node: Value) -> None:
        node["inLinks"][1]["upstreamNodeId"]["id"] = 4711

    (finding,) = planted(precise_map, otherwise)
    assert finding.rule == "map.link.upstream" and "not from 4711" in finding.reason

    def exchanged(node: Value) -> None:
        one, other = (link["upstreamNodeId"] for link in node["inLinks"][:2])
        one["id"], other["id"] = other["id"], one["id"]

    assert rules(planted(precise_map, exchanged)) == ["map.link.upstream"] * 2


def test_a_node_under_another_number_is_named_and_still_compared(precise_map: Map) -> None:
    def otherwise(node: Value) -> None:
        node["id"]["id"] = 4711
        node["inLinks"][0]["lanes"][0]["laneWidth"] += 100

    assert rules(planted(precise_map, otherwise)) == ["map.lane.width", "map.node.number"]


def test_a_node_elsewhere_is_no_junction(precise_map: Map) -> None:
    def away(node: Value) -> None:
        node["id"]["id"] = 4711
        node["refPos"]["lat"] += 10_000_000

    assert rules(planted(precise_map, away)) == ["map.node.number"]


def test_kind_speed_and_connections_that_differ_are_named(precise_map: Map) -> None:
    def otherwise(node: Value) -> None:
        link = node["inLinks"][0]
        link["lanes"][0]["laneAttributes"] = {"laneType": ("bikeLane", (b"\x00\x00", 16))}
        link["speedLimits"][0]["speed"] += 278
        link["lanes"][1]["connectsTo"][0]["connectingLane"]["lane"] = 17
        link["lanes"][1]["connectsTo"].append({"remoteIntersection": {"region": 1, "id": 999}})

    assert rules(planted(precise_map, otherwise)) == [
        "map.connection.lane", "map.connection.unknown", "map.lane.kind", "map.speed",
    ]  # fmt: skip


def test_a_message_without_points_is_compared_by_its_numbers(precise_map: Map) -> None:
    def without(node: Value) -> None:
        for link in node["inLinks"]:
            for lane in link["lanes"]:
                del lane["points"]

    assert planted(precise_map, without) == []

    def leading_nowhere(node: Value) -> None:
        without(node)
        node["inLinks"][0]["lanes"][1]["connectsTo"].pop()

    assert rules(planted(precise_map, leading_nowhere)) == ["map.connection.missing"]


def test_a_map_without_a_place_on_earth_cannot_be_compared(precise_map: Map) -> None:
    map = lanes_of([[(0, 0), (10, 0)]], edge=[0], tables={"about": {"lon": [np.nan], "lat": [np.nan]}})
    with pytest.raises(MapError, match="no georeference"):
        compare(map, mapdata(precise_map, 0))
