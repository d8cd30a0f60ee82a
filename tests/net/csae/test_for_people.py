"""What people see of messages: the JSON form, the layout, differences, checks, and meanings of every member."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest

from jinyun.net import csae
from jinyun.net.csae import asn1, explain, jer
from jinyun.net.csae.meaning import meaning
from jinyun.net.csae.notation import Integer, Named, SequenceOf, Type
from jinyun.net.csae.types import dictionary, message_ids
from jinyun.net.csae.units import QUANTITIES
from tests.net.csae.oracle import EMBEDDED, random_value, vectors

FRAMES = [bytes.fromhex(text) for _, text in EMBEDDED]


def frames() -> list[bytes]:
    return [data for name, data in vectors() if name == "MessageFrame"]


def test_every_frame_comes_back_from_its_json_form() -> None:
    rng = random.Random(43)
    some = frames()
    for number, name in message_ids("A").items():
        content = (name, random_value(dictionary("A"), name, rng))
        some.append(csae.encode("msgFrameExt", {"messageId": number, "value": content}))
    some.append(csae.encode("msgFrameExt", {"messageId": 999, "value": b"\1\2"}))
    name, value = csae.decode(FRAMES[0])
    some.append(csae.encode(name, {**value, "safetyExt": {"lights": (b"\xff\xf0", 12)}}))
    for data in some:
        form = json.loads(json.dumps(jer.to_json(*csae.decode(data))))
        assert csae.encode(*jer.frame_from_json(form)) == data


def test_json_form_is_that_of_the_json_encoding_rules() -> None:
    asn1tools = pytest.importorskip("asn1tools")
    oracle = asn1tools.compile_string(asn1.text(), "jer")
    rng = random.Random(47)

    def upper_octets(value: Any) -> Any:
        # X.697 leaves the case of hexadecimal digits to the writer
        if isinstance(value, str) and value and all(c in "0123456789abcdefABCDEF" for c in value):
            return value.upper()
        if isinstance(value, dict):
            return {k: upper_octets(v) for k, v in value.items()}
        return [upper_octets(v) for v in value] if isinstance(value, list) else value

    for name in ("BasicSafetyMessage", "RoadsideSafetyMessage", "SPAT", "RoadSideInformation", "MapData"):
        for _ in range(5):
            value = random_value(dictionary("A"), name, rng)
            theirs = json.loads(oracle.encode(name, value))
            assert upper_octets(jer.to_json(name, value)) == upper_octets(theirs)


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ([], ""),
        ({"bsmFrame": {}, "rsmFrame": {}}, ""),
        ({"carFrame": {}}, ""),
        ({"bsmFrame": {"colour": 1}}, "bsmFrame"),
        ({"bsmFrame": {"id": 5}}, "bsmFrame.id"),
        ({"bsmFrame": {"id": "xy"}}, "bsmFrame.id"),
        ({"rsmFrame": {"participants": {}}}, "rsmFrame.participants"),
        ({"rsmFrame": {"participants": [{"pos": 1}]}}, "rsmFrame.participants[0].pos"),
        ({"bsmFrame": {"safetyExt": {"lights": {"value": "00"}}}}, "bsmFrame.safetyExt.lights"),
        ({"msgFrameExt": {"messageId": 400, "value": 3}}, "msgFrameExt.value"),
    ],
)
def test_a_json_form_that_is_no_message_is_refused_with_its_place(form: Any, field: str) -> None:
    with pytest.raises(csae.CsaeError) as refused:
        jer.frame_from_json(form)
    assert refused.value.field == field


def test_every_member_has_a_meaning_in_both_languages_and_every_meaning_a_member() -> None:
    types = dictionary("A")
    seen: set[str] = set()

    def see(of: Type, place: str) -> None:
        if isinstance(of, Named):
            return
        for member in [*getattr(of, "members", ()), *(getattr(of, "additions", None) or ())]:
            zh, en = meaning(place, member.name)
            assert zh and en.isascii()
            seen.update({f"{place}.{member.name}", member.name})
            see(member.type, f"{place}.{member.name}")
        if isinstance(of, SequenceOf):
            see(of.element, f"{place}[]")

    for name, shape in types.types.items():
        see(shape, name)
    from jinyun.net.csae.meaning import MEANINGS

    assert set(MEANINGS) <= seen


def test_every_quantity_belongs_to_an_integer_and_knows_only_values_of_it() -> None:
    types = dictionary("A")
    for name, quantity in QUANTITIES.items():
        owner, _, member = name.partition(".")
        shape = types.shape(owner)
        if member:
            shape = types.shape(next(m.type for m in shape.members if m.name == member))  # type: ignore[union-attr]
        assert isinstance(shape, Integer)
        assert all(shape.low <= code <= shape.high for code in quantity.unknown)


def test_the_layout_covers_every_bit_of_every_leaf_once() -> None:
    for data in frames():
        spans = sorted((line.bit, line.width) for line in explain.lines(data) if line.bit >= 0 and line.width)
        for (bit, width), (following, _) in itertools.pairwise(spans):
            assert bit + width <= following


def test_the_tree_tells_value_quantity_and_meaning() -> None:
    text = explain.tree(FRAMES[1], language="both")
    assert "lat             295000000         29.5000000 °" in text
    assert "纬度  latitude" in text
    assert "passenger vehicle" in text and "electric" in text
    captured = explain.tree(FRAMES[7], bits=True)
    assert "position-LatLon" in captured and "169.4500 °" in captured
    assert explain.tree(FRAMES[7], language="zh").splitlines()[0].endswith("路侧安全消息")


def test_a_second_stage_message_is_laid_out_inside_its_frame() -> None:
    value = {"msgCnt": 5, "userData": b"hello"}
    data = csae.encode("msgFrameExt", {"messageId": 0, "value": ("TestMsg", value)})
    lines = {line.path: line for line in explain.lines(data)}
    assert lines["msgFrameExt.value"].value == "TestMsg"
    count = lines["msgFrameExt.value.msgCnt"]
    number = int.from_bytes(data, "big") >> 8 * len(data) - count.bit - count.width & (1 << count.width) - 1
    assert number == 5
    assert lines["msgFrameExt.value.userData"].reading == "hello"


def test_differences_name_the_members_that_differ() -> None:
    name, value = csae.decode(FRAMES[0])
    changed = csae.encode(name, {**value, "speed": 7, "angle": 3})
    assert explain.differences(FRAMES[0], changed) == [("bsmFrame.speed", "500", "7"), ("bsmFrame.angle", "", "3")]
    assert explain.differences(FRAMES[0], FRAMES[0]) == []


def test_check_says_what_each_layout_thinks() -> None:
    a, b = explain.check(FRAMES[8])  # an RSI with a path of one layout
    assert (a.dialect, a.frame, a.error) == ("A", "rsiFrame", None)
    assert b.frame is None and b.error is not None
    assert [c.frame for c in explain.check(b"\xff")] == [None, None]
