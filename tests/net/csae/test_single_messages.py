"""Single messages: exact both ways, strict, and at one with asn1tools."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from jinyun.net import csae
from jinyun.net.csae import compose, dissect
from jinyun.net.csae.types import dictionary, message_ids
from tests.net.csae.oracle import EMBEDDED, asn1, random_value, shared, vectors

MESSAGES = ["MessageFrame", *message_ids("A").values()]


def verdict(name: str, data: bytes, dialect: str = "A") -> tuple[str, list[str]]:
    """Return "refused", "same" or "different" after a round trip, and the unknown extensions; nothing else may happen."""
    unknown: list[str] = []
    try:
        value = csae.decode_type(name, data, dialect, unknown)
    except csae.CsaeError as error:
        assert 0 <= error.bit <= 8 * len(data)
        return "refused", unknown
    if unknown:
        return "unknown", unknown
    return "same" if csae.encode_type(name, value, dialect) == data else "different", unknown


def check_random(name: str, rng: random.Random, dialect: str = "A", against_asn1: bool = True) -> None:
    """Encode a random value, decode it, and compare with the plain reader and writer and with asn1tools."""
    types = dictionary(dialect)
    value = random_value(types, name, rng)
    data = csae.encode_type(name, value, dialect)
    assert data == compose.write(types, name, value)
    assert csae.decode_type(name, data, dialect) == value == dissect.read(types, name, data)
    if against_asn1:
        assert bytes(asn1().encode(name, value)) == data
        assert asn1().decode(name, data) == value


def test_every_recorded_message_is_the_same_after_a_round_trip_and_equals_asn1tools() -> None:
    oracle = asn1()
    for name, data in vectors():
        value = csae.decode_type(name, data)
        assert csae.encode_type(name, value) == data
        assert value == oracle.decode(name, data)


def test_embedded_messages_are_the_same_after_a_round_trip() -> None:
    for name, text in EMBEDDED:
        data = bytes.fromhex(text)
        assert csae.encode(*csae.decode(data)) == data
        assert csae.encode_type(name, csae.decode_type(name, data)) == data


def test_plain_messages_need_only_the_generated_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the plain reader or writer was asked")

    monkeypatch.setattr(dissect, "read", never)
    monkeypatch.setattr(compose, "write", never)
    for name, data in vectors():
        assert csae.encode_type(name, csae.decode_type(name, data)) == data
    rng = random.Random(1)
    for name in dictionary("B").types:
        value = random_value(dictionary("B"), name, rng)
        assert csae.decode_type(name, csae.encode_type(name, value, "B"), "B") == value


def test_a_captured_roadside_message_reads_as_its_annotated_dump() -> None:
    name, value = csae.decode(bytes.fromhex(EMBEDDED[7][1]))
    assert name == "rsmFrame"
    assert value["id"] == b"12345\x00\x00\x00"
    assert value["refPos"] == {"lat": 390_000_000, "long": 1_160_000_000}
    (participant,) = value["participants"]
    assert (participant["ptcType"], participant["source"], participant["secMark"]) == ("non-motor", "video", 12902)
    assert participant["pos"]["offsetLL"] == ("position-LatLon", {"lon": 1_074_134_465, "lat": 297_241_937})
    assert (participant["speed"], participant["heading"]) == (258, 13556)


def test_the_minimal_messages_have_their_stated_values() -> None:
    def equal(got: Any, stated: Any) -> bool:
        if isinstance(got, bytes):
            return bool(got.hex() == stated)
        if isinstance(got, dict):
            return got.keys() == stated.keys() and all(equal(got[k], stated[k]) for k in got)
        if isinstance(got, (tuple, list)):
            return len(got) == len(stated) and all(map(equal, got, stated))
        return bool(got == stated)

    for vector in shared("vectors-minimal.json"):
        name, value = csae.decode(bytes.fromhex(vector["hex"]))
        assert name == vector["frame"]
        assert equal(value, vector["value"])


def test_second_stage_messages_decode_inside_their_frame() -> None:
    for vector in shared("vectors-stage2.json"):
        if vector["type"] in csae.message_ids("A").values():
            frame = vector["frame"]
            name, value = csae.decode(bytes.fromhex(frame + "0" * (len(frame) % 2)))
            assert name == "msgFrameExt"
            inner = csae.decode_type(vector["type"], bytes.fromhex(vector["hex"]))
            assert value["value"] == (vector["type"], inner)
            assert csae.encode(name, value).hex() == frame


def every_cut(data: bytes) -> Iterator[bytes]:
    yield from (data[:i] for i in range(len(data)))


def test_every_cut_of_every_message_is_refused() -> None:
    for name, data in vectors():
        for cut in every_cut(data):
            assert verdict(name, cut)[0] == "refused", (name, data.hex(), len(cut))


def test_octets_behind_the_end_are_refused() -> None:
    for name, data in vectors():
        for tail in (b"\0", b"\1", b"\0" * 9):
            assert verdict(name, data + tail)[0] == "refused"


def test_every_flipped_bit_is_refused_or_another_exact_message() -> None:
    for name, data in vectors():
        if len(data) > 130:
            continue  # the long ones are the same types with more elements
        for bit in range(8 * len(data)):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 0x80 >> bit % 8
            assert verdict(name, bytes(flipped))[0] != "different", (name, data.hex(), bit)


def test_generated_and_plain_reader_give_the_same_verdict_on_damaged_messages() -> None:
    rng = random.Random(7)
    types = dictionary("A")
    found = vectors()
    for _ in range(3000):
        name, data = rng.choice(found)
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            plain = dissect.read(types, name, bytes(damaged))
        except csae.CsaeError as error:
            with pytest.raises(csae.CsaeError) as got:
                csae.decode_type(name, bytes(damaged))
            assert (got.value.field, got.value.bit) == (error.field, error.bit)
        else:
            assert csae.decode_type(name, bytes(damaged)) == plain


def test_random_octets_never_raise_anything_else() -> None:
    rng = random.Random(11)
    for _ in range(4000):
        name = rng.choice(MESSAGES)
        verdict_, _ = verdict(name, rng.randbytes(rng.randint(0, 60)), rng.choice("AB"))
        assert verdict_ != "different"


@pytest.mark.parametrize("name", MESSAGES)
def test_random_messages_agree_with_asn1tools_both_ways(name: str) -> None:
    rng = random.Random(name)
    for _ in range(12):
        check_random(name, rng)


def test_random_values_of_every_type_agree_with_asn1tools_both_ways() -> None:
    rng = random.Random(3)
    for name in dictionary("A").types:
        for _ in range(2):
            check_random(name, rng)


def test_random_values_of_layout_b_survive_a_round_trip() -> None:
    rng = random.Random(5)
    for name in ("MapData", "RoadSideInformation", "BasicSafetyMessage", *message_ids("B").values()):
        for _ in range(10):
            check_random(name, rng, "B", against_asn1=False)


def test_aligned_per_is_refused() -> None:
    # the first members of a BSM in aligned PER: octet strings begin at octet boundaries
    aligned = bytes.fromhex("0000200000000000000000000639d2060c0aac46e3f19c400020")
    with pytest.raises(csae.CsaeError):
        csae.decode(aligned)


def test_the_error_names_field_and_bit() -> None:
    data = bytearray(bytes.fromhex(EMBEDDED[0][1]))
    name, value = csae.decode(bytes(data))
    fields = {f.path: f for f in dissect.layout(dictionary("A"), "MessageFrame", bytes(data))}
    heading = fields["bsmFrame.heading"]
    assert (heading.type, heading.width, heading.value) == ("Heading", 15, value["heading"])
    number = int.from_bytes(data, "big") | 0x7FFF << 8 * len(data) - heading.bit - 15
    with pytest.raises(csae.CsaeError, match="32767") as refused:
        csae.decode(number.to_bytes(len(data), "big"))
    assert refused.value.field == "bsmFrame.heading"
    assert refused.value.bit == heading.bit
    with pytest.raises(csae.CsaeError, match="missing") as refused:
        csae.encode(name, {k: v for k, v in value.items() if k != "size"})
    assert refused.value.field == "bsmFrame"
    with pytest.raises(csae.CsaeError) as refused:
        csae.encode(name, {**value, "pos": {**value["pos"], "lat": 900_000_002}})
    assert refused.value.field == "bsmFrame.pos.lat"


@pytest.mark.parametrize(
    "change",
    [
        {"speed": 8192},
        {"speed": -1},
        {"speed": 1.5},
        {"speed": "fast"},
        {"speed": None},
        {"id": b"seven00"},
        {"id": "12345678"},
        {"transmission": "flying"},
        {"transmission": 3},
        {"transmission": []},
        {"pos": 5},
        {"brakes": []},
        {"brakes": {"wheelBrakes": (b"\0\0\xff", 17)}},
        {"brakes": {"wheelBrakes": 3}},
        {"colour": "red"},
        {"vehicleClass": {"classification": 10, "wheels": 4}},
    ],
)
def test_a_value_that_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    name, value = csae.decode(bytes.fromhex(EMBEDDED[0][1]))
    with pytest.raises(csae.CsaeError):
        csae.encode(name, {**value, **change})


def test_numpy_integers_are_integers() -> None:
    name, value = csae.decode(bytes.fromhex(EMBEDDED[0][1]))
    given = {**value, "speed": np.uint16(value["speed"]), "msgCnt": np.int64(value["msgCnt"])}
    assert csae.encode(name, given) == bytes.fromhex(EMBEDDED[0][1])


def test_named_bits_may_be_given_without_their_trailing_zeros() -> None:
    name, value = csae.decode(bytes.fromhex(EMBEDDED[0][1]))
    full = csae.encode(name, {**value, "brakes": {"wheelBrakes": (b"\x40", 5)}})
    assert csae.encode(name, {**value, "brakes": {"wheelBrakes": (b"\x40", 2)}}) == full


def extended(name: str, value: Any, octets: bytes, additions: int = 1) -> bytes:
    """Return a SEQUENCE's octets with an unknown extension addition appended."""
    writer = compose.Writer(dictionary("A"))
    writer.sequence(dictionary("A").shape(name), value)  # type: ignore[arg-type]
    writer.bits |= 1 << writer.width - 1
    writer.put(additions - 1, 7)
    writer.put(1, additions)
    writer.put_octets(octets)
    return writer.octets()


