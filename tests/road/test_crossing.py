"""Smart crossings: whom the sign is lit for and whom not, and what it says when it cannot know."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from jinyun.bench.crossing import judge
from jinyun.hdmap import Map
from jinyun.net import csae, gateway
from jinyun.road.crossing.live import Crossings
from jinyun.road.crossing.place import Place, places
from jinyun.road.crossing.sign import Crossing, Rules, Shows
from jinyun.road.seen import SEEN, Look, look
from jinyun.road.signals.control import Why
from jinyun.shapes import Kind
from jinyun.zone import Zone

T0 = 1_795_000_000_000_000
ACROSS = Place("C1", "", "", "U1", 0.0, 0.0, 1.0, 0.0, 12.0, 2.5, 9, 0)
"""Twelve metres to the east, the kerbs at 0 and 12; walkers come from the west."""


@pytest.fixture
def crossing(here: Zone) -> Crossing:
    return Crossing(ACROSS, Rules.of(here.profile))


def sight(k: int, *people: tuple[float, float, float, float], cars: tuple[tuple[float, float, float, float], ...] = (),
          noise: float = 0.01, event_us: int | None = None) -> Look:  # fmt: skip
    """Return the k-th look (ten a second): people and cars as (x, y, east m/s, north m/s), which tremble a little."""
    rows = np.zeros(len(people) + len(cars), SEEN)
    rng = np.random.default_rng(k)
    for row, (x, y, vx, vy) in enumerate([*people, *cars]):
        kind = Kind.PEDESTRIAN if row < len(people) else Kind.MOTOR
        rows[row] = (row + 1, kind, x + rng.normal() * noise, y, math.hypot(vx, vy), math.atan2(vx, vy), 4.0)
    now = T0 + k * 100_000
    return Look("U1", now - 80_000 if event_us is None else event_us, now, rows)


def shown(crossing: Crossing, looks: Iterator[Look] | list[Look]) -> list[Shows]:
    """Return what the sign shows after each look."""
    found = []
    for one in looks:
        crossing.take(one)
        found.append(crossing.state(one.receive_us).shows)
    return found


def settled(crossing: Crossing) -> int:
    """Let a crossing see nobody until it is believed; return the number of the next look."""
    assert shown(crossing, [sight(k) for k in range(25)])[-1] is Shows.DARK
    return 25


def test_before_anything_was_heard_the_sign_is_a_fault_and_not_dark(crossing: Crossing) -> None:
    state = crossing.state(T0)
    assert (state.shows, state.reason) == (Shows.FAULT, "start")


def test_somebody_who_stands_at_the_kerb_lights_the_sign_with_the_second_look(crossing: Crossing) -> None:
    k = settled(crossing)
    found = shown(crossing, [sight(k + n, (-0.8, 1.0, 0.0, 0.0)) for n in range(3)])
    assert found == [Shows.DARK, Shows.PEOPLE, Shows.PEOPLE]


def test_what_a_sensor_invents_once_lights_nothing(crossing: Crossing) -> None:
    k = settled(crossing)
    looks = [sight(k, (3.0, 0.0, 0.0, 0.0)), *[sight(k + n) for n in range(1, 20)]]
    assert set(shown(crossing, looks)) == {Shows.DARK}


def test_who_walks_to_the_crossing_lights_it_before_the_kerb_and_who_walks_by_does_not(crossing: Crossing) -> None:
    k = settled(crossing)
    walk = [sight(k + n, (-4.0 + 0.13 * n, 0.0, 1.3, 0.0)) for n in range(40)]
    found = shown(crossing, walk)
    reached = next(n for n in range(40) if -4.0 + 0.13 * n >= 0)
    assert Shows.PEOPLE in found[: reached - 5]
    by = Crossing(ACROSS, crossing.rules)
    k = settled(by)
    assert set(shown(by, [sight(k + n, (-0.6, -6.0 + 0.13 * n, 0.0, 1.3)) for n in range(90)])) == {Shows.DARK}


def test_the_sign_stays_lit_from_kerb_to_kerb_and_goes_out_after_it(crossing: Crossing) -> None:
    k = settled(crossing)
    found = shown(crossing, [sight(k + n, (-1.0 + 0.12 * n, 0.0, 1.2, 0.0)) for n in range(150)])
    on = [n for n in range(150) if 0 < -1.0 + 0.12 * n < 12]
    assert all(found[n] is Shows.PEOPLE for n in on)
    assert found[-1] is Shows.DARK


def test_a_car_that_comes_is_told_with_its_seconds_and_one_that_leaves_is_not(crossing: Crossing) -> None:
    k = settled(crossing)
    waits = (-0.8, 0.0, 0.0, 0.0)
    comes = [sight(k + n, waits, cars=((6.0, -40.0 + n, 0.0, 10.0),)) for n in range(5)]
    assert shown(crossing, comes)[-1] is Shows.CAR
    state = crossing.state(comes[-1].receive_us)
    assert state.car_s == pytest.approx((36.0 - 2.0 - 2.5) / 10.0, abs=0.05)
    leaves = Crossing(ACROSS, crossing.rules)
    k = settled(leaves)
    gone = [sight(k + n, waits, cars=((6.0, 10.0 + n, 0.0, 10.0),)) for n in range(5)]
    assert shown(leaves, gone)[-1] is Shows.PEOPLE


def test_a_unit_that_falls_silent_is_shown_within_a_second_and_believed_again_after_two(crossing: Crossing) -> None:
    k = settled(crossing)
    last = sight(k, (-0.8, 0.0, 0.0, 0.0))
    crossing.take(last)
    state = crossing.state(last.receive_us + 1_000_000)
    assert (state.shows, state.reason, state.waiting) == (Shows.FAULT, "silent", 0)
    again = shown(crossing, [sight(k + 30 + n) for n in range(30)])
    assert again[:19] == [Shows.FAULT] * 19
    assert again[-1] is Shows.DARK


def test_one_old_picture_sent_again_and_again_is_no_sight(crossing: Crossing) -> None:
    k = settled(crossing)
    still = [sight(k + n, (4.0, 6.5, 0.0, 0.0), noise=0.0) for n in range(12)]
    assert shown(crossing, still)[-1] is Shows.FAULT
    assert crossing.state(still[-1].receive_us).reason == "frozen"


def test_a_clock_that_stands_still_is_no_sight(crossing: Crossing) -> None:
    k = settled(crossing)
    stopped = [sight(k + n, event_us=T0 + 2_400_000) for n in range(12)]
    assert shown(crossing, stopped)[-1] is Shows.FAULT
    assert crossing.state(stopped[-1].receive_us).reason == "clock"


def test_another_unit_is_not_heard(crossing: Crossing) -> None:
    crossing.take(sight(0)._replace(unit="U2"))
    assert crossing.state(T0).reason == "start"


def test_a_person_whose_number_changes_is_the_same_person(crossing: Crossing) -> None:
    k = settled(crossing)
    crossing.take(sight(k, (-2.0, 0.0, 1.2, 0.0)))
    crossing.take(sight(k + 1, (-1.9, 0.0, 1.2, 0.0)))
    renamed = sight(k + 2, (-1.78, 0.0, 1.2, 0.0))
    renamed.rows["number"] = 77
    crossing.take(renamed)
    (person,) = crossing.people.here.values()
    assert (person.number, person.hits) == (77, 3)


def test_an_rsm_is_read_as_it_was_written_bare_and_in_the_gateways_envelope(here: Zone) -> None:
    lon, lat = here.project.inverse([100.0], [200.0])
    reference = {"lat": round(float(lat[0]) * 1e7), "long": round(float(lon[0]) * 1e7)}
    person = {
        "ptcType": "pedestrian", "ptcId": 7, "source": "lidar", "secMark": 12_300,
        "pos": {"offsetLL": ("position-LL1", {"lon": 100, "lat": -50})}, "posConfidence": {"pos": "a10cm"},
        "speed": 60, "heading": 7200, "size": {"width": 50, "length": 60},
    }  # fmt: skip
    value = {"msgCnt": 1, "id": b"RSU-Z1  ", "refPos": reference, "participants": [person]}
    frame = csae.encode("rsmFrame", value)
    receive_us = T0 // 60_000_000 * 60_000_000 + 12_380_000
    bare = look(f"jinyun.{here.id}.rsu.RSU-Z1.up.rsm", frame, receive_us, here.project)
    wrapped = look("V2X//RSU//RSM//UP", gateway.wrap("RSU-Z1", 0, "rsm", [frame]), receive_us, here.project)
    for seen in (bare, wrapped):
        assert seen is not None
        assert (seen.unit, seen.event_us - receive_us) == ("RSU-Z1", -80_000)
        row = seen.rows[0]
        x, y = here.project([(reference["long"] + 100) / 1e7], [(reference["lat"] - 50) / 1e7])
        assert (row["x_m"], row["y_m"]) == pytest.approx((float(x[0]), float(y[0])), abs=0.02)
        assert (row["speed_mps"], row["heading_rad"]) == pytest.approx((1.2, math.pi / 2))
    assert look("jinyun.z.rsu.R.up.rsm", b"\x20garbage", receive_us, here.project) is None
    assert look("jinyun.z.rsu.R.up.spat", frame, receive_us, here.project) is None


def test_every_smart_crossing_of_the_zone_lies_on_its_map_and_is_watched(here: Zone, precise_map: Map) -> None:
    found = places(here, precise_map)
    assert len(found) == 17
    for place in found:
        along, across = place.local(*([v] for v in place.middle))
        assert (along[0], across[0]) == pytest.approx((place.length_m / 2, 0.0), abs=1e-6)
        rsu = next(unit for unit in here.rsus if unit.id == place.unit)
        assert math.hypot(rsu.x_m - place.middle[0], rsu.y_m - place.middle[1]) < 60


def test_who_waits_long_calls_the_light_and_who_is_late_gets_the_time_to_leave(here: Zone, precise_map: Map) -> None:
    crossings = Crossings.of(here, precise_map)
    own = next(c for c in crossings.crossings if c.place.phase and c.place.node in crossings.midblock)
    place, node = own.place, (own.place.node, own.place.phase)
    x, y = place.x_m - 0.8 * place.east, place.y_m - 0.8 * place.north
    for k in range(120):
        crossings.take(sight(k, (x, y, 0.0, 0.0))._replace(unit=place.unit))
        states = crossings.states(T0 + k * 100_000)
        wants = crossings.wants(states, {node: "red"}, T0 + k * 100_000)
        waited_s = (k - 20) / 10
        if waited_s < crossings.waits_s - 1:
            assert not wants
    (want,) = wants[place.node]
    assert (want.why, want.phase) == (Why.WALKERS, place.phase)
    assert not crossings.wants(states, {node: "green"}, T0 + 12_000_000)
    x, y = place.x_m + 2 * place.east, place.y_m + 2 * place.north
    for k in range(120, 140):
        crossings.take(sight(k, (x, y, 0.6 * place.east, 0.6 * place.north))._replace(unit=place.unit))
    states = crossings.states(T0 + 14_000_000)
    clear = [w for w in crossings.wants(states, {node: "red"}, T0 + 14_000_000)[place.node] if w.why is Why.CLEAR]
    left_s = clear[0].arrives_s - (T0 + 14_000_000) / 1e6
    assert left_s == pytest.approx((place.length_m - 2) / crossings.walks_mps, rel=0.1)


def test_cars_are_warned_by_an_rsi_that_stands_on_the_crossing(here: Zone, precise_map: Map) -> None:
    crossings = Crossings.of(here, precise_map)
    place = crossings.crossings[0].place
    mx, my = place.middle
    person = (place.x_m + place.east, place.y_m + place.north, 0.0, 0.0)
    for k in range(30):  # a car comes from the right of the crossing's axis, ten metres a second
        away = 40.0 - k * 0.1
        car = (mx + place.north * away, my - place.east * away, -10 * place.north, 10 * place.east)
        crossings.take(sight(k, person, cars=(car,))._replace(unit=place.unit))
        states = crossings.states(T0 + k * 100_000)
        said = crossings.warnings(states, T0 + k * 100_000)
        if said:
            break
    topic, payload = said[0]
    assert topic == f"jinyun/{here.id}/rsu/{place.unit}/down/rsi"
    name, value = csae.decode(payload)
    assert name == "rsiFrame"
    x, y = here.project([value["refPos"]["long"] / 1e7], [value["refPos"]["lat"] / 1e7])
    assert (float(x[0]), float(y[0])) == pytest.approx((mx, my), abs=0.05)
    assert not crossings.warnings(states, T0 + k * 100_000 + 100_000)  # not again so soon


def test_the_judge_counts_a_sign_that_is_late_and_one_that_is_lit_for_nobody() -> None:
    steps = 200
    truth = [np.array([[1.0, 4.0 - 0.1 * k, 0.0, 1.0]]) for k in range(steps)]  # leaves the kerb at 4.3 s
    always, never = np.ones(steps, bool), np.zeros(steps, bool)
    counted = judge([row.copy() for row in truth], always, 2.5)
    assert (counted["left"], counted["left_lit"]) == (0.0, 0.0)  # within the warm-up nothing counts
    later = [np.array([[1.0, 8.0 - 0.1 * k, 0.0, 1.0]]) for k in range(steps)]
    assert judge(later, always, 2.5)["left_lit"] == 1.0
    assert judge(later, never, 2.5)["left_lit"] == 0.0
    nobody = judge([np.zeros((0, 4))] * steps, always, 2.5)
    assert nobody["lit"] == nobody["lit_needless"] > 0
    late = never.copy()
    late[90:] = True  # the kerb was left with step 83
    assert judge(later, late, 2.5)["left_lit"] == 0.0
    late[84:] = True
    assert judge(later, late, 2.5)["left_lit"] == 1.0
