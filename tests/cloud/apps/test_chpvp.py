"""Cooperative priority passage: who may ask, whom that moves, and what is kept for the lights."""

import pytest

from tests.cloud.apps.roads import COMPASS, moved, turned
from tests.cloud.apps.scenes import Mover, straight
from tests.cloud.cooperation.asking import Talk, request, vir

CLEAR = request("clearTheWay", {"upstreamNode": {"id": 1}, "downstreamNode": {"id": 2}, "targetLane": 2})
LIGHT = request("signalPriority", {
    "intersectionId": {"region": 1, "id": 7}, "requiredMov": {"remoteIntersection": {"id": 9}, "phaseId": 3},
    "estimatedArrivalTime": 1200,
}, number=2)  # fmt: skip
ON_DUTY = {"siren": 2, "lightbar": 2, "response": 1}
AMBULANCE = Mover(0.0, 100.0, 0, 20.0, "ambulance", report=ON_DUTY)


@pytest.mark.parametrize("deg", COMPASS)
def test_those_ahead_in_its_lane_with_a_unit_are_asked_to_leave_it(deg):
    map, talk = turned(straight(), deg), Talk()
    movers = [
        AMBULANCE,
        Mover(0.0, 160.0, 0, 12.0),
        Mover(0.0, 190.0, 0, 12.0, connected=False),
        Mover(-3.5, 230.0, 0, 12.0),  # beside
        Mover(0.0, 60.0, 0, 12.0),  # behind
    ]
    talk.at(map, moved(movers, deg), vir(0, CLEAR))
    assert talk.told(1) == [("laneChangingToLeft",)]  # it drives in the rightmost
    assert len(talk.out) == 1
    gone = [AMBULANCE, Mover(-3.5, 190.0, 0, 12.0), *movers[2:]]
    talk.at(map, moved(gone, deg), vir(0, CLEAR, t_s=2.5), t_s=2.5)
    assert talk.counts("CHPVP")["followed"] == 1


def test_one_with_somebody_abreast_is_asked_to_slow_down_and_driving_on_in_the_lane_is_no_following():
    talk = Talk()
    talk.at(straight(), [AMBULANCE, Mover(0.0, 160.0, 0, 12.0), Mover(-3.5, 161.0, 0, 12.0)], vir(0, CLEAR))
    assert talk.told(1) == [("slow-down",)]
    talk.at(
        straight(),
        [AMBULANCE, Mover(0.0, 260.0, 0, 12.0), Mover(-3.5, 261.0, 0, 12.0)],
        vir(0, CLEAR, t_s=9.0),
        t_s=9.0,
    )
    assert talk.counts("CHPVP")["not_followed"] == 1


@pytest.mark.parametrize(
    "asks", [Mover(0.0, 100.0, 0, 20.0), Mover(0.0, 100.0, 0, 20.0, "ambulance"), Mover(0.0, 100.0, 0, 20.0, "bus")]
)
def test_who_is_not_authorised_clears_nothing(asks):
    talk = Talk()
    for t_s in (0.0, 0.1):
        talk.at(straight(), [asks, Mover(0.0, 160.0, 0, 12.0)], vir(0, CLEAR, t_s=t_s), t_s=t_s)
    assert not talk.out
    assert talk.counts("CHPVP") == {"refused": 1}


def test_requests_for_lights_are_kept_and_counted_once_until_they_end():
    talk = Talk()
    bus = [Mover(0.0, 100.0, 0, 10.0, "bus"), Mover(0.0, 60.0, 0, 10.0)]
    for t_s in (0.0, 0.5):
        talk.at(straight(), bus, vir(0, LIGHT, t_s=t_s), vir(1, LIGHT, t_s=t_s), t_s=t_s)
    lights = talk.state.kept["CHPVP"]
    assert (lights.requested, lights.unauthorised, lights.passed_on) == (1, 1, 0)
    (one,) = lights.take()
    assert (one.node, one.phase) == (7, 3)
    assert one.arrives_us - talk.state.board.standing[one.key].heard_us == 12_000_000
    assert len(lights.take()) == lights.passed_on == 1
    talk.at(straight(), bus, vir(0, LIGHT | {"status": "complete"}, t_s=1.0), t_s=1.0)
    assert not lights.take()
