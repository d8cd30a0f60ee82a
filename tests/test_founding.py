"""``jinyun zone new``: every map beside the checkout becomes a zone that runs; what cannot leaves nothing behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.founding import new_zone
from jinyun.hdmap import LaneKind, MapError
from jinyun.zone import ZoneError
from tests.conftest import shared
from tests.hdmap.town import town
from tests.running import jinyun

SHARED = ["esmini_fabriksgatan_traffic_lights.xodr", "esmini_multi_intersections.xodr",
          "autoware_intersection_lanelet2.osm"]  # fmt: skip
STREET = """
import json, sys
import numpy as np
from jinyun import hdmap, zone
from jinyun.world.street import Street
here = zone.load(sys.argv[1])
map = hdmap.open(here)
street = Street(here, map)
moved, speeds, away, seen, removed = {}, [], [], [], 0
for step in range(600):
    now = street.step()
    removed += street._sumo.simulation.getStartingTeleportNumber()
    cars = now.kind == 1
    for id, x, y in zip(now.number[cars].tolist(), now.x_m[cars].tolist(), now.y_m[cars].tolist()):
        moved.setdefault(id, []).append((x, y))
    if step % 10 == 0:
        speeds += now.speed_mps[cars].tolist()
        seen.append((now.vehicles, now.persons))
        _, off, _ = map.nearest_lane(now.x_m[cars], now.y_m[cars], kinds=(0, 1, 2, 4, 7))
        away += np.abs(off).tolist()
ways = [float(np.hypot(*np.diff(np.array(places), axis=0).T).sum()) for places in moved.values() if len(places) > 300]
print(json.dumps({"speeds": speeds, "away": away, "seen": seen, "removed": removed, "ways": ways}))
"""


@pytest.fixture(scope="module", params=SHARED)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """Return a map file, the zone made of it, and what the command said."""
    file = shared(f"maps/{request.param}")
    folder = tmp_path_factory.mktemp("zones") / "a-zone"
    return file, folder, new_zone(folder, file)


def test_the_zone_has_the_file_s_map_and_a_unit_off_the_road_at_every_signal(
    made: tuple[Path, Path, dict[str, Any]],
) -> None:
    file, folder, told = made
    here, read = zones.load(folder), hdmap.read(file)
    map = hdmap.open(here)
    assert {*folder.iterdir()} == {folder / "zone.toml", folder / file.name}
    assert map.lanes["id"].tolist() == read.lanes["id"].tolist()
    assert here.simulated and told["units"] == len(here.rsus) > 0
    lit = {str(id) for id, groups in zip(map.junctions["id"], map.junctions["groups"], strict=True) if groups}
    assert lit <= {rsu.junction for rsu in here.rsus}
    assert (map.junctions["steps"][map.junctions["groups"] > 0] > 0).all()
    driven = (LaneKind.CAR, LaneKind.BUS, LaneKind.INNER)
    lane, off, _ = map.nearest_lane([rsu.x_m for rsu in here.rsus], [rsu.y_m for rsu in here.rsus], kinds=driven)
    near = lane >= 0
    assert (np.abs(off[near]) > map.lanes["width_m"][lane[near]] / 2 - 0.1).all()
    for rsu in here.rsus:
        assert rsu.junction is None or rsu.node == map.junctions["node"][map.junction_row(rsu.junction)]
    assert told["placed"] == bool(np.isnan(read.about["lon"][0]))


def test_its_cars_drive_on_its_lanes_and_nobody_is_stuck(made: tuple[Path, Path, dict[str, Any]]) -> None:
    _, folder, told = made
    done = subprocess.run([sys.executable, "-c", STREET, str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    vehicles, persons = np.array(figures["seen"]).T
    assert vehicles.min() >= 0.5 * told["vehicles"] and vehicles.max() <= told["vehicles"] + told["bicycles"]
    assert persons.min() >= 0.5 * told["persons"]
    speeds, away = np.array(figures["speeds"]), np.array(figures["away"])
    assert (speeds > 0.3).mean() > 0.4 and np.median(speeds[speeds > 0.3]) > 4
    assert not np.isnan(away).any() and np.percentile(away, 99) < 1.8 and away.max() < 5
    assert np.median(figures["ways"]) > 30
    assert figures["removed"] == 0


def test_a_single_road_is_driven_from_end_to_end(tmp_path: Path) -> None:
    (tmp_path / "road.net.xml").write_text(
        WALK.replace('allow="pedestrian" speed="2"', 'disallow="pedestrian" speed="14"')
    )
    told = new_zone(tmp_path / "road", tmp_path / "road.net.xml")
    assert told["routes"]["through"] == 1 and told["units"] == 1
    done = subprocess.run([sys.executable, "-c", STREET, str(tmp_path / "road")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert len(figures["speeds"]) > 60 and np.mean(figures["speeds"]) > 5 and max(figures["away"]) < 0.5


WALK = """<net version="1.20"><location netOffset="0,0" convBoundary="0,0,9,9" origBoundary="0,0,9,9" projParameter="!"/>
<edge id="a" from="j" to="k"><lane id="a_0" index="0" allow="pedestrian" speed="2" length="100" shape="0,0 100,0"/></edge>
<junction id="j" type="dead_end" x="0" y="0" incLanes="" intLanes="" shape="0,0 0,1"/>
<junction id="k" type="dead_end" x="100" y="0" incLanes="a_0" intLanes="" shape="100,0 100,1"/></net>"""


@pytest.mark.parametrize(
    ("folder", "text", "reason"),
    [
        ("Bad_Name", None, "small letters, digits and hyphens"),
        ("ok", None, "no such file"),
        ("ok", "hello", "map.xml: -: is not well-formed XML"),
        ("ok", "<OpenDRIVE><header/></OpenDRIVE>", "has no lane that anybody travels on"),
        ("ok", WALK, "has no lanes for cars"),
        ("full", WALK, "is there already and is no empty folder"),
    ],
)
def test_what_makes_no_zone_is_told_and_leaves_nothing(
    tmp_path: Path, folder: str, text: str | None, reason: str
) -> None:
    file = tmp_path / "map.xml"
    if text is not None:
        file.write_text(text)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").touch()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises((MapError, ZoneError), match=reason):
        new_zone(tmp_path / folder, file)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_command_says_what_it_made_and_makes_it_once(tmp_path: Path) -> None:
    file, folder = tmp_path / "little town.net.xml", tmp_path / "new" / "town"
    hdmap.write(town(), file)
    first = jinyun("zone", "new", str(folder), "--map", str(file), "--name", '"镇"', "--vehicles", "3", "--json")
    told = json.loads(first.stdout)
    assert first.returncode == 0 and told["units"] == 1 and told["vehicles"] == 3 and told["signalised"] == 1
    here = zones.load(folder)
    assert here.name.zh == '"镇"' and here.traffic is not None and here.traffic.vehicles == 3
    kept = {path: path.read_bytes() for path in folder.iterdir()}
    again = jinyun("zone", "new", str(folder), "--map", str(file))
    assert again.returncode == 2 and again.stderr.strip().endswith("is a zone already")
    assert {path: path.read_bytes() for path in folder.iterdir()} == kept
    wrong = jinyun("zone", "new", str(folder))
    assert wrong.returncode == 2 and "--map" in wrong.stderr and "Traceback" not in wrong.stderr
