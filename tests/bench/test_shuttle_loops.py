"""The measurement of the shuttle: which loops are driven first, what is told of them, and their picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from jinyun.bench import shuttle
from jinyun.bench.shuttle import picture
from jinyun.cli import main

LOOP: dict[str, Any] = {
    "contacts": [], "reds": [], "departures": [], "wrong_way": [], "stop_errors_m": [0.1, -0.2], "moving_steps": 1000,
    "comfortable_steps": 990, "emergency_steps": 0, "hard_brakings": 0, "discomforts": {}, "braked_hard_for": {},
    "least_ttc_s": 2.0, "metres": 4000.0, "loop_min": 14.0, "finished": True, "plan_ms": [1.0], "plan_wall_ms": [1.0],
    "takeovers": [], "stepped_out": 0, "cut_in": 0, "lorries": 0,
}  # fmt: skip


def loop(seed: int, hard: bool, road: bool, **told: Any) -> dict[str, Any]:
    return LOOP | {"seed": seed, "hard": hard, "road": road} | told


LOOPS = [
    loop(301, False, True), loop(301, False, False, loop_min=15.0), loop(302, False, True),
    loop(303, True, True, comfortable_steps=960, discomforts={"yield_pedestrian_braking": 30, "follow_jerk": 10}),
    loop(303, True, False, hard_brakings=3, braked_hard_for={"yield_pedestrian": 3}, least_ttc_s=0.8),
]  # fmt: skip


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "kept"
    folder.mkdir()
    monkeypatch.setattr(shuttle, "folder", lambda: folder)
    return folder


def test_fifty_loops_are_driven_both_ways_five_of_them_hard_and_a_hard_one_first() -> None:
    cases = shuttle.cases()
    assert len({case.name for case in cases}) == len(cases) == 100
    assert sum(case.hard for case in cases) == 10
    assert [case.hard for case in cases[:12]] == [True, True, False, False, False, False] * 2
    for one, other in zip(cases[::2], cases[1::2], strict=True):
        assert (one.seed, one.hard, one.road, other.road) == (other.seed, other.hard, True, False)


def test_what_cost_comfort_is_told_by_its_cause_as_shares_of_the_time_that_moved() -> None:
    figures = shuttle.figures_of([one for one in LOOPS if one["road"]])
    assert figures["comfort_share"] == pytest.approx(2940 / 3000)
    assert figures["discomfort_yield_pedestrian_braking"] == pytest.approx(0.01)
    assert figures["discomfort_follow_jerk"] == pytest.approx(10 / 3000, abs=1e-5)
    assert shuttle.figures_of([one for one in LOOPS if not one["road"]])["braked_hard_for_yield_pedestrian"] == 3


def test_hard_and_usual_loops_are_told_apart(kept: Path) -> None:
    for k, one in enumerate(LOOPS):
        (kept / f"{k}.json").write_text(json.dumps(one))
    (kept / "9.json").write_text(json.dumps({"seed": 304, "hard": False, "road": True, "fault": "it fell"}))
    figures = shuttle.measure(seconds=0)["figures"]
    assert (figures["loops"], figures["paired_loops"], figures["simulation_faults"]) == (3, 2, 1)
    assert (figures["usual_comfort_share"], figures["hard_comfort_share"]) == (0.99, 0.96)
    assert (figures["without_road_hard_least_ttc_s"], figures["without_road_usual_least_ttc_s"]) == (0.8, 2.0)


def test_the_picture_shows_each_pair_once_in_every_panel_and_says_that_it_is_simulated() -> None:
    drawn = picture.svg(LOOPS)
    root = ElementTree.fromstring(drawn)
    circles = [one for one in root.iter() if one.tag.endswith("circle")]
    assert len(circles) == 2 + 2 * 2 * len(picture.PANELS)  # the key, then both ways of both pairs
    assert "模拟数据 simulated" in drawn and ">303 " in drawn and ">302 " not in drawn
    width, height = (float(its) for its in root.attrib["viewBox"].split()[2:])
    assert all(0 < float(c.attrib["cx"]) < width and 0 < float(c.attrib["cy"]) < height for c in circles)


def test_what_was_never_found_is_not_drawn() -> None:
    unfinished = [loop(301, False, True, loop_min=float("nan")), loop(301, False, False, least_ttc_s=float("inf"))]
    assert "nan" not in picture.svg(unfinished) and "inf" not in picture.svg(unfinished)


def test_the_command_draws_what_is_kept_and_says_when_nothing_is(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "road.svg"
    assert main(["bench", "shuttle", "--picture", str(file)]) == 1
    assert not file.exists() and "nothing" in capsys.readouterr().err
    for k, one in enumerate(LOOPS):
        (kept / f"{k}.json").write_text(json.dumps(one))
    assert main(["bench", "shuttle", "--picture", str(file)]) == 0
    assert file.read_text(encoding="utf-8").startswith("<svg") and capsys.readouterr().out.strip() == f"{file}: 2"
    assert main(["bench", "machine-less", "--picture", str(file)]) == 2
    assert main(["bench", "codec", "--picture", str(file)]) == 2
