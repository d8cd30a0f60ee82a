"""Messages down to devices: another library, or our reader, finds in them what was meant."""

import json
from typing import Any

import pytest

from jinyun.net import csae, downlink, gateway, rsu_json
from tests.oracle import compiled

RSI: dict[str, Any] = {
    "msgCnt": 3, "id": b"R1      ", "refPos": {"lat": 296_000_000, "long": 1_063_000_000},
    "rtes": [{"rteId": 1, "eventType": 401, "eventSource": "government"}],
}  # fmt: skip


def test_a_bare_frame_decodes_in_another_library() -> None:
    topic, payload = downlink.address("plain", "z", "rsu", "R1", "rsi", RSI, 1, 0)
    assert topic == "jinyun/z/rsu/R1/down/rsi"
    assert compiled().decode("MessageFrame", payload) == ("rsiFrame", RSI)


def test_the_gateways_envelope_holds_the_frame() -> None:
    topic, payload = downlink.address("gateway", "z", "rsu", "R1", "rsi", RSI, 1, 1_795_000_000_000)
    assert topic == "V2X.RSU.RSI.R1.DOWN"
    envelope = gateway.unwrap(payload, "rsi")
    assert envelope.rsu == "R1"
    assert csae.decode(envelope.frames[0]) == ("rsiFrame", RSI)


def test_json_is_numbered_and_reads_back_as_the_same_message() -> None:
    topic, payload = downlink.address("json", "z", "rsu", "R1", "rsi", RSI, 9, 0)
    assert topic == "V2X/RSU/R1/RSI/DOWN"
    content = json.loads(payload)
    assert (content["seqNum"], content["ack"]) == ("9", True)
    assert rsu_json.read("rsi", content, "R1").values == [RSI]


def test_a_second_stage_message_goes_in_its_frame() -> None:
    value = {"msgCnt": 1, "id": b"R1      ", "secMark": 5, "refPos": {"lat": 0, "long": 0}, "intAndReq": {}}
    _, payload = downlink.address("plain", "z", "obu", "car7", "vir", value, 1, 0)
    name, found = compiled().decode("MessageFrame", payload)
    assert (name, found["messageId"]) == ("msgFrameExt", 13)
    assert compiled().decode("VehIntentionAndRequest", found["value"]) == value


def test_what_the_standard_refuses_never_goes_out() -> None:
    for scheme in downlink.SCHEMES:
        with pytest.raises(csae.CsaeError):
            downlink.address(scheme, "z", "rsu", "R1", "rsi", RSI | {"msgCnt": 128}, 1, 0)
    with pytest.raises(csae.CsaeError):
        downlink.address("plain", "z", "rsu", "R1", "xyz", RSI, 1, 0)
