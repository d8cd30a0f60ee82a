"""Cooperative passing of a junction without lights: cars over bytes, from VIR to having passed; bodies never touch."""

import numpy as np
import pytest

from jinyun import zone as zones
from tests.cloud.apps.crossroads import crossroads
from tests.cloud.cooperation.cars import Car, counts, drive, route
from tests.cloud.cooperation.driving import overlap


@pytest.fixture(scope="module")
def zone():
    return zones.load(zones.find())


@pytest.fixture(scope="module")
def map():
    return crossroads()


def pair(map, before_m=60.0, speed=9.0, arm=0, **second):
    """Two cars that come straight from two arms and would meet in the middle."""
    other = (arm + 1) % 4
    lines = [route(map, lane, 8 + lane, 4 + lane) for lane in (arm, other)]
    return [
        Car("C0000001", lines[0], 188.0 - before_m, speed, "straight"),
        Car("C0000002", lines[1], 188.0 - before_m, speed, **({"means": "straight"} | second)),
    ]


def touched(trace, length=4.6, width=1.8):
    n = len(trace)
    a, b = (np.stack([*trace[:, k, :3].T, np.full(n, length), np.full(n, width)]) for k in range(2))
    return overlap(a, b).any()


@pytest.mark.parametrize("arm", [0, 3])
def test_two_cars_that_would_meet_pass_one_after_the_other_and_both_have_followed(zone, map, arm):
    alone = pair(map, arm=arm, means="")
    for car in alone:
        car.means = ""
    assert touched(drive(zone, map, alone, 9)[1])  # without us they do
    cars = pair(map, arm=arm)
    cloud, trace = drive(zone, map, cars, 18)
    assert not touched(trace)
    told = counts(cloud, "CIP")
    assert (told["proposed"], told["followed"], told["not_followed"], told["withdrawn"]) == (2, 2, 0, 0)
    for car in cars:
        rsc = [one for one in car.told if one["kind"] == "RoadsideCoordination"]
        (one,) = rsc[0]["coordinates"]
        assert one["vehId"] == car.name.encode()
        assert one["info"][0][0] == 0x10  # bit 3: no-signalIntersectionPassing
        assert one["driveSuggestion"]["suggestion"] == (bytes([0x04, 0x00]), 14)
        times = [point["estimatedTime"] for point in one["pathGuidance"]]
        assert times == sorted(times)


def test_who_does_not_follow_is_noted_and_the_other_is_planned_anew(zone, map):
    cars = pair(map, obeys=False)
    cars[1].own_mps = 5.0
    cloud, trace = drive(zone, map, cars, 18)
    told = counts(cloud, "CIP")
    assert told["not_followed"] >= 1
    assert not touched(trace)


def test_a_car_without_a_unit_is_a_constraint_and_never_a_receiver(zone, map):
    cars = pair(map, means="")
    cloud, trace = drive(zone, map, cars, 18)
    assert not touched(trace)
    assert not cars[1].told
    assert counts(cloud, "CIP")["proposed"] >= 1


def test_who_cancels_is_let_go(zone, map):
    (car, _) = pair(map, before_m=70.0, speed=6.0)

    def silent(now_us, cloud):
        if now_us - 1_790_000_000_000_000 >= 1_500_000:
            car.means = ""

    cloud, _ = drive(zone, map, [car], 6, each=silent)
    told = counts(cloud, "CIP")
    assert (told["proposed"], told["expired"], told["open"]) == (1, 1, 0)
