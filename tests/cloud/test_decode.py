"""From bytes another library encoded to sightings, and what bad input costs: itself and nothing else."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from jinyun.cloud import account
from jinyun.cloud.account import NO_TIME
from jinyun.cloud.decode import MOST_OF_ONE, Decoder
from jinyun.cloud.sight import MINUTE_US, event_times_us, time_marks_us
from jinyun.net import block, csae, gateway
from jinyun.net.csae import read_kernel
from jinyun.net.ingest import Arrival
from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, Kind, Light
from jinyun.zone import Projection
from tests.oracle import compiled, frame

T0 = 1_795_000_040_000_000  # 20 s into its minute
LON0, LAT0 = 106.3, 29.6


def bsm(**more: Any) -> dict[str, Any]:
    return {
        "msgCnt": 5, "id": b"CAR00007", "secMark": 19_950,
        "pos": {"lat": 296_000_900, "long": 1_063_000_000, "elevation": 2500},
        "posAccuracy": {"semiMajor": 20, "semiMinor": 20, "orientation": 0}, "transmission": "forwardGears", "speed": 500,
        "heading": 7200, "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0}, "brakes": {},
        "size": {"width": 180, "length": 480, "height": 30}, "vehicleClass": {"classification": 10, "fuelType": 4},
    } | more  # fmt: skip


def participant(**more: Any) -> dict[str, Any]:
    return {
        "ptcType": "motor", "ptcId": 7, "source": "video", "secMark": 19_900,
        "pos": {"offsetLL": ("position-LL3", {"lon": 1000, "lat": -900})}, "posConfidence": {"pos": "a1m"}, "speed": 250,
        "heading": 0, "size": {"width": 180, "length": 480, "height": 30},
    } | more  # fmt: skip


def rsm(*participants: dict[str, Any], count: int = 1) -> dict[str, Any]:
    return {"msgCnt": count, "id": b"R1      ", "refPos": {"lat": 296_000_000, "long": 1_063_000_000},
            "participants": list(participants)}  # fmt: skip


def decoder() -> Decoder:
    return Decoder(Projection(LON0, LAT0))


def at(payload: bytes, message: str, kind: str = "rsu", device: str = "R1", t_us: int = T0) -> Arrival:
    return Arrival(t_us, f"jinyun.z.{kind}.{device}.up.{message}", payload)


def test_a_bsm_in_si_units_at_its_own_time_and_place() -> None:
    got = decoder().decode([at(frame("bsmFrame", bsm()), "bsm", "obu", "car7")])
    (row,) = got.sightings
    assert (row["by"], row["kind"], row["classification"]) == (SEEN_BY_ITSELF, Kind.MOTOR, 10)
    assert row["vehicle_id"] == int.from_bytes(b"CAR00007", "big")
    assert row["event_us"] == T0 - 50_000
    assert row["speed_mps"] == pytest.approx(10.0)
    assert row["heading_rad"] == pytest.approx(math.pi / 2)
    assert (row["length_m"], row["width_m"], row["height_m"]) == pytest.approx((4.8, 1.8, 1.5))
    assert row["position_sd_m"] == pytest.approx(1.0)
    assert abs(row["x_m"]) < 0.01 and row["y_m"] == pytest.approx(9e-5 * 110_850, abs=0.05)


def test_an_rsms_participants_lie_around_its_reference() -> None:
    absolute = participant(ptcId=8, pos={"offsetLL": ("position-LatLon", {"lon": 1_063_001_000, "lat": 295_999_100})})
    got = decoder().decode([at(frame("rsmFrame", rsm(participant(), absolute)), "rsm")])
    assert got.sightings["participant"].tolist() == [7, 8]
    assert got.sightings["x_m"] == pytest.approx([9.68, 9.68], abs=0.02)
    assert got.sightings["y_m"] == pytest.approx([-9.98, -9.98], abs=0.02)
    assert got.sightings["position_sd_m"] == pytest.approx([0.5, 0.5])
    assert set(got.sightings["by"].tolist()) == {SEEN_BY_ROAD}


def test_unknown_is_not_zero() -> None:
    row = participant(speed=8191, heading=28800, posConfidence={"pos": "unavailable"}, size={"width": 0, "length": 0})
    (got,) = decoder().decode([at(frame("rsmFrame", rsm(row)), "rsm")]).sightings
    for name in ("speed_mps", "heading_rad", "position_sd_m", "length_m", "width_m", "height_m"):
        assert np.isnan(got[name]), name


def test_a_bsm_without_a_place_is_a_finding_and_no_participant() -> None:
    got = decoder().decode(
        [at(frame("bsmFrame", bsm(pos={"lat": 900_000_001, "long": 1_800_000_001})), "bsm", "obu", "c")]
    )
    assert len(got.sightings) == 0
    assert [finding.rule for finding in got.findings] == ["position.absent"]


def test_a_place_on_another_continent_is_a_finding_and_costs_no_neighbour() -> None:
    far = at(frame("bsmFrame", bsm(pos={"lat": 0, "long": 0})), "bsm", "obu", "far")
    near = at(frame("bsmFrame", bsm()), "bsm", "obu", "near")
    got = decoder().decode([far, near])
    assert len(got.sightings) == 1
    assert [(f.rule, f.source) for f in got.findings] == [("position.outside", "obu/far")]


def test_one_broken_message_costs_only_itself_and_its_reason_names_source_and_field() -> None:
    good = frame("rsmFrame", rsm(participant()))
    window = [at(good, "rsm"), at(good[:-5], "rsm", device="R2"), at(b"", "rsm", device="R2"), at(good, "rsm", device="R3"),
              at(good, "spat", device="R4"), Arrival(T0, "jinyun.z.tram.X.up.rsm", good)]  # fmt: skip
    reader = decoder()
    got = reader.decode(window)
    assert len(got.sightings) == 2
    assert (reader.refused, reader.received["rsm"]) == (4, 2)
    assert {f.source for f in got.findings if f.rule == "message.refused"} == {
        "rsu/R2",
        "rsu/R4",
        "jinyun.z.tram.X.up.rsm",
    }
    assert all(f.field for f in got.findings)


def test_an_rsu_without_a_clock_keeps_its_objects_timed_by_receipt() -> None:
    got = decoder().decode([at(frame("rsmFrame", rsm(participant(secMark=65_535))), "rsm")])
    assert got.sightings["event_us"].tolist() == [T0]
    assert [finding.rule for finding in got.findings] == ["clock.absent"]


def test_two_rsus_with_the_same_stamp_both_count() -> None:
    window = [at(frame("rsmFrame", rsm(participant())), "rsm", device=name) for name in ("R1", "R2")]
    got = decoder().decode(window)
    assert len(got.sightings) == 2 and len(set(got.sightings["source"].tolist())) == 2


def test_unknown_classes_and_unnamed_kinds_are_kept_as_unknown() -> None:
    got = decoder().decode(
        [at(frame("rsmFrame", rsm(participant(ptcType="unknown", vehicleClass={"classification": 199}))), "rsm")]
    )
    assert (got.sightings["kind"][0], got.sightings["classification"][0]) == (Kind.UNKNOWN, 199)


def test_a_gateway_envelope_with_several_cars() -> None:
    frames = [frame("bsmFrame", bsm(id=name)) for name in (b"CAR00001", b"CAR00002")]
    envelope = gateway.wrap("RSU9", T0 // 1000, "bsm", frames)
    reader = decoder()
    got = reader.decode([Arrival(T0, "V2X//RSU//BSM//UP", envelope), Arrival(T0, "V2X//RSU//BSM//UP", envelope[:30])])
    assert len(got.sightings) == 2 and len(set(got.sightings["vehicle_id"].tolist())) == 2
    assert (reader.received["bsm"], reader.refused) == (2, 1)
    cars = {source.device for source in reader.sources if source.kind == "obu"}
    assert cars == {b"CAR00001".hex(), b"CAR00002".hex()}


def spat(state: dict[str, Any], **more: Any) -> bytes:
    phases = [{"id": 4, "phaseStates": [state]}]
    intersection = {"intersectionId": {"region": 1, "id": 23}, "status": (b"\x04\x00", 16), "phases": phases}
    return frame("spatFrame", {"msgCnt": 1, "timeStamp": 19_900, "intersections": [intersection], **more})


def test_a_signal_that_counts_down_ends_at_its_own_stamp_plus_the_count() -> None:
    timing = ("counting", {"startTime": 0, "likelyEndTime": 123})
    (row,) = decoder().decode([at(spat({"light": "protected-green", "timing": timing}), "spat")]).signals
    assert (row["region"], row["node"], row["phase"], row["light"]) == (1, 23, 4, Light.PROTECTED_GREEN)
    assert row["likely_end_us"] == T0 - 100_000 + 12_300_000


def test_a_signal_in_utc_timing_ends_in_the_nearest_hour() -> None:
    mark = 10  # 1 s into an hour
    timing = ("utcTiming", {"startUTCTime": 0, "likelyEndUTCTime": mark})
    hour = (T0 // 3_600_000_000 + 1) * 3_600_000_000
    receive = hour - 5_000_000
    (row,) = (
        decoder().decode([at(spat({"light": "red", "timing": timing}, timeStamp=54_990), "spat", t_us=receive)]).signals
    )
    assert row["likely_end_us"] == hour + 1_000_000


def test_unknown_ends_are_zero() -> None:
    for state in (
        {"light": "red"},
        {"light": "red", "timing": ("counting", {"startTime": 0, "likelyEndTime": 36_001})},
    ):
        assert decoder().decode([at(spat(state), "spat")]).signals["likely_end_us"].tolist() == [0]


@pytest.mark.parametrize(
    ("receive_in_minute_ms", "mark_ms", "expected_ms"),
    [(20_000, 19_900, 19_900), (100, 59_950, -50), (59_990, 10, 60_010), (30_000, 60_500, 59_999)],
)
def test_a_second_mark_names_the_nearest_minute(receive_in_minute_ms: int, mark_ms: int, expected_ms: int) -> None:
    minute = T0 // MINUTE_US * MINUTE_US
    receive = np.array([minute + receive_in_minute_ms * 1000])
    assert event_times_us(np.array([mark_ms]), receive).tolist() == [minute + expected_ms * 1000]


def test_marks_beyond_the_leap_second_are_no_time() -> None:
    receive = np.array([T0, T0])
    assert event_times_us(np.array([65_535, 61_000]), receive).tolist() == [NO_TIME, NO_TIME]
    assert time_marks_us(np.array([35_990]), np.array([3_600_000_000])).tolist() == [3_599_000_000]


def test_a_flood_of_one_sender_is_cut_off_and_costs_its_neighbours_nothing() -> None:
    flood = [at(frame("bsmFrame", bsm(msgCnt=n % 128)), "bsm", "obu", "flood") for n in range(128)] * 20
    reader = decoder()
    got = reader.decode([*flood, at(frame("bsmFrame", bsm()), "bsm", "obu", "quiet")])
    assert (reader.received["bsm"], reader.flooded) == (MOST_OF_ONE + 1, 128 * 20 - MOST_OF_ONE)
    assert "source.flood" in {finding.rule for finding in got.findings}


def test_thousands_of_bad_messages_are_all_counted_and_some_explained() -> None:
    reader = decoder()
    got = reader.decode([at(b"\x00\x01", "bsm", "obu", f"car{n}") for n in range(500)])
    assert reader.refused == 500
    assert 0 < len(got.findings) <= 50


def test_json_of_openv2x_and_of_the_centre_interface_is_taken_like_any_message() -> None:
    row = {"ptcType": 1, "ptcId": 5, "secMark": 19_900, "source": 3, "pos": {"lat": 296_000_000, "lon": 1_063_000_000},
           "speed": 500, "heading": 7200, "size": {"width": 180, "length": 480}}  # fmt: skip
    rsm_json = {"refPos": {"lat": 296_000_000, "lon": 1_063_000_000, "ele": 0}, "participants": [row]}
    window = [
        Arrival(T0, "V2X.RSU.R328328.RSM.UP.DAWNLINE", json.dumps({"rsms": [rsm_json]}).encode()),
        Arrival(T0, "V2X//RSU//RSM//UP", json.dumps({"rsuId": "R2", **rsm_json}).encode()),
        Arrival(T0, "V2X//RSU//RSM//UP", json.dumps(rsm_json).encode()),
        Arrival(T0, "V2X.RSU.R3.RSM.UP", json.dumps({**rsm_json, "participants": [{**row, "speed": -5}]}).encode()),
    ]
    reader = decoder()
    got = reader.decode(window)
    assert got.sightings["speed_mps"].tolist() == pytest.approx([10.0, 10.0])
    assert (reader.received["rsm"], reader.refused) == (2, 2)
    assert {f.source: f.field for f in got.findings} == {"rsu/?": "rsuId", "rsu/R3": "rsm.participants[0].speed"}


def test_an_rsu_that_speaks_the_other_dialect_is_understood_told_and_remembered() -> None:
    """RSI with a path: five bits count it from 1 in layout A and from 2 in layout B, so A cannot read B's."""
    path = [{"offsetLL": ("position-LL1", {"lon": 5, "lat": n})} for n in range(4)]
    rsi = {
        "msgCnt": 1, "id": b"RSU-B   ", "refPos": {"lat": 296_000_000, "long": 1_063_000_000},
        "rtes": [{"rteId": 7, "eventType": 9902, "eventSource": "police",
                  "referencePaths": [{"activePath": path, "pathRadius": 100}]}],
    }  # fmt: skip
    reader = decoder()
    findings = []
    for count in range(6):
        payload = csae.encode("rsiFrame", {**rsi, "msgCnt": count}, "B")
        findings += reader.decode([at(payload, "rsi", device="RSU-B")]).findings
    assert (reader.received["rsi"], reader.refused) == (6, 0)
    assert sum(f.rule == "road.event" for f in findings) == 6
    (pinned,) = [f for f in findings if f.rule == "dialect.pinned"]
    assert (pinned.source, pinned.severity) == ("rsu/RSU-B", "info") and "dialect B" in pinned.reason
    assert reader.sources.tally(account.LOST) == 0


