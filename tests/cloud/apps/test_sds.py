"""Sensor data sharing: whom the road sees where one asks, read by an independent codec; never itself, never too large."""

import numpy as np
import pytest

from jinyun.cloud.cooperation.sharing import place_class, within
from tests.cloud.apps.scenes import Mover, straight
from tests.cloud.cooperation.asking import HERE, Talk, request, vir
from tests.oracle import compiled

ASKS_M = 60.0


def asks(x_m, y_m, radius_m=ASKS_M):
    """A request about places round one, as offsets from the asker's reference (the map's origin)."""
    map = straight()
    lon, lat = map.project.inverse([x_m, x_m], [y_m, y_m + 50.0])
    points = [
        {"offsetLL": ("position-LatLon", {"lon": round(float(a) * 1e7), "lat": round(float(b) * 1e7)})}
        for a, b in zip(lon, lat, strict=True)
    ]
    return request("sensorSharing", {"detectArea": [{"activePath": points, "pathRadius": round(radius_m * 10)}]})


def shared(talk, movers, *heard, **more):
    """Return the SSM of a step as asn1tools reads them back."""
    found = []
    for message, _, write in talk.at(straight(), movers, *heard, **more):
        if message == "ssm":
            value = {"msgCnt": 0, **write(straight().project, 1_790_000_000_000_000)}
            data = compiled().encode("SensorSharingMsg", value)
            found.append((compiled().decode("SensorSharingMsg", data), len(data)))
    return found


def test_one_is_told_of_those_it_cannot_hear_in_the_region_alone():
    movers = [
        Mover(0.0, 100.0, 0, 10.0),
        Mover(-3.5, 210.0, 0, 8.0, connected=False),
        Mover(3.0, 220.0, 90, 1.2, "walker", connected=False),
        Mover(0.0, 230.0, 0, 9.0),  # tells of itself
        Mover(0.0, 450.0, 0, 9.0, connected=False),  # elsewhere
    ]
    talk = Talk()
    ((said, _),) = shared(talk, movers, vir(0, asks(0.0, 200.0)))
    assert [one["ptc"]["ptcType"] for one in said["participants"]] == ["motor", "pedestrian"]
    assert said["equipmentType"] == "rsu"
    car = said["participants"][0]["ptc"]
    form, of = car["pos"]["offsetLL"]
    assert form == "position-LL3"  # 110 m
    lon, lat = (said["sensorPos"][a] + of[b] for a, b in (("long", "lon"), ("lat", "lat")))
    assert [float(v[0]) for v in straight().project([lon * 1e-7], [lat * 1e-7])] == pytest.approx(
        [-3.5, 210.0], abs=0.02
    )
    assert (car["speed"], car["size"]) == (400, {"width": 180, "length": 460})
    assert car["posConfidence"] == {"pos": "a50cm"}  # 0.2 m per axis: 95 % within 0.4 m
    assert car["motionCfd"] == {"speedCfd": "prec1ms", "headingCfd": "prec05deg"}
    again = shared(talk, movers, t_s=1.0)
    assert [one["ptc"]["ptcId"] for one in again[0][0]["participants"]] == [
        one["ptc"]["ptcId"] for one in said["participants"]
    ]


def test_many_are_shared_in_parts_and_not_more_often_than_is_due():
    crowd = [Mover(-3.5 + k % 7, 200.0 + k // 7, 0, 1.0, "walker", connected=False) for k in range(40)]
    talk = Talk()
    parts = shared(talk, [Mover(0.0, 100.0, 0, 10.0), *crowd], vir(0, asks(0.0, 200.0)))
    assert [len(said["participants"]) for said, _ in parts] == [16, 16, 8]
    assert max(size for _, size in parts) < 1000
    assert not shared(talk, [Mover(0.0, 100.0, 0, 10.0), *crowd], t_s=0.2)


def test_who_cancels_or_whose_time_is_over_is_told_no_more():
    movers = [Mover(0.0, 100.0, 0, 10.0), Mover(0.0, 210.0, 0, 8.0, connected=False)]
    for end in ([vir(0, asks(0.0, 200.0) | {"status": "cancel"}, t_s=1.0)], []):
        talk = Talk()
        assert shared(talk, movers, vir(0, asks(0.0, 200.0)))
        assert not shared(talk, movers, *end, t_s=1.0 if end else 11.0)


def test_confidence_is_the_least_class_that_holds_and_places_that_are_none_hold_nobody():
    assert [place_class(sd) for sd in (0.004, 0.25, 0.26, 3.0, 400.0, float("nan"))] == [
        "a1cm", "a50cm", "a1m", "a10m", "unavailable", "unavailable",
    ]  # fmt: skip
    assert not within([], np.array([1.0]), np.array([1.0])).any()
    nowhere = {"activePath": [{"offsetLL": ("position-LatLon", {"lon": 1_800_000_001, "lat": 0})}], "pathRadius": 100}
    talk = Talk()
    heard = vir(0, request("sensorSharing", {"detectArea": [nowhere]}))
    assert heard.value["refPos"] == HERE
    assert not shared(talk, [Mover(0.0, 100.0, 0, 10.0), Mover(0.0, 120.0, 0, 8.0, connected=False)], heard)
