"""Compiling: the same plan gives the same map, two at once do no harm, and a cached map opens quickly."""

import subprocess
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from jinyun import hdmap
from jinyun.hdmap import Map, MapError, compiling, precise
from jinyun.zone import Zone


def test_a_cached_map_opens_in_less_than_a_second(here: Zone, precise_map: Map) -> None:
    begin = time.process_time()
    hdmap.open(here)
    assert time.process_time() - begin < 1.0


@pytest.mark.long
def test_two_processes_may_compile_at_once_and_make_the_same_map(here: Zone, precise_map: Map, tmp_path: Path) -> None:
    program = "from jinyun import hdmap, zone; print(round(hdmap.open(zone.load(zone.find())).open_road_km, 3))"
    environment = {"JINYUN_CACHE": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    both = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=80)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert told[0] == told[1] != ""
    (folder,) = (tmp_path / "maps").iterdir()
    assert folder.name == hdmap.folder_of(here).name
    again = precise.restore(folder / "map.npz")
    for field in fields(Map):
        for column, values in getattr(precise_map, field.name).items():
            if (field.name, column) != ("about", "net"):
                assert np.array_equal(values, getattr(again, field.name)[column]), (field.name, column)
    programs = again.net_file.read_text().split("<tlLogic", 1)[1]
    assert programs == precise_map.net_file.read_text().split("<tlLogic", 1)[1]


def test_another_plan_has_another_place_in_the_cache(here: Zone) -> None:
    nodes = {**here.plan.nodes, "A5": here.plan.nodes["A5"].model_copy(update={"at": [1.0, 0.0]})}
    other = replace(here, plan=here.plan.model_copy(update={"nodes": nodes}))
    assert compiling.key_of(other) != compiling.key_of(here)


def test_a_stop_away_from_its_road_is_told(here: Zone, tmp_path: Path) -> None:
    lost = here.stops[0].model_copy(update={"at": (700.0, 900.0)})
    with pytest.raises(MapError, match=r"zone.toml: stops: S01 is not within 25 m of road yungu"):
        compiling.compile_into(replace(here, stops=(lost, *here.stops[1:])), tmp_path / "never")
    assert not (tmp_path / "never").exists()
    assert list(tmp_path.iterdir()) == []
