"""Advice as messages: an independent codec reads them, and a reference on-board unit tells its driver the same."""

import numpy as np
import pytest

from jinyun import zone as zones
from jinyun.cloud.apps.application import Urgency, advice
from jinyun.cloud.apps.book import Book, Terms
from jinyun.cloud.apps.catalogue import CATALOGUE
from jinyun.cloud.apps.speaking import Device, Speaker, minute_of_the_year
from jinyun.vehicle.onboard import OnBoardUnit
from tests.oracle import compiled

T_US = 1_790_000_000_000_000
FCW = next(row for row, about in enumerate(CATALOGUE) if about.id == "FCW")


@pytest.fixture(scope="module")
def zone():
    return zones.load(zones.find())


def spoken(zone, rows, device_of):
    rows["application"] = FCW
    book = Book(Terms(*(np.full(len(CATALOGUE), 0.0) for _ in range(3))))
    said = book.turn(rows, T_US).said
    return list(Speaker(zone, {"": 9902}).messages(said, device_of, T_US))


def test_an_independent_codec_reads_the_warning_and_it_goes_to_its_receiver_alone(zone):
    rows = advice(
        [7, 8], about=9, urgency=Urgency.ACT, x_m=120.5, y_m=-300.25, after_s=1.2, probability=0.875, value=5.0
    )
    messages = spoken(zone, rows, {7: Device("obu", "C0000007", "A")})
    assert [m.topic for m in messages] == [f"jinyun/{zone.id}/obu/C0000007/down/{kind}" for kind in ("rsi", "rsc")]
    name, rsi = compiled().decode("MessageFrame", messages[0].payload)
    (event,) = rsi["rtes"]
    assert name == "rsiFrame"
    assert rsi["moy"] == minute_of_the_year(T_US)
    assert event["description"][1].decode("gb2312") == f"FCW {CATALOGUE[FCW].says_zh}"
    assert (event["eventType"], event["priority"], event["eventConfidence"]) == (9902, b"\xe0", 175)
    x, y = zone.project([rsi["refPos"]["long"] * 1e-7], [rsi["refPos"]["lat"] * 1e-7])
    assert (float(x[0]), float(y[0])) == pytest.approx((120.5, -300.25), abs=0.02)
    name, frame = compiled().decode("MessageFrame", messages[1].payload)
    assert frame["messageId"] == 11  # RSC in T/CSAE 157
    rsc = compiled().decode("RoadsideCoordination", frame["value"])
    (one,) = rsc["coordinates"]
    assert one["vehId"] == b"C0000007"
    assert one["driveSuggestion"]["suggestion"] == (bytes([0x00, 0x10]), 14)  # bit 11: slow-down
    assert one["driveSuggestion"]["lifeTime"] == 120


def test_the_driver_is_told_what_the_cloud_says_until_it_is_over(zone):
    rows = advice([7], about=9, urgency=Urgency.WARN, x_m=50.0, y_m=60.0, after_s=2.0, probability=0.5)
    unit = OnBoardUnit("C0000007", zone.project)
    for message in spoken(zone, rows, {7: Device("obu", "C0000007", "A")}):
        unit.hear(message.payload, T_US)
    told, suggested = unit.alerts(T_US + 1_000_000)
    assert (told.application, told.text, told.urgency) == ("FCW", CATALOGUE[FCW].says_zh, 4)
    assert (told.x_m, told.y_m, told.confidence) == (pytest.approx(50, abs=0.02), pytest.approx(60, abs=0.02), 0.5)
    assert suggested.behaviour == "slow down"
    assert unit.alerts(T_US + 3_100_000) == []


def test_what_is_meant_for_everybody_goes_to_the_roadside_unit_eight_at_a_time(zone):
    rows = advice(np.zeros(11), unit=2, place=np.arange(11), x_m=0.0, y_m=0.0)
    messages = spoken(zone, rows, {})
    assert {m.topic for m in messages} == {f"jinyun/{zone.id}/rsu/{zone.rsus[2].id}/down/rsi"}
    assert [len(compiled().decode("MessageFrame", m.payload)[1]["rtes"]) for m in messages] == [8, 3]


def test_a_unit_survives_what_it_cannot_read_and_another_cars_suggestion(zone):
    unit = OnBoardUnit("C0000008", zone.project)
    rows = advice([7], about=9, after_s=2.0, x_m=0.0, y_m=0.0)
    rsi, rsc = spoken(zone, rows, {7: Device("obu", "C0000007", "A")})
    assert unit.hear(rsc.payload, T_US) == []
    for cut in range(len(rsi.payload)):
        unit.hear(rsi.payload[:cut], T_US)
    assert unit.refused == len(rsi.payload)
    assert unit.alerts(T_US) == []
