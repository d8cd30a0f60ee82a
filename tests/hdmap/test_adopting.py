"""A zone whose map is a file: what the zone says of stops, crossings, chargers and open roads is in its map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.founding import new_zone
from jinyun.hdmap import LaneKind, MapError
from tests.hdmap.town import town

STOP = '[[stops]]\nid = "S1"\nzh = "一"\nen = "One"\nroad = ""\nat = [-100.0, -8.0]\nlength_m = 20\n'
CROSSING = '[[crossings]]\nid = "C1"\nzh = "一"\nen = "One"\nnode = "J"\nrsu = "RSU-1"\nat = [-12.0, -3.0]\n'
CHARGER = '[[chargers]]\nid = "CH1"\nzh = "一"\nen = "One"\nat = [100.0, -20.0]\npiles = 4\npower_kw = 60\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    file = tmp_path / "town.net.xml"
    hdmap.write(town(), file)
    new_zone(tmp_path / "town", file)
    return tmp_path / "town"


def edited(folder: Path, *more: str, open: str = "") -> hdmap.Map:
    description = folder / "zone.toml"
    text = description.read_text()
    if open:
        text = text.replace("# open", f"open = [{open}]\n# open", 1)
    description.write_text("\n".join([text, *more]))
    return hdmap.open(zones.load(folder))


def test_stops_crossings_and_chargers_of_the_zone_stand_in_the_map(folder: Path) -> None:
    map = edited(folder, STOP, CROSSING, CHARGER)
    lane = int(map.stops["lane"][0])
    assert map.stops["id"].tolist() == ["S1"] and map.lanes["right"][lane] < 0  # the kerb's lane
    assert (float(map.stops["x_m"][0]), float(map.stops["y_m"][0])) == pytest.approx((-100, -5.25), abs=0.6)
    assert map.crossings["smart"].tolist() == [True]
    assert len(map.bays["id"]) == 4
    stops = (map.net_file.parent / "stops.add.xml").read_text()
    assert (
        '<busStop id="S1"' in stops and f'id="{map.edges["id"][map.lanes["edge"][lane]]}_0"' in map.net_file.read_text()
    )
    assert map.about["zone"][0] == "town"


def test_without_a_word_all_roads_are_open_and_with_one_only_those(folder: Path) -> None:
    map = edited(folder)
    outside = map.lanes["junction"] < 0
    cars = outside & (map.lanes["kind"] == LaneKind.CAR)
    assert map.lanes["open"][cars].all() and not map.lanes["open"][map.lanes["kind"] == LaneKind.CROSSING].any()
    road = str(map.edges["road"][map.lanes["edge"][int(np.flatnonzero(cars)[0])]])
    fewer = edited(folder, open=f'"{road}"')
    assert set(fewer.edges["road"][fewer.lanes["edge"][fewer.lanes["open"]]].tolist()) == {road}


@pytest.mark.parametrize(
    ("more", "open", "reason"),
    [
        (STOP.replace("-8.0", "-80.0"), "", r"stops: S1 is not within 25 m of a lane"),
        (CROSSING.replace("-3.0", "300.0"), "", r"crossings: C1 is not within 25 m of a crossing"),
        (CROSSING.replace('"J"', '"K"'), "", r"crossings: C1.node: town.net.xml has no junction 'K'"),
        ("", '"nowhere"', r"map.open: town.net.xml has no road nowhere"),
    ],
)
def test_what_the_map_has_not_is_told(folder: Path, more: str, open: str, reason: str) -> None:
    with pytest.raises(MapError, match=reason):
        edited(folder, more, open=open)


def test_walks_are_told_by_the_net_s_names(folder: Path) -> None:
    map = edited(folder)
    crossing = int(np.flatnonzero(map.lanes["kind"] == LaneKind.CROSSING)[0])
    assert f'<edge id="{map.edges["id"][map.lanes["edge"][crossing]]}" function="crossing"' in map.net_file.read_text()
