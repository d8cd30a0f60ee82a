"""Signs of the zone on a shuttle's way: where they hold, and that a shuttle in the street keeps to them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from jinyun.hdmap import Map
from jinyun.hdmap.courses import courses
from jinyun.vehicle.shuttle.guideline import Guideline, guideline
from jinyun.world.shuttle import Shuttles
from jinyun.world.shuttle_signs import posted_on
from jinyun.zone import Notice, Zone
from tests.hdmap.reference import reference


@pytest.fixture(scope="module")
def way() -> tuple[Zone, Map, Guideline]:
    here, map = reference()
    return here, map, guideline(here, map, next(line for line in here.lines if line.id == "L1"))


def sign(line: Guideline, s_m: float, aside_m: float = 0.0, **told: object) -> Notice:
    """Return a speed sign of 20 km/h beside a station of the line."""
    x, y, _ = line.place(s_m, aside_m)
    given = {"id": "S1", "zh": "限速", "en": "limit", "at": (float(x), float(y)), "limit_kmh": 20.0} | told
    return Notice.model_validate(given)


def test_a_sign_with_a_radius_holds_round_its_place(way: tuple[Zone, Map, Guideline]) -> None:
    _, map, line = way
    s_m = next(k * 0.5 for k in range(200, len(line.x_m)) if np.abs(line.curvature[k - 200 : k + 200]).max() < 1e-3)
    (found,) = posted_on([sign(line, s_m, radius_m=40.0)], map, line)
    assert (found.kind, found.speed_mps) == ("speed", pytest.approx(20 / 3.6))
    assert (found.s_m, found.end_m) == (pytest.approx(s_m - 40, abs=1.0), pytest.approx(s_m + 40, abs=1.0))


def test_a_path_holds_for_its_own_direction_only(way: tuple[Zone, Map, Guideline]) -> None:
    _, map, line = way
    s_m = next(k * 0.5 for k in range(200, len(line.x_m)) if np.abs(line.curvature[k - 200 : k + 200]).max() < 1e-3)
    path = [tuple(float(c) for c in line.place(s_m + along, 1.0)[:2]) for along in (0.0, 60.0)]
    (found,) = posted_on([sign(line, s_m, path=path)], map, line)
    assert (found.s_m, found.end_m) == (pytest.approx(s_m, abs=1.0), pytest.approx(s_m + 60, abs=1.0))
    assert posted_on([sign(line, s_m, path=path[::-1])], map, line) == ()


def test_a_bare_sign_holds_to_the_end_of_its_road_and_far_ones_nowhere(way: tuple[Zone, Map, Guideline]) -> None:
    _, map, line = way
    edge = map.lanes["edge"][line.lane]
    changes = np.flatnonzero(edge[1:] != edge[:-1]) + 1
    begin, end = next((a, b) for a, b in pairwise(changes) if b - a > 200)
    (found,) = posted_on([sign(line, (begin + 40) * 0.5, 2.0)], map, line)
    assert (found.s_m, found.end_m) == (pytest.approx((begin + 40) * 0.5, abs=0.6), pytest.approx(end * 0.5, abs=0.6))
    assert posted_on([sign(line, (begin + 40) * 0.5, 30.0)], map, line) == ()
    assert posted_on([sign(line, (begin + 40) * 0.5, 2.0, limit_kmh=None)], map, line) == ()


def test_a_stretch_over_the_seam_of_the_loop_is_one(way: tuple[Zone, Map, Guideline]) -> None:
    _, map, line = way
    (found,) = posted_on([sign(line, 0.0, radius_m=20.0)], map, line)
    assert found.s_m > line.length_m - 25 and line.length_m + 15 < found.end_m < line.length_m + 25


def test_a_shuttle_in_the_street_is_handed_the_signs_of_the_zone(way: tuple[Zone, Map, Guideline]) -> None:
    here, map, line = way
    street = type("Street", (), {"enter": lambda *_, **__: "v1"})()
    course = next(one for one in courses(here, map) if one.line.id == "L1")
    signed = replace(here, signs=(sign(line, 100.0, radius_m=30.0),))
    placed = Shuttles(signed, map, street, 1).add(course, line, line.halts[0].s_m, "S1")
    assert [one.speed_mps for one in placed.shuttle.posted] == [pytest.approx(20 / 3.6)]
    assert Shuttles(here, map, street, 1).add(course, line, line.halts[0].s_m, "S1").shuttle.posted == ()
