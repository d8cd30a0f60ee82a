"""Signal groups and junctions keep their numbers when the map is made anew and changed."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jinyun import hdmap
from jinyun.hdmap import Map, MapError, compiling, numbering
from jinyun.zone import Zone
from tests.hdmap import xodr


def read(text: str, folder: Path) -> Map:
    (folder / "map.xodr").write_text(text)
    return hdmap.read(folder / "map.xodr")


def phase_of(map: Map) -> dict[tuple[str, str], int]:
    """Return the phase of each way through a junction with a signal."""
    ids, phase = map.lanes["id"].tolist(), map.groups["phase"].tolist()
    ways = zip(*(map.links[key].tolist() for key in ("start", "end", "group")), strict=True)
    return {(ids[a], ids[b]): phase[group] for a, b, group in ways if group >= 0}


def test_a_new_arm_takes_a_new_number_and_leaves_the_others_theirs(tmp_path: Path) -> None:
    text = xodr.crossroads()
    without = text.replace('<signal id="s3"', '<signal id="s3" was=""').replace(
        'dynamic="yes" orientation="-" type="1000001"', 'dynamic="no" orientation="-" type="1"'
    )
    before, after = read(without, tmp_path), read(text, tmp_path)
    alone = phase_of(before)
    assert set(alone.values()) == {1, 2}
    assert phase_of(after)["1.0.-1", "2.0.-1"] == 3  # by place alone the new signals come first
    kept = hdmap.numbering.renumbered(after, numbering.kept(before))
    now = phase_of(kept)
    assert {way: now[way] for way in alone} == alone
    assert sorted(kept.groups["phase"].tolist()) == [1, 2, 3, 4, 5]
    assert kept.about["revision"] != after.about["revision"]
    for table in (kept.stop_lines, kept.heads):
        assert set(table["phase"].tolist()) <= set(kept.groups["phase"].tolist())
    lane = {
        str(kept.lanes["id"][row]): int(p)
        for row, p in zip(kept.stop_lines["lane"], kept.stop_lines["phase"], strict=True)
    }
    assert lane["1.0.-1"] == now["1.0.-1", "2.0.-1"]


def test_numbers_survive_a_map_that_is_the_same(precise_map: Map, tmp_path: Path) -> None:
    numbering.keep(precise_map, tmp_path / numbering.FILE)
    again = numbering.from_file(precise_map, tmp_path / numbering.FILE)
    assert again.about["revision"] == precise_map.about["revision"]


def test_a_shuffled_numbering_is_kept_whole(precise_map: Map) -> None:
    told = json.loads(numbering.kept(precise_map))
    for one in told["junctions"].values():
        numbers = [group["phase"] for group in one["groups"]]
        for group, number in zip(one["groups"], numbers[::-1], strict=True):
            group["phase"] = number
        one["node"] = 65_535 - one["node"]
    kept = numbering.renumbered(precise_map, json.dumps(told))
    of = precise_map.groups["junction"]
    most = np.array([precise_map.groups["phase"][of == j].max() for j in of])
    assert (kept.groups["phase"] == most + 1 - precise_map.groups["phase"]).all()
    assert (kept.junctions["node"] == 65_535 - precise_map.junctions["node"]).all()
    assert numbering.kept(kept) == numbering.kept(numbering.renumbered(precise_map, numbering.kept(kept)))


def test_a_zone_with_kept_numbers_is_compiled_with_them(here: Zone, precise_map: Map, tmp_path: Path) -> None:
    folder = tmp_path / here.id
    shutil.copytree(here.folder, folder)
    zone = replace(here, folder=folder)
    plain = compiling.key_of(zone)
    told = json.loads(numbering.kept(precise_map))
    groups = told["junctions"]["A5"]["groups"]
    groups[0]["phase"], groups[1]["phase"] = groups[1]["phase"], groups[0]["phase"]
    (folder / numbering.FILE).write_text(json.dumps(told))
    assert compiling.key_of(zone) != plain
    compiling.compile_into(zone, tmp_path / "made")
    made = hdmap.precise.restore(tmp_path / "made" / "map.npz")
    rows = np.flatnonzero(made.groups["junction"] == made.junction_row("A5"))
    assert made.groups["phase"][rows[:2]].tolist() == [2, 1]
    rest = made.groups["junction"] != made.junction_row("A5")
    assert (made.groups["phase"] == precise_map.groups["phase"])[rest].all()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"junctions": {"A": {}}}', '{"junctions": {"A": {"node": -1, "groups": []}}}',
     '{"junctions": {"A": {"node": 1, "groups": [{"phase": 300}]}}}', "[" * 100_000],
)  # fmt: skip
def test_a_file_that_keeps_no_numbers_is_told(text: str, precise_map: Map, tmp_path: Path) -> None:
    (tmp_path / numbering.FILE).write_text(text)
    with pytest.raises(MapError, match=r"^phases.json: junctions: is not a file of kept numbers"):
        numbering.from_file(precise_map, tmp_path / numbering.FILE)
    with pytest.raises(MapError, match=r"^none.json: -: cannot be read"):
        numbering.from_file(precise_map, tmp_path / "none.json")
