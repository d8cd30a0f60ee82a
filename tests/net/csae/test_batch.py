"""Batches: the same verdicts, bits and values as the codec of single messages, for every message and every damage."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from jinyun.net import csae
from jinyun.net.csae import batch, compose
from jinyun.net.csae.notation import (
    BitString,
    Boolean,
    Characters,
    Choice,
    Dictionary,
    Enumerated,
    Integer,
    Named,
    OctetString,
    Sequence,
    SequenceOf,
    Type,
)
from jinyun.net.csae.types import dictionary, message_ids
from tests.net.csae.oracle import EMBEDDED, random_value, vectors
from tests.net.csae.test_single_messages import every_cut

FRAMES = {
    "bsmFrame": "BasicSafetyMessage",
    "mapFrame": "MapData",
    "rsmFrame": "RoadsideSafetyMessage",
    "spatFrame": "SPAT",
    "rsiFrame": "RoadSideInformation",
}
MESSAGES = [*FRAMES, *message_ids("A").values()]
NUMBER = {name: number for number, name in message_ids("A").items()}
Rows = dict[str, list[dict[str, int]]]


def flatten(types: Dictionary, of: Type, value: Any, row: dict[str, int], rows: Rows, table: str, path: str) -> None:
    """Write a value of the single codec into rows by the naming that the batch documents: written from that text alone."""
    shape = types.shape(of)
    prefix = f"{path}." if path else ""
    match shape:
        case Integer():
            row[path] = value
        case Boolean():
            row[path] = int(value)
        case Enumerated():
            row[path] = shape.names.index(value)
        case BitString():
            row[path] = int.from_bytes(value[0], "big") >> -shape.size % 8
        case OctetString() if shape.low == shape.high and shape.low <= 8:
            row[path] = int.from_bytes(value, "big")
        case OctetString() | Characters() | SequenceOf():
            element: Type = Integer(0, 255)
            if isinstance(shape, SequenceOf):
                element = shape.element
            elif isinstance(shape, Characters):
                value = [ord(c) for c in value]
            row[path] = len(value)
            child = path if table == "messages" else f"{table}.{path}"
            parent = len(rows[table]) - 1
            for item in value:
                inner = {"parent": parent}
                rows[child].append(inner)
                name = "" if isinstance(types.shape(element), Sequence) else "value"
                flatten(types, element, item, inner, rows, child, name)
        case Sequence():
            for member in shape.members:
                if member.name in value:
                    target = types.shape(member.type)
                    octets = isinstance(target, OctetString) and target.low == target.high and 4 <= target.low <= 8
                    big = isinstance(target, Integer) and target.high >= 2**31
                    if member.optional and (isinstance(target, Sequence) or octets or big):
                        row[f"{prefix}{member.name}?"] = 1
                    flatten(types, member.type, value[member.name], row, rows, table, prefix + member.name)
        case Choice():
            names = [m.name for m in shape.members]
            row[path] = names.index(value[0])
            inner_type = shape.members[row[path]].type
            if "position-LL1" in names:
                row |= {f"{path}.{name}": number for name, number in value[1].items()}
            elif "offset1" in names:
                row[f"{path}.value"] = value[1]
            else:
                flatten(
                    types,
                    inner_type,
                    value[1],
                    row,
                    rows,
                    table,
                    f"{prefix}{value[0]}" if not path else f"{path}.{value[0]}",
                )


def frame_of(message: str, value: Any, dialect: str = "A") -> bytes:
    if message in FRAMES:
        return csae.encode(message, value, dialect)
    return csae.encode("msgFrameExt", {"messageId": NUMBER[message], "value": (message, value)}, dialect)


def inner_value(data: bytes, dialect: str = "A") -> tuple[str, Any]:
    name, value = csae.decode(data, dialect)
    return value["value"] if name == "msgFrameExt" else (name, value)


def has_known_additions(value: Any) -> bool:
    if isinstance(value, dict):
        return bool({"inLinks-ex", "prohibitedzone", "auxiliarySign"} & value.keys()) or any(
            map(has_known_additions, value.values())
        )
    return isinstance(value, (list, tuple)) and any(map(has_known_additions, value))


def has_extended_values(types: Dictionary, of: Type, value: Any) -> bool:
    """Tell whether a number or a size in a value is one that only its extension marker allows."""
    shape = types.shape(of)
    match shape:
        case Integer():
            return not shape.low <= value <= shape.high
        case BitString():
            return bool(value[1] != shape.size)
        case OctetString():
            return shape.extensible and not shape.low <= len(value) <= (shape.high or 0)
        case SequenceOf():
            return any(has_extended_values(types, shape.element, inner) for inner in value)
        case Sequence() | Choice():
            members = {m.name: m.type for m in (*shape.members, *(shape.additions or ()))}
            pairs = value.items() if isinstance(shape, Sequence) else [value]
            return any(name in members and has_extended_values(types, members[name], inner) for name, inner in pairs)
    return False


def same_columns(got: batch.Batch, message: str, values: Iterable[Any], dialect: str = "A") -> None:
    """Assert that the columns are exactly what the values flatten to."""
    types = dictionary(dialect)
    rows: Rows = defaultdict(list)
    for value in values:
        rows["messages"].append({})
        of = types.shape(FRAMES.get(message, message))
        if value is not None:
            flatten(types, of, value, rows["messages"][-1], rows, "messages", "")
    assert set(rows) <= set(got.tables)
    for path, columns in got.tables.items():
        for name, column in columns.items():
            nothing = 0 if column.dtype == np.uint64 else batch.ABSENT
            assert column.tolist() == [row.pop(name, nothing) for row in rows[path]], f"{path}: {name}"
        assert not any(rows[path]), f"{path}: {rows[path]} has no column"


def decode_all(message: str, frames: list[bytes], dialect: str = "A") -> batch.Batch:
    return batch.decode(message, *batch.join(frames), dialect)


@pytest.mark.parametrize("message", MESSAGES)
def test_random_messages_have_the_columns_of_their_values_and_come_back_from_them(message: str) -> None:
    rng = random.Random(message)
    for dialect in ("A", "B"):
        types = dictionary(dialect)
        values = [random_value(types, FRAMES.get(message, message), rng, 3) for _ in range(40)]
        values = [value for value in values if not has_known_additions(value)]
        frames = [frame_of(message, value, dialect) for value in values]
        got = decode_all(message, frames, dialect)
        assert not got.verdict.any() and not got.unknown.any()
        same_columns(got, message, values, dialect)
        assert batch.encode(message, got.tables, dialect).frames() == frames


def test_recorded_frames_have_the_columns_of_their_values_and_come_back_from_them() -> None:
    found: dict[str, list[bytes]] = defaultdict(list)
    for name, data in vectors():
        if name == "MessageFrame":
            found[csae.decode(data)[0]].append(data)
        else:
            found[name].append(
                frame_of({v: k for k, v in FRAMES.items()}.get(name, name), csae.decode_type(name, data))
            )
    names = {v: k for k, v in FRAMES.items()}
    for name, frames in found.items():
        message = names.get(name, name)
        got = decode_all(message, frames)
        values = [inner_value(data)[1] for data in frames]
        special = [has_known_additions(value) for value in values]
        assert [v == batch.GENERAL for v in got.verdict] == special
        same_columns(got, message, [None if s else v for s, v in zip(special, values, strict=True)])
        plain = [data for data, s in zip(frames, special, strict=True) if not s]
        assert batch.encode(message, decode_all(message, plain).tables).frames() == plain


def agrees(message: str, frames: list[bytes]) -> None:
    """Assert that every frame gets the verdict, the bit and the count of unknown extensions of the single codec."""
    got = decode_all(message, frames)
    values: list[Any] = []
    types = dictionary("A")
    for i, data in enumerate(frames):
        unknown: list[str] = []
        verdict, bit = int(got.verdict[i]), int(got.bit[i])
        try:
            name, value = csae.decode(data, "A", unknown)
        except csae.CsaeError as error:
            assert verdict == batch.OTHER or (verdict, bit) == (batch.REFUSED, error.bit), (data.hex(), str(error), bit)
            values.append(None)
            continue
        inner, content = (
            value["value"] if name == "msgFrameExt" and isinstance(value["value"], tuple) else (name, value)
        )
        if inner != message:
            assert verdict == batch.OTHER
        elif verdict == batch.OK:
            assert got.unknown[i] == len(unknown)
        else:
            assert verdict == batch.GENERAL
            of = types.shape(FRAMES.get(message, message))
            assert unknown or has_known_additions(content) or has_extended_values(types, of, content), data.hex()
        values.append(content if verdict == batch.OK else None)
    if not got.unknown.any():
        same_columns(got, message, values)


def short_frames() -> list[tuple[str, bytes]]:
    """Return one or two recorded frames of each message."""
    seen: dict[str, int] = defaultdict(int)
    chosen = []
    for name, data in vectors():
        message = name
        if name == "MessageFrame":
            message = csae.decode(data)[0]
        elif name in FRAMES.values():
            continue
        else:
            data = frame_of(name, csae.decode_type(name, data))
        if message in MESSAGES and len(data) < 140 and seen[message] < 2:
            seen[message] += 1
            chosen.append((message, data))
    return chosen


def test_every_cut_gets_the_verdict_of_the_single_codec() -> None:
    for message, data in short_frames():
        agrees(message, list(every_cut(data)))


def test_every_flipped_bit_gets_the_verdict_of_the_single_codec() -> None:
    for message, data in short_frames():
        number = int.from_bytes(data, "big")
        agrees(message, [(number ^ 1 << bit).to_bytes(len(data), "big") for bit in range(8 * len(data))])


def test_random_damage_gets_the_verdict_of_the_single_codec() -> None:
    rng = random.Random(17)
    for message in MESSAGES:
        types = dictionary("A")
        damaged = []
        for _ in range(60):
            data = bytearray(frame_of(message, random_value(types, FRAMES.get(message, message), rng, 2)))
            for _ in range(rng.randint(1, 3)):
                data[rng.randrange(1, len(data))] = rng.randrange(256)
            damaged.append(bytes(data + rng.randbytes(rng.choice([0, 0, 0, 1]))))
        agrees(message, damaged)


def test_one_bad_message_costs_only_itself() -> None:
    rng = random.Random(23)
    types = dictionary("A")
    values = [random_value(types, "RoadsideSafetyMessage", rng) for _ in range(50)]
    frames = [frame_of("rsmFrame", value) for value in values]
    bad = set(rng.sample(range(50), 20))
    frames = [f[: rng.randrange(len(f))] if i in bad else f for i, f in enumerate(frames)]
    got = decode_all("rsmFrame", frames)
    assert {int(i) for i in np.flatnonzero(got.verdict)} == bad
    same_columns(got, "rsmFrame", [None if i in bad else value for i, value in enumerate(values)])


def test_unknown_extension_additions_are_skipped_and_counted() -> None:
    frame = bytes.fromhex(EMBEDDED[0][1])
    _, value = csae.decode(frame)
    writer = compose.Writer(dictionary("A"))
    writer.write(Named("MessageFrame"), ("bsmFrame", value))
    writer.bits |= 1 << writer.width - 5
    writer.put(1, 7)  # two additions,
    writer.put(1, 2)  # of which the second is there
    writer.put_octets(b"\xaa")
    extended = writer.octets()
    unknown: list[str] = []
    assert csae.decode(extended, unknown=unknown) == ("bsmFrame", value)
    assert unknown == ["BasicSafetyMessage+1"]
    got = decode_all("bsmFrame", [frame, extended])
    assert got.verdict.tolist() == [batch.OK, batch.OK]
    assert got.unknown.tolist() == [0, 1]
    same_columns(got, "bsmFrame", [value, value])


def test_a_message_with_known_additions_is_left_to_the_single_codec() -> None:
    rng = random.Random(29)
    node = random_value(dictionary("A"), "Node", rng)
    node["prohibitedzone"] = {}
    frame = frame_of("mapFrame", {"msgCnt": 1, "nodes": [node]})
    got = decode_all("mapFrame", [frame])
    assert got.verdict.tolist() == [batch.GENERAL]
    assert csae.decode(frame)[1]["nodes"][0] == node


def test_kinds_and_other_frames() -> None:
    frames = [bytes.fromhex(text) for _, text in EMBEDDED[:6]]
    frames += [csae.encode("msgFrameExt", {"messageId": 12, "value": b"\0"}), b"", b"\xff"]
    kinds = batch.kinds(*batch.join(frames))
    assert kinds.tolist() == [0, 0, 2, 3, 4, 1, 8, -1, -1]
    verdict = decode_all("spatFrame", frames).verdict
    assert verdict.tolist() == [batch.OTHER] * 3 + [batch.OK] + [batch.OTHER] * 3 + [batch.REFUSED, batch.OTHER]


def test_nothing_is_a_batch_too() -> None:
    for message in MESSAGES:
        got = decode_all(message, [])
        assert all(len(c) == 0 for columns in got.tables.values() for c in columns.values())
        assert batch.encode(message, got.tables).frames() == []


def test_many_long_messages_after_short_ones_still_fit() -> None:
    rng = random.Random(31)
    types = dictionary("A")
    short = {"msgCnt": 1, "intersections": [random_value(types, "IntersectionState", rng, 1)]}
    phases = [{"id": i, "phaseStates": [{"light": "red"}] * 16} for i in range(16)]
    state = {"intersectionId": {"id": 1}, "status": (b"\0\0", 16), "phases": phases}
    values = [short] * 40 + [{"msgCnt": 2, "intersections": [state] * 32}] * 12
    frames = [frame_of("spatFrame", value) for value in values]
    same_columns(decode_all("spatFrame", frames), "spatFrame", values)


def test_a_number_that_does_not_fit_refuses_its_message_alone_and_is_named() -> None:
    rng = random.Random(37)
    types = dictionary("A")
    values = [random_value(types, "RoadsideSafetyMessage", rng, 2) for _ in range(5)]
    frames = [frame_of("rsmFrame", value) for value in values]
    tables = {
        path: {n: c.copy() for n, c in table.items()} for path, table in decode_all("rsmFrame", frames).tables.items()
    }
    row = int(np.flatnonzero(tables["participants"]["parent"] == 2)[0])
    tables["participants"]["heading"][row] = 28801
    tables["messages"]["refPos.lat"][4] = batch.ABSENT
    got = batch.encode("rsmFrame", tables)
    assert got.frames() == [*frames[:2], b"", frames[3], b""]
    assert [got.misfit(i) for i in range(5)] == ["", "", "participants.heading", "", "messages.refPos.lat"]


def test_columns_that_do_not_belong_together_are_a_mistake_of_the_caller() -> None:
    one = np.array([1], np.int32)
    with pytest.raises(ValueError, match="no table"):
        batch.encode("rsmFrame", {"cars": {}})
    with pytest.raises(ValueError, match="no column"):
        batch.encode("rsmFrame", {"messages": {"colour": one}})
    with pytest.raises(ValueError, match="differ in length"):
        batch.encode("rsmFrame", {"messages": {"msgCnt": one, "refPos.lat": np.array([1, 2])}})
    with pytest.raises(ValueError, match="count 3"):
        batch.encode("rsmFrame", {"messages": {"participants": one + 2}, "participants": {"ptcId": one}})
    with pytest.raises(ValueError, match="no message"):
        batch.decode("carFrame", np.zeros(1, np.uint8), [0], [1])
    with pytest.raises(ValueError, match="outside"):
        batch.decode("bsmFrame", np.zeros(4, np.uint8), [2], [3])


def test_si_and_degrees_know_what_is_not_known() -> None:
    speed = batch.si("Speed", np.array([0, 100, 8191, batch.ABSENT], np.int32))
    np.testing.assert_allclose(speed, [0, 2, np.nan, np.nan])
    heading = batch.si("Heading", np.array([7200, 28800], np.int32))
    np.testing.assert_allclose(heading, [np.pi / 2, np.nan])
    captured = decode_all("rsmFrame", [bytes.fromhex(EMBEDDED[7][1]), bytes.fromhex(EMBEDDED[2][1])])
    participants, messages = captured.tables["participants"], captured.tables["messages"]
    parent = participants["parent"]
    long, lat = batch.degrees(participants, messages["refPos.lat"][parent], messages["refPos.long"][parent])
    np.testing.assert_allclose(long, [107.4134465, 106.5001], atol=1e-9)
    np.testing.assert_allclose(lat, [29.7241937, 29.4999], atol=1e-9)
