"""Topics and routes: both schemes, and strangers."""

import pytest

from jinyun.net.topics import Route, route, up_topic


def test_a_plain_topic_names_zone_device_and_message() -> None:
    assert up_topic("z", "rsu", "R1", "spat") == "jinyun/z/rsu/R1/up/spat"
    assert route("jinyun.z.rsu.R1.up.spat") == Route("plain", "rsu", "R1", "spat")
    assert route("jinyun.z.obu.car-7.up.bsm") == Route("plain", "obu", "car-7", "bsm")


def test_a_gateway_topic_names_the_message_only() -> None:
    assert route("V2X//RSU//RSM//UP") == Route("gateway", "rsu", "", "rsm")


@pytest.mark.parametrize(
    "subject",
    ["", "jinyun.z.rsu.R1.up", "jinyun.z.rsu.R1.down.spat", "jinyun.z.tram.R1.up.spat", "jinyun.z.rsu.R1.up.xyz",
     "V2X//RSU//HB//UP", "V2X//RSU//RSM//R1//DOWN", "jinyun.z.rsu.a b.up.spat", "jinyun.z.rsu." + "x" * 33 + ".up.bsm"],
)  # fmt: skip
def test_strangers_have_no_route(subject: str) -> None:
    assert route(subject) is None
