"""Hazardous location warning: told on the way to a danger in every direction, not beside, behind, against or after a turn."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.cloud.apps import hlw, ivs
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.roadevents import Posting
from tests.cloud.apps.roads import COMPASS, Item, curve, moved, own, posted, signalled, turned
from tests.cloud.apps.scenes import Mover, both_ways, scene, straight


def told(found: Scene) -> dict[int, float]:
    said = hlw.advise(found, own("HLW"))
    return dict(zip(said["receiver"].tolist(), said["value"].tolist(), strict=True))


@pytest.mark.parametrize("deg", COMPASS)
def test_who_drives_towards_a_danger_on_its_lane_is_told_the_metres(deg: float) -> None:
    map = turned(both_ways(), deg)
    danger = posted(map, [Item(0, 400, 9902, path=((0, 400), (0, 450)), radius_m=1.5)], deg)
    who = [
        Mover(0, 300, 0, 15), Mover(-3.5, 500, 180, 15), Mover(0, 500, 0, 15), Mover(0, 100, 0, 15), Mover(0, 420, 0, 8),
        Mover(0, 350, 0, 0),
    ]  # fmt: skip
    found = told(scene(map, moved(who, deg), posted=danger))
    assert set(found) == {1, 5}  # neither the opposite lane, who is past it, 20 s away or standing
    assert found[1] == pytest.approx(100 - 2.3, abs=4)  # sampled every 4 m
    assert found[5] == 0


@pytest.mark.parametrize("deg", COMPASS)
def test_metres_are_those_of_the_way_around_a_bend(deg: float) -> None:
    map = curve(deg)
    danger = posted(map, [Item(100, 360, 9902, path=((100, 360), (140, 360)), radius_m=1.5)], deg)
    found = told(scene(map, moved([Mover(0, 270, 0, 20), Mover(150, 363.5, 270, 20)], deg), posted=danger))
    assert found == {1: pytest.approx(30 + 60 * np.pi / 2 + 40 - 2.3, abs=4)}


def test_beyond_a_junction_only_those_are_told_whose_way_leads_there() -> None:
    map = signalled()
    danger = posted(map, [Item(60, -3.5, 9902, path=((60, -3.5), (100, -3.5)), radius_m=3)])
    green = [{"region": 1, "node": 1, "phase": 1, "light": 6}]
    found = scene(
        map, [Mover(-40, -5.25, 90, 12), Mover(1.75, -60, 0, 12), Mover(1.75, 40, 0, 12)], green, posted=danger
    )
    assert set(told(found)) == {1}


def test_a_warning_sign_is_a_danger_and_other_signs_are_shown_once_by_the_other_application() -> None:
    map = straight()
    signs = [Item(2, 250, code, posting=Posting.SIGN) for code in (17, 85)]
    found = scene(map, [Mover(0, 200, 0, 15), Mover(-3.5, 200, 0, 15), Mover(0, 300, 0, 15)], posted=posted(map, signs))
    assert set(told(found)) == {1, 2}
    shown = ivs.advise(found, own("IVS"))
    assert shown["receiver"].tolist() == [1, 2] and shown["value"].tolist() == [85, 85]
    assert own("IVS")["repeat_s"] > 60


def test_doubtful_events_and_bad_tracks_are_silent() -> None:
    map = straight()
    danger = posted(map, [Item(0, 300, 1)])
    bad = scene(map, [Mover(0, 200, np.nan, 15), Mover(0, 200, 0, np.nan), Mover(90, 200, 0, 15)], posted=danger)
    assert not told(bad)
    danger.rows["certainty"] = 0.1
    assert not told(scene(map, [Mover(0, 200, 0, 15)], posted=danger))
    assert not told(scene(map, [], posted=danger)) and not told(scene(map, [Mover(0, 200, 0, 15)]))
