"""What is asked: renewed, cancelled, over, bounded; heard of VIR and PSM, and as many as one window may hold."""

from dataclasses import replace

import numpy as np
import pytest

from jinyun import zone as zones
from jinyun.cloud.cooperation.hearing import requests_of
from jinyun.cloud.cooperation.requests import MOST_OF_ONE, Ask, Board, Request
from jinyun.cloud.decode import MOST_HEARD, Decoder
from jinyun.net.block import Arrival
from tests.cloud.apps.scenes import T_US, Mover, straight
from tests.cloud.cooperation.asking import Talk, psm, request, vehicle, vir
from tests.cloud.cooperation.cars import BITS, second

LIFE_US = 2_000_000
ONE = Request(7, Ask.CHANGE, 3, 1, "request", 0, {}, T_US, T_US + LIFE_US)


def later(seconds, **more):
    at = T_US + round(seconds * 1e6)
    return replace(ONE, heard_us=at, ends_us=at + LIFE_US, **more)


def test_told_again_it_is_the_same_and_stands_longer():
    board = Board()
    board.take([ONE], T_US)
    board.take([later(1.5)], T_US + 1_500_000)
    assert not board.expire(T_US + 3_000_000)
    (one,) = board.of(Ask.CHANGE)
    assert (one.since_us, one.heard_us) == (T_US, T_US + 1_500_000)
    assert board.counts["change", "heard"] == 1
    assert [over.key for over in board.expire(T_US + 3_500_001)] == [ONE.key]


@pytest.mark.parametrize(("status", "counted"), [("cancel", "cancelled"), ("complete", "completed")])
def test_it_ends_when_its_sender_says_so_and_ending_what_is_none_is_nothing(status, counted):
    board = Board()
    assert not board.take([replace(ONE, status=status)], T_US)
    board.take([ONE], T_US)
    (ended,) = board.take([later(1.0, status=status)], T_US + 1_000_000)
    assert (ended.key, ended.since_us) == (ONE.key, T_US)
    assert board.counts["change", counted] == 1
    assert not board.standing


def test_one_asks_only_so_much_and_others_are_not_hindered_by_it():
    board = Board()
    board.take([replace(ONE, number=n) for n in range(100)] + [replace(ONE, vehicle=8)], T_US)
    assert len(board.standing) == MOST_OF_ONE + 1
    assert board.counts["change", "refused"] == 100 - MOST_OF_ONE


def test_intentions_and_requests_are_heard_with_their_life_and_bad_ones_are_nothing():
    info = {"upstreamNode": {"id": 1}, "downstreamNode": {"id": 2}, "targetLane": 1}
    found = requests_of(vir(0, request("laneChange", info, 5, life_s=4.0), bits=BITS["left"] | BITS["ramp"]), LIFE_US)
    assert [(one.ask, one.number, one.ends_us - one.heard_us) for one in found] == [
        (Ask.PASS, -1, LIFE_US), (Ask.MERGE, -1, LIFE_US), (Ask.CHANGE, 5, 4_000_000),
    ]  # fmt: skip
    assert found[0].info["turns"] == 2
    assert {one.vehicle for one in found} == {vehicle(0)}
    unknown = {"reqID": 1, "status": None, "info": ("laneChange", info)}
    assert not requests_of(vir(0, unknown, {"reqID": 2, "status": "request", "info": (None, None)}), LIFE_US)
    assert [one.ask for one in requests_of(psm(0), LIFE_US)] == [Ask.CROSS]
    assert not requests_of(psm(0, None), LIFE_US)


def test_a_flood_of_requests_is_cut_and_told_and_everybody_elses_data_stay():
    zone = zones.load(zones.find())
    value = {"msgCnt": 0, "id": b"C0000001", "secMark": 0, "refPos": {"lat": 0, "long": 0}, "intAndReq": {}}
    frame = second("VehIntentionAndRequest", 13, value)
    arrivals = [Arrival(T_US, f"jinyun.{zone.id}.obu.C{k:07d}.up.vir", frame) for k in range(MOST_HEARD + 44)]
    decoded = Decoder(zone.project).decode(arrivals)
    assert len(decoded.heard) == MOST_HEARD
    (told,) = [one for one in decoded.findings if one.rule == "cooperation.flood"]
    assert told.count == 44
    assert np.unique([one.source for one in decoded.heard]).size == MOST_HEARD


def test_one_application_that_fails_costs_the_others_nothing():
    wants = request("laneChange", {"upstreamNode": {"id": 1}, "downstreamNode": {"id": 2}, "targetLane": 1})
    talk = Talk()
    talk.state.kept["GSPA"] = talk.state.kept["PDS"] = None  # what they keep is spoilt
    talk.at(straight(), [Mover(0.0, 100.0, 0, 12.0)], vir(0, wants))
    assert set(talk.state.failed) == {"PDS"}
    assert talk.told(0) == [("laneChangingToLeft",)]
