"""Messages of roadside units as JSON: the forms that devices speak over MQTT, read into the codec's values.

Three forms are read by one reader, which follows the type table of the standard and is tolerant where they differ:

* plain: the ASN.1 value as JSON (T/ITS 0117-2020 centre interface, OpenV2X's own RSM),
* wrapped: lists as ``{"Lane": [...]}`` or a single object, numbers and bit strings as text (OpenV2X's MAP),
* event lists of cameras (``event_content``, OpenV2X's RSI from a sensor).

``lon`` and ``long``, ``ele`` and ``elevation`` are one; an offset given as ``lat``/``lon`` is absolute. What JSON
leaves out that the standard demands is filled with the standard's own "unavailable". Units are the standard's.
The way back is :mod:`jinyun.net.rsu_json_writing`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from jinyun.net import topics
from jinyun.net.csae.notation import (
    BitString,
    Boolean,
    Characters,
    Choice,
    Enumerated,
    Integer,
    Named,
    OctetString,
    Sequence,
    SequenceOf,
    Type,
)
from jinyun.net.csae.types import dictionary

ROOT_OF = {
    "bsm": "BasicSafetyMessage",
    "map": "MapData",
    "rsm": "RoadsideSafetyMessage",
    "spat": "SPAT",
    "rsi": "RoadSideInformation",
    **topics.SECOND_STAGE,
}
"""The standard's name of each message, by its name in topics."""

UNAVAILABLE: dict[str, Any] = {
    "msgCnt": 0,
    "secMark": 65_535,
    "posConfidence": {"pos": "unavailable"},
    "speed": 8191,
    "heading": 28_800,
    "source": "unknown",
    "ptcType": "unknown",
    "status": (b"\0\0", 16),
    "size": {"width": 0, "length": 0},
    "eventSource": "unknown",
    "transmission": "unavailable",
    "accelSet": {"long": 2001, "lat": 2001, "vert": -127, "yaw": 0},
    "brakes": {},
    "vehicleClass": {"classification": 0},
}
"""What stands for a mandatory member that JSON left out: the standard's value for unknown."""
_ALIASES = {
    "lon": "long", "long": "lon", "ele": "elevation", "elevation": "ele", "longitude": "long", "latitude": "lat",
    "posConfidence": "posConficence", "brakePedal": "brakePadel", "global_track_id": "",
}  # fmt: skip
MAX_PTC_ID = 65_535
MAX_BYTES = 1 << 20
MAX_DEPTH = 40


