"""SUMO nets and OSM streets: as sumolib reads them, and as the zone's own compiler does."""

import gzip
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sumo
import sumolib

from jinyun import hdmap
from jinyun.hdmap import LaneKind, Map, MapError
from tests.hdmap.reference import reference

DRIVEN = (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE)


def ways(map: Map) -> set[tuple[Any, ...]]:
    """Return every way on by ids: lanes, turn, and junction and phase of its light."""
    ids, nodes = [*map.lanes["id"].tolist(), ""], map.junctions["id"].tolist()
    lights = [*((nodes[j], p) for j, p in zip(map.groups["junction"], map.groups["phase"], strict=True)), None]
    columns = (map.links[key].tolist() for key in ("start", "end", "via", "turn", "group"))
    return {(ids[a], ids[b], ids[via], turn, lights[group]) for a, b, via, turn, group in zip(*columns, strict=True)}


@pytest.fixture(scope="module")
def both() -> tuple[Map, Map]:
    """Return the reference zone's map as compiled and as read from its net."""
    compiled = reference()[1]
    return compiled, hdmap.read(compiled.net_file)


def test_the_zone_s_own_net_is_read_as_it_was_compiled(both: tuple[Map, Map]) -> None:
    compiled, read = both
    assert read.lanes["id"].tolist() == compiled.lanes["id"].tolist()
    paved = read.lanes["kind"] != LaneKind.AREA
    for row in np.flatnonzero(paved).tolist():
        ours, theirs = ([map.lane_line(row), *map.borders(row)] for map in (read, compiled))
        assert all(np.allclose(a, b, atol=2e-3) for a, b in zip(ours, theirs, strict=True)), read.lanes["id"][row]
    assert np.allclose(read.lanes["width_m"][paved], compiled.lanes["width_m"][paved], rtol=0.02)
    assert np.allclose(read.lanes["length_m"], compiled.lanes["length_m"], atol=2e-3)
    driven = np.isin(compiled.lanes["kind"], (*DRIVEN, LaneKind.INNER))
    assert np.allclose(read.lanes["speed_limit_mps"][driven], compiled.lanes["speed_limit_mps"][driven], atol=1e-3)
    assert (read.lanes["left"][driven] == compiled.lanes["left"][driven]).all()


def test_its_ways_turns_lights_and_programs_are_the_compiler_s(both: tuple[Map, Map]) -> None:
    compiled, read = both
    walked = (LaneKind.AREA, LaneKind.CROSSING, LaneKind.SIDEWALK)
    on_foot = {str(id) for id in compiled.lanes["id"][np.isin(compiled.lanes["kind"], walked)]}
    assert {way for way in ways(read) if way[0] not in on_foot} == {
        way for way in ways(compiled) if way[0] not in on_foot
    }
    signalled = read.junctions["id"][read.junctions["signalised"]].tolist()
    assert sorted(signalled) == sorted(compiled.junctions["id"][compiled.junctions["cycle_s"] > 0].tolist())
    for id in signalled:
        shown = []
        for map in both:
            row = map.junction_row(id)
            groups, steps = int(map.junctions["groups"][row]), int(map.junctions["steps"][row])
            first = int(map.junctions["first_step"][row])
            light = map.lights["light"]
            at = [int(map.steps["first_light"][first + k]) for k in range(steps)]
            program = [light[k : k + groups].tolist() for k in at]
            shown.append(
                (map.steps["duration_s"][first : first + steps].tolist(), program, map.junctions["offset_s"][row])
            )
        assert shown[0] == shown[1], id


def test_only_nodes_where_roads_meet_are_junctions(both: tuple[Map, Map]) -> None:
    compiled, read = both
    ours = set(read.junctions["id"].tolist())
    for row, id in enumerate(compiled.junctions["id"].tolist()):
        many = int((compiled.edges["start"] == row).sum() + (compiled.edges["end"] == row).sum()) > 4
        if compiled.junctions["control"][row] not in ("roundabout",) and many:
            assert id in ours, id
    control = dict(zip(read.junctions["id"].tolist(), read.junctions["control"].tolist(), strict=True))
    zebras = compiled.junctions["id"][compiled.junctions["control"] == "zebra"].tolist()
    assert {control[id] for id in zebras} == {"zebra"}


