"""Sensors: errors of the size that the zone states, nothing seen behind a lorry, numbers that stay."""

from dataclasses import replace

import numpy as np
import pytest

from jinyun.shapes import Kind
from jinyun.world.sensing import Sensors
from jinyun.zone import Rsu, Sensor, SensorType, Zone
from tests.world.scenes import scene

EXACT = SensorType(
    source="integrated", mast_m=6.5, range_m=120, fov_deg=360, position_sd_m=0, speed_sd_mps=0, heading_sd_deg=0, size_sd_m=0,
    miss=0, clutter_per_s=0, latency_ms=70, latency_sd_ms=0, id_change_per_min=0,
)  # fmt: skip
LORRY = {"length": 8.2, "width": 2.45, "height": 3.45, "class": 27}
WALKER = {"kind": Kind.PEDESTRIAN, "class": 82, "length": 0.5, "width": 0.55, "height": 1.7}


def watched(here: Zone, of: SensorType, heading_deg: float = 0.0) -> Zone:
    """Return a zone with one unit at the origin that has one sensor."""
    sensors = [Sensor(type="t", heading_deg=heading_deg)]
    unit = Rsu(id="RSU-T", zh="t", en="t", at=(0.0, 0.0), lon=106.3, lat=29.6, sensors=sensors)
    return replace(here, rsus=(unit,), sensor_types={"t": of})


def seen(here: Zone, of: SensorType, *people: dict[str, float], heading_deg: float = 0.0) -> list[int]:
    """Return the rows of the scene that the sensor sees."""
    sensors = Sensors(watched(here, of, heading_deg), seed=1)
    return sorted(sensors.visible(scene(*people))[1].tolist())


def test_errors_have_the_stated_size_and_no_bias(here: Zone) -> None:
    stated = EXACT.model_copy(
        update={"position_sd_m": 0.4, "speed_sd_mps": 0.3, "heading_sd_deg": 2.0, "size_sd_m": 0.2}
    )
    sensors = Sensors(watched(here, stated), seed=1)
    person = {"x": 20.0, "y": 30.0, "speed": 10.0, "heading": 1.0}
    found = [sensors.look(scene(person, time_s=100 + k / 10), np.zeros(1)) for k in range(3000)]
    x, y = (np.concatenate([getattr(f, key) for f in found]) for key in ("x_m", "y_m"))
    speed, heading = (np.concatenate([getattr(f, key) for f in found]) for key in ("speed_mps", "heading_rad"))
    length = np.concatenate([f.length_m for f in found])
    assert len(x) == 3000
    for values, truth, sd in (
        (x, 20, 0.4), (y, 30, 0.4), (speed, 10, 0.3), (heading, 1.0, np.radians(2.0)), (length, 4.5, 0.2),
    ):  # fmt: skip
        assert values.mean() == pytest.approx(truth, abs=4 * sd / np.sqrt(3000))
        assert values.std() == pytest.approx(sd, rel=0.06)
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.06


def test_misses_and_inventions_come_as_often_as_stated(here: Zone) -> None:
    stated = EXACT.model_copy(update={"miss": 0.05, "clutter_per_s": 2.0})
    sensors = Sensors(watched(here, stated), seed=2)
    real, false = 0, 0
    for k in range(2000):
        found = sensors.look(scene({"x": 30.0}, time_s=100 + k / 10), np.zeros(1))
        real += int((found.classification == 10).sum())
        false += int((found.classification == 0).sum())
    assert real / 2000 == pytest.approx(0.95, abs=0.015)
    assert false / 200 == pytest.approx(2.0, rel=0.15)


def test_a_sensor_measures_at_its_own_instant(here: Zone) -> None:
    sensors = Sensors(watched(here, EXACT), seed=1)
    found = sensors.look(scene({"x": 0.0, "y": 10.0, "speed": 20.0}), np.array([0.05]))
    assert (float(found.x_m[0]), float(found.y_m[0])) == pytest.approx((0.0, 11.0), abs=1e-9)


def test_range_and_field_of_view_bound_what_is_seen(here: Zone) -> None:
    east = EXACT.model_copy(update={"fov_deg": 60, "range_m": 50})
    people = [{"x": 40.0}, {"x": 60.0}, {"x": 30.0, "y": 20.0}, {"x": 35.0, "y": 18.0}, {"x": -40.0}]
    assert seen(here, east, *people, heading_deg=90) == [0, 3]