def test_nothing_is_compiled_after_warming() -> None:
    """A kernel compiled when its first message comes would hold up the street for seconds."""
    reader = decoder()
    reader.warm()
    kernels = {name: value for module in (account, block, read_kernel) for name, value in vars(module).items()}
    jitted = {name: value for name, value in kernels.items() if hasattr(value, "signatures")}
    before = {name: list(value.signatures) for name, value in jitted.items()}
    assert {"account", "_look_up", "read"} <= set(jitted)
    window = [at(frame("bsmFrame", bsm()), "bsm", "obu", f"car{n}") for n in range(50)]
    window += [at(frame("rsmFrame", rsm(participant())), "rsm"), at(spat({"light": "red"}), "spat"), at(b"", "map")]
    for _ in range(2):
        reader.decode(window)
    after = {name: list(value.signatures) for name, value in jitted.items()}
    assert after == before


def second_stage(number: int, type_name: str, value: dict[str, Any]) -> bytes:
    return frame("msgFrameExt", {"messageId": number, "value": compiled().encode(type_name, value)})


def test_what_an_rsu_shares_of_its_sensors_is_seen_like_its_rsm() -> None:
    shared_by = {"msgCnt": 1, "id": b"R1      ", "equipmentType": "rsu", "secMark": 19_950,
                 "sensorPos": {"lat": 296_000_000, "long": 1_063_000_000}, "participants": [{"ptc": participant()}],
                 }  # fmt: skip
    reader, plain = decoder(), decoder()
    got = reader.decode([at(second_stage(12, "SensorSharingMsg", shared_by), "ssm")])
    assert reader.received["ssm"] == 1
    same = plain.decode([at(frame("rsmFrame", rsm(participant())), "rsm")])
    assert got.sightings.tolist() == same.sightings.tolist()


