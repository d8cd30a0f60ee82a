"""Topics and routes: both schemes, and strangers."""

import pytest

from jinyun.net.topics import Route, down_topic, route, subject_of, up_topic


def test_a_plain_topic_names_zone_device_and_message() -> None:
    assert up_topic("z", "rsu", "R1", "spat") == "jinyun/z/rsu/R1/up/spat"
    assert route("jinyun.z.rsu.R1.up.spat") == Route("plain", "rsu", "R1", "spat")
    assert route("jinyun.z.obu.car-7.up.bsm") == Route("plain", "obu", "car-7", "bsm")


def test_a_gateway_topic_names_the_message_only() -> None:
    assert route("V2X//RSU//RSM//UP") == Route("gateway", "rsu", "", "rsm")


@pytest.mark.parametrize(
    "subject",
    ["", "jinyun.z.rsu.R1.up", "jinyun.z.rsu.R1.down.spat", "jinyun.z.tram.R1.up.spat", "jinyun.z.rsu.R1.up.xyz",
     "V2X//RSU//XYZ//UP", "V2X//RSU//RSM//R1//DOWN",
     "V2X.RSU.SPAT.UP", "V2X.RSU.R1.XYZ.UP", "V2X.RSU.R1.RSM.DOWN",
     "jinyun.z.rsu.a b.up.spat", "jinyun.z.rsu." + "x" * 33 + ".up.bsm"],
)  # fmt: skip
def test_strangers_have_no_route(subject: str) -> None:
    assert route(subject) is None


def test_second_stage_messages_and_words_of_a_unit_about_itself_have_routes() -> None:
    assert route("jinyun.z.rsu.R1.up.ssm") == Route("plain", "rsu", "R1", "ssm")
    assert route("jinyun.z.obu.P1.up.psm") == Route("plain", "obu", "P1", "psm")
    assert route("V2X.RSU.R1.VIR.UP") == Route("json", "rsu", "R1", "vir")
    assert route("V2X.RSU.HB.UP") == Route("json", "rsu", "", "hb")
    assert route("V2X.RSU.R1.RunningIfo.UP") == Route("json", "rsu", "R1", "runninginfo")
    assert route("V2X//RSU//BASEINFO//UP") == Route("gateway", "rsu", "", "baseinfo")
    assert route("V2X.RSU.R1.MAP.DOWN.ACK") == Route("json", "rsu", "R1", "delivered")


def test_topics_down_are_those_their_devices_listen_on() -> None:
    assert down_topic("plain", "z", "obu", "car7", "rsi") == "jinyun/z/obu/car7/down/rsi"
    assert down_topic("gateway", "z", "rsu", "R1", "map") == "V2X.RSU.MAP.R1.DOWN"
    assert down_topic("json", "z", "rsu", "R1", "map") == "V2X/RSU/R1/MAP/DOWN"


def test_a_subject_is_what_the_broker_makes_of_a_topic() -> None:
    assert subject_of("V2X.RSU.MAP.R1.DOWN") == "V2X//RSU//MAP//R1//DOWN"
    assert subject_of("V2X/RSU/R1/MAP/DOWN") == "V2X.RSU.R1.MAP.DOWN"