class FormError(ValueError):
    """The JSON is not the message it should be; ``field`` is its path."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


def load(payload: bytes) -> Any:
    """Return the JSON in ``payload``; raises :class:`FormError`."""
    if len(payload) > MAX_BYTES:
        raise FormError("json", f"{len(payload)} bytes, at most {MAX_BYTES}")
    try:
        return json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise FormError("json", str(error)) from None


class Read(NamedTuple):
    """Messages that were read, and what in them was bad: (rule, field, reason)."""

    values: list[dict[str, Any]]
    faults: list[tuple[str, str, str]]


def read(message: str, content: Any, device: str, dialect: str = "A") -> Read:
    """Return the messages in ``content`` as the codec's values; raises :class:`FormError` where there is none.

    ``device`` is the sender's id from the topic, for forms that do not repeat it inside. OpenV2X's RSM holds several
    messages; all other forms hold one. An RSM of over 16 participants becomes several; a bad participant costs itself.
    """
    if not isinstance(content, dict):
        raise FormError(message, f"{type(content).__name__} where an object is wanted")
    if isinstance(content.get("content"), dict):
        content = content["content"]
    if message == "rsi" and "event_content" in content:
        return Read([_sensor_events(content, device)], [])
    listed = content.get("rsms")
    found = listed if isinstance(listed, list) else [content.get(message, content)]
    result = Read([], [])
    for index, raw in enumerate(found):
        place = f"{message}[{index}]" if listed is not None else message
        if not isinstance(raw, Mapping):
            raise FormError(place, f"{type(raw).__name__} where an object is wanted")
        raw = {"id": device, **raw} if message in ("rsm", "rsi", "ssm", "vir") else raw
        if message == "rsm":
            result.values.extend(_road_sightings(raw, place, dialect, result.faults))
        else:
            result.values.append(_value(Named(ROOT_OF[message]), raw, place, dialect, 0))
    return result


def _road_sightings(
    raw: Mapping[str, Any], place: str, dialect: str, faults: list[tuple[str, str, str]]
) -> list[dict[str, Any]]:
    """Return the RSM of ``raw``, participant by participant, sixteen in each."""
    rows = raw.get("participants")
    if not isinstance(rows, list) or not rows:
        raise FormError(f"{place}.participants", "no list of participants")
    participants = []
    for index, row in enumerate(rows):
        at = f"{place}.participants[{index}]"
        try:
            if isinstance(row, Mapping) and isinstance(row.get("ptcId"), int) and row["ptcId"] > MAX_PTC_ID:
                reason = f"{row['ptcId']} does not fit the standard's 16 bits; taken modulo 65536"
                faults.append(("participant.number", f"{at}.ptcId", reason))
                row = {**row, "ptcId": row["ptcId"] % (MAX_PTC_ID + 1)}
            participants.append(_value(Named("ParticipantData"), row, at, dialect, 1))
        except FormError as error:
            if len(rows) == 1:
                raise
            faults.append(("participant.refused", error.field, str(error)))
    if not participants:
        raise FormError(f"{place}.participants", f"none of {len(rows)} can be read: {faults[-1][2]}")
    whole = dictionary(dialect).shape("RoadsideSafetyMessage")
    assert isinstance(whole, Sequence)
    outer = Sequence(tuple(member for member in whole.members if member.name != "participants"))
    head = _sequence(outer, outer, raw, place, dialect, 0)
    return [{**head, "participants": participants[at : at + 16]} for at in range(0, len(participants), 16)]


def _sensor_events(content: Mapping[str, Any], device: str) -> dict[str, Any]:
    """Return an RSI of the events a camera lists, each at its own absolute place."""
    position = content.get("dev_pos")
    if not isinstance(position, Mapping):
        raise FormError("rsi.dev_pos", "no place of the device")
    rows = content["event_content"]
    if not isinstance(rows, list) or not 1 <= len(rows) <= 8:
        raise FormError("rsi.event_content", "no list of one to eight events")
    events = []
    for index, row in enumerate(rows):
        place = f"rsi.event_content[{index}]"
        if not isinstance(row, Mapping):
            raise FormError(place, "is no object")
        numbers = {
            key: _number(row.get(key), f"{place}.{key}") for key in ("event_id", "event_type", "longitude", "latitude")
        }
        source = row.get("event_source", "unknown")
        events.append(
            {
                "rteId": numbers["event_id"] % 256,
                "eventType": numbers["event_type"],
                "eventSource": source if source in _event_sources() else "unknown",
                "eventPos": {
                    "offsetLL": ("position-LatLon", {"lon": numbers["longitude"], "lat": numbers["latitude"]})
                },
            }
        )
    lat, lon = (_number(position.get(key), f"rsi.dev_pos.{key}") for key in ("latitude", "longitude"))
    return {"msgCnt": 0, "id": _octets(device, 8), "refPos": {"lat": lat, "long": lon}, "rtes": events}


def _event_sources() -> tuple[str, ...]:
    shape = dictionary("A").shape("EventSource")
    return shape.names if isinstance(shape, Enumerated) else ()


def _number(raw: Any, place: str) -> int:
    if isinstance(raw, bool):
        raise FormError(place, f"{raw!r} is no number")
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float) and raw.is_integer():
        return int(raw)
    if isinstance(raw, str):
        try:
            return int(raw)
        except ValueError:
            pass
    raise FormError(place, f"{str(raw)[:40]!r} is no whole number")


def _octets(raw: Any, size: int) -> bytes:
    """Return an octet string: hexadecimal of just that size, else ASCII filled with zeros."""
    text = str(raw)
    if len(text) == 2 * size:
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass
    return text.encode("ascii", "replace")[:size].ljust(size, b"\0")


def _member(raw: Mapping[str, Any], name: str) -> tuple[bool, Any]:
    """Return (there, value) of a member under its name or one of the other names devices give it."""
    for key in (name, _ALIASES.get(name, name), name.lower(), name.replace("-", "_")):
        if key and key in raw:
            return True, raw[key]
    for key, other in (("long", "longitude"), ("lat", "latitude")):
        if name == key and other in raw:
            return True, raw[other]
    return False, None


def _value(of: Type, raw: Any, place: str, dialect: str, depth: int) -> Any:
    """Return the codec's value of ``raw`` read as a type."""
    if depth > MAX_DEPTH:
        raise FormError(place, "nested too deeply")
    shape = dictionary(dialect).shape(of)
    if isinstance(shape, Integer):
        number = _number(raw, place)
        if not shape.low <= number <= shape.high:
            raise FormError(place, f"{number} is not within {shape.low}..{shape.high}")
        return number
    if isinstance(shape, Boolean):
        return raw in (True, 1, "1", "true", "TRUE")
    if isinstance(shape, Enumerated):
        return _enumerated(shape, raw, place)
    if isinstance(shape, BitString):
        return _bits(shape, raw, place)
    if isinstance(shape, OctetString):
        return _octets(raw, shape.low) if shape.low == shape.high else _free_octets(raw)
    if isinstance(shape, Characters):
        return str(raw)
    if isinstance(shape, SequenceOf):
        return _list(shape, raw, place, dialect, depth)
    if isinstance(shape, Choice):
        return _choice(shape, raw, place, dialect, depth)
    return _sequence(shape, of, raw, place, dialect, depth)