def test_a_person_who_reports_itself_is_seen_as_what_it_is() -> None:
    person = {"msgCnt": 1, "id": b"PED00001", "secMark": 19_950, "pos": {"lat": 296_000_900, "long": 1_063_000_000},
              "posAccuracy": {"semiMajor": 20, "semiMinor": 20, "orientation": 0}, "speed": 70, "heading": 7200,
              "overallRadius": 3, "non-motorData": {"basicType": "aPEDESTRIAN"}}  # fmt: skip
    reader = decoder()
    rider = person | {"id": b"CYC00001", "non-motorData": {"basicType": "aPEDALCYCLIST"}}
    frames = [second_stage(15, "PersonalSafetyMessage", value) for value in (person, rider)]
    got = reader.decode([at(data, "psm", "obu", f"P{n}") for n, data in enumerate(frames)])
    assert got.sightings["kind"].tolist() == [Kind.PEDESTRIAN, Kind.NON_MOTOR]
    assert got.sightings["speed_mps"][0] == pytest.approx(1.4)
    assert got.sightings["y_m"][0] == pytest.approx(9.98, abs=0.02)
    assert (got.sightings["by"] == SEEN_BY_ITSELF).all()


def test_a_second_stage_message_on_anothers_topic_is_named() -> None:
    reader = decoder()
    value = {"msgCnt": 1, "id": b"R1      ", "secMark": 5, "refPos": {"lat": 0, "long": 0}, "intAndReq": {}}
    got = reader.decode([at(second_stage(13, "VehIntentionAndRequest", value), "ssm")])
    assert [finding.reason for finding in got.findings] == ["the topic says ssm, the frame is vir"]


