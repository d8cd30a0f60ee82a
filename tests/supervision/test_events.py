"""Events in frames: what is told, and what is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.supervision.events import Event, Watch
from jinyun.supervision.outlines import gap_m
from tests.supervision.crash import CRASH_S, T0_US, at, signals, tracks
from tests.supervision.papers import PROFILE

Rows = list[dict[str, float]]


def watched(
    rows_at: Callable[[float], Rows], seconds: float, watch: Watch | None = None, lit: object = ()
) -> list[Event]:
    watch = watch or Watch(None, PROFILE)
    found = []
    for tick in range(int(seconds * 10)):
        found += watch.take(T0_US + tick * 100_000, tracks(rows_at(tick / 10)), signals(list(lit)))  # type: ignore[call-overload]
    return found


def test_a_crash_is_one_contact_and_one_hard_braking_at_its_instant() -> None:
    found = watched(lambda t_s: at(t_s + CRASH_S - 5), 10)
    assert [(event.kind, event.tracks) for event in found] == [("contact", (7, 9)), ("hard-braking", (7,))]
    assert abs(found[0].t_us - T0_US - 5_000_000) <= 200_000
    assert "m/s" in found[0].en and "m/s" in found[0].zh


def test_two_tracks_of_one_body_and_cars_that_pass_closely_are_no_contact() -> None:
    twin = lambda t_s: [{"id": 1, "x_m": 10 * t_s}, {"id": 2, "x_m": 10 * t_s + 0.4, "speed_mps": 9.0}]  # noqa: E731
    assert watched(twin, 5) == []
    passing = lambda t_s: [  # noqa: E731
        {"id": 1, "x_m": 10 * t_s - 25}, {"id": 2, "x_m": 25 - 10 * t_s, "y_m": 2.2, "heading_deg": 270.0},
    ]  # fmt: skip
    assert watched(passing, 5) == []


def test_only_braking_as_hard_as_the_profile_says_is_told_and_once() -> None:
    least = PROFILE["supervision.hard_braking_mps2"].value

    def braking(mps2: float) -> Callable[[float], Rows]:
        def rows(t_s: float) -> Rows:
            lasts = min(max(t_s - 4, 0), 15 / mps2)
            return [{"id": 1, "x_m": 15 * min(t_s, 4 + lasts) - mps2 * lasts**2 / 2, "speed_mps": 15 - mps2 * lasts}]

        return rows

    assert [event.kind for event in watched(braking(least + 0.5), 10)] == ["hard-braking"]
    assert watched(braking(least - 0.5), 10) == []


def test_a_track_whose_speed_alone_falls_has_not_braked() -> None:
    """It leapt to another body, or its speed was read wrongly for a moment: the places go on as before."""
    leaps = lambda t_s: [{"id": 1, "x_m": 15 * t_s, "speed_mps": 15.0 if t_s < 4 else 9.0}]  # noqa: E731
    assert watched(leaps, 10) == []
    flickers = lambda t_s: [{"id": 1, "x_m": 15 * t_s, "speed_mps": 9.0 if 4 <= t_s < 4.3 else 15.0}]  # noqa: E731
    assert watched(flickers, 10) == []
    new = lambda t_s: [] if t_s < 4 else [{"id": 1, "x_m": 9 * t_s, "speed_mps": max(15 - 20 * (t_s - 4), 9)}]  # noqa: E731
    assert watched(new, 10) == []


@pytest.mark.parametrize(("heading_deg", "mps", "who"), [(90.0, 8.0, {}), (0.0, 5.0, {}), (60.0, 12.0, {}), (
    0.0, 1.4, {"kind": 3, "length_m": 0.5, "width_m": 0.5})])  # fmt: skip
def test_who_is_driven_into_at_any_angle_is_touched_though_places_waver(
    heading_deg: float, mps: float, who: dict[str, float]
) -> None:
    """A car drives into another, or into somebody on foot: they stay together and roll out. Places waver by 0.1 m."""
    rng = np.random.default_rng(7)
    course = np.radians(heading_deg)
    ahead = np.array([np.sin(course), np.cos(course)])
    hit_s = 6.0
    reach = 0.25 if who else 2.3 * abs(ahead[0]) + 0.9 * abs(ahead[1])

    def rows(t_s: float) -> Rows:
        since = t_s - hit_s
        rolling = 4.0 * max(1 - max(since, 0) / 1.5, 0)
        rolled = 4.0 * min(max(since, 0), 1.5) - 4.0 / 3.0 * min(max(since, 0), 1.5) ** 2
        other = ahead * mps * min(since, 0.0) + np.array([rolled, 0.0])
        own_x = -(2.3 + reach) + (12.0 * since if since < 0 else rolled + min(8.0 * since, 1.0))
        wavering = rng.normal(0, 0.1, 4)
        return [
            {"id": 1, "x_m": own_x + wavering[0], "y_m": wavering[1], "speed_mps": 12.0 if since < 0.1 else rolling},
            {"id": 2, "x_m": other[0] + wavering[2], "y_m": other[1] + wavering[3], "heading_deg": heading_deg,
             "speed_mps": mps if since < 0.1 else rolling, **who},
        ]  # fmt: skip

    found = [event for event in watched(rows, 10) if event.kind == "contact"]
    assert len(found) == 1 and set(found[0].tracks) == {1, 2}
    assert abs(found[0].t_us / 1e6 - T0_US / 1e6 - hit_s) < 0.8


def test_a_minute_of_cars_side_by_side_and_of_a_track_and_its_double_touches_nothing() -> None:
    rng = np.random.default_rng(3)

    def rows(t_s: float) -> Rows:
        x, y = rng.normal(0, 0.15, (2, 8))
        lanes = [{"id": n, "x_m": 12.0 * t_s * (1 + n / 50) + x[n], "y_m": 3.2 * n + y[n], "speed_mps": 12.0}
                 for n in range(1, 5)]  # fmt: skip
        slides = 12.0 * t_s + 5.0 * np.sin(t_s / 3)
        double = [{"id": 6, "x_m": 12.0 * t_s + x[5], "y_m": -20.0 + y[5], "speed_mps": 12.0},
                  {"id": 7, "x_m": slides + x[6], "y_m": -20.0 + y[6], "speed_mps": 11.0}]  # fmt: skip
        return lanes + double

    assert [event for event in watched(rows, 60) if event.kind == "contact"] == []


@pytest.fixture(scope="module")
def city() -> hdmap.Map:
    return hdmap.open(zones.load(zones.find(None)))


def test_driving_over_a_stop_line_is_told_at_red_and_not_at_green(city: hdmap.Map) -> None:
    lines = Watch(city, PROFILE).lines
    assert lines is not None
    table = city.stop_lines
    row = int(np.flatnonzero(lines.turn != 0)[0]) if lines.turn.any() else 0
    line = int(lines.row[row])
    middle = np.array(
        [(table["x1_m"][line] + table["x2_m"][line]) / 2, (table["y1_m"][line] + table["y2_m"][line]) / 2]
    )
    ahead = lines._ahead[row]
    heading = float(np.degrees(np.arctan2(ahead[0], ahead[1])))
    node, phase = int(city.junctions["node"][lines.junction[row]]), int(lines.phase[row])

    def driving(t_s: float) -> Rows:
        place = middle + ahead * 10.0 * (t_s - 3)
        return [{"id": 1, "x_m": place[0], "y_m": place[1], "heading_deg": heading % 360}]

    ran = watched(driving, 8, Watch(city, PROFILE), [(node, phase, 3)])
    assert [event.kind for event in ran] == ["red-light"] and str(node) in ran[0].en and abs(ran[0].x_m - middle[0]) < 2
    for light in (5, 6, 7):
        assert watched(driving, 8, Watch(city, PROFILE), [(node, phase, light)]) == []
    assert watched(driving, 8, Watch(city, PROFILE), [(node, phase + 1, 3)]) == []

    def waiting(t_s: float) -> Rows:
        """It creeps over the line and stops inside, as one that waits there to turn left."""
        return driving(min(t_s, 3.4)) if t_s < 3.4 else [driving(3.4)[0] | {"speed_mps": 0.0}]

    stopped = watched(waiting, 8, Watch(city, PROFILE), [(node, phase, 3)])
    assert "red-light" not in [event.kind for event in stopped]


def test_who_turns_right_where_it_may_has_not_run_the_light_and_who_drives_on_from_there_has(city: hdmap.Map) -> None:
    watch = Watch(city, PROFILE)
    lines, table = watch.lines, city.stop_lines
    assert lines is not None
    row = int(np.flatnonzero(lines.turn & hdmap.Turn.RIGHT)[0])
    line = int(lines.row[row])
    middle = np.array(
        [(table["x1_m"][line] + table["x2_m"][line]) / 2, (table["y1_m"][line] + table["y2_m"][line]) / 2]
    )
    ahead = lines._ahead[row]
    heading = float(np.degrees(np.arctan2(*ahead)))
    junction = int(lines.junction[row])
    red = [(int(city.junctions["node"][junction]), int(phase), 3) for phase in set(lines.phase.tolist())]

    def driving(turned_deg: float) -> Callable[[float], Rows]:
        def rows(t_s: float) -> Rows:
            way = 8.0 * (t_s - 3)
            bend = np.radians(turned_deg) * min(max(way / 15, 0), 1)
            course = np.radians(heading) + bend
            place = middle + ahead * min(way, 0)
            if way > 0:
                mean = np.radians(heading) + bend / 2
                place = middle + np.array([np.sin(mean), np.cos(mean)]) * way
            return [
                {
                    "id": 1,
                    "x_m": place[0],
                    "y_m": place[1],
                    "heading_deg": float(np.degrees(course)) % 360,
                    "speed_mps": 8.0,
                }
            ]

        return rows

    assert watched(driving(90.0), 9, Watch(city, PROFILE), red) == []
    assert [event.kind for event in watched(driving(0.0), 9, Watch(city, PROFILE), red)] == ["red-light"]


def test_the_gap_of_two_boxes_is_that_of_geometry() -> None:
    side = tracks([{"x_m": 0.0, "y_m": 0.0}, {"x_m": 0.0, "y_m": 3.0}])
    assert gap_m(side, 0, 1) == pytest.approx(3.0 - 1.8, abs=1e-5)
    behind = tracks([{"x_m": 0.0}, {"x_m": 6.0}])
    assert gap_m(behind, 0, 1) == pytest.approx(6.0 - 4.6, abs=1e-5)
    crossed = tracks([{"x_m": 0.0}, {"x_m": 3.5, "heading_deg": 0.0}])
    assert gap_m(crossed, 0, 1) == pytest.approx(3.5 - 2.3 - 0.9, abs=1e-5)
    assert gap_m(behind, 0, 1, shrink_m=0.3) == pytest.approx(2.0, abs=1e-5)
