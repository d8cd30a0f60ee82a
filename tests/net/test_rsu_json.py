"""JSON of roadside units: real samples become messages that encode, and what cannot is refused by path."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jinyun.net import csae, rsu_json, rsu_json_writing
from tests.conftest import shared_json
from tests.oracle import compiled


def test_openv2x_rsm_encodes_and_keeps_its_numbers() -> None:
    for message in shared_json("roadside/rsm-json-stream.json"):
        values, faults = rsu_json.read("rsm", message, "R328328")
        assert {fault[0] for fault in faults} <= {"participant.number"}  # one device numbers beyond 16 bits
        for value in values:
            assert compiled().decode("MessageFrame", csae.encode("rsmFrame", value)) == ("rsmFrame", value)
        read = [row for value in values for row in value["participants"]]
        stated = [row for rsm in message["content"]["rsms"] for row in rsm["participants"]]
        for got, given in zip(read, stated, strict=True):
            assert (got["ptcId"], got["speed"]) == (given["ptcId"] % 65_536, given["speed"])
            assert got["heading"] == given["heading"]
            assert got["source"] == "video"  # 3
            assert got["pos"]["offsetLL"] == (
                "position-LatLon",
                {"lon": given["pos"]["lon"], "lat": given["pos"]["lat"]},
            )
            assert got["posConfidence"] == {"pos": "unavailable"}


def test_openv2x_map_with_wrapped_lists_and_numbers_as_text() -> None:
    raw = shared_json("roadside/map-json.json")
    (value,) = rsu_json.read("map", raw, "R1").values
    assert compiled().decode("MessageFrame", csae.encode("mapFrame", value)) == ("mapFrame", value)
    given = raw["nodes"]["Node"]
    assert [node["id"]["id"] for node in value["nodes"]] == [int(node["id"]["id"]) for node in given]
    link, raw_link = value["nodes"][0]["inLinks"][0], given[0]["inLinks"]["Link"][0]
    assert len(link["lanes"]) == len(raw_link["lanes"]["Lane"])
    assert link["lanes"][0]["maneuvers"] == (bytes([0b10000000, 0]), 12)  # "100000000000": straight


def test_a_cameras_events_become_an_rsi_at_their_own_places() -> None:
    raw = shared_json("roadside/rsi-json.json")
    (value,) = rsu_json.read("rsi", raw, "R1").values
    assert value["rtes"] == [
        {
            "rteId": 1, "eventType": 707, "eventSource": "detection",
            "eventPos": {"offsetLL": ("position-LatLon", {"lon": 1_188_218_217, "lat": 319_353_853})},
        }
    ]  # fmt: skip
    assert csae.decode(csae.encode("rsiFrame", value)) == ("rsiFrame", value)


def test_a_vehicles_request_with_blank_nodes() -> None:
    (value,) = rsu_json.read("vir", shared_json("roadside/vir-json.json"), "R1").values
    request = value["intAndReq"]["reqs"][0]
    assert (request["reqID"], request["status"]) == (2, "comfirmed")  # the standard's own spelling
    assert request["info"][0] == "laneChange"


@pytest.mark.parametrize("message", ["rsm", "map"])
def test_the_plain_form_is_read_back_as_it_was_written(message: str) -> None:
    name = {"rsm": "rsm-json-stream.json", "map": "map-json.json"}[message]
    raw = shared_json(f"roadside/{name}")
    for value in rsu_json.read(message, raw[0] if isinstance(raw, list) else raw, "R1").values:
        assert rsu_json.read(message, json.loads(json.dumps(rsu_json_writing.plain(message, value))), "R1") == (
            [value],
            [],
        )


ROW: dict[str, Any] = {
    "ptcType": "motor",
    "ptcId": 5,
    "source": 3,
    "pos": {"lat": 296000000, "lon": 1063000000},
    "speed": 10,
}
RSM: dict[str, Any] = {"refPos": {"lat": 296000000, "lon": 1063000000}, "participants": [ROW]}


def test_over_sixteen_participants_are_several_messages() -> None:
    values = rsu_json.read("rsm", {**RSM, "participants": [ROW] * 37}, "R1").values
    assert [len(value["participants"]) for value in values] == [16, 16, 5]


def test_a_bad_participant_costs_only_itself() -> None:
    rows = [ROW, {**ROW, "speed": 9000}, 5, {**ROW, "ptcId": 161_501}]
    values, faults = rsu_json.read("rsm", {**RSM, "participants": rows}, "R1")
    assert [row["ptcId"] for row in values[0]["participants"]] == [5, 161_501 % 65_536]
    assert [fault[0] for fault in faults] == ["participant.refused", "participant.refused", "participant.number"]


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (7, "rsm"),
        ({}, "rsm.participants"),
        ({"participants": [ROW]}, "rsm.refPos"),
        ({**RSM, "participants": []}, "rsm.participants"),
        ({**RSM, "participants": [{**ROW, "ptcId": "x"}]}, "rsm.participants[0].ptcId"),
        ({**RSM, "participants": [{**ROW, "speed": 9000}]}, "rsm.participants[0].speed"),
        ({**RSM, "participants": [{**ROW, "pos": {}}]}, "rsm.participants[0].pos"),
        ({**RSM, "participants": [{**ROW, "ptcType": "tram"}]}, "rsm.participants[0].ptcType"),
        ({"rsms": [RSM, 5]}, "rsm[1]"),
        ({**RSM, "refPos": []}, "rsm.refPos"),
    ],
)
def test_what_is_no_message_is_refused_by_its_path(content: Any, field: str) -> None:
    with pytest.raises(rsu_json.FormError) as refused:
        rsu_json.read("rsm", content, "R1")
    assert refused.value.field.startswith(field)


@pytest.mark.parametrize("payload", [b"", b"{", b"[" * 100_000, b"\xff", b" " * (rsu_json.MAX_BYTES + 1)])
def test_what_is_no_json_is_refused(payload: bytes) -> None:
    with pytest.raises(rsu_json.FormError):
        rsu_json.load(payload)


def _lists_of_one(value: Any) -> Any:
    """Return ``value`` with every list of one element written as the element: devices write either."""
    if isinstance(value, dict):
        return {key: _lists_of_one(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return _lists_of_one(value[0]) if len(value) == 1 else [_lists_of_one(inner) for inner in value]
    return value


def test_a_map_goes_out_just_as_a_platform_of_the_field_wrote_it() -> None:
    original = shared_json("roadside/map-json.json")
    (value,) = rsu_json.read("map", original, "R1").values
    assert _lists_of_one(rsu_json_writing.openv2x("map", value)) == _lists_of_one(original)


def test_road_sightings_of_the_field_are_the_same_message_after_going_out_again() -> None:
    for number, recorded in enumerate(shared_json("roadside/rsm-json-stream.json")):
        for value in rsu_json.read("rsm", recorded, "R1").values:
            (again,) = rsu_json.read("rsm", json.loads(json.dumps(rsu_json_writing.openv2x("rsm", value))), "R1").values
            assert csae.encode("rsmFrame", again) == csae.encode("rsmFrame", value), number
