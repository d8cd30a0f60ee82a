"""What roadside units say of themselves, as OpenV2X's devices and T/ITS 0117 write it."""

import json

import pytest

from jinyun.net import rsu_status
from jinyun.net.rsu_json import FormError

INFO = {
    "rsuId": "ID01", "rsuEsn": "ESN01", "rsuName": "NAME01", "rsuStatus": True, "version": "v1",
    "location": {"lon": 118.840897, "lat": 31.88335},
    "config": {"bsmConfig": {"sampleMpde": "ByAll", "sampleRate": 0}, "rsiConfig": {"downRsis": [{"alertID": "E1"}]}},
    "ack": True, "seqNum": "17",
}  # fmt: skip


def test_a_unit_tells_who_it_is_by_dotted_paths_with_the_misspelt_key_mended() -> None:
    told = rsu_status.read(INFO)
    assert (told.device, told.sequence, told.wants_answer, told.skipped) == ("ESN01", "17", True, 0)
    assert told.facts["location.lon"] == 118.840897
    assert told.facts["config.bsmConfig.sampleMode"] == "ByAll"
    assert told.facts["config.rsiConfig.downRsis[0].alertID"] == "E1"
    assert "ack" not in told.facts


def test_the_answer_carries_its_number_to_the_units_own_topic() -> None:
    topic, payload = rsu_status.answer("info", "ESN01", "17")
    assert (topic, json.loads(payload)) == ("V2X/RSU/ESN01/INFO/UP/ACK", {"seqNum": "17", "errorCode": 0})


def test_a_unit_cannot_speak_for_another() -> None:
    with pytest.raises(FormError, match="the topic says R1"):
        rsu_status.read(INFO, "R1")


def test_a_receipt_tells_whether_a_message_was_taken() -> None:
    assert rsu_status.delivered({"seqNum": "9", "errorCode": 0}) == rsu_status.Delivered("9", 0, "")
    assert rsu_status.delivered({"seqNum": 9, "errorCode": "3"}).error == 3


@pytest.mark.parametrize("content", [None, 3, [], {}, {"rsuEsn": "a b"}, {"rsuEsn": 1, "x": [[[[[[[[1]]]]]]]]}])
def test_what_is_no_status_is_refused_with_its_field(content: object) -> None:
    with pytest.raises(FormError) as caught:
        rsu_status.read(content)
    assert caught.value.field


def test_endless_facts_are_bounded_and_counted() -> None:
    told = rsu_status.read({"rsuEsn": "R1", **{f"f{n}": "x" * 1000 for n in range(200)}})
    assert len(told.facts) == rsu_status.MAX_FACTS
    assert told.skipped == 201 - rsu_status.MAX_FACTS
    assert max(len(str(value)) for value in told.facts.values()) <= rsu_status.MAX_TEXT
