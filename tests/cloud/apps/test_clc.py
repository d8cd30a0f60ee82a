"""Cooperative lane change: who changes when there is room, who makes it, who is never asked; on a road to every side."""

import pytest

from tests.cloud.apps.roads import COMPASS, moved, turned
from tests.cloud.apps.scenes import Mover, straight
from tests.cloud.cooperation.asking import Talk, request, vir

WANTS = request("laneChange", {"upstreamNode": {"id": 1}, "downstreamNode": {"id": 2}, "targetLane": 1})
LEFT = ("laneChangingToLeft",)
OWN = Mover(0.0, 100.0, 0, 12.0)


def beside(y_m, speed=12.0, **more):
    return Mover(-3.5, y_m, 0, speed, **more)


@pytest.mark.parametrize("deg", COMPASS)
def test_who_has_room_is_told_to_change_and_has_followed_once_over(deg):
    map, talk = turned(straight(), deg), Talk()
    talk.at(map, moved([OWN, beside(60.0)], deg), vir(0, WANTS))
    assert (talk.told(0), talk.told(1)) == ([LEFT], [])
    talk.at(map, moved([Mover(-3.5, 140.0, 0, 12.0), beside(95.0)], deg), vir(0, WANTS, t_s=3.0), t_s=3.0)
    assert talk.counts("CLC") == {"proposed": 1, "followed": 1}


def test_one_behind_with_a_unit_makes_room_then_the_change_is_told():
    map, talk = straight(), Talk()
    talk.at(map, [OWN, beside(92.0)], vir(0, WANTS))
    assert (talk.told(0), talk.told(1)) == ([], [("slow-down",)])
    (said,) = [one.content for one in talk.out]
    speeds = [point.speed_mps for point in said.guidance]
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[-1] < 12.0 - 1.0
    talk.at(map, [Mover(0.0, 160.0, 0, 12.0), beside(140.0, 10.0)], vir(0, WANTS, t_s=5.0), t_s=5.0)
    assert LEFT in talk.told(0)
    talk.at(map, [Mover(-3.5, 190.0, 0, 12.0), beside(165.0, 10.0)], t_s=7.5)
    assert talk.counts("CLC") == {"proposed": 2, "followed": 2}


@pytest.mark.parametrize(
    "other",
    [
        beside(92.0, connected=False),  # cannot be asked
        beside(92.0, body="ambulance", report={"siren": 2, "response": 1}),  # is never asked
        beside(103.0, 5.0),  # one ahead, slower: no room that anybody behind could make
    ],
)
def test_where_nobody_can_make_room_nobody_is_told(other):
    talk = Talk()
    talk.at(straight(), [OWN, other], vir(0, WANTS))
    assert not talk.out


def test_a_lane_that_is_not_there_is_refused_once_and_a_cancelled_change_is_let_go():
    talk = Talk()
    none = request("laneChange", {"upstreamNode": {"id": 1}, "downstreamNode": {"id": 2}, "targetLane": 3})
    for t_s in (0.0, 0.1):
        talk.at(straight(), [OWN], vir(0, none, t_s=t_s), t_s=t_s)
    assert talk.counts("CLC") == {"refused": 1}
    talk = Talk()
    talk.at(straight(), [OWN], vir(0, WANTS))
    talk.at(straight(), [OWN], vir(0, WANTS | {"status": "cancel"}, t_s=1.0), t_s=1.0)
    assert talk.counts("CLC") == {"proposed": 1, "cancelled": 1}


def test_room_that_closes_takes_the_word_back_and_who_never_slows_has_not_followed():
    talk = Talk()
    talk.at(straight(), [OWN, beside(60.0)], vir(0, WANTS))
    talk.at(straight(), [OWN, beside(95.0, 15.0)], t_s=1.0)
    assert talk.counts("CLC")["withdrawn"] == 1
    assert ("goStraightForward",) in talk.told(0)
    talk = Talk()
    talk.at(straight(), [OWN, beside(92.0)], vir(0, WANTS))
    talk.at(straight(), [OWN, beside(92.0)], t_s=9.5)
    assert talk.counts("CLC")["not_followed"] == 1


def test_nobody_asks_in_anothers_name_and_bad_input_is_silent():
    talk = Talk()
    talk.at(straight(), [OWN], vir(0, WANTS, source=7), speaks=lambda vehicle: 3)
    assert not talk.out
    assert talk.state.foreign[7] == 1
    nowhere = Mover(float("nan"), 100.0, 0, 12.0)
    for movers in ([], [nowhere], [Mover(500.0, 100.0, 0, 12.0)], [Mover(0.0, 100.0, float("nan"), float("nan"))]):
        talk.at(straight(), movers, vir(0, WANTS))
        assert LEFT not in talk.told(0) or movers