def generated(folder: Path, *how: str) -> Path:
    out = folder / "made.net.xml"
    command = [str(Path(sumo.SUMO_HOME) / "bin" / "netgenerate"), "-o", str(out), "--seed", "7", *how]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "SUMO_HOME": sumo.SUMO_HOME})
    return out


@pytest.mark.parametrize(
    "how",
    [
        ("--rand", "--rand.iterations", "60", "--tls.guess", "--sidewalks.guess", "--crossings.guess"),
        ("--spider", "--spider.arm-number", "5", "--spider.circle-number", "3", "-L", "2"),
        ("--grid", "--grid.number", "3", "-L", "2", "--tls.guess", "--no-internal-links"),
    ],
)
def test_generated_nets_are_read_as_sumolib_reads_them(how: tuple[str, ...], tmp_path: Path) -> None:
    path = generated(tmp_path, *how)
    map = hdmap.read(path)
    net = sumolib.net.readNet(str(path), withInternal=True)
    lanes = {
        lane.getID(): lane
        for edge in net.getEdges(withInternal=True)
        for lane in edge.getLanes()
        if edge.getFunction() not in ("walkingarea", "crossing")
    }
    paved = ~np.isin(map.lanes["kind"], (LaneKind.AREA, LaneKind.CROSSING))
    assert set(map.lanes["id"][paved].tolist()) == set(lanes)
    for row in np.flatnonzero(paved).tolist():
        lane = lanes[str(map.lanes["id"][row])]
        assert map.lanes["length_m"][row] == pytest.approx(
            lane.getLength(), abs=0.7 if map.lanes["junction"][row] >= 0 else 1e-3
        )
        walked = lane.allows("pedestrian") and not lane.allows("passenger")
        assert (map.lanes["kind"][row] == LaneKind.SIDEWALK) == walked
    theirs = {
        (one.getFromLane().getID(), one.getToLane().getID(), one.getDirection().lower())
        for edge in net.getEdges(withInternal=False)
        for others in edge.getOutgoing().values()
        for one in others
        if one.getFromLane().allows("passenger") and one.getToLane().allows("passenger")
    }
    letters = {1: "s", 2: "l", 4: "r", 8: "t"}
    driven = {str(id) for id in map.lanes["id"][np.isin(map.lanes["kind"], DRIVEN)]}
    ours = {(a, b, letters[turn]) for a, b, _, turn, _ in ways(map) if a in driven and b in driven}
    if "--no-internal-links" in how:  # at a mere bend of a road nobody turns
        bends = {(a, b) for a, b, turn in ours ^ theirs if turn != "s"}
        assert all((a, b, "s") in ours for a, b in bends) and len(bends) == 16
        ours, theirs = ({(a, b) for a, b, _ in these} for these in (ours, theirs))  # type: ignore[misc]
    assert ours == theirs
    lights = {node.getID() for node in net.getNodes() if node.getType() == "traffic_light"}
    assert set(map.junctions["id"][map.junctions["signalised"]].tolist()) == lights
    crossings = [edge.getID() for edge in net.getEdges(withInternal=True) if edge.getFunction() == "crossing"]
    assert map.crossings["id"].tolist() == crossings


def test_a_packed_net_is_read_like_the_plain_one(tmp_path: Path) -> None:
    path = generated(tmp_path, "--grid", "--grid.number", "2")
    packed = tmp_path / "packed.net.xml.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert hdmap.read(packed).about["revision"] == hdmap.read(path).about["revision"]
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(MapError, match=r"packed.net.xml.gz: -: is not a whole gzip file"):
        hdmap.read(packed)


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('from="A0"', 'from="Z0"', "edge A0A1: names junction 'Z0', which is not there"),
        ('linkIndex="0"', 'linkIndex="99"', "linkIndex 99 is beyond the states of tlLogic"),
        ('id="A0A1_0"', 'id="A0A1_9"', "edge A0A1: lane 0 is called 'A0A1_9'"),
        ('shape="', 'shape="1,2,3,4 ', "is not a line of places"),
        ('index="0"', 'index="zero"', "index of lane is 'zero', not a whole number"),
        ('netOffset="0.00,0.00"', 'netOffset="0"', "location: netOffset is '0'"),
    ],
)
def test_a_broken_net_is_told_by_file_element_and_reason(was: str, becomes: str, told: str, tmp_path: Path) -> None:
    text = generated(tmp_path, "--grid", "--grid.number", "3", "--default-junction-type", "traffic_light").read_text()
    assert was in text
    (tmp_path / "broken.net.xml").write_text(text.replace(was, becomes, 1))
    with pytest.raises(MapError) as error:
        hdmap.read(tmp_path / "broken.net.xml")
    assert str(error.value).startswith("broken.net.xml: ")
    assert told in str(error.value)