def test_unknown_extension_additions_are_skipped_and_counted() -> None:
    _, value = csae.decode(bytes.fromhex(EMBEDDED[1][1]))
    data = extended("BasicSafetyMessage", value, b"\x12\x34", additions=3)
    unknown: list[str] = []
    assert csae.decode_type("BasicSafetyMessage", data, unknown=unknown) == value
    assert unknown == ["BasicSafetyMessage+2"]
    assert asn1().decode("BasicSafetyMessage", data) == value
    for broken in (data[:-2], data + b"\0", extended("BasicSafetyMessage", value, b"")):
        with pytest.raises(csae.CsaeError):
            csae.decode_type("BasicSafetyMessage", broken)


def test_an_unknown_enumeration_value_is_none_and_counted() -> None:
    writer = compose.Writer(dictionary("A"))
    writer.put(0x80 | 3, 8)
    writer.put(5, 7)  # maxSpeed of a kind that is not in the table, speed 5: RegulatorySpeedLimit
    unknown: list[str] = []
    writer.put(0, 6)
    value = csae.decode_type("RegulatorySpeedLimit", writer.octets(), unknown=unknown)
    assert value["type"] is None
    assert unknown == ["SpeedLimitType+3"]
    assert asn1().decode("RegulatorySpeedLimit", writer.octets()) == value


