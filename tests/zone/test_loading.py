"""A zone that is right loads; every fault of a wrong one is told with file, key and reason, all at once."""

import shutil
from pathlib import Path

import pytest

from jinyun import zone
from jinyun.zone import ZoneError


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the reference zone that may be spoilt."""
    folder = tmp_path / "science-city"
    shutil.copytree(zone.find(), folder)
    return folder


def spoil(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults(folder: Path) -> list[str]:
    with pytest.raises(ZoneError) as raised:
        zone.load(folder)
    return raised.value.messages


def test_the_reference_zone_is_what_it_says() -> None:
    here = zone.load(zone.find())
    assert here.id == "science-city"
    assert here.simulated
    assert here.name.zh and here.name.en and "simulated" in here.name.en
    controls = [node.control for node in here.plan.nodes.values()]
    assert controls.count("signal") >= 24
    assert controls.count("roundabout") == 1
    assert len(here.crossings) >= 12
    assert sum(here.plan.nodes[c.node].control in ("crossing", "zebra") for c in here.crossings) >= 5
    assert len(here.stops) >= 10
    assert any(road.tunnel for road in here.plan.roads)
    assert [line.id for line in here.lines if line.kind == "shuttle"] == ["L1"]
    assert {"yungu", "ring", "xinghan", "express"} <= set(here.open_roads)


def test_every_place_is_known_in_metres_and_in_degrees() -> None:
    here = zone.load(zone.find())
    for item in (*here.rsus, *here.crossings, *here.stops, *here.chargers):
        assert item.lon is not None and item.lat is not None
        x, y = here.project(item.lon, item.lat)
        assert (float(x), float(y)) == pytest.approx((item.x_m, item.y_m), abs=1e-6)
        assert item.name.zh and item.name.en


def test_rsu_ids_fit_into_their_messages_and_units_at_junctions_know_their_node() -> None:
    here = zone.load(zone.find())
    assert all(len(rsu.id) <= 8 and rsu.id.isascii() for rsu in here.rsus)
    junction = next(rsu for rsu in here.rsus if rsu.junction == "A5")
    assert junction.node == here.plan.nodes["A5"].no
    equipped = {rsu.junction for rsu in here.rsus}
    assert {id for id, node in here.plan.nodes.items() if node.control == "signal"} <= equipped


def test_a_missing_key_is_named(copy: Path) -> None:
    spoil(copy / "zone.toml", 'version = "2026.1"\n', "")
    assert faults(copy) == ["zone.toml: version: missing"]


def test_an_unknown_key_is_refused_with_the_likely_one(copy: Path) -> None:
    spoil(copy / "zone.toml", "range_m = 120", "rang_m = 120")
    told = faults(copy)
    assert "zone.toml: sensor_types.pole.rang_m: unknown key; did you mean 'range_m'?" in told
    assert "zone.toml: sensor_types.pole.range_m: missing" in told


def test_an_unknown_key_in_a_list_is_named_by_its_place(copy: Path) -> None:
    spoil(copy / "zone.toml", 'junction = "A1",', 'junktion = "A1",')
    assert any(
        message.startswith("zone.toml: rsus[1].junktion: unknown key; did you mean 'junction'")
        for message in faults(copy)
    )


def test_a_value_of_the_wrong_kind_is_shown(copy: Path) -> None:
    spoil(copy / "zone.toml", "lat = 29.6", 'lat = "north"')
    (message,) = faults(copy)
    assert message.startswith("zone.toml: origin.lat: input should be a valid number")
    assert message.endswith("not 'north'")


def test_a_value_out_of_its_range_is_shown(copy: Path) -> None:
    spoil(copy / "zone.toml", "connected = 0.3", "connected = 1.3")
    (message,) = faults(copy)
    assert message.startswith("zone.toml: traffic.connected: input should be less than or equal to 1")


def test_broken_toml_is_told_with_its_line(copy: Path) -> None:
    spoil(copy / "zone.toml", "datum = ", "datum : ")
    (message,) = faults(copy)
    assert message.startswith("zone.toml: -: ") and "line 7" in message


def test_text_that_is_not_utf8_is_told(copy: Path) -> None:
    (copy / "roads.toml").write_bytes(b"# \xff\n")
    assert faults(copy) == ["roads.toml: -: byte 2 is not UTF-8"]


def test_a_reference_to_nothing_is_told_with_the_nearest_name(copy: Path) -> None:
    spoil(copy / "zone.toml", 'junction = "R10"', 'junction = "R13"')
    (message,) = faults(copy)
    assert message.startswith("zone.toml: rsus[15].junction: no node 'R13'; did you mean 'R")


def test_a_line_with_an_unknown_stop_and_node_is_told_twice(copy: Path) -> None:
    spoil(copy / "zone.toml", 'stops = ["S13"', 'stops = ["S33"')
    spoil(copy / "zone.toml", 'via = ["AS"', 'via = ["AX"')
    told = faults(copy)
    assert [message.split(":")[1].strip() for message in told] == ["lines[1].stops[0]", "lines[1].via[0]"]


def test_an_id_used_twice_is_told(copy: Path) -> None:
    spoil(copy / "zone.toml", 'id = "S02"', 'id = "S01"')
    assert "zone.toml: stops[1].id: 'S01' is used twice" in faults(copy)


def test_the_road_plan_is_checked_too(copy: Path) -> None:
    spoil(copy / "roads.toml", "A1 = { no = 2,", "A1 = { no = 1,")
    spoil(copy / "roads.toml", '"P13", "B1"', '"P13", "B11"')
    spoil(copy / "roads.toml", 'class = "avenue"', 'class = "avenu"')
    told = faults(copy)
    assert "roads.toml: nodes.A1.no: 1 is already the number of node A5" in told
    assert any(m.startswith("roads.toml: roads[") and "no node 'B11'; did you mean 'B1'?" in m for m in told)
    assert any(m.endswith("no class 'avenu'; did you mean 'avenue'?") for m in told)


def test_faults_of_both_files_and_the_profile_come_together(copy: Path) -> None:
    spoil(copy / "zone.toml", 'profile = "national-2020"', 'profile = "national-2021"')
    spoil(copy / "zone.toml", 'rsu = "RSU-Z1"', 'rsu = "RSU-Z0"')
    spoil(copy / "roads.toml", "lanes = 3,", "lanes = 0,")
    told = faults(copy)
    assert any(m == "zone.toml: profile: no profile 'national-2021'; did you mean 'national-2020'?" for m in told)
    assert any(m.startswith("zone.toml: crossings[0].rsu: no RSU 'RSU-Z0'") for m in told)
    assert any(
        m.startswith("roads.toml: classes.avenue.lanes: input should be greater than or equal to 1") for m in told
    )


def test_a_folder_of_another_name_is_another_zone(copy: Path) -> None:
    other = copy.rename(copy.with_name("elsewhere"))
    assert faults(other) == ["zone.toml: id: 'science-city' is not the folder's name 'elsewhere'"]


def test_a_place_is_written_one_way_only(copy: Path) -> None:
    spoil(copy / "zone.toml", 'id = "CH1",', 'id = "CH1", lon = 106.3, lat = 29.6,')
    assert faults(copy) == ["zone.toml: chargers[0]: a place is either `at` or `lon` and `lat`"]


def test_a_simulated_zone_without_traffic_is_told(copy: Path) -> None:
    text = (copy / "zone.toml").read_text(encoding="utf-8")
    (copy / "zone.toml").write_text(text[: text.index("# Who is on the street")], encoding="utf-8")
    assert faults(copy) == ["zone.toml: traffic: a simulated zone says who is on its street"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert faults(tmp_path / "nowhere") == [f"{tmp_path / 'nowhere'}: -: no such folder"]


def test_a_folder_without_zone_toml_is_told(tmp_path: Path) -> None:
    assert faults(tmp_path) == [f"zone.toml: -: no such file in {tmp_path}"]