def _free_octets(raw: Any) -> bytes:
    try:
        return bytes.fromhex(str(raw))
    except ValueError:
        return str(raw).encode("gb2312", "replace")


def _enumerated(shape: Enumerated, raw: Any, place: str) -> str:
    if isinstance(raw, Mapping) and len(raw) == 1:
        raw = next(iter(raw))
    if isinstance(raw, str) and raw in shape.names:
        return raw
    try:
        index = _number(raw, place)
    except FormError:
        raise FormError(place, f"{str(raw)[:40]!r} is none of {', '.join(shape.names)}") from None
    if not 0 <= index < len(shape.names):
        raise FormError(place, f"{index} is not within 0..{len(shape.names) - 1}")
    return shape.names[index]


def _bits(shape: BitString, raw: Any, place: str) -> tuple[bytes, int]:
    """Return a bit string of text ``0101``, a list of names, or (OpenV2X) the index of the one bit that is set."""
    if isinstance(raw, Mapping):
        raw = [name for name, on in raw.items() if on in (None, True, 1)]
    if isinstance(raw, str) and raw and set(raw) <= {"0", "1"} and len(raw) >= shape.size:
        text = raw[: shape.size]
    elif isinstance(raw, list) and all(name in shape.names for name in raw):
        text = "".join(
            "1" if index < len(shape.names) and shape.names[index] in raw else "0" for index in range(shape.size)
        )
    else:
        index = _number(raw, place)
        if not 0 <= index < shape.size:
            raise FormError(place, f"bit {index} is not within 0..{shape.size - 1}")
        text = "".join("1" if at == index else "0" for at in range(shape.size))
    size = (len(text) + 7) // 8
    return int(text.ljust(8 * size, "0"), 2).to_bytes(size, "big"), len(text)


def _list(shape: SequenceOf, raw: Any, place: str, dialect: str, depth: int) -> list[Any]:
    if isinstance(raw, Mapping) and len(raw) == 1 and isinstance(next(iter(raw.values())), list | Mapping):
        name = next(iter(raw))
        element = dictionary(dialect).shape(shape.element)
        known = {member.name for member in element.members} if isinstance(element, Sequence | Choice) else set()
        if name not in known:  # wrapped: {"Lane": [...]}
            raw = raw[name]
    rows = raw if isinstance(raw, list) else [raw]
    high = shape.high if shape.high is not None else 65_535
    if not shape.low <= len(rows) <= high:
        raise FormError(place, f"{len(rows)} of them, {shape.low}..{high} wanted")
    return [_value(shape.element, row, f"{place}[{index}]", dialect, depth + 1) for index, row in enumerate(rows)]


def _choice(shape: Choice, raw: Any, place: str, dialect: str, depth: int) -> tuple[str, Any]:
    members = {member.name: member.type for member in (*shape.members, *(shape.additions or ()))}
    if isinstance(raw, Mapping):
        if len(raw) == 1 and next(iter(raw)) in members:
            name = next(iter(raw))
            return name, _value(members[name], raw[name], f"{place}.{name}", dialect, depth + 1)
        if "position-LatLon" in members and _member(raw, "lat")[0]:
            name = "position-LatLon"
            return name, _value(members[name], raw, f"{place}.{name}", dialect, depth + 1)
    raise FormError(place, f"none of {', '.join(members)}")


def _sequence(shape: Sequence, of: Type, raw: Any, place: str, dialect: str, depth: int) -> dict[str, Any]:
    if raw == "" and isinstance(of, Named) and of.name == "NodeReferenceID":
        return {"id": 0}  # a node left blank
    if not isinstance(raw, Mapping):
        raise FormError(place, f"{str(raw)[:40]!r} where an object is wanted")
    if isinstance(of, Named) and of.name == "PositionOffsetLLV" and "offsetLL" not in raw and _member(raw, "lat")[0]:
        raw = {"offsetLL": raw}
    result = {}
    for member in (*shape.members, *(shape.additions or ())):
        there, value = _member(raw, member.name)
        if there and not (value is None and member.optional):
            result[member.name] = _value(member.type, value, f"{place}.{member.name}", dialect, depth + 1)
        elif not member.optional and member in shape.members:
            if member.name not in UNAVAILABLE:
                raise FormError(f"{place}.{member.name}", "is missing")
            result[member.name] = UNAVAILABLE[member.name]
    return result