def streets() -> str:
    """Return a small OSM file: two streets that cross at a signal with a crosswalk, a one-way street, a building."""
    places = {1: (0, -200), 2: (0, 0), 3: (0, 200), 4: (-200, 0), 5: (200, 0), 6: (120, 0), 7: (120, 150), 8: (30, 30),
              9: (50, 30), 10: (50, 50), 11: (-40, 0)}  # fmt: skip
    nodes = "".join(
        f'<node id="{id}" lat="{29.6 + y / 110_800:.8f}" lon="{106.3 + x / 96_800:.8f}" version="1">'
        + ('<tag k="highway" v="traffic_signals"/>' if id == 2 else "")
        + ('<tag k="highway" v="crossing"/>' if id == 11 else "")
        + "</node>"
        for id, (x, y) in places.items()
    )

    def way(id: int, refs: list[int], **tags: str) -> str:
        named = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
        members = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        return f'<way id="{id}" version="1">{members}{named}</way>'

    return (
        f'<?xml version="1.0"?><osm version="0.6">{nodes}'
        + way(100, [1, 2, 3], highway="secondary", lanes="4", maxspeed="50", name="学府路", sidewalk="both")
        + way(101, [4, 11, 2, 6, 5], highway="secondary", lanes="2", maxspeed="40")
        + way(102, [6, 7], highway="residential", oneway="yes")
        + way(103, [8, 9, 10, 8], building="yes")
        + "</osm>"
    )


def test_streets_of_openstreetmap_become_lanes(tmp_path: Path) -> None:
    path = tmp_path / "streets.osm"
    path.write_text(streets())
    map = hdmap.read(path)
    about = {key: str(values[0]) for key, values in map.about.items()}
    assert about["format"] == "osm" and about["source"] == "streets.osm" and about["datum"] == "WGS-84"
    assert map.ignored["way building"] == 1
    cars = map.lanes["kind"] == LaneKind.CAR
    limits = set(np.round(map.lanes["speed_limit_mps"][cars] * 3.6).tolist())
    assert {50.0, 40.0} <= limits
    assert map.junctions["signalised"].sum() == 1
    at = int(np.flatnonzero(map.junctions["signalised"])[0])
    lon, lat = map.project.inverse(map.junctions["x_m"][at], map.junctions["y_m"][at])
    assert (float(lon), float(lat)) == pytest.approx((106.3, 29.6), abs=2e-5)
    road = map.edges["road"][map.lanes["edge"]]
    assert ((road == "100") & cars).sum() == 8  # two lanes each way on both sides of the junction
    assert (map.lanes["kind"] == LaneKind.SIDEWALK).sum() > 0 and len(map.crossings["id"]) > 0
    assert len(map.heads["phase"]) > 0 and len(map.steps["duration_s"]) > 0
    assert (map.junctions["control"] == "fringe").sum() == 5


def test_an_osm_file_that_makes_no_streets_is_told(tmp_path: Path) -> None:
    path = tmp_path / "streets.osm"
    path.write_text(streets().replace('ref="1"', 'ref="77"'))
    assert hdmap.read(path).ignored["nd of a node that is not there"] == 1  # an extract's edge
    for kind in ("secondary", "residential"):
        path.write_text(path.read_text().replace(f'v="{kind}"', 'v="proposed"'))
    with pytest.raises(MapError, match=r"^streets.osm: -: "):
        hdmap.read(path)
