"""``jinyun map``: its answers, its exit codes, and one clear line for whatever cannot be used."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jinyun import cli, hdmap
from jinyun import map as command
from jinyun.hdmap import Map, mapdata_parts
from jinyun.hdmap.check import check
from jinyun.hdmap.differences import differences
from jinyun.hdmap.picture import LANES, MARKS, PAPER, picture
from jinyun.net import csae
from tests.conftest import shared
from tests.hdmap.reference import reference
from tests.hdmap.town import changed, moved, parted, points_of, town

FABRIK = "maps/esmini_fabriksgatan_traffic_lights.xodr"


@pytest.fixture(autouse=True)
def own_cache() -> None:
    reference()


def told(capsys: pytest.CaptureFixture[str], *argv: str, code: int = 0) -> str:
    assert cli.main(["map", *argv]) == code
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert cli.main(["map", *argv]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    return err.strip()


def test_info_names_the_figures_of_a_zone(capsys: pytest.CaptureFixture[str]) -> None:
    map = reference()[1]
    found = json.loads(told(capsys, "info", "science-city", "--json"))
    assert found["lanes"] == (map.lanes["kind"] != 5).sum() and found["junctions"] == 84 and found["ends"] == 8
    assert found["connections"] == len(map.links["start"])
    assert found["lane_km"] == pytest.approx(map.lanes["length_m"][map.lanes["kind"] != 5].sum() / 1000, abs=1e-3)
    assert found["datum"] == "WGS-84" and found["ignored"] == {} and found["origin"] == [106.3, 29.6]
    text = told(capsys, "info", "science-city")
    assert "junctions      84" in text and "ignored        -" in text


def test_info_names_the_figures_of_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(told(capsys, "info", str(shared(FABRIK)), "--json"))
    assert {"lanes", "junctions", "lane_km", "connections", "datum", "ignored"} <= set(found)
    assert found["origin"] is None and found["junctions"] == 1 and found["ignored"]["userData"] == 60
    found = json.loads(told(capsys, "info", str(shared(FABRIK)), "--origin", "11.9,57.7", "--json"))
    assert found["origin"] == [11.9, 57.7]


def test_check_of_the_reference_zone_finds_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(told(capsys, "check", "science-city", "--json"))
    assert found["counts"] == {"fault": 0, "warning": 2, "info": 2}
    assert set(found["findings"][0]) >= {"rule", "element", "message", "lon", "lat"}


def test_check_of_a_file_writes_points_and_a_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    points, drawn = tmp_path / "f.geojson", tmp_path / "f.png"
    text = told(
        capsys, "check", str(shared(FABRIK)), "--origin", "11.9,57.7", "--geojson", str(points), "--png", str(drawn),
        "--lang", "zh", code=1,
    )  # fmt: skip
    assert "fault: signal.group-missing: 信号路口的每个通行方向应有信号组" in text
    assert text.splitlines()[-1] == "6 faults, 11 warnings, 0 info"
    features = json.loads(points.read_text())["features"]
    assert len(features) == 17 and features[0]["geometry"]["coordinates"] == pytest.approx([11.9, 57.7], abs=0.01)
    assert features[0]["properties"]["severity"] in ("fault", "warning")
    assert drawn.read_bytes().startswith(b"\x89PNG")


def test_mapdata_prints_what_the_map_says_in_messages(capsys: pytest.CaptureFixture[str]) -> None:
    map = reference()[1]
    row = map.junction_row("A5")
    expected = [csae.encode("mapFrame", part) for part in mapdata_parts(map, row)]
    hexes = told(capsys, "mapdata", "--junction", "A5", "--hex").split()
    assert [bytes.fromhex(text) for text in hexes] == expected
    number = str(map.junctions["node"][row])
    assert told(capsys, "mapdata", "science-city", "--junction", number, "--hex").split() == hexes
    values = [json.loads(line) for line in told(capsys, "mapdata", "--junction", "A5", "--json").splitlines()]
    assert len(values) == len(expected) and "nodes" in json.dumps(values[0])
    assert "inLinks" in told(capsys, "mapdata", "--junction", "A5", "--lang", "both")
    other = told(capsys, "mapdata", "--junction", "A5", "--hex", "--dialect", "B").split()
    assert csae.decode(bytes.fromhex(other[0]), "B")[1]["nodes"][0]["id"]["id"] == int(number)


def test_what_cannot_be_used_is_told_in_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    junk = tmp_path / "junk.xodr"
    junk.write_text("no map")
    fabrik = str(shared(FABRIK))
    assert "nowhere: is neither a map file nor a zone (there are:" in refused(capsys, "info", "nowhere")
    assert "junk.xodr" in refused(capsys, "check", str(junk))
    assert "no such junction; there are: " in refused(capsys, "mapdata", "--junction", "ZZ")
    assert "has no georeference" in refused(capsys, "mapdata", fabrik, "--junction", "4")
    assert "is not LON,LAT" in refused(capsys, "info", fabrik, "--origin", "here")
    assert "no place on Earth" in refused(capsys, "info", fabrik, "--origin", "11,95")
    assert "an origin of its own" in refused(capsys, "info", "science-city", "--origin", "11,57")
    assert "has no georeference" in refused(capsys, "check", fabrik, "--geojson", str(tmp_path / "x"))
    assert "No such file" in refused(capsys, "check", fabrik, "--png", str(tmp_path / "no" / "x.png"))


BOMB = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
LANE = (
    '<road id="1" length="{0}" junction="-1"><planView><geometry s="0" x="0" y="0" hdg="0" length="{0}"><line/></geometry>'
    '</planView><lanes><laneSection s="0"><right><lane id="-1" type="driving"><width sOffset="0" a="3" b="0" c="0" d="0"/>'
    "</lane></right></laneSection></lanes></road>"
)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("garbage.xodr", bytes(range(256)) * 20),
        ("empty.osm", b""),
        ("huge.xodr", f"<OpenDRIVE>{LANE.format('1e300')}</OpenDRIVE>".encode()),
        ("long.xodr", f"<OpenDRIVE>{LANE.format('9' * 6000)}</OpenDRIVE>".encode()),
        ("deep.xodr", b"<OpenDRIVE>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</OpenDRIVE>"),
        ("cut.net.xml", b"<net>" + b"<edge>" * 100_000),
        *((f"bomb.{root}", f"{BOMB}<{root}>&b;</{root}>".encode()) for root in ("OpenDRIVE", "osm", "net")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_hostile_files_are_refused_in_one_line(
    name: str, data: bytes, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    for argv in (["info"], ["check"], ["convert"]):
        target = [str(tmp_path / "out.geojson")] if argv == ["convert"] else ["--json"]
        line = refused(capsys, *argv, str(tmp_path / name), *target)
        assert line.startswith(f"jinyun map: {name}: ") and len(line) < 300
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_convert_writes_geojson(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "fabrik.geojson"
    told(capsys, "convert", str(shared(FABRIK)), str(out), "--origin", "11.9,57.7")
    features = json.loads(out.read_text())["features"]
    assert sum(feature["properties"]["feature"] == "lane" for feature in features) == 32


@pytest.mark.parametrize("argv", [[], ["paint"], ["check"], ["mapdata"], ["diff", "a"], ["info", "a", "--lang", "en"]])
def test_wrong_arguments_end_with_two(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["map", *argv])
    assert end.value.code == 2 and "usage: jinyun" in capsys.readouterr().err


def test_no_difference_is_exit_code_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert not any(json.loads(told(capsys, "diff", "science-city", "science-city", "--json")).values())


def test_two_files_that_differ_end_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    other = str(shared("maps/esmini_multi_intersections.xodr"))
    assert "lanes added: " in told(capsys, "diff", str(shared(FABRIK)), other, code=1)


def changes(old: Map, new: Map) -> dict[str, object]:
    return {kind: values for kind, values in differences(old, new).items() if values}


def test_a_lane_that_moved_is_named_with_metres() -> None:
    assert changes(town(), moved(town(), 3, 0.3, -0.4)) == {"lanes_moved": [{"lane": "l3", "metres": 0.5}]}


def test_limits_widths_and_numbers_that_changed_are_named() -> None:
    new = changed(changed(town(), "lanes", 2, speed_limit_mps=10.0, width_m=3.0), "junctions", 0, node=77)
    new = changed(new, "lanes", 3, speed_limit_mps=np.nan)
    assert changes(town(), new) == {
        "speed_changed": [{"lane": "l2", "old_kmh": 54.0, "new_kmh": 36.0}, {"lane": "l3", "old_kmh": 54.0, "new_kmh": None}],
        "width_changed": [{"lane": "l2", "old_m": 3.5, "new_m": 3.0}],
        "junctions_renumbered": [{"junction": "J", "old": 1, "new": 77}],
    }  # fmt: skip


def test_phases_that_are_numbered_otherwise_are_named() -> None:
    new = changed(town(), "groups", [0, 1], phase=[2, 1])
    assert changes(town(), new) == {
        "phases_renumbered": [{"junction": "J", "old": 1, "new": 2}, {"junction": "J", "old": 2, "new": 1}]
    }


def test_a_lane_under_a_new_id_in_its_old_place_is_renamed_not_new() -> None:
    new = changed(town(), "lanes", 4, id="south-in")
    assert changes(town(), new) == {"lanes_renamed": [{"old": "l4", "new": "south-in"}]}


def test_ways_on_that_came_or_went_are_named() -> None:
    new = changed(parted(town(), [(9, 5)]), "links", 2, end=2)
    assert changes(town(), new) == {"links_added": ["l1 to l2"], "links_removed": ["l1 to l5"]}


def test_maps_with_other_origins_are_compared_on_the_ground() -> None:
    old = town()
    new = replace(old, about={**old.about, "lon": old.about["lon"] + 0.001})
    (east,) = {round(move["metres"]) for move in differences(old, new)["lanes_moved"]}
    assert east == pytest.approx(97, abs=1)  # a thousandth of a degree at 29.6 degrees north
    x, y = new.project(*old.project.inverse(old.points["x_m"], old.points["y_m"]))
    assert changes(old, changed(new, "points", slice(None), x_m=x, y_m=y)) == {}


def pixels(data: bytes) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Return a PNG of our own kind as pixels, shape (rows, columns, 3): every chunk's checksum must hold."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, {}
    while at < len(data):
        (length,), name = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(name + body)
        chunks[name], at = body, at + 12 + length
    wide, high, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, colour, rest) == (8, 2, [0, 0, 0]) and list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(high, 1 + 3 * wide)
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:].reshape(high, wide, 3)


def test_the_picture_shows_lanes_where_they_lie_and_marks_where_faults_are() -> None:
    map = moved(town(), 2, 30.0, 0.0)
    drawn = pixels(picture(map, [fault for fault in check(map) if fault.rule == "lane.gap"]))
    scale = (1800 - 80) / 430  # the town is 430 m from west to east
    assert max(drawn.shape) == 1800

    def at(x: float, y: float) -> tuple[int, ...]:
        row, column = 40 + (200 - y) * scale, 40 + (x + 200) * scale
        return tuple(drawn[int(row), int(column)].tolist())

    assert at(-100, -5.25) == LANES[0] and at(1.75, 100) == LANES[0] and at(5, -5.25) == LANES[4]
    assert at(100, 100) == PAPER and at(-12, -8) == LANES[6]
    ring = drawn[:, :, 0].astype(int) - drawn[:, :, 1] > 100
    rows, columns = np.nonzero(ring)
    x, y = (columns.mean() - 40) / scale - 200, 200 - (rows.mean() - 40) / scale
    assert abs(x - 15) < 8 and abs(y + 5.25) < 4 and MARKS["fault"] == (208, 40, 40)


def test_a_map_of_nonsense_is_drawn_without_an_exception() -> None:
    map = changed(town(), "points", points_of(town(), 2), left_x_m=[np.nan, np.inf, 1e300])
    assert max(pixels(picture(map, check(map))).shape) == 1800


def test_a_zone_in_a_folder_is_a_map_too(capsys: pytest.CaptureFixture[str]) -> None:
    zone = reference()[0]
    assert (
        command.info(hdmap.open(zone))["lanes"] == json.loads(told(capsys, "info", str(zone.folder), "--json"))["lanes"]
    )
