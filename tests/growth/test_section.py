"""The life of a section: what may follow what, who must agree, and that the trail shows whatever was changed in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.growth import section
from jinyun.growth.description import read
from jinyun.growth.drawing import draw
from jinyun.growth.section import SectionError, approve, sections, step
from jinyun.hdmap import fence, opening
from jinyun.supervision.sections import Sections
from jinyun.zone import load_profile, profiles_dir

ZONE = zones.load(zones.find("science-city"))
NETWORK = draw(ZONE, read(ZONE.folder))
PROFILE = load_profile(profiles_dir() / "national-2020.toml")


def until_verified(folder: Path, id: str = "yuntai.0") -> None:
    for state, evidence in (("proposed", {}), ("surveyed", {}), ("equipped", {}), ("verified", {"scorecard_days": 7})):
        step(folder, id, state, "Li", "as planned", PROFILE, evidence=evidence)


def test_a_section_opens_after_both_approvals_and_not_before(tmp_path: Path) -> None:
    until_verified(tmp_path)
    with pytest.raises(SectionError, match="operator and regulator"):
        step(tmp_path, "yuntai.0", "opened", "Li", "now", PROFILE)
    approve(tmp_path, "yuntai.0", "operator", "Li", "devices stand")
    with pytest.raises(SectionError, match="regulator"):
        step(tmp_path, "yuntai.0", "opened", "Li", "now", PROFILE)
    approve(tmp_path, "yuntai.0", "regulator", "Wang", "inspected")
    assert step(tmp_path, "yuntai.0", "opened", "Li", "now", PROFILE).state == "opened"


def test_one_person_cannot_give_both_approvals(tmp_path: Path) -> None:
    until_verified(tmp_path)
    for role in ("operator", "regulator"):
        approve(tmp_path, "yuntai.0", role, "Li", "yes")
    with pytest.raises(SectionError, match="both approvals are of Li"):
        step(tmp_path, "yuntai.0", "opened", "Li", "now", PROFILE)


@pytest.mark.parametrize("days", [None, 6, True, "7"])
def test_a_section_is_not_verified_by_a_scorecard_that_did_not_pass_long_enough(tmp_path: Path, days: object) -> None:
    for state in ("proposed", "surveyed", "equipped"):
        step(tmp_path, "a.0", state, "Li", "as planned", PROFILE)
    with pytest.raises(SectionError, match="scorecard"):
        step(tmp_path, "a.0", "verified", "Li", "done", PROFILE, evidence={"scorecard_days": days})
    assert sections(tmp_path)["a.0"].state == "equipped"


def test_no_state_is_leapt_over(tmp_path: Path) -> None:
    for state in section.STATES:
        if state != "proposed":
            with pytest.raises(SectionError):
                step(tmp_path, "a.0", state, "Li", "hurry", PROFILE)
    assert list(section.entries(tmp_path)) == []


def test_a_trail_that_was_changed_or_cut_in_the_middle_is_told_with_its_line(tmp_path: Path) -> None:
    until_verified(tmp_path)
    path = tmp_path / section.JOURNAL
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for broken, at in (
        ([lines[0], lines[1].replace("as planned", "as pleased"), *lines[2:]], 2),
        (lines[:2] + lines[3:], 3),
    ):
        path.write_text("".join(broken), encoding="utf-8")
        with pytest.raises(SectionError, match=f"line {at}"):
            sections(tmp_path)


def test_the_geofence_follows_suspension_and_opening_at_its_next_question(tmp_path: Path) -> None:
    map = hdmap.open(zones.load(zones.find("science-city")))
    row = int(np.flatnonzero((map.sections["road"] == "yungu") & map.sections["open"])[2])
    number = int(np.count_nonzero(map.sections["road"][:row] == "yungu"))
    lane = int(np.flatnonzero((map.lanes["section"] == row) & (map.lanes["kind"] == map.lanes["kind"][map.lanes["open"]][-1])
                              & map.lanes["open"])[0])  # fmt: skip
    line = np.asarray(map.lane_line(lane))
    middle = line[len(line) // 2]
    place = ([float(middle[0])], [float(middle[1])])
    own = np.flatnonzero(map.lanes["section"] == row)
    assert fence.covering(map, *place, lanes=section.lanes_open(map, tmp_path))[0] > 0
    section._write(tmp_path, {"t_us": 1, "section": f"yungu.{number}", "deed": "suspended", "by": "Li", "role": "",
                              "reason": "works", "evidence": {}})  # fmt: skip
    assert not section.lanes_open(map, tmp_path)[own].any()
    assert fence.covering(map, *place, lanes=section.lanes_open(map, tmp_path))[0] == 0
    for role, by in (("operator", "Li"), ("regulator", "Wang")):
        approve(tmp_path, f"yungu.{number}", role, by, "works are over")
    step(tmp_path, f"yungu.{number}", "opened", "Li", "works are over", PROFILE)
    assert fence.covering(map, *place, lanes=section.lanes_open(map, tmp_path))[0] > 0


def test_supervision_lets_nobody_test_on_a_suspended_section_after_it_reads_again(tmp_path: Path) -> None:
    map = hdmap.open(zones.load(zones.find("science-city")))
    watched = Sections(map, 0.5, tmp_path / opening.FILE)
    row = int(np.flatnonzero((map.sections["road"] == "yungu") & map.sections["open"])[2])
    number = int(np.count_nonzero(map.sections["road"][:row] == "yungu"))
    lane = int(np.flatnonzero((map.lanes["section"] == row) & map.lanes["open"] & (map.lanes["junction"] < 0))[0])
    line = np.asarray(map.lane_line(lane))
    x, y = (float(v) for v in line[len(line) // 2])
    assert watched.holds(["yungu"], x, y)
    step(tmp_path, f"yungu.{number}", "suspended", "Li", "works", PROFILE, network=NETWORK)
    watched.renew()
    assert not watched.holds(["yungu"], x, y)
