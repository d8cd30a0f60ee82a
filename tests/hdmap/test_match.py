"""On which lane a participant is: noise, heading and history, on streets drawn by hand and on the reference map."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from jinyun.hdmap import LaneKind, Map, adjacency, precise
from jinyun.hdmap.match import History, match
from tests.hdmap.drawn import lanes_of

Points = NDArray[np.float64]


def motorway() -> Map:
    """Three lanes to the east side by side (0 the southernmost), each 3.5 m wide and 300 m long, with 300 m behind."""
    lanes = [[(x, 3.5 * k), (x + 300, 3.5 * k)] for x in (0, 300) for k in range(3)]
    return lanes_of(lanes, edge=[0, 0, 0, 1, 1, 1], index=[0, 1, 2] * 2, after=[(0, 3), (1, 4), (2, 5)])


def fork() -> Map:
    """A lane to the east that parts at x = 100: one goes straight on, the other bends to the right."""
    bend = [(100 + 60 * np.sin(a), -60 * (1 - np.cos(a))) for a in np.linspace(0, 1.2, 25)]
    return lanes_of([[(0, 0), (100, 0)], [(100, 0), (200, 0)], bend], edge=[0, 1, 2], after=[(0, 1), (0, 2)])


def drive(map: Map, places: Points, heading: float, sd_m: float = 0.3) -> list[int]:
    history = History(1)
    return [int(map.match(x, y, heading, sd_m=sd_m, history=history).lane[0]) for x, y in places]


def test_noise_that_reaches_over_the_border_does_not_change_the_lane_of_a_car_that_stays() -> None:
    rng = np.random.default_rng(4)
    x = np.arange(20, 580, 1.5)
    map, wrong, alone_wrong = motorway(), 0, 0
    for _ in range(20):
        places = np.column_stack([x, 3.5 + rng.normal(0, 0.7, len(x))])  # one in eighty lies beyond the border
        lanes = drive(map, places, np.pi / 2, sd_m=0.7)
        alone = map.match(places[:, 0], places[:, 1], np.pi / 2, sd_m=0.7).lane
        wrong += sum(lane not in (1, 4) for lane in lanes)
        alone_wrong += int((~np.isin(alone, (1, 4))).sum())
        assert lanes[-1] == 4
    assert alone_wrong > 80 and wrong * 10 < alone_wrong


def test_a_change_of_lane_is_followed_within_a_second_of_the_border() -> None:
    x = np.arange(20, 280, 1.5)
    y = np.interp(x, [100, 145], [0, 3.5])  # three seconds at 15 m/s
    lanes = np.array(drive(motorway(), np.column_stack([x, y]), np.pi / 2))
    crossed = float(x[np.argmax(y > 1.75)])
    changed = float(x[np.argmax(lanes == 1)])
    assert 0 <= changed - crossed < 15
    assert (lanes[x < 100] == 0).all() and (lanes[x > crossed + 15] == 1).all()


def test_where_lanes_part_both_stay_possible_until_one_is_left() -> None:
    map = fork()
    history = History(1)
    a = np.linspace(0.02, 0.9, 40)
    seen = []
    for angle in a:
        x, y = 100 + 60 * np.sin(angle), -60 * (1 - np.cos(angle))
        found = map.match(x, y, np.pi / 2 + angle, sd_m=0.3, history=history)
        seen.append(found.certainty[0])
    assert found.lane[0] == 2 and seen[-1] > 0.99
    assert seen[0] < 0.9


def test_a_car_that_waits_at_the_line_is_not_sent_into_the_junction() -> None:
    rng = np.random.default_rng(2)
    places = np.column_stack([99.2 + rng.normal(0, 0.3, 300), rng.normal(0, 0.3, 300)])
    lanes = drive(fork(), places, np.pi / 2)
    assert np.mean(np.array(lanes) != 0) < 0.02


def test_the_heading_keeps_a_car_off_the_road_that_crosses() -> None:
    map = lanes_of([[(-100, 0), (100, 0)], [(0.5, -100), (0.5, 100)]], edge=[0, 1])
    assert map.match([0.4], [0.2], [np.pi / 2]).lane.tolist() == [0]
    assert map.match([0.4], [0.2], [0.0]).lane.tolist() == [1]
    assert map.match([0.4], [0.2], [np.nan]).lane.tolist() == [1]


def test_a_bridge_is_crossed_without_falling_off_it() -> None:
    """Where the roads cross at a flat angle, only the history tells which one a car is on."""
    a = np.radians(10)
    map = lanes_of(
        [[(-200, 0), (200, 0)], [(-200 * np.cos(a), -200 * np.sin(a)), (200 * np.cos(a), 200 * np.sin(a))]], edge=[0, 1]
    )
    rng = np.random.default_rng(1)
    x = np.arange(-150, 150, 1.5)
    lanes = drive(map, np.column_stack([x, rng.normal(0, 0.3, len(x))]), np.pi / 2)
    assert lanes == [0] * len(x)


def test_participants_have_histories_of_their_own_and_may_be_forgotten() -> None:
    map, history = motorway(), History(5)
    map.match([10.0, 10.0], [0.0, 7.0], np.pi / 2, history=history, rows=[4, 2])
    assert history.lane[:, 0].tolist() == [-1, -1, 2, -1, 0]
    assert history.at_m[4].tolist() == [10.0, 0.0]
    history.forget([2])
    assert history.lane[2].tolist() == [-1] * history.lane.shape[1] and len(history) == 5


def test_a_history_that_went_elsewhere_does_not_hold_a_participant_back() -> None:
    map, history = motorway(), History(1)
    map.match([10.0], [0.0], np.pi / 2, history=history)
    assert map.match([500.0], [7.0], np.pi / 2, history=history).lane[0] == 5


def test_offset_and_station_are_those_of_the_lane_named() -> None:
    found = motorway().match([50.0, 350.0], [1.0, -0.5], np.pi / 2)
    assert found.lane.tolist() == [0, 3]
    assert found.offset_m == pytest.approx([-1.0, 0.5]) and found.s_m == pytest.approx([50, 50])


def test_a_place_nowhere_has_no_lane() -> None:
    found = match(motorway(), [np.nan, 5e3, 1e300], [0.0, 5e3, 0.0])
    assert found.lane.tolist() == [-1] * 3 and np.isnan(found.certainty).all()
    assert len(match(motorway(), [], []).lane) == 0


def test_rows_beyond_the_history_are_refused() -> None:
    with pytest.raises(IndexError, match="2 places need rows of a history of 1"):
        motorway().match([0.0, 1.0], [0.0, 0.0], history=History(1), rows=[0, 1])


def test_most_places_of_the_reference_map_are_matched_to_their_lane_even_without_history(precise_map: Map) -> None:
    rng = np.random.default_rng(8)
    normal = np.flatnonzero(np.isin(precise_map.lanes["kind"], (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE)))
    lanes = rng.choice(normal[precise_map.lanes["length_m"][normal] > 5], 3000)
    first, count = (precise_map.lanes[key][lanes].astype(int) for key in ("first", "count"))
    k = first + rng.integers(0, 1 << 30, len(lanes)) % (count - 1)
    x0, y0 = precise_map.points["x_m"], precise_map.points["y_m"]
    dx, dy = x0[k + 1] - x0[k], y0[k + 1] - y0[k]
    x, y = x0[k] + 0.5 * dx + rng.normal(0, 0.3, 3000), y0[k] + 0.5 * dy + rng.normal(0, 0.3, 3000)
    found = precise_map.match(x, y, np.arctan2(dx, dy), sd_m=0.3, kinds=(0, 1, 2, 4, 7))
    assert (found.lane == lanes).mean() > 0.995


def test_opening_a_map_does_not_load_the_compiler() -> None:
    """It takes a second, and who only draws the map needs none of it."""
    asked = "import sys, jinyun.hdmap.match, jinyun.hdmap.route, jinyun.hdmap.fence; print('numba' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_lanes_drawn_by_hand_know_their_neighbours() -> None:
    map = motorway()
    assert map.lanes["left"].tolist() == [1, 2, -1, 4, 5, -1]
    assert adjacency.neighbours(np.array([0, 0]), np.array([0, 1]))[1].tolist() == [-1, 0]
    assert precise.revision_of(map) == str(map.about["revision"][0])