def test_an_unknown_alternative_is_none_and_counted() -> None:
    writer = compose.Writer(dictionary("A"))
    writer.put(0x80 | 7, 8)
    writer.put_octets(b"\xaa\xbb")
    unknown: list[str] = []
    assert csae.decode_type("TimeChangeDetails", writer.octets(), unknown=unknown) == (None, None)
    assert unknown == ["TimeChangeDetails+7"]


def test_a_frame_of_another_stage_with_an_unknown_id_keeps_its_octets() -> None:
    data = csae.encode("msgFrameExt", {"messageId": 300, "value": b"\x01\x02\x03"})
    assert csae.decode(data) == ("msgFrameExt", {"messageId": 300, "value": b"\x01\x02\x03"})
    platoon = {"messageId": 16, "value": b"\x00"}
    assert csae.decode(csae.encode("msgFrameExt", platoon), "A158") == ("msgFrameExt", platoon)
    with pytest.raises(csae.CsaeError) as refused:
        csae.decode(csae.encode("msgFrameExt", platoon), "A")
    assert refused.value.field.startswith("msgFrameExt.value")


def test_long_octets_come_in_fragments() -> None:
    for count in (0, 127, 128, 16383, 16384, 40000, 65000):
        value = {"messageId": 300, "value": bytes(i & 255 for i in range(count))}
        data = csae.encode_type("MessageFrameExt", value)
        assert csae.decode_type("MessageFrameExt", data) == value
        assert dissect.read(dictionary("A"), "MessageFrameExt", data) == value
        assert bytes(asn1().encode("MessageFrameExt", value)) == data