def test_a_field_of_view_across_north_has_no_gap(here: Zone) -> None:
    north = EXACT.model_copy(update={"fov_deg": 90})
    assert seen(
        here, north, {"x": -20.0, "y": 30.0}, {"x": 20.0, "y": 30.0}, {"x": 0.0, "y": -30.0}, heading_deg=0
    ) == [0, 1]


def test_a_walker_behind_a_lorry_is_not_seen(here: Zone) -> None:
    """The lorry stands across the view at 30 m; its shadow from a 6.5 m mast hides a head of 1.7 m until 47 m."""
    lorry = {**LORRY, "x": 30.0, "heading": 0.0}
    assert seen(here, EXACT, lorry, {**WALKER, "x": 33.0}) == [0]
    assert seen(here, EXACT, lorry, {**WALKER, "x": 45.0}) == [0]
    assert seen(here, EXACT, lorry, {**WALKER, "x": 50.0}) == [0, 1]
    assert seen(here, EXACT, lorry, {**WALKER, "x": 27.0}) == [0, 1]
    assert seen(here, EXACT, lorry, {**WALKER, "x": 33.0, "y": 6.0}) == [0, 1]


def test_a_lorry_seen_end_on_hides_little(here: Zone) -> None:
    along = {**LORRY, "x": 30.0, "heading": np.pi / 2}
    assert seen(here, EXACT, along, {**WALKER, "x": 38.0, "y": 2.5}) == [0, 1]
    across = {**LORRY, "x": 30.0, "heading": 0.0}
    assert seen(here, EXACT, across, {**WALKER, "x": 38.0, "y": 2.5}) == [0]


def test_a_car_hides_nobody_from_a_mast_and_a_bus_is_seen_over_a_bus_only_from_above(here: Zone) -> None:
    assert seen(here, EXACT, {"x": 30.0, "heading": 0.0}, {**WALKER, "x": 33.0}) == [0, 1]
    bus = {"length": 12.0, "width": 2.55, "height": 3.2, "class": 54, "heading": 0.0}
    assert seen(here, EXACT, {**bus, "x": 30.0}, {**bus, "x": 40.0}) == [0, 1]
    low = EXACT.model_copy(update={"mast_m": 3.0})
    assert seen(here, low, {**bus, "x": 30.0}, {**bus, "x": 40.0}) == [0]


def test_numbers_stay_with_an_object_and_change_when_it_was_long_unseen(here: Zone) -> None:
    sensors = Sensors(watched(here, EXACT), seed=1)
    both = [{"x": 10.0}, {"x": 20.0}]
    first = sensors.look(scene(*both, time_s=100.0), np.zeros(1)).number.tolist()
    assert sorted(first) == [1, 2]
    assert sensors.look(scene(*both, time_s=100.9), np.zeros(1)).number.tolist() == first
    assert sorted(sensors.look(scene(*both, time_s=102.5), np.zeros(1)).number.tolist()) == [3, 4]


def test_numbers_change_as_often_as_stated(here: Zone) -> None:
    stated = EXACT.model_copy(update={"id_change_per_min": 6.0})
    sensors = Sensors(watched(here, stated), seed=4)
    numbers = [int(sensors.look(scene({"x": 10.0}, time_s=100 + k / 10), np.zeros(1)).number[0]) for k in range(3000)]
    assert (np.diff(numbers) != 0).sum() == pytest.approx(30, abs=17)


def test_another_participant_in_the_same_place_gets_another_number(here: Zone) -> None:
    sensors = Sensors(watched(here, EXACT), seed=1)
    one = sensors.look(scene({"x": 10.0, "number": 5}, time_s=100.0), np.zeros(1)).number[0]
    other = sensors.look(scene({"x": 10.0, "number": 6}, time_s=100.1), np.zeros(1)).number[0]
    assert one != other


def test_an_empty_street_is_seen_empty(here: Zone) -> None:
    sensors = Sensors(watched(here, EXACT), seed=1)
    assert len(sensors.look(scene(), np.zeros(1)).number) == 0
