"""Whose ways meet: against boxes laid out corner by corner, random draws and the times of straight motion."""

from math import cos, hypot, pi, sin

import numpy as np
import pytest

from jinyun.cloud.apps.relations import meeting
from jinyun.cloud.apps.relations.touching import touch
from jinyun.cloud.prediction import TIMES_S, Paths
from jinyun.shapes import TRACK, Kind

CAR, WALKER = (4.6, 1.8, Kind.MOTOR), (0.5, 0.5, Kind.PEDESTRIAN)


def scene(*movers, sd=0.05):
    """Return tracks and straight ways of movers given as (x, y, heading, speed, body); errors do not grow."""
    n, steps = len(movers), len(TIMES_S)
    tracks = np.zeros(n, TRACK)
    for i, (x, y, heading, speed, (length, width, kind)) in enumerate(movers):
        tracks[i]["id"], tracks[i]["kind"] = i + 1, kind
        tracks[i]["x_m"], tracks[i]["y_m"], tracks[i]["heading_rad"], tracks[i]["speed_mps"] = x, y, heading, speed
        tracks[i]["length_m"], tracks[i]["width_m"] = length, width
    tracks["position_sd_m"] = sd
    heading, speed = tracks["heading_rad"].astype(float)[:, None], tracks["speed_mps"].astype(float)[:, None]
    whole = np.ones((n, steps))
    paths = Paths(
        first=np.arange(n + 1), track=np.arange(n, dtype=np.int32), probability=np.ones(n, np.float32),
        manner=np.zeros(n, np.uint8), turn=np.zeros(n, np.uint8), lane=np.full((n, 8), -1, np.int32),
        line=np.full(n, -1, np.int32), line_m=np.full(n, np.nan, np.float32),
        x_m=tracks["x_m"][:, None] + np.sin(heading) * speed * TIMES_S,
        y_m=tracks["y_m"][:, None] + np.cos(heading) * speed * TIMES_S,
        heading_rad=(heading * whole).astype(np.float32), speed_mps=(speed * whole).astype(np.float32),
        along_sd_m=(sd * whole).astype(np.float32), across_sd_m=(sd * whole).astype(np.float32),
    )  # fmt: skip
    return tracks, paths


def met(*movers, sd=0.05):
    tracks, paths = scene(*movers, sd=sd)
    half = np.array([[body[0] / 2, body[1] / 2] for *_, body in movers]).reshape(-1, 2)
    return meeting.meetings(tracks, paths, half[:, 0].copy(), half[:, 1].copy())


def overlap(a, b) -> bool:
    """Return whether two boxes (x, y, heading, length, width) overlap: no edge's normal parts them (separating axes)."""

    def corners(x, y, h, length, width):
        f, r = np.array([sin(h), cos(h)]), np.array([cos(h), -sin(h)])
        return np.array([[x, y] + sf * f * length / 2 + sr * r * width / 2 for sf in (-1, 1) for sr in (-1, 1)])

    one, other = corners(*a), corners(*b)
    for h in (a[2], a[2] + pi / 2, b[2], b[2] + pi / 2):
        axis = np.array([sin(h), cos(h)])
        p, q = one @ axis, other @ axis
        if p.max() < q.min() or q.max() < p.min():
            return False
    return True


def test_two_cars_that_arrive_together_meet_when_and_where_straight_motion_says():
    found = met((-30.0, 0.0, pi / 2, 10.0, CAR), (0.0, -30.0, 0.0, 10.0, CAR))
    assert len(found) == 1
    assert found.probability[0] > 0.95
    assert found.after_s[0] == pytest.approx(3.0 - (4.6 + 1.8) / 2 / 10, abs=0.3)  # bodies touch before their middles
    assert hypot(found.x_m[0], found.y_m[0]) < 0.5
    assert found.angle_rad[0] == pytest.approx(-pi / 2, abs=1e-6)


def test_the_time_between_them_is_that_of_their_bodies_over_the_place():
    later_m = 18.0
    found = met((-30.0, 0.0, pi / 2, 10.0, CAR), (0.0, -30.0 - later_m, 0.0, 12.0, CAR))
    leaves_s = (30.0 + (4.6 + 1.8) / 2) / 10
    comes_s = (30.0 + later_m - (4.6 + 1.8) / 2) / 12
    assert found.first_out_s[0] == pytest.approx(leaves_s, abs=0.01)
    assert found.second_in_s[0] == pytest.approx(comes_s, abs=0.01)
    assert found.pet_s[0] == pytest.approx(comes_s - leaves_s, abs=0.02)
    assert found.probability[0] < 0.02


def test_who_drives_side_by_side_or_behind_does_not_meet():
    found = met((0.0, 0.0, 0.0, 12.0, CAR), (3.2, 1.0, 0.02, 12.0, CAR), (0.0, -9.0, 0.0, 13.0, CAR))
    assert len(found) == 0


def test_a_walker_in_the_way_is_met_and_one_who_stands_aside_is_not():
    assert met((0.0, 0.0, 0.0, 10.0, CAR), (0.2, 25.0, pi / 2, 0.0, WALKER)).probability[0] > 0.9
    assert len(met((0.0, 0.0, 0.0, 10.0, CAR), (2.8, 25.0, pi / 2, 0.0, WALKER))) == 0


def test_people_do_not_meet_people_and_who_stands_meets_nobody():
    assert len(met((0.0, 0.0, 0.0, 1.4, WALKER), (0.0, 3.0, pi, 1.4, WALKER))) == 0
    assert len(met((0.0, 0.0, 0.0, 0.0, CAR), (1.0, 1.0, pi / 2, 0.0, CAR))) == 0


@pytest.mark.parametrize("seed", range(4))
def test_the_probability_is_that_of_random_draws_of_boxes(seed):
    """Boxes drawn with their errors and held against each other corner by corner."""
    rng = np.random.default_rng(seed)
    for _ in range(5):
        turn, aside, forward = rng.uniform(-pi, pi), rng.uniform(-4, 4), rng.uniform(-7, 7)
        sd = rng.uniform(0.3, 1.2, 4)  # along, across of the first, of the second
        draws = 3000
        hits = 0
        for _ in range(draws):
            e = rng.normal(size=4) * sd
            bx = aside + e[1] + sin(turn) * e[2] + cos(turn) * e[3]
            by = forward + e[0] + cos(turn) * e[2] - sin(turn) * e[3]
            hits += overlap((0.0, 0.0, 0.0, 4.6, 1.8), (bx, by, turn, 4.2, 1.7))
        told = touch(aside, forward, 0.0, turn, 2.3, 0.9, 2.1, 0.85, *sd)
        assert -0.03 < told - hits / draws < 0.15  # errors are correlated in the turned frame; it errs on the safe side


def test_the_order_of_the_tracks_does_not_matter_and_nothing_is_nothing():
    rng = np.random.default_rng(5)
    movers = [
        (*rng.uniform(-60, 60, 2), rng.uniform(0, 2 * pi), rng.uniform(2, 14), CAR if k % 3 else WALKER)
        for k in range(40)
    ]
    one = met(*movers)
    order = rng.permutation(40)
    other = met(*(movers[k] for k in order))
    pairs = {frozenset((int(a), int(b))): p for a, b, p in zip(one.first, one.second, one.probability, strict=True)}
    turned = {
        frozenset((int(order[a]), int(order[b]))): p
        for a, b, p in zip(other.first, other.second, other.probability, strict=True)
    }
    assert len(pairs) > 10
    assert pairs.keys() == turned.keys()
    assert all(abs(pairs[k] - turned[k]) < 1e-6 for k in pairs)
    assert len(met()) == 0