def test_a_length_that_is_longer_than_it_must_be_is_refused() -> None:
    writer = compose.Writer(dictionary("A"))
    writer.put(0, 1)
    writer.put(300, 15)
    writer.put(0x8001, 16)
    writer.put(7, 8)
    with pytest.raises(csae.CsaeError, match="two octets"):
        csae.decode_type("MessageFrameExt", writer.octets())


def test_extended_sizes_and_ranges_survive_a_round_trip() -> None:
    for name, value in [
        ("StationOrGantryId", 2**32),
        ("StationOrGantryId", -129),
        ("ExteriorLights", (b"\xff\xf0", 12)),
        ("TransCredential", {"tc": bytes(40)}),
    ]:
        data = csae.encode_type(name, value)
        assert csae.decode_type(name, data) == value
        for cut in every_cut(data):
            assert verdict(name, cut)[0] == "refused"


def test_a_long_sensor_sharing_message_is_exact() -> None:
    rng = random.Random(2)
    types = dictionary("A")
    value = random_value(types, "SensorSharingMsg", rng)
    value["participants"] = [random_value(types, "DetectedPTCData", rng, 2) for _ in range(100)]
    data = csae.encode_type("SensorSharingMsg", value)
    assert len(data) > 8192
    assert csae.decode_type("SensorSharingMsg", data) == value
    assert asn1().decode("SensorSharingMsg", data) == value


def test_more_octets_than_an_envelope_holds_are_refused() -> None:
    with pytest.raises(csae.CsaeError, match="65535"):
        csae.decode(bytes(65536))


def test_a_frame_of_more_than_a_fragment_survives_a_round_trip() -> None:
    rng = random.Random(53)
    types = dictionary("A")
    value = random_value(types, "SensorSharingMsg", rng)
    value["participants"] = [random_value(types, "DetectedPTCData", rng, 2) for _ in range(400)]
    frame = {"messageId": 12, "value": ("SensorSharingMsg", value)}
    data = csae.encode("msgFrameExt", frame)
    assert len(data) > 16384
    assert csae.decode(data) == ("msgFrameExt", frame)
    for broken in (data[:-1], data[:16390], data + b"\0"):
        with pytest.raises(csae.CsaeError):
            csae.decode(broken)
