"""Differential data: the newest good frame of each message goes to every unit, five in one message, once a second."""

import numpy as np

from jinyun.cloud.apps.scene import UNIT
from jinyun.cloud.cooperation.hearing import Heard
from tests.cloud.apps.scenes import T_US, straight
from tests.cloud.cooperation.asking import Talk
from tests.net.test_ntrip import EXAMPLE, frame
from tests.oracle import compiled

UNITS = np.zeros(2, UNIT)


def rtcm(*octets):
    return Heard("rtcm", -1, T_US, {"corrections": [{"payload": one} for one in octets]})


def test_what_comes_is_passed_on_to_all_units_the_newest_of_each_number():
    talk = Talk()
    newest = frame(1077, 150)
    heard = [
        rtcm(frame(1077, 40), EXAMPLE),
        rtcm(newest, frame(1087, 50), frame(1127, 60), frame(1230, 10), frame(1033, 20)),
    ]
    talk.at(straight(), [], *heard, units=UNITS)
    assert [one.unit for one in talk.out] == [0, 1, 0, 1]
    said = []
    for one in talk.out[::2]:
        value = {"msgCnt": 0, **one.content(None, T_US)}
        said += compiled().decode("RTCMcorrections", compiled().encode("RTCMcorrections", value))["corrections"]
    assert [one["rtcmID"] for one in said] == [1005, 1033, 1077, 1087, 1127, 1230]
    assert said[0]["payload"] == EXAMPLE
    assert said[2]["payload"] == newest
    talk.at(straight(), [], t_s=2.0, units=UNITS)
    assert not talk.out  # nothing new


def test_what_is_no_frame_is_refused_and_counted():
    talk = Talk()
    talk.at(straight(), [], rtcm(EXAMPLE[:-1], b"\xd3", bytes(30), EXAMPLE + b"x"), units=UNITS)
    assert not talk.out
    assert talk.state.kept["DDS"].refused == 4
    talk.at(straight(), [], Heard("rtcm", -1, T_US, {"frames": [EXAMPLE]}), t_s=0.1, units=UNITS)
    assert len(talk.out) == 2