def test_a_sender_above_its_rate_is_cut_and_recovers() -> None:
    reader = Decoder(Projection(LON0, LAT0), {"obu": 50.0})
    window = lambda t_us: [  # noqa: E731
        *[at(frame("bsmFrame", bsm(msgCnt=n % 128)), "bsm", "obu", "loud", t_us) for n in range(120)],
        at(frame("bsmFrame", bsm()), "bsm", "obu", "quiet", t_us),
    ]
    got = reader.decode(window(T0))
    assert (reader.received["bsm"], reader.flooded) == (101, 20)  # two seconds' worth at once, and its neighbour
    assert [(f.rule, f.source, f.count) for f in got.findings if f.rule == "source.flood"] == [
        ("source.flood", "obu/loud", 20)
    ]
    reader.decode(window(T0 + 1_000_000))
    assert reader.received["bsm"] == 101 + 50 + 1


def test_a_storm_of_nonsense_is_explained_at_a_bounded_rate() -> None:
    reader = decoder()
    told = 0
    for window in range(50):  # a second of windows
        t_us = T0 + window * 20_000
        got = reader.decode([at(b"\x10" + bytes([window, n]) * 9, "map", "rsu", f"R{n}", t_us) for n in range(40)])
        told += len(got.findings)
    assert reader.refused == 2000
    assert 8 <= told <= 60


