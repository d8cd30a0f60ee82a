"""Safe passage on foot: cars that can are asked to stop, and nobody is told to go while one could be there in the meantime."""

import pytest

from tests.cloud.apps.roads import COMPASS, moved, turned
from tests.cloud.apps.scenes import Mover
from tests.cloud.cooperation.asking import Talk, psm
from tests.cloud.cooperation.zebra import AT_M, zebra

WALKER = Mover(4.0, AT_M, 270, 0.0, "walker")
GO, WAIT = ("goStraightForward",), ("stop",)
TAKES_S = 9.5 / 1.0


def car(before_m, speed, **more):
    """A car whose front is so far before the crossing's edge."""
    return Mover(0.0, AT_M - 2.0 - 2.3 - before_m, 0, speed, **more)


@pytest.mark.parametrize("deg", COMPASS)
def test_a_car_that_can_is_asked_to_stop_and_the_person_goes_once_it_does(deg):
    map, talk = turned(zebra(), deg), Talk()
    talk.at(map, moved([WALKER, car(60.0, 12.0)], deg), psm(0))
    assert (talk.told(0), talk.told(1)) == ([WAIT], [("slow-down", "stop")])
    (said,) = [one.content for one in talk.out if one.vehicle == 1001]
    away = [(point.x_m**2 + point.y_m**2) ** 0.5 for point in said.guidance]
    assert max(away) <= AT_M - 2.0 - 2.3 + 0.01  # no point of it lies beyond where its front is at the edge
    assert said.guidance[-1].speed_mps < 0.1
    talk.at(map, moved([WALKER, car(30.0, 8.5)], deg), psm(0, t_s=3.0), t_s=3.0)
    assert talk.told(0) == [GO]
    (window,) = [one.content.life_s for one in talk.out if one.vehicle == 1000]
    assert window >= TAKES_S
    talk.at(map, moved([WALKER, car(1.0, 0.0)], deg), psm(0, "finish", t_s=12.0), t_s=12.0)
    assert talk.counts("VRUSP") == {"proposed": 1, "followed": 1}


@pytest.mark.parametrize(
    "other",
    [
        car(40.0, 12.0, connected=False),  # nobody can ask it
        car(20.0, 14.0),  # cannot stop gently
        car(40.0, 12.0, body="ambulance", report={"siren": 2, "response": 1}),
        Mover(0.0, AT_M, 0, 3.0),  # is on it
        car(3.0, 0.0, connected=False),  # stands, and may start
    ],
)
def test_while_one_could_be_there_the_person_waits_and_it_is_asked_nothing(other):
    talk = Talk()
    talk.at(zebra(), [WALKER, other], psm(0))
    assert (talk.told(0), talk.told(1)) == ([WAIT], [])


def test_an_empty_road_and_one_far_away_are_windows_no_longer_than_they_are():
    talk = Talk()
    talk.at(zebra(), [WALKER], psm(0))
    assert [one.content.life_s for one in talk.out] == [30.0]
    talk = Talk()
    talk.at(zebra(), [WALKER, car(140.0, 6.0, connected=False)], psm(0))
    assert talk.told(0) == [GO]
    assert TAKES_S <= talk.out[0].content.life_s <= 140.0 / (6.0 + 3.0)


def test_who_drives_over_it_all_the_same_has_not_followed():
    talk = Talk()
    talk.at(zebra(), [WALKER, car(60.0, 12.0)], psm(0))
    talk.at(zebra(), [WALKER, Mover(0.0, AT_M + 8.0, 0, 12.0)], psm(0, t_s=5.0), t_s=5.0)
    assert talk.counts("VRUSP") == {"proposed": 1, "not_followed": 1}


def test_away_from_crossings_and_where_lights_rule_nothing_is_said():
    for map, walker in ((zebra(), Mover(4.0, 120.0, 270, 0.0, "walker")), (zebra(3), WALKER)):
        talk = Talk()
        talk.at(map, [walker, car(60.0, 12.0)], psm(0))
        assert not talk.out
    talk = Talk()
    talk.at(zebra(), [Mover(float("nan"), AT_M, 270, 0.0, "walker")], psm(0))
    assert not talk.told(1)