def test_a_unit_that_asks_is_answered_and_its_words_are_kept() -> None:
    reader = decoder()
    words = {"rsuEsn": "R328328", "version": "v1", "ack": True, "seqNum": "4"}
    got = reader.decode([
        Arrival(T0, "V2X.RSU.INFO.UP", json.dumps(words).encode()),
        Arrival(T0, "V2X.RSU.R328328.RunningIfo.UP", json.dumps({"cpu": {"uti": 3}}).encode()),
        Arrival(T0, "V2X.RSU.R328328.MAP.DOWN.ACK", b'{"seqNum": "9", "errorCode": 2}'),
        Arrival(T0, "V2X.RSU.HB.UP", b"[]"),
    ])  # fmt: skip
    assert [(topic, json.loads(data)) for topic, data in got.replies] == [
        ("V2X/RSU/R328328/INFO/UP/ACK", {"seqNum": "4", "errorCode": 0})
    ]
    assert reader.units["R328328"]["info"]["version"] == "v1"
    assert reader.units["R328328"]["runninginfo"] == {"cpu.uti": 3}
    assert [finding.rule for finding in got.findings] == ["device.refused", "message.refused"]
    assert reader.received["status"] == 3


def _with_unknown_speed_limit(dialect: str) -> bytes:
    """Return a MAP in a dialect whose one speed limit is of a type that no table knows (an extension of the list)."""

    def made(kind: str) -> str:
        point = {"posOffset": {"offsetLL": ("position-LL1", {"lon": 0, "lat": 0})}}
        link = {
            "upstreamNodeId": {"id": 2}, "linkWidth": 350, "speedLimits": [{"type": kind, "speed": 100}],
            "points": [point, point], "lanes": [{"laneID": 1}],
        }  # fmt: skip
        node = {"id": {"id": 1}, "refPos": {"lat": 296_000_000, "long": 1_063_000_000}, "inLinks": [link]}
        data = csae.encode("mapFrame", {"msgCnt": 1, "nodes": [node]}, dialect)
        return f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}"

    first, last = made("unknown"), made("vehiclesWithTrailersNightMaxSpeed")
    at = next(index for index, bits in enumerate(zip(first, last, strict=True)) if bits[0] != bits[1]) - 1
    length = len(f"{12:b}")
    bits = first[:at] + "1" + "0" + f"{5:06b}" + first[at + 1 + length :]
    bits = bits[: len(bits) // 8 * 8]  # what is cut was padding
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def test_a_message_of_the_other_layout_that_ours_cannot_say_costs_itself_alone() -> None:
    data = _with_unknown_speed_limit("B")
    assert csae.decode(data, "B")[1]["nodes"][0]["inLinks"][0]["speedLimits"][0]["type"] is None
    reader = decoder()
    for n in range(5):
        reader.decode(
            [at(data, "map", t_us=T0 + n), at(frame("bsmFrame", bsm(msgCnt=n)), "bsm", "obu", "quiet", T0 + n)]
        )
    assert (reader.received["bsm"], reader.received["map"], reader.refused) == (5, 0, 5)
